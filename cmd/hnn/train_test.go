package main

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"hnn/autodiff/random"
	"hnn/nn"
)

// trainArgs is a training of a second.
func trainArgs(dir string, more ...string) []string {
	args := []string{"train", "-quiet", "-hidden", "32,16", "-epochs", "300", "-seed", "4", "-patience", "250", "-o", filepath.Join(dir, "m.json")}
	return append(append(args, more...), filepath.Join(dir, "data.csv"))
}

func trainData(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	must(t, "simulate", "-n", "3", "-noise", "0.05", "-duration", "20", "-o", filepath.Join(dir, "data.csv"))
	return dir
}

func contents(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// A training that is interrupted, by a signal or by kill -9, and resumed, again and
// again, ends in the bytes of one that was left alone; a whole checkpoint is always
// there. With -long there are 200 kills and 50 of each signal.
func TestResume(t *testing.T) {
	if runtime.GOOS == "windows" || runtime.GOOS == "js" {
		t.Skip("no signals")
	}
	dir := trainData(t)
	model := filepath.Join(dir, "m.json")
	start := time.Now()
	must(t, trainArgs(dir)...)
	whole := time.Since(start)
	want := contents(t, model)
	src := rand.NewPCG(1, 1)
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGKILL} {
		wanted := 4
		if *long {
			wanted = map[syscall.Signal]int{syscall.SIGKILL: 200}[sig]
			wanted = max(wanted, 50)
		}
		ckpt := filepath.Join(dir, sig.String()+".ckpt")
		slowest, rounds := time.Duration(0), 0
		for interrupted := 0; interrupted < wanted; rounds++ {
			os.Remove(model)
			os.Remove(ckpt)
			for status := -2; status != 0; { // one training, however often it is interrupted
				args := trainArgs(dir, "-checkpoint", ckpt, "-every", "1")
				if _, err := os.Stat(ckpt); err == nil {
					args = []string{"train", "-quiet", "-resume", ckpt, "-every", "1", "-o", model, filepath.Join(dir, "data.csv")}
				}
				cmd := program(args...)
				var errs bytes.Buffer
				cmd.Stderr = &errs
				if err := cmd.Start(); err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Duration(random.Uniform(src) * float64(whole)))
				begin := time.Now()
				cmd.Process.Signal(sig)
				cmd.Wait()
				if _, err := os.Stat(ckpt); err == nil {
					if _, err := loadCheckpoint(ckpt); err != nil {
						t.Fatalf("%v left a broken checkpoint: %v", sig, err)
					}
				}
				status = cmd.ProcessState.ExitCode()
				if status == 0 {
					break
				}
				interrupted++
				slowest = max(slowest, time.Since(begin))
				// -1: by the signal, which may arrive before the program has set itself up for it.
				if status != -1 && (sig == syscall.SIGKILL || status != 130 || !strings.Contains(errs.String(), "go on with: hnn train -resume "+ckpt)) {
					t.Fatalf("%v: status %d: %s", sig, status, errs.String())
				}
			}
			if !bytes.Equal(contents(t, model), want) {
				t.Fatalf("%v, %d times: the resumed training ends in another model", sig, interrupted)
			}
		}
		if t.Logf("%v: more than %d times in %d trainings, ended within %v", sig, wanted-1, rounds, slowest); slowest > 2*time.Second {
			t.Errorf("%v: ended %v later", sig, slowest)
		}
	}
}

func TestResumeRefuses(t *testing.T) {
	dir := trainData(t)
	path := func(name string) string { return filepath.Join(dir, name) }
	must(t, "train", "-quiet", "-hidden", "4", "-epochs", "2", "-checkpoint", path("c"), "-o", path("m.json"), path("data.csv"))
	must(t, "simulate", "-n", "1", "-duration", "20", "-o", path("other.csv"))
	model := contents(t, path("m.json"))
	fails(t, hnn(t, "", "train", "-resume", path("c"), "-lr", "0.1", "-o", path("m.json"), path("data.csv")), 2, "-lr 0.1: the saved training has 0.002")
	fails(t, hnn(t, "", "train", "-resume", path("c"), "-kind", "derivative", "-o", path("m.json"), path("data.csv")), 2, "-kind derivative")
	fails(t, hnn(t, "", "train", "-resume", path("c"), "-o", path("m.json"), path("other.csv")), 1, "not the data")
	fails(t, hnn(t, "", "train", "-resume", path("m.json"), "-o", path("n.json"), path("data.csv")), 1, "not a checkpoint file")
	fails(t, hnn(t, "", "train", "-resume", path("none"), "-o", path("n.json"), path("data.csv")), 1, "no such file")
	fails(t, hnn(t, "", "train", "-checkpoint", path("m.json"), "-o", path("m.json"), path("data.csv")), 2, "two outputs")
	if !bytes.Equal(contents(t, path("m.json")), model) {
		t.Error("a refused call changed the model")
	}
}

// With patience, training ends early and the model with the lowest loss is written.
func TestPatience(t *testing.T) {
	dir := trainData(t)
	path := func(name string) string { return filepath.Join(dir, name) }
	must(t, "simulate", "-n", "2", "-duration", "10", "-seed", "9", "-o", path("valid.csv"))
	r := hnn(t, "", "train", "-hidden", "8", "-lr", "0.5", "-schedule", "constant", "-epochs", "3000", "-patience", "5", "-valid", path("valid.csv"),
		"-checkpoint", path("c"), "-o", path("m.json"), path("data.csv"))
	if r.status != 0 || !strings.Contains(r.errors, "lowest loss") {
		t.Fatalf("%+v", r)
	}
	c, err := loadCheckpoint(path("c"))
	if err != nil {
		t.Fatal(err)
	}
	m, err := loadModel(path("m.json"))
	if err != nil {
		t.Fatal(err)
	}
	v, err := readStates(path("valid.csv"), columns{t: "t", run: "run"})
	if err != nil {
		t.Fatal(err)
	}
	d, err := v.derivatives(estimator{})
	if err != nil {
		t.Fatal(err)
	}
	if got := nn.Loss(m, d); got != c.BestLoss {
		t.Errorf("the written model has loss %v, the lowest was %v", got, c.BestLoss)
	}
	if steps := c.At.Step; steps > 100*10 {
		t.Errorf("stopped after %d steps", steps)
	}
	checkpoint, model := contents(t, path("c")), contents(t, path("m.json"))
	must(t, "train", "-resume", path("c"), "-valid", path("valid.csv"), "-o", path("m.json"), path("data.csv"))
	if !bytes.Equal(contents(t, path("c")), checkpoint) || !bytes.Equal(contents(t, path("m.json")), model) {
		t.Error("a training that had ended went on")
	}
}

// What is no checkpoint is not replaced by one; a run column that is not named is asked for.
func TestTrainRefuses(t *testing.T) {
	dir := trainData(t)
	path := func(name string) string { return filepath.Join(dir, name) }
	before := contents(t, path("data.csv"))
	if err := os.WriteFile(path("lab.csv"), bytes.Replace(before, []byte("run,"), []byte("shot,"), 1), 0o644); err != nil {
		t.Fatal(err)
	}
	fails(t, hnn(t, "", "train", "-checkpoint", path("lab.csv"), path("data.csv")), 1, "lab.csv: nn: load checkpoint")
	fails(t, hnn(t, "", "train", "-derivatives", "central", path("lab.csv")), 1, "unless -run names a column")
}

// The rollout of a next-state model is compared with every row, though times are rounded,
// and where a time is missing with those before the gap alone.
func TestNextStateScore(t *testing.T) {
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	write := func(name string, rows int, time func(i int) float64) {
		text := "t,q,p\n"
		for i := range rows {
			u := 0.1 * float64(i)
			text += fmt.Sprintf("%v,%v,%v\n", time(i), math.Cos(u), -math.Sin(u))
		}
		if err := os.WriteFile(path(name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	even := func(i int) float64 { return 0.1 * float64(i) }
	write("even.csv", 200, even)
	write("rounded.csv", 200, func(i int) float64 { return 0.10000005 * float64(i) })
	write("less.csv", 200, func(i int) float64 { return 0.09999995 * float64(i) })
	write("short.csv", 20, even)
	write("gap.csv", 200, func(i int) float64 { return even(i) + 0.05*float64(min(1, i/20)) })
	must(t, "train", "-quiet", "-kind", "nextstate", "-epochs", "3", "-hidden", "8", "-o", path("m.json"), path("even.csv"))
	score := func(name string) string {
		lines := strings.Split(strings.TrimSpace(must(t, "eval", path("m.json"), path(name))), "\n")
		cells := strings.Split(lines[len(lines)-1], ",")
		return cells[len(cells)-1]
	}
	if a, b, c := score("even.csv"), score("rounded.csv"), score("less.csv"); a != b || a != c {
		t.Errorf("coord_rmse %s, with rounded times %s and %s", a, b, c)
	}
	if a, b := score("short.csv"), score("gap.csv"); a != b {
		t.Errorf("coord_rmse %s of 20 rows, %s before a gap", a, b)
	}
}

// Columns may have any names; the model is the same to the bit.
func TestColumns(t *testing.T) {
	dir := trainData(t)
	path := func(name string) string { return filepath.Join(dir, name) }
	renamed := strings.Replace(string(contents(t, path("data.csv"))), "run,t,q,p,dq,dp", "trial,time,x,v,dx,dv", 1)
	if err := os.WriteFile(path("lab.csv"), []byte(renamed), 0o644); err != nil {
		t.Fatal(err)
	}
	if must(t, "train", "-epochs", "2", "-hidden", "8", "-order", "4", path("data.csv")) !=
		must(t, "train", "-epochs", "2", "-hidden", "8", "-derivatives", "central", "-order", "4", path("data.csv")) {
		t.Error("-order does not choose central differences")
	}
	for _, by := range []string{"given", "smooth", "rk4"} {
		args := []string{"train", "-epochs", "2", "-hidden", "8", "-batch", "0", "-derivatives", by}
		want := must(t, append(args, path("data.csv"))...)
		named := append(args, "-q", "x", "-p", "v", "-t", "time", "-run", "trial", path("lab.csv"))
		if got := must(t, named...); got != want {
			t.Errorf("%s: another model with other names", by)
		}
	}
	fails(t, hnn(t, "", "train", "-q", "x", "-p", "w", path("lab.csv")), 1, "w")
	fails(t, hnn(t, "", "train", "-q", "x", "-p", "v", "-t", "hour", path("lab.csv")), 1, "hour")
	fails(t, hnn(t, "", "train", "-q", "x", "-p", "v", "-run", "day", path("lab.csv")), 1, "day")
	fails(t, hnn(t, "", "train", "-q", "x,y", "-p", "v", path("lab.csv")), 2, "-q names 2 columns, -p 1")
	fails(t, hnn(t, "", "train", "-q", "x,", "-p", "v", path("lab.csv")), 2, "names with commas")
	fails(t, hnn(t, "", "train", "-order", "3", path("data.csv")), 2, "even order")
	fails(t, hnn(t, "", "train", "-window", "3", path("data.csv")), 2, "-window is for -derivatives [smooth]")
	fails(t, hnn(t, "", "train", "-derivatives", "smooth", "-stride", "3", path("data.csv")), 2, "-stride is for -derivatives [central midpoint rk4]")
	fails(t, hnn(t, "", "train", "-derivatives", "midpoint", "-stride", "0", path("data.csv")), 2, "stride")
	fails(t, hnn(t, "", "train", "-kind", "nextstate", "-derivatives", "rk4", path("data.csv")), 2, "not nextstate")
	fails(t, hnn(t, "", "train", "-kind", "nextstate", "-stride", "4", path("data.csv")), 2, "not nextstate")
	must(t, "train", "-epochs", "2", "-hidden", "8", "-derivatives", "smooth", "-window", "3", "-checkpoint", path("c"), "-o", path("m.json"), path("data.csv"))
	must(t, "train", "-resume", path("c"), "-window", "3", "-o", path("m.json"), path("data.csv"))
}

// -holdout keeps whole runs, or the last rows of one, from training.
func TestHoldout(t *testing.T) {
	dir := trainData(t)
	path := func(name string) string { return filepath.Join(dir, name) }
	usual := columns{t: "t", run: "run"}
	s, err := readStates(path("data.csv"), usual)
	if err != nil {
		t.Fatal(err)
	}
	rest, held, err := s.hold(0.4)
	if err != nil {
		t.Fatal(err)
	}
	runs := len(s.Starts)
	if k := len(held.Starts); k != (4*runs+5)/10 || len(rest.Starts) != runs-k || rest.Rows()+held.Rows() != s.Rows() || rest.Rows() != s.Starts[runs-k] || held.Starts[0] != 0 {
		t.Errorf("%d runs in %d and %d, %d rows in %d and %d", runs, len(rest.Starts), len(held.Starts), s.Rows(), rest.Rows(), held.Rows())
	}
	if held.X.At(0, 1) != s.X.At(rest.Rows(), 1) || held.DX.At(0, 0) != s.DX.At(rest.Rows(), 0) || held.T[0] != s.T[rest.Rows()] {
		t.Error("the rows held are not the last")
	}
	if err := os.WriteFile(path("one.csv"), []byte("t,q,p\n0,1,2\n1,2,3\n2,3,1\n3,2,4\n3,5,5\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	one, err := readStates(path("one.csv"), usual)
	if err != nil {
		t.Fatal(err)
	}
	rest, held, err = one.hold(0.4)
	if err != nil || rest.Rows() != 3 || held.Rows() != 2 || held.X.At(0, 0) != 2 || len(held.Starts) != 1 {
		t.Error(rest, held, err)
	}
	// The line is that of the file.
	fails(t, hnn(t, "", "train", "-holdout", "0.4", "-derivatives", "midpoint", path("one.csv")), 1, "one.csv:6")
	fails(t, hnn(t, "", "train", "-holdout", "0.99", path("one.csv")), 1, "leaves nothing")
	fails(t, hnn(t, "", "train", "-holdout", "0.5", "-valid", path("one.csv"), path("data.csv")), 2, "-valid and -holdout")
	r := hnn(t, "", "train", "-holdout", "0.4", "-hidden", "8", "-epochs", "2", "-o", path("m.json"), path("data.csv"))
	if r.status != 0 || !strings.Contains(r.errors, "validation") {
		t.Errorf("%+v", r)
	}
}
