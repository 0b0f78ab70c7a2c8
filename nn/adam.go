package nn

import (
	"math"

	"hnn/autodiff"
	"hnn/autodiff/kernel"
)

// An Optimizer changes parameters against their gradients. It keeps a state for
// each parameter, so one Optimizer serves one list of parameters.
type Optimizer interface {
	// Step updates params in place; grads has the same shapes and is only read.
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
// With AMSGrad, v in the last line is the largest v so far. The last line is computed
// as θ ← θ − α r/(1−β₁ᵗ) · m / (√v + ε r) with r = √(1−β₂ᵗ), one division less.
//
// Source: Kingma and Ba, "Adam" (2015), Algorithm 1 and end of §2; Loshchilov and Hutter (2019)
// for Decoupled; Reddi, Kale and Kumar (2018) for AMSGrad.
type Adam struct {
	Beta1, Beta2 float64 // β₁, β₂
	Eps          float64 // ε
	WeightDecay  float64 // λ
	Decoupled    bool
	AMSGrad      bool

	beta1t, beta2t float64 // β₁ᵗ, β₂ᵗ; 0 before the first step
	m, v, vmax     [][]float64
	g              []float64 // a block of g + λ θ
}

// adamBlock is how many parameters are updated at a time.
const adamBlock = 1024

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
	r := math.Sqrt(1 - a.beta2t)
	s, eps := float64(rate*r)/(1-a.beta1t), float64(a.Eps*r)
	for i, p := range params {
		for lo, n := 0, len(p.Data); lo < n; lo += adamBlock { // each block while it is in the nearest cache
			hi := min(lo+adamBlock, n)
			x, g, m, v := p.Data[lo:hi], grads[i].Data[lo:hi], a.m[i][lo:hi], a.v[i][lo:hi]
			switch {
			case a.WeightDecay == 0:
			case a.Decoupled:
				kernel.ScaleTo(x, x, 1-float64(rate*a.WeightDecay))
			default:
				a.g = append(a.g[:0], g...)
				kernel.AddScaled(a.g, x, a.WeightDecay)
				g = a.g
			}
			kernel.Moments(m, v, g, a.Beta1, a.Beta2)
			if a.AMSGrad {
				top := a.vmax[i][lo:hi]
				for j := range v {
					top[j] = max(top[j], v[j])
				}
				v = top
			}
			kernel.Descend(x, m, v, s, eps)
		}
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

func zeros(params []*autodiff.Matrix) [][]float64 {
	z := make([][]float64, len(params))
	for i, p := range params {
		z[i] = make([]float64, len(p.Data))
	}
	return z
}
