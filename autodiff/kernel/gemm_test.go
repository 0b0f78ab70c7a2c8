package kernel_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"hnn/autodiff/kernel"
	"hnn/autodiff/random"
	"hnn/autodiff/verify"
)

// eachSet runs a test with every instruction set of this machine and build.
func eachSet(t testing.TB, f func(t testing.TB, name string)) {
	defer kernel.Active().Use()
	for _, set := range kernel.Sets() {
		set.Use()
		f(t, set.Name())
	}
}

// differ fails the test if a comparison with a definition has found a difference.
func differ(t testing.TB, name string, c *verify.Comparison) {
	if c.Wrong > 0 {
		t.Fatalf("%s %s: %d of %d values differ: %s", kernel.Active().Name(), name, c.Wrong, c.Values, c.First)
	}
}

// checkProducts compares all three products with their definition.
func checkProducts(t testing.TB, w *kernel.Workspace, m, k, n int, next func() float64) {
	for _, p := range verify.Products {
		var c verify.Comparison
		p.Compare(&c, w, m, k, n, next)
		differ(t, p.Name, &c)
	}
}

// The checks of hnn verify of the kernels pass.
func TestKernelBits(t *testing.T) {
	verify.Kernels(func(f verify.Finding) {
		if !f.OK() {
			t.Errorf("%+v", f)
		}
	})
}

// Every implementation of the products equals the definition to the last bit.
func TestProductBits(t *testing.T) {
	sizes := []int{0, 1, 2, 3, 4, 5, 7, 8, 9, 11, 12, 13, 16, 17, 23, 24, 25, 31, 32, 33, 47, 48, 64, 67}
	if testing.Short() {
		sizes = []int{0, 1, 2, 3, 4, 7, 8, 13, 25, 33}
	}
	eachSet(t, func(t testing.TB, name string) {
		src := rand.NewPCG(1, 2)
		tame := func() float64 { return verify.Tame(src) }
		wild := func() float64 { return verify.Wild(src) }
		upTo := func(n int) int { return random.IntN(src, n) }
		var w kernel.Workspace
		for _, m := range sizes {
			for _, n := range sizes {
				for _, k := range []int{0, 1, 2, 3, 5, 8, 31, 33, 64} {
					checkProducts(t, &w, m, k, n, tame)
				}
			}
		}
		for range 300 {
			checkProducts(t, &w, upTo(30), upTo(30), upTo(80), wild)
		}
		for _, s := range [][3]int{{5, 511, 7}, {5, 513, 25}, {9, 1031, 3}, {2, 700, 130}, {100, 600, 31}, {130, 128, 200}, {245, 520, 50}, {4, 600, 2045}} {
			checkProducts(t, &w, s[0], s[1], s[2], tame)
		}
	})
}

func FuzzMatMul(f *testing.F) {
	f.Add(uint8(3), uint8(5), uint8(7), uint64(1))
	f.Add(uint8(8), uint8(0), uint8(24), uint64(2))
	f.Add(uint8(1), uint8(33), uint8(65), uint64(3))
	f.Fuzz(func(t *testing.T, m, k, n uint8, seed uint64) {
		eachSet(t, func(t testing.TB, name string) {
			src := rand.NewPCG(seed, 0)
			checkProducts(t, new(kernel.Workspace), int(m%64), int(k), int(n%160), func() float64 { return verify.Wild(src) })
		})
	})
}

// A second product of the same size allocates nothing.
func TestProductAllocs(t *testing.T) {
	eachSet(t, func(t testing.TB, name string) {
		x, z := make([]float64, 700*700), make([]float64, 700*700)
		var w kernel.Workspace
		for _, s := range [][3]int{{1, 64, 64}, {30, 128, 33}, {33, 600, 33}} {
			for _, c := range verify.Products {
				c.Run(&w, z, x, x, s[0], s[1], s[2])
				if n := testing.AllocsPerRun(5, func() { c.Run(&w, z, x, x, s[0], s[1], s[2]) }); n != 0 {
					t.Errorf("%s %s %v: %v allocations", name, c.Name, s, n)
				}
			}
		}
	})
}

func TestShortSlicesPanic(t *testing.T) {
	eachSet(t, func(t testing.TB, name string) {
		for short := range 3 {
			for _, c := range verify.Products {
				s := [3][]float64{make([]float64, 8*24), make([]float64, 8*8), make([]float64, 8*24)}
				s[short] = s[short][: len(s[short])-1 : len(s[short])-1]
				func() {
					defer func() {
						if recover() == nil {
							t.Errorf("%s %s: no panic for slice %d", name, c.Name, short)
						}
					}()
					c.Run(new(kernel.Workspace), s[0], s[1], s[2], 8, 8, 24)
				}()
			}
		}
	})
}

// What is added to a product must have the size of the product or of one row.
func TestPlusLength(t *testing.T) {
	for _, n := range []int{0, 23, 25, 8*24 - 1, 8*24 + 1} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("no panic for %d numbers to add to 8×24", n)
				}
			}()
			new(kernel.Workspace).PlusMatMul(make([]float64, 8*24), make([]float64, n, 400), make([]float64, 8*8), make([]float64, 8*24), 8, 8, 24)
		}()
	}
}

// peakRate measures the processor's rate of fused multiply-adds in operations a
// second, in one short run.
func peakRate() float64 {
	start := time.Now()
	flop := kernel.Active().Peak(10000)
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
		for _, c := range verify.Products {
			for _, s := range shapes {
				m, k, n := s[0], s[1], s[2]
				if name == "go" && m*k*n > 1<<24 {
					continue
				}
				b.Run(fmt.Sprintf("%s/%s/%dx%dx%d", name, c.Name, m, k, n), func(b *testing.B) {
					r := rand.New(rand.NewPCG(1, 2))
					x, y, z := make([]float64, m*k), make([]float64, k*n), make([]float64, m*n)
					for i := range x {
						x[i] = r.NormFloat64()
					}
					for i := range y {
						y[i] = r.NormFloat64()
					}
					var w kernel.Workspace
					peak, best := 0., math.Inf(1)
					batch := 1 + 200000/(m*k*n)
					for b.Loop() {
						start := time.Now()
						for range batch {
							c.Run(&w, z, x, y, m, k, n)
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
