package nn

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"hnn/autodiff"
)

func descent(epochs, batch int) *Descent {
	return &Descent{Rule: NewAdam(), Epochs: epochs, Batch: batch, Rate: Constant(1e-3), Seed: 7, Stream: 7}
}

// given makes a recipe for an existing model.
func given(m Model, stages ...Optimizer) Recipe {
	return Recipe{Model: func(*Series, *Scaling) (Model, error) { return m, nil }, Stages: stages, Raw: true}
}

func weights(m Model) []float64 {
	var w []float64
	for _, p := range m.Params() {
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

// With batches of rows, of trajectories and of all rows, the number of workers changes no bit,
// and training changes the weights.
func TestWorkersChangeNothing(t *testing.T) {
	d := springData(1000)
	d.Starts = []int{0, 300, 301, 700}
	for _, batch := range []int{-1, 0, 300} {
		var want []float64
		for _, workers := range []int{1, 2, 3, 8} {
			m := newHNN(2, 20, 10, 1)
			before := weights(m)
			if err := descent(3, batch).Minimize(context.Background(), fieldProblem(t, m, d, workers), nil); err != nil {
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
	p := fieldProblem(t, m, d, 2)
	loss := p.Eval(nil, true)
	whole := p.compile(d.X.Rows, true)
	closeTo(t, "loss", []float64{loss}, []float64{whole.Run(p.all)}, 1e-15)
	for i, g := range whole.Grads {
		closeTo(t, "gradient", p.Grads()[i].Data, g.Data, 1e-15)
	}
}

func TestBatches(t *testing.T) {
	d := springData(10)
	d.Starts = []int{0, 4, 9}
	for _, c := range []struct{ size, batches, last int }{{-1, 1, 10}, {0, 3, 1}, {4, 3, 2}, {10, 1, 10}, {99, 1, 10}} {
		_, b := batchesOf(fieldProblem(t, newHNN(2, 3, 1), d, 1), c.size)
		if n := len(b); n != c.batches || len(b[n-1]) != c.last {
			t.Errorf("size %d: %d batches, want %d", c.size, len(b), c.batches)
		}
	}
	d.Starts = nil
	if _, b := batchesOf(fieldProblem(t, newHNN(2, 3, 1), d, 1), 0); len(b) != 1 || len(b[0]) != 10 {
		t.Error("data without trajectories are not one batch")
	}
}

func TestFitReports(t *testing.T) {
	m, d := newHNN(2, 20, 1), springData(200)
	r := given(m, descent(5, 50))
	r.Valid = springData(60).series()
	var got []Epoch
	r.OnEpoch = func(e Epoch) error { got = append(got, e); return nil }
	f, err := Fit(context.Background(), d.series(), r)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 5 || got[4].Epoch != 5 || got[4].Step != 20 || got[4].Rate != 1e-3 || !reflect.DeepEqual(f.Epochs, got) || f.Rows != 200 {
		t.Fatalf("%+v", got)
	}
	if valid := fieldProblem(t, m, springData(60), 1).Eval(nil, false); !(got[4].Loss < got[0].Loss) || got[4].Valid != valid {
		t.Errorf("%+v, want %v", got, valid)
	}
	stop := errors.New("enough")
	r = given(m, descent(5, 50))
	r.OnEpoch = func(Epoch) error { return stop }
	if _, err := Fit(context.Background(), d.series(), r); err != stop {
		t.Error(err)
	}
}

func TestFitStops(t *testing.T) {
	d := springData(100)
	ctx, cancel := context.WithCancel(context.Background())
	r := given(newHNN(2, 20, 1), descent(1000000, 10))
	r.OnEpoch = func(e Epoch) error {
		if e.Epoch == 2 {
			cancel()
		}
		return nil
	}
	if _, err := Fit(ctx, d.series(), r); err != context.Canceled {
		t.Error(err)
	}

	// An infinite loss is an error before it reaches the weights.
	m := newHNN(2, 20, 1)
	before := weights(m)
	d.Y.Data[3] = 1e200
	_, err := Fit(context.Background(), d.series(), given(m, descent(3, -1)))
	if !errors.Is(err, ErrDiverged) || !strings.Contains(err.Error(), "step 1") || !sameBits(weights(m), before) {
		t.Error(err)
	}
	if runtime.NumGoroutine() > 50 {
		t.Error("goroutines are left over")
	}
}

func TestFitRefuses(t *testing.T) {
	m := newHNN(2, 5, 1)
	for want, s := range map[string]*Series{
		"no data":                       {X: autodiff.NewMatrix(0, 2)},
		"no times":                      {X: autodiff.NewMatrix(3, 2)},
		"states are 3×2, derivatives 2": {X: autodiff.NewMatrix(3, 2), DX: autodiff.NewMatrix(2, 2)},
		"states have 4 components":      {X: autodiff.NewMatrix(3, 4), DX: autodiff.NewMatrix(3, 4)},
		"trajectory 1 starts at row 3":  {X: autodiff.NewMatrix(3, 2), DX: autodiff.NewMatrix(3, 2), Starts: []int{0, 3}},
		"trajectory 0 starts at row 1 ": {X: autodiff.NewMatrix(3, 2), DX: autodiff.NewMatrix(3, 2), Starts: []int{1}},
	} {
		if _, err := Fit(context.Background(), s, given(m, descent(1, -1))); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	for want, d := range map[string]*Descent{
		"needs a rule, a rate": {Rate: Constant(1)}, "a descent needs": {Rule: NewAdam()},
		"from 0 up": {Rule: NewAdam(), Rate: Constant(1), At: Position{Step: -1}}, "β₁ = 5": {Rule: &Adam{Beta1: 5, Eps: 1}, Rate: Constant(1)},
	} {
		if _, err := Fit(context.Background(), springData(5).series(), given(m, d)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

// The zero recipe learns.
func TestZeroRecipe(t *testing.T) {
	f, err := Fit(context.Background(), springData(100).series(), Recipe{})
	if err != nil {
		t.Fatal(err)
	}
	if !(f.Last().Loss < 1e-2) || f.Last().Epoch != 300 || f.Notes != nil || !(f.Null > 1.5) {
		t.Errorf("%+v", f.Last())
	}
}

// A fit that learns nothing has a note with the reason.
func TestPoorFits(t *testing.T) {
	s := &Series{X: autodiff.NewMatrix(400, 2), Starts: []int{0, 200}}
	for i := range 400 {
		u, a := 0.05*float64(i), 1-0.6*float64(i/200)
		s.T = append(s.T, u)
		s.X.Row(i)[0], s.X.Row(i)[1] = a*math.Sin(u), a*math.Cos(u)
	}
	quick := func() Recipe {
		return Recipe{
			Model:  Kinds()[0].Maker(Networks{Hidden: []int{16}}),
			Stages: []Optimizer{&Descent{Rule: NewAdam(), Epochs: 60, Batch: 32, Rate: Cosine(1e-2, 0)}},
		}
	}
	notes := func(s *Series, r Recipe) string {
		t.Helper()
		f, err := Fit(context.Background(), s, r)
		if err != nil {
			t.Fatal(err)
		}
		return strings.Join(f.Notes, "\n")
	}
	if n := notes(s, quick()); n != "" {
		t.Errorf("a good fit has the notes %q", n)
	}
	one := &Series{T: s.T[:200], X: &autodiff.Matrix{Rows: 200, Cols: 2, Data: s.X.Data[:400]}}
	if n := notes(one, quick()); !strings.Contains(n, "of about one amplitude, from 1 to 1 of the largest") {
		t.Errorf("a single orbit: %q", n)
	}
	fast := quick()
	fast.Stages = []Optimizer{&Descent{Rule: NewAdam(), Epochs: 60, Batch: 32, Rate: Constant(5)}}
	if n := notes(s, fast); !strings.Contains(n, "little was learned") || !strings.Contains(n, "learning rate") {
		t.Errorf("a rate of 5: %q", n)
	}
	far := &Series{T: s.T, X: &autodiff.Matrix{Rows: 400, Cols: 2, Data: append([]float64(nil), s.X.Data...)}}
	far.X.Row(77)[1] = 1e30
	if n := notes(far, quick()); !strings.Contains(n, "row 77 has 1e+30 in component 1") {
		t.Errorf("an outlier: %q", n)
	}
	angle := &Series{T: s.T, X: autodiff.NewMatrix(400, 2)}
	for i := range 400 { // a rotation
		a := 2 * s.T[i]
		angle.X.Row(i)[0], angle.X.Row(i)[1] = math.Remainder(a, 2*math.Pi), 2+0.3*math.Sin(a)
	}
	if n := notes(angle, quick()); !strings.Contains(n, "jumps by about 2π at row 32") || !strings.Contains(n, "unwrap") {
		t.Errorf("wrapped angles: %q", n)
	}
	hole := &Series{T: append([]float64(nil), s.T...), X: s.X}
	for i := 200; i < 400; i++ {
		hole.T[i] += 8 * math.Pi
	}
	if n := notes(hole, quick()); !strings.Contains(n, "intervals longer than 8 times the usual one: 1") {
		t.Errorf("a gap: %q", n)
	}
}

// More steps need no more memory than few.
func TestSteadyMemory(t *testing.T) {
	m, d := newHNN(2, 200, 200, 1), springData(750)
	p := fieldProblem(t, m, d, 2)
	opt := NewAdam()
	heap := func(steps int) uint64 {
		for range steps {
			p.Eval(nil, true)
			opt.Step(m.K.Params(), p.Grads(), 1e-3)
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

// A fit that is interrupted anywhere, saved, loaded and resumed ends in the same bits as one
// that is not, and reports the same losses.
func TestResume(t *testing.T) {
	d := springData(200).series()
	for _, batch := range []int{-1, 64} {
		run := func(stop int) (Model, []Epoch) {
			var epochs []Epoch
			var file bytes.Buffer
			for {
				ctx, cancel := context.WithCancel(context.Background())
				m := newHNN(2, 8, 1)
				o := descent(6, batch)
				o.Rule.(*Adam).AMSGrad = batch > 0
				rates := Cosine(1e-2, 0)
				o.Rate = func(step, steps int) float64 {
					if step == stop {
						cancel() // takes effect after this step
					}
					return rates(step, steps)
				}
				sgd := &Descent{Rule: &SGD{Momentum: 0.5}, Epochs: 3, Batch: 50, Rate: Constant(1e-3)}
				r := given(m, o, sgd)
				r.OnEpoch = func(e Epoch) error { epochs = append(epochs, e); return nil }
				if file.Len() > 0 {
					c, err := LoadCheckpoint(&file)
					if err != nil {
						t.Fatal(err)
					}
					r.Resume = c
				}
				file.Reset()
				r.Save = func(c *Checkpoint) error { file.Reset(); return SaveCheckpoint(&file, c) }
				_, err := Fit(ctx, d, r)
				cancel()
				if err == nil {
					return m, epochs
				}
				stop = -1
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

// A fit that has ended goes on with more epochs. With a constant rate the result is that of a
// fit with all epochs from the start. Other data and other optimisers are refused.
func TestExtend(t *testing.T) {
	d := springData(200).series()
	run := func(epochs int, resume *Checkpoint, s *Series) (*HNN, *Checkpoint, error) {
		m := newHNN(2, 8, 1)
		var last *Checkpoint
		r := given(m, descent(epochs, 64))
		r.Resume, r.Patience = resume, 100
		r.Save = func(c *Checkpoint) error { last = c; return nil }
		_, err := Fit(context.Background(), s, r)
		return m, last, err
	}
	want, _, _ := run(9, nil, d)
	_, c, _ := run(4, nil, d)
	got, c, err := run(9, c, d)
	if err != nil || !sameBits(weights(got), weights(want)) {
		t.Error("an extended fit differs from one in one go", err)
	}
	again, _, err := run(9, c, d)
	if err != nil || !sameBits(weights(again), weights(want)) {
		t.Error("a fit that had ended changes", err)
	}
	if _, _, err := run(9, c, springData(201).series()); !errors.Is(err, ErrOtherData) {
		t.Error(err)
	}
	r := given(newHNN(2, 8, 1), &Descent{Rule: &SGD{}, Epochs: 9, Batch: 64, Rate: Constant(1)})
	r.Resume = c
	if _, err := Fit(context.Background(), d, r); err == nil || !strings.Contains(err.Error(), "stage 0, adam") {
		t.Error(err)
	}
	r = given(newHNN(2, 9, 1), descent(9, 64))
	r.Resume = c
	if _, err := Fit(context.Background(), d, r); err == nil || !strings.Contains(err.Error(), "shapes") {
		t.Error(err)
	}
}

// With patience the model of the lowest loss is returned, and training ends.
func TestPatience(t *testing.T) {
	d, m := springData(200).series(), newHNN(2, 8, 1)
	r := given(m, &Descent{Rule: NewAdam(), Epochs: 1000, Batch: 50, Rate: Constant(0.3)})
	r.Patience, r.Hold = 5, 0.2
	var lowest []float64
	least := math.Inf(1)
	r.OnEpoch = func(e Epoch) error {
		if e.Valid < least {
			least, lowest = e.Valid, weights(m)
		}
		return nil
	}
	f, err := Fit(context.Background(), d, r)
	if err != nil || f.Best != least || !sameBits(weights(m), lowest) || f.Last().Epoch != f.BestEpoch+5 || f.Train.Rows() != 160 {
		t.Errorf("%+v, %v, want %v", f, err, least)
	}
}

// Each stage has the whole patience. If an extension is the first to have a patience, it
// counts from there.
func TestPatienceOfStages(t *testing.T) {
	d, m := springData(200).series(), newHNN(2, 8, 1)
	still := func(epochs int) *Descent {
		return &Descent{Rule: &SGD{}, Epochs: epochs, Batch: 50, Rate: Constant(1e-300)}
	}
	r := given(m, still(10), still(10))
	r.Patience = 3
	f, err := Fit(context.Background(), d, r)
	if err != nil {
		t.Fatal(err)
	}
	stages := [2]int{}
	for _, e := range f.Epochs {
		stages[e.Stage]++
	}
	if stages[0] > 7 || stages[1] < 3 || stages[1] > 6 { // the loss varies a little with the order of the rows
		t.Errorf("epochs %v, want few of both stages", stages)
	}
	r = given(newHNN(2, 8, 1), still(10))
	r.Save = func(c *Checkpoint) error { r.Resume = c; return nil }
	if _, err := Fit(context.Background(), d, r); err != nil {
		t.Fatal(err)
	}
	r.Stages, r.Patience = []Optimizer{still(100)}, 3
	if f, err = Fit(context.Background(), d, r); err != nil || f.Ran < 3 || f.Ran > 20 {
		t.Errorf("%d more epochs, %v", f.Ran, err)
	}
	r.Stages, r.Patience = []Optimizer{still(200)}, 0
	if f, err = Fit(context.Background(), d, r); err != nil || f.Last().Epoch != 200 || f.BestEpoch != 0 {
		t.Errorf("without patience: %d epochs, the lowest at %d, %v", f.Last().Epoch, f.BestEpoch, err)
	}
}
