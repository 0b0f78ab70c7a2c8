package main

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
	"hnn/spring"
)

var long = flag.Bool("long", false, "run the long tests")

// verified runs checks as hnn verify does.
func verified(t *testing.T, cs []check, args ...string) result {
	t.Helper()
	defer func(old []check) { checks = old }(checks)
	checks = cs
	var out, errs bytes.Buffer
	e := &env{ctx: context.Background(), stdout: &out, stderr: &errs}
	return result{e.main(append([]string{"verify"}, args...)), out.String(), errs.String()}
}

// Everything passes, is listed, and says which kernels are in use.
func TestVerify(t *testing.T) {
	r := verified(t, checks)
	if r.status != 0 || strings.Contains(r.out, "FAIL") || r.errors != "" {
		t.Fatalf("status %d\n%s%s", r.status, r.out, r.errors)
	}
	for _, want := range []string{"kernels " + kernel.Implementation(), "kernel go MatMulT", "rule tanh", "order DOP853",
		"symplectic Yoshida6", "energy GaussLegendre6", "steps RK45", "elementary cos", "hnn field", "adam, weight decay",
		"samplers", "experiment", "all "} {
		if !strings.Contains(r.out, want) {
			t.Errorf("%q is not in\n%s", want, r.out)
		}
	}
}

func TestVerifyJSON(t *testing.T) {
	few := []check{{"hnn", verifyHNN}, {"bad", func(r *report) { r.within("bad", math.NaN(), 0, 1, "m", "why") }}}
	for i, cs := range [][]check{few[:1], few} {
		r := verified(t, cs, "-json")
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
		if err := json.Unmarshal([]byte(r.out), &got); err != nil {
			t.Fatal(err, r.out)
		}
		if r.status != i || got.OK != (i == 0) || got.Kernels != kernel.Implementation() || len(got.Checks) != 6+i {
			t.Errorf("status %d, %+v", r.status, got)
		}
		if last := got.Checks[len(got.Checks)-1]; i == 1 && (last.OK || last.Measured != nil || last.Detail != "why") {
			t.Errorf("%+v", last)
		}
	}
}

// What is wrong is found, named, and ends with status 1.
func TestVerifyFails(t *testing.T) {
	rk4, end, weights := methods[1], pendulumEnd[0], refWeights[2][3]
	for name, c := range map[string]check{
		"experiment": {"", func(r *report) { verifyExperiment(r, strings.Repeat("0", 64)) }},
		"symplectic": {"", func(r *report) { r.most("symplectic", symplecticDefect(rk4), 1e-12, "") }},
		"energy":     {"", func(r *report) { r.within("energy", energyGrowth(rk4), 0.5, 1.2, "", "") }},
		"order RK45": {"", func(r *report) {
			pendulumEnd[0] += 1e-6
			defer func() { pendulumEnd[0] = end }()
			verifyOrders(r)
		}},
		"hnn H": {"", func(r *report) {
			refWeights[2][3] += 1e-9
			defer func() { refWeights[2][3] = weights }()
			verifyHNN(r)
		}},
		"adam": {"", func(r *report) {
			refTraining[0].decay = 1e-6
			defer func() { refTraining[0].decay = 0 }()
			verifyAdam(r)
		}},
		"a panic":   {"a panic", func(r *report) { var x []int; _ = x[len(r.findings)] }},
		"below":     {"", func(r *report) { r.within("below", 1, 2, 3, "", "") }},
		"above":     {"", func(r *report) { r.within("above", 4, 2, 3, "", "") }},
		"no number": {"", func(r *report) { r.most("no number", math.NaN(), 1, "") }},
	} {
		r := verified(t, []check{c, {"samplers", verifySamplers}})
		if r.status != 1 || !strings.Contains(r.out, "FAIL  "+name) || !strings.Contains(r.errors, name) || !strings.Contains(r.out, "ok    samplers") {
			t.Errorf("%s: status %d\n%s%s", name, r.status, r.out, r.errors)
		}
	}
}

func TestVerifyCalls(t *testing.T) {
	fails(t, hnn(t, "", "verify", "x"), 2, `unexpected argument "x"`)
	fails(t, hnn(t, "", "verify", "-jsn"), 2, "-jsn")
	if len(spring.SmallSHA256) != 64 {
		t.Error(spring.SmallSHA256)
	}
}

// The references agree with themselves where identities say so.
func TestExact(t *testing.T) {
	for _, x := range []float64{1e-9, 0.3, -2.5, 17} {
		if l := exactExp(x); x > 0 && math.Abs(must1(exactLog(must1(l.Float64())).Float64())-x) > 1e-15*x+3e-16 {
			t.Errorf("log exp %v", x)
		}
		s, c := exactSin(x), exactCos(x)
		one := s.Mul(s, s)
		if one.Add(one, c.Mul(c, c)); math.Abs(must1(one.Float64())-1) > 0 {
			t.Errorf("sin² + cos² of %v", x)
		}
	}
	if u := ulps(1+0x1p-52, exactExp(0)); u != 1 {
		t.Errorf("%v ulp, want 1", u)
	}
	if u := ulps(math.NaN(), exactExp(0)); !math.IsInf(u, 1) {
		t.Errorf("NaN: %v ulp", u)
	}
}

func must1[A, B any](a A, _ B) A { return a }

// The program itself, built with one thing wrong in its source, ends with status 1
// and names the check that should find it. Without -long only the places are looked up.
func TestVerifyMutants(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ file, old, new, finds string }{
		{"autodiff/rules.go", "Sub(g, Mul(g, Mul(z, z)))", "Sub(g, Mul(g, z))", "rule tanh"},
		{"autodiff/rules.go", "return Mul(g, Mul(z, Sigmoid(Neg(x)))), none", "return Mul(g, Mul(z, Sigmoid(Scale(x, -1.0001)))), none", "rule sigmoid"},
		{"autodiff/kernel/gemm.go", "s = math.FMA(x1, y1[j], s)", "s += float64(x1 * y1[j])", "kernel go MatMul"},
		{"autodiff/kernel/isa_amd64.go", "sub: sub", "sub: add", "kernel avx2 SubTo"},
		{"autodiff/kernel/elementary.go", "0x1.111111110f648p-7", "0x1.111121110f648p-7", "elementary exp"},
		{"autodiff/kernel/trig.go", "-0x1.5555555555549p-3", "-0x1.5555555556549p-3", "elementary sin"},
		{"autodiff/kernel/random.go", "src.Uint64()>>11)) * 0x1p-53", "src.Uint64()>>12)) * 0x1p-52", "samplers"},
		{"integrate/tableau.go", "-2187. / 6784", "-2186. / 6784", "order RK45"},
		{"integrate/tableau.go", "{1./4 + sqrt3/6, 1. / 4}", "{1./4 + sqrt3/6, 1.0001 / 4}", "symplectic GaussLegendre4"},
		{"integrate/solve.go", "= 0.9\n", "= 0.91\n", "steps RK45"},
		{"autodiff/hamilton.go", "Neg(Slice(grad, 0, n/2))", "Slice(grad, 0, n/2)", "hnn field"},
		{"autodiff/program.go", "v += float64(s.c0 * float64(x[s.x0]*x[s.y0]))", "v = math.FMA(float64(s.c0*x[s.x0]), x[s.y0], v)", "formula kepler"},
		{"nn/adam.go", "math.Sqrt(1 - a.beta2t)", "math.Sqrt(1 - a.beta1t)", "adam"},
		{"spring/experiment.go", "DefaultRate = 6e-3", "DefaultRate = 6.0000000001e-3", "experiment"},
	} {
		if strings.Contains(c.file, "amd64") && (runtime.GOARCH != "amd64" || kernel.Implementation() == "go") {
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
		if out, err := exec.Command("go", "build", "-overlay", overlay, "-o", bin, ".").CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", c.file, err, out)
		}
		cmd := exec.Command(bin, "verify")
		out, _ := cmd.CombinedOutput()
		if s := cmd.ProcessState.ExitCode(); s != 1 || !strings.Contains(string(out), "FAIL  "+c.finds) {
			t.Errorf("%s, %q → %q: status %d, no failure of %q in\n%s", c.file, c.old, c.new, s, c.finds, out)
		}
	}
}
