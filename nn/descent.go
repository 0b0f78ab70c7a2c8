package nn

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"

	"hnn/autodiff"
	"hnn/autodiff/kernel"
	"hnn/autodiff/random"
)

// A Rule changes parameters against their gradients. It keeps a state for each parameter,
// so it works for one list of parameters only.
type Rule interface {
	// Step updates params in place; grads has the same shapes and is only read.
	Step(params, grads []*autodiff.Matrix, rate float64)

	Kind() string                          // names the rule in a file
	Parts(p *Parts)                        // its settings and its state
	Check(params []*autodiff.Matrix) error // whether they fit the parameters
}

// Descent is the Optimizer that takes the rows of a problem in batches, in a new order in each
// epoch. After each batch a Rule changes the parameters. The result depends on every field.
type Descent struct {
	Rule         Rule
	Epochs       int
	Batch        int // rows a step, shuffled; 0: one whole trajectory a step; -1: all rows
	Rate         Schedule
	Seed, Stream uint64 // of the order of the batches: PCG(Seed, Stream)

	// At is the position of the descent. Another Descent can start from it, with the
	// parameters and the Rule of that moment and all other fields as at the beginning. It
	// ends in the same bits. With more Epochs it goes on for longer.
	At Position
}

// A Position is a moment of a descent, between two steps.
type Position struct {
	Step int     // steps taken
	Loss float64 // sum of the losses of the steps of the epoch so far
}

// Kind returns the kind of the rule.
func (d *Descent) Kind() string { return d.Rule.Kind() }

// Parts implements Optimizer.
func (d *Descent) Parts(p *Parts) {
	p.Whole("step", &d.At.Step)
	p.Number("loss", &d.At.Loss)
	p.inner("rule", d.Rule.Parts)
}

// taken returns how many steps it has taken.
func (d *Descent) taken() int { return d.At.Step }

// Check implements Optimizer.
func (d *Descent) Check(params []*autodiff.Matrix) error {
	if d == nil || absent(d.Rule) || d.Rate == nil || d.Epochs < 0 || d.At.Step < 0 {
		return errors.New("a descent needs a rule, a rate, and epochs and a step from 0 up")
	}
	return d.Rule.Check(params)
}

// Minimize implements Optimizer.
func (d *Descent) Minimize(ctx context.Context, p Problem, each func(Epoch) error) error {
	if p == nil {
		return errors.New("nn: no problem")
	}
	params := p.Params()
	if err := d.Check(params); err != nil {
		return fmt.Errorf("nn: %w", err)
	}
	rows, batches := batchesOf(p, d.Batch)
	src := rand.NewPCG(d.Seed, d.Stream)
	steps := d.Epochs * len(batches)
	order := make([]int, len(batches))
	for i := range order {
		order[i] = i
	}
	for e := 1; e <= d.Epochs; e++ {
		random.Perm(src, order)
		if d.Batch > 0 { // shuffle the rows too: batches then differ from epoch to epoch
			random.Perm(src, rows)
		}
		if d.At.Step >= e*len(batches) {
			continue // done before: only the random order moves on
		}
		for _, b := range order[d.At.Step-(e-1)*len(batches):] {
			if err := ctx.Err(); err != nil {
				return err
			}
			loss := p.Eval(batches[b], true)
			if !finite(loss, p.Grads()) {
				return fmt.Errorf("nn: %w at epoch %d, step %d (loss %v)", ErrDiverged, e, d.At.Step+1, loss)
			}
			d.Rule.Step(params, p.Grads(), d.Rate(d.At.Step, steps))
			d.At.Step++
			d.At.Loss += loss
		}
		done := Epoch{0, e, d.At.Step, d.At.Loss / float64(len(batches)), math.NaN(), d.Rate(d.At.Step-1, steps)}
		d.At.Loss = 0
		if !finite(0, params) { // after the last step; for earlier steps the next loss shows it
			return fmt.Errorf("nn: %w at epoch %d, step %d (a weight is not finite)", ErrDiverged, e, d.At.Step)
		}
		if each == nil {
			continue
		}
		if err := each(done); err != nil {
			return err
		}
	}
	return nil
}

// batchesOf returns the numbers of all rows and, as windows onto them, the batches.
func batchesOf(p Problem, size int) (rows []int, batches [][]int) {
	n := p.Rows()
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
	starts := p.Starts()
	for i, lo := range starts {
		batches = append(batches, rows[lo:runEnd(starts, i, n)])
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

func zeros(params []*autodiff.Matrix) [][]float64 {
	z := make([][]float64, len(params))
	for i, p := range params {
		z[i] = make([]float64, len(p.Data))
	}
	return z
}
