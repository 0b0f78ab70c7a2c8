package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"hnn/autodiff"
	"hnn/cmd/hnn/internal/flags"
	"hnn/cmd/hnn/internal/table"
	"hnn/nn"
)

// states are the trajectories of a CSV file: coordinate pairs q and p (or q0, q1, … and p0,
// p1, …), the time t, the number run of the trajectory, and derivatives dq and dp. The last
// three are optional.
type states struct {
	nn.Series
	name  string
	names []string // of the 2d columns of X
	cols  columns  // where they were found
	note  string   // how their times were read, if that is not as they are in the file
	jump  string   // what looks like an angle that is wrapped, and where
	holes string   // which numbers are missing: see whole
	lines []int    // of the file, of each row; nil: the rows have times

	begun    *autodiff.Matrix // states at the starts of the runs, where they were fitted
	followed *autodiff.Matrix // the states of rollouts from there, where the momenta are not known
}

// names returns the columns of d pairs: [q p], or [q0 q1 … p0 p1 …].
func names(d int) []string {
	if d == 1 {
		return []string{"q", "p"}
	}
	var s []string
	for _, x := range []string{"q", "p"} {
		for i := range d {
			s = append(s, x+strconv.Itoa(i))
		}
	}
	return s
}

// prefixed returns the names with a prefix: dq and dp of q and p.
func prefixed(prefix string, names []string) []string {
	var s []string
	for _, n := range names {
		s = append(s, prefix+n)
	}
	return s
}

// columns are the names of the columns of a file.
type columns struct {
	q, p   []string // nil: q and p, or q0, q1, … and p0, p1, …; q alone: p is hidden
	t, run string
	u      []string         // inputs; nil: none
	hold   nn.Interpolation // of the inputs
	unit   string           // of the time; "": that of the header, or none
	usual  bool             // unit is that of other data: these may have another in the header
	masses []float64        // for hidden momenta
	absent bool             // the momenta may be missing
	angles []string         // coordinates that are angles
}

func (c *columns) register(f *flags.Set) {
	c.t, c.run = "t", "run"
	f.Words(&c.q, "q", "`names` of the coordinates, with commas between (default q, or q0, q1, …)")
	f.Words(&c.p, "p", "`names` of their momenta, in the same order (default p, or p0, p1, …)")
	f.Words(&c.angles, "periodic", "`names` of the coordinates that are angles in radians: they are unwrapped along each run, and H is 2π-periodic in them")
	f.StringVar(&c.t, "t", c.t, "`column` of the time")
	flags.Choice(f, &c.unit, "time-unit", table.TimeUnits(), "`unit` of the time in the file, which is then read in seconds: "+strings.Join(table.TimeUnits(), ", ")+" (default that of the header, as in t [ms])")
	f.StringVar(&c.run, "run", c.run, "`column` of the number of the trajectory")
}

func (c *columns) check() error {
	if len(c.q) != len(c.p) && c.p != nil && c.q != nil {
		return flags.Wrong("-q names %d columns, -p %d", len(c.q), len(c.p))
	}
	seen := map[string]string{}
	for _, use := range []struct {
		flag  string
		names []string
	}{{"q", c.q}, {"p", c.p}, {"t", []string{c.t}}, {"run", []string{c.run}}, {"inputs", c.u}} {
		for _, name := range use.names {
			if first, twice := seen[name]; twice {
				return flags.Wrong("-%s and -%s both name the column %s: want a column for each", first, use.flag, name)
			}
			seen[name] = use.flag
		}
	}
	return nil
}

// of sets the columns to those of the model's training data, unless the call names others.
func (c *columns) of(f *flags.Set, made *nn.Origin) {
	if made == nil {
		return
	}
	if f.First("q", "p") == "" && len(made.Q) > 0 {
		if c.q, c.p, c.absent = made.Q, made.P, true; made.Flags["q"] != "" && made.Flags["p"] == "" {
			c.p = nil // they were not read in the training
		}
	}
	for _, m := range strings.Split(made.Flags["mass"], ",") {
		if v, err := flags.Positive.Number(m); err == nil {
			c.masses = append(c.masses, v)
		}
	}
	if c.q == nil && len(c.p) == len(made.Q) {
		c.q = made.Q
	}
	if f.First("periodic") == "" {
		c.angles = made.Angles
	}
	if u := made.Flags["inputs"]; c.u == nil && u != "" {
		c.u, c.hold = strings.Split(u, ","), nn.Interpolation(made.Flags["interpolate"])
	}
	if f.First("t") == "" && made.T != "" {
		c.t = made.T
	}
	if f.First("run") == "" && made.Run != "" {
		c.run = made.Run
	}
	if f.First("time-unit") == "" {
		c.unit, c.usual = made.Flags["time-unit"], true
	}
}

// pairs returns how many pairs q0 and p0, q1 and p1, … or q and p a table has.
func pairs(t *table.Table) (int, error) {
	n := 0
	for t.Has("q" + strconv.Itoa(n)) {
		n++
	}
	if n == 0 || t.Has("q") {
		return 1, nil
	}
	if extra := "p" + strconv.Itoa(n); t.Has(extra) {
		return 0, fmt.Errorf("%s: column %s has no matching q%d", t.Name, extra, n)
	}
	return n, nil
}

// readStates reads a file of states.
func readStates(ctx context.Context, file string, c columns) (*states, error) {
	t, err := table.ReadFile(ctx, file)
	if err != nil {
		return nil, err
	}
	return statesOf(t, c)
}

// resolve fills in the names of columns that were not given. It returns those of the states that
// the table should have; hidden tells that the momenta are none of them.
func (c *columns) resolve(t *table.Table) (observed []string, hidden bool, err error) {
	if c.q == nil {
		n, err := pairs(t)
		if err != nil {
			return nil, false, err
		}
		both := names(n)
		c.q = both[:n]
		twice := func(name string) bool { return slices.Contains(c.q, name) }
		switch {
		case c.p == nil && slices.ContainsFunc(both[n:], t.Has):
			c.p = both[n:]
		case c.p != nil && (len(c.p) != n || slices.ContainsFunc(c.p, twice)):
			return nil, false, flags.Wrong("-p %s: want momenta of the coordinates %s, or others named by -q", strings.Join(c.p, ","), strings.Join(c.q, ", "))
		}
	}
	if c.absent && t.Has(c.q[0]) && !slices.ContainsFunc(c.p, t.Has) {
		c.p = nil
	}
	observed, hidden = slices.Concat(c.q, c.p), c.p == nil
	for _, q := range c.q[:len(c.q)-len(c.p)] { // names for what the file does not have
		c.p = append(c.p, "p"+strings.TrimPrefix(q, "q"))
	}
	return observed, hidden, nil
}

// statesOf takes the states from a table.
func statesOf(t *table.Table, c columns) (*states, error) {
	observed, hidden, err := c.resolve(t)
	if err != nil {
		return nil, err
	}
	s := &states{name: t.Name, names: slices.Concat(c.q, c.p), cols: c}
	if s.X, err = matrix(t, observed, t.Partial); err != nil {
		if t.Need(observed...) != nil {
			err = fmt.Errorf("%w: -q, -p and -t name the columns of a file", err)
		}
		return nil, err
	}
	if t.Rows() == 0 {
		return nil, fmt.Errorf("%s: no rows of data", t.Name)
	}
	s.holes = holes(t, observed, s.X)
	if t.Has(c.t) {
		if c.usual && (t.Unit(c.t) != "" || t.Stamped(c.t)) {
			c.unit = ""
		}
		if s.T, err = t.Times(c.t, c.unit); err != nil {
			return nil, err
		}
		if u := t.Unit(c.t); c.unit == "" && u != "" && u != "s" {
			s.note = fmt.Sprintf("column %s is in %s, and is read in seconds", c.t, u)
		} else if t.Stamped(c.t) {
			s.note = fmt.Sprintf("column %s has dates, and is read in seconds from the first", c.t)
		}
	} else if c.t != "t" || c.unit != "" && !c.usual || t.Unknown(c.t) != "" {
		return nil, t.Need(c.t)
	} else {
		for r := range t.Rows() {
			s.lines = append(s.lines, t.Line(r))
		}
	}
	if d := prefixed("d", s.names); !hidden && slices.ContainsFunc(d, t.Has) {
		if s.DX, err = matrix(t, d, t.Col); err != nil {
			if t.Need(d...) == nil {
				err = fmt.Errorf("%w: remove the row, or all of %s: hnn train estimates them", err, strings.Join(d, ", "))
			}
			return nil, err
		}
	}
	if c.u != nil {
		if s.U, err = matrix(t, c.u, t.Col); err != nil {
			if t.Need(c.u...) == nil {
				there := "the inputs are interpolated there"
				if c.hold == nn.HeldInput {
					there = "the inputs of the row before are held there"
				}
				err = fmt.Errorf("%w: fill the cell; or remove the row, and %s", err, there)
			}
			return nil, err
		}
		s.Between = c.hold
	}
	runs := t.Has(c.run)
	if !runs && (c.run != "run" || t.Unknown(c.run) != "") {
		return nil, t.Need(c.run)
	}
	s.Starts = []int{0}
	if runs {
		if s.Starts, err = starts(t, c.run); err != nil {
			return nil, err
		}
	}
	for i := range s.Runs() {
		lo, hi := s.Run(i)
		for r := lo + 1; r < hi && s.T != nil; r++ {
			if !(s.T[r] > s.T[r-1]) {
				hint := ""
				if !runs {
					hint = "; all rows are one run here, unless -run names a column"
				}
				return nil, t.Errorf(r, c.t, "%v does not come after %v: times must increase within a run%s", s.T[r], s.T[r-1], hint)
			}
		}
	}
	periodic, err := c.periodic()
	if err != nil {
		return nil, err
	}
	s.Unwrap(periodic)
	if hidden {
		if s.T == nil {
			return nil, t.Need(slices.Concat(c.p, []string{c.t})...)
		}
		x, err := nn.Positions(s.T, s.X, s.Starts, c.masses)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s.name, err)
		}
		x.U, x.Between = s.U, s.Between
		s.Series = *x
		s.Periodic = periodic
	}
	if r, j, ok := s.Wrapped(); ok {
		s.jump = t.Errorf(r, c.q[j], "it jumps by about 2π: if it is an angle, want -periodic %s", c.q[j]).Error()
	}
	return s, nil
}

// matrix returns the named columns side by side. of returns one.
func matrix(t *table.Table, names []string, of func(name string) ([]float64, error)) (*autodiff.Matrix, error) {
	if err := t.Need(names...); err != nil {
		return nil, err
	}
	m := autodiff.NewMatrix(t.Rows(), len(names))
	for j, name := range names {
		col, err := of(name)
		if err != nil {
			return nil, err
		}
		for i, v := range col {
			m.Row(i)[j] = v
		}
	}
	return m, nil
}

// starts returns the first row of each run.
func starts(t *table.Table, column string) ([]int, error) {
	run, err := t.Col(column)
	if err != nil {
		return nil, fmt.Errorf("%w: want the trajectories numbered", err)
	}
	first := []int{0}
	seen := map[float64]bool{run[0]: true}
	for i := 1; i < len(run); i++ {
		if run[i] == run[i-1] {
			continue
		}
		if seen[run[i]] {
			return nil, t.Errorf(i, column, "run %v begins again: the rows of a run must be together", run[i])
		}
		seen[run[i]] = true
		first = append(first, i)
	}
	return first, nil
}
