package main

import (
	"bytes"
	"math"
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
	must(t, "rollout", "-state", "1.2,0", "-duration", "60", "-events", "q=0:up", "-events-o", path("events.csv"), "-o", path("r.csv"), path("m.json"))
	events, err := table.ReadFile(t.Context(), path("events.csv"))
	if err != nil {
		t.Fatal(err)
	}
	at, err := events.Col("t")
	if err != nil || len(at) < 5 {
		t.Fatal(at, err)
	}
	x, y := 1., math.Cos(1.2/2) // T = 2π/agm(1, cos(a/2))
	for range 6 {
		x, y = (x+y)/2, math.Sqrt(x*y)
	}
	if e := (at[len(at)-1]-at[0])/float64(len(at)-1)/(2*math.Pi/x) - 1; math.Abs(e) > 0.01 {
		t.Errorf("the period at amplitude 1.2 is off by %.2f %%", 100*e)
	}
}
