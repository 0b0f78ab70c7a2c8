package autodiff

import (
	"math"
	"slices"

	"hnn/autodiff/kernel"
)

// A Plan of matrices replaces some groups of operations by one that does the same in a single
// pass over memory. These operations are known to Plans only: no formula is made of them, and
// none has a derivative.
const (
	opMulScale    = numOps + iota // c (x⊙y)
	opTanhGrad                    // x − x⊙(y⊙y)
	opAddRow                      // x + y, where y is one row
	opPlusMatMul                  // s + x y; the number of node s, a matrix or a row, is in the place of the constant
	opPlusMatMulT                 // s + x yᵀ
	opPlusTMatMul                 // s + xᵀ y
	numPlanOps
)

var merged = [numPlanOps - numOps]rule{
	opMulScale - numOps:    {name: "mulscale", binary: true, constant: true, each: kernel.MulScaleTo},
	opTanhGrad - numOps:    {name: "tanhgrad", binary: true, each: two(kernel.TanhGradTo)},
	opAddRow - numOps:      {name: "addrow", binary: true}, // Run knows it and those below
	opPlusMatMul - numOps:  {name: "plusmatmul", binary: true},
	opPlusMatMulT - numOps: {name: "plusmatmulT", binary: true},
	opPlusTMatMul - numOps: {name: "plustmatmul", binary: true},
}

// runPlus computes an opPlusMatMul, opPlusMatMulT or opPlusTMatMul.
func (o op) runPlus(w *kernel.Workspace, z Matrix, s []float64, x, y Matrix) {
	switch o {
	case opPlusMatMul:
		w.PlusMatMul(z.Data, s, x.Data, y.Data, x.Rows, x.Cols, y.Cols)
	case opPlusMatMulT:
		w.PlusMatMulT(z.Data, s, x.Data, y.Data, x.Rows, x.Cols, y.Rows)
	case opPlusTMatMul:
		w.PlusTMatMul(z.Data, s, x.Data, y.Data, x.Cols, x.Rows, y.Cols)
	}
}

// rule returns the row of an operation in the table of rules or that of merged ones.
func (o op) rule() *rule {
	if o >= numOps {
		return &merged[o-numOps]
	}
	return &rules[o]
}

// fewCols is the least number of columns for which a call for each row is worth it.
const fewCols = 8

// merge returns nodes with merged operations. A node keeps its number, and those that are no
// longer needed have no reader. The bits stay, by these identities of float64:
//
//	(−x)·y = −(x·y)    x + (−y) = x − y    t + t = 2·t    x·y = y·x    x + y = y + x
func merge(nodes []node, readers []int32) []node {
	m := slices.Clone(nodes)
	product := func(id int32) bool { return nodes[id].op == opMul && readers[id] == 1 }
	matrixProduct := func(id int32) bool {
		return opMatMul <= nodes[id].op && nodes[id].op <= opTMatMul && readers[id] == 1
	}
	square := func(id int32) bool { return nodes[id].op == opMul && nodes[id].x == nodes[id].y }
	minus := func(id int32) bool { return nodes[id].op == opScale && nodes[id].konst() == -1 }
	for id := range m {
		n := &nodes[id]
		set := func(o op, x, y int32, c float64) {
			m[id] = node{op: o, x: x, y: y, rows: n.rows, cols: n.cols, c: math.Float64bits(c)}
		}
		for _, o := range [...][2]int32{{n.x, n.y}, {n.y, n.x}} { // both orders
			x, y := o[0], o[1]
			switch n.op {
			case opMul: // (−x)⊙y
				if minus(x) {
					set(opMulScale, nodes[x].x, y, -1)
				}
			case opAdd: // x + row, s + a b, x + (−x)⊙(a⊙a)
				row := func(id int32) bool {
					e := &nodes[id]
					return e.op == opExpandTo && nodes[e.x].rows == 1 && nodes[e.x].cols == n.cols && n.cols >= fewCols
				}
				if p := &nodes[y]; matrixProduct(y) && !(matrixProduct(x) && x > y) {
					s := x
					if row(x) {
						s = nodes[x].x
					}
					m[id] = node{op: opPlusMatMul + p.op - opMatMul, x: p.x, y: p.y, rows: n.rows, cols: n.cols, c: uint64(s)}
				} else if row(y) && !matrixProduct(x) {
					set(opAddRow, x, nodes[y].x, 0)
				}
				if t := &nodes[y]; product(y) && square(t.y) && minus(t.x) && nodes[t.x].x == x {
					set(opTanhGrad, x, nodes[t.y].x, 0)
				}
			}
		}
		switch t := &nodes[n.y]; {
		case n.op == opAdd && n.x == n.y && nodes[n.x].op == opMul && readers[n.x] == 2: // x⊙y + x⊙y
			set(opMulScale, t.x, t.y, 2)
		case n.op == opScale && product(n.x): // c (x⊙y)
			set(opMulScale, nodes[n.x].x, nodes[n.x].y, n.konst())
		case n.op == opSub && product(n.y) && t.x == n.x && square(t.y): // x − x⊙(a⊙a)
			set(opTanhGrad, n.x, nodes[t.y].x, 0)
		}
	}
	return m
}
