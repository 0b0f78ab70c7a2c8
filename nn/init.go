package nn

import (
	"fmt"
	"math"
	"math/rand/v2"

	"hnn/autodiff"
	"hnn/autodiff/random"
)

// An Init names a rule for initial weights.
type Init string

// The rules, for a layer of n inputs and m outputs.
const (
	// Torch draws W and b from U(−1/√n, 1/√n), PyTorch's default for Linear.
	Torch Init = "torch"
	// Xavier draws W from U(−√(6/(n+m)), √(6/(n+m))) and sets b to 0.
	// Source: Glorot and Bengio (2010), equation 16.
	Xavier Init = "xavier"
	// Orthogonal makes the rows or the columns of W orthonormal, whichever are fewer. It
	// draws b as Torch does. The original code of HNN does the same.
	// Source: Saxe, McClelland and Ganguli (2014).
	Orthogonal Init = "orthogonal"
)

// Init draws new weights from src, layer by layer, weights before biases.
// An unknown rule is an error.
func (m *MLP) Init(rule Init, src rand.Source) error {
	if rule != Torch && rule != Xavier && rule != Orthogonal {
		return fmt.Errorf("nn: no rule of initial weights is called %q: want %s, %s or %s", rule, Torch, Xavier, Orthogonal)
	}
	for _, l := range m.Layers {
		in, out := float64(l.W.Cols), float64(l.W.Rows)
		a := 1 / math.Sqrt(in)
		b := a
		switch rule {
		case Xavier:
			uniform(l.W.Data, math.Sqrt(6/(in+out)), src)
			b = 0
		case Orthogonal:
			orthogonal(l.W, src)
		default:
			uniform(l.W.Data, a, src)
		}
		if l.B != nil {
			uniform(l.B.Data, b, src)
		}
	}
	return nil
}

// uniform fills x from U(−a, a).
func uniform(x []float64, a float64, src rand.Source) {
	for i := range x {
		x[i] = a * (random.Uniform(src)*2 - 1)
	}
}

// orthogonal fills w with Gaussian numbers and makes its shorter side orthonormal by the
// Gram–Schmidt process. Each vector is treated twice, so that rounding errors stay small.
func orthogonal(w *autodiff.Matrix, src rand.Source) {
	n, size := min(w.Rows, w.Cols), max(w.Rows, w.Cols)
	v := autodiff.NewMatrix(n, size)
	for i := range n {
		x := v.Row(i)
		for norm := 0.; !(norm > 1e-3); { // the first draw is nearly always enough
			for j := range x {
				x[j] = random.Normal(src)
			}
			for range 2 {
				for k := range i {
					d := dot(x, v.Row(k))
					for j, e := range v.Row(k) {
						x[j] -= float64(d * e)
					}
				}
			}
			norm = math.Sqrt(dot(x, x))
			for j := range x {
				x[j] /= norm
			}
		}
	}
	for i := range w.Rows {
		for j := range w.Cols {
			if w.Rows <= w.Cols {
				w.Row(i)[j] = v.At(i, j)
			} else {
				w.Row(i)[j] = v.At(j, i)
			}
		}
	}
}

func dot(x, y []float64) float64 {
	s := 0.
	for i := range x {
		s += float64(x[i] * y[i])
	}
	return s
}
