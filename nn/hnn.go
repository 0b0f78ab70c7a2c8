package nn

import "hnn/autodiff"

// An HNN learns a Hamiltonian H(q, p) of d coordinate pairs from states
// x = [q₁ … q_d, p₁ … p_d] and their time derivatives.
//
//	H(x) = (c/τ) K((x − μ)/s),    ẋ = J ∇H(x),    J = [0 I; −I 0]
//
// K is the network, with 2d inputs and one output. μ, s, τ and c are those of the Scaling.
// Without a Scaling, H = K. Because the field is J∇H, H is constant along the motion, whatever
// the weights.
//
// Source: Greydanus, Dzamba, Yosinski, "Hamiltonian Neural Networks" (2019), eq. 3.
type HNN struct {
	K     *MLP
	Scale *Scaling
}

// H returns the learned Hamiltonian of a batch of states: rows×1.
func (m *HNN) H(x autodiff.Var) autodiff.Var {
	k := m.K.Apply(m.Scale.in(x))
	if m.Scale == nil {
		return k
	}
	return autodiff.Scale(k, m.Scale.energy())
}

// Field returns the symplectic gradient J∇H, one state and one derivative a row:
//
//	[q̇, ṗ] = [∂H/∂p, −∂H/∂q]
func (m *HNN) Field(x autodiff.Var) autodiff.Var { return autodiff.Hamilton(m.H(x), x) }

// Dim returns 2d.
func (m *HNN) Dim() int { return m.K.in() }

// Params returns the weights of K.
func (m *HNN) Params() []*autodiff.Matrix { return m.K.Params() }

// Kind returns hnn.
func (m *HNN) Kind() string { return "hnn" }

// Parts implements Stored.
func (m *HNN) Parts(p *Parts) {
	Part(p, "network", &m.K)
	Part(p, "scaling", &m.Scale)
}

// Check implements Stored.
func (m *HNN) Check() error {
	if err := m.K.check(1); err != nil {
		return err
	}
	return m.Scale.check(m.Dim(), true)
}

func makeHNN(n *Networks, s *Series, scale *Scaling) (Stored, error) {
	net, err := n.over(s, scale, 0, s.X.Cols, 1)
	return &HNN{net, scale}, err
}
