package autodiff

import (
	"fmt"
	"math"
)

// A program runs a Plan of numbers, such as the field of a Hamiltonian at one state. A Plan
// calls a kernel for each operation. For a single number the call costs more than the
// operation. So a program fuses operations into steps. Each step is a function of a sum:
//
//	z = f(zero + c·x + c₀·(x₀·y₀) + c₁·(x₁·y₁) + …),   zero = −0 or +0
//
// Every product and every sum is rounded as in the kernels and in the same order, and f is
// the function of the kernel. So the bits are those of single operations. Only these
// identities are used. They hold for every float64, infinities and zeros of both signs
// included (the bits of a NaN are not specified):
//
//	x + y = y + x    x·y = y·x    x − y = x + (−y)    1·x = x    x + (−0) = x
//	(−1·x)·y = −1·(x·y)    (x + 0) + y = (0 + x) + y = (x + y) + 0
type program struct {
	steps   []fused
	results []sum
	terms   []term    // of sums with more than two products
	ins     int       // how many inputs
	regs    []float64 // inputs, the number 1, and the results of steps; nil if there are no steps

	// for Plan.Run: where the inputs are and the results go, and copies of both
	leaves  []leaf
	outs    [][]float64
	in, out []float64
}

// A sum holds its first terms itself. The loop over results then takes half the time that it
// takes with slices of terms.
type sum struct {
	zero, c, c0, c1   float64
	x, x0, y0, x1, y1 uint16 // registers
	n                 uint8  // number of products: 0, 1, 2, or 3 for more
	lo, hi            uint32 // further products: terms[lo:hi]
	_                 uint64 // fills 64 bytes, so that an index is fast to compute
}

// A term is c·(x·y), x and y registers.
type term struct {
	c    float64
	x, y uint16
}

// A fused step puts a sum, or a function of it, into the register z.
type fused struct {
	sum
	z, y uint16
	do   uint8
	f    func(float64) float64 // to apply
}

const (
	keep         = iota
	invert       // 1/v
	root         // √v
	cube         // v·(v·v)
	inverseRoot  // 1/√v
	inverseRoot3 // the cube of 1/√v
	divide       // v/y
	apply        // f(v)
)

// joined lists pairs of operations that one step can do.
var joined = map[[2]uint8]uint8{{root, invert}: inverseRoot, {inverseRoot, cube}: inverseRoot3}

// run computes the results, which must not overlap the inputs.
func (p *program) run(dst []float64, _ float64, in []float64) {
	x := p.regs
	if len(in) != p.ins {
		wrongLength(len(in), p.ins)
	}
	for i, v := range in {
		x[i] = v
	}
	for i := range p.steps {
		s := &p.steps[i]
		v := float64(s.c * x[s.x]) // as in runSums: a call would cost as much as the sum
		if s.n > 0 {
			v += s.zero // where n is 0, a step has −0
			v += float64(s.c0 * float64(x[s.x0]*x[s.y0]))
			if s.n > 1 {
				v += float64(s.c1 * float64(x[s.x1]*x[s.y1]))
				if s.n > 2 {
					for _, t := range p.terms[s.lo:s.hi] {
						v += float64(t.c * float64(x[t.x]*x[t.y]))
					}
				}
			}
		}
		switch s.do {
		case invert:
			v = 1 / v
		case root:
			v = math.Sqrt(v)
		case cube:
			v *= float64(v * v)
		case inverseRoot:
			v = 1 / math.Sqrt(v)
		case inverseRoot3:
			v = 1 / math.Sqrt(v)
			v *= float64(v * v)
		case divide:
			v /= x[s.y]
		case apply:
			v = s.f(v)
		}
		x[s.z] = v
	}
	p.runSums(dst, 0, x)
}

// runSums computes the results from the inputs, or registers, x.
func (p *program) runSums(dst []float64, _ float64, x []float64) {
	sums := p.results
	if len(x) != p.ins && p.regs == nil {
		wrongLength(len(x), p.ins)
	}
	dst = dst[:len(sums)]
	for i := range sums {
		s := &sums[i]
		v := s.zero + float64(s.c*x[s.x])
		if s.n > 0 {
			v += float64(s.c0 * float64(x[s.x0]*x[s.y0]))
			if s.n > 1 {
				v += float64(s.c1 * float64(x[s.x1]*x[s.y1]))
				if s.n > 2 {
					for _, t := range p.terms[s.lo:s.hi] {
						v += float64(t.c * float64(x[t.x]*x[t.y]))
					}
				}
			}
		}
		dst[i] = v
	}
}

// Func returns a function of one leaf x. It runs the plan with the given numbers as values
// of the leaf and copies the output y to dst. It ignores t, so it can be an
// integrate.Field. It allocates nothing. It may write to the leaf. dst must not overlap the
// numbers given, and a wrong length panics. One goroutine at a time may use the function and
// the Plan.
func (p *Plan) Func(y, x Var) func(dst []float64, t float64, x []float64) {
	out := p.Value(y)
	if x.g != p.g || x.node().op != opLeaf {
		panic(fmt.Sprintf("autodiff: Func: v%d (%s) is not a leaf of this plan", x.id, shape(x)))
	}
	in := x.leaf()
	if s := p.scalar; s != nil && len(s.outs) == 1 && len(p.outs) == 1 && len(s.leaves) == 1 && s.leaves[0].m == in {
		if s.regs == nil {
			return s.runSums
		}
		return s.run
	}
	return func(dst []float64, _ float64, x []float64) {
		if len(x) != len(in.Data) {
			wrongLength(len(x), len(in.Data))
		}
		copy(in.Data, x)
		p.Run()
		copy(dst, out.Data)
	}
}

// wrongLength panics. It is not inlined, for the speed of its callers.
//
//go:noinline
func wrongLength(n, want int) {
	panic(fmt.Sprintf("autodiff: Func: %d numbers for the leaf, want %d", n, want))
}

// runPlan does the work of Plan.Run.
func (p *program) runPlan() {
	in := p.in[:0]
	for _, l := range p.leaves {
		if n := l.m.Cols; len(l.m.Data) != n {
			panic(fmt.Sprintf("autodiff: Run: leaf %s was 1×%d and has %d elements", l.name, n, len(l.m.Data)))
		}
		in = append(in, l.m.Data...)
	}
	if p.regs == nil {
		p.runSums(p.out, 0, in)
	} else {
		p.run(p.out, 0, in)
	}
	out := p.out
	for _, z := range p.outs {
		out = out[copy(z, out):]
	}
}
