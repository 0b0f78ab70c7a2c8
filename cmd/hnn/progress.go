package main

import (
	"fmt"
	"strings"
	"time"

	"hnn/nn"
)

// What a terminal is told around a line of progress: to clear the line and not to wrap, so that one line
// is enough however narrow the window is; and afterwards to wrap again.
const (
	lineClear = "\r\x1b[K"
	lineBegin = lineClear + "\x1b[?7l"
	lineEnd   = " \x1b[?7h" // what does not fit goes to the last column, each letter over the one before
)

// progress returns a function that shows the state of a training: on a terminal in one line
// that it overwrites, else in a new line every half minute. done removes the line.
func (t *training) progress(e *env) (show func(model string, ep nn.Epoch), done func()) {
	if t.quiet {
		return func(string, nn.Epoch) {}, func() {}
	}
	last, some := time.Now(), false
	var left remaining
	show = func(model string, ep nn.Epoch) {
		line := progressLine(model, ep, t.epochs, left.after(model, ep.Epoch, t.epochs, time.Now()))
		switch {
		case e.terminal:
			fmt.Fprint(e.stderr, lineBegin+line+lineEnd)
			some = true
		case time.Since(last) > 30*time.Second:
			fmt.Fprintln(e.stderr, line)
			last = time.Now()
		}
	}
	return show, func() {
		if some {
			fmt.Fprint(e.stderr, lineClear)
		}
	}
}

// progressLine says where a training is. What matters most comes first, since a narrow terminal shows
// no more.
func progressLine(model string, ep nn.Epoch, epochs int, left time.Duration) string {
	line := fmt.Sprintf("%s: epoch %d/%d, loss %.4g", model, ep.Epoch, max(epochs, ep.Epoch), ep.Loss)
	if ep.Valid == ep.Valid {
		line += fmt.Sprintf(", validation %.4g", ep.Valid)
	}
	if ep.Rate > 0 { // lbfgs has none
		line += fmt.Sprintf(", rate %.2g", ep.Rate)
	}
	if left > 0 {
		line += ", " + inWords(left) + " left"
	}
	return line
}

// inWords writes a time without more digits than a guess has: 12s, 3m20s, 2h5m.
func inWords(d time.Duration) string {
	if d >= time.Hour {
		return strings.TrimSuffix(d.Round(time.Minute).String(), "0s")
	}
	return max(d.Round(time.Second), time.Second).String()
}

// remaining guesses the time that a training will still take, by its mean so far.
type remaining struct {
	model string
	first int // epoch after which the clock began
	began time.Time
}

// after returns the time left after an epoch, or 0 while nothing is known.
func (r *remaining) after(model string, epoch, epochs int, now time.Time) time.Duration {
	if model != r.model || epoch < r.first {
		*r = remaining{model, epoch, now}
	}
	if epoch == r.first || epoch >= epochs {
		return 0
	}
	return time.Duration(float64(now.Sub(r.began)) / float64(epoch-r.first) * float64(epochs-epoch))
}
