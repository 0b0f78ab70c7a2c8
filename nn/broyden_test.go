package nn

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"hnn/autodiff"
	"hnn/autodiff/kernel"
)

// After each step H is symmetric by its form, meets the secant condition H y = s, and −H g is the
// direction that is kept. Between the steps H is that of the formula in the comment of Broyden,
// computed with whole matrices.
func TestBroydenUpdate(t *testing.T) {
	const n = 7
	src := rand.New(rand.NewPCG(1, 2))
	vector := func() []float64 {
		x := make([]float64, n)
		for i := range x {
			x[i] = src.NormFloat64()
		}
		return x
	}
	curve := make([]float64, n) // of f = Σ curve x²/2
	for i := range curve {
		curve[i] = math.Exp(float64(i) - 3)
	}
	gradient := func(x []float64) []float64 {
		g := make([]float64, n)
		for i := range g {
			g[i] = curve[i] * x[i]
		}
		return g
	}
	b := aloneBroyden()
	full := func() [n][n]float64 {
		var h [n][n]float64
		for i := range n {
			for j := range n {
				h[i][j] = b.h[max(i, j)][min(i, j)]
			}
		}
		return h
	}
	times := func(h [n][n]float64, x []float64) []float64 {
		z := make([]float64, n)
		for i := range n {
			z[i] = kernel.Dot(h[i][:], x)
		}
		return z
	}
	x, d := vector(), make([]float64, n)
	g := gradient(x)
	for k, step := range []float64{0.1, 0.7, 1.5, 0.01, 1, 0.3, 0.9, 1.1} {
		b.direction(d, g)
		var before [n][n]float64
		if k > 0 {
			before = full()
		}
		xNew := make([]float64, n)
		for i := range xNew {
			xNew[i] = x[i] + step*d[i]
		}
		gNew := gradient(xNew)
		b.learn(x, xNew, g, gNew, step)
		s, y := make([]float64, n), make([]float64, n)
		for i := range n {
			s[i], y[i] = xNew[i]-x[i], gNew[i]-g[i]
		}
		ys, c := kernel.Dot(y, s), 0.
		if k == 0 { // H = (sᵀy/yᵀy) I, of which s is another multiple of −H g
			c = ys / kernel.Dot(y, y)
			for i := range n {
				before[i][i] = c
			}
			step /= c
		}
		hy := times(before, y)
		yhy := kernel.Dot(y, hy)
		bend, h := -step*kernel.Dot(s, g)/ys, yhy/ys
		a := bend*h - 1
		rho := min(1, h*(1-math.Sqrt(a/(a+1))))
		theta := max((rho-1)/a, min(1/rho, (1-bend)/bend))
		sigma := 1 + theta*a
		root, r := math.Pow(sigma, -1./(n-1)), min(1, 1/bend)
		tau, phi := r*min(root, 1/theta), (1-theta)/sigma
		if theta <= 0 {
			tau = min(r*root, sigma)
		}
		after := full()
		for i := range n {
			for j := range n {
				v := func(i int) float64 { return math.Sqrt(yhy) * (s[i]/ys - hy[i]/yhy) }
				want := (before[i][j]-hy[i]*hy[j]/yhy+phi*v(i)*v(j))/tau + s[i]*s[j]/ys
				if math.Abs(after[i][j]-want) > 1e-9*(1+math.Abs(want)) {
					t.Fatalf("step %d: H[%d][%d] = %v, want %v", k, i, j, after[i][j], want)
				}
			}
		}
		for i, v := range times(after, y) {
			if math.Abs(v-s[i]) > 1e-9*(1+math.Abs(s[i])) {
				t.Errorf("step %d: (H y)[%d] = %v, want %v", k, i, v, s[i])
			}
		}
		for i, v := range times(after, gNew) {
			if math.Abs(v+b.d[i]) > 1e-9*(1+math.Abs(v)) {
				t.Errorf("step %d: d[%d] = %v, want %v", k, i, b.d[i], -v)
			}
		}
		x, g = xNew, gNew
	}
}

// The matrix of a checkpoint must be that of the parameters, and these must not be too many.
func TestBroydenCheck(t *testing.T) {
	params := []*autodiff.Matrix{autodiff.NewMatrix(1, 2)}
	for _, b := range []*Broyden{
		{Iterations: -1}, {Subset: -1},
		{h: [][]float64{{1}, {0, 1}}},                        // no d
		{h: [][]float64{{1}}, d: []float64{0, 0}},            // a row too few
		{h: [][]float64{{1}, {0, 1, 2}}, d: []float64{0, 0}}, // not a triangle
		{h: [][]float64{{1}, {0, 1}}, d: []float64{0, 0, 0}}, // another d
	} {
		if err := b.Minimize(context.Background(), newFunction([]float64{1, 2}, func(x []autodiff.Var) autodiff.Var { return sum(x...) }), nil); err == nil {
			t.Errorf("%+v is taken", b)
		}
	}
	if err := (&Broyden{h: [][]float64{{1}, {0, 1}}, d: []float64{0, 0}}).Check(params); err != nil {
		t.Error(err)
	}
	if err := (&Broyden{}).Check([]*autodiff.Matrix{autodiff.NewMatrix(1, broydenMost+1)}); err == nil {
		t.Error("no limit")
	}
}

// On a network, an iteration of Broyden's method is worth many of L-BFGS.
func TestBroydenNetwork(t *testing.T) {
	loss := func(o Optimizer) float64 {
		f, err := Fit(context.Background(), ring(t), Recipe{Model: Kinds()[0].Maker(Networks{Hidden: []int{16, 16}, Src: rand.NewPCG(1, 1)}), Stages: []Optimizer{o}})
		if err != nil {
			t.Fatal(err)
		}
		return f.Last().Loss
	}
	slow, fast := loss(&LBFGS{Iterations: 300}), loss(&Broyden{Iterations: 300})
	t.Logf("L-BFGS %.3g, Broyden %.3g", slow, fast)
	if !(fast < 1e-2*slow) {
		t.Errorf("after 300 iterations the loss is %v with lbfgs and %v with broyden", slow, fast)
	}
}

// The number of workers changes no bit.
func TestBroydenWorkers(t *testing.T) {
	var want []float64
	for _, workers := range []int{1, 2, 5} {
		f, err := Fit(context.Background(), ring(t), Recipe{Model: Kinds()[0].Maker(Networks{Hidden: []int{12, 12}, Src: rand.NewPCG(1, 1)}),
			Stages: []Optimizer{&Broyden{Iterations: 60}}, Workers: workers})
		if err != nil {
			t.Fatal(err)
		}
		got := flatten(f.Model.Params())
		if want == nil {
			want = got
		}
		if !slices.Equal(got, want) {
			t.Errorf("with %d workers the parameters differ", workers)
		}
	}
}

// sharing is a problem whose work is shared, and counts how often.
type sharing struct {
	Problem
	shares int
}

func (s *sharing) share(parts int, do func(part int)) {
	s.shares++
	alone(parts, do)
}

// The matrix is shared among the workers of the problem: once for a product, once for a change.
func TestBroydenShares(t *testing.T) {
	p := &sharing{Problem: newFunction([]float64{1, 2, 3}, func(x []autodiff.Var) autodiff.Var { return sum(square(x[0]), square(x[1]), square(square(x[2]))) })}
	if err := (&Broyden{Iterations: 4}).Minimize(context.Background(), p, nil); err != nil {
		t.Fatal(err)
	}
	if p.shares != 8 {
		t.Errorf("the matrix was shared %d times in 4 iterations, want 8", p.shares)
	}
}

// ring returns states of a pendulum with their exact derivatives.
func ring(t *testing.T) *Series {
	s := &Series{X: autodiff.NewMatrix(300, 2), DX: autodiff.NewMatrix(300, 2)}
	src := rand.New(rand.NewPCG(3, 4))
	for i := range s.X.Rows {
		q, p := 4*src.Float64()-2, 4*src.Float64()-2
		copy(s.X.Row(i), []float64{q, p})
		copy(s.DX.Row(i), []float64{p, -math.Sin(q)})
	}
	return s
}

// A stage is checked against its own unknowns: short segments before it may have more than it takes.
func TestBroydenStage(t *testing.T) {
	s := drivenSwing(1, broydenMost/2+10, 1.3, 0, 0, 0, 0.01, 1)
	f, err := Fit(context.Background(), s, Recipe{Model: Kinds()[0].Maker(Networks{Hidden: []int{3}, Src: rand.NewPCG(1, 1)}), Stages: []Optimizer{
		Stage{&LBFGS{Iterations: 1}, Shooting{Segment: 1e-9}}, Stage{&Broyden{Iterations: 1}, Shooting{Segment: 50}}}})
	if err != nil || len(f.Epochs) != 2 {
		t.Errorf("%v, %+v", err, f)
	}
	if _, err := Fit(context.Background(), s, Recipe{Objective: Shooting{Segment: 1e-9}, Stages: []Optimizer{&Broyden{Iterations: 1}}}); err == nil || !strings.Contains(err.Error(), "want at most 5000") {
		t.Error(err)
	}
}

// A step of Broyden's method allocates nothing once its matrix is there.
func TestBroydenAllocatesNothing(t *testing.T) {
	const n = 40
	b, src := aloneBroyden(), rand.New(rand.NewPCG(1, 2))
	x, xNew, g, gNew, d := make([]float64, n), make([]float64, n), make([]float64, n), make([]float64, n), make([]float64, n)
	step := func() {
		b.direction(d, g)
		for i := range x {
			xNew[i] = x[i] + 0.1*d[i]
			gNew[i] = (1 + float64(i)) * (xNew[i] + 0.01*src.Float64())
		}
		b.learn(x, xNew, g, gNew, 0.1)
		copy(x, xNew)
		copy(g, gNew)
	}
	for i := range g {
		x[i] = 1
		g[i] = 1 + float64(i)
	}
	step()
	if a := testing.AllocsPerRun(50, step); a != 0 {
		t.Errorf("%v allocations a step", a)
	}
}

// aloneBroyden is a method that a test calls step by step.
func aloneBroyden() *Broyden {
	b := &Broyden{}
	b.shareWith(alone)
	return b
}
