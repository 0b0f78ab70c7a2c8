package nn

import (
	"context"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"hnn/autodiff"
	"hnn/autodiff/random"
)

// noisySwing returns runs of the unit spring at uneven times, with a gap, missing numbers, and
// noise σ.
func noisySwing(runs, rows int, sigma float64) *Series {
	src := rand.NewPCG(4, 4)
	s := &Series{X: autodiff.NewMatrix(runs*rows, 2)}
	for run := range runs {
		s.Starts = append(s.Starts, len(s.T))
		u, a := 0., 0.5+0.5*float64(run)/float64(runs)
		for i := range rows {
			if i == rows/2 {
				u += 3
			}
			s.T = append(s.T, u)
			x := s.X.Row(len(s.T) - 1)
			x[0] = a*math.Cos(u+float64(run)) + sigma*random.Normal(src)
			x[1] = -a*math.Sin(u+float64(run)) + sigma*random.Normal(src)
			u += 0.08 + 0.06*random.Uniform(src)
		}
	}
	return s
}

func shootingProblem(t *testing.T, m Model, s *Series, o Shooting, workers int) *ShootingProblem {
	t.Helper()
	p, err := o.Problem(m, s, m.(*HNN).Scale, workers)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.(*ShootingProblem).Close)
	return p.(*ShootingProblem)
}

// The gradient by the parameters and by the initial states is that of differences of the
// loss, for segments of different lengths, with missing numbers and a gap.
func TestShootingGradient(t *testing.T) {
	s := noisySwing(3, 40, 0.02)
	s.X.Row(7)[0], s.X.Row(9)[1], s.X.Row(55)[0] = math.NaN(), math.NaN(), math.NaN()
	scale, err := Shooting{}.Scaling(s)
	if err != nil {
		t.Fatal(err)
	}
	m := newHNN(2, 12, 8, 1)
	m.Scale = scale
	for _, length := range []float64{0, 0.9} {
		p := shootingProblem(t, m, s, Shooting{Segment: length}, 2)
		p.Eval(nil, true)
		for i, w := range p.Params() {
			grad := append([]float64(nil), p.Grads()[i].Data...)
			for _, j := range []int{0, len(w.Data) / 3, len(w.Data) - 1} {
				was := w.Data[j]
				const e = 1e-4
				at := func(v float64) float64 { w.Data[j] = was + v; return p.Eval(nil, false) }
				want := (8*(at(e)-at(-e)) - (at(2*e) - at(-2*e))) / (12 * e)
				w.Data[j] = was
				if math.Abs(grad[j]-want) > 1e-9*(1+math.Abs(want)) {
					t.Errorf("segments of %v, parameter %d[%d]: %v, differences say %v", length, i, j, grad[j], want)
				}
			}
			p.Eval(nil, true)
		}
		some := p.Eval([]int{1, 0}, true)
		if one, two := p.Eval([]int{0}, false), p.Eval([]int{1}, false); math.Abs(some-(one+two)/2) > 1e-14*some {
			t.Errorf("a batch has the loss %v, its rows %v and %v", some, one, two)
		}
	}
}

// Any number of workers gives the same bits.
func TestShootingWorkersSameBits(t *testing.T) {
	s := noisySwing(20, 60, 0.05)
	scale, _ := Shooting{}.Scaling(s)
	var want []float64
	for _, workers := range []int{1, 2, 3, 8} {
		m := newHNN(2, 16, 16, 1)
		m.Scale = scale
		p := shootingProblem(t, m, s, Shooting{Segment: 0.5}, workers)
		got := []float64{p.Eval(nil, true)}
		for _, g := range p.Grads() {
			got = append(got, g.Data...)
		}
		if want == nil {
			want = got
		}
		if !sameBits(got, want) || p.Rows() < 100 {
			t.Errorf("%d workers, %d segments: other bits", workers, p.Rows())
		}
	}
}

// Segments cover every row, meet at their ends, and do not cross gaps.
func TestSegments(t *testing.T) {
	s := noisySwing(2, 40, 0)
	cut, gaps := s.cut()
	if gaps != 2 {
		t.Fatal(gaps)
	}
	for _, length := range []float64{0, 0.35, 1, 100} {
		for i := range cut.Runs() {
			lo, hi := cut.Run(i)
			row := lo
			for _, g := range segmentsOf(s.T, lo, hi, length, 0.05) {
				if g.first != row {
					t.Fatalf("a segment begins at row %d, the one before ended at %d", g.first, row)
				}
				u := s.T[g.first]
				for _, l := range g.legs {
					if u += l.h; l.h > 0.05+1e-12 || l.row >= 0 && math.Abs(u-s.T[l.row]) > 1e-12 {
						t.Fatalf("leg of %v to row %d at %v", l.h, l.row, u)
					}
				}
				if row = g.last(); length > 0 && s.T[row]-s.T[g.first] > 1.5*length+0.15 {
					t.Errorf("a segment of %v, want %v", s.T[row]-s.T[g.first], length)
				}
			}
			if row != hi-1 {
				t.Errorf("rows %d to %d end at %d", lo, hi, row)
			}
		}
	}
	// However short the last interval.
	if g := segmentsOf([]float64{0, 1, 2, 2.01}, 0, 4, 3, 9); len(g) != 1 {
		t.Errorf("%d segments, want the whole trajectory", len(g))
	}
}

// The noise is estimated to a tenth, also at uneven times; clean data have almost none.
func TestNoise(t *testing.T) {
	for _, sigma := range []float64{0.3, 0.03, 0.003} {
		for j, got := range noisySwing(10, 200, sigma).Noise() {
			if math.Abs(got/sigma-1) > 0.1 {
				t.Errorf("component %d: %v, want %v", j, got, sigma)
			}
		}
	}
	if got := noisySwing(10, 200, 0).Noise(); got[0] > 1e-3 {
		t.Error(got)
	}
}

// From noisy states shooting learns a better field than derivatives do, from which it starts.
func TestShootingLearns(t *testing.T) {
	s := noisySwing(10, 150, 0.05)
	worst := func(m *HNN) float64 {
		e := 0.
		for i := range 40 { // inside the data, which go from 0.5 to 0.95
			a, phi := 0.55+0.04*float64(i%8), float64(i)
			x := &autodiff.Matrix{Rows: 1, Cols: 2, Data: []float64{a * math.Cos(phi), a * math.Sin(phi)}}
			f := Evaluate(m.Field, x)
			e += (math.Abs(f.At(0, 0)-x.Data[1]) + math.Abs(f.At(0, 1)+x.Data[0])) / 40
		}
		return e
	}
	maker := Kinds()[0].Maker(Networks{Hidden: []int{16, 16}})
	adam := func() Optimizer { return &Descent{Rule: NewAdam(), Epochs: 60, Batch: 64, Rate: Cosine(1e-2, 0)} }
	by, err := Fit(context.Background(), s, Recipe{Model: maker, Objective: Derivatives{}, Stages: []Optimizer{adam()}})
	if err != nil {
		t.Fatal(err)
	}
	before := worst(by.Model.(*HNN))
	f, err := Fit(context.Background(), s, Recipe{
		Model: given(by.Model).Model, Objective: Shooting{Segment: 8}, Stages: []Optimizer{&LBFGS{Iterations: 150}},
	})
	if err != nil {
		t.Fatal(err)
	}
	after := worst(f.Model.(*HNN))
	t.Logf("error of the field %.3g by derivatives, %.3g by shooting; loss %.4g", before, after, f.Last().Loss)
	if after > before/2 {
		t.Errorf("error of the field %v by derivatives, %v by shooting", before, after)
	}
}

func TestShootingRefuses(t *testing.T) {
	s := noisySwing(2, 30, 0)
	net := newHNN(2, 4, 2).K
	for want, run := range map[string]func() error{
		"want the objective step": func() error {
			_, err := Shooting{}.Problem(&NextState{N: net, Interval: 1}, s, nil, 1)
			return err
		},
		"segments of length -1": func() error { _, err := Shooting{Segment: -1}.Problem(newHNN(2, 3, 1), s, nil, 1); return err },
		"a weight -1 of":        func() error { _, err := Shooting{Continuity: -1}.Problem(newHNN(2, 3, 1), s, nil, 1); return err },
		"no times":              func() error { _, err := Shooting{}.Problem(newHNN(2, 3, 1), &Series{X: s.X}, nil, 1); return err },
		"no two rows": func() error {
			_, err := Shooting{}.Problem(newHNN(2, 3, 1), &Series{T: []float64{1}, X: autodiff.NewMatrix(1, 2)}, nil, 1)
			return err
		},
		"nothing was observed": func() error {
			_, err := Shooting{}.Problem(newHNN(2, 3, 1), &Series{T: s.T, X: s.X, Starts: s.Starts, Hidden: []bool{true, true}}, nil, 1)
			return err
		},
	} {
		if err := run(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

// A model that stands still at the mean has the loss 1, whatever the length of the segments:
// a row at which two of them meet counts once.
func TestShootingMean(t *testing.T) {
	s := noisySwing(3, 40, 0.02)
	s.X.Row(7)[0], s.X.Row(55)[1] = math.NaN(), math.NaN()
	mean := make([]float64, 2)
	for j := range mean {
		n := 0.
		for r := range s.Rows() {
			if v := s.X.At(r, j); v == v {
				mean[j], n = mean[j]+v, n+1
			}
		}
		mean[j] /= n
	}
	m := newHNN(2, 4, 1)
	for _, p := range m.Params() {
		clear(p.Data)
	}
	for _, length := range []float64{0.01, 0.3, 1, 0} {
		p := shootingProblem(t, m, s, Shooting{Segment: length}, 1)
		start := p.Params()[len(p.Params())-1]
		for r := range start.Rows {
			copy(start.Row(r), mean)
		}
		if loss := p.Eval(nil, false); math.Abs(loss-1) > 1e-12 || p.Null() != 1 {
			t.Errorf("segments of %v: loss %v of the mean, want 1", length, loss)
		}
	}
}

// Numbers that are missing at regular places leave the noise and the range what they are, and
// noise that cannot be told is not taken for none.
func TestNoiseOfSome(t *testing.T) {
	for every := 2; every < 8; every++ {
		s := noisySwing(4, 200, 0.05)
		for r := 0; r < s.Rows(); r += every {
			s.X.Row(r)[1] = math.NaN()
		}
		if sigma := s.Noise(); math.Abs(sigma[1]/0.05-1) > 0.2 {
			t.Errorf("every %d missing: noise %v", every, sigma)
		}
		if low, high := s.Range(); !(low[1] < -0.8) || !(high[1] > 0.8) {
			t.Errorf("range %v to %v", low, high)
		}
	}
	if sigma := noisySwing(50, 4, 0.05).Noise(); sigma[0] < 0.3 {
		t.Errorf("noise %v of trajectories of two rows", sigma)
	}
	hidden, err := Positions([]float64{0, 1, 2, 3}, &autodiff.Matrix{Rows: 4, Cols: 1, Data: []float64{0, 1, 0, -1}}, []int{0}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := NextStates(hidden, 1); err == nil {
		t.Error("guesses of momenta are taken for data")
	}
}
