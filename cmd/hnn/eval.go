package main

import (
	"context"
	"fmt"
	"math"

	"hnn/autodiff"
	"hnn/cmd/hnn/internal/flags"
	"hnn/cmd/hnn/internal/table"
	"hnn/integrate"
	"hnn/nn"
)

const evalHelp = ` MODEL.json DATA.csv

Writes a CSV of scores, one row for each run of the data, and one, run "all", for all of
them. The columns of the data are those that the model was trained with, unless -q, -p, -t
and -run name others.

  rows        states of the run
  mse         mean squared error of the predicted derivatives, over all components, against
              the columns dq and dp of the data; empty where they have none, and for a
              nextstate model. Derivatives that are estimated from the data are no truth
              to measure a model against
  step_rmse   √ mean of |x − x_data|² one interval after each state, followed from that state
              (needs t). With noise in the data it is at least the noise
  coord_rmse  the same for a rollout from the run's first state, at all times of the data
              (needs t); of a nextstate model up to the first gap
  H_mean      mean of the model's own H over the states, for a model with a Hamiltonian
  H_spread    its standard deviation within a run: for a closed system, how far the
              model's H is from being constant along the data, noise included

To compare models, compare step_rmse and coord_rmse; mse too where the data have true
derivatives.

Examples:
  hnn eval out/hnn.json out/test.csv
  hnn eval model.json - < measured.csv
`

const evalScores = "mse, step_rmse, coord_rmse and H_spread of all runs"

func defineEval(f *flags.Set) check {
	out := "-"
	var c columns
	o := solver{rtol: 1e-6, atol: 1e-9, method: integrate.RK45}
	o.tolerances(f)
	c.register(f)
	f.File(&out, "o", flags.Output, "output `file`, - for standard output")
	f.Operands(2, 2, "a model file and a data file")
	return func() (run, error) {
		if f.Arg(0) == "-" && f.Arg(1) == "-" {
			return nil, flags.Wrong("the model and the data cannot both be standard input")
		}
		if err := c.check(); err != nil {
			return nil, err
		}
		return func(e *env) error {
			m, err := loadModel(e.ctx, f.Arg(0))
			if err != nil {
				return err
			}
			c.of(f, m.made)
			s, err := readStates(e.ctx, f.Arg(1), c)
			if err != nil {
				return err
			}
			if n := m.Dim(); n != s.X.Cols {
				return fmt.Errorf("%s has %d components of state, the model %d", s.name, s.X.Cols, n)
			}
			scores, err := evaluate(e.ctx, m.Stored, s, &o)
			if err != nil {
				return err
			}
			all := scores[len(scores)-1]
			for i, v := range []float64{all.mse, all.step, all.coord, all.hSpread} {
				e.score([]string{"mse", "step_rmse", "coord_rmse", "H_spread"}[i], v)
			}
			return e.writeTable(out, []string{"run", "rows", "mse", "step_rmse", "coord_rmse", "H_mean", "H_spread"}, func(w *table.Writer) {
				for i, sc := range scores {
					if i < s.Runs() {
						w.Int(i)
					} else {
						w.Text("all")
					}
					w.Int(sc.rows)
					floats(w, sc.mse, sc.step, sc.coord, sc.hMean, sc.hSpread)
					w.End()
				}
			})
		}, nil
	}
}

// A runScore scores one run; NaN stands for a score that does not apply.
type runScore struct {
	rows                             int
	mse, step, coord, hMean, hSpread float64
}

// A mean is one over rows, NaN of none.
type mean struct {
	sum  float64
	rows int
}

func (m *mean) add(sum float64, rows int) { m.sum, m.rows = m.sum+sum, m.rows+rows }
func (m mean) value() float64             { return m.sum / float64(m.rows) }

// evaluate scores each run and, last, all of them.
func evaluate(ctx context.Context, m nn.Model, s *states, o *solver) ([]runScore, error) {
	var y, h *autodiff.Matrix
	if f, ok := m.(nn.Field); ok && s.DX != nil {
		y = nn.Evaluate(f.Field, s.X)
	}
	if f, ok := m.(nn.Energy); ok {
		h = nn.Evaluate(f.H, s.X)
	}
	var mse, steps, coords, hs, spreads mean
	var scores []runScore
	for i := range s.Runs() {
		lo, hi := s.Run(i)
		sc := runScore{rows: hi - lo, mse: math.NaN(), step: math.NaN(), coord: math.NaN(), hMean: math.NaN(), hSpread: math.NaN()}
		n := float64(hi - lo)
		if y != nil {
			var e mean
			for r := lo; r < hi; r++ {
				e.add(squares(y.Row(r), s.DX.Row(r))/float64(y.Cols), 1)
			}
			sc.mse = e.value()
			mse.add(e.sum, e.rows)
		}
		if h != nil {
			sc.hMean, sc.hSpread = meanSpread(h.Data[lo:hi])
			hs.add(float64(sc.hMean*n), hi-lo)
			spreads.add(float64(float64(sc.hSpread*sc.hSpread)*n), hi-lo)
		}
		if s.T != nil {
			step, coord, err := followRun(ctx, m, s, lo, hi, o)
			if err != nil {
				return nil, fmt.Errorf("%s: run %d: %w", s.name, i, err)
			}
			sc.step, sc.coord = math.Sqrt(step.value()), math.Sqrt(coord.value())
			steps.add(step.sum, step.rows)
			coords.add(coord.sum, coord.rows)
		}
		scores = append(scores, sc)
	}
	return append(scores, runScore{s.Rows(), mse.value(), math.Sqrt(steps.value()), math.Sqrt(coords.value()), hs.value(), math.Sqrt(spreads.value())}), nil
}

// squares returns |x − y|².
func squares(x, y []float64) float64 {
	sum := 0.
	for i, v := range x {
		d := v - y[i]
		sum += float64(d * d)
	}
	return sum
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

// followRun returns the squared errors of following the model from each of the rows lo to hi
// to the time of the next, and from row lo to those of all. A map knows only its own interval:
// other intervals do not count, and the rollout ends before the first of them.
func followRun(ctx context.Context, m nn.Model, s *states, lo, hi int, o *solver) (step, coord mean, err error) {
	g, isMap := m.(nn.Map)
	one := *o
	for r := lo; r+1 < hi; r++ {
		dt := s.T[r+1] - s.T[r]
		if isMap {
			if !sameStep(dt, g.Dt()) {
				continue
			}
			dt = g.Dt()
		}
		one.at = []float64{dt}
		sol, err := follow(ctx, m, s.X.Row(r), dt, &one)
		if err != nil {
			return step, coord, err
		}
		step.add(squares(sol.Y[len(sol.Y)-1], s.X.Row(r+1)), 1)
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
		duration = g.Dt() * float64(len(times)) // one state more, however the times are rounded
	}
	sol, err := follow(ctx, m, s.X.Row(lo), duration, &all)
	if err != nil {
		return step, coord, err
	}
	for i, y := range sol.Y {
		if i == len(times) || isMap && i > 0 && !sameStep(times[i]-times[i-1], g.Dt()) {
			break
		}
		coord.add(squares(y, s.X.Row(lo+i)), 1)
	}
	if coord.rows == 1 { // the first state alone says nothing
		coord = mean{}
	}
	return step, coord, nil
}

func sameStep(a, b float64) bool { return a-b <= 1e-6*b && b-a <= 1e-6*b }
