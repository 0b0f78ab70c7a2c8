package integrate

import (
	"math"
	"sort"
)

// A Dense is a solution as a function of t: a polynomial on each step, of degree 4 for RK45, 3 for RK23 and 7 for
// DOP853. Options.Dense asks for it. Many goroutines may use it at once.
type Dense struct {
	n, degree int
	twisted   bool
	t         []float64 // step i goes from t[i] to t[i+1]
	h         []float64 // h[i] is the full length of step i; a terminal event may end it earlier
	c         []float64 // for each step its first state and q_1, q_2, …; after all steps the last state
}

func newDense(m *Method, t0 float64, y0 []float64) *Dense {
	c := append([]float64(nil), y0...)
	return &Dense{n: len(y0), degree: m.degree(), twisted: m.d != nil, t: []float64{t0}, c: c}
}

// add appends the last step of r, which ends at t in the state y.
func (d *Dense) add(r *Run, t float64, y []float64) {
	d.t = append(d.t, t)
	d.h = append(d.h, r.t-r.told)
	d.c = append(d.c, r.adapt.q...)
	d.c = append(d.c, y...)
}

// At returns the state at t, in dst if dst has the length of a state, or else in a new slice. At the end of a step it is
// the computed state itself. Between the ends its error is about that of the steps. Outside the interval of integration
// At evaluates the first or last polynomial, and the error grows fast.
func (d *Dense) At(dst []float64, t float64) []float64 {
	if len(dst) != d.n {
		dst = make([]float64, d.n)
	}
	steps := len(d.h)
	i := sort.Search(steps, func(i int) bool { // the first step that does not end before t
		if d.h[i] > 0 {
			return d.t[i+1] >= t
		}
		return d.t[i+1] <= t
	})
	size := (1 + d.degree) * d.n
	if i < steps && t == d.t[i+1] || steps == 0 {
		if steps > 0 {
			i++
		}
		copy(dst, d.c[i*size:])
		return dst
	}
	i = min(i, steps-1)
	c := d.c[i*size : (i+1)*size]
	evaluate(dst, c[:d.n], c[d.n:], (t-d.t[i])/d.h[i], d.twisted)
	return dst
}

// AtAll returns the states at the times ts, which may have any order. The rows share one array.
func (d *Dense) AtAll(ts []float64) [][]float64 {
	flat := make([]float64, len(ts)*d.n)
	rows := make([][]float64, len(ts))
	for i, t := range ts {
		rows[i] = d.At(flat[i*d.n:(i+1)*d.n:(i+1)*d.n], t)
	}
	return rows
}

// evaluate computes the dense output at θ, from the state y at the start of the step and q_1, q_2, …:
//
//	dst = y + θ(q_1 + θ(q_2 + θ(q_3 + …)))        or, twisted,
//	dst = y + θ(q_1 + (1-θ)(q_2 + θ(q_3 + …)))
func evaluate(dst, y, q []float64, theta float64, twisted bool) {
	n := len(dst)
	for c, y := range y[:n] {
		v := 0.
		for j := len(q) - n; j >= 0; j -= n {
			u := theta
			if twisted && j/n%2 == 1 {
				u = 1 - theta
			}
			v = float64(u * (v + q[j+c]))
		}
		dst[c] = y + v
	}
}

// degree returns the degree of the dense output.
func (m *Method) degree() int {
	if m.d != nil {
		return 3 + len(m.d)
	}
	return len(m.p[0])
}

// interpolate computes the dense output q_1, q_2, … of the last step.
func (r *Run) interpolate() error {
	m, q, n := r.m, r.adapt.q, len(r.y)
	h := r.t - r.told
	if m.d == nil {
		clear(q)
		for i, p := range m.p {
			for j, p := range p {
				if p != 0 {
					q := q[j*n : (j+1)*n]
					for c, k := range r.k[i] {
						q[c] += float64(p * k)
					}
				}
			}
		}
		for i := range q {
			q[i] *= h
		}
		return r.checkDense(h)
	}

	last := len(m.c)
	if most := r.adapt.o.MaxEval; most > 0 && r.NFev+len(m.cd) > most {
		return r.overBudget()
	}
	for i, a := range m.ad {
		copy(r.w, r.yold)
		for j, a := range a {
			if a != 0 {
				for c, k := range r.k[j] {
					r.w[c] += float64(h * float64(a*k))
				}
			}
		}
		r.eval(r.k[last+1+i], r.told+float64(m.cd[i]*h), r.w)
	}
	for c := range n {
		delta, k0, k1 := r.y[c]-r.yold[c], float64(h*r.k[0][c]), float64(h*r.k[last][c])
		q[c], q[n+c], q[2*n+c] = delta, k0-delta, delta-k1+(delta-k0)
		for i, d := range m.d {
			v := 0.
			for j, d := range d {
				v += float64(d * r.k[j][c])
			}
			q[(3+i)*n+c] = h * v
		}
	}
	return r.checkDense(h)
}

// checkDense returns an error where the dense output of the last step could overflow between its ends.
func (r *Run) checkDense(h float64) error {
	n := len(r.y)
	for c, y := range r.yold {
		top := math.Abs(y)
		for j := c; j < len(r.adapt.q); j += n {
			top += math.Abs(r.adapt.q[j])
		}
		if !isFinite(top) {
			return fail(ErrNonFinite, r.told, h,
				"component %d of the dense output overflows, or the field is not finite where it needs it, after t=%v (h=%v)",
				c, r.told, h)
		}
	}
	return nil
}

// between returns the state at t within the last step. It is computed in dst, or is r.y itself at the end of the step.
func (r *Run) between(dst []float64, t float64) []float64 {
	if t == r.t {
		return r.y
	}
	evaluate(dst, r.yold, r.adapt.q, (t-r.told)/(r.t-r.told), r.m.d != nil)
	return dst
}
