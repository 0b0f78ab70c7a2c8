package nn

import (
	"fmt"
	"math"

	"hnn/autodiff"
	"hnn/autodiff/elementary"
)

// A Scaling gives the network states of about unit size, X = (x − μ)/s, and time in
// units of τ, so that dX/d(t/τ) is of about unit size too.
//
// The scales of each pair have the same product, s(qᵢ) s(pᵢ) = c. That keeps the
// symplectic form up to the constant c: Hamilton's equations for K(X) in scaled
// variables are those for H = (c/τ) K in the original ones.
//
//	q̇ = ∂H/∂p = (c/τ) ∂K/∂P / s(p) = (s(q)/τ) ∂K/∂P = (s(q)/τ) dQ/d(t/τ)
//
// A nil *Scaling is the identity.
type Scaling struct {
	Mu  []float64 // μ, 2d
	S   []float64 // s, 2d, positive
	Tau float64   // τ, in units of t, positive
}

// FitScaling returns the Scaling of states x and derivatives dx (both rows×2d):
// μ is the mean, and with the standard deviations σ,
//
//	c = (Π σ(qᵢ) σ(pᵢ))^(1/d),   s(qᵢ) = √(c σ(qᵢ)/σ(pᵢ)),   s(pᵢ) = c / s(qᵢ),
//	1/τ = root mean square of ẋ/s.
//
// For one pair, s is σ.
func FitScaling(x, dx *autodiff.Matrix) (*Scaling, error) {
	n, d := x.Cols, x.Cols/2
	s := &Scaling{Mu: make([]float64, n), S: make([]float64, n)}
	sigma := make([]float64, n)
	for j := range n {
		for i := range x.Rows {
			s.Mu[j] += x.At(i, j) / float64(x.Rows)
		}
		for i := range x.Rows {
			e := x.At(i, j) - s.Mu[j]
			sigma[j] += float64(e*e) / float64(x.Rows)
		}
		sigma[j] = math.Sqrt(sigma[j])
		if !(sigma[j] > 1e-12*math.Abs(s.Mu[j])) || math.IsInf(sigma[j], 0) {
			return nil, fmt.Errorf("nn: scaling: component %d of the states does not vary (standard deviation %v)", j, sigma[j])
		}
	}
	logs := 0.
	for _, v := range sigma {
		logs += elementary.Log(v)
	}
	c := elementary.Exp(logs / float64(d))
	for i := range d {
		s.S[i] = math.Sqrt(c * (sigma[i] / sigma[d+i]))
		s.S[d+i] = c / s.S[i]
	}
	sum := 0.
	for i := range x.Rows {
		for j := range n {
			e := dx.At(i, j) / s.S[j]
			sum += float64(e*e) / float64(x.Rows*n)
		}
	}
	if !(sum > 0) || math.IsInf(sum, 0) {
		return nil, fmt.Errorf("nn: scaling: mean square of the derivatives is %v", sum)
	}
	s.Tau = 1 / math.Sqrt(sum)
	return s, nil
}

// energy returns c/τ, the factor between K and H.
func (s *Scaling) energy() float64 { return s.S[0] * s.S[len(s.S)/2] / s.Tau }

// in returns (x − μ)/s.
func (s *Scaling) in(x autodiff.Var) autodiff.Var {
	if s == nil {
		return x
	}
	return autodiff.Div(autodiff.Sub(x, s.rows(x, s.Mu, "mu")), s.rows(x, s.S, "s"))
}

// out returns μ + s⊙z.
func (s *Scaling) out(z autodiff.Var) autodiff.Var {
	if s == nil {
		return z
	}
	return autodiff.Add(autodiff.Mul(z, s.rows(z, s.S, "s")), s.rows(z, s.Mu, "mu"))
}

// unit returns e/s, a difference of states in units of s.
func (s *Scaling) unit(e autodiff.Var) autodiff.Var {
	if s == nil {
		return e
	}
	return autodiff.Div(e, s.rows(e, s.S, "s"))
}

// rate returns (τ/s)⊙e, a difference of derivatives in units of s/τ.
func (s *Scaling) rate(e autodiff.Var) autodiff.Var {
	if s == nil {
		return e
	}
	return autodiff.Scale(s.unit(e), s.Tau)
}

// rateOut returns (s/τ)⊙z, the inverse of rate.
func (s *Scaling) rateOut(z autodiff.Var) autodiff.Var {
	if s == nil {
		return z
	}
	return autodiff.Scale(autodiff.Mul(z, s.rows(z, s.S, "s")), 1/s.Tau)
}

// rows returns v as a row, repeated to the shape of x.
func (s *Scaling) rows(x autodiff.Var, v []float64, name string) autodiff.Var {
	m := &autodiff.Matrix{Rows: 1, Cols: len(v), Data: v}
	return autodiff.ExpandTo(x.Graph().Leaf(name, m), x.Rows(), x.Cols())
}
