package integrate

import (
	"errors"
	"math"
)

// The constants of the step-size control are SciPy's.
const (
	safety    = 0.9
	minFactor = 0.2
	maxFactor = 10
	epsilon   = 0x1p-52
)

// Solve integrates dy/dt = f(t, y) from y(t0) = y0 to t1. It chooses its steps so that the estimated error of each meets
// the tolerances. They are the steps that SciPy's solve_ivp takes. t1 may be less than t0. It may be infinite where an
// event or an error ends the run.
//
// On failure Solve returns the error and the solution up to there, which is finite. The solution is nil only for an
// invalid argument.
//
// A trial step in which the field is not finite is rejected, and a shorter one is tried. So a field may be undefined
// beyond a boundary that the solution only comes near. If the field is not finite at the start, the error is
// ErrNonFinite. If it is not finite even in the shortest step, the error is both ErrStepUnderflow and ErrNonFinite.
//
// Source: E. Hairer, S. P. Nørsett, G. Wanner, Solving Ordinary Differential Equations I, section II.4.
func Solve(f Field, t0, t1 float64, y0 []float64, o Options) (*Solution, error) {
	return Begin(f, t0, t1, y0, o).Collect()
}

// adaptation is the part of a Run that only adaptive steps need.
type adaptation struct {
	o          Options
	rtol, atol []float64
	e, e3      sum
	err, err3  []float64 // Σ e_i k_i
	q          []float64 // dense output of the last step: see interpolate
	events     events
}

// Begin returns the Run of [Solve], for a loop over its states.
func Begin(f Field, t0, t1 float64, y0 []float64, o Options) *Run {
	m := o.Method
	if m == nil {
		m = RK45
	}
	r := newRun(m, t0, t1, y0)
	a := &r.adapt
	n := len(y0)
	switch {
	case r.err != nil:
		return r
	case f == nil:
		return r.refuse("the field is nil: want a function")
	case m.leaps != nil || m.implicit():
		return r.refuse("%v keeps energy with a fixed step only: want RK45, RK23 or DOP853 (%v is for Fixed or Separable)", m, m)
	case m.e == nil:
		return r.refuse("%v does not estimate its error: want RK45, RK23 or DOP853 (%v is for Fixed)", m, m)
	case o.MaxStep != 0 && !(o.MaxStep > 0):
		return r.refuse("MaxStep is %v: want a positive length, or 0 for no bound", o.MaxStep)
	case o.FirstStep != 0 && !(o.FirstStep > 0 && o.FirstStep <= math.Abs(t1-t0)):
		return r.refuse("FirstStep is %v: want a positive length, at most that of the interval, or 0", o.FirstStep)
	case o.MaxEval < 0:
		return r.refuse("MaxEval is %d: want a positive number, or 0 for no bound", o.MaxEval)
	case o.Rows < 0 || o.Rows > 0 && n%o.Rows != 0:
		return r.refuse("%d components do not make %d rows: want a number of rows that divides them", n, o.Rows)
	}
	for i, t := range o.TEval {
		if !(t >= min(t0, t1) && t <= max(t0, t1)) {
			return r.refuse("TEval[%d] = %v is outside the interval: want times from %v to %v", i, t, t0, t1)
		}
		if i > 0 && !((t-o.TEval[i-1])*r.dir > 0) {
			return r.refuse("TEval[%d] = %v does not come after TEval[%d] = %v: want times in order from %v to %v",
				i, t, i-1, o.TEval[i-1], t0, t1)
		}
	}
	for i, e := range o.Events {
		if e.G == nil {
			return r.refuse("Events[%d].G is nil: want a function", i)
		}
		if e.Terminal < 0 {
			return r.refuse("Events[%d].Terminal is %d: want a positive number, or 0 for never", i, e.Terminal)
		}
	}
	if a.rtol, r.err = spread("RTol", o.RTol, 1e-3, n); r.err == nil {
		a.atol, r.err = spread("ATol", o.ATol, 1e-6, n)
	}
	if r.err != nil {
		return r.failed(r.err)
	}
	for i, y := range y0 {
		whole := a.atol[i] + float64(a.rtol[i]*math.Abs(y))
		if whole == 0 || whole < epsilon*math.Abs(y) {
			return r.failed(fail(ErrTolerance, t0, 0,
				"the tolerance %v of component %d is below what float64 can give at t=%v, y=%v (h=0)", whole, i, t0, y))
		}
		a.rtol[i] = max(a.rtol[i], 100*epsilon)
	}

	if o.MaxStep == 0 {
		o.MaxStep = math.Inf(1)
	}
	o.Rows = max(o.Rows, 1)
	r.f, r.h, r.room, r.drive = f, o.FirstStep, 16, (*Run).adaptive
	r.Stop = o.Stop
	a.o = o
	a.e, a.e3 = newSum(m.e, r.k), newSum(m.e3, r.k)
	a.err, a.err3 = make([]float64, n), make([]float64, n)
	a.q = make([]float64, m.degree()*n)
	if o.Dense {
		r.Dense = newDense(m, t0, y0)
	}
	return r
}

// spread returns a copy of tol with one value for each of n components. If tol is nil, they are all missing.
func spread(name string, tol []float64, missing float64, n int) ([]float64, error) {
	if tol == nil {
		tol = []float64{missing}
	}
	if len(tol) != 1 && len(tol) != n {
		return nil, refuse("%s has %d values: want 1, or %d as the state has", name, len(tol), n)
	}
	for i, v := range tol {
		if !(v >= 0 && isFinite(v)) {
			return nil, refuse("%s[%d] is %v: want a finite number, not negative", name, i, v)
		}
	}
	all := make([]float64, n)
	for i := range all {
		all[i] = tol[i%len(tol)]
	}
	return all, nil
}

// adaptive integrates to t1. It calls yield with each state, and ends when yield returns false.
func (r *Run) adaptive(yield func(float64, []float64) bool) (Status, error) {
	o := &r.adapt.o
	if err := r.start(); err != nil {
		return Failed, err
	}
	if len(r.y) == 0 || r.t == r.t1 {
		return r.constant(yield), nil
	}
	if o.TEval == nil && !yield(r.t, r.y) {
		return Stopped, nil
	}
	if r.h == 0 {
		if o.MaxEval == 1 {
			return Failed, r.overBudget()
		}
		r.h = r.firstStep()
	}
	r.startEvents()
	status := Finished
	for next := 0; status == Finished && (r.t1-r.t)*r.dir > 0; {
		if err := r.step(); err != nil {
			return Failed, err
		}
		end, here := r.t, r.y
		due := next < len(o.TEval) && (o.TEval[next]-end)*r.dir <= 0
		crossed := r.crossings()
		if due || crossed || o.Dense {
			if err := r.interpolate(); err != nil {
				return Failed, err
			}
		}
		if crossed {
			if stop, t := r.locate(); stop {
				status, end = AtEvent, t
				here = r.between(r.w, end)
			}
		}
		if end != r.told { // a terminal event may lie where the step began
			if o.Dense {
				r.Dense.add(r, end, here)
			}
			if o.TEval == nil && !yield(end, here) {
				return Stopped, nil
			}
		}
		for ; next < len(o.TEval) && (o.TEval[next]-end)*r.dir <= 0; next++ {
			if next%1024 == 1023 {
				if err := r.stop(r.h * r.dir); err != nil {
					return Failed, err
				}
			}
			if !yield(o.TEval[next], r.between(r.w, o.TEval[next])) {
				return Stopped, nil
			}
		}
	}
	return status, nil
}

// constant gives yield a solution that does not change: one without components, or with t1 = t0.
func (r *Run) constant(yield func(float64, []float64) bool) Status {
	ts := r.adapt.o.TEval
	if ts == nil && r.t1 == r.t {
		ts = []float64{r.t}
	} else if ts == nil {
		ts = []float64{r.t, r.t1}
	}
	for _, t := range ts {
		if !yield(t, r.y) {
			return Stopped
		}
	}
	return Finished
}

func (r *Run) overBudget() error {
	h := r.h * r.dir
	return fail(ErrBudget, r.t, h, "budget of %d evaluations spent at t=%v (h=%v)", r.adapt.o.MaxEval, r.t, h)
}

// step advances by one accepted step. If it fails, the state is unchanged.
func (r *Run) step() error {
	last := len(r.m.c) // the index of k_{s+1}
	if r.Accepted > 0 {
		copy(r.k[0], r.k[last])
	}
	t, maxEval := r.t, r.adapt.o.MaxEval
	shortest := 10 * math.Abs(math.Nextafter(t, r.dir*math.MaxFloat64)-t)
	size := r.h
	if size > r.adapt.o.MaxStep {
		size = r.adapt.o.MaxStep
	} else if size < shortest {
		size = shortest
	}
	var h float64
	var broken bool // whether the last trial was rejected because it was not finite
	for rejected := false; ; rejected = true {
		if err := r.stop(size * r.dir); err != nil {
			return err
		}
		if size < shortest {
			err := fail(ErrStepUnderflow, t, size*r.dir, "step size underflow at t=%v (h=%v)", t, size*r.dir)
			if broken {
				err.err = errors.Join(ErrStepUnderflow, ErrNonFinite)
				err.text += ": " + r.notFinite(h).text
			}
			return err
		}
		if maxEval > 0 && r.NFev > maxEval-last {
			r.h = size
			return r.overBudget()
		}
		tnew := t + float64(size*r.dir)
		if (tnew-r.t1)*r.dir > 0 {
			tnew = r.t1
		}
		if !isFinite(tnew) {
			return fail(ErrNonFinite, t, size*r.dir, "t overflows after t=%v (h=%v)", t, size*r.dir)
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
		broken = !isFinite(norm)
		size *= max(minFactor, growth(norm, r.m.errPower))
	}
}

// growth returns the factor 0.9 norm^(-1/power), at most 10, for the length of the step after one with that error norm.
func growth(norm float64, power int) float64 {
	if norm < 1e-20 {
		return maxFactor
	}
	return min(maxFactor, safety*invRoot(norm, power))
}

// errorNorm returns the norm of the estimated error of the trial step, relative to the tolerances. A step with a norm
// below 1 is accepted. The norm is +Inf where the trial is not finite.
//
// Source: for two estimates, Hairer, Nørsett, Wanner, equation II.10.17, as in dop853.f.
func (r *Run) errorNorm(size float64) float64 {
	a := &r.adapt
	a.e.into(a.err)
	if r.m.e3 != nil {
		a.e3.into(a.err3)
	}
	n := len(a.err)
	y, ynew, fnew, atol, rtol := r.y[:n], r.yold[:n], r.k[len(r.m.c)][:n], a.atol[:n], a.rtol[:n]
	second, err3 := r.m.e3 != nil, a.err3[:n]
	width := n / a.o.Rows
	worst := 0.
	for end := width; end <= n; end += width {
		sum, sum3 := 0., 0.
		for i := end - width; i < end; i++ {
			top := math.Abs(y[i])
			if v := math.Abs(ynew[i]); !(v <= top) {
				top = v
			}
			if !(top <= math.MaxFloat64 && math.Abs(fnew[i]) <= math.MaxFloat64) {
				return math.Inf(1)
			}
			scale := atol[i] + float64(top*rtol[i])
			e := a.err[i] / scale
			sum += float64(e * e)
			if second {
				e = err3[i] / scale
				sum3 += float64(e * e)
			}
		}
		if sum > 0 && second {
			sum *= sum / (sum + float64(0.01*sum3))
		}
		norm := size * math.Sqrt(sum/float64(width))
		if !isFinite(norm) {
			return math.Inf(1)
		}
		worst = max(worst, norm)
	}
	return worst
}

// rms returns the root mean square of (v-u)/tolerance at the initial state. A u of nil is zero. In a batch it is the
// largest of the rows' values.
func (r *Run) rms(v, u []float64) float64 {
	worst := 0.
	width := len(v) / r.adapt.o.Rows
	for end := width; end <= len(v); end += width {
		sum := 0.
		for i := end - width; i < end; i++ {
			x := v[i]
			if u != nil {
				x -= u[i]
			}
			e := x / (r.adapt.atol[i] + float64(math.Abs(r.y[i])*r.adapt.rtol[i]))
			sum += float64(e * e)
		}
		worst = max(worst, math.Sqrt(sum/float64(width)))
	}
	return worst
}

// firstStep chooses the length of the first step, with one evaluation.
//
// Source: Hairer, Nørsett, Wanner, section II.4. The bound by the length of the interval is SciPy's.
func (r *Run) firstStep() float64 {
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
	return min(100*h0, h1, interval, r.adapt.o.MaxStep)
}
