package autodiff

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"hnn/autodiff/random"
)

// odd are special numbers. A wrong rule would change their bits first.
var odd = []float64{0, math.Copysign(0, -1), 1, -1, 0.5, -2, 5e-324, -1e-310, 1e308, math.Inf(1), math.Inf(-1), math.NaN()}

func sameBits(x, y float64) bool {
	return math.Float64bits(x) == math.Float64bits(y) || x != x && y != y
}

// randomNumbers enters n operations on the columns of two rows. It returns them, and a row
// made of some of them.
func randomNumbers(src rand.Source, n int, row, k Var) []Var {
	vs := []Var{k}
	for j := range row.Cols() {
		vs = append(vs, Slice(row, j, j+1))
	}
	some := func() Var { return vs[random.IntN(src, len(vs))] }
	number := func() float64 { return odd[random.IntN(src, 9)] }
	for range n {
		x, y := some(), some()
		if random.IntN(src, 2) == 0 {
			x = vs[len(vs)-1]
		}
		var z Var
		switch o := op(random.IntN(src, 10+int(numOps))); o {
		case opSub:
			z = Sub(x, y)
		case opMul:
			z = Mul(x, y)
		case opDiv:
			z = Div(x, y)
		case opScale:
			z = Scale(x, number())
		case opAddConst:
			z = AddConst(x, number())
		case opInv, opSqrt, opTanh, opExp, opLog, opSin, opCos, opSigmoid, opSoftplus, opDetach:
			z = unary(o, x, 0)
		case opPow:
			z = Pow(x, []float64{-1, 2, 2.5, 3}[random.IntN(src, 4)])
		case opConst:
			z = x.g.Const(1, 1, number())
		case opMatMul:
			z = Mul(x, Mul(x, x))
		case opMatMulT:
			r := Sqrt([]Var{x, Mul(x, x)}[random.IntN(src, 2)])
			z = []Var{Inv(r), Inv(Scale(r, number())), Inv(AddConst(r, 0)), Mul(Inv(r), Div(y, r)), Mul(Inv(r), Mul(Inv(r), Inv(r)))}[random.IntN(src, 5)]
		case opSumTo:
			z = SumTo(Concat(x, Concat(y, some())), 1, 1)
		case opExpandTo:
			z = Slice(Sub(ExpandTo(x, 1, 3), Pad(y, 1, 3)), 1, 2)
		case opPad:
			z = Slice(Scale(Concat(x, y), number()), 1, 2)
		case opSlice, opTMatMul:
			z = Neg(x)
		default:
			z = Add(x, y)
		}
		vs = append(vs, z)
	}
	return append(vs, Concat(some(), Neg(Concat(some(), vs[len(vs)-1]))))
}

// A Plan of numbers has the bits of its single operations, for any formula and any numbers.
func TestProgramBits(t *testing.T) {
	src := rand.NewPCG(1, 2)
	for i := range 3000 {
		var g Graph
		x, k := NewMatrix(1, 4), NewMatrix(1, 1)
		vs := randomNumbers(src, 1+i%40, g.Leaf("x", x), g.Leaf("k", k))
		outs := vs[len(vs)-2:]
		if i%3 == 0 {
			outs = vs
		}
		p, err := Compile(outs...)
		if err != nil {
			t.Fatal(err)
		}
		fast := p.scalar
		if fast == nil {
			t.Fatal("not a plan of numbers")
		}
		for range 20 {
			for _, m := range []*Matrix{x, k} {
				for j := range m.Data {
					m.Data[j] = 4*random.Uniform(src) - 2
					if random.IntN(src, 3) == 0 {
						m.Data[j] = odd[random.IntN(src, len(odd))]
					}
				}
			}
			p.scalar = nil
			p.Run()
			var want [][]float64
			for _, v := range outs {
				want = append(want, slices.Clone(p.Value(v).Data))
			}
			p.scalar = fast
			p.Run()
			for j, v := range outs {
				if got := p.Value(v).Data; !slices.EqualFunc(got, want[j], sameBits) {
					t.Fatalf("%vv%d is %v, one by one %v, at %v and %v", &g, v.id, got, want[j], x.Data, k.Data)
				}
			}
		}
	}
}

// The functions of a program are those of the kernels.
func TestProgramFunctions(t *testing.T) {
	src := rand.NewPCG(1, 3)
	for o, f := range functions {
		for i := range 1000 {
			x, z := []float64{float64(20*random.Uniform(src)) - 10}, []float64{0}
			if i < len(odd) {
				x[0] = odd[i]
			}
			if f == nil {
				continue
			}
			if rules[o].each(z, x, x, 0); !sameBits(z[0], f(x[0])) {
				t.Errorf("%s %v is %v, by its kernel %v", rules[o].name, x[0], f(x[0]), z[0])
			}
		}
	}
}

// Like terms are added. The field of Hénon and Heiles becomes one sum for each component, and
// Kepler's needs (1/√(x² + y²))³ beside.
func TestSimplify(t *testing.T) {
	potentials := map[string]func(q Var) Var{
		"henon": func(q Var) Var {
			x, y := Slice(q, 0, 1), Slice(q, 1, 2)
			return Add(Scale(Add(Mul(x, x), Mul(y, y)), 0.5), Sub(Mul(Mul(x, x), y), Scale(Mul(Mul(y, y), y), 1./3)))
		},
		"kepler": func(q Var) Var {
			x, y := Slice(q, 0, 1), Slice(q, 1, 2)
			return Neg(Inv(Sqrt(Add(Mul(x, x), Mul(y, y)))))
		},
	}
	for name, steps := range map[string]int{"henon": 0, "kepler": 1} {
		var g Graph
		x := g.Leaf("x", &Matrix{1, 4, []float64{0.1, 0.2, 0.3, 0.4}})
		p := Slice(x, 2, 4)
		kinetic := Scale(Add(Mul(Slice(p, 0, 1), Slice(p, 0, 1)), Mul(Slice(p, 1, 2), Slice(p, 1, 2))), 0.5)
		field := Hamilton(Add(kinetic, potentials[name](x)), x)
		var xs, ys []Var
		for j := range 4 {
			xs, ys = append(xs, Slice(x, j, j+1)), append(ys, Slice(field, j, j+1))
		}
		zs := Simplify(ys, xs, xs)
		plan, err := Compile(append(ys, zs...)...)
		if err != nil {
			t.Fatal(err)
		}
		plan.Run()
		for i := range ys {
			if got, want := plan.Value(zs[i]).Data[0], plan.Value(ys[i]).Data[0]; !(math.Abs(got-want) <= 1e-15*math.Abs(want)) {
				t.Errorf("%s: component %d is %v, want %v", name, i, got, want)
			}
		}
		if plan, err = Compile(zs...); err != nil {
			t.Fatal(err)
		}
		if n := len(plan.scalar.steps); n != steps {
			t.Errorf("%s: %d steps, want %d", name, n, steps)
		}
	}
}

// Func computes the same as Run, for plans of numbers and for others, and allocates nothing.
func TestFunc(t *testing.T) {
	for _, n := range []int{1, 2, 3} {
		for _, more := range []bool{false, true} {
			var g Graph
			m, w := NewMatrix(n, 2), &Matrix{2, 2, []float64{1, 2, 3, 4}}
			x := g.Leaf("x", m)
			y := AddConst(Mul(Slice(x, 1, 2), Sin(Slice(x, 0, 1))), 3)
			if more {
				y = SumTo(MatMul(x, g.Leaf("w", w)), n, 1)
			}
			plan, err := Compile(y)
			if err != nil {
				t.Fatal(err)
			}
			f := plan.Func(y, x)
			in, out := make([]float64, 2*n), make([]float64, n)
			for i := range in {
				in[i] = float64(i) / 3
			}
			if a := testing.AllocsPerRun(10, func() { f(out, 0, in); plan.Run() }); a != 0 {
				t.Errorf("%v allocations", a)
			}
			copy(m.Data, in)
			if plan.Run(); !slices.EqualFunc(out, plan.Value(y).Data, sameBits) {
				t.Errorf("%v, Run has %v", out, plan.Value(y).Data)
			}
			for _, wrong := range [][]float64{nil, make([]float64, 2*n-1), make([]float64, 2*n+1)} {
				if !panics(func() { f(out, 0, wrong) }) {
					t.Errorf("%d numbers for a leaf of %d", len(wrong), 2*n)
				}
			}
			if !panics(func() { plan.Func(y, y) }) {
				t.Error("a function of a formula that is no leaf")
			}
		}
	}
	// A plan of several leaves, one of them not read, and one of a constant.
	var g Graph
	a, b := g.Leaf("a", &Matrix{1, 1, []float64{2}}), g.Leaf("b", &Matrix{1, 1, []float64{3}})
	y, c, z := Mul(a, b), g.Const(1, 1, 7), []float64{0}
	plan, _ := Compile(y, c, a)
	if plan.Func(y, b)(z, 0, []float64{5}); z[0] != 10 {
		t.Error(z)
	}
	if plan.Func(c, b)(z, 0, []float64{5}); z[0] != 7 {
		t.Error(z)
	}
}

func panics(f func()) (yes bool) {
	defer func() { yes = recover() != nil }()
	f()
	return false
}

// Hamilton's equations of H = q₀² p₁ + 3 p₀. Each row is a state.
func TestHamilton(t *testing.T) {
	var g Graph
	m, _ := MatrixOf([]float64{2, 3, 5, 7}, []float64{1, 0, -1, 4})
	x := g.Leaf("x", m)
	q, p := Slice(x, 0, 1), Slice(x, 3, 4)
	h := Add(Mul(Mul(q, q), p), Scale(Slice(x, 2, 3), 3))
	for _, f := range []Var{Hamilton(h, x), Hamilton(SumTo(h, 1, 1), x)} {
		plan, err := Compile(f)
		if err != nil {
			t.Fatal(err)
		}
		plan.Run()
		if got, want := plan.Value(f).Data, []float64{3, 4, -28, 0, 3, 1, -8, 0}; !slices.Equal(got, want) {
			t.Errorf("%v, want %v", got, want)
		}
	}
	if !panics(func() { Hamilton(q, Slice(x, 0, 3)) }) {
		t.Error("three columns taken")
	}
}
