package system

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"hnn/autodiff"
	"hnn/autodiff/formula"
	"hnn/integrate"
)

// What package nn asks of a field with an energy.
var _ interface {
	Params() []*autodiff.Matrix
	Dim() int
	H(x autodiff.Var) autodiff.Var
	Field(x autodiff.Var) autodiff.Var
} = (*System)(nil)

func named(t *testing.T, name string, set map[string]float64) *System {
	t.Helper()
	s, err := Named(name, set)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func solved(t *testing.T, s *System, y0 []float64, end float64, events ...integrate.Event) *integrate.Solution {
	t.Helper()
	sol, err := integrate.Solve(s.NewField(), 0, end, y0, integrate.Options{
		RTol: []float64{1e-10}, ATol: []float64{1e-12}, Events: events,
	})
	if err != nil {
		t.Fatal(s.Name, err)
	}
	return sol
}

// region tells whether an initial state of energy e lies where About says.
var region = map[string]func(y []float64, e float64) bool{
	"spring":          func(y []float64, e float64) bool { return in(e, 0.2, 1) && y[1] >= 0 },
	"pendulum":        func(y []float64, e float64) bool { return in(y[0], 0.3, 2.6) && y[1] == 0 },
	"double-pendulum": func(y []float64, e float64) bool { return in(slices.Min(y), -1, 1) && in(slices.Max(y), -1, 1) },
	"henon-heiles": func(y []float64, e float64) bool {
		return in(slices.Min(y), -0.5, 0.5) && in(slices.Max(y), -0.5, 0.5) && in(e, 0.04, 0.125)
	},
	// H = −1/2a, and at the pericentre the distance is a(1 − e).
	"kepler": func(y []float64, e float64) bool {
		a := -1 / (2 * e)
		return in(a, 0.8, 1.2) && in(math.Hypot(y[0], y[1])/a, 0.5, 1) && math.Abs(y[0]*y[2]+y[1]*y[3]) < 1e-12
	},
	"two-body": func(y []float64, e float64) bool {
		a := -1 / (2 * e)
		centre := math.Abs(y[0]+y[2]) + math.Abs(y[1]+y[3]) + math.Abs(y[4]+y[6]) + math.Abs(y[5]+y[7])
		return in(a, 0.8, 1.2) && in(math.Hypot(y[0]-y[2], y[1]-y[3])/a, 0.5, 1) && centre < 1e-12
	},
	"duffing":        func(y []float64, e float64) bool { return in(y[0], -1.6, 1.6) && in(y[1], -0.7, 0.7) },
	"paper-spring":   func(y []float64, e float64) bool { return in(math.Hypot(y[0], y[1]), 0.1, 1) },
	"paper-pendulum": func(y []float64, e float64) bool { return in(math.Hypot(y[0], y[1]), 1.3, 2.3) },

	"damped-pendulum": func(y []float64, e float64) bool { return in(y[0], 0.3, 2.6) && y[1] == 0 },
	"driven-duffing":  box1, "damped-springs": box1, "circuit": box1, "tanks": box1,
}

func box1(y []float64, e float64) bool { return in(slices.Min(y), -1, 1) && in(slices.Max(y), -1, 1) }

func in(x, lo, hi float64) bool { return x >= lo-1e-12 && x <= hi+1e-12 }

// Each system of the table has its initial states where its row says, and keeps its energy
// over ten characteristic periods from there, if it is closed.
func TestTable(t *testing.T) {
	for _, name := range Names() {
		s := named(t, name, nil)
		if s.Separable() != (name != "double-pendulum" && s.Closed()) {
			t.Errorf("%s: separable is not %v", name, !s.Separable())
		}
		if velocity, force := s.NewHalves(); (velocity != nil) != s.Separable() || (force != nil) != s.Separable() {
			t.Errorf("%s: halves without a separable H, or none with it", name)
		}
		if s.Params() != nil || s.Dim() != 2*len(s.Q) || len(s.P) != len(s.Q) || s.Duration <= 0 || s.Dt <= 0 || s.Period <= 0 || s.About == "" {
			t.Errorf("%s: %+v", name, s)
		}
		src, start, energy := rand.NewPCG(7, 0), s.NewStart(), s.NewEnergy()
		for range 20 {
			y0, err := start(src)
			if err != nil {
				t.Fatal(err)
			}
			e0, worst := energy(y0), 0.
			if in := region[name]; in == nil || !in(y0, e0) {
				t.Errorf("%s: %v, of energy %v, is not where it should be", name, y0, e0)
			}
			for _, y := range solved(t, s, y0, 10*s.Period).Y {
				worst = max(worst, math.Abs(energy(y)-e0))
				if name == "henon-heiles" && (y[1] < -0.5 || y[1] > 1 || math.Abs(y[0]) > math.Sqrt(3)/2) {
					t.Fatalf("%s: leaves the triangle at %v", name, y)
				}
			}
			if s.Closed() && worst > 1e-7*math.Max(math.Abs(e0), 0.01) {
				t.Errorf("%s: from %v the energy %v changes by %v", name, y0, e0, worst)
			}
		}
	}
}

// period measures the time of one turn from y0: then the first number of the state that
// moves is where it was, and goes the same way.
func period(t *testing.T, s *System, y0 []float64, about float64) float64 {
	t.Helper()
	dy := make([]float64, len(y0))
	s.NewField()(dy, 0, y0)
	i := len(y0) / 2
	for dy[i] == 0 {
		i = (i + 1) % len(y0)
	}
	way := 1
	if dy[i] < 0 {
		way = -1
	}
	u := solved(t, s, y0, 1.2*about, integrate.Event{G: func(_ float64, y []float64) float64 { return y[i] - y0[i] }, Direction: way}).TEvents[0]
	if len(u) == 0 {
		t.Errorf("%s: no turn in %v", s.Name, 1.2*about)
		return math.NaN()
	}
	return u[len(u)-1]
}

// Periods are those of the motion: of a small one, for Kepler's and two bodies of any with
// a = 1, or of a large one whose period is known.
func TestPeriods(t *testing.T) {
	for _, c := range []struct {
		name  string
		set   map[string]float64
		start []float64
		want  float64 // 0: the Period
	}{
		{"spring", nil, []float64{1, 0}, 2 * math.Pi},
		{"spring", map[string]float64{"m": 2, "k": 8}, []float64{1, 0}, 0},
		{"paper-spring", nil, []float64{1, 0}, 0},
		{"pendulum", nil, []float64{1e-3, 0}, 0},
		{"pendulum", map[string]float64{"g": 9.81, "l": 2, "m": 3}, []float64{1e-3, 0}, 0},
		{"pendulum", nil, []float64{math.Pi / 2, 0}, 4 * 1.8540746773013719}, // 4 K(1/2)
		{"paper-pendulum", nil, []float64{1e-3, 0}, 0},
		{"duffing", nil, []float64{1.0001, 0}, 0},
		{"duffing", map[string]float64{"alpha": -4, "beta": 4}, []float64{1.0001, 0}, 0},
		{"henon-heiles", nil, []float64{0, 1e-4, 0, 0}, 0},
		// Small angles in the ratio of the slow mode, θ₂/θ₁ = ω² l₁/(g − ω² l₂).
		{"double-pendulum", nil, []float64{1e-4, 1e-4 * math.Sqrt2, 0, 0}, 0},
		{"double-pendulum", map[string]float64{"m1": 3, "g": 4}, []float64{1e-4, 2e-4, 0, 0}, 2 * math.Pi / math.Sqrt(8./3)},
		{"kepler", nil, []float64{0.5, 0, 0, math.Sqrt(3)}, 0}, // e = 1/2
		{"kepler", map[string]float64{"mu": 4}, []float64{0.5, 0, 0, math.Sqrt(12)}, 0},
		{"two-body", nil, []float64{0.5, 0, -0.5, 0, 0, math.Sqrt2 / 2, 0, -math.Sqrt2 / 2}, 0},
	} {
		s := named(t, c.name, c.set)
		want := c.want
		if want == 0 {
			want = s.Period
		}
		if got := period(t, s, c.start, want); !(math.Abs(got-want) <= 1e-6*want) {
			t.Errorf("%s with %v from %v: period %v, want %v", c.name, c.set, c.start, got, want)
		}
	}
	if s := named(t, "double-pendulum", map[string]float64{"m1": 3, "g": 4}); math.Abs(s.Period-2*math.Pi/math.Sqrt(8./3)) > 1e-12 {
		t.Errorf("double-pendulum: period %v", s.Period)
	}
	if s := named(t, "duffing", map[string]float64{"alpha": 1}); s.Period != 0 {
		t.Errorf("duffing with one well: period %v", s.Period)
	}
	// Kepler's third law from random states, and unequal bodies, whose centre stays.
	kepler, two := named(t, "kepler", nil), named(t, "two-body", map[string]float64{"m1": 2})
	src, start, pair, energy := rand.NewPCG(1, 0), kepler.NewStart(), two.NewStart(), kepler.NewEnergy()
	for range 5 {
		y, _ := start(src)
		a := -1 / (2 * energy(y))
		end := solved(t, kepler, y, 2*math.Pi*math.Sqrt(a*a*a)).Y
		for i, v := range end[len(end)-1] {
			if math.Abs(v-y[i]) > 1e-7 {
				t.Errorf("kepler: from %v to %v in one period", y, end[len(end)-1])
			}
		}
		y, _ = pair(src)
		if math.Abs(2*y[0]+y[2])+math.Abs(2*y[1]+y[3])+math.Abs(y[4]+y[6])+math.Abs(y[5]+y[7]) > 1e-12 {
			t.Errorf("two-body: the centre of %v moves or is not 0", y)
		}
	}
}

// The compiled functions and the formulas have the same values.
func TestFormulas(t *testing.T) {
	for _, name := range Names() {
		s := named(t, name, nil)
		y, err := s.NewStart()(rand.NewPCG(3, 0))
		if err != nil {
			t.Fatal(err)
		}
		g := new(autodiff.Graph)
		x := g.Leaf("x", &autodiff.Matrix{Rows: 1, Cols: len(y), Data: y})
		h, f := s.H(x), s.Field(x)
		p, err := autodiff.Compile(h, f)
		if err != nil {
			t.Fatal(err)
		}
		p.Run()
		dy := make([]float64, len(y))
		s.NewField()(dy, 0, y)
		for i, v := range append(dy, s.NewEnergy()(y)) {
			if want := append(p.Value(f).Data, p.Value(h).Data...)[i]; math.Abs(v-want) > 1e-13 {
				t.Errorf("%s: number %d is %v, want %v", name, i, v, want)
			}
		}
	}
}

func TestTyped(t *testing.T) {
	for _, c := range []struct {
		h, q, p string // names with commas between
		want    string
	}{
		{"q^2 + p^2", "", "", "[q] [p]"},
		{"2", "", "", "[q] [p]"},
		{"q1*p7", "", "", "[q0 q1 q2 q3 q4 q5 q6 q7] [p0 p1 p2 p3 p4 p5 p6 p7]"},
		{"q0^2", "", "", "[q0] [p0]"},
		{"x*py", "x,y", "", "[x y] [px py]"},
		{"q1*p2", "q1,q2", "", "[q1 q2] [p1 p2]"},
		{"x*v", "x", "v", "[x] [v]"},
	} {
		split := func(s string) []string { return strings.FieldsFunc(s, func(r rune) bool { return r == ',' }) }
		s, err := Typed(c.h, split(c.q), split(c.p), nil)
		if err != nil {
			t.Fatal(c.h, err)
		}
		if got := strings.Join([]string{"[" + strings.Join(s.Q, " ") + "]", "[" + strings.Join(s.P, " ") + "]"}, " "); got != c.want || s.Name != "" || s.Dim() != 2*len(s.Q) {
			t.Errorf("%s: %s, want %s", c.h, got, c.want)
		}
	}
	s, err := Typed("a*q^2 + p^2", nil, nil, map[string]float64{"a": 3})
	if err != nil || len(s.Set) != 1 || s.Set["a"] != 3 || s.NewEnergy()([]float64{2, 1}) != 13 {
		t.Error(s, err)
	}
}

// An error tells which argument is wrong, and what is wanted.
func TestErrors(t *testing.T) {
	typed := func(h string, q, p []string, set map[string]float64) error { _, err := Typed(h, q, p, set); return err }
	known := func(name string, set map[string]float64) error { _, err := Named(name, set); return err }
	within := func(name string, low, high float64, box ...float64) error {
		_, err := named(t, name, nil).Within(box, low, high)
		return err
	}
	nan := math.NaN()
	for _, c := range []struct {
		err       error
		arg, want string
	}{
		{known("comet", nil), "name", "want one of [spring pendulum"},
		{known("spring", map[string]float64{"x": 1}), "set", "x is no parameter of H: want one of [m k]"},
		{known("spring", map[string]float64{"z": 1, "y": 1}), "set", "y is no parameter"},
		{known("spring", map[string]float64{"m": 0}), "set", "H of spring: column 4: division by 0"},
		{known("spring", map[string]float64{"q": 2}), "set", "q is no parameter"},
		{typed(" ", nil, nil, nil), "H", "empty: want an expression"},
		{typed("(p", nil, nil, nil), "H", "column 1: no ) for this ("},
		{typed("q^p", nil, nil, nil), "H", "column 2: the exponent is not a constant"},
		{typed("p^2/2+foo", nil, nil, nil), "H", `column 7: unknown name "foo": give a parameter its value in set, or name coordinates in q and momenta in p, now q,p`},
		{typed("x*y", []string{"x"}, nil, nil), "H", `unknown name "y"`},
		{typed("x*y", []string{"x", "y"}, []string{"a"}, nil), "q, p", "2 coordinates and 1 momenta"},
		{typed("x*y", []string{"x", "x"}, nil, nil), "q, p", "x stands for two coordinates"},
		{typed("x*y", []string{"x", "2"}, nil, nil), "q, p", `"2" cannot be a name`},
		{typed("x*y", nil, []string{"x"}, nil), "p", "without names for q"},
		{typed("q*k", nil, nil, map[string]float64{"m": 2}), "set", "m is no parameter of H: want one of [k]"},
		{within("spring", nan, nan, 1), "box", "1 numbers: want 2, or 4 for q,p"},
		{within("spring", nan, nan, 1, 0), "box", "the range 1,0 is empty"},
		{within("spring", nan, nan, 0, nan), "box", "the range 0,NaN is empty"},
		{within("spring", 0, nan), "low, high", "the energy of the spring is above 0"},
		{within("spring", 3, nan), "low, high", "3 is above 1: want the lower number first"},
		{within("kepler", 3, 2), "low, high", "3 is above 2"},
	} {
		var e *Error
		if !errors.As(c.err, &e) || e.Arg != c.arg || !strings.Contains(e.Err.Error(), c.want) || !strings.HasPrefix(c.err.Error(), "system: "+c.arg+": ") {
			t.Errorf("%v, want %s: %s", c.err, c.arg, c.want)
		}
	}
	var f *formula.Error
	if err := typed("(p", nil, nil, nil); !errors.As(err, &f) || f.Pos != 1 {
		t.Error(err)
	}
	s, err := named(t, "paper-spring", nil).Within(nil, 5, nan)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Sample(context.Background(), s.Sampling(1, 0)); err == nil || !strings.Contains(err.Error(), "none of 1000000 random states has an energy from 5 to +Inf") {
		t.Error(err)
	}
}

// Other initial states do not change the table, nor the system that they were made of.
func TestWithin(t *testing.T) {
	s := named(t, "spring", map[string]float64{"k": 4})
	other, err := s.Within(nil, 2, 3)
	if err != nil {
		t.Fatal(err)
	}
	boxed, err := other.Within([]float64{1, 2, 5, 6}, 13, math.NaN())
	if err != nil {
		t.Fatal(err)
	}
	src, energy := rand.NewPCG(1, 0), s.NewEnergy()
	start, otherStart, boxedStart := s.NewStart(), other.NewStart(), boxed.NewStart()
	for range 100 {
		y, _ := start(src)
		if e := energy(y); !in(e, 0.2, 1) {
			t.Fatalf("the system itself starts at energy %v", e)
		}
		y, _ = otherStart(src)
		if e := energy(y); !in(e, 2, 3) {
			t.Fatalf("energy %v", e)
		}
		y, _ = boxedStart(src)
		if !in(y[0], 1, 2) || !in(y[1], 5, 6) || energy(y) < 13 {
			t.Fatalf("%v, energy %v", y, energy(y))
		}
	}
	if table[0].draws[0].lo != 0.2 || table[0].Set["k"] != 1 {
		t.Error("the table has changed:", table[0])
	}
}
