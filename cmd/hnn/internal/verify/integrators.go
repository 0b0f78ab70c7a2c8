package verify

import (
	"math"

	"hnn/autodiff/elementary"
	"hnn/integrate"
)

// method is an integrator with what its theory promises.
type method struct {
	m          *integrate.Method
	steps      int // over a time of 4: errors from 1e-5 to 1e-11
	splitting  bool
	symplectic bool
}

var methods = []method{
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

// halves are those of the field of H(q, p) = T(p) + V(q).
type halves struct{ velocity, force integrate.Half }

func (s halves) field(dydt []float64, _ float64, y []float64) {
	d := len(y) / 2
	s.velocity(dydt[:d], y[d:])
	s.force(dydt[d:], y[:d])
}

// begin starts a run of steps of length h.
func (m method) begin(s halves, h float64, steps int, y0 []float64) *integrate.Run {
	end := float64(h * float64(steps))
	if m.splitting {
		return integrate.BeginSeparable(m.m, s.velocity, s.force, 0, end, h, y0)
	}
	return integrate.BeginFixed(m.m, s.field, 0, end, h, y0)
}

// end returns the last state of such a run.
func (m method) end(s halves, h float64, steps int, y0 []float64) []float64 {
	var last []float64
	run := m.begin(s, h, steps, y0)
	for _, y := range run.States() {
		last = append(last[:0], y...)
	}
	noError(run.Err())
	return last
}

func copyHalf(dq, p []float64) { copy(dq, p) }

// pendulum is H = p²/2 − cos q.
var pendulum = halves{copyHalf, func(dp, q []float64) { dp[0] = -elementary.Sin(q[0]) }}

// pendulumEnd is its state at t = 4 from (1, 0.5) at 0, by a Taylor method with 40
// digits.
var pendulumEnd = []float64{-1.14237267643074890469552, 0.01643967089119948558946094}

// heiles is that of Hénon and Heiles, H = (p₁² + p₂² + q₁² + q₂²)/2 + q₁² q₂ − q₂³/3.
var heiles = halves{copyHalf, func(dp, q []float64) {
	dp[0] = -q[0] - float64(2*float64(q[0]*q[1]))
	dp[1] = -q[1] - float64(q[0]*q[0]) + float64(q[1]*q[1])
}}

func heilesH(y []float64) float64 {
	a, b := float64(y[0]*y[0]), float64(y[1]*y[1])
	t := float64((float64(y[2]*y[2]) + float64(y[3]*y[3]) + a + b) / 2)
	return t + float64(a*y[1]) - float64(b*y[1])/3
}

func checkOrders(r *report) {
	for _, m := range methods {
		fail := func(steps int) float64 {
			return largest(m.end(pendulum, 4/float64(steps), steps, []float64{1, 0.5}), pendulumEnd)
		}
		order := math.Log2(fail(m.steps) / fail(2*m.steps))
		want := float64(m.m.Order())
		r.within("order "+m.m.String(), order, want-0.15, want+0.15, "observed order", "")
	}
}

// checkSymplectic takes the Jacobian M of one step by central differences of order
// ten.
func checkSymplectic(r *report) {
	for _, m := range methods {
		if m.symplectic {
			r.most("symplectic "+m.m.String(), symplecticDefect(m), 1e-12, "‖MᵀJM − J‖")
		}
	}
}

func symplecticDefect(m method) float64 {
	const d = 0.02
	y0 := []float64{0.3, -0.2, 0.4, 0.1}
	n := len(y0)
	var jac [4][4]float64 // jac[j] = ∂y/∂y0_j
	for j := range n {
		for k, w := range []float64{5. / 6, -5. / 21, 5. / 84, -5. / 504, 1. / 1260} {
			for _, sign := range []float64{1, -1} {
				y := append([]float64(nil), y0...)
				y[j] += float64(sign * float64(float64(k+1)*d))
				for i, v := range m.end(heiles, 0.1, 1, y) {
					jac[j][i] += float64(sign * w * v / d)
				}
			}
		}
	}
	worst := 0.
	for a := range n {
		for b := range n {
			form := 0.
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
	return worst
}

// checkEnergy follows a bounded orbit of Hénon and Heiles with H = 1/8.
func checkEnergy(r *report) {
	for _, m := range methods {
		if m.symplectic {
			r.within("energy "+m.m.String(), energyGrowth(m), 0.5, 1.2, "error late / early", "")
		}
	}
}

func energyGrowth(m method) float64 {
	const steps = 100_000
	y0 := []float64{0, 0.1, math.Sqrt(0.25 - float64(0.1*0.1) + 0.002/3), 0}
	h0 := heilesH(y0)
	early, late, i := 0., 0., 0
	run := m.begin(heiles, 0.1, steps, y0)
	for _, y := range run.States() {
		d := math.Abs(heilesH(y) - h0)
		if i < steps/10 {
			early = max(early, d)
		} else if i >= steps-steps/10 {
			late = max(late, d)
		}
		i++
	}
	noError(run.Err())
	return late / early
}

// checkSteps counts evaluations of y″ = −sin y, y = 1 and y′ = 0.5 at 0, to t = 20
// with rtol 1e-6 and atol 1e-9. Source: solve_ivp of SciPy 1.17.1.
func checkSteps(r *report) {
	for _, c := range []struct {
		m    *integrate.Method
		nfev int
	}{{integrate.RK23, 2462}, {integrate.RK45, 650}, {integrate.DOP853, 362}} {
		o := integrate.Options{Method: c.m, RTol: []float64{1e-6}, ATol: []float64{1e-9}}
		sol, err := integrate.Solve(pendulum.field, 0, 20, []float64{1, 0.5}, o)
		noError(err)
		n := float64(c.nfev)
		r.within("steps "+c.m.String(), float64(sol.NFev), n, n, "evaluations, SciPy's number", "")
	}
}
