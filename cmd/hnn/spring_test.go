package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hnn/cmd/hnn/internal/table"
)

// An experiment may be interrupted in any of its models, and several times. After -continue its
// files have the same bytes as without an interruption, and no checkpoint is left.
func TestSpringResume(t *testing.T) {
	args := func(dir string, more ...string) []string {
		a := []string{"spring", "-out", dir, "-train", "4", "-test", "2", "-duration", "10", "-rollout", "5", "-epochs", "6", "-hidden", "16,8", "-nextstate"}
		return append(a, more...)
	}
	want := t.TempDir()
	must(t, args(want)...)
	names, _ := os.ReadDir(want)
	for _, stops := range [][]string{{"baseline: epoch 1/"}, {"hnn: epoch 4/"}, {"nextstate: epoch 6/"}, {"baseline: epoch 3/", "hnn: epoch 2/", "hnn: epoch 5/", "nextstate: epoch 1/"}} {
		dir := t.TempDir()
		more := []string{}
		for _, at := range stops {
			r := inside(t, false, at, args(dir, more...)...)
			if r.status != 130 || !strings.Contains(r.errors, "hnn spring: saved in "+dir+"; the same call with -continue goes on\n") {
				t.Fatalf("%s: %+v", at, r)
			}
			more = []string{"-continue"}
		}
		fails(t, hnn(t, "", args(dir, "-continue", "-lr", "0.1")...), 1, ".ckpt is of a run with other flags")
		fails(t, hnn(t, "", args(dir, "-continue", "-epochs", "7")...), 1, ".ckpt is of a run with other flags")
		r := inside(t, false, "", args(dir, more...)...)
		if first := strings.SplitN(stops[len(stops)-1], ":", 2)[0]; r.status != 0 || first != "baseline" && strings.Contains(r.errors, "baseline: epoch") {
			t.Errorf("%v: %+v, or a finished model was trained again", stops, r)
		}
		got, _ := os.ReadDir(dir)
		if len(got) != len(names) {
			t.Errorf("%v: files %v, want %v", stops, got, names)
		}
		for _, f := range names {
			if !bytes.Equal(contents(t, filepath.Join(dir, f.Name())), contents(t, filepath.Join(want, f.Name()))) {
				t.Errorf("%v: %s differs", stops, f.Name())
			}
		}
	}
}

// A rollout of trajectory.csv and its scores in summary.csv have the same model and run.
func TestSpringKeys(t *testing.T) {
	dir := t.TempDir()
	springInto(t, dir, "-nextstate", "-energies", "0.2,0.9")
	read := func(name string) (keys []string, col func(string) []float64) {
		tab, err := table.ReadFile(t.Context(), filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range strings.Split(strings.TrimSpace(string(contents(t, filepath.Join(dir, name)))), "\n")[1:] {
			cells := strings.Split(line, ",")
			keys = append(keys, cells[0]+" "+cells[1])
		}
		if tab.Header[0] != "model" || tab.Header[1] != "run" {
			t.Fatalf("%s: %v", name, tab.Header)
		}
		return keys, func(name string) []float64 {
			c, err := tab.Col(name)
			if err != nil {
				t.Fatal(err)
			}
			return c
		}
	}
	keys, scores := read("summary.csv")
	rows, at := read("trajectory.csv")
	if want := "[true 0 true 1 baseline 0 baseline 1 hnn 0 hnn 1 nextstate 0 nextstate 1]"; fmt.Sprint(keys) != want {
		t.Errorf("summary.csv has %v, want %v", keys, want)
	}
	n := 0
	for i, key := range rows {
		if i > 0 && key == rows[i-1] {
			continue
		}
		if n == len(keys) || keys[n] != key || at("energy")[i] != scores("E0")[n] {
			t.Fatalf("trajectory %d is %s and begins at %v; scores are %v, %v", n, key, at("energy")[i], keys, scores("E0"))
		}
		n++
	}
	if n != len(keys) {
		t.Errorf("%d rollouts, %d scores", n, len(keys))
	}
}

func TestSpring(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "out")
	springInto(t, dir, "-nextstate", "-seed", "3")
	var m struct {
		Version string
		Flags   map[string]string
		Files   []struct{ Name, SHA256 string }
	}
	b, err := os.ReadFile(filepath.Join(dir, "manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &m); err != nil {
		t.Fatal(err)
	}
	want := []string{"baseline.json", "field.csv", "hnn.json", "loss.csv", "nextstate.json", "report.html", "summary.csv", "test.csv", "train.csv", "trajectory.csv"}
	if len(m.Files) != len(want) || m.Version != version || m.Flags["seed"] != "3" || m.Flags["hidden"] != "16,8" {
		t.Fatalf("%+v", m)
	}
	for i, f := range m.Files {
		b, err := os.ReadFile(filepath.Join(dir, f.Name))
		if err != nil {
			t.Fatal(err)
		}
		if sum := sha256.Sum256(b); f.Name != want[i] || f.SHA256 != hex.EncodeToString(sum[:]) {
			t.Errorf("%s: the manifest has hash %s of %s", want[i], f.SHA256, f.Name)
		}
		if bytes.Contains(b, []byte("\r")) || !bytes.HasSuffix(b, []byte("\n")) {
			t.Errorf("%s: lines do not end in LF", f.Name)
		}
	}
	if files, _ := os.ReadDir(dir); len(files) != len(want)+1 {
		t.Errorf("%d files, want %d", len(files), len(want)+1)
	}
	for name, header := range map[string]string{
		"train.csv": "run,t,q,p,dq,dp", "loss.csv": "model,epoch,step,train,test,rate",
		"trajectory.csv": "model,run,t,q,p,energy,H,drift",
		"summary.csv":    "model,run,E0,train,test,floor,reached,energy_mse,max_drift,rms_drift,slope,coord_rmse,phase_error",
	} {
		b, _ := os.ReadFile(filepath.Join(dir, name))
		if got, _, _ := strings.Cut(string(b), "\n"); got != header {
			t.Errorf("%s: header %s", name, got)
		}
	}
	tr, err := table.ReadFile(t.Context(), filepath.Join(dir, "trajectory.csv"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []string{"run", "t", "q", "p", "energy", "drift"} {
		if _, err := tr.Col(c); err != nil {
			t.Error(err)
		}
	}
}

// Two runs, and any number of processors, give the same bytes.
func TestSpringSameBytes(t *testing.T) {
	var want map[string]string
	for _, procs := range []string{"1", "1", "2", "8"} {
		dir := t.TempDir()
		cmd := program(append([]string{"spring", "-nextstate", "-out", dir}, little...)...)
		cmd.Env = append(cmd.Env, "GOMAXPROCS="+procs, "TZ=Asia/Kathmandu", "LC_ALL=de_DE.UTF-8")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatal(err, string(out))
		}
		got := map[string]string{}
		files, _ := os.ReadDir(dir)
		for _, f := range files {
			b, _ := os.ReadFile(filepath.Join(dir, f.Name()))
			got[f.Name()] = string(bytes.ReplaceAll(b, []byte(dir), nil)) // -out is in the manifest
		}
		if want == nil {
			want = got
		}
		for name := range want {
			if got[name] != want[name] {
				t.Errorf("GOMAXPROCS=%s: %s differs", procs, name)
			}
		}
	}
}
