package autodiff

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"hnn/autodiff/kernel"
	"hnn/autodiff/random"
)

func randomLeaf(g *Graph, src rand.Source, rows, cols int, low float64) Var {
	m := NewMatrix(rows, cols)
	for i := range m.Data {
		m.Data[i] = low + float64((2-low)*random.Uniform(src))
	}
	return g.Leaf("r", m)
}

// Check must find a wrong first derivative, and a right first derivative with a wrong second.
func TestCheckFindsErrors(t *testing.T) {
	old := rules
	defer func() { rules = old }()
	src := rand.NewPCG(5, 6)
	try := func() error {
		var g Graph
		x := randomLeaf(&g, src, 2, 3, 0.2)
		_, err := Check(Mul(Sin(x), x), 3, src, x)
		return err
	}
	if err := try(); err != nil {
		t.Fatal(err)
	}
	rules[opSin].diff = func(g, z, x, y Var, _ float64) (Var, Var) { return Scale(Mul(g, Cos(x)), 1.0005), Var{} }
	if err := try(); err == nil || !strings.Contains(err.Error(), "order 1") {
		t.Errorf("a wrong first derivative: %v", err)
	}
	rules = old
	rules[opCos].diff = func(g, z, x, y Var, _ float64) (Var, Var) { return Scale(Mul(g, Sin(x)), -1.001), Var{} }
	if err := try(); err == nil || !strings.Contains(err.Error(), "order 2") {
		t.Errorf("a wrong second derivative: %v", err)
	}
	rules = old
	var g Graph
	x := randomLeaf(&g, src, 2, 2, -2)
	for _, c := range []float64{1, 1e-8, 1e8} { // half the derivative is missing, for each size
		if _, err := Check(Scale(Mul(Detach(x), x), c), 1, src, x); err == nil {
			t.Errorf("a wrong derivative of a function of size %v is accepted", c)
		}
	}
	if _, err := Check(Mul(x, x), 1, src, Neg(x)); err == nil {
		t.Error("a variable that is no leaf is accepted")
	}
}

// naive computes a formula by recursion, with a new matrix for each operation.
func naive(v Var, memo map[Var]Matrix) Matrix {
	if m, ok := memo[v]; ok {
		return m
	}
	n := v.node()
	z := *NewMatrix(int(n.rows), int(n.cols))
	var x, y Matrix
	if n.op > opConst {
		x = naive(Var{v.g, n.x}, memo)
		y = x
		if rules[n.op].binary {
			y = naive(Var{v.g, n.y}, memo)
		}
	}
	switch r := &rules[n.op]; {
	case n.op == opLeaf:
		copy(z.Data, v.leaf().Data)
	case n.op == opConst:
		for i := range z.Data {
			z.Data[i] = n.konst()
		}
	case r.each != nil:
		r.each(z.Data, x.Data, y.Data, n.konst())
	default:
		r.whole(new(kernel.Workspace), z, x, y, n.konst())
	}
	memo[v] = z
	return z
}

// randomGraph returns formulas of a random program over leaves of some shapes.
func randomGraph(src rand.Source, size int) (*Graph, []Var) {
	g := new(Graph)
	var vs []Var
	for range 3 {
		vs = append(vs, randomLeaf(g, src, 1+random.IntN(src, 40), 1+random.IntN(src, 40), -1))
	}
	pick := func() Var { return vs[random.IntN(src, len(vs))] }
	for len(vs) < size {
		x, y := pick(), pick()
		var v Var
		switch random.IntN(src, 15) {
		case 0:
			v = Tanh(x)
		case 1:
			v = Scale(x, random.Uniform(src)-0.5)
		case 2:
			v = AddConst(x, random.Uniform(src))
		case 3:
			v = SumTo(x, 1, x.Cols())
		case 4:
			v = SumTo(x, x.Rows(), 1)
		case 5:
			v = Slice(x, 0, (x.Cols()+1)/2)
		case 6:
			v = Sin(x)
		case 7, 8:
			if x.Cols() != y.Rows() {
				continue
			}
			v = Tanh(MatMul(x, y))
		case 9:
			if x.Cols() != y.Cols() {
				continue
			}
			v = Tanh(MatMulT(x, y))
		case 10:
			if x.Rows() != y.Rows() {
				continue
			}
			v = Tanh(TMatMul(x, y))
		case 11:
			if x.Cols() != y.Cols() {
				continue
			}
			v = Tanh(Add(x, ExpandTo(SumTo(y, 1, y.Cols()), x.Rows(), y.Cols())))
		default:
			if x.Rows() != y.Rows() || x.Cols() != y.Cols() {
				continue
			}
			v = []func(x, y Var) Var{Add, Sub, Mul}[random.IntN(src, 3)](x, y)
		}
		vs = append(vs, v)
	}
	return g, vs
}

// A plan, with its shared buffers and blocks, gives the bits of the naive evaluation.
func checkPlan(t *testing.T, seed uint64) { comparePlan(t, seed) }

// comparePlan returns the plan.
func comparePlan(t *testing.T, seed uint64) *Plan {
	src := rand.NewPCG(seed, 7)
	g, vs := randomGraph(src, 10+random.IntN(src, 60))
	var outs []Var
	for range 1 + random.IntN(src, 4) {
		outs = append(outs, vs[random.IntN(src, len(vs))])
	}
	first := Grad(all(Sin(vs[len(vs)-1])), vs[:3]...)
	outs = append(outs, first...)
	outs = append(outs, Grad(all(Mul(first[0], first[0])), vs[:3]...)...)
	p, err := Compile(outs...)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second run finds the buffers used
		p.Run()
		memo := map[Var]Matrix{}
		for i, v := range outs {
			want := naive(v, memo)
			for j, got := range p.Value(v).Data {
				if math.Float64bits(got) != math.Float64bits(want.Data[j]) {
					t.Fatalf("seed %d, output %d[%d] = %v, want %v\n%v", seed, i, j, got, want.Data[j], g)
				}
			}
		}
		vs[0].leaf().Data[0] += 0.5
	}
	return p
}

func TestPlan(t *testing.T) {
	var seen [numPlanOps]bool
	for seed := range uint64(300) {
		p := comparePlan(t, seed)
		for _, st := range p.steps {
			seen[p.nodes[st.node].op] = true
		}
	}
	for o := numOps; o < numPlanOps; o++ {
		if !seen[o] {
			t.Errorf("no plan has a step %s", o.rule().name)
		}
	}
}

func FuzzPlan(f *testing.F) {
	f.Add(uint64(1000))
	f.Fuzz(checkPlan)
}

// A plan holds no more buffers than it needs, and computes only its outputs.
func TestPlanReusesBuffers(t *testing.T) {
	var g Graph
	x := g.Leaf("x", NewMatrix(100, 10))
	y := x
	for range 50 {
		y = Tanh(AddConst(y, 1))
	}
	Exp(y) // no output
	p, err := Compile(y)
	if err != nil {
		t.Fatal(err)
	}
	if len(p.slots) != 2 || len(p.steps) != 100 || p.steps[0].run != 100 {
		t.Errorf("%d slots, %d steps, a first run of %d; want 2, 100, 100", len(p.slots), len(p.steps), p.steps[0].run)
	}
}

func TestRunAllocatesNothing(t *testing.T) {
	var g Graph
	src := rand.NewPCG(1, 1)
	x, w := randomLeaf(&g, src, 64, 2, -1), randomLeaf(&g, src, 32, 2, -1)
	z := Tanh(MatMulT(x, w))
	d := Grad(all(z), x)[0]
	p, err := Compile(Grad(all(Mul(d, d)), w)[0])
	if err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(100, p.Run); n != 0 {
		t.Errorf("%v allocations a run", n)
	}
}

func TestString(t *testing.T) {
	var g Graph
	x := g.Leaf("x", NewMatrix(750, 2))
	w := g.Leaf("W", NewMatrix(128, 2))
	all(Slice(Scale(Tanh(MatMulT(x, w)), 0.5), 3, 5))
	want := `v0 = leaf x    750×2
v1 = leaf W    128×2
v2 = matmulT v0 v1    750×128
v3 = tanh v2    750×128
v4 = scale v3 0.5    750×128
v5 = slice v4 3    750×2
v6 = sumto v5    1×1
`
	if got := g.String(); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	if got := fmt.Sprint(Pad(x, 1, 4).node().konst()); got != "1" {
		t.Error(got)
	}
}

// A formula is simplified when it is entered only if no bit changes.
func TestSimplification(t *testing.T) {
	for _, x := range []float64{0.7, -0.1, math.Copysign(0, -1), math.Inf(1), math.NaN(), 5e-324, 1e308} {
		var g Graph
		v := scalar(&g, x)
		one, half := g.Const(1, 1, 1), g.Const(1, 1, 0.5)
		got := values(t, Scale(Scale(v, 0.1), 3), Neg(Neg(v)), Mul(v, one), Mul(half, v), Scale(half, 3), Add(v, g.Const(1, 1, 0)), Pow(v, 0), Pow(v, 1))
		a := 0.1 * x
		for i, want := range []float64{3 * a, x, x, 0.5 * x, 1.5, x + 0, 1, x} {
			if b := got[i].Data[0]; math.Float64bits(b) != math.Float64bits(want) && !(b != b && want != want) {
				t.Errorf("x = %v, formula %d: %v, want %v", x, i, b, want)
			}
		}
	}
}
