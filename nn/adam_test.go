package nn

import (
	"fmt"
	"math"
	"testing"

	"hnn/autodiff"
)

// The update rules, written out again with math.Pow for βᵗ, on made-up gradients.
func TestAdamVariants(t *testing.T) {
	for _, c := range []Adam{
		{Beta1: 0.9, Beta2: 0.999, Eps: 1e-8},
		{Beta1: 0.8, Beta2: 0.9, Eps: 1e-3, WeightDecay: 0.1},
		{Beta1: 0.9, Beta2: 0.95, Eps: 1e-8, WeightDecay: 0.1, Decoupled: true},
		{Beta1: 0.5, Beta2: 0.6, Eps: 1e-8, AMSGrad: true},
	} {
		opt := c
		x := &autodiff.Matrix{Rows: 1, Cols: 3, Data: []float64{1, -2, 0.5}}
		want := append([]float64(nil), x.Data...)
		var m, v, vmax [3]float64
		for step := 1; step <= 50; step++ {
			rate := 0.1 / float64(step)
			g := autodiff.NewMatrix(1, 3)
			for i := range g.Data {
				g.Data[i] = math.Sin(float64(7*step+3*i)) * float64(i+1) / float64(step)
				d := g.Data[i]
				if c.Decoupled {
					want[i] -= rate * c.WeightDecay * want[i]
				} else {
					d += c.WeightDecay * want[i]
				}
				m[i] = c.Beta1*m[i] + (1-c.Beta1)*d
				v[i] = c.Beta2*v[i] + (1-c.Beta2)*d*d
				vmax[i] = max(vmax[i], v[i])
				top := v[i]
				if c.AMSGrad {
					top = vmax[i]
				}
				mHat := m[i] / (1 - math.Pow(c.Beta1, float64(step)))
				vHat := top / (1 - math.Pow(c.Beta2, float64(step)))
				want[i] -= rate * mHat / (math.Sqrt(vHat) + c.Eps)
			}
			opt.Step([]*autodiff.Matrix{x}, []*autodiff.Matrix{g}, rate)
		}
		closeTo(t, fmt.Sprintf("%+v", c), x.Data, want, 1e-13)
	}
}

func TestSGD(t *testing.T) {
	for _, c := range []SGD{{}, {Momentum: 0.9}, {Momentum: 0.5, WeightDecay: 0.1}} {
		opt := c
		x := &autodiff.Matrix{Rows: 1, Cols: 1, Data: []float64{2}}
		want, b := 2., 0.
		for step := range 20 {
			g := math.Cos(float64(step))
			d := g + c.WeightDecay*want
			if b = c.Momentum*b + d; step == 0 {
				b = d
			}
			want -= 0.05 * b
			opt.Step([]*autodiff.Matrix{x}, []*autodiff.Matrix{{Rows: 1, Cols: 1, Data: []float64{g}}}, 0.05)
		}
		closeTo(t, fmt.Sprintf("%+v", c), x.Data, []float64{want}, 1e-14)
	}
}

func TestStepAllocatesNothing(t *testing.T) {
	m := newHNN(2, 16, 1)
	ps := m.K.Params()
	gs := []*autodiff.Matrix{}
	for _, p := range ps {
		gs = append(gs, autodiff.NewMatrix(p.Rows, p.Cols))
	}
	for _, opt := range []Rule{NewAdam(), &SGD{Momentum: 0.9}} {
		opt.Step(ps, gs, 1e-3)
		if n := testing.AllocsPerRun(100, func() { opt.Step(ps, gs, 1e-3) }); n != 0 {
			t.Errorf("%T: %v allocations a step", opt, n)
		}
	}
}

func TestSchedules(t *testing.T) {
	for _, c := range []struct {
		name string
		s    Schedule
		want map[int]float64
	}{
		{"constant", Constant(0.3), map[int]float64{0: 0.3, 99: 0.3}},
		{"cosine", Cosine(1, 0.2), map[int]float64{0: 1, 25: 0.6 + 0.4*math.Sqrt2/2, 50: 0.6, 100: 0.2}},
		{"step", StepDecay(1, 0.1, 3), map[int]float64{0: 1, 33: 1, 34: 0.1, 66: 0.1, 67: 0.01, 99: 0.01}},
	} {
		for step, want := range c.want {
			if got := c.s(step, 100); math.Abs(got-want) > 1e-15 {
				t.Errorf("%s, step %d: %v, want %v", c.name, step, got, want)
			}
		}
	}
}
