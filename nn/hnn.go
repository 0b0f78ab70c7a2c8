package nn

import (
	"fmt"

	"hnn/autodiff"
)

// A Model is what Train can train: its weights, and a loss that is a mean over the
// rows of a batch, so that the losses of chunks of rows combine exactly. With several
// workers each calls Loss, once for a number of rows. Save, Clone and Kind know the
// models of this package alone.
type Model interface {
	// Net returns the network.
	Net() *MLP
	// Loss returns the 1×1 training loss of states x: rows×2d against targets
	// y: rows×2d, which are time derivatives for HNN and Derivative and later
	// states for NextState.
	Loss(x, y autodiff.Var) autodiff.Var
}

// An HNN learns a Hamiltonian H(q, p) of d coordinate pairs from states
// x = [q₁ … q_d, p₁ … p_d] and their time derivatives.
//
//	H(x) = (c/τ) K((x − μ)/s),    ẋ = J ∇H(x),    J = [0 I; −I 0]
//
// K is the network, 2d inputs and one output, and μ, s, τ are the Scaling (none:
// H = K). Because the field is J∇H, H is constant along it, whatever the weights.
//
// Source: Greydanus, Dzamba, Yosinski, "Hamiltonian Neural Networks" (2019), eq. 3.
type HNN struct {
	K     *MLP
	Scale *Scaling
}

// Net returns K.
func (m *HNN) Net() *MLP { return m.K }

// H returns the learned Hamiltonian of a batch of states: rows×1.
func (m *HNN) H(x autodiff.Var) autodiff.Var {
	k := m.K.Apply(m.Scale.in(x))
	if m.Scale == nil {
		return k
	}
	return autodiff.Scale(k, m.Scale.energy())
}

// Field returns the symplectic gradient, one state and one derivative a row:
//
//	[q̇, ṗ] = [∂H/∂p, −∂H/∂q]
func (m *HNN) Field(x autodiff.Var) autodiff.Var {
	if x.Cols()%2 != 0 {
		panic(fmt.Sprintf("nn: Field: states of %d components are not pairs of q and p", x.Cols()))
	}
	return autodiff.Hamilton(m.H(x), x)
}

// Loss is the HNN loss; with a Scaling each component is measured in units of s/τ.
//
//	L = MSE(q̇, ∂H/∂p) + MSE(ṗ, −∂H/∂q)
//
// A sum of two means: for the same errors it is twice the loss of a Derivative.
//
// Source: Greydanus et al. (2019), eq. 3.
func (m *HNN) Loss(x, dx autodiff.Var) autodiff.Var { return m.mismatch(m.Field(x), dx) }

func (m *HNN) mismatch(f, dx autodiff.Var) autodiff.Var {
	e := m.Scale.rate(autodiff.Sub(f, dx))
	d := dx.Cols() / 2
	return autodiff.Add(meanSquare(autodiff.Slice(e, 0, d)), meanSquare(autodiff.Slice(e, d, 2*d)))
}

// A Derivative is the baseline: the same network with 2d outputs, trained to
// predict the time derivative itself. Nothing keeps an energy constant.
//
//	ẋ = (s/τ) N((x − μ)/s)
//
// Source: Greydanus et al. (2019), §3.
type Derivative struct {
	N     *MLP
	Scale *Scaling
}

// Net returns N.
func (m *Derivative) Net() *MLP { return m.N }

// Field returns the predicted time derivatives of a batch of states.
func (m *Derivative) Field(x autodiff.Var) autodiff.Var {
	return m.Scale.rateOut(m.N.Apply(m.Scale.in(x)))
}

// Loss is MSE(ẋ, Field(x)), each component in units of s/τ.
func (m *Derivative) Loss(x, dx autodiff.Var) autodiff.Var { return m.mismatch(m.Field(x), dx) }

func (m *Derivative) mismatch(f, dx autodiff.Var) autodiff.Var {
	return meanSquare(m.Scale.rate(autodiff.Sub(f, dx)))
}

// A NextState is the other baseline: the same network trained to predict the state
// one sampling interval later. It is rolled out by applying it again and again.
//
//	x(t+Δ) = μ + s N((x(t) − μ)/s)
type NextState struct {
	N     *MLP
	Scale *Scaling
	Dt    float64 // Δ
}

// Net returns N.
func (m *NextState) Net() *MLP { return m.N }

// Next returns the predicted states one interval later.
func (m *NextState) Next(x autodiff.Var) autodiff.Var {
	return m.Scale.out(m.N.Apply(m.Scale.in(x)))
}

// Loss is MSE(x(t+Δ), Next(x)), each component in units of s.
func (m *NextState) Loss(x, next autodiff.Var) autodiff.Var {
	return meanSquare(m.Scale.unit(autodiff.Sub(m.Next(x), next)))
}
