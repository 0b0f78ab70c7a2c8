package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"slices"

	"hnn/nn"
)

// ensemble.go trains and loads ensembles; bands.go is what they answer.

// A bootstrap says what each model of an ensemble is trained on.
type bootstrap string

const (
	byRuns     bootstrap = "runs"     // as many runs, drawn with replacement
	bySegments bootstrap = "segments" // the same for pieces of runs
	byNothing  bootstrap = "none"     // all data; models differ in their seeds alone
)

// enoughRuns is the number of runs from which on they are drawn by default, and pieces how many
// there are of the data if not.
const (
	enoughRuns = 8
	pieces     = 12
)

// bootstrapStream is the stream of random numbers of bootstrap samples.
const bootstrapStream = 2

// fitEnsemble trains the models one after the other, each with all workers, and writes them.
func (t *trainJob) fitEnsemble(e *env, s *states, r nn.Recipe, show func(model string, ep nn.Epoch)) error {
	data, by := &s.Series, t.bootstrap
	if t.holdout > 0 { // before rows are drawn: none may be in both parts
		var err error
		if data, r.Valid, err = data.Hold(t.holdout); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
	}
	if by == "" {
		if by = byRuns; data.Runs() < enoughRuns {
			by = bySegments
		}
	}
	pool := data
	if by == bySegments {
		pool = data.Pieces(pieces)
	}
	var models []nn.Stored
	var losses, valid []float64
	var notes, constants []string
	values := map[string][]float64{} // of each constant, by model
	seed := t.seed
	defer func() { t.seed = seed }()
	for i := range t.ensemble {
		t.seed = seed + uint64(i)
		own := r
		if err := t.recipe(&own, s.names); err != nil {
			return err
		}
		own.Hold, own.Settings = 0, nil
		own.OnEpoch = func(ep nn.Epoch) error {
			show(fmt.Sprintf("%s, model %d of %d", t.kind, i+1, t.ensemble), ep)
			return nil
		}
		train := data
		if by != byNothing {
			train = pool.Resample(rand.NewPCG(t.seed, bootstrapStream))
		}
		fitted, err := nn.Fit(e.ctx, train, own)
		if err != nil {
			return fmt.Errorf("%s: model %d of the ensemble: %w", s.name, i, err)
		}
		models = append(models, fitted.Model.(nn.Stored))
		losses, valid = append(losses, fitted.Last().Loss), append(valid, fitted.Last().Valid)
		if fitted.Found != nil {
			constants = constants[:0]
			for _, c := range fitted.Found.Constants {
				constants = append(constants, c.Name)
				values[c.Name] = append(values[c.Name], c.Value)
			}
		}
		for _, note := range fitted.Notes {
			if !slices.Contains(notes, note) {
				notes = append(notes, note)
			}
		}
	}
	t.seed = seed
	if err := e.write(t.out, func(w io.Writer) error { return nn.SaveAll(w, models, t.origin(s, data)) }); err != nil {
		return err
	}
	for _, note := range notes {
		e.warn("%s: %s", s.name, note)
	}
	whole := band{0, 1}
	loss, low, high := whole.of(losses)
	e.score("loss", loss)
	if v, _, _ := whole.of(valid); !math.IsNaN(v) {
		e.score("valid_loss", v)
	}
	if !t.quiet {
		fmt.Fprintf(e.stderr, "%s: %d models, -bootstrap %s, loss %.4g (%.4g to %.4g)\n", t.kind, len(models), by, loss, low, high)
	}
	for _, name := range constants {
		median, low, high := whole.of(values[name])
		e.score("constant_"+name, median)
		if !t.quiet {
			fmt.Fprintf(e.stderr, "  %s = %.6g (%.6g to %.6g)\n", name, median, low, high)
		}
	}
	return nil
}

// loadModels reads all models of files of one model or of an ensemble.
func loadModels(ctx context.Context, files ...string) ([]*model, error) {
	var all []*model
	for _, name := range files {
		models, err := loadFile(ctx, name)
		if err != nil {
			return nil, err
		}
		for _, m := range models {
			all = append(all, m.states())
		}
	}
	for _, m := range all {
		if m.Dim() != all[0].Dim() {
			return nil, fmt.Errorf("%s has %d components of state, %s %d: want models of the same system", m.file, m.Dim(), all[0].file, all[0].Dim())
		}
		if a, b := m.names(), all[0].names(); !slices.Equal(a, b) {
			return nil, fmt.Errorf("%s is for the columns %v, %s for %v: want models of the same system", m.file, a, all[0].file, b)
		}
	}
	return all, nil
}
