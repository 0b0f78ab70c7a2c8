package nn

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	"hnn/autodiff"
)

func training(epochs, batch, workers int) *Training {
	return &Training{
		Epochs: epochs, Batch: batch, Workers: workers,
		Opt: NewAdam(), Schedule: Constant(1e-3), Src: rand.NewPCG(7, 7),
	}
}

func weights(m Model) []float64 {
	var w []float64
	for _, p := range m.Net().Params() {
		w = append(w, p.Data...)
	}
	return w
}

func sameBits(a, b []float64) bool {
	for i := range a {
		if math.Float64bits(a[i]) != math.Float64bits(b[i]) {
			return false
		}
	}
	return len(a) == len(b)
}

// Batches of rows, of trajectories and of everything: no number of workers changes a
// bit, and each does change the weights.
func TestWorkersChangeNothing(t *testing.T) {
	d := springData(1000)
	d.Starts = []int{0, 300, 301, 700}
	for _, batch := range []int{-1, 0, 300} {
		var want []float64
		for _, workers := range []int{1, 2, 3, 8} {
			m := newHNN(2, 20, 10, 1)
			before := weights(m)
			if err := training(3, batch, workers).Run(context.Background(), m, d); err != nil {
				t.Fatal(err)
			}
			if want == nil {
				want = weights(m)
			}
			if !sameBits(weights(m), want) {
				t.Errorf("batch %d: %d workers give other weights than one", batch, workers)
			}
			if sameBits(want, before) {
				t.Errorf("batch %d: nothing was learned", batch)
			}
		}
	}
}

// The gradient of a batch in chunks is that of the whole batch at once.
func TestChunks(t *testing.T) {
	d, m := springData(3*chunkRows+17), newHNN(2, 20, 1)
	rows, _ := d.batches(-1)
	team := newTeam(m, 2)
	defer team.close()
	loss := team.loss(d, rows, true)
	p := newLossPlan(m, 2, 2, len(rows), true)
	copy(p.x.Data, d.X.Data)
	copy(p.y.Data, d.Y.Data)
	p.plan.Run()
	closeTo(t, "loss", []float64{loss}, p.loss.Data, 1e-15)
	for i := range p.grads {
		closeTo(t, "gradient", team.grads[i].Data, p.grads[i].Data, 1e-15)
	}
	closeTo(t, "Loss", []float64{Loss(m, d)}, p.loss.Data, 1e-15)
}

func TestBatches(t *testing.T) {
	d := springData(10)
	d.Starts = []int{0, 4, 9}
	for _, c := range []struct{ size, batches, last int }{{-1, 1, 10}, {0, 3, 1}, {4, 3, 2}, {10, 1, 10}, {99, 1, 10}} {
		_, b := d.batches(c.size)
		if n := len(b); n != c.batches || len(b[n-1]) != c.last {
			t.Errorf("size %d: %d batches, want %d", c.size, len(b), c.batches)
		}
	}
	d.Starts = nil
	if _, b := d.batches(0); len(b) != 1 || len(b[0]) != 10 {
		t.Error("data without trajectories are not one batch")
	}
}

func TestTrainingReports(t *testing.T) {
	m, d := newHNN(2, 20, 1), springData(200)
	tr := training(5, 50, 1)
	tr.Valid = springData(60)
	var got []Epoch
	tr.OnEpoch = func(e Epoch) error { got = append(got, e); return nil }
	if err := tr.Run(context.Background(), m, d); err != nil {
		t.Fatal(err)
	}
	if len(got) != 5 || got[4].Epoch != 5 || got[4].Step != 20 || got[4].Rate != 1e-3 {
		t.Fatalf("%+v", got)
	}
	if !(got[4].Loss < got[0].Loss) || got[4].Valid != Loss(m, tr.Valid) {
		t.Errorf("%+v", got)
	}
	stop := errors.New("enough")
	tr = training(5, 50, 1)
	tr.OnEpoch = func(Epoch) error { return stop }
	if err := tr.Run(context.Background(), m, d); err != stop {
		t.Error(err)
	}
}

func TestTrainingStops(t *testing.T) {
	d := springData(100)
	ctx, cancel := context.WithCancel(context.Background())
	tr := training(1000000, 10, 2)
	tr.OnEpoch = func(e Epoch) error {
		if e.Epoch == 2 {
			cancel()
		}
		return nil
	}
	if err := tr.Run(ctx, newHNN(2, 20, 1), d); err != context.Canceled {
		t.Error(err)
	}

	// An infinite loss is an error before it reaches the weights.
	m := newHNN(2, 20, 1)
	before := weights(m)
	d.Y.Data[3] = 1e200
	err := training(3, -1, 1).Run(context.Background(), m, d)
	if !errors.Is(err, ErrDiverged) || !strings.Contains(err.Error(), "step 1") || !sameBits(weights(m), before) {
		t.Error(err)
	}
	if runtime.NumGoroutine() > 50 {
		t.Error("goroutines are left over")
	}
}

func TestTrainingRefuses(t *testing.T) {
	m := newHNN(2, 5, 1)
	for want, d := range map[string]*Data{
		"no data":                       {X: autodiff.NewMatrix(0, 2), Y: autodiff.NewMatrix(0, 2)},
		"states are 3×2, targets 2×2":   {X: autodiff.NewMatrix(3, 2), Y: autodiff.NewMatrix(2, 2)},
		"states have 4 components":      {X: autodiff.NewMatrix(3, 4), Y: autodiff.NewMatrix(3, 4)},
		"trajectory 1 starts at row 3":  {X: autodiff.NewMatrix(3, 2), Y: autodiff.NewMatrix(3, 2), Starts: []int{0, 3}},
		"trajectory 0 starts at row 1 ": {X: autodiff.NewMatrix(3, 2), Y: autodiff.NewMatrix(3, 2), Starts: []int{1}},
	} {
		if err := training(1, -1, 1).Run(context.Background(), m, d); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

func TestTrainingNeedsParts(t *testing.T) {
	for _, strip := range []func(*Training){
		func(t *Training) { t.Opt = nil }, func(t *Training) { t.Schedule = nil }, func(t *Training) { t.Src = nil },
	} {
		tr := training(1, -1, 1)
		strip(tr)
		if err := tr.Run(context.Background(), newHNN(2, 5, 1), springData(5)); err == nil {
			t.Error("a training without one of its parts runs")
		}
	}
}

// More steps leave the heap as fewer do.
func TestSteadyMemory(t *testing.T) {
	m, d := newHNN(2, 200, 200, 1), springData(750)
	rows, _ := d.batches(-1)
	team := newTeam(m, 2)
	defer team.close()
	opt := NewAdam()
	heap := func(steps int) uint64 {
		for range steps {
			team.loss(d, rows, true)
			opt.Step(m.K.Params(), team.grads, 1e-3)
		}
		runtime.GC()
		var s runtime.MemStats
		runtime.ReadMemStats(&s)
		return s.HeapAlloc
	}
	early := heap(5)
	if late := heap(15); float64(late) > 1.05*float64(early) {
		t.Errorf("%d bytes after 5 steps, %d after 20", early, late)
	}
}

func TestEvaluate(t *testing.T) {
	m := newHNN(2, 20, 1)
	for _, n := range []int{0, 1, evalRows - 1, evalRows, 2*evalRows + 3} {
		d := springData(n)
		y := Evaluate(m.Field, d.X)
		if y.Rows != n || y.Cols != 2 {
			t.Fatalf("%d rows give %d×%d", n, y.Rows, y.Cols)
		}
		f, dx := Func(m.Field, 2), make([]float64, 2)
		for i := range n {
			f(dx, d.X.Row(i))
			if !sameBits(dx, y.Row(i)) {
				t.Fatalf("row %d of %d: %v in a batch, %v alone", i, n, y.Row(i), dx)
			}
		}
	}
	f, x := Func(m.Field, 2), make([]float64, 2)
	if n := testing.AllocsPerRun(100, func() { f(x, x) }); n != 0 {
		t.Errorf("%v allocations a call of a Func", n)
	}
}

// A training that is interrupted anywhere, saved, loaded and resumed ends in the same
// bits as one that is not, and reports the same losses.
func TestResume(t *testing.T) {
	d := springData(200)
	for _, batch := range []int{-1, 64} {
		run := func(stop int) (Model, []Epoch) {
			var epochs []Epoch
			m, opt := Model(newHNN(2, 8, 1)), NewAdam()
			opt.AMSGrad = batch > 0
			at := Position{}
			for {
				ctx, cancel := context.WithCancel(context.Background())
				tr := training(6, batch, 2)
				tr.At, tr.Opt, tr.Schedule = at, opt, Cosine(1e-2, 0)
				tr.OnEpoch = func(e Epoch) error { epochs = append(epochs, e); return nil }
				rates := tr.Schedule
				tr.Schedule = func(step, steps int) float64 {
					if step == stop {
						cancel() // takes effect after this step
					}
					return rates(step, steps)
				}
				err := tr.Run(ctx, m, d)
				cancel()
				if err == nil {
					return m, epochs
				}
				var b bytes.Buffer
				if err := SaveCheckpoint(&b, &Checkpoint{Model: m, Opt: opt, At: tr.At}); err != nil {
					t.Fatal(err)
				}
				c, err := LoadCheckpoint(&b)
				if err != nil {
					t.Fatal(err)
				}
				m, opt, at, stop = c.Model, c.Opt, c.At, -1
			}
		}
		want, epochs := run(-1)
		for _, stop := range []int{0, 1, 3, 4, 5, 17, 23} {
			got, e := run(stop)
			if !sameBits(weights(got), weights(want)) {
				t.Errorf("batch %d, interrupted at step %d: other weights", batch, stop)
			}
			if fmt.Sprint(e) != fmt.Sprint(epochs) {
				t.Errorf("batch %d, interrupted at step %d:\n%v, want\n%v", batch, stop, e, epochs)
			}
		}
	}
}
