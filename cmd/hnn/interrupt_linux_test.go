package main

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"hnn/autodiff/random"
	"hnn/cmd/hnn/internal/table"
)

// signalled starts the program, sends it a signal after a while and waits for its end. A
// signal that comes before the program has begun kills it; then the next while is longer.
// in is its standard input, nil for one that stays empty and open; dir is for its temporary
// files.
func signalled(t *testing.T, sig syscall.Signal, dir string, in io.Reader, args ...string) (status int, says string) {
	t.Helper()
	for while := 100 * time.Millisecond; ; while *= 2 {
		cmd := program(args...)
		var errs bytes.Buffer
		cmd.Stderr, cmd.Stdin = &errs, in
		cmd.Env = append(cmd.Env, "TMPDIR="+dir)
		if in == nil {
			if _, err := cmd.StdinPipe(); err != nil { // Wait closes it
				t.Fatal(err)
			}
		}
		out, err := cmd.StdoutPipe() // which nobody reads
		if err != nil {
			t.Fatal(err)
		}
		defer out.Close()
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(while)
		begin := time.Now()
		cmd.Process.Signal(sig)
		kill := time.AfterFunc(latest()+time.Second, func() { cmd.Process.Kill() })
		state, err := cmd.Process.Wait() // and not cmd.Wait, which waits for in too
		if err != nil {
			t.Fatal(err)
		}
		if took := time.Since(begin); took > latest() {
			t.Errorf("%v: ended %v later", args, took)
		}
		kill.Stop()
		cmd.Wait() // for what it says
		if state.Sys().(syscall.WaitStatus).Signaled() && while < time.Minute {
			continue
		}
		return state.ExitCode(), errs.String()
	}
}

// A signal ends the program soon, whatever it is doing, with the status of the signal, with
// one line, and without a file.
func TestSignals(t *testing.T) {
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	must(t, "simulate", "-n", "2", "-duration", "5", "-manifest", path("m"), "-o", path("d.csv"))
	for _, kind := range []string{"hnn", "nextstate"} {
		must(t, "train", "-quiet", "-hidden", "4", "-epochs", "1", "-kind", kind, "-o", path(kind), path("d.csv"))
	}
	edited(t, path("m"), `"n": "2"`, `"n": "1000000"`)
	if err := syscall.Mkfifo(path("pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	put(t, dir, "peer", "sleep 9 &\nwhile read row; do :; done\n") // whose child keeps its output open
	sum := "p^2"
	for i := range 600 {
		sum += fmt.Sprintf("+sin(q+%d)", i)
	}
	for i, c := range []struct{ name, args string }{
		{"a pipe without a writer", "train -o OUT/x DIR/pipe"},
		{"a model from a pipe", "rollout DIR/pipe"},
		{"a checkpoint from a pipe", "train -resume DIR/pipe -o OUT/x DIR/d.csv"},
		{"a manifest from a pipe", "replay DIR/pipe"},
		{"idle input", "train -o OUT/x -"},
		{"an idle model", "rollout -"},
		{"blank lines", "train -o OUT/x -"},
		{"a map", "rollout -duration 9e6 -o OUT/x DIR/nextstate"},
		{"a field", "rollout -duration 9e6 -dt 0.1 -method RK4 -o OUT/x DIR/hnn"},
		{"a grid", "field -points 3000 -o OUT/x DIR/hnn"},
		{"output that nobody reads", "simulate -n 100"},
		{"many trajectories", "simulate -n 1000000 -o OUT/x"},
		{"initial weights", "train -init orthogonal -hidden 2000,2000 -o OUT/x DIR/d.csv"},
		{"initial states", "simulate -H " + sum + " -high -1e9 -o OUT/x"},
		{"a training", "train -quiet -epochs 1000000 -o OUT/x DIR/d.csv"},
		{"the calls of a sweep", "sweep -out OUT/x -seeds 1000000 spring"},
		{"a replay", "replay DIR/edited.m"},
		{"a peer that does not answer", "bench -only tanh -ms 1 -peer=sh|DIR/peer"},
		{"a bench", "bench -only tanh -ms 1e6"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			out := t.TempDir()
			args := strings.Fields(strings.NewReplacer("OUT", out, "DIR", dir).Replace(c.args))
			for j := range args {
				args[j] = strings.ReplaceAll(args[j], "|", " ")
			}
			var in io.Reader
			if c.name == "blank lines" {
				in = endless("\n")
			}
			sig := []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP}[i%3]
			if signal.Ignored(sig) { // as by nohup, which the program respects
				sig = syscall.SIGTERM
			}
			status, says := signalled(t, sig, out, in, args...)
			if status != 128+int(sig) || says != "hnn "+args[0]+": interrupted\n" {
				t.Errorf("status %d: %.300s\nwant %d", status, says, 128+int(sig))
			}
			if files, _ := os.ReadDir(out); len(files) != 0 {
				t.Errorf("left %v", files)
			}
		})
	}
}

// Every command ends soon after an interrupt at any moment, and leaves each of its files whole
// or does not write it. What was saved serves: the call goes on to the same bytes.
func TestRandomInterrupts(t *testing.T) {
	if !*long {
		t.Skip("only with -long")
	}
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	must(t, "simulate", "-n", "20", "-duration", "50", "-noise", "0.1", "-o", path("d.csv"))
	must(t, "train", "-quiet", "-epochs", "1", "-hidden", "16", "-o", path("m.json"), path("d.csv"))
	must(t, "simulate", "-n", "200", "-manifest", path("x.m"), "-o", path("x.csv"))
	for _, c := range []struct {
		args, again string // again: the call that goes on, "" if there is none
	}{
		{"train -quiet -hidden 64,64 -epochs 10 -log OUT/l.csv -checkpoint OUT/ckpt -every 1 -manifest OUT/m -o OUT/model DIR/d.csv",
			"train -quiet -resume OUT/ckpt -log OUT/l.csv -o OUT/model DIR/d.csv"},
		{"spring -quiet -train 4 -test 2 -duration 10 -rollout 5 -epochs 60 -hidden 32,32 -out OUT",
			"spring -quiet -train 4 -test 2 -duration 10 -rollout 5 -epochs 60 -hidden 32,32 -continue -out OUT"},
		{"sweep -quiet -seeds 20 -out OUT train -hidden 16 -epochs 2 DIR/d.csv", "sweep -quiet -seeds 20 -out OUT train -hidden 16 -epochs 2 DIR/d.csv"},
		{"simulate -n 400 -events q=0 -events-o OUT/e -manifest OUT/m -o OUT/x", ""},
		{"rollout -duration 2000 -dt 0.01 -manifest OUT/m -o OUT/x DIR/m.json", ""},
		{"eval -manifest OUT/m -o OUT/x DIR/m.json DIR/d.csv", ""},
		{"field -points 600 -manifest OUT/m -o OUT/x DIR/m.json", ""},
		{"replay DIR/x.m", ""},
		{"verify", ""},
		{"bench -quick", ""},
	} {
		t.Run(strings.Fields(c.args)[0], func(t *testing.T) {
			call := func(text, out string) []string {
				return strings.Fields(strings.NewReplacer("OUT", out, "DIR", dir).Replace(text))
			}
			whole := t.TempDir()
			start := time.Now()
			must(t, call(c.args, whole)...)
			duration := time.Since(start)
			want := files(t, whole)
			src, slowest, ended := rand.NewPCG(1, 1), time.Duration(0), map[int]int{}
			for range 100 {
				out := filepath.Join(dir, "out")
				if err := os.Mkdir(out, 0o755); err != nil {
					t.Fatal(err)
				}
				cmd := program(call(c.args, out)...)
				cmd.Env = append(cmd.Env, "TMPDIR="+out)
				if err := cmd.Start(); err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Duration(random.Uniform(src) * float64(duration)))
				begin := time.Now()
				cmd.Process.Signal(syscall.SIGINT)
				cmd.Wait()
				slowest = max(slowest, time.Since(begin))
				status := cmd.ProcessState.ExitCode() // -1 for a signal that comes before the program has begun
				ended[status]++
				left := files(t, out)
				for name, text := range left {
					saved := strings.HasSuffix(name, "ckpt") || name == "sweep.json"
					if text != want[name] && !(saved && status != 0) {
						t.Errorf("%s: status %d and another file %s of %d bytes", c.args, status, name, len(text))
					}
				}
				if status != 0 && status != 130 && status != -1 || status == 0 && len(left) != len(want) {
					t.Errorf("%s: status %d, %d files: want %d", c.args, status, len(left), len(want))
				}
				if _, saved := left["ckpt"]; status != 0 && c.again != "" && (saved || !strings.Contains(c.args, "OUT/ckpt")) {
					must(t, call(c.again, out)...)
					for name, text := range want {
						if name != "ckpt" && name != "m" && string(contents(t, filepath.Join(out, name))) != text {
							t.Errorf("%s: %s is another file than without the interrupt", c.again, name)
						}
					}
				}
				if err := os.RemoveAll(out); err != nil {
					t.Fatal(err)
				}
			}
			if t.Logf("%s: of %v, ended within %v, statuses %v", c.args, duration, slowest, ended); slowest > 2*time.Second {
				t.Errorf("%s: ended %v later", c.args, slowest)
			}
		})
	}
}

// Twenty runs at once with the same files leave whole files of one of them, or are refused. If
// files of several runs are left, one of these has found that its manifest is wrong.
func TestConcurrentRuns(t *testing.T) {
	if !*long {
		t.Skip("only with -long")
	}
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	must(t, "simulate", "-n", "3", "-duration", "20", "-noise", "0.1", "-o", path("d.csv"))
	must(t, "train", "-quiet", "-epochs", "1", "-hidden", "16", "-o", path("m.json"), path("d.csv"))
	const replaced = "was replaced while this run wrote its files"
	for _, c := range []struct {
		args     string // N is the number of the run
		together bool   // all files are of one run
		refusal  string // of the others, "" if there is none
	}{
		{"spring -quiet -train 4 -test 2 -duration 10 -rollout 5 -epochs 5 -hidden 16 -seed N -out OUT", true, "another run is writing its files there"},
		{"sweep -quiet -seeds 3 -out OUT train -hidden 4 -epochs 1N DIR/d.csv", true, "describes another sweep"},
		{"train -quiet -hidden 8 -epochs 5 -seed N -log OUT/l.csv -manifest OUT/m -o OUT/model DIR/d.csv", false, replaced},
		{"train -quiet -hidden 8 -epochs 5 -seed N -checkpoint OUT/ckpt -every 1 -o OUT/model DIR/d.csv", false, ""},
		{"simulate -n 5 -seed N -events q=0 -events-o OUT/e -manifest OUT/m -o OUT/x", false, replaced},
		{"rollout -duration 50 -state 0.N,0 -manifest OUT/m -o OUT/x DIR/m.json", false, replaced},
		{"eval -rtol 1e-N -manifest OUT/m -o OUT/x DIR/m.json DIR/d.csv", false, replaced},
		{"field -points 2N -manifest OUT/m -o OUT/x DIR/m.json", false, replaced},
		{"bench -quick -only tanh -o OUT/x", false, ""},
	} {
		const n = 20
		call := func(i int, out string) []string {
			return strings.Fields(strings.NewReplacer("OUT", out, "DIR", dir, "N", strconv.Itoa(i)).Replace(c.args))
		}
		var alone []map[string]string
		for i := range n {
			out := t.TempDir()
			must(t, call(i, out)...)
			alone = append(alone, files(t, out))
		}
		out := t.TempDir()
		var cmds []*exec.Cmd
		var says [n]bytes.Buffer
		for i := range n {
			cmd := program(call(i, out)...)
			cmd.Stderr = &says[i]
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			cmds = append(cmds, cmd)
		}
		done := 0
		for i, cmd := range cmds {
			if cmd.Wait() == nil {
				done++
			} else if c.refusal == "" || !strings.Contains(says[i].String(), c.refusal) {
				t.Errorf("%v: %s", cmd.Args[1:], says[i].String())
			}
		}
		left := files(t, out)
		if done == 0 && c.refusal != replaced || len(left) != len(alone[0]) {
			t.Errorf("%s: %d runs ended well, %d files: want %d", c.args, done, len(left), len(alone[0]))
		}
		var of []int // runs that left all of their files
		for i := range alone {
			if maps.Equal(alone[i], left) {
				of = append(of, i)
			}
		}
		if mixed := len(of) != 1; mixed && (c.together || c.refusal == replaced && done == n) {
			t.Errorf("%s: the files are those of the runs %v: want one, or one that finds it", c.args, of)
		}
		for name, text := range left {
			if !strings.HasPrefix(c.args, "bench") && !slices.ContainsFunc(alone, func(a map[string]string) bool { return a[name] == text }) {
				t.Errorf("%s: %s of %d bytes is of none of the runs", c.args, name, len(text))
			}
		}
		t.Logf("%s: %d of %d done, all files of run %v", c.args, done, n, of)
	}
}

// The directory of an experiment is held by one run.
func TestHold(t *testing.T) {
	dir := t.TempDir()
	release, err := table.Hold(dir)
	if err != nil {
		t.Fatal(err)
	}
	args := append([]string{"spring", "-out", dir}, little...)
	fails(t, hnn(t, "", args...), 1, dir+": another run is writing its files there")
	if left := files(t, dir); len(left) != 0 {
		t.Errorf("left %v", left)
	}
	release()
	must(t, args...)
}
