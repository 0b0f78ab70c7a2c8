package verify

import (
	"math/rand/v2"

	"hnn/autodiff"
	"hnn/autodiff/random"
)

// Rules compares the derivatives of every operation with central differences, to third
// order, at random matrices of a few shapes.
func Rules(found func(Finding)) {
	for i := range Cases {
		c, src := &Cases[i], rand.NewPCG(3, uint64(i))
		largest, detail := 0., ""
		for _, s := range [][2][2]int{{{1, 1}, {1, 1}}, {{1, 4}, {1, 4}}, {{5, 1}, {5, 1}}, {{3, 4}, {3, 4}}, {{1, 3}, {4, 3}}} {
			worst, err := c.Check(src, s[0], s[1])
			largest = max(largest, worst)
			if err != nil && detail == "" {
				detail = err.Error()
			}
		}
		found(Finding{"rule " + c.Op, largest, 1e-6, "of the size, to third order", detail})
	}
}

// A Case is a formula F of x and y, both m×n, that contains an operation. It is smooth
// where all elements are in (Low, 2).
type Case struct {
	Op  string // name of the operation, as in a List
	Low float64
	F   func(x, y autodiff.Var) autodiff.Var
}

// Check compares derivatives of F with differences, to third order, by autodiff.Check. The
// random x and y have these rows and columns and are repeated to a common shape.
func (c *Case) Check(src rand.Source, xShape, yShape [2]int) (worst float64, err error) {
	var g autodiff.Graph
	leaf := func(shape [2]int) autodiff.Var {
		m := autodiff.NewMatrix(shape[0], shape[1])
		for i := range m.Data {
			m.Data[i] = c.Low + float64((2-c.Low)*random.Uniform(src))
		}
		return g.Leaf("r", m)
	}
	x, y := leaf(xShape), leaf(yShape)
	rows, cols := max(x.Rows(), y.Rows()), max(x.Cols(), y.Cols())
	if x.Rows() == 0 || y.Rows() == 0 {
		rows = 0
	}
	f := c.F(autodiff.ExpandTo(x, rows, cols), autodiff.ExpandTo(y, rows, cols))
	return autodiff.Check(f, 3, src, x, y)
}

// Cases has one for every operation of package autodiff, in the order of rules.go.
var Cases = []Case{
	{"leaf", -2, func(x, y autodiff.Var) autodiff.Var { return x }},
	{"const", -2, func(x, y autodiff.Var) autodiff.Var {
		three := x.Graph().Const(x.Rows(), x.Cols(), 3)
		return autodiff.Mul(x, autodiff.AddConst(three, 1))
	}},
	{"add", -2, autodiff.Add},
	{"sub", -2, autodiff.Sub},
	{"mul", -2, autodiff.Mul},
	{"div", 0.2, autodiff.Div},
	{"scale", -2, times(func(x autodiff.Var) autodiff.Var { return autodiff.Scale(x, -1.5) })},
	{"addconst", -2, times(func(x autodiff.Var) autodiff.Var { return autodiff.AddConst(x, 2.5) })},
	{"matmul", -2, func(x, y autodiff.Var) autodiff.Var {
		return autodiff.MatMul(autodiff.Mul(x, x), autodiff.TMatMul(y, x))
	}},
	{"matmulT", -2, func(x, y autodiff.Var) autodiff.Var {
		return autodiff.MatMulT(autodiff.Mul(x, y), autodiff.Mul(y, y))
	}},
	{"tmatmul", -2, func(x, y autodiff.Var) autodiff.Var {
		return autodiff.TMatMul(autodiff.Mul(x, y), autodiff.Mul(x, x))
	}},
	{"sumto", -2, func(x, y autodiff.Var) autodiff.Var {
		xy := autodiff.Mul(x, y)
		rows, cols := autodiff.SumTo(xy, xy.Rows(), 1), autodiff.SumTo(autodiff.Mul(xy, x), 1, xy.Cols())
		return autodiff.Add(autodiff.MatMul(rows, cols), repeat(autodiff.SumTo(xy, 1, 1), xy))
	}},
	{"expandto", -2, func(x, y autodiff.Var) autodiff.Var {
		xy := autodiff.Mul(x, y)
		rows, cols, one := autodiff.SumTo(xy, xy.Rows(), 1), autodiff.SumTo(x, 1, x.Cols()), autodiff.SumTo(y, 1, 1)
		return autodiff.Mul(repeat(rows, xy), autodiff.Mul(repeat(cols, xy), repeat(one, xy)))
	}},
	{"slice", -2, func(x, y autodiff.Var) autodiff.Var {
		n := x.Cols() / 2
		return autodiff.Mul(autodiff.Slice(autodiff.Mul(x, y), 0, n), autodiff.Slice(x, 0, n))
	}},
	{"pad", -2, func(x, y autodiff.Var) autodiff.Var {
		return autodiff.Mul(autodiff.Concat(autodiff.Mul(x, y), x), autodiff.Pad(y, x.Cols(), 2*x.Cols()))
	}},
	{"tanh", -2, times(autodiff.Tanh)},
	{"exp", -2, times(autodiff.Exp)},
	{"log", 0.2, times(autodiff.Log)},
	{"inv", 0.2, times(autodiff.Inv)},
	{"sqrt", 0.2, times(autodiff.Sqrt)},
	{"pow", 0.5, func(x, y autodiff.Var) autodiff.Var {
		return autodiff.Add(autodiff.Mul(autodiff.Pow(x, 2.5), y), autodiff.Pow(y, -3))
	}},
	{"sin", -2, times(autodiff.Sin)},
	{"cos", -2, times(autodiff.Cos)},
	{"sigmoid", -2, times(autodiff.Sigmoid)},
	{"softplus", -2, times(autodiff.Softplus)},
	{"detach", -2, func(x, y autodiff.Var) autodiff.Var {
		return autodiff.Add(autodiff.Mul(x, y), autodiff.Scale(autodiff.Detach(y), 0))
	}},
}

// times returns f(x)⊙y, whose second derivatives are not those of f alone.
func times(f func(x autodiff.Var) autodiff.Var) func(x, y autodiff.Var) autodiff.Var {
	return func(x, y autodiff.Var) autodiff.Var { return autodiff.Mul(f(x), y) }
}

// repeat repeats x to the shape of y.
func repeat(x, y autodiff.Var) autodiff.Var { return autodiff.ExpandTo(x, y.Rows(), y.Cols()) }
