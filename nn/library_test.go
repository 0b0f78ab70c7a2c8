package nn

import (
	"bytes"
	"context"
	"math"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"time"

	"hnn/autodiff"
	"hnn/integrate"
)

// A hundred goroutines use one model, each with its own Func, as one alone does.
func TestConcurrentUse(t *testing.T) {
	m := newHNN(2, 16, 16, 1)
	solve := func() []float64 {
		f := Func(m.Field, 2)
		s, err := integrate.Solve(func(dydt []float64, _ float64, y []float64) { f(dydt, y) }, 0, 3, []float64{1, 0}, integrate.Options{})
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

// Trainings do not know of each other: two at the same time end as two in turn.
func TestConcurrentTrainings(t *testing.T) {
	train := func(seed uint64) *HNN {
		m := newHNN(2, 12, 1)
		m.K.Init(Torch, rand.NewPCG(seed, 1))
		tr := Training{Epochs: 30, Batch: 16, Opt: NewAdam(), Schedule: Constant(1e-2), Src: rand.NewPCG(seed, 2), Workers: 2}
		if err := tr.Run(context.Background(), m, springData(300)); err != nil {
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

// A training leaves no goroutine behind, however it ends, and none of the data changed.
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
		tr := Training{Epochs: 200, Batch: -1, Opt: NewAdam(), Schedule: Constant(1e-3), Src: rand.NewPCG(1, 1), Workers: 4}
		if i%5 != 0 {
			tr.Epochs = 2
		}
		if err := tr.Run(ctx, newHNN(2, 8, 1), d); (err != nil) != (i >= 25) {
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

// What is missing is an error, not a nil pointer.
func TestNothingGiven(t *testing.T) {
	tr := Training{Epochs: 1, Opt: NewAdam(), Schedule: Constant(1), Src: rand.NewPCG(1, 1)}
	net := newHNN(2, 4, 1)
	for name, run := range map[string]func() error{
		"training":       func() error { return (&Training{}).Run(context.Background(), net, springData(3)) },
		"data":           func() error { return tr.Run(context.Background(), net, nil) },
		"matrices":       func() error { return tr.Run(context.Background(), net, &Data{}) },
		"model":          func() error { return tr.Run(context.Background(), nil, springData(3)) },
		"network":        func() error { return tr.Run(context.Background(), &HNN{}, springData(3)) },
		"saved model":    func() error { return Save(new(bytes.Buffer), nil) },
		"saved network":  func() error { return Save(new(bytes.Buffer), &HNN{}) },
		"times":          func() error { _, err := Differences(nil, autodiff.NewMatrix(3, 2), nil, 2, 1); return err },
		"loaded nothing": func() error { _, err := Load(new(bytes.Buffer)); return err },
		"starts": func() error {
			_, err := Differences(make([]float64, 9), autodiff.NewMatrix(9, 2), []int{3}, 2, 1)
			return err
		},
		"starts of steps": func() error {
			_, err := Steps([]float64{1, 2, 3}, autodiff.NewMatrix(3, 2), []int{0, 20}, 1)
			return err
		},
		"states": func() error { _, err := Smooth(nil, nil, nil, 2); return err },
		"next states": func() error {
			_, err := NextStates([]float64{0, 1}, autodiff.NewMatrix(2, 2), nil, math.NaN())
			return err
		},
		"elements": func() error {
			return tr.Run(context.Background(), net, &Data{X: &autodiff.Matrix{Rows: 3, Cols: 2}, Y: springData(3).Y})
		},
		"targets": func() error {
			return tr.Run(context.Background(), net, &Data{X: springData(3).X, Y: &autodiff.Matrix{Rows: 3, Cols: 2}})
		},
		"layers":        func() error { return tr.Run(context.Background(), &HNN{K: &MLP{Act: Tanh}}, springData(3)) },
		"outputs":       func() error { return tr.Run(context.Background(), newHNN(2, 4, 2), springData(3)) },
		"saved outputs": func() error { return Save(new(bytes.Buffer), newHNN(2, 4, 2)) },
		"saved scaling": func() error {
			return Save(new(bytes.Buffer), &HNN{net.K, &Scaling{Mu: []float64{0}, S: []float64{1}, Tau: 1}})
		},
		"field model":     func() error { return tr.Run(context.Background(), OneStep{}, springData(3)) },
		"step":            func() error { tr := tr; tr.At.Step = -1; return tr.Run(context.Background(), net, springData(3)) },
		"checkpoint":      func() error { return SaveCheckpoint(new(bytes.Buffer), nil) },
		"saved optimiser": func() error { return SaveCheckpoint(new(bytes.Buffer), &Checkpoint{Model: net}) },
	} {
		t.Run(name, func(t *testing.T) {
			if err := run(); err == nil {
				t.Error("no error")
			}
		})
	}
	if err := tr.Run(context.Background(), &OneStep{Of: net}, must(Steps([]float64{0, 1, 2}, springData(3).X, nil, 1))); err != nil {
		t.Error(err)
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

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
