package nn

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"hnn/autodiff"
)

func TestNewMLPRefuses(t *testing.T) {
	for want, f := range map[string]func() (*MLP, error){
		"unknown activation": func() (*MLP, error) { return NewMLP("relu", false, 2, 1) },
		"needs an input":     func() (*MLP, error) { return NewMLP(Tanh, false, 2) },
		"must be from 1":     func() (*MLP, error) { return NewMLP(Tanh, false, 2, 0, 1) },
	} {
		if m, err := f(); m != nil || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

func TestInit(t *testing.T) {
	spread := func(x []float64) (limit, sigma float64) {
		for _, v := range x {
			limit = max(limit, math.Abs(v))
			sigma += v * v / float64(len(x))
		}
		return limit, math.Sqrt(sigma)
	}
	uniform := func(what string, x []float64, a float64) {
		t.Helper()
		limit, sigma := spread(x)
		if limit > a || limit < 0.98*a || math.Abs(sigma-a/math.Sqrt(3)) > 0.05*a {
			t.Errorf("%s: largest %v, deviation %v, want U(−%v, %v)", what, limit, sigma, a, a)
		}
	}
	net, err := NewMLP(Tanh, false, 50, 400, 300, 1)
	if err != nil {
		t.Fatal(err)
	}
	net.Init(Torch, rand.NewPCG(1, 2))
	uniform("torch W1", net.Layers[0].W.Data, 1/math.Sqrt(50))
	uniform("torch b1", net.Layers[0].B.Data, 1/math.Sqrt(50))
	uniform("torch W2", net.Layers[1].W.Data, 1/math.Sqrt(400))
	net.Init(Xavier, rand.NewPCG(1, 2))
	uniform("xavier W2", net.Layers[1].W.Data, math.Sqrt(6./700))
	if limit, _ := spread(net.Layers[1].B.Data); limit != 0 {
		t.Error("xavier sets a bias")
	}
	net.Init(Orthogonal, rand.NewPCG(1, 2))
	for _, l := range net.Layers {
		w := l.W
		if w.Rows > w.Cols { // orthonormal columns: look at the transpose
			w = autodiff.NewMatrix(l.W.Cols, l.W.Rows)
			for i := range w.Rows {
				for j := range w.Cols {
					w.Row(i)[j] = l.W.At(j, i)
				}
			}
		}
		for i := range w.Rows {
			for j := range i + 1 {
				want := 0.
				if i == j {
					want = 1
				}
				if d := dot(w.Row(i), w.Row(j)); math.Abs(d-want) > 1e-14 {
					t.Fatalf("orthogonal %d×%d: rows %d and %d have product %v", w.Rows, w.Cols, i, j, d)
				}
			}
		}
	}
	a := weights(&HNN{K: net})
	net.Init(Orthogonal, rand.NewPCG(1, 2))
	if !sameBits(a, weights(&HNN{K: net})) {
		t.Error("the same source gives other weights")
	}
}

func TestInitRefuses(t *testing.T) {
	net, _ := NewMLP(Tanh, false, 2, 3, 1)
	if err := net.Init("Xavier", rand.NewPCG(1, 1)); err == nil || !strings.Contains(err.Error(), `"Xavier": want torch, xavier or orthogonal`) {
		t.Error(err)
	}
}
