package formula

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"hnn/autodiff"
	"hnn/autodiff/elementary"
)

// functions are those that a text may use.
var functions = map[string]func(x autodiff.Var) autodiff.Var{
	"sin": autodiff.Sin, "cos": autodiff.Cos, "exp": autodiff.Exp, "log": autodiff.Log, "ln": autodiff.Log,
	"sqrt": autodiff.Sqrt, "tanh": autodiff.Tanh, "sigmoid": autodiff.Sigmoid, "softplus": autodiff.Softplus,
	"cosh": cosh,
	// tan x = sin x / cos x
	"tan": func(x autodiff.Var) autodiff.Var { return autodiff.Div(autodiff.Sin(x), autodiff.Cos(x)) },
	// sinh x = tanh x cosh x, which loses no digits near 0
	"sinh": func(x autodiff.Var) autodiff.Var { return autodiff.Mul(autodiff.Tanh(x), cosh(x)) },
}

// cosh x = (eˣ + e⁻ˣ)/2
func cosh(x autodiff.Var) autodiff.Var {
	return autodiff.Scale(autodiff.Add(autodiff.Exp(x), autodiff.Exp(autodiff.Neg(x))), 0.5)
}

// valueAt returns f(x) of a number.
func valueAt(f func(autodiff.Var) autodiff.Var, x float64) float64 {
	v := leaf(1)
	var y [1]float64
	compile(f(v), v)(y[:], 0, []float64{x})
	return y[0]
}

func functionNames() string {
	return strings.Join(slices.Sorted(maps.Keys(functions)), ", ")
}

// constants are the names that need not be set.
var constants = map[string]float64{"pi": math.Pi, "π": math.Pi, "e": math.E}

// A Formula is an expression all of whose names have a meaning: a function of some
// variables. A Formula of the variables [q…, p…] is a Hamiltonian H(q, p). Nothing
// changes a Formula; any number of goroutines may use one.
type Formula struct {
	vars  int
	nodes []bound
}

// A bound node is one of the expression with its meaning.
type bound struct {
	node
	v     int  // variable, of a name
	isVar bool // depends on a variable; else val is its value
}

// Bind gives the names of an expression their meaning: they are variables, in the
// order of the columns of a state, or parameters with a value. A name that is
// neither is an *Error, and so are an exponent that is no constant and a constant
// part that has no finite value.
func (e *Expr) Bind(vars []string, set map[string]float64) (*Formula, error) {
	f := &Formula{vars: len(vars)}
	for _, n := range e.nodes {
		b := bound{node: n}
		fail := func(format string, args ...any) (*Formula, error) {
			return nil, &Error{n.pos, fmt.Sprintf(format, args...)}
		}
		var x, y *bound
		if n.op != 0 && n.op != 'a' && n.op != 'c' {
			x, y = &f.nodes[n.x], &f.nodes[n.y]
			b.isVar = x.isVar || y.isVar
		}
		switch n.op {
		case 'c':
			b.isVar = true
		case 'a':
			v, isSet := set[n.name]
			c, isConst := constants[n.name]
			if b.v = slices.Index(vars, n.name); b.v >= 0 {
				b.isVar = true
			} else if isSet {
				b.val = v
			} else if isConst {
				b.val = c
			} else {
				return fail("unknown name %q", n.name)
			}
		case '~', 'f':
			b.isVar = x.isVar
			if n.op == '~' {
				b.val = -x.val
			} else if !b.isVar {
				b.val = valueAt(functions[n.name], x.val)
			}
		case '+':
			b.val = x.val + y.val
		case '-':
			b.val = x.val - y.val
		case '*':
			b.val = x.val * y.val
		case '/':
			b.val = x.val / y.val
			if r := 1 / y.val; !y.isVar && r-r != 0 {
				return fail("division by %v", y.val)
			}
		case '^':
			if y.isVar {
				return fail("the exponent is not a constant: write exp(y*log(x)) for x^y")
			}
			b.val = elementary.Pow(x.val, y.val)
			if y.val == 0 {
				b.isVar = false // x⁰ = 1
			}
		}
		if !b.isVar && b.val-b.val != 0 {
			return fail("%v is not a finite number", b.val)
		}
		f.nodes = append(f.nodes, b)
	}
	if at := f.zeroDivisor(); at >= 0 {
		return nil, &Error{f.nodes[at].pos, "division by 0, which the divisor is whatever the variables are"}
	}
	return f, nil
}

// zeroDivisor returns the first division by a formula of variables that is always 0, such
// as q − q, or −1: a divisor that is 0 even if the variables are NaN does not depend on
// them.
func (f *Formula) zeroDivisor() int {
	xs := autodiff.NewMatrix(1, f.vars)
	for i := range xs.Data {
		xs.Data[i] = math.NaN()
	}
	x := columns(new(autodiff.Graph).Leaf("x", xs))
	vals := f.values(x, func(Call, []autodiff.Var) autodiff.Var { return x[0] })
	var divisors []autodiff.Var
	var at []int
	for i := range f.nodes {
		n := &f.nodes[i]
		if y := &f.nodes[n.y]; n.op == '/' && y.isVar {
			divisors, at = append(divisors, vals[n.y]), append(at, i)
		} else if n.op == '^' && n.isVar && y.val < 0 {
			divisors, at = append(divisors, vals[n.x]), append(at, i)
		}
	}
	if at == nil {
		return -1
	}
	divisors = autodiff.Simplify(divisors, x, x)
	plan, err := autodiff.Compile(divisors...)
	if err != nil {
		panic(err) // never: the formulas are of one graph
	}
	plan.Run()
	for i, d := range divisors {
		if plan.Value(d).Data[0] == 0 {
			return at[i]
		}
	}
	return -1
}

// Of returns the formula of each row of x: rows×vars to rows×1.
func (f *Formula) Of(x autodiff.Var) autodiff.Var {
	f.check("Of", x)
	if !f.nodes[len(f.nodes)-1].isVar {
		return x.Graph().Const(x.Rows(), 1, f.nodes[len(f.nodes)-1].val)
	}
	h, y := f.number()
	return autodiff.Simplify([]autodiff.Var{h}, columns(y), columns(x))[0]
}

func (f *Formula) check(op string, x autodiff.Var) {
	if x.Cols() != f.vars {
		panic(fmt.Sprintf("formula: %s: a formula of %d variables at %d×%d", op, f.vars, x.Rows(), x.Cols()))
	}
}

// number returns the formula as it was written, of one row of variables x, in a graph of
// its own. All that is computed is made from it by autodiff.Simplify.
func (f *Formula) number() (h, x autodiff.Var) {
	g := new(autodiff.Graph)
	x = g.Leaf("x", autodiff.NewMatrix(1, f.vars))
	return f.of(g, columns(x)), x
}

// columns returns the columns of x.
func columns(x autodiff.Var) []autodiff.Var {
	cols := make([]autodiff.Var, x.Cols())
	for j := range cols {
		cols[j] = autodiff.Slice(x, j, j+1)
	}
	return cols
}

// concat puts columns together.
func concat(cols []autodiff.Var) autodiff.Var {
	if len(cols) == 1 {
		return cols[0]
	}
	half := len(cols) / 2
	return autodiff.Concat(concat(cols[:half]), concat(cols[half:]))
}

// of returns the formula of the numbers xs, as it was written.
func (f *Formula) of(g *autodiff.Graph, xs []autodiff.Var) autodiff.Var {
	last := len(f.nodes) - 1
	if !f.nodes[last].isVar {
		return g.Const(1, 1, f.nodes[last].val)
	}
	return f.values(xs, nil)[last]
}

// At returns the formula of variables xs, one column of rows each, as it was written: rows×1.
// call gives calls of functions that formula does not know their meaning: from columns to a
// column. It may be nil if there are no such calls.
func (f *Formula) At(xs []autodiff.Var, call func(c Call, args []autodiff.Var) autodiff.Var) autodiff.Var {
	if len(xs) != f.vars || len(xs) == 0 {
		panic(fmt.Sprintf("formula: At: a formula of %d variables at %d", f.vars, len(xs)))
	}
	last := len(f.nodes) - 1
	if !f.nodes[last].isVar {
		return xs[0].Graph().Const(xs[0].Rows(), 1, f.nodes[last].val)
	}
	return f.values(xs, call)[last]
}

// values returns the formula of each node that depends on a variable or on a call.
func (f *Formula) values(xs []autodiff.Var, call func(c Call, args []autodiff.Var) autodiff.Var) []autodiff.Var {
	vals := make([]autodiff.Var, len(f.nodes))
	for i := range f.nodes {
		n := &f.nodes[i]
		if !n.isVar {
			continue
		}
		x, y := &f.nodes[n.x], &f.nodes[n.y]
		vx, vy := vals[n.x], vals[n.y]
		switch n.op {
		case 'c':
			args := make([]autodiff.Var, len(n.args))
			for j, a := range n.args {
				if args[j] = vals[a]; !f.nodes[a].isVar {
					args[j] = xs[0].Graph().Const(xs[0].Rows(), 1, f.nodes[a].val)
				}
			}
			vals[i] = call(Call{n.name, n.text, len(args), n.pos}, args)
		case 'a':
			vals[i] = xs[n.v]
		case '~':
			vals[i] = autodiff.Neg(vx)
		case 'f':
			vals[i] = functions[n.name](vx)
		case '^':
			vals[i] = power(vx, y.val)
		default:
			vals[i] = binary(n.op, x, y, vx, vy)
		}
	}
	return vals
}

// binary returns x op y, one of which may be a constant.
func binary(op byte, x, y *bound, vx, vy autodiff.Var) autodiff.Var {
	switch {
	case x.isVar && y.isVar:
		switch op {
		case '+':
			return autodiff.Add(vx, vy)
		case '-':
			return autodiff.Sub(vx, vy)
		case '*':
			return autodiff.Mul(vx, vy)
		}
		return autodiff.Div(vx, vy)
	case x.isVar:
		switch op {
		case '+':
			return autodiff.AddConst(vx, y.val)
		case '-':
			return autodiff.AddConst(vx, -y.val)
		case '*':
			return autodiff.Scale(vx, y.val)
		}
		return autodiff.Scale(vx, 1/y.val)
	}
	switch op {
	case '+':
		return autodiff.AddConst(vy, x.val)
	case '-':
		return autodiff.AddConst(autodiff.Neg(vy), x.val)
	case '*':
		return autodiff.Scale(vy, x.val)
	}
	return autodiff.Scale(autodiff.Inv(vy), x.val)
}

// power returns xᶜ: by products for whole numbers up to 8, which is faster than the
// logarithm and the exponential of Pow, and by roots for ±1/2.
func power(x autodiff.Var, c float64) autodiff.Var {
	switch n := math.Abs(c); {
	case n == 0.5:
		x = autodiff.Sqrt(x)
	case n <= 8 && n == math.Trunc(n):
		x = product(x, int(n))
	default:
		return autodiff.Pow(x, c)
	}
	if c < 0 {
		return autodiff.Inv(x)
	}
	return x
}

func product(x autodiff.Var, n int) autodiff.Var {
	switch {
	case n == 1:
		return x
	case n%2 == 0:
		h := product(x, n/2)
		return autodiff.Mul(h, h)
	}
	return autodiff.Mul(product(x, n-1), x)
}

// Field returns Hamilton's equations at each row of x = [q…, p…]: rows×vars.
//
//	[q̇, ṗ] = [∂H/∂p, −∂H/∂q]
func (f *Formula) Field(x autodiff.Var) autodiff.Var {
	f.pairs("Field")
	f.check("Field", x)
	return concat(f.field(columns(x)))
}

// field returns the columns of the field at columns of states.
func (f *Formula) field(cols []autodiff.Var) []autodiff.Var {
	h, x := f.number()
	return autodiff.Simplify(columns(autodiff.Hamilton(h, x)), columns(x), cols)
}

// pairs returns d of a Hamiltonian of 2d variables.
func (f *Formula) pairs(op string) int {
	if f.vars%2 != 0 || f.vars == 0 {
		panic(fmt.Sprintf("formula: %s: a formula of %d variables is no Hamiltonian", op, f.vars))
	}
	return f.vars / 2
}

// Separable tells whether a Hamiltonian is written as a sum T(p) + V(q): whether each
// of its terms, signs and constant factors aside, depends on coordinates alone or on
// momenta alone. It does not expand products: (p + q)*(p - q) is not found separable.
func (f *Formula) Separable() bool { return f.SeparableIn(f.pairs("Separable")) }

// SeparableIn is Separable of a Hamiltonian whose first 2d variables are coordinates and
// momenta. The others are taken for constants.
func (f *Formula) SeparableIn(d int) bool {
	const q, p = 1, 2
	on := make([]int, len(f.nodes)) // what each part depends on
	separable := make([]bool, len(f.nodes))
	for i := range f.nodes {
		n := &f.nodes[i]
		if !n.isVar {
			separable[i] = true
			continue
		}
		x, y := n.x, n.y
		switch n.op {
		case 'a':
			x, y = i, i
			switch {
			case n.v < d:
				on[i] = q
			case n.v < 2*d:
				on[i] = p
			}
		case 'c':
			for _, a := range n.args {
				on[i] |= on[a]
			}
			x, y = i, i
		case '~', 'f':
			on[i], y = on[x], x
		case '^':
			on[i] = on[x]
		default:
			on[i] = on[x] | on[y]
		}
		linear := n.op == '+' || n.op == '-' || n.op == '~' || n.op == '*' && (on[x] == 0 || on[y] == 0) || n.op == '/' && on[y] == 0
		separable[i] = on[i] != q|p || linear && separable[x] && separable[y]
	}
	return separable[len(separable)-1]
}
