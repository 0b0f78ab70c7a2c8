package nn

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"sync/atomic"

	"hnn/autodiff"
	"hnn/autodiff/kernel"
)

// ErrDiverged is returned, wrapped with the step, when the loss or a gradient is
// not finite. The weights are those before that step.
var ErrDiverged = errors.New("training diverged")

var errNoNetwork = errors.New("a model without a network")

// Data is a training set: states X and targets Y, row by row (for OneStep, Y has one
// column more). Starts holds the first
// row of each trajectory, in order from 0; it is used when whole trajectories are
// the batches.
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
	Valid    *Data       // if not nil, its loss is computed after each epoch
	Workers  int         // goroutines; 0: as many as there are processors
	OnEpoch  func(Epoch) error

	// At is where the training stands, kept by Run also when it returns an error.
	// A training that starts there, with the weights and the optimiser of that
	// moment and all other fields as at the beginning, goes on to the same bits.
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

// A chunk, the rows whose gradient is computed at once, has so many rows at most, so
// that its buffers stay in the second-level cache. A small batch is cut into up to
// fewChunks, so that several workers help, where each has at least chunkWork weights
// times rows to compute.
const (
	chunkRows = 128
	fewChunks = 4
	chunkWork = 1 << 19
)

// chunkSize returns the rows of a chunk of a batch of n rows, a multiple of 8, which
// fills register tiles. It must not depend on the number of workers, because the
// order of additions depends on it.
func chunkSize(n, weights int) int {
	chunks := max((n+chunkRows-1)/chunkRows, int(min(fewChunks, int64(n)*int64(weights)/chunkWork)))
	return ((n+chunks-1)/chunks + 7) &^ 7
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
	if m == nil || m.Net() == nil {
		return fmt.Errorf("nn: %w", errNoNetwork)
	}
	if err := data.check(m); err != nil {
		return err
	}
	if t.Valid != nil {
		if err := t.Valid.check(m); err != nil {
			return fmt.Errorf("validation set: %w", err)
		}
	}
	if t.Opt == nil || t.Schedule == nil || t.Src == nil {
		return errors.New("nn: a training needs an optimiser, a schedule and a source")
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
		kernel.Perm(t.Src, order)
		if t.Batch > 0 { // the rows too, so that batches differ from epoch to epoch
			kernel.Perm(t.Src, rows)
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

// check reports the first thing about the data that does not fit.
func (d *Data) check(m Model) error {
	in := m.Net().Sizes()[0]
	want := in
	if _, ok := m.(OneStep); ok {
		want++ // the step
	}
	switch {
	case d == nil || d.X == nil || d.Y == nil || d.X.Rows == 0:
		return errors.New("nn: no data")
	case d.X.Cols != in:
		return fmt.Errorf("nn: states have %d components, the network %d inputs", d.X.Cols, in)
	case d.X.Rows != d.Y.Rows || d.Y.Cols != want:
		return fmt.Errorf("nn: states are %d×%d, targets %d×%d, not %d×%d", d.X.Rows, d.X.Cols, d.Y.Rows, d.Y.Cols, d.X.Rows, want)
	case in%2 != 0:
		return fmt.Errorf("nn: states have %d components, not pairs of q and p", in)
	}
	for i, s := range d.Starts {
		if i == 0 && s != 0 || i > 0 && s <= d.Starts[i-1] || s >= d.X.Rows {
			return fmt.Errorf("nn: trajectory %d starts at row %d of %d", i, s, d.X.Rows)
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

// A team computes the loss of a batch, and its gradient, with several workers.
type team struct {
	model   Model
	weights int // how many
	workers []*worker
	sums    []*autodiff.Matrix // where the gradients of chunks are added
	grads   []*autodiff.Matrix // ∇L of the batch: sums, or the gradient of its only chunk

	data     *Data        // what is computed: of these data,
	rows     []int        // these rows, nil for all,
	n, chunk int          // so many in all, so many at once,
	gradient bool         // the gradient too
	next     atomic.Int64 // the chunk to be computed next
	turn     atomic.Int64 // the chunk to be added next
	sum      float64      // of the losses so far
	busy     atomic.Int64 // helpers that have not done yet
}

// Between steps, and for their turns, workers wait by giving way to others: a
// goroutine that sleeps takes longer to wake than most steps are apart. After so many
// rounds, some tenths of a millisecond, they do sleep.
const patience = 1000

// A worker has a plan for each number of rows that it has met, with and without the
// gradient.
type worker struct {
	start chan struct{}
	plans map[planKey]*lossPlan
}

type planKey struct {
	rows     int
	gradient bool
}

type lossPlan struct {
	x, y, loss *autodiff.Matrix
	grads      []*autodiff.Matrix
	plan       *autodiff.Plan
}

func newTeam(m Model, workers int) *team {
	t := &team{model: m}
	for _, p := range m.Net().Params() {
		t.sums = append(t.sums, autodiff.NewMatrix(p.Rows, p.Cols))
		t.weights += len(p.Data)
	}
	for i := range workers {
		w := &worker{make(chan struct{}, 1), map[planKey]*lossPlan{}}
		t.workers = append(t.workers, w)
		if i == 0 {
			continue // the caller's goroutine
		}
		go func() {
			for range w.start {
				t.work(w)
				t.busy.Add(-1)
				for i := 0; i < patience && len(w.start) == 0; i++ {
					runtime.Gosched()
				}
			}
		}()
	}
	return t
}

// close ends the workers' goroutines.
func (t *team) close() {
	for _, w := range t.workers {
		close(w.start)
	}
}

// loss returns L of the given rows of d, nil for all, and sets t.grads to ∇L if wanted.
func (t *team) loss(d *Data, rows []int, gradient bool) float64 {
	t.data, t.rows, t.n, t.gradient, t.sum = d, rows, len(rows), gradient, 0
	if rows == nil {
		t.n = d.X.Rows
	}
	t.chunk = chunkSize(t.n, t.weights)
	t.next.Store(0)
	t.turn.Store(0)
	chunks := (t.n + t.chunk - 1) / t.chunk
	helpers := t.workers[1:max(1, min(len(t.workers), chunks))]
	t.busy.Store(int64(len(helpers)))
	for _, w := range helpers {
		w.start <- struct{}{}
	}
	t.work(t.workers[0])
	for t.busy.Load() > 0 {
		runtime.Gosched()
	}
	return t.sum
}

// work takes chunks until none is left and adds each when its turn has come.
func (t *team) work(w *worker) {
	for {
		c := int(t.next.Add(1)) - 1
		lo := c * t.chunk
		if lo >= t.n {
			return
		}
		n := min(t.chunk, t.n-lo)
		p := w.plans[planKey{n, t.gradient}]
		if p == nil {
			p = newLossPlan(t.model, t.data.X.Cols, t.data.Y.Cols, n, t.gradient)
			w.plans[planKey{n, t.gradient}] = p
		}
		for i := range n {
			r := lo + i
			if t.rows != nil {
				r = t.rows[r]
			}
			copy(p.x.Row(i), t.data.X.Row(r))
			copy(p.y.Row(i), t.data.Y.Row(r))
		}
		p.plan.Run()

		if n == t.n {
			t.sum, t.grads = p.loss.Data[0], p.grads
			return
		}
		for t.turn.Load() != int64(c) {
			runtime.Gosched()
		}
		t.grads = t.sums
		share := float64(n) / float64(t.n)
		t.sum += float64(share * p.loss.Data[0])
		for i, g := range p.grads {
			sum := t.sums[i].Data
			if c == 0 {
				kernel.ScaleTo(sum, g.Data, share)
				continue
			}
			kernel.AddScaled(sum, g.Data, share)
		}
		t.turn.Store(int64(c) + 1)
	}
}

// newLossPlan compiles the loss of a number of rows and, if wanted, its gradient by
// every parameter.
func newLossPlan(m Model, xCols, yCols, rows int, gradient bool) *lossPlan {
	p := &lossPlan{x: autodiff.NewMatrix(rows, xCols), y: autodiff.NewMatrix(rows, yCols)}
	var g autodiff.Graph
	loss := m.Loss(g.Leaf("x", p.x), g.Leaf("y", p.y))
	outs := []autodiff.Var{loss}
	if gradient {
		var params []autodiff.Var
		for _, w := range m.Net().Params() {
			params = append(params, g.Leaf("", w)) // entered, and named, by Loss
		}
		outs = append(outs, autodiff.Grad(loss, params...)...)
	}
	var err error
	if p.plan, err = autodiff.Compile(outs...); err != nil {
		panic(err) // outputs of one graph cannot fail
	}
	p.loss = p.plan.Value(loss)
	for _, v := range outs[1:] {
		p.grads = append(p.grads, p.plan.Value(v))
	}
	return p
}
