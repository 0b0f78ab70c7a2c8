package nn

import (
	"math"
	"math/rand/v2"
	"testing"

	"hnn/autodiff"
)

// What an inspection says of a series agrees with how the series was made.
func TestInspect(t *testing.T) {
	s := noisySwing(10, 200, 0.01)
	in, err := Inspect(s)
	if err != nil {
		t.Fatal(err)
	}
	p := in.Pairs[0]
	if math.Abs(p.Mass-1) > 0.02 || p.Corr < 0.99 || p.Back > -0.99 || p.All < 0.99 || p.Given == p.Given || p.Wrapped >= 0 || p.Degrees {
		t.Errorf("%+v", p)
	}
	if in.Gaps != 10 || math.Abs(in.Interval-0.11) > 0.01 || in.Jitter < 0.2 || in.Jitter > 0.4 || math.Abs(in.Noise[0]/0.01-1) > 0.1 ||
		in.Outliers != nil || in.Repeated != nil || in.Masses != nil || in.Damping != 0 || in.Unkept != 0 {
		t.Errorf("%+v", in)
	}
	s.X.Row(777)[1] = 9
	copy(s.X.Row(901), s.X.Row(900))
	if in, err = Inspect(s); err != nil || len(in.Outliers) != 1 || in.Outliers[0] != (Outlier{777, 1, 9}) || len(in.Repeated) != 1 || in.Repeated[0] != 901 {
		t.Errorf("%+v %v", in, err)
	}
	if _, err := Inspect(&Series{X: s.X}); err == nil {
		t.Error("a series without times")
	}
	// Anything that a file can hold is an answer or an error.
	for rows := range 7 {
		for _, v := range []float64{0, 1e-300, 1e300} {
			s := &Series{X: autodiff.NewMatrix(rows+1, 4)}
			for r := range rows + 1 {
				s.T = append(s.T, float64(r))
				s.X.Row(r)[r%4] = v
			}
			if _, err := Inspect(s); err != nil {
				t.Error(err)
			}
		}
	}
}

// Bodies that act only on each other tell the proportion of their masses, whatever the force.
func TestInspectOpposite(t *testing.T) {
	s := &Series{X: autodiff.NewMatrix(300, 4)}
	for r := range 300 {
		u := 0.05 * float64(r)
		s.T = append(s.T, u)
		d, v := math.Cos(u)+0.2*math.Cos(2*u), -math.Sin(u)-0.4*math.Sin(2*u)
		copy(s.X.Row(r), []float64{0.8*d + 0.1*u, -0.2*d + 0.1*u, 0.8*v + 0.1, -0.2*v + 0.1})
	}
	in, err := Inspect(s)
	if err != nil || len(in.Masses) != 2 || math.Abs(in.Masses[1]-4) > 0.01 {
		t.Errorf("%+v %v", in, err)
	}
}

// What is left of the energy counts as a share of the kinetic energy of all bodies, not of the first.
func TestInspectProjectile(t *testing.T) {
	random, s := rand.New(rand.NewPCG(1, 2)), &Series{X: autodiff.NewMatrix(300, 4)}
	for r := range 300 {
		u := 0.01 * float64(r)
		s.T = append(s.T, u)
		copy(s.X.Row(r), []float64{3*u + 0.05*math.Sin(2*u), 10*u - 5*u*u, 3 + 0.1*math.Cos(2*u), 10 - 10*u + 0.1*random.NormFloat64()})
	}
	in, err := Inspect(s)
	if err != nil || in.Unkept != 0 || in.Masses != nil || in.Damping != 0 {
		t.Errorf("%+v %v", in, err)
	}
}

// swinging makes a pendulum q̈ = −sin q − γ q̇ from (q, p).
func swinging(q, p, gamma, interval float64, rows int) *Series {
	s := &Series{X: autodiff.NewMatrix(rows, 2)}
	for r := range rows {
		s.T = append(s.T, interval*float64(r))
		copy(s.X.Row(r), []float64{q, p})
		for range 100 {
			h := interval / 100
			p -= h / 2 * (math.Sin(q) + gamma*p)
			q += h * p
			p -= h / 2 * (math.Sin(q) + gamma*p)
		}
	}
	return s
}

// Friction is told where the motion comes back to where it was, and from no clean or short run.
func TestInspectDamping(t *testing.T) {
	for _, c := range []struct {
		q, p, gamma, interval float64
		rows                  int
	}{{2, 2, 0, 0.025, 200}, {2, 2, 0, 0.0025, 400}, {2.5, -1, 0, 0.02, 100}, {2.5, 1, 0, 0.05, 100}, {2.5, 1.5, 0, 0.01, 200},
		{1, 0, 0, 0.1, 200}, {1, 0, 0.1, 0.1, 200}, {2, 0, 0.05, 0.1, 200}, {1, 0, -0.04, 0.1, 200}} {
		in, err := Inspect(swinging(c.q, c.p, c.gamma, c.interval, c.rows))
		if err != nil || math.Abs(in.Damping-c.gamma) > 0.02*math.Abs(c.gamma) {
			t.Errorf("%+v: %v %v", c, in.Damping, err)
		}
	}
}

// A pendulum that turns over keeps its energy, and one with friction loses it.
func TestInspectTurning(t *testing.T) {
	for _, gamma := range []float64{0, 0.05} {
		in, err := Inspect(swinging(0, 2.5+50*gamma, gamma, 0.1, 600))
		if err != nil || in.Unkept != 0 || math.Abs(in.Damping-gamma) > 0.1*gamma {
			t.Errorf("γ = %v: %+v %v", gamma, in, err)
		}
	}
}
