package integrate

import (
	"context"
	"errors"
	"math"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// everyRun gives a fresh run of the spring from 0 to 10 by each method, with the Options where it takes some.
func everyRun(o Options) map[string]func() *Run {
	runs := map[string]func() *Run{}
	y0 := []float64{1, 0}
	for _, m := range adaptiveMethods {
		o := o
		o.Method = m
		runs[m.String()+" adaptive"] = func() *Run { return Begin(spring, 0, 10, y0, o) }
	}
	for _, m := range fixedFieldMethods {
		runs[m.String()] = func() *Run { return BeginFixed(m, spring, 0, 10, 0.1, y0) }
	}
	for _, m := range splittingMethods {
		runs[m.String()] = func() *Run { return BeginSeparable(m, springVelocity, springForce, 0, 10, 0.1, y0) }
	}
	return runs
}

// TestStop ends a run of each method by its Stop. Stop is called once before each step and changes nothing else.
func TestStop(t *testing.T) {
	for name, begin := range everyRun(Options{}) {
		whole, err := begin().Collect()
		if err != nil {
			t.Fatal(name, err)
		}
		asked := 0
		r := begin()
		r.Stop = func() error { asked++; return nil }
		if s, err := r.Collect(); err != nil || !same(s, whole) || asked != s.Accepted+s.Rejected {
			t.Errorf("%s: Stop was asked %d times in %d steps, error %v", name, asked, whole.Accepted+whole.Rejected, err)
		}

		ctx, cancel := context.WithCancel(context.Background())
		r = begin()
		r.Stop = func() error {
			if r.Accepted == 3 {
				cancel()
			}
			return ctx.Err()
		}
		s, err := r.Collect()
		var e *Error
		if !errors.Is(err, context.Canceled) || !errors.As(err, &e) || s == nil || s.Status != Failed {
			t.Errorf("%s: error %v", name, err)
			continue
		}
		if !slices.Equal(s.T, whole.T[:4]) || e.T != s.T[3] || !(e.H > 0) || !strings.Contains(err.Error(), "stopped at t=") {
			t.Errorf("%s: stopped at %v with h=%v after %v: %v", name, e.T, e.H, s.T, err)
		}
	}
}

// TestStopOptions ends Solve by the Stop of its Options, also between rejected steps and between reports.
func TestStopOptions(t *testing.T) {
	mine := errors.New("enough")
	stop := func(at int) func() error {
		asked := 0
		return func() error {
			if asked++; asked == at {
				return mine
			}
			return nil
		}
	}
	s, err := Solve(spring, 10, 0, []float64{1, 0}, Options{Stop: stop(1)})
	var e *Error
	if !errors.Is(err, mine) || !errors.As(err, &e) || e.T != 10 || !(e.H < 0) || !slices.Equal(s.T, []float64{10}) {
		t.Error(s, err)
	}

	wall := func(dydt []float64, t float64, _ []float64) {
		dydt[0] = 1
		if t > 0 {
			dydt[0] = math.NaN()
		}
	}
	if s, err = Solve(wall, 0, 1e300, []float64{0}, Options{FirstStep: 1e300, Stop: stop(100)}); !errors.Is(err, mine) || s.Rejected != 99 {
		t.Error(s, err)
	}

	constant := func(dydt []float64, _ float64, _ []float64) { dydt[0] = 0 }
	o := Options{FirstStep: 1, TEval: linspace(0, 1, 10_000), Stop: stop(3)}
	if s, err = Solve(constant, 0, 1, []float64{1}, o); !errors.Is(err, mine) || len(s.T) == 0 || len(s.T) > 3000 || s.Accepted != 1 {
		t.Error(len(s.T), s.Accepted, err)
	}
}

// here returns the number of the line of its caller.
func here() int {
	_, _, line, _ := runtime.Caller(1)
	return line
}

// checkPanic checks that err is of a panic at that line of this file.
func checkPanic(t *testing.T, what string, err error, line int, says string) {
	t.Helper()
	var e *Error
	if !errors.Is(err, ErrPanic) || !errors.As(err, &e) || !strings.Contains(err.Error(), says) {
		t.Errorf("%s: error %v, want it to say %q", what, err, says)
		return
	}
	if !regexp.MustCompile(`hooks_test\.go:` + strconv.Itoa(line) + `\b`).Match(e.Stack) {
		t.Errorf("%s: the stack does not show line %d:\n%s", what, line, e.Stack)
	}
}

// TestPanicStack finds the line that panicked in the error, whichever function it is in.
func TestPanicStack(t *testing.T) {
	mine := errors.New("mine")
	y0 := []float64{1, 0}
	line := 0
	var none []float64
	field := func(dydt []float64, t float64, y []float64) {
		if t > 1 {
			line = here() + 1
			none[7] = 1
		}
		spring(dydt, t, y)
	}
	for _, m := range adaptiveMethods {
		_, err := Solve(field, 0, 2, y0, Options{Method: m})
		checkPanic(t, m.String()+" adaptive", err, line, "the field panicked at t=1.")
	}
	for _, m := range fixedFieldMethods {
		_, err := Fixed(m, field, 0, 2, 0.25, y0)
		checkPanic(t, m.String(), err, line, "index out of range [7]")
	}

	calls := 0
	half := func(dx, x []float64) {
		if calls++; calls > 10 {
			line = here() + 1
			panic(mine)
		}
		springForce(dx, x)
	}
	for _, m := range splittingMethods {
		calls = 0
		s, err := Separable(m, springVelocity, half, 0, 20, 0.1, y0)
		checkPanic(t, m.String(), err, line, "a half-field panicked at t=")
		if !errors.Is(err, mine) || len(s.T) < 2 {
			t.Error(m, s, err)
		}
	}

	// G at the start, after a step, and where its zero is sought.
	for _, after := range []int{0, 1, 3} {
		calls = 0
		g := func(x float64, y []float64) float64 {
			if calls++; calls > after && (after < 3 || x > 0.7 && x < 0.8) {
				line = here() + 1
				panic(mine)
			}
			return y[0]
		}
		never := Event{G: func(float64, []float64) float64 { return 1 }}
		s, err := Solve(spring, 0, 2, y0, Options{Events: []Event{never, {G: g}}})
		checkPanic(t, "event", err, line, "Events[1].G panicked at t=")
		var e *Error
		if !errors.Is(err, mine) || !errors.As(err, &e) || e.T != s.T[len(s.T)-1] || e.H < 0 || after == 3 && !(e.H > 0) {
			t.Errorf("event, after %d calls: %+v %v", after, e, s.T)
		}
	}

	_, err := Solve(spring, 0, 2, y0, Options{Stop: func() error { line = here(); panic("stop it") }})
	checkPanic(t, "Stop", err, line, "Stop panicked at t=0: stop it")

	// DOP853 evaluates its dense output within a step that it has taken.
	inside := func(dydt []float64, t float64, y []float64) {
		if dydt[0], dydt[1] = 1, 1; t > 0.19 && t < 0.21 {
			line = here() + 1
			panic(mine)
		}
	}
	_, err = Solve(inside, 0, 1, y0, Options{Method: DOP853, FirstStep: 1, Dense: true})
	checkPanic(t, "dense output", err, line, "the field panicked at t=0.2")
	var e *Error
	if errors.As(err, &e) && (e.T != 0 || !(e.H > 0)) {
		t.Errorf("dense output: error at t=%v, h=%v", e.T, e.H)
	}

	// An error that is no panic has no stack.
	if _, err = Solve(spring, 0, math.NaN(), y0, Options{}); !errors.As(err, &e) || e.Stack != nil {
		t.Error(err)
	}
}

// TestParallelPanic checks that panics in setup and run become errors of Parallel.
func TestParallelPanic(t *testing.T) {
	mine := errors.New("mine")
	setup := func() Field { return spring }
	run := func(f Field, i int) (*Solution, error) { return Solve(f, 0, 1, []float64{1, 0}, Options{}) }
	line := 0
	all, err := Parallel(6, setup, func(f Field, i int) (*Solution, error) {
		if i == 3 {
			line = here() + 1
			panic(mine)
		}
		return run(f, i)
	})
	checkPanic(t, "run", err, line, "trajectory 3: integrate: run panicked in Parallel: mine")
	if !errors.Is(err, mine) || all[3] != nil || all[2] == nil || all[5] == nil || strings.Contains(err.Error(), "trajectory 4") {
		t.Error(all, err)
	}

	old := runtime.GOMAXPROCS(2)
	defer runtime.GOMAXPROCS(old)
	first := make(chan bool, 1)
	first <- true
	all, err = Parallel(6, func() Field {
		select {
		case <-first:
			line = here() + 1
			panic("no room")
		default:
			return spring
		}
	}, run)
	checkPanic(t, "one setup", err, line, "setup panicked in Parallel: no room")
	if slices.Contains(all, nil) {
		t.Error("one setup: the other goroutine does not do the work of the first")
	}
	all, err = Parallel(6, func() Field { panic(mine) }, run)
	if !errors.Is(err, mine) || !errors.Is(err, ErrPanic) || len(all) != 6 || all[0] != nil {
		t.Error(all, err)
	}

	for _, err := range []error{
		second(Parallel(-1, setup, run)), second(Parallel(1, nil, run)), second(Parallel[Field](1, setup, nil)),
	} {
		if !errors.Is(err, ErrArgument) || !strings.Contains(err.Error(), "want ") {
			t.Error(err)
		}
	}
}

func second(_ []*Solution, err error) error { return err }

// TestRangedTwice checks that a second loop over a run is an error, and does not hide an error of the first.
func TestRangedTwice(t *testing.T) {
	loop := func(r *Run) {
		for range r.States() {
		}
	}
	for name, begin := range everyRun(Options{}) {
		r := begin()
		loop(r)
		if r.Err() != nil || r.Status != Finished {
			t.Error(name, r.Err())
		}
		for range r.States() {
			t.Error(name, "a second loop gets states")
		}
		var e *Error
		if err := r.Err(); !errors.Is(err, ErrArgument) || !errors.As(err, &e) || !strings.Contains(err.Error(), "ranged over twice") {
			t.Error(name, err)
		}
		if s, err := r.Collect(); !errors.Is(err, ErrArgument) || len(s.T) != 0 || r.Status != Finished {
			t.Error(name, s, err)
		}
	}

	r := Begin(spring, 0, 10, []float64{1, 0}, Options{})
	for range r.States() { // one loop in the other
		loop(r)
	}
	if err := r.Err(); !errors.Is(err, ErrArgument) || r.Accepted < 10 {
		t.Error(err)
	}

	r = Begin(spring, 0, 10, []float64{1, 0}, Options{MaxEval: 100})
	loop(r)
	loop(r)
	if err := r.Err(); !errors.Is(err, ErrBudget) {
		t.Error(err)
	}
	r = Begin(spring, 0, 10, []float64{1, 0}, Options{MaxStep: -1})
	loop(r)
	loop(r)
	if err := r.Err(); !errors.Is(err, ErrArgument) || !strings.Contains(err.Error(), "MaxStep") {
		t.Error(err)
	}

	r = new(Run)
	loop(r)
	if err := r.Err(); !errors.Is(err, ErrArgument) || !strings.Contains(err.Error(), "no method") {
		t.Error(err)
	}
	if _, err := new(Run).Collect(); !errors.Is(err, ErrArgument) {
		t.Error(err)
	}
}
