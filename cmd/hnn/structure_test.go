package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"hnn/autodiff"
	"hnn/autodiff/random"
	"hnn/integrate"
	"hnn/nn"
)

// forced writes t, u, q and p of q̈ = −6.25 q − 0.3 q̇ + 2 u(t), with noise in q and p. u jumps at
// each fourth row and is held in between.
func forced(t *testing.T, name string, rows int, noise float64, seed uint64) string {
	t.Helper()
	src := rand.NewPCG(seed, 1)
	b := &strings.Builder{}
	b.WriteString("t,u,q,p\n")
	x, u := []float64{1, 0}, 0.
	for i := range rows {
		if i%4 == 0 {
			u = random.Normal(src)
		}
		fmt.Fprintf(b, "%v,%v,%v,%v\n", 5+0.05*float64(i), u, x[0]+noise*random.Normal(src), x[1]+noise*random.Normal(src))
		sol, err := integrate.Solve(func(dy []float64, _ float64, y []float64) {
			dy[0], dy[1] = y[1], -6.25*y[0]-0.3*y[1]+2*u
		}, 0, 0.05, x, integrate.Options{RTol: []float64{1e-10}, ATol: []float64{1e-12}})
		if err != nil {
			t.Fatal(err)
		}
		x = sol.Y[len(sol.Y)-1]
	}
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

// rowsOfCSV returns a table as numbers by column, NaN for what is none.
func rowsOfCSV(t *testing.T, text string) map[string][]float64 {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(text), "\n")
	all := map[string][]float64{}
	for _, line := range lines[1:] {
		for i, cell := range strings.Split(line, ",") {
			v, err := strconv.ParseFloat(cell, 64)
			if err != nil {
				v = math.NaN()
			}
			name := strings.Split(lines[0], ",")[i]
			all[name] = append(all[name], v)
		}
	}
	return all
}

// A typed system is trained, its constants come back within their errors and stand in the
// report. The model is followed with inputs from a file, scored from a fitted state and with
// its balance of energy, and drawn on a grid.
func TestStructure(t *testing.T) {
	data, test := forced(t, "a.csv", 400, 0.01, 1), forced(t, "b.csv", 200, 0.01, 2)
	dir := t.TempDir()
	out, report, orbit := filepath.Join(dir, "m.json"), filepath.Join(dir, "r.csv"), filepath.Join(dir, "o.csv")
	for _, names := range []string{"q,p", "q"} { // with momenta and without
		args := []string{"train", "-q", "q", "-inputs", "u", "-interpolate", "hold", "-H", "p^2/2+k*q^2/2", "-fit", "k=5", "-friction", "constant", "-report", report, "-o", out}
		if names == "q,p" {
			args = append(args, "-p", "p")
		}
		r := hnn(t, "", append(args, data)...)
		for _, want := range []string{"k = 6.2", "friction = 0.", "gain = ", " ± ", "what is left of the data", "period without friction and inputs: 2.5"} {
			if r.status != 0 || !strings.Contains(r.errors, want) {
				t.Fatalf("status %d, want %q in\n%s", r.status, want, r.errors)
			}
		}
		found := rowsOfCSV(t, string(contents(t, report)))
		for i, want := range []float64{6.25, 0.3, 2} {
			if v, e := found["value"][i], found["error"][i]; !(math.Abs(v-want) < 3.5*e) || !(e < 0.03*want) || found["correlation_k"][0] != 1 {
				t.Errorf("%s: constant %d is %v ± %v, want %v", names, i, v, e, want)
			}
		}
		s := scores(t, "-first", "20", out, test)
		if noise := 0.01 * math.Sqrt(float64(len(strings.Split(names, ",")))); !(s["coord_rmse"] < 1.3*noise) || !(s["dissipated"] > 0) || math.Abs(s["dH_dt"]-(s["supplied"]-s["dissipated"])) > 1e-9 {
			t.Errorf("%s: scores %v", names, s)
		}
		if late := scores(t, "-first", "20", "-skip", "100", out, test); late["coord_rmse"] == s["coord_rmse"] {
			t.Error("-skip changes nothing")
		}
	}
	must(t, "rollout", "-state", "1,0", "-inputs-from", data, "-dt", "0.05", "-rtol", "1e-8", "-events", "q=0:up", "-events-o", filepath.Join(dir, "e.csv"), "-o", orbit, out)
	o, d := rowsOfCSV(t, string(contents(t, orbit))), rowsOfCSV(t, string(contents(t, data)))
	ups := 0
	for i := 1; i < len(o["q"]); i++ {
		if o["q"][i-1] < 0 && o["q"][i] >= 0 {
			ups++
		}
	}
	if n := len(rowsOfCSV(t, string(contents(t, filepath.Join(dir, "e.csv"))))["t"]); len(o["t"]) != 400 || o["t"][0] != 5 || n != ups || n < 5 {
		t.Errorf("%d rows from %v, %d passages, want %d", len(o["t"]), o["t"][0], n, ups)
	}
	for i := range o["t"] {
		if math.Abs(o["q"][i]-d["q"][i]) > 0.06 || math.Abs(o["dH_dt"][i]-(o["supplied"][i]-o["dissipated"][i])) > 1e-9 || !(o["dissipated"][i] >= 0) {
			t.Fatalf("row %d: q %v, data %v; dH/dt %v, dissipated %v, supplied %v", i, o["q"][i], d["q"][i], o["dH_dt"][i], o["dissipated"][i], o["supplied"][i])
		}
	}
	var ms strings.Builder // the same inputs with times in milliseconds
	ms.WriteString("t [ms],u\n")
	for i, v := range d["t"] {
		fmt.Fprintf(&ms, "%v,%v\n", 1000*v, d["u"][i])
	}
	same := rowsOfCSV(t, must(t, "rollout", "-state", "1,0", "-inputs-from", put(t, dir, "ms.csv", ms.String()), "-dt", "0.05", "-rtol", "1e-8", out))
	for i, q := range same["q"] {
		if math.Abs(q-o["q"][i]) > 1e-6 || math.Abs(same["t"][i]-o["t"][i]) > 1e-9 {
			t.Fatalf("row %d: with milliseconds q = %v at %v, with seconds %v at %v", i, q, same["t"][i], o["q"][i], o["t"][i])
		}
	}
	steps := rowsOfCSV(t, must(t, "rollout", "-state", "1,0", "-inputs-from", data, "-duration", "3", out))["t"]
	for i := 1; i < len(steps); i++ {
		if !(steps[i] > steps[i-1]) {
			t.Fatalf("time %v after %v", steps[i], steps[i-1])
		}
	}
	if end := steps[len(steps)-1]; math.Abs(end-8) > 1e-12 {
		t.Errorf("the end is at %v", end)
	}
	g := rowsOfCSV(t, must(t, "field", "-points", "5", out))
	for i := range g["q"] {
		for _, x := range []string{"q", "p"} {
			if sum := g["conservative_d"+x+"_m"][i] + g["dissipative_d"+x+"_m"][i]; math.Abs(sum-g["d"+x+"_m"][i]) > 1e-12 {
				t.Errorf("point %d: d%s is %v, its parts %v", i, x, g["d"+x+"_m"][i], sum)
			}
		}
		if g["dissipative_dq_m"][i] != 0 || g["p"][i] != 0 && !(g["dissipative_dp_m"][i]*g["p"][i] < 0) {
			t.Error("the friction is odd")
		}
	}
}

// The constants of an ensemble are told as median and range, and a report of one model is refused.
func TestStructureEnsemble(t *testing.T) {
	data, out := forced(t, "a.csv", 160, 0.01, 1), filepath.Join(t.TempDir(), "m.json")
	args := []string{"train", "-ensemble", "3", "-inputs", "u", "-interpolate", "hold", "-H", "p^2/2+k*q^2/2", "-fit", "k=6", "-friction", "constant", "-segment", "2", "-epochs", "20", "-o", out}
	r := hnn(t, "", append(args, data)...)
	found := regexp.MustCompile(`(?m)^  k = (\S+) \((\S+) to (\S+)\)\n  friction = .*\n  gain = .*\n`).FindStringSubmatch(r.errors)
	if r.status != 0 || found == nil {
		t.Fatalf("%+v", r)
	}
	var v [3]float64
	for i := range v {
		v[i], _ = strconv.ParseFloat(found[i+1], 64)
	}
	if !(v[1] < v[0] && v[0] < v[2]) || math.Abs(v[0]-6.25) > 0.2 {
		t.Errorf("k is %v", v)
	}
	fails(t, hnn(t, "", append(args, "-report", out+".csv", data)...), 2, "-report goes with one model, not with -ensemble")
}

// Fixed steps from sample to sample keep their order where inputs are held, whatever the rounding of
// their times: the end of a step does not see the next sample.
func TestDrivenFixedSteps(t *testing.T) {
	src := rand.NewPCG(4, 4)
	var times []float64
	u := autodiff.NewMatrix(60, 1)
	for i := range 60 {
		times = append(times, 3+0.1*float64(i))
		u.Data[i] = random.Normal(src)
	}
	gain, err := nn.NewTypedConstant("gain", nn.Known, 1)
	if err != nil {
		t.Fatal(err)
	}
	m := &nn.Port{Hamiltonian: "p^2/2+q^2/2", Names: []string{"q", "p"}, InputNames: []string{"u"}, Gain: "1", Constants: []*nn.TypedConstant{gain}}
	for _, between := range []nn.Interpolation{nn.HeldInput, nn.LinearInput} {
		s, err := nn.NewSignal(times, u, between)
		if err != nil {
			t.Fatal(err)
		}
		in := &inputs{s, times[0]}
		follow := func(o *solver) []float64 {
			t.Helper()
			sol, err := follow(t.Context(), m, in, []float64{1, 0}, 5.85, o)
			if err != nil {
				t.Fatal(err)
			}
			return sol.Y[len(sol.Y)-1]
		}
		want := follow(&solver{method: integrate.DOP853, rtol: 1e-11, atol: 1e-12})
		for _, method := range []*integrate.Method{integrate.RK4, integrate.GaussLegendre4} {
			if got := follow(&solver{method: method, dt: 0.1}); math.Abs(got[0]-want[0]) > 1e-5 || math.Abs(got[1]-want[1]) > 1e-5 {
				t.Errorf("%s, %v: %v, want %v", between, method, got, want)
			}
		}
	}
	// Steps of several samples see u all along the step.
	for i, at := range times {
		u.Data[i] = math.Sin(at)
	}
	s, err := nn.NewSignal(times, u, nn.LinearInput)
	if err != nil {
		t.Fatal(err)
	}
	var ends [2][]float64
	for i, o := range []*solver{{method: integrate.DOP853, rtol: 1e-11, atol: 1e-12}, {method: integrate.RK4, dt: 0.4}} {
		sol, err := follow(t.Context(), m, &inputs{s, times[0]}, []float64{1, 0}, 5.6, o)
		if err != nil {
			t.Fatal(err)
		}
		ends[i] = sol.Y[len(sol.Y)-1]
	}
	if math.Abs(ends[1][0]-ends[0][0]) > 5e-3 {
		t.Errorf("long steps end at %v, want %v", ends[1], ends[0])
	}
}

// Wrong calls and data end with one line that names what is wrong.
func TestStructureRefused(t *testing.T) {
	data := forced(t, "a.csv", 120, 0.01, 1)
	text := string(contents(t, data))
	write := func(name, text string) string {
		file := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return file
	}
	lines := strings.Split(text, "\n")
	gap := append([]string{}, lines...)
	cells := strings.Split(gap[7], ",")
	cells[1] = ""
	gap[7] = strings.Join(cells, ",")
	hole, still := write("hole.csv", strings.Join(gap, "\n")), []string{lines[0]}
	for _, line := range lines[1 : len(lines)-1] {
		cells := strings.Split(line, ",")
		cells[1] = "2"
		still = append(still, strings.Join(cells, ","))
	}
	constant := write("still.csv", strings.Join(still, "\n")+"\n")
	out := filepath.Join(t.TempDir(), "m.json")
	for _, c := range []struct {
		args, file string
		status     int
		want       string
	}{
		{"-H p^2/2+foo*q^2", data, 1, `unknown name "foo"`},
		{"-H p^2/2+nut(q)", data, 1, "unknown function"},
		{"-H p^2/2+q^2 -fit k=1", data, 1, "constant k is not used"},
		{"-H p^2/2+q^2 -set k=1", data, 1, "constant k is not used"},
		{"-fit k=1", data, 2, "-fit is for the kind port"},
		{"-friction constant -fit k=1", data, 1, "constant k is not used"},
		{"-inputs u -fit k=1", data, 2, "-fit without -H"},
		{"-H p^2/2+q^2 -gain net", data, 2, "-gain without -inputs"},
		{"-H p^2/2+q^2 -kind hnn", data, 2, "-H is for the kind port"},
		{"-inputs w", data, 1, "missing column w"},
		{"-inputs q", data, 2, "-inputs q: that is a coordinate or a momentum"},
		{"-inputs t", data, 2, "-inputs t: that is the time or the number of the run"},
		{"-inputs u,u", data, 2, "-inputs names the column u twice"},
		{"-friction constnat", data, 1, "want none, constant, each, net or an expression in p"},
		{"-inputs u", hole, 1, "hole.csv:8: column u: empty cell"},
		{"-inputs u", constant, 1, "input u is 2 in all rows"},
		{"-friction all", data, 1, "to name the states that it acts on, each:all"},
		{"-friction each:z", data, 1, `"each:z" acts on the state "z": want all, or some of q,p, each once`},
		{"-inputs u -gain q", data, 1, "as in constant:q"},
		{"-H p^2/2+u*q -inputs u", data, 1, "it is an input, which acts by the gain"},
		{"-H p^2/2+u*q -fit u=1 -inputs u", data, 1, "u is an input and no constant"},
		{"-H p^2/2+sin*q -fit sin=1", data, 2, "sin is a function: want another name"},
		{"-H p^2/2+k*q^2 -fit k=1,k=2", data, 2, "k has two values: want one"},
		{"-velocities -H p^2/2+k*q^2 -fit k=1 -friction each:all", data, 1, "friction or inputs move coordinates"},
		{"-friction c*p^2/2", data, 1, `unknown name "c"`},
		{"-friction c*p^2/2 -fit c=-1", data, 1, "want a start above 0"},
		{"-H p^2/2+net(q) -report r.csv", data, 2, "no constants to be found"},
		{"-friction constant -mass 2", data, 2, "want the mass in -H"},
		{"-mass 2 -objective derivatives", data, 2, "a model of kind hnn knows no mass"},
		{"-velocities -inputs u", data, 2, "-velocities without -H"},
		{"-q q -H net(q,p) -inputs u", data, 1, "the velocity ∂H/∂p depends on a network"},
		{"-H p^2/2+q^2 -interpolate cube -inputs u", data, 2, "want one of [linear hold cubic]"},
	} {
		r := hnn(t, "", append(append([]string{"train", "-o", out}, strings.Fields(c.args)...), c.file)...)
		fails(t, r, c.status, c.want)
	}
	milli := strings.Replace(strings.Replace(text, "t,", "t [ms],", 1), ",q,", ",q [mm],", 1)
	fails(t, hnn(t, "", "train", "-quiet", "-inputs", "u", "-H", "p^2/2+k*q^2/2", "-fit", "k=1e300", "-o", out, write("milli.csv", milli)), 1,
		"is a first value of -fit k=1e+300 far off? They have the units of q [mm], p, t [s]")
	// The flags that are chosen have sizes of networks where there are some.
	for h, want := range map[string]bool{"p^2/2+k*q^2/2": false, "p^2/2+k*q^2/2+net(q)": true} {
		r := hnn(t, "", "train", "-inputs", "u", "-H", h, "-fit", "k=5", "-o", out, data)
		if r.status != 0 || !strings.Contains(r.errors, "the system is known in part, so whole motions are fitted: -kind port") || strings.Contains(r.errors, "-hidden") != want {
			t.Errorf("%s: status %d\n%s", h, r.status, r.errors)
		}
	}
	// What the fit finds out is a warning with the name.
	for _, c := range []struct{ args, want string }{
		{"-q q -inputs u -interpolate hold -H p^2/(2*m)+k*q^2/2 -fit m=1,k=5 -friction constant", "do not determine all constants"},
		{"-inputs u -interpolate hold -H p^2/2+e*q^2/2+0*k -fit k=5", "e in -H is Euler's number"},
		{"-inputs u -interpolate hold -H p^2/2+k*q^2/2+0*z*q -fit z=1,k=5 -friction constant", "constant z has no influence"},
		{"-inputs u -interpolate hold -H p^2/2+k*q^2/2 -fit k=5 -friction -p^2/200", "-friction gives energy"},
		{"-inputs u -objective derivatives -epochs 1", "no standard errors: want the objective shooting for them"},
	} {
		r := hnn(t, "", append(append([]string{"train", "-o", out}, strings.Fields(c.args)...), data)...)
		if r.status != 0 || !strings.Contains(r.errors, c.want) {
			t.Errorf("%s: status %d\n%s\nwant %q", c.args, r.status, r.errors, c.want)
		}
	}
	must(t, "train", "-quiet", "-inputs", "u", "-H", "p^2/2+k*q^2/2", "-fit", "k=5", "-o", out, data)
	plain := filepath.Join(t.TempDir(), "plain.json") // without momenta, H has to begin with p²/2
	must(t, "train", "-quiet", "-q", "q", "-inputs", "u", "-friction", "constant", "-epochs", "1", "-hidden", "4", "-o", plain, data)
	if s := string(contents(t, plain)); !strings.Contains(s, `"p^2/2+net(q)"`) {
		t.Errorf("another H: %.500s", s)
	}
	fails(t, hnn(t, "", "rollout", "-state", "1,0", out), 2, "want a file of them in -inputs-from")
	fails(t, hnn(t, "", "rollout", "-state", "1,0", "-inputs-from", hole, out), 1, "hole.csv:8: column u: empty cell")
	if r := hnn(t, "", "eval", out, write("gap.csv", strings.Join(append(append([]string{}, lines[:40]...), lines[60:]...), "\n"))); r.status != 0 || !strings.Contains(r.errors, "gap.csv: run 0: the inputs have a gap of 1.05 before t=") {
		t.Errorf("%+v", r)
	}
	fails(t, hnn(t, "", "rollout", "-state", "1,0", "-inputs-from", data, "-duration", "60", out), 2, "the inputs last for 5.9")
	fails(t, hnn(t, "", "rollout", "-state", "1,0", "-inputs-from", write("gap.csv", strings.Join(append(append([]string{}, lines[:40]...), lines[60:]...), "\n")), out), 1, "the inputs have a gap of 1.05")
	fails(t, hnn(t, "", "rollout", "-state", "1,0", "-inputs-from", data, "-method", "Leapfrog", "-dt", "0.1", out), 2, "-method Leapfrog is for models without friction and inputs: use")
	fails(t, hnn(t, "", "eval", out, write("bare.csv", "t,q,p\n0,1,0\n0.1,0.9,0\n")), 1, "missing column u")
}

// The H of two networks is separable, and symplectic methods then keep it, and train it: what
// -continuity holds together, to the same bytes after a resume. With friction they are refused.
func TestStructureSeparable(t *testing.T) {
	chdir(t)
	must(t, "simulate", "-system", "pendulum", "-n", "3", "-duration", "8", "-dt", "0.1", "-o", "d.csv")
	must(t, "train", "-quiet", "-H", "net(p)+net(q)", "-hidden", "8", "-epochs", "40", "-segment", "1", "-o", "s.json", "d.csv")
	h := rowsOfCSV(t, must(t, "rollout", "-method", "Yoshida4", "-dt", "0.05", "-state", "0.5,0", "-duration", "200", "s.json"))["H"]
	for _, v := range h {
		if math.Abs(v-h[0]) > 1e-3*math.Abs(h[0]) {
			t.Fatalf("H goes from %v to %v", h[0], v)
		}
	}
	must(t, "train", "-quiet", "-friction", "constant", "-H", "net(p)+net(q)", "-hidden", "8", "-epochs", "3", "-segment", "1", "-o", "f.json", "d.csv")
	fails(t, hnn(t, "", "rollout", "-method", "Yoshida4", "-dt", "0.05", "-state", "0.5,0", "f.json"), 2, "-method Yoshida4 is for models without friction and inputs: use")
	args := []string{"train", "-quiet", "-H", "net(p)+net(q)", "-hidden", "8", "-segment", "1", "-method", "leapfrog", "-continuity", "10"}
	must(t, append(args, "-epochs", "40", "-o", "l.json", "d.csv")...)
	must(t, append(args, "-epochs", "15", "-checkpoint", "c.json", "-o", "m.json", "d.csv")...)
	must(t, "train", "-quiet", "-resume", "c.json", "-epochs", "40", "-o", "m.json", "d.csv")
	whole := string(contents(t, "l.json"))
	if whole != string(contents(t, "m.json")) || whole == string(contents(t, "s.json")) {
		t.Error("the method and the continuity are not those of the flags")
	}
	for _, c := range [][2]string{{"-friction constant -H net(p)+net(q) -method Leapfrog", "not H = T(p) + V(q)"}, {"-kind hnn -objective shooting -method Yoshida4", "not H = T(p) + V(q)"}} {
		fails(t, hnn(t, "", append(append([]string{"train", "-quiet", "-o", "x.json"}, strings.Fields(c[0])...), "d.csv")...), 1, c[1])
	}
	for _, c := range [][2]string{{"-method RK45", "-method RK45: want RK4 or, for a model"}, {"-objective step -method RK4", "-method is for the objective shooting"}, {"-objective step -continuity 1", "-continuity is for the objective shooting"}} {
		fails(t, hnn(t, "", append(append([]string{"train", "-o", "x.json"}, strings.Fields(c[0])...), "d.csv")...), 2, c[1])
	}
}

// A training of a typed system is interrupted and resumed to the same bytes.
func TestStructureResumes(t *testing.T) {
	data := forced(t, "a.csv", 120, 0.01, 1)
	dir := t.TempDir()
	whole, part, save := filepath.Join(dir, "w.json"), filepath.Join(dir, "p.json"), filepath.Join(dir, "c.json")
	args := []string{"train", "-quiet", "-inputs", "u", "-interpolate", "cubic", "-H", "p^2/2+net(q)+k*q", "-fit", "k=0.1", "-friction", "net:all", "-gain", "net:p,q", "-hidden", "6"}
	for _, c := range []struct{ flags, first, all string }{
		{"-segment 0.5,2", "5,7", "5,12"},
		{"-objective derivatives,shooting -order 4 -optimizer adam,lbfgs,lbfgs -segment 2", "3,4,5", "3,4,9"},
	} {
		args := append(args[:len(args):len(args)], strings.Fields(c.flags)...)
		must(t, append(args, "-epochs", c.all, "-o", whole, data)...)
		must(t, append(args, "-epochs", c.first, "-checkpoint", save, "-o", part, data)...)
		must(t, "train", "-quiet", "-resume", save, "-epochs", c.all, "-o", part, data)
		if string(contents(t, whole)) != string(contents(t, part)) {
			t.Errorf("%s: a training that was resumed ends in another model", c.flags)
		}
		if err := os.Remove(save); err != nil {
			t.Fatal(err)
		}
	}
}

// Clean data of a system that is known in part are fitted by their derivatives first, and then as whole
// motions, which tell the error of the friction. That is closer than whole motions alone.
func TestDerivativesFirst(t *testing.T) {
	dir := t.TempDir()
	model, report, clean := filepath.Join(dir, "m.json"), filepath.Join(dir, "r.csv"), filepath.Join(dir, "d.csv")
	must(t, "simulate", "-system", "damped-pendulum", "-n", "3", "-noise", "0", "-dt", "0.1", "-duration", "12", "-o", filepath.Join(dir, "all.csv"))
	clean = cutRates(t, filepath.Join(dir, "all.csv"))
	args := []string{"train", "-H", "p^2/2+net(q)", "-friction", "constant", "-hidden", "8", "-report", report, "-o", model}
	r := hnn(t, "", append(args, clean)...)
	if r.status != 0 || !strings.Contains(r.errors, "-objective derivatives,shooting -order 4 -segment 12 -optimizer adam,broyden,lbfgs -epochs 20,2000,60") {
		t.Fatalf("status %d: %s", r.status, r.errors)
	}
	close := scores(t, model, clean)["coord_rmse"]
	found := rowsOfCSV(t, string(contents(t, report)))
	if off := math.Abs(found["value"][0] - 0.1); !(off < 3.5*found["error"][0]) || !(found["error"][0] < 1e-5) {
		t.Errorf("friction is %v ± %v", found["value"][0], found["error"][0])
	}
	must(t, append(args, "-quiet", "-objective", "shooting", clean)...)
	if alone := scores(t, model, clean)["coord_rmse"]; !(close < alone/3) {
		t.Errorf("free runs are off by %v, after whole motions alone by %v", close, alone)
	}
	fails(t, hnn(t, "", append(args, "-objective", "derivatives,shooting", "-segment", "1,5", "-optimizer", "adam,lbfgs", clean)...), 2, "want more names in -optimizer than lengths in -segment")
}

// Blanks beside the colon of a flag, and beside commas after it, mean nothing.
func TestBlanksInFlags(t *testing.T) {
	dir := t.TempDir()
	data := put(t, dir, "d.csv", film{rows: 60, dt: 0.1, gamma: 0.1}.write("t,angle,w", ","))
	var models, sections []string
	for _, c := range [][2]string{{"each:q,p", "angle=0:up"}, {" each : q , p", "angle = 0 : up"}} {
		model := filepath.Join(dir, "m.json")
		must(t, "train", "-quiet", "-q", "angle", "-p", "w", "-H", "p^2/2-a*cos(q)", "-fit", "a=1", "-friction", c[0], "-epochs", "3", "-o", model, data)
		models = append(models, string(contents(t, model)))
		sections = append(sections, must(t, "rollout", "-state", "1,0", "-duration", "20", "-events", c[1], "-events-o", "-", "-o", os.DevNull, model))
	}
	if models[0] != models[1] || !strings.Contains(models[0], `"friction": "each:q,p"`) || sections[0] != sections[1] {
		t.Errorf("other models or sections\n%s\n%s", sections[0], sections[1])
	}
}
