package integrate

import "math"

// An Event is a function G of time and state whose zeros along the solution are to be found. A step has a zero if G has
// different signs at its two ends, or is zero at one of them. The zero is then located on the dense output, to the
// precision of t. This costs no evaluation of the field, or with DOP853 three for the step.
//
// Two zeros within one step are not found, nor is one that G touches without a change of sign: G has the same sign at
// both ends. A MaxStep makes the steps shorter. Where G is NaN there is no event.
//
// As in SciPy, G = 0 at the start is an event at t0 if G then moves in the Direction. A zero exactly at the end of a step
// is one event; SciPy may report it twice.
type Event struct {
	G         func(t float64, y []float64) float64 // must not change y
	Direction int                                  // > 0: only where G grows along the integration; < 0: only where it falls
	Terminal  int                                  // the integration ends at this many events; 0: never
}

// events is the part of a Run that finds events.
type events struct {
	before, after []float64 // G at both ends of the last step
	root          []float64 // the zero in the step, or NaN
}

// event computes G(t, y) of event i.
func (r *Run) event(i int, g func(float64, []float64) float64, t float64, y []float64) float64 {
	r.at = t
	r.calling = eventCall + callee(i)
	v := g(t, y)
	r.calling = noCall
	return v
}

// startEvents evaluates the events at the initial state.
func (r *Run) startEvents() {
	n := len(r.adapt.o.Events)
	if n == 0 {
		return
	}
	r.adapt.events = events{make([]float64, n), make([]float64, n), make([]float64, n)}
	r.TEvents, r.YEvents = make([][]float64, n), make([][][]float64, n)
	for i, e := range r.adapt.o.Events {
		r.adapt.events.after[i] = r.event(i, e.G, r.t, r.y)
	}
}

// crossings evaluates the events after a step, and reports whether any has a zero in the step.
func (r *Run) crossings() bool {
	s := &r.adapt.events
	s.before, s.after = s.after, s.before
	any := false
	for i, e := range r.adapt.o.Events {
		s.after[i] = r.event(i, e.G, r.t, r.y)
		up := s.before[i] <= 0 && s.after[i] >= 0
		down := s.before[i] >= 0 && s.after[i] <= 0
		s.root[i] = math.NaN()
		if up && e.Direction >= 0 || down && e.Direction <= 0 {
			s.root[i] = r.t
			any = true
		}
	}
	return any
}

// locate finds the zeros in the last step and records them. If one of them is terminal it returns true and its time, and
// does not record those after it.
func (r *Run) locate() (terminal bool, end float64) {
	s := &r.adapt.events
	end = r.t
	for i, e := range r.adapt.o.Events {
		if math.IsNaN(s.root[i]) {
			continue
		}
		g := func(t float64) float64 { return r.event(i, e.G, t, r.between(r.w, t)) }
		t := zero(g, r.told, r.t, s.before[i], s.after[i])
		if found := r.TEvents[i]; len(found) > 0 && found[len(found)-1] == t {
			t = math.NaN() // recorded already, at the end of the step before
		}
		s.root[i] = t
		if e.Terminal > 0 && len(r.TEvents[i])+1 >= e.Terminal && (t-end)*r.dir <= 0 {
			terminal, end = true, t
		}
	}
	for i, t := range s.root {
		if (t-end)*r.dir <= 0 {
			r.TEvents[i] = append(r.TEvents[i], t)
			r.YEvents[i] = append(r.YEvents[i], append([]float64(nil), r.between(r.w, t)...))
		}
	}
	return terminal, end
}

// zero returns a zero of g between a and b, where g has the values ga and gb of opposite signs or zero.
//
// Source: R. P. Brent, Algorithms for Minimization without Derivatives (1973), chapter 4.
func zero(g func(float64) float64, a, b, ga, gb float64) float64 {
	if ga == 0 {
		return a
	}
	// b is the best approximation, a the one before, and the zero lies between b and c.
	c, gc := a, ga
	d := b - a // this step
	e := d     // the step before
	for gb != 0 {
		if (gb > 0) == (gc > 0) {
			c, gc = a, ga
			d = b - a
			e = d
		}
		if math.Abs(gc) < math.Abs(gb) {
			a, b, c = b, c, b
			ga, gb, gc = gb, gc, gb
		}
		tol := epsilon * math.Abs(b)
		half := float64(0.5 * (c - b))
		if !(math.Abs(half) > tol) {
			break
		}
		if math.Abs(e) >= tol && math.Abs(ga) > math.Abs(gb) {
			// p/q is the step by inverse quadratic interpolation, or by the secant with two points.
			s := gb / ga
			p, q := 2*half*s, 1-s
			if a != c {
				u, v := ga/gc, gb/gc
				p = s * (float64(2*half*u*(u-v)) - float64((b-a)*(v-1)))
				q = (u - 1) * (v - 1) * (s - 1)
			}
			if p > 0 {
				q = -q
			}
			p = math.Abs(p)
			if 2*p < min(float64(3*half*q)-math.Abs(tol*q), math.Abs(e*q)) {
				e, d = d, p/q
			} else {
				d, e = half, half
			}
		} else {
			d, e = half, half
		}
		a, ga = b, gb
		if math.Abs(d) > tol {
			b += d
		} else {
			b += math.Copysign(tol, half)
		}
		gb = g(b)
	}
	return b
}
