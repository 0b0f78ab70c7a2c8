package main

import (
	"crypto/sha256"
	"encoding/hex"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"hnn/cmd/hnn/internal/table"
	"hnn/integrate"
)

// The spring's trajectories are as they were before there were other systems.
func TestSimulateSpringBytes(t *testing.T) {
	sum := sha256.Sum256([]byte(must(t, "simulate", "-n", "3", "-noise", "0.1", "-seed", "5")))
	if got := hex.EncodeToString(sum[:]); got != "e5292e8859e1e1c57efe2b239ecfa7885fb40518a7d3d684a023caf6072e0871" {
		t.Errorf("the bytes have changed: sha256 %s", got)
	}
	if must(t, "simulate", "-m", "2", "-k", "3") != must(t, "simulate", "-system", "spring", "-set", "m=2,k=3") {
		t.Error("-m and -k are not -set m and -set k")
	}
	want := must(t, "simulate", "-system", "duffing", "-state", "0.5,0.25", "-state", "1,0")
	for _, call := range []string{
		"p^2/2 + alpha*q^2/2 + beta*q^4/4 -set alpha=-1 -set beta=1",
		"p0^2/2 + α*q0^2/2 + q0^4/4 -set α=-1",
		"px^2/2-x^2/2+x^4/4 -q x",
		"y^2/2-x^2/2+x^4/4 -q x -p y",
	} {
		h, rest, _ := strings.Cut(call, " -")
		args := []string{"simulate", "-state", "0.5,0.25", "-H", h, "-state", "1,0"}
		if got := must(t, append(args, strings.Fields("-"+rest)...)...); got != want {
			t.Errorf("%s: other bytes than -system duffing", call)
		}
	}
}

// chosen returns what the flags choose.
func chosen(t *testing.T, args ...string) *choose {
	t.Helper()
	var c choose
	f := newFlags(&env{}, "simulate", "")
	n := 0
	f.int(&n, "n", 1, "")
	c.register(f)
	if _, err := f.parse(args, 0); err != nil {
		t.Fatal(args, err)
	}
	if err := c.resolve(f); err != nil {
		t.Fatal(args, err)
	}
	return &c
}

func solved(t *testing.T, c *choose, y0 []float64, end float64, at []float64, events ...integrate.Event) *integrate.Solution {
	t.Helper()
	sol, err := integrate.Solve(c.formula.NewField(), 0, end, y0, integrate.Options{
		RTol: []float64{1e-10}, ATol: []float64{1e-12}, TEval: at, Events: events,
	})
	if err != nil {
		t.Fatal(c.sys.name, err)
	}
	return sol
}

// Energy is conserved over ten characteristic periods from random states, which lie
// within the stated energies.
func TestSystems(t *testing.T) {
	separable := map[string]bool{
		"spring": true, "pendulum": true, "henon-heiles": true, "kepler": true, "two-body": true, "duffing": true,
		"paper-spring": true, "paper-pendulum": true,
	}
	for _, s := range systems {
		c := chosen(t, "-system", s.name)
		if c.formula.Separable() != separable[s.name] {
			t.Errorf("%s: separable is not %v", s.name, separable[s.name])
		}
		src := rand.NewPCG(7, 0)
		for i := range 20 {
			y0, err := c.initial(i, src)
			if err != nil {
				t.Fatal(err)
			}
			e0, worst := c.energy(y0), 0.
			if s.energies != nil && !(e0 >= s.energies[0] && e0 <= s.energies[1]) {
				t.Errorf("%s: energy %v", s.name, e0)
			}
			for _, y := range solved(t, c, y0, 10*s.period, nil).Y {
				worst = max(worst, math.Abs(c.energy(y)-e0))
				if s.name == "henon-heiles" && (y[1] < -0.5 || y[1] > 1 || math.Abs(y[0]) > math.Sqrt(3)/2) {
					t.Fatalf("%s: leaves the triangle at %v", s.name, y)
				}
			}
			if worst > 1e-7*math.Max(math.Abs(e0), 0.01) {
				t.Errorf("%s: from %v the energy %v changes by %v", s.name, y0, e0, worst)
			}
		}
	}
}

// The characteristic periods are those of the motion.
func TestPeriods(t *testing.T) {
	for _, c := range []struct {
		args  string
		start []float64
		want  float64
		tol   float64
	}{
		{"-system spring", []float64{1, 0}, 2 * math.Pi, 1e-8},
		{"-system spring -m 2 -k 8", []float64{1, 0}, math.Pi, 1e-8},
		{"-system paper-spring", []float64{1, 0}, math.Pi, 1e-8},
		{"-system pendulum", []float64{0.01, 0}, 2 * math.Pi * (1 + 1e-4/16), 1e-8},
		{"-system pendulum -set g=9.81,l=2 -set m=3", []float64{0.01, 0}, 2 * math.Pi * math.Sqrt(2/9.81) * (1 + 1e-4/16), 1e-8},
		{"-system pendulum", []float64{math.Pi / 2, 0}, 4 * 1.8540746773013719, 1e-8}, // 4 K(1/2)
		{"-system paper-pendulum", []float64{0.01, 0}, 2 * math.Pi / math.Sqrt(6) * (1 + 1e-4/16), 1e-8},
		{"-system duffing", []float64{1.0001, 0}, math.Sqrt2 * math.Pi, 1e-6},
		{"-system henon-heiles", []float64{0, 1e-4, 0, 0}, 2 * math.Pi, 1e-6},
		{"-system double-pendulum", []float64{1e-3, 1e-3 * math.Sqrt2, 0, 0}, 2 * math.Pi / math.Sqrt(2-math.Sqrt2), 1e-5},
		{"-system kepler", []float64{0.5, 0, 0, math.Sqrt(3)}, 2 * math.Pi, 1e-7}, // a = 1, e = 1/2
		{"-system kepler -set mu=4", []float64{0.5, 0, 0, math.Sqrt(12)}, math.Pi, 1e-7},
		{"-system two-body", []float64{0.5, 0, -0.5, 0, 0, math.Sqrt2 / 2, 0, -math.Sqrt2 / 2}, math.Sqrt2 * math.Pi, 1e-7},
	} {
		s := chosen(t, strings.Fields(c.args)...)
		// One turn later q is where it was, and has the rate that it had: a crossing
		// of the first coordinate that moves, in the same direction.
		dy := make([]float64, len(c.start))
		field := s.formula.NewField()
		field(dy, 0, c.start)
		d := len(dy) / 2
		i := d // the first that changes
		for dy[i] == 0 {
			i = (i + 1) % (2 * d)
		}
		way := 1
		if dy[i] < 0 {
			way = -1
		}
		from := c.start[i]
		sol := solved(t, s, c.start, 1.2*c.want, nil, integrate.Event{G: func(_ float64, y []float64) float64 { return y[i] - from }, Direction: way})
		u := sol.TEvents[0]
		if len(u) == 0 || math.Abs(u[len(u)-1]-c.want) > c.tol*c.want {
			t.Errorf("%s: period %v, want %v", c.args, u, c.want)
		}
		if c.args == "-system "+s.sys.name && math.Abs(s.sys.period-c.want) > 1e-4*c.want && c.start[0] != math.Pi/2 {
			t.Errorf("%s: the table has the period %v, want %v", c.args, s.sys.period, c.want)
		}
	}
	// Kepler's third law, and the centre of two bodies at rest.
	src := rand.NewPCG(1, 0)
	c, two := chosen(t, "-system", "kepler"), chosen(t, "-system", "two-body", "-set", "m1=2")
	for range 5 {
		y, _ := c.initial(0, src)
		a := -1 / (2 * c.energy(y))
		end := solved(t, c, y, 2*math.Pi*math.Sqrt(a*a*a), nil).Y
		for i, v := range end[len(end)-1] {
			if math.Abs(v-y[i]) > 1e-7 {
				t.Errorf("kepler: from %v to %v in one period", y, end[len(end)-1])
			}
		}
		if a < 0.8 || a > 1.2 {
			t.Errorf("kepler: semi-major axis %v", a)
		}
		y, _ = two.initial(0, src)
		if math.Abs(2*y[0]+y[2])+math.Abs(2*y[1]+y[3])+math.Abs(y[4]+y[6])+math.Abs(y[5]+y[7]) > 1e-12 {
			t.Errorf("two-body: the centre of %v moves or is not 0", y)
		}
		// e ≤ 1/2 at the pericentre: the distance is a(1 − e), H = −G m1 m2/2a.
		r := math.Hypot(y[0]-y[2], y[1]-y[3])
		if a := -2 / (2 * two.energy(y)); a < 0.8 || a > 1.2 || r/a < 0.5-1e-12 || r > a {
			t.Errorf("two-body: a = %v, distance %v", a, r)
		}
	}
}

// Every method that a system admits follows it, and what is written can be trained on.
func TestSimulateSystems(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "x.csv")
	for _, s := range systems {
		methods := []string{"DOP853", "RK4", "GaussLegendre6"}
		if s.name != "double-pendulum" {
			methods = append(methods, "Yoshida6")
		} else {
			fails(t, hnn(t, "", "simulate", "-system", s.name, "-method", "leapfrog"), 2,
				"needs H = T(p) + V(q), which this H is not and a learned one never: use ImplicitMidpoint or GaussLegendre4")
		}
		args := []string{"simulate", "-system", s.name, "-duration", "1", "-n", "2", "-seed", "4"}
		var want []float64
		for _, m := range methods {
			extra := []string{"-method", m}
			if m != "DOP853" {
				extra = append(extra, "-dt", "0.005")
			}
			csv, err := table.Read("out", strings.NewReader(must(t, append(args, extra...)...)))
			if err != nil {
				t.Fatal(err)
			}
			var end []float64
			for _, name := range names(len(s.q)) {
				col, err := csv.Col(name)
				if err != nil {
					t.Fatal(err)
				}
				last := len(col) - 1
				if s.name == "spring" { // its second state depends on the rows of the first run
					run, _ := csv.Col("run")
					last = slices.Index(run, 1) - 1
				}
				end = append(end, col[last])
			}
			if want == nil {
				want = end
			}
			for i := range end {
				if math.Abs(end[i]-want[i]) > 1e-3 { // the spring has the reference's tolerances
					t.Errorf("%s: %s ends at %v, %s at %v", s.name, m, end, methods[0], want)
					break
				}
			}
		}
		must(t, append(args, "-o", file, "-noise", "0.01")...)
		must(t, "train", "-quiet", "-epochs", "1", "-hidden", "4", "-o", filepath.Join(dir, "m.json"), file)
		x, err := readStates(file, columns{t: "t", run: "run"})
		if err != nil {
			t.Fatal(err)
		}
		if len(x.names) != 2*len(s.q) || len(x.Starts) != 2 || x.DX == nil {
			t.Errorf("%s: %d pairs, %d runs", s.name, len(x.names)/2, len(x.Starts))
		}
	}
	// The derivatives are those of the field at the state.
	out := must(t, "simulate", "-H", "(a^2+b^2)/2 + u*v^2*2", "-q", "u,v", "-p", "a,b", "-state", "1,2,3,4", "-duration", "0.1")
	if lines := strings.Split(out, "\n"); lines[0] != "run,t,q0,q1,p0,p1,dq0,dq1,dp0,dp1" || lines[1] != "0,0,1,2,3,4,3,4,-8,-8" || len(lines) != 4 {
		t.Error(out)
	}
	if help := must(t, "simulate", "-h"); !strings.Contains(help, "double-pendulum") {
		t.Error(help)
	}
}

func TestSimulateWrongCalls(t *testing.T) {
	for _, c := range []struct{ args, want string }{
		{"-H|p^2/2+foo", `-H: column 7: unknown name "foo": give a parameter its value with -set`},
		{"-H| ", "-H is empty"},
		{"-H|(p", "-H: column 1: no ) for this ("},
		{"-H|q^p", "-H: column 2: the exponent is not a constant"},
		{"-H|q1*p7", `-n`}, // eight pairs: only the flags after it are wrong
		{"-H|x*y|-q|x", `unknown name "y"`},
		{"-H|x*y|-q|x,y|-p|a", "-q names 2 coordinates and -p 1 momenta"},
		{"-H|x*y|-q|x,x", "x stands for two coordinates"},
		{"-H|x*y|-q|x,2", `"2" cannot be the name of a coordinate`},
		{"-H|x*y|-p|x", "-p without -q"},
		{"-H|q|-m|2", "-m with -H"},
		{"-H|q|-system|spring", "-system with -H"},
		{"-H|q*k|-set|m=2", "-set m: the parameters of -H are [k]"},
		{"-H|q*k|-set|q=2", "-set q: the parameters of -H are [k]"},
		{"-set|m", "-set: want a parameter and its value"},
		{"-set|m=x", "-set: want a parameter and its value"},
		{"-set|m=1,", "-set: want a parameter and its value"},
		{"-set|m=0", "-system spring: column 4: division by 0"},
		{"-system|kepler|-k|2", "-k is of the spring"},
		{"-system|kepler|-q|x", "-q names the coordinates of -H"},
		{"-system|comet", "-system: want one of [spring pendulum"},
		{"-state|1", "-state [1]: want 2 numbers, q,p"},
		{"-state|1,x", "-state: want the coordinates"},
		{"-state|1,2|-n|2", "-n goes with random initial states"},
		{"-state|1,2|-low|1", "-low goes with random initial states"},
		{"-box|1", "-box has 1 numbers: want 2, or 4"},
		{"-box|1,0", "-box: the range 1,0 is empty"},
		{"-low|0", "the energy of the spring is above 0"},
		{"-low|3", "-low 3 is above -high 1"},
		{"-H|q|-low|3|-high|2", "-low 3 is above -high 2"},
		{"-low|nan", "-low: want a number"},
	} {
		args := append([]string{"simulate"}, strings.Split(c.args, "|")...)
		if c.want == "-n" {
			args = append(args, "-n", "0")
		}
		fails(t, hnn(t, "", args...), 2, c.want)
	}
	fails(t, hnn(t, "", "simulate", "-H", "q^2+p^2", "-low", "5"), 1, "none has an energy from 5 to +Inf")
	fails(t, hnn(t, "", "simulate", "-H", "1/q+p", "-state", "0,0"), 1, "trajectory 0, from [0 0]: integrate")
}
