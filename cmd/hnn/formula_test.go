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
			if v[i], err = strconv.ParseFloat(row[2+i], 64); err != nil {
				t.Fatal(err)
			}
		}
		found[row[1]] = v
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
			if row[0] != "H" || row[1] != strconv.Itoa(i+1) {
				t.Errorf("%s: row %d of the path is %v", c.name, i+1, row)
			}
			if row[4] == "1" {
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
	must(t, "train", "-quiet", "-periodic", "x", "-q", "x", "-p", "px", "-hidden", "4", "-epochs", "1", "-o", path("a.json"), path("d.csv"))
	must(t, "formula", "-degree", "2", "-path", path("path.csv"), path("a.json"))
	rows := csvRows(t, strings.NewReader(string(contents(t, path("path.csv"))))) // an angle has no powers
	if last := rows[len(rows)-1][5]; len(rows) != 7 || strings.Contains(last, "*x^") || strings.Contains(last, "*x ") || !strings.Contains(last, "cos(2*x)") {
		t.Errorf("%v", rows)
	}
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

// A momentum that is conserved but for rounding is no component of the field that a formula has to explain.
func TestFormulaConserved(t *testing.T) {
	t.Chdir(t.TempDir())
	must(t, "simulate", "-H", "(p0^2+p1^2/q0^2+q0^2)/2", "-state", "1,0,0,0.8", "-state", "1.2,1,0.1,1", "-state", "0.9,2,-0.2,1.3", "-duration", "10", "-dt", "0.1", "-o", "d.csv")
	must(t, "train", "-quiet", "-H", "(p0^2+p1^2/q0^2+k*q0^2)/2+1e-16*sin(q1)", "-fit", "k=0.9", "-o", "m.json", "d.csv")
	r := hnn(t, "", "formula", "-degree", "2", "-terms", "p1^2/q0^2", "m.json", "d.csv")
	if r.status != 0 || strings.Contains(r.out, "q1)") || !strings.Contains(r.errors, "H: 3 terms of ") || !strings.Contains(r.errors, "explain 100 %") {
		t.Errorf("%+v", r)
	}
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
		value, err1 := strconv.ParseFloat(row[3], 64)
		sigma, err2 := strconv.ParseFloat(row[4], 64)
		exact, ok := want[row[1]]
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
	// The names are those of the typed H, however the columns are called.
	named := put(t, dir, "named.csv", strings.Replace(b.String(), "q,p", "x,v", 1))
	must(t, "train", "-quiet", "-q", "x", "-p", "v", "-H", "p^2/2+a*q^2/2+b*q^4/4", "-fit", "a=1,b=1,c=0.1", "-friction", "c*p^2/2+c*p^2/4", "-inputs", "u", "-interpolate", "cubic", "-o", path("n.json"), named)
	if r := hnn(t, "", "formula", path("n.json"), named); r.status != 0 || !strings.Contains(r.out, "*q^4") || !strings.Contains(r.errors, "  c                0.") || !strings.Contains(r.errors, "-friction 'c*p^2/2+c*p^2/4' -set c=0.") {
		t.Errorf("%+v", r)
	}
}

// runsOf writes trajectories of a model from several states as one file of data.
func runsOf(t *testing.T, dir, name, model string, states ...string) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("run,t,q,p\n")
	for i, state := range states {
		rows := csvRows(t, strings.NewReader(must(t, "rollout", "-state="+state, "-duration", "10", "-dt", "0.1", model)))
		at := func(name string) int { return slices.Index(rows[0], name) }
		for _, row := range rows[1:] {
			b.WriteString(strings.Join([]string{strconv.Itoa(i), row[at("t")], row[at("q")], row[at("p")]}, ",") + "\n")
		}
	}
	return put(t, dir, name, b.String())
}

// A friction that is a network becomes a dissipation, and the data tell terms that the errors of a
// hasty model hide. The formula as a model predicts better than that model.
func TestFormulaFriction(t *testing.T) {
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	must(t, "simulate", "-H", "p^2/2+q^2/2", "-state", "1,0", "-duration", "2", "-o", path("some.csv"))
	must(t, "train", "-quiet", "-H", "p^2/2+q^2/2+q^4/4", "-friction", "0.05*p^2+0.05*p^4", "-epochs", "1", "-o", path("true.json"), path("some.csv"))
	data := runsOf(t, dir, "data.csv", path("true.json"), "1.5,0", "0,1.2", "-0.8,0.3", "0.5,-1.6", "2,0.5")
	test := runsOf(t, dir, "test.csv", path("true.json"), "1.8,0.1", "0.3,1.1")
	must(t, "train", "-quiet", "-H", "p^2/2+net(q)", "-friction", "net", "-hidden", "12,12", "-epochs", "10,20,100", "-o", path("m.json"), data)
	r := hnn(t, "", "formula", "-path", path("path.csv"), "-report", path("r.csv"), "-model", path("f.json"), path("m.json"), data)
	if r.status != 0 || !strings.Contains(r.errors, "with -H goes -friction '0.05") || !strings.Contains(r.errors, "the data tell 5 terms in the place of ") || strings.Contains(r.errors, "no sum of so few") {
		t.Errorf("%+v", r)
	}
	want := map[string]float64{"H p^2": 0.5, "H q^2": 0.5, "H q^4": 0.25, "friction p^2": 0.05, "friction p^4": 0.05}
	rows := csvRows(t, strings.NewReader(string(contents(t, path("r.csv")))))
	for _, row := range rows[1:] {
		v, err := strconv.ParseFloat(row[3], 64)
		if exact, ok := want[row[0]+" "+row[1]]; err != nil || !ok || math.Abs(v-exact) > 1e-4 {
			t.Errorf("%v, want %v", row, exact)
		}
	}
	if len(rows) != 1+len(want) {
		t.Errorf("%v", rows)
	}
	chosen := map[string]string{}
	for _, row := range csvRows(t, strings.NewReader(string(contents(t, path("path.csv"))))) {
		if row[4] == "1" {
			chosen[row[0]] = row[1]
		}
	}
	if chosen["H"] != "3" || chosen["friction"] != "2" {
		t.Errorf("sizes %v are marked", chosen)
	}
	rmse := func(model string) float64 {
		all := csvRows(t, strings.NewReader(must(t, "eval", model, test)))
		v, err := strconv.ParseFloat(all[len(all)-1][slices.Index(all[0], "coord_rmse")], 64)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	if model, formula := rmse(path("m.json")), rmse(path("f.json")); !(formula < 1e-3) || !(formula < model/10) {
		t.Errorf("free runs of the formula are off by %v, of the model by %v", formula, model)
	}
	must(t, "simulate", "-system", "duffing", "-n", "1", "-duration", "5", "-o", path("other.csv"))
	if r := hnn(t, "", "formula", path("m.json"), path("other.csv")); r.status != 0 || !strings.Contains(r.errors, "re these data of the same system?") && !strings.Contains(r.errors, "is it a model of them?") {
		t.Errorf("%+v", r)
	}
	untimed := put(t, dir, "untimed.csv", "q,p\n"+strings.Repeat("1,0.5\n0.3,1\n-1,0.4\n", 10))
	if r := hnn(t, "", "formula", path("m.json"), untimed); r.status != 0 || !strings.Contains(r.errors, "has no times: the constants are those of the model") {
		t.Errorf("%+v", r)
	}
	if r := hnn(t, "", "formula", "-model", path("x.json"), path("m.json"), untimed); r.status != 1 || !strings.Contains(r.errors, "untimed.csv: -model: no times") {
		t.Errorf("%+v", r)
	}
	fails(t, hnn(t, "", "formula", path("m.json"), put(t, dir, "one.csv", "t,q,p\n0,1,0.5\n")), 1, "1 states cannot tell 16 terms")
	for _, c := range []struct{ args, want string }{
		{"-model x.json", "-model: want a file of data after the model"},
		{"-degree 1", "-degree 1 leaves no terms for friction"},
	} {
		fails(t, hnn(t, "", append(append([]string{"formula"}, strings.Fields(c.args)...), path("m.json"))...), 2, c.want)
	}
}

// Constants that were fitted to a model need no stage of the shortest segments, and better ones the last alone.
func TestFormulaStages(t *testing.T) {
	for _, c := range []struct {
		near           bool
		segments, want []float64
	}{{false, []float64{1, 5, 20, 100}, []float64{5, 20, 100}}, {true, []float64{1, 5, 20, 100}, []float64{100}}, {false, []float64{1, 5}, []float64{5}}, {false, []float64{3}, []float64{3}}, {true, []float64{3}, []float64{3}}} {
		j := &trainJob{segments: c.segments}
		for i := range c.segments {
			j.optimizers, j.passes = append(j.optimizers, strconv.Itoa(i)), append(j.passes, i)
		}
		j.shorten(c.near)
		if last := strconv.Itoa(len(c.segments) - 1); !slices.Equal(j.segments, c.want) || len(j.passes) != len(c.want) || j.optimizers[len(c.want)-1] != last || len(j.optimizers) != len(c.want) {
			t.Errorf("%v: %v %v %v, want %v", c.segments, j.segments, j.optimizers, j.passes, c.want)
		}
	}
}
