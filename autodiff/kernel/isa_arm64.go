//go:build !purego

package kernel

// neonSet works on every 64-bit ARM processor. Its elementwise loops are plain Go, because
// the fused multiply-add is the only vector arithmetic of Go's assembler.
var neonSet = Set{name: "neon", lanes: 2,
	tile: tile{rows: 8, cols: 6, lanes: 2, run: tileNEON, row: goRow, rowT: goRowT},
	peak: peakNEON, flop: 2 * 24 * 2}

func vectorSets() []Set {
	if off("asimd") {
		return nil
	}
	return []Set{neonSet}
}

func tileNEON(z []float64, zr int, a []float64, ar, ac int, b []float64, bc, k, cols int, from start)
func peakNEON(n int)
