package autodiff

import (
	"fmt"
	"math"
)

// The operations. Each is a function of Vars of one graph. It enters one formula and
// returns it. Shapes are never adjusted silently: only ExpandTo repeats a smaller matrix.
// If shapes do not fit, the operation panics when the formula is written, and the message
// has both shapes.
//
// A few formulas are simplified when they are entered. This is done only if the result is
// the same for every float64, NaN and infinities included.

// Add returns x + y, of equal shapes.
func Add(x, y Var) Var { return elementwise(opAdd, x, y) }

// Sub returns x − y, of equal shapes.
func Sub(x, y Var) Var { return elementwise(opSub, x, y) }

// Mul returns the elementwise product x⊙y, of equal shapes.
func Mul(x, y Var) Var {
	sameShape(opMul, x, y)
	if n := x.node(); n.op == opConst {
		return Scale(y, n.konst())
	}
	if n := y.node(); n.op == opConst {
		return Scale(x, n.konst())
	}
	return elementwise(opMul, x, y)
}

// Div returns the elementwise quotient x/y, of equal shapes.
func Div(x, y Var) Var { return elementwise(opDiv, x, y) }

// Scale returns c x.
func Scale(x Var, c float64) Var {
	n := x.node()
	switch {
	case c == 1:
		return x
	case n.op == opConst:
		return x.g.Const(x.Rows(), x.Cols(), c*n.konst())
	case n.op == opScale && (c == -1 || n.konst() == -1):
		return Scale(Var{x.g, n.x}, c*n.konst())
	}
	return unary(opScale, x, c)
}

// Neg returns −x.
func Neg(x Var) Var { return Scale(x, -1) }

// AddConst returns x + c, c added to each element.
func AddConst(x Var, c float64) Var { return unary(opAddConst, x, c) }

// MatMul returns the matrix product x y, m×k by k×n.
func MatMul(x, y Var) Var {
	return product(opMatMul, x, y, x.Cols() == y.Rows(), x.Rows(), y.Cols())
}

// MatMulT returns x yᵀ, m×k by n×k.
func MatMulT(x, y Var) Var {
	return product(opMatMulT, x, y, x.Cols() == y.Cols(), x.Rows(), y.Rows())
}

// TMatMul returns xᵀ y, k×m by k×n.
func TMatMul(x, y Var) Var {
	return product(opTMatMul, x, y, x.Rows() == y.Rows(), x.Cols(), y.Cols())
}

// SumTo adds x up to rows×cols. rows is 1 or the number of rows of x, and cols is 1 or the
// number of its columns.
func SumTo(x Var, rows, cols int) Var {
	if rows != 1 && rows != x.Rows() || cols != 1 && cols != x.Cols() {
		panic(fmt.Sprintf("autodiff: SumTo: %s cannot be added up to %d×%d", shape(x), rows, cols))
	}
	if rows == x.Rows() && cols == x.Cols() {
		return x
	}
	return x.g.add(node{op: opSumTo, x: x.id, rows: int32(rows), cols: int32(cols)})
}

// ExpandTo repeats x to rows×cols: the rows of x are 1 or rows, and its columns 1
// or cols.
func ExpandTo(x Var, rows, cols int) Var {
	if x.Rows() != 1 && x.Rows() != rows || x.Cols() != 1 && x.Cols() != cols {
		panic(fmt.Sprintf("autodiff: ExpandTo: %s cannot be repeated to %d×%d", shape(x), rows, cols))
	}
	if rows == x.Rows() && cols == x.Cols() {
		return x
	}
	if n := x.node(); n.op == opConst {
		return x.g.Const(rows, cols, n.konst())
	}
	return x.g.add(node{op: opExpandTo, x: x.id, rows: int32(rows), cols: int32(cols)})
}

// Slice returns the columns from ≤ j < to of x.
func Slice(x Var, from, to int) Var {
	if from < 0 || to < from || to > x.Cols() {
		panic(fmt.Sprintf("autodiff: Slice: columns %d to %d of %s", from, to, shape(x)))
	}
	if to-from == x.Cols() {
		return x
	}
	return x.g.add(node{op: opSlice, x: x.id, rows: x.node().rows, cols: int32(to - from),
		c: math.Float64bits(float64(from))})
}

// Pad returns a matrix of cols columns. It has x in the columns from at on, and zeros in the
// others. It is the adjoint of Slice.
func Pad(x Var, at, cols int) Var {
	if at < 0 || at+x.Cols() > cols {
		panic(fmt.Sprintf("autodiff: Pad: %s at column %d of %d", shape(x), at, cols))
	}
	if cols == x.Cols() {
		return x
	}
	return x.g.add(node{op: opPad, x: x.id, rows: x.node().rows, cols: int32(cols),
		c: math.Float64bits(float64(at))})
}

// Concat returns [x y], the columns of x followed by those of y. Both have the same number of
// rows.
func Concat(x, y Var) Var {
	if x.Rows() != y.Rows() {
		panic(fmt.Sprintf("autodiff: Concat: %s and %s have different rows", shape(x), shape(y)))
	}
	n := x.Cols() + y.Cols()
	return Add(Pad(x, 0, n), Pad(y, x.Cols(), n))
}

// Tanh returns tanh x.
func Tanh(x Var) Var { return unary(opTanh, x, 0) }

// Exp returns eˣ.
func Exp(x Var) Var { return unary(opExp, x, 0) }

// Log returns ln x: −Inf at 0, NaN below.
func Log(x Var) Var { return unary(opLog, x, 0) }

// Inv returns 1/x.
func Inv(x Var) Var { return unary(opInv, x, 0) }

// Sqrt returns √x: NaN below 0, and a derivative of +Inf at 0.
func Sqrt(x Var) Var { return unary(opSqrt, x, 0) }

// Pow returns xᶜ for a constant exponent: NaN for x < 0 unless c is an integer.
func Pow(x Var, c float64) Var {
	switch c {
	case 0: // x⁰ = 1 for every x, NaN included, and its derivative is 0
		return x.g.Const(x.Rows(), x.Cols(), 1)
	case 1:
		return x
	}
	return unary(opPow, x, c)
}

// Sin returns sin x.
func Sin(x Var) Var { return unary(opSin, x, 0) }

// Cos returns cos x.
func Cos(x Var) Var { return unary(opCos, x, 0) }

// Sigmoid returns 1/(1 + e⁻ˣ).
func Sigmoid(x Var) Var { return unary(opSigmoid, x, 0) }

// Softplus returns ln(1 + eˣ).
func Softplus(x Var) Var { return unary(opSoftplus, x, 0) }

// Detach returns x as a constant: its derivative is zero.
func Detach(x Var) Var { return unary(opDetach, x, 0) }

func unary(o op, x Var, c float64) Var {
	n := x.node()
	return x.g.add(node{op: o, x: x.id, rows: n.rows, cols: n.cols, c: math.Float64bits(c)})
}

func elementwise(o op, x, y Var) Var {
	sameShape(o, x, y)
	n := x.node()
	return x.g.add(node{op: o, x: x.id, y: y.id, rows: n.rows, cols: n.cols})
}

func product(o op, x, y Var, fit bool, rows, cols int) Var {
	sameGraph(o, x, y)
	if !fit {
		panic(fmt.Sprintf("autodiff: %s: %s by %s", rules[o].name, shape(x), shape(y)))
	}
	return x.g.add(node{op: o, x: x.id, y: y.id, rows: int32(rows), cols: int32(cols)})
}

func sameShape(o op, x, y Var) {
	sameGraph(o, x, y)
	if x.Rows() != y.Rows() || x.Cols() != y.Cols() {
		panic(fmt.Sprintf("autodiff: %s: %s and %s differ", rules[o].name, shape(x), shape(y)))
	}
}

func sameGraph(o op, x, y Var) {
	if x.g != y.g {
		panic(fmt.Sprintf("autodiff: %s: operands of two graphs (%s, %s)", rules[o].name, shape(x), shape(y)))
	}
}

func shape(x Var) string { return fmt.Sprintf("%d×%d", x.Rows(), x.Cols()) }
