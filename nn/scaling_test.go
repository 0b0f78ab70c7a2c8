package nn

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"hnn/autodiff"
)

// The field of a scaled HNN of two pairs is J∇H, and its loss is that of the scaled problem.
func TestScaling(t *testing.T) {
	src := rand.NewPCG(3, 3)
	x, dx := autodiff.NewMatrix(500, 4), autodiff.NewMatrix(500, 4)
	units := []float64{100, 0.1, 3, 50}
	for i := range x.Data {
		x.Data[i] = units[i%4] * (1 + rand.New(src).NormFloat64())
		dx.Data[i] = units[i%4] * rand.New(src).NormFloat64() * 7
	}
	s, err := FitScaling(x, dx)
	if err != nil {
		t.Fatal(err)
	}
	if c0, c1 := s.S.Data[0]*s.S.Data[2], s.S.Data[1]*s.S.Data[3]; math.Abs(c0/c1-1) > 1e-14 {
		t.Errorf("pairs have different products %v and %v", c0, c1)
	}
	if math.Abs(s.Tau*7-1) > 0.8 {
		t.Errorf("τ = %v", s.Tau)
	}
	net, _ := NewMLP(Tanh, false, 4, 10, 1)
	net.Init(Torch, src)
	m := &HNN{K: net, Scale: s}
	field, h := Evaluate(m.Field, x), Func(m.H, 4)
	at := func(x []float64) float64 {
		var v [1]float64
		h(v[:], x)
		return v[0]
	}
	for i := range 5 {
		for j := range 4 {
			y := append([]float64(nil), x.Row(i)...)
			step := 1e-5 * units[j]
			y[j] += step
			up := at(y)
			y[j] -= 2 * step
			slope := (up - at(y)) / (2 * step) // ∂H/∂x_j
			k, sign := (j+2)%4, 1.
			if j < 2 {
				sign = -1 // ṗ = −∂H/∂q
			}
			if got := field.At(i, k); math.Abs(got-sign*slope) > 1e-6*units[k] {
				t.Errorf("row %d: ẋ[%d] = %v, want %v", i, k, got, sign*slope)
			}
		}
	}
	bare := &HNN{K: net}
	sx, sdx := autodiff.NewMatrix(500, 4), autodiff.NewMatrix(500, 4)
	for i := range x.Data {
		j := i % 4
		sx.Data[i] = (x.Data[i] - s.Mu.Data[j]) / s.S.Data[j]
		sdx.Data[i] = dx.Data[i] / s.S.Data[j] * s.Tau
	}
	want := fieldProblem(t, bare, &Data{X: sx, Y: sdx}, 1).Eval(nil, false)
	p, err := Derivatives{}.Problem(m, &Series{X: x, DX: dx}, s, 1)
	if err != nil {
		t.Fatal(err)
	}
	if got := p.Eval(nil, false); math.Abs(got-want) > 1e-12*want {
		t.Errorf("loss %v, want %v", got, want)
	}
	for i := range x.Rows {
		x.Row(i)[1] = 3
	}
	if _, err := FitScaling(x, dx); err == nil || !strings.Contains(err.Error(), "component 1") {
		t.Error(err)
	}
}

// Data that cannot be scaled are refused, and the error gives the right reason.
func TestScalingRefuses(t *testing.T) {
	x, dx := autodiff.NewMatrix(4, 2), autodiff.NewMatrix(4, 2)
	for i := range x.Data {
		x.Data[i], dx.Data[i] = float64(i*i), float64(i)
	}
	huge := &autodiff.Matrix{Rows: 4, Cols: 2, Data: append([]float64(nil), x.Data...)}
	huge.Data[3] = 1e200
	one := func(m *autodiff.Matrix) *autodiff.Matrix { return &autodiff.Matrix{Rows: 1, Cols: 2, Data: m.Data[:2]} }
	for want, give := range map[string][2]*autodiff.Matrix{
		"component 1 of the states overflows":     {huge, dx},
		"want at least 2":                         {one(x), one(dx)},
		"derivative overflows":                    {x, huge},
		"all derivatives are 0":                   {x, autodiff.NewMatrix(4, 2)},
		"component 0 of the states does not vary": {autodiff.NewMatrix(4, 2), dx},
	} {
		if _, err := FitScaling(give[0], give[1]); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}
