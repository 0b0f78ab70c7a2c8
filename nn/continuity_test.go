package nn

import (
	"math"
	"testing"

	"hnn/autodiff"
)

// jumps returns the root mean square of the jumps between segments, in units of the scaling.
func jumps(p *ShootingProblem) float64 {
	sum, n := 0., 0.
	c := p.compile(1, false).(*shootingChunk)
	for i := range p.segments {
		if i+1 == len(p.segments) || p.segments[i].last() != p.segments[i+1].first {
			continue
		}
		c.run([]int{i})
		for j, s := range p.spreadUnits() {
			d := (c.states[len(p.segments[i].legs)][j] - p.start.At(i+1, j)*p.unit.Data[j]) / s
			sum, n = sum+d*d, n+1
		}
	}
	return math.Sqrt(sum / n)
}

// Gradients and residuals count the jumps between segments, also those of hidden momenta, in
// batches, and with any number of workers.
func TestContinuity(t *testing.T) {
	s := noisySwing(3, 40, 0.02)
	q := autodiff.NewMatrix(s.Rows(), 1)
	for r := range s.Rows() {
		q.Data[r] = s.X.At(r, 0)
	}
	hidden, err := Positions(s.T, q, s.Starts, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, s := range map[string]*Series{"all": s, "hidden momenta": hidden} {
		scale, err := Shooting{}.Scaling(s)
		if err != nil {
			t.Fatal(err)
		}
		m := newHNN(2, 6, 1)
		m.Scale = scale
		p := shootingProblem(t, m, s, Shooting{Segment: 0.9, Continuity: 0.3}, 2)
		for i := range p.start.Data { // away from the minimum
			p.start.Data[i] += 0.1 * math.Sin(float64(i))
		}
		jacobian(t, name, p)
		free := shootingProblem(t, m, s, Shooting{Segment: 0.9}, 1)
		copy(free.start.Data, p.start.Data)
		if a, b := p.Eval(nil, false), free.Eval(nil, false); !(a > b) {
			t.Errorf("%s: the loss is %v with continuity, %v without", name, a, b)
		}
		some := p.Eval([]int{3, 1}, true)
		if one, two := p.Eval([]int{3}, false), p.Eval([]int{1}, false); math.Abs(some-(one+two)/2) > 1e-14*some {
			t.Errorf("%s: a batch has the loss %v, its rows %v and %v", name, some, one, two)
		}
		p.Eval([]int{1, 0}, true) // segment 2 is not in the batch, its start is held to the end of 1
		g := append([]float64{}, p.Grads()[len(p.Grads())-1].Row(2)...)
		for j, v := range g {
			was := p.start.At(2, j)
			at := func(v float64) float64 { p.start.Row(2)[j] = was + v; return p.Eval([]int{1, 0}, false) }
			want := (at(1e-4) - at(-1e-4)) / 2e-4
			p.start.Row(2)[j] = was
			if v == 0 || math.Abs(v-want) > 1e-8*(1+math.Abs(want)) {
				t.Errorf("%s: component %d of a start outside of the batch: %v, differences say %v", name, j, v, want)
			}
		}
	}
	many := noisySwing(20, 60, 0.05)
	var want []float64
	for _, workers := range []int{1, 2, 3, 8} {
		p := shootingProblem(t, newHNN(2, 16, 16, 1), many, Shooting{Segment: 0.5, Continuity: 1}, workers)
		got := []float64{p.Eval(nil, true)}
		for _, g := range p.Grads() {
			got = append(got, g.Data...)
		}
		if want == nil {
			want = got
		}
		if !sameBits(got, want) {
			t.Errorf("%d workers: other bits", workers)
		}
	}
	// The heavier jumps are, the smaller they are.
	last := math.Inf(1)
	for _, c := range []float64{0, 1, 100, 1e6} {
		p, err := Shooting{Segment: 0.5, Continuity: c}.Problem(typedSpring(t, hidden), hidden, nil, 1)
		if err != nil {
			t.Fatal(err)
		}
		defer p.(*ShootingProblem).Close()
		if err := (&Marquardt{Iterations: 60}).Minimize(t.Context(), p, nil); err != nil {
			t.Fatal(err)
		}
		now := jumps(p.(*ShootingProblem))
		if !(now < last/2) {
			t.Errorf("weight %v: jumps of %v, before %v", c, now, last)
		}
		if last = now; c == 1e6 && now > 1e-5 {
			t.Errorf("jumps of %v", now)
		}
	}
}
