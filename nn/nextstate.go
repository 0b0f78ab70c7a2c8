package nn

import (
	"errors"
	"fmt"
	"iter"
	"slices"

	"hnn/autodiff"
)

// A NextState is a second baseline: the same network predicts the state one sampling
// interval Δ later. It is rolled out by applying it again and again: see Orbit.
//
//	x(t+Δ) = μ + s N((x(t) − μ)/s)
type NextState struct {
	N        *MLP
	Scale    *Scaling
	Interval float64 // Δ, in units of the time of the data
}

// Next returns the predicted states one interval later.
func (m *NextState) Next(x autodiff.Var) autodiff.Var {
	return m.Scale.out(m.N.Apply(m.Scale.in(x)))
}

// Dt returns Δ.
func (m *NextState) Dt() float64 { return m.Interval }

// Orbit returns the states x₀, g(x₀), g(g(x₀)), … of a map, with their times 0, Δ, 2Δ, ….
// The sequence has no end. Each turn overwrites the slice of the turn before.
func Orbit(m Map, x0 []float64) iter.Seq2[float64, []float64] {
	next := Func(m.Next, m.Dim())
	return func(yield func(float64, []float64) bool) {
		x := append([]float64(nil), x0...)
		for i := 0; yield(float64(i)*m.Dt(), x); i++ {
			next(x, x)
		}
	}
}

// Dim returns 2d.
func (m *NextState) Dim() int { return m.N.in() }

// Params returns the weights of N.
func (m *NextState) Params() []*autodiff.Matrix { return m.N.Params() }

// Kind returns nextstate.
func (m *NextState) Kind() string { return "nextstate" }

// Parts implements Stored.
func (m *NextState) Parts(p *Parts) {
	Part(p, "network", &m.N)
	Part(p, "scaling", &m.Scale)
	p.Number("dt", &m.Interval)
}

// Check implements Stored.
func (m *NextState) Check() error {
	if !(m.Interval > 0) || m.Interval-m.Interval != 0 {
		return fmt.Errorf("dt is %v, want a positive number", m.Interval)
	}
	if err := m.N.check(m.N.in()); err != nil {
		return err
	}
	return m.Scale.check(m.Dim(), false)
}

func makeNextState(n *Networks, s *Series, scale *Scaling) (Stored, error) {
	if slices.Contains(s.Periodic, true) {
		return nil, errors.New("nn: a nextstate model has no angles: want another kind")
	}
	dt, err := s.Interval()
	if err != nil {
		return nil, err
	}
	net, err := n.New(s.X.Cols, s.X.Cols)
	return &NextState{net, scale, dt}, err
}
