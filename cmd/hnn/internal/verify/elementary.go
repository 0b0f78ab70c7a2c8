package verify

import (
	"fmt"
	"math"
	"math/rand/v2"

	"hnn/autodiff/elementary"
	"hnn/autodiff/random"
)

// checkElementary compares 400 values of each function with arithmetic of many bits.
func checkElementary(r *report) {
	src := rand.NewPCG(1, 1)
	sign := func() float64 { return float64(1 - 2*random.IntN(src, 2)) }
	// scaled draws exponents evenly, spread the numbers themselves.
	scaled := func(lo, hi int) float64 { return math.Ldexp(1+random.Uniform(src), lo+random.IntN(src, hi-lo)) }
	spread := func(a float64) float64 { return float64(a * (float64(2*random.Uniform(src)) - 1)) }
	mixed := func(a float64, lo, hi int) func(i int) float64 {
		return func(i int) float64 {
			if i%2 == 0 {
				return spread(a)
			}
			return sign() * scaled(lo, hi)
		}
	}
	for _, c := range []struct {
		name  string
		f     func(float64) float64
		exact exactFunc
		bound float64 // as its comment states
		arg   func(i int) float64
	}{
		{"exp", elementary.Exp, exactExp, 0.7, mixed(700, -60, 4)},
		{"log", elementary.Log, exactLog, 0.7, func(i int) float64 {
			if i%2 == 0 {
				return 1 + spread(0.5)
			}
			return scaled(-1022, 1023)
		}},
		{"tanh", elementary.Tanh, exactTanh, 0.9, mixed(3, -30, 5)},
		{"sin", elementary.Sin, exactSin, 0.8, mixed(100, -60, 10)},
		{"cos", elementary.Cos, exactCos, 0.8, mixed(100, -60, 10)},
	} {
		worst, at := 0., 0.
		for i := range 400 {
			x := c.arg(i)
			if u := ulps(c.f(x), c.exact(x)); !(u <= worst) {
				worst, at = u, x
			}
		}
		r.within("elementary "+c.name, worst, 0, c.bound, "ulp at most, of 400 values", fmt.Sprintf("at %v", at))
	}
}
