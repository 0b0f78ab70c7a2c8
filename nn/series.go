package nn

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"slices"

	"hnn/autodiff"
)

// A Series is the data that was observed: the states of one or more trajectories. Each row is
// a state.
type Series struct {
	T      []float64        // the time of each row, increasing along a trajectory; nil: not known
	X      *autodiff.Matrix // states [q…, p…], rows×2d
	DX     *autodiff.Matrix // their time derivatives, rows×2d; nil: not known
	Starts []int            // the first row of each trajectory, in order from 0; nil: there is one

	U       *autodiff.Matrix // inputs at the times of the rows, rows×m; nil: none. A Driven model needs them
	Between Interpolation    // of the inputs; "": LinearInput

	// Hidden tells which components of the states were not observed; nil: all were. What X
	// has of them is a guess, such as the rates of the coordinates for momenta. Single
	// numbers that are missing are NaN. Only the objective Shooting takes such series.
	Hidden []bool

	// Periodic tells which components are angles, continuous along each trajectory; nil: not
	// known, so none is, and Fit notes what looks like one. See Unwrap.
	Periodic []bool
}

// observed tells whether component j was observed in row r.
func (s *Series) observed(r, j int) bool {
	v := s.X.At(r, j)
	return v == v && (s.Hidden == nil || !s.Hidden[j])
}

// Rows returns the number of states.
func (s *Series) Rows() int { return s.X.Rows }

// Runs returns how many trajectories there are.
func (s *Series) Runs() int { return max(1, len(s.Starts)) }

// Run returns the first row of trajectory i and the row after its last.
func (s *Series) Run(i int) (lo, hi int) {
	if len(s.Starts) == 0 {
		return 0, s.Rows()
	}
	return s.Starts[i], runEnd(s.Starts, i, s.Rows())
}

// runEnd returns the row after the last of trajectory i.
func runEnd(starts []int, i, rows int) int {
	if i+1 < len(starts) {
		return starts[i+1]
	}
	return rows
}

// Check reports the first part that does not fit the others, or a number that is not finite.
func (s *Series) Check() error {
	if s == nil || s.X == nil || s.X.Rows == 0 {
		return errors.New("nn: no data")
	}
	n := s.X.Cols
	switch {
	case n == 0:
		return errors.New("nn: states of no numbers")
	case len(s.X.Data) != s.X.Rows*n:
		return fmt.Errorf("nn: states of %d×%d have %d elements", s.X.Rows, n, len(s.X.Data))
	case s.DX != nil && (s.DX.Rows != s.X.Rows || s.DX.Cols != n || len(s.DX.Data) != len(s.X.Data)):
		return fmt.Errorf("nn: states are %d×%d, derivatives %d×%d with %d elements", s.X.Rows, n, s.DX.Rows, s.DX.Cols, len(s.DX.Data))
	case s.T != nil && len(s.T) != s.X.Rows:
		return fmt.Errorf("nn: %d times for %d states", len(s.T), s.X.Rows)
	}
	if u := s.U; u != nil {
		if u.Cols == 0 || u.Rows != s.X.Rows || len(u.Data) != u.Rows*u.Cols {
			return fmt.Errorf("nn: states are %d×%d, inputs %d×%d with %d elements: want a row for each state", s.X.Rows, n, u.Rows, u.Cols, len(u.Data))
		}
		for i, v := range u.Data {
			if v-v != 0 {
				return fmt.Errorf("nn: row %d, input %d is %v, want a finite number", i/u.Cols, i%u.Cols, v)
			}
		}
		if s.T == nil {
			return errors.New("nn: inputs without times: want both")
		}
	}
	for i, r := range s.Starts {
		if i == 0 && r != 0 || i > 0 && r <= s.Starts[i-1] || r >= s.X.Rows {
			return fmt.Errorf("nn: trajectory %d starts at row %d of %d: want 0 for the first, and later ones in order", i, r, s.X.Rows)
		}
	}
	for _, m := range []*autodiff.Matrix{s.X, s.DX} {
		if m == nil {
			continue
		}
		for i, v := range m.Data {
			if v-v != 0 && (v == v || m == s.DX) { // NaN is missing
				return fmt.Errorf("nn: row %d, component %d is %v, want a finite number", i/n, i%n, v)
			}
		}
	}
	for i := range s.Runs() {
		lo, hi := s.Run(i)
		for r := lo; r < hi && s.T != nil; r++ {
			if s.T[r]-s.T[r] != 0 || r > lo && !(s.T[r] > s.T[r-1]) {
				return fmt.Errorf("nn: time %v of row %d does not come after that of row %d: times must increase within a trajectory", s.T[r], r, r-1)
			}
			if r > lo && math.IsInf(s.T[r]-s.T[r-1], 0) {
				return fmt.Errorf("nn: the time from row %d to row %d, %v to %v, overflows: want other units", r-1, r, s.T[r-1], s.T[r])
			}
		}
	}
	return nil
}

// complete is Check, and that no number is missing.
func (s *Series) complete() error {
	if err := s.Check(); err != nil {
		return err
	}
	for j, hidden := range s.Hidden {
		if hidden {
			return fmt.Errorf("nn: component %d of the states was not observed: want the objective shooting", j)
		}
	}
	for i, v := range s.X.Data {
		if v != v {
			return fmt.Errorf("nn: row %d, component %d is missing: want the objective shooting", i/s.X.Cols, i%s.X.Cols)
		}
	}
	return nil
}

// timed is Check, and reports a series without times.
func (s *Series) timed() error {
	if err := s.Check(); err != nil {
		return err
	}
	if s.T == nil {
		return errors.New("nn: no times: without derivatives they are needed")
	}
	return nil
}

// Interval returns the sampling interval, the time from the first state to the second.
func (s *Series) Interval() (float64, error) {
	if err := s.timed(); err != nil {
		return 0, err
	}
	if _, hi := s.Run(0); hi < 2 {
		return 0, errors.New("nn: the first trajectory has one row: want two for a sampling interval")
	}
	return s.T[1] - s.T[0], nil
}

// window returns rows lo to hi of a matrix, which may be nil, without a copy.
func window(m *autodiff.Matrix, lo, hi int) *autodiff.Matrix {
	if m == nil {
		return nil
	}
	return &autodiff.Matrix{Rows: hi - lo, Cols: m.Cols, Data: m.Data[lo*m.Cols : hi*m.Cols]}
}

// cloned returns a copy of a matrix.
func cloned(m *autodiff.Matrix) *autodiff.Matrix {
	return &autodiff.Matrix{Rows: m.Rows, Cols: m.Cols, Data: slices.Clone(m.Data)}
}

// part returns rows lo to hi, windows onto s.
func (s *Series) part(lo, hi int) *Series {
	p := *s
	p.X, p.DX, p.U, p.Starts = window(s.X, lo, hi), window(s.DX, lo, hi), window(s.U, lo, hi), nil
	if s.T != nil {
		p.T = s.T[lo:hi]
	}
	for i := range s.Runs() {
		if a, b := s.Run(i); a < hi && b > lo {
			p.Starts = append(p.Starts, max(a, lo)-lo)
		}
	}
	return &p
}

// Hold splits off a share of the data, from 0 to below 1. If there are several trajectories it
// splits off the last of them, else the last rows. It splits off at least one.
func (s *Series) Hold(share float64) (rest, held *Series, err error) {
	cut := s.Rows() - max(1, int(math.Round(share*float64(s.Rows()))))
	if n := s.Runs(); n > 1 {
		cut = 0
		if keep := n - max(1, int(math.Round(share*float64(n)))); keep > 0 {
			cut = s.Starts[keep]
		}
	}
	if cut < 1 {
		return nil, nil, fmt.Errorf("nn: holding out a share of %v leaves nothing to train on", share)
	}
	return s.part(0, cut), s.part(cut, s.Rows()), nil
}

// An interval of more than gap times the median interval is a gap.
const gap = 8

// cut returns the series with a new trajectory after each gap, and the number of gaps. States
// on two sides of a gap are never compared.
func (s *Series) cut() (*Series, int) {
	var steps []float64
	for i := range s.Runs() {
		lo, hi := s.Run(i)
		for r := lo + 1; r < hi; r++ {
			steps = append(steps, s.T[r]-s.T[r-1])
		}
	}
	if len(steps) == 0 {
		return s, 0
	}
	slices.Sort(steps)
	long := gap * steps[len(steps)/2]
	c := *s
	c.Starts = nil
	for i := range s.Runs() {
		lo, hi := s.Run(i)
		c.Starts = append(c.Starts, lo)
		for r := lo + 1; r < hi; r++ {
			if s.T[r]-s.T[r-1] > long {
				c.Starts = append(c.Starts, r)
			}
		}
	}
	return &c, len(c.Starts) - s.Runs()
}

// Gaps returns the number of gaps at which trajectories are cut: intervals of more than 8 times the
// median.
func (s *Series) Gaps() int {
	_, n := s.cut()
	return n
}

// Range returns the least and the greatest value of each component of the states, NaN of one
// that was never observed.
func (s *Series) Range() (low, high []float64) {
	low, high = slices.Clone(s.X.Row(0)), slices.Clone(s.X.Row(0))
	for r := range s.Rows() {
		for j, v := range s.X.Row(r) {
			switch {
			case v != v: // not observed
			case low[j] != low[j]:
				low[j], high[j] = v, v
			default:
				low[j], high[j] = min(low[j], v), max(high[j], v)
			}
		}
	}
	return low, high
}

// Hash returns the SHA-256 of all numbers of the series, in hexadecimal.
func (s *Series) Hash() string {
	h := sha256.New()
	buf := make([]byte, 0, 1<<12)
	put := func(v []float64) {
		for _, x := range v {
			if buf = binary.LittleEndian.AppendUint64(buf, math.Float64bits(x)); len(buf) == cap(buf) {
				h.Write(buf)
				buf = buf[:0]
			}
		}
		h.Write(buf)
		buf = buf[:0]
		fmt.Fprintf(h, "/%d", len(v))
	}
	put(s.T)
	put(s.X.Data)
	for j, hidden := range s.Hidden {
		if hidden {
			fmt.Fprintf(h, "hidden %d", j)
		}
	}
	if s.DX != nil {
		put(s.DX.Data)
	}
	if s.U != nil {
		put(s.U.Data)
		fmt.Fprintf(h, "inputs %s", s.Between)
	}
	fmt.Fprint(h, s.Starts)
	return hex.EncodeToString(h.Sum(nil))
}

// Data holds the arguments X and the targets Y of a loss, row by row. Starts holds the first
// row of each trajectory.
type Data struct {
	X, Y   *autodiff.Matrix
	Starts []int

	Gaps  int // gaps at which trajectories were cut
	Short int // trajectories that were left out because they have too few rows
}

// spans cuts trajectories at gaps and calls f with the rows lo to hi of each that has at least
// least rows. It notes in d what was cut and left out. It is an error if no trajectory is long
// enough.
func (d *Data) spans(s *Series, least float64, f func(lo, hi int)) error {
	if err := s.complete(); err != nil {
		return err
	}
	if err := s.timed(); err != nil {
		return err
	}
	s, d.Gaps = s.cut()
	longest := 0
	for i := range s.Runs() {
		lo, hi := s.Run(i)
		if longest = max(longest, hi-lo); float64(hi-lo) < least {
			d.Short++
			continue
		}
		d.Starts = append(d.Starts, d.X.Rows)
		f(lo, hi)
	}
	if d.X.Rows == 0 {
		return fmt.Errorf("nn: the longest trajectory without a gap has %d rows: want at least %v", longest, least)
	}
	return nil
}

// add appends a row of zeros to a matrix and returns it.
func add(m *autodiff.Matrix) []float64 {
	m.Rows++
	m.Data = append(m.Data, make([]float64, m.Cols)...)
	return m.Row(m.Rows - 1)
}
