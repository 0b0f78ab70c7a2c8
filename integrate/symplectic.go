package integrate

import (
	"math"
	"slices"
)

// The iteration of an implicit method compares the largest change of an h k_i in a round with the largest component of
// the state or of an h k_i. It ends when the change is at most ε = 2^-52 of that size, or when it is below tolerance and
// no longer shrinks. It fails after maxRounds.
const (
	tolerance = 1e-12
	maxRounds = 100
)

// An iteration solves the equations of an implicit method by fixed-point iteration. It converges if h times the Lipschitz
// constant of the field is well below 1.
//
// Source: E. Hairer, C. Lubich, G. Wanner, Geometric Numerical Integration, section VIII.6.
type iteration struct {
	next  [][]float64 // the stages of this round
	guess []sum       // the stages before the first round, from those of the step before
}

// init prepares the first guess: the polynomial through the stages of the step before, evaluated one step later.
func (it *iteration) init(r *Run) {
	c := r.m.c
	for i := range c {
		weights := make([]float64, len(c))
		for j := range c {
			weights[j] = 1
			for l := range c {
				if l != j {
					weights[j] *= (1 + c[i] - c[l]) / (c[j] - c[l])
				}
			}
		}
		it.next = append(it.next, make([]float64, len(r.y)))
		it.guess = append(it.guess, newSum(weights, r.k))
	}
}

// solve finds the stages of the step of length h from the state y.
func (it *iteration) solve(r *Run, h float64) error {
	s := len(r.m.c)
	if r.Accepted == 0 {
		for _, k := range r.k[1:s] {
			copy(k, r.k[0]) // f(t0, y0)
		}
	} else {
		for i := range it.next {
			it.guess[i].into(it.next[i])
		}
		for i, k := range it.next {
			copy(r.k[i], k)
		}
	}
	size := 0.
	for _, y := range r.y {
		size = max(size, math.Abs(y))
	}
	for round, before := 1, math.Inf(1); round <= maxRounds; round++ {
		r.Iterations++
		change := 0.
		for i := range s {
			r.stage[i].addTo(r.w, r.y, h)
			r.eval(it.next[i], r.t+float64(r.m.c[i]*h), r.w)
		}
		for i, next := range it.next {
			for j, k := range next {
				change = max(change, math.Abs(h*(k-r.k[i][j])))
				size = max(size, math.Abs(h*k))
			}
			copy(r.k[i], next)
		}
		if !isFinite(change) {
			return r.notFinite(h)
		}
		if change <= epsilon*size || change >= before && change <= tolerance*size {
			if size > 0 {
				r.Residual = max(r.Residual, change/size)
			}
			return nil
		}
		before = change
	}
	return fail(ErrConvergence, r.t, h, "%v did not converge in %d rounds at t=%v (h=%v): want a shorter step",
		r.m, maxRounds, r.t, h)
}

// Leaps returns the lengths of the leapfrog steps of a splitting method, in units of h, and nil of any other method.
func (m *Method) Leaps() []float64 { return slices.Clone(m.leaps) }

// A Half writes one half of the field of a separable Hamiltonian H(q, p) = T(p) + V(q),
//
//	velocity: dx =  ∂T/∂p at x = p
//	force:    dx = -∂V/∂q at x = q
//
// What [Field] says holds for a Half too, with one exception: x is the state itself and must not be changed.
type Half func(dx, x []float64)

// A splitting is the part of a Run that only splitting methods need.
type splitting struct{ velocity, force Half }

// Separable integrates Hamilton's equations of H(q, p) = T(p) + V(q) by fixed steps with [Leapfrog], [Yoshida4] or
// [Yoshida6]. The state is [q…, p…]. The grid and the errors are those of [Fixed]. One leapfrog step is
//
//	p ← p + h/2 force(q)    q ← q + h velocity(p)    p ← p + h/2 force(q)
func Separable(m *Method, velocity, force Half, t0, t1, h float64, y0 []float64) (*Solution, error) {
	return BeginSeparable(m, velocity, force, t0, t1, h, y0).Collect()
}

// BeginSeparable returns the Run of [Separable], for a loop over its states.
func BeginSeparable(m *Method, velocity, force Half, t0, t1, h float64, y0 []float64) *Run {
	r := newFixed(m, t0, t1, h, y0)
	switch {
	case r.err != nil:
		return r
	case velocity == nil || force == nil:
		return r.refuse("a half-field is nil: want two functions")
	case m.leaps == nil:
		return r.refuse("%v does not split H: want Leapfrog, Yoshida4 or Yoshida6 (%v is for Fixed or Solve)", m, m)
	case len(y0)%2 != 0:
		return r.refuse("the state has %d components: want as many positions as momenta", len(y0))
	}
	r.split = splitting{velocity, force}
	return r
}

// half computes f(x) in scratch space.
func (r *Run) half(f Half, x []float64) []float64 {
	dx := r.w[:len(x):len(x)]
	r.NFev++
	r.at = r.t
	r.calling = halfCall
	f(dx, x)
	r.calling = noCall
	return dx
}

// step computes the trial state yold. The force at the end of one leap is used again at the start of the next.
func (s *splitting) step(r *Run, h float64) {
	copy(r.yold, r.y)
	n := len(r.y) / 2
	q, p := r.yold[:n:n], r.yold[n:]
	lostq, lostp := r.lost[:n], r.lost[n:]
	force := r.w[n:]
	if r.Accepted == 0 {
		copy(force, r.half(s.force, q))
	}
	for _, leap := range r.m.leaps {
		leap *= h
		add(p, lostp, 0.5*leap, force)
		add(q, lostq, leap, r.half(s.velocity, p))
		copy(force, r.half(s.force, q))
		add(p, lostp, 0.5*leap, force)
	}
}

// add computes y += h v. What rounding takes from y is kept in lost and added the next time, so that the roundings of a
// million steps do not add up.
//
// Source: W. Kahan, Further remarks on reducing truncation errors, Comm. ACM 8 (1965).
func add(y, lost []float64, h float64, v []float64) {
	y, lost = y[:len(v)], lost[:len(v)]
	for i, v := range v {
		d := float64(h*v) + lost[i]
		sum := y[i] + d
		lost[i] = d - (sum - y[i])
		y[i] = sum
	}
}
