package main

import (
	"fmt"
	"slices"
	"strings"

	"hnn/autodiff"
	"hnn/cmd/hnn/internal/flags"
	"hnn/cmd/hnn/internal/table"
	"hnn/nn"
)

// reading.go reads the states that a model is compared with, finds angles among columns, and says what
// is missing.

// readFor reads the states of a file for a model, with the names of columns that the model has
// unless the call gives others.
func readFor(e *env, m *model, file string, c *columns, f *flags.Set) (*states, error) {
	c.of(f, m.made)
	s, err := readStates(e.ctx, file, *c)
	if err != nil {
		return nil, err
	}
	if err := s.whole(); err != nil {
		return nil, err
	}
	e.tellHoles(s, leftOut)
	e.tellJump(s)
	if n := m.Dim(); n != s.X.Cols {
		return nil, fmt.Errorf("%s has %d components of state, the model %d", s.name, s.X.Cols, n)
	}
	if _, driven := nn.DrivenBy(m.Stored); driven && s.T != nil {
		for i := range s.Runs() {
			lo, hi := s.Run(i)
			if r, longest, usual := widest(s.T[lo:hi]); usual > 0 && longest > widestGap*usual {
				e.warn("%s: run %d: the inputs have a gap of %.4g before t=%.4g, where the usual interval is %.4g: they are interpolated over it, and a rollout is wrong after it", s.name, i, longest, s.T[lo+r], usual)
				break
			}
		}
	}
	return s, nil
}

// prepare returns the states for a model: with its inputs, with momenta in the place of
// velocities, and with the momenta that the file does not have, which are those that suit the
// model best. If first is not 0, the states at the starts of the runs are fitted to so many rows
// instead.
func (e *env) prepare(m *model, s *states, first int) (*states, error) {
	if d, ok := nn.DrivenBy(m.Stored); ok && (s.U == nil || s.U.Cols != d.Inputs()) {
		return nil, fmt.Errorf("%s: the model has the inputs %s: want these columns", s.name, strings.Join(m.inputNames(), ", "))
	}
	own := *s
	if s.Hidden != nil || m.made != nil && m.made.Flags["velocities"] == "true" {
		if err := own.canonical(m.Stored); err != nil {
			return nil, err
		}
	}
	if first > 0 {
		if err := own.begin(e.ctx, m.Stored, first); err != nil {
			return nil, fmt.Errorf("%s: -first %d: %w", s.name, first, err)
		}
		return &own, nil
	}
	if s.Hidden == nil {
		return &own, nil
	}
	if _, ok := m.Stored.(nn.Field); !ok {
		return nil, fmt.Errorf("%s has no momenta, and a %s model has no field to find them by", s.name, m.Stored.Kind())
	}
	e.say("%s has no momenta: those that suit the model best are found first", s.name)
	x, err := nn.Momenta(e.ctx, m.Stored, &own.Series)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.name, err)
	}
	own.Series = *x
	return &own, nil
}

// periodic tells which components of the states are angles.
func (c *columns) periodic() ([]bool, error) {
	are := make([]bool, 2*len(c.q))
	for _, name := range c.angles {
		j := slices.Index(c.q, name)
		if j < 0 {
			return nil, flags.Wrong("-periodic %s: want coordinates, of %s", name, strings.Join(c.q, ", "))
		}
		are[j] = true
	}
	return are, nil
}

// tellJump warns of an angle that is wrapped.
func (e *env) tellJump(s *states) {
	if s.jump != "" {
		e.warn("%s", s.jump)
	}
}

// units names the columns of states and times with the units that they are read in, as far as these are
// known.
func (s *states) units(t *table.Table) string {
	var all []string
	for _, name := range slices.Concat(s.cols.q, s.cols.p, []string{s.cols.t}) {
		unit := t.Unit(name)
		if name == s.cols.t && (unit != "" || s.cols.unit != "" || t.Stamped(name)) {
			unit = "s"
		}
		if unit != "" {
			name += " [" + unit + "]"
		}
		if t.Has(name) || unit != "" {
			all = append(all, name)
		}
	}
	return strings.Join(all, ", ")
}

// holes says which numbers of the states x are missing, "" if none are.
func holes(t *table.Table, names []string, x *autodiff.Matrix) string {
	cells, rows, first := 0, 0, ""
	for r := range x.Rows {
		before := cells
		for j, v := range x.Row(r) {
			if v == v {
				continue
			}
			if cells++; cells == 1 {
				first = fmt.Sprintf("on line %d in column %s", t.Line(r), names[j])
			}
		}
		if cells > before {
			rows++
		}
	}
	if cells == 0 {
		return ""
	}
	return fmt.Sprintf("%s empty, in %s, the first %s", some(cells, "cell"), some(rows, "row"), first)
}

// What is done with numbers that are missing.
const (
	leftOut     = "these rows are left out"
	notCompared = "the model is not compared there"
)

// holes says what the training does with them.
func (t *trainJob) holes() string {
	if t.objective == "shooting" {
		return notCompared
	}
	return leftOut
}

// tellHoles says which numbers are missing and what is done with them.
func (e *env) tellHoles(s *states, done string) {
	if s.holes != "" {
		e.warn("%s: %s: %s", s.name, s.holes, done)
	}
}

// whole leaves out the rows in which numbers are missing: only shooting can do without these. Rows with
// inputs are not left out: what the inputs are there would be lost.
func (s *states) whole() error {
	if s.holes == "" {
		return nil
	}
	if s.U != nil {
		return fmt.Errorf("%s: %s: without these rows the inputs would be others: fill the cells, or hnn train with -objective shooting, which compares what is there", s.name, s.holes)
	}
	var rows, starts []int
	for i := range s.Runs() {
		lo, hi := s.Run(i)
		n := len(rows)
		for r := lo; r < hi; r++ {
			if !slices.ContainsFunc(s.X.Row(r), func(v float64) bool { return v != v }) {
				rows = append(rows, r)
			}
		}
		if len(rows) > n {
			starts = append(starts, n)
		}
	}
	if rows == nil {
		return fmt.Errorf("%s: %s: no row is whole: want -objective shooting, which can do without, or one row for all columns of a time", s.name, s.holes)
	}
	pick := func(m *autodiff.Matrix) *autodiff.Matrix {
		if m == nil {
			return nil
		}
		part := autodiff.NewMatrix(len(rows), m.Cols)
		for i, r := range rows {
			copy(part.Row(i), m.Row(r))
		}
		return part
	}
	s.X, s.DX, s.Starts = pick(s.X), pick(s.DX), starts
	s.T, s.lines = picked(s.T, rows), picked(s.lines, rows)
	return nil
}

// picked returns the values of some rows, nil of nil.
func picked[T any](v []T, rows []int) (part []T) {
	for _, r := range rows {
		if v != nil {
			part = append(part, v[r])
		}
	}
	return part
}
