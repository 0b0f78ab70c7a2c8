package nn

import "hnn/autodiff"

// NewHalves compiles the halves of the field of a separable H = T(p) + V(q), as
// integrate.Separable wants them: q̇ = ∂T/∂p of p, and ṗ = −∂V/∂q of q. As for Func, one goroutine
// may use them.
func NewHalves(m Field) (velocity, force func(dx, x []float64)) {
	d := m.Dim() / 2
	half := func(from int) func(dx, x []float64) {
		return Func(func(x autodiff.Var) autodiff.Var { return halfOf(m, x, from) }, d)
	}
	return half(d), half(0)
}

// halfOf returns the half of a field that depends on d components x alone, from so many on: the
// velocity of the momenta, from d, or the force at the coordinates, from 0. The others are at 0.
func halfOf(m Field, x autodiff.Var, from int) autodiff.Var {
	d := x.Cols()
	return autodiff.Slice(m.Field(autodiff.Pad(x, from, 2*d)), d-from, 2*d-from)
}
