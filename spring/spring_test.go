package spring

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"hnn/autodiff/random"
	"hnn/nn"
	"hnn/spring/system"
)

var heavy = Spring{M: 2, K: 5}

// The exact solution solves the field, keeps H, and starts where it should.
func TestExact(t *testing.T) {
	for _, s := range []Spring{{1, 1}, heavy} {
		q0, p0 := s.State(0.7, 1.1)
		if e := s.H(q0, p0); math.Abs(e-0.7) > 1e-15 {
			t.Errorf("%v: the state has energy %v", s, e)
		}
		for _, u := range []float64{0, 0.3, 2, 50} {
			q, p := s.Exact(q0, p0, u)
			const h = 1e-5
			qa, pa := s.Exact(q0, p0, u+h)
			qb, pb := s.Exact(q0, p0, u-h)
			var d [2]float64
			s.Field(d[:], u, []float64{q, p})
			if math.Abs((qa-qb)/(2*h)-d[0]) > 1e-8 || math.Abs((pa-pb)/(2*h)-d[1]) > 1e-8 {
				t.Errorf("%v at %v: the field is not the derivative", s, u)
			}
			if math.Abs(s.H(q, p)-0.7) > 1e-14 {
				t.Errorf("%v at %v: energy %v", s, u, s.H(q, p))
			}
		}
		q, p := s.Exact(q0, p0, 2*math.Pi/s.Omega())
		if math.Abs(q-q0)+math.Abs(p-p0) > 1e-14 {
			t.Errorf("%v: not periodic", s)
		}
		a, _ := s.State(0.7, 0)
		if e := s.H(a, 0); math.Abs(e-0.7) > 1e-15 {
			t.Errorf("%v: amplitude %v has energy %v", s, a, e)
		}
	}
}

// The closed forms agree with the system spring of the table: energy, field and initial
// states. For k = m = 1, where all constants are exact, they have the same bits.
func TestNamedSystem(t *testing.T) {
	for _, s := range []Spring{{1, 1}, heavy, {0.3, 7}} {
		sys, err := system.Named("spring", map[string]float64{"m": s.M, "k": s.K})
		if err != nil {
			t.Fatal(err)
		}
		tol := 1e-15
		if s.M == 1 {
			tol = 0
		}
		near := func(what string, got, want float64) {
			if !(math.Abs(got-want) <= tol*math.Abs(want)) {
				t.Errorf("%v: %s of the table is %v, the closed form %v", s, what, got, want)
			}
		}
		near("period", sys.Period, 2*math.Pi/s.Omega())
		field, energy, start := sys.NewField(), sys.NewEnergy(), sys.NewStart()
		src, same := rand.NewPCG(1, 2), rand.NewPCG(1, 2)
		for range 20 {
			y, err := start(src)
			if err != nil {
				t.Fatal(err)
			}
			low, high := 0.2, 1. // the distance is not 0.8 to the bit
			e := low + float64((high-low)*random.Uniform(same))
			q, p := s.State(e, math.Pi*random.Uniform(same))
			near("q", y[0], q)
			near("p", y[1], p)
			near("energy", energy(y), s.H(y[0], y[1]))
			var a, b [2]float64
			field(a[:], 0, y)
			s.Field(b[:], 0, y)
			near("q̇", a[0], b[0])
			near("ṗ", a[1], b[1])
		}
	}
}

func sampling(noise float64) Sampling {
	return Sampling{Low: 0.2, High: 1, Duration: 20, Step: 0.1, Noise: noise}
}

func TestSample(t *testing.T) {
	set, err := heavy.Sample(context.Background(), sampling(0.1), 200, rand.NewPCG(1, 2))
	if err != nil {
		t.Fatal(err)
	}
	lowest, highest, noise := math.Inf(1), 0., 0.
	for i := range set.Starts {
		lo, hi := set.Trajectory(i)
		if set.T[lo] != 0 || set.T[hi-1] != 20 || math.Abs(set.T[lo+1]-0.1) > 1e-15 {
			t.Fatalf("trajectory %d: from %v to %v", i, set.T[lo], set.T[hi-1])
		}
		q0, p0 := set.True.At(lo, 0), set.True.At(lo, 1)
		e := heavy.H(q0, p0)
		lowest, highest = min(lowest, e), max(highest, e)
		if p0 < 0 {
			t.Errorf("trajectory %d starts at a phase outside (0, π)", i)
		}
		for r := lo; r < hi; r++ {
			q, p := heavy.Exact(q0, p0, set.T[r])
			if math.Abs(q-set.True.At(r, 0))+math.Abs(p-set.True.At(r, 1)) > 1e-3 {
				t.Fatalf("row %d is off the exact motion", r)
			}
			if set.DX.At(r, 0) != set.True.At(r, 1)/heavy.M || set.DX.At(r, 1) != -heavy.K*set.True.At(r, 0) {
				t.Fatalf("row %d: derivatives are not those of the true state", r)
			}
			d := set.X.At(r, 0) - set.True.At(r, 0)
			noise += d * d / float64(len(set.T))
		}
	}
	if lowest < 0.2 || lowest > 0.22 || highest > 1 || highest < 0.98 || math.Abs(math.Sqrt(noise)-0.1) > 0.002 {
		t.Errorf("energies from %v to %v, noise %v", lowest, highest, math.Sqrt(noise))
	}
}

func TestNextStates(t *testing.T) {
	c := sampling(0)
	c.Duration = 20.05 // the last step is shorter
	set, err := heavy.Sample(context.Background(), c, 3, rand.NewPCG(1, 2))
	if err != nil {
		t.Fatal(err)
	}
	d, err := nn.NextStates(set.Series(), 0.1)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := nn.NextStates(set.Series(), math.NaN()); err == nil {
		t.Error("states are NaN apart")
	}
	if d.X.Rows != 600 || len(d.Starts) != 3 || d.Starts[1] != 200 {
		t.Fatalf("%d pairs, starts %v", d.X.Rows, d.Starts)
	}
	for r := range d.X.Rows {
		q, p := heavy.Exact(d.X.At(r, 0), d.X.At(r, 1), 0.1)
		if math.Abs(q-d.Y.At(r, 0))+math.Abs(p-d.Y.At(r, 1)) > 1e-5 {
			t.Fatalf("pair %d is not 0.1 apart", r)
		}
	}
}

// The noise floor agrees with a Monte Carlo estimate: the variance of the true state in cells
// of the plane of measured states.
func TestNoiseFloor(t *testing.T) {
	for _, s := range []Spring{{1, 1}, heavy, {30, 30}} { // the last in a ring of 0.26 by 7.7
		c := sampling(0.2)
		src := rand.NewPCG(1, 2)
		const n = 400_000
		h := 0.05
		type sums struct{ n, q, p, qq, pp float64 }
		cells := map[[2]int]*sums{}
		for range n {
			q, p := s.State(c.Low+(c.High-c.Low)*random.Uniform(src), 2*math.Pi*random.Uniform(src))
			x, y := q+c.Noise*random.Normal(src), p+c.Noise*random.Normal(src)
			k := [2]int{int(math.Floor(x / h)), int(math.Floor(y / h))}
			if cells[k] == nil {
				cells[k] = new(sums)
			}
			v := cells[k]
			v.n++
			v.q += q
			v.p += p
			v.qq += q * q
			v.pp += p * p
		}
		want := 0.
		for _, v := range cells {
			if v.n > 1 {
				unbiased := 1 / (v.n - 1) * v.n / n
				want += unbiased * (s.K*s.K*(v.qq-v.q*v.q/v.n) + (v.pp-v.p*v.p/v.n)/(s.M*s.M)) / 2
			}
		}
		if got := s.NoiseFloor(c); math.Abs(got/want-1) > 0.02 {
			t.Errorf("%v: %v, Monte Carlo %v", s, got, want)
		}
	}
	// A ring of 0.08 by 25, at whose ends its curvature is 0.3 σ: Monte Carlo as above, with cells of 0.0125.
	if f := (Spring{300, 300}).NoiseFloor(Sampling{Low: 0, High: 1, Noise: 0.05}); math.Abs(f/42.9-1) > 0.01 {
		t.Errorf("floor %v of a narrow ring", f)
	}
	unit := Spring{1, 1}
	if f := unit.NoiseFloor(sampling(0)); f != 0 {
		t.Errorf("floor %v without noise", f)
	}
	if f := unit.NoiseFloor(sampling(1e-4)); math.Abs(f-1e-8) > 1e-12 {
		t.Errorf("floor %v for little noise", f)
	}
	for _, sigma := range []float64{0.05, 0.02, 0.0165, 0.0159, 1e-4} { // the energy is known, the phase is not
		if f := unit.NoiseFloor(Sampling{Low: 0.5, High: 0.5, Noise: sigma}); math.Abs(f/(sigma*sigma)-0.5) > 0.005 {
			t.Errorf("floor %v σ² for one energy and σ = %v, want 0.5 σ²", f/(sigma*sigma), sigma)
		}
	}
	for _, s := range []Spring{unit, heavy} { // grid and limit agree where they meet
		a, b := s.NoiseFloor(Sampling{Low: 0.4, High: 0.6, Noise: 0.025}), s.thinRing(Sampling{Low: 0.4, High: 0.6, Noise: 0.025})
		if math.Abs(a/b-1) > 0.01 {
			t.Errorf("%v: floor %v on the grid, %v in the limit", s, a, b)
		}
	}
	if f := unit.NoiseFloor(sampling(100)); math.Abs(f-0.6) > 0.01 { // nothing is known: E(q² + p²)/2
		t.Errorf("floor %v for noise that hides everything", f)
	}
}

// The scores of a rollout with a constant gain of energy and a constant delay of the phase are
// the known ones.
func TestScore(t *testing.T) {
	for _, s := range []Spring{{1, 1}, heavy} {
		ro := &Rollout{E0: 0.5}
		for i := range 1001 {
			u := float64(i) / 10
			e := 0.5 * (1 + 0.002*u)
			q, p := s.State(e, -s.Omega()*u+0.05*u) // 5 rad late at the end
			ro.T, ro.X, ro.E = append(ro.T, u), append(ro.X, []float64{q, p}), append(ro.E, e)
		}
		sc := s.score(ro)
		for name, c := range map[string][2]float64{
			"max":   {sc.MaxDrift, 0.2},
			"RMS":   {sc.RMSDrift, 0.2 / math.Sqrt(3)},
			"slope": {sc.Slope, 0.002},
			"MSE":   {sc.EnergyMSE, 0.01 / 3},
			"phase": {sc.PhaseError, -5},
		} {
			if math.Abs(c[0]/c[1]-1) > 2e-3 {
				t.Errorf("%v: %s = %v, want %v", s, name, c[0], c[1])
			}
		}
	}
}
