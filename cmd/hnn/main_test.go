package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"hnn/cmd/hnn/internal/table"
)

// The tests run the program itself: this binary is the program if the environment says so.
func TestMain(m *testing.M) {
	if os.Getenv("HNN_TEST_MAIN") != "" {
		main()
	}
	os.Exit(m.Run())
}

type result struct {
	status      int
	out, errors string
}

func program(args ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), "HNN_TEST_MAIN=1")
	return cmd
}

func hnn(t *testing.T, stdin string, args ...string) result {
	t.Helper()
	if runtime.GOOS == "js" {
		t.Skip("no processes on js")
	}
	cmd := program(args...)
	var out, errs bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &out, &errs
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return result{cmd.ProcessState.ExitCode(), out.String(), errs.String()}
}

// must runs the program, which has to succeed, and returns its standard output.
func must(t *testing.T, args ...string) string {
	t.Helper()
	r := hnn(t, "", args...)
	if r.status != 0 {
		t.Fatalf("hnn %v: status %d: %s", args, r.status, r.errors)
	}
	return r.out
}

// fails checks that a call ends with the status and one line that contains want.
func fails(t *testing.T, r result, status int, want string) {
	t.Helper()
	if r.status != status || !strings.Contains(r.errors, want) || strings.Count(r.errors, "\n") != 1 || r.out != "" ||
		strings.Contains(r.errors, "goroutine") {
		t.Errorf("status %d, stdout %.100q, stderr:\n%s\nwant %d and %q", r.status, r.out, r.errors, status, want)
	}
}

// inside runs the program in this process, for tests that need a terminal or an interrupt at a
// given moment. It is interrupted when it has written the text until to standard error, "" for
// never. Standard error is a terminal, and standard output is one if screen is set.
func inside(t *testing.T, screen bool, until string, args ...string) result {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var out bytes.Buffer
	errs := &watched{until: until, stop: cancel}
	e := &env{ctx: ctx, stdout: &out, stderr: errs, terminal: true, screen: screen}
	status := e.main(args)
	return result{status, out.String(), errs.String()}
}

// latest is how long an interrupted program may take to end. A machine that is busy with
// other tests says little of that.
func latest() time.Duration {
	if *long {
		return 2 * time.Second
	}
	return 30 * time.Second
}

// watched calls stop when until has been written to it.
type watched struct {
	bytes.Buffer
	until string
	stop  func()
}

func (w *watched) Write(b []byte) (int, error) {
	n, err := w.Buffer.Write(b)
	if w.until != "" && strings.Contains(w.String(), w.until) {
		w.stop()
	}
	return n, err
}

// trainData makes a directory with data.csv, three noisy orbits of a spring.
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

// put writes a file into a directory and returns its name.
func put(t *testing.T, dir, name, text string) string {
	t.Helper()
	name = filepath.Join(dir, name)
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return name
}

// files returns the content of all files below a directory, by name.
func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			name, _ := filepath.Rel(dir, path)
			all[name] = string(contents(t, path))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// unsealed is a model or a checkpoint without the checksum at its end and the last brace.
func unsealed(file string) string {
	b, _, _ := strings.Cut(file, ",\n\"sha256\": ")
	return b
}

// resealed gives an edited checkpoint the checksum that it should have.
func resealed(file string) string {
	b := unsealed(file)
	return fmt.Sprintf("%s,\n\"sha256\": \"%x\"}\n", b, sha256.Sum256([]byte(b)))
}

// little are the flags of an experiment of a second.
var little = []string{"-train", "4", "-test", "2", "-duration", "10", "-rollout", "5", "-epochs", "2", "-hidden", "16,8", "-quiet"}

func springInto(t *testing.T, dir string, args ...string) {
	t.Helper()
	must(t, append(append([]string{"spring", "-out", dir}, little...), args...)...)
}

func TestHelp(t *testing.T) {
	if out := must(t, "help"); !strings.Contains(out, "hnn spring") {
		t.Error(out)
	}
	if out := must(t, "version"); out != "hnn "+version+"\n" {
		t.Error(out)
	}
	for _, c := range commands() {
		out := must(t, c.name, "-h")
		if out != must(t, "help", c.name) || !strings.Contains(out, "Examples:\n") || !strings.Contains(out, "usage: hnn "+c.name) {
			t.Errorf("%s -h:\n%s", c.name, out)
		}
	}
	for _, args := range []string{"help", "-h", "--help", "help help", "help -h", "-h -h", "--help help", "-help -help", "help help help", "help --", "help - -h"} {
		if out := must(t, strings.Fields(args)...); out != usage() && out != "" {
			t.Errorf("%s:\n%s", args, out)
		}
	}
	if r := hnn(t, ""); r.status != 2 || !strings.Contains(r.errors, "usage") || r.out != "" {
		t.Errorf("no arguments: %+v", r)
	}
}

func TestWrongCalls(t *testing.T) {
	dir := t.TempDir()
	out := filepath.Join(dir, "out")
	for _, c := range []struct {
		args string
		want string
	}{
		{"sprong", `unknown command "sprong"`},
		{"spring -nosuch", "-nosuch"},
		{"spring stray", `unexpected argument "stray"`},
		{"spring -epochs", "needs an argument"},
		{"spring -epochs 0", "-epochs: want a whole number from 1"},
		{"spring -epochs -1", "-epochs: want a whole number from 1"},
		{"spring -epochs 1e3", "-epochs: want a whole number"},
		{"spring -epochs 9999999999999999999", "-epochs: want a whole number"},
		{"spring -train 0", "-train: want"},
		{"spring -hidden 3,0", "-hidden: want"},
		{"spring -hidden=", "-hidden: want"},
		{"spring -lr 0", "-lr: want a number above 0"},
		{"spring -lr NaN", "-lr: want a number above 0"},
		{"spring -lr Inf", "-lr: want"},
		{"spring -lr 1e-400", "-lr: want"},
		{"spring -lr 0x1p-3", "-lr: want"},
		{"spring -noise -0.1", "-noise: want a number from 0"},
		{"spring -noise nan", "-noise: want"},
		{"spring -step 0", "-step: want"},
		{"spring -step 1e-300", "-duration 100 in steps of 1e-300"},
		{"spring -duration -1", "-duration: want"},
		{"spring -duration 1e300", "1e+300"},
		{"spring -rollout 1e300", "1e+300"},
		{"spring -m 0", "-m: want"},
		{"spring -k -2", "-k: want"},
		{"spring -beta1 1", "-beta1: want a number from 0 to below 1"},
		{"spring -low 2", "-low 2 is above -high 1"},
		{"spring -energies 0.5,-1", "-energies: want"},
		{"spring -energies 0", "-energies: want"},
		{"spring -energies 1e308 -k 1e-300", "-energies 1e+308"},
		{"spring -points 1000000", "-points 1000000: at most 10000"},
		{"spring -seeds 3", "-seeds belongs to -protocol paper"},
		{"spring -protocol paper -lr 1", "-lr: the numbers of -protocol paper are fixed"},
		{"spring -points 1", "-points: want"},
		{"spring -activation relu", "-activation: want one of [tanh"},
		{"spring -schedule linear", "-schedule: want one of"},
		{"spring -init zero", "-init: want one of"},
		{"spring -seed -1", "-seed: want"},
		{"simulate -n 0", "-n: want"},
		{"simulate -method euler", "-method euler: want one of [RK45 RK23 DOP853], [RK4"},
		{"simulate -method rk4 -dt 0", "-method RK4 needs the length of its steps, -dt"},
		{"simulate -method leapfrog -dt 0.1 -rtol 1e-3", "takes steps of -dt and no tolerances: use RK45"},
		{"simulate -method leapfrog -dt 0.1 -events q=0 -events-o x", "use RK45 or DOP853"},
		{"simulate -dt 1e-300", "at most 100000000 are taken"},
		{"simulate -max-step 1e-300", "at most 100000000 are taken"},
		{"simulate -events q=0", "-events and -events-o go together"},
		{"simulate -events-o x", "-events and -events-o go together"},
		{"simulate -events r=0 -events-o x", `-events "r=0": want one of [q p]`},
		{"simulate -events q=NaN -events-o x", "-events"},
		{"simulate -events q=0:left -events-o x", "-events"},
		{"simulate -events q=0 -events-o -", "two outputs go to -"},
		{"train", "want a CSV file of data"},
		{"train a.csv b.csv", `unexpected argument "b.csv"`},
		{"train a.csv -seed 1", "flags come first"},
		{"train -kind mlp a.csv", "-kind: want one of"},
		{"rollout", "want a model file"},
		{"rollout -state x,0 m.json", "-state: want a number"},
		{"rollout -dt -1 m.json", "-dt: want"},
		{"eval m.json", "want a model file and a data file"},
		{"field -q-range 1", "-q-range: want two numbers"},
		{"field -over q", "want two components, as in q0,p0"},
		{"eval - -", "cannot both be standard input"},
		{"formula", "want a model file, and perhaps a data file"},
		{"formula -degree 13 m.json", "-degree: want a whole number from 0 to 12"},
		{"field -q-range 2,1", "-q-range: want two numbers"},
		{"field a.json -points 3", "flags come first"},
	} {
		args := strings.Fields(c.args)
		if args[0] == "spring" {
			args = append([]string{"spring", "-out", out}, args[1:]...)
		}
		fails(t, hnn(t, "", args...), 2, c.want)
	}
	if files, _ := os.ReadDir(dir); len(files) != 0 {
		t.Errorf("a wrong call left %v", files)
	}
}

// An output that cannot be written is found before any training.
func TestUnwritable(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, []byte("old"), 0o644); err != nil {
		t.Fatal(err)
	}
	data := filepath.Join(dir, "data.csv")
	must(t, "simulate", "-duration", "5", "-o", data)
	start := time.Now()
	fails(t, hnn(t, "", "spring", "-epochs", "1000000", "-out", filepath.Join(file, "out")), 1, "not a directory")
	fails(t, hnn(t, "", "spring", "-epochs", "1000000", "-out", file), 1, "")
	fails(t, hnn(t, "", "spring", "-epochs", "1000000", "-out", filepath.Join(dir, "no", "such")), 1, "no such file")
	fails(t, hnn(t, "", "train", "-epochs", "1000000", "-o", filepath.Join(file, "m.json"), data), 1, "not a directory")
	fails(t, hnn(t, "", "train", "-epochs", "1000000", "-o", dir, data), 1, "")
	fails(t, hnn(t, "", "train", "-o", data, data), 2, "is an input too")
	if d := time.Since(start); d > 20*time.Second {
		t.Errorf("found after %v", d)
	}
	if b, _ := os.ReadFile(file); string(b) != "old" {
		t.Error("the file in the way was changed")
	}
}

func TestBadData(t *testing.T) {
	dir := t.TempDir()
	out := filepath.Join(dir, "m.json")
	if err := os.WriteFile(out, []byte("old"), 0o644); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ csv, want string }{
		"ragged":     {"t,q,p\n0,1,2\n1,2\n", "standard input:3: 2 fields"},
		"NaN":        {"t,q,p\n0,1,2\n1,NaN,3\n2,3,4\n", `standard input:3: column q: "NaN" is not a finite number`},
		"header":     {"t,x,p\n0,1,2\n", "missing column q (found t, x, p)"},
		"headerless": {"0,1,2\n1,2,3\n", "is a number"},
		"empty":      {"", "empty"},
		"no rows":    {"t,q,p\n", "no data rows"},
		"two rows":   {"t,q,p\n0,1,2\n1,2,3\n", "standard input: nn: the longest trajectory without a gap has 2 rows: want at least 3"},
		"time":       {"t,q,p\n0,1,2\n1,2,3\n1,3,4\n", "standard input:4: column t: 1 does not come after 1"},
		"no time":    {"q,p\n1,2\n2,3\n3,4\n", "no times"},
		"half":       {"q,p,dq\n1,2,3\n", "missing column dp"},
		"pairs":      {"t,q0,q1,p0\n0,1,2,3\n", "missing column p1"},
		"more p":     {"t,q0,p0,p1\n0,1,2,3\n", "column p1 has no matching q1"},
		"constant":   {"t,q,p\n0,1,2\n1,1,3\n2,1,4\n3,1,7\n", "does not vary"},
		"runs":       {"run,t,q,p\n0,0,1,2\n1,0,2,3\n0,1,3,4\n", "run 0 begins again"},
		"huge":       {"q,p,dq,dp\n1,2,1e300,2\n2,1e300,1,1\n3,3,3,3\n", ""},
	} {
		t.Run(name, func(t *testing.T) { fails(t, hnn(t, c.csv, "train", "-o", out, "-"), 1, c.want) })
	}
	fails(t, hnn(t, "t,q,p\n0,1,2\n1,2,3\n3,3,1\n7,2,5\n9,4,4\n", "train", "-kind", "nextstate", "-o", out, "-"), 1, "only 1 of 4 pairs")
	if b, _ := os.ReadFile(out); string(b) != "old" {
		t.Error("a failed run replaced the model")
	}
	if files, _ := os.ReadDir(dir); len(files) != 1 {
		t.Errorf("a failed run left %v", files)
	}
}

// A spring that is too stiff for the steps is an error at once, and does not fill the memory.
func TestBudget(t *testing.T) {
	start := time.Now()
	fails(t, hnn(t, "", "spring", "-k", "1e300", "-out", t.TempDir()), 1, "budget of")
	fails(t, hnn(t, "", "simulate", "-set", "k=1e300", "-o", filepath.Join(t.TempDir(), "x.csv")), 1, "budget of")
	if d := time.Since(start); d > 20*time.Second {
		t.Errorf("found after %v", d)
	}
}

// A learning rate that is far too high ends the training with an error that names the step.
// No file is written.
func TestDivergence(t *testing.T) {
	dir := t.TempDir()
	fails(t, hnn(t, "", append([]string{"spring", "-out", dir, "-lr", "1e308"}, little...)...), 1, "step")
	if files, _ := os.ReadDir(dir); len(files) != 0 {
		t.Errorf("left %v", files)
	}
}

func TestBadModels(t *testing.T) {
	dir := t.TempDir()
	springInto(t, dir)
	b, err := os.ReadFile(filepath.Join(dir, "hnn.json"))
	if err != nil {
		t.Fatal(err)
	}
	cut := filepath.Join(dir, "cut.json")
	if err := os.WriteFile(cut, b[:len(b)/2], 0o644); err != nil {
		t.Fatal(err)
	}
	fails(t, hnn(t, "", "rollout", cut), 1, "cut.json: nn: load: ")
	fails(t, hnn(t, "", "rollout", filepath.Join(dir, "none.json")), 1, "no such file")
	fails(t, hnn(t, "", "rollout", dir), 1, "")
	fails(t, hnn(t, "", "rollout", filepath.Join(dir, "train.csv")), 1, "train.csv: nn: load: ")
	fails(t, hnn(t, "", "rollout", "-state", "1,2,3,4", filepath.Join(dir, "hnn.json")), 2, "-state has 4 numbers, the model wants 2")
	fails(t, hnn(t, "t,q0,q1,p0,p1\n0,1,2,3,4\n", "eval", "-q", "q0,q1", "-p", "p0,p1", filepath.Join(dir, "hnn.json"), "-"), 1, "4 components of state, the model 2")
}

// simulate, train, rollout, eval and field, one after another, on data with a known result: a
// spring of 2 kg and 8 N/m, in centimetres, ω = 2 rad/s.
func TestPipeline(t *testing.T) {
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	must(t, "simulate", "-set", "m=2,k=8", "-n", "20", "-duration", "8", "-dt", "0.05", "-o", path("true.csv"))
	csv, err := table.ReadFile(t.Context(), path("true.csv"))
	if err != nil {
		t.Fatal(err)
	}
	// The same states without derivatives, q in cm.
	var b strings.Builder
	b.WriteString("run,note,t,q,p\n")
	col := func(name string) []float64 { v, _ := csv.Col(name); return v }
	for i := range csv.Rows() {
		fmt.Fprintf(&b, "%v,x,%v,%v,%v\n", col("run")[i], col("t")[i], 100*col("q")[i], col("p")[i])
	}
	if err := os.WriteFile(path("bare.csv"), []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, kind := range []string{"hnn", "baseline", "nextstate"} {
		must(t, "train", "-quiet", "-kind", kind, "-hidden", "32,16", "-epochs", "100", "-valid", path("bare.csv"), "-o", path(kind+".json"), path("bare.csv"))
	}
	must(t, "rollout", "-state", "35,0", "-duration", "20", "-dt", "0.01", "-o", path("roll.csv"), path("hnn.json"))
	roll, err := table.ReadFile(t.Context(), path("roll.csv"))
	if err != nil {
		t.Fatal(err)
	}
	q, _ := roll.Col("q")
	h, _ := roll.Col("H")
	if roll.Rows() != 2001 {
		t.Fatalf("%d rows", roll.Rows())
	}
	crossings := 0
	first, last := 0., 0.
	for i := 1; i < len(q); i++ {
		if q[i-1] < 0 && q[i] >= 0 {
			last = 0.01 * (float64(i) - q[i]/(q[i]-q[i-1]))
			if crossings++; crossings == 1 {
				first = last
			}
		}
		if math.Abs(h[i]-h[0]) > 1e-4*math.Abs(h[0]) {
			t.Fatalf("row %d: H = %v, at first %v", i, h[i], h[0])
		}
	}
	if period := (last - first) / float64(crossings-1); math.Abs(period-math.Pi) > 0.01*math.Pi {
		t.Errorf("period %v, want π", period)
	}
	for _, kind := range []string{"hnn", "baseline", "nextstate"} {
		out := must(t, "eval", path(kind+".json"), path("bare.csv"))
		lines := strings.Split(strings.TrimSpace(out), "\n")
		if len(lines) != 22 || lines[0] != "run,rows,mse,step_rmse,coord_rmse,within10,within30,noise,H_mean,H_spread" || !strings.HasPrefix(lines[21], "all,") {
			t.Errorf("eval of %s:\n%s", kind, out)
		}
		must(t, "rollout", "-state", "50,0", "-duration", "3", "-o", path("r.csv"), path(kind+".json"))
	}
	out := must(t, "field", "-system", "spring", "-points", "3", "-q-range", "-50,50", path("hnn.json"), path("baseline.json"), path("nextstate.json"))
	if lines := strings.Split(out, "\n"); len(lines) != 11 || lines[0] != "q,p,H,dq,dp,H_hnn,dq_hnn,dp_hnn,dq_baseline,dp_baseline,next_q_nextstate,next_p_nextstate" {
		t.Errorf("field:\n%s", out)
	}
}

// An interrupt ends the program with status 130 and leaves no incomplete file.
func TestInterrupt(t *testing.T) {
	if runtime.GOOS == "windows" || runtime.GOOS == "js" {
		t.Skip("no signals")
	}
	dir := t.TempDir()
	for _, c := range []struct {
		args []string
		left string // in the directory
		says string
	}{
		{[]string{"spring", "-epochs", "1000000", "-out", dir}, ".ckpt", "hnn spring: saved in " + dir + "; the same call with -continue goes on\n"},
		{[]string{"simulate", "-n", "1000000", "-o", filepath.Join(dir, "x.csv")}, "", ""},
	} {
		for while := 250 * time.Millisecond; ; while *= 2 { // until it has something to save
			cmd := program(c.args...)
			var errs bytes.Buffer
			cmd.Stderr = &errs
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			time.Sleep(while)
			cmd.Process.Signal(syscall.SIGINT)
			cmd.Wait()
			status, want := cmd.ProcessState.ExitCode(), c.says+"hnn "+c.args[0]+": interrupted\n"
			if status == 130 && errs.String() == want {
				break
			}
			if while > time.Minute || status != 130 && status != -1 {
				t.Fatalf("status %d: %s\nwant %s", status, errs.String(), want)
			}
		}
		files, _ := os.ReadDir(dir)
		for _, f := range files {
			if c.left == "" || filepath.Ext(f.Name()) != c.left {
				t.Errorf("left %v", f)
			}
			os.Remove(filepath.Join(dir, f.Name()))
		}
	}
}
