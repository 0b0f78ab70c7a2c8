package verify

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"hnn/autodiff"
	"hnn/autodiff/elementary"
	"hnn/autodiff/kernel"
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
		if n != len(products)+len(loops)+1 {
			t.Errorf("%d kernels of %s", n, set.Name())
		}
	}
	for _, want := range []string{"hnn 0.0.0, a machine\n", "kernel go MatMulT", "rule tanh", "order DOP853",
		"symplectic Yoshida6", "energy GaussLegendre6", "steps RK45", "elementary cos", "hnn field", "adam, weight decay",
		"samplers", "experiment", "all "} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not in\n%s", want, out)
		}
	}
}

// The checks of the kernels leave the one in use as it was.
func TestKernelsRestored(t *testing.T) {
	defer kernel.Active().Use()
	for _, set := range kernel.Sets() {
		set.Use()
		checkKernels(&report{show: func(*finding) {}})
		if now := kernel.Active().Name(); now != set.Name() {
			t.Errorf("kernels %s after the check, %s before", now, set.Name())
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

// What is wrong is found and named.
func TestVerifyFails(t *testing.T) {
	rk4, end, weights := methods[1], pendulumEnd[0], refWeights[2][3]
	for name, c := range map[string]check{
		"experiment": {"", func(r *report) { checkExperiment(r, strings.Repeat("0", 64)) }},
		"symplectic": {"", func(r *report) { r.most("symplectic", symplecticDefect(rk4), 1e-12, "") }},
		"energy":     {"", func(r *report) { r.within("energy", energyGrowth(rk4), 0.5, 1.2, "", "") }},
		"order RK45": {"", func(r *report) {
			pendulumEnd[0] += 1e-6
			defer func() { pendulumEnd[0] = end }()
			checkOrders(r)
		}},
		"hnn H": {"", func(r *report) {
			refWeights[2][3] += 1e-9
			defer func() { refWeights[2][3] = weights }()
			checkNetwork(r)
		}},
		"kernel go TanhTo": {"", func(r *report) {
			defer func(old []loop) { loops = old }(loops)
			loops = []loop{function("TanhTo", func(z, x []float64) {
				kernel.TanhTo(z, x)
				if len(z) > 40 && z[40] == z[40] {
					z[40] += z[40] * 0x1p-52
				}
			}, elementary.Tanh)}
			checkKernels(r)
		}},
		"rule half": {"", func(r *report) {
			defer func(old []ruleCase) { ruleCases = old }(ruleCases)
			ruleCases = []ruleCase{{"half", -2, func(x, y autodiff.Var) autodiff.Var { return autodiff.Mul(autodiff.Detach(x), x) }}}
			checkRules(r)
		}},
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
		out, err := verified([]check{c, {"samplers", checkSamplers}}, false)
		if err == nil || !strings.Contains(err.Error(), name) || !strings.Contains(out, "FAIL  "+name) || !strings.Contains(out, "ok    samplers") {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
}

// Every operation of autodiff has a case.
func TestRuleCases(t *testing.T) {
	b, err := os.ReadFile("../../../../autodiff/rules.go")
	if err != nil {
		t.Fatal(err)
	}
	var want, got []string
	for _, m := range regexp.MustCompile(`\bop[A-Z]\w*: +\{name: "(\w+)"`).FindAllSubmatch(b, -1) {
		want = append(want, string(m[1]))
	}
	for _, c := range ruleCases {
		got = append(got, c.name)
	}
	if !slices.Equal(got, want) || len(want) < 26 {
		t.Errorf("cases of %v, rules.go has %v", got, want)
	}
}

// Each case contains the operation that it is named after.
func TestRuleCasesContain(t *testing.T) {
	for _, c := range ruleCases {
		var g autodiff.Graph
		src := rand.NewPCG(1, 1)
		x, y := c.leaf(&g, src, 1, 4), c.leaf(&g, src, 3, 4)
		c.f(repeat(x, y), y)
		if !strings.Contains(g.String(), " = "+c.name+" ") {
			t.Errorf("the case of %s lacks it", c.name)
		}
	}
}

// The small experiment has the hash that the program carries, with any number of
// processors, and another with another seed.
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
