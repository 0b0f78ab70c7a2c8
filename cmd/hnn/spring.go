package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"math"
	"os"
	"path/filepath"
	"text/tabwriter"

	"hnn/cmd/hnn/internal/flags"
	"hnn/cmd/hnn/internal/table"
	"hnn/nn"
	"hnn/spring"
	"hnn/spring/system"
)

const springHelp = `

Runs the whole experiment of "Hamiltonian Neural Networks" (Greydanus, Dzamba and
Yosinski, 2019) on a mass on a spring, H = p²/2m + kq²/2, and writes to -out:

  train.csv, test.csv  run, t, noisy q and p, and the field dq, dp at the true state
  loss.csv             model, epoch, step, training loss (for hnn the sum of the mean
                       squares of q̇ and of ṗ) on both sets, learning rate
  trajectory.csv       model, run, t, q, p, true energy of that state, the model's
                       own H (empty where it has none), relative drift of the energy
  field.csv            H and field on a grid of q and p, true and of each model
  summary.csv          the scores below
  hnn.json, baseline.json (and nextstate.json)  the models
  manifest.json        every flag, the version, and the SHA-256 of each file

Models: hnn, whose field is J∇H; baseline, the same network predicting (q̇, ṗ);
with -nextstate a network predicting the next state. Model "true" is the true field
in the same solver: its scores are the solver's own floor. Rollouts start at phase 0.

Scores, with E the true energy of the model's state and E₀ that of the first:
  train, test   mean squared error of the predicted (q̇, ṗ), or of the next state
  floor         the noise floor: the test error of the best possible prediction from
                a noisy state, which no model can beat except by luck
  energy MSE    mean (E − E₀)², J²
  max, RMS drift   largest and root mean square |E − E₀|/E₀
  slope         of the least-squares line through (E − E₀)/E₀, 1/s
  coord RMSE    √ mean of |(q, p) − exact|²
  phase error   of the phase angle where it is largest, rad: above 0 ahead of the exact
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
	flags.Choice(f, &protocol, "protocol", []string{"seed", "paper"}, "`experiment`: seed, which all other flags describe, or paper")
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
	f.BoolVar(&c.Shooting, "shooting", false, "train an HNN by shooting too, from t, q and p alone; takes a minute")
	f.Floats(&c.Energies, "energies", flags.Positive, "`energies` of the rollouts, in J")
	f.Float(&c.Rollout, "rollout", flags.Positive, "`time` that each rollout lasts, in s")
	pointsFlag(f, &points)
	f.Int(&c.Epochs, "epochs", 1, "`passes` over the training data")
	f.BoolVar(&resume, "resume", false, "go on from the checkpoints that an interrupted run has left in -out")
	f.As(flags.Neutral, "resume")
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
		t.epochs = c.Epochs
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

// runSpring runs the experiment and writes its files.
func runSpring(e *env, f *flags.Set, c spring.Config, t *training, out string, points int, resume bool) error {
	c.Workers = e.threads(t.workers)
	settings := f.With(flags.Setting)
	var saved []string
	checkpoint := func(model string) string { return filepath.Join(out, model+".ckpt") }
	if !e.dry {
		c.Save = func(model string, k *nn.Checkpoint) error {
			k.Settings = settings
			saved = append(saved, checkpoint(model))
			_, err := writeFile(checkpoint(model), func(w io.Writer) error { return nn.SaveCheckpoint(w, k) })
			return err
		}
	}
	if resume {
		c.Resume = func(model string) (*nn.Checkpoint, error) {
			k, err := loadCheckpoint(checkpoint(model))
			if errors.Is(err, fs.ErrNotExist) {
				return nil, nil
			}
			if err == nil && !maps.Equal(k.Settings, settings) {
				err = fmt.Errorf("%s is of a run with other flags", checkpoint(model))
			}
			return k, err
		}
	}
	show, done := t.progress(e)
	r, err := spring.Run(e.ctx, c, func(model string, ep nn.Epoch) {
		e.unsaved.Store(!e.dry)
		show(model, ep)
	})
	done()
	e.unsaved.Store(false)
	if err != nil {
		if e.ctx.Err() != nil && len(saved) > 0 {
			fmt.Fprintf(e.stderr, "hnn spring: saved in %s; the same call with -resume goes on\n", out)
		}
		return err
	}
	scoreSpring(e, r)
	made := &nn.Origin{Program: version, Command: "spring", Flags: settings, Q: []string{"q"}, P: []string{"p"}, T: "t", Run: "run", Data: r.Train.Series().Hash()}
	made.Low, made.High = r.Train.Series().Range()
	if err := writeSpring(e, out, c, r, points, made); err != nil {
		return err
	}
	for _, name := range saved {
		if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	if !t.quiet {
		printScores(e.stderr, r)
		fmt.Fprintf(e.stderr, "\nwrote %d files to %s\n", len(e.made)+1, out)
	}
	return nil
}

// scoreSpring reports the scores of each model, over all its rollouts.
func scoreSpring(e *env, r *spring.Result) {
	for _, m := range r.Models {
		mse, drift, n := 0., 0., 0
		for _, ro := range r.Rollouts {
			if ro.Model == m.Name && len(ro.T) > 0 {
				mse, drift, n = mse+ro.EnergyMSE, max(drift, ro.MaxDrift), n+1
			}
		}
		e.score(m.Name+"_train", m.TrainMSE)
		e.score(m.Name+"_test", m.TestMSE)
		e.score(m.Name+"_energy_mse", mse/float64(max(n, 1)))
		e.score(m.Name+"_max_drift", drift)
	}
}

func writeSpring(e *env, out string, c spring.Config, r *spring.Result, points int, made *nn.Origin) error {
	if e.dry {
		return nil
	}
	file := func(name string, header []string, fill func(w *table.Writer)) error {
		return e.writeTable(filepath.Join(out, name), header, fill)
	}
	if err := file("train.csv", setHeader, func(w *table.Writer) { writeSet(w, r.Train) }); err != nil {
		return err
	}
	if err := file("test.csv", setHeader, func(w *table.Writer) { writeSet(w, r.Test) }); err != nil {
		return err
	}
	if err := file("loss.csv", []string{"model", "epoch", "step", "train", "test", "rate"}, func(w *table.Writer) {
		for _, m := range r.Models {
			for _, e := range m.Epochs {
				w.Text(m.Name)
				w.Int(e.Epoch)
				w.Int(e.Step)
				floats(w, e.Loss, e.Valid, e.Rate)
				w.End()
			}
		}
	}); err != nil {
		return err
	}
	if err := file("trajectory.csv", []string{"model", "run", "t", "q", "p", "energy", "H", "drift"}, func(w *table.Writer) {
		for i, ro := range r.Rollouts {
			for j, x := range ro.X {
				w.Text(ro.Model)
				w.Int(i % len(c.Energies))
				floats(w, ro.T[j], x[0], x[1], ro.E[j])
				if ro.H != nil {
					w.Float(ro.H[j])
				} else {
					w.Blank()
				}
				w.Float((ro.E[j] - ro.E0) / ro.E0)
				w.End()
			}
		}
	}); err != nil {
		return err
	}
	if err := writeGrid(file, c, r, points); err != nil {
		return err
	}
	if err := file("summary.csv", []string{"model", "run", "E0", "train", "test", "floor", "reached", "energy_mse",
		"max_drift", "rms_drift", "slope", "coord_rmse", "phase_error"}, func(w *table.Writer) {
		for i, ro := range r.Rollouts {
			w.Text(ro.Model)
			w.Int(i % len(c.Energies))
			w.Float(ro.E0)
			if m := r.Model(ro.Model); m != nil {
				floats(w, m.TrainMSE, m.TestMSE)
			} else {
				w.Blank()
				w.Blank()
			}
			w.Float(r.NoiseFloor)
			if len(ro.T) == 0 { // it failed at once
				for range 7 {
					w.Blank()
				}
				w.End()
				continue
			}
			floats(w, ro.T[len(ro.T)-1], ro.EnergyMSE, ro.MaxDrift, ro.RMSDrift, ro.Slope, ro.CoordRMSE, ro.PhaseError)
			w.End()
		}
	}); err != nil {
		return err
	}
	for _, m := range r.Models {
		if err := e.write(filepath.Join(out, m.Name+".json"), func(w io.Writer) error { return nn.Save(w, m.Model, made) }); err != nil {
			return err
		}
	}
	return nil
}

var setHeader = []string{"run", "t", "q", "p", "dq", "dp"}

func writeSet(w *table.Writer, s *spring.Set) {
	for i := range s.Starts {
		lo, hi := s.Trajectory(i)
		for r := lo; r < hi; r++ {
			w.Int(i)
			floats(w, s.T[r], s.X.At(r, 0), s.X.At(r, 1), s.DX.At(r, 0), s.DX.At(r, 1))
			w.End()
		}
	}
}

// writeGrid writes field.csv on the square that holds the largest energy of data
// and rollouts.
func writeGrid(file func(string, []string, func(*table.Writer)) error, c spring.Config, r *spring.Result, n int) error {
	e := c.High
	for _, v := range c.Energies {
		e = max(e, v)
	}
	q, _ := c.State(e, 0)
	_, p := c.State(e, math.Pi/2)
	g := newGrid(-1.1*q, 1.1*q, -1.1*p, 1.1*p, n)
	truth, err := system.Named("spring", map[string]float64{"m": c.M, "k": c.K})
	if err != nil {
		return err
	}
	g.addModel("", truth)
	for _, m := range r.Models {
		g.addModel("_"+m.Name, m.Model)
	}
	return file("field.csv", g.header, g.write)
}

func printScores(out io.Writer, r *spring.Result) {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "model\tE0\ttrain\ttest\tenergy MSE\tmax drift\tRMS drift\tslope\tcoord RMSE\tphase error\t")
	for _, ro := range r.Rollouts {
		if len(ro.T) == 0 {
			continue
		}
		train, test := "", ""
		if m := r.Model(ro.Model); m != nil {
			train, test = fmt.Sprintf("%.3g", m.TrainMSE), fmt.Sprintf("%.3g", m.TestMSE)
		}
		fmt.Fprintf(w, "%s\t%g\t%s\t%s\t%.2g\t%.2g\t%.2g\t%.1g\t%.2g\t%.2g\t\n", ro.Model, ro.E0, train, test,
			ro.EnergyMSE, ro.MaxDrift, ro.RMSDrift, ro.Slope, ro.CoordRMSE, ro.PhaseError)
	}
	w.Flush()
	fmt.Fprintf(out, "\nnoise floor of the test error of hnn and baseline: %.3g\n", r.NoiseFloor)
	for _, ro := range r.Rollouts {
		if ro.Err != nil {
			fmt.Fprintf(out, "%s, E0 = %g, ended early: %v\n", ro.Model, ro.E0, ro.Err)
		}
	}
}
