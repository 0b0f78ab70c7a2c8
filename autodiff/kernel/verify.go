package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"

	"hnn/autodiff/elementary"
	"hnn/autodiff/random"
)

// A Comparison is what Verify finds of one kernel in one instruction set.
type Comparison struct {
	Set    string // "go", or as Implementation has it
	Kernel string
	Values int    // numbers compared
	Wrong  int    // those of them whose bits are not those of the specification
	First  string // where the first of these is; empty if there is none
}

// Verify computes every kernel that may be assembly with each instruction set of
// this machine and build, and compares all results, bit for bit, with those of the
// loop that specifies it, written out here once more. Sizes are ragged, and numbers
// include NaN, infinities, −0 and subnormals; NaNs are one.
//
// Verify switches the instruction set while it runs: nothing else may use this
// package meanwhile.
func Verify() []Comparison {
	best := active
	defer func() { active = best }()
	var all []Comparison
	for _, set := range available() {
		active = set
		for _, s := range productSpecs {
			c := Comparison{Set: set.name, Kernel: s.name}
			s.compare(&c)
			all = append(all, c)
		}
		for _, s := range loopSpecs {
			c := Comparison{Set: set.name, Kernel: s.name}
			s.compare(&c)
			all = append(all, c)
		}
		c := Comparison{Set: set.name, Kernel: "Finite"}
		compareFinite(&c)
		all = append(all, c)
	}
	return all
}

// Peak does n rounds of independent fused multiply-adds with the instruction set in
// use, as fast as one core can, and returns how many floating-point operations that
// were. Timed, it is what the matrix products are measured against.
func Peak(n int) (flop int) {
	active.peak(n)
	return n * active.flop
}

// equal compares one number.
func (c *Comparison) equal(got, want float64, where func() string) {
	c.Values++
	if math.Float64bits(got) == math.Float64bits(want) || got != got && want != want {
		return
	}
	if c.Wrong++; c.Wrong == 1 {
		c.First = fmt.Sprintf("%s: %v (%x), want %v (%x)", where(), got, math.Float64bits(got), want, math.Float64bits(want))
	}
}

// A filler makes numbers: from (−2, 2), with some special ones if wild.
type filler struct {
	src  rand.Source
	wild bool
}

func (f filler) next() float64 {
	if f.wild {
		switch sign := float64(1 - 2*random.IntN(f.src, 2)); random.IntN(f.src, 32) {
		case 0:
			return math.Copysign(0, sign)
		case 1:
			return math.Copysign(math.Float64frombits(f.src.Uint64()>>12), sign) // subnormal
		case 2:
			return math.Inf(int(sign))
		case 3:
			return math.NaN()
		case 4:
			return math.Copysign(math.MaxFloat64, sign)
		case 5:
			return math.Float64frombits(f.src.Uint64())
		}
	}
	return float64(4*random.Uniform(f.src)) - 2
}

func (f filler) slice(n int) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = f.next()
	}
	return x
}

// A productSpec is a matrix product and its definition: element (i,p) of the left
// factor is x[i·xr + p·xc], element (p,j) of the right one y[p·yr + j·yc].
type productSpec struct {
	name   string
	run    func(w *Workspace, z, x, y []float64, m, k, n int)
	stride func(m, k, n int) (xr, xc, yr, yc int)
}

var productSpecs = []productSpec{
	{"MatMul", (*Workspace).MatMul, func(m, k, n int) (int, int, int, int) { return k, 1, n, 1 }},
	{"MatMulT", (*Workspace).MatMulT, func(m, k, n int) (int, int, int, int) { return k, 1, 1, k }},
	{"TMatMul", (*Workspace).TMatMul, func(m, k, n int) (int, int, int, int) { return 1, m, n, 1 }},
}

func (s *productSpec) compare(c *Comparison) {
	f := filler{rand.NewPCG(1, 1), false}
	var w Workspace
	try := func(m, k, n int) {
		x, y, z := f.slice(m*k), f.slice(k*n), f.slice(m*n)
		s.run(&w, z, x, y, m, k, n)
		xr, xc, yr, yc := s.stride(m, k, n)
		for i := range m {
			for j := range n {
				sum := 0.
				for p := range k {
					sum = math.FMA(x[i*xr+p*xc], y[p*yr+j*yc], sum)
				}
				c.equal(z[i*n+j], sum, func() string { return fmt.Sprintf("%d×%d×%d at (%d,%d)", m, k, n, i, j) })
			}
		}
	}
	for _, m := range []int{1, 2, 3, 4, 5, 8, 9, 15, 30} {
		for _, k := range []int{0, 1, 2, 7, 32, 65} {
			for _, n := range []int{1, 2, 3, 4, 5, 8, 23, 24, 25, 50} {
				try(m, k, n)
			}
		}
	}
	for _, d := range [][3]int{{128, 128, 64}, {5, 2*blockK + 7, 25}, {blockM + 11, 6, 30}, {4, 9, blockN + 27}, {130, blockK + 1, 31}} {
		try(d[0], d[1], d[2])
	}
	f.wild = true
	for range 200 {
		try(1+random.IntN(f.src, 20), 1+random.IntN(f.src, 12), 1+random.IntN(f.src, 60))
	}
}

// A loopSpec is a loop and its definition for one element. It reads, and may write,
// all of u, v and w.
type loopSpec struct {
	name string
	run  func(u, v, w []float64, a, b, c float64)
	each func(u, v, w *float64, a, b, c float64)
}

var loopSpecs = []loopSpec{
	{"AddTo", func(u, v, w []float64, _, _, _ float64) { AddTo(u, v, w) },
		func(u, v, w *float64, _, _, _ float64) { *u = *v + *w }},
	{"SubTo", func(u, v, w []float64, _, _, _ float64) { SubTo(u, v, w) },
		func(u, v, w *float64, _, _, _ float64) { *u = *v - *w }},
	{"MulTo", func(u, v, w []float64, _, _, _ float64) { MulTo(u, v, w) },
		func(u, v, w *float64, _, _, _ float64) { *u = *v * *w }},
	{"DivTo", func(u, v, w []float64, _, _, _ float64) { DivTo(u, v, w) },
		func(u, v, w *float64, _, _, _ float64) { *u = *v / *w }},
	{"ScaleTo", func(u, v, _ []float64, a, _, _ float64) { ScaleTo(u, v, a) },
		func(u, v, _ *float64, a, _, _ float64) { *u = a * *v }},
	{"AddConstTo", func(u, v, _ []float64, a, _, _ float64) { AddConstTo(u, v, a) },
		func(u, v, _ *float64, a, _, _ float64) { *u = *v + a }},
	{"AddScaled", func(u, v, _ []float64, a, _, _ float64) { AddScaled(u, v, a) },
		func(u, v, _ *float64, a, _, _ float64) { *u += float64(a * *v) }},
	{"InvTo", func(u, v, _ []float64, _, _, _ float64) { InvTo(u, v) },
		func(u, v, _ *float64, _, _, _ float64) { *u = 1 / *v }},
	{"SqrtTo", func(u, v, _ []float64, _, _, _ float64) { SqrtTo(u, v) },
		func(u, v, _ *float64, _, _, _ float64) { *u = math.Sqrt(*v) }},
	{"Moments", func(u, v, w []float64, a, b, _ float64) { Moments(u, v, w, a, b) },
		func(m, v, g *float64, b1, b2, _ float64) {
			*m += float64((1 - b1) * (*g - *m))
			*v = float64(b2**v) + float64((1-b2)*float64(*g**g))
		}},
	{"Descend", func(u, v, w []float64, a, b, _ float64) { Descend(u, v, w, a, b) },
		func(x, m, v *float64, s, eps, _ float64) { *x -= float64(s * (*m / (math.Sqrt(*v) + eps))) }},
	function("TanhTo", TanhTo, elementary.Tanh),
	function("ExpTo", ExpTo, elementary.Exp),
	function("LogTo", LogTo, elementary.Log),
	function("SinTo", SinTo, elementary.Sin),
	function("CosTo", CosTo, elementary.Cos),
	function("SigmoidTo", SigmoidTo, elementary.Sigmoid),
	function("SoftplusTo", SoftplusTo, elementary.Softplus),
}

func function(name string, to func(z, x []float64), f func(float64) float64) loopSpec {
	return loopSpec{name, func(u, v, _ []float64, _, _, _ float64) { to(u, v) },
		func(u, v, _ *float64, _, _, _ float64) { *u = f(*v) }}
}

func (s *loopSpec) compare(c *Comparison) {
	for i := range 2 * 70 {
		n := i / 2
		if i < 4 {
			n = 1000 + i
		}
		f := filler{rand.NewPCG(2, uint64(i)), i%2 == 1}
		got := [3][]float64{f.slice(n), f.slice(n), f.slice(n)}
		var want [3][]float64
		for j, x := range got {
			want[j] = append(want[j], x...)
		}
		a, b, d := f.next(), f.next(), f.next()
		s.run(got[0], got[1], got[2], a, b, d)
		for j := range n {
			s.each(&want[0][j], &want[1][j], &want[2][j], a, b, d)
			for k := range got {
				c.equal(got[k][j], want[k][j], func() string { return fmt.Sprintf("length %d, slice %d at %d", n, k, j) })
			}
		}
	}
}

// compareFinite puts every kind of number at every place among finite ones.
func compareFinite(c *Comparison) {
	f := filler{rand.NewPCG(3, 1), false}
	for n := range 70 {
		x := f.slice(n)
		c.equal(truth(Finite(x)), 1, func() string { return fmt.Sprintf("length %d", n) })
		for i, was := range x {
			for _, v := range []float64{math.NaN(), math.Inf(1), math.Inf(-1), math.MaxFloat64, -math.MaxFloat64, 5e-324} {
				x[i] = v
				c.equal(truth(Finite(x)), truth(v-v == 0), func() string { return fmt.Sprintf("length %d, %v at %d", n, v, i) })
			}
			x[i] = was
		}
	}
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
