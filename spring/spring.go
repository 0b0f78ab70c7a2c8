package spring

import (
	"math"

	"hnn/autodiff/elementary"
	"hnn/integrate"
)

// A Spring is a mass M (kg) on a spring of stiffness K (N/m), without friction:
//
//	H(q, p) = p²/2m + k q²/2,    q̇ = ∂H/∂p = p/m,    ṗ = −∂H/∂q = −k q
//
// q is the elongation (m), p the momentum (kg m/s) and H the energy (J). With
// M = K = 1 all of them are pure numbers, as in the article. M and K are positive.
type Spring struct{ M, K float64 }

// Omega returns the angular frequency ω = √(k/m), in rad/s.
func (s Spring) Omega() float64 { return math.Sqrt(s.K / s.M) }

// H returns the energy of a state.
func (s Spring) H(q, p float64) float64 {
	return float64(p*p)/(2*s.M) + float64(s.K*float64(q*q)/2)
}

// Field computes [q̇, ṗ] of the state y = [q, p]. It is an integrate.Field. The named system
// spring has the same field, but the last bit of a formula may differ. The experiment uses this
// closed form to keep its bits.
func (s Spring) Field(dydt []float64, _ float64, y []float64) {
	dydt[0] = y[1] / s.M
	dydt[1] = -s.K * y[0]
}

var _ integrate.Field = Spring{}.Field

// Exact returns the state at time t of the motion that starts at (q, p).
//
//	q(t) = q cos ωt + (p/mω) sin ωt,    p(t) = p cos ωt − mω q sin ωt
func (s Spring) Exact(q, p, t float64) (float64, float64) {
	w := s.Omega()
	sin, cos := elementary.Sin(w*t), elementary.Cos(w*t)
	return float64(q*cos) + float64(p/(s.M*w)*sin), float64(p*cos) - float64(s.M*w*q*sin)
}

// State returns the state of energy E at phase φ. The amplitude of q is √(2E/k) and
// that of p is √(2Em).
//
//	q = √(2E/k) cos φ,    p = √(2Em) sin φ
func (s Spring) State(E, phi float64) (q, p float64) {
	return math.Sqrt(2*E/s.K) * elementary.Cos(phi), math.Sqrt(2*E*s.M) * elementary.Sin(phi)
}

// phaseBetween returns the angle by which the state (q, p) is ahead of (q0, p0), in (−π, π].
// In the coordinates (√k q, p/√m) the motion is a clockwise rotation with ω.
func (s Spring) phaseBetween(q, p, q0, p0 float64) float64 {
	a, b := math.Sqrt(s.K), 1/math.Sqrt(s.M)
	x, y, x0, y0 := a*q, b*p, a*q0, b*p0
	return elementary.Atan2(float64(y0*x)-float64(x0*y), float64(x0*x)+float64(y0*y))
}
