package nn_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"

	"hnn/autodiff"
	"hnn/nn"
)

// An HNN learns the unit spring, q̇ = p, ṗ = −q, from 25 states, and is saved and
// loaded.
func Example() {
	data := &nn.Data{X: autodiff.NewMatrix(25, 2), Y: autodiff.NewMatrix(25, 2)}
	for i := range 25 {
		q, p := float64(i/5-2)/2, float64(i%5-2)/2
		copy(data.X.Row(i), []float64{q, p})
		copy(data.Y.Row(i), []float64{p, -q})
	}

	net, err := nn.NewMLP(nn.Tanh, false, 2, 32, 1)
	if err != nil {
		panic(err)
	}
	net.Init(nn.Torch, rand.NewPCG(1, 0))
	model := &nn.HNN{K: net}
	training := nn.Training{
		Epochs: 1000, Batch: -1, Opt: nn.NewAdam(), Schedule: nn.Cosine(0.02, 0), Src: rand.NewPCG(1, 1),
	}
	if err := training.Run(context.Background(), model, data); err != nil {
		panic(err)
	}

	var file bytes.Buffer
	if err := nn.Save(&file, model); err != nil {
		panic(err)
	}
	loaded, err := nn.Load(&file)
	if err != nil {
		panic(err)
	}
	field := nn.Func(loaded.(*nn.HNN).Field, 2)
	dx := make([]float64, 2)
	field(dx, []float64{0.7, 0.3})
	fmt.Printf("at (0.7, 0.3): q̇ = %.2f, ṗ = %.2f\n", dx[0], dx[1])
	// Output: at (0.7, 0.3): q̇ = 0.30, ṗ = -0.71
}

// Derivatives estimated from samples at uneven times are exact for a parabola.
func ExampleDifferences() {
	t := []float64{0, 1, 3, 4}
	x, err := autodiff.MatrixOf([]float64{0, 1}, []float64{1, 1}, []float64{9, 1}, []float64{16, 1}) // t², 1
	if err != nil {
		panic(err)
	}
	d, err := nn.Differences(t, x, []int{0}, 2, 1)
	if err != nil {
		panic(err)
	}
	fmt.Printf("%.6g\n", d.Y.Data)
	// Output: [2 0 6 0]
}
