package nn

import (
	"math"
	"strings"
	"testing"

	"hnn/autodiff"
)

// The field of a Mechanical is q̇ = p/m, ṗ = −∇V, with and without a scaling.
func TestMechanical(t *testing.T) {
	net := newHNN(2, 6, 1).K
	scale := &Scaling{Mu: &autodiff.Matrix{Rows: 1, Cols: 4, Data: []float64{1, 0, 2, 3}},
		S: &autodiff.Matrix{Rows: 1, Cols: 4, Data: []float64{2, 1, 3, 6}}, Tau: 0.5}
	for _, s := range []*Scaling{nil, scale} {
		m := &Mechanical{net, []float64{2, 0.5}, s}
		if err := m.Check(); err != nil {
			t.Fatal(err)
		}
		x := &autodiff.Matrix{Rows: 1, Cols: 4, Data: []float64{0.3, -0.2, 0.7, 1.1}}
		f := Evaluate(m.Field, x).Data
		h := func(j int, e float64) float64 {
			y := append([]float64(nil), x.Data...)
			y[j] += e
			return Evaluate(m.H, &autodiff.Matrix{Rows: 1, Cols: 4, Data: y}).Data[0]
		}
		for j := range 2 {
			const e = 1e-4
			force := -(h(j, e) - h(j, -e)) / (2 * e)
			if math.Abs(f[j]-x.Data[2+j]/m.Masses[j]) > 1e-14 || math.Abs(f[2+j]-force) > 1e-7 {
				t.Errorf("coordinate %d: field %v and %v, want %v and %v", j, f[j], f[2+j], x.Data[2+j]/m.Masses[j], force)
			}
		}
	}
	for want, m := range map[string]*Mechanical{
		"no network": {}, "1 masses for 2": {net, []float64{1}, nil}, "mass 1 is -1": {net, []float64{1, -1}, nil},
	} {
		if err := m.Check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

// Positions alone make a series whose momenta are guessed and marked as hidden, which only
// shooting takes.
func TestPositions(t *testing.T) {
	q := autodiff.NewMatrix(50, 1)
	var times []float64
	for i := range 50 {
		u := 0.1*float64(i) + 0.02*math.Sin(float64(i))
		times = append(times, u)
		q.Data[i] = math.Sin(u)
	}
	s, err := Positions(times, q, nil, []float64{3})
	if err != nil {
		t.Fatal(err)
	}
	for i, u := range times {
		if e := math.Abs(s.X.At(i, 1) - 3*math.Cos(u)); s.X.At(i, 0) != q.Data[i] || e > 0.02 {
			t.Errorf("row %d: p is %v off", i, e)
		}
	}
	if _, err := (Derivatives{}).Scaling(s); err == nil || !strings.Contains(err.Error(), "want the objective shooting") {
		t.Error(err)
	}
	if _, err := Positions(times, q, nil, []float64{1, 2}); err == nil || !strings.Contains(err.Error(), "2 masses for 1") {
		t.Error(err)
	}
	if _, err := Positions(nil, q, nil, nil); err == nil {
		t.Error("positions without times")
	}
}
