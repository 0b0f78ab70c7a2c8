package elementary

import (
	"math"
	"math/big"
)

// References in math/big, by series whose terms any textbook has, to 160 bits. They share nothing with the functions
// under test; math.Log and math.Atan2 serve only as starting values of iterations that would correct any error in them.

const refPrec = 160

func num() *big.Float { return new(big.Float).SetPrec(refPrec) }

func exact(x float64) *big.Float { return num().SetFloat64(x) }

// ulps returns |got − want| in units of the spacing of float64 at want. An infinity counts as ±2¹⁰²⁴.
func ulps(got float64, want *big.Float) float64 {
	g := num()
	if math.IsInf(got, 0) && want.MantExp(nil) > 1024 && (got > 0) == (want.Sign() > 0) {
		return 0
	}
	if math.IsInf(got, 0) {
		g.SetMantExp(exact(math.Copysign(1, got)), 1024)
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

// refPi has enough bits to reduce the largest float64.
var refPi = func() *big.Float { // Machin: π = 16 atan(1/5) − 4 atan(1/239)
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
}()

// refLn2 is Σ 2⁻ᵏ/k.
var refLn2 = func() *big.Float {
	wide := func(x int) *big.Float { return new(big.Float).SetPrec(300).SetInt64(int64(x)) }
	s := wide(0)
	for k := 1; k < 300; k++ {
		t := wide(1)
		t.SetMantExp(t, -k)
		s.Add(s, t.Quo(t, wide(k)))
	}
	return s
}()

func must(x float64, _ big.Accuracy) float64 { return x }

var refInverseFactorial = func() (c [32]*big.Float) {
	f := exact(1)
	for k := range c {
		if k > 0 {
			f = num().Mul(f, exact(float64(k)))
		}
		c[k] = num().Quo(exact(1), f)
	}
	return c
}()

// refExp returns eˣ for |x| below a few thousand: e^(k ln 2 + 256 s) = 2ᵏ (eˢ)²⁵⁶.
func refExp(x *big.Float) *big.Float {
	f, _ := x.Float64()
	k := math.Round(f / math.Ln2)
	r := new(big.Float).SetPrec(refPrec + 32).SetFloat64(k)
	r.Sub(x, r.Mul(r, refLn2))
	s := num().SetMantExp(num().Set(r), -8)
	y := num().Set(refInverseFactorial[14])
	for i := 13; i >= 0; i-- {
		y.Add(y.Mul(y, s), refInverseFactorial[i])
	}
	for range 8 {
		y.Mul(y, y)
	}
	return y.SetMantExp(y, int(k))
}

// refLog improves y ≈ log x by one step of Halley's iteration: y + 2 (x − eʸ)/(x + eʸ).
func refLog(x *big.Float, y float64) *big.Float {
	if y < -700 { // math.Log is rough for some subnormal numbers
		f, e := math.Frexp(must(x.Float64()))
		y = math.Log(f) + float64(e)*math.Ln2
	}
	e := refExp(exact(y))
	n := num().Sub(x, e)
	n.Quo(n.Add(n, n), e.Add(e, x))
	return n.Add(n, exact(y))
}

func refTanh(x float64) *big.Float {
	if math.Abs(x) < 0x1p-20 { // x − x³/3 + 2x⁵/15
		b := exact(x)
		z := num().Mul(b, b)
		p := num().Quo(exact(2), exact(15))
		p.Mul(p, z).Sub(p, num().Quo(exact(1), exact(3))).Mul(p, z).Add(p, exact(1))
		return p.Mul(p, b)
	}
	if math.Abs(x) > 50 {
		return exact(math.Copysign(1, x)) // to 144 bits
	}
	e := refExp(exact(2 * x))
	n := num().Sub(e, exact(1))
	return n.Quo(n, e.Add(e, exact(1)))
}

func refSigmoid(x float64) *big.Float {
	if x > 200 {
		return exact(1)
	}
	e := refExp(exact(-x))
	return e.Quo(exact(1), e.Add(e, exact(1)))
}

func refSoftplus(x float64) *big.Float {
	if x > 200 {
		return exact(x)
	}
	e := refExp(exact(x))
	if x < -40 { // e − e²/2 + e³/3
		p := num().Quo(e, exact(3))
		p.Sub(p, exact(0.5)).Mul(p, e).Add(p, exact(1))
		return p.Mul(p, e)
	}
	y := x
	if x < 36 {
		y = math.Log1p(math.Exp(x))
	}
	return refLog(e.Add(e, exact(1)), y)
}

func refSinCos(x float64) (sin, cos *big.Float) {
	r, n := exact(x), int64(0)
	if math.Abs(x) > 0.75 {
		_, e := math.Frexp(x)
		prec := uint(e + 64 + refPrec)
		w := func() *big.Float { return new(big.Float).SetPrec(prec) }
		half := w().SetMantExp(w().Set(refPi), -1)
		q, _ := w().Add(w().Quo(w().SetFloat64(x), half), w().SetFloat64(math.Copysign(0.5, x))).Int(nil)
		r = num().Set(w().Sub(w().SetFloat64(x), half.Mul(half, w().SetInt(q))))
		n = int64(q.Bit(0)) | int64(q.Bit(1))<<1
		if x < 0 { // Bit is that of the two's complement
			n &= 3
		}
	}
	z := num().Mul(r, r)
	z.Neg(z)
	s, c := num(), num()
	for k := 28; k >= 0; k -= 2 {
		s.Add(s.Mul(s, z), refInverseFactorial[k+1])
		c.Add(c.Mul(c, z), refInverseFactorial[k])
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

// refAtan2 improves a ≈ atan2(y, x) by the angle between (cos a, sin a) and (x, y), whose tangent is
// t = (y cos a − x sin a)/(x cos a + y sin a): a + t − t³/3.
func refAtan2(y, x float64) *big.Float {
	a := math.Copysign(math.Atan2(y, x), y) // math.Atan2 errs in the sign where y/x underflows
	if a == 0 {                             // y/x below the smallest float64
		return num().Quo(exact(y), exact(x))
	}
	s, c := refSinCos(a)
	bx, by := exact(x), exact(y)
	t := num().Sub(num().Mul(by, c), num().Mul(bx, s))
	t.Quo(t, num().Add(num().Mul(bx, c), num().Mul(by, s)))
	u := num().Mul(t, t)
	u.Sub(exact(1), u.Quo(u, exact(3)))
	return t.Add(t.Mul(t, u), exact(a))
}
