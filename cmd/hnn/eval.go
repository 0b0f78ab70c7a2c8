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

Writes a CSV of scores: one row for each run of the data, and a row "all" for all runs. The
data have the same names of columns as those that the model was trained on, unless -q, -p,
-t and -run give others.

  rows        states of the run
  mse         mean squared error of the predicted derivatives, over all components, against
              the columns dq and dp of the data. Empty if the data do not have them, and for
              a nextstate model. It is never against derivatives that are estimated from the
              data, because those have errors of their own
  step_rmse   √ mean of |x − x_data|², where x is followed from each state to the time of
              the next (needs t). Noise in the data adds to it
  coord_rmse  the same for one rollout from the first state of the run, at all its times
              (needs t). A nextstate model is followed up to the first gap
  within10, within30   time for which that rollout stays within 10 % and 30 % of the amplitude,
              half the range of each component in the data; the least of all runs in row all
  noise       share of the estimated noise in that amplitude (needs t): no error can be told
              that is smaller
  H_mean      mean of the model's own H over the states, for a model with a Hamiltonian
  H_spread    standard deviation of that H within a run. The true H of a closed system has
              a spread of 0 without noise

For a file without momenta, those that suit the model best are found first, by segments of 1,
5 and 20 time scales of the data. So step_rmse, and coord_rmse in the first of these, are errors
of a fit of the initial states; later coord_rmse is an error of prediction.

Noise in the first state is an error of the whole rollout. -first N fits the state at the start
of each run to its first N rows, with the model held, and nothing else is fitted: also where the
file has no momenta. -skip N leaves the first N rows of each run out of coord_rmse. A model with
inputs reads their columns from the data.

Models of kind port have three columns more, means over the rows of the data: dH_dt, the power
that the model has there, dissipated, what friction takes of it, and supplied, what the inputs
give.

Of an ensemble (hnn train -ensemble, or several model files before the data) each score is the
median of all models, and NAME_low and NAME_high are its -quantiles.

To compare models, use step_rmse and coord_rmse, and mse if the data have true derivatives.

Examples:
  hnn eval out/hnn.json out/test.csv
  hnn eval model.json - < measured.csv
  hnn eval -first 20 -skip 200 driven.json test.csv
`

const evalScores = "mse, step_rmse, coord_rmse and H_spread of all runs"

func defineEval(f *flags.Set) check {
	out := "-"
	var c columns
	first, skip := 0, 0
	o := solver{rtol: 1e-6, atol: 1e-9, method: integrate.RK45}
	o.tolerances(f)
	var b band
	b.register(f)
	c.register(f)
	f.Int(&first, "first", 0, "`rows` at the start of each run to which its first state is fitted, 0: that state is the first row")
	f.Int(&skip, "skip", 0, "`rows` at the start of each run that coord_rmse leaves out")
	f.File(&out, "o", flags.Output, "output `file`, - for standard output")
	f.Operands(2, 1000, "a model file and a data file; of an ensemble there may be several model files")
	return func() (run, error) {
		data := f.Arg(f.NArg() - 1)
		if f.Arg(0) == "-" && data == "-" {
			return nil, flags.Wrong("the model and the data cannot both be standard input")
		}
		if err := c.check(); err != nil {
			return nil, err
		}
		if err := b.check(); err != nil {
			return nil, err
		}
		return func(e *env) error {
			models, err := loadModels(e.ctx, f.Args()[:f.NArg()-1]...)
			if err != nil {
				return err
			}
			m := models[0]
			s, err := readFor(e, m, data, &c, f)
			if err != nil {
				return err
			}
			if len(models) > 1 {
				return e.evalEnsemble(models, b, s, first, skip, &o, out)
			}
			if s, err = e.prepare(m, s, first); err != nil {
				return err
			}
			scores, err := evaluate(e.ctx, m.Stored, s, &o, skip)
			if err != nil {
				return err
			}
			noise := math.NaN()
			if s.T != nil {
				noise, _ = s.noiseShare(s.Noise())
			}
			all := scores[len(scores)-1]
			for i, v := range []float64{all.mse, all.step, all.coord, all.hSpread} {
				e.score([]string{"mse", "step_rmse", "coord_rmse", "H_spread"}[i], v)
			}
			header := []string{"run", "rows", "mse", "step_rmse", "coord_rmse", "within10", "within30", "noise", "H_mean", "H_spread"}
			open, balanced := m.Stored.(nn.Open)
			power := &autodiff.Matrix{}
			if balanced {
				header = append(header, powers...)
				power = nn.Power(open, s.X, s.U)
			}
			return e.writeTable(out, header, func(w *table.Writer) {
				for i, sc := range scores {
					if i < s.Runs() {
						w.Int(i)
					} else {
						w.Text("all")
					}
					w.Int(sc.rows)
					floats(w, sc.mse, sc.step, sc.coord, sc.within[0], sc.within[1], noise, sc.hMean, sc.hSpread)
					if lo, hi := 0, s.Rows(); balanced {
						if i < s.Runs() {
							lo, hi = s.Run(i)
						}
						for k := range powers {
							mean, _ := meanSpread(column(power, k)[lo:hi])
							floats(w, mean)
						}
					}
					w.End()
				}
			})
		}, nil
	}
}

// powers are the columns of nn.Power.
var powers = []string{"dH_dt", "dissipated", "supplied"}

// A runScore has the scores of one run. A score that does not apply is NaN.
type runScore struct {
	rows                             int
	mse, step, coord, hMean, hSpread float64
	within                           [2]float64 // times of closeness, for 10 % and 30 %
}

// A mean is a mean over rows. Without rows it is NaN.
type mean struct {
	sum  float64
	rows int
}

func (m *mean) add(sum float64, rows int) { m.sum, m.rows = m.sum+sum, m.rows+rows }
func (m mean) value() float64             { return m.sum / float64(m.rows) }

// evaluate scores each run and, last, all of them.
func evaluate(ctx context.Context, m nn.Model, s *states, o *solver, skip int) ([]runScore, error) {
	var y, h *autodiff.Matrix
	if f, ok := m.(nn.Field); ok && s.DX != nil {
		y = nn.Derivative(f, &s.Series)
	}
	if f, ok := m.(nn.Energy); ok {
		h = nn.Evaluate(f.H, s.X)
	}
	var mse, steps, coords, hs, spreads mean
	var scores []runScore
	least := [2]float64{math.NaN(), math.NaN()}
	for i := range s.Runs() {
		lo, hi := s.Run(i)
		none := math.NaN()
		sc := runScore{hi - lo, none, none, none, none, none, [2]float64{none, none}}
		n := float64(hi - lo)
		if y != nil {
			var e mean
			for r := lo; r < hi; r++ {
				e.add(squares(y.Row(r), s.DX.Row(r), nil)/float64(y.Cols), 1)
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
			step, coord, within, err := followRun(ctx, m, s, i, skip, o)
			if err != nil {
				return nil, fmt.Errorf("%s: run %d: %w", s.name, i, err)
			}
			sc.within = within
			for k, v := range within {
				if !(least[k] <= v) && v == v {
					least[k] = v
				}
			}
			sc.step, sc.coord = math.Sqrt(step.value()), math.Sqrt(coord.value())
			steps.add(step.sum, step.rows)
			coords.add(coord.sum, coord.rows)
		}
		scores = append(scores, sc)
	}
	return append(scores, runScore{s.Rows(), mse.value(), math.Sqrt(steps.value()), math.Sqrt(coords.value()), hs.value(), math.Sqrt(spreads.value()), least}), nil
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
// first state to the times of all rows, of which the first ones to skip do not count. It returns the squared errors of both. A map has one
// interval: rows at other intervals do not count, and its rollout ends before the first of
// them.
func followRun(ctx context.Context, m nn.Model, s *states, i, skip int, o *solver) (step, coord mean, within [2]float64, err error) {
	within = [2]float64{math.NaN(), math.NaN()}
	lo, hi := s.Run(i)
	g, isMap := m.(nn.Map)
	var u *inputs
	if _, ok := nn.DrivenBy(m); ok {
		signal, err := s.Signal(i)
		if err != nil {
			return step, coord, within, err
		}
		u = &inputs{signal, s.T[lo]}
	}
	one := *o
	for r := lo; r+1 < hi; r++ {
		if s.begun != nil && s.Hidden != nil { // later momenta are not known
			break
		}
		dt := s.T[r+1] - s.T[r]
		if isMap {
			if !sameStep(dt, g.Dt()) {
				continue
			}
			dt = g.Dt()
		}
		one.at = []float64{dt}
		sol, err := follow(ctx, m, u.from(s.T[r]), s.X.Row(r), dt, &one)
		if err != nil {
			return step, coord, within, err
		}
		step.add(squares(sol.Y[len(sol.Y)-1], s.X.Row(r+1), s.Hidden), 1)
	}
	if hi-lo < 2 {
		return step, coord, within, nil
	}
	times := make([]float64, hi-lo)
	for i := range times {
		times[i] = s.T[lo+i] - s.T[lo]
	}
	all := *o
	all.at = times
	duration := times[len(times)-1]
	if isMap {
		duration = g.Dt() * float64(len(times)) // one state more, in case times are rounded down
	}
	y0 := s.X.Row(lo)
	if s.begun != nil {
		y0 = s.begun.Row(i)
	}
	sol, err := follow(ctx, m, u, y0, duration, &all)
	if err != nil {
		return step, coord, within, err
	}
	low, high := s.Range()
	var far [2]bool
	for i, y := range sol.Y {
		if i == len(times) || isMap && i > 0 && !sameStep(times[i]-times[i-1], g.Dt()) {
			break
		}
		if i >= skip {
			coord.add(squares(y, s.X.Row(lo+i), s.Hidden), 1)
		}
		for k, share := range []float64{0.1, 0.3} {
			if far[k] = far[k] || s.distance(y, s.X.Row(lo+i), low, high) > share; !far[k] {
				within[k] = times[i]
			}
		}
	}
	if coord.rows == 1 && skip == 0 && s.begun == nil { // the first state alone has no error
		coord = mean{}
	}
	return step, coord, within, nil
}

func sameStep(a, b float64) bool { return a-b <= 1e-6*b && b-a <= 1e-6*b }
