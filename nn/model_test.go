package nn

import (
	"bytes"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"hnn/autodiff"
)

func models(t testing.TB) []Model {
	t.Helper()
	scale := &Scaling{Mu: []float64{1, 2, 0, 0.1}, S: []float64{2, 1, 3, 6}, Tau: 0.3}
	net := func(out int, act Activation) *MLP {
		m, err := NewMLP(act, out > 1, 4, 5, 3, out)
		if err != nil {
			t.Fatal(err)
		}
		m.Init(Xavier, rand.NewPCG(1, uint64(out)))
		return m
	}
	return []Model{
		&HNN{K: net(1, Tanh)}, &HNN{K: net(1, Softplus), Scale: scale}, &Derivative{N: net(4, Sin), Scale: scale},
		&NextState{N: net(4, Sigmoid), Dt: 0.1}, &NextState{N: net(4, Tanh), Scale: scale, Dt: 1. / 3},
	}
}

func save(t testing.TB, m Model) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Save(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// A model comes back with the same bits, and is written again as the same bytes.
func TestModelRoundTrip(t *testing.T) {
	x := springData(5).X
	x = &autodiff.Matrix{Rows: 2, Cols: 4, Data: x.Data[:8]}
	predict := func(m Model) []float64 {
		switch m := m.(type) {
		case *HNN:
			return append(Evaluate(m.Field, x).Data, Evaluate(m.H, x).Data...)
		case *Derivative:
			return Evaluate(m.Field, x).Data
		case *NextState:
			return append(Evaluate(m.Next, x).Data, m.Dt)
		}
		return nil
	}
	for i, m := range models(t) {
		b := save(t, m)
		got, err := Load(bytes.NewReader(b))
		if err != nil {
			t.Fatalf("model %d: %v\n%s", i, err, b)
		}
		if !sameBits(weights(m), weights(got)) || !sameBits(predict(m), predict(got)) {
			t.Errorf("model %d comes back different", i)
		}
		if !bytes.Equal(save(t, got), b) {
			t.Errorf("model %d is written differently the second time", i)
		}
	}
}

func TestSaveRefuses(t *testing.T) {
	for _, v := range []float64{math.NaN(), math.Inf(1)} {
		m := newHNN(2, 3, 1)
		m.K.Layers[0].W.Data[4] = v
		var b bytes.Buffer
		if err := Save(&b, m); err == nil || b.Len() != 0 {
			t.Errorf("a weight of %v is saved: %v", v, err)
		}
	}
}

// No prefix of a model file is a model, and no file with a changed byte is anything
// but an error or a model whose numbers are finite.
func TestDamagedModel(t *testing.T) {
	b := save(t, models(t)[1])
	for i := range len(b) - 1 {
		if m, err := Load(bytes.NewReader(b[:i])); err == nil || m != nil {
			if strings.TrimSpace(string(b[i:])) != "" {
				t.Fatalf("the first %d of %d bytes are a model", i, len(b))
			}
		}
		for _, c := range []byte{0, 0xff, b[i] ^ 1} {
			d := append([]byte(nil), b...)
			d[i] = c
			m, err := Load(bytes.NewReader(d))
			if err == nil {
				checkLoaded(t, m)
			}
		}
	}
}

func checkLoaded(t *testing.T, m Model) {
	t.Helper()
	for _, v := range weights(m) {
		if v-v != 0 {
			t.Fatal("a weight is not finite")
		}
	}
	if n := m.Net().Sizes()[0]; n%2 != 0 {
		t.Fatal("odd dimension")
	}
	save(t, m)
}

func TestLoadRefuses(t *testing.T) {
	good := string(save(t, models(t)[1]))
	replace := func(old, new string) string {
		if !strings.Contains(good, old) {
			t.Fatalf("no %q in\n%s", old, good)
		}
		return strings.Replace(good, old, new, 1)
	}
	for give, want := range map[string]string{
		"":                           "ends too early",
		"[]":                         "found",
		good + "x":                   "more after the end",
		good + "{}":                  "more after the end",
		"{}":                         `key "format" is missing`,
		strings.Repeat("[", 1000000): "found",
		replace(`"tau": 0.3`, `"tau": `+strings.Repeat("[", 1000000)): "tau",
		replace(`"format"`, `"Format"`):                               `unknown key "Format"`,
		replace(`"kind": "hnn"`, `"kind": "hnn", "kind": "hnn"`):      "given twice",
		replace(`"version": 1`, `"version": 2`):                       "version 2, this program reads version 1",
		replace("hnn model", "other"):                                 "not a model file",
		replace(`"kind": "hnn"`, `"kind": "mlp"`):                     `unknown kind of model "mlp"`,
		replace(`"kind": "hnn"`, `"kind": "derivative"`):              "1 outputs, want 4",
		replace("softplus", "relu"):                                   "unknown activation",
		replace(`"mu": [1,`, `"mu": [null,`):                          "null",
		replace(`"mu": [1,`, `"mu": [1e999,`):                         "mu",
		replace(`"mu": [1,`, `"mu": ["NaN",`):                         "mu",
		replace(`"mu": [1,`, `"mu": [`):                               "scaling",
		replace(`"s": [2,`, `"s": [-2,`):                              "want a positive number",
		replace(`"s": [2,`, `"s": [3,`):                               "H would not be that of the field",
		replace(`"w": [`, `"w": [[1,2,3],`):                           "",
		replace(`"layers"`, `"dt": 0.1, "layers"`):                    "dt",
	} {
		m, err := Load(strings.NewReader(give))
		if m != nil || err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") || len(err.Error()) > 300 {
			t.Errorf("%.80q…: %v, want %q", give, err, want)
		}
	}
}

func FuzzLoadModel(f *testing.F) {
	for _, m := range models(f) {
		f.Add(save(f, m))
	}
	f.Add([]byte("{}"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if m, err := Load(bytes.NewReader(b)); err == nil {
			checkLoaded(t, m)
		} else if m != nil {
			t.Fatal("an error and a model")
		}
	})
}

func checkpoint(t testing.TB) *Checkpoint {
	t.Helper()
	m := models(t)[1]
	c := &Checkpoint{
		Settings: map[string]string{"lr": "0.1", "data": "x"}, At: Position{Step: 7, Loss: 0.1},
		Model: m, Opt: &Adam{Beta1: 0.9, Beta2: 0.99, Eps: 1e-8, AMSGrad: true}, Best: models(t)[1], BestLoss: 1. / 3, BestEpoch: 2,
	}
	gs := []*autodiff.Matrix{}
	for _, p := range m.Net().Params() {
		g := autodiff.NewMatrix(p.Rows, p.Cols)
		for i := range g.Data {
			g.Data[i] = math.Sqrt(float64(i))
		}
		gs = append(gs, g)
	}
	c.Opt.Step(m.Net().Params(), gs, 0.1)
	return c
}

func saveCheckpoint(t testing.TB, c *Checkpoint) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := SaveCheckpoint(&b, c); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestCheckpointFile(t *testing.T) {
	b := saveCheckpoint(t, checkpoint(t))
	c, err := LoadCheckpoint(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(saveCheckpoint(t, c), b) || c.BestEpoch != 2 || c.Settings["lr"] != "0.1" || !c.Opt.AMSGrad {
		t.Errorf("a checkpoint comes back as\n%s", saveCheckpoint(t, c))
	}
	for i := 0; i < len(b)-1; i += 3 {
		if c, err := LoadCheckpoint(bytes.NewReader(b[:i])); err == nil || c != nil {
			t.Fatalf("the first %d of %d bytes are a checkpoint", i, len(b))
		}
	}
	for old, want := range map[string]string{
		`"format": "hnn checkpoint"`: "not a checkpoint file", `"version": 1,` + "\n": "version", `"step":7`: "step",
		`"m": [`: "moments", `"beta1t": 0.9`: "beta1t", `"epoch": 2`: "epoch", `"amsgrad": true`: "true or false",
	} {
		new := map[string]string{
			`"format": "hnn checkpoint"`: `"format": "hnn model"`, `"version": 1,` + "\n": `"version": 9,` + "\n", `"step":7`: `"step":-7`,
			`"m": [`: `"m": [[1],`, `"beta1t": 0.9`: `"beta1t": null`, `"epoch": 2`: `"epoch": 2.5`, `"amsgrad": true`: `"amsgrad": null`,
		}[old]
		if !strings.Contains(string(b), old) {
			t.Fatalf("no %q in\n%.300s", old, b)
		}
		c, err := LoadCheckpoint(strings.NewReader(strings.Replace(string(b), old, new, 1)))
		if c != nil || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", new, err, want)
		}
	}
}

func FuzzLoadCheckpoint(f *testing.F) {
	f.Add(saveCheckpoint(f, checkpoint(f)))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := LoadCheckpoint(bytes.NewReader(b))
		if err == nil {
			checkLoaded(t, c.Model)
			saveCheckpoint(t, c)
		} else if c != nil {
			t.Fatal("an error and a checkpoint")
		}
	})
}
