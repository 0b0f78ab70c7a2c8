package main

import (
	"fmt"
	"io"
	"math"
	"path/filepath"
	"strconv"
	"text/tabwriter"

	"hnn/autodiff"
	"hnn/cmd/hnn/internal/picture"
	"hnn/cmd/hnn/internal/table"
	"hnn/nn"
	"hnn/spring/pixels"
)

// report gives the scores of each model to a sweep.
func (p *pixelsJob) report(e *env, r *pixels.Result) {
	for _, m := range r.Models {
		e.score(m.Name+"_picture", m.Picture)
		mse, drift, pixels, n := 0., 0., 0., 0.
		longDrift, longSlope, period, long := 0., 0., 0., false
		for _, ro := range r.Rollouts {
			switch {
			case ro.Model != m.Name:
			case ro.Run >= 0:
				mse, pixels, n = mse+ro.EnergyMSE, pixels+ro.Pixels[len(ro.Pixels)-1], n+1
				drift = max(drift, ro.MaxDrift)
			default:
				long = true
				longDrift = max(longDrift, ro.MaxDrift)
				longSlope = max(longSlope, math.Abs(ro.Slope))
				period = max(period, math.Abs(ro.Period/ro.TruePeriod-1))
			}
		}
		e.score(m.Name+"_energy_mse", mse/n)
		e.score(m.Name+"_max_drift", drift)
		e.score(m.Name+"_pixels_200", pixels/n)
		if long {
			e.score(m.Name+"_long_drift", longDrift)
			e.score(m.Name+"_long_slope", longSlope)
			e.score(m.Name+"_period_error", period)
		}
	}
}

// writeFiles writes the tables, films and models.
func (p *pixelsJob) writeFiles(e *env, c *pixels.Config, r *pixels.Result, settings map[string]string) error {
	if e.dry {
		return nil
	}
	if err := p.writeLatent(e, c, r); err != nil {
		return err
	}
	var all []losses
	for _, m := range r.Models {
		all = append(all, losses{m.Name, m.Epochs})
	}
	if err := e.writeLosses(filepath.Join(p.out, "loss.csv"), all...); err != nil {
		return err
	}
	if err := p.writeSummary(e, r); err != nil {
		return err
	}
	if err := e.write(filepath.Join(p.out, "film.gif"), func(w io.Writer) error { return writeFilm(w, c.Dt, sideBySide(r)...) }); err != nil {
		return err
	}
	if err := e.write(filepath.Join(p.out, "sheet.png"), func(w io.Writer) error { return picture.WritePNG(w, sheet(r)) }); err != nil {
		return err
	}
	made := &nn.Origin{Program: version, Command: "pixels", Flags: settings, Data: r.Train.Series().Hash()}
	for _, m := range r.Models {
		if err := e.write(filepath.Join(p.out, m.Name+".json"), func(w io.Writer) error { return nn.Save(w, m.Model, made) }); err != nil {
			return err
		}
		if m != r.Models[0] || p.new == 0 {
			continue
		}
		films, err := c.New(e.ctx, m, r.Train, p.new, c.Length+1)
		if err != nil {
			return err
		}
		var row []*autodiff.Matrix
		for _, f := range films {
			row = append(row, f.Frames)
		}
		if err := e.write(filepath.Join(p.out, "new.gif"), func(w io.Writer) error { return writeFilm(w, c.Dt, row) }); err != nil {
			return err
		}
	}
	return nil
}

// numbered returns names with numbers, q1, q2, …, or a plain name if there is one.
func numbered(name string, n int) []string {
	if n == 1 {
		return []string{name}
	}
	var names []string
	for i := range n {
		names = append(names, name+strconv.Itoa(i+1))
	}
	return names
}

// writeLatent writes latent.csv: the true films, then those of the models, then the long ones.
func (p *pixelsJob) writeLatent(e *env, c *pixels.Config, r *pixels.Result) error {
	header := append([]string{"model", "run", "frame", "t"}, append(numbered("q", c.Pairs), numbered("p", c.Pairs)...)...)
	states, energy := 0, c.Scene.NewEnergy()
	if r.Train.States != nil {
		states = r.Train.States.Cols
		for _, name := range append(c.Scene.Q, c.Scene.P...) {
			header = append(header, "true_"+name)
		}
	}
	header = append(header, "energy", "H", "angle")
	return e.writeTable(filepath.Join(p.out, "latent.csv"), header, func(w *table.Writer) {
		row := func(model string, run, frame int, z, x []float64, energy, h, angle float64) {
			w.Text(model)
			w.Int(run)
			w.Int(frame)
			w.Float(float64(frame) * c.Dt)
			for i := range 2 * c.Pairs {
				w.Floats(nth(z, i))
			}
			for i := range states {
				w.Floats(nth(x, i))
			}
			w.Floats(energy, h, angle)
			w.End()
		}
		for i := range r.Starts.Starts {
			lo, hi := r.Starts.Run(i)
			for k := lo; k < hi && states > 0; k++ {
				x, angle := r.Starts.States.Row(k), math.NaN()
				if states == 2 {
					angle = pixels.Angle(r.Starts.X.Row(k), r.Starts.Size)
				}
				row("true", i, k-lo, nil, x, energy(x), math.NaN(), angle)
			}
		}
		long := len(r.Starts.Starts)
		for _, ro := range r.Rollouts {
			run := ro.Run
			if run < 0 { // the long ones have the numbers that follow
				run = long + p.swing(ro.Swing)
			}
			for k, z := range ro.Z {
				var x []float64
				if ro.X != nil {
					x = ro.X[k]
				}
				row(ro.Model, run, k, z, x, nth(ro.E, k), nth(ro.H, k), nth(ro.Angle, k))
			}
		}
	})
}

// swing returns the number of an angle of -swings.
func (p *pixelsJob) swing(a float64) int {
	for i, s := range p.c.Swings {
		if s == a {
			return i
		}
	}
	return 0
}

// nth returns element i, NaN if there is none.
func nth(x []float64, i int) float64 {
	if i >= len(x) {
		return math.NaN()
	}
	return x[i]
}

func (p *pixelsJob) writeSummary(e *env, r *pixels.Result) error {
	header := []string{"model", "run", "angle", "frames", "picture", "map_q", "map_p", "E0", "energy_mse", "max_drift", "slope", "amplitude", "period", "true_period"}
	for _, m := range pixels.Marks {
		header = append(header, "pixels_"+strconv.Itoa(m), "repeat_"+strconv.Itoa(m))
	}
	return e.writeTable(filepath.Join(p.out, "summary.csv"), header, func(w *table.Writer) {
		for _, ro := range r.Rollouts {
			w.Text(ro.Model)
			if ro.Run < 0 {
				w.Blank()
			} else {
				w.Int(ro.Run)
			}
			w.Floats(ro.Swing)
			w.Int(len(ro.Z) - 1)
			m := r.Model(ro.Model)
			q, pp := m.Map.Errors()
			w.Floats(m.Picture, q, pp, ro.E0, ro.EnergyMSE, ro.MaxDrift, ro.Slope, ro.Amplitude, ro.Period, ro.TruePeriod)
			for i := range pixels.Marks {
				w.Floats(nth(ro.Pixels, i), nth(ro.Repeated, i))
			}
			w.End()
		}
	})
}

// printFilms prints the scores as a table to read.
func printFilms(out io.Writer, r *pixels.Result) {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "model\trun\tangle\tframes\tenergy MSE\tmax drift\tslope\tamplitude\tperiod\ttrue\tpixels 10\t50\t200\t")
	for _, ro := range r.Rollouts {
		run := strconv.Itoa(ro.Run)
		if ro.Run < 0 {
			run = "long"
		}
		fmt.Fprintf(w, "%s\t%s\t%.3f\t%d\t%.2g\t%.2g\t%.1g\t%.3f\t%.2f\t%.2f\t%.2g\t%.2g\t%.2g\t\n", ro.Model, run, ro.Swing, len(ro.Z)-1,
			ro.EnergyMSE, ro.MaxDrift, ro.Slope, ro.Amplitude, ro.Period, ro.TruePeriod, nth(ro.Pixels, 0), nth(ro.Pixels, 1), nth(ro.Pixels, 2))
	}
	w.Flush()
	for _, m := range r.Models {
		q, p := m.Map.Errors()
		fmt.Fprintf(out, "%s: errors of the reconstructed pictures %.2g of their variance, of the map to the true states %.2g of q, %.2g of p\n", m.Name, m.Picture, q, p)
	}
	for _, ro := range r.Rollouts {
		if ro.Err != nil {
			fmt.Fprintf(out, "%s, run %d, ended early: %v\n", ro.Model, ro.Run, ro.Err)
		}
	}
}
