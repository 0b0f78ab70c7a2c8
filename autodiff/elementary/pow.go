package elementary

import "math"

// logDouble returns log x = h + l for finite x > 0, to about 2⁻⁶⁷ of its value. With x = 2ᵏ(1+f) and s = f/(2+f),
//
//	log x = k ln 2 + 2s + s z (2/3 + z (2/5 + z Q(z))),   z = s²,   Q(z) = 2/7 + 2z/9 + …   fitted to 2⁻⁷² of log(1+f)
//
// where all but Q is carried in two float64s.
func logDouble(x float64) (h, l float64) {
	k, m := split(x)
	f := m - 1
	// s + sl
	d := 2 + f
	dl := f - (d - 2)
	s := f / d
	sl := math.FMA(-s, dl, math.FMA(-s, d, f)) / d
	// z + zl
	z := float64(s * s)
	zl := math.FMA(2*s, sl, math.FMA(s, s, -z))
	q := math.FMA(z, 0x1.e7ec98ea43922p-4, 0x1.de9d15a1ca284p-4)
	q = math.FMA(z, q, 0x1.111dd6b7db611p-3)
	q = math.FMA(z, q, 0x1.3b137802fc0fep-3)
	q = math.FMA(z, q, 0x1.745d17d7ff29ep-3)
	q = math.FMA(z, q, 0x1.c71c71c659126p-3)
	q = math.FMA(z, q, 0x1.24924924927d2p-2)
	q = float64(q * z)
	u, ul := addSmall(0x1.999999999999ap-2, q) // 2/5
	ul -= 0x1.999999999999ap-56
	u, ul = mul2(z, zl, u, ul)
	v, vl := addSmall(0x1.5555555555555p-1, u) // 2/3
	vl += ul + 0x1.5555555555555p-55
	v, vl = mul2(z, zl, v, vl)
	v, vl = mul2(s, sl, v, vl)
	n := float64(k)
	h, e1 := addSmall(float64(n*ln2hi), 2*s)
	h, e2 := addSmall(h, v)
	return addSmall(h, (e1+e2)+(math.FMA(2, sl, vl)+float64(n*ln2lo)))
}

// addSmall returns a + b = h + l without error, for |a| ≥ |b| or a = 0.
func addSmall(a, b float64) (h, l float64) {
	h = a + b
	return h, (a - h) + b
}

// mul2 returns (a + al)(b + bl) = h + l, less the product of the low parts.
func mul2(a, al, b, bl float64) (h, l float64) {
	h = float64(a * b)
	return h, math.FMA(a, b, -h) + math.FMA(a, bl, float64(al*b))
}

// Pow returns xᶜ = e^(c log x), with the logarithm and the product carried in two float64s. Error below 0.7 ulp,
// or 0.9 where the result is subnormal. The special cases are those of C99:
//
//	Pow(x, 0) = Pow(1, c) = 1 for any x and c, NaN included; otherwise a NaN gives a NaN
//	Pow(±0, c) = ±Inf for odd c < 0, +Inf for other c < 0, ±0 for odd c > 0, +0 for other c > 0
//	Pow(x, c) = NaN for finite x < 0 and finite c that is not an integer
//	Pow(−1, ±Inf) = 1; Pow(x, ±Inf) is the limit; Pow(±Inf, c) = Pow(±0, −c)
func Pow(x, c float64) float64 {
	switch {
	case c == 0 || x == 1:
		return 1
	case c == 1:
		return x
	case x != x || c != c:
		return math.NaN()
	case c == 2:
		return float64(x * x)
	}
	whole, odd := parity(c)
	a := math.Abs(x)
	var z float64
	switch {
	case a == 0 || a > math.MaxFloat64:
		if (a == 0) != (c < 0) {
			z = 0
		} else {
			z = math.Inf(1)
		}
	case math.Abs(c) > math.MaxFloat64:
		switch {
		case a == 1:
			return 1
		case (a > 1) == (c > 0):
			return math.Inf(1)
		}
		return 0
	case x < 0 && !whole:
		return math.NaN()
	case c == -1:
		return 1 / x
	default:
		h, l := logDouble(a)
		p := float64(c * h)
		if p > 800 || p < -800 {
			z = expSum(p, 0) // overflow or underflow
		} else {
			z = expSum(p, math.FMA(c, l, math.FMA(c, h, -p)))
		}
	}
	if odd && math.Signbit(x) {
		z = -z
	}
	return z
}

// parity reports whether c is an integer, and whether it is an odd one. An infinity counts as even.
func parity(c float64) (whole, odd bool) {
	a := math.Abs(c)
	if a >= 0x1p53 {
		return true, false
	}
	i := int64(a)
	return float64(i) == a, float64(i) == a && i&1 == 1
}
