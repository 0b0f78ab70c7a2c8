package main

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"hnn/cmd/hnn/internal/flags"
	"hnn/cmd/hnn/internal/table"
	"hnn/nn"
)

// training holds the flags of networks and their training. spring and train share them.
type training struct {
	hidden   []int
	act      nn.Activation
	init     nn.Init
	schedule string
	lr, end  float64
	adam     nn.Adam
	workers  int
	seed     uint64
	quiet    bool

	planned func(model string) []int // epochs of each stage, for progress
	early   bool                     // the training may end before
}

// maxWorkers bounds goroutines, of which more than processors are of no use.
const maxWorkers = 1024

func (t *training) register(f *flags.Set) {
	f.Ints(&t.hidden, "hidden", 1, "`sizes` of the hidden layers")
	flags.Choice(f, &t.act, "activation", []nn.Activation{nn.Tanh, nn.Sigmoid, nn.Softplus, nn.Sin}, "`function` between the layers: tanh, sigmoid, softplus or sin")
	flags.Choice(f, &t.init, "init", []nn.Init{nn.Torch, nn.Xavier, nn.Orthogonal}, "`rule` of the initial weights: torch (PyTorch's default), xavier or orthogonal")
	f.Float(&t.lr, "lr", flags.Positive, "learning `rate` at the start")
	f.Float(&t.end, "lr-end", flags.NotNegative, "learning `rate` at the end of a cosine schedule")
	flags.Choice(f, &t.schedule, "schedule", []string{"constant", "cosine", "step"}, "`course` of the rate: constant, cosine (to -lr-end), or step (a tenth of it after each third)")
	f.Float(&t.adam.Beta1, "beta1", flags.Fraction, "Adam's `β₁`")
	f.Float(&t.adam.Beta2, "beta2", flags.Fraction, "Adam's `β₂`")
	f.Float(&t.adam.Eps, "eps", flags.Positive, "Adam's `ε`")
	f.Float(&t.adam.WeightDecay, "weight-decay", flags.NotNegative, "weight `decay` λ, added to the gradient")
	f.Count(&t.workers, "workers", 0, maxWorkers, "`goroutines` to train with, 0: one a processor; changes no result")
	f.Seed(&t.seed)
	f.BoolVar(&t.quiet, "quiet", false, "no progress and no table at the end")
	f.As(flags.Neutral, "workers", "quiet")
}

func (t *training) networks(stream uint64) nn.Networks {
	return nn.Networks{Hidden: t.hidden, Act: t.act, Init: t.init, Src: rand.NewPCG(t.seed, stream)}
}

func (t *training) rates() nn.Schedule {
	switch t.schedule {
	case "constant":
		return nn.Constant(t.lr)
	case "step":
		return nn.StepDecay(t.lr, 0.1, 3)
	}
	return nn.Cosine(t.lr, t.end)
}

// writeLoss writes the losses of a training.
func (e *env) writeLoss(path string, epochs []nn.Epoch) error {
	return e.writeTable(path, []string{"epoch", "stage", "step", "loss", "valid", "rate"}, func(w *table.Writer) {
		for _, ep := range epochs {
			w.Int(ep.Epoch)
			w.Int(ep.Stage)
			w.Int(ep.Step)
			w.Floats(ep.Loss, ep.Valid, ep.Rate)
			w.End()
		}
	})
}

// losses are those of the training of a model.
type losses struct {
	model  string
	epochs []nn.Epoch
}

// writeLosses writes the losses of several models, on the data and on those of the test.
func (e *env) writeLosses(path string, all ...losses) error {
	return e.writeTable(path, []string{"model", "epoch", "step", "train", "test", "rate"}, func(w *table.Writer) {
		for _, m := range all {
			for _, ep := range m.epochs {
				w.Text(m.model)
				w.Int(ep.Epoch)
				w.Int(ep.Step)
				w.Floats(ep.Loss, ep.Valid, ep.Rate)
				w.End()
			}
		}
	})
}

// fromRows returns something of each row of a table, such as its name.
func fromRows[T, U any](table []T, something func(row T) U) (all []U) {
	for _, row := range table {
		all = append(all, something(row))
	}
	return all
}

// rowsOf formats a table for a help text.
func rowsOf(rows ...[2]string) string {
	var b strings.Builder
	for _, r := range rows {
		fmt.Fprintf(&b, "  %-12s %s\n", r[0], r[1])
	}
	return b.String()
}
