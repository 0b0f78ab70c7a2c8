package nn

import (
	"context"
	"fmt"

	"hnn/autodiff"
)

// settleIterations bounds Settle. The fits of the segments do not depend on each other, so few
// iterations serve all of them.
const settleIterations = 30

// Settle fits the initial states of the segments to the data, from their first guesses, and
// holds the parameters of the model. Fit calls it before each loss of a validation set, whose
// initial states nothing else fits.
func (p *ShootingProblem) Settle(ctx context.Context) error {
	copy(p.start.Data, p.guess)
	return p.settle(ctx, settled)
}

// settled is the relative decrease of the loss at which Settle ends.
const settled = 1e-6

func (p *ShootingProblem) settle(ctx context.Context, tol float64) error {
	return (&LBFGS{Iterations: settleIterations, LossTol: tol}).Minimize(ctx, startsOf{p}, nil)
}

// startsOf is a ShootingProblem whose only unknowns are the initial states.
type startsOf struct{ *ShootingProblem }

func (p startsOf) Params() []*autodiff.Matrix { return p.params[len(p.model):] }

func (p startsOf) Grads() []*autodiff.Matrix { return p.ShootingProblem.Grads()[len(p.model):] }

// Momenta returns the series with those values of its hidden components that suit the model:
// the model is held, and the states at the starts of segments of 1, 5 and 20 time scales of the
// data, one length after the other, are fitted to what was observed. A series without hidden
// components is returned as it is.
func Momenta(ctx context.Context, m Model, s *Series) (*Series, error) {
	if s.Hidden == nil {
		return s, nil
	}
	scale, err := Shooting{}.Scaling(s)
	if err != nil {
		return nil, err
	}
	var last *ShootingProblem
	for i, length := range []float64{1, 5, 20} {
		next, err := Shooting{Segment: length * scale.Tau}.Problem(m, s, scale, 0)
		if err != nil {
			return nil, err
		}
		p := next.(*ShootingProblem)
		defer p.Close()
		if last != nil {
			p.Warm(last)
		}
		tol := 1e-3 // where longer segments come, which begin from these
		if i == 2 {
			tol = settled
		}
		if err := p.settle(ctx, tol); err != nil {
			return nil, fmt.Errorf("momenta: %w", err)
		}
		last = p
	}
	found, states := *s, last.states()
	x := cloned(s.X)
	found.X, found.DX = x, nil
	for r := range x.Rows {
		for j, v := range states.Row(r) {
			if s.Hidden[j] && v-v == 0 {
				x.Row(r)[j] = v
			}
		}
	}
	return &found, nil
}

// Begin returns the state at the start of each trajectory, a row each, that suits the model and
// the first rows of the trajectory best: the model is held.
func Begin(ctx context.Context, m Model, s *Series, rows int) (*autodiff.Matrix, error) {
	n := s.X.Cols
	all := autodiff.NewMatrix(s.Runs(), n)
	for i := range s.Runs() {
		lo, hi := s.Run(i)
		if hi-lo < 2 || rows < 2 {
			return nil, fmt.Errorf("nn: begin: %d rows of trajectory %d, which has %d: want two at least", rows, i, hi-lo)
		}
		part := s.part(lo, min(hi, lo+rows))
		next, err := Shooting{}.Problem(m, part, nil, 1)
		if err != nil {
			return nil, err
		}
		p := next.(*ShootingProblem)
		defer p.Close()
		if p.segments[0].first != 0 || len(p.segments) > 1 {
			return nil, fmt.Errorf("nn: begin: the first %d rows of trajectory %d have a gap: want rows without", rows, i)
		}
		if err := p.settle(ctx, settled); err != nil {
			return nil, err
		}
		for j := range n {
			all.Row(i)[j] = p.start.At(0, j) * p.unit.Data[j]
		}
	}
	return all, nil
}
