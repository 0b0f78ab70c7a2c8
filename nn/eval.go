package nn

import (
	"fmt"

	"hnn/autodiff"
)

// evalRows is how many rows Evaluate computes at a time.
const evalRows = 256

// Evaluate computes a formula for each row of x, such as (*HNN).Field or (*HNN).H. Row i of
// the result is f of row i of x. Beside x and the result it needs a fixed amount of memory.
func Evaluate(f func(autodiff.Var) autodiff.Var, x *autodiff.Matrix) *autodiff.Matrix {
	var out, in, y *autodiff.Matrix
	var plan *autodiff.Plan
	for lo := 0; lo < max(x.Rows, 1); lo += evalRows {
		if n := min(evalRows, x.Rows-lo); in == nil || n != in.Rows {
			in = autodiff.NewMatrix(n, x.Cols)
			plan, y = compile(f, in)
		}
		if out == nil {
			out = autodiff.NewMatrix(x.Rows, y.Cols)
		}
		copy(in.Data, x.Data[lo*x.Cols:])
		plan.Run()
		copy(out.Data[lo*y.Cols:], y.Data)
	}
	return out
}

// Func compiles a formula of one state of the given dimension into a function that sets dst to
// f(x) and allocates nothing. One goroutine may use it. It sees later changes of the weights.
// dst may be x. Lengths other than those of f panic.
func Func(f func(autodiff.Var) autodiff.Var, dim int) func(dst, x []float64) {
	in := autodiff.NewMatrix(1, dim)
	plan, y := compile(f, in)
	return func(dst, x []float64) {
		if len(x) != len(in.Data) || len(dst) != len(y.Data) {
			panic(fmt.Sprintf("nn: Func: %d to %d numbers, want %d to %d", len(x), len(dst), len(in.Data), len(y.Data)))
		}
		copy(in.Data, x)
		plan.Run()
		copy(dst, y.Data)
	}
}

// NewField compiles the field of a model into a function that package integrate can follow.
// The field does not depend on t. As for Func, one goroutine may use it.
func NewField(m Field) func(dydt []float64, t float64, y []float64) {
	f := Func(m.Field, m.Dim())
	return func(dydt []float64, _ float64, y []float64) { f(dydt, y) }
}

func compile(f func(autodiff.Var) autodiff.Var, in *autodiff.Matrix) (*autodiff.Plan, *autodiff.Matrix) {
	var g autodiff.Graph
	v := f(g.Leaf("x", in))
	plan := mustCompile([]autodiff.Var{v})
	return plan, plan.Value(v)
}
