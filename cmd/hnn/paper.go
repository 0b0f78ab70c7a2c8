package main

import (
	"fmt"
	"maps"
	"math"
	"path/filepath"
	"slices"
	"strconv"

	"hnn/cmd/hnn/internal/flags"
	"hnn/cmd/hnn/internal/table"
	"hnn/spring"
)

const paperHelp = `
-protocol paper runs the spring task of the paper as its original repository does: H =
q² + p²; 50 trajectories of 30 points on [0, 3]; radii U(0.1, 1); noise 0.1 on the
states only; networks 2-200-200; orthogonal weights; 2001 full-batch steps of Adam;
weight decay 1e-4. It runs -seeds seeds from -seed on and writes paper.csv:

  model, seed
  train, test   losses, means over all components. The noise alone makes 0.04
  energy_mse    mean squared error of the energy over rollouts of 20 s from the first
                states of the test trajectories

At the end it prints the means over the seeds, with their standard errors. Published:
losses 0.037, energy 3.84e-4 for the HNN and 1.71e-1 for the baseline.
`

// paperJob is the task of the paper, into a directory.
func paperJob(f *flags.Set, out string, seeds int, t *training) (run, error) {
	for _, name := range slices.Sorted(maps.Keys(f.Given(flags.Setting))) {
		if name != "protocol" && name != "seeds" && name != "seed" {
			return nil, flags.Wrong("-%s: the numbers of -protocol paper are fixed", name)
		}
	}
	return func(e *env) error {
		if err := e.fits(float64(seeds)*1e3, fmt.Sprintf("the scores of -seeds %d", seeds), "fewer"); err != nil {
			return err
		}
		rows := make([][]spring.PaperScore, seeds)
		for i := range rows {
			var err error
			if rows[i], err = spring.Paper(e.ctx, t.seed+uint64(i), e.threads(t.workers)); err != nil {
				return fmt.Errorf("seed %d: %w", t.seed+uint64(i), err)
			}
		}
		if err := e.writeTable(filepath.Join(out, "paper.csv"), []string{"model", "seed", "train", "test", "energy_mse"}, func(w *table.Writer) {
			for i, scores := range rows {
				for _, s := range scores {
					w.Text(s.Model)
					w.Text(strconv.FormatUint(t.seed+uint64(i), 10))
					w.Floats(s.Train, s.Test, s.EnergyMSE)
					w.End()
				}
			}
		}); err != nil {
			return err
		}
		reportPaper(e, rows, t.quiet)
		return nil
	}, nil
}

// reportPaper prints the means over the seeds, with their standard errors.
func reportPaper(e *env, rows [][]spring.PaperScore, quiet bool) {
	seeds := len(rows)
	for i, s := range rows[0] {
		line := fmt.Sprintf("%-8s", s.Model)
		for _, c := range []struct {
			name, score string
			of          func(spring.PaperScore) float64
		}{
			{"train", "train", func(s spring.PaperScore) float64 { return s.Train }},
			{"test", "test", func(s spring.PaperScore) float64 { return s.Test }},
			{"energy MSE", "energy_mse", func(s spring.PaperScore) float64 { return s.EnergyMSE }},
		} {
			mean, spread := 0., 0.
			for _, r := range rows {
				mean += c.of(r[i]) / float64(seeds)
			}
			for _, r := range rows {
				spread += float64((c.of(r[i])-mean)*(c.of(r[i])-mean)) / float64(max(seeds-1, 1))
			}
			line += fmt.Sprintf("  %s %.3g ± %.1g", c.name, mean, math.Sqrt(spread/float64(seeds)))
			e.score(s.Model+"_"+c.score, mean)
		}
		if !quiet {
			fmt.Fprintln(e.stderr, line)
		}
	}
}
