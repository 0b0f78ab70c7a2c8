package nn

import (
	"math"

	"hnn/autodiff"
	"hnn/autodiff/kernel"
)

// An Optimizer changes parameters against their gradients. It keeps a state for
// each parameter, so one Optimizer serves one list of parameters.
type Optimizer interface {
	// Step updates params in place; grads has the same shapes and may be changed.
	Step(params, grads []*autodiff.Matrix, rate float64)
}

// Adam is the optimiser of Kingma and Ba, as PyTorch computes it. At step t, with
// gradient g, learning rate α and weight decay λ,
//
//	g ← g + λ θ                          (Decoupled: θ ← θ − α λ θ instead)
//	m ← β₁ m + (1−β₁) g
//	v ← β₂ v + (1−β₂) g²
//	θ ← θ − α/(1−β₁ᵗ) · m / (√v/√(1−β₂ᵗ) + ε)
//
// With AMSGrad, v in the last line is the largest v so far.
//
// Source: Kingma and Ba, "Adam" (2015), Algorithm 1; Loshchilov and Hutter (2019)
// for Decoupled; Reddi, Kale and Kumar (2018) for AMSGrad.
type Adam struct {
	Beta1, Beta2 float64 // β₁, β₂
	Eps          float64 // ε
	WeightDecay  float64 // λ
	Decoupled    bool
	AMSGrad      bool

	beta1t, beta2t float64 // β₁ᵗ, β₂ᵗ; 0 before the first step
	m, v, vmax     [][]float64
}

// NewAdam returns Adam with the defaults β₁ = 0.9, β₂ = 0.999, ε = 1e-8.
func NewAdam() *Adam { return &Adam{Beta1: 0.9, Beta2: 0.999, Eps: 1e-8} }

// Step implements Optimizer.
func (a *Adam) Step(params, grads []*autodiff.Matrix, rate float64) {
	if a.m == nil {
		a.m, a.v, a.beta1t, a.beta2t = zeros(params), zeros(params), 1, 1
		if a.AMSGrad {
			a.vmax = zeros(params)
		}
	}
	a.beta1t = float64(a.beta1t * a.Beta1)
	a.beta2t = float64(a.beta2t * a.Beta2)
	s, r := rate/(1-a.beta1t), math.Sqrt(1-a.beta2t)
	for i, p := range params {
		g := grads[i].Data
		decay(p.Data, g, a.WeightDecay, a.Decoupled, rate)
		kernel.Moments(a.m[i], a.v[i], g, a.Beta1, a.Beta2)
		v := a.v[i]
		if a.AMSGrad {
			for j := range v {
				a.vmax[i][j] = max(a.vmax[i][j], v[j])
			}
			v = a.vmax[i]
		}
		kernel.Descend(p.Data, a.m[i], v, s, r, a.Eps)
	}
}

// SGD is gradient descent with momentum, as PyTorch computes it.
//
//	g ← g + λ θ,    b ← μ b + g  (b = g at the first step),    θ ← θ − α b
type SGD struct {
	Momentum    float64 // μ
	WeightDecay float64 // λ

	b [][]float64
}

// Step implements Optimizer.
func (s *SGD) Step(params, grads []*autodiff.Matrix, rate float64) {
	if s.b == nil {
		s.b = zeros(params)
	}
	for i, p := range params {
		g, b := grads[i].Data, s.b[i]
		decay(p.Data, g, s.WeightDecay, false, rate)
		for j := range g {
			b[j] = float64(s.Momentum*b[j]) + g[j]
			p.Data[j] -= float64(rate * b[j])
		}
	}
}

// decay adds λθ to the gradient or, decoupled, takes αλθ from the parameters.
func decay(x, g []float64, lambda float64, decoupled bool, rate float64) {
	switch {
	case lambda == 0:
	case decoupled:
		kernel.ScaleTo(x, x, 1-float64(rate*lambda))
	default:
		for j := range g {
			g[j] += float64(lambda * x[j])
		}
	}
}

func zeros(params []*autodiff.Matrix) [][]float64 {
	z := make([][]float64, len(params))
	for i, p := range params {
		z[i] = make([]float64, len(p.Data))
	}
	return z
}
