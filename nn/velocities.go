package nn

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"hnn/autodiff"
)

// Canonical returns the series with momenta in the place of velocities: the second half of each
// state is q̇, measured or, of hidden momenta, a guess, and becomes the p with
//
//	∂H/∂p (q, p) = q̇
//
// by Newton's method. Of a kinetic energy ½ pᵀM⁻¹(q) p that is p = M(q) q̇, in one step. Where this
// depends on constants that are to be fitted, the momenta are only a guess, and become hidden. A
// network in the kinetic energy is an error, since momenta then mean nothing without more. No
// derivatives are kept.
func (m *Port) Canonical(s *Series) (*Series, error) {
	if err := s.Check(); err != nil {
		return nil, err
	}
	n, d := m.Dim(), m.Dim()/2
	if s.X.Cols != n {
		return nil, fmt.Errorf("nn: canonical: states of %d numbers, the model has %d", s.X.Cols, n)
	}
	if s.Hidden == nil && (m.Friction != "" && m.friction().coordinates(d) || m.InputNames != nil && m.gain().coordinates(d)) {
		return nil, errors.New("nn: canonical: friction or inputs move coordinates, so a velocity is not ∂H/∂p and does not tell the momentum: want momenta, or coordinates alone")
	}
	x := cloned(s.X)
	depends := func(params []*autodiff.Matrix) bool {
		was := snapshot(params, nil)
		before := Evaluate(m.Conservative, x)
		for _, w := range params {
			for i := range w.Data {
				w.Data[i] += 0.1 + float64(0.37*math.Abs(w.Data[i])) // which has no fixed point
			}
		}
		after := Evaluate(m.Conservative, x)
		restore(params, was)
		for r := range x.Rows {
			if !slices.Equal(before.Row(r)[:d], after.Row(r)[:d]) && before.Row(r)[0] == before.Row(r)[0] {
				return true
			}
		}
		return false
	}
	k := len(m.Fitted())
	if depends(m.Params()[k:]) {
		return nil, errors.New("nn: canonical: the velocity ∂H/∂p depends on a network, so it does not tell the momentum: want a typed kinetic energy, as p^2/2")
	}
	// Columns: ∂H/∂p, then its derivatives by p.
	newton := func(x autodiff.Var) autodiff.Var {
		v := autodiff.Slice(m.Conservative(x), 0, d)
		cols := []autodiff.Var{v}
		for i := range d {
			g := autodiff.Grad(autodiff.SumTo(autodiff.Slice(v, i, i+1), 1, 1), x)[0]
			cols = append(cols, autodiff.Slice(g, d, n))
		}
		return beside(cols)
	}
	const most = 50
	worst, at := 0., 0
	for range most {
		y := Evaluate(newton, x)
		worst = 0
		for r := range x.Rows {
			row, step := y.Row(r), make([]float64, d)
			a := &autodiff.Matrix{Rows: d, Cols: d, Data: slices.Clone(row[d:])}
			off, size := 0., 0.
			for i := range d {
				step[i] = s.X.At(r, d+i) - row[i]
				off, size = max(off, math.Abs(step[i])), max(size, math.Abs(s.X.At(r, d+i)), math.Abs(row[i]))
			}
			if off-off != 0 && slices.ContainsFunc(s.X.Row(r), func(v float64) bool { return v != v }) {
				continue // missing
			}
			if share := off / size; size > 0 && !(share <= worst) {
				worst, at = share, r
			}
			triangulate(a, step, nil)
			backSolve(a, step, step, d)
			for i, v := range step {
				x.Row(r)[d+i] += v
			}
		}
		if worst <= 1e-12 {
			break
		}
	}
	if !(worst <= 1e-9) {
		return nil, fmt.Errorf("nn: canonical: row %d: no momentum has the velocity %v: want a kinetic energy whose ∂H/∂p takes all values", at, s.X.Row(at)[d:])
	}
	c := *s
	c.X, c.DX = x, nil
	if c.Hidden == nil && depends(m.Params()[:k]) {
		c.Hidden = make([]bool, n)
		for i := range d {
			c.Hidden[d+i] = true
		}
	}
	return &c, nil
}
