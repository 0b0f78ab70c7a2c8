package verify

import (
	"math"
	"math/big"
	"sync"
)

// The elementary functions in math/big, to 160 bits, by series that stand in any textbook.
// They share nothing with package elementary. math.Log and math.Atan2 serve only as
// starting values of iterations, which correct any error in them.

const bits = 160

func num() *big.Float { return new(big.Float).SetPrec(bits) }

func wide(x float64) *big.Float { return num().SetFloat64(x) }

// Ulps returns |got − want| in units of the spacing of float64 at want. An infinity counts
// as ±2¹⁰²⁴, and a NaN is infinitely far off.
func Ulps(got float64, want *big.Float) float64 {
	g := num()
	if math.IsInf(got, 0) && want.MantExp(nil) > 1024 && (got > 0) == (want.Sign() > 0) {
		return 0
	}
	if math.IsInf(got, 0) {
		g.SetMantExp(wide(math.Copysign(1, got)), 1024)
	} else if got != got {
		return math.Inf(1)
	} else {
		g.SetFloat64(got)
	}
	d := g.Sub(g, want)
	e := min(max(want.MantExp(nil), -1021), 1024) - 53
	u, _ := d.SetMantExp(d, -e).Float64()
	return math.Abs(u)
}

// pi has enough bits to reduce the largest float64. It is 16 atan(1/5) − 4 atan(1/239), a
// formula of Machin's.
var pi = sync.OnceValue(func() *big.Float {
	const prec = 1400
	atan := func(n int64) *big.Int { // 2^prec atan(1/n)
		t := new(big.Int).Lsh(big.NewInt(1), prec)
		t.Quo(t, big.NewInt(n))
		s := new(big.Int)
		for k := int64(1); t.Sign() != 0; k += 2 {
			u := new(big.Int).Quo(t, big.NewInt(k))
			if k&2 == 0 {
				s.Add(s, u)
			} else {
				s.Sub(s, u)
			}
			t.Quo(t, big.NewInt(n*n))
		}
		return s
	}
	a := new(big.Int).Mul(atan(5), big.NewInt(16))
	a.Sub(a, new(big.Int).Mul(atan(239), big.NewInt(4)))
	f := new(big.Float).SetPrec(prec).SetInt(a)
	return f.SetMantExp(f, -prec)
})

// ln2 is Σ 2⁻ᵏ/k.
var ln2 = sync.OnceValue(func() *big.Float {
	wide := func(x int) *big.Float { return new(big.Float).SetPrec(300).SetInt64(int64(x)) }
	s := wide(0)
	for k := 1; k < 300; k++ {
		t := wide(1)
		t.SetMantExp(t, -k)
		s.Add(s, t.Quo(t, wide(k)))
	}
	return s
})

// inverseFactorials are 1/k!.
var inverseFactorials = sync.OnceValue(func() (c [32]*big.Float) {
	f := wide(1)
	for k := range c {
		if k > 0 {
			f = num().Mul(f, wide(float64(k)))
		}
		c[k] = num().Quo(wide(1), f)
	}
	return c
})

// exactExp returns eˣ for |x| below a few thousand: e^(k ln 2 + 256 s) = 2ᵏ (eˢ)²⁵⁶.
func exactExp(x *big.Float) *big.Float {
	f, _ := x.Float64()
	k := math.Round(f / math.Ln2)
	r := new(big.Float).SetPrec(bits + 32).SetFloat64(k)
	r.Sub(x, r.Mul(r, ln2()))
	s := num().SetMantExp(num().Set(r), -8)
	inverse := inverseFactorials()
	y := num().Set(inverse[14])
	for i := 13; i >= 0; i-- {
		y.Add(y.Mul(y, s), inverse[i])
	}
	for range 8 {
		y.Mul(y, y)
	}
	return y.SetMantExp(y, int(k))
}

// exactLog improves y ≈ log x by one step of Halley's iteration: y + 2 (x − eʸ)/(x + eʸ).
func exactLog(x *big.Float, y float64) *big.Float {
	if y < -700 { // math.Log is rough for some subnormal numbers
		v, _ := x.Float64()
		f, e := math.Frexp(v)
		y = math.Log(f) + float64(float64(e)*math.Ln2)
	}
	e := exactExp(wide(y))
	n := num().Sub(x, e)
	n.Quo(n.Add(n, n), e.Add(e, x))
	return n.Add(n, wide(y))
}

func exactTanh(x float64) *big.Float {
	if math.Abs(x) < 0x1p-20 { // x − x³/3 + 2x⁵/15
		b := wide(x)
		z := num().Mul(b, b)
		p := num().Quo(wide(2), wide(15))
		p.Mul(p, z).Sub(p, num().Quo(wide(1), wide(3))).Mul(p, z).Add(p, wide(1))
		return p.Mul(p, b)
	}
	if math.Abs(x) > 50 {
		return wide(math.Copysign(1, x)) // to 144 bits
	}
	e := exactExp(wide(2 * x))
	n := num().Sub(e, wide(1))
	return n.Quo(n, e.Add(e, wide(1)))
}

func exactSigmoid(x float64) *big.Float {
	if x > 200 {
		return wide(1)
	}
	e := exactExp(wide(-x))
	return e.Quo(wide(1), e.Add(e, wide(1)))
}

func exactSoftplus(x float64) *big.Float {
	if x > 200 {
		return wide(x)
	}
	e := exactExp(wide(x))
	if x < -40 { // e − e²/2 + e³/3
		p := num().Quo(e, wide(3))
		p.Sub(p, wide(0.5)).Mul(p, e).Add(p, wide(1))
		return p.Mul(p, e)
	}
	y := x
	if x < 36 {
		y = math.Log1p(math.Exp(x))
	}
	return exactLog(e.Add(e, wide(1)), y)
}

func exactSinCos(x float64) (sin, cos *big.Float) {
	r, n := wide(x), int64(0)
	if math.Abs(x) > 0.75 {
		_, e := math.Frexp(x)
		prec := uint(e + 64 + bits)
		w := func() *big.Float { return new(big.Float).SetPrec(prec) }
		half := w().SetMantExp(w().Set(pi()), -1)
		q, _ := w().Add(w().Quo(w().SetFloat64(x), half), w().SetFloat64(math.Copysign(0.5, x))).Int(nil)
		r = num().Set(w().Sub(w().SetFloat64(x), half.Mul(half, w().SetInt(q))))
		n = int64(q.Bit(0)) | int64(q.Bit(1))<<1
		if x < 0 { // Bit is that of the two's complement
			n &= 3
		}
	}
	z := num().Mul(r, r)
	z.Neg(z)
	s, c, inverse := num(), num(), inverseFactorials()
	for k := 28; k >= 0; k -= 2 {
		s.Add(s.Mul(s, z), inverse[k+1])
		c.Add(c.Mul(c, z), inverse[k])
	}
	s.Mul(s, r)
	switch n {
	case 1:
		s, c = c, s.Neg(s)
	case 2:
		s, c = s.Neg(s), c.Neg(c)
	case 3:
		s, c = c.Neg(c), s
	}
	return s, c
}

// ExactPow returns xᶜ for x that is neither 0 nor 1, and an integer c where x < 0.
func ExactPow(x, c float64) *big.Float {
	a := math.Abs(x)
	y := exactExp(num().Mul(exactLog(wide(a), math.Log(a)), wide(c)))
	if x < 0 && int(c)&1 != 0 {
		y.Neg(y)
	}
	return y
}

// ExactAtan2 returns the angle of (x, y), with y ≠ 0. It improves a ≈ atan2(y, x) by the
// angle between (cos a, sin a) and (x, y). That is t − t³/3, where
//
//	t = (y cos a − x sin a)/(x cos a + y sin a)
func ExactAtan2(y, x float64) *big.Float {
	a := math.Copysign(math.Atan2(y, x), y) // math.Atan2 errs in the sign where y/x underflows
	if a == 0 {                             // y/x below the smallest float64
		return num().Quo(wide(y), wide(x))
	}
	s, c := exactSinCos(a)
	bx, by := wide(x), wide(y)
	t := num().Sub(num().Mul(by, c), num().Mul(bx, s))
	t.Quo(t, num().Add(num().Mul(bx, c), num().Mul(by, s)))
	u := num().Mul(t, t)
	u.Sub(wide(1), u.Quo(u, wide(3)))
	return t.Add(t.Mul(t, u), wide(a))
}
