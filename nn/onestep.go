package nn

import "hnn/autodiff"

// A FieldModel is a model of the field itself: an HNN or a Derivative.
type FieldModel interface {
	Model
	// Field returns ẋ of a batch of states, one a row.
	Field(x autodiff.Var) autodiff.Var

	// mismatch is the loss where the model says f and dx is right.
	mismatch(f, dx autodiff.Var) autodiff.Var
}

// OneStep trains a model of the field on pairs of successive states instead of
// derivatives: one step of the classical Runge–Kutta method with the model's field f has
// to lead from each state to the next. Its loss is the model's own between the step's
// slope and that of the data,
//
//	k₁ = f(x),  k₂ = f(x + h k₁/2),  k₃ = f(x + h k₂/2),  k₄ = f(x + h k₃),
//	(k₁ + 2k₂ + 2k₃ + k₄)/6 ≈ (x(t+h) − x(t))/h
//
// differentiated through all four stages. What is learned is the field whose step, not
// whose exact flow, passes through the data: it differs from the system's by O(h⁴). The
// method is not symplectic, so for an HNN no H fits exactly, but for that order. Data are
// made by Steps.
//
// Source: Hairer, Nørsett, Wanner, Solving Ordinary Differential Equations I, §II.1; for
// the modified field, Hairer, Lubich, Wanner, Geometric Numerical Integration, §IX.1.
type OneStep struct {
	Of FieldModel
}

// Net returns the network of the model.
func (m OneStep) Net() *MLP { return m.Of.Net() }

// Loss returns the loss of states x: rows×2d, where y: rows×(2d+1) holds the slopes and
// the step.
func (m OneStep) Loss(x, y autodiff.Var) autodiff.Var {
	n := x.Cols()
	slope := autodiff.Slice(y, 0, n)
	h := autodiff.ExpandTo(autodiff.Slice(y, n, n+1), x.Rows(), n)
	at := func(share float64, k autodiff.Var) autodiff.Var {
		return m.Of.Field(autodiff.Add(x, autodiff.Scale(autodiff.Mul(h, k), share)))
	}
	k1 := m.Of.Field(x)
	k2 := at(0.5, k1)
	k3 := at(0.5, k2)
	k4 := at(1, k3)
	sum := autodiff.Add(autodiff.Add(k1, k4), autodiff.Scale(autodiff.Add(k2, k3), 2))
	return m.Of.mismatch(autodiff.Scale(sum, 1./6), slope)
}
