package integrate

import (
	"errors"
	"math"
	"slices"
	"testing"
)

// fuzzFields are fields that behave, that grow without bound, and that are not finite in places.
var fuzzFields = []func(t, y float64) float64{
	func(_, y float64) float64 { return -y },
	func(_, _ float64) float64 { return 0 },
	func(t, _ float64) float64 { return 1 / t },
	func(t, y float64) float64 { return y * y },
	func(t, y float64) float64 { return -1e8 * (y - t) },
	func(t, y float64) float64 { return math.Sqrt(1 - y) },
	func(t, y float64) float64 {
		if t > 0.5 {
			return math.NaN()
		}
		return y
	},
}

// FuzzOptions runs every method with options of any kind. A run must end with an error of the package or with states
// as promised: finite, in the order of integration, from t0 to t1. It must never panic.
func FuzzOptions(f *testing.F) {
	for kind := range fuzzFields {
		for m := range 13 {
			f.Add(uint8(m), uint8(kind), uint8(2), 0., 3., 1., 1e-3, 1e-6, 0., 0., 0.1, 0, uint8(m%3), 1, 0, 0)
		}
	}
	f.Fuzz(func(t *testing.T, method, kind, size uint8, t0, t1, y, rtol, atol, first, longest, h float64,
		budget int, reports uint8, rows, direction, terminal int) {
		methods := slices.Concat([]*Method{nil}, adaptiveMethods, fixedFieldMethods, splittingMethods)
		m := methods[int(method)%len(methods)]
		rhs := fuzzFields[int(kind)%len(fuzzFields)]
		field := func(dydt []float64, t float64, y []float64) {
			for i, y := range y {
				dydt[i] = rhs(t, y)
			}
		}
		half := func(dx, x []float64) {
			for i, x := range x {
				dx[i] = rhs(0, x)
			}
		}
		y0 := make([]float64, size%5)
		for i := range y0 {
			y0[i] = y * float64(i+1)
		}
		o := Options{
			Method: m, RTol: []float64{rtol}, ATol: []float64{atol}, FirstStep: first, MaxStep: longest,
			MaxEval: budget, Rows: rows, Dense: direction > 1,
		}
		if reports%3 == 1 {
			o.TEval = []float64{t0, t0 + (t1-t0)/float64(reports), t1}
		}
		if reports%3 == 2 && len(y0) > 0 {
			g := func(_ float64, y []float64) float64 { return y[0] - rtol }
			o.Events = []Event{{G: g, Direction: direction, Terminal: terminal}}
		}

		enough := errors.New("enough")
		runs := []*Run{
			Begin(field, t0, t1, y0, o), BeginFixed(m, field, t0, t1, h, y0), BeginSeparable(m, half, half, t0, t1, h, y0),
		}
		for i, r := range runs {
			asked := 0
			r.Stop = func() error {
				if asked++; asked > 300 {
					return enough
				}
				return nil
			}
			last, rows := math.NaN(), 0
			for x, y := range r.States() {
				rows++
				if !isFinite(x) && x != t1 || nonFinite(y) >= 0 || (x-last)*(t1-t0) < 0 {
					t.Fatalf("run %d of %v: state %v at %v after %v", i, m, y, x, last)
				}
				last = x
			}
			err := r.Err()
			var e *Error
			known := slices.ContainsFunc([]error{
				ErrArgument, ErrTolerance, ErrNonFinite, ErrStepUnderflow, ErrBudget, ErrConvergence, enough,
			}, func(kind error) bool { return errors.Is(err, kind) })
			switch {
			case err != nil && (!known || !errors.As(err, &e) || r.Status != Failed || len(e.Stack) > 0):
				t.Errorf("run %d of %v: status %d, error %v", i, m, r.Status, err)
			case err == nil && (rows == 0 || r.Status != Finished && r.Status != AtEvent):
				t.Errorf("run %d of %v: status %d after %d states", i, m, r.Status, rows)
			case err == nil && r.Status == Finished && last != t1:
				t.Errorf("run %d of %v: ends at %v instead of %v", i, m, last, t1)
			}
		}
	})
}
