package nn

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"hnn/autodiff"
)

// sparse returns the exact motion of a unit spring, with uneven steps of about h.
func sparse(h float64) (times []float64, x *autodiff.Matrix, starts []int) {
	x = &autodiff.Matrix{Cols: 2}
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
	return times, x, starts
}

func fieldModels(t *testing.T, d *Data) []FieldModel {
	t.Helper()
	scale, err := FitScaling(d.X, d.Y)
	if err != nil {
		t.Fatal(err)
	}
	h := newHNN(2, 16, 16, 1)
	h.Scale = scale
	net, _ := NewMLP(Tanh, false, 2, 16, 16, 2)
	net.Init(Torch, rand.NewPCG(2, 2))
	return []FieldModel{h, &Derivative{N: net, Scale: scale}}
}

// The gradient through the four stages is that of differences of the loss.
func TestOneStepGradient(t *testing.T) {
	times, x, starts := sparse(0.6)
	d, err := Steps(times, x, starts, 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range fieldModels(t, d) {
		step := OneStep{m}
		team := newTeam(step, 1)
		defer team.close()
		rows, _ := d.batches(-1)
		team.loss(d, rows, true)
		for i, p := range m.Net().Params() {
			grad := append([]float64(nil), team.grads[i].Data...)
			for _, j := range []int{0, len(p.Data) / 2, len(p.Data) - 1} {
				was := p.Data[j]
				const e = 1e-4
				at := func(v float64) float64 { p.Data[j] = was + v; return Loss(step, d) }
				want := (8*(at(e)-at(-e)) - (at(2*e) - at(-2*e))) / (12 * e)
				p.Data[j] = was
				if math.Abs(grad[j]-want) > 1e-9*(1+math.Abs(want)) {
					t.Errorf("%T parameter %d[%d]: %v, differences say %v", m, i, j, grad[j], want)
				}
			}
			team.loss(d, rows, true)
		}
	}
}

// The step is that of the classical Runge–Kutta method: a linear field fits data that
// its steps made, of any length, to rounding.
func TestOneStepExact(t *testing.T) {
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
	d, err := Steps(times, x, nil, 1)
	if err != nil {
		t.Fatal(err)
	}
	if l := Loss(OneStep{&Derivative{N: net}}, d); !(l < 1e-28) {
		t.Errorf("loss %v", l)
	}
}

// From sparse samples a step teaches a better field than differences do, the same with
// any number of workers.
func TestOneStepLearns(t *testing.T) {
	times, x, starts := sparse(0.7)
	steps, err := Steps(times, x, starts, 1)
	if err != nil {
		t.Fatal(err)
	}
	diff, err := Differences(times, x, starts, 2, 1)
	if err != nil {
		t.Fatal(err)
	}
	learn := func(one bool, workers int) (*HNN, float64) {
		m := fieldModels(t, diff)[0].(*HNN)
		tr := Training{Epochs: 1500, Batch: -1, Opt: NewAdam(), Schedule: Cosine(1e-2, 0), Src: rand.NewPCG(1, 1), Workers: workers}
		err := tr.Run(context.Background(), m, diff)
		if one {
			tr.At, tr.Opt = Position{}, NewAdam()
			m = fieldModels(t, diff)[0].(*HNN)
			err = tr.Run(context.Background(), OneStep{m}, steps)
		}
		if err != nil {
			t.Fatal(err)
		}
		e := 0.
		y := Evaluate(m.Field, steps.X)
		for i := range y.Rows {
			e = max(e, math.Hypot(y.At(i, 0)-steps.X.At(i, 1), y.At(i, 1)+steps.X.At(i, 0)))
		}
		return m, e
	}
	m, got := learn(true, 1)
	if _, by := learn(false, 1); got > by/3 {
		t.Errorf("largest error of the field %v, by differences %v", got, by)
	}
	two, _ := learn(true, 2)
	for i, p := range two.K.Params() {
		closeTo(t, "two workers", p.Data, m.K.Params()[i].Data, 0)
	}
	if err := (&Training{Epochs: 1, Opt: NewAdam(), Schedule: Constant(1), Src: rand.NewPCG(1, 1)}).Run(context.Background(), m, steps); err == nil {
		t.Error("an HNN takes data of steps")
	}
}
