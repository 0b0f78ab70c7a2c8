package nn

import (
	"errors"
	"fmt"

	"hnn/autodiff"
)

// An Estimate names a source of time derivatives.
type Estimate string

// The estimates.
const (
	Given    Estimate = "given"    // those of the series
	Central  Estimate = "central"  // central differences: see Differences
	Smoothed Estimate = "smooth"   // from cubics fitted to a window of rows: see Smooth
	Midpoint Estimate = "midpoint" // slopes between two states, at their middle: see Midpoints
)

// Derivatives is the Objective that compares a Field with time derivatives by FieldLoss. From
// says where they come from. By default they are those of the series, or central differences
// if the series has none.
type Derivatives Comparison

// Data returns the states and their derivatives.
func (o Derivatives) Data(s *Series) (*Data, error) {
	if err := s.complete(); err != nil {
		return nil, err
	}
	from := o.From
	if from == "" {
		if from = Given; s.DX == nil {
			from = Central
		}
	}
	switch from {
	case Given:
		if s.DX == nil {
			return nil, errors.New("nn: the series has no derivatives: want them, or one of central, smooth and midpoint")
		}
		return &Data{X: s.X, Y: s.DX, Starts: s.Starts}, nil
	case Central:
		return Differences(s, or(o.Order, 2), or(o.Stride, 1))
	case Smoothed:
		return Smooth(s, or(o.Window, 5))
	case Midpoint:
		return Midpoints(s, or(o.Stride, 1))
	}
	return nil, fmt.Errorf("nn: no derivatives are called %q: want given, central, smooth or midpoint", o.From)
}

// or returns v, or w in place of 0.
func or(v, w int) int {
	if v == 0 {
		return w
	}
	return v
}

// Scaling implements Objective.
func (o Derivatives) Scaling(s *Series) (*Scaling, error) {
	d, err := o.Data(s)
	if err != nil {
		return nil, err
	}
	return s.fitScaling(d.X, d.Y)
}

// Problem implements Objective for any Field.
func (o Derivatives) Problem(m Model, s *Series, scale *Scaling, workers int) (Problem, error) {
	f, ok := m.(Field)
	if !ok {
		return nil, errors.New("nn: this model has no field to compare with derivatives: want the objective step")
	}
	field := f.Field
	if u, driven := DrivenBy(m); driven { // inputs stand beside the states
		if err := s.Check(); err != nil {
			return nil, err
		}
		if err := s.drivable(u); err != nil {
			return nil, err
		}
		s, field = s.beside(s.U), driveBeside(u)
	}
	d, err := o.Data(s)
	if err != nil {
		return nil, err
	}
	return NewRowProblem(m.Params(), d, workers,
		func(x, _ autodiff.Var) autodiff.Var { return field(x) },
		func(predicted, dx autodiff.Var) autodiff.Var {
			return FieldLoss(predicted, autodiff.Slice(dx, 0, predicted.Cols()), scale)
		})
}
