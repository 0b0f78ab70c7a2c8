package elementary

import (
	"math"
	"math/bits"
)

const (
	// π/2 = piA + piB + piC to 161 bits, each the nearest float64 to what is left.
	piA = 0x1.921fb54442d18p+0
	piB = 0x1.1a62633145c07p-54
	piC = -0x1.f1976b7ed8fbcp-110
)

// reducePi returns n mod 4 and r + rl such that x = n π/2 + r + rl with |r| ≤ π/4 (1 + 2⁻²³), for finite x.
func reducePi(x float64) (n uint64, r, rl float64) {
	if !(math.Abs(x) <= 0x1p28) {
		return reduceLarge(x)
	}
	t := math.FMA(x, 0x1.45f306dc9c883p-1, roundMagic) // x · 2/π, rounded
	k := t - roundMagic
	a := math.FMA(-k, piA, x) // exact: a multiple of 2⁻⁵³ (or x itself) and below 1
	h := float64(k * piB)
	hl := math.FMA(k, piB, -h)
	// r = a − h and its rounding error; either may be the larger
	r = a - h
	b := r - a
	rl = (a - (r - b)) - (h + b)
	return math.Float64bits(t), r, math.FMA(-k, piC, rl-hl)
}

// twoOverPi holds a word of zeros and then the first 1280 bits of 2/π = 0.101000101111…₂.
var twoOverPi = [...]uint64{0,
	0xa2f9836e4e441529, 0xfc2757d1f534ddc0, 0xdb6295993c439041, 0xfe5163abdebbc561, 0xb7246e3a424dd2e0,
	0x06492eea09d1921c, 0xfe1deb1cb129a73e, 0xe88235f52ebb4484, 0xe99c7026b45f7e41, 0x3991d639835339f4,
	0x9c845f8bbdf9283b, 0x1ff897ffde05980f, 0xef2f118b5a0a6d1f, 0x6d367ecf27cb09b7, 0x4f463f669e5fea2d,
	0x7527bac7ebe5f17b, 0x3d0739f78a5292ea, 0x6bfb5fb11f8d5d08, 0x56033046fc7b6bab, 0xf0cfbc209af4361d,
}

// reduceLarge is reducePi for 2²⁸ < |x| < ∞, by integers: with |x| = m 2ᵉ, only those bits of 2/π matter to
// x · 2/π mod 4 whose product with m is neither a multiple of 4 nor too small, and 192 of them are enough.
//
// Source: M. Payne, R. Hanek, "Radian reduction for trigonometric functions", SIGNUM Newsletter 18 (1983) 19.
func reduceLarge(x float64) (n uint64, r, rl float64) {
	u := math.Float64bits(x)
	e := int(u>>52&0x7ff) - 1075
	m := u&(1<<52-1) | 1<<52
	// w2 w1 w0 are the bits of 2/π from weight 2^(1−e) downward.
	i, s := uint(e+62)/64, uint(e+62)%64
	w2 := twoOverPi[i]<<s | twoOverPi[i+1]>>(64-s)
	w1 := twoOverPi[i+1]<<s | twoOverPi[i+2]>>(64-s)
	w0 := twoOverPi[i+2]<<s | twoOverPi[i+3]>>(64-s)
	// p2 p1 p0 = m · w mod 2¹⁹²: two bits of n, then the fraction
	h0, p0 := bits.Mul64(m, w0)
	h1, l1 := bits.Mul64(m, w1)
	p1, c := bits.Add64(l1, h0, 0)
	p2, _ := bits.Add64(m*w2, h1, c)
	n = p2 >> 62
	f1, f0 := p2<<2|p1>>62, p1<<2|p0>>62
	neg := f1>>63 != 0
	if neg { // a fraction of ½ or more: use the next n and 1 − fraction
		n++
		f0, c = bits.Sub64(0, f0, 0)
		f1, _ = bits.Sub64(0, f1, c)
	}
	// fraction = (fh + fl) 2^−z, by its leading 106 bits
	z := 0
	if f1 == 0 {
		f1, f0, z = f0, 0, 64
	}
	lead := bits.LeadingZeros64(f1)
	z += lead
	f1, f0 = f1<<lead|f0>>(64-lead), f0<<lead
	fh := float64(f1>>11) * 0x1p-53
	fl := float64((f1<<53|f0>>11)>>11) * 0x1p-106
	// times π/2
	h := float64(fh * piA)
	l := math.FMA(fh, piA, -h) + math.FMA(fh, piB, float64(fl*piA))
	scale := pow2(int64(-z))
	r = h + l
	rl = float64(((h - r) + l) * scale)
	r = float64(r * scale)
	if neg != (x < 0) {
		r, rl = -r, -rl
	}
	if x < 0 {
		n = -n
	}
	return n, r, rl
}

// sinCos returns sin(r + rl + n π/2) for |r| ≤ π/4:
//
//	n even:  ±(r + r³ S(r²) + rl (1 − r²/2))        S(z) = −1/6 + z/120 − …   fitted to 2⁻⁵⁸ of sin r
//	n odd:   ±(1 − r²/2 + r⁴ C(r²) − r rl)          C(z) = 1/24 − z/720 + …   fitted to 2⁻⁶³ of cos r
//
// where 1 − r²/2 is formed without error.
func sinCos(n uint64, r, rl float64) float64 {
	z := float64(r * r)
	z2 := float64(z * z)
	var y float64
	if n&1 == 0 {
		a := math.FMA(z, 0x1.111111110f8a4p-7, -0x1.5555555555549p-3)
		b := math.FMA(z, 0x1.71de357aab93cp-19, -0x1.a01a019c15b36p-13)
		c := math.FMA(z, 0x1.5d938377a2a56p-33, -0x1.ae5e6838d81dfp-26)
		a = math.FMA(z2, math.FMA(z2, c, b), a)
		y = r + math.FMA(float64(z*r), a, math.FMA(-0.5*z, rl, rl))
	} else {
		a := math.FMA(z, -0x1.6c16c16c1521dp-10, 0x1.555555555554cp-5)
		b := math.FMA(z, -0x1.27e4f8126505cp-22, 0x1.a01a019cbf0d3p-16)
		c := math.FMA(z, -0x1.8fb109e090c98p-37, 0x1.1ee9f1104d334p-29)
		a = math.FMA(z2, math.FMA(z2, c, b), a)
		zl := math.FMA(r, r, -z)
		h := float64(0.5 * z)
		w := 1 - h
		y = w + (((1 - w) - h) + math.FMA(z2, a, math.FMA(-0.5, zl, float64(-r*rl))))
	}
	return math.Float64frombits(math.Float64bits(y) ^ n&2<<62)
}

// Sin returns the sine of x radians. Error below 0.8 ulp for every finite x; Sin(±Inf) = NaN.
func Sin(x float64) float64 {
	if x == 0 {
		return x // keeps −0
	}
	if x-x != 0 {
		return math.NaN()
	}
	n, r, rl := reducePi(x)
	return sinCos(n, r, rl)
}

// Cos returns the cosine of x radians. Error below 0.8 ulp for every finite x; Cos(±Inf) = NaN.
func Cos(x float64) float64 {
	if x-x != 0 {
		return math.NaN()
	}
	n, r, rl := reducePi(x)
	return sinCos(n+1, r, rl)
}

// Atan2 returns the angle of the point (x, y), in [−π, π], with the special cases of C99. Error below 0.7 ulp.
//
// The quotient of the smaller by the larger coordinate, or of their difference by their sum, is q + ql with |q| ≤ tan π/8,
// and the angle is a multiple of π/4 plus
//
//	atan(q + ql) = q + q³ A(q²) + ql (1 − q²),   A(z) = −1/3 + z/5 − …   fitted to 2⁻⁵⁹ of atan q
func Atan2(y, x float64) float64 {
	if x != x || y != y {
		return math.NaN()
	}
	ax, ay := math.Abs(x), math.Abs(y)
	if ax > math.MaxFloat64 && ay > math.MaxFloat64 {
		ax, ay = 1, 1
	}
	back := math.Signbit(x)
	big, small := max(ax, ay), min(ax, ay)
	if small == 0 || big > math.MaxFloat64 || small < float64(big*0x1p-62) {
		switch { // the angle is that of an axis, or y/x
		case ay > ax:
			return math.Copysign(piA, y)
		case back:
			return math.Copysign(2*piA, y)
		case ay == 0 || ax > math.MaxFloat64:
			return math.Copysign(0, y)
		}
		return y / x
	}
	// Keep every product below clear of overflow and underflow.
	if big > 0x1p500 {
		ax, ay = ax*0x1p-600, ay*0x1p-600
	} else if big < 0x1p-500 {
		ax, ay = ax*0x1p600, ay*0x1p600
	}
	var turns, num, numl, den, denl float64 // angle = turns · π/2 + atan(num/den)
	switch {
	case ay < 0.4140625*ax:
		num, den = ay, ax
	case ax < 0.4140625*ay:
		turns, num, den = 1, -ax, ay
	default:
		turns = 0.5
		den = ay + ax
		b := den - ay
		denl = (ay - (den - b)) + (ax - b)
		num = ay - ax
		b = num - ay
		numl = (ay - (num - b)) - (ax + b)
	}
	if back { // π − angle
		turns, num, numl = 2-turns, -num, -numl
	}
	q := num / den
	ql := (math.FMA(-q, den, num) + math.FMA(-q, denl, numl)) / den
	z := float64(q * q)
	a := math.FMA(z, -0x1.25686bbfced21p-6, 0x1.37d5be77211b0p-5)
	a = math.FMA(z, a, -0x1.9cd32b35f41cap-5)
	a = math.FMA(z, a, 0x1.df0f79e5647cbp-5)
	a = math.FMA(z, a, -0x1.10ebbcfade031p-4)
	a = math.FMA(z, a, 0x1.3b1119a60a089p-4)
	a = math.FMA(z, a, -0x1.745cf8e5ba159p-4)
	a = math.FMA(z, a, 0x1.c71c70e66c045p-4)
	a = math.FMA(z, a, -0x1.24924922ae4e6p-3)
	a = math.FMA(z, a, 0x1.9999999995888p-3)
	a = math.FMA(z, a, -0x1.555555555553dp-2)
	tail := math.FMA(float64(z*q), a, math.FMA(-z, ql, ql))
	base := float64(turns * piA) // exact but for 3/2, whose error is in baseL
	baseL := math.FMA(turns, piA, -base) + float64(turns*piB)
	h := base + q
	return math.Copysign(h+(((base-h)+q)+(tail+baseL)), y)
}
