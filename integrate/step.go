package integrate

import "math"

// Every product that feeds a sum is written float64(a*b) + c. Without the conversion the compiler may fuse the two, and
// does so on some platforms only. With it every platform computes the same bits.

// A sum is a linear combination Σ c_j k_j of stages, without the terms whose coefficient is zero.
type sum struct {
	c []float64
	k [][]float64
}

// newSum returns the sum with these coefficients and stages.
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

// addTo computes dst = y + h Σ c_j k_j. Each component is added up in the order of j.
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
	if len(c) < 3 {
		clear(dst)
	} else {
		c0, k0, c1, k1, c2, k2 := c[0], k[0][:n], c[1], k[1][:n], c[2], k[2][:n]
		for i := range dst {
			dst[i] = float64(c0*k0[i]) + float64(c1*k1[i]) + float64(c2*k2[i])
		}
		c, k = c[3:], k[3:]
	}
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

// invRoot returns x^(-1/n) for normal x > 0 and n from 2 to 8, with an error of about an ulp. math.Pow would not do: its
// last bits differ between platforms.
func invRoot(x float64, n int) float64 {
	if x > math.MaxFloat64 {
		return 0
	}
	// The bits of a float64 are close to its logarithm. Dividing them by -n gives a first r with an error of 3 % or less.
	const one, middle = 1023 << 52, 0x1p52 * 0.043
	p := 1 / float64(n)
	bits := one - int64((1+p)*middle) - (int64(math.Float64bits(x))-one)/int64(n)
	r := math.Float64frombits(uint64(bits))
	// Twice r ← r (1-e)^(-1/n) with e = 1 - x r^n, by the binomial series to e⁴. Each gives five times the digits.
	c2 := p * (1 + p) / 2
	c3 := c2 * (2 + p) / 3
	c4 := c3 * (3 + p) / 4
	for range 2 {
		r2 := r * r
		r4 := r2 * r2
		e := x
		if n&1 != 0 {
			e *= r
		}
		if n&2 != 0 {
			e *= r2
		}
		if n&4 != 0 {
			e *= r4
		}
		if n&8 != 0 {
			e = e * r4 * r4
		}
		e = 1 - float64(e)
		r += float64(r * float64(e*(p+float64(c2*e)+float64(float64(e*e)*(c3+float64(c4*e))))))
	}
	return r
}
