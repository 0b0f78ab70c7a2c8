package export

import (
	"bytes"
	"strings"
	"testing"

	"hnn/autodiff"
	"hnn/nn"
)

func safetensorsOf(t testing.TB, m nn.Stored, made *nn.Origin) []byte {
	t.Helper()
	var model, out bytes.Buffer
	if err := nn.Save(&model, m, made); err != nil {
		t.Fatal(err)
	}
	if err := Safetensors(&out, model.Bytes()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// Every model comes back from safetensors as the same model file, to the byte.
func TestSafetensors(t *testing.T) {
	made := &nn.Origin{Program: "x", Command: "train", Flags: map[string]string{"q": "θ <&> \"", "p": ""}, Q: []string{"θ"}, P: []string{"p"}, Low: []float64{-1, 0.1}, High: []float64{1e-300, 3}}
	for name, m := range models(t, 2) {
		for _, made := range []*nn.Origin{nil, made} {
			tensors, meta, err := Read(bytes.NewReader(safetensorsOf(t, m, made)))
			if err != nil || meta["kind"] != m.Kind() || meta["format"] != Format {
				t.Fatal(name, err, meta)
			}
			file, err := Model(tensors, meta)
			if err != nil {
				t.Fatal(name, err)
			}
			again, from, err := nn.Load(bytes.NewReader(file))
			if err != nil {
				t.Fatalf("%s: %v\n%.500s", name, err, file)
			}
			var want, got bytes.Buffer
			if err := nn.Save(&want, m, made); err != nil {
				t.Fatal(err)
			}
			if err := nn.Save(&got, again, from); err != nil || !bytes.Equal(got.Bytes(), want.Bytes()) {
				t.Errorf("%s: %v: another file", name, err)
			}
		}
	}
}

func layers(sizes ...int) map[string]Tensor {
	all := map[string]Tensor{}
	for i := 1; i < len(sizes); i++ {
		w := Tensor{[]int{sizes[i], sizes[i-1]}, make([]float64, sizes[i]*sizes[i-1])}
		for k := range w.Data {
			w.Data[k] = float64(k%7-3) / float64(i)
		}
		name := "differentiable_model.linear" + string(rune('0'+i))
		all[name+".weight"] = w
		if i < len(sizes)-1 {
			all[name+".bias"] = Tensor{[]int{sizes[i]}, make([]float64, sizes[i])}
		}
	}
	return all
}

// Shapes decide what a network of the reference code is.
func TestTorch(t *testing.T) {
	for _, c := range []struct {
		sizes     []int
		kind      string
		want, err string
	}{
		{[]int{2, 20, 20, 1}, "", "hnn", ""},
		{[]int{4, 20, 20, 2}, "", "hnn", ""},
		{[]int{4, 20, 20, 4}, "", "baseline", ""},
		{[]int{2, 20, 20, 2}, "hnn", "hnn", ""},
		{[]int{2, 20, 20, 2}, "baseline", "baseline", ""},
		{[]int{2, 20, 20, 2}, "", "", "-kind hnn or -kind baseline says which"},
		{[]int{3, 20, 20, 2}, "", "", "want pairs of q and p"},
		{[]int{4, 20, 20, 3}, "", "", "want 1 or 2 outputs for an hnn, and 4 for a baseline"},
		{[]int{4, 20, 20, 1}, "baseline", "", "want 1 or 2 outputs for an hnn, and 4 for a baseline"},
	} {
		net, err := Network(layers(c.sizes...), nn.Tanh)
		if err != nil {
			t.Fatal(err)
		}
		m, err := ModelOf(net, c.kind)
		if err == nil && (m.Kind() != c.want || m.Check() != nil) || err == nil != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%v %s: %v %v", c.sizes, c.kind, m, err)
		}
	}
	// Of two potentials, the second is H.
	net, _ := Network(layers(2, 3, 2), nn.Tanh)
	m, err := ModelOf(net, "hnn")
	if err != nil {
		t.Fatal(err)
	}
	x := &autodiff.Matrix{Rows: 1, Cols: 2, Data: []float64{0.3, -0.4}}
	if got, want := nn.Evaluate(m.(*nn.HNN).H, x).Data[0], nn.Evaluate(net.Apply, x).Data[1]; got != want {
		t.Error(got, want)
	}
	wrong := layers(2, 3, 2)
	wrong["differentiable_model.scale"] = Tensor{[]int{1}, []float64{2}}
	if _, err := Network(wrong, nn.Tanh); err == nil || !strings.Contains(err.Error(), "is no part of a linear layer") {
		t.Error(err)
	}
	wrong = layers(2, 3, 2)
	wrong["differentiable_model.linear2.weight"] = Tensor{[]int{2, 4}, make([]float64, 8)}
	if _, err := Network(wrong, nn.Tanh); err == nil || !strings.Contains(err.Error(), "has 4 inputs, and the layer before 3 outputs") {
		t.Error(err)
	}
	if natural("linear2.w", "linear10.w") >= 0 || natural("a", "b") >= 0 || natural("a1", "a1") != 0 || natural("a", "a1") >= 0 {
		t.Error("names are not in natural order")
	}
}

// What is damaged is an error, never a panic.
func FuzzRead(f *testing.F) {
	good := safetensorsOf(f, models(f, 1)["hnn_tanh_1_scaled"], nil)
	f.Add(good)
	f.Add(good[:200])
	f.Add([]byte("\x02\x00\x00\x00\x00\x00\x00\x00{}"))
	f.Add([]byte(`        {"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}1234`))
	f.Add([]byte("PK\x03\x04 torch"))
	f.Fuzz(func(t *testing.T, b []byte) {
		tensors, meta, err := Read(bytes.NewReader(b))
		if err != nil {
			return
		}
		if file, err := Model(tensors, meta); err == nil {
			nn.Load(bytes.NewReader(file))
		}
		if net, err := Network(tensors, nn.Tanh); err == nil {
			ModelOf(net, "")
		}
	})
}
