package nn

import (
	"math"
	"math/rand/v2"
	"testing"

	"hnn/autodiff"
	"hnn/autodiff/random"
)

// typedSpring returns the model p²/2 + k q²/2 with k unknown.
func typedSpring(t *testing.T, s *Series) *Port {
	t.Helper()
	m, err := makePort(&Networks{Structure: Structure{H: "p^2/2+k*q^2/2", Fit: map[string]float64{"k": 0.9}}}, s, nil)
	if err != nil {
		t.Fatal(err)
	}
	return m.(*Port)
}

// Standard errors are those of many draws: with short segments, whose ends meet; with weights that
// do not suit the noise of the columns; and with noise that is alike from row to row.
func TestErrorsOfDraws(t *testing.T) {
	const draws = 40
	for name, c := range map[string]struct {
		segment, sigmaP, weightP, alike float64
		every                           int // so many rows have a q
		continuity                      float64
	}{
		"two rows a segment":  {0.01, 0.02, 1, 0, 1, 0},
		"five rows a segment": {0.9, 0.02, 1, 0, 1, 0},
		"whole":               {0, 0.02, 1, 0, 1, 0},
		"p five times noisier, and trusted ten times too much":           {0.9, 0.1, 100, 0, 1, 0},
		"q in every second row, and trusted a hundred times more than p": {0, 0.02, 1e-4, 0, 2, 0},
		"ends held together a little":                                    {0.9, 0.02, 1, 0, 1, 1},
		"ends held together, two rows a segment":                         {0.01, 0.02, 1, 0, 1, 10},
		"ends held fast":                                                 {0.9, 0.02, 1, 0, 1, 1e4},
		"ends held together, q in every third row":                       {0.6, 0.02, 1, 0, 3, 10},
		"noise alike from row to row":                                    {0, 0.02, 1, 0.6, 1, 0},
	} {
		src := rand.NewPCG(1, 2)
		mean, square, said, noise := 0., 0., 0., 0.
		for range draws {
			s := noisySwing(1, 30, 0)
			for i, x := range s.X.Data {
				sigma := 0.02
				if i%2 == 1 {
					sigma = c.sigmaP
				}
				e := sigma * random.Normal(src)
				if c.alike > 0 && i > 1 { // of the row before, kept in DX
					e = c.alike*s.DX.Data[i-2] + math.Sqrt(1-c.alike*c.alike)*e
				}
				if s.DX == nil {
					s.DX = autodiff.NewMatrix(s.X.Rows, 2)
				}
				s.DX.Data[i] = e
				if s.X.Data[i] = x + e; i%2 == 0 && i/2%c.every > 0 {
					s.X.Data[i] = math.NaN()
				}
			}
			s.DX = nil
			m := typedSpring(t, s)
			made, err := Shooting{Segment: c.segment, Continuity: c.continuity}.Problem(m, s, nil, 1)
			if err != nil {
				t.Fatal(err)
			}
			p := made.(*ShootingProblem)
			for r := range s.Rows() {
				p.weight.Row(r)[1] *= c.weightP
			}
			if err := (&Marquardt{Iterations: 40}).Minimize(t.Context(), p, nil); err != nil {
				t.Fatal(err)
			}
			k := p.Found().Constants[0]
			tri, tops, _, _, _ := p.triangle(1, 1, false)
			_, sigma, _ := p.sandwich(&autodiff.Matrix{Rows: 1, Cols: 1, Data: tri.Data[:1]}, tops, 1)
			noise += sigma * sigma / (p.weight.At(10, 1) * p.times[10])
			p.Close()
			if k.Value != k.Value || k.Error != k.Error {
				t.Fatalf("%s: %+v", name, k)
			}
			mean, square, said = mean+k.Value, square+(k.Value-1)*(k.Value-1), said+k.Error*k.Error
		}
		n := float64(draws)
		rms, error := math.Sqrt(square/n), math.Sqrt(said/n)
		t.Logf("%s: k is off by %.4f, rms; standard error %.4f", name, rms, error)
		if got := math.Sqrt(noise / n); c.every == 1 && c.weightP == 1 && math.Abs(got/c.sigmaP-1) > 0.1 {
			t.Errorf("%s: noise %v, want %v", name, got, c.sigmaP)
		}
		if ratio := rms / error; !(ratio > 0.7 && ratio < 1.4) {
			t.Errorf("%s: k is off by %.4f, rms; the standard error says %.4f; mean %.4f", name, rms, error, mean/n)
		}
	}
}

// Clean data of few rows a period are taken for noisy and followed by long steps. The error of the
// method is then in the standard error.
func TestErrorsOfMethod(t *testing.T) {
	s := &Series{X: autodiff.NewMatrix(60, 2)}
	for i := range 60 {
		u := 0.7 * float64(i)
		s.T = append(s.T, u)
		s.X.Row(i)[0], s.X.Row(i)[1] = math.Cos(u), -math.Sin(u)
	}
	for _, leaps := range [][]float64{nil, {1}} {
		m := typedSpring(t, s)
		p, err := Shooting{Leaps: leaps}.Problem(m, s, nil, 1)
		if err != nil {
			t.Fatal(err)
		}
		defer p.(*ShootingProblem).Close()
		if err := (&Marquardt{Iterations: 40}).Minimize(t.Context(), p, nil); err != nil {
			t.Fatal(err)
		}
		k := p.(*ShootingProblem).Found().Constants[0]
		t.Logf("k = %v ± %v", k.Value, k.Error)
		if off := math.Abs(k.Value - 1); !(off > 1e-7) || !(off < 2*k.Error) || !(k.Error < 5*off) {
			t.Errorf("leaps %v: k = %v ± %v", leaps, k.Value, k.Error)
		}
	}
}
