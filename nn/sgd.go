package nn

import (
	"fmt"

	"hnn/autodiff"
)

// SGD is gradient descent with momentum, as PyTorch computes it.
//
//	g ← g + λ θ,    b ← μ b + g  (b = g at the first step),    θ ← θ − α b
type SGD struct {
	Momentum    float64 // μ
	WeightDecay float64 // λ

	b [][]float64
}

// Step implements Rule.
func (s *SGD) Step(params, grads []*autodiff.Matrix, rate float64) {
	mustFit("SGD", params, grads, s.b)
	if s.b == nil {
		s.b = zeros(params)
	}
	for i, p := range params {
		x, b := p.Data, s.b[i]
		for j, g := range grads[i].Data {
			if s.WeightDecay != 0 {
				g += float64(s.WeightDecay * x[j])
			}
			b[j] = float64(s.Momentum*b[j]) + g
			x[j] -= float64(rate * b[j])
		}
	}
}

// Kind returns sgd.
func (s *SGD) Kind() string { return "sgd" }

// Parts implements Composite.
func (s *SGD) Parts(p *Parts) {
	p.Number("momentum", &s.Momentum)
	p.Number("decay", &s.WeightDecay)
	p.Vectors("b", &s.b)
}

// Check reports settings or a state that do not fit the parameters.
func (s *SGD) Check(params []*autodiff.Matrix) error {
	if !(s.Momentum >= 0 && s.Momentum < 1 && s.WeightDecay >= 0) {
		return fmt.Errorf("sgd: μ = %v, λ = %v: want μ from 0 to below 1, λ from 0 up", s.Momentum, s.WeightDecay)
	}
	return checkShapes("sgd: the momenta", params, s.b)
}
