package autodiff

import (
	"math/rand/v2"
	"strings"
	"testing"

	"hnn/autodiff/random"
)

// ruleCases passes with the rules as they are, and finds a wrong one.
func TestRuleCases(t *testing.T) {
	wrong := func() (names []string) {
		for o, c := range ruleCases {
			if c.f == nil {
				continue // TestRules reports it
			}
			src := rand.NewPCG(3, uint64(o))
			var g Graph
			x, y := randomLeaf(&g, src, 3, 4, c.low), randomLeaf(&g, src, 3, 4, c.low)
			if worst, err := Check(c.f(x, y), 3, src, x, y); err != nil {
				names = append(names, rules[o].name)
			} else if worst > 1e-6/5 {
				t.Errorf("%s: a difference of %v", rules[o].name, worst)
			}
		}
		return names
	}
	if names := wrong(); names != nil {
		t.Errorf("wrong: %v", names)
	}
	old := rules
	defer func() { rules = old }()
	rules[opTanh].diff = func(g, z, x, y Var, _ float64) (Var, Var) { return Sub(g, Mul(g, z)), Var{} }
	if names := strings.Join(wrong(), " "); names != "tanh" {
		t.Errorf("with a wrong rule of tanh, wrong: %s", names)
	}
}

// ruleCases has a formula for every operation, of x: m×n and y: m×n, smooth where the
// values of x and y are in (low, 2). The program has such a list too, in
// cmd/hnn/internal/verify/rules.go.
var ruleCases = [numOps]struct {
	f   func(x, y Var) Var
	low float64
}{
	opLeaf:     {func(x, y Var) Var { return x }, -2},
	opConst:    {func(x, y Var) Var { return Mul(x, AddConst(x.g.Const(x.Rows(), x.Cols(), 3), 1)) }, -2},
	opAdd:      {Add, -2},
	opSub:      {Sub, -2},
	opMul:      {Mul, -2},
	opDiv:      {Div, 0.2},
	opScale:    {func(x, y Var) Var { return Mul(Scale(x, -1.5), y) }, -2},
	opAddConst: {func(x, y Var) Var { return Mul(AddConst(x, 2.5), y) }, -2},
	opMatMul:   {func(x, y Var) Var { return MatMul(Mul(x, x), TMatMul(y, x)) }, -2},
	opMatMulT:  {func(x, y Var) Var { return MatMulT(Mul(x, y), Mul(y, y)) }, -2},
	opTMatMul:  {func(x, y Var) Var { return TMatMul(Mul(x, y), Mul(x, x)) }, -2},
	opSumTo: {func(x, y Var) Var {
		xy := Mul(x, y)
		return Add(MatMul(SumTo(xy, xy.Rows(), 1), SumTo(Mul(xy, x), 1, xy.Cols())), like(SumTo(xy, 1, 1), xy))
	}, -2},
	opExpandTo: {func(x, y Var) Var {
		xy := Mul(x, y)
		return Mul(like(SumTo(xy, xy.Rows(), 1), xy), Mul(like(SumTo(x, 1, x.Cols()), xy), like(SumTo(y, 1, 1), xy)))
	}, -2},
	opSlice:    {func(x, y Var) Var { return Mul(Slice(Mul(x, y), 0, x.Cols()/2), Slice(x, 0, x.Cols()/2)) }, -2},
	opPad:      {func(x, y Var) Var { xy := Mul(x, y); return Mul(Concat(xy, x), Pad(y, x.Cols(), 2*x.Cols())) }, -2},
	opTanh:     {func(x, y Var) Var { return Mul(Tanh(x), y) }, -2},
	opExp:      {func(x, y Var) Var { return Mul(Exp(x), y) }, -2},
	opLog:      {func(x, y Var) Var { return Mul(Log(x), y) }, 0.2},
	opInv:      {func(x, y Var) Var { return Mul(Inv(x), y) }, 0.2},
	opSqrt:     {func(x, y Var) Var { return Mul(Sqrt(x), y) }, 0.2},
	opPow:      {func(x, y Var) Var { return Add(Mul(Pow(x, 2.5), y), Pow(y, -3)) }, 0.5},
	opSin:      {func(x, y Var) Var { return Mul(Sin(x), y) }, -2},
	opCos:      {func(x, y Var) Var { return Mul(Cos(x), y) }, -2},
	opSigmoid:  {func(x, y Var) Var { return Mul(Sigmoid(x), y) }, -2},
	opSoftplus: {func(x, y Var) Var { return Mul(Softplus(x), y) }, -2},
	opDetach:   {func(x, y Var) Var { return Add(Mul(x, y), Scale(Detach(y), 0)) }, -2},
}

func randomLeaf(g *Graph, src rand.Source, rows, cols int, low float64) Var {
	m := NewMatrix(rows, cols)
	for i := range m.Data {
		m.Data[i] = low + float64((2-low)*random.Uniform(src))
	}
	return g.Leaf("r", m)
}

func like(x, y Var) Var { return ExpandTo(x, y.Rows(), y.Cols()) }
