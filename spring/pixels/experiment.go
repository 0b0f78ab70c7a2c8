package pixels

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"

	"hnn/nn"
)

// A Config holds every number of the experiment.
type Config struct {
	Sampling             // of the training film
	Tests      int       // runs of the test film
	Own, Check *Film     // a film of one's own, for training and for tests, in place of these; nil: none
	Seed       uint64    // of films, weights, order and noise; each has its own stream of random numbers
	Starts     int       // rollouts from new starts that are scored
	Length     int       // frames of each, after the first
	Long       int       // frames of the long rollouts, 0 for none
	Swings     []float64 // rad: where the long rollouts start at rest

	Kinds       []string // of the latent fields, rows of nn.Kinds: a model for each
	Pairs       int      // of q and p in a latent state
	Tau         float64  // frames in a unit of latent time; 0: from the film
	Hidden      []int    // layers of the encoder; those of the decoder are the same in reverse
	Dynamics    []int    // layers of the latent field
	Act         nn.Activation
	Init        nn.Init
	Coupling    Coupling
	Weights     [3]float64 // w₁, w₂, w₃ of Objective
	Variational bool
	KL          float64 // β of Objective

	Epochs, Batch int            // passes over the film; rows of a step
	Rule          func() nn.Rule // makes the rule that changes the weights of a model
	Schedule      nn.Schedule
	Workers       int // goroutines; no result depends on it

	// Save and Resume are those of spring.Config.
	Save   func(model string, c *nn.Checkpoint) error
	Resume func(model string) (*nn.Checkpoint, error)
}

// DefaultRate is the learning rate at the start of training, DefaultDecay the weight decay.
const (
	DefaultRate  = 1e-3
	DefaultDecay = 1e-5
)

// Default returns the configuration of Greydanus et al. (2019), task 5, but for these things:
// tanh in place of ReLU; pictures, p and losses of about unit size (see Autoencoder and
// Objective), with equal weights; states coupled by a step of RK4; a learning rate that falls
// from 1e-3 to 0 along half a cosine; and so 1,960 steps in place of 10,000.
func Default() Config {
	scene, err := SceneOf("pendulum")
	if err != nil {
		panic(err) // a row of the table
	}
	return Config{
		Sampling: Sampling{Scene: scene, Size: 28, Runs: 200, Frames: 100, Dt: 0.05, Swing: math.Pi / 6},
		Tests:    20, Starts: 10, Length: 200, Swings: []float64{0.15, 0.3, 0.5},
		Kinds: []string{"hnn", "baseline"}, Pairs: 1, Hidden: []int{200, 200, 200}, Dynamics: []int{200, 200}, Act: nn.Tanh, Init: nn.Orthogonal,
		Coupling: RK4, Weights: [3]float64{1, 1, 1}, KL: 1e-4,
		Epochs: 20, Batch: 200,
		Rule:     func() nn.Rule { a := nn.NewAdam(); a.WeightDecay = DefaultDecay; return a },
		Schedule: nn.Cosine(DefaultRate, 0),
	}
}

// Streams of the seed. All models have the same ones, so they differ in the latent field alone.
const (
	streamTrain = iota
	streamTest
	streamStarts
	streamWeights
	streamOrder
	streamNoise
	streamNew
)

// A Trained model is one of the experiment's.
type Trained struct {
	Name    string // the kind of its latent field
	Model   *Autoencoder
	Epochs  []nn.Epoch // Valid is the loss on the test film
	Picture float64    // mean squared error of the reconstructed test film, as a share of the variance of its pixels
	Map     *Map       // from latent to true states; nil if these are not known
}

// A Result holds the films, the models and the scores of the experiment.
type Result struct {
	Train, Test *Film
	Starts      *Film // what the rollouts are compared with
	Models      []*Trained
	Rollouts    []*Rollout // one of each model for each run of Starts, then for each of Swings
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

// Run makes the films, trains a model of each kind, rolls them out and scores them. Progress, if not
// nil, is called after each epoch with the model's name.
func Run(ctx context.Context, c Config, progress func(model string, e nn.Epoch)) (*Result, error) {
	r, err := c.films(ctx)
	if err != nil {
		return nil, err
	}
	for _, name := range c.Kinds {
		m, err := c.train(ctx, name, r, progress)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		r.Models = append(r.Models, m)
	}
	for _, m := range r.Models {
		for i := range r.Starts.Starts {
			ro, err := c.rollout(ctx, m, r, i)
			if err != nil {
				return nil, err
			}
			r.Rollouts = append(r.Rollouts, ro)
		}
	}
	if c.Long > 0 && r.Train.States != nil {
		for _, m := range r.Models {
			for _, a := range c.Swings {
				ro, err := c.long(ctx, m, a)
				if err != nil {
					return nil, err
				}
				r.Rollouts = append(r.Rollouts, ro)
			}
		}
	}
	return r, nil
}

// Training makes the training film.
func (c *Config) Training(ctx context.Context) (*Film, error) {
	return c.Record(ctx, rand.NewPCG(c.Seed, streamTrain))
}

// films makes the films of the experiment.
func (c *Config) films(ctx context.Context) (r *Result, err error) {
	if c.Own != nil {
		r = &Result{Train: c.Own, Test: c.Check, Starts: c.Check}
		return r, errors.Join(r.Train.Check(), r.Test.Check())
	}
	switch {
	case c.Size < 8 || c.Size > 64 || c.Size%2 != 0:
		return nil, fmt.Errorf("pixels: frames of %d×%d: want an even size from 8 to 64", c.Size, c.Size)
	case c.Runs < 1 || c.Tests < 1 || c.Frames < 3 || c.Length < 3:
		return nil, fmt.Errorf("pixels: %d and %d runs of %d frames, rollouts of %d: want runs, and three frames at least", c.Runs, c.Tests, c.Frames, c.Length)
	case !(c.Dt > 0) || !(c.Swing > 0) || c.Dt-c.Dt != 0 || c.Swing-c.Swing != 0:
		return nil, fmt.Errorf("pixels: %v s a frame, a swing of %v rad: want numbers above 0", c.Dt, c.Swing)
	}
	r = &Result{}
	if r.Train, err = c.Training(ctx); err != nil {
		return nil, err
	}
	test := c.Sampling
	test.Runs = c.Tests
	if r.Test, err = test.Record(ctx, rand.NewPCG(c.Seed, streamTest)); err != nil {
		return nil, err
	}
	starts := c.Sampling
	starts.Frames = c.Length + 1
	r.Starts, err = starts.Released(ctx, c.Starts, rand.NewPCG(c.Seed, streamStarts))
	return r, err
}

// train makes and trains one model.
func (c *Config) train(ctx context.Context, name string, r *Result, progress func(string, nn.Epoch)) (*Trained, error) {
	epoch := 0 // ended so far
	recipe := nn.Recipe{
		Model: func(*nn.Series, *nn.Scaling) (nn.Model, error) {
			return c.NewAutoencoder(r.Train, name, rand.NewPCG(c.Seed, streamWeights))
		},
		Objective: &Objective{Coupling: c.Coupling, Weights: c.Weights, KL: c.KL, Seed: c.Seed ^ streamNoise<<32, Epoch: &epoch},
		Stages:    []nn.Optimizer{&nn.Descent{Rule: c.Rule(), Epochs: c.Epochs, Batch: c.Batch, Rate: c.Schedule, Seed: c.Seed, Stream: streamOrder}},
		Raw:       true,
		Valid:     r.Test.Series(),
		Workers:   c.Workers,
		Every:     max(1, c.Epochs),
		OnEpoch: func(e nn.Epoch) error {
			epoch = e.Epoch
			if progress != nil {
				progress(name, e)
			}
			return nil
		},
	}
	var err error
	if c.Resume != nil {
		if recipe.Resume, err = c.Resume(name); err != nil {
			return nil, err
		}
		if recipe.Resume != nil {
			epoch = recipe.Resume.Epochs()
		}
	}
	if c.Save != nil {
		recipe.Save = func(k *nn.Checkpoint) error { return c.Save(name, k) }
	}
	fit, err := nn.Fit(ctx, r.Train.Series(), recipe)
	if err != nil {
		return nil, err
	}
	m, err := autoencoder(fit.Model)
	if err != nil {
		return nil, err
	}
	t := &Trained{Name: name, Model: m, Epochs: fit.Epochs, Picture: pictureError(m, r.Test)}
	if r.Train.States != nil {
		t.Map, err = fitMap(m, r.Train)
	}
	return t, err
}
