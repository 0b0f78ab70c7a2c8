package main

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"hnn/autodiff"
	"hnn/cmd/hnn/internal/table"
	"hnn/nn"
)

// look.go takes from a file of states, which may be damaged, what hnn check can use.

// A look is what is seen in a file.
type look struct {
	t        *table.Table
	given    columns // by the flags, as hnn train gets them
	cols     columns // with the names that the file tells
	observed []string
	hidden   bool
	whole    *table.Table // the rows that can be used
	s        *nn.Series   // of them; nil if they are none
	timed    *nn.Series   // the times of all rows, also of those with empty cells
	empty    string       // what hnn train does with these
	in       *nn.Inspection
	doubts   []doubt
}

// A doubt is one line about what looks wrong: about is what it is about, for hnn train, which does
// not mind all.
type doubt struct{ about, text string }

func (l *look) doubt(about, format string, args ...any) {
	l.doubts = append(l.doubts, doubt{about, fmt.Sprintf(format, args...)})
}

// series takes the rows that can be used from the table, and notes the others.
func (l *look) series() {
	var err error
	l.cols = l.given
	if l.observed, l.hidden, err = l.cols.resolve(l.t); err != nil {
		l.doubt("file", "%v", err)
		return
	}
	used := slices.Clone(l.observed)
	derivatives := prefixed("d", slices.Concat(l.cols.q, l.cols.p))
	if l.hidden || !slices.ContainsFunc(derivatives, l.t.Has) {
		derivatives = nil
	}
	used = append(used, derivatives...)
	if missing := l.t.Need(used...); missing != nil {
		l.doubt("file", "%v: name the columns of the coordinates and momenta by -q and -p%s", missing, l.similar(l.given))
		return
	}
	for _, name := range []string{l.cols.t, l.cols.run} {
		if l.t.Has(name) && !l.t.Stamped(name) {
			used = append(used, name)
		}
	}
	good, timed := make([]bool, l.t.Rows()), make([]bool, l.t.Rows())
	for r := range good {
		good[r], timed[r] = true, true
	}
	for _, name := range used {
		v, lost, first := l.t.Lost(name)
		if _, err := l.t.Partial(name); lost > 0 && err == nil && slices.Contains(l.observed, name) {
			l.doubt("holes", "%d of %d cells are empty (the first: %v)", lost, l.t.Rows(), first)
		} else if lost > 0 {
			l.doubt("file", "%d of %d cells are no numbers (the first: %v): mend or remove these rows", lost, l.t.Rows(), first)
		}
		missing, marked := mark(v)
		if marked > 1 {
			l.doubt("file", "%s is %.6g in %s, far from all others: if it stands for missing numbers, remove these rows", name, missing, some(marked, "row"))
		}
		for r, x := range v {
			ok := x == x && !(marked > 1 && x == missing)
			good[r] = good[r] && ok
			timed[r] = timed[r] && (ok || name != l.cols.t && name != l.cols.run)
		}
	}
	if len(kept(good)) == 0 {
		return
	}
	if !l.t.Has(l.cols.t) {
		if t := l.cols.t; l.t.Unknown(t) != "" {
			l.doubt("file", "%v", l.t.Need(t))
		} else if derivatives == nil {
			l.doubt("file", "no times: want a column t, or another that -t names, or the derivatives")
		}
		return
	}
	if err := l.times(derivatives, good, kept(timed)); err != nil {
		l.doubt("file", "%v", err)
	}
}

// mark returns the least or the greatest number of a column and how often it is there, if it is farther from
// the others than three times their range; else 0 times.
func mark(v []float64) (value float64, times int) {
	v = slices.DeleteFunc(slices.Clone(v), func(x float64) bool { return x != x })
	slices.Sort(v)
	for range 2 {
		for times = 0; times < len(v) && v[times] == v[0]; times++ {
		}
		if rest := v[times:]; len(rest) > times && math.Abs(rest[0]-v[0]) > 3*math.Abs(rest[len(rest)-1]-rest[0]) && rest[0] != rest[len(rest)-1] {
			return v[0], times
		}
		slices.Reverse(v)
	}
	return 0, 0
}

func kept(keep []bool) (rows []int) {
	for r, ok := range keep {
		if ok {
			rows = append(rows, r)
		}
	}
	return rows
}

// similar names columns that differ in case only from those that are looked for.
func (l *look) similar(c columns) string {
	if c.q != nil {
		return ""
	}
	var q, p []string
	for _, h := range l.t.Header {
		switch s := strings.ToLower(h); {
		case s != h && strings.HasPrefix(s, "q") && len(s) <= 2:
			q = append(q, h)
		case s != h && strings.HasPrefix(s, "p") && len(s) <= 2:
			p = append(p, h)
		}
	}
	if len(q) == 0 || len(q) != len(p) {
		return ""
	}
	return fmt.Sprintf(": perhaps -q %s -p %s", strings.Join(q, ","), strings.Join(p, ","))
}

// times makes the series of the good ones of the rows that have times. Times that do not increase begin a new
// run, and equal ones are left out.
func (l *look) times(derivatives []string, good []bool, timed []int) error {
	t := l.t.Select(timed)
	at, err := t.Times(l.cols.t, l.cols.unit)
	if err != nil {
		return err
	}
	begins := make([]bool, t.Rows()) // a run
	begins[0] = true
	if t.Has(l.cols.run) {
		first, err := starts(t, l.cols.run)
		if err != nil {
			return err
		}
		for _, r := range first {
			begins[r] = true
		}
	}
	keep := make([]bool, t.Rows())
	var equal, back []int
	last := 0
	for r := range keep {
		switch {
		case begins[r] || at[r] > at[last]:
			keep[r] = true
		case at[r] == at[last]:
			equal = append(equal, r)
		default:
			keep[r], begins[r] = true, true
			back = append(back, r)
		}
		if keep[r] {
			last = r
		}
	}
	if n := len(equal); n > 0 {
		l.doubt("file", "the time of the row before is that of %s, the first on line %d: remove them, or number the trajectories in a column run (-run)", some(n, "row"), t.Line(equal[0]))
	}
	if n := len(back); n > 0 {
		what := "sort the rows"
		if !t.Has(l.cols.run) {
			what = "if trajectories begin there, number them in a column run (-run); else sort the rows"
		}
		times := "once"
		if n > 1 {
			times = fmt.Sprintf("%d times, first", n)
		}
		l.doubt("file", "the time goes back %s on line %d, to %.4g: %s", times, t.Line(back[0]), at[back[0]], what)
	}
	s, all, first := &nn.Series{}, &nn.Series{}, false
	var rows []int
	for _, r := range kept(keep) {
		if begins[r] {
			all.Starts, first = append(all.Starts, len(all.T)), true
		}
		if all.T = append(all.T, at[r]); !good[timed[r]] {
			continue
		}
		if first {
			s.Starts, first = append(s.Starts, len(s.T)), false
		}
		s.T, rows = append(s.T, at[r]), append(rows, r)
	}
	if rows == nil {
		return nil
	}
	l.whole, all.X = t.Select(rows), &autodiff.Matrix{Rows: len(all.T)}
	if s.X, err = matrix(l.whole, l.observed, l.whole.Col); err != nil {
		return err
	}
	if derivatives != nil {
		if s.DX, err = matrix(l.whole, derivatives, l.whole.Col); err != nil {
			return err
		}
	}
	periodic, err := l.cols.periodic()
	if err != nil {
		return err
	}
	s.Unwrap(periodic)
	if l.hidden {
		if s, err = nn.Positions(s.T, s.X, s.Starts, nil); err != nil {
			return err
		}
		s.Periodic = periodic
	}
	l.s, l.timed = s, all
	if l.in, err = nn.Inspect(s); err == nil {
		l.in.Sampling(all)
	}
	return err
}
