package main

import (
	"errors"
	"fmt"
	"io"
	"math"
	"text/tabwriter"

	"hnn/cmd/hnn/internal/table"
	"hnn/nn"
	"hnn/spring"
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

func runSpring(e *env, args []string) error {
	c := spring.Default()
	t := training{
		hidden: c.Hidden, act: c.Act, init: c.Init, epochs: c.Epochs,
		schedule: "cosine", lr: spring.DefaultRate, adam: *nn.NewAdam(),
	}
	out, grid := "out", 41
	protocol, seeds := "seed", 1
	f := newFlags(e, "spring", springHelp)
	f.StringVar(&out, "out", out, "`directory` of the files; made if need be")
	choice(f, &protocol, "protocol", []string{"seed", "paper"}, "`experiment`: seed, which all other flags describe, or paper")
	f.int(&seeds, "seeds", 1, "`seeds` of -protocol paper")
	samplingFlags(f, &c.Spring, &c.Sampling)
	f.float(&c.Step, "step", positive, "first and largest `step` of the solver, in s, and so the sampling interval")
	f.int(&c.Train, "train", 1, "training `trajectories`")
	f.int(&c.Test, "test", 1, "test `trajectories`")
	f.BoolVar(&c.NextState, "nextstate", false, "train the next-state baseline too")
	f.floats(&c.Energies, "energies", positive, "`energies` of the rollouts, in J")
	f.float(&c.Rollout, "rollout", positive, "`time` that each rollout lasts, in s")
	f.int(&grid, "grid", 2, "`points` a side of the grid of field.csv")
	t.register(f)
	if _, err := f.parse(args, 0); err != nil {
		return err
	}
	if protocol == "paper" {
		return runPaper(e, f, out, seeds, t)
	}
	if seeds > 1 {
		return usageError{errors.New("-seeds belongs to -protocol paper")}
	}
	if grid > maxGrid {
		return usageError{fmt.Errorf("-grid %d: at most %d points a side", grid, maxGrid)}
	}
	if err := checkEnergies(c.Sampling); err != nil {
		return err
	}
	if err := checkSteps("-duration", c.Duration, c.Step); err != nil {
		return err
	}
	if err := checkSteps("-rollout", c.Rollout, c.Step); err != nil {
		return err
	}
	for _, e := range c.Energies {
		if q, p := c.State(e, 1); math.IsInf(q, 0) || math.IsInf(p, 0) || math.IsInf(c.H(q, p), 0) {
			return usageError{fmt.Errorf("-energies %v: the amplitude is too large for a float64", e)}
		}
	}
	c.Hidden, c.Act, c.Init, c.Epochs, c.Seed, c.Workers = t.hidden, t.act, t.init, t.epochs, t.seed, t.workers
	c.Optim, c.Schedule = func() nn.Optimizer { return t.optimizer() }, t.rates()
	if c.NextState && c.Duration < c.Step {
		return usageError{fmt.Errorf("-nextstate needs -duration %v to be at least -step %v", c.Duration, c.Step)}
	}
	if e.point.begin() {
		return nil
	}
	if e.point == nil {
		if err := table.WritableDir(out); err != nil {
			return err
		}
	}
	show := t.progress(e)
	r, err := spring.Run(e.ctx, c, show)
	if err != nil {
		return err
	}
	if e.point != nil {
		scoreSpring(e.point, r)
		return nil
	}
	d := &directory{path: out}
	if err := writeSpring(d, c, r, grid); err != nil {
		return err
	}
	if err := d.writeManifest(f.FlagSet); err != nil {
		return err
	}
	if !t.quiet {
		printScores(e.stderr, r)
		fmt.Fprintf(e.stderr, "\nwrote %d files to %s\n", len(d.files)+1, out)
	}
	return nil
}

// scoreSpring reports the scores of each model, over all its rollouts.
func scoreSpring(p *point, r *spring.Result) {
	for _, m := range r.Models {
		mse, drift, n := 0., 0., 0
		for _, ro := range r.Rollouts {
			if ro.Model == m.Name && len(ro.T) > 0 {
				mse, drift, n = mse+ro.EnergyMSE, max(drift, ro.MaxDrift), n+1
			}
		}
		p.score(m.Name+"_train", m.TrainMSE)
		p.score(m.Name+"_test", m.TestMSE)
		p.score(m.Name+"_energy_mse", mse/float64(max(n, 1)))
		p.score(m.Name+"_max_drift", drift)
	}
}

func writeSpring(d *directory, c spring.Config, r *spring.Result, grid int) error {
	if err := d.writeTable("train.csv", setHeader, func(w *table.Writer) { writeSet(w, r.Train) }); err != nil {
		return err
	}
	if err := d.writeTable("test.csv", setHeader, func(w *table.Writer) { writeSet(w, r.Test) }); err != nil {
		return err
	}
	if err := d.writeTable("loss.csv", []string{"model", "epoch", "step", "train", "test", "rate"}, func(w *table.Writer) {
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
	if err := d.writeTable("trajectory.csv", []string{"model", "run", "t", "q", "p", "energy", "H", "drift"}, func(w *table.Writer) {
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
	if err := writeGrid(d, c, r, grid); err != nil {
		return err
	}
	if err := d.writeTable("summary.csv", []string{"model", "energy", "train", "test", "floor", "reached", "energy_mse",
		"max_drift", "rms_drift", "slope", "coord_rmse", "phase_error"}, func(w *table.Writer) {
		for _, ro := range r.Rollouts {
			w.Text(ro.Model)
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
		if err := d.write(m.Name+".json", func(w io.Writer) error { return nn.Save(w, m.Model) }); err != nil {
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
func writeGrid(d *directory, c spring.Config, r *spring.Result, n int) error {
	e := c.High
	for _, v := range c.Energies {
		e = max(e, v)
	}
	q, _ := c.State(e, 0)
	_, p := c.State(e, math.Pi/2)
	g := newGrid(-1.1*q, 1.1*q, -1.1*p, 1.1*p, n)
	g.addTrue(func(x []float64) float64 { return c.Spring.H(x[0], x[1]) }, c.Spring.Field)
	for _, m := range r.Models {
		g.addModel(m.Name, m.Model)
	}
	return d.writeTable("field.csv", g.header, g.write)
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
