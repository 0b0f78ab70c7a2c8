package nn

import (
	"math"

	"hnn/autodiff/elementary"
)

// A Schedule gives the learning rate of a step, 0 ≤ step < steps.
type Schedule func(step, steps int) float64

// Constant is the rate α at every step.
func Constant(rate float64) Schedule {
	return func(int, int) float64 { return rate }
}

// Cosine falls from α to α_end along half a cosine,
//
//	α(t) = α_end + (α − α_end)(1 + cos(π t/T))/2,    t = step, T = steps
//
// Source: Loshchilov and Hutter, "SGDR" (2017), eq. 5, without restarts.
func Cosine(rate, end float64) Schedule {
	return func(step, steps int) float64 {
		return end + float64((rate-end)*(1+elementary.Cos(math.Pi*float64(step)/float64(steps)))/2)
	}
}

// StepDecay multiplies α by factor after each n-th part of the training.
func StepDecay(rate, factor float64, n int) Schedule {
	return func(step, steps int) float64 {
		return rate * elementary.Pow(factor, float64(step*n/steps))
	}
}
