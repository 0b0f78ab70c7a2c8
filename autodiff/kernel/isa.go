package kernel

import (
	"math"
	"os"
	"runtime"
	"strings"
)

// A Set is one implementation of the inner loops: in plain Go, or in assembly for an
// instruction set of the processor. All sets give the same bits, except that NaNs may differ
// in sign and payload.
type Set struct {
	name  string
	lanes int // numbers in a vector register, 1 for plain Go
	tile  tile
	peak  func(n int) // n rounds of independent fused multiply-adds
	flop  int         // floating-point operations of one round

	// Elementwise loops over a positive multiple of lanes; nil if there is no assembly.
	add, sub, mul, div, tanhGrad                  func(z, x, y []float64)
	mulScale                                      func(z, x, y []float64, c float64)
	scale, addConst, ratio, addScaled, sqrt, tanh func(z, x []float64, c float64)
	moments, descend, combine, reflect            func(x, y, z []float64, a, b, c float64)
	adam                                          func(x, m, v, g []float64, c1, b2, c2, s, eps float64)
	addRows                                       func(z, x []float64, n, m int) // rows of x are n apart
	finite                                        func(x []float64) bool
	dot                                           func(x, y []float64) (s [8]float64) // of a multiple of 8
}

// plain is the specification, compiled by Go.
var plain = Set{name: "go", lanes: 1, tile: goTile, peak: goPeak, flop: 2 * 8}

// Sets lists those that this machine and build can use: plain Go first, the fastest last.
func Sets() []Set { return append([]Set{plain}, vectorSets()...) }

// active is the implementation in use.
var active = fastest()

func fastest() Set {
	all := Sets()
	return all[len(all)-1]
}

// Active returns the Set in use: the fastest, if none was chosen by Use.
func Active() Set { return active }

// Use makes s the Set in use. No other goroutine may use this package at that time.
func (s Set) Use() { active = s }

// Name returns "avx512", "avx2", "neon", or "go" where there is no assembly.
func (s Set) Name() string { return s.name }

// Peak does n rounds of independent fused multiply-adds, as fast as one core can, and returns
// the number of floating-point operations. Its speed is the peak that matrix products are
// compared with.
func (s Set) Peak(n int) (flop int) {
	s.peak(n)
	return n * s.flop
}

// off reports whether the environment variable GODEBUG turns off a feature of the processor,
// as cpu.avx2=off and cpu.all=off do. The last setting counts.
func off(feature string) bool {
	off := false
	for _, setting := range strings.Split(os.Getenv("GODEBUG"), ",") {
		switch setting {
		case "cpu.all=off", "cpu." + feature + "=off":
			off = true
		case "cpu.all=on", "cpu." + feature + "=on":
			off = false
		}
	}
	return off
}

func goPeak(n int) {
	var s0, s1, s2, s3, s4, s5, s6, s7 float64
	for i := range n {
		x := float64(i)
		s0, s1, s2, s3 = math.FMA(x, 1, s0), math.FMA(x, 2, s1), math.FMA(x, 3, s2), math.FMA(x, 4, s3)
		s4, s5, s6, s7 = math.FMA(x, 5, s4), math.FMA(x, 6, s5), math.FMA(x, 7, s6), math.FMA(x, 8, s7)
	}
	runtime.KeepAlive(s0 + s1 + s2 + s3 + s4 + s5 + s6 + s7)
}
