package integrate

import "math"

// Fixed integrates dy/dt = f(t, y) from y(t0) = y0 to t1, which may lie before t0, with steps of length h > 0 on the grid
//
//	t_i = t0 ± i h    i = 0 … n
//
// whose last point is exactly t1: the last step is shorter where h does not divide the interval, and a remainder below
// 1e-9 h adds no step. Errors are those of [Solve].
func Fixed(m *Method, f Field, t0, t1, h float64, y0 []float64) (*Solution, error) {
	if m == nil {
		return nil, refuse("the method is nil")
	}
	steps, err := grid(t0, t1, h)
	if err != nil {
		return nil, err
	}
	r, err := newState(m, f, t0, t1, y0)
	if err != nil {
		return nil, err
	}
	r.h = h
	return r.collect(func(yield func(float64, []float64) bool) error { return r.fixed(steps, yield) }, min(steps+1, 1<<20))
}

// grid returns the number of steps of length h from t0 to t1.
func grid(t0, t1, h float64) (int, error) {
	if !isFinite(t0) || !isFinite(t1) {
		return 0, refuse("a grid from t0=%v to t1=%v: must be finite", t0, t1)
	}
	if !(h > 0) {
		return 0, refuse("h is %v: must be positive", h)
	}
	if t0 == t1 {
		return 0, nil
	}
	whole := math.Abs(t1-t0) / h
	steps := math.Floor(whole)
	if whole-steps > 1e-9 || steps == 0 {
		steps++
	}
	if far := max(math.Abs(t0), math.Abs(t1)); !(steps < 1<<53) || steps > 1 && far-h == far {
		return 0, refuse("h is %v: too short for the interval from %v to %v", h, t0, t1)
	}
	return int(steps), nil
}

// fixed takes the given number of steps.
func (r *run) fixed(steps int, yield func(float64, []float64) bool) error {
	if !yield(r.t, r.y) {
		return nil
	}
	t0, full := r.t, r.h*r.dir
	for i := 1; i <= steps; i++ {
		tnew, h := t0+float64(float64(i)*full), full
		if i == steps {
			// Where the last step is a full one, it is as long as the others, to the last bit.
			tnew = r.t1
			if rest := tnew - r.t; math.Abs(rest-full) > 4*epsilon*max(math.Abs(t0), math.Abs(tnew)) {
				h = rest
			}
		}
		if i == 1 {
			if err := r.start(); err != nil {
				return err
			}
		} else {
			r.evalCopy(r.k[0], r.t, r.y)
		}
		r.trial(tnew, h)
		if nonFinite(r.yold) >= 0 {
			return r.notFinite(h)
		}
		r.accept(tnew)
		if !yield(r.t, r.y) {
			return nil
		}
	}
	return nil
}
