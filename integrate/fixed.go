package integrate

import "math"

// Fixed integrates dy/dt = f(t, y) from y(t0) = y0 to t1 by steps of length h > 0, on the grid
//
//	t_i = t0 ± i h    i = 0 … n
//
// t1 may be less than t0. The last point is exactly t1. If h does not divide the interval, the last step is shorter; a
// remainder below 1e-9 h does not add a step.
//
// Errors are returned as by [Solve], but the error is ErrNonFinite at the first step in which the field is not finite.
// Splitting methods need [Separable].
func Fixed(m *Method, f Field, t0, t1, h float64, y0 []float64) (*Solution, error) {
	return BeginFixed(m, f, t0, t1, h, y0).Collect()
}

// BeginFixed returns the Run of [Fixed], for a loop over its states.
func BeginFixed(m *Method, f Field, t0, t1, h float64, y0 []float64) *Run {
	r := newFixed(m, t0, t1, h, y0)
	switch {
	case r.err != nil:
		return r
	case f == nil:
		return r.refuse("the field is nil: want a function")
	case m.leaps != nil:
		return r.refuse("%v splits a separable H: want GaussLegendre4, say, for a field (%v is for Separable)", m, m)
	}
	r.f = f
	if m.implicit() {
		r.implicit.init(r)
	}
	return r
}

// newFixed checks the arguments that every integration with fixed steps has, and allocates.
func newFixed(m *Method, t0, t1, h float64, y0 []float64) *Run {
	if m == nil || m.name == "" {
		return new(Run).refuse("the method is nil, or not of this package: want RK4, say")
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
		return 0, refuse("steps of h=%v from %v to %v: want a positive h and a finite interval", h, t0, t1)
	}
	whole := math.Abs(t1-t0) / h
	steps := math.Floor(whole)
	far := max(math.Abs(t0), math.Abs(t1))
	// A remainder no larger than the rounding of t0, t1 and their difference does not count.
	if whole-steps > max(1e-9, 4*epsilon*(far/h)) || steps == 0 && t0 != t1 {
		steps++
	}
	if !(steps < 1<<53) || steps > 1 && far-h == far {
		return 0, refuse("steps of h=%v from %v to %v: h is too short to tell the steps apart, want a longer one", h, t0, t1)
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
			// If the last step is a full one, it has the very same length as the others.
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
