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
