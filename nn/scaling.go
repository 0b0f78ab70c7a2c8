package nn

import (
	"errors"
	"fmt"
	"math"

	"hnn/autodiff"
	"hnn/autodiff/elementary"
)

// A Scaling gives the network states of about unit size, X = (x − μ)/s. It measures time in
// units of τ, so that dX/d(t/τ) is of about unit size too.
//
// The scales of each pair have the same product, s(qᵢ) s(pᵢ) = c. This keeps the symplectic
// form up to the factor c: Hamilton's equations of K(X) in scaled variables are the equations
// of H = (c/τ) K in the original variables.
//
//	q̇ = ∂H/∂p = (c/τ) ∂K/∂P / s(p) = (s(q)/τ) ∂K/∂P = (s(q)/τ) dQ/d(t/τ)
//
// A nil *Scaling is the identity.
type Scaling struct {
	Mu  *autodiff.Matrix // μ, 1×2d
	S   *autodiff.Matrix // s, 1×2d, positive
	Tau float64          // τ, in units of t, positive
}

// FitScaling returns the Scaling of states x and derivatives dx (both rows×2d):
// μ is the mean, and with the standard deviations σ,
//
//	c = (Π σ(qᵢ) σ(pᵢ))^(1/d),   s(qᵢ) = √(c σ(qᵢ)/σ(pᵢ)),   s(pᵢ) = c / s(qᵢ),
//	1/τ = root mean square of ẋ/s.
//
// For one pair, s is σ.
func FitScaling(x, dx *autodiff.Matrix) (*Scaling, error) {
	if x == nil || dx == nil {
		return nil, errors.New("nn: scaling: no states, or no derivatives")
	}
	n, d := x.Cols, x.Cols/2
	if len(x.Data) != x.Rows*n || len(dx.Data) != dx.Rows*dx.Cols || n == 0 || n%2 != 0 {
		return nil, fmt.Errorf("nn: scaling: states of %d×%d and derivatives of %d×%d with %d and %d elements: want pairs of q and p", x.Rows, n, dx.Rows, dx.Cols, len(x.Data), len(dx.Data))
	}
	if x.Rows < 2 || dx.Rows != x.Rows || dx.Cols != n {
		return nil, fmt.Errorf("nn: scaling: %d rows of states and %d of derivatives are left: want at least 2 of both", x.Rows, dx.Rows)
	}
	s := &Scaling{Mu: autodiff.NewMatrix(1, n), S: autodiff.NewMatrix(1, n)}
	mu, unit := s.Mu.Data, s.S.Data
	sigma := make([]float64, n)
	for j := range n {
		for i := range x.Rows {
			mu[j] += x.At(i, j) / float64(x.Rows)
		}
		spread := 0.
		for i := range x.Rows {
			e := x.At(i, j) - mu[j]
			sigma[j] += float64(e*e) / float64(x.Rows)
			spread = max(spread, math.Abs(e))
		}
		sigma[j] = math.Sqrt(sigma[j])
		if v := sigma[j] - sigma[j]; v != 0 {
			return nil, fmt.Errorf("nn: scaling: the square of component %d of the states overflows: want values below 1e150, in other units", j)
		}
		if sigma[j] == 0 && spread > 1e-12*math.Abs(mu[j]) {
			return nil, fmt.Errorf("nn: scaling: the square of component %d of the states underflows: want values above 1e-150, in other units", j)
		}
		if !(sigma[j] > 1e-12*math.Abs(mu[j])) {
			return nil, fmt.Errorf("nn: scaling: component %d of the states does not vary (standard deviation %v)", j, sigma[j])
		}
	}
	logs := 0.
	for _, v := range sigma {
		logs += elementary.Log(v)
	}
	c := elementary.Exp(logs / float64(d))
	for i := range d {
		unit[i] = math.Sqrt(c * (sigma[i] / sigma[d+i]))
		unit[d+i] = c / unit[i]
	}
	sum, rest := 0., true
	for i := range x.Rows {
		for j := range n {
			e := dx.At(i, j) / unit[j]
			rest = rest && dx.At(i, j) == 0
			sum += float64(e*e) / float64(x.Rows*n)
		}
	}
	if sum-sum != 0 {
		return nil, errors.New("nn: scaling: the square of a derivative overflows: want states and times in other units")
	}
	if sum == 0 && !rest {
		return nil, errors.New("nn: scaling: the squares of the derivatives underflow: want states and times in other units")
	}
	if sum == 0 {
		return nil, errors.New("nn: scaling: all derivatives are 0: want states that move")
	}
	s.Tau = 1 / math.Sqrt(sum)
	return s, nil
}

// Parts implements Composite.
func (s *Scaling) Parts(p *Parts) {
	p.Row("mu", &s.Mu)
	p.Row("s", &s.S)
	p.Number("tau", &s.Tau)
}

// check reports what is wrong with the scaling of states of n numbers. If symplectic is set,
// the scales of all pairs must have the same product, as a model with a Hamiltonian needs it.
// A nil scaling is right.
func (s *Scaling) check(n int, symplectic bool) error {
	if s == nil {
		return nil
	}
	if s.Mu == nil || s.S == nil || len(s.Mu.Data) != n || len(s.S.Data) != n || !(s.Tau > 0) || s.Tau-s.Tau != 0 || n < 2 {
		return fmt.Errorf("the scaling does not have mu and s of %d numbers and a positive tau", n)
	}
	for i, v := range s.S.Data {
		if mu := s.Mu.Data[i]; !(v > 0) || v-v != 0 || mu-mu != 0 {
			return fmt.Errorf("scale %d is %v, want a positive number, and mu %v, want a finite one", i, v, mu)
		}
	}
	d := n / 2
	c := float64(s.S.Data[0] * s.S.Data[d])
	if !(c > 0) || c-c != 0 {
		return fmt.Errorf("the scales of pair 0 have the product %v", c)
	}
	for i := 1; i < d && symplectic; i++ {
		if ci := float64(s.S.Data[i] * s.S.Data[d+i]); !(math.Abs(ci-c) <= 1e-9*c) {
			return fmt.Errorf("the scales of pair %d have the product %v, those of pair 0 %v: H would not be that of the field", i, ci, c)
		}
	}
	return nil
}

// energy returns c/τ, the factor between K and H.
func (s *Scaling) energy() float64 { return s.S.Data[0] * s.S.Data[len(s.S.Data)/2] / s.Tau }

// in returns (x − μ)/s.
func (s *Scaling) in(x autodiff.Var) autodiff.Var {
	if s == nil {
		return x
	}
	return autodiff.Div(autodiff.Sub(x, rowsLike(x, s.Mu, "mu")), rowsLike(x, s.S, "s"))
}

// out returns μ + s⊙z.
func (s *Scaling) out(z autodiff.Var) autodiff.Var {
	if s == nil {
		return z
	}
	return autodiff.Add(autodiff.Mul(z, rowsLike(z, s.S, "s")), rowsLike(z, s.Mu, "mu"))
}

// unit returns e/s, a difference of states in units of s.
func (s *Scaling) unit(e autodiff.Var) autodiff.Var {
	if s == nil {
		return e
	}
	return autodiff.Div(e, rowsLike(e, s.S, "s"))
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
	return autodiff.Scale(autodiff.Mul(z, rowsLike(z, s.S, "s")), 1/s.Tau)
}

// rowsLike returns v, 1×n, repeated to the shape of x.
func rowsLike(x autodiff.Var, v *autodiff.Matrix, name string) autodiff.Var {
	return autodiff.ExpandTo(x.Graph().Leaf(name, v), x.Rows(), x.Cols())
}
