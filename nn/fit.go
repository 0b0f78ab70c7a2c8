package nn

import (
	"context"
	"errors"
	"fmt"
	"math"

	"hnn/autodiff"
)

// A Recipe says how a model is fitted to data. The zero Recipe is an HNN 2d-128-64-32-1
// trained on derivatives, given or from central differences. It has 300 epochs of Adam in
// batches of 64 rows, with a rate that falls from 2e-3 to 0 along half a cosine. The result
// depends on all fields except Workers, OnEpoch, Save and Every.
type Recipe struct {
	Model     Maker       // nil: that of the zero Recipe
	Objective Objective   // nil: Derivatives{}
	Stages    []Optimizer // one after the other, see Stage; nil: that of the zero Recipe
	Raw       bool        // no Scaling: the model gets states and times in their own units

	Valid    *Series // data for the validation loss, nil for none
	Hold     float64 // the share of the data that is held out for this, if Valid is nil
	Patience int     // a stage ends after so many epochs without a lower loss, of Valid if there is one; 0: no such end

	Workers int               // goroutines; 0: as many as there are processors
	OnEpoch func(Epoch) error // called after each epoch; an error ends the fit and is returned

	// Save, if not nil, gets a checkpoint after each Every epochs (0: 100), at the end, and
	// when ctx is cancelled. Resume is a checkpoint to go on from, with all other fields as at
	// the beginning. The result is the same to the bit as without the interruption. A fit that
	// had ended goes on if its optimisers have more epochs.
	Save     func(*Checkpoint) error
	Every    int
	Settings map[string]string // kept in the checkpoint for the caller
	Resume   *Checkpoint
}

// A Stage is an optimiser with an objective, for Recipe.Stages. An optimiser that is no Stage
// has the objective of the one before it.
type Stage struct {
	Optimizer
	Objective Objective
}

// bare returns the optimiser of a stage, with methods that not every Optimizer has.
func bare(o Optimizer) Optimizer {
	if s, ok := o.(Stage); ok {
		return s.Optimizer
	}
	return o
}

// Fitted is the result of a Fit.
type Fitted struct {
	Model     Model    // with Patience, the model of the lowest loss, else the last
	Epochs    []Epoch  // all epochs, also those before a fit was resumed
	Ran       int      // number of epochs of this call
	Best      float64  // with Patience, the lowest loss
	BestEpoch int      // with Patience, the epoch of the lowest loss
	Null      float64  // the loss of a model that predicts the mean, NaN if it is not known
	Rows      int      // rows of the problem
	Train     *Series  // the data that the model was trained on
	Found     *Found   // the constants of the model, after an objective that tells their errors; else nil
	Notes     []string // what looks wrong, one line each
}

// Last returns the last epoch.
func (f *Fitted) Last() Epoch {
	if len(f.Epochs) == 0 {
		return Epoch{Loss: math.NaN(), Valid: math.NaN()}
	}
	return f.Epochs[len(f.Epochs)-1]
}

var errEnough = errors.New("no lower loss for long enough")

// Fit makes a model and fits it to the data. When ctx is cancelled, or an optimiser
// diverges (see ErrDiverged), it returns that error.
func Fit(ctx context.Context, data *Series, r Recipe) (*Fitted, error) {
	f := &fit{Recipe: r, Fitted: Fitted{Null: math.NaN(), Best: math.Inf(1)}}
	if err := f.prepare(data); err != nil {
		return nil, err
	}
	defer f.close()
	err := f.run(ctx)
	if err != nil && ctx.Err() != nil && f.Save != nil {
		if err := f.save(); err != nil {
			return nil, err
		}
	}
	if err != nil {
		return nil, err
	}
	if s, ok := f.problem.(interface {
		settle(context.Context, float64) error
	}); ok && f.partial() {
		if err := s.settle(ctx, settled); err != nil { // unknowns of rows that were left out
			return nil, err
		}
	}
	f.Fitted.Notes = append(f.Fitted.Notes, f.poor()...)
	f.Fitted.Found = found(f.Fitted.Model, f.problem)
	return &f.Fitted, nil
}

// partial tells whether the last stage has left rows out.
func (f *fit) partial() bool {
	o, ok := bare(f.Stages[len(f.Stages)-1]).(interface{ partial(rows int) bool })
	return ok && o.partial(f.problem.Rows())
}

// A fit is the state of a Fit.
type fit struct {
	Recipe
	Fitted
	problem, valid Problem
	origin         int // the stage whose objective they are of, -1 for that of the recipe
	scale          *Scaling
	hash           string // of the data
	stage          int    // the optimiser that is at work
	before         int    // epochs of the optimisers before it
	best           [][]float64
}

// prepare fills in what the recipe leaves out, and makes the model and its problems.
func (f *fit) prepare(data *Series) (err error) {
	if err := data.Check(); err != nil {
		return err
	}
	if f.Valid != nil {
		if err := f.Valid.Check(); err != nil {
			return fmt.Errorf("validation set: %w", err)
		}
		if f.Valid.X.Cols != data.X.Cols {
			return fmt.Errorf("nn: states of %d numbers, of the validation set %d", data.X.Cols, f.Valid.X.Cols)
		}
	}
	if !(f.Hold >= 0 && f.Hold < 1) || f.Patience < 0 || f.Every < 0 {
		return fmt.Errorf("nn: fit: a share of %v held out, patience %d, a checkpoint every %d epochs: want a share from 0 to below 1, and numbers from 0 up", f.Hold, f.Patience, f.Every)
	}
	f.Train = data
	if f.Valid == nil && f.Hold > 0 {
		if f.Train, f.Valid, err = data.Hold(f.Hold); err != nil {
			return err
		}
	}
	if absent(f.Objective) {
		f.Objective = Derivatives{}
	}
	if f.Recipe.Model == nil {
		f.Recipe.Model = Kinds()[0].Maker(Networks{Hidden: []int{128, 64, 32}})
	}
	if f.Stages == nil {
		f.Stages = []Optimizer{&Descent{Rule: NewAdam(), Epochs: 300, Batch: 64, Rate: Cosine(2e-3, 0), Stream: 1}}
	}
	if f.Every == 0 {
		f.Every = 100
	}
	for i, o := range f.Stages {
		if absent(o) {
			return fmt.Errorf("nn: stage %d of the fit is nil", i)
		}
	}
	first, origin := f.objectiveOf(0)
	if !f.Raw {
		if f.scale, err = first.Scaling(f.Train); err != nil {
			return err
		}
	}
	if f.Fitted.Model, err = f.Recipe.Model(f.Train, f.scale); err != nil {
		return err
	}
	if err := checkModel(f.Fitted.Model); err != nil {
		return fmt.Errorf("nn: %w", err)
	}
	if n := f.Fitted.Model.Dim(); n != data.X.Cols {
		return fmt.Errorf("nn: states have %d components, the model %d", data.X.Cols, n)
	}
	if err := f.open(first, origin); err != nil {
		return err
	}
	f.hash = f.Train.Hash()
	if f.Valid != nil {
		f.hash += f.Valid.Hash()
	}
	for i, o := range f.Stages {
		params := f.problem.Params()
		_, its := f.objectiveOf(i)
		if its != origin { // a later problem has other unknowns
			params = f.Fitted.Model.Params()
		}
		if err := o.Check(params); err != nil {
			return fmt.Errorf("nn: stage %d: %w", i, err)
		}
		if o, ok := bare(o).(interface{ Accepts(Problem) error }); ok && its == origin {
			if err := o.Accepts(f.problem); err != nil {
				return fmt.Errorf("nn: stage %d: %w", i, err)
			}
		}
	}
	f.Notes = dataNotes(f.Train, f.problem, count(f.Fitted.Model.Params()))
	if f.Resume != nil {
		if err := f.Resume.restore(f); err != nil {
			return fmt.Errorf("nn: resume: %w", err)
		}
	}
	return nil
}

// objectiveOf returns the objective of a stage, and the stage that it comes from.
func (f *fit) objectiveOf(stage int) (o Objective, origin int) {
	for ; stage >= 0; stage-- {
		if s, ok := f.Stages[stage].(Stage); ok {
			return s.Objective, stage
		}
	}
	return f.Objective, -1
}

// open makes the problems of an objective, where they are not there yet. A problem that has
// unknowns beside those of the model takes them over from the one before if it can.
func (f *fit) open(o Objective, origin int) (err error) {
	if f.problem != nil && origin == f.origin {
		return nil
	}
	var problem, valid Problem
	if problem, err = o.Problem(f.Fitted.Model, f.Train, f.scale, f.Workers); err != nil {
		return err
	}
	if f.Valid != nil {
		if valid, err = o.Problem(f.Fitted.Model, f.Valid, f.scale, f.Workers); err != nil {
			return fmt.Errorf("validation set: %w", err)
		}
	}
	if w, ok := problem.(interface{ Warm(from Problem) }); ok && f.problem != nil {
		w.Warm(f.problem)
	}
	f.close()
	f.problem, f.valid, f.origin, f.Rows = problem, valid, origin, problem.Rows()
	return nil
}

// refine tells the problems of an objective the objective of the stage before them, and the lowest
// loss there.
func (f *fit) refine() error {
	o, _ := f.objectiveOf(f.stage)
	finer, ok := o.(interface {
		Refine(p Problem, before Objective, loss float64) error
	})
	if !ok || f.origin < 1 {
		return nil
	}
	before, _ := f.objectiveOf(f.origin - 1)
	lowest := math.Inf(1)
	for _, e := range f.Epochs {
		if e.Stage == f.origin-1 {
			lowest = min(lowest, e.Loss)
		}
	}
	for _, p := range []Problem{f.problem, f.valid} {
		if err := finer.Refine(p, before, lowest); err != nil {
			return err
		}
	}
	return nil
}

func (f *fit) close() {
	for _, p := range []Problem{f.problem, f.valid} {
		if c, ok := p.(interface{ Close() }); ok {
			c.Close()
		}
	}
}

// run has one optimiser after the other lower the loss. Each begins with the best parameters
// that the one before it has found, if they were kept. A model may have a method Restart, which
// moves parameters away from where an optimiser cannot begin.
func (f *fit) run(ctx context.Context) error {
	for {
		if f.best != nil && f.enough() {
			// This stage has ended before.
		} else if err := f.Stages[f.stage].Minimize(ctx, f.problem, func(e Epoch) error { return f.each(ctx, e) }); err != nil && err != errEnough {
			return err
		}
		if f.stage+1 == len(f.Stages) {
			break
		}
		if f.best != nil {
			restore(f.problem.Params(), f.best)
		}
		f.stage++
		f.before = len(f.Epochs)
		if o, origin := f.objectiveOf(f.stage); origin != f.origin {
			f.best, f.Best, f.BestEpoch = nil, math.Inf(1), 0 // losses of two objectives cannot be compared
			if err := f.open(o, origin); err != nil {
				return err
			}
			if err := f.refine(); err != nil {
				return err
			}
		}
		if m, ok := f.Fitted.Model.(interface{ Restart() }); ok {
			m.Restart()
		}
	}
	if f.Save != nil {
		if err := f.save(); err != nil {
			return err
		}
	}
	if f.best != nil {
		restore(f.problem.Params(), f.best)
	}
	return nil
}

// enough reports whether the patience of the stage is used up.
func (f *fit) enough() bool {
	return f.Patience > 0 && len(f.Epochs)-max(f.BestEpoch, f.before) >= f.Patience
}

// each is called after each epoch.
func (f *fit) each(ctx context.Context, e Epoch) error {
	e.Stage, e.Epoch, e.Valid = f.stage, f.before+e.Epoch, math.NaN()
	loss := e.Loss
	if f.valid != nil {
		if s, ok := f.valid.(interface{ Settle(context.Context) error }); ok {
			if err := s.Settle(ctx); err != nil {
				return err
			}
		}
		if e.Valid = f.valid.Eval(nil, false); e.Valid-e.Valid != 0 {
			return fmt.Errorf("nn: %w at epoch %d (validation loss %v)", ErrDiverged, e.Epoch, e.Valid)
		}
		loss = e.Valid
	}
	f.Epochs = append(f.Epochs, e)
	f.Ran++
	if f.OnEpoch != nil {
		if err := f.OnEpoch(e); err != nil {
			return err
		}
	}
	if f.Patience > 0 {
		if f.best == nil || loss < f.Best {
			f.best, f.Best, f.BestEpoch = snapshot(f.problem.Params(), f.best), loss, e.Epoch
		} else if f.enough() {
			return errEnough
		}
	}
	if f.Save != nil && e.Epoch%f.Every == 0 {
		return f.save()
	}
	return nil
}

// snapshot copies parameters, into an older copy if there is one.
func snapshot(params []*autodiff.Matrix, old [][]float64) [][]float64 {
	if old == nil {
		old = zeros(params)
	}
	for i, p := range params {
		copy(old[i], p.Data)
	}
	return old
}

// restore copies from back into the parameters.
func restore(params []*autodiff.Matrix, from [][]float64) {
	for i, p := range params {
		copy(p.Data, from[i])
	}
}
