package verify

import (
	"math"
	"math/big"
	"slices"
	"testing"

	"hnn/autodiff"
	"hnn/autodiff/elementary"
	"hnn/autodiff/kernel"
)

// wrong returns the names of the findings that are not as they must be, and their number.
func wrong(check func(func(Finding))) (names []string, all int) {
	check(func(f Finding) {
		if all++; !f.OK() {
			names = append(names, f.Name)
		}
	})
	return names, all
}

// All is right, each instruction set has all kernels, and the one in use stays in use.
func TestChecks(t *testing.T) {
	defer kernel.Active().Use()
	sets := kernel.Sets()
	for name, c := range map[string]struct {
		check func(func(Finding))
		want  int
	}{
		"Kernels":    {Kernels, len(sets) * (len(Products) + len(Loops) + 5)},
		"Elementary": {Elementary, 5},
		"Rules":      {Rules, len(Cases)},
		"Samplers":   {Samplers, 1},
	} {
		sets[0].Use()
		if names, n := wrong(c.check); names != nil || n != c.want {
			t.Errorf("%s: %d findings, want %d; wrong: %v", name, n, c.want, names)
		}
		if now := kernel.Active().Name(); now != sets[0].Name() {
			t.Errorf("%s: kernels %s after the check, %s before", name, now, sets[0].Name())
		}
	}
}

// Each check finds what is wrong, and nothing else.
func TestChecksFind(t *testing.T) {
	products, loops, functions, cases := Products, Loops, Functions, Cases
	defer func() { Products, Loops, Functions, Cases = products, loops, functions, cases }()
	for want, c := range map[string]struct {
		spoil func()
		check func(func(Finding))
	}{
		"kernel go MatMul": {func() {
			Products[0].Run = func(w *kernel.Workspace, z, x, y []float64, m, k, n int) {
				if w.MatMul(z, x, y, m, k, n); len(z) > 40 && z[40] == z[40] {
					z[40] += z[40] * 0x1p-52
				}
			}
		}, Kernels},
		"kernel go TanhTo": {func() {
			i := slices.IndexFunc(Loops, func(l Loop) bool { return l.Name == "TanhTo" })
			Loops[i] = function("TanhTo", func(z, x []float64) {
				if kernel.TanhTo(z, x); len(z) > 40 && z[40] == z[40] {
					z[40] += z[40] * 0x1p-52
				}
			}, elementary.Tanh)
		}, Kernels},
		"elementary log": {func() { Functions[1].F = func(x float64) float64 { return elementary.Log(x) * (1 + 0x1p-52) } }, Elementary},
		"rule add": {func() {
			Cases[2].F = func(x, y autodiff.Var) autodiff.Var { return autodiff.Mul(autodiff.Detach(x), x) }
		}, Rules},
	} {
		Products, Loops, Functions, Cases = slices.Clone(products), slices.Clone(loops), slices.Clone(functions), slices.Clone(cases)
		c.spoil()
		names, _ := wrong(c.check)
		if sets := len(kernel.Sets()); !slices.Contains(names, want) || len(names) != 1 && len(names) != sets {
			t.Errorf("wrong: %v, want %s", names, want)
		}
	}
}

// A comparison sees what is written outside of a slice.
func TestFence(t *testing.T) {
	for _, at := range []int{-1, 5} {
		var c Comparison
		l := Loop{"name", func(u, v, w []float64, _, _, _ float64) {}, func(u, v, w *float64, _, _, _ float64) {}}
		l.Compare(&c, 5, 0, func() float64 { return 1 })
		if c.Wrong != 0 || c.Values != 15 {
			t.Fatalf("%+v", c)
		}
		f := fenced(5, func() float64 { return 1 })
		f.whole[margin+at] = 0
		if c.inside(f, func() string { return "here" }); c.Wrong != 1 || c.First == "" {
			t.Errorf("%+v after a write at %d", c, at)
		}
	}
}

func TestFinding(t *testing.T) {
	for v, want := range map[float64]bool{0: true, 1: true, 1.5: false, -1: false} {
		if f := (Finding{Value: v, Most: 1}); f.OK() != want {
			t.Errorf("%v of 1: %v", v, f.OK())
		}
	}
	if (Finding{Value: math.NaN(), Most: 1}).OK() {
		t.Error("NaN is right")
	}
}

// The exact functions agree with each other where identities say so.
func TestExact(t *testing.T) {
	small := func(name string, x float64, d *big.Float) {
		if v, _ := d.Float64(); math.Abs(v) > 1e-35 {
			t.Errorf("%s of %v: a difference of %v", name, x, v)
		}
	}
	for _, x := range []float64{1e-9, 0.3, -2.5, 17} {
		s, c := exactSinCos(x)
		one := s.Mul(s, s)
		small("sin² + cos²", x, one.Add(one, c.Mul(c, c)).Sub(one, wide(1)))
		e := exactExp(wide(x))
		small("log exp", x, num().Sub(exactLog(e, x+1e-15), wide(x)))
		small("exp(x) exp(−x)", x, e.Sub(e.Mul(e, exactExp(wide(-x))), wide(1)))
	}
	if u := Ulps(1+0x1p-52, exactExp(wide(0))); u != 1 {
		t.Errorf("%v ulp, want 1", u)
	}
	if u := Ulps(math.NaN(), wide(1)); !math.IsInf(u, 1) {
		t.Errorf("NaN: %v ulp", u)
	}
}
