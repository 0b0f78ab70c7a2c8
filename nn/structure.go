package nn

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"hnn/autodiff"
	"hnn/autodiff/formula"
)

// A Structure says what is known of a Port before a fit, for Networks.
type Structure struct {
	H        string             // the expression; "": a network of the whole state
	Names    []string           // of the components of the state; nil: q, p, or q0, …, p0, …
	Inputs   []string           // names of the inputs; nil: none
	Set, Fit map[string]float64 // constants that are known, and the first values of those that are not
	Positive []string           // those of Fit that stay above 0
	Friction string             // "": none; see friction.go
	Gain     string             // of Inputs, likewise; "": constant
}

// names returns the names of the n components of a state.
func (t *Structure) names(n int) []string {
	if t.Names != nil {
		return t.Names
	}
	if n == 2 {
		return []string{"q", "p"}
	}
	var names []string
	for _, x := range []string{"q", "p"} {
		for i := range n / 2 {
			names = append(names, fmt.Sprint(x, i))
		}
	}
	return names
}

// Known returns the Structure that makes a model like this one. Constants of its expressions that
// were fitted begin with the values that they have.
func (m *Port) Known() Structure {
	t := Structure{H: m.Hamiltonian, Names: m.Names, Inputs: m.InputNames, Set: map[string]float64{}, Fit: map[string]float64{}, Friction: m.Friction, Gain: m.Gain}
	var used []string
	for _, text := range m.texts() {
		if e, err := formula.ParseOpen(text, isNetwork); err == nil {
			used = append(used, e.Names()...)
		}
	}
	for _, c := range m.Constants {
		switch v := c.Value(); {
		case !slices.Contains(used, c.Name): // of friction or gain
		case c.Form == Known:
			t.Set[c.Name] = v
		case c.Form == NotNegative && v == 0: // where no fit can begin
			t.Fit[c.Name] = c.Unit
		default:
			t.Fit[c.Name] = v
		}
		if c.Form == Positive {
			t.Positive = append(t.Positive, c.Name)
		}
	}
	return t
}

// makePort makes a Port for a series of the Structure in n.
func makePort(n *Networks, s *Series, scale *Scaling) (Stored, error) {
	t := n.Structure
	m := &Port{Hamiltonian: t.H, Names: t.names(s.X.Cols), InputNames: t.Inputs, Friction: t.Friction, Gain: t.Gain}
	if len(m.Names) != s.X.Cols {
		return nil, fmt.Errorf("nn: port: %d names for states of %d numbers", len(m.Names), s.X.Cols)
	}
	if m.Hamiltonian == "" {
		var args []string
		for j, name := range m.Names {
			if s.angle(j) {
				name = "cos(" + name + "),sin(" + name + ")"
			}
			args = append(args, name)
		}
		m.Hamiltonian = "net(" + strings.Join(args, ",") + ")"
	}
	if m.Friction == "none" {
		m.Friction = ""
	}
	friction, err := portOf(m.Friction, m.Names)
	switch d := len(m.Names) / 2; {
	case err != nil:
	case friction.typed():
		err = friction.isDissipation(m.Names)
	case friction.form == constant && friction.coordinates(d) && slices.Max(friction.on) >= d:
		err = fmt.Errorf("friction %s: one number for coordinates and for momenta has no unit: want %s", m.Friction, strings.Replace(m.Friction, constant, each, 1))
	}
	if err != nil {
		return nil, fmt.Errorf("nn: port: %w", err)
	}
	if len(t.Inputs) == 0 {
		m.Gain = ""
	} else {
		if m.Gain == "" {
			m.Gain = constant
		}
		gain, err := portOf(m.Gain, m.Names)
		if err != nil {
			return nil, fmt.Errorf("nn: port: %w", err)
		}
		if _, known := gain.knownGain(); !known && gain.form != constant && gain.form != byNetwork {
			return nil, fmt.Errorf("nn: port: no gain is called %q: want constant, net or a number, and perhaps states that it acts on, as in constant:%s", gain.form, m.Names[0])
		}
		if s.U == nil || s.U.Cols != len(t.Inputs) {
			return nil, fmt.Errorf("nn: port: the inputs %v are not in the series: want a column of U for each", t.Inputs)
		}
	}
	if err := m.typedConstants(&t); err != nil {
		return nil, err
	}
	energy := 1.
	if scale != nil {
		energy = scale.energy()
	}
	for i, text := range m.texts() {
		if i == 1 && scale != nil { // rates −∂D/∂S times S: the mean of s²/τ
			energy = 0
			for _, i := range friction.on {
				s := scale.S.Data[i]
				energy += float64(s*s) / (scale.Tau * float64(len(friction.on)))
			}
		}
		if err := m.typedNetworks(n, text, s.X, energy, scale == nil); err != nil {
			return nil, err
		}
	}
	return m, m.ports(n, s, scale)
}

// isDissipation reports a typed friction that is none.
func (p port) isDissipation(names []string) error {
	var on []string
	for _, i := range p.on {
		on = append(on, names[i])
	}
	if formula.IsName(p.form) {
		hint := ""
		if p.form == allStates || slices.Contains(names, p.form) {
			hint = "; to name the states that it acts on, " + each + ":" + p.form
		}
		return fmt.Errorf("no friction is called %q: want none, constant, each, net or an expression in %s%s", p.form, strings.Join(on, ", "), hint)
	}
	if e, err := parseOpen(p.form); err == nil && !slices.ContainsFunc(on, func(name string) bool { return slices.Contains(e.Names(), name) }) {
		return fmt.Errorf("the friction %q has none of %s, so it takes nothing: want an expression in them, as c*%s^2/2", p.form, strings.Join(on, ", "), on[0])
	}
	return nil // an expression that cannot be read is reported later
}

// typedConstants makes the constants of the expressions.
func (m *Port) typedConstants(t *Structure) error {
	var names, lost []string
	texts := m.Hamiltonian
	h, err := parseOpen(m.Hamiltonian)
	if err != nil {
		return fmt.Errorf("nn: H: %w", err)
	}
	names = h.Names()
	if p := m.friction(); p.typed() {
		d, err := parseOpen(p.form)
		if err != nil {
			return fmt.Errorf("nn: friction: %w", err)
		}
		lost, texts = d.Names(), texts+" "+p.form
	}
	used := slices.Concat(names, lost)
	for _, from := range []struct {
		what string
		set  map[string]float64
	}{{"set", t.Set}, {"fit", t.Fit}} {
		for _, name := range slices.Sorted(maps.Keys(from.set)) {
			switch {
			case slices.Contains(m.Names, name):
				return fmt.Errorf("nn: %s: %s is a component of the state and no constant", from.what, name)
			case slices.Contains(m.InputNames, name):
				return fmt.Errorf("nn: %s: %s is an input and no constant: want another name. Inputs act by the gain, not in H", from.what, name)
			case !slices.Contains(used, name):
				return fmt.Errorf("nn: %s: the constant %s is not used: want a name in %q", from.what, name, texts)
			case from.what == "fit":
				if _, twice := t.Set[name]; twice {
					return fmt.Errorf("nn: the constant %s is both known and to be fitted", name)
				}
			}
			form := Known
			if from.what == "fit" {
				if form = Free; slices.Contains(lost, name) {
					form = NotNegative
				}
				if slices.Contains(t.Positive, name) {
					form = Positive
				}
			}
			c, err := NewTypedConstant(name, form, from.set[name])
			if err != nil {
				return err
			}
			m.Constants = append(m.Constants, c)
		}
	}
	for _, name := range t.Positive {
		if _, ok := t.Fit[name]; !ok {
			return fmt.Errorf("nn: positive: %s is no constant that is fitted: want one of fit", name)
		}
	}
	return nil
}

// typedNetworks makes the networks of an expression, the inner ones first. Their arguments are
// scaled as they are in the data with the first values of the constants.
func (m *Port) typedNetworks(n *Networks, text string, x *autodiff.Matrix, energy float64, raw bool) error {
	b, err := bind(text, m.Names, m.Constants)
	if err != nil {
		if e := new(formula.Error); errors.As(err, &e) && strings.HasPrefix(e.Msg, "unknown name") {
			if slices.ContainsFunc(m.InputNames, func(u string) bool { return strings.HasSuffix(e.Msg, strconv.Quote(u)) }) {
				return fmt.Errorf("nn: %q: %w: it is an input, which acts by the gain and not in an expression", text, err)
			}
			err = fmt.Errorf("%w: want one of %s, or a constant whose value or first value is given", err, strings.Join(m.Names, ", "))
		}
		return fmt.Errorf("nn: %q: %w", text, err)
	}
	for _, c := range b.calls {
		name := networkName(c)
		if m.network(name) != nil {
			continue
		}
		var args []autodiff.Var
		var g autodiff.Graph
		b.at(g.Leaf("x", x), func(c formula.Call, a []autodiff.Var) autodiff.Var {
			if known := m.network(networkName(c)); known != nil {
				return known.Apply(beside(a))
			}
			if networkName(c) == name {
				args = append(args, beside(a))
			}
			return g.Const(x.Rows, 1, 0)
		})
		plan := mustCompile(args)
		all := &autodiff.Matrix{Cols: args[0].Cols()}
		for _, a := range args {
			if a.Cols() != all.Cols {
				return fmt.Errorf("nn: %q: %s is called with %d arguments and with %d: want another name for another network", text, name, all.Cols, a.Cols())
			}
		}
		plan.Run()
		for _, a := range args {
			all.Data = append(all.Data, plan.Value(a).Data...)
			all.Rows += x.Rows
		}
		net, err := n.newNetwork(name, all, []float64{energy}, raw)
		if err != nil {
			return err
		}
		m.Networks = append(m.Networks, net)
	}
	return nil
}
