package spring

import (
	"context"
	"math"
	"strings"
	"testing"

	"hnn/nn"
)

// small returns a short experiment with all three models.
func small() Config {
	c := Default()
	c.Duration, c.Train, c.Test, c.Epochs, c.Rollout = 10, 5, 2, 3, 5
	c.NextState = true
	return c
}

// The point of it all, on a training short enough for a test: the HNN's energy stays,
// the baseline's drifts.
func TestConservation(t *testing.T) {
	c := Default()
	c.Duration, c.Train, c.Epochs = 20, 15, 40
	r, err := Run(context.Background(), c, nil)
	if err != nil {
		t.Fatal(err)
	}
	drift := map[string]*Rollout{} // of each model, the worst
	for _, ro := range r.Rollouts {
		if ro.Err != nil {
			t.Fatal(ro.Model, ro.Err)
		}
		if worst := drift[ro.Model]; worst == nil || ro.MaxDrift > worst.MaxDrift {
			drift[ro.Model] = ro
		}
	}
	if d := drift["true"].MaxDrift; d > 1e-6 {
		t.Errorf("the integrator drifts by %v", d)
	}
	if d, b := drift["hnn"].MaxDrift, drift["baseline"].MaxDrift; d > 0.05 || b < 5*d {
		t.Errorf("largest drift %v of the HNN, %v of the baseline", d, b)
	}
	t.Logf("largest drift %.2g of the HNN, %.2g of the baseline", drift["hnn"].MaxDrift, drift["baseline"].MaxDrift)
	h := drift["hnn"].H
	for _, v := range h {
		if math.Abs(v-h[0]) > 1e-5 {
			t.Fatalf("the HNN's own H goes from %v to %v", h[0], v)
		}
	}
	for _, m := range r.Models {
		if m.TestMSE < 0.9*r.NoiseFloor || m.TestMSE > 1.5*r.NoiseFloor {
			t.Errorf("%s: test error %v, noise floor %v", m.Name, m.TestMSE, r.NoiseFloor)
		}
	}
}

func TestCancel(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	_, err := Run(ctx, small(), func(string, nn.Epoch) { cancel() })
	if err == nil || !strings.Contains(err.Error(), "canceled") {
		t.Error(err)
	}
}

// What no experiment can have is an error.
func TestConfig(t *testing.T) {
	for i, change := range []func(c *Config){
		func(c *Config) { c.Rollout = math.NaN() },
		func(c *Config) { c.Noise = -1 },
		func(c *Config) { c.Noise = math.NaN() },
		func(c *Config) { c.Low, c.High = 2, 1 },
		func(c *Config) { c.K = 0 },
		func(c *Config) { c.Step = math.Inf(1) },
		func(c *Config) { c.Test = 0 },
		func(c *Config) { c.Rule = nil },
		func(c *Config) { c.Energies = []float64{-1} },
	} {
		c := small()
		change(&c)
		if r, err := Run(context.Background(), c, nil); err == nil || r != nil {
			t.Errorf("change %d is accepted", i)
		}
	}
}

// The HNN that is trained by shooting sees no derivatives and keeps time.
func TestShooting(t *testing.T) {
	c := Default()
	c.Duration, c.Train, c.Test, c.Epochs, c.Rollout, c.Noise, c.Shooting = 10, 4, 1, 1, 10, 0.02, true
	c.Energies = []float64{0.5}
	r, err := Run(context.Background(), c, nil)
	if err != nil {
		t.Fatal(err)
	}
	m := r.Model(shooting)
	ro := r.Rollouts[len(r.Rollouts)-1]
	if m == nil || ro.Model != shooting || ro.H == nil {
		t.Fatal("no rollout of shooting")
	}
	if math.Abs(ro.PhaseError) > 0.1 || ro.MaxDrift > 0.05 || m.Epochs[0].Valid == m.Epochs[0].Valid {
		t.Errorf("phase error %v, drift %v", ro.PhaseError, ro.MaxDrift)
	}
	t.Logf("phase error %v, drift %v", ro.PhaseError, ro.MaxDrift)
}
