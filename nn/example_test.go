package nn_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"math"
	"os"
	"strconv"

	"hnn/autodiff"
	"hnn/integrate"
	"hnn/nn"
)

// An HNN learns a pendulum from a CSV file of t, q and p. It is saved, loaded and followed for
// 20 s. Its own energy stays constant.
func Example() {
	file, err := os.Open("../testdata/pendulum.csv") // columns t, q, p
	if err != nil {
		panic(err)
	}
	defer file.Close()
	records, err := csv.NewReader(file).ReadAll()
	if err != nil {
		panic(err)
	}
	data := &nn.Series{X: autodiff.NewMatrix(len(records)-1, 2)}
	for i, r := range records[1:] {
		var v [3]float64
		for j := range v {
			if v[j], err = strconv.ParseFloat(r[j], 64); err != nil {
				panic(err)
			}
		}
		data.T = append(data.T, v[0])
		copy(data.X.Row(i), v[1:])
	}

	hnn, err := nn.KindOf("hnn")
	if err != nil {
		panic(err)
	}
	fit, err := nn.Fit(context.Background(), data, nn.Recipe{
		Model:  hnn.Maker(nn.Networks{Hidden: []int{32, 32}}),
		Stages: []nn.Optimizer{&nn.Descent{Rule: nn.NewAdam(), Epochs: 300, Batch: 32, Rate: nn.Cosine(1e-2, 0)}},
	})
	if err != nil {
		panic(err)
	}
	var saved bytes.Buffer
	if err := nn.Save(&saved, fit.Model.(nn.Stored), nil); err != nil {
		panic(err)
	}
	model, _, err := nn.Load(&saved)
	if err != nil {
		panic(err)
	}
	orbit, err := integrate.Solve(nn.NewField(model.(nn.Field)), 0, 20, []float64{1, 0}, integrate.Options{RTol: []float64{1e-8}})
	if err != nil {
		panic(err)
	}
	energy := nn.Func(model.(nn.Energy).H, 2)
	h := make([]float64, 1)
	energy(h, orbit.Y[0])
	first := h[0]
	energy(h, orbit.Y[len(orbit.Y)-1])
	fmt.Printf("energy after %.0f s: changed by %.0e\n", orbit.T[len(orbit.T)-1], h[0]-first)
	// Output: energy after 20 s: changed by -4e-06
}

// The stiffness and the friction of a damped spring, q̈ = −k q − c q̇, from positions alone: what is
// known of H is typed, and whole motions are fitted. Here q = e^(−t/10) cos 2t, so k = 4.01, c = 0.2.
func ExamplePort() {
	t, q := make([]float64, 200), autodiff.NewMatrix(200, 1)
	for i := range t {
		t[i] = 0.05 * float64(i)
		noise := 0.01 * math.Sin(float64(i*i)) // stands for an instrument
		q.Data[i] = math.Exp(-t[i]/10)*math.Cos(2*t[i]) + noise
	}
	data, err := nn.Positions(t, q, nil, []float64{1})
	if err != nil {
		panic(err)
	}
	port, err := nn.KindOf("port")
	if err != nil {
		panic(err)
	}
	known := nn.Structure{H: "p^2/2 + k*q^2/2", Fit: map[string]float64{"k": 1}, Friction: "constant"}
	stage := func(segment float64) nn.Optimizer { // short segments first: long ones are hard to begin with
		return nn.Stage{Optimizer: &nn.Marquardt{Iterations: 50}, Objective: nn.Shooting{Segment: segment}}
	}
	fit, err := nn.Fit(context.Background(), data, nn.Recipe{
		Model:  port.Maker(nn.Networks{Structure: known}),
		Stages: []nn.Optimizer{stage(1), stage(0)},
	})
	if err != nil {
		panic(err)
	}
	for _, c := range fit.Found.Constants {
		fmt.Printf("%s = %.3f ± %.3f\n", c.Name, c.Value, c.Error)
	}
	// Output:
	// k = 4.007 ± 0.002
	// friction = 0.200 ± 0.001
}

// Derivatives estimated from samples at uneven times are exact for a parabola.
func ExampleDifferences() {
	x, err := autodiff.MatrixOf([]float64{0, 1}, []float64{1, 1}, []float64{9, 1}, []float64{16, 1}) // t², 1
	if err != nil {
		panic(err)
	}
	d, err := nn.Differences(&nn.Series{T: []float64{0, 1, 3, 4}, X: x}, 2, 1)
	if err != nil {
		panic(err)
	}
	fmt.Printf("%.6g\n", d.Y.Data)
	// Output: [2 0 6 0]
}

// The inverse mass and the stiffness of a spring from states and their derivatives, and how well
// they are known: q̇ = u p, ṗ = −k q.
func ExampleUncertainties() {
	data := &nn.Data{X: autodiff.NewMatrix(40, 2), Y: autodiff.NewMatrix(40, 2)}
	for i := range 40 {
		q, p := math.Cos(0.2*float64(i)), -2*math.Sin(0.2*float64(i))
		noise := 0.01 * math.Sin(float64(i*i)) // stands for an instrument
		copy(data.X.Row(i), []float64{q, p})
		copy(data.Y.Row(i), []float64{0.5*p + noise, -2*q - noise})
	}
	b := &autodiff.Matrix{Rows: 1, Cols: 2, Data: []float64{1, 1}}
	problem, err := nn.NewCurve(b, data, func(x, b autodiff.Var) autodiff.Var {
		q, p := autodiff.Slice(x, 0, 1), autodiff.Slice(x, 1, 2)
		u, k := autodiff.Slice(b, 0, 1), autodiff.Slice(b, 1, 2)
		return autodiff.Concat(autodiff.Mul(u, p), autodiff.Neg(autodiff.Mul(k, q)))
	})
	if err != nil {
		panic(err)
	}
	defer problem.Close()
	if err := (&nn.Marquardt{Iterations: 100}).Minimize(context.Background(), problem, nil); err != nil {
		panic(err)
	}
	e, err := nn.Uncertainties(problem)
	if err != nil {
		panic(err)
	}
	fmt.Printf("u = %.4f ± %.4f, k = %.4f ± %.4f\n", e.Values[0], e.Errors[0], e.Values[1], e.Errors[1])
	// Output: u = 0.5004 ± 0.0008, k = 2.0005 ± 0.0016
}
