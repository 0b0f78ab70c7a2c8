package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"hnn/cmd/hnn/internal/bench"
)

// script writes a program for the shell that answers rows, and returns its command.
func script(t *testing.T, body string) string {
	t.Helper()
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip("no shell")
	}
	path := filepath.Join(t.TempDir(), "peer.sh")
	if err := os.WriteFile(path, []byte(body), 0o644); err != nil {
		t.Fatal(err)
	}
	return "sh " + path
}

func TestBench(t *testing.T) {
	file := filepath.Join(t.TempDir(), "bench.csv")
	peer := script(t, `while read -r row; do case "$row" in
		"step "*) echo "0.5 in a shell";;
		field*) echo 1e-3;;
		*) echo -;;
	esac; done
	`)
	r := hnn(t, "", "bench", "-quick", "-peer", peer, "-o", file)
	if r.status != 0 || r.errors != "" {
		t.Fatalf("status %d: %s", r.status, r.errors)
	}
	for _, want := range []string{"peak", "matmulT 128×128×64", "tanh", "step 2-128-64-32-1 rows=1 workers=1", "field 2-200-200-1",
		"rollout spring", "rollout 2-128-64-32-1", "experiment epochs=1", "in a shell"} {
		if !strings.Contains(r.out, want) {
			t.Errorf("%q is not in\n%s", want, r.out)
		}
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(b)), "\n")
	if lines[0] != strings.Join(bench.Header, ",") {
		t.Error(lines[0])
	}
	for _, line := range lines[1:] {
		cell := map[string]string{}
		for i, c := range strings.Split(line, ",") {
			cell[bench.Header[i]] = c
		}
		row := cell["row"]
		if cell["s"] == "" || cell["allocs"] == "" {
			t.Errorf("no time in %s", line)
		}
		step := strings.HasPrefix(row, "step")
		product := strings.Contains(row, "×") || row == "peak" || step
		if (cell["share"] != "") != product || (cell["gflops"] != "") != product || (cell["of_product"] != "") != step {
			t.Errorf("share of the peak in %s", line)
		}
		if peered := strings.HasPrefix(row, "step") || strings.HasPrefix(row, "field"); (cell["ratio"] != "") != peered {
			t.Errorf("ratio in %s", line)
		}
		if strings.HasPrefix(row, "step") && (cell["peer_s"] != "0.5" || cell["remark"] != "in a shell") {
			t.Errorf("the peer's answer in %s", line)
		}
		if strings.Contains(row, "workers=2") != (cell["gain"] != "") {
			t.Errorf("gain in %s", line)
		}
		if a, err := strconv.ParseFloat(cell["allocs"], 64); strings.HasPrefix(row, "field") && !(err == nil && a < 0.1) {
			t.Errorf("allocations in %s", line)
		}
	}
}

func TestBenchFails(t *testing.T) {
	quick := func(args ...string) result {
		return hnn(t, "", append([]string{"bench", "-quick", "-only", "^field"}, args...)...)
	}
	for body, want := range map[string]string{
		"read -r row; echo fast":                     `"fast" is no answer`,
		"read -r row; echo -1":                       `"-1" is no answer`,
		"read -r row; echo":                          `"" is no answer`,
		"read -r row; exit 3":                        "no answer to",
		"read -r row; echo 1; read -r row; echo NaN": `"NaN" is no answer`,
	} {
		r := quick("-peer", script(t, body))
		if r.status != 1 || !strings.Contains(r.errors, want) {
			t.Errorf("%s: status %d, %s", body, r.status, r.errors)
		}
	}
	fails(t, quick("-peer", "/no/such/program"), 1, "/no/such/program")
	fails(t, quick("-peer", " "), 2, "no command")
	fails(t, quick("-only", "nothing"), 2, "no such row")
	fails(t, quick("-only", "("), 2, "-only")
	fails(t, quick("-o", "/no/such/dir/x.csv"), 1, "/no/such/dir")
	fails(t, hnn(t, "", "bench", "x"), 2, "unexpected argument")
	fails(t, hnn(t, "", "bench", "-reps", "0"), 2, "-reps")
	fails(t, hnn(t, "", "bench", "-ms", "1e300"), 2, "-ms")
}

// An interrupt ends a measurement of an hour.
func TestBenchInterrupt(t *testing.T) {
	if runtime.GOOS == "windows" || runtime.GOOS == "js" {
		t.Skip("no signals")
	}
	cmd := program("bench", "-ms", "3.6e6", "-only", "^tanh")
	var errs bytes.Buffer
	cmd.Stderr = &errs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(500 * time.Millisecond)
	cmd.Process.Signal(syscall.SIGINT)
	at := time.Now()
	cmd.Wait()
	if cmd.ProcessState.ExitCode() != 130 || errs.String() != "hnn bench: interrupted\n" || time.Since(at) > latest() {
		t.Errorf("status %d after %v: %s", cmd.ProcessState.ExitCode(), time.Since(at), errs.String())
	}
}
