package nn

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"hnn/autodiff"
)

func TestNewMLPRefuses(t *testing.T) {
	for want, f := range map[string]func() (*MLP, error){
		"unknown activation": func() (*MLP, error) { return NewMLP("relu", false, 2, 1) },
		"needs an input":     func() (*MLP, error) { return NewMLP(Tanh, false, 2) },
		"must be from 1":     func() (*MLP, error) { return NewMLP(Tanh, false, 2, 0, 1) },
	} {
		if m, err := f(); m != nil || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

func TestInit(t *testing.T) {
	spread := func(x []float64) (limit, sigma float64) {
		for _, v := range x {
			limit = max(limit, math.Abs(v))
			sigma += v * v / float64(len(x))
		}
		return limit, math.Sqrt(sigma)
	}
	uniform := func(what string, x []float64, a float64) {
		t.Helper()
		limit, sigma := spread(x)
		if limit > a || limit < 0.98*a || math.Abs(sigma-a/math.Sqrt(3)) > 0.05*a {
			t.Errorf("%s: largest %v, deviation %v, want U(−%v, %v)", what, limit, sigma, a, a)
		}
	}
	net, err := NewMLP(Tanh, false, 50, 400, 300, 1)
	if err != nil {
		t.Fatal(err)
	}
	net.Init(Torch, rand.NewPCG(1, 2))
	uniform("torch W1", net.Layers[0].W.Data, 1/math.Sqrt(50))
	uniform("torch b1", net.Layers[0].B.Data, 1/math.Sqrt(50))
	uniform("torch W2", net.Layers[1].W.Data, 1/math.Sqrt(400))
	net.Init(Xavier, rand.NewPCG(1, 2))
	uniform("xavier W2", net.Layers[1].W.Data, math.Sqrt(6./700))
	if limit, _ := spread(net.Layers[1].B.Data); limit != 0 {
		t.Error("xavier sets a bias")
	}
	net.Init(Orthogonal, rand.NewPCG(1, 2))
	for _, l := range net.Layers {
		w := l.W
		if w.Rows > w.Cols { // orthonormal columns: look at the transpose
			w = autodiff.NewMatrix(l.W.Cols, l.W.Rows)
			for i := range w.Rows {
				for j := range w.Cols {
					w.Row(i)[j] = l.W.At(j, i)
				}
			}
		}
		for i := range w.Rows {
			for j := range i + 1 {
				want := 0.
				if i == j {
					want = 1
				}
				if d := dot(w.Row(i), w.Row(j)); math.Abs(d-want) > 1e-14 {
					t.Fatalf("orthogonal %d×%d: rows %d and %d have product %v", w.Rows, w.Cols, i, j, d)
				}
			}
		}
	}
	a := weights(&HNN{K: net})
	net.Init(Orthogonal, rand.NewPCG(1, 2))
	if !sameBits(a, weights(&HNN{K: net})) {
		t.Error("the same source gives other weights")
	}
}

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

func TestInitRefuses(t *testing.T) {
	net, _ := NewMLP(Tanh, false, 2, 3, 1)
	if err := net.Init("Xavier", rand.NewPCG(1, 1)); err == nil || !strings.Contains(err.Error(), `"Xavier": want torch, xavier or orthogonal`) {
		t.Error(err)
	}
}
