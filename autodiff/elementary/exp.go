package elementary

import "math"

const (
	log2e = 0x1.71547652b82fep+0 // 1/ln 2
	// ln 2 = ln2hi + ln2lo to 86 bits. ln2hi has 32 bits, so that k·ln2hi is exact for |k| < 2²¹.
	ln2hi = 0x1.62e42fee00000p-1
	ln2lo = 0x1.a39ef35793c76p-33

	// roundMagic rounds by adding: for |v| < 2⁵¹ the low bits of v + roundMagic hold v rounded to the nearest integer,
	// ties to even, and subtracting roundMagic again gives that integer as a float64.
	roundMagic = 0x1.8p52
)

// reduceExp splits x = k ln 2 + r with integer k and |r| ≤ ln2/2 (1 + 2⁻⁴⁰), for |x| < 2¹⁰.
// rh is exactly x − k ln2hi, and rl = k ln2lo, so that r = rh − rl.
func reduceExp(x float64) (k int64, rh, rl float64) {
	t := math.FMA(x, log2e, roundMagic)
	n := t - roundMagic
	return int64(math.Float64bits(t) - math.Float64bits(roundMagic)), math.FMA(-n, ln2hi, x), float64(n * ln2lo)
}

// expRest returns p such that e^(rh−rl) = 1 + rh + p, for |rh| ≤ ln2/2 and small rl. With r = rh − rl,
//
//	p = r² P(r) − rl,   P(r) = (eʳ − 1 − r)/r² = 1/2 + r/6 + …   fitted to 2⁻⁶¹ of (eʳ−1)/r²
//
// and a term for the rounding error of r. The polynomial is summed in pairs (Estrin's scheme), which shortens the chain
// of dependent operations.
func expRest(rh, rl float64) float64 {
	r := rh - rl
	e := (rh - r) - rl
	r2 := float64(r * r)
	r4 := float64(r2 * r2)
	p01 := math.FMA(r, 0x1.5555555555559p-3, 0.5)
	p23 := math.FMA(r, 0x1.111111110f648p-7, 0x1.5555555555557p-5)
	p45 := math.FMA(r, 0x1.a01a01b00b662p-13, 0x1.6c16c16c156d8p-10)
	p67 := math.FMA(r, 0x1.71ddf7f70ec59p-19, 0x1.a01a01ab6d480p-16)
	p89 := math.FMA(r, 0x1.af5f5c09e3e64p-26, 0x1.27e4d04a73b3fp-22)
	p03 := math.FMA(r2, p23, p01)
	p47 := math.FMA(r2, p67, p45)
	p8a := math.FMA(r2, 0x1.1f85a4f3e1205p-29, p89)
	return math.FMA(r2, math.FMA(r4, math.FMA(r4, p8a, p47), p03), math.FMA(r, e, -rl))
}

// pow2 returns 2ᵏ for −1022 ≤ k ≤ 1023.
func pow2(k int64) float64 { return math.Float64frombits(uint64(k+1023) << 52) }

// expSum returns e^(x+l) for |l| ≤ 2⁻⁴⁰, as
//
//	2ᵏ (1 + rh + p),   with the rounding error of 1 + rh carried along
func expSum(x, l float64) float64 {
	// Beyond these limits the result is 0 or +Inf whatever x is. A NaN passes both.
	if x > 710 {
		x = 710
	}
	if x < -746 {
		x = -746
	}
	k, rh, rl := reduceExp(x)
	p := expRest(rh, rl-l)
	h := 1 + rh
	m := h + (((1 - h) + rh) + p)
	// Two factors, because 2ᵏ itself may be out of range; only the second product can round, and only to a subnormal.
	k1 := k >> 1
	return float64(float64(m*pow2(k1)) * pow2(k-k1))
}

// Exp returns eˣ. Error below 0.7 ulp, or 0.9 where the result is subnormal.
func Exp(x float64) float64 { return expSum(x, 0) }

// expParts returns e^y = h + l for −40 ≤ y ≤ 0, with l below half an ulp of h.
func expParts(y float64) (h, l float64) {
	k, rh, rl := reduceExp(y)
	p := expRest(rh, rl)
	one := 1 + rh
	p += (1 - one) + rh
	h = one + p
	l = (one - h) + p
	s := pow2(k)
	return float64(h * s), float64(l * s)
}

// Tanh returns the hyperbolic tangent of x. With E = e^(−2|x|) − 1, which lies in (−1, 0] and is carried as h + l,
//
//	tanh|x| = −E / (2 + E)
//
// by one division 1/(2+h) and one correction with the exact remainder. Error below 0.9 ulp; ±1 from |x| = 19.07 on.
func Tanh(x float64) float64 {
	y := -2 * math.Abs(x)
	if y < -40 {
		y = -40 // far beyond the point where tanh rounds to 1; a NaN passes
	}
	k, rh, rl := reduceExp(y)
	p := expRest(rh, rl)
	// E = 2ᵏ(1 + rh + p) − 1 = (2ᵏ − 1) + 2ᵏ rh + 2ᵏ p, where the first sum and the second may round
	s := pow2(k)
	a := s - 1
	t := math.FMA(s, rh, a)
	l := math.FMA(s, p, math.FMA(s, rh, a-t)+(s-(a+1)))
	h := t + l
	l += t - h
	d := 2 + h
	dl := (h - (d - 2)) + l
	v := 1 / d
	q := float64(h * v)
	rem := math.FMA(-q, d, h) + math.FMA(-q, dl, l)
	return math.Copysign(math.FMA(rem, v, q), x)
}

// Sigmoid returns the logistic function, in the form that has no cancellation on either side:
//
//	σ(x) = 1/(1 + e⁻ˣ) for x ≥ 0,   eˣ/(1 + eˣ) for x < 0
//
// Error below 0.8 ulp, or 0.9 where the result is subnormal.
func Sigmoid(x float64) float64 {
	if x < -40 {
		return Exp(x) // 1 + eˣ rounds away
	}
	y := -math.Abs(x)
	if y < -40 {
		y = -40
	}
	h, l := expParts(y)
	d := 1 + h
	dl := (h - (d - 1)) + l
	if x >= 0 {
		h, l = 1, 0
	}
	v := 1 / d
	q := float64(h * v)
	rem := math.FMA(-q, d, h) + math.FMA(-q, dl, l)
	return math.FMA(rem, v, q)
}

// logParts returns k ln 2 + log(1 + f + fl) = h + l for √½ ≤ 1+f ≤ √2 and |fl| ≤ ulp(f)/2. With s = f/(2+f),
//
//	log(1+f) = 2 artanh s = f − f²/2 + s (f²/2 + R(s²)),   R(z) = 2z/3 + 2z²/5 + …
//
// where f − f²/2 and the sum with k ln 2 are formed without error. Error of the fit to R: 2⁻⁵⁹ of log(1+f).
// Source: for the form, P. Tang, ACM TOMS 16 (1990) 378, and the FreeBSD msun library.
func logParts(k, f, fl float64) (h, l float64) {
	s := f / (2 + f)
	z := float64(s * s)
	z2 := float64(z * z)
	a := math.FMA(z, 0x1.999999997f9f5p-2, 0x1.5555555555593p-1)
	b := math.FMA(z, 0x1.c71c51d78c631p-3, 0x1.249249422a87dp-2)
	c := math.FMA(z, 0x1.39a093db9db5bp-3, 0x1.746649bf0d4ddp-3)
	c = math.FMA(z2, 0x1.2f1191415c03ap-3, c)
	a = math.FMA(z2, math.FMA(z2, c, b), a)
	hf := float64(0.5 * f)
	q := float64(hf * f)
	ql := math.FMA(hf, f, -q)
	t := f - q
	tl := (f - t) - q
	n := float64(k * ln2hi)
	h = n + t
	l = (n - h) + t
	tail := math.FMA(s, math.FMA(z, a, q), math.FMA(k, ln2lo, math.FMA(-f, fl, fl)))
	return h, l + ((tl - ql) + tail)
}

// Log returns the natural logarithm of x. Error below 0.7 ulp.
//
//	Log(0) = −Inf, Log(x < 0) = NaN, Log(+Inf) = +Inf
func Log(x float64) float64 {
	if !(x >= 0x1p-1022 && x <= math.MaxFloat64) {
		switch {
		case x == 0:
			return math.Inf(-1)
		case x > math.MaxFloat64 || x != x:
			return x
		case x < 0:
			return math.NaN()
		}
	}
	k, m := split(x)
	h, l := logParts(float64(k), m-1, 0)
	return h + l
}

// split returns x = 2ᵏ m with √½ ≤ m < √2, for finite x > 0.
func split(x float64) (k int64, m float64) {
	if x < 0x1p-1022 {
		x *= 0x1p52
		k = -52
	}
	// The difference to the bits of √½ has the wanted k in its exponent field.
	const rootHalf = 0x3fe6a09e667f3bcd
	d := math.Float64bits(x) - rootHalf
	k += int64(d) >> 52
	return k, math.Float64frombits(d&(1<<52-1) + rootHalf)
}

// Softplus returns log(1 + eˣ), evaluated as
//
//	max(x, 0) + log(1 + e^−|x|)
//
// with the low parts of the exponential and of the logarithm carried along. Error below 0.8 ulp, or 0.9
// where the result is subnormal.
func Softplus(x float64) float64 {
	if x > 40 {
		return x
	}
	if x < -40 {
		return Exp(x)
	}
	z, zl := expParts(-math.Abs(x))
	var h, l float64
	if z < 0.4140625 {
		h, l = logParts(0, z, zl)
	} else {
		f := z - 1 // 1 + z = 2 (1 + f/2)
		fl := (z - (f + 1)) + zl
		h, l = logParts(1, float64(0.5*f), float64(0.5*fl))
	}
	if x > 0 {
		s := x + h
		b := s - x
		l += (x - (s - b)) + (h - b)
		h = s
	}
	return h + l
}
