package main

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// turning makes a file of pendulums that turn over, angles wrapped to [−π, π], with the columns
// t, angle and p and, if all is set, their derivatives.
func turning(t *testing.T, dir string, all bool) string {
	t.Helper()
	rows := csvRows(t, strings.NewReader(must(t, "simulate", "-system", "pendulum", "-n", "15", "-box", "-3,3,-2.8,2.8", "-duration", "15")))
	var b strings.Builder
	b.WriteString("run,t,angle")
	if all {
		b.WriteString(",p,dangle,dp")
	}
	for _, row := range rows[1:] {
		q, err := strconv.ParseFloat(row[2], 64)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "\n%s,%s,%v", row[0], row[1], math.Remainder(q, 2*math.Pi))
		if all {
			fmt.Fprintf(&b, ",%s,%s,%s", row[3], row[4], row[5])
		}
	}
	return put(t, dir, fmt.Sprintf("turning%v.csv", all), b.String()+"\n")
}

// scoreOf reads a score of all runs.
func scoreOf(t *testing.T, table, name string) float64 {
	t.Helper()
	rows := csvRows(t, strings.NewReader(table))
	for j, column := range rows[0] {
		if column == name {
			v, err := strconv.ParseFloat(rows[len(rows)-1][j], 64)
			if err != nil {
				t.Fatal(err)
			}
			return v
		}
	}
	t.Fatalf("no column %s in %v", name, rows[0])
	return 0
}

// Angles that are wrapped get a warning that names the line and the flag, in training and in
// scoring. With the flag they are learned, scored and followed as continuous angles, and the
// formula is that of the pendulum.
func TestPeriodicColumn(t *testing.T) {
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	data := turning(t, dir, true)
	train := []string{"train", "-quiet", "-q", "angle", "-p", "p", "-optimizer", "lbfgs", "-epochs", "400", "-subset", "1500", "-hidden", "24"}
	warning := "column angle: it jumps by about 2π: if it is an angle, want -periodic angle\n"
	r := hnn(t, "", append(train, "-o", path("plain.json"), data)...)
	if r.status != 0 || !strings.HasPrefix(r.errors, "hnn: warning: "+data+":") || !strings.HasSuffix(r.errors, warning) || strings.Count(r.errors, "\n") != 1 {
		t.Errorf("%+v", r)
	}
	line := 0
	fmt.Sscanf(strings.TrimPrefix(r.errors, "hnn: warning: "+data+":"), "%d", &line)
	lines := strings.Split(string(contents(t, data)), "\n")
	at := func(i int) float64 {
		v, err := strconv.ParseFloat(strings.Split(lines[i-1], ",")[2], 64)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	if line < 3 || math.Abs(at(line)-at(line-1)) < 5 {
		t.Errorf("line %d does not jump", line)
	}
	if r := hnn(t, "", "eval", path("plain.json"), data); r.status != 0 || !strings.Contains(r.errors, warning) {
		t.Errorf("%+v", r)
	}
	if r := hnn(t, "", append(train, "-periodic", "angle", "-o", path("m.json"), data)...); r.status != 0 || r.errors != "" {
		t.Errorf("%+v", r)
	}
	r = hnn(t, "", "eval", path("m.json"), data)
	if coord := scoreOf(t, r.out, "coord_rmse"); r.status != 0 || r.errors != "" || coord > 0.05 {
		t.Errorf("coordinates off by %v: %+v", coord, r)
	}
	// A rollout that turns over many times is not outside of the data.
	r = hnn(t, "", "rollout", "-state", "0,2.5", "-duration", "60", path("m.json"))
	if rows := csvRows(t, strings.NewReader(r.out)); r.status != 0 || r.errors != "" || len(rows[len(rows)-1][1]) < 8 {
		t.Errorf("%d rows, %s", len(rows), r.errors)
	}
	if out := must(t, "formula", path("m.json"), data); out != "0.5*p^2 - cos(angle)\n" {
		t.Error(out)
	}
	fails(t, hnn(t, "", append(train, "-periodic", "p", "-o", path("x.json"), data)...), 2, "-periodic p: want coordinates, of angle")
	fails(t, hnn(t, "", append(train, "-kind", "nextstate", "-periodic", "angle", "-o", path("x.json"), data)...), 1, "no angles")
	if _, err := os.Stat(path("x.json")); err == nil {
		t.Error("a model was written")
	}
}

// Momenta of angles are found too. With -long.
func TestPeriodicHidden(t *testing.T) {
	if !*long {
		t.Skip("-long fits whole motions")
	}
	dir := t.TempDir()
	data := turning(t, dir, false)
	must(t, "train", "-quiet", "-q", "angle", "-periodic", "angle", "-o", filepath.Join(dir, "m.json"), data)
	if coord := scoreOf(t, must(t, "eval", filepath.Join(dir, "m.json"), data), "coord_rmse"); coord > 0.05 {
		t.Errorf("coordinates off by %v", coord)
	}
}
