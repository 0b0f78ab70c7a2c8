package export

import (
	"bytes"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"hnn/autodiff"
	"hnn/autodiff/random"
	"hnn/nn"
)

// python returns a Python that has the modules, or skips the test.
func python(t *testing.T, modules string) string {
	path, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("no Python here")
	}
	if err := exec.Command(path, "-c", "import "+modules).Run(); err != nil {
		t.Skip("no Python with " + modules + " here")
	}
	return path
}

// The NumPy module of every model agrees with the model to 1e-12, for one state and for many.
func TestNumPy(t *testing.T) {
	py := python(t, "numpy")
	dir := t.TempDir()
	script := "import sys, numpy as np\nsys.path.insert(0, sys.argv[1])\nsys.dont_write_bytecode = True\n" +
		"x = np.frombuffer(sys.stdin.buffer.read(), dtype='<f8')\nout = []\n"
	want := map[string][]*autodiff.Matrix{}
	x := autodiff.NewMatrix(30, 4)
	src := rand.NewPCG(2, 4)
	for i := range x.Data {
		x.Data[i] = 2 * random.Normal(src)
	}
	var order []string
	all := models(t, 2)
	for name, m := range all {
		var b bytes.Buffer
		if err := NumPy(&b, m, []string{"a test with \\ and \"\"\" in it"}); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name+".py"), b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		order = append(order, name)
		script += "import " + name + " as m\nx = x.reshape(-1, 4)\n"
		add := func(f string, y *autodiff.Matrix) {
			want[name] = append(want[name], y)
			script += "y = m." + f + "(x)\nassert np.allclose(y[3], m." + f + "(x[3]), rtol=1e-12, atol=1e-12)\nout.append(y.ravel())\n"
		}
		if h, ok := m.(nn.Energy); ok {
			add("H", nn.Evaluate(h.H, x))
		}
		if f, ok := m.(nn.Field); ok {
			add("field", nn.Evaluate(f.Field, x))
			script += "assert m.rk4(x, 0.1).shape == x.shape and m.rk4(x[0], 0.1).shape == (4,)\n"
		}
		if g, ok := m.(nn.Map); ok {
			add("next", nn.Evaluate(g.Next, x))
		}
	}
	script += "sys.stdout.buffer.write(np.concatenate(out).astype('<f8').tobytes())\n"
	cmd := exec.Command(py, "-c", script, dir)
	cmd.Stdin = bytes.NewReader(raw(x.Data))
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%.2000s", err, errs.String())
	}
	got := numbers(out)
	worst := 0.
	for _, name := range order {
		for _, y := range want[name] {
			size := 0.
			for _, v := range y.Data {
				size = max(size, math.Abs(v))
			}
			for i, v := range y.Data {
				e := math.Abs(got[i]-v) / max(1, size)
				if worst = max(worst, e); !(e < 1e-12) {
					t.Fatalf("%s: %v, want %v", name, got[i], v)
				}
			}
			got = got[len(y.Data):]
		}
	}
	if len(got) != 0 {
		t.Error("there is more")
	}
	t.Logf("largest difference %.2g", worst)
}

// The safetensors file is one for the safetensors package.
func TestSafetensorsPackage(t *testing.T) {
	py := python(t, "numpy, safetensors.numpy")
	m := models(t, 2)["hnn_tanh_2_scaled"].(*nn.HNN)
	file := filepath.Join(t.TempDir(), "m.safetensors")
	if err := os.WriteFile(file, safetensorsOf(t, m, nil), 0o644); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(py, "-c", `
import sys
from safetensors.numpy import load_file, save_file
w = load_file(sys.argv[1])
assert w["network.layers.0.w"].shape == (21, 4) and w["scaling.mu"].shape == (4,), {k: v.shape for k, v in w.items()}
sys.stdout.buffer.write(w["network.layers.0.w"].tobytes())
s = {"linear%d.weight" % (i + 1): w["network.layers.%d.w" % i] for i in range(3)}
s.update({"linear%d.bias" % (i + 1): w["network.layers.%d.b" % i] for i in range(2)})
save_file(s, sys.argv[1] + ".torch")
`, file).Output()
	if err != nil {
		t.Fatalf("%v %s", err, err.(*exec.ExitError).Stderr)
	}
	if wrong, first := differ(numbers(out), m.K.Layers[0].W.Data); wrong > 0 {
		t.Error(first)
	}
	b, err := os.ReadFile(file + ".torch")
	if err != nil {
		t.Fatal(err)
	}
	tensors, _, err := Read(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	net, err := Network(tensors, nn.Tanh)
	if err != nil {
		t.Fatal(err)
	}
	again, err := ModelOf(net, "")
	if err != nil {
		t.Fatal(err)
	}
	x := &autodiff.Matrix{Rows: 1, Cols: 4, Data: []float64{1, 2, 3, 4}}
	if wrong, first := differ(nn.Evaluate(again.(nn.Energy).H, x).Data, nn.Evaluate((&nn.HNN{K: m.K}).H, x).Data); wrong > 0 {
		t.Error(first)
	}
}
