package nn

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"hnn/autodiff"
)

// sparse returns the exact motion of a unit spring, with uneven steps of about h.
func sparse(h float64) *Series {
	x, times, starts := &autodiff.Matrix{Cols: 2}, []float64(nil), []int(nil)
	for run := range 6 {
		starts = append(starts, x.Rows)
		t := 0.
		for i := range 12 {
			times = append(times, t)
			a := 0.4 + 0.2*float64(run)
			x.Data = append(x.Data, a*math.Cos(t+float64(run)), -a*math.Sin(t+float64(run)))
			x.Rows++
			t += h * (1 + 0.2*float64(i%3))
		}
	}
	return &Series{T: times, X: x, Starts: starts}
}

// fields returns models of a series, with the scaling that a step asks for.
func fields(t *testing.T, s *Series) ([]Field, *Scaling) {
	t.Helper()
	scale, err := Step{}.Scaling(s)
	if err != nil {
		t.Fatal(err)
	}
	h := newHNN(2, 16, 16, 1)
	h.Scale = scale
	net, _ := NewMLP(Tanh, false, 2, 16, 16, 2)
	net.Init(Torch, rand.NewPCG(2, 2))
	return []Field{h, &Baseline{N: net, Scale: scale}}, scale
}

func stepProblem(t *testing.T, m Model, s *Series, scale *Scaling, workers int) *RowProblem {
	t.Helper()
	p, err := Step{}.Problem(m, s, scale, workers)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.(*RowProblem).Close)
	return p.(*RowProblem)
}

// The gradient through the four stages agrees with differences of the loss.
func TestStepGradient(t *testing.T) {
	s := sparse(0.6)
	models, scale := fields(t, s)
	for _, m := range models {
		problem := stepProblem(t, m, s, scale, 1)
		problem.Eval(nil, true)
		for i, p := range m.Params() {
			grad := append([]float64(nil), problem.Grads()[i].Data...)
			for _, j := range []int{0, len(p.Data) / 2, len(p.Data) - 1} {
				was := p.Data[j]
				const e = 1e-4
				at := func(v float64) float64 { p.Data[j] = was + v; return problem.Eval(nil, false) }
				want := (8*(at(e)-at(-e)) - (at(2*e) - at(-2*e))) / (12 * e)
				p.Data[j] = was
				if math.Abs(grad[j]-want) > 1e-9*(1+math.Abs(want)) {
					t.Errorf("%T parameter %d[%d]: %v, differences say %v", m, i, j, grad[j], want)
				}
			}
			problem.Eval(nil, true)
		}
	}
}

// The step is that of the classical Runge–Kutta method. A linear field fits data from its own
// steps, of any length, to rounding.
func TestStepExact(t *testing.T) {
	net, _ := NewMLP(Tanh, false, 2, 2)
	copy(net.Layers[0].W.Data, []float64{0.1, 1, -2, 0.3})
	f := func(y []float64) [2]float64 { return [2]float64{0.1*y[0] + y[1], -2*y[0] + 0.3*y[1]} }
	x := &autodiff.Matrix{Rows: 1, Cols: 2, Data: []float64{1, 0.5}}
	times := []float64{0}
	for i := range 10 {
		h := 0.3 + 0.1*float64(i%4)
		y := x.Row(i)
		move := func(s float64, k [2]float64) []float64 { return []float64{y[0] + s*k[0], y[1] + s*k[1]} }
		k1 := f(y)
		k2 := f(move(h/2, k1))
		k3 := f(move(h/2, k2))
		k4 := f(move(h, k3))
		for j := range 2 {
			x.Data = append(x.Data, y[j]+h/6*(k1[j]+2*k2[j]+2*k3[j]+k4[j]))
		}
		x.Rows++
		times = append(times, times[i]+h)
	}
	if l := stepProblem(t, &Baseline{N: net}, &Series{T: times, X: x}, nil, 1).Eval(nil, false); !(l < 1e-28) {
		t.Errorf("loss %v", l)
	}
}

// From sparse samples, the objective step learns a better field than differences do. The
// number of workers changes no bit.
func TestStepLearns(t *testing.T) {
	s := sparse(0.7)
	learn := func(o Objective, workers int) (*HNN, float64) {
		f, err := Fit(context.Background(), s, Recipe{
			Model:     Kinds()[0].Maker(Networks{Hidden: []int{16, 16}}),
			Objective: o,
			Stages:    []Optimizer{&Descent{Rule: NewAdam(), Epochs: 1500, Batch: -1, Rate: Cosine(1e-2, 0)}},
			Workers:   workers,
		})
		if err != nil {
			t.Fatal(err)
		}
		m, e := f.Model.(*HNN), 0.
		y := Evaluate(m.Field, s.X)
		for i := range y.Rows {
			e = max(e, math.Hypot(y.At(i, 0)-s.X.At(i, 1), y.At(i, 1)+s.X.At(i, 0)))
		}
		return m, e
	}
	m, got := learn(Step{}, 1)
	if _, by := learn(Derivatives{}, 1); got > by/3 {
		t.Errorf("largest error of the field %v, by differences %v", got, by)
	}
	two, _ := learn(Step{}, 2)
	if !sameBits(weights(two), weights(m)) {
		t.Error("two workers give other weights than one")
	}
}
