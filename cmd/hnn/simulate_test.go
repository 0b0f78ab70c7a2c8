package main

import (
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"hnn/cmd/hnn/internal/table"
	"hnn/spring"
	systems "hnn/spring/system"
)

// A typed H gives the same numbers as the same system of the table, under the names of -q and
// -p.
func TestTypedSystem(t *testing.T) {
	want := must(t, "simulate", "-system", "duffing", "-state", "0.5,0.25", "-state", "1,0")
	for _, c := range []struct{ call, header string }{
		{"p^2/2 + alpha*q^2/2 + beta*q^4/4 -set alpha=-1 -set beta=1", "run,t,q,p,dq,dp"},
		{"p0^2/2 + α*q0^2/2 + q0^4/4 -set α=-1", "run,t,q,p,dq,dp"},
		{"px^2/2-x^2/2+x^4/4 -q x", "run,t,x,px,dx,dpx"},
		{"y^2/2-x^2/2+x^4/4 -q x -p y", "run,t,x,y,dx,dy"},
	} {
		h, rest, _ := strings.Cut(c.call, " -")
		args := []string{"simulate", "-state", "0.5,0.25", "-H", h, "-state", "1,0"}
		got := must(t, append(args, strings.Fields("-"+rest)...)...)
		if header, rows, _ := strings.Cut(got, "\n"); header != c.header || "run,t,q,p,dq,dp\n"+rows != want {
			t.Errorf("%s: other rows than -system duffing, or other columns than %s: %s", c.call, c.header, header)
		}
	}
	// The names are those by which train finds the columns.
	dir := t.TempDir()
	file := filepath.Join(dir, "x.csv")
	must(t, "simulate", "-H", "(px^2+py^2)/2 + x^2*y^2", "-q", "x,y", "-events", "x=0", "-events-o", filepath.Join(dir, "e.csv"), "-o", file)
	must(t, "train", "-quiet", "-epochs", "1", "-hidden", "4", "-q", "x,y", "-p", "px,py", "-o", filepath.Join(dir, "m.json"), file)
	if b := string(contents(t, filepath.Join(dir, "e.csv"))); !strings.HasPrefix(b, "run,t,x,y,px,py\n0,") {
		t.Error(b)
	}
}

// The flags that the help names give the rows of hnn spring.
func TestSpringRows(t *testing.T) {
	out, err := table.Read("out", strings.NewReader(must(t, "simulate", "-seed", "5", "-dt", "0", "-max-step", "0.1", "-rtol", "1e-3", "-atol", "1e-6")))
	if err != nil {
		t.Fatal(err)
	}
	c := spring.Default()
	c.Noise = 0
	set, err := c.Sample(t.Context(), c.Sampling, 1, rand.NewPCG(5, 0))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string][]float64{"t": set.T, "q": column(set.X, 0), "p": column(set.X, 1), "dp": column(set.DX, 1)} {
		if got, err := out.Col(name); err != nil || !slices.Equal(got, want) {
			t.Errorf("column %s is not that of hnn spring: %v", name, err)
		}
	}
}

// Every method that fits a system follows it, and hnn train reads the file.
func TestSimulateSystems(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "x.csv")
	for _, name := range systems.Names() {
		pairs := len(tableSystem(t, name).Q)
		methods := []string{"DOP853", "RK4", "GaussLegendre6"}
		if !tableSystem(t, name).Closed() {
			fails(t, hnn(t, "", "simulate", "-system", name, "-method", "leapfrog", "-dt", "0.1"), 2, "-method Leapfrog is for systems without friction and input: use DOP853 or GaussLegendre4")
		} else if name != "double-pendulum" {
			methods = append(methods, "Yoshida6")
		} else {
			fails(t, hnn(t, "", "simulate", "-system", name, "-method", "leapfrog"), 2,
				"needs H = T(p) + V(q), which this H is not: use ImplicitMidpoint or GaussLegendre4")
		}
		args := []string{"simulate", "-system", name, "-duration", "1", "-n", "2", "-seed", "4"}
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
			for _, c := range names(pairs) {
				col, err := csv.Col(c)
				if err != nil {
					t.Fatal(err)
				}
				end = append(end, col[len(col)-1])
			}
			if want == nil {
				want = end
			}
			for i := range end {
				if math.Abs(end[i]-want[i]) > 1e-5 {
					t.Errorf("%s: %s ends at %v, %s at %v", name, m, end, methods[0], want)
					break
				}
			}
		}
		must(t, append(args, "-o", file, "-noise", "0.01")...)
		must(t, "train", "-quiet", "-epochs", "1", "-hidden", "4", "-o", filepath.Join(dir, "m.json"), file)
		x, err := readStates(t.Context(), file, columns{t: "t", run: "run"})
		if err != nil {
			t.Fatal(err)
		}
		if len(x.names) != 2*pairs || len(x.Starts) != 2 || x.DX == nil {
			t.Errorf("%s: %d pairs, %d runs", name, len(x.names)/2, len(x.Starts))
		}
	}
	// The derivatives are those of the field at the state.
	out := must(t, "simulate", "-H", "(a^2+b^2)/2 + u*v^2*2", "-q", "u,v", "-p", "a,b", "-state", "1,2,3,4", "-duration", "0.1")
	if lines := strings.Split(out, "\n"); lines[0] != "run,t,u,v,a,b,du,dv,da,db" || lines[1] != "0,0,1,2,3,4,3,4,-8,-8" || len(lines) != 4 {
		t.Error(out)
	}
	if help := must(t, "simulate", "-h"); !strings.Contains(help, "double-pendulum") {
		t.Error(help)
	}
}

func TestSimulateWrongCalls(t *testing.T) {
	for _, c := range []struct{ args, want string }{
		{"-H|p^2/2+foo", `-H: column 7: unknown name "foo": give a parameter its value in set`},
		{"-H| ", "-H: it is empty: want an expression"},
		{"-H|", "-H: it is empty: want an expression"},
		{"-H|(p", "-H: column 1: no ) for this ("},
		{"-H|q^p", "-H: column 2: the exponent is not a constant"},
		{"-H|q1*p7", `-n`}, // eight pairs: only the flags after it are wrong
		{"-H|x*y|-q|x", `unknown name "y"`},
		{"-H|x*y|-q|x,y|-p|a", "-q, -p: 2 coordinates and 1 momenta"},
		{"-H|x*y|-q|x,x", "x stands for two coordinates"},
		{"-H|x*y|-q|x,2", `-q, -p: "2" cannot be a name: want a letter`},
		{"-H|x*y|-p|x", "-p: x without names for q: want both"},
		{"-H|q|-system|spring", "-system with -H"},
		{"-H|q*k|-set|m=2", "-set: m is no parameter of H: want one of [k]"},
		{"-H|q*k|-set|q=2", "-set: q is no parameter of H: want one of [k]"},
		{"-set|m", "-set: want a parameter and its value"},
		{"-set|m=x", "-set: want a parameter and its value"},
		{"-set|m=1,", "-set: want a parameter and its value"},
		{"-set|m=0", "-set: H of spring: column 4: division by 0"},
		{"-set|b=1,c=2,a=3", "-set: a is no parameter of H: want one of [m k]"},
		{"-k|2", "flag provided but not defined: -k"},
		{"-H|x*dx|-q|x,dx", "-q, -p: header: column dx appears twice"},
		{"-H|t*q|-q|t,q", "-q, -p: header: column t appears twice"},
		{"-system|kepler|-q|x", "-q names the coordinates of -H"},
		{"-system|comet", "-system: want one of [spring pendulum"},
		{"-state|1", "-state [1]: want 2 numbers, q,p"},
		{"-state|1,x", "-state: want the coordinates"},
		{"-state|1,2|-n|2", "-n goes with random initial states"},
		{"-state|1,2|-low|1", "-low goes with random initial states"},
		{"-box|1", "-box: 1 numbers: want 2, or 4"},
		{"-box|1,0", "-box: the range 1,0 is empty"},
		{"-low|0", "the energy of the spring is above 0"},
		{"-low|3", "-low, -high: 3 is above 1"},
		{"-H|q|-low|3|-high|2", "-low, -high: 3 is above 2"},
		{"-low|nan", "-low: want a number"},
	} {
		args := append([]string{"simulate"}, strings.Split(c.args, "|")...)
		if c.want == "-n" {
			args = append(args, "-n", "0")
		}
		fails(t, hnn(t, "", args...), 2, c.want)
	}
	fails(t, hnn(t, "", "simulate", "-H", "q^2+p^2", "-low", "5"), 2, "-low, -high: none of 1000000 random states has an energy from 5 to +Inf")
	fails(t, hnn(t, "", "simulate", "-H", "1/q+p", "-state", "0,0"), 2, "-state [0 0]: H is +Inf there")
	fails(t, hnn(t, "", "simulate", "-H", "log(q-q-1)"), 2, "-H: it is not a finite number at any of 1000000 random states")
	fails(t, hnn(t, "", "simulate", "-H", "1/(q-q)"), 2, "division by 0")
	fails(t, hnn(t, "", "field", "-H", "log(q-q-1)"), 2, "H is not a finite number at any point")
	fails(t, hnn(t, "", "field", "-q-range", "-1e308,1e308"), 2, "-q-range")
}

// A typed H has the same bits one state at a time, as simulate follows it, and in batches, as
// field computes it.
func TestTypedSameNumbers(t *testing.T) {
	typed := []string{"-H", "p^2/(2*m) + sin(3*q)*exp(-q^2/3) + q^3/7 + sqrt(q^2+p^2+1)*tanh(p)/log(2+q^2)", "-set", "m=1.7"}
	field, err := table.Read("field", strings.NewReader(must(t, append([]string{"field", "-points", "20"}, typed...)...)))
	if err != nil {
		t.Fatal(err)
	}
	columns := func(f *table.Table) [][]float64 {
		var cols [][]float64
		for _, name := range []string{"q", "p", "dq", "dp"} {
			c, err := f.Col(name)
			if err != nil {
				t.Fatal(err)
			}
			cols = append(cols, c)
		}
		return cols
	}
	want := columns(field)
	args := []string{"simulate", "-duration", "1e-9"}
	for r := range field.Rows() {
		args = append(args, "-state", join([]float64{want[0][r], want[1][r]}))
	}
	sim, err := table.Read("simulate", strings.NewReader(must(t, append(args, typed...)...)))
	if err != nil {
		t.Fatal(err)
	}
	got := columns(sim)
	differ := 0
	for r := range field.Rows() {
		for j := range want {
			if got[j][2*r] != want[j][r] { // the second row of each trajectory is at its end
				differ++
			}
		}
	}
	if field.Rows() != 400 || sim.Rows() != 800 || differ > 0 {
		t.Errorf("%d and %d rows, %d numbers differ", field.Rows(), sim.Rows(), differ)
	}
}
