package nn

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"hnn/autodiff"
)

func TestDifferences(t *testing.T) {
	times := []float64{0, 0.1, 0.3, 0.35, 1, 2, 5, 5.5, 7}
	x := autodiff.NewMatrix(len(times), 1)
	for i, u := range times {
		x.Data[i] = 3*u*u - 2*u + 1
	}
	d, err := Differences(&Series{T: times, X: x, Starts: []int{0, 5}}, 2, 1)
	if err != nil {
		t.Fatal(err)
	}
	var want, at []float64
	for _, i := range []int{1, 2, 3, 6, 7} {
		at = append(at, x.Data[i])
		want = append(want, 6*times[i]-2)
	}
	closeTo(t, "x", d.X.Data, at, 0)
	closeTo(t, "dx", d.Y.Data, want, 1e-12)
	if len(d.Starts) != 2 || d.Starts[1] != 3 {
		t.Error(d.Starts)
	}
	// A trajectory that is too short is left out and noted. At least one has to stay.
	for _, second := range []int{7, 8} {
		d, err := Differences(&Series{T: times, X: x, Starts: []int{0, second}}, 2, 1)
		if err != nil || d.Short != 1 || d.X.Rows != second-2 {
			t.Error(second, d, err)
		}
	}
	if _, err := Differences(&Series{T: times[:2], X: &autodiff.Matrix{Rows: 2, Cols: 1, Data: x.Data[:2]}}, 2, 1); err == nil || !strings.Contains(err.Error(), "2 rows: want at least 3") {
		t.Error(err)
	}
	if one, err := Differences(&Series{T: times, X: x, Starts: nil}, 2, 1); err != nil || one.X.Rows != 7 {
		t.Error(one, err)
	}
	times[3] = times[2]
	if _, err := Differences(&Series{T: times, X: x, Starts: nil}, 2, 1); err == nil || !strings.Contains(err.Error(), "does not come after") {
		t.Error(err)
	}
}

// Central differences have the order that is asked for, also at uneven times. Odd orders are
// refused.
func TestDifferencesOrder(t *testing.T) {
	worst := func(order int, h float64) float64 {
		n := int(3 / h)
		times, x := make([]float64, n), autodiff.NewMatrix(n, 1)
		for i := range times {
			times[i] = h * (float64(i) + 0.3*math.Sin(float64(i*i)))
			x.Data[i] = math.Sin(times[i])
		}
		d, err := Differences(&Series{T: times, X: x, Starts: nil}, order, 1)
		if err != nil {
			t.Fatal(err)
		}
		if d.X.Rows != n-order || d.X.Data[0] != x.Data[order/2] {
			t.Fatalf("order %d: %d rows of %d", order, d.X.Rows, n)
		}
		e := 0.
		for i, v := range d.Y.Data {
			e = max(e, math.Abs(v-math.Cos(times[i+order/2])))
		}
		return e
	}
	for _, order := range []int{2, 4, 6} {
		if got := math.Log2(worst(order, 0.1)/worst(order, 0.0125)) / 3; math.Abs(got-float64(order)) > 0.35 {
			t.Errorf("observed order %.2f, want %d", got, order)
		}
	}
	for _, order := range []int{0, 1, 3, -2} {
		if _, err := Differences(&Series{T: []float64{0, 1, 2, 3}, X: autodiff.NewMatrix(4, 2)}, order, 1); err == nil {
			t.Errorf("order %d is not refused", order)
		}
	}
}

// Smooth is exact for a cubic, and leaves the stated variance of noise.
func TestSmooth(t *testing.T) {
	src := rand.NewPCG(5, 5)
	var times []float64
	for u := 0.; len(times) < 4000; u += 0.05 + 0.1*rand.New(src).Float64() {
		times = append(times, u)
	}
	x := autodiff.NewMatrix(len(times), 2)
	for i, u := range times {
		x.Row(i)[0] = 1 + 2*u - 0.03*u*u + 1e-4*u*u*u
		x.Row(i)[1] = rand.New(src).NormFloat64()
	}
	const w = 10
	d, err := Smooth(&Series{T: times, X: x, Starts: []int{0, 2000}}, w)
	if err != nil {
		t.Fatal(err)
	}
	if d.X.Rows != 4000-4*w || d.Starts[1] != 2000-2*w {
		t.Fatal(d.X.Rows, d.Starts)
	}
	variance := 0.
	for i := range d.X.Rows {
		r := i + w
		if i >= d.Starts[1] {
			r += 2 * w
		}
		u := times[r]
		if e := math.Abs(d.X.At(i, 0)-x.At(r, 0)) / (1 + math.Abs(x.At(r, 0))); e > 1e-12 {
			t.Fatalf("row %d: state off by %v", i, e)
		}
		if want := 2 - 0.06*u + 3e-4*u*u; math.Abs(d.Y.At(i, 0)-want) > 1e-9*(1+u) {
			t.Fatalf("row %d: derivative %v, want %v", i, d.Y.At(i, 0), want)
		}
		variance += d.X.At(i, 1) * d.X.At(i, 1) / float64(d.X.Rows)
	}
	if v := variance * 0.9 * w; v < 0.8 || v > 1.25 {
		t.Errorf("variance %v of unit noise, want about %v", variance, 1/(0.9*w))
	}
	if d, err := Smooth(&Series{T: times, X: x, Starts: []int{0, 3990}}, w); err != nil || d.Short != 1 {
		t.Error(d.Short, err)
	}
}

// The midpoints of a motion by the implicit midpoint rule satisfy its field exactly.
func TestMidpoints(t *testing.T) {
	times := []float64{0, 0.3, 0.5, 1.1}
	x := autodiff.NewMatrix(4, 2)
	x.Data[0] = 1
	for i := 1; i < 4; i++ { // q̇ = p, ṗ = −q: (I − hJ/2) x₁ = (I + hJ/2) x₀
		k := (times[i] - times[i-1]) / 2
		q, p := x.At(i-1, 0)+k*x.At(i-1, 1), x.At(i-1, 1)-k*x.At(i-1, 0)
		x.Row(i)[0], x.Row(i)[1] = (q+k*p)/(1+k*k), (p-k*q)/(1+k*k)
	}
	d, err := Midpoints(&Series{T: times, X: x, Starts: []int{0}}, 1)
	if err != nil {
		t.Fatal(err)
	}
	for i := range d.X.Rows {
		closeTo(t, "slope", d.Y.Row(i), []float64{d.X.At(i, 1), -d.X.At(i, 0)}, 1e-14)
	}
	if d, err := Midpoints(&Series{T: times, X: x, Starts: []int{0, 3}}, 1); err != nil || d.Short != 1 || d.X.Rows != 2 {
		t.Error(d, err)
	}
}

// With a stride of 2 the even and the odd rows of a trajectory are like two trajectories.
func TestStride(t *testing.T) {
	const n = 21
	times, x := make([]float64, n), autodiff.NewMatrix(n, 2)
	for i := range n {
		times[i] = 0.1 * (float64(i) + 0.3*math.Sin(float64(i*i)))
		x.Row(i)[0], x.Row(i)[1] = math.Sin(times[i]), math.Exp(-times[i])
	}
	for name, estimate := range map[string]func(s *Series, stride int) (*Data, error){
		"order 2":   func(s *Series, n int) (*Data, error) { return Differences(s, 2, n) },
		"order 4":   func(s *Series, n int) (*Data, error) { return Differences(s, 4, n) },
		"midpoints": func(s *Series, n int) (*Data, error) { return Midpoints(s, n) },
		"steps":     func(s *Series, n int) (*Data, error) { return Steps(s, n) },
	} {
		all, err := estimate(&Series{T: times, X: x}, 2)
		if err != nil {
			t.Fatal(err)
		}
		for parity := range 2 {
			half := autodiff.NewMatrix((n+1-parity)/2, 2)
			var ht []float64
			for i := range half.Rows {
				copy(half.Row(i), x.Row(2*i+parity))
				ht = append(ht, times[2*i+parity])
			}
			want, err := estimate(&Series{T: ht, X: half}, 1)
			if err != nil {
				t.Fatal(err)
			}
			for i := range want.X.Rows {
				closeTo(t, name, all.X.Row(2*i+parity), want.X.Row(i), 0)
				closeTo(t, name, all.Y.Row(2*i+parity), want.Y.Row(i), 0)
			}
		}
		if last, err := estimate(&Series{T: times, X: x}, 5); err != nil || last.X.Rows < 1 {
			t.Error(name, err)
		}
		for _, stride := range []int{0, -1, n, 1 << 30, math.MaxInt} {
			if _, err := estimate(&Series{T: times, X: x}, stride); err == nil {
				t.Errorf("%s: a stride of %d is accepted for %d rows", name, stride, n)
			}
		}
	}
}

// States on two sides of a gap are not compared.
func TestGaps(t *testing.T) {
	s := &Series{X: autodiff.NewMatrix(60, 2)}
	for i := range 60 {
		u := 0.1 * float64(i)
		if i >= 25 {
			u += 4
		}
		s.T = append(s.T, u)
		s.X.Row(i)[0], s.X.Row(i)[1] = math.Sin(u), math.Cos(u)
	}
	for name, estimate := range map[string]func() (*Data, error){
		"central": func() (*Data, error) { return Differences(s, 2, 1) }, "smooth": func() (*Data, error) { return Smooth(s, 3) },
		"midpoint": func() (*Data, error) { return Midpoints(s, 1) }, "step": func() (*Data, error) { return Steps(s, 1) },
	} {
		d, err := estimate()
		if err != nil || d.Gaps != 1 || len(d.Starts) != 2 {
			t.Fatal(name, d, err)
		}
		for r := range d.X.Rows {
			if e := math.Abs(d.Y.At(r, 0) - d.X.At(r, 1)); e > 0.06 {
				t.Errorf("%s: row %d: a derivative is %v off", name, r, e)
			}
		}
	}
}
