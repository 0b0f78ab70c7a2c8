package kernel

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"hnn/autodiff/elementary"
)

// checkElementwise compares all loops with their definitions at one length, with
// slices that are all different, and with those that may be the same the same.
func checkElementwise(t testing.TB, n int, next func() float64) {
	const guard = 12345.
	for _, e := range loopSpecs {
		for alias := range 3 {
			var got, want [3][]float64
			for s := range got {
				got[s], want[s] = make([]float64, n+40), make([]float64, n)
				for i := range got[s] {
					got[s][i] = guard
				}
				for i := range n {
					got[s][20+i] = next()
				}
			}
			switch {
			case e.name == "Moments" || e.name == "Descend": // all different
			case alias == 1:
				got[0] = got[1]
			case alias == 2:
				got[0] = got[2]
			}
			for s := range got {
				copy(want[s], got[s][20:])
			}
			a, b, c := next(), next(), next()
			for i := range n {
				e.each(&want[0][i], &want[1][i], &want[2][i], a, b, c)
			}
			if alias > 0 && &got[0][0] == &got[alias][0] {
				want[alias] = want[0]
			}
			e.run(got[0][20:20+n:20+n], got[1][20:20+n:20+n], got[2][20:20+n:20+n], a, b, c)
			for s := range got {
				for i, v := range got[s] {
					j := i - 20
					if j < 0 || j >= n {
						if v != guard {
							t.Fatalf("%s %s n=%d wrote outside of a slice, at %d", active.name, e.name, n, j)
						}
					} else if !equalBits(v, want[s][j]) {
						t.Fatalf("%s %s n=%d alias=%d slice %d [%d] = %v, want %v", active.name, e.name, n, alias, s, j, v, want[s][j])
					}
				}
			}
		}
	}
}

// Every implementation of the elementwise loops equals the definition to the last bit.
func TestElementwiseBits(t *testing.T) {
	eachSet(t, func(t testing.TB, name string) {
		r := rand.New(rand.NewPCG(3, 4))
		for n := range 140 {
			checkElementwise(t, n, r.NormFloat64)
			checkElementwise(t, n, func() float64 { return awkward(r) })
		}
		checkElementwise(t, 4096, func() float64 { return awkward(r) })
	})
}

// Finite finds every kind of number at every place among finite ones.
func TestFiniteBits(t *testing.T) {
	eachSet(t, func(t testing.TB, name string) {
		for n := range 70 {
			x := make([]float64, n)
			if !Finite(x) {
				t.Errorf("%s: zeros, length %d", name, n)
			}
			for i := range x {
				for _, v := range []float64{math.NaN(), math.Inf(1), math.Inf(-1), math.MaxFloat64, -math.MaxFloat64, 5e-324} {
					if x[i] = v; Finite(x) != (v-v == 0) {
						t.Errorf("%s: %v at %d of %d", name, v, i, n)
					}
				}
				x[i] = 0
			}
		}
	})
}

func FuzzElementwise(f *testing.F) {
	f.Add(uint16(0), uint64(1))
	f.Add(uint16(35), uint64(2))
	f.Add(uint16(512), uint64(3))
	f.Fuzz(func(t *testing.T, n uint16, seed uint64) {
		eachSet(t, func(t testing.TB, name string) {
			r := rand.New(rand.NewPCG(seed, 1))
			checkElementwise(t, int(n%600), func() float64 { return awkward(r) })
		})
	})
}

func TestElementwiseAllocs(t *testing.T) {
	eachSet(t, func(t testing.TB, name string) {
		u, v, w := make([]float64, 67), make([]float64, 67), make([]float64, 67)
		for _, e := range loopSpecs {
			if n := testing.AllocsPerRun(5, func() { e.run(u, v, w, 1, 2, 3) }); n != 0 {
				t.Errorf("%s %s: %v allocations", name, e.name, n)
			}
		}
	})
}

func TestLengths(t *testing.T) {
	for _, e := range loopSpecs[len(loopSpecs)-8:] {
		for _, n := range []int{1, 3} {
			func() {
				defer func() {
					if recover() == nil {
						t.Errorf("%s: no panic for slices of lengths %d and 2", e.name, n)
					}
				}()
				e.run(make([]float64, n), make([]float64, 2), nil, 0, 0, 0)
			}()
		}
	}
}

// BenchmarkElementwise reports the best time for one of 512 elements, a block of a Plan.
func BenchmarkElementwise(b *testing.B) {
	eachSet(b, func(tb testing.TB, name string) {
		b := tb.(*testing.B)
		for _, e := range loopSpecs {
			b.Run(name+"/"+e.name, func(b *testing.B) {
				u, v, w := make([]float64, 512), make([]float64, 512), make([]float64, 512)
				r := rand.New(rand.NewPCG(3, 4))
				for i := range u {
					u[i], v[i], w[i] = 1+r.Float64(), 1+r.Float64(), 1+r.Float64()
				}
				best := math.Inf(1)
				for b.Loop() {
					start := time.Now()
					for range 100 {
						e.run(u, v, w, 0.5, 0.25, 0.125)
					}
					best = min(best, float64(time.Since(start))/100/512)
				}
				b.ReportMetric(best, "ns/value")
			})
		}
	})
}

// checkTanh compares TanhTo with Tanh on x, in place and not.
func checkTanh(t testing.TB, x []float64) {
	z, y := make([]float64, len(x)), append([]float64(nil), x...)
	TanhTo(z, x)
	TanhTo(y, y)
	for i, v := range x {
		if want := elementary.Tanh(v); !equalBits(z[i], want) || !equalBits(y[i], want) {
			t.Fatalf("%s Tanh(%v) = %v, in place %v, want %v", active.name, v, z[i], y[i], want)
		}
	}
}

// Every implementation of tanh equals the Go function to the last bit: at special
// values, at random bits, and where the work is done.
func TestTanhBits(t *testing.T) {
	eachSet(t, func(t testing.TB, name string) {
		r := rand.New(rand.NewPCG(5, 6))
		for n := range 40 {
			x := make([]float64, n)
			for i := range x {
				x[i] = awkward(r)
			}
			checkTanh(t, x)
		}
		x := make([]float64, 1<<12)
		for range 100 {
			for i := range x {
				switch i % 4 {
				case 0:
					x[i] = math.Float64frombits(r.Uint64())
				case 1:
					x[i] = 3 * r.NormFloat64()
				case 2:
					x[i] = math.Ldexp(r.NormFloat64(), r.IntN(80)-70)
				case 3:
					x[i] = (r.Float64() - 0.5) * 80
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
