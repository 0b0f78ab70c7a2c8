package export

import (
	"bytes"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"hnn/autodiff"
	"hnn/autodiff/random"
	"hnn/nn"
)

// A forced HNN has forces on its momenta.
type forced struct {
	nn.HNN
	g *autodiff.Matrix // inputs×d
}

func (m *forced) Inputs() int { return m.g.Rows }
func (m *forced) Drive(x, u autodiff.Var) autodiff.Var {
	force := autodiff.MatMul(u, x.Graph().Leaf("g", m.g))
	return autodiff.Add(m.Field(x), autodiff.Pad(force, x.Cols()/2, x.Cols()))
}

// pushed returns models with three inputs: a port of each form of gain, and one of another type.
func pushed(t testing.TB) map[string]nn.Model {
	src := rand.NewPCG(4, 4)
	s := &nn.Series{X: autodiff.NewMatrix(9, 4), DX: autodiff.NewMatrix(9, 4), U: autodiff.NewMatrix(9, 3)}
	for _, m := range []*autodiff.Matrix{s.X, s.DX, s.U} {
		for i := range m.Data {
			m.Data[i] = random.Normal(src)
		}
	}
	scale, err := nn.FitScaling(s.X, s.DX)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]nn.Model{"forced": &forced{*models(t, 2)["hnn_tanh_2_scaled"].(*nn.HNN), &autodiff.Matrix{Rows: 3, Cols: 2, Data: []float64{1, 2, -0.5, 0.3, 0, 1}}}}
	forms := map[string]nn.Structure{
		"constant": {Friction: "each", Gain: "constant"}, "net": {Friction: "each", Gain: "net"},
		"constant_q": {Friction: "net:all", Gain: "constant:q0,q1"}, "net_all": {Friction: "each:all", Gain: "net:all"},
		"typed": {H: "p0^2/(2*m)+p1^2/2+k*q0^2*q1+net(q0)", Set: map[string]float64{"m": 1.3}, Fit: map[string]float64{"k": 0.7}, Gain: "constant:q0"},
	}
	for _, name := range slices.Sorted(maps.Keys(forms)) {
		st := forms[name]
		st.Inputs = []string{"u", "v", "w"}
		all["gain_"+name] = port(t, st, s, scale, src)
	}
	one := *s
	one.U = &autodiff.Matrix{Rows: 9, Cols: 1, Data: s.U.Data[:9]}
	all["gain_known"] = port(t, nn.Structure{Friction: "net", Inputs: []string{"u"}, Gain: "-1.7:q1"}, &one, scale, src)
	return all
}

// A field with inputs takes them in NumPy.
func TestInputs(t *testing.T) {
	py := python(t, "numpy")
	src := rand.NewPCG(4, 5)
	for name, m := range pushed(t) {
		const rows = 50
		k := inputsOf(m)
		x := autodiff.NewMatrix(rows, 4+k)
		for i := range x.Data {
			x.Data[i] = random.Normal(src)
		}
		want := expected(t, m, x)
		dir := t.TempDir()
		var b bytes.Buffer
		if err := NumPy(&b, m, nil); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "m.py"), b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(py, "-c", `
import sys, numpy as np
sys.path.insert(0, sys.argv[1])
sys.dont_write_bytecode = True
import m
a = np.frombuffer(sys.stdin.buffer.read(), dtype='<f8').reshape(50, -1)
x, u = a[:, :4], a[:, 4:]
y = m.field(x, u)
assert np.allclose(m.field(x[3], u[3]), y[3]) and np.allclose(m.field(x, u[3])[3], y[3]) and m.H(x[0]).shape == ()
steps = [x[-1]]
for i in range(50): steps.append(m.rk4(steps[-1], u[-1], 0.01))
sys.stdout.buffer.write(np.concatenate([np.column_stack([m.H(x), y]).ravel()] + steps[1:]).tobytes())
`, dir)
		cmd.Stdin = bytes.NewReader(raw(x.Data))
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v %.2000s", name, err, out)
		}
		got := numbers(out)
		if len(got) != rows*5+50*4 {
			t.Fatalf("%s: %d numbers", name, len(got))
		}
		for i, v := range got {
			if !(math.Abs(v-want[i]) < 1e-12) {
				t.Fatalf("%s: number %d is %v, want %v", name, i, v, want[i])
			}
		}
	}
}
