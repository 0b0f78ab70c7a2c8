package nn

import (
	"errors"
	"fmt"
	"math"

	"hnn/autodiff"
	"hnn/autodiff/elementary"
)

// splits reports what is wrong with Leaps for a field: a symplectic method wants a model that has
// a method Separable, and is it.
func (o Shooting) splits(f Field) error {
	if o.Leaps == nil {
		return nil
	}
	if s, ok := f.(interface{ Separable() bool }); !ok || !s.Separable() {
		return errors.New("nn: shooting: this model is not H = T(p) + V(q) without friction and inputs: want such a model, as net(p)+net(q), or no symplectic method")
	}
	sum := 0.
	for _, v := range o.Leaps {
		sum += v
	}
	if !(sum > 1-1e-12 && sum < 1+1e-12) {
		return fmt.Errorf("nn: shooting: leapfrog steps %v, which are %v steps together: want 1", o.Leaps, sum)
	}
	return nil
}

// leapfrogs returns the states after a step from x of lengths h, rows×1, of a separable model, by
// leapfrog steps whose lengths are shares of h:
//
//	q ← q + h/2 velocity(p)    p ← p + h force(q)    q ← q + h/2 velocity(p)
//
// Each is symplectic, so the whole step and a motion of many steps are. The shares are those of
// integrate.Method.Leaps: 1 for the method of order 2, three numbers for one of order 4. Half steps
// of q that follow each other are one. Package integrate begins with p; so a step has one force
// less, which is the half that takes long.
//
// Source: Hairer, Lubich, Wanner, Geometric Numerical Integration, §I.1.4 and §II.4.
func leapfrogs(f Field, leaps []float64, x, h autodiff.Var) autodiff.Var {
	d := x.Cols() / 2
	h = autodiff.ExpandTo(h, x.Rows(), d)
	q, p := autodiff.Slice(x, 0, d), autodiff.Slice(x, d, 2*d)
	move := func(x, dx autodiff.Var, share float64) autodiff.Var {
		return autodiff.Add(x, autodiff.Scale(autodiff.Mul(h, dx), share))
	}
	q = move(q, halfOf(f, p, d), leaps[0]/2)
	for i, leap := range leaps {
		next := 0.
		if i+1 < len(leaps) {
			next = leaps[i+1]
		}
		p = move(p, halfOf(f, q, 0), leap)
		q = move(q, halfOf(f, p, d), (leap+next)/2)
	}
	return beside([]autodiff.Var{q, p})
}

// phaseError returns by how much the phase of the oscillator q̇ = p, ṗ = −q is wrong after a step
// h, a time unit: h⁴/120 of the method of Runge and Kutta; of a symplectic one, whose step is the
// matrix M, it follows from tr M/2 = cos(h + error h).
//
// Source: Hairer, Lubich, Wanner, §I.5.2.
func (o Shooting) phaseError(h float64) float64 {
	if o.Leaps == nil {
		return float64(h*h) * float64(h*h) / 120
	}
	trace := 0.
	for i := range 2 { // M's column i
		x := [2]float64{}
		x[i] = 1
		for _, leap := range o.Leaps {
			leap *= h
			x[1] -= float64(leap / 2 * x[0])
			x[0] += float64(leap * x[1])
			x[1] -= float64(leap / 2 * x[0])
		}
		trace += x[i]
	}
	return math.Abs(elementary.Cos(h)-float64(trace/2)) / (h * elementary.Sin(h))
}
