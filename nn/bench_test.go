package nn

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"

	"hnn/autodiff"
	"hnn/autodiff/random"
)

// springData returns n random states of the unit spring and their derivatives.
func springData(n int) *Data {
	src := rand.NewPCG(1, 2)
	d := &Data{X: autodiff.NewMatrix(n, 2), Y: autodiff.NewMatrix(n, 2)}
	for i := range n {
		q, p := random.Uniform(src)*2-1, random.Uniform(src)*2-1
		copy(d.X.Row(i), []float64{q, p})
		copy(d.Y.Row(i), []float64{p, -q})
	}
	return d
}

// series returns the same as a Series.
func (d *Data) series() *Series { return &Series{X: d.X, DX: d.Y, Starts: d.Starts} }

// fieldProblem compares the field of m with d by FieldLoss.
func fieldProblem(t testing.TB, m Field, d *Data, workers int) *RowProblem {
	t.Helper()
	p, err := Derivatives{}.Problem(m, d.series(), nil, workers)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.(*RowProblem).Close)
	return p.(*RowProblem)
}

func newHNN(sizes ...int) *HNN {
	net, err := NewMLP(Tanh, false, sizes...)
	if err != nil {
		panic(err)
	}
	net.Init(Torch, rand.NewPCG(1, 1))
	return &HNN{K: net}
}

// One HNN training step: loss, its gradient, Adam.
func BenchmarkStep(b *testing.B) {
	for _, sizes := range [][]int{{2, 128, 64, 32, 1}, {2, 200, 200, 1}} {
		for _, rows := range []int{1, 30, 750, 1000, 10000} {
			for _, workers := range []int{1, 2} {
				if workers > 1 && (rows == 1 || runtime.GOMAXPROCS(0) == 1) {
					continue
				}
				b.Run(fmt.Sprintf("%v/rows=%d/workers=%d", sizes, rows, workers), func(b *testing.B) {
					m, d := newHNN(sizes...), springData(rows)
					p := fieldProblem(b, m, d, workers)
					all, _ := batchesOf(p, -1)
					opt, params := NewAdam(), m.K.Params()
					p.Eval(all, true)
					b.ReportAllocs()
					for b.Loop() {
						p.Eval(all, true)
						opt.Step(params, p.Grads(), 1e-3)
					}
				})
			}
		}
	}
}

// One evaluation of the learned field, as in a rollout.
func BenchmarkField(b *testing.B) {
	m := newHNN(2, 128, 64, 32, 1)
	f := Func(m.Field, 2)
	x, dx := []float64{1, 0}, make([]float64, 2)
	b.ReportAllocs()
	for b.Loop() {
		f(dx, x)
	}
}
