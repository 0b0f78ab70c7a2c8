package autodiff

import (
	"fmt"
	"math"
	"strings"
)

// A Graph is a list of formulas. It has no values: Compile makes a Plan of it, and the
// Plan computes. The zero Graph is empty and ready to use. Formulas are added and never
// removed. The same formula is entered only once, so equal subexpressions are one Var.
//
// Two goroutines must not add to a Graph at the same time. Plans compiled from it stay
// valid and independent when it grows.
type Graph struct {
	nodes  []node
	leaves []leaf
	index  []int32 // hash table: 0, or 1 + the number of a node; its length is a power of two
	leafOf map[*Matrix]int32
}

// A Var is a formula of a Graph. It is a handle: it may be copied and compared.
type Var struct {
	g  *Graph
	id int32
}

// A node is one operation: its operands (lower numbers, so that the list is in
// topological order), the shape of its result, and the bits of its constant.
type node struct {
	op         op
	x, y       int32
	rows, cols int32
	c          uint64
}

func (n *node) konst() float64 { return math.Float64frombits(n.c) }
func (n *node) size() int      { return int(n.rows) * int(n.cols) }

type leaf struct {
	name string
	m    *Matrix
}

// Leaf returns the variable whose value is m. String prints it with its name. It is a
// window: each Run of a Plan reads the present values of m.Data. So an optimiser changes
// weights in place, and a batch is copied into its leaf. The shape of m must not change.
// A second Leaf of the same *Matrix is the same Var.
func (g *Graph) Leaf(name string, m *Matrix) Var {
	if len(m.Data) != m.Rows*m.Cols {
		panic(fmt.Sprintf("autodiff: Leaf: %s is %d×%d and has %d elements", name, m.Rows, m.Cols, len(m.Data)))
	}
	if id, ok := g.leafOf[m]; ok {
		return Var{g, id}
	}
	if g.leafOf == nil {
		g.leafOf = map[*Matrix]int32{}
	}
	g.leaves = append(g.leaves, leaf{name, m})
	v := g.add(node{op: opLeaf, x: int32(len(g.leaves) - 1), rows: int32(m.Rows), cols: int32(m.Cols)})
	g.leafOf[m] = v.id
	return v
}

// Const returns the rows×cols matrix whose elements all equal c.
func (g *Graph) Const(rows, cols int, c float64) Var {
	return g.add(node{op: opConst, rows: int32(rows), cols: int32(cols), c: math.Float64bits(c)})
}

// add enters a formula, or finds it if it is already in the list.
func (g *Graph) add(n node) Var {
	if 2*len(g.nodes) >= len(g.index) {
		g.index = make([]int32, max(64, 4*len(g.nodes)))
		for id := range g.nodes {
			*g.find(&g.nodes[id]) = int32(id) + 1
		}
	}
	entry := g.find(&n)
	if *entry == 0 {
		g.nodes = append(g.nodes, n)
		*entry = int32(len(g.nodes))
	}
	return Var{g, *entry - 1}
}

// find returns the entry of the index where n is, or where it has to go.
func (g *Graph) find(n *node) *int32 {
	h := uint64(n.op)
	for _, v := range [...]uint64{uint64(n.x)<<32 | uint64(n.y), uint64(n.rows)<<32 | uint64(n.cols), n.c} {
		h = (h ^ v) * 0x9e3779b97f4a7c15 // 2⁶⁴/φ: multiplicative hashing
		h ^= h >> 32
	}
	mask := len(g.index) - 1
	for i := int(h) & mask; ; i = (i + 1) & mask {
		if id := g.index[i]; id == 0 || g.nodes[id-1] == *n {
			return &g.index[i]
		}
	}
}

func (v Var) node() *node { return &v.g.nodes[v.id] }

// Graph returns the graph that v belongs to.
func (v Var) Graph() *Graph { return v.g }

// Rows returns the number of rows of v.
func (v Var) Rows() int { return int(v.node().rows) }

// Cols returns the number of columns of v.
func (v Var) Cols() int { return int(v.node().cols) }

// String lists the graph as a program, one formula a line, with the shape of each:
//
//	v7 = tanh v6    750×128
func (g *Graph) String() string {
	var s strings.Builder
	for id := range g.nodes {
		n := &g.nodes[id]
		fmt.Fprintf(&s, "v%d = %s", id, rules[n.op].name)
		switch {
		case n.op == opLeaf:
			fmt.Fprintf(&s, " %s", g.leaves[n.x].name)
		case n.op != opConst:
			fmt.Fprintf(&s, " v%d", n.x)
			if rules[n.op].binary {
				fmt.Fprintf(&s, " v%d", n.y)
			}
		}
		if rules[n.op].constant {
			fmt.Fprintf(&s, " %v", n.konst())
		}
		fmt.Fprintf(&s, "    %d×%d\n", n.rows, n.cols)
	}
	return s.String()
}
