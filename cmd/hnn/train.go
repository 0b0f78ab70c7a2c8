package main

import (
	"cmp"
	"slices"
	"strings"

	"hnn/cmd/hnn/internal/flags"
	"hnn/integrate"
	"hnn/nn"
)

func trainHelp() string {
	kinds := fromRows(nn.Kinds(), func(k nn.Kind) [2]string { return [2]string{k.Name, k.About + " (objective " + k.Objective + ")"} })
	objectives := fromRows(nn.Objectives(), func(o nn.ObjectiveKind) [2]string { return [2]string{o.Name, o.About} })
	optimizers := fromRows(nn.Optimizers(), func(o nn.OptimizerKind) [2]string { return [2]string{o.Name, o.About} })
	return ` DATA.csv

Trains a model on a CSV of states, - for standard input, and writes it as JSON.

  Your data                                          Flags to begin with
  q, p, t; with or without derivatives dq and dp     none: a fit is chosen by the noise
  q, p, dq, dp and no times, and no noise            -optimizer adam,broyden -epochs 20,2000
                                                     -subset 2500 -hidden 32,32
  the same, in a hurry, 50 samples or more a period  -derivatives smooth -window 8
  q and t alone                                      none, or -mass M
  q is an angle, perhaps wrapped to −π … π            -periodic q
  friction, forces, a known H, unknown constants     -H, -friction, -inputs: see below
  velocities in the place of momenta                 -velocities with -H, or -kind baseline
  columns with other names                           -q x,y -p px,py -t time -run shot
  times in milliseconds                              -time-unit ms, or the header t [ms]
  not known yet                                      see what hnn check says

  Your training
  it should end by itself                            -holdout 0.2 -patience 50
  it takes hours                                     -checkpoint run.ckpt

Columns: q and p (q0, q1, …, p0, p1, … for several pairs); t, the time; run, the number of
the trajectory if there are several; dq and dp, the time derivatives. Other columns are not
read. If the file has other names, give them by -q, -p, -t and -run. The derivative of x is
the column dx. The model file keeps the names: hnn eval and hnn rollout need none of these
flags.

Files: separated by commas, semicolons or tabs; decimal commas unless the separator is one;
UTF-8, or UTF-16 with a byte order mark; packed by gzip or not. A unit after a name, as in
q [m], is no part of the name. Times are read in seconds if -time-unit or the header gives
their unit, or if they are dates such as 2026-11-28T09:30:00.25Z (ISO 8601). An empty cell of q
or p is a number that was not measured: the objective shooting does not compare it, others leave
its row out, or refuse the file if it has inputs, and one line says how many there are. What hnn
check finds doubtful in the file is said before the training.

Models, -kind:
` + rowsOf(kinds...) + `
Objectives, -objective: what is compared with the data:
` + rowsOf(objectives...) + `
Sources of the time derivatives, -derivatives:
  given        the columns dq and dp; the default if the file has them
  central      central differences of -order; the default otherwise. A higher order has a
               smaller error from the interval and a larger one from noise
  smooth       cubics fitted to -window rows on each side. They average the noise out of
               the derivatives and of the states. On each side the rows should span at
               most an eighth of a period
  midpoint     the slope between two states, at the point halfway between them: one step of
               the implicit midpoint rule. The learned H has an error of O(h²), where h is
               the interval

The objective step takes one step of the classical Runge–Kutta method from each state and
compares its end with the next state. A training takes five times as long. The learned H
has an error of O(h⁴).

The objective shooting cuts trajectories into segments. The state at the start of each
segment is an unknown, too. The model is followed through the whole segment and compared with
all that was observed there, each column in units of its noise, which is estimated. So a noisy
state is never an argument of the field, and the bias below is not there. Segments grow from
stage to stage, -segment, because long ones are hard to begin with. The loss is the share of
the variance that is left. With derivatives,shooting the last stages, one for each of -segment, are
of shooting, and those before of derivatives: for clean data, which that fits closer and sooner.

What no flag says is chosen by the noise of the data, its share of their spread, and one line
says what was chosen:
  below 0.3 %   and of dq and dp below 1 %: a close fit, -optimizer adam,broyden -hidden 32,32 with
                -epochs 20,2000 -subset 2500, unless a flag of the optimisers is given; above 0.01 %
                of 10000 rows, above 0.05 % with -epochs 20,300 of 20000 rows. Without dq and dp
                it is of central differences of -order 4 between rows a tenth of a time scale
                apart, -stride
  above it      -objective shooting if the file has no dq and dp, with -optimizer broyden -epochs
                20,20,200 -hidden 32,32 and segments of 1, 5 and 20 time scales of the data. Where
                there are more than 3000 unknowns, -optimizer lbfgs -epochs 60,60,400. The same
                for rows that are far apart, below about 15 a period
  -optimizer broyden, with or without others, has -hidden 32,32 in any case
  not known     without t, or of fewer than 40 rows: -optimizer adam -epochs 300 -hidden 128,64,32,
                as with noise and given dq and dp

-continuity 10 holds the segments together: where one ends and the next begins, a jump as large
as the noise counts as much as 10 numbers that are off by it. Without it they need not meet. It
helps where rows are few or momenta are missing, and segments are short: long ones need it less.

Between two rows the solver takes steps of at most 0.15 time scales, shorter ones where the
noise is so small that their error would show. -method Leapfrog, Yoshida4 or Yoshida6 takes
symplectic steps, for H = T(p) + V(q), as of -kind mechanical. Within segments RK4 keeps the
energy well enough, so this fits no better. Leapfrog needs a fifth less time where noise is a
third of the spread of the data, and more where it is small; the others need more.

` + structureHelp + `
Without momenta, for a file of q and t alone, the default is -kind mechanical, H = p²/2m +
V(q), with the mass -mass, and -objective shooting. The momenta are found by the fit. The mass
cannot be: with twice the mass, twice p and twice V move in the same way. Nor can another
kinetic energy: any canonical change of p fits as well.

With -periodic q the coordinate q is an angle in radians. A run that jumps from π to −π is made
continuous, and H is 2π-periodic in q by construction: the network is given cos q and sin q. The
model file says so, and hnn eval and hnn formula read angles in the same way. A column that jumps
by about 2π without the flag gets a warning.

-stride N compares states that are N rows apart (central, midpoint and step). This divides
the noise of the slopes by N and multiplies the interval h by N.

Optimisers, -optimizer: one, or several with commas between, which work one after the other:
` + rowsOf(optimizers...) + `
Before the fit, states are shifted and scaled to about unit size. The scales of all pairs
have the same product, which keeps Hamilton's equations. The model scales back: its states,
times and H have the units of the file. Trajectories are cut at gaps, which are intervals
of more than 8 times the median.

The p of the file must be canonical momenta, or all of them in one fixed proportion to the
momenta. The velocity will do for a single body of constant mass. Velocities of bodies of
unequal mass must be multiplied by the masses. Angular velocities of a double pendulum are
not momenta, and no H exists for them: the model hnn then keeps a large error that -kind
baseline does not have. Noise or friction can hide this.

Noise in q and p biases every fit of derivatives and steps. At the outer edge of the data the learned
motion is too slow, by about the share of the noise in the variance of the states. At the
inner edge of data with a hole, such as rings of energies, it is too fast. Smoothing makes
this error smaller.

With shooting, the states at the starts of the segments of held-out data (-valid, -holdout) are
fitted with the model held, after each epoch: such a training takes several times as long.

Losses are those of scaled states and derivatives. A model that predicts the mean has a loss
of about 2 for hnn and baseline (the mean over q̇ plus the mean over ṗ), and of about 1 for
nextstate. If little was learned, a warning says so, and names the likely cause.

-ensemble 20 trains 20 models, one after the other, and writes them to one file. hnn rollout, field
and eval then give the median of the models and, as columns NAME_low and NAME_high, a band in
which most of them lie. Each model has a seed of its own and, unless -bootstrap is none, data of
its own: as many runs as there are, drawn from them with replacement. So the band is what other
data of the same kind might have led to. With -bootstrap none it is only the difference that
first weights make, which is far too narrow for noisy data. Nor does a band contain what all
models have wrong: a bias by the objective, friction that H does not have, or what lies outside
of the data. Constants of -H, -friction and -gain are told as their median and range.

Long trainings: -checkpoint FILE saves the training every -every epochs and when it is
interrupted, which may take up to ten seconds; a second interrupt ends it at once. -resume
FILE goes on from there, with the flags of the saved call, to the same
bytes as without the interruption. -resume with more -epochs or another -patience also goes
on with a training that has ended. -patience N ends training after N epochs without a lower
loss, and writes the model of the lowest loss. -log FILE writes the loss of each epoch.
hnn report makes a page of HTML of such files.

The model file is JSON. go doc hnn/nn.Save describes it.

Examples:
  hnn train -o model.json train.csv
  hnn train -derivatives smooth -window 8 -o model.json noisy.csv
  hnn train -q angle -mass 0.3 -o model.json film.csv
  hnn train -periodic q -o model.json rotations.csv
  hnn train -ensemble 20 -o ensemble.json noisy.csv
  hnn train -q q -H 'p^2/2+k*(q-q0)^2/2' -fit k=6,q0=0 -friction constant -o spring.json spring.csv
  hnn train -q y -inputs u -interpolate cubic -H 'p^2/2+net(q)' -friction constant -o m.json driven.csv
  hnn train -checkpoint run.ckpt -epochs 5000 -o model.json train.csv
  hnn train -resume run.ckpt -o model.json train.csv
  hnn train -q x,y -p vx,vy -t time -holdout 0.2 -patience 50 -o model.json lab.csv
  hnn train -kind baseline -epochs 500 -seed 3 -o baseline.json train.csv
  awk -F, 'NR == 1 || $2 < 20' spring.csv | hnn train -o model.json -
  mkdir run; hnn train -log run/loss.csv -manifest run/manifest.json -o run/model.json train.csv
  hnn report run                           a page about that training, run/report.html
`
}

const trainScores = `loss of the last epoch; with -valid or -holdout valid_loss; with -patience
lowest and lowest_epoch; of each constant NAME that was found constant_NAME and
constant_NAME_error, of an ensemble the median constant_NAME alone`

// A trainJob holds the flags of train.
type trainJob struct {
	training
	structure
	kind, objective string
	by              nn.Comparison
	optimizers      []string
	passes          []int // of each optimiser, or one number for all
	batch           int
	momentum        float64
	history, subset int
	segments        []float64
	method          string  // of the integration in shooting
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
	ensemble        int  // models, 0: one and no ensemble
	bootstrap       bootstrap
	flags           *flags.Set
}

// extensible are the flags that may differ when a training is resumed.
var extensible = []string{"epochs", "patience"}

// newTrain returns a job with the defaults of its flags, which it registers.
func newTrain(f *flags.Set) *trainJob {
	t := &trainJob{
		training: training{hidden: []int{128, 64, 32}, act: nn.Tanh, init: nn.Torch, schedule: "cosine", lr: 2e-3, adam: *nn.NewAdam()},
		kind:     nn.Kinds()[0].Name, by: nn.Comparison{Order: 2, Window: 5, Stride: 1},
		optimizers: []string{"adam"}, passes: []int{300}, batch: 64, every: 100, method: integrate.RK4.String(), history: 30, masses: []float64{1}, out: "-", flags: f,
	}
	kinds := fromRows(nn.Kinds(), func(k nn.Kind) string { return k.Name })
	objectives := fromRows(nn.Objectives(), func(o nn.ObjectiveKind) string { return o.Name })
	objectives = append(objectives, derivativesFirst)
	flags.Choice(f, &t.kind, "kind", kinds, "`model`: "+strings.Join(kinds, ", "))
	flags.Choice(f, &t.objective, "objective", objectives, "`what` is compared with the data: "+strings.Join(objectives, "; ")+" (default that of the kind)")
	flags.Choice(f, &t.by.From, "derivatives", []nn.Estimate{nn.Given, nn.Central, nn.Smoothed, nn.Midpoint}, "`source` of the derivatives: given, central, smooth or midpoint (default given if the file has them, else central; central with -order or -stride)")
	f.Int(&t.by.Order, "order", 2, "even `order` of the central differences")
	f.Int(&t.by.Window, "window", 2, "`rows` on each side that smooth fits a cubic to")
	f.Int(&t.by.Stride, "stride", 1, "`rows` between the states that central, midpoint and step compare")
	t.cols.register(f)
	t.structure.register(f)
	f.Words(&t.optimizers, "optimizer", "`names` of the optimisers, one after the other")
	f.Ints(&t.passes, "epochs", 1, "`passes` over the data: one number for all optimisers, or one for each")
	f.Int(&t.batch, "batch", 0, "`rows` of a step; 0: a step takes one whole run")
	f.Int(&t.history, "history", 1, "`pairs` of changes that lbfgs keeps")
	f.Int(&t.subset, "subset", 0, "`rows` of the data that lbfgs and broyden use, evenly spread, 0: all")
	f.Floats(&t.segments, "segment", flags.Positive, "`lengths` of the segments of shooting, in units of t, one stage for each (default 1, 5 and 20 time scales of the data)")
	f.StringVar(&t.method, "method", t.method, "`method` of the solver in shooting: RK4 or, for H = T(p) + V(q), Leapfrog, Yoshida4 or Yoshida6")
	f.Float(&t.by.Continuity, "continuity", flags.NotNegative, "`weight` of the jumps between segments of shooting, 0: segments need not meet")
	f.Floats(&t.masses, "mass", flags.Positive, "`masses` of kind mechanical, of all coordinates or of each")
	f.Float(&t.momentum, "momentum", flags.Fraction, "`μ` of sgd")
	f.File(&t.valid, "valid", flags.Input, "`file` of states that are not trained on, for the validation loss")
	f.Float(&t.holdout, "holdout", flags.Fraction, "`share` of the data that is not trained on, for the validation loss: the last runs, or the last rows of one run")
	f.Int(&t.patience, "patience", 0, "`epochs` without a lower loss after which training ends, 0: none")
	f.File(&t.save, "checkpoint", flags.Neutral, "`file` to save the training to")
	f.Int(&t.every, "every", 1, "`epochs` between two savings")
	f.As(flags.Neutral, "every")
	f.File(&t.resume, "resume", flags.Input, "saved `file` to go on from; it is also the default of -checkpoint")
	f.Count(&t.ensemble, "ensemble", 0, 1000, "`models` of an ensemble, with the seeds from -seed on, in one file; 0: one model")
	flags.Choice(f, &t.bootstrap, "bootstrap", []bootstrap{byRuns, bySegments, byNothing}, "`what` is drawn with replacement for each model of an ensemble: runs, segments (twelfths of the data) or none (default runs, of fewer than 8 segments)")
	f.File(&t.out, "o", flags.Output, "output `file`, - for standard output")
	f.File(&t.log, "log", flags.Output, "CSV `file` of the loss of each epoch")
	t.training.register(f)
	f.Operands(1, 1, "a CSV file of data, or - for standard input")
	return t
}

func defineTrain(f *flags.Set) check {
	t := newTrain(f)
	return func() (run, error) {
		t.data = f.Arg(0)
		if t.resume == "" { // else the flags are those of the saved training
			if err := t.check(); err != nil {
				return nil, err
			}
		}
		return func(e *env) error {
			err := t.run(e)
			if err != nil && e.ctx.Err() != nil && t.saved {
				e.say("hnn train: saved; go on with: hnn train -resume %s -o %s %s", t.save, t.out, t.data)
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
	if name := f.First("checkpoint", "log", "report"); t.ensemble > 0 && name != "" {
		return flags.Wrong("-%s goes with one model, not with -ensemble", name)
	}
	if t.bootstrap != "" && t.ensemble == 0 {
		return flags.Wrong("-bootstrap goes with -ensemble")
	}
	if t.by.Order%2 != 0 {
		return flags.Wrong("-order %d: central differences have an even order", t.by.Order)
	}
	if err := t.checkMethod(); err != nil {
		return err
	}
	if err := t.checkStructure(); err != nil {
		return err
	}
	kind, err := nn.KindOf(t.kind)
	if err != nil {
		return err
	}
	if objective := cmp.Or(t.objective, t.usual(), kind.Objective); objective != "derivatives" && objective != derivativesFirst {
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
