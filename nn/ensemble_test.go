package nn

import (
	"bytes"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"hnn/autodiff"
)

// An ensemble is loaded with the same bits. A file of one model is an ensemble of one.
func TestEnsembleFile(t *testing.T) {
	all := models(t)
	var b bytes.Buffer
	if err := SaveAll(&b, all, made); err != nil {
		t.Fatal(err)
	}
	got, origin, err := LoadAll(bytes.NewReader(b.Bytes()))
	if err != nil || len(got) != len(all) || origin.Q[0] != "x" {
		t.Fatal(err, len(got), origin)
	}
	for i, m := range all {
		if got[i].Kind() != m.Kind() || !bytes.Equal(save(t, got[i]), save(t, m)) {
			t.Errorf("model %d comes back different", i)
		}
	}
	one, origin, err := LoadAll(bytes.NewReader(save(t, all[0])))
	if err != nil || len(one) != 1 || origin.Q[0] != "x" || !bytes.Equal(save(t, one[0]), save(t, all[0])) {
		t.Error(err, len(one), origin)
	}
	if _, _, err := Load(bytes.NewReader(b.Bytes())); err == nil || !strings.Contains(err.Error(), `its format is "hnn ensemble"`) {
		t.Error(err)
	}
	good := string(unsealed(b.Bytes()))
	for give, want := range map[string]string{
		strings.Replace(b.String(), "softplus", "tanh", 1):              "damaged",
		strings.Replace(good, `"kind": "baseline"`, `"kind": "x"`, 1):   `members: 3: nn: no kind of model is called "x"`,
		strings.Replace(good, `"version": 1`, `"version": 2`, 1):        "version 2, this program reads version 1",
		strings.Replace(good, `"members"`, `"others"`, 1):               "members",
		`{"format": "hnn ensemble", "version": 1, "members": []}`:       "an ensemble of no models",
		`{"format": "hnn ensemble", "version": 1, "members": [{}]}`:     "members: 1:",
		`{"format": "hnn ensemble", "version": 1, "members": [null]}`:   "members: 1:",
		`{"format": "hnn ensemble", "version": 1, "members": null}`:     "want an array",
		strings.Replace(good, `"kind": "hnn"`, `"kind": "baseline"`, 1): "member 1: ",
	} {
		m, _, err := LoadAll(strings.NewReader(give))
		if m != nil || err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%.60q…: %v, want %q", give, err, want)
		}
	}
	net, err := NewMLP(Tanh, false, 2, 3, 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, wrong := range [][]Stored{nil, {nil}, {all[0], &HNN{K: net}}} {
		if err := SaveAll(&b, wrong, nil); err == nil {
			t.Errorf("%d models are saved", len(wrong))
		}
	}
}

// A bootstrap sample has whole trajectories, as many as there are, each as likely as any other.
func TestResample(t *testing.T) {
	s := &Series{X: autodiff.NewMatrix(9, 2), DX: autodiff.NewMatrix(9, 2), Hidden: []bool{false, true}, Periodic: []bool{true, false}, Starts: []int{0, 2, 5}}
	for i := range 9 {
		s.T = append(s.T, float64(i))
		s.X.Row(i)[0], s.DX.Row(i)[1] = float64(i), -float64(i)
	}
	runs := [][]float64{{0, 1}, {2, 3, 4}, {5, 6, 7, 8}}
	var times [3]int
	for seed := range uint64(1000) {
		d := s.Resample(rand.NewPCG(seed, 0))
		if err := d.Check(); err != nil || d.Runs() != 3 || !d.Hidden[1] || !d.Periodic[0] {
			t.Fatal(err, d.Runs())
		}
		for i := range 3 {
			lo, hi := d.Run(i)
			k := slices.IndexFunc(runs, func(r []float64) bool { return slices.Equal(r, d.T[lo:hi]) })
			if k < 0 || d.X.At(lo, 0) != d.T[lo] || d.DX.At(hi-1, 1) != -d.T[hi-1] {
				t.Fatalf("run %d is %v", i, d.T[lo:hi])
			}
			times[k]++
		}
	}
	for _, n := range times {
		if math.Abs(float64(n)-1000) > 4*math.Sqrt(3000*2/9.) {
			t.Errorf("runs are drawn %v times", times)
		}
	}
	if a, b := s.Resample(rand.NewPCG(5, 0)), s.Resample(rand.NewPCG(5, 0)); a.Hash() != b.Hash() {
		t.Error("the same seed draws other runs")
	}
}

// Pieces have all rows once, and end at gaps and at the ends of trajectories.
func TestPieces(t *testing.T) {
	s := &Series{X: autodiff.NewMatrix(40, 2), Starts: []int{0, 10}}
	for i := range 40 {
		s.T = append(s.T, float64(i))
		if i >= 25 {
			s.T[i] += 100
		}
	}
	p := s.Pieces(8) // five rows each
	if want := []int{0, 5, 10, 15, 20, 25, 30, 35}; !slices.Equal(p.Starts, want) || len(s.Starts) != 2 {
		t.Errorf("%v, want %v", p.Starts, want)
	}
	if p := s.Pieces(1000); p.Runs() != 20-2+1 { // two rows at least; odd numbers have a longer one
		t.Errorf("%d pieces", p.Runs())
	}
	bare := &Series{X: autodiff.NewMatrix(7, 2), DX: autodiff.NewMatrix(7, 2)}
	if p := bare.Pieces(3); !slices.Equal(p.Starts, []int{0, 2, 4}) {
		t.Error(p.Starts)
	}
}
