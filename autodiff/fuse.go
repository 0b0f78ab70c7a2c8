package autodiff

import (
	"math"
	"slices"

	"hnn/autodiff/elementary"
)

// functions has functions of one number. An operation that is not here is computed by
// its kernel, on a slice of one element.
var functions = [numOps]func(float64) float64{
	opTanh: elementary.Tanh, opExp: elementary.Exp, opLog: elementary.Log, opSin: elementary.Sin, opCos: elementary.Cos,
	opSigmoid: elementary.Sigmoid, opSoftplus: elementary.Softplus,
}

// A value is how a fuser writes a number: as the sum of terms, added in their order.
type value struct {
	terms []term
	plus  bool // +0 is added too, which turns −0 into +0
}

var minusZero = math.Copysign(0, -1)

// single reports whether v is one term.
func (v value) single() bool { return len(v.terms) == 1 && !v.plus }

// A fuser makes a program of a list of numbers.
type fuser struct {
	program
	list    []number
	readers []int    // of each number
	values  []value  // of each number
	held    []uint16 // the register of each number, 0 if it has none
	one     uint16   // the register of the number 1, after the inputs
	next    uint16   // the next register
}

// maxNumbers bounds the list of numbers. Then the number of a register fits into a uint16.
const maxNumbers = 60_000

// fuse returns a program that computes the same as p.Run, or nil if p does not compute with
// single numbers.
func fuse(p *Plan) *program {
	var outs []int32
	for id := range p.nodes {
		if p.outs[int32(id)] != nil && p.nodes[id].op != opLeaf {
			outs = append(outs, int32(id))
		}
	}
	list, place, ok := unroll(p.nodes, outs, maxNumbers)
	if !ok || len(outs) == 0 {
		return nil
	}
	f := &fuser{list: list, readers: make([]int, len(list)), values: make([]value, len(list)), held: make([]uint16, len(list))}
	for _, s := range list {
		if s.op == opLeaf {
			if f.ins++; s.y == 0 {
				f.leaves = append(f.leaves, p.leaf[p.nodes[s.x].x])
			}
		}
	}
	f.one = uint16(f.ins)
	f.next = f.one + 1

	for _, id := range outs {
		for _, i := range place[id] {
			f.readers[i]++
		}
	}
	for i := len(list) - 1; i >= 0; i-- {
		if s := &list[i]; s.op > opConst && f.readers[i] > 0 {
			f.readers[s.x]++
			if rules[s.op].binary {
				f.readers[s.y]++
			}
		}
	}
	in := uint16(0)
	for i, s := range list {
		if s.op == opLeaf {
			f.values[i] = f.register(in)
			in++
		} else if f.readers[i] > 0 {
			f.values[i] = f.value(s)
		}
	}
	for _, id := range outs {
		for _, i := range place[id] {
			f.results = append(f.results, f.sum(f.inline(i)))
		}
		f.outs = append(f.outs, p.outs[id].Data)
	}
	f.join()

	f.in, f.out = make([]float64, 0, f.ins), make([]float64, len(f.results))
	local := len(f.steps) > 0
	for i := range f.results {
		f.results[i].reads(f.terms, func(x uint16) { local = local || x >= f.one })
	}
	if local {
		f.regs = make([]float64, f.next)
		f.regs[f.one] = 1
	}
	return &f.program
}

// register returns the value of a register.
func (f *fuser) register(x uint16) value { return f.term(1, x, f.one) }

// term returns c·(x·y).
func (f *fuser) term(c float64, x, y uint16) value { return value{terms: []term{{c, x, y}}} }

// inline returns number i as a sum that its reader may add to its own sum. A sum with
// several readers is computed once for all of them, in a register.
func (f *fuser) inline(i int32) value {
	if v := f.values[i]; f.readers[i] == 1 || v.single() {
		return v
	}
	return f.register(f.hold(i))
}

// hold returns a register that holds number i.
func (f *fuser) hold(i int32) uint16 {
	v := f.values[i]
	if v.single() && v.terms[0] == (term{1, v.terms[0].x, f.one}) {
		return v.terms[0].x
	}
	if f.held[i] == 0 {
		f.held[i] = f.step(fused{sum: f.sum(v)})
	}
	return f.held[i]
}

// step appends a step and returns its register.
func (f *fuser) step(s fused) uint16 {
	if !math.Signbit(s.zero) && s.n == 0 { // a step adds zero to products alone
		f.products(&s.sum, []term{{s.c, s.x, f.one}})
		s.c, s.x = minusZero, f.one
	}
	s.z = f.next
	f.next++
	f.steps = append(f.steps, s)
	return s.z
}

// value returns a number as a sum of registers. If it is no such sum, it appends a step.
func (f *fuser) value(s number) value {
	switch s.op {
	case opConst:
		return f.term(s.c, f.one, f.one)
	case opAdd:
		x, y := f.inline(s.x), f.inline(s.y)
		switch {
		case y.single():
			return f.add(x, y)
		case x.single():
			return f.add(y, x)
		}
		return f.add(x, f.register(f.hold(s.y)))
	case opSub:
		y := f.inline(s.y)
		if !y.single() {
			y = f.register(f.hold(s.y))
		}
		t := y.terms[0]
		return f.add(f.inline(s.x), f.term(-t.c, t.x, t.y))
	case opAddConst:
		return f.add(f.inline(s.x), f.term(s.c, f.one, f.one))
	case opScale:
		if x := f.inline(s.x); x.single() {
			if t := x.terms[0]; math.Abs(s.c) == 1 || math.Abs(t.c) == 1 || t.x == f.one {
				return f.term(float64(s.c*t.c), t.x, t.y)
			}
		}
		return f.term(s.c, f.hold(s.x), f.one)
	case opMul:
		for _, o := range [2][2]int32{{s.x, s.y}, {s.y, s.x}} {
			if l := f.list[o[1]]; l.op == opMul && l.x == o[0] && l.y == o[0] {
				return f.register(f.step(fused{sum: f.sum(f.register(f.hold(o[0]))), do: cube}))
			}
		}
		a, x := f.factor(s.x)
		b, y := f.factor(s.y)
		return f.term(float64(a*b), x, y)
	case opDiv:
		y := f.hold(s.y)
		return f.register(f.step(fused{sum: f.sum(f.inline(s.x)), do: divide, y: y}))
	}
	st := fused{sum: f.sum(f.inline(s.x)), do: apply, f: functions[s.op]}
	switch {
	case s.op == opInv:
		st.do = invert
	case s.op == opSqrt:
		st.do = root
	case s.op == opPow:
		st.f = func(x float64) float64 { return elementary.Pow(x, s.c) }
	case st.f == nil:
		var z, x [1]float64
		st.f = func(v float64) float64 {
			x[0] = v
			rules[s.op].each(z[:], x[:], x[:], s.c)
			return z[0]
		}
	}
	return f.register(f.step(st))
}

// factor returns 1 or −1 and a register whose product is number i.
func (f *fuser) factor(i int32) (float64, uint16) {
	if v := f.inline(i); v.single() && v.terms[0].y == f.one && math.Abs(v.terms[0].c) == 1 {
		return v.terms[0].c, v.terms[0].x
	}
	return 1, f.hold(i)
}

// add returns x + y for a y of one term.
func (f *fuser) add(x, y value) value {
	if t := y.terms[0]; t.x == f.one && t.c == 0 { // a constant
		return value{x.terms, x.plus || !math.Signbit(t.c)}
	}
	return value{append(slices.Clone(x.terms), y.terms[0]), x.plus}
}

// sum returns v as the sum of a result.
func (f *fuser) sum(v value) sum {
	s := sum{zero: minusZero, c: minusZero, x: f.one} // −0 + v = v
	if v.plus {
		s.zero = 0
	}
	terms := v.terms
	if len(terms) > 1 && terms[0].y != f.one && terms[1].y == f.one {
		terms = slices.Clone(terms)
		terms[0], terms[1] = terms[1], terms[0]
	}
	if terms[0].y == f.one {
		s.c, s.x = terms[0].c, terms[0].x
		terms = terms[1:]
	}
	f.products(&s, terms)
	return s
}

// products puts products into a sum.
func (f *fuser) products(s *sum, terms []term) {
	s.n = uint8(min(len(terms), 3))
	if len(terms) > 0 {
		s.c0, s.x0, s.y0 = terms[0].c, terms[0].x, terms[0].y
	}
	if len(terms) > 1 {
		s.c1, s.x1, s.y1 = terms[1].c, terms[1].x, terms[1].y
		s.lo = uint32(len(f.terms))
		f.terms = append(f.terms, terms[2:]...)
		s.hi = uint32(len(f.terms))
	}
}

// join makes one step of two if the second reads only the first and no other step reads
// the first.
func (f *fuser) join() {
	readers := make([]int, f.next)
	count := func(x uint16) { readers[x]++ }
	for i := range f.results {
		f.results[i].reads(f.terms, count)
	}
	for i := range f.steps {
		f.steps[i].reads(f.terms, count)
		if f.steps[i].do == divide {
			count(f.steps[i].y)
		}
	}
	var steps []fused
	at := make([]int, f.next) // which step sets a register, counted from 1
	for _, s := range f.steps {
		if i := at[s.x]; i > 0 && readers[s.x] == 1 && s.sum == f.sum(f.register(s.x)) {
			first := &steps[i-1]
			if do, ok := joined[[2]uint8{first.do, s.do}]; ok {
				first.do, first.z, at[s.z] = do, s.z, i
				continue
			}
		}
		steps = append(steps, s)
		at[s.z] = len(steps)
	}
	f.steps = steps
}

// reads calls f with each register that the sum reads.
func (s *sum) reads(terms []term, f func(x uint16)) {
	f(s.x)
	if s.n > 0 {
		f(s.x0)
		f(s.y0)
	}
	if s.n > 1 {
		f(s.x1)
		f(s.y1)
	}
	for _, t := range terms[s.lo:s.hi] {
		f(t.x)
		f(t.y)
	}
}
