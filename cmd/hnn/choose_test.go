package main

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hnn/cmd/hnn/internal/table"
)

// pendulumData writes runs of a pendulum with noise, all columns or only those named, and
// returns the file.
func pendulumData(t *testing.T, noise string, columns int) string {
	t.Helper()
	var b strings.Builder
	for _, line := range strings.Split(strings.TrimSpace(must(t, "simulate", "-system", "pendulum", "-n", "4", "-seed", "3", "-duration", "12", "-noise", noise)), "\n") {
		b.WriteString(strings.Join(strings.Split(line, ",")[:columns], ",") + "\n")
	}
	file := filepath.Join(t.TempDir(), "data.csv")
	if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

// What the flags leave open is chosen by the data, and said in one line: derivatives where they
// are given or the states are clean, whole motions where these are noisy or momenta are
// missing. A flag that asks for something else is obeyed.
func TestChoose(t *testing.T) {
	for _, c := range []struct {
		noise   string
		columns int // of run, t, q, p, dq, dp
		flags   string
		kind    string
		says    string
	}{
		{"0", 4, "", "hnn: ", ""},
		{"0.03", 6, "", "hnn: ", ""},
		{"0.03", 4, "", "hnn: ", "noise is"},
		{"0.03", 4, "-kind baseline", "baseline: ", "-kind baseline -objective shooting"},
		{"0.03", 4, "-derivatives smooth", "hnn: ", ""},
		{"0.03", 4, "-objective derivatives", "hnn: ", ""},
		{"0.03", 4, "-kind nextstate", "nextstate: ", ""},
		{"0", 3, "", "mechanical: ", "the file has no momenta"},
		{"0.03", 3, "-mass 2", "mechanical: ", "-objective shooting -segment"},
	} {
		file := pendulumData(t, c.noise, c.columns)
		out := filepath.Join(t.TempDir(), "m.json")
		args := append([]string{"train", "-epochs", "2", "-hidden", "8", "-o", out}, strings.Fields(c.flags)...)
		r := hnn(t, "", append(args, file)...)
		if r.status != 0 || !strings.Contains(r.errors, c.kind) || (c.says != "") != strings.Contains(r.errors, "whole motions are fitted") || !strings.Contains(r.errors, c.says) {
			t.Errorf("noise %s, %d columns, %s: status %d\n%s", c.noise, c.columns, c.flags, r.status, r.errors)
		}
	}
	// Clean data of 12 rows a period are no noise, but too coarse for differences.
	dir := t.TempDir()
	var b strings.Builder
	for _, row := range csvRows(t, strings.NewReader(must(t, "simulate", "-n", "3", "-duration", "30", "-dt", "0.52"))) {
		b.WriteString(strings.Join(row[:4], ",") + "\n")
	}
	r := hnn(t, "", "train", "-epochs", "2", "-hidden", "8", "-o", filepath.Join(dir, "m.json"), put(t, dir, "coarse.csv", b.String()))
	if r.status != 0 || !strings.Contains(r.errors, "rows are so far apart that cubics through them are off by 0.") {
		t.Errorf("coarse data: status %d\n%s", r.status, r.errors)
	}
}

// Data with little noise get a close fit, of as many iterations as the noise allows, unless a flag
// says how to fit. The fit is much closer than
// that of the defaults for noise.
func TestChooseClose(t *testing.T) {
	clean, some := pendulumData(t, "0", 4), pendulumData(t, "0.002", 4)
	fine := filepath.Join(t.TempDir(), "fine.csv")
	must(t, "simulate", "-system", "pendulum", "-n", "2", "-seed", "3", "-duration", "12", "-dt", "0.02", "-o", fine)
	rates := "q,p,t,dq,dp\n" // derivatives with noise, of states without
	for i := range 200 {
		u := 0.05 * float64(i)
		rates += fmt.Sprintf("%v,%v,%v,%v,%v\n", math.Sin(u), math.Cos(u), u, math.Cos(u)+0.03*math.Sin(float64(i*i)), -math.Sin(u))
	}
	model := filepath.Join(t.TempDir(), "m.json")
	for _, c := range []struct{ flags, file, says string }{
		{"-derivatives central -order 2 -stride 3", fine, "-objective derivatives -optimizer adam,broyden"},
		{"", put(t, t.TempDir(), "rates.csv", rates), ""},
		{"", clean, "-kind hnn -objective derivatives -order 4 -optimizer adam,broyden -epochs 20,2000 -subset 2500"},
		{"", pendulumData(t, "0", 6), "-objective derivatives -optimizer adam,broyden -epochs 20,2000"},
		{"", some, "-kind hnn -objective derivatives -order 4 -optimizer adam,broyden -epochs 20,300 -subset 20000"},
		{"-objective step -subset 200", clean, "-objective step -optimizer adam,broyden -epochs 20,2000 -subset 200"},
		{"", cutRates(t, fine), "-order 4 -stride 6 -optimizer"},
		{"-epochs 2", clean, ""},
		{"-optimizer lbfgs -epochs 2", clean, ""},
		{"-hidden 64,64", clean, ""},
	} {
		r := hnn(t, "", append(append([]string{"train", "-hidden", "8", "-o", model}, strings.Fields(c.flags)...), c.file)...)
		if r.status != 0 || (c.says != "") != strings.Contains(r.errors, "the fit is a close one") || !strings.Contains(r.errors, c.says) {
			t.Errorf("%s %s: status %d, want %q\n%s", c.flags, c.file, r.status, c.says, r.errors)
		}
	}
	for _, args := range []string{"-optimizer broyden", "-kind baseline -optimizer adam,broyden", "-objective step -optimizer broyden"} {
		r := hnn(t, "", append(append([]string{"train", "-epochs", "1", "-o", model}, strings.Fields(args)...), clean)...)
		if r.status != 0 || !strings.Contains(r.errors, "so the network is small: -hidden 32,32\n") {
			t.Errorf("%s: status %d\n%s", args, r.status, r.errors)
		}
	}
	must(t, "train", "-quiet", "-o", model, clean)
	if got := scores(t, model, clean)["step_rmse"]; !(got < 1e-4) {
		t.Errorf("a step of the close fit is off by %v", got)
	}
}

// cutRates returns the file without its last two columns.
func cutRates(t *testing.T, file string) string {
	var b strings.Builder
	for _, line := range strings.Fields(string(contents(t, file))) {
		cells := strings.Split(line, ",")
		b.WriteString(strings.Join(cells[:len(cells)-2], ",") + "\n")
	}
	return put(t, t.TempDir(), "cut.csv", b.String())
}

// A pendulum seen by its angle alone, with noise: the period that is learned by default is
// right to a percent, and a fit that is interrupted ends in the same bytes.
func TestHiddenMomenta(t *testing.T) {
	file := pendulumData(t, "0.01", 3)
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	must(t, "train", "-quiet", "-epochs", "40,40,60", "-hidden", "12", "-o", path("m.json"), file)
	must(t, "train", "-quiet", "-epochs", "40,40,60", "-hidden", "12", "-checkpoint", path("c"), "-every", "7", "-o", path("n.json"), file)
	must(t, "train", "-quiet", "-resume", path("c"), "-o", path("o.json"), file)
	if a, b, c := contents(t, path("m.json")), contents(t, path("n.json")), contents(t, path("o.json")); !bytes.Equal(a, b) || !bytes.Equal(a, c) {
		t.Error("a checkpoint changes the model")
	}
	// The momenta are not compared, and not needed, when the model is scored.
	got := scores(t, path("m.json"), file)
	if !(got["coord_rmse"] < 0.04) || !(got["within30"] > 10) || !(got["noise"] > 0.003) || !(got["noise"] < 0.02) {
		t.Errorf("scores %v", got)
	}
	if e := periodError(t, dir, 1.2); math.Abs(e) > 0.01 {
		t.Errorf("the period at amplitude 1.2 is off by %.2f %%", 100*e)
	}
}

// A pendulum at uneven times with noise, trained with default flags from t, q and p and from t
// and q: the error of the period.
func TestDefaultPeriods(t *testing.T) {
	if !*long {
		t.Skip("-long trains two models")
	}
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	lines := strings.SplitAfter(must(t, "simulate", "-system", "pendulum", "-n", "40", "-seed", "3", "-dt", "0.05", "-noise", "0.015"), "\n")
	for columns, header := range map[int]string{4: "run,t,q,p\n", 3: "run,t,q\n"} {
		rnd, text := rand.New(rand.NewPCG(1, 1)), header
		for _, line := range lines[1:] { // a fifth of the rows is lost
			if cells := strings.SplitN(line, ",", 7); len(cells) == 6 && rnd.Float64() < 0.8 {
				text += strings.Join(cells[:columns], ",") + "\n"
			}
		}
		put(t, dir, "data.csv", text)
		r := hnn(t, "", "train", "-o", path("m.json"), path("data.csv"))
		if r.status != 0 || !strings.Contains(r.errors, "whole motions are fitted") {
			t.Fatal(r.errors)
		}
		off := ""
		for _, a := range []float64{0.3, 0.5, 0.6, 1, 1.5, 2, 2.3, 2.5} {
			e := periodError(t, dir, a)
			off += fmt.Sprintf(" %+.2f", 100*e)
			if within := 0.005; math.Abs(e) > within && a < 2.5 {
				t.Errorf("%s: the period at amplitude %v is off by %+.2f %%", strings.TrimSpace(header), a, 100*e)
			}
		}
		t.Logf("%s: period off by%s %%", strings.TrimSpace(header), off)
	}
}

// periodError returns the relative error of the period of the pendulum m.json in dir.
func periodError(t *testing.T, dir string, a float64) float64 {
	t.Helper()
	path := func(name string) string { return filepath.Join(dir, name) }
	must(t, "rollout", "-state", fmt.Sprintf("%v,0", a), "-duration", "100", "-rtol", "1e-8", "-events", "q=0:up",
		"-events-o", path("events.csv"), "-o", path("rollout.csv"), path("m.json"))
	events, err := table.ReadFile(t.Context(), path("events.csv"))
	if err != nil {
		t.Fatal(err)
	}
	at, err := events.Col("t")
	if err != nil || len(at) < 5 {
		t.Fatal(at, err)
	}
	x, y := 1., math.Cos(a/2) // T = 4 K(sin(a/2)) = 2π/agm(1, cos(a/2))
	for range 6 {
		x, y = (x+y)/2, math.Sqrt(x*y)
	}
	return (at[len(at)-1]-at[0])/float64(len(at)-1)/(2*math.Pi/x) - 1
}
