package nn

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"hnn/autodiff"
	"hnn/autodiff/formula"
)

// An expression is typed: a function of the state, of constants and of networks. Its language is
// that of package formula. A name that begins with net and is called is a network of the
// arguments in the call. net itself is another network for each list of arguments, so
// net(q) + net(p) has two. Any other name, as net1, is one network wherever it is called.

// isNetwork tells whether a name is that of a network.
func isNetwork(name string) bool { return strings.HasPrefix(name, "net") }

// networkName returns what tells a network from others: its name or, of net, the whole call.
func networkName(c formula.Call) string {
	if c.Name == "net" {
		return c.Text
	}
	return c.Name
}

// A TypedConstant is a number of an expression, or of friction or gain.
type TypedConstant struct {
	Name  string
	Form  Form
	Unit  float64          // of the parameter
	Theta *autodiff.Matrix // the parameter θ, 1×1
}

// A Form says how the value of a constant follows from its parameter, so that steps of θ are of
// about unit size and the value stays where it belongs.
type Form string

// The forms.
const (
	Known       Form = "known"    // the unit itself: not to be fitted
	Free        Form = "free"     // unit·θ
	Positive    Form = "positive" // unit·exp(θ), above 0
	NotNegative Form = "square"   // unit·θ², from 0 up: 0 can be reached
)

// NewTypedConstant returns a constant that starts from a value. The unit is its size, or 1.
func NewTypedConstant(name string, form Form, start float64) (*TypedConstant, error) {
	c := &TypedConstant{Name: name, Form: form, Unit: math.Abs(start), Theta: autodiff.NewMatrix(1, 1)}
	if start == 0 {
		c.Unit = 1
	}
	switch form {
	case Known:
		c.Unit, c.Theta = start, nil
	case Free:
		c.Theta.Data[0] = start / c.Unit
	default:
		if !(start > 0) {
			return nil, fmt.Errorf("nn: the constant %s is not to be negative and starts from %v: want a start above 0", name, start)
		}
		if form == NotNegative {
			c.Theta.Data[0] = 1
		}
	}
	return c, nil
}

// Value returns the number.
func (c *TypedConstant) Value() float64 {
	if c.Form == Known {
		return c.Unit
	}
	var g autodiff.Graph
	v := c.of(&g)
	plan := mustCompile([]autodiff.Var{v})
	plan.Run()
	return plan.Value(v).Data[0]
}

// of returns the value as a formula, 1×1.
func (c *TypedConstant) of(g *autodiff.Graph) autodiff.Var {
	if c.Form == Known {
		return g.Const(1, 1, c.Unit)
	}
	theta := g.Leaf(c.Name, c.Theta)
	switch c.Form {
	case Positive:
		theta = autodiff.Exp(theta)
	case NotNegative:
		theta = autodiff.Mul(theta, theta)
	}
	return autodiff.Scale(theta, c.Unit)
}

// slope returns d value / dθ.
func (c *TypedConstant) slope() float64 {
	switch c.Form {
	case Positive:
		return c.Value()
	case NotNegative:
		return 2 * c.Unit * c.Theta.Data[0]
	}
	return c.Unit
}

// Parts implements Composite.
func (c *TypedConstant) Parts(p *Parts) {
	p.Text("name", &c.Name)
	p.Text("form", (*string)(&c.Form))
	p.Number("unit", &c.Unit)
	p.Row("theta", &c.Theta)
}

func (c *TypedConstant) check() error {
	switch c.Form {
	case Known:
		return nil
	case Free, Positive, NotNegative:
		if c.Theta != nil && len(c.Theta.Data) == 1 && c.Unit != 0 {
			return nil
		}
		return fmt.Errorf("the constant %.40q has no parameter", c.Name)
	}
	return fmt.Errorf("the constant %.40q has the form %.40q: want %s, %s, %s or %s", c.Name, c.Form, Known, Free, Positive, NotNegative)
}

// A Network is a network of an expression, with units of its own:
//
//	y = N((x − μ)/s) Out
//
// Since H is a number, any units of its arguments keep Hamilton's equations.
type Network struct {
	Name  string // as it is called in the expression; of net(…), whose arguments tell it from others, the whole call
	N     *MLP
	Mu, S *autodiff.Matrix // of the arguments, 1×k
	Out   *autodiff.Matrix // of the results, 1×n
}

// Apply returns the results at arguments x: rows×k to rows×n.
func (n *Network) Apply(x autodiff.Var) autodiff.Var {
	x = autodiff.Div(autodiff.Sub(x, rowsLike(x, n.Mu, "mu")), rowsLike(x, n.S, "s"))
	y := n.N.Apply(x)
	return autodiff.Mul(y, rowsLike(y, n.Out, "out"))
}

// Parts implements Composite.
func (n *Network) Parts(p *Parts) {
	p.Text("name", &n.Name)
	Part(p, "network", &n.N)
	p.Row("mu", &n.Mu)
	p.Row("s", &n.S)
	p.Row("out", &n.Out)
}

// check reports what is wrong with a network of so many arguments and results.
func (n *Network) check(in, out int) error {
	if err := n.N.check(out); err != nil {
		return fmt.Errorf("%.40s: %w", n.Name, err)
	}
	if n.N.in() != in || n.Mu == nil || n.S == nil || n.Out == nil || len(n.Mu.Data) != in || len(n.S.Data) != in || len(n.Out.Data) != out {
		return fmt.Errorf("%.40s: want a network of %d arguments and %d results, and a scaling of so many", n.Name, in, out)
	}
	for _, v := range n.S.Data {
		if !(v > 0) {
			return fmt.Errorf("%.40s: a scale is %v, want a positive number", n.Name, v)
		}
	}
	return nil
}

// newNetwork makes a network whose arguments have the mean and the spread of the rows of x,
// or 0 and 1 for raw ones.
func (n *Networks) newNetwork(name string, x *autodiff.Matrix, out []float64, raw bool) (*Network, error) {
	net, err := n.New(x.Cols, len(out))
	if err != nil {
		return nil, err
	}
	k := &Network{name, net, autodiff.NewMatrix(1, x.Cols), autodiff.NewMatrix(1, x.Cols), &autodiff.Matrix{Rows: 1, Cols: len(out), Data: out}}
	for j := range x.Cols {
		mean, spread, rows := 0., 0., 0.
		for pass := range 2 {
			for r := range x.Rows {
				switch v := x.At(r, j); {
				case v-v != 0: // not observed
				case pass == 0:
					mean, rows = mean+v, rows+1
				default:
					spread += float64((v - mean) * (v - mean))
				}
			}
			if pass == 0 {
				mean /= rows
			}
		}
		if spread = math.Sqrt(spread / rows); !(spread > 1e-12*math.Abs(mean)) || spread-spread != 0 {
			return nil, fmt.Errorf("nn: argument %d of %s does not vary in the data (mean %.4g, deviation %.4g): want one that does", j+1, name, mean, spread)
		}
		if k.Mu.Data[j], k.S.Data[j] = mean, spread; raw {
			k.Mu.Data[j], k.S.Data[j] = 0, 1
		}
	}
	return k, nil
}

// parseOpen reads an expression that may have networks.
func parseOpen(text string) (*formula.Expr, error) {
	if strings.TrimSpace(text) == "" {
		return nil, errors.New("it is empty: want an expression")
	}
	return formula.ParseOpen(text, isNetwork)
}

// bound is an expression whose names have a meaning.
type bound struct {
	f     *formula.Formula
	free  []*TypedConstant // in the order of its variables after those of the state
	calls []formula.Call
}

// bind gives the names of an expression their meaning.
func bind(text string, state []string, constants []*TypedConstant) (*bound, error) {
	e, err := parseOpen(text)
	if err != nil {
		return nil, err
	}
	b := &bound{calls: e.Calls()}
	vars, set := slices.Clone(state), map[string]float64{}
	for _, c := range constants {
		switch {
		case !slices.Contains(e.Names(), c.Name) || slices.Contains(state, c.Name):
		case c.Form == Known:
			set[c.Name] = c.Unit
		default:
			vars = append(vars, c.Name)
			b.free = append(b.free, c)
		}
	}
	b.f, err = e.Bind(vars, set)
	return b, err
}

// at returns the expression at states x: rows×1. call is what networks are.
func (b *bound) at(x autodiff.Var, call func(c formula.Call, args []autodiff.Var) autodiff.Var) autodiff.Var {
	cols := make([]autodiff.Var, 0, x.Cols()+len(b.free))
	for j := range x.Cols() {
		cols = append(cols, autodiff.Slice(x, j, j+1))
	}
	for _, c := range b.free {
		cols = append(cols, autodiff.ExpandTo(c.of(x.Graph()), x.Rows(), 1))
	}
	return b.f.At(cols, call)
}

// beside puts columns side by side.
func beside(cols []autodiff.Var) autodiff.Var {
	if len(cols) == 1 {
		return cols[0]
	}
	half := len(cols) / 2
	return autodiff.Concat(beside(cols[:half]), beside(cols[half:]))
}
