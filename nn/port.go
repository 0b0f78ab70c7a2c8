package nn

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"hnn/autodiff"
	"hnn/autodiff/formula"
)

// A Port is a port-Hamiltonian system: energy moves by J∇H, is lost by friction and comes in
// from inputs u.
//
//	ẋ = (J − R(x)) ∇H(x) + G(x) u,    J = [0 I; −I 0],   R = Rᵀ ⪰ 0
//	dH/dt = −∇Hᵀ R ∇H + yᵀu ≤ yᵀu,    y = Gᵀ∇H
//
// H is a typed expression of the state, with constants that are known or to be fitted, and with
// networks: see expression.go. Without more it is net(q, p), and the model is an HNN. R = Rᵀ ⪰ 0
// by construction, see friction.go, so the model is passive whatever its weights. Unless states are
// named, both R and G act on the momenta alone: friction takes momentum, and inputs are forces.
//
// Source: van der Schaft, Jeltsema, "Port-Hamiltonian Systems Theory: An Introductory Overview"
// (2014), §2.5.
type Port struct {
	Hamiltonian string   // the expression of H
	Names       []string // of the components of the state
	InputNames  []string // of u; nil: none
	Friction    string   // see friction.go; "": none
	Gain        string   // likewise
	Constants   []*TypedConstant
	Networks    []*Network
}

// H returns the Hamiltonian of a batch of states: rows×1.
func (m *Port) H(x autodiff.Var) autodiff.Var { return m.value(m.Hamiltonian, x) }

// texts returns the expressions of H and, if it is typed, of friction.
func (m *Port) texts() []string {
	if p := m.friction(); p.typed() {
		return []string{m.Hamiltonian, p.form}
	}
	return []string{m.Hamiltonian}
}

// value returns an expression at states x.
func (m *Port) value(text string, x autodiff.Var) autodiff.Var {
	b, err := bind(text, m.Names, m.Constants)
	if err != nil {
		panic(fmt.Sprintf("nn: Port: %v", err)) // Check reports it
	}
	return b.at(x, func(c formula.Call, args []autodiff.Var) autodiff.Var {
		return m.network(networkName(c)).Apply(beside(args))
	})
}

// network returns the network of a name, nil if there is none.
func (m *Port) network(name string) *Network {
	for _, n := range m.Networks {
		if n.Name == name {
			return n
		}
	}
	return nil
}

// constant returns the constant of a name, nil if there is none.
func (m *Port) constant(name string) *TypedConstant {
	for _, c := range m.Constants {
		if c.Name == name {
			return c
		}
	}
	return nil
}

// Conservative returns J∇H at each row of x.
func (m *Port) Conservative(x autodiff.Var) autodiff.Var { return autodiff.Hamilton(m.H(x), x) }

// Dissipative returns −R∇H at each row of x.
func (m *Port) Dissipative(x autodiff.Var) autodiff.Var {
	if m.Friction == "" {
		return x.Graph().Const(x.Rows(), x.Cols(), 0)
	}
	p := m.friction()
	return p.place(m.lost(x, p.efforts(m.Conservative(x))), x.Cols())
}

// Supplied returns G u at each row of x and u.
func (m *Port) Supplied(x, u autodiff.Var) autodiff.Var {
	return m.gain().place(m.supplied(x, u), x.Cols())
}

// Field returns the motion without inputs, one state and one derivative a row.
func (m *Port) Field(x autodiff.Var) autodiff.Var {
	f := m.Conservative(x)
	if m.Friction == "" {
		return f
	}
	return autodiff.Add(f, m.Dissipative(x))
}

// Drive implements Driven.
func (m *Port) Drive(x, u autodiff.Var) autodiff.Var {
	return autodiff.Add(m.Field(x), m.Supplied(x, u))
}

// Inputs implements Driven.
func (m *Port) Inputs() int { return len(m.InputNames) }

// Separable tells whether H = T(p) + V(q), and nothing else moves the state.
func (m *Port) Separable() bool {
	b, err := bind(m.Hamiltonian, m.Names, m.Constants)
	return err == nil && m.Friction == "" && m.InputNames == nil && b.f.SeparableIn(len(m.Names)/2)
}

// Dim returns 2d.
func (m *Port) Dim() int { return len(m.Names) }

// Params returns the parameters of the constants that are to be fitted, and the weights.
func (m *Port) Params() []*autodiff.Matrix {
	var ps []*autodiff.Matrix
	for _, c := range m.Fitted() {
		ps = append(ps, c.Theta)
	}
	for _, n := range m.Networks {
		ps = append(ps, n.N.Params()...)
	}
	return ps
}

// Fitted returns the constants that are to be fitted. Their parameters are the first of Params.
func (m *Port) Fitted() []*TypedConstant {
	return slices.DeleteFunc(slices.Clone(m.Constants), func(c *TypedConstant) bool { return c.Form == Known })
}

// Restart moves the constants whose form is a square away from 0, where their derivative is 0 and
// no optimiser can begin: |θ| ≥ 0.1. Fit calls it before each stage but the first.
func (m *Port) Restart() {
	for _, c := range m.Fitted() {
		if c.Form == NotNegative && math.Abs(c.Theta.Data[0]) < leastRoot {
			c.Theta.Data[0] = math.Copysign(leastRoot, c.Theta.Data[0])
		}
	}
}

// leastRoot is the least |θ| of a square that a stage begins with.
const leastRoot = 0.1

// Kind returns port.
func (m *Port) Kind() string { return "port" }

// Parts implements Stored.
func (m *Port) Parts(p *Parts) {
	p.Text("H", &m.Hamiltonian)
	p.Texts("names", &m.Names)
	p.Texts("inputs", &m.InputNames)
	p.Text("friction", &m.Friction)
	p.Text("gain", &m.Gain)
	List(p, "constants", &m.Constants)
	List(p, "networks", &m.Networks)
}

// Check implements Stored.
func (m *Port) Check() error {
	if n := len(m.Names); n < 2 || n%2 != 0 {
		return fmt.Errorf("states of %d names: want pairs of q and p", n)
	}
	all := slices.Concat(m.Names, m.InputNames)
	for i, name := range all {
		if slices.Contains(all[:i], name) {
			return fmt.Errorf("the name %.40q stands for two of the components %s and inputs: want another name for each", name, strings.Join(m.Names, ", "))
		}
	}
	for i, c := range m.Constants {
		if err := c.check(); err != nil {
			return err
		}
		if slices.ContainsFunc(m.Constants[:i], func(o *TypedConstant) bool { return o.Name == c.Name }) {
			return fmt.Errorf("the constant %.40q is there twice", c.Name)
		}
	}
	used := map[string]bool{}
	for _, text := range m.texts() {
		b, err := bind(text, m.Names, m.Constants)
		if err != nil {
			return fmt.Errorf("%q: %w", text, err)
		}
		for _, c := range b.calls {
			name := networkName(c)
			n := m.network(name)
			if n == nil {
				return fmt.Errorf("the network %.40s is missing", name)
			}
			if err := n.check(c.Args, 1); err != nil {
				return err
			}
			used[name] = true
		}
	}
	for _, name := range []string{frictionName, gainName} {
		used[name] = m.network(name) != nil
	}
	if err := m.checkPorts(); err != nil {
		return err
	}
	for i, n := range m.Networks {
		if !used[n.Name] || slices.Contains(m.Networks[:i], n) {
			return fmt.Errorf("the network %.40s is not used", n.Name)
		}
	}
	return nil
}
