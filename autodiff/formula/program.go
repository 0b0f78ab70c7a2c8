package formula

import (
	"fmt"
	"math"
	"slices"

	"hnn/autodiff"
	"hnn/autodiff/elementary"
)

// A program computes formulas at one state. A Plan calls a kernel for each operation
// even on a single number; a program has them fused into steps, each a function of a
// sum of products
//
//	z = f(c·x + c₀·x₀y₀ + c₁·x₁y₁ + …)
//
// with all constants folded into the c's and like terms put together, as on paper.
// A polynomial field, such as that of Hénon and Heiles, is one sum a component.
// The order of the operations is fixed, so the bits are the same on every platform.
type program struct {
	steps   []step
	results []sum
	ins     int       // how many inputs
	regs    []float64 // inputs, the number 1, and what steps compute; nil if inputs are enough
}

// A sum has its first terms in place: with 64 bytes and indices of this type the loop
// over results takes half the time that it takes with slices of terms.
type sum struct {
	c, c0, c1         float64
	x, x0, y0, x1, y1 uint16 // places of x…
	n                 uint8  // how many products: 0, 1, 2, or 3 for more
	more              []term
}

// A term is c·x·y.
type term struct {
	c    float64
	x, y uint16
}

// A step puts a sum, or what is made of it, into the register z.
type step struct {
	sum
	z  uint16
	do uint8
	f  func(float64) float64 // to apply
}

const (
	keep         = iota
	invert       // 1/v
	root         // √v
	cube         // v³
	inverseRoot  // 1/√v
	inverseRoot3 // (1/√v)³
	apply        // f(v)
)

// joined has what one step can do in the place of two.
var joined = map[[2]uint8]uint8{{root, invert}: inverseRoot, {inverseRoot, cube}: inverseRoot3}

// run computes the results, which must not overlap the inputs.
func (p *program) run(dst []float64, t float64, in []float64) {
	x := p.regs
	if len(in) != p.ins {
		panic(fmt.Sprintf("formula: a state of %d numbers, want %d", len(in), p.ins))
	}
	for i, v := range in {
		x[i] = v
	}
	for i := range p.steps {
		s := &p.steps[i]
		v := float64(s.c * x[s.x]) // as in runSums: a call would cost as much as the sum
		if s.n > 0 {
			v += float64(s.c0 * float64(x[s.x0]*x[s.y0]))
			if s.n > 1 {
				v += float64(s.c1 * float64(x[s.x1]*x[s.y1]))
				for _, t := range s.more {
					v += float64(t.c * float64(x[t.x]*x[t.y]))
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
		case apply:
			v = s.f(v)
		}
		x[s.z] = v
	}
	p.runSums(dst, t, x)
}

// runSums computes the results from the inputs, or registers, x.
func (p *program) runSums(dst []float64, _ float64, x []float64) {
	sums := p.results
	if len(x) != p.ins && p.regs == nil {
		panic(fmt.Sprintf("formula: a state of %d numbers, want %d", len(x), p.ins))
	}
	dst = dst[:len(sums)]
	for i := range sums {
		s := &sums[i]
		v := float64(s.c * x[s.x])
		if s.n > 0 {
			v += float64(s.c0 * float64(x[s.x0]*x[s.y0]))
			if s.n > 1 {
				v += float64(s.c1 * float64(x[s.x1]*x[s.y1]))
				if s.n > 2 {
					for _, t := range s.more {
						v += float64(t.c * float64(x[t.x]*x[t.y]))
					}
				}
			}
		}
		dst[i] = v
	}
}

// NewField compiles the field of a Hamiltonian at one state, an integrate.Field that
// allocates nothing and serves one goroutine. dydt must not overlap y.
//
//	dydt = [q̇, ṗ] = [∂H/∂p, −∂H/∂q]
func (f *Formula) NewField() func(dydt []float64, t float64, y []float64) {
	d := f.pairs("NewField")
	h, x := f.leaves()
	grad := autodiff.Grad(h, x...)
	field := append([]autodiff.Var{}, grad[d:]...)
	for _, g := range grad[:d] {
		field = append(field, autodiff.Neg(g))
	}
	return compile(field, x)
}

// NewHalves compiles the halves of the field of a separable Hamiltonian as
// integrate.Separable wants them: q̇ = ∂T/∂p of p, and ṗ = −∂V/∂q of q. They serve
// one goroutine.
func (f *Formula) NewHalves() (velocity, force func(dx, x []float64)) {
	if !f.Separable() {
		panic("formula: NewHalves: the Hamiltonian is not separable")
	}
	d := f.vars / 2
	h, x := f.leaves()
	grad := autodiff.Grad(h, x...)
	for i, g := range grad[:d] {
		grad[i] = autodiff.Neg(g)
	}
	t, v := compile(grad[d:], x[d:]), compile(grad[:d], x[:d])
	return func(dq, p []float64) { t(dq, 0, p) }, func(dp, q []float64) { v(dp, 0, q) }
}

// NewValue compiles the value at one state. It serves one goroutine.
func (f *Formula) NewValue() func(x []float64) float64 {
	h, x := f.leaves()
	run := compile([]autodiff.Var{h}, x)
	var v [1]float64
	return func(x []float64) float64 {
		run(v[:], 0, x)
		return v[0]
	}
}

// leaves returns the formula of numbers, and these.
func (f *Formula) leaves() (h autodiff.Var, x []autodiff.Var) {
	g := new(autodiff.Graph)
	for range f.vars {
		x = append(x, g.Leaf("x", autodiff.NewMatrix(1, 1)))
	}
	return f.of(g, 1, x), x
}

// scalar has the operations of one number that are not sums of products.
var scalar = map[string]func(float64) float64{
	"exp": elementary.Exp, "log": elementary.Log, "sin": elementary.Sin,
	"cos": elementary.Cos, "tanh": elementary.Tanh, "sigmoid": elementary.Sigmoid, "softplus": elementary.Softplus,
}

// A compiler knows each formula as a list of terms, which it turns into a step only
// where a sum will not do.
type compiler struct {
	program
	one  uint16               // the place of the number 1, after the inputs: 1·x·1 is x
	next uint16               // the next register
	kept map[[2]uint16]uint16 // registers of products x·y
	held map[*term]uint16     // and of sums, by their first term
	invs map[uint16][]term    // inverses of registers
}

// longest is the number of terms beyond which a sum is computed rather than written
// out in each formula that uses it.
const longest = 6

// compile returns what computes outs, 1×1 each, at the leaves ins.
func compile(outs, ins []autodiff.Var) func(dst []float64, t float64, in []float64) {
	return new(compiler).compile(outs, ins)
}

func (c *compiler) compile(outs, ins []autodiff.Var) func(dst []float64, t float64, in []float64) {
	one := uint16(len(ins))
	*c = compiler{one: one, next: one + 1, kept: map[[2]uint16]uint16{}, held: map[*term]uint16{}, invs: map[uint16][]term{}}
	sums := map[autodiff.Var][]term{}
	for i, v := range ins {
		sums[v] = []term{{1, uint16(i), one}}
	}
	for _, l := range autodiff.List(outs...) {
		var x, y, z []term
		if len(l.Args) > 0 {
			x, y = sums[l.Args[0]], sums[l.Args[len(l.Args)-1]]
		}
		switch f := scalar[l.Op]; l.Op {
		case "leaf":
			if z = sums[l.Var]; z == nil {
				panic("formula: compile: a variable that is no input")
			}
		case "const":
			z = c.add(nil, 1, []term{{l.C, one, one}})
		case "add":
			z = c.add(x, 1, y)
		case "sub":
			z = c.add(x, -1, y)
		case "addconst":
			z = c.add(x, l.C, []term{{1, one, one}})
		case "scale":
			z = c.scale(x, l.C)
		case "mul":
			z = c.mul(x, y)
		case "div":
			z = c.mul(x, c.inverse(y))
		case "inv":
			z = c.inverse(x)
		case "sqrt":
			z = c.step(root, nil, x)
		case "pow":
			z = c.step(apply, func(x float64) float64 { return elementary.Pow(x, l.C) }, x)
		default:
			if f == nil {
				panic(fmt.Sprintf("formula: compile: operation %s of numbers", l.Op))
			}
			z = c.step(apply, f, x)
		}
		if len(z) > longest {
			z = c.step(keep, nil, z)
		}
		sums[l.Var] = z
	}
	for _, v := range outs {
		c.results = append(c.results, c.sum(sums[v]))
	}
	c.join()
	c.ins = len(ins)
	local := len(c.steps) > 0
	for i := range c.results {
		c.results[i].reads(func(x uint16) { local = local || x >= one })
	}
	if !local {
		return c.runSums
	}
	c.regs = make([]float64, c.next)
	c.regs[one] = 1
	return c.run
}

// join leaves out steps that nothing reads, and makes one step of two where the second
// is made of the first alone, which nothing else reads.
func (c *compiler) join() {
	readers := make([]int, c.next)
	count := func(x uint16) { readers[x]++ }
	for i := range c.results {
		c.results[i].reads(count)
	}
	for i := len(c.steps) - 1; i >= 0; i-- {
		if s := &c.steps[i]; readers[s.z] > 0 {
			s.reads(count)
		}
	}
	var steps []step
	at := make([]int, c.next) // the number from 1 of the step that sets a register
	for _, s := range c.steps {
		if readers[s.z] == 0 {
			continue
		}
		if i := at[s.x]; i > 0 && readers[s.x] == 1 { // what can be joined is made of a register
			first := &steps[i-1]
			if do, ok := joined[[2]uint8{first.do, s.do}]; ok {
				first.do, first.z, at[s.z] = do, s.z, i
				continue
			}
		}
		steps = append(steps, s)
		at[s.z] = len(steps)
	}
	c.steps = steps
}

// reads calls f with each place that the sum reads.
func (s *sum) reads(f func(x uint16)) {
	f(s.x)
	if s.n > 0 {
		f(s.x0)
		f(s.y0)
	}
	if s.n > 1 {
		f(s.x1)
		f(s.y1)
	}
	for _, t := range s.more {
		f(t.x)
		f(t.y)
	}
}

// step appends a step and returns where its value is.
func (c *compiler) step(do uint8, f func(float64) float64, terms []term) []term {
	z := c.next
	if c.next++; c.next == 0 {
		panic("formula: compile: too many registers") // maxLength is too small for that
	}
	c.steps = append(c.steps, step{c.sum(terms), z, do, f})
	return []term{{1, z, c.one}}
}

func (c *compiler) sum(terms []term) sum {
	s := sum{x: c.one} // 0·1, if no term has a single factor
	for _, t := range terms {
		switch {
		case t.y == c.one && s.c == 0:
			s.c, s.x = t.c, t.x
			continue
		case s.n == 0:
			s.c0, s.x0, s.y0 = t.c, t.x, t.y
		case s.n == 1:
			s.c1, s.x1, s.y1 = t.c, t.x, t.y
		default:
			s.more = append(s.more, t)
		}
		s.n = min(s.n+1, 3)
	}
	return s
}

// add returns x + k·y, like terms put together.
func (c *compiler) add(x []term, k float64, y []term) []term {
	z := append([]term(nil), x...)
next:
	for _, t := range c.scale(y, k) {
		for i := range z {
			if z[i].x == t.x && z[i].y == t.y {
				if z[i].c += t.c; z[i].c == 0 {
					z = append(z[:i], z[i+1:]...)
				}
				continue next
			}
		}
		z = append(z, t)
	}
	return z
}

// scale returns k·x. A sum whose coefficients would leave the range of float64 is
// computed first.
func (c *compiler) scale(x []term, k float64) []term {
	var z []term
	for _, t := range x {
		v := float64(k * t.c) // v - v must not be fused with the product
		if v-v != 0 || v == 0 && k != 0 {
			return []term{{k, c.value(x), c.one}}
		}
		if t.c = v; v != 0 {
			z = append(z, t)
		}
	}
	return z
}

// mul returns x·y, multiplied out where one is a short sum of single factors.
func (c *compiler) mul(x, y []term) []term {
	if len(x) > 1 {
		x, y = y, x
	}
	cx, rx := c.factor(x)
	if len(y) > 1 && len(y) <= 3 && !slices.ContainsFunc(y, func(t term) bool { return t.y != c.one }) {
		var z []term
		for _, t := range y {
			z = c.add(z, 1, c.mul([]term{{cx, rx, c.one}}, []term{t}))
		}
		return z
	}
	cy, ry := c.factor(y)
	if rx == c.one || ry > rx && ry != c.one {
		rx, ry = ry, rx
	}
	return c.scale(c.scale([]term{{1, rx, ry}}, cx), cy)
}

// inverse returns 1/x, by which division is multiplication: the same divisor comes
// again and again in a gradient.
func (c *compiler) inverse(x []term) []term {
	k, r := c.factor(x)
	z, ok := c.invs[r]
	if !ok {
		z = c.step(invert, nil, []term{{1, r, c.one}})
		c.invs[r] = z
	}
	return c.scale(z, 1/k)
}

// factor returns a constant and a register whose product is the sum.
func (c *compiler) factor(x []term) (float64, uint16) {
	if len(x) != 1 {
		return 1, c.value(x)
	}
	t := x[0]
	if t.y == c.one {
		return t.c, t.x
	}
	r, ok := c.kept[[2]uint16{t.x, t.y}]
	if !ok {
		if square, ok := c.kept[[2]uint16{t.y, t.y}]; ok && t.x == square {
			r = c.step(cube, nil, []term{{1, t.y, c.one}})[0].x
		} else {
			r = c.step(keep, nil, []term{{1, t.x, t.y}})[0].x
		}
		c.kept[[2]uint16{t.x, t.y}] = r
	}
	return t.c, r
}

// value returns a register that holds the sum.
func (c *compiler) value(x []term) uint16 {
	switch {
	case len(x) == 0:
		return c.step(keep, nil, x)[0].x
	case len(x) == 1 && x[0].c == 1 && x[0].y == c.one:
		return x[0].x
	}
	r, ok := c.held[&x[0]]
	if !ok {
		r = c.step(keep, nil, x)[0].x
		c.held[&x[0]] = r
	}
	return r
}
