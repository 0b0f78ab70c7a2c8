package nn

import (
	"bytes"
	"context"
	"math"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"hnn/autodiff"
	"hnn/integrate"
)

// A hundred goroutines use one model, each with its own Func, and get the numbers of one.
func TestConcurrentUse(t *testing.T) {
	m := newHNN(2, 16, 16, 1)
	solve := func() []float64 {
		s, err := integrate.Solve(NewField(m), 0, 3, []float64{1, 0}, integrate.Options{})
		if err != nil {
			t.Error(err)
			return nil
		}
		x := Evaluate(m.H, &autodiff.Matrix{Rows: 1, Cols: 2, Data: s.Y[len(s.Y)-1]})
		return append(x.Data, s.Y[len(s.Y)-1]...)
	}
	want := solve()
	var wg sync.WaitGroup
	for range 100 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			closeTo(t, "state", solve(), want, 0)
		}()
	}
	wg.Wait()
}

// Two trainings at the same time give the weights of two in turn.
func TestConcurrentTrainings(t *testing.T) {
	train := func(seed uint64) *HNN {
		m := newHNN(2, 12, 1)
		m.K.Init(Torch, rand.NewPCG(seed, 1))
		r := given(m, &Descent{Rule: NewAdam(), Epochs: 30, Batch: 16, Rate: Constant(1e-2), Seed: seed})
		r.Workers = 2
		if _, err := Fit(context.Background(), springData(300).series(), r); err != nil {
			t.Error(err)
		}
		return m
	}
	want := []*HNN{train(1), train(2)}
	got := make([]*HNN, 2)
	var wg sync.WaitGroup
	for i := range got {
		wg.Add(1)
		go func() {
			defer wg.Done()
			got[i] = train(uint64(i) + 1)
		}()
	}
	wg.Wait()
	for i := range got {
		for j, p := range got[i].K.Params() {
			closeTo(t, "weights", p.Data, want[i].K.Params()[j].Data, 0)
		}
	}
}

// A training leaves no goroutine behind, however it ends, and does not change its data.
func TestNothingLeft(t *testing.T) {
	before := runtime.NumGoroutine()
	d := springData(300)
	x, y := append([]float64(nil), d.X.Data...), append([]float64(nil), d.Y.Data...)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	for i := range 50 {
		if i == 25 {
			cancel()
		}
		o := descent(200, -1)
		if i%5 != 0 {
			o.Epochs = 2
		}
		r := given(newHNN(2, 8, 1), o)
		r.Workers = 4
		if _, err := Fit(ctx, d.series(), r); (err != nil) != (i >= 25) {
			t.Fatal(i, err)
		}
	}
	for range 100 { // goroutines that were told to end may need a moment
		if runtime.NumGoroutine() <= before {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if n := runtime.NumGoroutine(); n > before {
		t.Errorf("%d goroutines, %d before", n, before)
	}
	closeTo(t, "states", d.X.Data, x, 0)
	closeTo(t, "targets", d.Y.Data, y, 0)
}

// A missing part is an error, not a panic.
func TestNothingGiven(t *testing.T) {
	net, d := newHNN(2, 4, 1), springData(3).series()
	fit := func(s *Series, m Model, o Optimizer) error {
		_, err := Fit(context.Background(), s, given(m, o))
		return err
	}
	scale := func(mu, s []float64, tau float64) *Scaling {
		return &Scaling{Mu: &autodiff.Matrix{Rows: 1, Cols: len(mu), Data: mu}, S: &autodiff.Matrix{Rows: 1, Cols: len(s), Data: s}, Tau: tau}
	}
	saved := func(m Stored) error { return Save(new(bytes.Buffer), m, nil) }
	for name, run := range map[string]func() error{
		"descent":   func() error { return fit(d, net, &Descent{}) },
		"optimiser": func() error { return fit(d, net, nil) },
		"data":      func() error { return fit(nil, net, descent(1, 1)) },
		"matrices":  func() error { return fit(&Series{}, net, descent(1, 1)) },
		"model":     func() error { return fit(d, nil, descent(1, 1)) },
		"network":   func() error { return fit(d, &HNN{}, descent(1, 1)) },
		"layers":    func() error { return fit(d, &HNN{K: &MLP{Act: Tanh}}, descent(1, 1)) },
		"a layer":   func() error { return fit(d, &HNN{K: &MLP{Act: Tanh, Layers: []*Linear{nil}}}, descent(1, 1)) },
		"outputs":   func() error { return fit(d, newHNN(2, 4, 2), descent(1, 1)) },
		"odd states": func() error {
			return fit(&Series{X: autodiff.NewMatrix(3, 3), DX: autodiff.NewMatrix(3, 3)}, newHNN(3, 4, 1), descent(1, 1))
		},
		"field": func() error { return fit(d, &NextState{N: newHNN(2, 4, 2).K, Interval: 1}, descent(1, 1)) },

		"saved model":    func() error { return saved(nil) },
		"saved network":  func() error { return saved(&HNN{}) },
		"saved outputs":  func() error { return saved(newHNN(2, 4, 2)) },
		"saved scaling":  func() error { return saved(&HNN{net.K, scale([]float64{0}, []float64{1}, 1)}) },
		"saved tau":      func() error { return saved(&HNN{net.K, scale([]float64{0, 0}, []float64{1, 1}, math.Inf(1))}) },
		"saved mu":       func() error { return saved(&HNN{net.K, scale([]float64{0, math.NaN()}, []float64{1, 1}, 1)}) },
		"saved interval": func() error { return saved(&NextState{N: newHNN(2, 4, 2).K, Interval: math.Inf(1)}) },
		"saved chain": func() error {
			return saved(&HNN{K: &MLP{Act: Tanh, Layers: []*Linear{NewLinear(2, 3, true), NewLinear(4, 1, true)}}})
		},
		"checkpoint":       func() error { return SaveCheckpoint(new(bytes.Buffer), nil) },
		"empty checkpoint": func() error { return SaveCheckpoint(new(bytes.Buffer), &Checkpoint{}) },
		"loaded nothing":   func() error { _, _, err := Load(new(bytes.Buffer)); return err },

		"typed nil model":     func() error { return fit(d, (*HNN)(nil), descent(1, 1)) },
		"typed nil optimiser": func() error { return fit(d, net, (*Descent)(nil)) },
		"typed nil rule":      func() error { return fit(d, net, &Descent{Rule: (*Adam)(nil), Rate: Constant(1)}) },
		"typed nil, saved":    func() error { return saved((*NextState)(nil)) },
		"another network": func() error {
			rule := NewAdam()
			rule.Step(newHNN(2, 5, 1).Params(), newHNN(2, 5, 1).Params(), 0)
			return fit(d, net, &Descent{Rule: rule, Rate: Constant(1), Epochs: 1})
		},
		"times that overflow": func() error {
			s := &Series{T: []float64{-1e308, 0, 1e308, 1.1e308, 1.2e308}, X: springData(5).X}
			s.T[1] = 1e308
			s.T[2] = 1.05e308
			return s.Check()
		},
		"states that underflow": func() error {
			x := &autodiff.Matrix{Rows: 2, Cols: 2, Data: []float64{1e-200, 1, 2e-200, 2}}
			_, err := FitScaling(x, x)
			return err
		},
		"scaling of short data": func() error {
			_, err := FitScaling(&autodiff.Matrix{Rows: 3, Cols: 2}, autodiff.NewMatrix(3, 2))
			return err
		},

		"scaling of nothing": func() error { _, err := FitScaling(nil, nil); return err },
		"times":              func() error { _, err := Differences(&Series{X: autodiff.NewMatrix(3, 2)}, 2, 1); return err },
		"starts": func() error {
			_, err := Differences(&Series{T: make([]float64, 9), X: autodiff.NewMatrix(9, 2), Starts: []int{3}}, 2, 1)
			return err
		},
		"starts of steps": func() error {
			_, err := Steps(&Series{T: []float64{1, 2, 3}, X: autodiff.NewMatrix(3, 2), Starts: []int{0, 20}}, 1)
			return err
		},
		"states": func() error { _, err := Smooth(nil, 2); return err },
		"next states": func() error {
			_, err := NextStates(&Series{T: []float64{0, 1}, X: autodiff.NewMatrix(2, 2)}, math.NaN())
			return err
		},
		"elements": func() error { return fit(&Series{X: &autodiff.Matrix{Rows: 3, Cols: 2}, DX: d.DX}, net, descent(1, 1)) },
		"targets":  func() error { return fit(&Series{X: d.X, DX: &autodiff.Matrix{Rows: 3, Cols: 2}}, net, descent(1, 1)) },
		"finite": func() error {
			return fit(&Series{X: &autodiff.Matrix{Rows: 1, Cols: 2, Data: []float64{1, math.Inf(1)}}, DX: autodiff.NewMatrix(1, 2)}, net, descent(1, 1))
		},
	} {
		t.Run(name, func(t *testing.T) {
			if err := run(); err == nil {
				t.Error("no error")
			}
		})
	}
	field := Func(net.Field, 2)
	for _, x := range [][]float64{nil, {1}, {1, 2, 3}} {
		for _, dst := range [][]float64{{0, 0}, x} {
			func() {
				defer func() {
					if v := recover(); v == nil {
						t.Errorf("a field of %d numbers to %d", len(x), len(dst))
					}
				}()
				field(dst, x)
			}()
		}
	}
}

// What only a program can get wrong is a panic of one line that says what is wanted.
func TestMisuse(t *testing.T) {
	step := func(r Rule) func() {
		return func() {
			a, b := newHNN(2, 3, 1), newHNN(2, 5, 1)
			r.Step(a.Params(), a.Params(), 0)
			r.Step(b.Params(), b.Params(), 0)
		}
	}
	for want, run := range map[string]func(){
		"nn: Adam: the parameters do not have": step(NewAdam()),
		"nn: SGD: the parameters do not have":  step(new(SGD)),
		"nn: MLP.Apply: layer 1 is empty":      func() { Evaluate((&HNN{K: &MLP{Act: Tanh, Layers: []*Linear{nil}}}).Field, autodiff.NewMatrix(1, 2)) },
		"nn: MLP.Apply: no network":            func() { Func((&HNN{}).H, 2) },
		"autodiff: NewMatrix: ":                func() { autodiff.NewMatrix(math.MaxInt/4+1, 8) }, // no elements, if the product overflows
		"autodiff: NewMatrix: -1×2: want":      func() { autodiff.NewMatrix(-1, 2) },
	} {
		func() {
			defer func() {
				if s, _ := recover().(string); !strings.HasPrefix(s, want) || strings.Contains(s, "\n") {
					t.Errorf("%q, want %q", s, want)
				}
			}()
			run()
		}()
	}
}

// The field of a model with 40,000 inputs needs memory for its states and weights, and no
// matrix of 40,000×40,000.
func TestWideModel(t *testing.T) {
	m := &HNN{K: &MLP{Act: Tanh, Layers: []*Linear{NewLinear(40_000, 1, false)}}}
	for i := range m.K.Layers[0].W.Data {
		m.K.Layers[0].W.Data[i] = float64(i)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	y := Evaluate(m.Field, autodiff.NewMatrix(1, 40_000))
	runtime.ReadMemStats(&after)
	if y.Data[0] != 20_000 || y.Data[20_000] != 0 {
		t.Errorf("q̇ = %v, ṗ = %v", y.Data[0], y.Data[20_000])
	}
	if n := after.TotalAlloc - before.TotalAlloc; n > 32<<20 {
		t.Errorf("%d MiB", n>>20)
	}
}
