package nn

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"hnn/autodiff"
)

// unitSpring is the field q̇ = p, ṗ = −q.
type unitSpring struct{}

func (unitSpring) Dim() int                   { return 2 }
func (unitSpring) Params() []*autodiff.Matrix { return nil }
func (unitSpring) Field(x autodiff.Var) autodiff.Var {
	return autodiff.MatMul(x, x.Graph().Leaf("J", &autodiff.Matrix{Rows: 2, Cols: 2, Data: []float64{0, -1, 1, 0}}))
}

// The true field leaves the noise and no more, once the initial states are fitted: also where
// the momenta are hidden, whose first guesses are bad.
func TestSettle(t *testing.T) {
	for _, hidden := range []bool{false, true} {
		s := noisySwing(4, 100, 0.05)
		if hidden {
			q := autodiff.NewMatrix(s.Rows(), 1)
			for r := range s.Rows() {
				q.Data[r] = s.X.At(r, 0)
			}
			var err error
			if s, err = Positions(s.T, q, s.Starts, nil); err != nil {
				t.Fatal(err)
			}
		}
		for _, length := range []float64{1, 5, 0} {
			name := fmt.Sprintf("hidden %v, segments of %v", hidden, length)
			p := springProblem(t, s, Shooting{Segment: length})
			before := p.Eval(nil, false) / p.Floor()
			if err := p.Settle(t.Context()); err != nil {
				t.Fatal(err)
			}
			after := p.Eval(nil, false) / p.Floor()
			if !(after < 1.15) || !(after < before) {
				t.Errorf("%s: %.3g times the noise before, %.3g after", name, before, after)
			}
			if err := p.Settle(t.Context()); err != nil || p.Eval(nil, false)/p.Floor() != after {
				t.Errorf("%s: another result the second time, %v", name, err)
			}
		}
		s.Periodic = []bool{true, false}
		m, err := Momenta(t.Context(), unitSpring{}, s)
		if err != nil {
			t.Fatal(err)
		}
		if !m.angle(0) {
			t.Error("the angle is forgotten")
		}
		clean := noisySwing(4, 100, 0)
		for r := range s.Rows() {
			if d := m.X.At(r, 1) - clean.X.At(r, 1); hidden && math.Abs(d) > 0.05 || !hidden && m != s {
				t.Fatalf("row %d: momentum off by %v", r, d)
			}
			if m.X.At(r, 0) != s.X.At(r, 0) {
				t.Fatalf("row %d: an observed number was changed", r)
			}
		}
	}
}

// States inside holes, and before the first number of a trajectory, start near the data, and
// the scaling does not see the holes.
func TestHoles(t *testing.T) {
	s := noisySwing(2, 400, 0.01)
	for i := range s.Rows() {
		s.X.Row(i)[0] += 1000
	}
	for r := 100; r < 180; r++ {
		s.X.Row(r)[0] = math.NaN()
	}
	for r := 400; r < 460; r++ {
		s.X.Row(r)[0], s.X.Row(r)[1] = math.NaN(), math.NaN()
	}
	x, _ := s.smoothed()
	for r := range s.Rows() {
		if v := x.At(r, 0); math.Abs(v-1000) > 1.1 {
			t.Fatalf("row %d starts from %v", r, v)
		}
	}
	scale, err := Shooting{}.Scaling(s)
	if err != nil {
		t.Fatal(err)
	}
	if mu, unit := scale.Mu.Data[0], scale.S.Data[0]; math.Abs(mu-1000) > 0.2 || unit > 1 {
		t.Errorf("mean %v, scale %v", mu, unit)
	}
	// Few rows a period: cubics over two rows on each side, not five.
	few := &Series{X: autodiff.NewMatrix(200, 2)}
	for i := range 200 {
		u := 0.5 * float64(i)
		few.T = append(few.T, u)
		few.X.Row(i)[0], few.X.Row(i)[1] = math.Cos(u), -math.Sin(u)
	}
	if scale, err = (Shooting{}).Scaling(few); err != nil || math.Abs(scale.S.Data[0]*math.Sqrt2-1) > 0.02 || math.Abs(scale.Tau-1) > 0.02 {
		t.Errorf("scaling %+v, %v", scale, err)
	}
}

// A misfit of a few per cent of the spread is told where it is some times the noise, or where data
// are clean.
func TestMisfit(t *testing.T) {
	for _, c := range []struct {
		noise, friction float64
		want            string
	}{
		{0.01, 0, ""},
		{0.005, 0.02, "times the noise, "},
		{0.05, 0.01, ""}, // less than the noise
		{0, 0.01, "% of the spread"},
		{0, 0.001, ""}, // as a fit may leave
		{0.001, 0.004, "times the noise, "},
	} {
		s := noisySwing(4, 100, c.noise)
		for i := range s.Runs() {
			lo, hi := s.Run(i)
			for r := lo; r < hi; r++ {
				for j := range s.X.Row(r) {
					s.X.Row(r)[j] *= math.Exp(-c.friction * (s.T[r] - s.T[lo]))
				}
			}
		}
		p := springProblem(t, s, Shooting{})
		if err := p.Settle(t.Context()); err != nil {
			t.Fatal(err)
		}
		loss := p.Eval(nil, false)
		f := &fit{problem: p, Fitted: Fitted{Train: s, Epochs: []Epoch{{Loss: loss}}}}
		got := strings.Join(f.poor(), "\n")
		t.Logf("noise %v, friction %v: loss %.2g, noise %.2g", c.noise, c.friction, loss, p.Floor())
		if c.want == "" && got != "" || !strings.Contains(got, c.want) {
			t.Errorf("noise %v, friction %v: %q, want %q", c.noise, c.friction, got, c.want)
		}
	}
}

// springProblem compares the unit spring with s, in units of its own scaling.
func springProblem(t *testing.T, s *Series, o Shooting) *ShootingProblem {
	t.Helper()
	scale, err := o.Scaling(s)
	if err != nil {
		t.Fatal(err)
	}
	p, err := o.Problem(unitSpring{}, s, scale, 2)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.(*ShootingProblem).Close)
	return p.(*ShootingProblem)
}
