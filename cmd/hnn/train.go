package main

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"slices"

	"hnn/autodiff"
	"hnn/nn"
)

const trainHelp = ` DATA.csv

Trains a model on a CSV of states, - for standard input, and writes it as JSON.

Columns of the CSV: q and p (q0, q1, …, p0, p1, … for several pairs); dq and dp, the
time derivatives; t, the time; run, the number of the trajectory where there are
several. Others are ignored. -q, -p, -t and -run say how a file names them; derivatives
are d and the name. A nextstate model needs t, evenly spaced.

Where the derivatives come from, -derivatives:
  given     the columns dq and dp; the default where they are there
  central   central differences of -order, right for uneven times too: for dense, clean
            samples, the cleaner the higher an order pays; the default without dq and dp
  smooth    cubics fitted to -window rows on each side, which also average the noise
            out of the states: for dense, noisy samples
  midpoint  none: one step of the implicit midpoint rule has to lead from each state to
            the next. For sparse, clean samples; what is learned is then not quite H but
            a modified one, H + O(h²), whose exact flow passes through the samples less
            well than the rule's steps do
  rk4       none: one step of the classical Runge–Kutta method has to lead from each state
            to the next, which is differentiated through, at five times the cost. For
            samples so sparse that differences and midpoints fail, and clean; what is
            learned differs from H by O(h⁴)
With noise, a difference of two states is the worse the closer they are. Where samples
are dense, -stride N compares each with the Nth after it (central: before it too), which
cuts the noise of the slopes to 1/N, at the price of N times the h in the errors above.

States are shifted and scaled to unit size, each pair by factors of the same product,
which keeps Hamilton's equations; the model undoes it, so that its states, times and
H are in the units of the file.

The p of the file must be canonical momenta, or all in the same fixed proportion to them,
as the velocity is of one body of constant mass. Velocities of bodies of unequal mass
must be multiplied by the masses, or by their ratios. Angular velocities of a double
pendulum are not momenta: those mix both, with factors that change with the angles, and
no H of angles and angular velocities generates the motion. An HNN trained on what is
not canonical keeps an error that a derivative model does not have: in clean data many
times as large in the mse of hnn eval; noise and friction hide it.

Noise in q and p biases any fit of derivatives on states: a state that seems to lie at
the edge of the data is there partly by chance, and its derivatives are those of a place
nearer to where the data are dense. At an outer edge the learned field is too weak and
motion too slow, by about the share of the noise in the variance of the states; at the
inner edge of data with a hole, such as rings of energies, too strong and too fast.

The losses that are printed are those of the scaled states and derivatives, where a model
that predicts the mean has a loss of about 2 (hnn: the sum of the two means over q̇ and ṗ)
or 1 (derivative, nextstate); hnn eval gives mean squared errors in the units of the file.

Long runs: with -checkpoint FILE the training is saved every -every epochs and when it
is interrupted, whole or not at all; -resume FILE goes on from there, with the flags of
the saved run, to the same bytes as if it had never stopped. With -patience N training
ends after N epochs without a lower loss (of -valid if given, else of the training),
and the model with the lowest is written.

Examples:
  hnn train -o model.json train.csv
  hnn train -checkpoint run.ckpt -epochs 5000 -o model.json train.csv
  hnn train -resume run.ckpt -o model.json train.csv
  hnn train -q x,y -p vx,vy -t time -holdout 0.2 -patience 50 -o model.json lab.csv
  hnn train -kind derivative -epochs 500 -seed 3 -o baseline.json train.csv
  awk -F, 'NR == 1 || $2 < 20' spring.csv | hnn train -o model.json -
`

func runTrain(e *env, args []string) error {
	t := training{
		hidden: []int{128, 64, 32}, act: nn.Tanh, init: nn.Torch, epochs: 300,
		schedule: "cosine", lr: 2e-3, adam: *nn.NewAdam(),
	}
	model, batch, valid, out := "hnn", 64, "", "-"
	by := estimator{order: 2, window: 5, stride: 1}
	var cols columns
	holdout := 0.
	save, every, resume, patience := "", 100, "", 0
	f := newFlags(e, "train", trainHelp)
	choice(f, &model, "kind", []string{"hnn", "derivative", "nextstate"}, "`model`: hnn, derivative or nextstate")
	choice(f, &by.by, "derivatives", estimates, "`source` of the derivatives: given, central, smooth, midpoint or rk4 (default given if there, else central, and central with -order or -stride)")
	f.int(&by.order, "order", 2, "even `order` of the central differences")
	f.int(&by.window, "window", 2, "`rows` on each side that smooth fits a cubic to")
	f.int(&by.stride, "stride", 1, "`rows` from a state to the next one that central, midpoint and rk4 compare it with")
	cols.register(f)
	f.int(&batch, "batch", 0, "`rows` a step, 0: a whole run a step")
	f.StringVar(&valid, "valid", "", "`file` of states whose loss is watched")
	f.float(&holdout, "holdout", fraction, "`share` of the data that is not trained on, and whose loss is watched: the last runs, or rows if there is one run")
	f.int(&patience, "patience", 0, "`epochs` without a lower loss after which training ends, 0: none")
	f.StringVar(&save, "checkpoint", "", "`file` to save the training to")
	f.int(&every, "every", 1, "`epochs` between two savings")
	f.StringVar(&resume, "resume", "", "saved `file` to go on from; -checkpoint is then that file too, if not given")
	f.StringVar(&out, "o", out, "output `file`, - for standard output")
	t.register(f)
	operands, err := f.parse(args, 1)
	if err != nil {
		return err
	}
	if len(operands) == 0 {
		return usageError{fmt.Errorf("no data: name a CSV file, or - for standard input")}
	}
	if err := cols.check(); err != nil {
		return err
	}
	if holdout > 0 && valid != "" {
		return usageError{errors.New("-valid and -holdout both say what is watched")}
	}
	if by.order%2 != 0 {
		return usageError{fmt.Errorf("-order %d: central differences have an even order", by.order)}
	}
	if resume == "" { // else the saved training says it
		if err := by.check(f, model); err != nil {
			return usageError{err}
		}
	}
	if e.point.begin() {
		return nil
	}
	c := &nn.Checkpoint{Opt: t.optimizer()}
	if resume != "" {
		if c, err = loadCheckpoint(resume); err != nil {
			return err
		}
		if err := takeSettings(f, c.Settings); err != nil {
			return err
		}
		if save == "" {
			save = resume
		}
	}
	if e.point == nil {
		if err := checkOutputs(out, save, operands[0], valid); err != nil {
			return err
		}
	}
	if save != "" && save != resume {
		if err := replacesCheckpoint(save); err != nil {
			return err
		}
	}
	s, err := readStates(operands[0], cols)
	if err != nil {
		return err
	}
	var held *states
	if holdout > 0 {
		if s, held, err = s.hold(holdout); err != nil {
			return err
		}
	}
	data, dt, err := s.trainingData(model, by)
	if err != nil {
		return err
	}
	tr := nn.Training{
		Epochs: t.epochs, Batch: batch, Opt: c.Opt, Schedule: t.rates(), Workers: t.workers,
		Src: rand.NewPCG(t.seed, 1), At: c.At,
	}
	if valid != "" {
		if held, err = readStates(valid, cols); err != nil {
			return err
		}
	}
	if held != nil {
		var vdt float64
		if tr.Valid, vdt, err = held.trainingData(model, by); err != nil {
			return fmt.Errorf("what -valid or -holdout watches: %w", err)
		}
		if !sameStep(dt, vdt) {
			return fmt.Errorf("%s: the interval is %v, that of %s %v", held.Name, vdt, operands[0], dt)
		}
	}
	settings := settingsOf(f, data, tr.Valid)
	if resume == "" {
		c.Settings = settings
		if c.Model, err = newModel(model, t, data, dt); err != nil {
			return fmt.Errorf("%s: %w", operands[0], err)
		}
	} else if c.Settings["data"] != settings["data"] || nn.Kind(c.Model) != model || c.Model.Net().Sizes()[0] != data.X.Cols {
		return fmt.Errorf("%s: these are not the data that %s was trained on", operands[0], resume)
	}

	saved := func() error {
		if save == "" {
			return nil
		}
		c.At = tr.At
		_, err := write(save, func(w io.Writer) error { return nn.SaveCheckpoint(w, c) })
		return err
	}
	enough := errors.New("enough")
	var last nn.Epoch
	show := t.progress(e)
	tr.OnEpoch = func(ep nn.Epoch) error {
		last = ep
		show(model, ep)
		if patience > 0 {
			loss := ep.Loss
			if tr.Valid != nil {
				loss = ep.Valid
			}
			if c.Best == nil || loss < c.BestLoss {
				c.Best, c.BestLoss, c.BestEpoch = nn.Clone(c.Model), loss, ep.Epoch
			} else if ep.Epoch-c.BestEpoch >= patience {
				return enough
			}
		}
		if ep.Epoch%every == 0 {
			return saved()
		}
		return nil
	}
	learner := c.Model
	if by.by == rk4 {
		learner = nn.OneStep{Of: c.Model.(nn.FieldModel)}
	}
	if patience == 0 || c.Best == nil || tr.EpochsDone(data)-c.BestEpoch < patience { // or it had ended
		err = tr.Run(e.ctx, learner, data)
	}
	switch {
	case errors.Is(err, context.Canceled) && save != "":
		if err := saved(); err != nil {
			return err
		}
		fmt.Fprintf(e.stderr, "hnn train: saved after step %d; go on with: hnn train -resume %s -o %s %s\n", tr.At.Step, save, out, operands[0])
		return err
	case err != nil && !errors.Is(err, enough):
		return err
	}
	if e.point != nil {
		e.point.score("loss", last.Loss)
		if tr.Valid != nil {
			e.point.score("valid_loss", last.Valid)
		}
		if c.Best != nil {
			e.point.score("lowest", c.BestLoss)
			e.point.score("lowest_epoch", float64(c.BestEpoch))
		}
		return nil
	}
	final, note := c.Model, fmt.Sprintf("loss %.4g", last.Loss)
	if last.Epoch == 0 {
		note = "all of them before this call"
	} else if tr.Valid != nil {
		note += fmt.Sprintf(", validation %.4g", last.Valid)
	}
	if c.Best != nil {
		final, note = c.Best, fmt.Sprintf("lowest loss %.4g, at epoch %d", c.BestLoss, c.BestEpoch)
	}
	if _, err := write(out, func(w io.Writer) error { return nn.Save(w, final) }); err != nil {
		return err
	}
	if err := saved(); err != nil {
		return err
	}
	if !t.quiet {
		fmt.Fprintf(e.stderr, "%s: %d rows, %d steps, %s\n", model, data.X.Rows, tr.At.Step, note)
	}
	return nil
}

// neutral are the flags that do not change what a training computes.
var neutral = []string{"o", "checkpoint", "every", "resume", "workers", "quiet", "valid"}

// settingsOf returns all that determines a training: the flags, and hashes of the data.
func settingsOf(f flags, data ...*nn.Data) map[string]string {
	settings := map[string]string{}
	f.VisitAll(func(fl *flag.Flag) {
		if !slices.Contains(neutral, fl.Name) {
			settings[fl.Name] = fl.Value.String()
		}
	})
	h := sha256.New()
	for _, d := range data {
		if d != nil {
			for _, m := range []*autodiff.Matrix{d.X, d.Y} {
				binary.Write(h, binary.LittleEndian, m.Data)
			}
			fmt.Fprint(h, d.Starts)
		}
	}
	settings["data"] = hex.EncodeToString(h.Sum(nil))
	return settings
}

// takeSettings sets the flags as a saved training had them; a flag of this call that
// says otherwise is an error.
func takeSettings(f flags, settings map[string]string) error {
	names := make([]string, 0, len(settings))
	for name := range settings {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		fl := f.Lookup(name)
		if fl == nil || slices.Contains(neutral, name) {
			continue // data, or a flag of another version
		}
		if fl.Value.String() == settings[name] {
			continue
		}
		if isSet(f, name) != "" {
			return usageError{fmt.Errorf("-%s %s: the saved training has %s", name, fl.Value, settings[name])}
		}
		if err := f.Set(name, settings[name]); err != nil {
			return fmt.Errorf("the saved training has -%s %q: %w", name, settings[name], err)
		}
	}
	return nil
}

func loadCheckpoint(name string) (*nn.Checkpoint, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	c, err := nn.LoadCheckpoint(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return c, nil
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

// trainingData returns what a kind of model learns from; dt is the interval of a
// next-state model, else 0.
func (s *states) trainingData(kind string, by estimator) (data *nn.Data, dt float64, err error) {
	if kind == "nextstate" {
		return s.nextStates()
	}
	data, err = s.derivatives(by)
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
	d, err := nn.NextStates(s.T, s.X, s.Starts, dt)
	if err != nil {
		return nil, 0, fmt.Errorf("%s: %w", s.Name, err)
	}
	if pairs := s.Rows() - len(s.Starts); d.X.Rows < pairs/2 {
		return nil, 0, fmt.Errorf("%s: only %d of %d pairs of successive states are %v apart: a nextstate model needs evenly spaced times", s.Name, d.X.Rows, pairs, dt)
	}
	return d, dt, nil
}

func sameStep(a, b float64) bool { return a-b <= 1e-6*b && b-a <= 1e-6*b }
