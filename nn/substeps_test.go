package nn

import (
	"bytes"
	"context"
	"errors"
	"math"
	"testing"
)

// longestLeg returns the longest step of a problem, in τ.
func longestLeg(p *ShootingProblem) float64 {
	h := 0.
	for _, g := range p.segments {
		for _, l := range g.legs {
			h = max(h, l.h)
		}
	}
	return h / p.scale.Tau
}

// Steps are 0.15 τ at most, and shorter where the noise is so small that the error of the method
// would show.
func TestStepsFollowNoise(t *testing.T) {
	s := noisySwing(3, 100, 0.01)
	p := shootingProblem(t, newHNN(2, 4, 1), s, Shooting{}, 1)
	noise := p.noiseShare()
	if h := p.longest(20, noise); h != longestStep*p.scale.Tau {
		t.Errorf("noise %.2g: steps of %v τ, want %v", noise, h/p.scale.Tau, longestStep)
	}
	if h := p.longest(20, 0); h != leastStep*p.scale.Tau {
		t.Errorf("no noise: steps of %v τ, want %v", h/p.scale.Tau, leastStep)
	}
	for _, noise := range []float64{1e-4, 1e-5, 1e-6} {
		h := p.longest(20, noise) / p.scale.Tau
		if e := 20 / p.scale.Tau * h * h * h * h / 120; !(h < longestStep) || e > 0.3*noise || e < 0.01*noise {
			t.Errorf("noise %v: steps of %v τ, error %v", noise, h, e)
		}
	}
	// By the loss of the stage before, if that was by shooting too.
	before := longestLeg(p)
	for _, c := range []struct {
		before  Objective
		loss    float64
		shorter bool
	}{{Derivatives{}, 1e-9 * p.floor, false}, {Shooting{}, 2 * p.floor, false}, {Shooting{}, math.Inf(1), false}, {Shooting{}, 1e-9 * p.floor, true}} {
		if err := (Shooting{}).Refine(p, c.before, c.loss); err != nil {
			t.Fatal(err)
		}
		if h := longestLeg(p); (h < before/3) != c.shorter {
			t.Errorf("%T, loss %v: steps of %v τ, before %v", c.before, c.loss, h, before)
		}
	}
}

// A fit of clean data that is interrupted in the last stage, whose steps are shorter, goes on to
// the same bits.
func TestResumeShorterSteps(t *testing.T) {
	s := noisySwing(2, 24, 0)
	fit := func(from *Checkpoint, stop int) (*Fitted, *Checkpoint, error) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var saved bytes.Buffer
		f, err := Fit(ctx, s, Recipe{
			Model: func(s *Series, _ *Scaling) (Model, error) { return typedSpring(t, s), nil }, Objective: Shooting{Segment: 1}, Hold: 0.5, Resume: from,
			Stages: []Optimizer{Stage{&LBFGS{Iterations: 40}, Shooting{Segment: 1}}, Stage{&LBFGS{Iterations: 6}, Shooting{Segment: 3}}, &LBFGS{Iterations: 3}},
			OnEpoch: func(e Epoch) error {
				if e.Epoch == stop {
					cancel()
				}
				return nil
			},
			Save: func(c *Checkpoint) error { saved.Reset(); return SaveCheckpoint(&saved, c) },
		})
		if stop == 0 {
			return f, nil, err
		}
		c, e := LoadCheckpoint(&saved)
		if e != nil {
			t.Fatal(e)
		}
		return f, c, err
	}
	whole, _, err := fit(nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	if k := whole.Found.Constants[0]; math.Abs(k.Value-1) > 1e-7 {
		t.Errorf("%+v", k)
	}
	last := whole.Last()
	for _, stop := range []int{last.Epoch - 7, last.Epoch - 4, last.Epoch - 1} {
		_, c, err := fit(nil, stop)
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("stopped at %d: %v", stop, err)
		}
		again, _, err := fit(c, 0)
		if err != nil {
			t.Fatal(err)
		}
		if got := again.Last(); got.Loss != last.Loss || got.Valid != last.Valid || got.Epoch != last.Epoch {
			t.Errorf("stopped at %d: %+v, want %+v", stop, got, last)
		}
	}
}
