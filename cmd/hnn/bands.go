package main

import (
	"fmt"
	"math"
	"slices"

	"hnn/autodiff"
	"hnn/cmd/hnn/internal/flags"
	"hnn/cmd/hnn/internal/table"
	"hnn/nn"
)

// A band has the quantiles between which most models of an ensemble lie.
type band []float64

func (b *band) register(f *flags.Set) {
	*b = band{0.05, 0.95}
	f.Floats((*[]float64)(b), "quantiles", flags.Fraction, "lower and upper `shares` of an ensemble's models, between which its band lies")
}

func (b band) check() error {
	if len(b) != 2 || !(b[0] < b[1]) {
		return flags.Wrong("-quantiles: want two shares, the lower first, as in 0.05,0.95")
	}
	return nil
}

// of returns the median and the two quantiles of numbers, NaN where one is none.
func (b band) of(v []float64) (median, low, high float64) {
	for _, x := range v {
		if x-x != 0 {
			return math.NaN(), math.NaN(), math.NaN()
		}
	}
	v = slices.Sorted(slices.Values(v))
	return quantile(v, 0.5), quantile(v, b[0]), quantile(v, b[1])
}

// quantile returns the q quantile of n sorted numbers, by definition 6 of Hyndman and Fan, "Sample
// Quantiles in Statistical Packages" (1996): at place q (n + 1), on the line through the numbers
// before and after it. A further number of the same kind lies below it with the probability q,
// which other definitions do not have for few numbers; but so few as n < 1/q − 1 cannot tell it,
// and then it is the least or the greatest.
func quantile(v []float64, q float64) float64 {
	at := float64(q*float64(len(v)+1)) - 1
	if at <= 0 {
		return v[0]
	}
	i := int(at)
	if i+1 >= len(v) {
		return v[len(v)-1]
	}
	return v[i] + float64((v[i+1]-v[i])*(at-float64(i)))
}

// bands returns the names of the columns of bands.
func bands(names []string, suffix string) []string {
	var all []string
	for _, name := range names {
		all = append(all, name+suffix, name+suffix+"_low", name+suffix+"_high")
	}
	return all
}

// cells writes the median and the quantiles of each number of rows that belong together, one of
// each model.
func (b band) cells(w *table.Writer, rows [][]float64) {
	column := make([]float64, len(rows))
	for j := range rows[0] {
		for i, row := range rows {
			column[i] = row[j]
		}
		median, low, high := b.of(column)
		w.Floats(median, low, high)
	}
}

// rolloutEnsemble follows all models from one state and writes the median and the quantiles of
// the states that they reach, and of H.
func (e *env) rolloutEnsemble(models []*model, b band, u *inputs, state []float64, duration float64, o *solver, out string) error {
	first, cols := models[0], models[0].names()
	if o.events != nil {
		return flags.Wrong("-events goes with one model, here are %d", len(models))
	}
	if o.dt == 0 {
		o.at = times(duration, duration/bandRows)
	}
	var t []float64
	var all [][][]float64 // of each model, the rows
	hasH := true
	var failure error
	for i, m := range models {
		sol, err := follow(e.ctx, m.Stored, u, state, duration, o)
		if err := e.ctx.Err(); err != nil {
			return err
		}
		if err != nil && failure == nil {
			failure = fmt.Errorf("%s: model %d: %w", m.file, i, err)
		}
		if sol == nil {
			return failure
		}
		if n := min(len(t), len(sol.T)); i > 0 && !slices.Equal(t[:n], sol.T[:n]) {
			return fmt.Errorf("%s: model %d has steps of its own: want models of one interval", m.file, i)
		}
		if i == 0 || len(sol.T) < len(t) {
			t = sol.T
		}
		_, is := m.Stored.(nn.Energy)
		hasH = hasH && is
		all = append(all, sol.Y)
	}
	if hasH && len(t) > 0 {
		for i, m := range models {
			x, err := autodiff.MatrixOf(all[i]...)
			if err != nil {
				return err
			}
			h := nn.Evaluate(m.Stored.(nn.Energy).H, x).Data
			for r, y := range all[i] {
				all[i][r] = append(slices.Clone(y), h[r]-h[0])
			}
		}
		cols = append(slices.Clone(cols), "H_change")
	}
	if err := e.writeTable(out, append([]string{"t"}, bands(cols, "")...), func(w *table.Writer) {
		for r := range t {
			w.Float(t[r])
			var rows [][]float64
			for _, y := range all {
				rows = append(rows, y[r])
			}
			b.cells(w, rows)
			w.End()
		}
	}); err != nil {
		return err
	}
	for r := range t {
		if why := first.outside("t", t[r], all[0][r][:first.Dim()]); why != "" {
			e.warn("%s: %s: the models know nothing there, and agree by chance", first.file, why)
			break
		}
	}
	if n := len(t); n > 0 {
		e.score("end", t[n-1])
	}
	return failure
}

// bandRows is the number of intervals of a rollout of an ensemble without -dt.
const bandRows = 200

// addEnsemble adds the columns of an ensemble. H of all models has the same mean on the grid.
func (g *grid) addEnsemble(suffix string, models []*model, b band) error {
	var all []*grid
	for _, m := range models {
		own := &grid{names: g.names, x: g.x}
		own.addModel("", m.Stored)
		if len(all) > 0 && !slices.Equal(own.header, all[0].header) {
			return fmt.Errorf("%s: its models have different columns: want an ensemble of one kind", m.file)
		}
		all = append(all, own)
	}
	for j, name := range all[0].header {
		n := g.x.Rows
		median, low, high := make([]float64, n), make([]float64, n), make([]float64, n)
		values := make([]float64, len(all))
		shift := make([]float64, len(all))
		if name == "H" {
			for i := range all {
				shift[i], _ = meanSpread(all[i].cols[j])
			}
			middle, _, _ := b.of(shift)
			for i := range shift {
				shift[i] -= middle
			}
		}
		for r := range n {
			for i := range all {
				values[i] = all[i].cols[j][r] - shift[i]
			}
			median[r], low[r], high[r] = b.of(values)
		}
		for k, column := range [][]float64{median, low, high} {
			g.add(bands([]string{name}, suffix)[k], column)
		}
	}
	return nil
}

// evalEnsemble writes the median and the quantiles of the scores of all models.
func (e *env) evalEnsemble(models []*model, b band, s *states, first, skip int, o *solver, out string) error {
	names := []string{"mse", "step_rmse", "coord_rmse", "within10", "within30", "H_mean", "H_spread"}
	var all [][]runScore
	for _, m := range models {
		own, err := e.prepare(m, s, first)
		if err != nil {
			return err
		}
		scores, err := evaluate(e.ctx, m, own, o, skip)
		if err != nil {
			return fmt.Errorf("%s: %w", m.file, err)
		}
		if len(all) == 0 {
			e.tellOutside(m, own, scores)
		}
		all = append(all, scores)
	}
	return e.writeTable(out, append([]string{"run", "rows"}, bands(names, "")...), func(w *table.Writer) {
		for i := range all[0] {
			all[0][i].begin(w, i, s)
			var rows [][]float64
			for _, scores := range all {
				sc := scores[i]
				rows = append(rows, []float64{sc.mse, sc.step, sc.coord, sc.within[0], sc.within[1], sc.hMean, sc.hSpread})
			}
			b.cells(w, rows)
			w.End()
		}
		for j, name := range sweptScores {
			var v []float64
			for _, scores := range all {
				v = append(v, scores[s.Runs()].swept()[j])
			}
			median, _, _ := b.of(v)
			e.score(name, median)
		}
	})
}
