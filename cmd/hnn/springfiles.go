package main

import (
	"fmt"
	"io"
	"math"
	"path/filepath"
	"text/tabwriter"

	"hnn/cmd/hnn/internal/table"
	"hnn/nn"
	"hnn/spring"
	"hnn/spring/system"
)

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

// writeSpring writes the tables and the models of an experiment to the directory out.
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
	var all []losses
	for _, m := range r.Models {
		all = append(all, losses{m.Name, m.Epochs})
	}
	if err := e.writeLosses(filepath.Join(out, "loss.csv"), all...); err != nil {
		return err
	}
	if err := file("trajectory.csv", []string{"model", "run", "t", "q", "p", "energy", "H", "drift"}, func(w *table.Writer) {
		for i, ro := range r.Rollouts {
			for j, x := range ro.X {
				w.Text(ro.Model)
				w.Int(i % len(c.Energies))
				w.Floats(ro.T[j], x[0], x[1], ro.E[j])
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
				w.Floats(m.TrainMSE, m.TestMSE)
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
			w.Floats(ro.T[len(ro.T)-1], ro.EnergyMSE, ro.MaxDrift, ro.RMSDrift, ro.Slope, ro.CoordRMSE, ro.PhaseError)
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
			w.Floats(s.T[r], s.X.At(r, 0), s.X.At(r, 1), s.DX.At(r, 0), s.DX.At(r, 1))
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
	g := newGrid(make([]float64, 2), [2]int{0, 1}, [2]float64{-1.1 * q, -1.1 * p}, [2]float64{1.1 * q, 1.1 * p}, n)
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

// printScores prints the scores of each rollout as a table to read.
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
