package nn

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"

	"hnn/autodiff"
	"hnn/autodiff/kernel"
	"hnn/autodiff/random"
)

// ErrDiverged is returned, wrapped with the step, when the loss or a gradient is not
// finite, and the weights are those before that step; or, after an epoch, when a weight or
// the validation loss is not.
var ErrDiverged = errors.New("training diverged")

var errNoNetwork = errors.New("a model without a network")

// Data is a training set: states X and targets Y, row by row (for OneStep, Y has one
// column more). Starts holds the first row of each trajectory, in order from 0; it is used
// when whole trajectories are the batches.
type Data struct {
	X, Y   *autodiff.Matrix
	Starts []int
}

// Training says how to train. The result depends on every field but Workers.
type Training struct {
	Epochs   int
	Batch    int // rows a step, shuffled; 0: one whole trajectory a step, shuffled; -1: all rows
	Opt      Optimizer
	Schedule Schedule
	Src      rand.Source // order of the batches
	Valid    *Data       // if not nil, its loss is computed after each epoch, for OnEpoch
	Workers  int         // goroutines; 0: as many as there are processors
	OnEpoch  func(Epoch) error

	// At is where the training stands, kept by Run also when it returns an error.
	// A training that starts there, with the weights and the optimiser of that
	// moment and all other fields as at the beginning, goes on to the same bits: Src
	// too has to be new, of the same seed, because Run has drawn from it.
	At Position
}

// A Position is a moment of a training, between two steps.
type Position struct {
	Step int     `json:"step"` // optimiser steps taken
	Loss float64 `json:"loss"` // sum of the losses of the steps of the epoch so far
}

// An Epoch is what OnEpoch is told after each pass over the data. An error that
// OnEpoch returns ends the training and is returned by Run.
type Epoch struct {
	Epoch int     // 1, 2, …
	Step  int     // optimiser steps so far
	Loss  float64 // mean over the epoch's steps, each before its update
	Valid float64 // loss of the validation set, NaN without one
	Rate  float64 // learning rate of the last step
}

// Run trains m on data until all epochs are done, ctx is cancelled (whose error it
// then returns), or an error occurs.
//
// A batch of n rows is computed in chunks, the workers taking whole chunks; losses
// and gradients are then added in the order of the chunks,
//
//	∇L = Σ_c (n_c/n) ∇L_c
//
// so that the number of workers changes no bit.
func (t *Training) Run(ctx context.Context, m Model, data *Data) error {
	if err := checkModel(m); err != nil {
		return fmt.Errorf("nn: %w", err)
	}
	if err := data.check(m); err != nil {
		return err
	}
	if t.Valid != nil {
		if err := t.Valid.check(m); err != nil {
			return fmt.Errorf("validation set: %w", err)
		}
	}
	if t.Opt == nil || t.Schedule == nil || t.Src == nil || t.At.Step < 0 {
		return errors.New("nn: a training needs an optimiser, a schedule, a source, and a step from 0 up to begin at")
	}
	rows, batches := data.batches(t.Batch)
	workers := t.Workers
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	team := newTeam(m, workers)
	defer team.close()

	params := m.Net().Params()
	steps := t.Epochs * len(batches)
	order := make([]int, len(batches))
	for i := range order {
		order[i] = i
	}
	for e := 1; e <= t.Epochs; e++ {
		random.Perm(t.Src, order)
		if t.Batch > 0 { // the rows too, so that batches differ from epoch to epoch
			random.Perm(t.Src, rows)
		}
		if t.At.Step >= e*len(batches) {
			continue // done before: only the order of the batches goes on
		}
		for _, b := range order[t.At.Step-(e-1)*len(batches):] {
			if err := ctx.Err(); err != nil {
				return err
			}
			loss := team.loss(data, batches[b], true)
			if !finite(loss, team.grads) {
				return fmt.Errorf("nn: %w at epoch %d, step %d (loss %v)", ErrDiverged, e, t.At.Step+1, loss)
			}
			t.Opt.Step(params, team.grads, t.Schedule(t.At.Step, steps))
			t.At.Step++
			t.At.Loss += loss
		}
		done := Epoch{e, t.At.Step, t.At.Loss / float64(len(batches)), math.NaN(), t.Schedule(t.At.Step-1, steps)}
		t.At.Loss = 0
		if !finite(0, params) { // of the last step; any other shows in the next loss
			return fmt.Errorf("nn: %w at epoch %d, step %d (a weight is not finite)", ErrDiverged, e, t.At.Step)
		}
		if t.OnEpoch == nil {
			continue
		}
		if t.Valid != nil {
			if done.Valid = team.loss(t.Valid, nil, false); done.Valid-done.Valid != 0 {
				return fmt.Errorf("nn: %w at epoch %d (validation loss %v)", ErrDiverged, e, done.Valid)
			}
		}
		if err := t.OnEpoch(done); err != nil {
			return err
		}
	}
	return nil
}

// EpochsDone returns how many passes over data, as Run takes them, lie behind At.
func (t *Training) EpochsDone(data *Data) int {
	_, batches := data.batches(t.Batch)
	return t.At.Step / len(batches)
}

// check reports the first thing about the data that does not fit.
func (d *Data) check(m Model) error {
	in := m.Net().Sizes()[0]
	want := in
	switch m.(type) {
	case OneStep, *OneStep:
		want++ // the step
	}
	switch {
	case d == nil || d.X == nil || d.Y == nil || d.X.Rows == 0:
		return errors.New("nn: no data")
	case len(d.Y.Data) != d.Y.Rows*d.Y.Cols:
		return fmt.Errorf("nn: targets of %d×%d have %d elements", d.Y.Rows, d.Y.Cols, len(d.Y.Data))
	case d.X.Cols != in:
		return fmt.Errorf("nn: states have %d components, the network %d inputs", d.X.Cols, in)
	case d.X.Rows != d.Y.Rows || d.Y.Cols != want:
		return fmt.Errorf("nn: states are %d×%d, targets %d×%d, not %d×%d", d.X.Rows, d.X.Cols, d.Y.Rows, d.Y.Cols, d.X.Rows, want)
	case in%2 != 0:
		return fmt.Errorf("nn: states have %d components, not pairs of q and p", in)
	}
	if err := checkStates(d.X, d.Starts); err != nil {
		return fmt.Errorf("nn: %w", err)
	}
	return nil
}

// checkStates reports whether x is a matrix of states, and starts the first rows of
// trajectories in it.
func checkStates(x *autodiff.Matrix, starts []int) error {
	if x == nil || len(x.Data) != x.Rows*x.Cols {
		return errors.New("the states are no matrix, or one without all its elements")
	}
	for i, s := range starts {
		if i == 0 && s != 0 || i > 0 && s <= starts[i-1] || s >= x.Rows {
			return fmt.Errorf("trajectory %d starts at row %d of %d", i, s, x.Rows)
		}
	}
	return nil
}

// batches returns the numbers of all rows and, as windows onto them, the batches.
func (d *Data) batches(size int) (rows []int, batches [][]int) {
	n := d.X.Rows
	rows = make([]int, n)
	for i := range rows {
		rows[i] = i
	}
	switch {
	case size < 0:
		return rows, [][]int{rows}
	case size > 0:
		for lo := 0; lo < n; lo += size {
			batches = append(batches, rows[lo:min(lo+size, n)])
		}
		return rows, batches
	}
	for i, lo := range d.Starts {
		batches = append(batches, rows[lo:runEnd(d.Starts, i, n)])
	}
	if batches == nil {
		batches = [][]int{rows}
	}
	return rows, batches
}

// finite reports whether the loss and all gradients are finite.
func finite(loss float64, grads []*autodiff.Matrix) bool {
	for _, g := range grads {
		if !kernel.Finite(g.Data) {
			return false
		}
	}
	return loss-loss == 0
}
