package autodiff_test

import (
	"fmt"
	"math/rand/v2"

	"hnn/autodiff"
)

// Three derivatives of tanh at 0.5. Each is the gradient of the one before.
func ExampleGrad() {
	var g autodiff.Graph
	x := g.Leaf("x", &autodiff.Matrix{Rows: 1, Cols: 1, Data: []float64{0.5}})
	y := autodiff.Tanh(x)
	dy := autodiff.Grad(y, x)[0]
	d2y := autodiff.Grad(dy, x)[0]

	plan, err := autodiff.Compile(y, dy, d2y)
	if err != nil {
		panic(err)
	}
	plan.Run()
	for _, v := range []autodiff.Var{y, dy, d2y} {
		fmt.Printf("%.6f\n", plan.Value(v).Data[0])
	}
	// Output:
	// 0.462117
	// 0.786448
	// -0.726862
}

// A leaf is a window: each Run of a Plan reads the present values of its matrix.
func ExamplePlan_Run() {
	var g autodiff.Graph
	m, err := autodiff.MatrixOf([]float64{1, 2}, []float64{3, 4})
	if err != nil {
		panic(err)
	}
	x := g.Leaf("x", m)
	sum := autodiff.SumTo(autodiff.Mul(x, x), 1, 1)
	plan, err := autodiff.Compile(sum)
	if err != nil {
		panic(err)
	}
	plan.Run()
	fmt.Println(plan.Value(sum).At(0, 0))
	m.Data[3] = 0
	plan.Run()
	fmt.Println(plan.Value(sum).At(0, 0))
	// Output:
	// 30
	// 14
}

// The listing shows exactly what is computed.
func ExampleGraph_String() {
	var g autodiff.Graph
	x := g.Leaf("x", autodiff.NewMatrix(750, 2))
	w := g.Leaf("W", autodiff.NewMatrix(128, 2))
	b := g.Leaf("b", autodiff.NewMatrix(1, 128))
	z := autodiff.MatMulT(x, w)
	autodiff.Tanh(autodiff.Add(z, autodiff.ExpandTo(b, z.Rows(), z.Cols())))
	fmt.Print(g.String())
	// Output:
	// v0 = leaf x    750×2
	// v1 = leaf W    128×2
	// v2 = leaf b    1×128
	// v3 = matmulT v0 v1    750×128
	// v4 = expandto v2    750×128
	// v5 = add v3 v4    750×128
	// v6 = tanh v5    750×128
}

// Check compares derivatives with differences, here to third order.
func ExampleCheck() {
	var g autodiff.Graph
	x := g.Leaf("x", &autodiff.Matrix{Rows: 1, Cols: 2, Data: []float64{0.3, 1.2}})
	y := autodiff.Mul(autodiff.Exp(x), autodiff.Sin(x))
	worst, err := autodiff.Check(y, 3, rand.NewPCG(1, 2), x)
	fmt.Println(worst < 1e-9, err)
	// Output: true <nil>
}
