package nn

import (
	"bytes"
	"context"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"reflect"
	"strings"
	"testing"

	"hnn/autodiff"
)

func models(t testing.TB) []Stored {
	t.Helper()
	row := func(v ...float64) *autodiff.Matrix { return &autodiff.Matrix{Rows: 1, Cols: len(v), Data: v} }
	scale := &Scaling{Mu: row(1, 2, 0, 0.1), S: row(2, 1, 3, 6), Tau: 0.3}
	net := func(out int, act Activation) *MLP {
		m, err := NewMLP(act, out > 1, 4, 5, 3, out)
		if err != nil {
			t.Fatal(err)
		}
		m.Init(Xavier, rand.NewPCG(1, uint64(out)))
		return m
	}
	turning, err := NewMLP(Tanh, false, 5, 3, 1)
	if err != nil {
		t.Fatal(err)
	}
	turning.Init(Torch, rand.NewPCG(2, 3))
	turning.Periods = []float64{2 * math.Pi, 0, 0, 0} // the first layer has five inputs
	return []Stored{
		&HNN{K: net(1, Tanh)}, &HNN{K: net(1, Softplus), Scale: scale}, &Baseline{N: net(4, Sin), Scale: scale},
		&NextState{N: net(4, Sigmoid), Interval: 0.1}, &NextState{N: net(4, Tanh), Scale: scale, Interval: 1. / 3},
		&HNN{K: turning},
	}
}

var made = &Origin{Program: "9", Command: "train", Flags: map[string]string{"lr": "0.1"}, Q: []string{"x"}, P: []string{"px"}, T: "t", Low: []float64{-1, -2}, High: []float64{1, 2}}

func save(t testing.TB, m Stored) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Save(&b, m, made); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// A saved model is loaded with the same bits, and saved again as the same bytes.
func TestModelRoundTrip(t *testing.T) {
	x := springData(5).X
	x = &autodiff.Matrix{Rows: 2, Cols: 4, Data: x.Data[:8]}
	predict := func(m Model) []float64 {
		var y []float64
		if f, ok := m.(Field); ok {
			y = append(y, Evaluate(f.Field, x).Data...)
		}
		if e, ok := m.(Energy); ok {
			y = append(y, Evaluate(e.H, x).Data...)
		}
		if g, ok := m.(Map); ok {
			y = append(append(y, Evaluate(g.Next, x).Data...), g.Dt())
		}
		return y
	}
	for i, m := range models(t) {
		b := save(t, m)
		got, origin, err := Load(bytes.NewReader(b))
		if err != nil {
			t.Fatalf("model %d: %v\n%s", i, err, b)
		}
		if !reflect.DeepEqual(origin, made) {
			t.Errorf("model %d: made from %+v, want %+v", i, origin, made)
		}
		if !sameBits(weights(m), weights(got)) || !sameBits(predict(m), predict(got)) {
			t.Errorf("model %d comes back different", i)
		}
		if !bytes.Equal(save(t, got), b) {
			t.Errorf("model %d is written differently the second time", i)
		}
		c, err := Clone(m)
		if err != nil || !bytes.Equal(save(t, c), b) {
			t.Errorf("model %d: a clone differs: %v", i, err)
		}
		c.Params()[0].Data[0]++
		if !bytes.Equal(save(t, m), b) {
			t.Errorf("model %d shares its parameters with a clone", i)
		}
	}
}

func TestSaveRefuses(t *testing.T) {
	for _, v := range []float64{math.NaN(), math.Inf(1)} {
		m := newHNN(2, 3, 1)
		m.K.Layers[0].W.Data[4] = v
		var b bytes.Buffer
		if err := Save(&b, m, made); err == nil || b.Len() != 0 {
			t.Errorf("a weight of %v is saved: %v", v, err)
		}
	}
}

// unsealed is a file without its sha256, which is then an object of the same other keys.
func unsealed(b []byte) string { return string(b[:len(b)-sealSize]) + "}\n" }

// sealed puts the sha256 back, for a checkpoint that is wrong in another way.
func sealed(s string) string {
	b := bytes.NewBufferString(strings.TrimSuffix(s, "}\n"))
	seal(b)
	return b.String()
}

// No prefix of a model file is a model, and no file with a changed byte is. Without the
// checksum it is an error or a model whose numbers are finite.
func TestDamagedModel(t *testing.T) {
	whole := save(t, models(t)[1])
	for _, b := range [][]byte{whole, []byte(unsealed(whole))} {
		for i := range len(b) - 1 {
			if m, _, err := Load(bytes.NewReader(b[:i])); err == nil || m != nil {
				t.Fatalf("the first %d of %d bytes are a model", i, len(b))
			}
			for _, c := range []byte{0, 0xff, b[i] ^ 1} {
				d := append([]byte(nil), b...)
				d[i] = c
				m, _, err := Load(bytes.NewReader(d))
				if err == nil {
					checkLoaded(t, m)
				}
				if len(b) == len(whole) && err == nil {
					t.Fatalf("byte %d is %q for %q and that is not seen", i, c, b[i])
				}
			}
		}
	}
}

// flips is how many bits of each kind of file are flipped: see also -long of cmd/hnn.
const flips = 2000

// A model, or a checkpoint, with one flipped bit is refused.
func TestFlippedBits(t *testing.T) {
	src := rand.New(rand.NewPCG(1, 2))
	for name, c := range map[string]struct {
		b    []byte
		load func(r io.Reader) error
	}{
		"model":      {save(t, models(t)[1]), func(r io.Reader) error { _, _, err := Load(r); return err }},
		"checkpoint": {saveCheckpoint(t, checkpoint(t)), func(r io.Reader) error { _, err := LoadCheckpoint(r); return err }},
	} {
		if err := c.load(bytes.NewReader(c.b)); err != nil {
			t.Fatal(err)
		}
		for range flips {
			i := src.IntN(8 * len(c.b))
			c.b[i/8] ^= 1 << (i % 8)
			if err := c.load(bytes.NewReader(c.b)); err == nil {
				t.Errorf("%s: bit %d flipped, and read", name, i)
			}
			c.b[i/8] ^= 1 << (i % 8)
		}
	}
}

func checkLoaded(t *testing.T, m Stored) {
	t.Helper()
	for _, v := range weights(m) {
		if v-v != 0 {
			t.Fatal("a weight is not finite")
		}
	}
	if n := m.Dim(); n%2 != 0 {
		t.Fatal("odd dimension")
	}
	save(t, m)
}

func TestLoadRefuses(t *testing.T) {
	whole := save(t, models(t)[1])
	good := unsealed(whole)
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
		replace(`"tau": 0.3`, `"tau": `+strings.Repeat("[", 1000000)): "exceeded max depth",
		replace(`"format"`, `"Format"`):                               `key "format" is missing`,
		replace(`"kind": "hnn"`, `"kind": "hnn", "Kind": "hnn"`):      `unknown key "Kind"`,
		replace(`"kind": "hnn"`, `"kind": "hnn", "kind": "hnn"`):      "given twice",
		replace(`"version": 2`, `"version": 3`):                       "version 3, this program reads version 2",
		replace(`"version": 2`, `"version": "2"`):                     `version "2"`,
		replace(`"version": 2`, `"version": 1`):                       "",
		replace("hnn model", "other"):                                 "not an hnn model file",
		replace(`"kind": "hnn"`, `"kind": "mlp"`):                     `no kind of model is called "mlp"`,
		replace(`"kind": "hnn"`, `"kind": "baseline"`):                "1 outputs, want 4",
		replace(`"layers"`, `"periods": [0, 0, 0, 0], "layers"`):      "the periods of the network do not fit its inputs",
		replace(`"layers"`, `"periods": [1, 0, 0, 0], "layers"`):      "the periods of the network do not fit its inputs",
		replace(`"layers"`, `"periods": [-1, 0, 0], "layers"`):        "period 1 is -1, want a positive number, or 0",
		replace(`"layers"`, `"periods": [1, 1e-320, 0], "layers"`):    "period 2 is",
		replace("softplus", "relu"):                                   "unknown activation",
		replace(`"mu": [1,`, `"mu": [null,`):                          "null",
		replace(`"mu": [1,`, `"mu": [1e999,`):                         "mu",
		replace(`"mu": [1,`, `"mu": ["NaN",`):                         "mu",
		replace(`"mu": [1,`, `"mu": [`):                               "scaling",
		replace(`"s": [2,`, `"s": [-2,`):                              "want a positive number",
		replace(`"s": [2,`, `"s": [3,`):                               "H would not be that of the field",
		replace(`"w": [`, `"w": [[1,2,3],`):                           "w: ",
		replace(`"layers"`, `"dt": 0.1, "layers"`):                    `network: unknown key "dt"`,
		replace(`"parts": {`, `"parts": {"dt": 0.1, `):                `parts: unknown key "dt"`,
		replace(`"low": [-1`, `"low": [null`):                         "made: low: number 1 is null",
		strings.Replace(string(whole), "softplus", "tanh", 1):         "damaged",
		string(whole[:len(whole)-1]):                                  "damaged",
	} {
		m, _, err := Load(strings.NewReader(give))
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
		if m, _, err := Load(bytes.NewReader(b)); err == nil {
			checkLoaded(t, m)
		} else if m != nil {
			t.Fatal("an error and a model")
		}
	})
}

// Models of version 1 of each kind are read, and predict what they did.
func TestVersion1(t *testing.T) {
	for name, want := range map[string][]float64{
		"hnn":        {-0.1158202167745399, 0.0440484820050738, 0.023563023390672646},
		"derivative": {0.06681914829366996, 0.033844761296112726},
		"nextstate":  {0.07193974026944472, -0.43810743732381296},
	} {
		b, err := os.ReadFile("../testdata/models/v1_" + name + ".json")
		if err != nil {
			t.Fatal(err)
		}
		m, origin, err := Load(bytes.NewReader(b))
		if err != nil || origin != nil {
			t.Fatal(name, err, origin)
		}
		x := &autodiff.Matrix{Rows: 1, Cols: 2, Data: []float64{1, 0.5}}
		var got []float64
		if e, ok := m.(Energy); ok {
			got = append(got, Evaluate(e.H, x).Data...)
		}
		if f, ok := m.(Field); ok {
			got = append(got, Evaluate(f.Field, x).Data...)
		}
		if g, ok := m.(Map); ok {
			got = append(got, Evaluate(g.Next, x).Data...)
		}
		closeTo(t, name, got, want, 0)
		if again, _, err := Load(bytes.NewReader(save(t, m))); err != nil || !sameBits(weights(again), weights(m)) {
			t.Errorf("%s: written as version 2 and read: %v", name, err)
		}
		// A damaged file is either refused or a model with finite numbers.
		for i := range b {
			d := append([]byte(nil), b...)
			d[i] ^= 1
			if m, _, err := Load(bytes.NewReader(d)); err == nil {
				checkLoaded(t, m)
			}
		}
	}
}

func checkpoint(t testing.TB) *Checkpoint {
	t.Helper()
	var last *Checkpoint
	o := descent(3, 50)
	o.Rule.(*Adam).AMSGrad = true
	r := given(newHNN(2, 5, 1), o)
	r.Settings = map[string]string{"lr": "0.1", "data": "x"}
	r.Patience, r.Save = 2, func(c *Checkpoint) error { last = c; return nil }
	if _, err := Fit(context.Background(), springData(80).series(), r); err != nil {
		t.Fatal(err)
	}
	return last
}

// resume goes on from a checkpoint and returns the result.
func resume(c *Checkpoint) ([]float64, error) {
	m, o := newHNN(2, 5, 1), descent(5, 50)
	o.Rule.(*Adam).AMSGrad = true
	r := given(m, o)
	r.Patience, r.Resume = 2, c
	_, err := Fit(context.Background(), springData(80).series(), r)
	return weights(m), err
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
	if !bytes.Equal(saveCheckpoint(t, c), b) || c.Settings["lr"] != "0.1" {
		t.Errorf("a checkpoint comes back as\n%s", saveCheckpoint(t, c))
	}
	if _, err := resume(c); err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(b)-1; i += 3 {
		if c, err := LoadCheckpoint(bytes.NewReader(b[:i])); err == nil || c != nil {
			t.Fatalf("the first %d of %d bytes are a checkpoint", i, len(b))
		}
	}
	for _, c := range [][3]string{
		{`"format": "hnn checkpoint"`, `"format": "hnn model"`, "not an hnn checkpoint file"},
		{`"version": 2`, `"version": 9`, "version 9"},
		{`"before": 0`, `"before": 4`, "at most the 3 epochs"},
		{`"epochs": [`, `"epochs": [[1],`, "row 1 has 1 numbers"},
		{`"epoch": 3`, `"epoch": 2.5`, "epoch"},
		{`"step":6`, `"step":-6`, "step"},
		{`"step":6`, `"step":9000000000000000000`, "step 9000000000000000000 after an epoch that ended with step 6"},
		{`"step":6`, `"step":5`, "step 5 after an epoch that ended with step 6"},
		{`"epochs": [
[0,2,`, `"epochs": [
[0.5,2,`, "want whole numbers"},
		{`"amsgrad":true`, `"amsgrad":null`, "amsgrad: want true or false"},
		{`"m":[[`, `"m":[[1],[`, "the moments do not have the shapes"},
		{`"beta1":0.9`, `"beta1":5`, "β₁ = 5"},
		{`"eps":1e-8`, `"eps":-1`, "ε = -1"},
		{`"optimizer": "adam"`, `"optimizer": "sgd"`, "stage 0, sgd"},
		{`"stage": 0`, `"stage": 1`, "stage 1"},
	} {
		if !strings.Contains(string(b), c[0]) {
			t.Fatalf("no %q in\n%.600s", c[0], b)
		}
		damaged, err := LoadCheckpoint(strings.NewReader(sealed(strings.Replace(unsealed(b), c[0], c[1], 1))))
		if err == nil {
			_, err = resume(damaged)
		}
		if err == nil || !strings.Contains(err.Error(), c[2]) {
			t.Errorf("%s: %v, want %q", c[1], err, c[2])
		}
	}
}

func FuzzLoadCheckpoint(f *testing.F) {
	good := saveCheckpoint(f, checkpoint(f))
	f.Add(good)
	f.Add([]byte(unsealed(good)))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, file := range []string{string(b), sealed(string(b))} { // or nothing gets past the checksum
			c, err := LoadCheckpoint(strings.NewReader(file))
			if err == nil {
				saveCheckpoint(t, c)
				resume(c)
			} else if c != nil {
				t.Fatal("an error and a checkpoint")
			}
		}
	})
}
