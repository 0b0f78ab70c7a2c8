package nn

import "hnn/autodiff"

// An Open system tells what moves its state apart: ẋ = J∇H + friction + inputs.
type Open interface {
	Field
	Energy
	Conservative(x autodiff.Var) autodiff.Var // J∇H
	Dissipative(x autodiff.Var) autodiff.Var  // −R∇H, or another force that takes energy
}

// Power returns the balance of energy at each state x, rows×2d, under inputs u, rows×m, or nil:
//
//	dH/dt = −dissipated + supplied,    dissipated = ∇Hᵀ R ∇H,    supplied = yᵀu = ∇Hᵀ G u
//
// The columns of the result are dH/dt, dissipated and supplied.
func Power(m Open, x, u *autodiff.Matrix) *autodiff.Matrix {
	d, driven := DrivenBy(m)
	n := m.Dim()
	wide := x
	if driven && u != nil {
		wide = (&Series{X: x}).beside(u).X
	}
	return Evaluate(func(z autodiff.Var) autodiff.Var {
		x := autodiff.Slice(z, 0, n)
		grad := autodiff.Grad(autodiff.SumTo(m.H(x), 1, 1), x)[0]
		along := func(f autodiff.Var) autodiff.Var { return autodiff.SumTo(autodiff.Mul(grad, f), f.Rows(), 1) }
		lost := autodiff.Neg(along(m.Dissipative(x)))
		free := m.Field(x)
		f := free
		if driven && u != nil {
			f = d.Drive(x, autodiff.Slice(z, n, z.Cols()))
		}
		return autodiff.Concat(along(f), autodiff.Concat(lost, along(autodiff.Sub(f, free))))
	}, wide)
}
