package export

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"hnn/autodiff"
	"hnn/autodiff/random"
	"hnn/integrate"
	"hnn/nn"
)

// pushed is a model with inputs: forces on its momenta.
type pushed struct {
	nn.HNN
	g *autodiff.Matrix // inputs×d
}

func (m *pushed) Inputs() int { return m.g.Rows }
func (m *pushed) Drive(x, u autodiff.Var) autodiff.Var {
	force := autodiff.MatMul(u, x.Graph().Leaf("g", m.g))
	return autodiff.Add(m.Field(x), autodiff.Pad(force, x.Cols()/2, x.Cols()))
}

// A field with inputs takes them in C, with the same bits, and in NumPy.
func TestInputs(t *testing.T) {
	src := rand.NewPCG(4, 4)
	models := map[string]nn.Driven{"pushed": &pushed{*models(t, 2)["hnn_tanh_2_scaled"].(*nn.HNN), &autodiff.Matrix{Rows: 3, Cols: 2, Data: []float64{1, 2, -0.5, 0.3, 0, 1}}}}
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
	for _, gain := range []string{"constant", "net"} {
		models["gain "+gain] = port(t, nn.Structure{Friction: "each", Inputs: []string{"u", "v", "w"}, Gain: gain}, s, scale, src).(nn.Driven)
	}
	for name, m := range models {
		t.Run(name, func(t *testing.T) { testInputs(t, m, src) })
	}
}

func testInputs(t *testing.T, m nn.Driven, src rand.Source) {
	const rows = 50
	x, u := autodiff.NewMatrix(rows, 4), autodiff.NewMatrix(rows, 3)
	var in []float64
	for r := range rows {
		for j := range 4 {
			x.Row(r)[j] = random.Normal(src)
		}
		for j := range 3 {
			u.Row(r)[j] = random.Normal(src)
		}
		in = append(append(in, x.Row(r)...), u.Row(r)...)
	}
	var g autodiff.Graph
	y := m.Drive(g.Leaf("x", x), g.Leaf("u", u))
	plan, err := autodiff.Compile(y)
	if err != nil {
		t.Fatal(err)
	}
	plan.Run()
	want := append([]float64{}, plan.Value(y).Data...)
	fs, err := functions(m, 1)
	if err != nil || inputs(fs) != 3 {
		t.Fatal(err)
	}
	f := func(dst []float64, _ float64, x []float64) { copy(dst, fs[1].run(x, u.Row(rows-1))) }
	for _, method := range []*integrate.Method{integrate.RK4, integrate.ImplicitMidpoint} {
		sol, err := integrate.Fixed(method, f, 0, 0.2, 0.01, x.Row(rows-1))
		if err != nil {
			t.Fatal(err)
		}
		for _, y := range sol.Y[1:] {
			want = append(want, y...)
		}
	}
	t.Run("NumPy", func(t *testing.T) {
		py := python(t, "numpy")
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
a = np.frombuffer(sys.stdin.buffer.read(), dtype='<f8').reshape(-1, 7)
x, u = a[:, :4], a[:, 4:]
y = m.field(x, u)
assert np.allclose(m.field(x[3], u[3]), y[3]) and np.allclose(m.field(x, u[3])[3], y[3]) and m.H(x[0]).shape == ()
steps = [x[-1]]
for i in range(20): steps.append(m.rk4(steps[-1], u[-1], 0.01))
sys.stdout.buffer.write(np.concatenate([y.ravel()] + steps[1:]).tobytes())
`, dir)
		cmd.Stdin = bytes.NewReader(raw(in))
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v %.2000s", err, out)
		}
		for i, v := range numbers(out) {
			if !(math.Abs(v-want[i]) < 1e-12) {
				t.Fatalf("number %d is %v, want %v", i, v, want[i])
			}
		}
	})
	cc := compiler(t)[0]
	dir := t.TempDir()
	var b bytes.Buffer
	if err := C(&b, "m", m, []string{"a test"}); err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(&b, `
#include <stdio.h>
#include <string.h>
int main(void) {
    double in[7], y[4];
    m_orbit o = {{0}, {0}, {0}, 0};
    if (m_selftest()) return 9;
    while (fread(in, 8, 7, stdin) == 7) { m_field(in, in + 4, y); fwrite(y, 8, 4, stdout); }
    memcpy(o.x, in, sizeof o.x);
    for (int i = 0; i < 20; i++) { m_rk4(in, in + 4, 0.01); fwrite(in, 8, 4, stdout); }
    for (int i = 0; i < 20; i++) { if (m_midpoint(&o, in + 4, 0.01)) return 8; fwrite(o.x, 8, 4, stdout); }
    return 0;
}
`)
	if err := os.WriteFile(filepath.Join(dir, "m.c"), b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	args := append(append(cc[1:len(cc):len(cc)], hardware()[0]...), "-o", filepath.Join(dir, "m"), filepath.Join(dir, "m.c"))
	if out, err := exec.Command(cc[0], args...).CombinedOutput(); err != nil {
		t.Fatalf("%v %.2000s", err, out)
	}
	cmd := exec.Command(filepath.Join(dir, "m"))
	cmd.Stdin = bytes.NewReader(raw(in))
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	if wrong, first := differ(numbers(out), want); wrong > 0 {
		t.Errorf("%d numbers differ: %s", wrong, first)
	}
}
