package nn

import (
	"fmt"
	"math"
	"strconv"

	"hnn/autodiff"
)

// Friction of a Port is one of
//
//	constant   R_p = c I: one number for all momenta
//	each       R_p = diag(cᵢ): one for each
//	net        R_p = L(q,p) Lᵀ(q,p): a network for the lower triangle L
//	D(q,p)     a typed dissipation, as c*p^2/2: the force on the momenta is −∂D/∂p
//
// In the first three the force is −R_p q̇. Numbers are squares, and a constant of -fit in D is one
// too: they cannot become negative, and reach 0. The force of a typed D loses energy where
// ∂D/∂p · q̇ ≥ 0, which the caller has to see to: so it is for sums of even powers of velocities or
// of momenta with such constants.
//
// Gain is one of
//
//	constant   G_p: a number for each momentum and input
//	net        G_p(q): a network
//	a number   G_p = g, known, for one pair and one input
//
// For d > 1 pairs the names of these constants are friction_p0, gain_p0_u and so on.
const (
	frictionName = "friction"
	gainName     = "gain"
	constant     = "constant"
	each         = "each"
	byNetwork    = "net"
)

// typed tells whether friction is an expression.
func (m *Port) typed() bool {
	return m.Friction != "" && m.Friction != constant && m.Friction != each && m.Friction != byNetwork
}

// knownGain returns the gain where it is a number.
func knownGain(gain string) (float64, bool) {
	v, err := strconv.ParseFloat(gain, 64)
	return v, err == nil && v-v == 0
}

// frictionNames returns the names of the constants of friction.
func frictionNames(form string, names []string) []string {
	d := len(names) / 2
	if form != each || d == 1 {
		return []string{frictionName}
	}
	var all []string
	for _, p := range names[d:] {
		all = append(all, frictionName+"_"+p)
	}
	return all
}

// gainNames returns the names of the constants of gain, those of the first momentum first.
func gainNames(names, inputs []string) []string {
	d := len(names) / 2
	if d == 1 && len(inputs) == 1 {
		return []string{gainName}
	}
	var all []string
	for _, p := range names[d:] {
		for _, u := range inputs {
			all = append(all, gainName+"_"+p+"_"+u)
		}
	}
	return all
}

// resistance returns the force of friction, rows×d, at velocities v = ∂H/∂p.
func (m *Port) resistance(x, v autodiff.Var) autodiff.Var {
	d := v.Cols()
	switch m.Friction {
	case constant, each:
		var cols []autodiff.Var
		names := frictionNames(m.Friction, m.Names)
		for i := range d {
			c := m.constant(names[i%len(names)]).of(x.Graph())
			cols = append(cols, autodiff.Neg(autodiff.Mul(autodiff.ExpandTo(c, x.Rows(), 1), autodiff.Slice(v, i, i+1))))
		}
		return beside(cols)
	case byNetwork: // −L (Lᵀ v)
		l := m.network(frictionName).Apply(x)
		at := func(i, j int) autodiff.Var { k := i*(i+1)/2 + j; return autodiff.Slice(l, k, k+1) }
		w, force := make([]autodiff.Var, d), make([]autodiff.Var, d)
		for j := range d {
			for i := j; i < d; i++ {
				w[j] = sumOf(w[j], autodiff.Mul(at(i, j), autodiff.Slice(v, i, i+1)))
			}
		}
		for i := range d {
			for j := range i + 1 {
				force[i] = sumOf(force[i], autodiff.Mul(at(i, j), w[j]))
			}
		}
		return autodiff.Neg(beside(force))
	}
	grad := autodiff.Grad(autodiff.SumTo(m.value(m.Friction, x), 1, 1), x)[0]
	return autodiff.Neg(autodiff.Slice(grad, d, 2*d))
}

// sumOf returns x + y, y for the zero Var x.
func sumOf(x, y autodiff.Var) autodiff.Var {
	if x == (autodiff.Var{}) {
		return y
	}
	return autodiff.Add(x, y)
}

// force returns the force of the inputs, rows×d.
func (m *Port) force(x, u autodiff.Var) autodiff.Var {
	d, k := x.Cols()/2, u.Cols()
	var all autodiff.Var
	if m.Gain == byNetwork {
		all = m.network(gainName).Apply(autodiff.Slice(x, 0, d))
	}
	names := gainNames(m.Names, m.InputNames)
	cols := make([]autodiff.Var, d)
	for i := range d {
		for j := range k {
			at := i*k + j
			var g autodiff.Var
			if m.Gain == byNetwork {
				g = autodiff.Slice(all, at, at+1)
			} else {
				g = autodiff.ExpandTo(m.constant(names[at]).of(x.Graph()), x.Rows(), 1)
			}
			cols[i] = sumOf(cols[i], autodiff.Mul(g, autodiff.Slice(u, j, j+1)))
		}
	}
	return beside(cols)
}

// checkPorts reports constants and networks of friction and gain that are missing.
func (m *Port) checkPorts() error {
	d, k := len(m.Names)/2, len(m.InputNames)
	var need []string
	if m.Friction == constant || m.Friction == each {
		need = frictionNames(m.Friction, m.Names)
	}
	if k > 0 && m.Gain != byNetwork {
		need = append(need, gainNames(m.Names, m.InputNames)...)
	}
	for _, name := range need {
		if m.constant(name) == nil {
			return fmt.Errorf("the constant %.40s is missing", name)
		}
	}
	if m.Friction == byNetwork {
		n := m.network(frictionName)
		if n == nil {
			return fmt.Errorf("the network %s is missing", frictionName)
		}
		if err := n.check(2*d, d*(d+1)/2); err != nil {
			return err
		}
	}
	if k > 0 && m.Gain == byNetwork {
		n := m.network(gainName)
		if n == nil {
			return fmt.Errorf("the network %s is missing", gainName)
		}
		return n.check(d, d*k)
	}
	return nil
}

// Resistance returns R_p at a state x, d×d, of friction that is no expression.
func (m *Port) Resistance(x []float64) (*autodiff.Matrix, error) {
	if m.typed() {
		return nil, fmt.Errorf("nn: the friction %q is a force, and has no matrix R", m.Friction)
	}
	d := m.Dim() / 2
	r := autodiff.NewMatrix(d, d)
	if m.Friction == "" {
		return r, nil
	}
	v := autodiff.NewMatrix(1, d)
	row := &autodiff.Matrix{Rows: 1, Cols: 2 * d, Data: x}
	for j := range d { // columns of R are forces against unit velocities
		clear(v.Data)
		v.Data[j] = -1
		var g autodiff.Graph
		f := m.resistance(g.Leaf("x", row), g.Leaf("v", v))
		plan := mustCompile([]autodiff.Var{f})
		plan.Run()
		for i, e := range plan.Value(f).Data {
			r.Row(i)[j] = e
		}
	}
	return r, nil
}

// ports adds the constants and networks of friction and gain. s(p), s(q), c and τ are those of
// the scaling: friction is measured in s(p)/s(q), and gain in s(p)/τ for the spread of an input.
func (m *Port) ports(n *Networks, s *Series, scale *Scaling) error {
	d := m.Dim() / 2
	sq, sp, tau := make([]float64, d), make([]float64, d), 1.
	for i := range d {
		sq[i], sp[i] = 1, 1
		if scale != nil {
			sq[i], sp[i], tau = scale.S.Data[i], scale.S.Data[d+i], scale.Tau
		}
	}
	if m.Friction == constant || m.Friction == each {
		for i, name := range frictionNames(m.Friction, m.Names) {
			m.Constants = append(m.Constants, &TypedConstant{name, NotNegative, sp[i] / sq[i], &autodiff.Matrix{Rows: 1, Cols: 1, Data: []float64{firstFriction}}})
		}
	}
	if m.Friction == byNetwork {
		var out []float64
		for i := range d {
			for range i + 1 {
				out = append(out, sp[i]/math.Sqrt(sq[0]*sp[0]))
			}
		}
		net, err := n.newNetwork(frictionName, s.X, out, scale == nil)
		if err != nil {
			return err
		}
		m.Networks = append(m.Networks, net)
	}
	if len(m.InputNames) == 0 {
		return nil
	}
	var units []float64
	for i := range d {
		for j, name := range m.InputNames {
			low, high, sum := math.Inf(1), math.Inf(-1), 0.
			for r := range s.U.Rows {
				v := s.U.At(r, j)
				low, high, sum = min(low, v), max(high, v), sum+v
			}
			spread := 0.
			for r := range s.U.Rows {
				v := s.U.At(r, j) - sum/float64(s.U.Rows)
				spread += float64(v*v) / float64(s.U.Rows)
			}
			if !(high > low) {
				return fmt.Errorf("nn: the input %s is %v in all rows, so its gain cannot be told from a constant force: want an input that varies, or none", name, low)
			}
			if scale == nil {
				spread = 1
			}
			units = append(units, sp[i]/(tau*math.Sqrt(spread)))
		}
	}
	if m.Gain == byNetwork {
		q := autodiff.NewMatrix(s.Rows(), d)
		for r := range q.Rows {
			copy(q.Row(r), s.X.Row(r)[:d])
		}
		net, err := n.newNetwork(gainName, q, units, scale == nil)
		m.Networks = append(m.Networks, net)
		return err
	}
	for i, name := range gainNames(m.Names, m.InputNames) {
		c := &TypedConstant{name, Free, units[i], autodiff.NewMatrix(1, 1)}
		if v, ok := knownGain(m.Gain); ok {
			c = &TypedConstant{name, Known, v, nil}
		}
		m.Constants = append(m.Constants, c)
	}
	return nil
}

// firstFriction is the θ that friction starts from.
const firstFriction = 0.2
