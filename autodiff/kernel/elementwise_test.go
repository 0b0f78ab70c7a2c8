package kernel_test

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"hnn/autodiff/elementary"
	"hnn/autodiff/kernel"
	"hnn/autodiff/random"
	"hnn/autodiff/verify"
)

// checkElementwise compares all loops with their definitions at one length. First all slices
// are different. Then z is x or y, if a loop allows it.
func checkElementwise(t testing.TB, n int, next func() float64) {
	for _, l := range verify.Loops {
		var c verify.Comparison
		for same := range 3 {
			l.Compare(&c, n, same, next)
		}
		differ(t, l.Name, &c)
	}
}

// Every implementation of the elementwise loops equals the definition to the last bit.
func TestElementwiseBits(t *testing.T) {
	eachSet(t, func(t testing.TB, name string) {
		src := rand.NewPCG(3, 4)
		wild := func() float64 { return verify.Wild(src) }
		for n := range 140 {
			checkElementwise(t, n, func() float64 { return verify.Tame(src) })
			checkElementwise(t, n, wild)
		}
		checkElementwise(t, 4096, wild)
	})
}

func FuzzElementwise(f *testing.F) {
	f.Add(uint16(0), uint64(1))
	f.Add(uint16(35), uint64(2))
	f.Add(uint16(512), uint64(3))
	f.Fuzz(func(t *testing.T, n uint16, seed uint64) {
		eachSet(t, func(t testing.TB, name string) {
			src := rand.NewPCG(seed, 1)
			checkElementwise(t, int(n%600), func() float64 { return verify.Wild(src) })
		})
	})
}

func TestElementwiseAllocs(t *testing.T) {
	eachSet(t, func(t testing.TB, name string) {
		u, v, w := make([]float64, 67), make([]float64, 67), make([]float64, 67)
		for _, e := range verify.Loops {
			if n := testing.AllocsPerRun(5, func() { e.Run(u, v, w, 1, 2, 3) }); n != 0 {
				t.Errorf("%s %s: %v allocations", name, e.Name, n)
			}
		}
	})
}

func TestLengths(t *testing.T) {
	for _, e := range verify.Loops[len(verify.Loops)-8:] {
		for _, n := range []int{1, 3} {
			func() {
				defer func() {
					if recover() == nil {
						t.Errorf("%s: no panic for slices of lengths %d and 2", e.Name, n)
					}
				}()
				e.Run(make([]float64, n), make([]float64, 2), nil, 0, 0, 0)
			}()
		}
	}
}

// BenchmarkElementwise reports the best time for one of 512 elements, a block of a Plan.
func BenchmarkElementwise(b *testing.B) {
	eachSet(b, func(tb testing.TB, name string) {
		b := tb.(*testing.B)
		for _, e := range verify.Loops {
			b.Run(name+"/"+e.Name, func(b *testing.B) {
				u, v, w := make([]float64, 512), make([]float64, 512), make([]float64, 512)
				r := rand.New(rand.NewPCG(3, 4))
				for i := range u {
					u[i], v[i], w[i] = 1+r.Float64(), 1+r.Float64(), 1+r.Float64()
				}
				best := math.Inf(1)
				for b.Loop() {
					start := time.Now()
					for range 100 {
						e.Run(u, v, w, 0.5, 0.25, 0.125)
					}
					best = min(best, float64(time.Since(start))/100/512)
				}
				b.ReportMetric(best, "ns/value")
			})
		}
	})
}

// same reports whether x and y have the same bits. All NaNs count as the same.
func same(x, y float64) bool {
	return math.Float64bits(x) == math.Float64bits(y) || x != x && y != y
}

// checkTanh compares TanhTo with Tanh on x, in place and not.
func checkTanh(t testing.TB, x []float64) {
	z, y := make([]float64, len(x)), append([]float64(nil), x...)
	kernel.TanhTo(z, x)
	kernel.TanhTo(y, y)
	for i, v := range x {
		if want := elementary.Tanh(v); !same(z[i], want) || !same(y[i], want) {
			t.Fatalf("%s Tanh(%v) = %v, in place %v, want %v", kernel.Active().Name(), v, z[i], y[i], want)
		}
	}
}

// Every implementation of tanh equals the Go function to the last bit: at special
// values, at random bits, and where the work is done.
func TestTanhBits(t *testing.T) {
	eachSet(t, func(t testing.TB, name string) {
		src := rand.NewPCG(5, 6)
		for n := range 40 {
			x := make([]float64, n)
			for i := range x {
				x[i] = verify.Wild(src)
			}
			checkTanh(t, x)
		}
		x := make([]float64, 1<<12)
		for range 100 {
			for i := range x {
				switch i % 4 {
				case 0:
					x[i] = math.Float64frombits(src.Uint64())
				case 1:
					x[i] = 3 * random.Normal(src)
				case 2:
					x[i] = math.Ldexp(random.Normal(src), random.IntN(src, 80)-70)
				case 3:
					x[i] = (random.Uniform(src) - 0.5) * 80
				}
			}
			checkTanh(t, x)
		}
	})
}

func FuzzTanh(f *testing.F) {
	for _, v := range []float64{0, math.Copysign(0, -1), 1, -20, 19.06, 5e-324, 1e-310, 0.3, 1e300, math.Inf(1), math.NaN()} {
		f.Add(v, -v/3)
	}
	f.Fuzz(func(t *testing.T, a, b float64) {
		x := make([]float64, 9)
		for i := range x {
			x[i] = a + float64(i)*(b/8)
			if i%2 == 1 {
				x[i] = math.Nextafter(a, b)
			}
		}
		x[2], x[8] = a, b
		eachSet(t, func(t testing.TB, name string) { checkTanh(t, x) })
	})
}
