package system

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"hnn/autodiff"
	"hnn/integrate"
)

// The power balance of open systems: what H loses is dissipated, and what it gains comes from
// the input. Without friction and input the field is J∇H, to the bit.
//
//	H(T) − H(0) = ∫ −∇Hᵀ R ∇H + (Gᵀ∇H) u dt
func TestPowerBalance(t *testing.T) {
	n := 0
	for _, name := range Names() {
		s := named(t, name, nil)
		if s.Closed() {
			if s.Friction() != nil || s.Gain() != nil || s.Input() != "" || s.NewInput() != nil {
				t.Errorf("%s: closed, but it has friction or an input", name)
			}
			continue
		}
		n++
		y0, err := s.NewStart()(rand.NewPCG(1, 0))
		if err != nil {
			t.Fatal(err)
		}
		d, field, conservative, u := len(s.Q), s.NewField(), s.h.NewField(), s.NewInput()
		if u == nil {
			u = func(float64) float64 { return 0 }
		}
		f := make([]float64, 2*d)
		balance := func(dydt []float64, t float64, y []float64) { // and, last, what is lost and supplied
			field(dydt[:2*d], t, y[:2*d])
			conservative(f, t, y[:2*d])
			dydt[2*d] = 0
			for i := range 2 * d {
				gradient := f[(i+d)%(2*d)]
				if i < d {
					gradient = -gradient
				}
				dydt[2*d] -= s.r[i] * gradient * gradient
				if s.g != nil {
					dydt[2*d] += s.g[i] * gradient * u(t)
				}
			}
		}
		sol, err := integrate.Solve(balance, 0, 20, append(append([]float64{}, y0...), 0), integrate.Options{RTol: []float64{1e-10}, ATol: []float64{1e-12}})
		if err != nil {
			t.Fatal(err)
		}
		h, end := s.NewEnergy(), sol.Y[len(sol.Y)-1]
		if got, want := h(end[:2*d])-h(y0), end[2*d]; math.Abs(got-want) > 1e-8 || math.Abs(got) < 1e-3 {
			t.Errorf("%s: H changes by %v, want %v", name, got, want)
		}
		still := map[string]float64{} // without friction and input
		for _, c := range []string{"c", "g", "r", "a"} {
			if _, ok := s.Set[c]; ok && name+c != "damped-pendulumg" {
				still[c] = 0
			}
		}
		dy, want := make([]float64, 2*d), make([]float64, 2*d)
		named(t, name, still).NewField()(dy, 3, y0)
		conservative(want, 3, y0)
		for i := range dy {
			if dy[i] != want[i] {
				t.Errorf("%s without friction and input: %v, want %v", name, dy, want)
			}
		}
	}
	if n != 5 {
		t.Errorf("%d open systems", n)
	}
}

// A damped oscillator loses its energy as its solution says, ω² = k/m − (c/2m)², and a driven
// circuit ends in the current that its impedance allows.
func TestOpenSolutions(t *testing.T) {
	s := named(t, "damped-springs", map[string]float64{"kc": 0, "c": 0.3, "m": 2})
	w := math.Sqrt(0.5 - 0.075*0.075)
	sol := solved(t, s, []float64{1, 0, 0, 0}, 10)
	for i, at := range sol.T {
		want := math.Exp(-0.075*at) * (math.Cos(w*at) + 0.075/w*math.Sin(w*at))
		if math.Abs(sol.Y[i][0]-want) > 1e-8 || sol.Y[i][1] != 0 {
			t.Fatalf("x1(%v) = %v, want %v", at, sol.Y[i][0], want)
		}
	}
	// Without a leak I = u/|Z|, Z = r + i(wL − 1/wC).
	c := named(t, "circuit", map[string]float64{"g": 0})
	late := solved(t, c, []float64{0, 0}, 300)
	most := 0.
	for i, at := range late.T {
		if at > 250 {
			most = max(most, math.Abs(late.Y[i][1]))
		}
	}
	if want := 0.5 / math.Hypot(0.2, 0.7-1/0.7); math.Abs(most-want) > 0.01*want {
		t.Errorf("current of %v, want %v", most, want)
	}
}

// The tanks move by the balance of volume of each tank and of pressure along each pipe:
//
//	V̇1 = f1 − f2 + u − g P1,    V̇2 = f2,    I1 ḟ1 = −P1 − r f1,    I2 ḟ2 = P1 − P2 − r f2
func TestTanks(t *testing.T) {
	s := named(t, "tanks", map[string]float64{"C1": 2, "I1": 3})
	q1, q2, p1, p2, at := 0.7, -0.4, 0.9, 0.2, 2.5
	y := make([]float64, 4)
	s.NewField()(y, at, []float64{q1, q2, p1, p2})
	pressure1, pressure2, f1, f2, u := (q1-q2)/2, q2/0.5, p1/3, p2/0.5, 0.5*math.Sin(0.7*at)
	for i, c := range [][2]float64{
		{y[0] - y[1], f1 - f2 + u - 0.1*pressure1}, {y[1], f2}, {y[2], -pressure1 - 0.2*f1}, {y[3], pressure1 - pressure2 - 0.2*f2},
	} {
		if math.Abs(c[0]-c[1]) > 1e-14 {
			t.Errorf("balance %d: %v, want %v", i, c[0], c[1])
		}
	}
}

// The field of many states is that of one, where there is no input.
func TestOpenField(t *testing.T) {
	s := named(t, "damped-springs", nil)
	x := autodiff.NewMatrix(5, 4)
	for i := range x.Data {
		x.Data[i] = math.Sin(float64(i))
	}
	f := s.Field(new(autodiff.Graph).Leaf("x", x))
	plan, err := autodiff.Compile(f)
	if err != nil {
		t.Fatal(err)
	}
	plan.Run()
	one, run := make([]float64, 4), s.NewField()
	for i := range 5 {
		run(one, 0, x.Row(i))
		for j, v := range one {
			if v != plan.Value(f).At(i, j) {
				t.Errorf("row %d: %v, want %v", i, one, plan.Value(f).Row(i))
			}
		}
	}
	if n := testing.AllocsPerRun(100, func() { run(one, 0, x.Row(0)) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
	var e *Error
	if _, err := Named("damped-pendulum", map[string]float64{"c": -1}); !errors.As(err, &e) || e.Arg != "set" {
		t.Error(err)
	}
	if _, err := Named("damped-pendulum", map[string]float64{"t": 1}); !errors.As(err, &e) {
		t.Error(err)
	}
}
