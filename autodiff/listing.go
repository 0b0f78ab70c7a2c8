package autodiff

// An Instruction is one step of a Plan, for programs that write it in another language:
//
//	Z = Op(X, Y; C)
//
// Op is the name of its row in rules.go, such as add, matmulT or tanh. Y is X for an operation
// of one operand. C is the constant of the row, or 0. Element by element, Z may have the buffer
// of X or Y.
type Instruction struct {
	Op      string
	Z, X, Y Operand
	C       float64
}

// An Operand is a matrix that an instruction reads or writes. It is one of three: a leaf, which
// has its Matrix and its name; a constant, each element of which is Const; or the buffer of the
// given number, which holds what was written to it last.
type Operand struct {
	Rows, Cols int
	Buffer     int
	Leaf       *Matrix
	Name       string
	IsConst    bool
	Const      float64
}

// Listing returns the steps of the plan in order. Run does the same, by whatever way gives the
// same bits.
func (p *Plan) Listing() []Instruction {
	p = p.unmerged()
	var list []Instruction
	for _, st := range p.steps {
		n := &p.nodes[st.node]
		in := Instruction{Op: rules[n.op].name, Z: p.operand(st.node, st.z), X: p.operand(n.x, st.x), Y: p.operand(n.x, st.x)}
		if rules[n.op].binary {
			in.Y = p.operand(n.y, st.y)
		}
		if rules[n.op].constant {
			in.C = n.konst()
		}
		list = append(list, in)
	}
	return list
}

// Output returns the operand that holds the output v after the last step.
func (p *Plan) Output(v Var) Operand {
	p = p.unmerged()
	out := p.Value(v)
	for slot, data := range p.slots {
		if len(data) > 0 && len(out.Data) > 0 && &data[0] == &out.Data[0] {
			return p.operand(v.id, int32(slot))
		}
	}
	return p.operand(v.id, -1) // a leaf
}

// unmerged returns the plan of the same formulas with no other operations than those of rules.go.
func (p *Plan) unmerged() *Plan {
	nodes := p.g.nodes[:len(p.nodes):len(p.nodes)]
	return lay(p.vars, nodes)
}

func (p *Plan) operand(id, slot int32) Operand {
	n := &p.nodes[id]
	o := Operand{Rows: int(n.rows), Cols: int(n.cols), Buffer: int(slot)}
	switch n.op {
	case opLeaf:
		o.Leaf, o.Name = p.leaf[n.x].m, p.leaf[n.x].name
	case opConst:
		o.IsConst, o.Const = true, n.konst()
	}
	return o
}
