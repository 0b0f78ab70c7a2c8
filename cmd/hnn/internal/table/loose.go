package table

import (
	"context"
	"fmt"
	"math"
	"slices"
)

// loose.go reads files that may be damaged, for a first look at them.

// ReadLoose is ReadFile for a first look at a file: a cell that is no number is NaN, see [Table.Lost].
func ReadLoose(ctx context.Context, name string) (*Table, error) { return readFile(ctx, name, true) }

// Lost returns the numbers of a column of a table of [ReadLoose], NaN for cells that are none, how many these are, and
// the first of them.
func (t *Table) Lost(name string) (v []float64, lost int, first error) {
	j, ok := t.index[name]
	if !ok {
		return nil, 0, t.Need(name)
	}
	if t.lost != nil {
		lost = t.lost[j]
	}
	return t.cols[j], lost, t.errs[j]
}

// Select returns the table of some of the rows, in order. A cell that is no number in the whole table of [ReadLoose] does
// no harm to a column unless it is one of them.
func (t *Table) Select(rows []int) *Table {
	if len(rows) == t.rows {
		return t
	}
	s := &Table{Name: t.Name, Header: t.Header, sep: t.sep, decimal: t.decimal, index: t.index, rows: len(rows),
		cols: make([][]float64, len(t.cols)), errs: make([]error, len(t.cols))}
	if t.stamps != nil {
		s.stamps = make([]*stamps, len(t.cols))
	}
	pick := func(v []float64) (part []float64) {
		for _, r := range rows {
			part = append(part, v[r])
		}
		return part
	}
	for j, v := range t.cols {
		if len(v) == t.rows {
			s.cols[j] = pick(v)
		}
		if len(v) < t.rows || slices.ContainsFunc(s.cols[j], func(v float64) bool { return v != v }) {
			s.errs[j] = t.errs[j]
		}
		if c := t.stampsOf(j); c != nil {
			s.stamps[j] = &stamps{layout: c.layout, first: c.first, err: c.err}
			if c.err == nil {
				s.stamps[j].v = pick(c.v)
			}
		}
	}
	for i, r := range rows {
		if n := len(s.runs); n == 0 || s.runs[n-1].line+i-s.runs[n-1].row != t.Line(r) {
			s.runs = append(s.runs, run{i, t.Line(r)})
		}
	}
	return s
}

// fail notes a cell that is no number, and returns NaN.
func (t *Table) fail(line, j int, cell string, err error) float64 {
	if t.lost == nil {
		t.lost, t.empty, t.stamps = make([]int, len(t.Header)), make([]int, len(t.Header)), make([]*stamps, len(t.Header))
	}
	t.lost[j]++
	if cell == "" {
		t.empty[j]++
	}
	if t.errs[j] == nil || !t.loose && cell != "" {
		if cell == t.Header[j] {
			err = fmt.Errorf("the header again: remove the line, and number the trajectories in a column run if another begins there")
		}
		t.errs[j] = fmt.Errorf("%s:%d: column %.40s: %w", t.Name, line, t.Header[j], err)
		if t.rows == 0 {
			t.stamps[j] = newStamps(cell)
		}
		if !t.loose && cell != "" {
			t.cols[j] = nil
		}
	}
	t.stamp(line, j, cell)
	return math.NaN()
}

// stamp adds a cell to a column of times, if it is one.
func (t *Table) stamp(line, j int, cell string) {
	if s := t.stamps[j]; s != nil && s.err == nil {
		if err := s.add(cell); err != nil {
			*s = stamps{err: fmt.Errorf("%s:%d: column %.40s: %w", t.Name, line, t.Header[j], err)}
		}
	}
}
