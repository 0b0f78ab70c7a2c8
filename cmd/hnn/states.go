package main

import (
	"fmt"
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
	pairs  int
	T      []float64        // nil without a column t
	X      *autodiff.Matrix // rows×2d, [q…, p…]
	DX     *autodiff.Matrix // nil without columns dq… and dp…
	Starts []int
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

// readStates reads a file of states.
func readStates(file string) (*states, error) {
	t, err := table.ReadFile(file)
	if err != nil {
		return nil, err
	}
	s := &states{Table: t, pairs: 1}
	if !slices.Contains(t.Header, "q") && slices.Contains(t.Header, "q0") {
		for s.pairs = 0; slices.Contains(t.Header, "q"+strconv.Itoa(s.pairs)); {
			s.pairs++
		}
		if extra := "p" + strconv.Itoa(s.pairs); slices.Contains(t.Header, extra) {
			return nil, fmt.Errorf("%s: column %s has no matching q%d", t.Name, extra, s.pairs)
		}
	}
	cols := names(s.pairs)
	if s.X, err = s.matrix(cols); err != nil {
		return nil, err
	}
	if slices.Contains(t.Header, "t") {
		if s.T, err = t.Col("t"); err != nil {
			return nil, err
		}
	}
	if slices.ContainsFunc(prefixed("d", cols), func(c string) bool { return slices.Contains(t.Header, c) }) {
		if s.DX, err = s.matrix(prefixed("d", cols)); err != nil {
			return nil, err
		}
	}
	s.Starts = []int{0}
	if slices.Contains(t.Header, "run") {
		run, err := t.Col("run")
		if err != nil {
			return nil, err
		}
		seen := map[float64]bool{run[0]: true}
		for i := 1; i < len(run); i++ {
			if run[i] == run[i-1] {
				continue
			}
			if seen[run[i]] {
				return nil, t.Errorf(i, "run", "run %v begins again: the rows of a run must be together", run[i])
			}
			seen[run[i]] = true
			s.Starts = append(s.Starts, i)
		}
	}
	return s, nil
}

// matrix returns the named columns side by side.
func (s *states) matrix(names []string) (*autodiff.Matrix, error) {
	if err := s.Need(names...); err != nil {
		return nil, err
	}
	m := autodiff.NewMatrix(s.Rows(), len(names))
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
	if err := s.Need("t"); err != nil {
		return err
	}
	for i := range s.Starts {
		lo, hi := s.run(i)
		for r := lo + 1; r < hi; r++ {
			if !(s.T[r] > s.T[r-1]) {
				return s.Errorf(r, "t", "%v does not come after %v: times must increase within a run", s.T[r], s.T[r-1])
			}
		}
	}
	return nil
}

// An estimate is a way to get time derivatives.
type estimate string

const (
	given    estimate = "given"    // from columns dq and dp
	central  estimate = "central"  // central differences of second order
	smooth   estimate = "smooth"   // from cubics fitted to a window of rows
	midpoint estimate = "midpoint" // none: one step of the implicit midpoint rule
)

var estimates = []estimate{given, central, smooth, midpoint}

// derivatives returns states with their derivatives, by the given estimate or, for "",
// from the file if it has them and by central differences if not. The window is that
// of smooth: rows on each side.
func (s *states) derivatives(by estimate, window int) (*nn.Data, error) {
	cols := prefixed("d", names(s.pairs))
	if by == given || by == "" && s.DX != nil {
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
	switch by {
	case smooth:
		d, err = nn.Smooth(s.T, s.X, s.Starts, window)
	case midpoint:
		d, err = nn.Midpoints(s.T, s.X, s.Starts)
	default:
		d, err = nn.Differences(s.T, s.X, s.Starts, 2)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.Name, err)
	}
	return d, nil
}
