package integrate

import (
	"errors"
	"math"
	"strings"
	"testing"
)

// TestFailures is the section "failures" of the reference.
func TestFailures(t *testing.T) {
	nan := math.NaN()
	for _, c := range []struct {
		name     string
		f        func(t, y float64) float64
		y0, t1   float64
		kind     error
		from, to float64 // where the last state must lie
		nfev     int     // twice SciPy's
	}{
		{"blowup_y2", func(_, y float64) float64 { return y * y }, 1, 2, ErrStepUnderflow, 0.999, 1.001, 2 * 632},
		{"blowup_exp", func(_, y float64) float64 { return math.Exp(y) }, 0, 2, ErrStepUnderflow, 0.999, 1.001, 2 * 518},
		{"nan_after_half", func(t, y float64) float64 {
			if t > 0.5 {
				return nan
			}
			return 1
		}, 1, 1, ErrNonFinite, 0.49, 0.5, 2 * 476},
		{"inf_rhs", func(_, _ float64) float64 { return math.Inf(1) }, 1, 1, ErrNonFinite, 0, 0, 1},
		{"sqrt_domain", func(_, y float64) float64 { return -math.Sqrt(y) }, 1, 3, ErrNonFinite, 1.999, 2.001, 2 * 1004},
		{"nan_at_start", func(_, _ float64) float64 { return nan }, 1, 1, ErrNonFinite, 0, 0, 1},
	} {
		exact := c.name == "blowup_y2" || c.name == "nan_after_half" // elsewhere the last bits decide
		f := func(dydt []float64, t float64, y []float64) { dydt[0] = c.f(t, y[0]) }
		s, err := Solve(f, 0, c.t1, []float64{c.y0}, Options{})
		var e *Error
		if !errors.Is(err, c.kind) || !errors.As(err, &e) || s.Status != Failed {
			t.Errorf("%s: error %v", c.name, err)
			continue
		}
		t.Logf("%s: nfev %d: %v", c.name, s.NFev, err)
		last := 0.
		for i, y := range s.Y {
			last = s.T[i]
			if !isFinite(last) || !isFinite(y[0]) {
				t.Errorf("%s: row %v %v", c.name, s.T[i], y)
			}
		}
		if !(last >= c.from && last <= c.to && e.T == last && s.NFev <= c.nfev) || exact && s.NFev != c.nfev/2 {
			t.Errorf("%s: ends at %v after %d evaluations: %v", c.name, last, s.NFev, err)
		}
		if c.name == "nan_after_half" && math.Abs(s.Y[len(s.Y)-1][0]-1-last) > 1e-9 {
			t.Errorf("%s: ends in %v", c.name, s.Y[len(s.Y)-1])
		}
	}
}

// Problems too stiff for explicit methods end with ErrBudget or ErrStepUnderflow, and say how far they came.
func TestStiff(t *testing.T) {
	for name, c := range map[string]struct {
		f  Field
		y0 []float64
		t1 float64
	}{
		"Robertson": {func(dydt []float64, _ float64, y []float64) {
			a, b, c := 0.04*y[0], 1e4*y[1]*y[2], 3e7*y[1]*y[1]
			dydt[0], dydt[1], dydt[2] = b-a, a-b-c, c
		}, []float64{1, 0, 0}, 1e5},
		"Prothero-Robinson": {func(dydt []float64, t float64, y []float64) {
			dydt[0] = -1e8*(y[0]-math.Sin(t)) + math.Cos(t)
		}, []float64{0}, 10},
		"Van der Pol": {func(dydt []float64, _ float64, y []float64) {
			dydt[0], dydt[1] = y[1], 1e6*((1-y[0]*y[0])*y[1])-y[0]
		}, []float64{2, 0}, 3e6},
	} {
		for _, m := range adaptiveMethods {
			s, err := Solve(c.f, 0, c.t1, c.y0, Options{Method: m, MaxEval: 200_000})
			var e *Error
			if !errors.As(err, &e) || !errors.Is(err, ErrBudget) && !errors.Is(err, ErrStepUnderflow) || e.T != s.T[len(s.T)-1] || !(e.T < c.t1) {
				t.Errorf("%s, %v: %v", name, m, err)
			}
		}
	}
}

// Very large and very small states do not stop a run, nor does a tolerance of 0 for a state that passes through 0.
func TestExtremeStates(t *testing.T) {
	for _, m := range adaptiveMethods {
		for _, y := range []float64{1e-300, 5e-324, math.Copysign(0, -1), 1e150, 1e300} {
			s, err := Solve(decay, 0, 5, []float64{y}, Options{Method: m})
			if err != nil {
				t.Errorf("%v from %v: %v", m, y, err)
			} else if math.Abs(s.Y[len(s.Y)-1][0]-y*math.Exp(-5)) > 1e-2*y+1e-6 {
				t.Errorf("%v from %v: %v", m, y, s.Y[len(s.Y)-1])
			}
		}
		// [cos 2t, −sin 2t] from t = 0.1, so that both pass through 0 later; and from 0 itself.
		o := Options{Method: m, RTol: []float64{1e-6}, ATol: []float64{0}, MaxEval: 1_000_000}
		s, err := Solve(spring, 0.1, 20, []float64{math.Cos(0.2), -math.Sin(0.2)}, o)
		if err != nil || maxDiff(s.Y[len(s.Y)-1], []float64{math.Cos(40), -math.Sin(40)}) > 1e-3 {
			t.Errorf("%v with atol 0: %v", m, err)
		}
		if _, err := Solve(spring, 0, 20, []float64{1, 0}, o); err == nil || !strings.Contains(err.Error(), "tolerance 0 of component 1") {
			t.Errorf("%v with atol 0 from 0: %v", m, err)
		}
	}
}

func TestNoConvergence(t *testing.T) {
	s, err := Fixed(GaussLegendre4, spring, 0, 100, 10, []float64{1, 0})
	var e *Error
	if !errors.Is(err, ErrConvergence) || !errors.As(err, &e) || e.H != 10 || len(s.T) != 1 {
		t.Error(err)
	}
	s, err = Fixed(GaussLegendre6, spring, 0, 10, 0.1, []float64{1, 0})
	if err != nil || s.Iterations < 100 || s.Iterations > 2000 || s.Residual > 1e-15 || s.NFev != 3*s.Iterations+1 {
		t.Error(s.Iterations, s.Residual, s.NFev, err)
	}
	// From zero, where the state gives no scale: y = tan t.
	tangent := func(dydt []float64, _ float64, y []float64) { dydt[0] = 1 + y[0]*y[0] }
	for _, m := range implicitMethods {
		for _, scale := range []float64{1, 1e-9, 1e9} {
			f := func(dydt []float64, t float64, y []float64) {
				tangent(dydt, t, []float64{y[0] / scale})
				dydt[0] *= scale
			}
			z, err := Fixed(m, f, 0, 1, 1./64, []float64{0})
			if err != nil || math.Abs(z.Y[64][0]/scale-math.Tan(1)) > 1e-3 {
				t.Error(m, scale, err)
			}
		}
	}
	t.Logf("%d rounds in 100 steps, residual %g", s.Iterations, s.Residual)
}
