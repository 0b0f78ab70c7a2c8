package integrate

import (
	"errors"
	"math"
)

// The constants of the step-size control, SciPy's.
const (
	safety    = 0.9
	minFactor = 0.2
	maxFactor = 10
	epsilon   = 0x1p-52
)

// Solve integrates dy/dt = f(t, y) from y(t0) = y0 to t1, which may lie before t0, with steps chosen so that the
// estimated error of each meets the tolerances. It takes the steps that SciPy's solve_ivp takes. On failure it returns the error
// and what it has reached, never a NaN; only for an invalid argument is the solution nil.
//
// A trial step in which the field is not finite is rejected like any other, so that a field may be undefined beyond a
// boundary that the solution only comes near. Where the field is not finite at the start the error is ErrNonFinite at
// once; where it is not in the shortest of steps the error is both ErrStepUnderflow and ErrNonFinite.
//
// Source: E. Hairer, S. P. Nørsett, G. Wanner, Solving Ordinary Differential Equations I, section II.4.
func Solve(f Field, t0, t1 float64, y0 []float64, o Options) (*Solution, error) {
	r, err := newRun(f, t0, t1, y0, o)
	if err != nil {
		return nil, err
	}
	return r.collect(r.adaptive, 16)
}

// A run is one integration under way.
type run struct {
	Solution
	m *Method
	f Field

	t, t1, dir float64   // dir is +1 or -1
	y          []float64 // the state at t
	told       float64
	yold       []float64   // the state before the last step, and room for the trial state
	k          [][]float64 // stages k_1 … k_s, and k_{s+1} = f(t+h, y(t+h))
	w          []float64   // scratch

	stage []sum // stage[i] = Σ_j a_ij k_j
	b, e  sum

	o          Options
	rtol, atol []float64
	err        []float64 // Σ e_i k_i
	h          float64   // length of the next trial step
	q          []float64 // dense output of the last step: see interpolate

	calling bool // whether the field is being called, and for which t
	at      float64
}

// newState checks what every integration has and makes room for it.
func newState(m *Method, f Field, t0, t1 float64, y0 []float64) (*run, error) {
	switch {
	case f == nil:
		return nil, refuse("the field is nil")
	case !isFinite(t0):
		return nil, refuse("t0 is %v", t0)
	case math.IsNaN(t1):
		return nil, refuse("t1 is NaN")
	}
	if i := nonFinite(y0); i >= 0 {
		return nil, refuse("the initial state must be finite, but y0[%d] is %v", i, y0[i])
	}
	n := len(y0)
	stages := len(m.c) + 1
	room := make([]float64, (stages+4)*n)
	take := func() []float64 {
		v := room[:n:n]
		room = room[n:]
		return v
	}
	r := &run{m: m, f: f, t: t0, t1: t1, dir: 1, y: take(), yold: take(), w: take(), err: take()}
	if t1 < t0 {
		r.dir = -1
	}
	copy(r.y, y0)
	for range stages {
		r.k = append(r.k, take())
	}
	for _, a := range m.a {
		r.stage = append(r.stage, newSum(a, r.k))
	}
	r.b = newSum(m.b, r.k)
	r.e = newSum(m.e, r.k)
	return r, nil
}

// newRun checks the arguments of Solve.
func newRun(f Field, t0, t1 float64, y0 []float64, o Options) (*run, error) {
	if o.Method == nil {
		o.Method = RK45
	}
	if o.Method.e == nil {
		return nil, refuse("%v does not estimate its error: use Fixed with it, or RK45 here", o.Method)
	}
	r, err := newState(o.Method, f, t0, t1, y0)
	if err != nil {
		return nil, err
	}
	n := len(y0)
	if r.rtol, err = spread("RTol", o.RTol, 1e-3, n); err != nil {
		return nil, err
	}
	if r.atol, err = spread("ATol", o.ATol, 1e-6, n); err != nil {
		return nil, err
	}
	for i, y := range y0 {
		whole := r.atol[i] + float64(r.rtol[i]*math.Abs(y))
		if whole == 0 || whole < epsilon*math.Abs(y) {
			return nil, fail(ErrTolerance, t0, 0, "tolerance %v of component %d is below what float64 can give at y=%v",
				whole, i, y)
		}
		r.rtol[i] = max(r.rtol[i], 100*epsilon)
	}

	if o.MaxStep == 0 {
		o.MaxStep = math.Inf(1)
	}
	if !(o.MaxStep > 0) {
		return nil, refuse("MaxStep is %v: must be positive", o.MaxStep)
	}
	if o.FirstStep != 0 && !(o.FirstStep > 0 && o.FirstStep <= math.Abs(t1-t0)) {
		return nil, refuse("FirstStep is %v: must be positive and no longer than the interval", o.FirstStep)
	}
	if o.MaxEval < 0 {
		return nil, refuse("MaxEval is %d: must not be negative", o.MaxEval)
	}
	for i, t := range o.TEval {
		if !(t >= min(t0, t1) && t <= max(t0, t1)) {
			return nil, refuse("TEval[%d] = %v is outside the interval from %v to %v", i, t, t0, t1)
		}
		if i > 0 && !((t-o.TEval[i-1])*r.dir > 0) {
			return nil, refuse("TEval[%d] = %v does not come after TEval[%d] = %v on the way from %v to %v",
				i, t, i-1, o.TEval[i-1], t0, t1)
		}
	}
	r.o = o
	r.q = make([]float64, r.m.degree()*n)
	return r, nil
}

// spread returns a copy of tol with one value for each of n components.
func spread(name string, tol []float64, missing float64, n int) ([]float64, error) {
	if tol == nil {
		tol = []float64{missing}
	}
	if len(tol) != 1 && len(tol) != n {
		return nil, refuse("%s has %d values: must have 1, or %d as the state has", name, len(tol), n)
	}
	all := make([]float64, n)
	for i, v := range tol {
		if !(v >= 0 && isFinite(v)) {
			return nil, refuse("%s[%d] is %v: must be finite and not negative", name, i, v)
		}
		if len(tol) == n {
			all[i] = v
		}
	}
	if len(tol) == 1 {
		for i := range all {
			all[i] = tol[0]
		}
	}
	return all, nil
}

// eval computes dydt = f(t, y) with y, which the field may overwrite, or a copy of it.
func (r *run) eval(dydt []float64, t float64, y []float64) {
	r.NFev++
	r.at = t
	r.calling = true
	r.f(dydt, t, y)
	r.calling = false
}

// evalCopy is eval for a y that must survive.
func (r *run) evalCopy(dydt []float64, t float64, y []float64) {
	copy(r.w, y)
	r.eval(dydt, t, r.w)
}

// start computes k_1 at the initial state.
func (r *run) start() error {
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

// trial computes k_2 … k_s from k_1 and the state yold at tnew = t + h.
func (r *run) trial(tnew, h float64) {
	for i := 1; i < len(r.stage); i++ {
		t := tnew
		if r.m.c[i] != 1 {
			t = r.t + float64(r.m.c[i]*h)
		}
		r.stage[i].addTo(r.w, r.y, h)
		r.eval(r.k[i], t, r.w)
	}
	r.b.addTo(r.yold, r.y, h)
}

// accept makes the trial state the state.
func (r *run) accept(tnew float64) {
	r.told, r.t = r.t, tnew
	r.yold, r.y = r.y, r.yold
	r.Accepted++
}

// notFinite returns the error for a trial step in which something was not finite.
func (r *run) notFinite(h float64) *Error {
	for i, k := range r.k {
		if j := nonFinite(k); j >= 0 {
			c := 1.
			if i < len(r.m.c) {
				c = r.m.c[i]
			}
			return fail(ErrNonFinite, r.t, h, "component %d of the field is %v at t=%v (h=%v)", j, k[j], r.t+float64(c*h), h)
		}
	}
	return fail(ErrNonFinite, r.t, h, "the state overflows after t=%v (h=%v)", r.t, h)
}

// adaptive integrates to t1 and gives each state to yield until that returns false.
func (r *run) adaptive(yield func(t float64, y []float64) bool) error {
	if err := r.start(); err != nil {
		return err
	}
	if len(r.y) == 0 || r.t == r.t1 {
		return r.constant(yield)
	}
	if r.o.TEval == nil && !yield(r.t, r.y) {
		return nil
	}
	if r.h = r.o.FirstStep; r.h == 0 {
		if r.o.MaxEval == 1 {
			return r.overBudget()
		}
		r.h = r.firstStep()
	}
	for next := 0; (r.t1-r.t)*r.dir > 0; {
		if err := r.step(); err != nil {
			return err
		}
		if r.o.TEval == nil {
			if !yield(r.t, r.y) {
				return nil
			}
			continue
		}
		for fresh := true; next < len(r.o.TEval) && (r.o.TEval[next]-r.t)*r.dir <= 0; next++ {
			if fresh {
				r.interpolate()
				fresh = false
			}
			if !yield(r.o.TEval[next], r.between(r.o.TEval[next])) {
				return nil
			}
		}
	}
	return nil
}

// constant reports a solution that does not change: one without components or on an interval of no length.
func (r *run) constant(yield func(t float64, y []float64) bool) error {
	ts := r.o.TEval
	if ts == nil {
		ts = []float64{r.t}
		if r.t1 != r.t {
			ts = append(ts, r.t1)
		}
	}
	for _, t := range ts {
		if !yield(t, r.y) {
			break
		}
	}
	return nil
}

func (r *run) overBudget() error {
	return fail(ErrBudget, r.t, r.h, "budget of %d evaluations spent at t=%v (h=%v)", r.o.MaxEval, r.t, r.h*r.dir)
}

// step advances by one accepted step.
func (r *run) step() error {
	last := len(r.m.c) // the index of k_{s+1}
	if r.Accepted > 0 {
		copy(r.k[0], r.k[last])
	}
	t := r.t
	shortest := 10 * math.Abs(math.Nextafter(t, math.Inf(int(r.dir)))-t)
	size := r.h
	if size > r.o.MaxStep {
		size = r.o.MaxStep
	} else if size < shortest {
		size = shortest
	}
	h := 0.
	bad := false // whether the last trial was rejected for something that is not finite
	for rejected := false; ; rejected = true {
		if size < shortest {
			err := fail(ErrStepUnderflow, t, size*r.dir, "step size underflow at t=%v (h=%v)", t, size*r.dir)
			if bad {
				why := r.notFinite(h)
				err.text += ": " + why.text
				err.err = errors.Join(ErrStepUnderflow, ErrNonFinite)
			}
			return err
		}
		r.h = size
		if r.o.MaxEval > 0 && r.NFev > r.o.MaxEval-last {
			return r.overBudget()
		}
		tnew := t + float64(size*r.dir)
		if (tnew-r.t1)*r.dir > 0 {
			tnew = r.t1
		}
		if !isFinite(tnew) {
			return fail(ErrNonFinite, t, size*r.dir, "t overflows at t=%v (h=%v)", t, size*r.dir)
		}
		h = tnew - t
		size = math.Abs(h)

		r.trial(tnew, h)
		r.evalCopy(r.k[last], tnew, r.yold)
		norm := r.errorNorm(size)
		if norm < 1 {
			factor := growth(norm, r.m.errPower)
			if rejected {
				factor = min(1, factor)
			}
			r.h = size * factor
			r.accept(tnew)
			return nil
		}
		r.Rejected++
		bad = !isFinite(norm)
		if bad {
			size *= minFactor
		} else {
			size *= max(minFactor, growth(norm, r.m.errPower))
		}
	}
}

// growth returns the factor 0.9 norm^(-1/power), at most 10, by which a step of that error should change.
func growth(norm float64, power int) float64 {
	if norm < 1e-20 {
		return maxFactor
	}
	return min(maxFactor, safety*invRoot(norm, power))
}

// errorNorm returns the norm of the estimated error of the trial step, relative to the tolerances: the step is good
// where it is below 1. It is +Inf where the trial is not finite.
func (r *run) errorNorm(size float64) float64 {
	r.e.into(r.err)
	n := len(r.err)
	y, ynew, fnew, atol, rtol := r.y[:n], r.yold[:n], r.k[len(r.k)-1][:n], r.atol[:n], r.rtol[:n]
	total := 0.
	for i, err := range r.err {
		a := math.Abs(y[i])
		if b := math.Abs(ynew[i]); b > a {
			a = b
		}
		if !(a <= math.MaxFloat64 && math.Abs(fnew[i]) <= math.MaxFloat64) {
			return math.Inf(1)
		}
		e := err / (atol[i] + float64(a*rtol[i]))
		total += float64(e * e)
	}
	norm := size * math.Sqrt(total/float64(n))
	if math.IsNaN(norm) {
		return math.Inf(1)
	}
	return norm
}

// rms returns the root mean square of (v-u)/tolerance at the initial state; u may be nil.
func (r *run) rms(v, u []float64) float64 {
	total := 0.
	for i, x := range v {
		if u != nil {
			x -= u[i]
		}
		e := x / (r.atol[i] + float64(math.Abs(r.y[i])*r.rtol[i]))
		total += float64(e * e)
	}
	return math.Sqrt(total / float64(len(v)))
}

// firstStep chooses the length of the first step, with one evaluation.
//
// Source: Hairer, Nørsett, Wanner, section II.4, and SciPy's bound by the interval.
func (r *run) firstStep() float64 {
	interval := math.Abs(r.t1 - r.t)
	d0, d1 := r.rms(r.y, nil), r.rms(r.k[0], nil)
	h0 := 0.01 * d0 / d1
	if d0 < 1e-5 || d1 < 1e-5 {
		h0 = 1e-6
	}
	t := r.t1
	if h0 < interval {
		t = r.t + float64(h0*r.dir)
	} else {
		h0 = interval
	}
	for i, k := range r.k[0] {
		r.w[i] = r.y[i] + float64(h0*r.dir*k)
	}
	r.eval(r.k[1], t, r.w)
	d2 := r.rms(r.k[1], r.k[0]) / h0
	h1 := max(1e-6, h0*1e-3)
	if d1 > 1e-15 || d2 > 1e-15 {
		if d2 > d1 {
			d1 = d2
		}
		h1 = invRoot(d1/0.01, r.m.errPower)
	}
	return min(100*h0, h1, interval, r.o.MaxStep)
}

// collect runs an integration to its end and gathers its states; room is a guess at their number.
func (r *run) collect(drive func(func(float64, []float64) bool) error, room int) (*Solution, error) {
	n := len(r.y)
	ts, flat := make([]float64, 0, room), make([]float64, 0, room*n)
	err := r.protect(drive, func(t float64, y []float64) bool {
		ts = append(ts, t)
		flat = append(flat, y...)
		return true
	})
	r.T = ts
	r.Y = make([][]float64, len(ts))
	for i := range r.Y {
		r.Y[i] = flat[i*n : (i+1)*n : (i+1)*n]
	}
	s := r.Solution
	return &s, err
}

// protect runs drive and turns a panic of the field into an error.
func (r *run) protect(drive func(func(float64, []float64) bool) error, yield func(float64, []float64) bool) (err error) {
	defer func() {
		if r.calling {
			v := recover()
			kind := ErrField
			if e, ok := v.(error); ok {
				kind = errors.Join(ErrField, e)
			}
			err = fail(kind, r.t, r.at-r.t, "the field, given %d components, panicked at t=%v: %v", len(r.y), r.at, v)
		}
		if err != nil {
			r.Status = Failed
		}
	}()
	return drive(yield)
}
