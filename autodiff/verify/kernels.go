package verify

import (
	"fmt"
	"math"
	"math/rand/v2"

	"hnn/autodiff/kernel"
	"hnn/autodiff/random"
)

// Kernels computes every kernel with each instruction set of this machine and build, and
// compares all results, bit for bit, with its definition. Sizes are ragged, and numbers
// include NaN, infinities, −0 and subnormals; all NaNs count as equal. It switches the
// instruction set while it runs: nothing else may use package kernel meanwhile.
func Kernels(found func(Finding)) {
	defer kernel.Active().Use()
	for _, set := range kernel.Sets() {
		set.Use()
		compare := func(name string, f func(c *Comparison)) {
			var c Comparison
			f(&c)
			found(Finding{"kernel " + set.Name() + " " + name, float64(c.Wrong), 0, fmt.Sprintf("of %d values differ", c.Values), c.First})
		}
		for _, p := range Products {
			compare(p.Name, p.compareSizes)
		}
		for _, l := range Loops {
			compare(l.Name, l.compareSizes)
		}
		compare("SumTo", compareSums)
		compare("AddRowTo", compareRows)
		compare("Dot", compareDot)
		compare("Adam", compareAdam)
		compare("Finite", compareFinite)
	}
}

// A Comparison counts the numbers that a kernel computes.
type Comparison struct {
	Values, Wrong int
	First         string // what the first wrong one is; empty if there is none
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

// A fence is a slice between margins that no kernel may write.
type fence struct{ whole, slice []float64 }

const margin, marked = 32, 12345

// fenced returns n numbers from next.
func fenced(n int, next func() float64) fence {
	f := fence{whole: make([]float64, n+2*margin)}
	for i := range f.whole {
		f.whole[i] = marked
	}
	f.slice = f.whole[margin : margin+n : margin+n]
	for i := range f.slice {
		f.slice[i] = next()
	}
	return f
}

// inside counts the numbers in the margins that have changed.
func (c *Comparison) inside(f fence, where func() string) {
	for i, v := range f.whole {
		if v == marked || i >= margin && i < len(f.whole)-margin {
			continue
		}
		if c.Wrong++; c.Wrong == 1 {
			c.First = fmt.Sprintf("%s: wrote outside of the slice, at %d", where(), i-margin)
		}
	}
}

// numbers returns n numbers from next.
func numbers(n int, next func() float64) []float64 { return fenced(n, next).slice }

// Compare multiplies an m×k by a k×n matrix of numbers from next, and adds the product to another
// matrix, to what z held and to a row.
func (p *Product) Compare(c *Comparison, w *kernel.Workspace, m, k, n int, next func() float64) {
	x, y, sums := numbers(m*k, next), numbers(k*n, next), make([]float64, m*n)
	size := func() string { return fmt.Sprintf("%d×%d×%d", m, k, n) }
	xr, xc, yr, yc := p.Stride(m, k, n)
	for i := range m {
		for j := range n {
			for l := range k {
				sums[i*n+j] = math.FMA(x[i*xr+l*xc], y[l*yr+j*yc], sums[i*n+j])
			}
		}
	}
	check := func(z fence, form string, want func(i int) float64) {
		for i, v := range z.slice {
			c.equal(v, want(i), func() string { return fmt.Sprintf("%s%s at (%d,%d)", size(), form, i/n, i%n) })
		}
		c.inside(z, size)
	}
	z := fenced(m*n, next)
	p.Run(w, z.slice, x, y, m, k, n)
	check(z, "", func(i int) float64 { return sums[i] })

	s, z := numbers(m*n, next), fenced(m*n, next)
	p.Plus(w, z.slice, s, x, y, m, k, n)
	check(z, " + s", func(i int) float64 { return s[i] + sums[i] })

	copy(z.slice, s)
	p.Plus(w, z.slice, z.slice, x, y, m, k, n)
	check(z, " + z", func(i int) float64 { return s[i] + sums[i] })

	row := numbers(n, next)
	p.Plus(w, z.slice, row, x, y, m, k, n)
	check(z, " + row", func(i int) float64 { return row[i%n] + sums[i] })
}

func (p *Product) compareSizes(c *Comparison) {
	src := rand.NewPCG(1, 1)
	var w kernel.Workspace
	try := func(m, k, n int, next func() float64) { p.Compare(c, &w, m, k, n, next) }
	tame := func() float64 { return Tame(src) }
	for _, m := range []int{1, 2, 3, 4, 5, 8, 9, 15, 30} {
		for _, k := range []int{0, 1, 2, 7, 32, 65} {
			for _, n := range []int{1, 2, 3, 4, 5, 8, 23, 24, 25, 50} {
				try(m, k, n, tame)
			}
		}
	}
	// The kernels split m at 240, k at 512, and n at 2040.
	for _, d := range [][3]int{{128, 128, 64}, {5, 1031, 25}, {251, 6, 30}, {4, 9, 2067}, {130, 513, 31}} {
		try(d[0], d[1], d[2], tame)
	}
	for range 200 {
		try(1+random.IntN(src, 20), 1+random.IntN(src, 12), 1+random.IntN(src, 60), func() float64 { return Wild(src) })
	}
}

// Compare runs the loop over n elements of numbers from next. With same = 1 the slices u
// and v are one, with same = 2 u and w, where the kernel allows that.
func (l *Loop) Compare(c *Comparison, n, same int, next func() float64) {
	if l.Name == "Moments" || l.Name == "Descend" || l.Name == "Reflect" {
		same = 0
	}
	got := [3]fence{fenced(n, next), fenced(n, next), fenced(n, next)}
	got[0] = got[same]
	var want [3][]float64
	for s, f := range got {
		want[s] = append(want[s], f.slice...)
	}
	want[0] = want[same]
	a, b, d := next(), next(), next()
	l.Run(got[0].slice, got[1].slice, got[2].slice, a, b, d)
	for j := range n {
		l.Each(&want[0][j], &want[1][j], &want[2][j], a, b, d)
		for s := range got {
			c.equal(got[s].slice[j], want[s][j], func() string { return fmt.Sprintf("length %d, slice %d at %d", n, s, j) })
		}
	}
	for s, f := range got {
		c.inside(f, func() string { return fmt.Sprintf("length %d, slice %d", n, s) })
	}
}

func (l *Loop) compareSizes(c *Comparison) {
	for i := range 2 * 70 {
		n := i / 2
		if i < 4 {
			n = 1000 + i
		}
		src := rand.NewPCG(2, uint64(i))
		l.Compare(c, n, 0, func() float64 {
			if i%2 == 1 {
				return Wild(src)
			}
			return Tame(src)
		})
	}
}

// compareSums adds up matrices of many sizes over rows, over columns and over both.
func compareSums(c *Comparison) {
	src := rand.NewPCG(4, 1)
	for n := 2; n < 150; n++ {
		m := 2 + random.IntN(src, 9)
		x := numbers(m*n, func() float64 { return Wild(src) })
		for _, to := range [][2]int{{1, n}, {m, 1}, {1, 1}} {
			z, want := fenced(to[0]*to[1], func() float64 { return Tame(src) }), make([]float64, to[0]*to[1])
			kernel.SumTo(z.slice, x, to[0], to[1], m, n)
			for j := range n {
				sum := 0.
				for i := range m {
					if sum += x[i*n+j]; to[0] == m {
						want[i] += x[i*n+j]
					}
				}
				if to[0] == 1 {
					want[j%to[1]] += sum
				}
			}
			where := func() string { return fmt.Sprintf("%d×%d to %d×%d", m, n, to[0], to[1]) }
			for i, v := range want {
				c.equal(z.slice[i], v, where)
			}
			c.inside(z, where)
		}
	}
}

// compareRows adds rows of many lengths, beginning anywhere in the row.
func compareRows(c *Comparison) {
	src := rand.NewPCG(5, 1)
	for n := 1; n < 40; n++ {
		x, y := numbers(3*n, func() float64 { return Wild(src) }), numbers(n, func() float64 { return Wild(src) })
		at := random.IntN(src, 3*n)
		z := fenced(3*n, func() float64 { return Tame(src) })
		kernel.AddRowTo(z.slice, x, y, at)
		for i := range x {
			c.equal(z.slice[i], x[i]+y[(at+i)%n], func() string { return fmt.Sprintf("%d numbers from %d on, at %d", n, at, i) })
		}
		c.inside(z, func() string { return fmt.Sprintf("%d numbers from %d on", n, at) })
	}
}

// compareAdam compares Adam with Moments and Descend.
func compareAdam(c *Comparison) {
	for n := range 70 {
		src := rand.NewPCG(7, uint64(n))
		next := func() float64 { return Wild(src) }
		got := [3]fence{fenced(n, next), fenced(n, next), fenced(n, next)}
		g, want := numbers(n, next), [3][]float64{}
		for i, f := range got {
			want[i] = append(want[i], f.slice...)
		}
		s, eps := Tame(src), math.Abs(Tame(src))
		kernel.Adam(got[0].slice, got[1].slice, got[2].slice, g, 0.9, 0.999, s, eps)
		kernel.Moments(want[1], want[2], g, 0.9, 0.999)
		kernel.Descend(want[0], want[1], want[2], s, eps)
		for i, f := range got {
			for j, v := range f.slice {
				c.equal(v, want[i][j], func() string { return fmt.Sprintf("length %d, slice %d at %d", n, i, j) })
			}
			c.inside(f, func() string { return fmt.Sprintf("length %d, slice %d", n, i) })
		}
	}
}

// compareDot adds the products in the order of the definition.
func compareDot(c *Comparison) {
	for n := range 140 {
		src := rand.NewPCG(6, uint64(n))
		next := func() float64 { return Tame(src) }
		if n%2 == 1 {
			next = func() float64 { return Wild(src) }
		}
		x, y := numbers(n, next), numbers(n, next)
		var s [8]float64
		for i := range n / 8 * 8 {
			s[i%8] += float64(x[i] * y[i])
		}
		want := (s[0] + s[1] + (s[2] + s[3])) + (s[4] + s[5] + (s[6] + s[7]))
		for i := n / 8 * 8; i < n; i++ {
			want += float64(x[i] * y[i])
		}
		c.equal(kernel.Dot(x, y), want, func() string { return fmt.Sprintf("length %d", n) })
	}
}

// compareFinite puts every kind of number at every place among finite ones.
func compareFinite(c *Comparison) {
	src := rand.NewPCG(3, 1)
	for n := range 70 {
		x := numbers(n, func() float64 { return Tame(src) })
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

// Tame returns a random number from (−2, 2).
func Tame(src rand.Source) float64 { return float64(4*random.Uniform(src)) - 2 }

// Wild is Tame, or one time in five a special number: ±0, a subnormal one, an infinity, a
// NaN, the largest, or any bits.
func Wild(src rand.Source) float64 {
	switch sign := float64(1 - 2*random.IntN(src, 2)); random.IntN(src, 32) {
	case 0:
		return math.Copysign(0, sign)
	case 1:
		return math.Copysign(math.Float64frombits(src.Uint64()>>12), sign) // subnormal
	case 2:
		return math.Inf(int(sign))
	case 3:
		return math.NaN()
	case 4:
		return math.Copysign(math.MaxFloat64, sign)
	case 5:
		return math.Float64frombits(src.Uint64())
	}
	return Tame(src)
}
