package main

import (
	"cmp"
	"fmt"
	"math"
	"strings"

	"hnn/cmd/hnn/internal/flags"
	"hnn/nn"
	"hnn/spring"
)

const springHelp = `

Runs the whole experiment of "Hamiltonian Neural Networks" (Greydanus, Dzamba and
Yosinski, 2019) on a mass on a spring, H = p²/2m + kq²/2, and writes to -out:

  train.csv, test.csv  run, t, noisy q and p, and the field dq, dp at the true state
  loss.csv             model, epoch, step, training loss on both sets, learning rate. The
                       loss of hnn and baseline is the mean square error of q̇ plus that
                       of ṗ, about twice the score below
  trajectory.csv       model, run, t, q, p, true energy of that state, H of the model
                       (empty if it has none), relative drift of the energy. Runs are
                       the energies of -energies, from 0
  field.csv            H and field on a grid of q and p, true and of each model
  summary.csv          model, run, E0, and the scores below
  hnn.json, baseline.json (and nextstate.json)  the models
  report.html          a page about the run: figures, scores, and how to repeat it
  manifest.json        every flag, the version, and the SHA-256 of each file

Models: hnn, whose field is J∇H; baseline, the same network for (q̇, ṗ) itself; with
-nextstate also a network for the next state. Model "true" is the true field in the same
solver: its scores are the errors of the solver. Rollouts start at phase 0.

Scores, with E the true energy of the model's state and E₀ that of the first:
  train, test   mean squared error of the predicted (q̇, ṗ), or of the next state
  floor         the noise floor: the mean test error of the best possible prediction
                from a noisy state. A model can be below it only by chance
  energy MSE    mean (E − E₀)², J²
  max, RMS drift   largest and root mean square |E − E₀|/E₀
  slope         of the least-squares line through (E − E₀)/E₀, 1/s
  coord RMSE    √ mean of |(q, p) − exact|²
  phase error   the largest error of the phase angle, rad: above 0 ahead of the exact
                motion, below 0 behind it
` + paperHelp + `
Examples:
  hnn spring                             all files to ./out
  hnn spring -noise 0 -out clean         the same without noise
  hnn spring -seed 7 -epochs 60 -nextstate -energies 0.1,2
  hnn spring -protocol paper -seeds 10 -out paper
`

const springScores = `for each model: NAME_train and NAME_test, the mean squared errors;
NAME_energy_mse, the mean over the rollouts; NAME_max_drift, the largest of all`

func defineSpring(f *flags.Set) check {
	c := spring.Default()
	t := training{
		hidden: c.Hidden, act: c.Act, init: c.Init, schedule: "cosine", lr: spring.DefaultRate, adam: *nn.NewAdam(),
	}
	out, points := "out", 41
	protocol, seeds, resume := "seed", 1, false
	f.File(&out, "out", flags.OutDir, "`directory` of the files; made if need be")
	flags.Choice(f, &protocol, "protocol", []string{"seed", "paper"}, "`experiment`: seed (all other flags describe it) or paper")
	f.Int(&seeds, "seeds", 1, "`seeds` of -protocol paper")
	f.Float(&c.M, "m", flags.Positive, "`mass` of the spring's weight, in kg")
	f.Float(&c.K, "k", flags.Positive, "`stiffness` of the spring, in N/m")
	f.Float(&c.Low, "low", flags.Positive, "lowest `energy` of a trajectory, in J")
	f.Float(&c.High, "high", flags.Positive, "highest `energy` of a trajectory, in J")
	f.Float(&c.Duration, "duration", flags.Positive, "`time` that each trajectory lasts, in s")
	f.Float(&c.Noise, "noise", flags.NotNegative, "`σ` of the Gaussian noise on q and p")
	f.Float(&c.Step, "step", flags.Positive, "first and largest `step` of the solver, in s, and so the sampling interval")
	f.Int(&c.Train, "train", 1, "training `trajectories`")
	f.Int(&c.Test, "test", 1, "test `trajectories`")
	f.BoolVar(&c.NextState, "nextstate", false, "train the next-state baseline too")
	f.BoolVar(&c.Shooting, "shooting", false, "train an HNN by shooting too, from t, q and p alone; takes twenty seconds")
	f.Floats(&c.Energies, "energies", flags.Positive, "`energies` of the rollouts, in J")
	f.Float(&c.Rollout, "rollout", flags.Positive, "`time` that each rollout lasts, in s")
	pointsFlag(f, &points)
	f.Int(&c.Epochs, "epochs", 1, "`passes` over the training data")
	f.Int(&c.Broyden, "broyden", 0, "`iterations` of the optimiser broyden after the passes, for -noise 0 and a small network such as -hidden 32,32")
	f.BoolVar(&resume, "continue", false, "go on from the checkpoints of an interrupted run in -out")
	f.As(flags.Neutral, "continue")
	t.register(f)
	return func() (run, error) {
		if protocol == "paper" {
			return paperJob(f, out, seeds, &t)
		}
		if seeds > 1 {
			return nil, flags.Wrong("-seeds belongs to -protocol paper")
		}
		if err := checkSpring(&c, points); err != nil {
			return nil, err
		}
		c.Hidden, c.Act, c.Init, c.Seed, c.Schedule = t.hidden, t.act, t.init, t.seed, t.rates()
		c.Rule = func() nn.Rule { a := t.adam; return &a }
		t.planned = c.Stages
		return func(e *env) error { return runSpring(e, f, c, &t, out, points, resume) }, nil
	}
}

// checkSpring finds what is wrong with the numbers.
func checkSpring(c *spring.Config, points int) error {
	if err := checkPoints(points); err != nil {
		return err
	}
	if c.Low > c.High {
		return flags.Wrong("-low %v is above -high %v", c.Low, c.High)
	}
	if err := checkSteps("-duration", c.Duration, c.Step); err != nil {
		return err
	}
	if err := checkSteps("-rollout", c.Rollout, c.Step); err != nil {
		return err
	}
	for _, e := range c.Energies {
		if q, p := c.State(e, 1); math.IsInf(q, 0) || math.IsInf(p, 0) || math.IsInf(c.H(q, p), 0) {
			return flags.Wrong("-energies %v: the amplitude is too large for a float64", e)
		}
	}
	if c.NextState && c.Duration < c.Step {
		return flags.Wrong("-nextstate needs -duration %v to be at least -step %v", c.Duration, c.Step)
	}
	return nil
}

// fitsSpring refuses what would need too much memory.
func fitsSpring(e *env, c *spring.Config, t *training, points int) error {
	rows := func(duration float64) float64 { return (duration/c.Step + 2) * 3 * rowBytes(2) }
	models := 3.
	if c.NextState {
		models++
	}
	return cmp.Or(
		e.fits((float64(c.Train)+float64(c.Test))*rows(c.Duration), fmt.Sprintf("-train %d and -test %d trajectories", c.Train, c.Test), "fewer, or a shorter -duration"),
		e.fits(float64(len(c.Energies))*models*rows(c.Rollout), fmt.Sprintf("%d rollouts of %v s", len(c.Energies), c.Rollout), "fewer -energies, or a shorter -rollout"),
		e.fits(models*netBytes(2, c.Hidden, e.threads(t.workers)), "networks of -hidden "+strings.Trim(fmt.Sprint(c.Hidden), "[]"), "smaller layers"),
		e.fits(gridBytes(points, int(models), 1), fmt.Sprintf("a grid of -points %d", points), "fewer"))
}

// runSpring runs the experiment and writes its files.
func runSpring(e *env, f *flags.Set, c spring.Config, t *training, out string, points int, resume bool) error {
	if err := fitsSpring(e, &c, t, points); err != nil {
		return err
	}
	c.Workers = e.threads(t.workers)
	settings := f.With(flags.Setting)
	saved := checkpoints{e: e, dir: out, settings: settings}
	if !e.dry {
		c.Save = saved.save
	}
	if resume {
		c.Resume = saved.load
	}
	show, done := t.progress(e)
	r, err := spring.Run(e.ctx, c, func(model string, ep nn.Epoch) {
		e.unsaved.Store(!e.dry)
		show(model, ep)
	})
	done()
	e.unsaved.Store(false)
	if err != nil {
		saved.interrupted("spring")
		return err
	}
	scoreSpring(e, r)
	made := &nn.Origin{Program: version, Command: "spring", Flags: settings, Q: []string{"q"}, P: []string{"p"}, T: "t", Run: "run", Data: r.Train.Series().Hash()}
	made.Low, made.High = r.Train.Series().Range()
	if err := writeSpring(e, out, c, r, points, made); err != nil {
		return err
	}
	if !e.dry {
		if err := e.writeReport(f, out); err != nil {
			return err
		}
	}
	if err := saved.remove(); err != nil {
		return err
	}
	if !t.quiet {
		printScores(e.stderr, r)
		e.say("")
		e.say("wrote %d files to %s", len(e.made)+1, out)
	}
	return nil
}
