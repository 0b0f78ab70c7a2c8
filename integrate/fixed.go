package integrate

import "math"

// Fixed integrates dy/dt = f(t, y) from y(t0) = y0 to t1, which may lie before t0, by steps of length h > 0 on the grid
//
//	t_i = t0 ± i h    i = 0 … n
//
// whose last point is exactly t1: the last step is shorter where h does not divide the interval, and a remainder below
// 1e-9 h adds no step. Errors are returned as by [Solve]; where the field is not finite the error is ErrNonFinite at
// once. Splitting methods are refused: see [Separable].
func Fixed(m *Method, f Field, t0, t1, h float64, y0 []float64) (*Solution, error) {
	return BeginFixed(m, f, t0, t1, h, y0).Collect()
}

// BeginFixed returns the Run that does what [Fixed] does.
func BeginFixed(m *Method, f Field, t0, t1, h float64, y0 []float64) *Run {
	r := newFixed(m, t0, t1, h, y0)
	switch {
	case r.err != nil:
		return r
	case f == nil:
		return r.refuse("the field is nil")
	case m.leaps != nil:
		return r.refuse("%v takes a separable H as two half-fields, by Separable: use GaussLegendre4 for this field", m)
	}
	r.f = f
	if m.implicit() {
		r.implicit.init(r)
	}
	return r
}

// newFixed checks what every integration with fixed steps has.
func newFixed(m *Method, t0, t1, h float64, y0 []float64) *Run {
	if m == nil || m.name == "" {
		return new(Run).refuse("the method is nil, or none of this package's")
	}
	r := newRun(m, t0, t1, y0)
	if r.err != nil {
		return r
	}
	steps, err := grid(t0, t1, h)
	if err != nil {
		return r.failed(err)
	}
	r.h, r.room = h, min(steps+1, 1<<20)
	r.drive = func(r *Run, yield func(float64, []float64) bool) (Status, error) { return r.fixed(steps, yield) }
	return r
}

// grid returns the number of steps of length h from t0 to t1.
func grid(t0, t1, h float64) (int, error) {
	if !(h > 0) || !isFinite(t1) || !isFinite(t1-t0) {
		return 0, refuse("steps of h=%v from %v to %v: h must be positive, the interval finite", h, t0, t1)
	}
	whole := math.Abs(t1-t0) / h
	steps := math.Floor(whole)
	far := max(math.Abs(t0), math.Abs(t1))
	// A rest that is no more than the rounding of t0, t1 and their difference is none.
	if whole-steps > max(1e-9, 4*epsilon*(far/h)) || steps == 0 && t0 != t1 {
		steps++
	}
	if !(steps < 1<<53) || steps > 1 && far-h == far {
		return 0, refuse("steps of h=%v from %v to %v: h is too short to tell the steps apart", h, t0, t1)
	}
	return int(steps), nil
}

// fixed takes the given number of steps.
func (r *Run) fixed(steps int, yield func(float64, []float64) bool) (Status, error) {
	if !yield(r.t, r.y) {
		return Stopped, nil
	}
	t0, full := r.t, float64(r.h*r.dir)
	for i := 1; i <= steps; i++ {
		tnew, h := t0+float64(float64(i)*full), full
		if i == steps {
			// Where the last step is a full one, it is as long as the others, to the last bit.
			tnew = r.t1
			if rest := tnew - r.t; math.Abs(rest-full) > 4*epsilon*max(math.Abs(t0), math.Abs(tnew)) {
				h = rest
			}
		}
		if err := r.stop(h); err != nil {
			return Failed, err
		}
		if err := r.fixedStep(tnew, h); err != nil {
			return Failed, err
		}
		if nonFinite(r.yold) >= 0 {
			return Failed, r.notFinite(h)
		}
		r.accept(tnew)
		if !yield(r.t, r.y) {
			return Stopped, nil
		}
	}
	return Finished, nil
}

// fixedStep computes the trial state yold of one step.
func (r *Run) fixedStep(tnew, h float64) error {
	if r.m.leaps != nil {
		r.split.step(r, h)
		return nil
	}
	if r.Accepted == 0 {
		if err := r.start(); err != nil {
			return err
		}
	} else if !r.m.implicit() {
		r.evalCopy(r.k[0], r.t, r.y)
	}
	if r.m.implicit() {
		if err := r.implicit.solve(r, h); err != nil {
			return err
		}
		r.b.into(r.w)
		copy(r.yold, r.y)
		add(r.yold, r.lost, h, r.w)
		return nil
	}
	r.trial(tnew, h)
	return nil
}
