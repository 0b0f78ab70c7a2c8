package nn

import (
	"fmt"

	"hnn/autodiff"
)

// A Mechanical model knows its kinetic energy and learns the potential:
//
//	H(q, p) = Σᵢ pᵢ²/2mᵢ + V(q),    V(q) = (c/τ) N((q − μ)/s)
//
// N is a network of d inputs, and μ, s, c, τ are the Scaling (none: V = N). So momenta are
// mᵢ q̇ᵢ, and can be found where positions alone were observed. Without the masses they could
// not: any m would do, with V and p in proportion to it.
type Mechanical struct {
	N      *MLP
	Masses []float64 // mᵢ, d of them, positive
	Scale  *Scaling
}

// H returns the Hamiltonian of a batch of states: rows×1.
func (m *Mechanical) H(x autodiff.Var) autodiff.Var {
	d := x.Cols() / 2
	v := m.N.Apply(autodiff.Slice(m.Scale.in(x), 0, d))
	if m.Scale != nil {
		v = autodiff.Scale(v, m.Scale.energy())
	}
	for i, mass := range m.Masses {
		p := autodiff.Slice(x, d+i, d+i+1)
		v = autodiff.Add(v, autodiff.Scale(autodiff.Mul(p, p), 1/(2*mass)))
	}
	return v
}

// Field returns the symplectic gradient J∇H: q̇ᵢ = pᵢ/mᵢ, ṗ = −∇V.
func (m *Mechanical) Field(x autodiff.Var) autodiff.Var { return autodiff.Hamilton(m.H(x), x) }

// Separable tells that H = T(p) + V(q).
func (m *Mechanical) Separable() bool { return true }

// Dim returns 2d.
func (m *Mechanical) Dim() int { return 2 * m.N.in() }

// Params returns the weights of N.
func (m *Mechanical) Params() []*autodiff.Matrix { return m.N.Params() }

// Kind returns mechanical.
func (m *Mechanical) Kind() string { return "mechanical" }

// Parts implements Stored.
func (m *Mechanical) Parts(p *Parts) {
	Part(p, "network", &m.N)
	p.Numbers("masses", &m.Masses)
	Part(p, "scaling", &m.Scale)
}

// Check implements Stored.
func (m *Mechanical) Check() error {
	if err := m.N.check(1); err != nil {
		return err
	}
	if len(m.Masses) != m.N.in() {
		return fmt.Errorf("there are %d masses for %d coordinates", len(m.Masses), m.N.in())
	}
	for i, v := range m.Masses {
		if !(v > 0) || v-v != 0 {
			return fmt.Errorf("mass %d is %v, want a positive number", i, v)
		}
	}
	return m.Scale.check(m.Dim(), true)
}

func makeMechanical(n *Networks, s *Series, scale *Scaling) (Stored, error) {
	d := s.X.Cols / 2
	masses, err := n.masses(d)
	if err != nil {
		return nil, err
	}
	net, err := n.over(s, scale, 0, d, 1)
	return &Mechanical{net, masses, scale}, err
}

// masses returns a mass for each of d coordinates.
func (n *Networks) masses(d int) ([]float64, error) {
	m := make([]float64, d)
	for i := range m {
		switch len(n.Masses) {
		case 0:
			m[i] = 1
		case 1:
			m[i] = n.Masses[0]
		case d:
			m[i] = n.Masses[i]
		default:
			return nil, fmt.Errorf("nn: %d masses for %d coordinates: want one, or one for each", len(n.Masses), d)
		}
	}
	return m, nil
}

// Positions makes a series of coordinates alone, rows×d, at times t. The momenta are hidden,
// and start from the rates of the coordinates times the masses: one for all, or one for each.
// Only the objective Shooting takes it.
func Positions(t []float64, q *autodiff.Matrix, starts []int, masses []float64) (*Series, error) {
	if q == nil || q.Cols == 0 {
		return nil, fmt.Errorf("nn: no coordinates")
	}
	d := q.Cols
	m, err := (&Networks{Masses: masses}).masses(d)
	if err != nil {
		return nil, err
	}
	bare := &Series{T: t, X: q, Starts: starts}
	if err := bare.timed(); err != nil {
		return nil, err
	}
	_, rate := bare.smoothed()
	s := &Series{T: t, X: autodiff.NewMatrix(q.Rows, 2*d), Starts: starts, Hidden: make([]bool, 2*d)}
	for i := range d {
		s.Hidden[d+i] = true
	}
	for r := range q.Rows {
		copy(s.X.Row(r), q.Row(r))
		for i := range d {
			s.X.Row(r)[d+i] = m[i] * rate.At(r, i)
		}
	}
	return s, nil
}
