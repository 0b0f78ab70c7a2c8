package autodiff

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"hnn/autodiff/random"
)

// Merged operations give the bits of single ones.
func TestMerge(t *testing.T) {
	src := rand.NewPCG(1, 1)
	type operands struct{ x, y, s, w, row, one Var } // m×m, m×m, m×m, m×n, 1×n, 1×1
	forms := map[string]func(o operands) Var{
		"x w + row":         func(o operands) Var { return Add(MatMul(o.x, o.w), ExpandTo(o.row, o.x.Rows(), o.w.Cols())) },
		"row + xᵀ w":        func(o operands) Var { return Add(ExpandTo(o.row, o.x.Rows(), o.w.Cols()), TMatMul(o.x, o.w)) },
		"tanh w + row":      func(o operands) Var { return Add(Tanh(o.w), ExpandTo(o.row, o.x.Rows(), o.w.Cols())) },
		"tanh y + x y":      func(o operands) Var { return Add(Tanh(o.y), MatMul(o.x, o.y)) },
		"x yᵀ + tanh y":     func(o operands) Var { return Add(MatMulT(o.x, o.y), Tanh(o.y)) },
		"y + x y":           func(o operands) Var { return Add(o.y, MatMul(o.x, o.y)) },
		"u + x u, u = tanh": func(o operands) Var { u := Tanh(o.y); return Add(u, MatMul(o.x, u)) },
		"(u + x y) u":       func(o operands) Var { u := Tanh(o.y); return Mul(Add(u, MatMul(o.x, o.y)), u) },
		"x y + yᵀ x":        func(o operands) Var { return Add(MatMul(o.x, o.y), TMatMul(o.y, o.x)) },
		"x y + x y":         func(o operands) Var { u := MatMul(o.x, o.y); return Add(u, u) },
		"tanh y + tanh y":   func(o operands) Var { return Add(MatMul(Tanh(o.x), o.y), Add(Tanh(o.y), MatMulT(o.x, o.y))) },
		"x + (−x) y²":       func(o operands) Var { return Add(o.x, Mul(Neg(o.x), Mul(o.y, o.y))) },
		"s + tanh x y":      func(o operands) Var { return Add(o.s, MatMul(Tanh(o.x), o.y)) },
		"2 + x yᵀ":          func(o operands) Var { return Add(o.x.Graph().Const(o.x.Rows(), o.x.Rows(), 2), MatMulT(o.x, o.y)) },
		"x y + number":      func(o operands) Var { return Add(MatMul(o.x, o.y), ExpandTo(o.one, o.x.Rows(), o.x.Rows())) },
		"x − y s²":          func(o operands) Var { return Sub(o.x, Mul(o.y, Mul(o.s, o.s))) },
		"x − x (y s)":       func(o operands) Var { return Sub(o.x, Mul(o.x, Mul(o.y, o.s))) },
		"x + (−y) s²":       func(o operands) Var { return Add(o.x, Mul(AddConst(Scale(o.y, -2), 1), Mul(o.s, o.s))) },
		"3 (x y)":           func(o operands) Var { return Scale(Mul(o.x, o.y), 3) },
	}
	alone := []string{"x y + x y", "x − y s²", "x − x (y s)", "x + (−y) s²"} // not merged
	for name, form := range forms {
		for _, size := range [][2]int{{2, 9}, {5, 2}, {12, 8}, {30, 24}, {33, 50}} {
			var g Graph
			leaf := func(name string, rows, cols int) Var {
				m := NewMatrix(rows, cols)
				for i := range m.Data {
					m.Data[i] = random.Normal(src)
				}
				return g.Leaf(name, m)
			}
			m, n := size[0], size[1]
			z := form(operands{leaf("x", m, m), leaf("y", m, m), leaf("s", m, m), leaf("w", m, n), leaf("row", 1, n), leaf("one", 1, 1)})
			single := lay([]Var{z}, g.nodes)
			merged, err := Compile(z)
			if err != nil {
				t.Fatal(err)
			}
			single.Run()
			same := func(a, b float64) bool { return math.Float64bits(a) == math.Float64bits(b) }
			for range 2 { // a second run shows what the first one should not have changed
				merged.Run()
				if got, want := merged.Value(z).Data, single.Value(z).Data; !slices.EqualFunc(got, want, same) {
					t.Errorf("%s, %d×%d: %v, want %v", name, m, n, got, want)
				}
			}
			isMerged := func(p *Plan) bool {
				return slices.ContainsFunc(p.steps, func(s step) bool { return p.nodes[s.node].op >= numOps })
			}
			want := !slices.Contains(alone, name) && (n >= fewCols || name != "tanh w + row")
			if isMerged(merged) != want || isMerged(single) {
				t.Errorf("%s, %d×%d: merged %v and %v, want %v and false", name, m, n, isMerged(merged), isMerged(single), want)
			}
		}
	}
}
