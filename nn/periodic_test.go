package nn

import (
	"context"
	"math"
	"slices"
	"strings"
	"testing"

	"hnn/autodiff"
)

// rotation is a pendulum that turns over, wrapped to (−π, π] or not, and swings at another time.
func rotation(wrap bool) *Series {
	const rows = 300
	s := &Series{T: make([]float64, 2*rows), X: autodiff.NewMatrix(2*rows, 2), Starts: []int{0, rows}}
	for run, p := range []float64{2.5, 1.2} {
		q, h := 0.3, 0.001
		for r := range rows {
			i := run*rows + r
			s.T[i] = 0.1 * float64(r)
			if s.X.Row(i)[0], s.X.Row(i)[1] = q, p; wrap {
				s.X.Row(i)[0] = math.Remainder(q, 2*math.Pi)
			}
			for range 100 { // leapfrog
				p -= h / 2 * math.Sin(q)
				q += h * p
				p -= h / 2 * math.Sin(q)
			}
		}
	}
	return s
}

// Unwrapped angles are those that were wrapped, and what does not jump keeps its bits.
func TestUnwrap(t *testing.T) {
	want, got := rotation(false), rotation(true)
	if r, j, ok := got.Wrapped(); !ok || j != 0 || math.Abs(got.X.At(r, 0)-got.X.At(r-1, 0)) < 5 {
		t.Error(r, j, ok)
	}
	if want.X.At(299, 0) < 20 || slices.Equal(got.X.Data, want.X.Data) {
		t.Fatal("nothing turned over")
	}
	got.Unwrap([]bool{true, false})
	for i, v := range got.X.Data {
		if math.Abs(v-want.X.Data[i]) > 1e-13 {
			t.Fatalf("number %d is %v, want %v", i, v, want.X.Data[i])
		}
	}
	if _, _, ok := got.Wrapped(); ok {
		t.Error("still wrapped")
	}
	again := slices.Clone(got.X.Data)
	got.Unwrap([]bool{true, false})
	if !sameBits(again, got.X.Data) {
		t.Error("what does not jump has changed")
	}
	hole := &Series{X: &autodiff.Matrix{Rows: 4, Cols: 2, Data: []float64{3, 0, math.NaN(), 0, -3, 0, -2.9, 0}}}
	if hole.Unwrap([]bool{true, false}); math.Abs(hole.X.At(3, 0)-(2*math.Pi-2.9)) > 1e-15 || hole.X.At(1, 0) == hole.X.At(1, 0) {
		t.Error(hole.X.Data)
	}
}

// A model of angles has an H that is 2π-periodic, whatever the weights, and learns a pendulum
// that turns over as well as one that swings. Its scaling does not grow with the turns.
func TestPeriodic(t *testing.T) {
	for _, kind := range []string{"hnn", "mechanical", "baseline"} {
		k, err := KindOf(kind)
		if err != nil {
			t.Fatal(err)
		}
		s := rotation(true)
		s.Unwrap([]bool{true, false})
		f, err := Fit(context.Background(), s, Recipe{
			Model: k.Maker(Networks{Hidden: []int{16}}), Objective: Derivatives{From: Central, Order: 4}, Workers: 1,
			Stages: []Optimizer{&LBFGS{Iterations: 200}},
		})
		if err != nil || len(f.Notes) != 0 {
			t.Fatal(kind, err, f.Notes)
		}
		if loss := f.Last().Loss; loss > 1e-4 {
			t.Errorf("%s: loss %v", kind, loss)
		}
		x := autodiff.NewMatrix(40, 2)
		y := autodiff.NewMatrix(40, 2)
		for i := range 40 {
			copy(x.Row(i), []float64{0.2*float64(i) - 4, 1.5})
			copy(y.Row(i), []float64{0.2*float64(i) - 4 + 6*math.Pi, 1.5})
		}
		a, b := Evaluate(f.Model.(Field).Field, x), Evaluate(f.Model.(Field).Field, y)
		worst := 0.
		for i, v := range a.Data {
			worst = max(worst, math.Abs(v-b.Data[i]))
		}
		if worst > 1e-12 || worst == 0 { // 0 would be a field of p alone
			t.Errorf("%s: three turns change the field by %v", kind, worst)
		}
	}
	s := rotation(false)
	plain, err := Derivatives{}.Scaling(s)
	if err != nil {
		t.Fatal(err)
	}
	s.Periodic = []bool{true, false}
	angle, err := Derivatives{}.Scaling(s)
	if err != nil || math.Abs(angle.S.Data[0]-math.Pi/math.Sqrt(3)) > 1e-12 || plain.S.Data[0] < 10 {
		t.Error(err, angle.S.Data, plain.S.Data)
	}
	next, err := KindOf("nextstate")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Fit(context.Background(), s, Recipe{Model: next.Maker(Networks{}), Objective: Step{}}); err == nil || !strings.Contains(err.Error(), "no angles") {
		t.Error(err)
	}
}

// A state that turned over is not outside of the data.
func TestOutsideAngles(t *testing.T) {
	o := &Origin{Q: []string{"a"}, P: []string{"p"}, Angles: []string{"a"}, Low: []float64{-1, -2}, High: []float64{1, 2}}
	for _, c := range []struct {
		q    float64
		want int
	}{{0, -1}, {1.1, -1}, {1.5, 0}, {4 * math.Pi, -1}, {4*math.Pi + 1.5, 0}, {-math.Pi, 0}} {
		if got := o.Outside([]float64{c.q, 0}); got != c.want {
			t.Errorf("%v: %d, want %d", c.q, got, c.want)
		}
	}
	o.Low[0], o.High[0] = -3.1, 40
	if o.Outside([]float64{-1000, 0}) != -1 || o.Outside([]float64{0, 9}) != 1 {
		t.Error("an angle that has been everywhere is never outside")
	}
}
