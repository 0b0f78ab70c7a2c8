package kernel

import (
	"math"
	"runtime"
)

// An instructionSet is one implementation of the inner loops. All of them give the
// same bits; NaNs differ in sign and payload only.
type instructionSet struct {
	name  string
	lanes int // numbers in a vector register, 1 for plain Go
	tile  tile
	peak  func(n int) // n rounds of independent fused multiply-adds …
	flop  int         // … of so many floating-point operations each

	// Elementwise loops over a positive multiple of lanes; nil where there is none.
	add, sub, mul, div                            func(z, x, y []float64)
	scale, addConst, ratio, addScaled, sqrt, tanh func(z, x []float64, c float64)
	moments, descend                              func(x, y, z []float64, a, b, c float64)
	finite                                        func(x []float64) bool
}

// available lists the instruction sets that this machine and build can use.
func available() []instructionSet { return append([]instructionSet{plain}, vectorSets()...) }

// plain is the specification, compiled by Go.
var plain = instructionSet{name: "go", lanes: 1, tile: goTile, peak: goPeak, flop: 2 * 8}

// active is the implementation in use, chosen once at start-up.
var active = detect()

// Implementation names the instruction set of the assembly in use, "avx512", "avx2"
// or "neon", or is "go" where there is none.
func Implementation() string { return active.name }

func goPeak(n int) {
	var s0, s1, s2, s3, s4, s5, s6, s7 float64
	for i := range n {
		x := float64(i)
		s0, s1, s2, s3 = math.FMA(x, 1, s0), math.FMA(x, 2, s1), math.FMA(x, 3, s2), math.FMA(x, 4, s3)
		s4, s5, s6, s7 = math.FMA(x, 5, s4), math.FMA(x, 6, s5), math.FMA(x, 7, s6), math.FMA(x, 8, s7)
	}
	runtime.KeepAlive(s0 + s1 + s2 + s3 + s4 + s5 + s6 + s7)
}
