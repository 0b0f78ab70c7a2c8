package integrate

import (
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
)

// rational is SciPy's test problem, with exact solution (t/(t+10), 10 t/(t+10)²).
func rational(dydt []float64, t float64, y []float64) {
	dydt[0] = y[1] / t
	dydt[1] = y[1] * (y[0] + 2*y[1] - 1) / (t * (y[0] - 1))
}

func rationalError(t float64, y []float64) float64 {
	e := 0.
	for i, want := range []float64{t / (t + 10), 10 * t / ((t + 10) * (t + 10))} {
		d := (y[i] - want) / (1e-6 + 1e-3*math.Abs(want))
		e += d * d / 2
	}
	return math.Sqrt(e)
}

var rational0 = []float64{1. / 3, 2. / 9}

func decay(dydt []float64, _ float64, y []float64) {
	for i, y := range y {
		dydt[i] = -y
	}
}

// same reports whether two solutions have the same bits.
func same(a, b *Solution) bool {
	return slices.Equal(a.T, b.T) && slices.EqualFunc(a.Y, b.Y, slices.Equal[[]float64]) && a.NFev == b.NFev
}

// TestBehaviour is the part of the section "behaviour" of the reference that has numbers.
func TestBehaviour(t *testing.T) {
	for _, c := range loadCases(t).Behaviour {
		if len(c.T) == 0 {
			continue
		}
		o := Options{MaxStep: c.MaxStep, FirstStep: c.FirstStep, Dense: true}
		s, err := Solve(rational, c.T[0], c.T[1], rational0, o)
		if err != nil || s.NFev != c.NFev || s.Accepted != c.Steps || math.Abs(s.T[1]-c.T1) > 1e-12 {
			t.Errorf("%s: nfev %d, steps %d, first to %v, error %v", c.ID, s.NFev, s.Accepted, s.T[1], err)
		}
		if s.T[0] != c.T[0] || s.T[len(s.T)-1] != c.T[1] || c.FirstStep > 0 && math.Abs(s.T[1]-s.T[0]) != math.Abs(c.T[0]+c.FirstStep-c.T[0]) {
			t.Errorf("%s: steps at %v", c.ID, s.T)
		}
		for i, x := range s.T {
			if e := rationalError(x, s.Y[i]); !(e < 5) {
				t.Errorf("%s: error %g at %v", c.ID, e, x)
			}
			if c.MaxStep > 0 && i > 0 && math.Abs(x-s.T[i-1]) > c.MaxStep+1e-15 {
				t.Errorf("%s: step from %v to %v", c.ID, s.T[i-1], x)
			}
		}
		for _, x := range linspace(c.T[0], c.T[1], 50) {
			if e := rationalError(x, s.Dense.At(nil, x)); !(e < 5) {
				t.Errorf("%s: error %g of dense output at %v", c.ID, e, x)
			}
		}
	}
}

func TestTEval(t *testing.T) {
	for _, m := range adaptiveMethods {
		for _, ts := range [][]float64{
			{5, 5.01, 7, 8, 8.01, 9}, {5.01, 7, 8, 8.01}, {9}, {5}, {},
			{5, 4.99, 3, 1.5, 1.1, 1.01, 1}, {4.99, 3, 1.5, 1.1, 1.01}, {1},
		} {
			t1 := 9.
			if len(ts) > 0 && ts[len(ts)-1] < 5 {
				t1 = 1
			}
			s, err := Solve(rational, 5, t1, rational0, Options{Method: m, TEval: ts})
			if err != nil || !slices.Equal(s.T, ts) || s.Status != Finished {
				t.Errorf("%v: rows at %v for %v, error %v", m, s.T, ts, err)
			}
			for i, x := range s.T {
				if e := rationalError(x, s.Y[i]); !(e < 5) || x == 5 && !slices.Equal(s.Y[i], rational0) {
					t.Errorf("%v: error %g at %v", m, e, x)
				}
			}
			d, err := Solve(rational, 5, t1, rational0, Options{Method: m, TEval: ts, Dense: true})
			if err != nil || !slices.EqualFunc(s.Y, d.Y, slices.Equal[[]float64]) {
				t.Errorf("%v: dense output changes what TEval gets", m)
			}
		}
	}
}

// TestArguments checks that every bad argument gives an error that says what is wrong and what is wanted, before the
// field is called.
func TestArguments(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	y0 := []float64{1, 2}
	never := func([]float64, float64, []float64) { t.Error("the field was called") }
	half := func([]float64, []float64) { t.Error("a half-field was called") }
	solve := func(t0, t1 float64, y0 []float64, o Options) error {
		s, err := Solve(never, t0, t1, y0, o)
		if s != nil {
			t.Error("a solution with a bad argument")
		}
		return err
	}
	with := func(o Options) error { return solve(5, 9, y0, o) }
	first := func(_ *Solution, err error) error { return err }
	for _, c := range []struct {
		err  error
		says string
	}{
		{solve(nan, 1, y0, Options{}), "interval"},
		{solve(inf, 1, y0, Options{}), "interval"},
		{solve(0, nan, y0, Options{}), "interval"},
		{solve(0, 1, []float64{1, nan}, Options{}), "want a finite initial state"},
		{solve(0, 1, []float64{-inf, 1}, Options{}), "want a finite initial state"},
		{first(Solve(nil, 0, 1, y0, Options{})), "field is nil"},
		{with(Options{MaxStep: -1}), "MaxStep is -1"},
		{with(Options{MaxStep: nan}), "MaxStep is NaN"},
		{with(Options{FirstStep: -1}), "FirstStep is -1"},
		{with(Options{FirstStep: nan}), "FirstStep is NaN"},
		{with(Options{FirstStep: 4.1}), "FirstStep is 4.1"},
		{with(Options{RTol: []float64{-1}}), "RTol[0] is -1"},
		{with(Options{RTol: []float64{nan}}), "RTol[0] is NaN"},
		{with(Options{RTol: []float64{}}), "RTol has 0 values"},
		{with(Options{ATol: []float64{1, -1}}), "ATol[1] is -1"},
		{with(Options{ATol: []float64{inf}}), "ATol[0] is +Inf"},
		{with(Options{ATol: []float64{1, 1, 1}}), "ATol has 3 values"},
		{with(Options{TEval: []float64{4, 6}}), "TEval[0] = 4 is outside"},
		{with(Options{TEval: []float64{6, 9.5}}), "TEval[1] = 9.5 is outside"},
		{with(Options{TEval: []float64{5, 7, 6}}), "does not come after"},
		{with(Options{TEval: []float64{5, 5, 6}}), "does not come after"},
		{with(Options{TEval: []float64{nan}}), "TEval[0] = NaN is outside"},
		{solve(9, 5, y0, Options{TEval: []float64{6, 7}}), "does not come after"},
		{with(Options{MaxEval: -1}), "MaxEval is -1"},
		{with(Options{Rows: 3}), "do not make 3 rows"},
		{with(Options{Rows: -1}), "rows"},
		{with(Options{Events: []Event{{}}}), "Events[0].G is nil"},
		{with(Options{Events: []Event{{G: func(float64, []float64) float64 { return 1 }, Terminal: -2}}}), "Events[0].Terminal is -2"},
		{with(Options{Method: RK4}), "want RK45, RK23 or DOP853 (RK4 is for Fixed)"},
		{with(Options{Method: Leapfrog}), "is for Fixed or Separable"},
		{with(Options{Method: GaussLegendre4}), "is for Fixed or Separable"},
		{first(Fixed(Yoshida4, never, 0, 1, 0.1, y0)), "want GaussLegendre4"},
		{first(Separable(RK4, half, half, 0, 1, 0.1, y0)), "want Leapfrog"},
		{first(Separable(Leapfrog, half, half, 0, 1, 0.1, []float64{1, 2, 3})), "3 components"},
		{first(Separable(Leapfrog, nil, half, 0, 1, 0.1, y0)), "half-field is nil"},
		{first(Fixed(nil, never, 0, 1, 0.1, y0)), "method is nil"},
		{first(Fixed(new(Method), never, 0, 1, 0.1, y0)), "not of this package"},
		{first(Fixed(RK4, nil, 0, 1, 0.1, y0)), "field is nil"},
		{first(Fixed(RK4, never, 0, 1, 0, y0)), "h=0"},
		{first(Fixed(RK4, never, 0, 1, -0.1, y0)), "h=-0.1"},
		{first(Fixed(RK4, never, 0, 1, nan, y0)), "h=NaN"},
		{first(Fixed(RK4, never, 0, inf, 1, y0)), "want a positive h and a finite interval"},
		{first(Fixed(RK4, never, -math.MaxFloat64, math.MaxFloat64, 1, y0)), "finite interval"},
		{first(Fixed(RK4, never, 0, 1, 1e-300, y0)), "too short"},
		{first(Fixed(RK4, never, 1e9, 1e9+1, 1e-9, y0)), "too short"},
		{first(Fixed(RK4, never, 0, 1, 0.1, []float64{nan})), "initial state"},
	} {
		if !errors.Is(c.err, ErrArgument) || !strings.HasPrefix(c.err.Error(), "integrate: ") || !strings.Contains(c.err.Error(), "want ") || !strings.Contains(c.err.Error(), c.says) {
			t.Errorf("error %v, want it to say %q", c.err, c.says)
		}
	}
	for _, o := range []Options{
		{RTol: []float64{0}, ATol: []float64{0}},
		{RTol: []float64{1e-17}, ATol: []float64{0}},
		{RTol: []float64{1e-3, 0}, ATol: []float64{1e-17}},
	} {
		if err := with(o); !errors.Is(err, ErrTolerance) {
			t.Errorf("%+v: error %v", o, err)
		}
	}
	if _, err := Solve(never, 0, 1, []float64{0}, Options{ATol: []float64{0}}); !errors.Is(err, ErrTolerance) {
		t.Error(err)
	}
}

func TestTolerances(t *testing.T) {
	grow := func(dydt []float64, _ float64, y []float64) { copy(dydt, y) }
	solve := func(rtol ...float64) (worst float64) {
		s, err := Solve(grow, 0, 1, []float64{1, 1}, Options{RTol: rtol})
		if err != nil {
			t.Fatal(err)
		}
		return maxDiff(s.Y[len(s.Y)-1], []float64{math.E, math.E})
	}
	if both, one := solve(1e-1, 1e-1), solve(1e-1, 1e-16); !(one < both) {
		t.Errorf("error %g, with one tolerance tight %g", both, one)
	}
	if a, b := solve(0), solve(100*epsilon); a != b {
		t.Errorf("errors of %g and %g", a, b)
	}
}

// TestTrivial integrates over an interval of no length, a state without components, and a state that does not change.
func TestTrivial(t *testing.T) {
	for _, m := range adaptiveMethods {
		s, err := Solve(decay, 4, 4, []float64{2, 3}, Options{Method: m, Dense: true, Events: []Event{{G: func(float64, []float64) float64 { return 1 }}}})
		if err != nil || len(s.T) != 1 || s.T[0] != 4 || !slices.Equal(s.Y[0], []float64{2, 3}) || s.NFev > 2 || s.Status != Finished {
			t.Error(s, err)
		}
		for _, x := range []float64{4, 5, 6, -1} {
			if y := s.Dense.At(nil, x); !slices.Equal(y, []float64{2, 3}) {
				t.Errorf("dense output %v", y)
			}
		}
		if s, err = Solve(decay, 4, 4, []float64{2}, Options{Method: m, TEval: []float64{4}}); err != nil || len(s.T) != 1 || s.Y[0][0] != 2 {
			t.Error(s, err)
		}
		for _, t1 := range []float64{10, math.Inf(1), math.Inf(-1)} {
			s, err = Solve(decay, 0, t1, nil, Options{Method: m, Dense: true})
			if err != nil || s.T[len(s.T)-1] != t1 || len(s.Y[0]) != 0 || len(s.Dense.At(nil, 3)) != 0 {
				t.Error(s, err)
			}
		}
		s, err = Solve(func(dydt []float64, _ float64, _ []float64) { clear(dydt) }, 0, 10, []float64{1, 1, 1}, Options{Method: m})
		if err != nil || !slices.Equal(s.Y[len(s.Y)-1], []float64{1, 1, 1}) || s.T[len(s.T)-1] != 10 || s.Accepted > 20 {
			t.Error(s, err)
		}
		// To infinity: at last t overflows.
		s, err = Solve(func(dydt []float64, _ float64, _ []float64) { clear(dydt) }, 0, math.Inf(1), []float64{1}, Options{Method: m})
		if !errors.Is(err, ErrNonFinite) || s.Accepted > 1000 {
			t.Error(s.Accepted, err)
		}
	}
	for _, m := range append(slices.Clone(fixedFieldMethods), splittingMethods...) {
		run := func(t1 float64, y0 []float64) (*Solution, error) {
			if m.leaps != nil {
				copyHalf := func(dx, x []float64) { copy(dx, x) }
				return Separable(m, copyHalf, copyHalf, 2, t1, 0.1, y0)
			}
			return Fixed(m, decay, 2, t1, 0.1, y0)
		}
		if s, err := run(2, []float64{1, 1}); err != nil || len(s.T) != 1 || s.NFev != 0 {
			t.Error(m, s, err)
		}
		if s, err := run(3, nil); err != nil || len(s.T) != 11 {
			t.Error(m, s, err)
		}
	}
}

func TestMaxStep(t *testing.T) {
	s, err := Solve(rational, 5, 9, rational0, Options{MaxStep: 1e-20})
	if !errors.Is(err, ErrStepUnderflow) || s.Accepted != 1 {
		t.Error(s.Accepted, err)
	}
	auto, err := Solve(rational, 5, 9, rational0, Options{})
	if err != nil {
		t.Fatal(err)
	}
	most := (auto.T[1] - auto.T[0]) / 2
	if s, err = Solve(rational, 5, 9, rational0, Options{MaxStep: most}); err != nil || math.Abs(s.T[1]-5-most) > 1e-15 {
		t.Error(s.T[1], err)
	}
}

// TestBounds checks that no method calls the field with a t outside the interval.
func TestBounds(t *testing.T) {
	for _, c := range []struct{ t0, t1, maxStep float64 }{
		{0, 1e-4, 0}, {-17, 2, 0.03}, {100, 200, 100}, {2, -17, 0.03}, {1e-4, 0, 0}, {0.1, 0.30000000000000004, 0}, {-1e-20, 0.1, 0},
	} {
		lo, hi := min(c.t0, c.t1), max(c.t0, c.t1)
		f := func(dydt []float64, t float64, y []float64) {
			if !(t >= lo && t <= hi) {
				panic(fmt.Sprintf("%v is outside", t))
			}
			dydt[0] = math.Cos(t) - y[0]
		}
		for _, m := range adaptiveMethods {
			if _, err := Solve(f, c.t0, c.t1, []float64{1}, Options{Method: m, MaxStep: c.maxStep, Dense: true}); err != nil {
				t.Errorf("%v, %+v: %v", m, c, err)
			}
		}
		for _, m := range fixedFieldMethods {
			for _, h := range []float64{(hi - lo) / 7, (hi - lo) / 3.3} {
				if m.implicit() && h > 1 {
					continue
				}
				if _, err := Fixed(m, f, c.t0, c.t1, h, []float64{1}); err != nil {
					t.Errorf("%v, %+v: %v", m, c, err)
				}
			}
		}
	}
}

func TestLargeOffset(t *testing.T) {
	o := Options{RTol: []float64{1e-6}, ATol: []float64{1e-9}}
	near, err := Solve(spring, 0, 3, []float64{1, 0}, o)
	if err != nil {
		t.Fatal(err)
	}
	far, err := Solve(spring, 1e6, 1e6+3, []float64{1, 0}, o)
	if err != nil {
		t.Fatal(err)
	}
	want := []float64{math.Cos(6), -math.Sin(6)}
	a, b := maxDiff(near.Y[len(near.Y)-1], want), maxDiff(far.Y[len(far.Y)-1], want)
	if math.Abs(float64(far.NFev-near.NFev)) > 0.1*float64(near.NFev) || b > 2*a {
		t.Errorf("nfev %d and %d, errors %g and %g", near.NFev, far.NFev, a, b)
	}
}

// TestScribble lets the field overwrite its y, which must change nothing.
func TestScribble(t *testing.T) {
	rude := func(dydt []float64, t float64, y []float64) {
		spring(dydt, t, y)
		y[0], y[1] = math.NaN(), 7
	}
	for _, m := range fixedFieldMethods {
		a, err1 := Fixed(m, spring, 0, 3, 0.1, []float64{1, 0})
		b, err2 := Fixed(m, rude, 0, 3, 0.1, []float64{1, 0})
		if err1 != nil || err2 != nil || !same(a, b) {
			t.Errorf("%v with fixed steps: %v %v", m, err1, err2)
		}
	}
	for _, m := range adaptiveMethods {
		o := Options{Method: m, TEval: []float64{0.1, 1, 2.9}}
		a, err1 := Solve(spring, 0, 3, []float64{1, 0}, o)
		b, err2 := Solve(rude, 0, 3, []float64{1, 0}, o)
		if err1 != nil || err2 != nil || !same(a, b) {
			t.Errorf("%v: %v %v", m, err1, err2)
		}
	}
}

// TestFieldFaults covers fields that write too much, too little, or panic.
func TestFieldFaults(t *testing.T) {
	long := func(dydt []float64, _ float64, y []float64) { dydt[0], dydt[1], dydt[2] = 1, 1, 1 }
	if _, err := Solve(long, 0, 1, []float64{1, 2}, Options{}); !errors.Is(err, ErrPanic) || !strings.Contains(err.Error(), "length 2") {
		t.Error(err)
	}
	short := func(dydt []float64, _ float64, y []float64) { dydt[0] = 1 }
	if _, err := Solve(short, 0, 1, []float64{1, 2}, Options{}); !errors.Is(err, ErrNonFinite) || !strings.Contains(err.Error(), "component 1") {
		t.Error(err)
	}
	mine := errors.New("out of range")
	fails := func(dydt []float64, t float64, y []float64) {
		if t > 1 {
			panic(mine)
		}
		decay(dydt, t, y)
	}
	for _, m := range fixedFieldMethods {
		s, err := Fixed(m, fails, 0, 2, 0.25, []float64{1})
		if !errors.Is(err, ErrPanic) || !errors.Is(err, mine) || len(s.T) < 4 || s.T[len(s.T)-1] > 1 || s.Status != Failed {
			t.Error(m, err)
		}
	}
	s, err := Solve(fails, 0, 2, []float64{1}, Options{})
	var e *Error
	if !errors.Is(err, mine) || !errors.As(err, &e) || !(e.T <= 1 && e.T+e.H > 1) || len(s.T) < 2 {
		t.Error(s, err)
	}
	// A panic in the body of the loop is not caught.
	defer func() {
		if v := recover(); v != "the loop's own" {
			t.Error(v)
		}
	}()
	for range Begin(decay, 0, 1, []float64{1}, Options{}).States() {
		panic("the loop's own")
	}
}

// TestNonFinite meets fields that stop being finite, with fixed steps.
func TestNonFinite(t *testing.T) {
	f := func(dydt []float64, t float64, y []float64) {
		dydt[0] = 1
		if t > 0.5 {
			dydt[0] = math.Inf(1)
		}
	}
	for _, m := range fixedFieldMethods {
		s, err := Fixed(m, f, 0, 1, 0.1, []float64{0})
		var e *Error
		if !errors.Is(err, ErrNonFinite) || !errors.As(err, &e) || math.Abs(e.T-0.5) > 0.11 || e.H != 0.1 || nonFinite(s.Y[len(s.Y)-1]) >= 0 {
			t.Error(m, err)
		}
	}
	force := func(dp, q []float64) { dp[0] = 1e200 * math.Exp(q[0]) }
	velocity := func(dq, p []float64) { dq[0] = p[0] }
	for _, m := range splittingMethods {
		s, err := Separable(m, velocity, force, 0, 1, 0.1, []float64{0, 0})
		if !errors.Is(err, ErrNonFinite) || nonFinite(s.Y[len(s.Y)-1]) >= 0 {
			t.Error(m, err)
		}
	}
	// DOP853's dense output evaluates the field at times where its steps do not.
	hole := func(dydt []float64, t float64, y []float64) {
		dydt[0] = 1
		if t > 0.19 && t < 0.21 || t > 0.09 && t < 0.11 {
			dydt[0] = math.NaN()
		}
	}
	s, err := Solve(hole, 0, 1, []float64{0}, Options{Method: DOP853, FirstStep: 1, TEval: []float64{0.3}})
	if !errors.Is(err, ErrNonFinite) || len(s.T) != 0 {
		t.Error(s.T, s.Y, err)
	}
}

func TestBudget(t *testing.T) {
	robertson := func(dydt []float64, _ float64, y []float64) {
		a, b, c := 0.04*y[0], 1e4*y[1]*y[2], 3e7*y[1]*y[1]
		dydt[0], dydt[1], dydt[2] = b-a, a-b-c, c
	}
	for _, m := range adaptiveMethods {
		for most := 1; most < 200; most += 7 {
			s, err := Solve(robertson, 0, 1e5, []float64{1, 0, 0}, Options{Method: m, MaxEval: most, Dense: true})
			if !errors.Is(err, ErrBudget) || s.NFev > most || s.NFev < most-15 || len(s.T) == 0 && most > 1 {
				t.Errorf("%v: %d of %d evaluations, %v", m, s.NFev, most, err)
			}
		}
	}
}

// TestStates leaves a run early, and runs one to its end.
func TestStates(t *testing.T) {
	s, err := Solve(spring, 0, 10, []float64{1, 0}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	r, i := Begin(spring, 0, 10, []float64{1, 0}, Options{}), 0
	for x, y := range r.States() {
		if x != s.T[i] || !slices.Equal(y, s.Y[i]) {
			t.Fatalf("state %d is %v at %v", i, y, x)
		}
		i++
	}
	if i != len(s.T) || r.Err() != nil || r.Status != Finished || r.NFev != s.NFev {
		t.Error(i, r.Err(), r.Status)
	}
	r = Begin(spring, 0, 10, []float64{1, 0}, Options{})
	for x := range r.States() {
		if x > 1 {
			break
		}
	}
	if r.Err() != nil || r.Status != Stopped || r.T != nil {
		t.Error(r.Err(), r.Status)
	}
	for range r.States() {
		t.Error("a run that goes on after its end")
	}
	if !errors.Is(r.Err(), ErrArgument) || r.Status != Stopped {
		t.Error(r.Err(), r.Status)
	}
	r = Begin(spring, 0, math.NaN(), nil, Options{})
	for range r.States() {
		t.Error("a state of a run that cannot be")
	}
	if !errors.Is(r.Err(), ErrArgument) || r.Status != Failed {
		t.Error(r.Err(), r.Status)
	}
}

// TestRows compares a batch with its rows integrated alone.
func TestRows(t *testing.T) {
	y0 := []float64{1, 0, 0.5, 0.5, 0, 1e-12}
	calls := 0
	batch := func(dydt []float64, t float64, y []float64) {
		calls++
		for i := 0; i < len(y); i += 2 {
			spring(dydt[i:], t, y[i:])
		}
	}
	for _, m := range adaptiveMethods {
		calls = 0
		s, err := Solve(batch, 0, 20, y0, Options{Method: m, Rows: 3, ATol: []float64{1e-9}})
		if err != nil || s.NFev != calls {
			t.Fatal(err, s.NFev, calls)
		}
		for i := 0; i < len(y0); i += 2 {
			alone, err := Solve(spring, 0, 20, y0[i:i+2], Options{Method: m, ATol: []float64{1e-9}})
			if err != nil || alone.Accepted > s.Accepted+1 {
				t.Errorf("%v: %d steps alone, %d in the batch, %v", m, alone.Accepted, s.Accepted, err)
			}
			exact := []float64{y0[i]*math.Cos(40) + y0[i+1]*math.Sin(40), y0[i+1]*math.Cos(40) - y0[i]*math.Sin(40)}
			a, b := maxDiff(alone.Y[len(alone.Y)-1], exact), maxDiff(s.Y[len(s.Y)-1][i:i+2], exact)
			if b > 1.1*a+1e-9 {
				t.Errorf("%v: row %d has error %g, %g alone", m, i/2, b, a)
			}
		}
		// Equal rows take the steps of one.
		twice, err := Solve(batch, 0, 20, []float64{1, 0, 1, 0}, Options{Method: m, Rows: 2})
		one, err1 := Solve(spring, 0, 20, []float64{1, 0}, Options{Method: m})
		if err != nil || err1 != nil || !slices.Equal(twice.T, one.T) {
			t.Errorf("%v: steps of equal rows differ from those of one", m)
		}
	}
	for _, m := range fixedFieldMethods {
		s, err := Fixed(m, batch, 0, 2, 0.1, y0)
		alone, err1 := Fixed(m, spring, 0, 2, 0.1, y0[2:4])
		if err != nil || err1 != nil {
			t.Fatal(err, err1)
		}
		if d := maxDiff(s.Y[20][2:4], alone.Y[20]); d > 1e-15 {
			t.Errorf("%v: a row of a batch is off by %g", m, d)
		}
	}
}

func TestParallel(t *testing.T) {
	o := Options{RTol: []float64{1e-8}, Dense: true}
	start := func(i int) []float64 { return []float64{1 + float64(i)/10, 0} }
	run := func(f Field, i int) (*Solution, error) { return Solve(f, 0, 10, start(i), o) }
	setups := 0
	var lock sync.Mutex
	setup := func() Field {
		lock.Lock()
		defer lock.Unlock()
		setups++
		return spring
	}
	for _, procs := range []int{1, 2, 8} {
		old := runtime.GOMAXPROCS(procs)
		setups = 0
		all, err := Parallel(100, setup, run)
		runtime.GOMAXPROCS(old)
		if err != nil || len(all) != 100 || setups != procs {
			t.Fatal(err, setups)
		}
		for i, s := range all {
			alone, err := run(spring, i)
			if err != nil || !same(s, alone) {
				t.Fatalf("trajectory %d with %d goroutines: %v", i, procs, err)
			}
		}
	}
	bad := errors.New("bad")
	all, err := Parallel(5, setup, func(f Field, i int) (*Solution, error) {
		if i == 3 {
			return nil, bad
		}
		return run(f, i)
	})
	if !errors.Is(err, bad) || !strings.Contains(err.Error(), "trajectory 3") || all[3] != nil || all[4] == nil {
		t.Error(err)
	}
	if all, err := Parallel(0, setup, run); len(all) != 0 || err != nil {
		t.Error(all, err)
	}
}
