package nn

import "hnn/autodiff"

// A Baseline is the same network with 2d outputs. It predicts the time derivative itself, and
// nothing keeps an energy constant.
//
//	ẋ = (s/τ) N((x − μ)/s)
//
// Source: Greydanus, Dzamba, Yosinski, "Hamiltonian Neural Networks" (2019), §3.
type Baseline struct {
	N     *MLP
	Scale *Scaling
}

// Field returns the predicted time derivatives of a batch of states.
func (m *Baseline) Field(x autodiff.Var) autodiff.Var {
	return m.Scale.rateOut(m.N.Apply(m.Scale.in(x)))
}

// Dim returns 2d.
func (m *Baseline) Dim() int { return m.N.in() }

// Params returns the weights of N.
func (m *Baseline) Params() []*autodiff.Matrix { return m.N.Params() }

// Kind returns baseline.
func (m *Baseline) Kind() string { return "baseline" }

// Parts implements Stored.
func (m *Baseline) Parts(p *Parts) {
	Part(p, "network", &m.N)
	Part(p, "scaling", &m.Scale)
}

// Check implements Stored.
func (m *Baseline) Check() error {
	if err := m.N.check(m.N.in()); err != nil {
		return err
	}
	return m.Scale.check(m.Dim(), false)
}

func makeBaseline(n *Networks, s *Series, scale *Scaling) (Stored, error) {
	net, err := n.over(s, scale, 0, s.X.Cols, s.X.Cols)
	return &Baseline{net, scale}, err
}
