// Package verify measures whether the methods of package integrate do what theory
// promises: their order, and for those that are symplectic the form and the energy that
// they keep. The command hnn verify and the tests of package integrate share it. A program
// that uses the library does not need it.
//
// Like package integrate it imports none of the other packages.
package verify

import (
	"math"
	"slices"

	"hnn/integrate"
)

// A Method is an integrator with what its theory promises.
type Method struct {
	*integrate.Method
	Steps      int  // over a time of 4: errors of the pendulum from 1e-5 to 1e-11
	Splitting  bool // for a separable H only
	Symplectic bool
}

// Methods are those of package integrate.
var Methods = []Method{
	{integrate.RK23, 400, false, false},
	{integrate.RK4, 100, false, false},
	{integrate.RK45, 64, false, false},
	{integrate.DOP853, 10, false, false},
	{integrate.ImplicitMidpoint, 800, false, true},
	{integrate.GaussLegendre4, 100, false, true},
	{integrate.GaussLegendre6, 40, false, true},
	{integrate.Leapfrog, 800, true, true},
	{integrate.Yoshida4, 300, true, true},
	{integrate.Yoshida6, 120, true, true},
}

// A System has a separable H(q, p) = T(p) + V(q).
type System struct {
	Velocity, Force integrate.Half            // ∂T/∂p and −∂V/∂q
	H               func(y []float64) float64 // where energies are looked at
	Start           []float64                 // where runs begin
}

// Field is J∇H.
func (s System) Field(dydt []float64, _ float64, y []float64) {
	d := len(y) / 2
	s.Velocity(dydt[:d], y[d:])
	s.Force(dydt[d:], y[:d])
}

// Momentum is the velocity of T(p) = |p|²/2.
func Momentum(dq, p []float64) { copy(dq, p) }

// HenonHeiles is H = (p₁² + p₂² + q₁² + q₂²)/2 + q₁² q₂ − q₂³/3, on a bounded orbit with
// H = 1/8.
var HenonHeiles = System{
	Velocity: Momentum,
	Force: func(dp, q []float64) {
		dp[0] = -q[0] - float64(2*float64(q[0]*q[1]))
		dp[1] = -q[1] - float64(q[0]*q[0]) + float64(q[1]*q[1])
	},
	H: func(y []float64) float64 {
		a, b := float64(y[0]*y[0]), float64(y[1]*y[1])
		t := float64((float64(y[2]*y[2]) + float64(y[3]*y[3]) + a + b) / 2)
		return t + float64(a*y[1]) - float64(b*y[1])/3
	},
	Start: []float64{0, 0.1, math.Sqrt(0.25 - float64(0.1*0.1) + 0.002/3), 0},
}

// Pendulum is q″ = −sin q, with the caller's sine.
func Pendulum(sin func(float64) float64) System {
	return System{Velocity: Momentum, Force: func(dp, q []float64) { dp[0] = -sin(q[0]) }, Start: []float64{1, 0.5}}
}

// pendulumEnd is its state at t = 4, by a Taylor method with 40 digits.
var pendulumEnd = []float64{-1.14237267643074890469552, 0.01643967089119948558946094}

// Begin starts a run of steps of length |h|, forward or back.
func (m Method) Begin(s System, h float64, steps int, y0 []float64) *integrate.Run {
	end := float64(h * float64(steps))
	if m.Splitting {
		return integrate.BeginSeparable(m.Method, s.Velocity, s.Force, 0, end, math.Abs(h), y0)
	}
	return integrate.BeginFixed(m.Method, s.Field, 0, end, math.Abs(h), y0)
}

// End returns the last state of such a run.
func (m Method) End(s System, h float64, steps int, y0 []float64) ([]float64, error) {
	var last []float64
	run := m.Begin(s, h, steps, y0)
	for _, y := range run.States() {
		last = append(last[:0], y...)
	}
	return last, run.Err()
}

// ObservedOrder returns log₂ of how many times smaller the error on the pendulum is with
// twice as many steps.
func (m Method) ObservedOrder(pendulum System) (float64, error) {
	var fails [2]float64
	for i := range fails {
		steps := m.Steps << i
		y, err := m.End(pendulum, 4/float64(steps), steps, pendulum.Start)
		if err != nil {
			return 0, err
		}
		fails[i] = max(math.Abs(y[0]-pendulumEnd[0]), math.Abs(y[1]-pendulumEnd[1]))
	}
	return math.Log2(fails[0] / fails[1]), nil
}

// SymplecticDefect returns max |MᵀJM − J|, where M is the Jacobian of a step at y0 by
// central differences of order ten.
func SymplecticDefect(step func(y0 []float64) ([]float64, error), y0 []float64) (float64, error) {
	const d = 0.02
	n := len(y0)
	jac := make([][]float64, n) // jac[j] = ∂y/∂y0_j
	for j := range n {
		jac[j] = make([]float64, n)
		for k, w := range []float64{5. / 6, -5. / 21, 5. / 84, -5. / 504, 1. / 1260} {
			for _, sign := range []float64{1, -1} {
				y := slices.Clone(y0)
				y[j] += float64(sign * float64(float64(k+1)*d))
				end, err := step(y)
				if err != nil {
					return 0, err
				}
				for i, v := range end {
					jac[j][i] += float64(sign * w * v / d)
				}
			}
		}
	}
	worst := 0.
	for a := range n {
		for b := range n {
			form := 0. // the symplectic product of columns a and b
			for i := range n / 2 {
				form += float64(jac[a][i]*jac[b][n/2+i]) - float64(jac[a][n/2+i]*jac[b][i])
			}
			switch {
			case b == a+n/2:
				form--
			case a == b+n/2:
				form++
			}
			worst = max(worst, math.Abs(form))
		}
	}
	return worst, nil
}

// SymplecticDefect is that of a step of 0.1 on HenonHeiles.
func (m Method) SymplecticDefect() (float64, error) {
	step := func(y0 []float64) ([]float64, error) { return m.End(HenonHeiles, 0.1, 1, y0) }
	return SymplecticDefect(step, []float64{0.3, -0.2, 0.4, 0.1})
}

// EnergyGrowth follows HenonHeiles for 10⁵ steps of 0.1, and returns the
// largest energy error in the last tenth over that in the first.
func (m Method) EnergyGrowth() (float64, error) {
	const steps = 100_000
	h0 := HenonHeiles.H(HenonHeiles.Start)
	early, late, i := 0., 0., 0
	run := m.Begin(HenonHeiles, 0.1, steps, HenonHeiles.Start)
	for _, y := range run.States() {
		d := math.Abs(HenonHeiles.H(y) - h0)
		if i < steps/10 {
			early = max(early, d)
		} else if i >= steps-steps/10 {
			late = max(late, d)
		}
		i++
	}
	return late / early, run.Err()
}
