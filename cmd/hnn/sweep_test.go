package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

// sweepInto sweeps a little experiment over four points.
func sweepInto(t *testing.T, dir string, flags ...string) result {
	t.Helper()
	args := append([]string{"sweep", "-out", dir, "-seeds", "2", "-grid", "hidden=6,4 8", "-quiet"}, flags...)
	return hnn(t, "", append(args, "spring", "-train", "3", "-test", "2", "-duration", "5", "-rollout", "2", "-epochs", "2")...)
}

func sweepFile(t *testing.T, dir string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, "sweep.csv"))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// However a sweep is split, its file has the same bytes.
func TestSweepSameBytes(t *testing.T) {
	dir := t.TempDir()
	whole := filepath.Join(dir, "whole")
	if r := sweepInto(t, whole); r.status != 0 || r.errors != "" || r.out != "" {
		t.Fatalf("%+v", r)
	}
	want := sweepFile(t, whole)
	lines := strings.Split(want, "\n")
	if len(lines) != 6 || !strings.HasPrefix(lines[0], "point,hidden,seed,baseline_train,") || !strings.HasPrefix(lines[2], `1,"6,4",1,`) || !strings.HasPrefix(lines[3], "2,8,0,") {
		t.Fatalf("unexpected rows:\n%s", want)
	}

	one := filepath.Join(dir, "one")
	sweepInto(t, one, "-workers", "1")
	shards := filepath.Join(dir, "shards")
	for _, s := range []string{"2/3", "3/3", "1/3"} {
		if _, err := os.Stat(filepath.Join(shards, "sweep.csv")); err == nil {
			t.Error("sweep.csv is there before all points are")
		}
		if r := sweepInto(t, shards, "-shard", s); r.status != 0 {
			t.Fatalf("%+v", r)
		}
	}
	again := filepath.Join(dir, "again")
	sweepInto(t, again)
	for _, f := range []string{"sweep.csv", "points/000001.csv", "points/000002.csv"} {
		if err := os.Remove(filepath.Join(again, f)); err != nil {
			t.Fatal(err)
		}
	}
	kept, _ := os.Stat(filepath.Join(again, "points/000000.csv"))
	sweepInto(t, again)
	if now, _ := os.Stat(filepath.Join(again, "points/000000.csv")); !os.SameFile(kept, now) {
		t.Error("a finished point was run again")
	}
	for _, d := range []string{one, shards, again} {
		if got := sweepFile(t, d); got != want {
			t.Errorf("%s differs:\n%s\nwant\n%s", filepath.Base(d), got, want)
		}
	}

	fails(t, sweepInto(t, whole, "-grid", "lr=1e-3 2e-3"), 1, "another sweep")
}

// The scores of a point are those that a run of its own gives.
func TestSweepScores(t *testing.T) {
	dir := t.TempDir()
	springInto(t, filepath.Join(dir, "run"), "-seed", "1")
	args := append([]string{"sweep", "-out", filepath.Join(dir, "sweep"), "-seeds", "2", "spring"}, little[:len(little)-1]...)
	must(t, args...)
	b, err := os.ReadFile(filepath.Join(dir, "run", "summary.csv"))
	if err != nil {
		t.Fatal(err)
	}
	row := strings.Split(strings.Split(sweepFile(t, filepath.Join(dir, "sweep")), "\n")[2], ",")
	for _, line := range strings.Split(string(b), "\n") {
		if cells := strings.Split(line, ","); cells[0] == "hnn" && (cells[2] != row[6] || cells[3] != row[7]) {
			t.Errorf("summary %v, sweep %v", cells, row)
		}
	}
}

func TestSweepTrain(t *testing.T) {
	dir := t.TempDir()
	data, valid := filepath.Join(dir, "d.csv"), filepath.Join(dir, "v.csv")
	must(t, "simulate", "-system", "pendulum", "-n", "2", "-o", data)
	must(t, "simulate", "-system", "pendulum", "-n", "1", "-seed", "9", "-o", valid)
	out := filepath.Join(dir, "out")
	args := []string{"sweep", "-out", out, "-grid", "lr=1e-3 1e300", "train", "-hidden", "8", "-epochs", "3", "-valid", valid, "-patience", "9", data}
	fails(t, hnn(t, "", args...), 1, "1 of 2 points failed")
	lines := strings.Split(sweepFile(t, out), "\n")
	if lines[0] != "point,lr,loss,valid_loss,lowest,lowest_epoch,error" || !strings.HasPrefix(lines[1], "0,1e-3,") || !strings.HasPrefix(lines[2], "1,1e300,,,,,") ||
		!strings.Contains(lines[2], "diverged") {
		t.Errorf("%q", lines)
	}
	if err := os.WriteFile(data, []byte("q,p,dq,dp\n1,2,3,4\n2,3,4,5\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	fails(t, hnn(t, "", args...), 1, "another sweep")
	args[2] = filepath.Join(dir, "other")
	if err := os.Remove(data); err != nil {
		t.Fatal(err)
	}
	fails(t, hnn(t, "", args...), 1, "d.csv")
}

// A file that changes makes another sweep, however the call names it.
func TestSweepInputs(t *testing.T) {
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	for i, name := range []string{"d.csv", "a.csv", "b.csv"} {
		must(t, "simulate", "-n", "2", "-duration", "5", "-seed", fmt.Sprint(i), "-o", path(name))
	}
	train := []string{"train", "-hidden", "4", "-epochs", "1"}
	grid := append([]string{"sweep", "-out", path("grid"), "-grid", "valid=" + path("a.csv") + " " + path("b.csv")}, append(train, path("d.csv"))...)
	fixed := append([]string{"sweep", "-out", path("fixed"), "-seeds", "2"}, append(train, "--valid="+path("b.csv"), path("d.csv"))...)
	for _, args := range [][]string{grid, fixed, grid} {
		must(t, args...)
	}
	if got := sweepFile(t, path("grid")); !strings.HasPrefix(got, "point,valid,loss,valid_loss,error\n0,"+path("a.csv")) {
		t.Error(got)
	}
	must(t, "simulate", "-n", "2", "-duration", "5", "-seed", "9", "-o", path("b.csv"))
	for _, args := range [][]string{grid, fixed} {
		fails(t, hnn(t, "", args...), 1, "another sweep")
	}

	// A flag may be right only with one that varies; a file named as a value is no input.
	t.Chdir(dir)
	window := append([]string{"sweep", "-out", "window", "-seeds", "2", "-grid", "derivatives=smooth", "train", "-window", "3"}, append(train[1:], "d.csv")...)
	for _, text := range []string{"a", "b"} {
		if err := os.WriteFile("1", []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		must(t, window...)
	}
}

func TestSweepMisuse(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "none")
	for _, c := range []struct {
		want string
		args []string
	}{
		{"name spring or train", nil},
		{"rollout cannot be swept", []string{"rollout"}},
		{"NAME=V1", []string{"-grid", "lr", "spring"}},
		{"NAME=V1", []string{"-grid", "lr=", "spring"}},
		{"a second grid of lr", []string{"-grid", "lr=1", "-grid", "lr=2", "spring"}},
		{"not defined: -colour", []string{"-grid", "colour=1", "spring"}},
		{`invalid value "x"`, []string{"-grid", "lr=1 x", "spring"}},
		{"-low 3 is above -high", []string{"-grid", "low=0.5 3", "spring"}},
		{"-out of spring", []string{"-grid", "out=a b", "spring"}},
		{"-checkpoint of train", []string{"train", "-checkpoint", "c", "d.csv"}},
		{"one of the two", []string{"-seeds", "2", "-grid", "seed=5 6", "spring"}},
		{"set both by the sweep", []string{"-seeds", "2", "spring", "-seed", "3"}},
		{"I from 1 to N", []string{"-shard", "0/2", "spring"}},
		{"I from 1 to N", []string{"-shard", "3/2", "spring"}},
		{"no data", []string{"train"}},
		{"unexpected argument", []string{"spring", "more"}},
		{"standard input", []string{"train", "-"}},
		{"standard input", []string{"train", "-valid=-", "d.csv"}},
		{"-window is for", []string{"train", "-window", "3", "d.csv"}},
	} {
		fails(t, hnn(t, "", append([]string{"sweep", "-out", dir}, c.args...)...), 2, c.want)
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("a wrong call made the directory")
	}
}

// An interrupted sweep keeps what is finished, and the same call finishes it.
func TestSweepInterrupt(t *testing.T) {
	if runtime.GOOS == "windows" || runtime.GOOS == "js" {
		t.Skip("no signals")
	}
	dir := t.TempDir()
	args := func(out string) []string {
		return []string{"sweep", "-out", filepath.Join(dir, out), "-seeds", "6", "-quiet", "spring", "-train", "3", "-test", "2",
			"-duration", "5", "-rollout", "2", "-epochs", "25", "-hidden", "32,32"}
	}
	must(t, args("whole")...)
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGKILL} {
		name := sig.String()
		cmd := program(args(name)...)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		for range 500 {
			if _, err := os.Stat(filepath.Join(dir, name, "points/000000.csv")); err == nil {
				break
			}
			time.Sleep(2 * time.Millisecond)
		}
		if err := cmd.Process.Signal(sig); err != nil {
			t.Fatal(err)
		}
		cmd.Wait()
		if s := cmd.ProcessState.ExitCode(); sig == syscall.SIGINT && s != 130 && s != 0 {
			t.Errorf("status %d after an interrupt", s)
		}
		must(t, args(name)...)
		if sweepFile(t, filepath.Join(dir, name)) != sweepFile(t, filepath.Join(dir, "whole")) {
			t.Errorf("%v: another file than without it", sig)
		}
	}
}
