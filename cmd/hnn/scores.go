package main

import (
	"context"
	"fmt"
	"math"
	"slices"

	"hnn/autodiff"
	"hnn/cmd/hnn/internal/table"
	"hnn/nn"
)

// scores.go computes what hnn eval writes.

// A runScore has the scores of one run. A score that does not apply is NaN.
type runScore struct {
	rows                             int
	mse, step, coord, hMean, hSpread float64
	within                           [2]float64 // times of closeness, for 10 % and 30 %
	outside                          int        // rows at which the data or the rollout lie outside of the training data
	first                            string     // the first of them
}

// sweptScores are the scores of all runs that a sweep keeps, see evalScores, and swept their values.
var sweptScores = []string{"mse", "step_rmse", "coord_rmse", "H_spread"}

func (sc *runScore) swept() []float64 { return []float64{sc.mse, sc.step, sc.coord, sc.hSpread} }

// begin writes the first cells of row i of a table of scores: the run, or all after the last, and its
// number of rows.
func (sc *runScore) begin(w *table.Writer, i int, s *states) {
	if i < s.Runs() {
		w.Int(i)
	} else {
		w.Text("all")
	}
	w.Int(sc.rows)
}

// look counts a row if one of its states lies outside of the training data.
func (sc *runScore) look(m *model, of string, at float64, states ...[]float64) {
	for _, x := range states {
		if why := m.outside(of, at, x); why != "" {
			if sc.outside++; sc.first == "" {
				sc.first = why
			}
			return
		}
	}
}

// tellOutside warns of data and of rollouts that leave the range of the training data.
func (e *env) tellOutside(m *model, s *states, scores []runScore) {
	for i, sc := range scores[:s.Runs()] {
		if all := scores[s.Runs()].outside; sc.outside > 0 {
			e.warn("%s: %s: run %d: %s: so are %d of %d rows, of the data or of the rollout: the model knows nothing there", m.file, s.name, i, sc.first, all, s.Rows())
			return
		}
	}
}

// A mean is a mean over rows. Without rows it is NaN.
type mean struct {
	sum  float64
	rows int
}

func (m *mean) add(sum float64, rows int) { m.sum, m.rows = m.sum+sum, m.rows+rows }
func (m mean) value() float64             { return m.sum / float64(m.rows) }

// evaluate scores each run and, last, all of them.
func evaluate(ctx context.Context, m *model, s *states, o *solver, skip int) ([]runScore, error) {
	var y *autodiff.Matrix
	if f, ok := m.Stored.(nn.Field); ok && s.DX != nil {
		y = nn.Derivative(f, &s.Series)
	}
	if s.begun != nil && s.Hidden != nil {
		s.followed = autodiff.NewMatrix(s.X.Rows, s.X.Cols)
	}
	var mse, steps, coords, hs, spreads mean
	var scores []runScore
	least, outside := [2]float64{math.NaN(), math.NaN()}, 0
	for i := range s.Runs() {
		lo, hi := s.Run(i)
		none := math.NaN()
		sc := runScore{rows: hi - lo, mse: none, step: none, coord: none, hMean: none, hSpread: none, within: [2]float64{none, none}}
		if y != nil {
			var e mean
			for r := lo; r < hi; r++ {
				e.add(squares(y.Row(r), s.DX.Row(r), nil)/float64(y.Cols), 1)
			}
			sc.mse = e.value()
			mse.add(e.sum, e.rows)
		}
		if s.T != nil {
			step, coord, err := followRun(ctx, m, s, i, skip, o, &sc)
			if err != nil {
				return nil, fmt.Errorf("%s: run %d: %w", s.name, i, err)
			}
			outside += sc.outside
			for k, v := range sc.within {
				if !(least[k] <= v) && v == v {
					least[k] = v
				}
			}
			sc.step, sc.coord = math.Sqrt(step.value()), math.Sqrt(coord.value())
			steps.add(step.sum, step.rows)
			coords.add(coord.sum, coord.rows)
		} else {
			for r := lo; r < hi; r++ {
				sc.look(m, "line", float64(s.lines[r]), s.X.Row(r))
			}
			outside += sc.outside
		}
		scores = append(scores, sc)
	}
	if f, ok := m.Stored.(nn.Energy); ok {
		h := nn.Evaluate(f.H, s.known())
		for i := range scores {
			lo, hi := s.Run(i)
			sc, n := &scores[i], float64(hi-lo)
			sc.hMean, sc.hSpread = meanSpread(h.Data[lo:hi])
			hs.add(float64(sc.hMean*n), hi-lo)
			spreads.add(float64(float64(sc.hSpread*sc.hSpread)*n), hi-lo)
		}
	}
	return append(scores, runScore{s.Rows(), mse.value(), math.Sqrt(steps.value()), math.Sqrt(coords.value()), hs.value(), math.Sqrt(spreads.value()), least, outside, ""}), nil
}

// known returns the states of the data or, where their momenta are not known, those of the rollout.
func (s *states) known() *autodiff.Matrix {
	if s.followed != nil {
		return s.followed
	}
	return s.X
}

// squares returns |x − y|² of the components that are not hidden.
func squares(x, y []float64, hidden []bool) float64 {
	sum := 0.
	for i, v := range x {
		if hidden == nil || !hidden[i] {
			d := v - y[i]
			sum += float64(d * d)
		}
	}
	return sum
}

// distance returns the largest |x − y| of a component that is not hidden, as a share of its
// amplitude.
func (s *states) distance(x, y, low, high []float64) float64 {
	most := 0.
	for i, v := range x {
		if half := (high[i] - low[i]) / 2; half > 0 && (s.Hidden == nil || !s.Hidden[i]) {
			most = max(most, math.Abs(v-y[i])/half)
		}
	}
	return most
}

func meanSpread(v []float64) (mean, spread float64) {
	n := float64(len(v))
	for _, x := range v {
		mean += x / n
	}
	for _, x := range v {
		spread += float64((x-mean)*(x-mean)) / n
	}
	return mean, math.Sqrt(spread)
}

// followRun follows the model from each row of run i to the time of the next row, and from its
// first state to the times of all rows, of which the first ones to skip do not count. It returns
// the squared errors of both, and sets the times of closeness and what lies outside of the training
// data. A map has one interval: rows at other intervals do not count, and its rollout ends before
// the first of them.
func followRun(ctx context.Context, m *model, s *states, i, skip int, o *solver, sc *runScore) (step, coord mean, err error) {
	lo, hi := s.Run(i)
	n, isMap := m.Stored.(nn.Map)
	var u *inputs
	if _, ok := nn.DrivenBy(m.Stored); ok {
		signal, err := s.Signal(i)
		if err != nil {
			return step, coord, err
		}
		u = &inputs{signal, s.T[lo]}
	}
	g, err := newMotion(m.Stored, u)
	if err != nil {
		return step, coord, err
	}
	one := *o
	for r := lo; r+1 < hi; r++ {
		if s.begun != nil && s.Hidden != nil { // later momenta are not known
			break
		}
		dt := s.T[r+1] - s.T[r]
		if isMap {
			if !sameStep(dt, n.Dt()) {
				continue
			}
			dt = n.Dt()
		}
		one.at = []float64{dt}
		sol, err := g.follow(ctx, u.from(s.T[r]), s.X.Row(r), dt, &one)
		if err != nil {
			return step, coord, err
		}
		step.add(squares(sol.Y[len(sol.Y)-1], s.X.Row(r+1), s.Hidden), 1)
	}
	if hi-lo < 2 {
		return step, coord, nil
	}
	times := make([]float64, hi-lo)
	for i := range times {
		times[i] = s.T[lo+i] - s.T[lo]
	}
	all := *o
	all.at = times
	duration := times[len(times)-1]
	if isMap {
		duration = n.Dt() * float64(len(times)) // one state more, in case times are rounded down
	}
	y0 := s.X.Row(lo)
	if s.begun != nil {
		y0 = s.begun.Row(i)
	}
	sol, err := g.follow(ctx, u, y0, duration, &all)
	if err != nil {
		return step, coord, err
	}
	low, high := s.Range()
	var far [2]bool
	for i, y := range sol.Y {
		if i == len(times) || isMap && i > 0 && !sameStep(times[i]-times[i-1], n.Dt()) {
			break
		}
		measured := s.X.Row(lo + i)
		if s.Hidden != nil { // momenta as in the rollout
			measured = slices.Clone(measured)
			for j, hidden := range s.Hidden {
				if hidden {
					measured[j] = y[j]
				}
			}
		}
		sc.look(m, "t", s.T[lo+i], measured, y)
		if s.followed != nil {
			copy(s.followed.Row(lo+i), y)
		}
		if i >= skip {
			coord.add(squares(y, s.X.Row(lo+i), s.Hidden), 1)
		}
		for k, share := range []float64{0.1, 0.3} {
			if far[k] = far[k] || s.distance(y, s.X.Row(lo+i), low, high) > share; !far[k] {
				sc.within[k] = times[i]
			}
		}
	}
	if coord.rows == 1 && skip == 0 && s.begun == nil { // the first state alone has no error
		coord = mean{}
	}
	return step, coord, nil
}

func sameStep(a, b float64) bool { return a-b <= 1e-6*b && b-a <= 1e-6*b }
