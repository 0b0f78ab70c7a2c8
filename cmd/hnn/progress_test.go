package main

import (
	"math"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hnn/nn"
)

func TestProgressLine(t *testing.T) {
	for _, c := range []struct {
		ep   nn.Epoch
		left time.Duration
		want string
	}{
		{nn.Epoch{Epoch: 3, Loss: 0.0123456, Valid: math.NaN(), Rate: 0.002}, 0, "hnn: epoch 3/300, loss 0.01235, rate 0.002"},
		{nn.Epoch{Epoch: 3, Loss: 0.5, Valid: 1e-7, Rate: 1.23456e-5}, 80 * time.Second, "hnn: epoch 3/300, loss 0.5, validation 1e-07, rate 1.2e-05, 1m20s left"},
		{nn.Epoch{Epoch: 301, Loss: 0.5, Valid: math.NaN()}, 10 * time.Millisecond, "hnn: epoch 301/301, loss 0.5, at most about 1s left"},
		{nn.Epoch{Epoch: 1, Loss: 0.5, Valid: math.NaN()}, 7530 * time.Second, "hnn: epoch 1/300, loss 0.5, at most about 2h6m left"},
	} {
		if got := progressLine("hnn", c.ep, max(0, 300-c.ep.Epoch), c.left, c.ep.Rate == 0); got != c.want {
			t.Errorf("got %s, want %s", got, c.want)
		}
	}
}

// The time left is by the mean of the epochs of a stage since the first that was seen, which after a resume is
// not 1. A stage that ends early takes its other epochs off what is left.
func TestRemaining(t *testing.T) {
	var r remaining
	at := func(s float64) time.Time { return time.Unix(1000, 0).Add(time.Duration(s * float64(time.Second))) }
	for _, c := range []struct {
		model        string
		stage, epoch int
		at           float64
		epochs       int
		want         time.Duration
	}{
		{"baseline", 0, 41, 0, 59 + 50, 0}, {"baseline", 0, 42, 2, 58 + 50, 216 * time.Second}, {"baseline", 0, 51, 10, 49 + 50, 99 * time.Second},
		{"baseline", 1, 61, 60, 49, 0}, {"baseline", 1, 62, 63, 48, 144 * time.Second}, {"baseline", 1, 110, 99, 0, 0},
		{"hnn", 0, 1, 61, 99 + 50, 0}, {"hnn", 0, 2, 62, 98 + 50, 148 * time.Second},
		{"resumed", 1, 121, 0, 29, 0}, {"resumed", 1, 123, 1, 27, 13500 * time.Millisecond},
	} {
		if epochs, left := r.after(c.model, nn.Epoch{Stage: c.stage, Epoch: c.epoch}, []int{100, 50}, at(c.at)); epochs != c.epochs || left != c.want {
			t.Errorf("%s, epoch %d: %d epochs, %v, want %d, %v", c.model, c.epoch, epochs, left, c.epochs, c.want)
		}
	}
}

// On a terminal progress is one line that never wraps, and is gone at the end. Elsewhere and with
// -quiet there is none.
func TestProgressOneLine(t *testing.T) {
	dir := trainData(t)
	args := []string{"train", "-epochs", "4", "-hidden", "8", "-objective", "derivatives", "-o", filepath.Join(dir, "m.json")}
	data := filepath.Join(dir, "data.csv")
	r := inside(t, false, "", append(args, data)...)
	shown := r.errors[:strings.LastIndex(r.errors, lineClear)]
	lines := strings.Split(shown, lineBegin)[1:]
	if r.status != 0 || len(lines) != 4 {
		t.Fatalf("%q", r.errors)
	}
	for i, line := range lines {
		text, ok := strings.CutSuffix(line, lineEnd)
		if !ok || strings.ContainsAny(text, "\r\n\x1b") || strings.HasSuffix(text, " left") != (i == 1 || i == 2) {
			t.Errorf("%q", line)
		}
	}
	for _, r := range []result{hnn(t, "", append(args, data)...), inside(t, false, "", append(args, "-quiet", data)...)} {
		if r.status != 0 || strings.Contains(r.errors, "epoch 1") || strings.Contains(r.errors, "\x1b") {
			t.Errorf("%q", r.errors)
		}
	}
}
