package nn

import (
	"context"
	"errors"
	"fmt"

	"hnn/autodiff"
)

// An Optimizer lowers the loss of a Problem. It owns its loop and keeps its position in it. If
// a call of Minimize ends early, a second call goes on from there and gives the same bits. The
// second call may be in another program that has loaded the Parts.
// An optimiser that does not take every Problem has a method Accepts(Problem) error, which Fit
// calls before any work.
type Optimizer interface {
	// Minimize changes the parameters of p. It calls each after every pass over the data.
	// It ends when it is done, when ctx is cancelled, or when each returns an error, and
	// returns the error of ctx or of each.
	Minimize(ctx context.Context, p Problem, each func(Epoch) error) error

	Kind() string                          // the name of its row in Optimizers
	Parts(p *Parts)                        // its settings and its state
	Check(params []*autodiff.Matrix) error // whether they fit the parameters
}

// An Epoch is a report after a pass over the data.
type Epoch struct {
	Stage int     // which optimiser of several, from 0
	Epoch int     // 1, 2, … over all of them
	Step  int     // changes of the parameters so far, by this optimiser
	Loss  float64 // mean over the steps of the pass, each before its change
	Valid float64 // loss of the validation set after the pass, NaN without one
	Rate  float64 // learning rate of the last step; of L-BFGS the length of the step, of Levenberg–Marquardt λ
}

// ErrDiverged is wrapped by the error of a training with a number that is not finite. If it is
// the loss or a gradient of a step, the weights are those before that step. It can also be a
// weight or the validation loss after an epoch.
var ErrDiverged = errors.New("training diverged")

// An OptimizerKind is a row of the table of optimisers. A new optimiser takes one file and one
// row.
type OptimizerKind struct {
	Name, About string
	Converges   bool // it may end before all epochs, where the loss falls no more
	New         func(o Minimization) Optimizer
}

// A Minimization holds the settings of all optimisers. Each optimiser reads its own.
type Minimization struct {
	Epochs       int      // passes over the data
	Batch        int      // rows a step: see Descent
	Rate         Schedule // learning rate
	Seed, Stream uint64   // of the order of the batches
	Adam         Adam     // settings of Adam
	Momentum     float64  // of SGD
	WeightDecay  float64  // λ
	History      int      // of L-BFGS; 0: 30
	Subset       int      // rows that L-BFGS uses; 0: all
}

// Optimizers returns the table of optimisers.
func Optimizers() []OptimizerKind {
	return []OptimizerKind{
		{"adam", "steps by Adam, on batches", false, func(o Minimization) Optimizer {
			a := o.Adam
			a.WeightDecay = o.WeightDecay
			return o.descent(&a)
		}},
		{"sgd", "steps against the gradient with momentum, on batches", false, func(o Minimization) Optimizer {
			return o.descent(&SGD{Momentum: o.Momentum, WeightDecay: o.WeightDecay})
		}},
		{"lbfgs", "quasi-Newton iterations over all rows, or a fixed subset", true, func(o Minimization) Optimizer {
			return &LBFGS{Iterations: o.Epochs, History: o.History, Subset: o.Subset}
		}},
		{"broyden", "the same with the whole matrix, for up to some thousand parameters: far fewer iterations", true, func(o Minimization) Optimizer {
			return &Broyden{Iterations: o.Epochs, Subset: o.Subset}
		}},
		{"lm", "Levenberg and Marquardt, for few unknowns of a problem that gives its residuals", true, func(o Minimization) Optimizer {
			return &Marquardt{Iterations: o.Epochs}
		}},
	}
}

func (o Minimization) descent(rule Rule) *Descent {
	return &Descent{Rule: rule, Epochs: o.Epochs, Batch: o.Batch, Rate: o.Rate, Seed: o.Seed, Stream: o.Stream}
}

// NewOptimizer returns an optimiser by its name in Optimizers.
func NewOptimizer(name string, o Minimization) (Optimizer, error) {
	row, err := find(Optimizers(), "optimiser", name, func(k OptimizerKind) string { return k.Name })
	if err != nil {
		return nil, err
	}
	return row.New(o), nil
}

// mustFit panics where a step is asked for that the rule's state, nil for none, or the
// gradients do not fit.
func mustFit(rule string, params, grads []*autodiff.Matrix, state [][]float64) {
	fits := len(grads) == len(params) && (state == nil || len(state) == len(params))
	for i := 0; fits && i < len(params); i++ {
		n := len(params[i].Data)
		fits = len(grads[i].Data) == n && (state == nil || len(state[i]) == n)
	}
	if !fits {
		panic("nn: " + rule + ": the parameters do not have the shapes of the gradients, or of the parameters before: want one rule for each list of parameters")
	}
}

// checkShapes reports lists that are there and do not have the shapes of the parameters.
func checkShapes(what string, params []*autodiff.Matrix, lists ...[][]float64) error {
	for _, s := range lists {
		if s == nil {
			continue
		}
		same := len(s) == len(params)
		for i := 0; same && i < len(s); i++ {
			same = len(s[i]) == len(params[i].Data)
		}
		if !same {
			return fmt.Errorf("%s do not have the shapes of the parameters", what)
		}
	}
	return nil
}
