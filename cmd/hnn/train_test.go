package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"hnn/autodiff/random"
	"hnn/cmd/hnn/internal/table"
	"hnn/nn"
)

// trainArgs are the arguments of a training that takes a second.
func trainArgs(dir string, more ...string) []string {
	args := []string{"train", "-quiet", "-hidden", "32,16", "-epochs", "300", "-seed", "4", "-patience", "250", "-o", filepath.Join(dir, "m.json")}
	return append(append(args, more...), filepath.Join(dir, "data.csv"))
}

// A training is interrupted several times, by a signal or by kill -9, and resumed. It ends in
// the same bytes as without an interruption, and there is always a complete checkpoint. With
// -long there are 200 kills and 50 of each signal.
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
				if status != -1 && (sig == syscall.SIGKILL || status != 128+int(sig) || !strings.HasSuffix(errs.String(), "hnn train: interrupted\n")) {
					t.Fatalf("%v: status %d: %s", sig, status, errs.String())
				}
			}
			if !bytes.Equal(contents(t, model), want) {
				t.Fatalf("%v, %d times: the resumed training ends in another model", sig, interrupted)
			}
		}
		if t.Logf("%v: more than %d times in %d trainings, ended within %v", sig, wanted-1, rounds, slowest); slowest > latest() {
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
	fails(t, hnn(t, "", "train", "-resume", path("c"), "-kind", "baseline", "-o", path("m.json"), path("data.csv")), 2, "-kind baseline: the saved training has hnn")
	fails(t, hnn(t, "", "train", "-resume", path("c"), "-derivatives", "central", "-o", path("m.json"), path("data.csv")), 2, "-derivatives central: the saved training has given")
	fails(t, hnn(t, "", "train", "-resume", path("c"), "-q", "p", "-p", "q", "-o", path("m.json"), path("data.csv")), 2, "-p q: the saved training has none")
	fails(t, hnn(t, "", "train", "-resume", path("c"), "-o", path("m.json"), path("other.csv")), 1, "these are not the data of the checkpoint")
	b := strings.Replace(string(contents(t, path("c"))), `"lr":"0.002"`, `"colour":"red","lr":"0.002"`, 1)
	fails(t, hnn(t, "", "train", "-resume", put(t, dir, "later", resealed(b)), "-o", path("m.json"), path("data.csv")), 1, `the saved training has a flag -"colour", which this version does not know`)
	b = strings.Replace(string(contents(t, path("c"))), `"lr":"0.002"`, `"lr":"fast"`, 1)
	fails(t, hnn(t, "", "train", "-resume", put(t, dir, "later", resealed(b)), "-o", path("m.json"), path("data.csv")), 1, `the saved training has -lr "fast": want a number above 0`)
	b = strings.Replace(string(contents(t, path("c"))), `"lr":"0.002"`, `"lr":"0.002","o":"other"`, 1)
	fails(t, hnn(t, "", "train", "-resume", put(t, dir, "later", resealed(b)), "-o", path("m.json"), path("data.csv")), 1, `a flag -"o", which`)
	fails(t, hnn(t, "", "train", "-resume", path("m.json"), "-o", path("n.json"), path("data.csv")), 1, "not an hnn checkpoint file: its format is \"hnn model\"")
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
	var c struct {
		Epochs [][]float64
		Best   struct{ Loss float64 }
	}
	if err := json.Unmarshal(contents(t, path("c")), &c); err != nil {
		t.Fatal(err)
	}
	m, err := loadModel(t.Context(), path("m.json"))
	if err != nil {
		t.Fatal(err)
	}
	v, err := readStates(t.Context(), path("valid.csv"), columns{t: "t", run: "run"})
	if err != nil {
		t.Fatal(err)
	}
	p, err := nn.Derivatives{}.Problem(m.Stored, &v.Series, m.Stored.(*nn.HNN).Scale, 1)
	if err != nil {
		t.Fatal(err)
	}
	if got := p.Eval(nil, false); got != c.Best.Loss {
		t.Errorf("the written model has loss %v, the lowest was %v", got, c.Best.Loss)
	}
	if n := len(c.Epochs); n > 100 {
		t.Errorf("stopped after %d epochs", n)
	}
	checkpoint, model := contents(t, path("c")), contents(t, path("m.json"))
	must(t, "train", "-resume", path("c"), "-valid", path("valid.csv"), "-o", path("m.json"), path("data.csv"))
	if !bytes.Equal(contents(t, path("c")), checkpoint) || !bytes.Equal(contents(t, path("m.json")), model) {
		t.Error("a training that had ended went on")
	}
}

// A file that is no checkpoint is not replaced by one. If -run is missing, the error says so.
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

// The rollout of a next-state model is compared with every row, although times are rounded. If
// a time is missing, it is compared with the rows before the gap only.
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
		return cells[slices.Index(strings.Split(lines[0], ","), "coord_rmse")]
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
	for _, by := range []string{"-derivatives given", "-derivatives smooth", "-objective step"} {
		args := append([]string{"train", "-epochs", "2", "-hidden", "8", "-batch", "0"}, strings.Fields(by)...)
		network := func(args ...string) string {
			_, parts, ok := strings.Cut(unsealed(must(t, args...)), `"parts":`) // what comes before has the names
			if !ok {
				t.Fatal("no parts")
			}
			return parts
		}
		want := network(append(args, path("data.csv"))...)
		if got := network(append(args, "-q", "x", "-p", "v", "-t", "time", "-run", "trial", path("lab.csv"))...); got != want {
			t.Errorf("%s: another model with other names", by)
		}
	}
	fails(t, hnn(t, "", "train", "-q", "x", "-p", "w", path("lab.csv")), 1, "w")
	fails(t, hnn(t, "", "train", "-q", "x", "-p", "v", "-t", "hour", path("lab.csv")), 1, "hour")
	fails(t, hnn(t, "", "train", "-q", "x", "-p", "v", "-run", "day", path("lab.csv")), 1, "day")
	alone := film{rows: 50, dt: 0.1}.write("t,q,v", ",")
	if r := hnn(t, alone, "train", "-epochs", "1", "-hidden", "4", "-p", "v", "-o", path("alone.json"), "-"); r.status != 0 {
		t.Errorf("-p alone: %s", r.errors)
	}
	for _, args := range [][]string{{"check", "-p", "v", "-"}, {"eval", "-p", "v", path("alone.json"), "-"}, {"eval", path("alone.json"), "-"}} {
		if r := hnn(t, alone, args...); r.status != 0 || strings.Contains(r.out, "refuses") {
			t.Errorf("%v: %s%s", args, r.out, r.errors)
		}
	}
	fails(t, hnn(t, alone, "train", "-p", "q", "-"), 2, "-p q: want momenta of the coordinates q, or others named by -q")
	fails(t, hnn(t, alone, "train", "-p", "v,t", "-"), 2, "-p")
	fails(t, hnn(t, "", "train", "-q", "x,y", "-p", "v", path("lab.csv")), 2, "-q names 2 columns, -p 1")
	fails(t, hnn(t, "", "train", "-q", "x,", "-p", "v", path("lab.csv")), 2, "want a name, or several with commas")
	fails(t, hnn(t, "", "train", "-order", "3", path("data.csv")), 2, "even order")
	fails(t, hnn(t, "", "train", "-window", "3", path("data.csv")), 2, "-window is for -derivatives [smooth]")
	fails(t, hnn(t, "", "train", "-derivatives", "smooth", "-stride", "3", path("data.csv")), 2, "-stride is for -derivatives [central midpoint]")
	fails(t, hnn(t, "", "train", "-derivatives", "midpoint", "-stride", "0", path("data.csv")), 2, "stride")
	fails(t, hnn(t, "", "train", "-kind", "nextstate", "-derivatives", "central", path("data.csv")), 2, "-derivatives is for the objective derivatives, this is step")
	fails(t, hnn(t, "", "train", "-kind", "nextstate", "-stride", "4", path("data.csv")), 1, "a model of the next state has no stride")
	must(t, "train", "-epochs", "2", "-hidden", "8", "-derivatives", "smooth", "-window", "3", "-checkpoint", path("c"), "-o", path("m.json"), path("data.csv"))
	must(t, "train", "-resume", path("c"), "-window", "3", "-o", path("m.json"), path("data.csv"))
}

// -holdout holds out whole runs, or the last rows if there is one run.
func TestHoldout(t *testing.T) {
	dir := trainData(t)
	path := func(name string) string { return filepath.Join(dir, name) }
	usual := columns{t: "t", run: "run"}
	s, err := readStates(t.Context(), path("data.csv"), usual)
	if err != nil {
		t.Fatal(err)
	}
	rest, held, err := s.Hold(0.4)
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
	if err := os.WriteFile(path("one.csv"), []byte("t,q,p\n0,1,2\n1,2,3\n2,3,1\n3,2,4\n4,5,5\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	one, err := readStates(t.Context(), path("one.csv"), usual)
	if err != nil {
		t.Fatal(err)
	}
	rest, held, err = one.Hold(0.4)
	if err != nil || rest.Rows() != 3 || held.Rows() != 2 || held.X.At(0, 0) != 2 || len(held.Starts) != 1 {
		t.Error(rest, held, err)
	}
	fails(t, hnn(t, "", "train", "-holdout", "0.2", "-derivatives", "midpoint", path("one.csv")), 1, "one.csv: validation set: nn: the longest trajectory without a gap has 1 rows")
	fails(t, hnn(t, "", "train", "-holdout", "0.99", path("one.csv")), 1, "leaves nothing")
	fails(t, hnn(t, "", "train", "-holdout", "0.5", "-valid", path("one.csv"), path("data.csv")), 2, "-valid and -holdout")
	r := hnn(t, "", "train", "-holdout", "0.4", "-hidden", "8", "-epochs", "2", "-o", path("m.json"), path("data.csv"))
	if r.status != 0 || !strings.Contains(r.errors, "validation") {
		t.Errorf("%+v", r)
	}
}

// overwritten returns the lines that a terminal shows for a text.
func overwritten(text string) []string {
	lines, col := [][]rune{nil}, 0
	for _, part := range strings.SplitAfter(strings.NewReplacer("\x1b[K", "\x00", "\x1b[?7l", "", "\x1b[?7h", "").Replace(text), "") {
		last := &lines[len(lines)-1]
		switch part {
		case "\r":
			col = 0
		case "\n":
			lines, col = append(lines, nil), 0
		case "\x00":
			*last = (*last)[:col]
		default:
			*last = append((*last)[:col], append([]rune(part), (*last)[min(col+1, len(*last)):]...)...)
			col++
		}
	}
	var all []string
	for _, l := range lines {
		all = append(all, string(l))
	}
	return all
}

// The line of progress has no NaN, and it is removed at the end, however a training ends. If
// standard error is no terminal there is no such line.
func TestProgress(t *testing.T) {
	dir := trainData(t)
	data, model := filepath.Join(dir, "data.csv"), filepath.Join(dir, "m.json")
	args := func(more ...string) []string {
		return append(append([]string{"train", "-hidden", "8", "-o", model}, more...), data)
	}
	stopped := []string{"-lr", "0.5", "-schedule", "constant", "-epochs", "3000", "-patience", "5"}
	for name, c := range map[string]struct {
		r     result
		lines []string // that the screen shows at the end
	}{
		"whole":      {inside(t, false, "", args("-epochs", "20", "-lr", "0.03")...), []string{"hnn: 603 rows, 20 epochs"}},
		"validation": {inside(t, false, "", args("-epochs", "20", "-lr", "0.03", "-holdout", "0.3")...), []string{"hnn: 402 rows, 20 epochs, loss 0."}},
		"stopped":    {inside(t, false, "", args(stopped...)...), []string{"hnn: 603 rows, "}},
		"diverges":   {inside(t, false, "", args("-epochs", "20", "-lr", "1e308", "-schedule", "constant")...), []string{"hnn train: " + data + ": nn: training diverged"}},
		"interrupted": {inside(t, false, "epoch 7/", args("-epochs", "20", "-checkpoint", filepath.Join(dir, "c"))...),
			[]string{"hnn train: saved; go on with", "hnn train: interrupted"}},
		"spring": {inside(t, false, "epoch 3/", "spring", "-train", "2", "-test", "1", "-duration", "5", "-epochs", "9", "-out", dir),
			[]string{"hnn spring: saved in", "hnn spring: interrupted"}},
	} {
		if strings.Contains(strings.ToLower(c.r.errors), "nan") {
			t.Errorf("%s: NaN in %q", name, c.r.errors)
		}
		if name != "diverges" && !strings.Contains(c.r.errors, lineBegin+"hnn: epoch 2/") && !strings.Contains(c.r.errors, lineBegin+"baseline: epoch 2/") {
			t.Errorf("%s: no progress in %q", name, c.r.errors)
		}
		lines := overwritten(c.r.errors)
		if len(lines) != len(c.lines)+1 || lines[len(lines)-1] != "" {
			t.Errorf("%s: the screen shows %q", name, lines)
			continue
		}
		for i, want := range c.lines {
			if !strings.HasPrefix(lines[i], want) {
				t.Errorf("%s: %q, want %q", name, lines[i], want)
			}
		}
	}
	if r := hnn(t, "", args(stopped...)...); r.status != 0 || strings.Count(r.errors, "\n") != 1 || strings.ContainsAny(r.errors, "\r\x1b") {
		t.Errorf("off a terminal: %q", r.errors)
	}
}

// A checkpoint goes with its validation set. Another one is refused.
func TestResumeValidation(t *testing.T) {
	dir := trainData(t)
	path := func(name string) string { return filepath.Join(dir, name) }
	must(t, "simulate", "-n", "2", "-duration", "5", "-seed", "9", "-o", path("valid.csv"))
	must(t, "simulate", "-n", "2", "-duration", "5", "-seed", "8", "-o", path("other.csv"))
	args := func(epochs string) []string {
		return []string{"train", "-quiet", "-hidden", "8", "-epochs", epochs, "-schedule", "constant", "-patience", "50", "-valid", path("valid.csv")}
	}
	must(t, append(args("30"), "-log", path("whole.csv"), "-o", path("whole.json"), path("data.csv"))...)
	must(t, append(args("12"), "-checkpoint", path("c"), "-o", path("m.json"), path("data.csv"))...)
	again := []string{"train", "-quiet", "-resume", path("c"), "-checkpoint", path("c2"), "-epochs", "30", "-log", path("log.csv"), "-o", path("m.json")}
	must(t, append(again, path("data.csv"))...)
	if !bytes.Equal(contents(t, path("m.json")), contents(t, path("whole.json"))) || !bytes.Equal(contents(t, path("log.csv")), contents(t, path("whole.csv"))) {
		t.Error("resumed without -valid, the training ends in another model or other losses")
	}
	copied := put(t, dir, "moved.csv", string(contents(t, path("valid.csv"))))
	must(t, append(again, "-valid", copied, path("data.csv"))...)
	fails(t, hnn(t, "", append(again, "-valid", path("other.csv"), path("data.csv"))...), 1, "the validation set is another")
	os.Remove(path("valid.csv"))
	fails(t, hnn(t, "", append(again, path("data.csv"))...), 1, "valid.csv: no such file")
	must(t, append(again, "-valid", copied, path("data.csv"))...)
}

// A call that uses one column twice is wrong.
func TestOverlappingColumns(t *testing.T) {
	data := filepath.Join(trainData(t), "data.csv")
	for args, want := range map[string]string{
		"-q q -p q":               "-q and -p both name the column q",
		"-q q -p t":               "-p and -t both name the column t",
		"-q q,q -p p,dp":          "-q and -q both name the column q",
		"-q q -p p -t p":          "-p and -t both name the column p",
		"-q q -p p -run q":        "-q and -run both name the column q",
		"-q q -p p -t s -run s":   "-t and -run both name the column s",
		"-q run -p p -holdout .1": "-q and -run both name the column run",
	} {
		fails(t, hnn(t, "", append(append([]string{"train"}, strings.Fields(args)...), data)...), 2, want)
	}
	fails(t, hnn(t, "", "eval", "-q", "q", "-p", "q", "m.json", data), 2, "-q and -p both name the column q")
}

// orbit is a CSV of t, q and p at n times dt apart, from 0.
func orbitOf(n int, dt float64, at func(t float64) (q, p float64)) string {
	var b strings.Builder
	b.WriteString("t,q,p\n")
	for i := range n {
		u := dt * float64(i)
		q, p := at(u)
		fmt.Fprintf(&b, "%v,%v,%v\n", u, q, p)
	}
	return b.String()
}

func circle(t float64) (q, p float64) { return math.Cos(t), -math.Sin(t) }

// A training that learned nothing warns, with the likely cause, and before it of what hnn check doubts.
// A good training does not warn.
func TestPoorTraining(t *testing.T) {
	dir := t.TempDir()
	src := rand.NewPCG(1, 2)
	var b strings.Builder
	b.WriteString("run,t,q,p\n")
	for i := range 400 { // two amplitudes
		u, a := 0.1*float64(i%200), 1-0.6*float64(i/200)
		q, p := circle(u)
		fmt.Fprintf(&b, "%d,%v,%v,%v\n", i/200, u, a*q, a*p)
	}
	good := put(t, dir, "good.csv", b.String())
	far := put(t, dir, "far.csv", strings.Replace(b.String(), "\n0,2,", "\n0,2,1e30,0\n0,2.01,", 1))
	ring := put(t, dir, "ring.csv", orbitOf(400, 0.1, circle))
	noisy := put(t, dir, "noisy.csv", orbitOf(400, 0.05, func(t float64) (q, p float64) {
		q, p = circle(t)
		return q + 0.2*random.Normal(src), p + 0.2*random.Normal(src)
	}))
	wrapped := put(t, dir, "wrapped.csv", orbitOf(400, 0.05, func(t float64) (q, p float64) {
		return math.Remainder(2*t, 2*math.Pi), 2 + 0.3*math.Sin(2*t)
	}))
	for _, c := range []struct {
		data, lr, want string
		lines          int
	}{
		{good, "0.01", "", 0},
		{ring, "0.01", "all states are of about one amplitude", 1},
		{good, "5", "the learning rate is too high", 1},
		{far, "0.01", "row 20 has 1e+30 in component 0, far from all others: remove it", 3},
		{noisy, "0.01", "the data are noisy", 4},
		{wrapped, "0.01", "it jumps by about 2π: if it is an angle, want -periodic q", 1},
	} {
		r := hnn(t, "", "train", "-quiet", "-hidden", "16", "-epochs", "60", "-lr", c.lr, "-o", filepath.Join(dir, "m.json"), c.data)
		prefix := "hnn: warning: " + c.data + ":"
		if r.status != 0 || c.want == "" && r.errors != "" ||
			c.want != "" && (!strings.HasPrefix(r.errors, prefix) || !strings.Contains(r.errors, c.want) || strings.Count(r.errors, prefix) != c.lines || strings.Count(r.errors, "\n") != c.lines) {
			t.Errorf("%s, rate %s: %+v", c.data, c.lr, r)
		}
	}
}

// The errors for too few rows and for too large values say so.
func TestFewAndHuge(t *testing.T) {
	dir := t.TempDir()
	few := put(t, dir, "few.csv", orbitOf(3, 0.1, circle))
	two := put(t, dir, "two.csv", orbitOf(2, 0.1, circle))
	huge := put(t, dir, "huge.csv", orbitOf(50, 0.1, func(t float64) (q, p float64) { return 1e200 * math.Cos(t), 1e200 * math.Sin(t) }))
	one := put(t, dir, "one.csv", strings.Replace(orbitOf(50, 0.1, circle), "\n2,", "\n2,1e200,0\n2.01,", 1))
	constant := put(t, dir, "constant.csv", orbitOf(50, 0.1, func(t float64) (q, p float64) { return t, 1 }))
	for data, want := range map[string]string{
		two:      "the longest trajectory without a gap has 2 rows: want at least 3",
		few:      "1 rows of states and 1 of derivatives are left: want at least 2",
		huge:     "the square of component 0 of the states overflows: want values below 1e150, in other units",
		one:      "the square of component 0 of the states overflows",
		constant: "component 1 of the states does not vary",
	} {
		fails(t, hnn(t, "", "train", "-o", filepath.Join(dir, "m.json"), data), 1, want)
	}
}

// States on two sides of a gap are not compared, and a warning names the gap. The model is
// the same as for two trajectories.
func TestGapInData(t *testing.T) {
	dir := t.TempDir()
	rows := strings.Split(strings.TrimSpace(orbitOf(240, 0.1, circle)), "\n")[1:]
	gap, runs := "t,q,p\n", "run,t,q,p\n"
	for i, row := range rows {
		if i >= 100 && i < 140 {
			continue
		}
		gap += row + "\n"
		runs += strconv.Itoa(i/120) + "," + row + "\n"
	}
	for _, by := range []string{"-derivatives central", "-order 6", "-derivatives midpoint", "-derivatives smooth", "-stride 3", "-objective step", "-kind nextstate"} {
		network := func(csv, warning string) string {
			args := append([]string{"train", "-hidden", "8", "-lr", "0.05", "-epochs", "20", "-quiet", "-o", filepath.Join(dir, "m.json")}, strings.Fields(by)...)
			r := hnn(t, "", append(args, put(t, dir, "data.csv", csv))...)
			if r.status != 0 || !strings.Contains(r.errors, warning) || warning == "" && r.errors != "" {
				t.Errorf("%s: %+v, want %q", by, r, warning)
			}
			_, parts, _ := strings.Cut(unsealed(string(contents(t, filepath.Join(dir, "m.json")))), `"parts":`)
			return parts
		}
		if network(gap, "intervals longer than 8 times the usual one: 1: trajectories are cut there") != network(runs, "") {
			t.Errorf("%s: another model than of two trajectories", by)
		}
	}
}

// The file of -log has a row for each epoch, also for those before a training was resumed.
func TestLossLog(t *testing.T) {
	dir := trainData(t)
	path := func(name string) string { return filepath.Join(dir, name) }
	args := []string{"train", "-quiet", "-hidden", "8", "-epochs", "9", "-holdout", "0.3", "-log", path("log.csv"), "-o", path("m.json")}
	must(t, append(args, path("data.csv"))...)
	whole := contents(t, path("log.csv"))
	log, err := table.ReadFile(t.Context(), path("log.csv"))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Join(log.Header, ",") != "epoch,stage,step,loss,valid,rate" || log.Rows() != 9 {
		t.Fatalf("%v, %d rows", log.Header, log.Rows())
	}
	epoch, _ := log.Col("epoch")
	step, _ := log.Col("step")
	for i := range epoch {
		if epoch[i] != float64(i+1) || step[i] != 7*epoch[i] { // 402 rows in batches of 64
			t.Errorf("row %d: epoch %v, step %v", i, epoch[i], step[i])
		}
	}
	os.Remove(path("log.csv"))
	r := inside(t, false, "epoch 4/", append([]string{"train", "-checkpoint", path("c")}, append(args[2:], path("data.csv"))...)...)
	if r.status != 130 {
		t.Fatalf("%+v", r)
	}
	if _, err := os.Stat(path("log.csv")); err == nil {
		t.Error("an interrupted training wrote its log")
	}
	must(t, "train", "-quiet", "-resume", path("c"), "-log", path("log.csv"), "-o", path("m.json"), path("data.csv"))
	if !bytes.Equal(contents(t, path("log.csv")), whole) {
		t.Errorf("resumed: %s\nwant %s", contents(t, path("log.csv")), whole)
	}
}

// A model is not written to a terminal. This is refused before the work.
func TestModelToScreen(t *testing.T) {
	data := filepath.Join(trainData(t), "data.csv")
	fails(t, inside(t, true, "", "train", data), 2, "name a file with -o, or send standard output to one")
	fails(t, inside(t, true, "", "train", "none.csv"), 2, "name a file with -o") // before the data are read
	if r := inside(t, true, "", "train", "-quiet", "-epochs", "3", "-hidden", "4", "-o", data+".json", data); r.status != 0 {
		t.Errorf("%+v", r)
	}
}

// A training that has ended goes on with more epochs. With the same epochs it says that all
// were done before.
func TestMoreEpochs(t *testing.T) {
	dir := trainData(t)
	path := func(name string) string { return filepath.Join(dir, name) }
	train := func(args ...string) string {
		r := hnn(t, "", append(append([]string{"train"}, args...), "-o", path("m.json"), path("data.csv"))...)
		if r.status != 0 {
			t.Fatalf("%+v", r)
		}
		return r.errors
	}
	const done = "all epochs were done before this call: more -epochs go on"
	fresh := []string{"-hidden", "8", "-lr", "0.02", "-schedule", "constant"}
	train(append(fresh, "-epochs", "30")...)
	want := contents(t, path("m.json"))
	if s := train(append(fresh, "-epochs", "20", "-checkpoint", path("c"))...); strings.Contains(s, done) || !strings.Contains(s, "20 epochs") {
		t.Error(s)
	}
	twenty := contents(t, path("m.json"))
	for _, same := range [][]string{{}, {"-epochs", "20"}} {
		if s := train(append(same, "-resume", path("c"))...); !strings.Contains(s, done) || !bytes.Equal(contents(t, path("m.json")), twenty) {
			t.Errorf("%v: %s", same, s)
		}
	}
	if s := train("-resume", path("c"), "-epochs", "30"); strings.Contains(s, done) || !strings.Contains(s, "30 epochs") || !bytes.Equal(contents(t, path("m.json")), want) {
		t.Error(s, "or another model than in one go")
	}
	// A new patience counts from where the training goes on.
	if s := train("-resume", path("c"), "-epochs", "40", "-patience", "3"); !strings.Contains(s, "lowest loss") || strings.Contains(s, done) {
		t.Error(s)
	}
}

// Two optimisers work one after the other. The training can be interrupted in both.
func TestTwoOptimizers(t *testing.T) {
	dir := trainData(t)
	path := func(name string) string { return filepath.Join(dir, name) }
	args := []string{"train", "-hidden", "8", "-optimizer", "adam,sgd", "-epochs", "20,5", "-lr", "0.01", "-momentum", "0.5"}
	must(t, append(args, "-log", path("log.csv"), "-o", path("m.json"), path("data.csv"))...)
	want, log := contents(t, path("m.json")), contents(t, path("log.csv"))
	tab, err := table.ReadFile(t.Context(), path("log.csv"))
	if err != nil {
		t.Fatal(err)
	}
	stage, _ := tab.Col("stage")
	for i, s := range stage {
		if len(stage) != 25 || s != float64(i/20) {
			t.Fatalf("stages %v", stage)
		}
	}
	for _, at := range []string{"epoch 7/25", "epoch 20/25", "epoch 23/25"} {
		r := inside(t, false, at, append(args, "-checkpoint", path("c"), "-o", path("n.json"), path("data.csv"))...)
		if r.status != 130 {
			t.Fatalf("%s: %+v", at, r)
		}
		must(t, "train", "-quiet", "-resume", path("c"), "-log", path("log2.csv"), "-o", path("n.json"), path("data.csv"))
		if !bytes.Equal(contents(t, path("n.json")), want) || !bytes.Equal(contents(t, path("log2.csv")), log) {
			t.Errorf("interrupted at %s: another model or other losses", at)
		}
		os.Remove(path("c"))
	}
	for args, want := range map[string]string{
		"-optimizer adam,adams":             `no optimiser is called "adams": want one of`,
		"-optimizer adam,sgd -epochs 1,2,3": "-epochs has 3 numbers: want 1, or 2",
		"-epochs 3,4":                       "-epochs has 2 numbers: want 1",
	} {
		fails(t, hnn(t, "", append(append([]string{"train"}, strings.Fields(args)...), path("data.csv"))...), 2, want)
	}
}
