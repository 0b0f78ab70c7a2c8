package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// eachSet runs a test with every instruction set of this machine and build.
func eachSet(t testing.TB, f func(t testing.TB, name string)) {
	defer Active().Use()
	for _, set := range Sets() {
		set.Use()
		f(t, set.Name())
	}
}

// equalBits reports whether x and y have the same bits, all NaNs being one.
func equalBits(x, y float64) bool {
	return math.Float64bits(x) == math.Float64bits(y) || x != x && y != y
}

// awkward returns a number that is often a special one.
func awkward(r *rand.Rand) float64 {
	switch r.IntN(40) {
	case 0:
		return math.Copysign(0, float64(r.IntN(2))-0.5)
	case 1:
		return math.Float64frombits(r.Uint64N(1<<52) | r.Uint64()&(1<<63)) // subnormal
	case 2:
		return math.Inf(r.IntN(2)*2 - 1)
	case 3:
		return math.NaN()
	case 4:
		return math.Float64frombits(r.Uint64())
	case 5:
		return math.Copysign(math.MaxFloat64, float64(r.IntN(2))-0.5)
	}
	return r.NormFloat64()
}

// checkProducts compares all three products with their definition, and looks for
// writes outside of z.
func checkProducts(t testing.TB, w *Workspace, m, k, n int, next func() float64) {
	const guard = 12345.
	x, y := make([]float64, m*k), make([]float64, k*n)
	z, want := make([]float64, m*n+64), make([]float64, m*n)
	for i := range x {
		x[i] = next()
	}
	for i := range y {
		y[i] = next()
	}
	for _, c := range productSpecs {
		for i := range z {
			z[i] = guard
		}
		c.run(w, z[32:32+m*n:32+m*n], x, y, m, k, n)
		xr, xc, yr, yc := c.stride(m, k, n)
		for i := range want {
			want[i] = 0
			for p := range k {
				want[i] = math.FMA(x[i/n*xr+p*xc], y[p*yr+i%n*yc], want[i])
			}
		}
		for i, v := range z {
			j := i - 32
			if j < 0 || j >= m*n {
				if v != guard {
					t.Fatalf("%s %s %d×%d×%d wrote outside of z, at %d", active.name, c.name, m, k, n, j)
				}
			} else if !equalBits(v, want[j]) {
				t.Fatalf("%s %s %d×%d×%d: z[%d,%d] = %v (%x), want %v (%x)", active.name, c.name, m, k, n,
					j/n, j%n, v, math.Float64bits(v), want[j], math.Float64bits(want[j]))
			}
		}
	}
}

// Every implementation of the products equals the definition to the last bit.
func TestProductBits(t *testing.T) {
	sizes := []int{0, 1, 2, 3, 4, 5, 7, 8, 9, 11, 12, 13, 16, 17, 23, 24, 25, 31, 32, 33, 47, 48, 64, 67}
	if testing.Short() {
		sizes = []int{0, 1, 2, 3, 4, 7, 8, 13, 25, 33}
	}
	eachSet(t, func(t testing.TB, name string) {
		r := rand.New(rand.NewPCG(1, 2))
		var w Workspace
		for _, m := range sizes {
			for _, k := range sizes {
				for _, n := range sizes {
					checkProducts(t, &w, m, k, n, r.NormFloat64)
				}
			}
		}
		for range 300 {
			checkProducts(t, &w, r.IntN(30), r.IntN(30), r.IntN(80), func() float64 { return awkward(r) })
		}
		for _, s := range [][3]int{{5, 511, 7}, {5, 513, 25}, {9, 1031, 3}, {2, 700, 130}, {100, 600, 31}, {130, 128, 200}, {245, 520, 50}, {4, 600, 2045}} {
			checkProducts(t, &w, s[0], s[1], s[2], r.NormFloat64)
		}
	})
}

func FuzzMatMul(f *testing.F) {
	f.Add(uint8(3), uint8(5), uint8(7), uint64(1))
	f.Add(uint8(8), uint8(0), uint8(24), uint64(2))
	f.Add(uint8(1), uint8(33), uint8(65), uint64(3))
	f.Fuzz(func(t *testing.T, m, k, n uint8, seed uint64) {
		eachSet(t, func(t testing.TB, name string) {
			r := rand.New(rand.NewPCG(seed, 0))
			checkProducts(t, new(Workspace), int(m%64), int(k), int(n%160), func() float64 { return awkward(r) })
		})
	})
}

// A product of the same size allocates nothing the second time.
func TestProductAllocs(t *testing.T) {
	eachSet(t, func(t testing.TB, name string) {
		x, z := make([]float64, 700*700), make([]float64, 700*700)
		var w Workspace
		for _, s := range [][3]int{{1, 64, 64}, {30, 128, 33}, {33, 600, 33}} {
			for _, c := range productSpecs {
				c.run(&w, z, x, x, s[0], s[1], s[2])
				if n := testing.AllocsPerRun(5, func() { c.run(&w, z, x, x, s[0], s[1], s[2]) }); n != 0 {
					t.Errorf("%s %s %v: %v allocations", name, c.name, s, n)
				}
			}
		}
	})
}

func TestShortSlicesPanic(t *testing.T) {
	eachSet(t, func(t testing.TB, name string) {
		for short := range 3 {
			for _, c := range productSpecs {
				s := [3][]float64{make([]float64, 8*24), make([]float64, 8*8), make([]float64, 8*24)}
				s[short] = s[short][: len(s[short])-1 : len(s[short])-1]
				func() {
					defer func() {
						if recover() == nil {
							t.Errorf("%s %s: no panic for slice %d", name, c.name, short)
						}
					}()
					c.run(new(Workspace), s[0], s[1], s[2], 8, 8, 24)
				}()
			}
		}
	})
}

// peakRate measures the processor's rate of fused multiply-adds in operations a
// second, in one short run.
func peakRate() float64 {
	start := time.Now()
	flop := Active().Peak(10000)
	return float64(flop) / time.Since(start).Seconds()
}

// BenchmarkMatMul reports the part of the processor's peak that the products reach:
// the best time of each and the best of the peak, taken in turns.
func BenchmarkMatMul(b *testing.B) {
	shapes := [][3]int{{744, 128, 96}, {1024, 1024, 1024}, {128, 128, 128},
		{128, 128, 64}, {128, 64, 128}, {64, 128, 128}, {128, 64, 32}, {128, 32, 64}, {32, 128, 64}, {128, 200, 200},
		{128, 2, 128}, {128, 128, 2}, {2, 128, 128}, {128, 32, 1}, {128, 1, 32}, {1, 128, 32},
		{30, 128, 64}, {30, 64, 128}, {64, 30, 128}, {1, 128, 64}, {1, 64, 128}, {1, 2, 128}, {1, 128, 2}, {128, 1, 64}}
	eachSet(b, func(tb testing.TB, name string) {
		b := tb.(*testing.B)
		for _, c := range productSpecs {
			for _, s := range shapes {
				m, k, n := s[0], s[1], s[2]
				if name == "go" && m*k*n > 1<<24 {
					continue
				}
				b.Run(fmt.Sprintf("%s/%s/%dx%dx%d", name, c.name, m, k, n), func(b *testing.B) {
					r := rand.New(rand.NewPCG(1, 2))
					x, y, z := make([]float64, m*k), make([]float64, k*n), make([]float64, m*n)
					for i := range x {
						x[i] = r.NormFloat64()
					}
					for i := range y {
						y[i] = r.NormFloat64()
					}
					var w Workspace
					peak, best := 0., math.Inf(1)
					batch := 1 + 200000/(m*k*n)
					for b.Loop() {
						start := time.Now()
						for range batch {
							c.run(&w, z, x, y, m, k, n)
						}
						best = min(best, time.Since(start).Seconds()/float64(batch))
						peak = max(peak, peakRate())
					}
					rate := 2 * float64(m) * float64(k) * float64(n) / best
					b.ReportMetric(best*1e9, "ns/best")
					b.ReportMetric(100*rate/peak, "%peak")
					b.ReportMetric(rate/1e9, "GFLOP/s")
				})
			}
		}
	})
}
