package nn

import (
	"math"
	"math/rand/v2"
	"testing"

	"hnn/autodiff"
	"hnn/autodiff/random"
)

// The noise of coarse data is told from their curvature, and that of others stays what cubics say.
func TestNoiseOfFewRows(t *testing.T) {
	for _, c := range []struct{ rows, noise, low, high float64 }{
		{60, 0, 1e-4, 1e-4}, {12, 0, 1e-4, 3e-4}, {9, 0, 1e-4, 2e-3},
		{12, 0.003, 0.0025, 0.0045}, {9, 0.003, 0.0025, 0.005}, {60, 0.03, 0.028, 0.032},
	} {
		src := rand.NewPCG(7, 7)
		s := &Series{X: autodiff.NewMatrix(300, 2)}
		for i := range 300 {
			u := 2 * math.Pi / c.rows * (float64(i) + 0.2*random.Uniform(src))
			s.T = append(s.T, u)
			s.X.Row(i)[0] = math.Sqrt2*math.Cos(u) + c.noise*random.Normal(src)
			s.X.Row(i)[1] = -math.Sqrt2*math.Sin(u) + c.noise*random.Normal(src)
		}
		_, cubics := s.widths()
		for j, got := range s.Noise() {
			if !(got > 0.99*c.low && got < 1.01*c.high) {
				t.Errorf("%v rows a period, noise %v: %v", c.rows, c.noise, got)
			}
			if c.rows == 60 && c.noise > 0 && got != cubics[j] {
				t.Errorf("%v rows a period, noise %v: %v, cubics say %v", c.rows, c.noise, got, cubics[j])
			}
			if few := s.Unresolved()[j]; c.rows < 20 && !(few > 0.003) {
				t.Errorf("%v rows a period: cubics leave %v", c.rows, few)
			}
		}
	}
}

// Two rows at all but the same time, as at the end of a solver's run, tell no slope: the time scale of
// noisy positions is that of the motion.
func TestRowsTogether(t *testing.T) {
	src := rand.New(rand.NewPCG(5, 6))
	q := autodiff.NewMatrix(302, 1)
	times := make([]float64, 302)
	for i := range times {
		times[i] = 0.1 * float64(min(i, 300))
		q.Data[i] = math.Sin(times[i]) + 0.1*src.NormFloat64()
	}
	times[301] += 1e-12
	s, err := Positions(times, q, nil, []float64{1})
	if err != nil {
		t.Fatal(err)
	}
	scale, err := Shooting{}.Scaling(s)
	if err != nil || !(scale.Tau > 0.3) || scale.Tau > 1.4 {
		t.Errorf("%v, %+v", err, scale)
	}
}
