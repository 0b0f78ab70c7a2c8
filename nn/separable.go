package nn

import "hnn/autodiff"

// NewHalves compiles the halves of the field of a separable H = T(p) + V(q), as
// integrate.Separable wants them: q̇ = ∂T/∂p of p, and ṗ = −∂V/∂q of q. As for Func, one goroutine
// may use them.
func NewHalves(m Field) (velocity, force func(dx, x []float64)) {
	d := m.Dim() / 2
	half := func(from int) func(dx, x []float64) { // of d components, from so many on; the others are at 0
		return Func(func(x autodiff.Var) autodiff.Var {
			f := m.Field(autodiff.Pad(x, from, 2*d))
			return autodiff.Slice(f, d-from, 2*d-from)
		}, d)
	}
	return half(d), half(0)
}
