package verify

import (
	"math"
	"math/big"
)

// References for the elementary functions, by Taylor series with enough bits that
// nothing clever is needed.

// An exactFunc is a function of a float64 to at least 100 bits.
type exactFunc func(x float64) *big.Float

func wide(prec uint, x float64) *big.Float { return new(big.Float).SetPrec(prec).SetFloat64(x) }

// taylor returns Σ xⁿ/n! over n = first, first+step, … with signs that alternate if
// step is 2, until a term is below 2⁻ᵖʳᵉᶜ.
func taylor(x *big.Float, first, step int) *big.Float {
	prec := x.Prec()
	term, sum := wide(prec, 1), wide(prec, 0)
	for n := 0; ; n++ {
		if n > 0 {
			term.Quo(term.Mul(term, x), wide(prec, float64(n)))
		}
		if n%step == first {
			if step == 2 && n%4 > 1 {
				sum.Sub(sum, term)
			} else {
				sum.Add(sum, term)
			}
		}
		if term.Sign() == 0 || term.MantExp(nil) < -int(prec) {
			return sum
		}
	}
}

// bigExp is (e^(x/1024))^1024, with 300 bits.
func bigExp(x *big.Float) *big.Float {
	y := new(big.Float).SetPrec(300).Set(x)
	if y.Sign() != 0 {
		y.SetMantExp(y, -10)
	}
	y = taylor(y, 0, 1)
	for range 10 {
		y.Mul(y, y)
	}
	return y
}

func exactExp(x float64) *big.Float { return bigExp(wide(300, x)) }

// exactLog takes two of Halley's steps, y + 2(x − eʸ)/(x + eʸ), each of which
// triples the digits.
func exactLog(x float64) *big.Float {
	y := wide(300, math.Log(x))
	for range 2 {
		e := bigExp(y)
		d := wide(300, x)
		d.Sub(d, e)
		y.Add(y, d.Quo(d.Add(d, d), e.Add(e, wide(300, x))))
	}
	return y
}

// exactTanh is (E − 1)/(E + 1), E = e²ˣ.
func exactTanh(x float64) *big.Float {
	e := exactExp(2 * x)
	n := new(big.Float).Sub(e, wide(300, 1))
	return n.Quo(n, e.Add(e, wide(300, 1)))
}

// Terms of the series grow to e^|x| before they fall.
func sinePrec(x float64) uint { return 300 + 4*uint(math.Abs(x)) }

func exactSin(x float64) *big.Float { return taylor(wide(sinePrec(x), x), 1, 2) }
func exactCos(x float64) *big.Float { return taylor(wide(sinePrec(x), x), 0, 2) }

// ulps returns |got − want| in units of the last place of a float64 next to want, a
// normal number.
func ulps(got float64, want *big.Float) float64 {
	if got-got != 0 {
		return math.Inf(1)
	}
	d := new(big.Float).SetPrec(want.Prec()).SetFloat64(got)
	d.Sub(d, want)
	if d.Sign() == 0 {
		return 0
	}
	u, _ := d.SetMantExp(d, 53-want.MantExp(nil)).Float64()
	return math.Abs(u)
}
