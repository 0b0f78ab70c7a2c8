package spring

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"

	"hnn/autodiff"
	"hnn/integrate"
	"hnn/nn"
)

// A Config holds every number of the experiment. Default returns the reference's.
type Config struct {
	Spring
	Sampling
	Train, Test int    // trajectories
	Seed        uint64 // of data, weights and order alike, each from a stream of its own

	Hidden    []int // sizes of the hidden layers
	Act       nn.Activation
	Init      nn.Init
	NextState bool // train the next-state baseline too

	Epochs   int // passes over the training set, one trajectory a step
	Optim    func() nn.Optimizer
	Schedule nn.Schedule
	Workers  int // goroutines; changes no result

	Energies []float64 // J, of the rollouts, which start at φ = 0
	Rollout  float64   // s, duration of the rollouts
}

// DefaultRate is the learning rate at the start of training.
const DefaultRate = 6e-3

// Default returns the configuration of the reference, k = m = 1, with the number of
// epochs and the schedule chosen so that training converges: the rate falls from
// 6e-3 to 0 along half a cosine.
func Default() Config {
	return Config{
		Spring:   Spring{M: 1, K: 1},
		Sampling: Sampling{Low: 0.2, High: 1, Duration: 100, Step: 0.1, Noise: 0.1},
		Train:    25, Test: 25,
		Hidden: []int{128, 64, 32}, Act: nn.Tanh, Init: nn.Torch,
		Epochs:   100,
		Optim:    func() nn.Optimizer { return nn.NewAdam() },
		Schedule: nn.Cosine(DefaultRate, 0),
		Energies: []float64{0.25, 0.5, 0.9},
		Rollout:  100,
	}
}

// check reports the first value that no experiment can have.
func (c *Config) check() error {
	finite := func(v float64) bool { return v-v == 0 }
	positive := func(v float64) bool { return finite(v) && v > 0 }
	switch {
	case !positive(c.M) || !positive(c.K):
		return fmt.Errorf("spring: a mass of %v and a stiffness of %v: want numbers above 0", c.M, c.K)
	case !(c.Low >= 0 && c.Low <= c.High) || !positive(c.High):
		return fmt.Errorf("spring: energies from %v to %v: want numbers from 0 up, the lowest first", c.Low, c.High)
	case !positive(c.Duration) || !positive(c.Step) || !positive(c.Rollout):
		return fmt.Errorf("spring: a duration of %v, steps of %v, rollouts of %v: want numbers above 0", c.Duration, c.Step, c.Rollout)
	case !finite(c.Noise) || c.Noise < 0:
		return fmt.Errorf("spring: noise of %v: want a number from 0 up", c.Noise)
	case c.Train < 1 || c.Test < 1:
		return fmt.Errorf("spring: %d training and %d test trajectories: want at least 1 of each", c.Train, c.Test)
	case c.Optim == nil:
		return errors.New("spring: no optimiser")
	}
	for _, e := range c.Energies {
		if !positive(e) {
			return fmt.Errorf("spring: a rollout of energy %v: want a number above 0", e)
		}
	}
	return nil
}

// Streams of the seed: each use of randomness has its own, so that none depends on
// how much another draws.
const (
	streamTrain = iota
	streamTest
	streamWeights // and one for each model above it
	streamOrder   = streamWeights + 8
)

// A Trained model is one of the experiment's, with its name and its losses.
type Trained struct {
	Name   string // hnn, baseline (an nn.Derivative) or nextstate
	Model  nn.Model
	Epochs []nn.Epoch // as training went; Valid is the loss on the test set
	// Mean squared errors of the prediction over all components: of derivatives,
	// or of next states for nextstate.
	TrainMSE, TestMSE float64
}

// A Rollout is one trajectory of one model, or of the true field.
type Rollout struct {
	Model string // true, or the name of a Trained
	E0    float64
	T     []float64
	X     [][]float64 // [q, p]
	E     []float64   // true energy of each state
	H     []float64   // the model's own; nil where it has none
	Err   error       // why it ended early, if it did
	Score
}

// A Result is all that the experiment found.
type Result struct {
	Train, Test *Set
	NoiseFloor  float64
	Models      []*Trained
	Rollouts    []*Rollout // of the true field first
}

// Model returns the model of the given name, or nil.
func (r *Result) Model(name string) *Trained {
	for _, m := range r.Models {
		if m.Name == name {
			return m
		}
	}
	return nil
}

// Run makes the data, trains the models, rolls each out and scores it. Progress, if
// not nil, is called after each epoch with the model's name.
func Run(ctx context.Context, c Config, progress func(model string, e nn.Epoch)) (*Result, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	r := &Result{NoiseFloor: c.NoiseFloor(c.Sampling)}
	var err error
	if r.Train, err = c.Sample(ctx, c.Sampling, c.Train, rand.NewPCG(c.Seed, streamTrain)); err != nil {
		return nil, err
	}
	if r.Test, err = c.Sample(ctx, c.Sampling, c.Test, rand.NewPCG(c.Seed, streamTest)); err != nil {
		return nil, err
	}
	kinds := []string{"baseline", "hnn"}
	if c.NextState {
		kinds = append(kinds, "nextstate")
	}
	for i, name := range kinds {
		m, err := c.train(ctx, name, uint64(i), r, progress)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		r.Models = append(r.Models, m)
	}
	if err := c.rollouts(ctx, r); err != nil {
		return nil, err
	}
	return r, nil
}

// train makes and trains one model; i numbers its streams.
func (c Config) train(ctx context.Context, name string, i uint64, r *Result, progress func(string, nn.Epoch)) (*Trained, error) {
	out := 2
	if name == "hnn" {
		out = 1
	}
	sizes := append(append([]int{2}, c.Hidden...), out)
	net, err := nn.NewMLP(c.Act, false, sizes...)
	if err != nil {
		return nil, err
	}
	net.Init(c.Init, rand.NewPCG(c.Seed, streamWeights+i))
	t := &Trained{Name: name}
	train, test := r.Train.Derivatives(), r.Test.Derivatives()
	var predict func(autodiff.Var) autodiff.Var
	switch name {
	case "hnn":
		m := &nn.HNN{K: net}
		t.Model, predict = m, m.Field
	case "baseline":
		m := &nn.Derivative{N: net}
		t.Model, predict = m, m.Field
	case "nextstate":
		m := &nn.NextState{N: net, Dt: c.Step}
		t.Model, predict = m, m.Next
		var err error
		if train, err = r.Train.NextStates(c.Step); err == nil {
			test, err = r.Test.NextStates(c.Step)
		}
		if err != nil {
			return nil, err
		}
	}
	tr := nn.Training{
		Epochs: c.Epochs, Opt: c.Optim(), Schedule: c.Schedule, Workers: c.Workers,
		Src: rand.NewPCG(c.Seed, streamOrder+i), Valid: test,
		OnEpoch: func(e nn.Epoch) error {
			t.Epochs = append(t.Epochs, e)
			if progress != nil {
				progress(name, e)
			}
			return nil
		},
	}
	if err := tr.Run(ctx, t.Model, train); err != nil {
		return nil, err
	}
	t.TrainMSE = meanSquare(nn.Evaluate(predict, train.X), train.Y)
	t.TestMSE = meanSquare(nn.Evaluate(predict, test.X), test.Y)
	return t, nil
}

// meanSquare returns Σ (x − y)² / n over all n elements.
func meanSquare(x, y *autodiff.Matrix) float64 {
	sum := 0.
	for i, v := range x.Data {
		d := v - y.Data[i]
		sum += float64(d * d)
	}
	return sum / float64(len(x.Data))
}

// rollouts integrates the true field and every model from every energy.
func (c Config) rollouts(ctx context.Context, r *Result) error {
	for _, e := range c.Energies {
		r.Rollouts = append(r.Rollouts, c.rollout("true", e, c.Field, nil))
	}
	for _, t := range r.Models {
		for _, e := range c.Energies {
			if err := ctx.Err(); err != nil {
				return err
			}
			var ro *Rollout
			switch m := t.Model.(type) {
			case *nn.HNN:
				ro = c.rollout(t.Name, e, field(m.Field), nn.Func(m.H, 2))
			case *nn.Derivative:
				ro = c.rollout(t.Name, e, field(m.Field), nil)
			case *nn.NextState:
				ro = c.iterate(t.Name, e, nn.Func(m.Next, 2))
			}
			r.Rollouts = append(r.Rollouts, ro)
		}
	}
	for _, ro := range r.Rollouts {
		ro.Score = c.score(ro)
	}
	return nil
}

// field makes a learned field one that integrate takes.
func field(f func(autodiff.Var) autodiff.Var) integrate.Field {
	eval := nn.Func(f, 2)
	return func(dydt []float64, _ float64, y []float64) { eval(dydt, y) }
}

// rollout integrates f from energy E at φ = 0 with the sampling's steps.
func (c Config) rollout(name string, E float64, f integrate.Field, h func(dst, x []float64)) *Rollout {
	q, p := c.State(E, 0)
	sol, err := integrate.Solve(f, 0, c.Rollout, []float64{q, p}, c.options(c.Rollout))
	ro := &Rollout{Model: name, E0: E, Err: err}
	if sol != nil {
		ro.T, ro.X = sol.T, sol.Y
	}
	for _, x := range ro.X {
		ro.E = append(ro.E, c.H(x[0], x[1]))
		if h != nil {
			var v [1]float64
			h(v[:], x)
			ro.H = append(ro.H, v[0])
		}
	}
	if name == "true" {
		ro.H = ro.E
	}
	return ro
}

// iterate applies a learned map again and again.
func (c Config) iterate(name string, E float64, next func(dst, x []float64)) *Rollout {
	q, p := c.State(E, 0)
	ro := &Rollout{Model: name, E0: E}
	x := []float64{q, p}
	for i := 0; ; i++ {
		t := float64(i) * c.Step
		if t > c.Rollout*(1+1e-12) {
			return ro
		}
		if math.IsNaN(x[0]-x[0]) || math.IsNaN(x[1]-x[1]) {
			ro.Err = fmt.Errorf("spring: the state is not finite at t=%v", t)
			return ro
		}
		ro.T = append(ro.T, t)
		ro.X = append(ro.X, x)
		ro.E = append(ro.E, c.H(x[0], x[1]))
		y := make([]float64, 2)
		next(y, x)
		x = y
	}
}
