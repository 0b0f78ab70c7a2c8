package verify

import (
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"strings"

	"hnn/autodiff/elementary"
	"hnn/autodiff/random"
)

// A Function is one of package elementary, of one argument.
type Function struct {
	Name  string
	F     func(x float64) float64
	Exact func(x float64) *big.Float // for finite x ≠ 0 where F is finite too
	Bound float64                    // on the error, in Ulps, as the comment of F states it
}

// Functions are those of package elementary.
var Functions = []Function{
	{"Exp", elementary.Exp, func(x float64) *big.Float { return exactExp(wide(x)) }, 0.7},
	{"Log", elementary.Log, func(x float64) *big.Float { return exactLog(wide(x), math.Log(x)) }, 0.7},
	{"Tanh", elementary.Tanh, exactTanh, 0.9},
	{"Sin", elementary.Sin, func(x float64) *big.Float { s, _ := exactSinCos(x); return s }, 0.8},
	{"Cos", elementary.Cos, func(x float64) *big.Float { _, c := exactSinCos(x); return c }, 0.8},
	{"Sigmoid", elementary.Sigmoid, exactSigmoid, 0.8},
	{"Softplus", elementary.Softplus, exactSoftplus, 0.8},
}

// Elementary compares 400 values of each of Exp, Log, Tanh, Sin and Cos with arithmetic of
// many bits.
func Elementary(found func(Finding)) {
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
	for k, argument := range []func(i int) float64{ // of the first Functions
		mixed(700, -60, 4),
		func(i int) float64 {
			if i%2 == 0 {
				return 1 + spread(0.5)
			}
			return scaled(-1022, 1023)
		},
		mixed(3, -30, 5),
		mixed(100, -60, 10),
		mixed(100, -60, 10),
	} {
		f := Functions[k]
		worst, at := 0., 0.
		for i := range 400 {
			x := argument(i)
			if u := Ulps(f.F(x), f.Exact(x)); !(u <= worst) {
				worst, at = u, x
			}
		}
		found(Finding{"elementary " + strings.ToLower(f.Name), worst, f.Bound, "ulp at most, of 400 values", fmt.Sprintf("at %v", at)})
	}
}
