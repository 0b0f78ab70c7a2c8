package export

import (
	"bytes"
	"math/rand/v2"
	"os/exec"
	"slices"
	"testing"

	"hnn/autodiff"
	"hnn/autodiff/random"
	"hnn/autodiff/verify"
	"hnn/nn"
)

// A toy is a model whose H is made of one operation of autodiff and its neighbours: of a 3×4 matrix
// of the numbers of a state, and of a constant one.
type toy struct {
	c *verify.Case
	y *autodiff.Matrix
	e [3]*autodiff.Matrix // unit rows
}

func newToy(c *verify.Case, src rand.Source) *toy {
	m := &toy{c: c, y: autodiff.NewMatrix(3, 4)}
	for i := range m.y.Data {
		m.y.Data[i] = c.Low + float64((2-c.Low)*random.Uniform(src))
	}
	for i := range m.e {
		m.e[i] = autodiff.NewMatrix(1, 3)
		m.e[i].Data[i] = 1
	}
	return m
}

func (m *toy) Dim() int                          { return 12 }
func (m *toy) Params() []*autodiff.Matrix        { return []*autodiff.Matrix{m.y} }
func (m *toy) Field(x autodiff.Var) autodiff.Var { return autodiff.Hamilton(m.H(x), x) }
func (m *toy) H(x autodiff.Var) autodiff.Var {
	g := x.Graph()
	z := g.Const(3, 4, m.c.Low)
	for i, e := range m.e {
		row := autodiff.Scale(autodiff.Sigmoid(autodiff.Slice(x, 4*i, 4*i+4)), 2-m.c.Low)
		z = autodiff.Add(z, autodiff.TMatMul(g.Leaf("e", e), row))
	}
	f := m.c.F(z, g.Leaf("y", m.y))
	return autodiff.Scale(autodiff.SumTo(f, 1, 1), 0.01)
}

// Every operation of autodiff, and those of its derivative, can be written in C with the same bits,
// and in NumPy. The operations are those of the table verify.Cases, so that a new one is tested here.
func TestCRules(t *testing.T) {
	src := rand.NewPCG(5, 1)
	all := map[string]nn.Model{}
	for i := range verify.Cases {
		c := &verify.Cases[i]
		all["op_"+c.Op] = newToy(c, src)
		list, err := functions(all["op_"+c.Op], 1)
		if err != nil {
			t.Fatal(err)
		}
		n := numpyWriter{names: named("w_", leaves(list))}
		for _, f := range list {
			if err := n.function(f); err != nil {
				t.Error(err)
			}
		}
	}
	x := autodiff.NewMatrix(200, 12)
	for i := range x.Data {
		x.Data[i] = 2 * random.Normal(src)
	}
	for _, cc := range compiler(t) {
		if !*long {
			cc = unoptimised(cc)
		}
		program := buildModels(t, append(cc, hardware()[0]...), all)
		for name, m := range all {
			cmd := exec.Command(program, name)
			cmd.Stdin = bytes.NewReader(raw(x.Data))
			out, err := cmd.Output()
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			// one state at a time: the matrix of a state is no row of a batch
			if wrong, first := differ(numbers(out), oneByOne(t, m.(*toy), x)); wrong > 0 {
				t.Errorf("%s: %d numbers differ: %s", name, wrong, first)
			}
		}
	}
}

// oneByOne is expected for a model that takes one state at a time: its steps are those of the last.
func oneByOne(t *testing.T, m *toy, x *autodiff.Matrix) (want []float64) {
	row := &autodiff.Matrix{Rows: 1, Cols: x.Cols}
	for r := range x.Rows - 1 {
		row.Data = x.Row(r)
		want = append(append(want, nn.Evaluate(m.H, row).Data...), nn.Evaluate(m.Field, row).Data...)
	}
	row.Data = x.Row(x.Rows - 1)
	return append(want, expected(t, m, row)...)
}

// unoptimised returns a call of a compiler that takes less time.
func unoptimised(cc []string) []string { return slices.Replace(slices.Clone(cc), 2, 3, "-O0") }

// A name for C and Python is made of any text.
func TestIdentifier(t *testing.T) {
	for give, want := range map[string]string{"": "m", "pendulum": "pendulum", "1m": "m1m", "a-b c": "a_b_c", "θ1": "m_1", "_x": "m_x"} {
		if got := Identifier(give); got != want {
			t.Errorf("%q: %q, want %q", give, got, want)
		}
	}
}
