package verify

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"hnn/autodiff/kernel"
	"hnn/autodiff/verify"
	"hnn/spring"
)

var long = flag.Bool("long", false, "run the long tests")

// verified runs checks as hnn verify does.
func verified(cs []check, asJSON bool) (out string, err error) {
	defer func(old []check) { checks = old }(checks)
	checks = cs
	var b bytes.Buffer
	err = Run(context.Background(), &b, "0.0.0", "a machine", asJSON)
	return b.String(), err
}

// Everything passes and is listed, with every kernel in each instruction set.
func TestVerify(t *testing.T) {
	out, err := verified(checks, false)
	if err != nil || strings.Contains(out, "FAIL") {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, set := range kernel.Sets() {
		n := strings.Count(out, "\nok    kernel "+set.Name()+" ")
		if n != len(verify.Products)+len(verify.Loops)+5 {
			t.Errorf("%d kernels of %s", n, set.Name())
		}
	}
	for _, want := range []string{"hnn 0.0.0, a machine\n", "kernel go MatMulT", "rule tanh", "order DOP853",
		"symplectic Yoshida6", "energy GaussLegendre6", "steps RK45", "elementary cos", "hnn field", "adam, weight decay",
		"samplers", "experiment", "pixels experiment", "pixels baseline decoder", "all "} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not in\n%s", want, out)
		}
	}
}

func TestVerifyJSON(t *testing.T) {
	few := []check{{"hnn", checkNetwork}, {"bad", func(r *report) { r.within("bad", math.NaN(), 0, 1, "m", "why") }}}
	for i, cs := range [][]check{few[:1], few} {
		out, err := verified(cs, true)
		var got struct {
			Kernels string
			OK      bool
			Checks  []struct {
				Name     string
				OK       bool
				Measured *float64
				High     float64
				Detail   string
			}
		}
		if err := json.Unmarshal([]byte(out), &got); err != nil {
			t.Fatal(err, out)
		}
		if (err != nil) != (i == 1) || got.OK != (i == 0) || got.Kernels != kernel.Active().Name() || len(got.Checks) != 6+i {
			t.Errorf("%v, %+v", err, got)
		}
		if last := got.Checks[len(got.Checks)-1]; i == 1 && (last.OK || last.Measured != nil || last.Detail != "why") {
			t.Errorf("%+v", last)
		}
	}
}

// A mistake is found and named.
func TestVerifyFails(t *testing.T) {
	weights := refWeights[2][3]
	for name, c := range map[string]check{
		"experiment": {"", func(r *report) { checkExperiment(r, strings.Repeat("0", 64)) }},
		"pixels":     {"", func(r *report) { checkPixels(r, strings.Repeat("0", 64)) }},
		"hnn H": {"", func(r *report) {
			refWeights[2][3] += 1e-9
			defer func() { refWeights[2][3] = weights }()
			checkNetwork(r)
		}},
		"kernel": {"", each(func(found func(verify.Finding)) {
			found(verify.Finding{Name: "kernel", Value: 2, Unit: "of 17 values differ", Detail: "here"})
		})},
		"adam": {"", func(r *report) {
			refTraining[0].decay = 1e-6
			defer func() { refTraining[0].decay = 0 }()
			checkAdam(r)
		}},
		"a panic":   {"a panic", func(r *report) { var x []int; _ = x[len(r.findings)] }},
		"below":     {"", func(r *report) { r.within("below", 1, 2, 3, "", "") }},
		"above":     {"", func(r *report) { r.within("above", 4, 2, 3, "", "") }},
		"no number": {"", func(r *report) { r.most("no number", math.NaN(), 1, "") }},
	} {
		out, err := verified([]check{c, {"samplers", each(verify.Samplers)}}, false)
		if err == nil || !strings.Contains(err.Error(), name) || !strings.Contains(out, "FAIL  "+name) || !strings.Contains(out, "ok    samplers") {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
}

// The small experiment has the hash in the program, with any number of processors. With
// another seed it has another hash.
func TestSameBits(t *testing.T) {
	run := func(c spring.Config) string {
		r, err := spring.Run(context.Background(), c, nil)
		if err != nil {
			t.Fatal(err)
		}
		return hash(r)
	}
	for _, procs := range []int{1, 2, 8} {
		old := runtime.GOMAXPROCS(procs)
		if got := run(small()); got != smallSHA256 {
			t.Errorf("GOMAXPROCS=%d gives %s, smallSHA256 is %s", procs, got, smallSHA256)
		}
		runtime.GOMAXPROCS(old)
	}
	c := small()
	c.Seed = 1
	if run(c) == smallSHA256 {
		t.Error("another seed gives the same bits")
	}
}

// The program is built with one mistake in its source. It ends with status 1 and names the
// check that should find the mistake. Without -long the test only looks up the places.
func TestVerifyMutants(t *testing.T) {
	root, err := filepath.Abs("../../../..")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ file, old, new, finds string }{
		{"autodiff/rules.go", "Sub(g, Mul(g, Mul(z, z)))", "Sub(g, Mul(g, z))", "rule tanh"},
		{"autodiff/rules.go", "return Mul(g, Mul(z, Sigmoid(Neg(x)))), none", "return Mul(g, Mul(z, Sigmoid(Scale(x, -1.0001)))), none", "rule sigmoid"},
		{"autodiff/kernel/gemm.go", "s = math.FMA(x1, y1[j], s)", "s += float64(x1 * y1[j])", "kernel go MatMul"},
		{"autodiff/kernel/isa_amd64.go", "sub: sub", "sub: add", "kernel avx2 SubTo"},
		{"autodiff/elementary/exp.go", "0x1.111111110f648p-7", "0x1.111121110f648p-7", "elementary exp"},
		{"autodiff/elementary/trig.go", "-0x1.5555555555549p-3", "-0x1.5555555556549p-3", "elementary sin"},
		{"autodiff/random/random.go", "src.Uint64()>>11)) * 0x1p-53", "src.Uint64()>>12)) * 0x1p-52", "samplers"},
		{"integrate/tableau.go", "-2187. / 6784", "-2186. / 6784", "order RK45"},
		{"integrate/tableau.go", "{1./4 + sqrt3/6, 1. / 4}", "{1./4 + sqrt3/6, 1.0001 / 4}", "symplectic GaussLegendre4"},
		{"integrate/solve.go", "= 0.9\n", "= 0.91\n", "steps RK45"},
		{"autodiff/hamilton.go", "Neg(Slice(grad, 0, n/2))", "Slice(grad, 0, n/2)", "hnn field"},
		{"autodiff/program.go", "v += float64(s.c0 * float64(x[s.x0]*x[s.y0]))", "v = math.FMA(float64(s.c0*x[s.x0]), x[s.y0], v)", "formula kepler"},
		{"nn/adam.go", "math.Sqrt(1 - a.beta2t)", "math.Sqrt(1 - a.beta1t)", "adam"},
		{"spring/experiment.go", "DefaultRate = 6e-3", "DefaultRate = 6.0000000001e-3", "experiment"},
	} {
		if strings.Contains(c.file, "amd64") && (runtime.GOARCH != "amd64" || kernel.Active().Name() == "go") {
			continue
		}
		b, err := os.ReadFile(filepath.Join(root, c.file))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Contains(b, []byte(c.old)) {
			t.Errorf("%s: no %s to change", c.file, c.old)
			continue
		}
		if !*long {
			continue
		}
		dir := t.TempDir()
		wrong, overlay, bin := filepath.Join(dir, "wrong"), filepath.Join(dir, "overlay.json"), filepath.Join(dir, "hnn")
		if err := os.WriteFile(wrong, bytes.ReplaceAll(b, []byte(c.old), []byte(c.new)), 0o644); err != nil {
			t.Fatal(err)
		}
		js, _ := json.Marshal(map[string]map[string]string{"Replace": {filepath.Join(root, c.file): wrong}})
		if err := os.WriteFile(overlay, js, 0o644); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command("go", "build", "-overlay", overlay, "-o", bin, "../..").CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", c.file, err, out)
		}
		cmd := exec.Command(bin, "verify")
		out, _ := cmd.CombinedOutput()
		if s := cmd.ProcessState.ExitCode(); s != 1 || !strings.Contains(string(out), "FAIL  "+c.finds) {
			t.Errorf("%s, %q → %q: status %d, no failure of %q in\n%s", c.file, c.old, c.new, s, c.finds, out)
		}
	}
}
