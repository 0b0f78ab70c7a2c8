package formula_test

import (
	"fmt"

	"hnn/autodiff"
	"hnn/autodiff/formula"
)

// A pendulum: its energy, its field, and whether leapfrog may be used.
func Example() {
	expr, err := formula.Parse("p^2/(2*m) + m*g*(1 - cos(q))")
	if err != nil {
		fmt.Println(err)
		return
	}
	h, err := expr.Bind([]string{"q", "p"}, map[string]float64{"m": 2, "g": 10})
	if err != nil {
		fmt.Println(err)
		return
	}
	state := []float64{0, 3}
	dydt := make([]float64, 2)
	h.NewField()(dydt, 0, state)
	fmt.Println("names", expr.Names())
	fmt.Println("H", h.NewValue()(state))
	fmt.Println("field", dydt)
	fmt.Println("separable", h.Separable())
	// Output:
	// names [p m g q]
	// H 2.25
	// field [1.5 0]
	// separable true
}

// Errors tell the column.
func ExampleError() {
	_, err := formula.Parse("p^2/2 + 3*(1 - cos(q)")
	fmt.Println(err)
	expr, _ := formula.Parse("p^2/2 + foo")
	_, err = expr.Bind([]string{"q", "p"}, nil)
	fmt.Println(err)
	// Output:
	// column 11: no ) for this (
	// column 9: unknown name "foo"
}

// The same formula for many states at once, part of any other formula.
func ExampleFormula_Of() {
	expr, _ := formula.Parse("q^2 + p^2")
	h, _ := expr.Bind([]string{"q", "p"}, nil)
	var g autodiff.Graph
	x, _ := autodiff.MatrixOf([]float64{1, 2}, []float64{3, 4})
	energy := h.Of(g.Leaf("x", x))
	field := h.Field(g.Leaf("x", x))
	plan, _ := autodiff.Compile(energy, field)
	plan.Run()
	fmt.Println(plan.Value(energy).Data)
	fmt.Println(plan.Value(field).Data)
	// Output:
	// [5 25]
	// [4 -2 8 -6]
}
