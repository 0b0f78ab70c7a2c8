package integrate

import (
	"errors"
	"math"
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
