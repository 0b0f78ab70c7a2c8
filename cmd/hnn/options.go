package main

import (
	"fmt"

	"hnn/nn"
	"hnn/spring"
)

// samplingFlags are those of the spring and of the trajectories drawn from it.
func samplingFlags(f flags, s *spring.Spring, c *spring.Sampling) {
	f.float(&s.M, "m", positive, "`mass` of the spring's weight, in kg")
	f.float(&s.K, "k", positive, "`stiffness` of the spring, in N/m")
	f.float(&c.Low, "low", positive, "lowest `energy` of a trajectory, in J")
	f.float(&c.High, "high", positive, "highest `energy` of a trajectory, in J")
	f.float(&c.Duration, "duration", positive, "`time` that each trajectory lasts, in s")
	f.float(&c.Noise, "noise", notNegative, "`σ` of the Gaussian noise on q and p")
}

// maxSteps bounds the rows of one trajectory.
const maxSteps = 100_000_000

func checkEnergies(c spring.Sampling) error {
	if c.Low > c.High {
		return usageError{fmt.Errorf("-low %v is above -high %v", c.Low, c.High)}
	}
	return nil
}

func checkSteps(name string, duration, step float64) error {
	if n := duration / step; n > maxSteps {
		return usageError{fmt.Errorf("%s %v in steps of %v is %.3g steps, at most %d are taken", name, duration, step, n, maxSteps)}
	}
	return nil
}

// training holds the flags of networks and their training.
type training struct {
	hidden   []int
	act      nn.Activation
	init     nn.Init
	epochs   int
	schedule string
	lr, end  float64
	adam     nn.Adam
	workers  int
	seed     uint64
	quiet    bool
}

func (t *training) register(f flags) {
	f.ints(&t.hidden, "hidden", 1, "`sizes` of the hidden layers")
	choice(f, &t.act, "activation", []nn.Activation{nn.Tanh, nn.Sigmoid, nn.Softplus, nn.Sin}, "`function` between the layers: tanh, sigmoid, softplus or sin")
	choice(f, &t.init, "init", []nn.Init{nn.Torch, nn.Xavier, nn.Orthogonal}, "`rule` of the initial weights: torch (PyTorch's default), xavier or orthogonal")
	f.int(&t.epochs, "epochs", 1, "`passes` over the training data")
	f.float(&t.lr, "lr", positive, "learning `rate` of Adam at the start")
	f.float(&t.end, "lr-end", notNegative, "learning `rate` at the end of a cosine schedule")
	choice(f, &t.schedule, "schedule", []string{"constant", "cosine", "step"}, "`course` of the rate: constant, cosine (to -lr-end), or step (a tenth of it after each third)")
	f.float(&t.adam.Beta1, "beta1", fraction, "Adam's `β₁`")
	f.float(&t.adam.Beta2, "beta2", fraction, "Adam's `β₂`")
	f.float(&t.adam.Eps, "eps", positive, "Adam's `ε`")
	f.float(&t.adam.WeightDecay, "weight-decay", notNegative, "Adam's weight `decay` λ, added to the gradient")
	f.int(&t.workers, "workers", 0, "`goroutines` to train with, 0: one a processor; changes no result")
	f.seed(&t.seed)
	f.BoolVar(&t.quiet, "quiet", false, "no progress and no table at the end")
}

func (t *training) optimizer() *nn.Adam {
	a := t.adam
	return &a
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

// progress returns a function that keeps one line of progress on a terminal, until
// the last epoch clears it, and does nothing where none is wanted.
func (t *training) progress(e *env) func(model string, ep nn.Epoch) {
	if t.quiet || !e.terminal {
		return func(string, nn.Epoch) {}
	}
	return func(model string, ep nn.Epoch) {
		fmt.Fprintf(e.stderr, "\r\x1b[K%s: epoch %d/%d, loss %.4g, test %.4g", model, ep.Epoch, t.epochs, ep.Loss, ep.Valid)
		if ep.Epoch == t.epochs {
			fmt.Fprint(e.stderr, "\r\x1b[K")
		}
	}
}
