package autodiff

import (
	"hnn/autodiff/kernel"
)

type op uint8

const (
	opLeaf op = iota
	opConst
	opAdd
	opSub
	opMul
	opDiv
	opScale
	opAddConst
	opMatMul
	opMatMulT
	opTMatMul
	opSumTo
	opExpandTo
	opSlice
	opPad
	opTanh
	opExp
	opLog
	opInv
	opSqrt
	opPow
	opSin
	opCos
	opSigmoid
	opSoftplus
	opDetach
	numOps
)

// A rule defines an operation z = f(x, y; c): how it is computed and how it is
// differentiated.
//
// diff is the vector–Jacobian product. Given g = ∂L/∂z, of the shape of z, it returns
// ∂L/∂x and ∂L/∂y as formulas of the same operations. This is why a gradient of a gradient
// needs no further rules. A zero Var stands for no derivative.
type rule struct {
	name     string
	binary   bool // y is used
	constant bool // c is used

	// one of these two: for each element by itself, or for a whole matrix
	each  func(z, x, y []float64, c float64)
	whole func(w *kernel.Workspace, z, x, y Matrix, c float64)

	diff func(g, z, x, y Var, c float64) (dx, dy Var)
}

// rules has one row for each operation. init fills it: a literal would be an initialisation
// cycle, because its functions call operations, and these read rules.
var rules [numOps]rule

func init() {
	none := Var{}
	rules = [numOps]rule{
		opLeaf:  {name: "leaf"},
		opConst: {name: "const", constant: true},

		// z = x + y      dx = g, dy = g
		opAdd: {name: "add", binary: true, each: two(kernel.AddTo),
			diff: func(g, z, x, y Var, _ float64) (Var, Var) { return g, g }},

		// z = x − y      dx = g, dy = −g
		opSub: {name: "sub", binary: true, each: two(kernel.SubTo),
			diff: func(g, z, x, y Var, _ float64) (Var, Var) { return g, Neg(g) }},

		// z = x⊙y      dx = g⊙y, dy = g⊙x
		opMul: {name: "mul", binary: true, each: two(kernel.MulTo),
			diff: func(g, z, x, y Var, _ float64) (Var, Var) { return Mul(g, y), Mul(g, x) }},

		// z = x/y      dx = g/y, dy = −g⊙z/y
		opDiv: {name: "div", binary: true, each: two(kernel.DivTo),
			diff: func(g, z, x, y Var, _ float64) (Var, Var) { return Div(g, y), Neg(Mul(g, Div(z, y))) }},

		// z = c x      dx = c g
		opScale: {name: "scale", constant: true, each: with(kernel.ScaleTo),
			diff: func(g, z, x, y Var, c float64) (Var, Var) { return Scale(g, c), none }},

		// z = x + c      dx = g
		opAddConst: {name: "addconst", constant: true, each: with(kernel.AddConstTo),
			diff: func(g, z, x, y Var, _ float64) (Var, Var) { return g, none }},

		// z = x y      dx = g yᵀ, dy = xᵀ g
		opMatMul: {name: "matmul", binary: true,
			whole: func(w *kernel.Workspace, z, x, y Matrix, _ float64) {
				w.MatMul(z.Data, x.Data, y.Data, x.Rows, x.Cols, y.Cols)
			},
			diff: func(g, z, x, y Var, _ float64) (Var, Var) { return MatMulT(g, y), TMatMul(x, g) }},

		// z = x yᵀ      dx = g y, dy = gᵀ x
		opMatMulT: {name: "matmulT", binary: true,
			whole: func(w *kernel.Workspace, z, x, y Matrix, _ float64) {
				w.MatMulT(z.Data, x.Data, y.Data, x.Rows, x.Cols, y.Rows)
			},
			diff: func(g, z, x, y Var, _ float64) (Var, Var) { return MatMul(g, y), TMatMul(g, x) }},

		// z = xᵀ y      dx = y gᵀ, dy = x g
		opTMatMul: {name: "tmatmul", binary: true,
			whole: func(w *kernel.Workspace, z, x, y Matrix, _ float64) {
				w.TMatMul(z.Data, x.Data, y.Data, x.Cols, x.Rows, y.Cols)
			},
			diff: func(g, z, x, y Var, _ float64) (Var, Var) { return MatMulT(y, g), MatMul(x, g) }},

		// z = Σ x over rows, columns or both      dx = g repeated
		opSumTo: {name: "sumto",
			whole: func(_ *kernel.Workspace, z, x, _ Matrix, _ float64) {
				kernel.SumTo(z.Data, x.Data, z.Rows, z.Cols, x.Rows, x.Cols)
			},
			diff: func(g, z, x, y Var, _ float64) (Var, Var) { return ExpandTo(g, x.Rows(), x.Cols()), none }},

		// z = x repeated      dx = Σ g
		opExpandTo: {name: "expandto",
			whole: func(_ *kernel.Workspace, z, x, _ Matrix, _ float64) {
				kernel.ExpandTo(z.Data, x.Data, z.Rows, z.Cols, x.Rows, x.Cols)
			},
			diff: func(g, z, x, y Var, _ float64) (Var, Var) { return SumTo(g, x.Rows(), x.Cols()), none }},

		// z = columns of x from c on      dx = g padded with zeros
		opSlice: {name: "slice", constant: true,
			whole: func(_ *kernel.Workspace, z, x, _ Matrix, c float64) {
				kernel.CopyCols(z.Data, x.Data, z.Rows, z.Cols, z.Cols, 0, x.Cols, int(c))
			},
			diff: func(g, z, x, y Var, c float64) (Var, Var) { return Pad(g, int(c), x.Cols()), none }},

		// z = x at column c, else 0      dx = columns of g from c on
		opPad: {name: "pad", constant: true,
			whole: func(_ *kernel.Workspace, z, x, _ Matrix, c float64) {
				clear(z.Data)
				kernel.CopyCols(z.Data, x.Data, z.Rows, x.Cols, z.Cols, int(c), x.Cols, 0)
			},
			diff: func(g, z, x, y Var, c float64) (Var, Var) { return Slice(g, int(c), int(c)+x.Cols()), none }},

		// z = tanh x      dx = g − g⊙z²
		opTanh: {name: "tanh", each: one(kernel.TanhTo),
			diff: func(g, z, x, y Var, _ float64) (Var, Var) { return Sub(g, Mul(g, Mul(z, z))), none }},

		// z = eˣ      dx = g⊙z
		opExp: {name: "exp", each: one(kernel.ExpTo),
			diff: func(g, z, x, y Var, _ float64) (Var, Var) { return Mul(g, z), none }},

		// z = ln x      dx = g/x
		opLog: {name: "log", each: one(kernel.LogTo),
			diff: func(g, z, x, y Var, _ float64) (Var, Var) { return Div(g, x), none }},

		// z = 1/x      dx = −g⊙z²
		opInv: {name: "inv", each: one(kernel.InvTo),
			diff: func(g, z, x, y Var, _ float64) (Var, Var) { return Neg(Mul(g, Mul(z, z))), none }},

		// z = √x      dx = g/2z
		opSqrt: {name: "sqrt", each: one(kernel.SqrtTo),
			diff: func(g, z, x, y Var, _ float64) (Var, Var) { return Div(Scale(g, 0.5), z), none }},

		// z = xᶜ      dx = g⊙c xᶜ⁻¹
		opPow: {name: "pow", constant: true, each: with(kernel.PowTo),
			diff: func(g, z, x, y Var, c float64) (Var, Var) { return Mul(g, Scale(Pow(x, c-1), c)), none }},

		// z = sin x      dx = g⊙cos x
		opSin: {name: "sin", each: one(kernel.SinTo),
			diff: func(g, z, x, y Var, _ float64) (Var, Var) { return Mul(g, Cos(x)), none }},

		// z = cos x      dx = −g⊙sin x
		opCos: {name: "cos", each: one(kernel.CosTo),
			diff: func(g, z, x, y Var, _ float64) (Var, Var) { return Neg(Mul(g, Sin(x))), none }},

		// z = σ(x)      dx = g⊙σ(x)⊙σ(−x), since 1 − σ(x) = σ(−x)
		opSigmoid: {name: "sigmoid", each: one(kernel.SigmoidTo),
			diff: func(g, z, x, y Var, _ float64) (Var, Var) { return Mul(g, Mul(z, Sigmoid(Neg(x)))), none }},

		// z = ln(1 + eˣ)      dx = g⊙σ(x)
		opSoftplus: {name: "softplus", each: one(kernel.SoftplusTo),
			diff: func(g, z, x, y Var, _ float64) (Var, Var) { return Mul(g, Sigmoid(x)), none }},

		// z = x, held constant      dx = 0
		opDetach: {name: "detach",
			each: func(z, x, _ []float64, _ float64) { copy(z, x) },
			diff: func(g, z, x, y Var, _ float64) (Var, Var) { return none, none }},
	}
}

// one, two and with give a kernel the common signature.

func one(f func(z, x []float64)) func(z, x, y []float64, c float64) {
	return func(z, x, _ []float64, _ float64) { f(z, x) }
}

func two(f func(z, x, y []float64)) func(z, x, y []float64, c float64) {
	return func(z, x, y []float64, _ float64) { f(z, x, y) }
}

func with(f func(z, x []float64, c float64)) func(z, x, y []float64, c float64) {
	return func(z, x, _ []float64, c float64) { f(z, x, c) }
}
