package kernel

import "math"

// Moments updates Adam's running means of the gradient g and of its square.
//
//	m ← m + (1−β₁)(g − m)
//	v ← β₂ v + (1−β₂) g²
//
// Source: Kingma and Ba, "Adam" (2015), Algorithm 1. The first line has the form that PyTorch
// computes.
func Moments(m, v, g []float64, beta1, beta2 float64) {
	m, v = m[:len(g)], v[:len(g)]
	c1, c2 := 1-beta1, 1-beta2
	for i := threeVectors(active.moments, m, v, g, c1, beta2, c2); i < len(g); i++ {
		d := g[i]
		m[i] += float64(c1 * (d - m[i]))
		v[i] = float64(beta2*v[i]) + float64(c2*float64(d*d))
	}
}

// Descend moves the parameters x against m, scaled by the root of v.
//
//	x ← x − s m / (√v + ε)
func Descend(x, m, v []float64, s, eps float64) {
	m, v = m[:len(x)], v[:len(x)]
	for i := threeVectors(active.descend, x, m, v, s, eps, 0); i < len(x); i++ {
		x[i] -= float64(s * (m[i] / (math.Sqrt(v[i]) + eps)))
	}
}

// Adam is Moments and then Descend, in one pass: the divisions of one take as long as the rest
// of both. The slices must not overlap.
func Adam(x, m, v, g []float64, beta1, beta2, s, eps float64) {
	m, v, g = m[:len(x)], v[:len(x)], g[:len(x)]
	n := len(x) &^ (active.lanes - 1)
	if active.adam == nil {
		n = 0
	}
	if n > 0 {
		active.adam(x[:n], m[:n], v[:n], g[:n], 1-beta1, beta2, 1-beta2, s, eps)
	}
	Moments(m[n:], v[n:], g[n:], beta1, beta2)
	Descend(x[n:], m[n:], v[n:], s, eps)
}
