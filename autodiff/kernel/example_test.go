package kernel_test

import (
	"fmt"

	"hnn/autodiff/kernel"
)

// A product whose bits are the same on every machine.
func ExampleWorkspace_MatMul() {
	var w kernel.Workspace
	x := []float64{1, 2, 3, 4}       // 2×2
	y := []float64{1, 0, 1, 0, 1, 1} // 2×3
	z := make([]float64, 2*3)
	w.MatMul(z, x, y, 2, 2, 3)
	fmt.Println(z)
	// Output: [1 2 3 3 4 7]
}
