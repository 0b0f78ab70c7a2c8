package export

import (
	"bytes"
	"encoding/binary"
	"flag"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"hnn/autodiff"
	"hnn/autodiff/elementary"
	"hnn/autodiff/random"
	"hnn/integrate"
	"hnn/nn"
)

var long = flag.Bool("long", false, "compare a million states instead of a thousand")

// models returns one model of each kind and activation, for d pairs, its weights drawn.
func models(t testing.TB, d int) map[string]nn.Stored {
	src := rand.NewPCG(3, 5)
	s := &nn.Series{X: autodiff.NewMatrix(50, 2*d), DX: autodiff.NewMatrix(50, 2*d)}
	for r := range 50 {
		s.T = append(s.T, 0.1*float64(r))
		for j := range 2 * d {
			s.X.Row(r)[j], s.DX.Row(r)[j] = 3*random.Normal(src)+0.4, random.Normal(src)
		}
	}
	scale, err := nn.FitScaling(s.X, s.DX)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]nn.Stored{}
	for _, kind := range nn.Kinds() {
		for _, act := range []nn.Activation{nn.Tanh, nn.Sigmoid, nn.Softplus, nn.Sin} {
			for _, sc := range []*nn.Scaling{nil, scale} {
				m, err := kind.New(&nn.Networks{Hidden: []int{21, 6}, Act: act, Src: src, Masses: []float64{1.7}}, s, sc)
				if err != nil {
					t.Logf("%s: %v", kind.Name, err) // it wants more
					continue
				}
				name := fmt.Sprint(kind.Name, "_", act, "_", d)
				if sc != nil {
					name += "_scaled"
				}
				for _, p := range m.Params() { // biases too
					for i := range p.Data {
						p.Data[i] += 0.3 * random.Normal(src)
					}
				}
				all[name] = m
			}
		}
	}
	if len(all) < 40 {
		t.Fatalf("%d models", len(all))
	}
	s.Periodic = make([]bool, 2*d)
	s.Periodic[0] = true
	hnn, err := nn.KindOf("hnn")
	if err != nil {
		t.Fatal(err)
	}
	if all[fmt.Sprint("angle_tanh_", d, "_scaled")], err = hnn.New(&nn.Networks{Hidden: []int{21, 6}, Src: src}, s, scale); err != nil {
		t.Fatal(err)
	}
	for name, m := range ports(t, s, scale, src) {
		all[fmt.Sprint("port_", name, "_tanh_", d, "_scaled")] = m
	}
	return all
}

// ports returns a port model of each form of H and of friction, for states of a series.
func ports(t testing.TB, s *nn.Series, scale *nn.Scaling, src rand.Source) map[string]nn.Stored {
	typed := nn.Structure{H: "p^2/(2*m)+k*(1-cos(q))+net(q)+0.1*exp(-q^2)", Fit: map[string]float64{"m": 1.3, "k": 2}, Positive: []string{"m"}, Friction: "c*p^2/2+p^4/40"}
	leak, some := nn.Structure{Friction: "c*q^2/2+net(q)^2:q", Fit: map[string]float64{"c": 0.3}}, "q"
	if s.X.Cols == 4 {
		typed.H, typed.Friction = "p0^2/(2*m)+p1^2/2+k*log(2+q0^2)+sqrt(1+(q0-q1)^2)+net1(q0-q1)+net1(q1)", "c*(p0-p1)^2/2"
		leak.Friction, some = "c*(q0-p1)^2/2+net(q0)^2:q0,p1", "q0,p1"
	}
	typed.Fit["c"] = 0.2
	known := typed
	known.Set, known.Fit, known.Positive, known.Friction = map[string]float64{"m": 1.7, "k": -0.6}, nil, nil, "each:all"
	forms := map[string]nn.Structure{
		"typed": typed, "constant": {Friction: "constant"}, "each": {Friction: "each"}, "net": {Friction: "net"},
		"known": known, "leak": leak, "each_all": {Friction: "each:all"}, "net_all": {Friction: "net:all"},
		"each_some": {Friction: "each:" + some}, "net_some": {Friction: "net:" + some},
	}
	all := map[string]nn.Stored{}
	for _, name := range slices.Sorted(maps.Keys(forms)) {
		all[name] = port(t, forms[name], s, scale, src)
	}
	return all
}

// port returns a port model whose weights are drawn.
func port(t testing.TB, st nn.Structure, s *nn.Series, scale *nn.Scaling, src rand.Source) nn.Stored {
	kind, err := nn.KindOf("port")
	if err != nil {
		t.Fatal(err)
	}
	m, err := kind.New(&nn.Networks{Hidden: []int{9, 6}, Src: src, Structure: st}, s, scale)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range m.Params() {
		for i := range p.Data {
			p.Data[i] += 0.1 * random.Normal(src)
		}
	}
	return m
}

// compiler returns a C compiler and flags, or skips the test.
func compiler(t testing.TB) [][]string {
	var all [][]string
	for _, cc := range []string{"gcc", "clang"} {
		if path, err := exec.LookPath(cc); err == nil {
			levels := []string{"-O2"}
			if *long {
				levels = []string{"-O0", "-O2", "-O3"}
			}
			for _, level := range levels {
				all = append(all, []string{path, "-std=c99", level, "-ffp-contract=off", "-Wall", "-Wextra", "-Wno-unused-function", "-Werror"})
			}
		}
	}
	if all == nil {
		t.Skip("no C compiler here")
	}
	return all
}

func raw(v []float64) []byte {
	b := make([]byte, 0, 8*len(v))
	for _, x := range v {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(x))
	}
	return b
}

// differ counts numbers of different bits; all NaNs are alike.
func differ(got, want []float64) (n int, first string) {
	if len(got) != len(want) {
		return 1, fmt.Sprintf("%d numbers, want %d", len(got), len(want))
	}
	for i, v := range want {
		if math.Float64bits(got[i]) != math.Float64bits(v) && (v == v || got[i] == got[i]) {
			if n++; n == 1 {
				first = fmt.Sprintf("number %d is %x, want %x", i, got[i], v)
			}
		}
	}
	return n, first
}

// hardware are the flags for a processor with fused multiply-adds, and none for one without.
func hardware() [][]string {
	if b, err := os.ReadFile("/proc/cpuinfo"); err == nil && strings.Contains(string(b), " fma ") {
		return [][]string{{"-mfma"}, {}}
	}
	return [][]string{{}}
}

// The C program of every model gives the bits of the model, with and without optimisation, with the
// processor's fused multiply-add and without. The models are those of the table nn.Kinds.
func TestCBits(t *testing.T) {
	rows := 200
	if *long {
		rows = 1_000_000
	}
	all := map[string]nn.Model{}
	for name, m := range models(t, 1) {
		if strings.HasSuffix(name, "scaled") && (*long || strings.HasPrefix(name, "hnn")) {
			all[name] = m
		}
	}
	for name, m := range models(t, 2) {
		if strings.HasSuffix(name, "tanh_2_scaled") || strings.HasSuffix(name, "tanh_2") && *long {
			all[name] = m
		}
	}
	for name, m := range pushed(t) {
		all[name] = m
	}
	programs := map[string]string{}
	for i, cc := range compiler(t) {
		flags := hardware()[0]
		if i == 1 && !*long { // integers are slow: one program alone has them, and TestCFunctions
			flags, cc = nil, unoptimised(cc)
		}
		programs[fmt.Sprint(cc[0], cc[2], flags)] = buildModels(t, append(cc[:len(cc):len(cc)], flags...), all)
	}
	for name, m := range all {
		src := rand.NewPCG(8, 7)
		x := autodiff.NewMatrix(rows, m.Dim()+inputsOf(m))
		for k := range x.Data {
			x.Data[k] = 2 * random.Normal(src)
		}
		want := expected(t, m, x)
		for cc, program := range programs {
			cmd := exec.Command(program, name)
			cmd.Stdin = bytes.NewReader(raw(x.Data))
			out, err := cmd.Output()
			if err != nil {
				t.Errorf("%s %s: %v", name, cc, err)
				continue
			}
			if wrong, first := differ(numbers(out), want); wrong > 0 {
				t.Errorf("%s %s: %d numbers differ: %s", name, cc, wrong, first)
			}
		}
	}
	t.Logf("%d states of %d models, with %d programs", rows, len(all), len(programs))
}

// inputsOf returns the number of inputs of a model.
func inputsOf(m nn.Model) int {
	if d, ok := m.(nn.Driven); ok {
		return d.Inputs()
	}
	return 0
}

// buildModels makes a program that, for the model that its argument names, reads states, each with
// its inputs after it, and writes H, field or next state of each, and then 50 steps of RK4 and of
// the midpoint rule from the last.
func buildModels(t *testing.T, cc []string, all map[string]nn.Model) string {
	dir := t.TempDir()
	var b bytes.Buffer
	b.WriteString("#include <stdio.h>\n#include <string.h>\n") // one program with all of them
	args := append(cc[1:len(cc):len(cc)], "-o", filepath.Join(dir, "main"), filepath.Join(dir, "main.c"))
	var cases strings.Builder
	for name, m := range all {
		n, u := m.Dim(), ""
		if inputsOf(m) > 0 {
			u = fmt.Sprintf("x + %d, ", n)
		}
		var text bytes.Buffer
		if err := C(&text, name, m, []string{"a test"}); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, name+".c")
		if err := os.WriteFile(path, text.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "#include \"%[1]s.c\"\nstatic int test_%[1]s(void) {\n  double x[%[2]d], y[%[2]d];\n  if (%[1]s_selftest()) return 9;\n  while (fread(x, 8, %[2]d, stdin) == %[2]d) {\n", name, n+inputsOf(m))
		_, isField := m.(nn.Field)
		_, isEnergy := m.(nn.Energy)
		if isEnergy {
			fmt.Fprintf(&b, "    y[0] = %s_H(x); fwrite(y, 8, 1, stdout);\n", name)
		}
		if isField {
			fmt.Fprintf(&b, "    %s_field(x, %sy); fwrite(y, 8, %d, stdout);\n", name, u, n)
		}
		if _, ok := m.(nn.Map); ok {
			fmt.Fprintf(&b, "    %s_next(x, y); fwrite(y, 8, %d, stdout);\n", name, n)
		}
		b.WriteString("  }\n")
		if isEnergy {
			fmt.Fprintf(&b, "  %s_orbit o = {{0}, {0}, {0}, 0};\n  memcpy(o.x, x, sizeof o.x);\n", name)
		}
		if isField {
			fmt.Fprintf(&b, "  for (int s = 0; s < 50; s++) { %s_rk4(x, %s0.01); fwrite(x, 8, %d, stdout); }\n", name, u, n)
		}
		if isEnergy {
			fmt.Fprintf(&b, "  for (int s = 0; s < 50; s++) { if (%s_midpoint(&o, %s0.01)) return 8; fwrite(o.x, 8, %d, stdout); }\n", name, u, n)
		}
		b.WriteString("  return 0;\n}\n")
		fmt.Fprintf(&cases, "  if (!strcmp(argv[1], \"%s\")) return test_%s();\n", name, name)
	}
	fmt.Fprintf(&b, "int main(int argc, char **argv) {\n  (void)argc;\n%s  return 7;\n}\n", &cases)
	if err := os.WriteFile(filepath.Join(dir, "main.c"), b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(cc[0], args...).CombinedOutput(); err != nil { // without -lm
		t.Fatalf("%v: %v\n%.3000s", cc, err, out)
	}
	return filepath.Join(dir, "main")
}

// The C file needs nothing: it can be linked alone.
func TestCAlone(t *testing.T) {
	for name, m := range models(t, 1) {
		dir := t.TempDir()
		var b bytes.Buffer
		if err := C(&b, name, m, []string{"a comment with */ in it"}); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "m.c"), b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		cc := compiler(t)[0]
		args := append(cc[1:len(cc):len(cc)], "-nostdlib", "-nostartfiles", "-Wl,-e,"+name+"_selftest", "-o", filepath.Join(dir, "m"), filepath.Join(dir, "m.c"))
		if out, err := exec.Command(cc[0], args...).CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%.1000s", name, err, out)
		}
		if !*long {
			return
		}
	}
}

func numbers(b []byte) []float64 {
	v := make([]float64, len(b)/8)
	for i := range v {
		v[i] = math.Float64frombits(binary.LittleEndian.Uint64(b[8*i:]))
	}
	return v
}

// expected is what the program of a model should write, of states with inputs after them.
func expected(t *testing.T, m nn.Model, rows *autodiff.Matrix) []float64 {
	n, inputs := m.Dim(), inputsOf(m)
	x, u := autodiff.NewMatrix(rows.Rows, n), autodiff.NewMatrix(rows.Rows, inputs)
	for r := range rows.Rows {
		copy(x.Row(r), rows.Row(r))
		copy(u.Row(r), rows.Row(r)[n:])
	}
	var parts []*autodiff.Matrix
	h, isEnergy := m.(nn.Energy)
	if isEnergy {
		parts = append(parts, nn.Evaluate(h.H, x))
	}
	f, isField := m.(nn.Field)
	var move integrate.Field
	if isField {
		move = nn.NewField(f)
	}
	if inputs > 0 {
		parts = append(parts, drive(t, m.(nn.Driven), x, u))
		last := &autodiff.Matrix{Rows: 1, Cols: inputs, Data: u.Row(u.Rows - 1)}
		move = func(dst []float64, _ float64, x []float64) {
			copy(dst, drive(t, m.(nn.Driven), &autodiff.Matrix{Rows: 1, Cols: n, Data: x}, last).Data)
		}
	} else if isField {
		parts = append(parts, nn.Evaluate(f.Field, x))
	}
	if g, ok := m.(nn.Map); ok {
		parts = append(parts, nn.Evaluate(g.Next, x))
	}
	var want []float64
	for r := range x.Rows {
		for _, p := range parts {
			want = append(want, p.Row(r)...)
		}
	}
	methods := []*integrate.Method{}
	if isField {
		methods = append(methods, integrate.RK4)
		if isEnergy {
			methods = append(methods, integrate.ImplicitMidpoint)
		}
	}
	for _, method := range methods {
		sol, err := integrate.Fixed(method, move, 0, 0.5, 0.01, x.Row(x.Rows-1))
		if err != nil {
			t.Fatal(err)
		}
		for _, y := range sol.Y[1:] {
			want = append(want, y...)
		}
	}
	return want
}

// drive returns the motion of states with inputs.
func drive(t *testing.T, m nn.Driven, x, u *autodiff.Matrix) *autodiff.Matrix {
	var g autodiff.Graph
	y := m.Drive(g.Leaf("x", x), g.Leaf("u", u))
	plan, err := autodiff.Compile(y)
	if err != nil {
		t.Fatal(err)
	}
	plan.Run()
	return plan.Value(y)
}

// Each function of the C files has the bits of package elementary, and the fused multiply-add by
// integers those of math.FMA, for numbers of all sizes.
func TestCFunctions(t *testing.T) {
	text := "#include <stdio.h>\n#include <stdint.h>\n"
	for _, name := range append([]string{"fma"}, cOrder...) {
		b, err := cParts.ReadFile("c/" + name + ".c")
		if err != nil {
			t.Fatal(err)
		}
		text += string(b)
	}
	text += `int main(void) { double x[3], y[11]; while (fread(x, 8, 3, stdin) == 3) {
		y[0] = HNN_FMA(x[0], x[1], x[2]); y[1] = hnn_tanh(x[0]); y[2] = hnn_exp(x[0]); y[3] = hnn_log(x[0]); y[4] = hnn_sqrt(x[0]);
		y[5] = hnn_sin(x[0]); y[6] = hnn_cos(x[0]); y[7] = hnn_sigmoid(x[0]); y[8] = hnn_softplus(x[0]); y[9] = hnn_pow(x[0], x[1]);
		y[10] = hnn_pow(x[0], x[1] != x[1] ? x[1] : (double)(int)(5 * hnn_tanh(x[1]))); fwrite(y, 8, 11, stdout); } return 0; }
`
	n := 20_000
	if *long {
		n = 1_000_000
	}
	src := rand.NewPCG(9, 9)
	var in []float64
	special := []float64{0, math.Copysign(0, -1), 1, -1, 2, 0.5, math.Inf(1), math.Inf(-1), math.NaN(), 5e-324, -5e-324, 0x1p-1022, 0x1.fffffffffffffp-1023, math.MaxFloat64, -math.MaxFloat64, 3, -3, 710, -746}
	for _, a := range special {
		for _, b := range special {
			for _, c := range special {
				in = append(in, a, b, c)
			}
		}
	}
	for range n {
		var v [3]float64
		for k := range v {
			switch random.IntN(src, 4) {
			case 0:
				v[k] = math.Float64frombits(src.Uint64())
			case 1:
				v[k] = 5 * random.Normal(src)
			case 2:
				v[k] = 300 * random.Normal(src)
			default:
				v[k] = math.Ldexp(random.Normal(src), random.IntN(src, 60)-30)
			}
		}
		switch random.IntN(src, 8) {
		case 0: // near cancellation
			v[2] = -v[0] * v[1] * (1 + math.Ldexp(random.Normal(src), -random.IntN(src, 60)))
		case 1: // near the least numbers
			v[1], v[2] = math.Ldexp(1+random.Uniform(src), -1060)/v[0], math.Ldexp(random.Normal(src), -1060)
		case 2:
			v[2] = -v[0] * v[1]
		case 3:
			v[2] = math.Ldexp(v[0]*v[1], random.IntN(src, 220)-110)
		}
		in = append(in, v[:]...)
	}
	var want []float64
	for i := 0; i < len(in); i += 3 {
		x, y, z := in[i], in[i+1], in[i+2]
		want = append(want, math.FMA(x, y, z), elementary.Tanh(x), elementary.Exp(x), elementary.Log(x), math.Sqrt(x),
			elementary.Sin(x), elementary.Cos(x), elementary.Sigmoid(x), elementary.Softplus(x), elementary.Pow(x, y), elementary.Pow(x, math.Trunc(5*elementary.Tanh(y))))
	}
	names := []string{"fma", "tanh", "exp", "log", "sqrt", "sin", "cos", "sigmoid", "softplus", "pow", "pow"}
	for _, cc := range compiler(t) {
		for _, flags := range hardware() {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "main.c"), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
			args := append(append(cc[1:len(cc):len(cc)], flags...), "-o", filepath.Join(dir, "main"), filepath.Join(dir, "main.c"))
			if out, err := exec.Command(cc[0], args...).CombinedOutput(); err != nil {
				t.Fatalf("%v %v: %v\n%.3000s", cc, flags, err, out)
			}
			cmd := exec.Command(filepath.Join(dir, "main"))
			cmd.Stdin = bytes.NewReader(raw(in))
			out, err := cmd.Output()
			if err != nil {
				t.Fatal(err)
			}
			got := numbers(out)
			if len(got) != len(want) {
				t.Fatalf("%d numbers, want %d", len(got), len(want))
			}
			wrong := map[string]int{}
			for i, v := range want {
				if math.Float64bits(got[i]) != math.Float64bits(v) && (v == v || got[i] == got[i]) {
					name := names[i%len(names)]
					if wrong[name]++; wrong[name] < 3 {
						x := in[i/len(names)*3:]
						t.Errorf("%v %v: %s of %x, %x, %x is %x, want %x", cc[2], flags, name, x[0], x[1], x[2], got[i], v)
					}
				}
			}
		}
	}
}
