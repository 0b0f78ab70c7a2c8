package verify

import (
	"fmt"
	"math"
	"math/rand/v2"

	"hnn/autodiff/elementary"
	"hnn/autodiff/kernel"
	"hnn/autodiff/random"
)

// checkKernels computes every kernel that may be assembly with each instruction set of
// this machine and build, and compares all results, bit for bit, with those of the loop
// that specifies it, written out here once more. Sizes are ragged, and numbers include
// NaN, infinities, −0 and subnormals; all NaNs count as equal.
func checkKernels(r *report) {
	defer kernel.Active().Use()
	for _, set := range kernel.Sets() {
		set.Use()
		compare := func(name string, f func(c *comparison)) {
			var c comparison
			f(&c)
			r.within("kernel "+set.Name()+" "+name, float64(c.wrong), 0, 0, fmt.Sprintf("of %d values differ", c.values), c.first)
		}
		for _, p := range products {
			compare(p.name, p.compare)
		}
		for _, l := range loops {
			compare(l.name, l.compare)
		}
		compare("Finite", compareFinite)
	}
}

// A comparison counts the numbers that one kernel computes.
type comparison struct {
	values, wrong int
	first         string // where the first wrong one is
}

// equal compares one number.
func (c *comparison) equal(got, want float64, where func() string) {
	c.values++
	if math.Float64bits(got) == math.Float64bits(want) || got != got && want != want {
		return
	}
	if c.wrong++; c.wrong == 1 {
		c.first = fmt.Sprintf("%s: %v (%x), want %v (%x)", where(), got, math.Float64bits(got), want, math.Float64bits(want))
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

// A product is a matrix product and its definition: element (i,p) of the left factor
// is x[i·xr + p·xc], element (p,j) of the right one y[p·yr + j·yc].
type product struct {
	name   string
	run    func(w *kernel.Workspace, z, x, y []float64, m, k, n int)
	stride func(m, k, n int) (xr, xc, yr, yc int)
}

var products = []product{
	{"MatMul", (*kernel.Workspace).MatMul, func(m, k, n int) (int, int, int, int) { return k, 1, n, 1 }},
	{"MatMulT", (*kernel.Workspace).MatMulT, func(m, k, n int) (int, int, int, int) { return k, 1, 1, k }},
	{"TMatMul", (*kernel.Workspace).TMatMul, func(m, k, n int) (int, int, int, int) { return 1, m, n, 1 }},
}

func (s *product) compare(c *comparison) {
	f := filler{rand.NewPCG(1, 1), false}
	var w kernel.Workspace
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
	// The kernels split m at 240, k at 512, and n at 2040.
	for _, d := range [][3]int{{128, 128, 64}, {5, 1031, 25}, {251, 6, 30}, {4, 9, 2067}, {130, 513, 31}} {
		try(d[0], d[1], d[2])
	}
	f.wild = true
	for range 200 {
		try(1+random.IntN(f.src, 20), 1+random.IntN(f.src, 12), 1+random.IntN(f.src, 60))
	}
}

// A loop is a loop over slices and its definition for one element. It reads, and may
// write, all of u, v and w.
type loop struct {
	name string
	run  func(u, v, w []float64, a, b, c float64)
	each func(u, v, w *float64, a, b, c float64)
}

var loops = []loop{
	{"AddTo", func(u, v, w []float64, _, _, _ float64) { kernel.AddTo(u, v, w) },
		func(u, v, w *float64, _, _, _ float64) { *u = *v + *w }},
	{"SubTo", func(u, v, w []float64, _, _, _ float64) { kernel.SubTo(u, v, w) },
		func(u, v, w *float64, _, _, _ float64) { *u = *v - *w }},
	{"MulTo", func(u, v, w []float64, _, _, _ float64) { kernel.MulTo(u, v, w) },
		func(u, v, w *float64, _, _, _ float64) { *u = *v * *w }},
	{"DivTo", func(u, v, w []float64, _, _, _ float64) { kernel.DivTo(u, v, w) },
		func(u, v, w *float64, _, _, _ float64) { *u = *v / *w }},
	{"ScaleTo", func(u, v, _ []float64, a, _, _ float64) { kernel.ScaleTo(u, v, a) },
		func(u, v, _ *float64, a, _, _ float64) { *u = a * *v }},
	{"AddConstTo", func(u, v, _ []float64, a, _, _ float64) { kernel.AddConstTo(u, v, a) },
		func(u, v, _ *float64, a, _, _ float64) { *u = *v + a }},
	{"AddScaled", func(u, v, _ []float64, a, _, _ float64) { kernel.AddScaled(u, v, a) },
		func(u, v, _ *float64, a, _, _ float64) { *u += float64(a * *v) }},
	{"InvTo", func(u, v, _ []float64, _, _, _ float64) { kernel.InvTo(u, v) },
		func(u, v, _ *float64, _, _, _ float64) { *u = 1 / *v }},
	{"SqrtTo", func(u, v, _ []float64, _, _, _ float64) { kernel.SqrtTo(u, v) },
		func(u, v, _ *float64, _, _, _ float64) { *u = math.Sqrt(*v) }},
	{"Moments", func(u, v, w []float64, a, b, _ float64) { kernel.Moments(u, v, w, a, b) },
		func(m, v, g *float64, b1, b2, _ float64) {
			*m += float64((1 - b1) * (*g - *m))
			*v = float64(b2**v) + float64((1-b2)*float64(*g**g))
		}},
	{"Descend", func(u, v, w []float64, a, b, _ float64) { kernel.Descend(u, v, w, a, b) },
		func(x, m, v *float64, s, eps, _ float64) { *x -= float64(s * (*m / (math.Sqrt(*v) + eps))) }},
	{"PowTo", func(u, v, _ []float64, a, _, _ float64) { kernel.PowTo(u, v, a) },
		func(u, v, _ *float64, a, _, _ float64) { *u = elementary.Pow(*v, a) }},
	function("TanhTo", kernel.TanhTo, elementary.Tanh),
	function("ExpTo", kernel.ExpTo, elementary.Exp),
	function("LogTo", kernel.LogTo, elementary.Log),
	function("SinTo", kernel.SinTo, elementary.Sin),
	function("CosTo", kernel.CosTo, elementary.Cos),
	function("SigmoidTo", kernel.SigmoidTo, elementary.Sigmoid),
	function("SoftplusTo", kernel.SoftplusTo, elementary.Softplus),
}

func function(name string, to func(z, x []float64), f func(float64) float64) loop {
	return loop{name, func(u, v, _ []float64, _, _, _ float64) { to(u, v) },
		func(u, v, _ *float64, _, _, _ float64) { *u = f(*v) }}
}

func (s *loop) compare(c *comparison) {
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
func compareFinite(c *comparison) {
	f := filler{rand.NewPCG(3, 1), false}
	for n := range 70 {
		x := f.slice(n)
		c.equal(truth(kernel.Finite(x)), 1, func() string { return fmt.Sprintf("length %d", n) })
		for i, was := range x {
			for _, v := range []float64{math.NaN(), math.Inf(1), math.Inf(-1), math.MaxFloat64, -math.MaxFloat64, 5e-324} {
				x[i] = v
				c.equal(truth(kernel.Finite(x)), truth(v-v == 0), func() string { return fmt.Sprintf("length %d, %v at %d", n, v, i) })
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
