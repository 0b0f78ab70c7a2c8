package integrate

import "math"

// Every product that feeds a sum is written float64(a*b) + c: the conversion forbids the compiler to fuse the two, which
// it may otherwise do on some platforms and not on others, and so every platform computes the same bits.

// A sum is a linear combination Σ c_j k_j of stages, zero coefficients left out.
type sum struct {
	c []float64
	k [][]float64
}

// newSum pairs the nonzero coefficients with their stages.
func newSum(c []float64, k [][]float64) sum {
	var s sum
	for j, c := range c {
		if c != 0 {
			s.c = append(s.c, c)
			s.k = append(s.k, k[j])
		}
	}
	return s
}

// addTo computes dst = y + h Σ c_j k_j, component by component in the order of j.
func (s *sum) addTo(dst, y []float64, h float64) {
	n := len(dst)
	y = y[:n]
	c, k := s.c, s.k
	switch len(c) {
	case 1:
		c0, k0 := c[0], k[0][:n]
		for i := range dst {
			dst[i] = y[i] + float64(h*float64(c0*k0[i]))
		}
	case 2:
		c0, k0, c1, k1 := c[0], k[0][:n], c[1], k[1][:n]
		for i := range dst {
			dst[i] = y[i] + float64(h*(float64(c0*k0[i])+float64(c1*k1[i])))
		}
	case 3:
		c0, k0, c1, k1, c2, k2 := c[0], k[0][:n], c[1], k[1][:n], c[2], k[2][:n]
		for i := range dst {
			dst[i] = y[i] + float64(h*(float64(c0*k0[i])+float64(c1*k1[i])+float64(c2*k2[i])))
		}
	case 4:
		c0, k0, c1, k1, c2, k2, c3, k3 := c[0], k[0][:n], c[1], k[1][:n], c[2], k[2][:n], c[3], k[3][:n]
		for i := range dst {
			dst[i] = y[i] + float64(h*(float64(c0*k0[i])+float64(c1*k1[i])+float64(c2*k2[i])+float64(c3*k3[i])))
		}
	case 5:
		c0, k0, c1, k1, c2, k2, c3, k3 := c[0], k[0][:n], c[1], k[1][:n], c[2], k[2][:n], c[3], k[3][:n]
		c4, k4 := c[4], k[4][:n]
		for i := range dst {
			dst[i] = y[i] + float64(h*(float64(c0*k0[i])+float64(c1*k1[i])+float64(c2*k2[i])+float64(c3*k3[i])+
				float64(c4*k4[i])))
		}
	default:
		s.into(dst)
		for i, v := range dst {
			dst[i] = y[i] + float64(h*v)
		}
	}
}

// into computes dst = Σ c_j k_j.
func (s *sum) into(dst []float64) {
	n := len(dst)
	c, k := s.c, s.k
	clear(dst)
	for ; len(c) >= 3; c, k = c[3:], k[3:] {
		c0, k0, c1, k1, c2, k2 := c[0], k[0][:n], c[1], k[1][:n], c[2], k[2][:n]
		for i := range dst {
			dst[i] = dst[i] + float64(c0*k0[i]) + float64(c1*k1[i]) + float64(c2*k2[i])
		}
	}
	for j, c := range c {
		k := k[j][:n]
		for i := range dst {
			dst[i] += float64(c * k[i])
		}
	}
}

// invRoot returns x^(-1/n) for x > 0 and n ≥ 2, with an error of about an ulp and the same bits on every platform.
func invRoot(x float64, n int) float64 {
	if x > math.MaxFloat64 {
		return 0
	}
	// x = z 2^(nq) with 1/2 ≤ z < 2^n
	frac, exp := math.Frexp(x)
	q := exp / n
	if exp < q*n {
		q--
	}
	z := math.Ldexp(frac, exp-q*n)

	// A third of an exponent is nearly a third of the bits; then r ← r (1-e)^(-1/n) with e = 1 - z r^n, to third order.
	const one = 1023 << 52
	r := math.Float64frombits(uint64(one + (one-int64(math.Float64bits(z)))/int64(n)))
	p := 1 / float64(n)
	p2 := 0.5 * p * (1 + p)
	for range 4 {
		e := z
		for range n {
			e = float64(e * r)
		}
		e = 1 - e
		r += float64(r * float64(e*(p+float64(e*p2))))
	}
	return math.Ldexp(r, -q)
}
