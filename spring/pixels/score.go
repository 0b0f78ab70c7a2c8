package pixels

import (
	"math"

	"hnn/autodiff"
	"hnn/nn"
)

// pictureError returns the mean squared error of the reconstructed pairs of a film, as a share
// of the variance of its pixels.
func pictureError(m *Autoencoder, f *Film) float64 {
	sum, n := 0., 0
	for i := range f.Starts {
		x := f.Pairs(f.Run(i))
		y := nn.Evaluate(func(x autodiff.Var) autodiff.Var { return m.Decode(m.Encode(x)) }, x)
		sum, n = sum+distance(y.Data, x.Data), n+len(x.Data)
	}
	return sum / float64(n) / f.variance()
}

// Marks are the frames at which the pictures of a rollout are compared with the true ones.
var Marks = []int{10, 50, 200}

// A Score says how far a rollout can be believed. Numbers that are not known are NaN.
type Score struct {
	E0         float64   // true energy at the start, as Scene.NewEnergy reports it
	EnergyMSE  float64   // mean of (E − E₀)², in its square
	MaxDrift   float64   // largest |E − E₀|/E₀
	Slope      float64   // of the least-squares line through (E − E₀)/E₀, in 1/frame
	Amplitude  float64   // largest |angle| in the last quarter, as a share of that in the first
	Period     float64   // of the rod in the pictures, in frames
	TruePeriod float64   // of the true motion, in frames
	Pixels     []float64 // mean squared error of the picture at each of Marks, as a share of the variance of the film
	Repeated   []float64 // the same for a predictor that repeats the first frame
}

// score compares what was measured with the true states, nil if they are not known.
func (c *Config) score(ro *Rollout, truth [][]float64) {
	nan := math.NaN()
	ro.Score = Score{E0: nan, EnergyMSE: nan, MaxDrift: nan, Slope: nan, Amplitude: nan, Period: nan, TruePeriod: nan}
	if truth == nil || ro.X == nil {
		return
	}
	energy := c.Scene.NewEnergy()
	ro.E0 = energy(truth[0])
	ro.EnergyMSE, ro.MaxDrift = 0, 0
	var drift []float64
	for _, x := range ro.X {
		e := energy(x)
		ro.E = append(ro.E, e)
		ro.EnergyMSE += float64((e-ro.E0)*(e-ro.E0)) / float64(len(ro.X))
		drift = append(drift, (e-ro.E0)/ro.E0)
		ro.MaxDrift = max(ro.MaxDrift, math.Abs(e-ro.E0)/ro.E0)
	}
	ro.Slope = slope(drift)
	if ro.Angle == nil {
		return
	}
	quarter := len(ro.Angle) / 4
	ro.Amplitude = largest(ro.Angle[len(ro.Angle)-quarter:]) / largest(ro.Angle[:quarter])
	var angle []float64
	for _, x := range truth {
		angle = append(angle, x[0])
	}
	ro.Period, ro.TruePeriod = period(ro.Angle), period(angle)
}

func largest(x []float64) float64 {
	m := 0.
	for _, v := range x {
		m = max(m, math.Abs(v))
	}
	return m
}

// slope returns the slope of the least-squares line through x over its index.
func slope(x []float64) float64 {
	n := float64(len(x))
	mean, middle := 0., float64((n-1)/2)
	for _, v := range x {
		mean += v / n
	}
	var tt, tx float64
	for i, v := range x {
		t := float64(i) - middle
		tt += float64(t * t)
		tx += float64(t * (v - mean))
	}
	return tx / tt
}

// period returns the mean time, in frames, between zeros at which x rises, found by lines
// between frames. It is NaN if there are fewer than two.
func period(x []float64) float64 {
	first, last, n := 0., 0., 0
	for i := 1; i < len(x); i++ {
		if x[i-1] < 0 && x[i] >= 0 {
			last = float64(i) - x[i]/(x[i]-x[i-1])
			if n++; n == 1 {
				first = last
			}
		}
	}
	if n < 2 {
		return math.NaN()
	}
	return (last - first) / float64(n-1)
}
