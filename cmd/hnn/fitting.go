package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strings"

	"hnn/cmd/hnn/internal/flags"
	"hnn/cmd/hnn/internal/table"
	"hnn/nn"
)

// stages makes the optimisers, one for each of -optimizer or of -segment, whichever are more. Those
// before the segments of derivativesFirst compare derivatives.
func (t *trainJob) stages() ([]nn.Optimizer, error) {
	var all []nn.Optimizer
	var epochs []int
	stages := max(len(t.optimizers), len(t.segments))
	if t.objective == derivativesFirst && stages == len(t.segments) {
		return nil, flags.Wrong("-objective %s: want more names in -optimizer than lengths in -segment, which are for the last of them", t.objective)
	}
	if len(t.passes) != 1 && len(t.passes) != stages {
		return nil, flags.Wrong("-epochs has %d numbers: want 1, or %d, as many as -optimizer or -segment", len(t.passes), stages)
	}
	for i := range stages {
		n, segment := t.passes[min(i, len(t.passes)-1)], 0.
		epochs = append(epochs, n)
		if at := i - (stages - len(t.segments)); t.objective == derivativesFirst {
			if at >= 0 {
				segment = t.segments[at]
			}
		} else if len(t.segments) > 0 {
			segment = t.segments[min(i, len(t.segments)-1)]
		}
		o, err := nn.NewOptimizer(t.optimizers[min(i, len(t.optimizers)-1)], nn.Minimization{Epochs: n, Batch: t.batch, Rate: t.rates(),
			Seed: t.seed, Stream: 1, Adam: t.adam, Momentum: t.momentum, WeightDecay: t.adam.WeightDecay, History: t.history, Subset: t.subsetOf(segment)})
		if err != nil {
			return nil, flags.Wrong("-optimizer: %w", err)
		}
		if segment > 0 {
			by := t.by
			by.Segment = segment
			objective, err := nn.NewObjective("shooting", by)
			if err != nil {
				return nil, err
			}
			o = nn.Stage{Optimizer: o, Objective: objective}
		}
		all = append(all, o)
	}
	t.planned = func(string) []int { return epochs }
	t.early = t.patience > 0 || slices.ContainsFunc(nn.Optimizers(), func(k nn.OptimizerKind) bool {
		return k.Converges && slices.Contains(t.optimizers, k.Name)
	})
	return all, nil
}

func (t *trainJob) run(e *env) error {
	var r nn.Recipe
	var err error
	if t.out == "-" && e.screen && !e.dry {
		return flags.Wrong("a model is long: name a file with -o, or send standard output to one")
	}
	if t.resume != "" {
		if r.Resume, err = loadCheckpoint(t.resume); err != nil {
			return err
		}
		if err := t.takeSettings(r.Resume.Settings); err != nil {
			return err
		}
		if t.save == "" && !e.again {
			t.save = t.resume
		}
		t.saved = t.save == t.resume
	}
	outs := []string{t.out, t.log, t.table}
	if t.save != t.resume {
		outs = append(outs, t.save)
	}
	if err := e.checkOutputs(outs, t.flags.Inputs()...); err != nil {
		return err
	}
	if err := replacesCheckpoint(t.save); err != nil {
		return err
	}
	t.cols.masses, t.cols.u, t.cols.hold = t.masses, t.inputs, t.between
	tab, err := table.ReadFile(e.ctx, t.data)
	if err != nil {
		return err
	}
	s, err := statesOf(tab, t.cols)
	if err != nil {
		return err
	}
	if s.note != "" && !t.quiet {
		e.say("%s: %s", s.name, s.note)
	}
	e.tellJump(s)
	if t.inputs != nil && t.flags.First("interpolate") == "" {
		e.tellCurve(s)
	}
	if s.T == nil && s.DX == nil {
		return fmt.Errorf("%s: no times: want a column t, or another that -t names, or the derivatives %s", s.name, strings.Join(prefixed("d", s.names), ", "))
	}
	if t.given() && s.Hidden != nil && t.expr == "" {
		t.expr = kinetic(s)
	}
	if err := t.momenta(e, s); err != nil {
		return err
	}
	if err := t.choose(e, s); err != nil {
		return err
	}
	done := t.holes()
	e.tellHoles(s, done)
	if err := e.fits(netBytes(s.X.Cols, t.hidden, e.threads(t.workers)), "a network of -hidden "+t.flags.Lookup("hidden").Value.String(), "smaller layers"); err != nil {
		return err
	}
	if err := t.recipe(&r, s.names); err != nil {
		return err
	}
	t.tellDoubts(e, tab)
	if t.valid != "" {
		v, err := readStates(e.ctx, t.valid, t.cols)
		if err != nil {
			return err
		}
		if t.objective != "shooting" {
			if err := v.whole(); err != nil {
				return err
			}
		}
		e.tellHoles(v, done)
		r.Valid = &v.Series
	}
	show, end := t.progress(e)
	r.Workers = e.threads(t.workers)
	r.OnEpoch = func(ep nn.Epoch) error {
		e.unsaved.Store(r.Save != nil)
		show(t.kind, ep)
		return nil
	}
	if t.ensemble > 0 {
		err := t.fitEnsemble(e, s, r, show)
		end()
		return err
	}
	if t.save != "" && !e.dry {
		r.Save = func(c *nn.Checkpoint) error {
			_, err := e.writeFile(t.save, func(w io.Writer) error { return nn.SaveCheckpoint(w, c) })
			t.saved = err == nil
			return err
		}
	}
	fitted, err := nn.Fit(e.ctx, &s.Series, r)
	end()
	e.unsaved.Store(false)
	if errors.Is(err, nn.ErrDiverged) && len(t.fitted) > 0 {
		err = fmt.Errorf("%w: is a first value of -fit %s far off? They have the units of %s", err, t.flags.Lookup("fit").Value, s.units(tab))
	}
	if err != nil {
		return fmt.Errorf("%s: %w", s.name, err)
	}
	if t.log != "" {
		if err := e.writeLoss(t.log, fitted.Epochs); err != nil {
			return err
		}
	}
	e.report(fitted)
	if err := e.write(t.out, func(w io.Writer) error { return nn.Save(w, fitted.Model.(nn.Stored), t.origin(s, fitted.Train)) }); err != nil {
		return err
	}
	for _, note := range fitted.Notes {
		e.warn("%s: %s", s.name, note)
	}
	if !t.quiet {
		unit := "rows"
		if t.compares("shooting") {
			unit = "segments"
		}
		fmt.Fprintf(e.stderr, "%s: %d %s, %s\n", t.kind, fitted.Rows, unit, summary(fitted))
	}
	return t.tell(e, s, fitted)
}

// recipe makes a recipe of the flags, for components of the given names.
func (t *trainJob) recipe(r *nn.Recipe, names []string) (err error) {
	kind, err := nn.KindOf(t.kind)
	if err != nil {
		return err
	}
	networks := t.networks(0)
	networks.Masses = t.masses
	networks.Structure = t.structureOf(names)
	r.Model = kind.Maker(networks)
	first, _, _ := strings.Cut(t.objective, ",")
	if r.Objective, err = nn.NewObjective(first, t.by); err != nil {
		return err
	}
	if r.Stages, err = t.stages(); err != nil {
		return err
	}
	r.Hold, r.Patience, r.Every = t.holdout, t.patience, t.every
	r.Settings = t.flags.With(flags.Setting)
	r.Settings["valid"] = t.valid
	return nil
}

// report gives the scores of a fit to a sweep.
func (e *env) report(f *nn.Fitted) {
	last := f.Last()
	e.score("loss", last.Loss)
	if !math.IsNaN(last.Valid) {
		e.score("valid_loss", last.Valid)
	}
	if f.BestEpoch > 0 {
		e.score("lowest", f.Best)
		e.score("lowest_epoch", float64(f.BestEpoch))
	}
}

// summary says how a fit ended.
func summary(f *nn.Fitted) string {
	last := f.Last()
	s := fmt.Sprintf("%d epochs, loss %.4g", last.Epoch, last.Loss)
	if !math.IsNaN(last.Valid) {
		s += fmt.Sprintf(", validation %.4g", last.Valid)
	}
	if f.BestEpoch > 0 {
		s += fmt.Sprintf("; lowest loss %.4g, at epoch %d", f.Best, f.BestEpoch)
	}
	if f.Ran == 0 {
		s += "; all epochs were done before this call: more -epochs go on"
	}
	return s
}

// takeSettings sets the flags as a saved training had them. A flag of this call that says
// otherwise is an error, but for those that extend the training.
func (t *trainJob) takeSettings(settings map[string]string) error {
	var names []string
	for name := range settings {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		fl := t.flags.Lookup(name)
		if fl == nil || t.flags.Role(name) != flags.Setting && name != "valid" {
			return fmt.Errorf("%s: the saved training has a flag -%.40q, which this version does not know", t.resume, name)
		}
		if fl.Value.String() == settings[name] {
			continue
		}
		if t.flags.First(name) != "" {
			if slices.Contains(extensible, name) || name == "valid" { // whose content decides
				continue
			}
			return flags.Wrong("-%s %s: the saved training has %s", name, fl.Value, cmp.Or(settings[name], "none"))
		}
		if err := t.flags.Set(name, settings[name]); err != nil {
			return fmt.Errorf("%s: the saved training has -%s %.80q: %w", t.resume, name, settings[name], err)
		}
	}
	return t.check()
}

func loadCheckpoint(name string) (*nn.Checkpoint, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	c, err := nn.LoadCheckpoint(boundModel(f))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return c, nil
}

// replacesCheckpoint refuses a file that holds something else than a checkpoint.
func replacesCheckpoint(name string) error {
	if info, err := os.Stat(name); err != nil || !info.Mode().IsRegular() || info.Size() == 0 {
		return nil
	}
	if _, err := loadCheckpoint(name); err != nil {
		return fmt.Errorf("-checkpoint would replace another file: %w", err)
	}
	return nil
}

// origin says what a model was made from.
func (t *trainJob) origin(s *states, train *nn.Series) *nn.Origin {
	made := &nn.Origin{
		Program: version, Command: "train", Flags: t.flags.With(flags.Setting),
		Q: s.cols.q, P: s.cols.p, T: s.cols.t, Run: s.cols.run, Angles: s.cols.angles, Data: train.Hash(),
	}
	made.Low, made.High = train.Range()
	return made
}
