package integrate

import (
	"errors"
	"fmt"
	"iter"
	"math"
	"runtime/debug"
)

// A Run is an integration that gives its states one by one and keeps none. A long run needs no more memory than a short
// one:
//
//	r := integrate.Begin(f, 0, 1e6, y0, integrate.Options{})
//	for t, y := range r.States() {
//		…
//	}
//	if err := r.Err(); err != nil {
//		…
//	}
//
// Its Solution has the counts so far, but no T and Y.
type Run struct {
	Solution

	// Stop, where it is not nil, is called before each step, rejected steps included. It is also called after every 1024
	// times of TEval. An error that it returns ends the run, and Err returns an *Error that wraps it. Begin takes Stop
	// from its Options. For any Run, Stop may be set before the loop over States, or before Collect. To end a run with
	// a context, set it to ctx.Err.
	Stop func() error

	err   error
	begun bool // whether States has been ranged over
	again bool // whether it has been ranged over twice
	m     *Method
	f     Field
	drive func(*Run, func(float64, []float64) bool) (Status, error)
	room  int // expected number of states

	t, t1, dir float64   // dir is +1 or -1
	y          []float64 // the state at t
	told       float64
	yold       []float64   // the state before the last step, and room for the trial state
	k          [][]float64 // stages k_1 … k_s, k_{s+1} = f(t+h, y(t+h)), and those of dense output
	w          []float64   // scratch
	lost       []float64   // for symplectic methods: see add
	h          float64     // length of the next step
	stage      []sum       // stage[i] = Σ_j a_ij k_j
	b          sum

	adapt    adaptation
	implicit iteration
	split    splitting

	calling callee  // the function of the caller that is running
	at      float64 // the t that it was given
}

// A callee says which function of the caller is running. A panic in it becomes an error. A panic in the body of the loop
// over States does not: there the callee is noCall.
type callee int

const (
	noCall callee = iota
	fieldCall
	halfCall
	stopCall
	eventCall // eventCall + i is Options.Events[i].G
)

func (c callee) String() string {
	switch c {
	case fieldCall:
		return "the field"
	case halfCall:
		return "a half-field"
	case stopCall:
		return "Stop"
	}
	return fmt.Sprintf("Events[%d].G", int(c-eventCall))
}

// newRun checks the arguments that every integration has, and allocates.
func newRun(m *Method, t0, t1 float64, y0 []float64) *Run {
	r := &Run{m: m, t: t0, told: t0, t1: t1, dir: 1}
	if !isFinite(t0) || math.IsNaN(t1) {
		return r.refuse("the interval from %v to %v: want a finite t0, and a t1 that is not NaN", t0, t1)
	}
	if i := nonFinite(y0); i >= 0 {
		return r.refuse("y0[%d] is %v: want a finite initial state", i, y0[i])
	}
	if t1 < t0 {
		r.dir = -1
	}
	n, stages := len(y0), len(m.c)+1+len(m.cd)
	room := make([]float64, (stages+4)*n)
	take := func() []float64 {
		v := room[:n:n]
		room = room[n:]
		return v
	}
	r.y, r.yold, r.w, r.lost = take(), take(), take(), take()
	copy(r.y, y0)
	for range stages {
		r.k = append(r.k, take())
	}
	for _, a := range m.a {
		r.stage = append(r.stage, newSum(a, r.k))
	}
	r.b = newSum(m.b, r.k)
	return r
}

// failed makes r a run that failed before it began.
func (r *Run) failed(err error) *Run {
	r.err, r.Status = err, Failed
	return r
}

// refuse makes r a run that failed with ErrArgument before it began.
func (r *Run) refuse(format string, args ...any) *Run { return r.failed(refuse(format, args...)) }

// States returns the times and states of the run. The loop over them does the integration, and leaving the loop ends
// it. The slice belongs to the solver: it must not be changed, and it holds the state only until the next turn of the
// loop.
//
// States can be ranged over once. A second loop gets no states, and Err then returns ErrArgument.
func (r *Run) States() iter.Seq2[float64, []float64] {
	return func(yield func(float64, []float64) bool) {
		switch {
		case r.begun:
			r.again = true
			return
		case r.err == nil && r.drive == nil:
			r.refuse("a Run of no method: want one from Begin, BeginFixed or BeginSeparable")
		}
		r.begun = true
		if r.err != nil {
			return
		}
		r.Status = Stopped
		defer func() {
			if r.calling != noCall {
				r.err = r.panicked(recover())
			}
			if r.err != nil {
				r.Status = Failed
			}
		}()
		r.Status, r.err = r.drive(r, yield)
	}
}

// panicked returns the error for a panic with the value v in the function r.calling. It must be called by a deferred
// function: there the frames that panicked are still on the stack.
func (r *Run) panicked(v any) *Error {
	from := r.t
	if r.calling >= eventCall || (r.at-from)*r.dir < 0 {
		from = r.told // the last step is taken, but not yet handed out
	}
	e := recovered(v, "%v panicked at t=%v", r.calling, r.at)
	e.T, e.H = from, r.at-from
	r.calling = noCall
	return e
}

// recovered returns the error for a panic with the value v. Like panicked, it must be called by a deferred function.
func recovered(v any, format string, args ...any) *Error {
	kind := ErrPanic
	if e, ok := v.(error); ok {
		kind = errors.Join(ErrPanic, e)
	}
	e := fail(kind, 0, 0, format+": %v", append(args, v)...)
	e.Stack = debug.Stack()
	return e
}

// Err returns the error that ended the run, or the invalid argument that kept it from beginning, or nil. After a second
// loop over States it returns ErrArgument, unless the run had failed before: then it still returns that error.
func (r *Run) Err() error {
	if r.err == nil && r.again {
		return refuse("States was ranged over twice, and the second loop got no states: want a new Run for it")
	}
	return r.err
}

// Collect runs to the end and returns the Solution, with T and Y, and the error of Err. The Solution is nil only if the
// run could not begin. Collect is a loop over States, and so a Run has either one Collect or one loop.
func (r *Run) Collect() (*Solution, error) {
	if r.err != nil && !r.begun {
		return nil, r.err
	}
	n := len(r.y)
	ts, flat := make([]float64, 0, r.room), make([]float64, 0, r.room*n)
	for t, y := range r.States() {
		ts = append(ts, t)
		flat = append(flat, y...)
	}
	s := r.Solution
	s.T, s.Y = ts, make([][]float64, len(ts))
	for i := range s.Y {
		s.Y[i] = flat[i*n : (i+1)*n : (i+1)*n]
	}
	return &s, r.Err()
}

// stop calls Stop before a step of length h, and returns its error as an Error.
func (r *Run) stop(h float64) error {
	if r.Stop == nil {
		return nil
	}
	return r.callStop(h)
}

func (r *Run) callStop(h float64) error {
	r.calling, r.at = stopCall, r.t
	err := r.Stop()
	r.calling = noCall
	if err == nil {
		return nil
	}
	return fail(err, r.t, h, "stopped at t=%v (h=%v): %v", r.t, h, err)
}

// eval computes dydt = f(t, y). The field may overwrite y.
func (r *Run) eval(dydt []float64, t float64, y []float64) {
	r.NFev++
	r.at = t
	r.calling = fieldCall
	r.f(dydt, t, y)
	r.calling = noCall
}

// evalCopy computes dydt = f(t, y) and leaves y as it is.
func (r *Run) evalCopy(dydt []float64, t float64, y []float64) {
	copy(r.w, y)
	r.eval(dydt, t, r.w)
}

// start computes k_1 at the initial state.
func (r *Run) start() error {
	for i := range r.k[0] {
		r.k[0][i] = math.NaN() // to find a component that the field does not write
	}
	r.evalCopy(r.k[0], r.t, r.y)
	if i := nonFinite(r.k[0]); i >= 0 {
		return fail(ErrNonFinite, r.t, 0, "component %d of the field is %v, or was not written, at t=%v (h=0)",
			i, r.k[0][i], r.t)
	}
	return nil
}

// trial takes a trial step of an explicit method. From k_1 it computes k_2 … k_s, and yold, the state at tnew = t + h.
func (r *Run) trial(tnew, h float64) {
	for i := 1; i < len(r.stage); i++ {
		t := tnew
		if c := r.m.c[i]; c != 1 {
			t = r.t + float64(c*h)
		}
		r.stage[i].addTo(r.w, r.y, h)
		r.eval(r.k[i], t, r.w)
	}
	r.b.addTo(r.yold, r.y, h)
}

// accept makes the trial state the new state.
func (r *Run) accept(tnew float64) {
	r.told, r.t = r.t, tnew
	r.yold, r.y = r.y, r.yold
	r.Accepted++
}

// notFinite returns the error for a trial step in which something was not finite.
func (r *Run) notFinite(h float64) *Error {
	for i, k := range r.k {
		if j := nonFinite(k); j >= 0 {
			c := 1.
			if i < len(r.m.c) {
				c = r.m.c[i]
			}
			return fail(ErrNonFinite, r.t, h, "component %d of the field is %v at t=%v (h=%v)",
				j, k[j], r.t+float64(c*h), h)
		}
	}
	return fail(ErrNonFinite, r.t, h, "the state overflows after t=%v (h=%v)", r.t, h)
}
