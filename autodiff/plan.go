package autodiff

import (
	"errors"
	"fmt"
	"slices"

	"hnn/autodiff/kernel"
)

// A Plan computes chosen formulas of a graph. It holds a flat list of steps and all
// buffers, so Run allocates nothing. One goroutine may use a Plan. Many Plans may run at the
// same time and share leaves, as long as nothing writes to these.
type Plan struct {
	g      *Graph
	nodes  []node // of the graph, and its leaves, when the Plan was made
	leaf   []leaf
	steps  []step
	slots  [][]float64 // buffers; each Run sets the windows of leaves
	leaves []int32     // slots of leaves, as (slot, node) pairs
	vars   []Var       // outputs
	outs   map[int32]*Matrix
	work   kernel.Workspace
	scalar *program // runs a plan of single numbers, else nil
}

// A step computes one formula from slots to a slot. Consecutive steps that work element by
// element on slots of one length are a run. It is computed block by block, so that the
// operands stay in the nearest cache.
type step struct {
	node    int32
	z, x, y int32
	s       int32 // of opPlusMatMul and the like
	run     int32 // at the first step of a run: its number of steps; 0 for a whole matrix
}

// block is how many elements of a run are computed before the next block.
const block = 512

// Compile makes a Plan that computes outs. It leaves out formulas that outs do not need. A
// buffer is used again after its last reader. Compile fails if outs is empty or of more than
// one graph.
func Compile(outs ...Var) (*Plan, error) {
	if len(outs) == 0 {
		return nil, errors.New("autodiff: Compile: no outputs")
	}
	g, last := outs[0].g, int32(0)
	for i, v := range outs {
		if v.g == nil || v.g != g {
			return nil, fmt.Errorf("autodiff: Compile: output %d is not of the graph of output 0", i)
		}
		last = max(last, v.id)
	}
	nodes := g.nodes[: last+1 : last+1]
	readers := readersOf(nodes, outs)
	single := true
	for id, n := range nodes {
		single = single && (readers[id] == 0 || n.rows == 1)
	}
	if single {
		p := lay(outs, nodes)
		if p.scalar = fuse(p); p.scalar != nil {
			return p, nil
		}
	}
	return lay(outs, merge(nodes, readers)), nil
}

// readersOf returns how many later steps read each node. Outputs are read at the end too.
func readersOf(nodes []node, outs []Var) []int32 {
	readers := make([]int32, len(nodes))
	for _, v := range outs {
		readers[v.id]++
	}
	for id := len(nodes) - 1; id >= 0; id-- {
		n := &nodes[id]
		if readers[id] == 0 || n.op <= opConst {
			continue
		}
		readers[n.x]++
		if n.op.rule().binary {
			readers[n.y]++
		}
		if n.op >= opPlusMatMul {
			readers[n.c]++
		}
	}
	return readers
}

// lay makes the steps and the slots of a Plan.
func lay(vars []Var, nodes []node) *Plan {
	g := vars[0].g
	p := &Plan{g: g, vars: slices.Clone(vars), nodes: nodes, leaf: g.leaves[:len(g.leaves):len(g.leaves)], outs: map[int32]*Matrix{}}
	readers := readersOf(nodes, vars)
	slotOf := make([]int32, len(nodes))
	free := map[int][]int32{} // slots to use again, by length
	newSlot := func(size int) int32 {
		if s := free[size]; len(s) > 0 {
			free[size] = s[:len(s)-1]
			return s[len(s)-1]
		}
		p.slots = append(p.slots, make([]float64, size))
		return int32(len(p.slots) - 1)
	}
	release := func(id int32) {
		readers[id]--
		if n := &nodes[id]; readers[id] == 0 && n.op > opConst {
			free[n.size()] = append(free[n.size()], slotOf[id])
		}
	}
	run, runSize := -1, 0 // the first step of the current run, its length
	for id := range nodes {
		n := &nodes[id]
		if readers[id] == 0 {
			continue
		}
		switch n.op {
		case opLeaf:
			slotOf[id] = int32(len(p.slots))
			p.slots = append(p.slots, nil)
			p.leaves = append(p.leaves, slotOf[id], int32(id))
			continue
		case opConst:
			s := make([]float64, n.size())
			for i := range s {
				s[i] = n.konst()
			}
			slotOf[id] = int32(len(p.slots))
			p.slots = append(p.slots, s)
			continue
		}
		r := n.op.rule()
		st := step{node: int32(id), x: slotOf[n.x], y: slotOf[n.x]}
		if r.binary {
			st.y = slotOf[n.y]
		}
		// An elementwise step may write to its operand, and a product to what it adds; else a
		// product must not.
		whole := r.whole != nil || n.op >= opPlusMatMul
		if whole {
			st.z = -1
			if n.op >= opPlusMatMul {
				s := &nodes[n.c]
				if st.s = slotOf[n.c]; readers[n.c] == 1 && s.op > opConst && s.size() == n.size() {
					st.z = st.s
				}
			}
			if st.z < 0 {
				st.z = newSlot(n.size())
			}
		}
		release(n.x)
		if r.binary {
			release(n.y)
		}
		switch {
		case !whole:
			st.z = newSlot(n.size())
		case n.op >= opPlusMatMul && st.z != st.s:
			release(int32(n.c))
		}
		slotOf[id] = st.z
		switch {
		case whole:
			run = -1
		case run >= 0 && runSize == n.size():
			p.steps[run].run++
		default:
			run, runSize = len(p.steps), n.size()
			st.run = 1
		}
		p.steps = append(p.steps, st)
	}
	for _, v := range vars {
		p.outs[v.id] = &Matrix{v.Rows(), v.Cols(), p.slots[slotOf[v.id]]}
		if n := &nodes[v.id]; n.op == opLeaf {
			p.outs[v.id] = g.leaves[n.x].m
		}
	}
	return p
}

// Run reads the leaves and computes the outputs.
func (p *Plan) Run() {
	if p.scalar != nil {
		p.scalar.runPlan()
		return
	}
	for i := 0; i < len(p.leaves); i += 2 {
		n := &p.nodes[p.leaves[i+1]]
		l := &p.leaf[n.x]
		if len(l.m.Data) != n.size() {
			panic(fmt.Sprintf("autodiff: Run: leaf %s was %d×%d and has %d elements", l.name, n.rows, n.cols, len(l.m.Data)))
		}
		p.slots[p.leaves[i]] = l.m.Data
	}
	for i := 0; i < len(p.steps); {
		st := &p.steps[i]
		n := &p.nodes[st.node]
		if n.op >= opPlusMatMul {
			n.op.runPlus(&p.work, p.matrix(n, st.z), p.slots[st.s], p.matrix(&p.nodes[n.x], st.x), p.matrix(&p.nodes[n.y], st.y))
			i++
			continue
		}
		if st.run == 0 {
			n.op.rule().whole(&p.work, p.matrix(n, st.z), p.matrix(&p.nodes[n.x], st.x), p.matrix(&p.nodes[n.y], st.y), n.konst())
			i++
			continue
		}
		end := i + int(st.run)
		for lo, size := 0, n.size(); lo < size; lo += block {
			hi := min(lo+block, size)
			for j := i; j < end; j++ {
				st := &p.steps[j]
				n := &p.nodes[st.node]
				if n.op == opAddRow {
					kernel.AddRowTo(p.slots[st.z][lo:hi], p.slots[st.x][lo:hi], p.slots[st.y], lo)
					continue
				}
				n.op.rule().each(p.slots[st.z][lo:hi], p.slots[st.x][lo:hi], p.slots[st.y][lo:hi], n.konst())
			}
		}
		i = end
	}
}

func (p *Plan) matrix(n *node, slot int32) Matrix {
	return Matrix{int(n.rows), int(n.cols), p.slots[slot]}
}

// Value returns the matrix that holds v after each Run. v is one of the outputs. The matrix
// is a window onto the Plan: the next Run overwrites it.
func (p *Plan) Value(v Var) *Matrix {
	m := p.outs[v.id]
	if v.g != p.g || m == nil {
		panic(fmt.Sprintf("autodiff: Value: v%d (%s) is not an output of this plan", v.id, shape(v)))
	}
	return m
}
