package nn

import (
	"math"
	"strings"
	"testing"

	"hnn/autodiff"
)

// The spline goes through cubics exactly, at uneven times, and the others are what they are
// called.
func TestSignal(t *testing.T) {
	cubic := func(t float64) float64 { return 1 + t - 2*t*t + 0.5*t*t*t }
	var times []float64
	u := autodiff.NewMatrix(7, 2)
	for i, v := range []float64{0, 0.4, 1, 1.3, 2, 2.2, 3} {
		times = append(times, v)
		u.Row(i)[0], u.Row(i)[1] = cubic(v), float64(i)
	}
	for how, want := range map[Interpolation]func(t float64) [2]float64{
		CubicInput: func(t float64) [2]float64 { return [2]float64{cubic(t), math.NaN()} },
		LinearInput: func(t float64) [2]float64 {
			return [2]float64{math.NaN(), map[float64]float64{0.2: 0.5, 1.65: 3.5, 2.1: 4.5}[t]}
		},
		HeldInput: func(t float64) [2]float64 {
			return [2]float64{math.NaN(), map[float64]float64{0.2: 0, 1.65: 3, 2.1: 4}[t]}
		},
	} {
		s, err := NewSignal(times, u, how)
		if err != nil {
			t.Fatal(err)
		}
		got := make([]float64, 2)
		for _, at := range []float64{0.2, 1.65, 2.1} {
			s.At(got, at)
			for j, w := range want(at) {
				if w == w && math.Abs(got[j]-w) > 1e-12 {
					t.Errorf("%s: input %d at %v is %v, want %v", how, j, at, got[j], w)
				}
			}
		}
		for i, at := range times {
			if s.At(got, at); math.Abs(got[1]-float64(i)) > 1e-12 {
				t.Errorf("%s: at sample %d it is %v", how, i, got[1])
			}
		}
		if s.At(got, -1); got[1] != 0 {
			t.Errorf("%s: before the first sample it is %v", how, got[1])
		}
		if s.At(got, 9); got[1] != 6 {
			t.Errorf("%s: after the last sample it is %v", how, got[1])
		}
	}
	for _, how := range []Interpolation{CubicInput, HeldInput, ""} {
		for n := 1; n < 5; n++ {
			s, err := NewSignal(times[:n], &autodiff.Matrix{Rows: n, Cols: 2, Data: u.Data[:2*n]}, how)
			if err != nil {
				t.Fatal(err)
			}
			got := make([]float64, 2)
			if s.At(got, 0.2); got[0]-got[0] != 0 {
				t.Errorf("%s of %d samples: %v", how, n, got)
			}
		}
	}
	if _, err := NewSignal([]float64{0, 0}, &autodiff.Matrix{Rows: 2, Cols: 1, Data: []float64{1, 2}}, ""); err == nil {
		t.Error("equal times are taken")
	}
	if _, err := NewSignal(times, u, "square"); err == nil || !strings.Contains(err.Error(), "want linear") {
		t.Error(err)
	}
}
