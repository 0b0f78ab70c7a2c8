package bench

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"os/exec"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"
)

// interrupted runs c, cancels it after 200 ms and checks that it ends soon.
func interrupted(t *testing.T, c Config) {
	t.Helper()
	if runtime.GOARCH == "wasm" {
		t.Skip("its one thread does not run timers while it computes")
	}
	ctx, cancel := context.WithCancel(context.Background())
	var at time.Time
	time.AfterFunc(200*time.Millisecond, func() { at = time.Now(); cancel() })
	_, err := Run(ctx, c)
	late := time.Since(at)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want %v", err, context.Canceled)
	}
	if late > 2*time.Second {
		t.Errorf("ended %v after the interrupt, want at most 2 s", late)
	}
}

// A measurement of an hour ends soon after an interrupt, whatever it measures.
func TestInterrupt(t *testing.T) {
	for _, only := range []string{"^peak", "^matmul 128×1×32", "^tanh", "^step 2-128-64-32-1 rows=200 workers=1", "^field 2-200", "^rollout 2-200",
		"^rollout spring", "^experiment"} {
		c := Config{Rounds: 1 << 30, Target: time.Hour, Sizes: []int{200}, Epochs: 1, Small: true, Only: regexp.MustCompile(only)}
		t.Run(only, func(t *testing.T) { interrupted(t, c) })
	}
	t.Run("one operation", func(t *testing.T) {
		interrupted(t, Config{Rounds: 1, Target: time.Millisecond, Epochs: 1_000_000, Only: regexp.MustCompile("^experiment")})
	})
}

// A calibration looks at the context before each measurement. It stops even if the operation
// does not.
func TestInterruptOfCalibration(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	calls := 0
	r := &Row{measure: timed(func(context.Context, int) error {
		if calls++; calls == 3 {
			cancel()
		}
		return nil
	})}
	if err := r.calibrate(ctx, time.Hour); !errors.Is(err, context.Canceled) || calls != 3 {
		t.Errorf("%d calls, error %v", calls, err)
	}
}

// The number of operations grows step by step, to no more than is needed.
func TestCalibrate(t *testing.T) {
	r := &Row{measure: func(_ context.Context, n int, c *clock) error {
		c.took = time.Duration(n) * time.Microsecond
		return nil
	}}
	if err := r.calibrate(context.Background(), 20*time.Millisecond); err != nil || r.n < 10_000 || r.n > 20_000 {
		t.Errorf("%d operations of 1 µs for 20 ms, error %v", r.n, err)
	}
	r.measure = func(context.Context, int, *clock) error { return nil } // a clock that does not move
	if err := r.calibrate(context.Background(), time.Hour); err != nil || r.n > 1<<30 {
		t.Errorf("%d operations of 0 s, error %v", r.n, err)
	}
}

func shell(t *testing.T, body string, stderr *bytes.Buffer) Config {
	t.Helper()
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip("no shell")
	}
	return Config{Rounds: 1, Target: time.Millisecond, Epochs: 1, Small: true, Only: regexp.MustCompile("^tanh"),
		Peer: Peer{Command: []string{"sh", "-c", body}, Stderr: stderr}}
}

// A child of the peer may live longer and keep the output of the peer open. The measurement
// must not wait for it.
func TestPeerWithChild(t *testing.T) {
	for name, body := range map[string]string{
		"no answer":    "sleep 10 & read -r row; wait",
		"never reads":  "sleep 10 & wait",
		"ends slowly":  "sleep 10 & while read -r row; do echo 1; done; wait",
		"slow answers": "sleep 10 & while read -r row; do sleep 10; echo 1; done",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := shell(t, body, &bytes.Buffer{})
			c.Target, c.Rounds = 10*time.Millisecond, 1000
			interrupted(t, c)
		})
	}
	t.Run("has ended", func(t *testing.T) {
		t.Parallel()
		start := time.Now()
		_, err := Run(context.Background(), shell(t, "sleep 10 & exit 3", &bytes.Buffer{}))
		if err == nil || !strings.Contains(err.Error(), "exit status 3") || time.Since(start) > 2*time.Second {
			t.Errorf("after %v: %v, want exit status 3 within 2 s", time.Since(start), err)
		}
	})
}

// The answers of a peer reach the row, and its standard error reaches ours. Further output does
// no harm.
func TestPeer(t *testing.T) {
	var stderr bytes.Buffer
	c := shell(t, `while read -r row; do echo "$row" >&2; echo "0.5 slow"; done; head -c 300000 /dev/zero`, &stderr)
	rows, err := Run(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	if r := rows[0]; len(r.Peer) != 1 || r.Peer[0] != 0.5 || r.Remark != "slow" || r.Ratio[0] != 0.5/r.Seconds[0] {
		t.Errorf("%+v", r)
	}
	if stderr.String() != "tanh\ntanh\n" {
		t.Errorf("standard error %q", stderr.String())
	}
}

func TestNoRow(t *testing.T) {
	if _, err := Run(context.Background(), Config{Only: regexp.MustCompile("nothing")}); !errors.Is(err, ErrNoRow) {
		t.Error(err)
	}
}

func TestSpread(t *testing.T) {
	if m, lo, hi := spread([]float64{3, 1, 2, 9}); m != 2.5 || lo != 1 || hi != 9 {
		t.Error(m, lo, hi)
	}
	for v, want := range map[float64]string{2: "2 s", 1.5e-3: "1.5 ms", 2e-6: "2 µs", 1.25e-9: "1.25 ns"} {
		if s := seconds(v); s != want {
			t.Errorf("%v: %s, want %s", v, s, want)
		}
	}
}

// A profile of work that is known tells it, and the shares of a row add up to 1.
func TestProfile(t *testing.T) {
	if runtime.GOARCH == "wasm" || runtime.GOARCH == "js" {
		t.Skip("takes no samples")
	}
	r := stepRow([]int{2, 64, 64, 1}, 200, 1)
	r.n, r.Seconds = 1, []float64{1e-3}
	if err := r.profile(context.Background(), 300*time.Millisecond); err != nil {
		t.Fatal(err)
	}
	if r.Use == nil {
		t.Skip("no samples")
	}
	sum := 0.
	for _, v := range r.Use {
		sum += v
	}
	if !(sum > 0.99 && sum < 1.5) || !(r.Use[products] > 0) {
		t.Errorf("%v of %v, sum %v", r.Use, Uses, sum)
	}
	var out bytes.Buffer
	if err := Print(&out, []*Row{r}, false); err != nil || !strings.Contains(out.String(), "products  elementwise  tanh") {
		t.Errorf("%v\n%s", err, out.String())
	}
}

func TestUseOf(t *testing.T) {
	const run, team = "hnn/autodiff.(*Plan).Run", "hnn/nn.(*team).work"
	for want, stack := range map[int][]string{
		products:    {"hnn/autodiff/kernel.tileAVX512", "hnn/autodiff/kernel.(*Workspace).block", run, team},
		packing:     {"hnn/autodiff/kernel.transpose4", "hnn/autodiff/kernel.(*tile).pack", "hnn/autodiff/kernel.(*Workspace).product", run, team},
		tanh:        {"hnn/autodiff/kernel.tanhAVX2", "hnn/autodiff/kernel.TanhTo", run, team},
		elementwise: {"hnn/autodiff/kernel.mulAVX2", run, team},
		optimiser:   {"hnn/autodiff/kernel.descendAVX2", "hnn/nn.(*Adam).Step", "hnn/nn.(*Descent).Minimize"},
		rest:        {"hnn/autodiff/kernel.addScaledAVX2", team, "hnn/nn.(*team).Eval", "hnn/nn.(*Descent).Minimize"},
		waiting:     {"runtime.Gosched", "hnn/nn.wait", team},
	} {
		if got := useOf(stack); got != want {
			t.Errorf("%v: %s, want %s", stack, Uses[got], Uses[want])
		}
	}
	if got := useOf([]string{"runtime.mcall"}); got != waiting {
		t.Errorf("the scheduler: %s", Uses[got])
	}
}

// A profile that is cut short or has wrong bytes is an error or less, never a panic.
func FuzzSamples(f *testing.F) {
	f.Add([]byte{0x0a, 0x04, 0x08, 0x01, 0x10, 0x02, 0x12, 0x04, 0x0a, 0x01, 0x01, 0x10, 0x05, 0x32, 0x01, 'a'})
	f.Fuzz(func(t *testing.T, data []byte) {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		z.Write(data)
		z.Close()
		samples(b.Bytes())
	})
}
