package nn

import (
	"errors"

	"hnn/autodiff"
)

// Step is the Objective that compares one step of a model from each state with the state
// that followed.
//
// For a Map it takes the pairs of states that are one step of the map apart. The loss is
// MSE(x(t+Δ), g(x(t))), each component in units of s.
//
// For a Field it takes the pairs of states that are Stride rows apart, and one step of the
// classical Runge–Kutta method. The gradient goes through all four stages. The loss is
// FieldLoss between the slope of the step and that of the data:
//
//	k₁ = f(x),  k₂ = f(x + h k₁/2),  k₃ = f(x + h k₂/2),  k₄ = f(x + h k₃),
//	(k₁ + 2k₂ + 2k₃ + k₄)/6 ≈ (x(t+h) − x(t))/h
//
// The fit finds the field whose steps pass through the data. The field whose exact motion does
// so differs from it by O(h⁴). The method is not symplectic, so no H of an HNN fits exactly:
// the remaining error is of the same order.
//
// Source: Hairer, Nørsett, Wanner, Solving Ordinary Differential Equations I, §II.1; for
// the modified field, Hairer, Lubich, Wanner, Geometric Numerical Integration, §IX.1.
type Step Comparison

// Scaling implements Objective.
func (o Step) Scaling(s *Series) (*Scaling, error) {
	d, err := Steps(s, or(o.Stride, 1))
	if err != nil {
		return nil, err
	}
	y := autodiff.NewMatrix(d.Y.Rows, s.X.Cols)
	for r := range y.Rows {
		copy(y.Row(r), d.Y.Row(r))
	}
	return s.fitScaling(d.X, y)
}

// Problem implements Objective for any Map or Field.
func (o Step) Problem(m Model, s *Series, scale *Scaling, workers int) (Problem, error) {
	if g, ok := m.(Map); ok {
		if or(o.Stride, 1) != 1 {
			return nil, errors.New("nn: step: a model of the next state has no stride: want 1")
		}
		d, err := NextStates(s, g.Dt())
		if err != nil {
			return nil, err
		}
		return NewRowProblem(m.Params(), d, workers,
			func(x, _ autodiff.Var) autodiff.Var { return g.Next(x) },
			func(predicted, next autodiff.Var) autodiff.Var {
				return meanSquare(scale.unit(autodiff.Sub(predicted, next)))
			})
	}
	f, ok := m.(Field)
	if !ok {
		return nil, errors.New("nn: step: this model has no motion: want a Field or a Map")
	}
	n := s.X.Cols
	if u, ok := DrivenBy(m); ok { // the inputs of the stages stand beside the states
		if err := s.drivable(u); err != nil {
			return nil, err
		}
		if err := s.complete(); err != nil {
			return nil, err
		}
		more, err := s.stages(or(o.Stride, 1))
		if err != nil {
			return nil, err
		}
		s = s.beside(more)
	}
	d, err := Steps(s, or(o.Stride, 1))
	if err != nil {
		return nil, err
	}
	return NewRowProblem(m.Params(), d, workers,
		func(x, y autodiff.Var) autodiff.Var {
			h := autodiff.Slice(y, x.Cols(), x.Cols()+1)
			return rk4Slope(stagesOf(f, autodiff.Slice(x, n, x.Cols())), autodiff.Slice(x, 0, n), h)
		},
		func(predicted, y autodiff.Var) autodiff.Var {
			return FieldLoss(predicted, autodiff.Slice(y, 0, predicted.Cols()), scale)
		})
}

// rk4Slope returns (k₁ + 2k₂ + 2k₃ + k₄)/6 for steps from x of lengths h, rows×1.
func rk4Slope(f stageField, x, h autodiff.Var) autodiff.Var {
	h = autodiff.ExpandTo(h, x.Rows(), x.Cols())
	at := func(share float64, k autodiff.Var, stage int) autodiff.Var {
		return f(autodiff.Add(x, autodiff.Scale(autodiff.Mul(h, k), share)), stage)
	}
	k1 := f(x, 0)
	k2 := at(0.5, k1, 1)
	k3 := at(0.5, k2, 1)
	k4 := at(1, k3, 2)
	sum := autodiff.Add(autodiff.Add(k1, k4), autodiff.Scale(autodiff.Add(k2, k3), 2))
	return autodiff.Scale(sum, 1./6)
}
