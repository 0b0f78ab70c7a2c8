package autodiff

import "fmt"

// Grad returns ∂y/∂x for each x, as formulas of the same graph: they can be
// compiled, printed, used in other formulas and differentiated again. y must be
// 1×1; the gradient of SumTo(Mul(y, v), 1, 1) is the vector–Jacobian product of a
// larger y with v. An x that y does not depend on has a gradient of zeros.
//
// The sweep reads Wengert's list backwards. It starts with ȳ = 1. In reverse order of
// entry it adds
//
//	x̄ += (∂z/∂x)ᵀ z̄   for each operation z = f(x, …) that lies between xs and y
//
// It visits each formula once and uses no recursion.
//
// Source: Griewank and Walther, Evaluating Derivatives (2008), §3.2.
func Grad(y Var, xs ...Var) []Var {
	if y.Rows() != 1 || y.Cols() != 1 {
		panic(fmt.Sprintf("autodiff: Grad: y is %s, want 1×1", shape(y)))
	}
	g := y.g

	// between: formulas up to y that depend on one of xs.
	between := make([]bool, y.id+1)
	for _, x := range xs {
		if x.g != g {
			panic(fmt.Sprintf("autodiff: Grad: y (%s) and x (%s) are of two graphs", shape(y), shape(x)))
		}
		if x.id <= y.id {
			between[x.id] = true
		}
	}
	for id := range between {
		n := &g.nodes[id]
		if n.op > opConst && (between[n.x] || rules[n.op].binary && between[n.y]) {
			between[id] = true
		}
	}

	adjoint := make([]int32, y.id+1) // 0: none yet, else 1 + the formula's number
	adjoint[y.id] = 1 + g.Const(1, 1, 1).id
	add := func(x int32, d Var) {
		if a := adjoint[x]; a != 0 {
			d = Add(Var{g, a - 1}, d)
		}
		adjoint[x] = 1 + d.id
	}
	for id := y.id; id >= 0; id-- {
		n := g.nodes[id] // a copy: the list grows below
		if adjoint[id] == 0 || n.op <= opConst {
			continue
		}
		r := &rules[n.op]
		toX, toY := between[n.x], r.binary && between[n.y]
		if !toX && !toY {
			continue
		}
		dx, dy := r.diff(Var{g, adjoint[id] - 1}, Var{g, id}, Var{g, n.x}, Var{g, n.y}, n.konst())
		if toX && dx.g != nil {
			add(n.x, dx)
		}
		if toY && dy.g != nil {
			add(n.y, dy)
		}
	}

	grads := make([]Var, len(xs))
	for i, x := range xs {
		if x.id <= y.id && adjoint[x.id] != 0 {
			grads[i] = Var{g, adjoint[x.id] - 1}
		} else {
			grads[i] = g.Const(x.Rows(), x.Cols(), 0)
		}
	}
	return grads
}
