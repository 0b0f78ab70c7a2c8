package main

import (
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// learned is a model of a named system, from 100 trajectories without noise.
func learned(t *testing.T, dir, name string, flags ...string) (model, data string) {
	t.Helper()
	model, data = filepath.Join(dir, name+".json"), filepath.Join(dir, name+".csv")
	must(t, "simulate", "-system", name, "-n", "100", "-seed", "1", "-o", data)
	must(t, slices.Concat([]string{"train", "-quiet", "-optimizer", "adam,lbfgs", "-epochs", "20,1000", "-subset", "2500", "-hidden", "32,32"}, flags, []string{"-o", model, data})...)
	return model, data
}

// constantsOf reads the file of -report: the constants of terms of the model and of the data.
func constantsOf(t *testing.T, name string) map[string][2]float64 {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	found := map[string][2]float64{}
	for _, row := range csvRows(t, f)[1:] {
		var v [2]float64
		for i := range v {
			if v[i], err = strconv.ParseFloat(row[1+i], 64); err != nil {
				t.Fatal(err)
			}
		}
		found[row[0]] = v
	}
	return found
}

// The formula of a learned system is its H: the exact terms, with constants within 1e-3 from the
// model alone, and to rounding from data without noise. With -long this holds for all nine, for
// those whose H is no sum of powers, sines and cosines with terms given by the user.
func TestFormula(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct {
		name, terms string
		want        map[string]float64
		fast        bool
	}{
		{"paper-spring", "", map[string]float64{"q^2": 1, "p^2": 1}, true},
		{"duffing", "", map[string]float64{"p^2": 0.5, "q^2": -0.5, "q^4": 0.25}, true},
		{"spring", "", map[string]float64{"q^2": 0.5, "p^2": 0.5}, false},
		{"pendulum", "", map[string]float64{"p^2": 0.5, "cos(q)": -1}, false},
		{"henon-heiles", "", map[string]float64{"q0^2": 0.5, "q1^2": 0.5, "p0^2": 0.5, "p1^2": 0.5, "q0^2*q1": 1, "q1^3": -1. / 3}, false},
		{"paper-pendulum", "", map[string]float64{"p^2": 1, "cos(q)": -3}, false},
		{"kepler", "1/sqrt(q0^2+q1^2)", map[string]float64{"p0^2": 0.5, "p1^2": 0.5, "1/sqrt(q0^2+q1^2)": -1}, false},
		{"two-body", "1/sqrt((q0-q2)^2+(q1-q3)^2)", map[string]float64{"p0^2": 0.5, "p1^2": 0.5, "p2^2": 0.5, "p3^2": 0.5, "1/sqrt((q0-q2)^2+(q1-q3)^2)": -1}, false},
		{"double-pendulum", "p0^2/(1+sin(q0-q1)^2),p1^2/(1+sin(q0-q1)^2),p0*p1*cos(q0-q1)/(1+sin(q0-q1)^2)",
			map[string]float64{"cos(q0)": -2, "cos(q1)": -1, "p0^2/(1+sin(q0-q1)^2)": 0.5, "p1^2/(1+sin(q0-q1)^2)": 1, "p0*p1*cos(q0-q1)/(1+sin(q0-q1)^2)": -1}, false},
	} {
		if !c.fast && !*long {
			continue
		}
		model, data := learned(t, dir, c.name)
		report, path := filepath.Join(dir, "report.csv"), filepath.Join(dir, "path.csv")
		args := []string{"formula", "-report", report, "-path", path}
		if c.terms != "" {
			r := hnn(t, "", "formula", model, data)
			if r.status != 0 || !strings.Contains(r.errors, "H is no sum of so few of these terms") {
				t.Errorf("%s without -terms: %+v", c.name, r)
			}
			args = append(args, "-terms", c.terms)
		}
		out := must(t, append(args, model, data)...)
		got := constantsOf(t, report)
		worst := 0.
		for term, want := range c.want {
			v, ok := got[term]
			worst = max(worst, math.Abs(v[0]/want-1))
			if !ok || math.Abs(v[0]-want) > 1e-3 || math.Abs(v[1]-want) > 1e-12 {
				t.Errorf("%s: %s has the constants %v, want %v", c.name, term, v, want)
			}
		}
		if len(got) != len(c.want) {
			t.Errorf("%s: terms %v", c.name, got)
		}
		t.Logf("%s: %s constants of the model off by %.1e at most", c.name, out, worst)
		if c.terms == "" { // what it prints is an H, and its motion is that of the system
			state := strings.Repeat(",0.3", tableSystem(t, c.name).Dim())[1:]
			typed := must(t, "simulate", "-H", strings.TrimSpace(out), "-state", state, "-duration", "3")
			named := must(t, "simulate", "-system", c.name, "-state", state, "-duration", "3")
			if !sameNumbers(t, typed, named, 1e-5) {
				t.Errorf("%s: the motion of %s differs", c.name, out)
			}
		}
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		rows := csvRows(t, f)
		f.Close()
		chosen := 0
		for i, row := range rows[1:] {
			if row[0] != strconv.Itoa(i+1) {
				t.Errorf("%s: row %d of the path is %v", c.name, i+1, row)
			}
			if row[3] == "1" {
				chosen = i + 1
			}
		}
		if chosen != len(c.want) {
			t.Errorf("%s: size %d is marked", c.name, chosen)
		}
	}
}

// sameNumbers tells whether two CSV texts have the same numbers within a tolerance.
func sameNumbers(t *testing.T, a, b string, within float64) bool {
	x, y := csvRows(t, strings.NewReader(a)), csvRows(t, strings.NewReader(b))
	if len(x) != len(y) {
		return false
	}
	for i := 1; i < len(x); i++ {
		for j := range x[i] {
			u, err1 := strconv.ParseFloat(x[i][j], 64)
			v, err2 := strconv.ParseFloat(y[i][j], 64)
			if err1 != nil || err2 != nil || math.Abs(u-v) > within {
				return false
			}
		}
	}
	return true
}

// The names of columns are those of the formula. Without data the states are those of the range
// of the training. A formula that is none is said to be none.
func TestFormulaCalls(t *testing.T) {
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	must(t, "simulate", "-H", "2*px^2 + x^2", "-q", "x", "-n", "20", "-duration", "5", "-o", path("d.csv"))
	must(t, "train", "-quiet", "-q", "x", "-p", "px", "-optimizer", "lbfgs", "-epochs", "300", "-hidden", "16", "-o", path("m.json"), path("d.csv"))
	r := hnn(t, "", "formula", "-degree", "2", path("m.json"))
	if r.status != 0 || !strings.Contains(r.out, "*x^2") || !strings.Contains(r.out, "*px^2") || strings.Count(r.out, "*") != 2 || !strings.Contains(r.errors, "with -H goes -q x -p px") {
		t.Errorf("%+v", r)
	}
	must(t, "formula", "-size", "3", "-o", path("h"), path("m.json"), path("d.csv"))
	if h := string(contents(t, path("h"))); strings.Count(h, "x") < 3 {
		t.Error(h)
	}
	if r := hnn(t, "", "formula", "-degree", "1", path("m.json")); r.status != 0 || !strings.Contains(r.errors, "warning: "+path("m.json")+": the field of this formula is off by") {
		t.Errorf("%+v", r)
	}
	must(t, "train", "-quiet", "-kind", "baseline", "-q", "x", "-p", "px", "-hidden", "4", "-epochs", "1", "-o", path("b.json"), path("d.csv"))
	fails(t, hnn(t, "", "formula", path("b.json")), 1, "a baseline model has no H")
	for _, c := range []struct{ args, want string }{
		{"-terms sin(y)", `-terms: sin(y): column 5: unknown name "y": the coordinates and momenta are x, px`},
		{"-terms x^", "-terms: x^: column 3"},
		{"-degree 12 -terms 1/(x-x)", "-terms: 1/(x-x): column"},
		{"-size 40", "-size 40: the library has 16 terms"},
		{"-worth 1", "-worth: want a number above 1"},
	} {
		args := append([]string{"formula"}, strings.Fields(c.args)...)
		fails(t, hnn(t, "", append(args, path("m.json"))...), 2, c.want)
	}
	fails(t, hnn(t, "", "formula", "-terms", "sqrt(x)", path("m.json")), 1, "the term sqrt(x) has no finite derivative at")
	fails(t, hnn(t, "", "formula", "-", "-"), 2, "cannot both be standard input")
}

// The constants of data without derivatives are those of whole motions, with the friction and
// the inputs that the model was trained with: within three standard errors of the truth, which
// are small.
func TestFormulaMotion(t *testing.T) {
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	must(t, "simulate", "-system", "driven-duffing", "-n", "12", "-noise", "0.01", "-duration", "10", "-dt", "0.2", "-seed", "2", "-o", path("all.csv"))
	var b strings.Builder
	for _, row := range csvRows(t, strings.NewReader(string(contents(t, path("all.csv"))))) {
		b.WriteString(strings.Join(row[:5], ",") + "\n")
	}
	data := put(t, dir, "d.csv", b.String())
	must(t, "train", "-quiet", "-H", "p^2/2+net(q)", "-friction", "constant", "-inputs", "u", "-interpolate", "cubic", "-hidden", "12", "-epochs", "40,40,60", "-o", path("m.json"), data)
	r := hnn(t, "", "formula", "-report", path("r.csv"), path("m.json"), data)
	if r.status != 0 || !strings.Contains(r.out, "*q^4") || !strings.Contains(r.errors, " ± ") {
		t.Errorf("%+v", r)
	}
	want := map[string]float64{"q^2": 0.5, "p^2": 0.5, "q^4": 0.25, "friction": 0.1, "gain": 1}
	rows := csvRows(t, strings.NewReader(string(contents(t, path("r.csv")))))
	for _, row := range rows[1:] {
		value, err1 := strconv.ParseFloat(row[2], 64)
		sigma, err2 := strconv.ParseFloat(row[3], 64)
		exact, ok := want[row[0]]
		if err1 != nil || err2 != nil || !ok || math.Abs(value-exact) > 3*sigma || sigma > 0.02 {
			t.Errorf("%v, want %v", row, exact)
		}
	}
	if len(rows) != 1+len(want) {
		t.Errorf("%v", rows)
	}
	var hidden strings.Builder
	for _, row := range csvRows(t, strings.NewReader(string(contents(t, data)))) {
		hidden.WriteString(strings.Join([]string{row[0], row[1], row[2], row[4]}, ",") + "\n")
	}
	r = hnn(t, "", "formula", path("m.json"), put(t, dir, "hidden.csv", hidden.String()))
	if r.status != 0 || !strings.Contains(r.out, "*p^2") || !strings.Contains(r.errors, "the constants of terms with momenta are those of the model") || strings.Contains(r.errors, "do not determine") {
		t.Errorf("%+v", r)
	}
	// Friction typed in q and p is that of the columns, however these are called.
	named := put(t, dir, "named.csv", strings.Replace(b.String(), "q,p", "x,v", 1))
	must(t, "train", "-quiet", "-q", "x", "-p", "v", "-H", "p^2/2+a*q^2/2+b*q^4/4", "-fit", "a=1,b=1", "-friction", "each:p", "-inputs", "u", "-interpolate", "cubic", "-o", path("n.json"), named)
	if r := hnn(t, "", "formula", path("n.json"), named); r.status != 0 || !strings.Contains(r.out, "*x^4") || !strings.Contains(r.errors, "friction         0.") {
		t.Errorf("%+v", r)
	}
}
