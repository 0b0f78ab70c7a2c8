package main

import (
	"encoding/csv"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"hnn/cmd/hnn/internal/table"
	systems "hnn/spring/system"
)

const learnedFile = "../../testdata/systems.csv"

var learnedHeader = []string{"system", "pairs", "rows", "test_mse_hnn", "test_mse_baseline",
	"median_drift_hnn", "median_drift_baseline", "max_drift_hnn", "max_drift_baseline"}

// Each named system is learned from 100 trajectories without noise, with the defaults of hnn
// train. The models are followed for ten periods from five states that were not trained on.
// The drift of a rollout is its largest |H − H₀|/|H₀|, with the true H of the system. With
// -long this takes minutes and writes the figures to testdata/systems.csv. Without -long the
// test compares the HNN with the baseline by the figures of that file.
func TestLearnedSystems(t *testing.T) {
	if *long {
		if err := (&env{ctx: t.Context()}).writeTable(learnedFile, learnedHeader, func(w *table.Writer) {
			for _, name := range closed(t) {
				learnSystem(t, w, tableSystem(t, name))
			}
		}); err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.Open(learnedFile)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	rows := csvRows(t, b)
	if !slices.Equal(rows[0], learnedHeader) || len(rows) != 1+len(closed(t)) {
		t.Fatalf("%d rows under %v", len(rows), rows[0])
	}
	for i, name := range closed(t) {
		pairs := len(tableSystem(t, name).Q)
		r := rows[1+i]
		v := make([]float64, len(r))
		for j, cell := range r[1:] {
			if v[1+j], err = strconv.ParseFloat(cell, 64); err != nil {
				t.Fatal(err)
			}
		}
		ahead := 1.
		if pairs == 1 && v[6] > 1e-7 { // below, both have the field to rounding
			ahead = 5
		}
		if r[0] != name || int(v[1]) != pairs || !(v[8] > ahead*v[7]) || !(v[6] > ahead*v[5]) {
			t.Errorf("%s: the baseline's drift is not %v times that of the HNN: %v", name, ahead, r)
		}
	}
}

// closed returns the names of the systems that keep their energy.
func closed(t *testing.T) (names []string) {
	for _, name := range systems.Names() {
		if tableSystem(t, name).Closed() {
			names = append(names, name)
		}
	}
	return names
}

func tableSystem(t *testing.T, name string) *systems.System {
	t.Helper()
	s, err := systems.Named(name, nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func learnSystem(t *testing.T, w *table.Writer, s *systems.System) {
	const rollouts = 5
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	must(t, "simulate", "-system", s.Name, "-n", "100", "-seed", "1", "-o", path("train.csv"))
	must(t, "simulate", "-system", s.Name, "-n", strconv.Itoa(rollouts), "-seed", "2", "-o", path("test.csv"))
	train, err := table.ReadFile(t.Context(), path("train.csv"))
	if err != nil {
		t.Fatal(err)
	}
	test, err := readStates(t.Context(), path("test.csv"), columns{t: "t", run: "run"})
	if err != nil {
		t.Fatal(err)
	}
	h := s.NewEnergy()

	var mse, median, worst []float64
	for _, kind := range []string{"hnn", "baseline"} {
		model := path(kind + ".json")
		must(t, "train", "-quiet", "-kind", kind, "-o", model, path("train.csv"))
		must(t, "eval", "-o", path("scores.csv"), model, path("test.csv"))
		scores, err := os.Open(path("scores.csv"))
		if err != nil {
			t.Fatal(err)
		}
		all := csvRows(t, scores)
		scores.Close()
		v, err := strconv.ParseFloat(all[len(all)-1][2], 64)
		if err != nil {
			t.Fatal(err)
		}
		mse = append(mse, v)
		var drifts []float64
		for _, lo := range test.Starts {
			x := test.X.Row(lo)
			r := hnn(t, "", "rollout", "-state", join(x), "-duration", fmt.Sprint(10*s.Period), "-dt", fmt.Sprint(s.Period/50), "-rtol", "1e-10", "-atol", "1e-12",
				"-o", path("rollout.csv"), model)
			if r.status != 0 { // far outside the data; the rows up to there count
				t.Logf("%s %s: %s", s.Name, kind, r.errors)
			}
			y, err := readStates(t.Context(), path("rollout.csv"), columns{t: "t", run: "run"})
			if err != nil {
				t.Fatal(err)
			}
			drift := 0.
			for i := range y.Rows() {
				drift = max(drift, math.Abs((h(y.X.Row(i))-h(x))/h(x)))
			}
			drifts = append(drifts, drift)
		}
		slices.Sort(drifts)
		median, worst = append(median, drifts[len(drifts)/2]), append(worst, drifts[len(drifts)-1])
	}
	t.Logf("%s: mse %.2g %.2g, drift %.2g %.2g, largest %.2g %.2g", s.Name, mse[0], mse[1], median[0], median[1], worst[0], worst[1])
	w.Text(s.Name)
	w.Int(len(s.Q))
	w.Int(train.Rows())
	w.Floats(slices.Concat(mse, median, worst)...)
	w.End()
}

// A pendulum is learned from t, q and p at uneven times, in each way that needs no derivatives.
// Over amplitudes from 0.3 to 2.5 its period is right within 0.2 % without noise, and within
// 2 % with noise of 0.015.
func TestWithoutDerivatives(t *testing.T) {
	if !*long {
		t.Skip("-long trains eight models")
	}
	for _, c := range []struct {
		noise  string
		within float64
		ways   []string
	}{
		{"0", 0.002, []string{"-derivatives central -order 4", "-derivatives smooth -window 2", "-derivatives midpoint", "-objective step -epochs 100"}},
		{"0.015", 0.02, []string{"-derivatives central -stride 4", "-derivatives smooth -window 8", "-derivatives midpoint -stride 4", "-objective step -stride 4 -epochs 100"}},
	} {
		dir := t.TempDir()
		path := func(name string) string { return filepath.Join(dir, name) }
		lines := strings.SplitAfter(must(t, "simulate", "-system", "pendulum", "-n", "40", "-seed", "3", "-dt", "0.05", "-noise", c.noise), "\n")
		rnd := rand.New(rand.NewPCG(1, 1))
		uneven := "run,t,q,p\n" // a fifth of the rows is lost
		for _, line := range lines[1:] {
			if cells := strings.SplitN(line, ",", 5); len(cells) == 5 && rnd.Float64() < 0.8 {
				uneven += strings.Join(cells[:4], ",") + "\n"
			}
		}
		if err := os.WriteFile(path("data.csv"), []byte(uneven), 0o644); err != nil {
			t.Fatal(err)
		}
		for _, way := range c.ways {
			args := append([]string{"train", "-quiet", "-o", path("m.json")}, strings.Fields(way)...)
			must(t, append(args, path("data.csv"))...)
			off := ""
			for _, a := range []float64{0.3, 0.6, 1, 1.5, 2, 2.5} {
				e := periodError(t, dir, a)
				off += fmt.Sprintf(" %+.2f", 100*e)
				if math.Abs(e) > c.within {
					t.Errorf("noise %s, %s: the period at amplitude %v is off by %+.2f %%", c.noise, way, a, 100*e)
				}
			}
			t.Logf("noise %s, %s: period off by%s %%", c.noise, way, off)
		}
	}
}

func join(x []float64) string {
	s := ""
	for i, v := range x {
		if i > 0 {
			s += ","
		}
		s += strconv.FormatFloat(v, 'g', -1, 64)
	}
	return s
}

func csvRows(t *testing.T, r io.Reader) [][]string {
	t.Helper()
	rows, err := csv.NewReader(r).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows
}
