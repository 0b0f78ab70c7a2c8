package nn

import (
	"errors"
	"fmt"
	"math"

	"hnn/autodiff"
	"hnn/autodiff/kernel"
)

// Adam is the optimiser of Kingma and Ba, as PyTorch computes it. At step t, with
// gradient g, learning rate α and weight decay λ,
//
//	g ← g + λ θ                          (Decoupled: θ ← θ − α λ θ instead)
//	m ← β₁ m + (1−β₁) g
//	v ← β₂ v + (1−β₂) g²
//	θ ← θ − α/(1−β₁ᵗ) · m / (√v/√(1−β₂ᵗ) + ε)
//
// With AMSGrad, v in the last line is the largest v so far. To save a division, the last line
// is computed as θ ← θ − α r/(1−β₁ᵗ) · m / (√v + ε r), with r = √(1−β₂ᵗ).
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

// Step implements Rule.
func (a *Adam) Step(params, grads []*autodiff.Matrix, rate float64) {
	mustFit("Adam", params, grads, a.m)
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
		for lo, n := 0, len(p.Data); lo < n; lo += adamBlock { // a block fits into the nearest cache
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
			if !a.AMSGrad {
				kernel.Adam(x, m, v, g, a.Beta1, a.Beta2, s, eps)
				continue
			}
			kernel.Moments(m, v, g, a.Beta1, a.Beta2)
			top := a.vmax[i][lo:hi]
			for j := range v {
				top[j] = max(top[j], v[j])
			}
			kernel.Descend(x, m, top, s, eps)
		}
	}
}

// Kind returns adam.
func (a *Adam) Kind() string { return "adam" }

// Parts implements Composite.
func (a *Adam) Parts(p *Parts) {
	p.Number("beta1", &a.Beta1)
	p.Number("beta2", &a.Beta2)
	p.Number("eps", &a.Eps)
	p.Number("decay", &a.WeightDecay)
	p.Flag("decoupled", &a.Decoupled)
	p.Flag("amsgrad", &a.AMSGrad)
	p.Number("beta1t", &a.beta1t)
	p.Number("beta2t", &a.beta2t)
	p.Vectors("m", &a.m)
	p.Vectors("v", &a.v)
	p.Vectors("vmax", &a.vmax)
}

// Check reports settings or a state that do not fit the parameters.
func (a *Adam) Check(params []*autodiff.Matrix) error {
	fraction := func(v float64) bool { return v >= 0 && v < 1 }
	switch {
	case !fraction(a.Beta1) || !fraction(a.Beta2) || !(a.Eps > 0) || !(a.WeightDecay >= 0):
		return fmt.Errorf("adam: β₁ = %v, β₂ = %v, ε = %v, λ = %v: want β from 0 to below 1, ε above 0, λ from 0 up", a.Beta1, a.Beta2, a.Eps, a.WeightDecay)
	case (a.m == nil) != (a.v == nil) || a.vmax != nil && a.m == nil || (a.vmax != nil) != (a.AMSGrad && a.m != nil):
		return errors.New("adam: some of the moments are missing")
	case a.m != nil && !(fraction(a.beta1t) && fraction(a.beta2t)):
		return fmt.Errorf("adam: powers of β of %v and %v", a.beta1t, a.beta2t)
	}
	return checkShapes("adam: the moments", params, a.m, a.v, a.vmax)
}
