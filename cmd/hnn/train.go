package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"hnn/cmd/hnn/internal/flags"
	"hnn/nn"
)

func trainHelp() string {
	var kinds, objectives, optimizers [][2]string
	for _, k := range nn.Kinds() {
		kinds = append(kinds, [2]string{k.Name, k.About + " (objective " + k.Objective + ")"})
	}
	for _, o := range nn.Objectives() {
		objectives = append(objectives, [2]string{o.Name, o.About})
	}
	for _, o := range nn.Optimizers() {
		optimizers = append(optimizers, [2]string{o.Name, o.About})
	}
	return ` DATA.csv

Trains a model on a CSV of states, - for standard input, and writes it as JSON.

  Your data                                    Flags to begin with
  derivatives are columns (dq, dp)             none
  clean, dense samples of q, p and t           none, or -order 4
  noisy, dense samples                         -derivatives smooth -window 8
  clean samples a tenth of a period apart      -derivatives midpoint
  clean samples still further apart            -objective step
  noisy samples, no time to choose a window    -stride 4
  friction                                     -kind baseline
  to know when to stop                         -holdout 0.2 -patience 50
  a long training                              -checkpoint run.ckpt

Columns: q and p (q0, q1, …, p0, p1, … for several pairs); t, the time; run, the number of
the trajectory where there are several; dq and dp, the time derivatives. Other columns are
not read. -q, -p, -t and -run say how a file names them; a derivative is d and the name.
The model file keeps these names, so that hnn eval and hnn rollout need none of these flags.

Models, -kind:
` + rowsOf(12, kinds...) + `
Objectives, -objective: what is compared with the data.
` + rowsOf(12, objectives...) + `
Where the objective derivatives gets them, -derivatives:
  given        the columns dq and dp; the default where they are there
  central      central differences of -order; the default elsewhere. A higher order is
               better where the samples are clean, and worse where they are noisy
  smooth       cubics fitted to -window rows on each side. They also average the noise out
               of the states. The window must be short beside a period
  midpoint     the slope between two states, at their middle: one step of the implicit
               midpoint rule. What is learned is H + O(h²), h being the interval
The objective step takes one step of the classical Runge–Kutta method and differentiates
through it, at five times the cost; what is learned differs from H by O(h⁴).
-stride N compares states N rows apart instead of neighbours (central, midpoint and step).
It divides the noise of the slopes by N and multiplies the interval h by N.

Optimisers, -optimizer: one, or several in turn with commas between.
` + rowsOf(12, optimizers...) + `
States are shifted and scaled to unit size, each pair by factors of the same product, which
keeps Hamilton's equations. The model undoes this: its states, times and H have the units of
the file. Trajectories are cut at gaps, which are intervals of more than 8 times the median.

The p of the file must be canonical momenta, or all of them in one fixed proportion to the
momenta. The velocity of one body of constant mass is. Velocities of bodies of unequal mass
must be multiplied by the masses. Angular velocities of a double pendulum are not momenta,
and no H exists for them. Then the hnn model keeps a large error that -kind baseline does
not have. Noise or friction can hide this.

Noise in q and p biases every fit of derivatives. At the outer edge of the data the learned
motion is too slow, by about the share of the noise in the variance of the states. At the
inner edge of data with a hole, such as rings of energies, it is too fast.

Losses are those of scaled states and derivatives. A model that predicts the mean has a loss
of about 2 with the objectives derivatives and step (the sum of the means over q̇ and over
ṗ), and of about 1 for nextstate. A warning says when little was learned, and why.

Long trainings: -checkpoint FILE saves the training every -every epochs and when it is
interrupted, which may take up to ten seconds; a second interrupt ends it at once. -resume
FILE goes on from there with the flags of the saved call, to the same bytes as without the
interruption. More -epochs or -patience may be given, also after the end: training then
goes on for longer. -patience N ends training after N epochs without a lower loss, and
writes the model of the lowest. -log FILE writes the loss of each epoch.

Model files are JSON; go doc hnn/nn.Save describes them.

Examples:
  hnn train -o model.json train.csv
  hnn train -checkpoint run.ckpt -epochs 5000 -o model.json train.csv
  hnn train -resume run.ckpt -o model.json train.csv
  hnn train -q x,y -p vx,vy -t time -holdout 0.2 -patience 50 -o model.json lab.csv
  hnn train -kind baseline -epochs 500 -seed 3 -o baseline.json train.csv
  awk -F, 'NR == 1 || $2 < 20' spring.csv | hnn train -o model.json -
`
}

const trainScores = `loss of the last epoch; with -valid or -holdout valid_loss; with -patience
lowest and lowest_epoch`

// A trainJob holds the flags of train.
type trainJob struct {
	training
	kind, objective string
	by              nn.Comparison
	optimizers      []string
	passes          []int // of each optimiser, or one number for all
	batch           int
	momentum        float64
	history, subset int
	segments        []float64
	interval        float64 // between two rows of the data, on average
	masses          []float64
	cols            columns
	valid           string
	holdout         float64
	patience, every int
	save, resume    string
	out, log        string
	data            string
	saved           bool // the checkpoint is there
	flags           *flags.Set
}

// extensible are the flags that may differ when a training is resumed.
var extensible = []string{"epochs", "patience"}

func defineTrain(f *flags.Set) check {
	t := &trainJob{
		training: training{hidden: []int{128, 64, 32}, act: nn.Tanh, init: nn.Torch, schedule: "cosine", lr: 2e-3, adam: *nn.NewAdam()},
		kind:     nn.Kinds()[0].Name, by: nn.Comparison{Order: 2, Window: 5, Stride: 1},
		optimizers: []string{"adam"}, passes: []int{300}, batch: 64, every: 100, history: 30, masses: []float64{1}, out: "-", flags: f,
	}
	var kinds, objectives []string
	for _, k := range nn.Kinds() {
		kinds = append(kinds, k.Name)
	}
	for _, o := range nn.Objectives() {
		objectives = append(objectives, o.Name)
	}
	flags.Choice(f, &t.kind, "kind", kinds, "`model`: "+strings.Join(kinds, ", "))
	flags.Choice(f, &t.objective, "objective", objectives, "`what` is compared with the data: "+strings.Join(objectives, ", ")+" (default that of the kind)")
	flags.Choice(f, &t.by.From, "derivatives", []nn.Estimate{nn.Given, nn.Central, nn.Smoothed, nn.Midpoint}, "`source` of the derivatives: given, central, smooth or midpoint (default given if there, else central, and central with -order or -stride)")
	f.Int(&t.by.Order, "order", 2, "even `order` of the central differences")
	f.Int(&t.by.Window, "window", 2, "`rows` on each side that smooth fits a cubic to")
	f.Int(&t.by.Stride, "stride", 1, "`rows` from a state to the one that central, midpoint and step compare it with")
	t.cols.register(f)
	f.Words(&t.optimizers, "optimizer", "`names` of the optimisers, one after the other")
	f.Ints(&t.passes, "epochs", 1, "`passes` over the data, of all optimisers or of each")
	f.Int(&t.batch, "batch", 0, "`rows` a step, 0: a whole run a step")
	f.Int(&t.history, "history", 1, "`pairs` of changes that lbfgs keeps")
	f.Int(&t.subset, "subset", 0, "`rows` of the data that lbfgs uses, evenly spread, 0: all")
	f.Floats(&t.segments, "segment", flags.Positive, "`lengths` of the segments of shooting, in units of t, one stage for each (default 2, 6 and 20 time scales of the data)")
	f.Floats(&t.masses, "mass", flags.Positive, "`masses` of kind mechanical, of all coordinates or of each")
	f.Float(&t.momentum, "momentum", flags.Fraction, "`μ` of sgd")
	f.File(&t.valid, "valid", flags.Input, "`file` of states whose loss is watched")
	f.Float(&t.holdout, "holdout", flags.Fraction, "`share` of the data that is not trained on, and whose loss is watched: the last runs, or rows if there is one run")
	f.Int(&t.patience, "patience", 0, "`epochs` without a lower loss after which training ends, 0: none")
	f.File(&t.save, "checkpoint", flags.Neutral, "`file` to save the training to")
	f.Int(&t.every, "every", 1, "`epochs` between two savings")
	f.As(flags.Neutral, "every")
	f.File(&t.resume, "resume", flags.Input, "saved `file` to go on from; -checkpoint is then that file too, if not given")
	f.File(&t.out, "o", flags.Output, "output `file`, - for standard output")
	f.File(&t.log, "log", flags.Output, "CSV `file` of the loss of each epoch")
	t.register(f)
	f.Operands(1, 1, "a CSV file of data, or - for standard input")
	return func() (run, error) {
		t.data = f.Arg(0)
		if t.resume == "" { // else the saved training says it
			if err := t.check(); err != nil {
				return nil, err
			}
		}
		return func(e *env) error {
			err := t.run(e)
			if err != nil && e.ctx.Err() != nil && t.saved {
				fmt.Fprintf(e.stderr, "hnn train: saved; go on with: hnn train -resume %s -o %s %s\n", t.save, t.out, t.data)
			}
			return err
		}, nil
	}
}

// check finds what is wrong with the flags.
func (t *trainJob) check() error {
	f := t.flags
	if err := t.cols.check(); err != nil {
		return err
	}
	if t.holdout > 0 && t.valid != "" {
		return flags.Wrong("-valid and -holdout both say what is watched: want one of the two")
	}
	if t.by.Order%2 != 0 {
		return flags.Wrong("-order %d: central differences have an even order", t.by.Order)
	}
	kind, err := nn.KindOf(t.kind)
	if err != nil {
		return err
	}
	if objective := cmp.Or(t.objective, kind.Objective); objective != "derivatives" {
		if name := f.First("derivatives", "order", "window"); name != "" {
			return flags.Wrong("-%s is for the objective derivatives, this is %s: see -objective", name, objective)
		}
		return nil
	}
	if t.by.From == "" && f.First("order", "stride") != "" {
		t.by.From = nn.Central
	}
	for _, s := range []struct {
		name string
		of   []nn.Estimate
	}{{"order", []nn.Estimate{nn.Central}}, {"window", []nn.Estimate{nn.Smoothed}}, {"stride", []nn.Estimate{nn.Central, nn.Midpoint}}} {
		if f.First(s.name) != "" && !slices.Contains(s.of, t.by.From) {
			return flags.Wrong("-%s is for -derivatives %v", s.name, s.of)
		}
	}
	return nil
}
