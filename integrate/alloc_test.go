package integrate

import (
	"errors"
	"testing"
)

// spring is H = q² + p².
func spring(dydt []float64, _ float64, y []float64) { dydt[0], dydt[1] = 2*y[1], -2*y[0] }

func springVelocity(dq, p []float64) { dq[0] = 2 * p[0] }
func springForce(dp, q []float64)    { dp[0] = -2 * q[0] }

var (
	adaptiveMethods   = []*Method{RK23, RK45, DOP853}
	implicitMethods   = []*Method{ImplicitMidpoint, GaussLegendre4, GaussLegendre6}
	splittingMethods  = []*Method{Leapfrog, Yoshida4, Yoshida6}
	fixedFieldMethods = append([]*Method{RK4, RK23, RK45, DOP853}, implicitMethods...)
)

// springRuns returns an endless run of each method and kind.
func springRuns() map[string]*Run {
	runs := map[string]*Run{}
	y0 := []float64{1, 0}
	for _, m := range adaptiveMethods {
		runs[m.String()+" adaptive"] = Begin(spring, 0, 1e12, y0, Options{Method: m})
	}
	for _, m := range fixedFieldMethods {
		runs[m.String()] = BeginFixed(m, spring, 0, 1e9, 0.1, y0)
	}
	for _, m := range splittingMethods {
		runs[m.String()] = BeginSeparable(m, springVelocity, springForce, 0, 1e9, 0.1, y0)
	}
	return runs
}

// TestAllocs checks that a step of any method, dense output included, does not allocate.
func TestAllocs(t *testing.T) {
	for name, r := range springRuns() {
		if r.err != nil {
			t.Fatal(name, r.err)
		}
		var step func() error
		if r.h == 0 {
			r.start()
			r.h = r.firstStep()
			step = func() error { return errors.Join(r.step(), r.interpolate()) }
		} else {
			step = func() error {
				err := r.fixedStep(r.t+0.1, 0.1)
				r.accept(r.t + 0.1)
				return err
			}
		}
		var err error
		if n := testing.AllocsPerRun(100, func() { err = errors.Join(err, step()) }); n != 0 || err != nil {
			t.Errorf("%s: a step allocates %v times, error %v", name, n, err)
		}
	}
}
