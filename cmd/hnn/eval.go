package main

import (
	"context"
	"fmt"
	"math"

	"hnn/autodiff"
	"hnn/cmd/hnn/internal/table"
	"hnn/integrate"
	"hnn/nn"
)

const evalHelp = ` MODEL.json DATA.csv

Writes a CSV of scores, one row for each run of the data (see hnn train -h for its
columns), and one, run "all", for all of them:

  rows        states that were scored
  mse         mean squared error of the predicted derivatives, or of the next state
              for a nextstate model, over all components
  H_mean      mean of the model's own H over the states (hnn models)
  H_spread    its standard deviation within a run: for a closed system, how far the
              model's H is from being constant along the data, noise included
  coord_rmse  √ mean of |x − x_data|² for a rollout from the run's first state, at
              the times of the data (needs t); of a nextstate model up to the first gap

Examples:
  hnn eval out/hnn.json out/test.csv
  hnn eval model.json - < measured.csv
`

func runEval(e *env, args []string) error {
	out := "-"
	var c columns
	o := solver{rtol: 1e-6, atol: 1e-9, method: integrate.RK45}
	f := newFlags(e, "eval", evalHelp)
	o.tolerances(f)
	c.register(f)
	f.StringVar(&out, "o", out, "output `file`, - for standard output")
	operands, err := f.parse(args, 2)
	if err != nil {
		return err
	}
	if len(operands) < 2 {
		return usageError{fmt.Errorf("want a model file and a data file")}
	}
	if operands[0] == "-" && operands[1] == "-" {
		return usageError{fmt.Errorf("the model and the data cannot both be standard input")}
	}
	if err := c.check(); err != nil {
		return err
	}
	m, err := loadModel(operands[0])
	if err != nil {
		return err
	}
	s, err := readStates(operands[1], c)
	if err != nil {
		return err
	}
	if n := m.Net().Sizes()[0]; n != s.X.Cols {
		return fmt.Errorf("%s has %d components of state, the model %d", s.Name, s.X.Cols, n)
	}
	if err := checkOutput(out, operands...); err != nil {
		return err
	}
	scores, err := evaluate(e.ctx, m, s, &o)
	if err != nil {
		return err
	}
	header := []string{"run", "rows", "mse", "H_mean", "H_spread", "coord_rmse"}
	_, err = writeTable(out, header, func(w *table.Writer) {
		for i, sc := range scores {
			if i < len(s.Starts) {
				w.Int(i)
			} else {
				w.Text("all")
			}
			w.Int(sc.rows)
			for _, v := range []float64{sc.mse, sc.hMean, sc.hSpread, sc.coord} {
				if math.IsNaN(v) {
					w.Blank()
				} else {
					w.Float(v)
				}
			}
			w.End()
		}
	})
	return err
}

// A runScore scores one run; NaN stands for a score that does not apply.
type runScore struct {
	rows                       int
	mse, hMean, hSpread, coord float64
}

// evaluate scores each run and, last, all of them.
func evaluate(ctx context.Context, m nn.Model, s *states, o *solver) ([]runScore, error) {
	var data *nn.Data
	var predict, energy func(autodiff.Var) autodiff.Var
	var err error
	switch m := m.(type) {
	case *nn.HNN:
		predict, energy = m.Field, m.H
	case *nn.Derivative:
		predict = m.Field
	case *nn.NextState:
		predict = m.Next
		var dt float64
		if data, dt, err = s.nextStates(); err == nil && !sameStep(dt, m.Dt) {
			err = fmt.Errorf("%s: the interval is %v, that of the model %v", s.Name, dt, m.Dt)
		}
	}
	if data == nil && err == nil {
		data, err = s.derivatives(estimator{order: 2, stride: 1})
	}
	if err != nil {
		return nil, err
	}
	if len(data.Starts) != len(s.Starts) {
		return nil, fmt.Errorf("%s: only %d of %d runs have successive states %v apart", s.Name, len(data.Starts), len(s.Starts), s.T[1]-s.T[0])
	}
	y := nn.Evaluate(predict, data.X)
	var h *autodiff.Matrix
	if energy != nil {
		h = nn.Evaluate(energy, data.X)
	}
	var all runScore
	scores := make([]runScore, 0, len(s.Starts)+1)
	coordRows := 0
	all.hMean, all.hSpread = math.NaN(), math.NaN()
	var hSum, hVar float64
	for i, lo := range data.Starts {
		hi := data.X.Rows
		if i+1 < len(data.Starts) {
			hi = data.Starts[i+1]
		}
		sc := runScore{rows: hi - lo, hMean: math.NaN(), hSpread: math.NaN(), coord: math.NaN()}
		n := float64(hi - lo)
		for r := lo; r < hi; r++ {
			for j, v := range y.Row(r) {
				d := v - data.Y.At(r, j)
				sc.mse += float64(d*d) / (n * float64(y.Cols))
			}
		}
		if h != nil {
			sc.hMean, sc.hSpread = meanSpread(h.Data[lo:hi])
			hSum += float64(sc.hMean * n)
			hVar += float64(sc.hSpread * sc.hSpread * n)
		}
		if s.T != nil {
			lo, hi := s.run(i)
			sum, rows, err := rolloutError(ctx, m, s, lo, hi, o)
			if err != nil {
				return nil, fmt.Errorf("%s: run %d: %w", s.Name, i, err)
			}
			sc.coord = math.Sqrt(sum / float64(rows)) // NaN for none
			all.coord += sum
			coordRows += rows
		}
		all.rows += sc.rows
		all.mse += float64(sc.mse * n)
		scores = append(scores, sc)
	}
	all.mse /= float64(all.rows)
	if h != nil {
		all.hMean, all.hSpread = hSum/float64(all.rows), math.Sqrt(hVar/float64(all.rows))
	}
	all.coord = math.Sqrt(all.coord / float64(coordRows))
	return append(scores, all), nil
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

// rolloutError returns Σ |x − x_data|² of a rollout from row lo to the times of the
// rows before hi, and how many rows that is: none for a run of one row, and for a
// next-state model, which knows only its own interval, those before the first gap.
func rolloutError(ctx context.Context, m nn.Model, s *states, lo, hi int, o *solver) (sum float64, rows int, err error) {
	if err := s.needTimes(); err != nil {
		return 0, 0, err
	}
	if hi-lo < 2 {
		return 0, 0, nil
	}
	times := make([]float64, hi-lo)
	for i := range times {
		times[i] = s.T[lo+i] - s.T[lo]
	}
	o.at = times
	duration := times[len(times)-1]
	next, ok := m.(*nn.NextState)
	if ok {
		duration = next.Dt * float64(len(times)) // one state more, however the times are rounded
	}
	sol, err := rollout(ctx, m, s.X.Row(lo), duration, o)
	if err != nil {
		return 0, 0, err
	}
	for i, y := range sol.Y {
		if i == len(times) || ok && i > 0 && !sameStep(times[i]-times[i-1], next.Dt) {
			break
		}
		for j, v := range y {
			d := v - s.X.At(lo+i, j)
			sum += float64(d * d)
		}
		rows++
	}
	if rows == 1 { // the first state alone says nothing
		rows = 0
	}
	return sum, rows, nil
}
