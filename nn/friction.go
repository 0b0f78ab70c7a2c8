package nn

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"hnn/autodiff"
)

// Friction of a Port is one of these, for the states S that it acts on
//
//	constant   R_S = c I: one number for all
//	each       R_S = diag(cᵢ): one for each
//	net        R_S = L(q,p) Lᵀ(q,p): a network for the lower triangle L
//	D(q,p)     a typed dissipation, as c*p^2/2: the rate of S is −∂D/∂S
//
// In the first three the rate is −R_S ∂H/∂S, which is −R_p q̇ on momenta. Numbers are squares, and
// a constant of -fit in D is one too: they cannot become negative, and reach 0. A typed D loses
// energy where ∂D/∂S · ∂H/∂S ≥ 0, which the caller has to see to: so it is for sums of even powers
// of velocities or of momenta with such constants.
//
// Gain is one of
//
//	constant   G_S: a number for each state of S and input
//	net        G_S(q): a network
//	a number   G_S = g, known, for one state and one input
//
// S are the momenta, unless names of states, or all, follow the form after a colon: each:q0,p0 or
// 1:q0. A friction of a coordinate is a leak, as that of a capacitor or of a tank. Of several
// numbers the names are friction_p0, gain_p0_u and so on.
const (
	frictionName = "friction"
	gainName     = "gain"
	constant     = "constant"
	each         = "each"
	byNetwork    = "net"
	allStates    = "all"
)

// A port is the form of friction or gain, and the components of the state that it acts on.
type port struct {
	form string
	on   []int
}

// portOf reads a friction or a gain.
func portOf(text string, names []string) (port, error) {
	form, states, listed := strings.Cut(text, ":")
	form, states = strings.TrimSpace(form), strings.TrimSpace(states)
	p := port{form: form}
	if listed && form == "" {
		return p, fmt.Errorf("%q has no form before the colon: want one, as in %s:%s", text, each, allStates)
	}
	for i := range names {
		if states == allStates || !listed && i >= len(names)/2 {
			p.on = append(p.on, i)
		}
	}
	if !listed || states == allStates {
		return p, nil
	}
	for _, name := range strings.Split(states, ",") {
		name = strings.TrimSpace(name)
		i := slices.Index(names, name)
		if i < 0 || slices.Contains(p.on, i) {
			return p, fmt.Errorf("%q acts on the state %.40q: want %s, or some of %s, each once", text, name, allStates, strings.Join(names, ","))
		}
		p.on = append(p.on, i)
	}
	return p, nil
}

// friction returns the port of friction, and gain that of inputs. Check reports their errors.
func (m *Port) friction() port { p, _ := portOf(m.Friction, m.Names); return p }
func (m *Port) gain() port     { p, _ := portOf(m.Gain, m.Names); return p }

// typed tells whether friction is an expression.
func (p port) typed() bool {
	return p.form != "" && p.form != constant && p.form != each && p.form != byNetwork
}

// knownGain returns the gain where it is a number.
func (p port) knownGain() (float64, bool) {
	v, err := strconv.ParseFloat(p.form, 64)
	return v, err == nil && v-v == 0
}

// coordinates tells whether one of d coordinates is among the states.
func (p port) coordinates(d int) bool {
	return slices.ContainsFunc(p.on, func(i int) bool { return i < d })
}

// frictionNames returns the names of the constants of friction.
func (m *Port) frictionNames() []string {
	p := m.friction()
	if p.form != each || len(p.on) == 1 {
		return []string{frictionName}
	}
	var all []string
	for _, i := range p.on {
		all = append(all, frictionName+"_"+m.Names[i])
	}
	return all
}

// gainNames returns the names of the constants of gain, those of the first state first.
func (m *Port) gainNames() []string {
	p := m.gain()
	if len(p.on) == 1 && len(m.InputNames) == 1 {
		return []string{gainName}
	}
	var all []string
	for _, i := range p.on {
		for _, u := range m.InputNames {
			all = append(all, gainName+"_"+m.Names[i]+"_"+u)
		}
	}
	return all
}

// efforts returns ∂H/∂S, rows×k, from the motion f = J∇H.
func (p port) efforts(f autodiff.Var) autodiff.Var {
	d := f.Cols() / 2
	if p.together() && p.on[0] == d {
		return autodiff.Slice(f, 0, len(p.on))
	}
	var cols []autodiff.Var
	for _, i := range p.on {
		if i < d {
			cols = append(cols, autodiff.Neg(autodiff.Slice(f, i+d, i+d+1)))
		} else {
			cols = append(cols, autodiff.Slice(f, i-d, i-d+1))
		}
	}
	return beside(cols)
}

// together tells whether the states follow each other.
func (p port) together() bool {
	for k, i := range p.on {
		if i != p.on[0]+k {
			return false
		}
	}
	return true
}

// place returns rates of S as those of a state of n numbers, of which the others are 0.
func (p port) place(y autodiff.Var, n int) autodiff.Var {
	if p.together() {
		return autodiff.Pad(y, p.on[0], n)
	}
	cols := make([]autodiff.Var, n)
	for i := range cols {
		if k := slices.Index(p.on, i); k >= 0 {
			cols[i] = autodiff.Slice(y, k, k+1)
		} else {
			cols[i] = y.Graph().Const(y.Rows(), 1, 0)
		}
	}
	return beside(cols)
}

// lost returns the rates −R_S e of the states that friction acts on, rows×k, at efforts e = ∂H/∂S.
func (m *Port) lost(x, e autodiff.Var) autodiff.Var {
	p := m.friction()
	k := len(p.on)
	switch p.form {
	case constant, each:
		var cols []autodiff.Var
		names := m.frictionNames()
		for i := range k {
			c := m.constant(names[i%len(names)]).of(x.Graph())
			cols = append(cols, autodiff.Neg(autodiff.Mul(autodiff.ExpandTo(c, x.Rows(), 1), autodiff.Slice(e, i, i+1))))
		}
		return beside(cols)
	case byNetwork: // −L (Lᵀ e)
		l := m.network(frictionName).Apply(x)
		at := func(i, j int) autodiff.Var { k := i*(i+1)/2 + j; return autodiff.Slice(l, k, k+1) }
		w, rate := make([]autodiff.Var, k), make([]autodiff.Var, k)
		for j := range k {
			for i := j; i < k; i++ {
				w[j] = sumOf(w[j], autodiff.Mul(at(i, j), autodiff.Slice(e, i, i+1)))
			}
		}
		for i := range k {
			for j := range i + 1 {
				rate[i] = sumOf(rate[i], autodiff.Mul(at(i, j), w[j]))
			}
		}
		return autodiff.Neg(beside(rate))
	}
	grad := autodiff.Grad(autodiff.SumTo(m.value(p.form, x), 1, 1), x)[0]
	if p.together() {
		return autodiff.Neg(autodiff.Slice(grad, p.on[0], p.on[0]+k))
	}
	var cols []autodiff.Var
	for _, i := range p.on {
		cols = append(cols, autodiff.Neg(autodiff.Slice(grad, i, i+1)))
	}
	return beside(cols)
}

// sumOf returns x + y, y for the zero Var x.
func sumOf(x, y autodiff.Var) autodiff.Var {
	if x == (autodiff.Var{}) {
		return y
	}
	return autodiff.Add(x, y)
}

// supplied returns the rates G_S u of the states that inputs act on, rows×k.
func (m *Port) supplied(x, u autodiff.Var) autodiff.Var {
	p, k := m.gain(), u.Cols()
	var all autodiff.Var
	if p.form == byNetwork {
		all = m.network(gainName).Apply(autodiff.Slice(x, 0, x.Cols()/2))
	}
	names := m.gainNames()
	cols := make([]autodiff.Var, len(p.on))
	for i := range cols {
		for j := range k {
			at := i*k + j
			var g autodiff.Var
			if p.form == byNetwork {
				g = autodiff.Slice(all, at, at+1)
			} else {
				g = autodiff.ExpandTo(m.constant(names[at]).of(x.Graph()), x.Rows(), 1)
			}
			cols[i] = sumOf(cols[i], autodiff.Mul(g, autodiff.Slice(u, j, j+1)))
		}
	}
	return beside(cols)
}

// checkPorts reports what is wrong with friction and gain, and constants and networks of them that
// are missing.
func (m *Port) checkPorts() error {
	d, inputs := len(m.Names)/2, len(m.InputNames)
	friction, err := portOf(m.Friction, m.Names)
	if err != nil {
		return fmt.Errorf("friction: %w", err)
	}
	gain, err := portOf(m.Gain, m.Names)
	if err != nil {
		return fmt.Errorf("gain: %w", err)
	}
	var need []string
	if friction.form == constant || friction.form == each {
		need = m.frictionNames()
	}
	if inputs > 0 && gain.form != byNetwork {
		need = append(need, m.gainNames()...)
	}
	for _, name := range need {
		if m.constant(name) == nil {
			return fmt.Errorf("the constant %.40s is missing", name)
		}
	}
	if k := len(friction.on); friction.form == byNetwork {
		n := m.network(frictionName)
		if n == nil {
			return fmt.Errorf("the network %s is missing", frictionName)
		}
		if err := n.check(2*d, k*(k+1)/2); err != nil {
			return err
		}
	}
	if inputs > 0 && gain.form == byNetwork {
		n := m.network(gainName)
		if n == nil {
			return fmt.Errorf("the network %s is missing", gainName)
		}
		return n.check(d, len(gain.on)*inputs)
	}
	return nil
}

// Resistance returns R at a state x, 2d×2d, of friction that is no expression.
func (m *Port) Resistance(x []float64) (*autodiff.Matrix, error) {
	p, n := m.friction(), m.Dim()
	if p.typed() {
		return nil, fmt.Errorf("nn: the friction %q is a force, and has no matrix R", m.Friction)
	}
	r := autodiff.NewMatrix(n, n)
	if p.form == "" {
		return r, nil
	}
	e := autodiff.NewMatrix(1, len(p.on))
	row := &autodiff.Matrix{Rows: 1, Cols: n, Data: x}
	for j, at := range p.on { // columns of R are rates at unit efforts
		clear(e.Data)
		e.Data[j] = -1
		var g autodiff.Graph
		f := m.lost(g.Leaf("x", row), g.Leaf("e", e))
		plan := mustCompile([]autodiff.Var{f})
		plan.Run()
		for i, v := range plan.Value(f).Data {
			r.Row(p.on[i])[at] = v
		}
	}
	return r, nil
}

// ports adds the constants and networks of friction and gain. s and τ are those of the scaling,
// s̄ᵢ the s of the other of a pair: friction is measured in sᵢ/s̄ᵢ, and gain in sᵢ/τ for the spread of
// an input.
func (m *Port) ports(n *Networks, s *Series, scale *Scaling) error {
	friction, gain, dim, tau := m.friction(), m.gain(), m.Dim(), 1.
	d := dim / 2
	unit := slices.Repeat([]float64{1}, dim)
	if scale != nil {
		unit, tau = scale.S.Data, scale.Tau
	}
	if friction.form == constant || friction.form == each {
		for k, name := range m.frictionNames() {
			i := friction.on[k]
			if err := m.add(&TypedConstant{name, NotNegative, unit[i] / unit[(i+d)%dim], &autodiff.Matrix{Rows: 1, Cols: 1, Data: []float64{firstFriction}}}); err != nil {
				return err
			}
		}
	}
	if friction.form == byNetwork {
		var out []float64
		for k, i := range friction.on {
			for range k + 1 {
				out = append(out, unit[i]/math.Sqrt(unit[0]*unit[d]))
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
	if _, known := gain.knownGain(); known && len(gain.on) > 1 {
		return fmt.Errorf("nn: the gain %s of %d states: want one state, as in %s:p, or a gain that is found", gain.form, len(gain.on), gain.form)
	}
	var units []float64
	for _, i := range gain.on {
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
			if _, known := gain.knownGain(); !known && !(high-low > sameInput*max(-low, high)) {
				return fmt.Errorf("nn: the input %s is %.6g in all rows, so its gain cannot be told from a constant force: want an input that varies, or none", name, low)
			}
			if scale == nil {
				spread = 1
			}
			units = append(units, unit[i]/(tau*math.Sqrt(spread)))
		}
	}
	if gain.form == byNetwork {
		q := autodiff.NewMatrix(s.Rows(), d)
		for r := range q.Rows {
			copy(q.Row(r), s.X.Row(r)[:d])
		}
		net, err := n.newNetwork(gainName, q, units, scale == nil)
		m.Networks = append(m.Networks, net)
		return err
	}
	for i, name := range m.gainNames() {
		c := &TypedConstant{name, Free, units[i], autodiff.NewMatrix(1, 1)}
		if v, ok := gain.knownGain(); ok {
			c = &TypedConstant{name, Known, v, nil}
		}
		if err := m.add(c); err != nil {
			return err
		}
	}
	return nil
}

// add adds a constant of friction or gain.
func (m *Port) add(c *TypedConstant) error {
	if m.constant(c.Name) != nil {
		return fmt.Errorf("nn: the constant %s has the name of one of friction or gain: want another name", c.Name)
	}
	m.Constants = append(m.Constants, c)
	return nil
}

// sameInput is the share of an input within which it does not vary.
const sameInput = 1e-9

// firstFriction is the θ that friction starts from.
const firstFriction = 0.2
