package export

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"hnn/autodiff"
	"hnn/autodiff/formula"
	"hnn/autodiff/random"
	"hnn/nn"
)

// The expression of a small network is one that -H takes, and has the values of its H.
func TestFormula(t *testing.T) {
	src := rand.NewPCG(6, 6)
	s := &nn.Series{X: autodiff.NewMatrix(9, 2), DX: autodiff.NewMatrix(9, 2)}
	for i := range s.X.Data {
		s.X.Data[i], s.DX.Data[i] = 2*random.Normal(src)+1, random.Normal(src)
	}
	scale, err := nn.FitScaling(s.X, s.DX)
	if err != nil {
		t.Fatal(err)
	}
	tried := 0
	check := func(name string, m nn.Stored) {
		var b strings.Builder
		err := Formula(&b, m, []string{"θ", "p"})
		h, ok := m.(nn.Energy)
		if !ok {
			if err == nil || !strings.Contains(err.Error(), "no energy") {
				t.Error(err)
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		e, err := formula.Parse(strings.TrimSpace(b.String()))
		if err != nil {
			t.Fatalf("%v: %s", err, b.String())
		}
		f, err := e.Bind([]string{"θ", "p"}, nil)
		if err != nil {
			t.Fatal(err)
		}
		want := nn.Evaluate(h.H, s.X)
		value := f.NewValue()
		for r := range s.X.Rows {
			got := value(s.X.Row(r))
			if !(math.Abs(got-want.Data[r]) < 1e-12*(1+math.Abs(want.Data[r]))) {
				t.Errorf("%s: %v, want %v: %s", name, got, want.Data[r], b.String())
			}
			tried++
		}
	}
	for _, kind := range nn.Kinds() {
		for _, act := range []nn.Activation{nn.Tanh, nn.Sigmoid, nn.Softplus, nn.Sin} {
			for _, sc := range []*nn.Scaling{nil, scale} {
				m, err := kind.New(&nn.Networks{Hidden: []int{9}, Act: act, Src: src, Masses: []float64{0.3}}, s, sc)
				if err == nil { // else the kind wants more
					check(kind.Name+" "+string(act), m)
				}
			}
		}
	}
	for name, m := range ports(t, s, scale, src) {
		check(name, m)
	}
	if tried < 100 {
		t.Errorf("%d values", tried)
	}
	if err := Formula(new(strings.Builder), models(t, 2)["hnn_tanh_2"], []string{"x", "y", "px", "py"}); err == nil || !strings.Contains(err.Error(), "want a smaller network") {
		t.Error(err)
	}
}
