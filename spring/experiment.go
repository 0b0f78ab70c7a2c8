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

// A Config holds every number of the experiment. Default returns those of the article.
type Config struct {
	Spring
	Sampling
	Train, Test int    // trajectories
	Seed        uint64 // of data, weights and order; each has its own stream of random numbers

	Hidden    []int // sizes of the hidden layers
	Act       nn.Activation
	Init      nn.Init
	NextState bool // train the next-state baseline too
	Shooting  bool // train an HNN by shooting too, from states and times alone

	Epochs   int            // passes over the training set; each trajectory is one step
	Rule     func() nn.Rule // makes the rule that changes the weights of a model
	Schedule nn.Schedule
	Broyden  int // iterations of nn.Broyden after these passes, on 2500 rows, for data without noise and small networks
	Workers  int // goroutines; no result depends on it

	Energies []float64 // J, of the rollouts, which start at φ = 0
	Rollout  float64   // s, duration of the rollouts

	// Save, if not nil, gets a checkpoint of a model at the end of its training and when ctx
	// is cancelled. In a later Run of the same Config, Resume returns this checkpoint, or nil
	// if there is none. The result is the same to the bit as without the interruption.
	Save   func(model string, c *nn.Checkpoint) error
	Resume func(model string) (*nn.Checkpoint, error)
}

// broydenRows is the number of rows that Broyden uses, evenly spread.
const broydenRows = 2500

// DefaultRate is the learning rate at the start of training.
const DefaultRate = 6e-3

// Default returns the configuration of the article, k = m = 1. The number of epochs and the
// schedule are chosen so that training converges: the rate falls from 6e-3 to 0 along half a
// cosine.
func Default() Config {
	return Config{
		Spring:   Spring{M: 1, K: 1},
		Sampling: Sampling{Low: 0.2, High: 1, Duration: 100, Step: 0.1, Noise: 0.1},
		Train:    25, Test: 25,
		Hidden: []int{128, 64, 32}, Act: nn.Tanh, Init: nn.Torch,
		Epochs:   100,
		Rule:     func() nn.Rule { return nn.NewAdam() },
		Schedule: nn.Cosine(DefaultRate, 0),
		Energies: []float64{0.25, 0.5, 0.9},
		Rollout:  100,
	}
}

// check reports the first value that is not allowed.
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
	case c.Rule == nil:
		return errors.New("spring: no optimiser")
	case c.Broyden < 0:
		return fmt.Errorf("spring: %d iterations of Broyden's method: want a number from 0 up", c.Broyden)
	}
	for _, e := range c.Energies {
		if !positive(e) {
			return fmt.Errorf("spring: a rollout of energy %v: want a number above 0", e)
		}
	}
	return nil
}

// Streams of the seed. Each use of random numbers has its own stream, so none depends on how
// many numbers another draws.
const (
	streamTrain = iota
	streamTest
	streamWeights // and one for each model above it
	streamOrder   = streamWeights + 8
)

// A Trained model is one of the experiment's, with its losses.
type Trained struct {
	Name   string // hnn, baseline, nextstate or shooting
	Model  nn.Stored
	Epochs []nn.Epoch // as training went; Valid is the loss on the test set
	// Mean squared errors of the prediction over all components: of derivatives, or of
	// next states for a map.
	TrainMSE, TestMSE float64
}

// A Rollout is one trajectory of one model, or of the true field.
type Rollout struct {
	Model string      // true, or the name of a Trained
	E0    float64     // J
	T     []float64   // s
	X     [][]float64 // [q, p], in m and kg m/s
	E     []float64   // J, true energy of each state
	H     []float64   // J, the model's own; nil where it has none
	Err   error       // why it ended early, if it did
	Score
}

// A Result holds the data, the models and the scores of the experiment.
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
	if c.Shooting {
		kinds = append(kinds, shooting)
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

// shooting is the name of the HNN that is trained by shooting: on segments of growing length,
// in units of 1/ω, each with a number of iterations of Broyden's method or, where there are too many
// initial states for it, of L-BFGS.
const shooting = "shooting"

// shootingStarts is the most initial states that Broyden's method takes beside the network.
const shootingStarts = 1500

var (
	shootingSegments = []float64{1, 5, 20}
	shootingBroyden  = []int{20, 20, 150}
	shootingLBFGS    = []int{60, 60, 300}
)

// Stages returns how many epochs each stage of the training of a model has at most.
func (c Config) Stages(model string) []int {
	if model == shooting {
		n := make([]int, len(shootingSegments))
		for i := range n {
			n[i], _ = c.shootingStage(i)
		}
		return n
	}
	if c.Broyden > 0 {
		return []int{c.Epochs, c.Broyden}
	}
	return []int{c.Epochs}
}

// shootingStage returns the iterations of a stage of shooting, and its optimiser.
func (c Config) shootingStage(i int) (int, nn.Optimizer) {
	if float64(c.Train)*math.Ceil(c.Duration*c.Omega()/shootingSegments[i]) > shootingStarts {
		n := shootingLBFGS[i]
		return n, &nn.LBFGS{Iterations: n}
	}
	n := shootingBroyden[i]
	return n, &nn.Broyden{Iterations: n}
}

// byShooting changes a recipe to that of shooting.
func (c Config) byShooting(r *nn.Recipe) {
	r.Stages, r.Valid = nil, nil
	for i, length := range shootingSegments {
		_, o := c.shootingStage(i)
		r.Stages = append(r.Stages, nn.Stage{Optimizer: o, Objective: nn.Shooting{Segment: length / c.Omega()}})
	}
}

func total(stages []int) int {
	n := 0
	for _, k := range stages {
		n += k
	}
	return n
}

// train makes and trains one model; i numbers its streams.
func (c Config) train(ctx context.Context, name string, i uint64, r *Result, progress func(string, nn.Epoch)) (*Trained, error) {
	row, hidden := name, c.Hidden
	if name == shooting {
		row, hidden = "hnn", []int{32, 32}
	}
	kind, err := nn.KindOf(row)
	if err != nil {
		return nil, err
	}
	train, test := r.Train.Series(), r.Test.Series()
	recipe := nn.Recipe{
		Model:   kind.Maker(nn.Networks{Hidden: hidden, Act: c.Act, Init: c.Init, Src: rand.NewPCG(c.Seed, streamWeights+i)}),
		Stages:  []nn.Optimizer{&nn.Descent{Rule: c.Rule(), Epochs: c.Epochs, Rate: c.Schedule, Seed: c.Seed, Stream: streamOrder + i}},
		Raw:     true,
		Valid:   test,
		Workers: c.Workers,
		Every:   total(c.Stages(name)),
	}
	if recipe.Objective, err = nn.NewObjective(kind.Objective, nn.Comparison{}); err != nil {
		return nil, err
	}
	if c.Broyden > 0 {
		recipe.Stages = append(recipe.Stages, &nn.Broyden{Iterations: c.Broyden, Subset: broydenRows})
	}
	if name == shooting {
		c.byShooting(&recipe)
	}
	if progress != nil {
		recipe.OnEpoch = func(e nn.Epoch) error { progress(name, e); return nil }
	}
	if c.Save != nil {
		recipe.Save = func(k *nn.Checkpoint) error { return c.Save(name, k) }
	}
	if c.Resume != nil {
		if recipe.Resume, err = c.Resume(name); err != nil {
			return nil, err
		}
	}
	data := train
	if name == shooting {
		data = &nn.Series{T: train.T, X: train.X, Starts: train.Starts}
	}
	fit, err := nn.Fit(ctx, data, recipe)
	if err != nil {
		return nil, err
	}
	t := &Trained{Name: name, Model: fit.Model.(nn.Stored), Epochs: fit.Epochs}
	if t.TrainMSE, err = predictionError(t.Model, train); err == nil {
		t.TestMSE, err = predictionError(t.Model, test)
	}
	return t, err
}

// predictionError returns the mean squared error of the predictions of m for a series.
func predictionError(m nn.Model, s *nn.Series) (float64, error) {
	if g, ok := m.(nn.Map); ok {
		d, err := nn.NextStates(s, g.Dt())
		if err != nil {
			return 0, err
		}
		return meanSquare(nn.Evaluate(g.Next, d.X), d.Y), nil
	}
	f, ok := m.(nn.Field)
	if !ok {
		return 0, errors.New("spring: a model without a field")
	}
	return meanSquare(nn.Evaluate(f.Field, s.X), s.DX), nil
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

// rollouts follows the true field and every model from every energy.
func (c Config) rollouts(ctx context.Context, r *Result) error {
	for _, e := range c.Energies {
		ro := c.rollout("true", e, c.Field)
		ro.H = ro.E
		r.Rollouts = append(r.Rollouts, ro)
	}
	for _, t := range r.Models {
		for _, e := range c.Energies {
			if err := ctx.Err(); err != nil {
				return err
			}
			var ro *Rollout
			if g, ok := t.Model.(nn.Map); ok {
				ro = c.orbit(t.Name, e, g)
			} else {
				ro = c.rollout(t.Name, e, nn.NewField(t.Model.(nn.Field)))
			}
			if m, ok := t.Model.(nn.Energy); ok {
				h, v := nn.Func(m.H, 2), make([]float64, 1)
				for _, x := range ro.X {
					h(v, x)
					ro.H = append(ro.H, v[0])
				}
			}
			r.Rollouts = append(r.Rollouts, ro)
		}
	}
	for _, ro := range r.Rollouts {
		ro.Score = c.score(ro)
	}
	return nil
}

// rollout integrates f from energy E at φ = 0 with the sampling's steps.
func (c Config) rollout(name string, E float64, f integrate.Field) *Rollout {
	q, p := c.State(E, 0)
	sol, err := integrate.Solve(f, 0, c.Rollout, []float64{q, p}, c.options(c.Rollout))
	ro := &Rollout{Model: name, E0: E, Err: err}
	if sol != nil {
		ro.T, ro.X = sol.T, sol.Y
	}
	for _, x := range ro.X {
		ro.E = append(ro.E, c.H(x[0], x[1]))
	}
	return ro
}

// orbit applies a learned map again and again.
func (c Config) orbit(name string, E float64, g nn.Map) *Rollout {
	q, p := c.State(E, 0)
	ro := &Rollout{Model: name, E0: E}
	for t, x := range nn.Orbit(g, []float64{q, p}) {
		if t > c.Rollout*(1+1e-12) {
			break
		}
		if x[0]-x[0] != 0 || x[1]-x[1] != 0 {
			ro.Err = fmt.Errorf("spring: the state is not finite at t=%v", t)
			break
		}
		ro.T, ro.X, ro.E = append(ro.T, t), append(ro.X, []float64{x[0], x[1]}), append(ro.E, c.H(x[0], x[1]))
	}
	return ro
}
