package autodiff

// A number is one operation on numbers: op, operands as places in a list, a constant.
// A leaf has the node of the leaf as x and the column as y.
type number struct {
	op   op
	x, y int32
	c    float64
}

// unroll writes formulas of a single row as a list of operations on numbers, operands
// first. place[id] has the places of the columns of each node that outs need.
//
// The formulas must be 1×1. A row of several numbers may only be cut, padded, repeated,
// added up and scaled: this takes numbers from a state and puts the numbers of its field
// together. ok is false for other formulas, and for a list of more than most numbers.
func unroll(nodes []node, outs []int32, most int) (list []number, place [][]int32, ok bool) {
	need := make([]bool, len(nodes))
	for _, id := range outs {
		need[id] = true
	}
	for id := len(nodes) - 1; id >= 0; id-- {
		if n := &nodes[id]; need[id] && n.op > opConst {
			need[n.x] = true
			need[n.y] = need[n.y] || rules[n.op].binary
		}
		if need[id] && nodes[id].rows != 1 {
			return nil, nil, false
		}
	}
	add := func(s number) int32 {
		list = append(list, s)
		return int32(len(list) - 1)
	}
	zero := add(number{op: opConst})
	plusZero := map[int32]int32{} // the places of x + 0
	plus := func(x, y int32) int32 {
		if x == zero {
			x, y = y, x
		}
		if y != zero {
			return add(number{op: opAdd, x: x, y: y})
		}
		if v := &list[x]; x == zero || v.op == opAdd && v.y == zero {
			return x // (x + 0) + 0 = x + 0, for every x
		}
		z, ok := plusZero[x]
		if !ok {
			z = add(number{op: opAdd, x: x, y: zero})
			plusZero[x] = z
		}
		return z
	}
	place = make([][]int32, len(nodes))
	for id := range nodes {
		n := &nodes[id]
		if !need[id] {
			continue
		}
		if len(list)+int(n.cols) > most {
			return nil, nil, false
		}
		z := make([]int32, n.cols)
		var x, y []int32
		if n.op > opConst {
			x, y = place[n.x], place[n.x]
			if rules[n.op].binary {
				y = place[n.y]
			}
		}
		switch n.op {
		case opLeaf:
			for j := range z {
				z[j] = add(number{op: opLeaf, x: int32(id), y: int32(j)})
			}
		case opConst:
			v := add(number{op: opConst, c: n.konst()})
			for j := range z {
				z[j] = v
			}
		case opSlice:
			copy(z, x[int(n.konst()):])
		case opPad:
			for j := range z {
				z[j] = zero
			}
			copy(z[int(n.konst()):], x)
		case opExpandTo:
			for j := range z {
				z[j] = x[0]
			}
		case opSumTo:
			if len(list)+len(x) > most {
				return nil, nil, false
			}
			z[0] = zero
			for _, v := range x {
				z[0] = plus(z[0], v)
			}
		case opAdd:
			for j := range z {
				z[j] = plus(x[j], y[j])
			}
		default:
			linear := n.op == opSub || n.op == opScale
			if rules[n.op].each == nil || n.cols != 1 && !linear {
				return nil, nil, false
			}
			for j := range z {
				z[j] = add(number{op: n.op, x: x[j], y: y[j], c: n.konst()})
			}
		}
		place[id] = z
	}
	return list, place, true
}
