package main

import (
	"fmt"
	"io"
	"math/rand/v2"

	"hnn/autodiff"
	"hnn/nn"
)

const trainHelp = ` DATA.csv

Trains a model on a CSV of states, - for standard input, and writes it as JSON.

Columns of the CSV: q and p (q0, q1, …, p0, p1, … for several pairs); dq and dp, the
time derivatives; t, the time; run, the number of the trajectory where there are
several. Others are ignored. Without dq and dp the derivatives are estimated from t by
central differences of second order, right for uneven times too; the first and last
row of a run are then left out. A nextstate model needs t, evenly spaced.

States are shifted and scaled to unit size, each pair by factors of the same product,
which keeps Hamilton's equations; the model undoes it, so that its states, times and
H are in the units of the file.

Noise in q and p biases any fit of derivatives on states: the states that seem
farthest out are so partly by chance, and their derivatives are smaller than the
place suggests. The learned field is too weak by about the share of the noise in the
variance of the states, and motion too slow.

Examples:
  hnn train -o model.json train.csv
  hnn train -kind derivative -epochs 500 -seed 3 -o baseline.json train.csv
  awk -F, 'NR == 1 || $2 < 20' spring.csv | hnn train -o model.json -
`

func runTrain(e *env, args []string) error {
	t := training{
		hidden: []int{128, 64, 32}, act: nn.Tanh, init: nn.Torch, epochs: 300,
		schedule: "cosine", lr: 2e-3, adam: *nn.NewAdam(),
	}
	model, batch, valid, out := "hnn", 64, "", "-"
	f := newFlags(e, "train", trainHelp)
	choice(f, &model, "kind", []string{"hnn", "derivative", "nextstate"}, "`model`: hnn, derivative or nextstate")
	f.int(&batch, "batch", 0, "`rows` a step, 0: a whole run a step")
	f.StringVar(&valid, "valid", "", "`file` of states whose loss is watched")
	f.StringVar(&out, "o", out, "output `file`, - for standard output")
	t.register(f)
	operands, err := f.parse(args, 1)
	if err != nil {
		return err
	}
	if len(operands) == 0 {
		return usageError{fmt.Errorf("no data: name a CSV file, or - for standard input")}
	}
	if err := checkOutput(out, operands[0], valid); err != nil {
		return err
	}
	data, dt, err := trainingData(operands[0], model)
	if err != nil {
		return err
	}
	tr := nn.Training{
		Epochs: t.epochs, Batch: batch, Opt: t.optimizer(), Schedule: t.rates(), Workers: t.workers,
		Src: rand.NewPCG(t.seed, 1),
	}
	if valid != "" {
		var vdt float64
		if tr.Valid, vdt, err = trainingData(valid, model); err != nil {
			return err
		}
		if !sameStep(dt, vdt) {
			return fmt.Errorf("%s: the interval is %v, that of %s %v", valid, vdt, operands[0], dt)
		}
	}
	m, err := newModel(model, t, data, dt)
	if err != nil {
		return fmt.Errorf("%s: %w", operands[0], err)
	}
	var last nn.Epoch
	show := t.progress(e)
	tr.OnEpoch = func(ep nn.Epoch) error {
		last = ep
		show(model, ep)
		return nil
	}
	if err := tr.Run(e.ctx, m, data); err != nil {
		return err
	}
	if _, err := write(out, func(w io.Writer) error { return nn.Save(w, m) }); err != nil {
		return err
	}
	if !t.quiet {
		fmt.Fprintf(e.stderr, "%s: %d rows, %d steps, loss %.4g", model, data.X.Rows, last.Step, last.Loss)
		if tr.Valid != nil {
			fmt.Fprintf(e.stderr, ", validation %.4g", last.Valid)
		}
		fmt.Fprintln(e.stderr)
	}
	return nil
}

// newModel makes a model of the given kind for the data.
func newModel(kind string, t training, data *nn.Data, dt float64) (nn.Model, error) {
	n, out := data.X.Cols, data.X.Cols
	if kind == "hnn" {
		out = 1
	}
	net, err := nn.NewMLP(t.act, false, append(append([]int{n}, t.hidden...), out)...)
	if err != nil {
		return nil, err
	}
	net.Init(t.init, rand.NewPCG(t.seed, 0))
	y := data.Y
	if kind == "nextstate" { // the unit of time is the interval, whatever y holds
		y = data.X
	}
	scale, err := nn.FitScaling(data.X, y)
	if err != nil {
		return nil, err
	}
	switch kind {
	case "hnn":
		return &nn.HNN{K: net, Scale: scale}, nil
	case "derivative":
		return &nn.Derivative{N: net, Scale: scale}, nil
	}
	return &nn.NextState{N: net, Scale: scale, Dt: dt}, nil
}

// trainingData reads a file as what a kind of model learns from; dt is the interval
// of a next-state model, else 0.
func trainingData(file, kind string) (data *nn.Data, dt float64, err error) {
	s, err := readStates(file)
	if err != nil {
		return nil, 0, err
	}
	if kind == "nextstate" {
		return s.nextStates()
	}
	data, err = s.derivatives()
	return data, 0, err
}

// nextStates returns the pairs of successive states that are as far apart in time as
// the first two.
func (s *states) nextStates() (*nn.Data, float64, error) {
	if err := s.needTimes(); err != nil {
		return nil, 0, err
	}
	if lo, hi := s.run(0); hi-lo < 2 {
		return nil, 0, fmt.Errorf("%s: the first run has one row, pairs of states are needed", s.Name)
	}
	dt := s.T[1] - s.T[0]
	d := &nn.Data{X: &autodiff.Matrix{Cols: s.X.Cols}, Y: &autodiff.Matrix{Cols: s.X.Cols}}
	for i := range s.Starts {
		lo, hi := s.run(i)
		start := d.X.Rows
		for r := lo; r+1 < hi; r++ {
			if !sameStep(s.T[r+1]-s.T[r], dt) {
				continue
			}
			d.X.Data = append(d.X.Data, s.X.Row(r)...)
			d.Y.Data = append(d.Y.Data, s.X.Row(r+1)...)
			d.X.Rows++
			d.Y.Rows++
		}
		if d.X.Rows > start {
			d.Starts = append(d.Starts, start)
		}
	}
	return d, dt, nil
}

func sameStep(a, b float64) bool { return a-b <= 1e-6*b && b-a <= 1e-6*b }
