package main

import (
	"flag"
	"fmt"
	"math"
	"slices"
	"strconv"

	"hnn/cmd/hnn/internal/table"
	"hnn/spring"
)

const paperHelp = `
-protocol paper runs the spring task of the paper as its original repository does (H =
q² + p²; 50 trajectories of 30 points on [0, 3]; radii U(0.1, 1); noise 0.1 on the
states only; networks 2-200-200; orthogonal weights; 2001 full-batch steps of Adam;
weight decay 1e-4) for -seeds seeds from -seed on, and writes paper.csv: model, seed,
train and test loss (means over all components; the noise alone makes 0.04), and the
mean squared error of the energy over rollouts of 20 s from the first states of the
test trajectories. Means over the seeds, with their standard errors, close the run.
Published: losses 0.037, energy 3.84e-4 for the HNN and 1.71e-1 for the baseline.
`

// paperFlags are the flags that -protocol paper knows.
var paperFlags = []string{"protocol", "seeds", "seed", "workers", "out", "quiet"}

// runPaper runs the task of the paper into a directory.
func runPaper(e *env, f flags, out string, seeds int, t training) error {
	var wrong error
	f.Visit(func(fl *flag.Flag) {
		if !slices.Contains(paperFlags, fl.Name) {
			wrong = usageError{fmt.Errorf("-%s: the numbers of -protocol paper are fixed", fl.Name)}
		}
	})
	if wrong != nil {
		return wrong
	}
	if err := table.WritableDir(out); err != nil {
		return err
	}
	rows := make([][]spring.PaperScore, seeds)
	for seed := range rows {
		var err error
		if rows[seed], err = spring.Paper(e.ctx, t.seed+uint64(seed), t.workers); err != nil {
			return fmt.Errorf("seed %d: %w", t.seed+uint64(seed), err)
		}
	}
	d := &directory{path: out}
	if err := d.writeTable("paper.csv", []string{"model", "seed", "train", "test", "energy_mse"}, func(w *table.Writer) {
		for seed, scores := range rows {
			for _, s := range scores {
				w.Text(s.Model)
				w.Text(strconv.FormatUint(t.seed+uint64(seed), 10))
				floats(w, s.Train, s.Test, s.EnergyMSE)
				w.End()
			}
		}
	}); err != nil {
		return err
	}
	if err := d.writeManifest(f.FlagSet); err != nil || t.quiet {
		return err
	}
	for i, s := range rows[0] {
		fmt.Fprintf(e.stderr, "%-8s", s.Model)
		for _, c := range []struct {
			name string
			of   func(spring.PaperScore) float64
		}{
			{"train", func(s spring.PaperScore) float64 { return s.Train }},
			{"test", func(s spring.PaperScore) float64 { return s.Test }},
			{"energy MSE", func(s spring.PaperScore) float64 { return s.EnergyMSE }},
		} {
			mean, spread := 0., 0.
			for _, r := range rows {
				mean += c.of(r[i]) / float64(seeds)
			}
			for _, r := range rows {
				spread += float64((c.of(r[i])-mean)*(c.of(r[i])-mean)) / float64(max(seeds-1, 1))
			}
			fmt.Fprintf(e.stderr, "  %s %.3g ± %.1g", c.name, mean, math.Sqrt(spread/float64(seeds)))
		}
		fmt.Fprintln(e.stderr)
	}
	return nil
}
