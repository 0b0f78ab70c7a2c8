package main

import (
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"hnn/cmd/hnn/internal/table"
)

// scores returns the row "all" of an evaluation by column, without the empty cells.
func scores(t *testing.T, args ...string) map[string]float64 {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(must(t, append([]string{"eval"}, args...)...)), "\n")
	names, cells := strings.Split(lines[0], ","), strings.Split(lines[len(lines)-1], ",")
	if cells[0] != "all" {
		t.Fatalf("the last row is %v", cells)
	}
	all := map[string]float64{}
	for i, cell := range cells[1:] {
		if cell == "" {
			continue
		}
		v, err := strconv.ParseFloat(cell, 64)
		if err != nil {
			t.Fatal(err)
		}
		all[names[i+1]] = v
	}
	return all
}

// without returns a CSV without some of its columns.
func without(t *testing.T, from, to string, columns ...string) {
	t.Helper()
	tab, err := table.ReadFile(t.Context(), from)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, line := range strings.Split(strings.TrimSpace(string(contents(t, from))), "\n") {
		var kept []string
		for i, cell := range strings.Split(line, ",") {
			if !slices.Contains(columns, tab.Header[i]) {
				kept = append(kept, cell)
			}
		}
		b.WriteString(strings.Join(kept, ",") + "\n")
	}
	if err := os.WriteFile(to, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

// A model that was trained with better derivatives has better scores on data without
// derivatives. The mse exists only for data with derivatives.
func TestEvalRanks(t *testing.T) {
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	must(t, "simulate", "-system", "pendulum", "-n", "12", "-dt", "0.5", "-duration", "20", "-o", path("train.csv"))
	must(t, "simulate", "-system", "pendulum", "-n", "4", "-dt", "0.5", "-duration", "10", "-seed", "1", "-o", path("test.csv"))
	without(t, path("test.csv"), path("bare.csv"), "dq", "dp")
	bare, full := map[string]map[string]float64{}, map[string]map[string]float64{}
	for _, order := range []string{"2", "6"} {
		must(t, "train", "-quiet", "-hidden", "32,16", "-epochs", "150", "-lr", "0.01", "-order", order, "-o", path("m"+order), path("train.csv"))
		bare[order], full[order] = scores(t, path("m"+order), path("bare.csv")), scores(t, path("m"+order), path("test.csv"))
		if _, has := bare[order]["mse"]; has || len(bare[order]) != len(full[order])-1 {
			t.Errorf("without derivatives: %v, with them: %v", bare[order], full[order])
		}
	}
	for _, name := range []string{"step_rmse", "coord_rmse"} {
		if two, six := bare["2"][name], bare["6"][name]; !(six < 0.5*two) || full["6"][name] != six {
			t.Errorf("%s: %v of -order 6, %v of -order 2", name, six, two)
		}
	}
	if two, six := full["2"]["mse"], full["6"]["mse"]; !(six < 0.2*two) {
		t.Errorf("mse: %v of -order 6, %v of -order 2", six, two)
	}
}

// A model knows the columns of its data; a flag may name others.
func TestEvalOwnColumns(t *testing.T) {
	dir := trainData(t)
	path := func(name string) string { return filepath.Join(dir, name) }
	usual := string(contents(t, path("data.csv")))
	put(t, dir, "lab.csv", strings.Replace(usual, "run,t,q,p,dq,dp", "trial,time,x,y,dx,dy", 1))
	put(t, dir, "else.csv", strings.Replace(usual, "run,t,q,p,dq,dp", "trial,time,a,b,da,db", 1))
	must(t, "train", "-quiet", "-hidden", "8", "-epochs", "5", "-q", "x", "-p", "y", "-t", "time", "-run", "trial", "-o", path("m.json"), path("lab.csv"))
	own := must(t, "eval", path("m.json"), path("lab.csv"))
	if got := scores(t, path("m.json"), path("lab.csv")); len(got) != 9 || !(got["within10"] <= got["within30"]) || strings.Count(own, "\n") != 5 {
		t.Errorf("scores %v of\n%s", got, own)
	}
	for _, args := range [][]string{
		{"-q", "x", "-p", "y", "-t", "time", "-run", "trial", path("m.json"), path("lab.csv")},
		{"-q", "a", "-p", "b", path("m.json"), path("else.csv")},
		{"-q", "q", "-p", "p", "-t", "t", "-run", "run", path("m.json"), path("data.csv")},
	} {
		if got := must(t, append([]string{"eval"}, args...)...); got != own {
			t.Errorf("eval %v:\n%s\nwant\n%s", args, got, own)
		}
	}
	fails(t, hnn(t, "", "eval", path("m.json"), path("data.csv")), 1, "missing column x, y (found run, t, q, p, dq, dp)")
	fails(t, hnn(t, "", "eval", "-q", "q", "-p", "p", path("m.json"), path("data.csv")), 1, "missing column time")
	out := must(t, "rollout", "-duration", "1", path("m.json"))
	if header, _, _ := strings.Cut(out, "\n"); header != "t,x,y,H" {
		t.Errorf("rollout has the columns %s", header)
	}
}

// A model of version 1 is read. It has no names of columns.
func TestOldModels(t *testing.T) {
	data := filepath.Join(trainData(t), "data.csv")
	for _, kind := range []string{"hnn", "derivative", "nextstate"} {
		name := "../../testdata/models/v1_" + kind + ".json"
		if got := scores(t, name, data); got["rows"] != 603 {
			t.Errorf("%s: %v", kind, got)
		}
		if out := must(t, "rollout", "-state", "0.5,0", "-duration", "1", name); !strings.HasPrefix(out, "t,q,p") {
			t.Errorf("%s: %s", kind, out)
		}
	}
}

// Data, or a rollout, outside of the range of the training are told once, and those inside are not.
func TestEvalOutside(t *testing.T) {
	chdir(t)
	must(t, "simulate", "-system", "duffing", "-set", "alpha=1", "-box=-0.5,0.5", "-n", "3", "-duration", "8", "-o", "small.csv")
	must(t, "simulate", "-system", "duffing", "-set", "alpha=1", "-state", "0.3,0", "-state", "0.9,0", "-duration", "8", "-o", "large.csv")
	must(t, "train", "-quiet", "-H", "p^2/2+k*q^2/2", "-fit", "k=1", "-o", "m.json", "small.csv")
	if r := hnn(t, "", "eval", "m.json", "small.csv"); r.status != 0 || r.errors != "" {
		t.Errorf("%+v", r)
	}
	if r := hnn(t, "", "eval", "m.json", put(t, ".", "bare.csv", "q,p\n0,0\n0.9,0\n")); r.status != 0 || !strings.Contains(r.errors, "run 0: at line=3 q is 0.9, outside") || !strings.Contains(r.errors, "so are 1 of 2 rows") {
		t.Errorf("%+v", r)
	}
	long := put(t, ".", "long.csv", "q,p\n,0\n"+strings.Repeat("0,0\n", 20000)+"0.9,0\n") // lines are those of the file
	if r := hnn(t, "", "eval", "m.json", long); r.status != 0 || !strings.Contains(r.errors, "run 0: at line=20003 q is 0.9, outside") {
		t.Errorf("%+v", r)
	}
	for _, models := range [][]string{{"m.json"}, {"m.json", "m.json"}} {
		r := hnn(t, "", append(append([]string{"eval"}, models...), "large.csv")...)
		if r.status != 0 || strings.Count(r.errors, "\n") != 1 || !strings.Contains(r.errors, "warning: m.json: large.csv: run 1: at t=0 q is 0.9, outside of the training data, where it is from -0.") ||
			!strings.Contains(r.errors, " of 162 rows, of the data or of the rollout: the model knows nothing there") {
			t.Errorf("%+v", r)
		}
	}
}

// Without momenta, H and the powers from a fitted start are those of the rollout, which differences of few
// coordinates a period are not.
func TestEvalPowers(t *testing.T) {
	chdir(t)
	must(t, "simulate", "-system", "damped-pendulum", "-state", "1,0", "-duration", "60", "-dt", "1.2", "-o", "all.csv")
	must(t, "train", "-quiet", "-H", "p^2/2+a*(1-cos(q))", "-fit", "a=0.9", "-friction", "constant", "-segment", "3", "-o", "m.json", "all.csv")
	var b strings.Builder
	for _, row := range csvRows(t, strings.NewReader(string(contents(t, "all.csv")))) {
		b.WriteString(strings.Join(row[:3], ",") + "\n")
	}
	want, got := scores(t, "m.json", "all.csv"), scores(t, "-first", "10", "m.json", put(t, ".", "q.csv", b.String()))
	for _, name := range []string{"H_mean", "H_spread", "dH_dt", "dissipated"} {
		if math.Abs(got[name]-want[name]) > 0.01*math.Abs(want[name]) {
			t.Errorf("%s is %v, with momenta %v", name, got[name], want[name])
		}
	}
}
