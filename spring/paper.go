package spring

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"

	"hnn/autodiff/random"
	"hnn/integrate"
	"hnn/nn"
	"hnn/spring/system"
)

// A PaperScore has the scores of one model that the original repository reports in its
// spring task: mean squared errors over all components of the derivatives, and the mean
// squared error of the energy along rollouts.
type PaperScore struct {
	Model                  string // hnn or baseline
	Train, Test, EnergyMSE float64
}

// Numbers of the original spring task, for H = q² + p².
const (
	paperRuns    = 50   // trajectories, the first half to train on
	paperTime    = 3.   // s
	paperPoints  = 30   // states of a trajectory, evenly spaced, both ends included
	paperNoise   = 0.1  // σ, on the states only
	paperSteps   = 2001 // full-batch steps of Adam at a rate of 1e-3
	paperRollout = 20.  // s
)

// Paper runs the spring task of the original repository with one seed: 50 trajectories
// of 30 points from radii U(0.1, 1) in random directions, networks 2-200-200 with
// orthogonal weights, 2001 full-batch steps of Adam with weight decay 1e-4. The energy
// error is the mean over rollouts of 20 s from the first true state of each test
// trajectory, reported at 200 times.
//
// The original loss is the mean over all components, which is half of FieldLoss. The steps of
// Adam do not depend on this factor, except for the weight decay. So that is doubled.
//
// Source: github.com/greydanus/hamiltonian-nn, experiment-spring; Greydanus et al.
// (2019), table 1.
func Paper(ctx context.Context, seed uint64, workers int) ([]PaperScore, error) {
	s := Spring{M: 0.5, K: 2} // H = q² + p²
	sets, starts, err := s.paperData(ctx, rand.NewPCG(seed, streamTrain))
	if err != nil {
		return nil, err
	}
	var scores []PaperScore
	for i, name := range []string{"baseline", "hnn"} {
		kind, err := nn.KindOf(name)
		if err != nil {
			return nil, err
		}
		opt := nn.NewAdam()
		opt.WeightDecay = 2e-4
		fit, err := nn.Fit(ctx, sets[0], nn.Recipe{
			Model:   kind.Maker(nn.Networks{Hidden: []int{200, 200}, Init: nn.Orthogonal, Src: rand.NewPCG(seed, streamWeights+uint64(i))}),
			Stages:  []nn.Optimizer{&nn.Descent{Rule: opt, Epochs: paperSteps, Batch: -1, Rate: nn.Constant(1e-3), Seed: seed, Stream: streamOrder + uint64(i)}},
			Raw:     true,
			Workers: workers,
		})
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		score := PaperScore{Model: name}
		if score.Train, err = predictionError(fit.Model, sets[0]); err == nil {
			score.Test, err = predictionError(fit.Model, sets[1])
		}
		if err == nil {
			score.EnergyMSE, err = s.paperEnergy(ctx, nn.NewField(fit.Model.(nn.Field)), starts)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		scores = append(scores, score)
	}
	return scores, nil
}

// paperData returns the training and the test set, and the true first states of the
// test trajectories.
func (s Spring) paperData(ctx context.Context, src rand.Source) (sets [2]*nn.Series, starts [][]float64, err error) {
	times := make([]float64, paperPoints)
	for i := range times {
		times[i] = paperTime * (float64(i) / (paperPoints - 1))
	}
	for i := range sets {
		set, err := system.Sample(ctx, system.Sampling{
			N: paperRuns / 2, Noise: paperNoise, Field: s.Field, Src: src, NoiseSrc: src,
			Start: func(src rand.Source) ([]float64, error) {
				// The direction is that of a random point of the square [−1, 1)².
				x, y := random.Uniform(src)*2-1, random.Uniform(src)*2-1
				r := (float64(random.Uniform(src)*0.9) + 0.1) / math.Sqrt(float64(x*x)+float64(y*y))
				return []float64{x * r, y * r}, nil
			},
			Solve: func(y0 []float64) (*integrate.Solution, error) {
				return integrate.Solve(s.Field, 0, paperTime, y0, integrate.Options{RTol: []float64{1e-10}, TEval: times})
			},
		})
		if err != nil {
			return sets, nil, err
		}
		sets[i], starts = &nn.Series{X: set.X, DX: set.DX}, nil
		for _, row := range set.Starts {
			starts = append(starts, set.True.Row(row))
		}
	}
	return sets, starts, nil
}

// paperEnergy returns the mean of (H(x(t)) − H(x(0)))² over rollouts of f.
func (s Spring) paperEnergy(ctx context.Context, f integrate.Field, starts [][]float64) (float64, error) {
	const points = 200
	times := make([]float64, points)
	for i := range times {
		times[i] = paperRollout * (float64(i) / (points - 1))
	}
	sum := 0.
	for _, x := range starts {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		sol, err := integrate.Solve(f, 0, paperRollout, x, integrate.Options{RTol: []float64{1e-8}, ATol: []float64{1e-10}, TEval: times})
		if err != nil {
			return 0, err
		}
		e0 := s.H(x[0], x[1])
		for _, y := range sol.Y {
			e := s.H(y[0], y[1]) - e0
			sum += float64(e*e) / float64(points*len(starts))
		}
	}
	return sum, nil
}
