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
		epochs, wait := left.after(model, ep, t.planned(model), time.Now())
		line := progressLine(model, ep, epochs, wait, t.early || len(t.planned(model)) > 1)
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

// progressLine says where a training is and what is left of it, at most if it may end early. What
// matters most comes first, since a narrow terminal shows no more.
func progressLine(model string, ep nn.Epoch, epochs int, left time.Duration, early bool) string {
	line := fmt.Sprintf("%s: epoch %d/%d, loss %.4g", model, ep.Epoch, ep.Epoch+epochs, ep.Loss)
	if ep.Valid == ep.Valid {
		line += fmt.Sprintf(", validation %.4g", ep.Valid)
	}
	if ep.Rate > 0 {
		line += fmt.Sprintf(", rate %.2g", ep.Rate)
	}
	if left > 0 {
		line += ", "
		if early {
			line += "at most about "
		}
		line += inWords(left) + " left"
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

// remaining guesses what is left of a training.
type remaining struct {
	model string
	stage int
	first int // epochs of this stage before the clock began
	begin int // epochs before this stage
	began time.Time
}

// after returns the epochs left after an epoch, at most, and the time for them, by the mean of this stage so
// far, or 0 while nothing is known. A stage may end early, so later ones have their own number of epochs.
func (r *remaining) after(model string, ep nn.Epoch, stages []int, now time.Time) (int, time.Duration) {
	if model != r.model || ep.Stage != r.stage || ep.Epoch <= r.begin+r.first {
		next := model == r.model && ep.Stage == r.stage+1 // we saw the stage before
		*r = remaining{model: model, stage: ep.Stage, begin: ep.Epoch - 1, began: now}
		if !next { // the first that we see, perhaps after a resume: no stage before ended early
			before := 0
			for _, n := range stages[:min(ep.Stage, len(stages))] {
				before += n
			}
			r.begin = min(r.begin, before)
		}
		r.first = ep.Epoch - r.begin
	}
	left := 0
	for i := ep.Stage; i < len(stages); i++ {
		left += stages[i]
	}
	left = max(left-(ep.Epoch-r.begin), 0)
	seen := ep.Epoch - r.begin - r.first
	if seen == 0 || left == 0 {
		return left, 0
	}
	return left, time.Duration(float64(now.Sub(r.began)) / float64(seen) * float64(left))
}
