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

// A function is known by its value at a number and its formula.
type function struct {
	num func(float64) float64
	of  func(autodiff.Var) autodiff.Var
}

var functions = map[string]function{
	"sin": {elementary.Sin, autodiff.Sin}, "cos": {elementary.Cos, autodiff.Cos},
	"exp": {elementary.Exp, autodiff.Exp}, "log": {elementary.Log, autodiff.Log}, "ln": {elementary.Log, autodiff.Log},
	"sqrt": {math.Sqrt, autodiff.Sqrt}, "tanh": {elementary.Tanh, autodiff.Tanh},
	"sigmoid": {elementary.Sigmoid, autodiff.Sigmoid}, "softplus": {elementary.Softplus, autodiff.Softplus},

	// tan x = sin x / cos x
	"tan": {
		func(x float64) float64 { return elementary.Sin(x) / elementary.Cos(x) },
		func(x autodiff.Var) autodiff.Var { return autodiff.Div(autodiff.Sin(x), autodiff.Cos(x)) },
	},
	// cosh x = (eˣ + e⁻ˣ)/2
	"cosh": {coshOf, cosh},
	// sinh x = tanh x cosh x, which loses no digits near 0
	"sinh": {
		func(x float64) float64 { return elementary.Tanh(x) * coshOf(x) },
		func(x autodiff.Var) autodiff.Var { return autodiff.Mul(autodiff.Tanh(x), cosh(x)) },
	},
}

func coshOf(x float64) float64 { return (elementary.Exp(x) + elementary.Exp(-x)) / 2 }

func cosh(x autodiff.Var) autodiff.Var {
	return autodiff.Scale(autodiff.Add(autodiff.Exp(x), autodiff.Exp(autodiff.Neg(x))), 0.5)
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
		if n.op != 0 && n.op != 'a' {
			x, y = &f.nodes[n.x], &f.nodes[n.y]
			b.isVar = x.isVar || y.isVar
		}
		switch n.op {
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
				b.val = functions[n.name].num(x.val)
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
	return f, nil
}

// Of returns the formula of each row of x: rows×vars to rows×1.
func (f *Formula) Of(x autodiff.Var) autodiff.Var {
	if x.Cols() != f.vars {
		panic(fmt.Sprintf("formula: Of: a formula of %d variables at %d×%d", f.vars, x.Rows(), x.Cols()))
	}
	cols := make([]autodiff.Var, f.vars)
	for j := range cols {
		cols[j] = autodiff.Slice(x, j, j+1)
	}
	return f.of(x.Graph(), x.Rows(), cols)
}

// of returns the formula of columns.
func (f *Formula) of(g *autodiff.Graph, rows int, cols []autodiff.Var) autodiff.Var {
	vals := make([]autodiff.Var, len(f.nodes)) // of what depends on a variable
	for i := range f.nodes {
		n := &f.nodes[i]
		if !n.isVar {
			continue
		}
		x, y := &f.nodes[n.x], &f.nodes[n.y]
		vx, vy := vals[n.x], vals[n.y]
		switch n.op {
		case 'a':
			vals[i] = cols[n.v]
		case '~':
			vals[i] = autodiff.Neg(vx)
		case 'f':
			vals[i] = functions[n.name].of(vx)
		case '^':
			vals[i] = power(vx, y.val)
		default:
			vals[i] = binary(n.op, x, y, vx, vy)
		}
	}
	if last := &f.nodes[len(f.nodes)-1]; !last.isVar {
		return g.Const(rows, 1, last.val)
	}
	return vals[len(vals)-1]
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

// Field returns the symplectic gradient of a Hamiltonian at each row of x = [q…, p…]:
//
//	[q̇, ṗ] = [∂H/∂p, −∂H/∂q]
func (f *Formula) Field(x autodiff.Var) autodiff.Var {
	d := f.pairs("Field")
	grad := autodiff.Grad(autodiff.SumTo(f.Of(x), 1, 1), x)[0]
	return autodiff.Concat(autodiff.Slice(grad, d, 2*d), autodiff.Neg(autodiff.Slice(grad, 0, d)))
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
func (f *Formula) Separable() bool {
	const q, p = 1, 2
	d := f.pairs("Separable")
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
			on[i], x, y = q, i, i
			if n.v >= d {
				on[i] = p
			}
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
