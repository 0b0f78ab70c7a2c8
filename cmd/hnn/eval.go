package main

import (
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
file has no momenta, and then H and the powers are those of the rollout. -skip N leaves the
first N rows of each run out of coord_rmse. A model with inputs reads their columns from the
data. A warning says if data or rollouts leave the range of the training data. Rows with an
empty cell of q or p are left out; with inputs, which would be others without them, the file is
refused.

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
			o.suit(f, m)
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
			scores, err := evaluate(e.ctx, m, s, &o, skip)
			if err != nil {
				return err
			}
			e.tellOutside(m, s, scores)
			noise := math.NaN()
			if s.T != nil {
				noise, _ = s.noiseShare(s.Noise())
			}
			for i, v := range scores[s.Runs()].swept() {
				e.score(sweptScores[i], v)
			}
			header := []string{"run", "rows", "mse", "step_rmse", "coord_rmse", "within10", "within30", "noise", "H_mean", "H_spread"}
			open, balanced := m.Stored.(nn.Open)
			power := &autodiff.Matrix{}
			if balanced {
				header = append(header, powers...)
				power = nn.Power(open, s.known(), s.U)
			}
			return e.writeTable(out, header, func(w *table.Writer) {
				for i, sc := range scores {
					sc.begin(w, i, s)
					w.Floats(sc.mse, sc.step, sc.coord, sc.within[0], sc.within[1], noise, sc.hMean, sc.hSpread)
					if lo, hi := 0, s.Rows(); balanced {
						if i < s.Runs() {
							lo, hi = s.Run(i)
						}
						for k := range powers {
							mean, _ := meanSpread(column(power, k)[lo:hi])
							w.Floats(mean)
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
