package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
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
		state, err := cmd.Process.Wait() // and not cmd.Wait, which waits for in too
		if err != nil {
			t.Fatal(err)
		}
		if took := time.Since(begin); took > latest() {
			t.Errorf("%v: ended %v later", args, took)
		}
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
