package main

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"hnn/autodiff"
	"hnn/cmd/hnn/internal/table"
	"hnn/nn"
)

// states is a CSV of trajectories: coordinate pairs q and p (q0, q1, …, p0, p1, …
// where there are several), the time t, a number run where there are several
// trajectories, and derivatives dq and dp where they are known.
type states struct {
	*table.Table
	names  []string         // of the 2d columns of X
	time   string           // the column of T
	T      []float64        // nil without that column
	X      *autodiff.Matrix // rows×2d, [q…, p…]
	DX     *autodiff.Matrix // nil without columns dq… and dp…
	Starts []int
	runs   bool // there is a column of runs
	first  int  // the row of the table that the first state is from
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

// columns are the names of a file's columns, where they are not the usual ones.
type columns struct {
	q, p   []string // nil: q and p, or q0, q1, … and p0, p1, …
	t, run string
}

func (c *columns) register(f flags) {
	c.t, c.run = "t", "run"
	f.words(&c.q, "q", "`columns` of the coordinates, with commas between (default q, or q0, q1, …)")
	f.words(&c.p, "p", "`columns` of their momenta, in the same order (default p, or p0, p1, …)")
	f.StringVar(&c.t, "t", c.t, "`column` of the time")
	f.StringVar(&c.run, "run", c.run, "`column` of the number of the trajectory")
}

func (c *columns) check() error {
	if len(c.q) != len(c.p) {
		return usageError{fmt.Errorf("-q names %d columns, -p %d", len(c.q), len(c.p))}
	}
	return nil
}

// readStates reads a file of states.
func readStates(file string, c columns) (*states, error) {
	t, err := table.ReadFile(file)
	if err != nil {
		return nil, err
	}
	s := &states{Table: t, names: append(slices.Clone(c.q), c.p...), time: c.t}
	if s.names == nil {
		pairs := 1
		if !slices.Contains(t.Header, "q") && slices.Contains(t.Header, "q0") {
			for pairs = 0; slices.Contains(t.Header, "q"+strconv.Itoa(pairs)); {
				pairs++
			}
			if extra := "p" + strconv.Itoa(pairs); slices.Contains(t.Header, extra) {
				return nil, fmt.Errorf("%s: column %s has no matching q%d", t.Name, extra, pairs)
			}
		}
		s.names = names(pairs)
	}
	if s.X, err = s.matrix(s.names); err != nil {
		return nil, err
	}
	if slices.Contains(t.Header, c.t) {
		if s.T, err = t.Col(c.t); err != nil {
			return nil, err
		}
	} else if c.t != "t" {
		return nil, t.Need(c.t)
	}
	if slices.ContainsFunc(prefixed("d", s.names), func(c string) bool { return slices.Contains(t.Header, c) }) {
		if s.DX, err = s.matrix(prefixed("d", s.names)); err != nil {
			return nil, err
		}
	}
	s.Starts = []int{0}
	if !slices.Contains(t.Header, c.run) {
		if c.run != "run" {
			return nil, t.Need(c.run)
		}
		return s, nil
	}
	s.runs = true
	run, err := t.Col(c.run)
	if err != nil {
		return nil, err
	}
	seen := map[float64]bool{run[0]: true}
	for i := 1; i < len(run); i++ {
		if run[i] == run[i-1] {
			continue
		}
		if seen[run[i]] {
			return nil, t.Errorf(i, c.run, "run %v begins again: the rows of a run must be together", run[i])
		}
		seen[run[i]] = true
		s.Starts = append(s.Starts, i)
	}
	return s, nil
}

// hold splits off a share of the states: the last runs where there are several, else the
// last rows.
func (s *states) hold(share float64) (rest, held *states, err error) {
	cut, runs := s.Rows()-max(1, int(math.Round(share*float64(s.Rows())))), 0
	if n := len(s.Starts); n > 1 {
		runs = n - max(1, int(math.Round(share*float64(n))))
		cut = 0
		if runs > 0 {
			cut = s.Starts[runs]
		}
	}
	if cut < 1 {
		return nil, nil, fmt.Errorf("%s: -holdout %v leaves nothing to train on", s.Name, share)
	}
	part := func(lo, hi int) *states {
		p := *s
		p.first = s.first + lo
		p.Starts = nil
		for i := range s.Starts {
			if a, b := s.run(i); a < hi && b > lo {
				p.Starts = append(p.Starts, max(a, lo)-lo)
			}
		}
		if s.T != nil {
			p.T = s.T[lo:hi]
		}
		window := func(m *autodiff.Matrix) *autodiff.Matrix {
			if m == nil {
				return nil
			}
			return &autodiff.Matrix{Rows: hi - lo, Cols: m.Cols, Data: m.Data[lo*m.Cols : hi*m.Cols]}
		}
		p.X, p.DX = window(s.X), window(s.DX)
		return &p
	}
	return part(0, cut), part(cut, s.Rows()), nil
}

// Rows returns the number of states.
func (s *states) Rows() int { return s.X.Rows }

// matrix returns the named columns side by side.
func (s *states) matrix(names []string) (*autodiff.Matrix, error) {
	if err := s.Need(names...); err != nil {
		return nil, err
	}
	m := autodiff.NewMatrix(s.Table.Rows(), len(names))
	for j, name := range names {
		col, err := s.Col(name)
		if err != nil {
			return nil, err
		}
		for i, v := range col {
			m.Row(i)[j] = v
		}
	}
	return m, nil
}

// run returns the first row of trajectory i and the row after its last.
func (s *states) run(i int) (lo, hi int) {
	if i+1 < len(s.Starts) {
		return s.Starts[i], s.Starts[i+1]
	}
	return s.Starts[i], s.Rows()
}

// needTimes checks that t is there and increases within each run.
func (s *states) needTimes() error {
	if err := s.Need(s.time); err != nil {
		return err
	}
	for i := range s.Starts {
		lo, hi := s.run(i)
		for r := lo + 1; r < hi; r++ {
			if !(s.T[r] > s.T[r-1]) {
				hint := ""
				if !s.runs {
					hint = "; all rows are one run here, unless -run names a column"
				}
				return s.Errorf(s.first+r, s.time, "%v does not come after %v: times must increase within a run%s", s.T[r], s.T[r-1], hint)
			}
		}
	}
	return nil
}

// An estimate is a way to get time derivatives.
type estimate string

const (
	given    estimate = "given"    // from columns dq and dp
	central  estimate = "central"  // central differences
	smooth   estimate = "smooth"   // from cubics fitted to a window of rows
	midpoint estimate = "midpoint" // none: one step of the implicit midpoint rule
	rk4      estimate = "rk4"      // none: one step of the classical Runge–Kutta method
)

var estimates = []estimate{given, central, smooth, midpoint, rk4}

// An estimator is an estimate with its settings: the order of central, the window of
// smooth, the stride of the others. For "", derivatives are those of the file if it has
// them and by central differences if not.
type estimator struct {
	by                    estimate
	order, window, stride int
}

// check finds settings that go with another estimate; those of central choose it.
func (e *estimator) check(f flags, model string) error {
	if name := isSet(f, "derivatives", "order", "window", "stride"); name != "" && model == "nextstate" {
		return fmt.Errorf("-%s is for models of the field, not nextstate", name)
	}
	if e.by == "" && isSet(f, "order", "stride") != "" {
		e.by = central
	}
	for _, s := range []struct {
		name string
		of   []estimate
	}{{"order", []estimate{central}}, {"window", []estimate{smooth}}, {"stride", []estimate{central, midpoint, rk4}}} {
		if isSet(f, s.name) != "" && !slices.Contains(s.of, e.by) {
			return fmt.Errorf("-%s is for -derivatives %v", s.name, s.of)
		}
	}
	return nil
}

// derivatives returns states with their derivatives or, for rk4, slopes and steps.
func (s *states) derivatives(e estimator) (*nn.Data, error) {
	cols := prefixed("d", s.names)
	if e.by == given || e.by == "" && s.DX != nil {
		if s.DX == nil {
			return nil, s.Need(cols...)
		}
		return &nn.Data{X: s.X, Y: s.DX, Starts: s.Starts}, nil
	}
	if err := s.needTimes(); err != nil {
		return nil, fmt.Errorf("%w; without columns %v derivatives are estimated from t", err, cols)
	}
	var d *nn.Data
	var err error
	switch e.by {
	case smooth:
		d, err = nn.Smooth(s.T, s.X, s.Starts, e.window)
	case midpoint:
		d, err = nn.Midpoints(s.T, s.X, s.Starts, e.stride)
	case rk4:
		d, err = nn.Steps(s.T, s.X, s.Starts, e.stride)
	default:
		d, err = nn.Differences(s.T, s.X, s.Starts, e.order, e.stride)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.Name, err)
	}
	return d, nil
}
