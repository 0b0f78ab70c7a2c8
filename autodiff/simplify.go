package autodiff

import (
	"math"
	"slices"
)

// Simplify enters the formulas ys of numbers xs a second time, with at[i] in place of xs[i],
// and returns them. Products of sums are multiplied out and like terms are added, as on
// paper. So the gradient of a polynomial is again a polynomial. A simplified formula is
// another formula: its results can differ in the last bits.
//
// ys and xs are 1×1 formulas of one graph, and ys depend on xs and constants only. The
// formulas at have one shape and are of one graph, which may be another one. The formulas
// that are entered depend on ys and xs only. So the bits are the same for any shape and any
// graph.
func Simplify(ys, xs, at []Var) []Var {
	if len(xs) != len(at) || len(at) == 0 {
		panic("autodiff: Simplify: want as many formulas as variables, and at least one")
	}
	var outs []int32
	for _, v := range slices.Concat(xs, ys) {
		if v.g != xs[0].g || v.Rows() != 1 || v.Cols() != 1 {
			panic("autodiff: Simplify: want 1×1 formulas of one graph, not " + shape(v))
		}
		outs = append(outs, v.id)
	}
	list, place, ok := unroll(xs[0].g.nodes, outs, math.MaxInt)
	if !ok {
		panic("autodiff: Simplify: the formulas are not of numbers")
	}
	s := simplifier{at[0]}
	sums := make([]poly, len(list))
	given := make([]bool, len(list))
	for i, x := range xs {
		j := place[x.id][0]
		sums[j], given[j] = poly{{1, at[i], unit}}, true
	}
	for i, n := range list {
		if given[i] || n.op == opLeaf {
			continue
		}
		if sums[i] = s.sum(n, sums[n.x], sums[n.y]); len(sums[i]) > longest {
			sums[i] = poly{{1, s.value(sums[i]), unit}}
		}
	}
	var zs []Var
	for _, y := range ys {
		zs = append(zs, s.value(sums[place[y.id][0]]))
	}
	return zs
}

// longest is the largest number of terms of a sum that is written out in the formulas that use
// it. A longer sum is computed once.
const longest = 6

// A poly is a sum of terms, in order.
type poly []monomial

// A monomial is c·x·y, where unit stands for 1.
type monomial struct {
	c    float64
	x, y Var
}

var unit Var

// A simplifier enters formulas of the shape of like.
type simplifier struct{ like Var }

// sum returns the formula n of x and y.
func (s simplifier) sum(n number, x, y poly) poly {
	switch n.op {
	case opConst:
		return s.add(nil, n.c, poly{{1, unit, unit}})
	case opAdd:
		return s.add(x, 1, y)
	case opSub:
		return s.add(x, -1, y)
	case opAddConst:
		return s.add(x, n.c, poly{{1, unit, unit}})
	case opScale:
		return s.scale(x, n.c)
	case opMul:
		return s.mul(x, y)
	case opDiv:
		return s.mul(x, s.inverse(y))
	case opInv:
		return s.inverse(x)
	}
	return poly{{1, unary(n.op, s.value(x), n.c), unit}}
}

// add returns x + k·y, like terms put together.
func (s simplifier) add(x poly, k float64, y poly) poly {
	z := slices.Clone(x)
next:
	for _, t := range s.scale(y, k) {
		for i := range z {
			if z[i].x == t.x && z[i].y == t.y {
				if z[i].c += t.c; z[i].c == 0 {
					z = slices.Delete(z, i, i+1)
				}
				continue next
			}
		}
		z = append(z, t)
	}
	return z
}

// scale returns k·x. If a coefficient would leave the range of float64, the sum is computed
// first.
func (s simplifier) scale(x poly, k float64) poly {
	var z poly
	for _, t := range x {
		v := float64(k * t.c) // v - v must not be fused with the product
		if v-v != 0 || math.Abs(v) < 0x1p-1022 && k != 0 {
			return poly{{k, s.value(x), unit}}
		}
		if t.c = v; v != 0 {
			z = append(z, t)
		}
	}
	return z
}

// mul returns x·y. It is multiplied out if one of them is one term and the other a short sum
// of single factors. (x − y)² is not multiplied out, because that would lose digits if x is
// near y.
func (s simplifier) mul(x, y poly) poly {
	if len(x) > 1 {
		x, y = y, x
	}
	a, fx := s.factor(x)
	if len(x) == 1 && len(y) > 1 && len(y) <= 3 && !slices.ContainsFunc(y, func(t monomial) bool { return t.y != unit }) {
		var z poly
		for _, t := range y {
			z = s.add(z, 1, s.mul(poly{{a, fx, unit}}, poly{t}))
		}
		return z
	}
	b, fy := s.factor(y)
	if fx == unit || fy != unit && fy.id > fx.id { // one order for x·y and y·x
		fx, fy = fy, fx
	}
	return s.scale(s.scale(poly{{1, fx, fy}}, a), b)
}

// inverse returns 1/x. A division becomes a multiplication by it, because a gradient has the
// same divisor many times.
func (s simplifier) inverse(x poly) poly {
	c, f := s.factor(x)
	if k := 1 / c; k-k == 0 {
		if f == unit {
			return poly{{k, unit, unit}}
		}
		return s.scale(poly{{1, Inv(f), unit}}, k)
	}
	return poly{{1, Inv(s.value(x)), unit}}
}

// factor returns a constant and a formula whose product is x.
func (s simplifier) factor(x poly) (float64, Var) {
	switch {
	case len(x) != 1:
		return 1, s.value(x)
	case x[0].x == unit:
		return x[0].c, unit
	}
	return x[0].c, x[0].factors()
}

// value enters x. A term of one factor is the first, because a step of a program has a place
// for it.
func (s simplifier) value(x poly) Var {
	constant := func(c float64) Var { return s.like.g.Const(s.like.Rows(), s.like.Cols(), c) }
	if len(x) == 0 {
		return constant(0)
	}
	i := max(0, slices.IndexFunc(x, func(t monomial) bool { return t.y == unit }))
	z := constant(x[i].c)
	if x[i].x != unit {
		z = Scale(x[i].factors(), x[i].c)
	}
	for j, t := range x {
		switch {
		case j == i:
		case t.x == unit:
			z = AddConst(z, t.c)
		case z.node().op == opConst:
			z = AddConst(Scale(t.factors(), t.c), z.node().konst())
		case t.c == -1:
			z = Sub(z, t.factors())
		default:
			z = Add(z, Scale(t.factors(), t.c))
		}
	}
	return z
}

// factors enters x·y.
func (t monomial) factors() Var {
	if t.y == unit {
		return t.x
	}
	return Mul(t.x, t.y)
}
