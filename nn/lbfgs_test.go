package nn

import (
	"context"
	"math"
	"testing"

	"hnn/autodiff"
)

// A function is a Problem of one row given by its formula of the parameters.
type function struct {
	x    *autodiff.Matrix
	plan *autodiff.Plan
	f, g *autodiff.Matrix
	n    int // evaluations
}

func newFunction(x0 []float64, f func(x []autodiff.Var) autodiff.Var) *function {
	p := &function{x: &autodiff.Matrix{Rows: 1, Cols: len(x0), Data: append([]float64(nil), x0...)}}
	var g autodiff.Graph
	leaf := g.Leaf("x", p.x)
	var xs []autodiff.Var
	for i := range x0 {
		xs = append(xs, autodiff.Slice(leaf, i, i+1))
	}
	y := f(xs)
	grad := autodiff.Grad(y, leaf)[0]
	p.plan, _ = autodiff.Compile(y, grad)
	p.f, p.g = p.plan.Value(y), p.plan.Value(grad)
	return p
}

func (p *function) Params() []*autodiff.Matrix { return []*autodiff.Matrix{p.x} }
func (p *function) Rows() int                  { return 1 }
func (p *function) Starts() []int              { return nil }
func (p *function) Grads() []*autodiff.Matrix  { return []*autodiff.Matrix{p.g} }
func (p *function) Eval([]int, bool) float64 {
	p.n++
	p.plan.Run()
	return p.f.Data[0]
}

func square(x autodiff.Var) autodiff.Var { return autodiff.Mul(x, x) }

// Test functions of Moré, Garbow and Hillstrom, "Testing Unconstrained Optimization Software"
// (1981): from the standard start to the known minimum, with at most 1.2 times the
// evaluations of SciPy 1.17's L-BFGS-B with maxcor 10, ftol 1e-14 and gtol 1e-8.
func TestLBFGS(t *testing.T) {
	rosenbrock := func(x []autodiff.Var) autodiff.Var {
		var sum autodiff.Var
		for i := 0; i+1 < len(x); i += 2 {
			a := autodiff.Scale(autodiff.Sub(x[i+1], square(x[i])), 10)
			term := autodiff.Add(square(a), square(autodiff.AddConst(autodiff.Neg(x[i]), 1)))
			if i == 0 {
				sum = term
			} else {
				sum = autodiff.Add(sum, term)
			}
		}
		return sum
	}
	powell := func(x []autodiff.Var) autodiff.Var {
		sum := x[0].Graph().Const(1, 1, 0)
		for ; len(x) > 0; x = x[4:] {
			a := autodiff.Add(x[0], autodiff.Scale(x[1], 10))
			b := autodiff.Sub(x[2], x[3])
			c := square(autodiff.Sub(x[1], autodiff.Scale(x[2], 2)))
			d := square(autodiff.Sub(x[0], x[3]))
			sum = autodiff.Add(sum, autodiff.Add(autodiff.Add(square(a), autodiff.Scale(square(b), 5)), autodiff.Add(square(c), autodiff.Scale(square(d), 10))))
		}
		return sum
	}
	repeat := func(x []float64, n int) []float64 {
		var all []float64
		for range n {
			all = append(all, x...)
		}
		return all
	}
	for _, c := range []struct {
		name  string
		x0    []float64
		f     func(x []autodiff.Var) autodiff.Var
		least float64
		evals int // SciPy's
	}{
		{"Rosenbrock", []float64{-1.2, 1}, rosenbrock, 1e-20, 46},
		{"extended Rosenbrock, n = 100", repeat([]float64{-1.2, 1}, 50), rosenbrock, 1e-18, 49},
		{"Powell", []float64{3, -1, 0, 1}, powell, 1e-12, 59},
		{"extended Powell, n = 100", repeat([]float64{3, -1, 0, 1}, 25), powell, 1e-12, 58},
	} {
		p := newFunction(c.x0, c.f)
		l := &LBFGS{Iterations: 1000, History: 10, LossTol: 1e-14, GradTol: 1e-8}
		if err := l.Minimize(context.Background(), p, nil); err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: f = %.3g after %d evaluations, %d iterations", c.name, p.f.Data[0], p.n, l.iteration)
		if !(p.f.Data[0] <= c.least) || float64(p.n) > 1.2*float64(c.evals) {
			t.Errorf("%s: f = %v after %d evaluations, want at most %v after 1.2 × %d", c.name, p.f.Data[0], p.n, c.least, c.evals)
		}
	}
}

// The line search meets both Wolfe conditions, also where the first guess is far off.
func TestSearch(t *testing.T) {
	for _, f := range []func(a float64) (float64, float64){
		func(a float64) (float64, float64) { return -a / (a*a + 2), (a*a - 2) / (a*a + 2) / (a*a + 2) }, // Moré, Thuente (5.1)
		func(a float64) (float64, float64) { return (a - 3) * (a - 3), 2 * (a - 3) },
	} {
		f0, s0 := f(0)
		for _, guess := range []float64{1e-3, 0.1, 10, 1e3} {
			n := 0
			v, step, err := search(f0, s0, guess, func(a float64) (float64, float64, error) { n++; v, s := f(a); return v, s, nil })
			_, slope := f(step)
			if err != nil || step == 0 || v > f0+wolfe1*step*s0 || math.Abs(slope) > wolfe2*math.Abs(s0) || n > 12 {
				t.Errorf("from %v: step %v, f %v, slope %v of %v, %d evaluations, %v", guess, step, v, slope, s0, n, err)
			}
		}
	}
	// No lower value, and values that are not finite beyond 1.
	if _, step, _ := search(0, -1, 1, func(a float64) (float64, float64, error) { return 1, 1, nil }); step != 0 {
		t.Error(step)
	}
	if v, step, _ := search(0, -1, 100, func(a float64) (float64, float64, error) {
		if a > 1 {
			return math.NaN(), math.NaN(), nil
		}
		return a*a - a, 2*a - 1, nil
	}); step == 0 || step > 1 || v >= 0 {
		t.Error(step, v)
	}
}

// No step is tried that is as large as one at which the function was not finite.
func TestSearchCeiling(t *testing.T) {
	ceiling := math.Inf(1)
	v, step, err := search(0, -1, 1, func(a float64) (float64, float64, error) {
		if a >= ceiling {
			t.Errorf("%v after %v", a, ceiling)
		}
		if a > 4.2 {
			ceiling = a
			return math.Inf(1), math.NaN(), nil
		}
		return -a, -1, nil // never flat enough
	})
	if err != nil || v != -step || !(step > 4) || step > 4.2 || math.IsInf(ceiling, 1) {
		t.Errorf("step %v, f %v, %v", step, v, err)
	}
}

// Pairs of any units are kept, and one without curvature pushes no other out.
func TestKeep(t *testing.T) {
	l := &LBFGS{History: 2}
	for _, step := range []float64{1e-16, 1e-16, 0, 2e-16} {
		l.learn([]float64{0}, []float64{step}, []float64{-1}, []float64{step * 1e16}, 1)
	}
	if len(l.s) != 2 || l.s[0][0] != 1e-16 || l.s[1][0] != 2e-16 {
		t.Errorf("kept %v", l.s)
	}
}
