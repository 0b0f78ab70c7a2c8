package verify

import (
	"hnn/autodiff/elementary"
	"hnn/integrate"
	"hnn/integrate/verify"
)

var pendulum = verify.Pendulum(elementary.Sin)

func checkOrders(r *report) {
	for _, m := range verify.Methods {
		order, err := m.ObservedOrder(pendulum)
		noError(err)
		want := float64(m.Order())
		r.within("order "+m.String(), order, want-0.15, want+0.15, "observed order", "")
	}
}

func checkSymplectic(r *report) {
	for _, m := range verify.Methods {
		if m.Symplectic {
			d, err := m.SymplecticDefect()
			noError(err)
			r.most("symplectic "+m.String(), d, 1e-12, "‖MᵀJM − J‖")
		}
	}
}

func checkEnergy(r *report) {
	for _, m := range verify.Methods {
		if m.Symplectic {
			growth, err := m.EnergyGrowth()
			noError(err)
			r.within("energy "+m.String(), growth, 0.5, 1.2, "error late / early", "")
		}
	}
}

// checkSteps counts evaluations of y″ = −sin y, y = 1 and y′ = 0.5 at 0, to t = 20
// with rtol 1e-6 and atol 1e-9. Source: solve_ivp of SciPy 1.17.1.
func checkSteps(r *report) {
	for _, c := range []struct {
		m    *integrate.Method
		nfev int
	}{{integrate.RK23, 2462}, {integrate.RK45, 650}, {integrate.DOP853, 362}} {
		o := integrate.Options{Method: c.m, RTol: []float64{1e-6}, ATol: []float64{1e-9}}
		sol, err := integrate.Solve(pendulum.Field, 0, 20, pendulum.Start, o)
		noError(err)
		n := float64(c.nfev)
		r.within("steps "+c.m.String(), float64(sol.NFev), n, n, "evaluations, SciPy's number", "")
	}
}
