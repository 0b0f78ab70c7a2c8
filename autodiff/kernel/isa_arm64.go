//go:build !purego

package kernel

// neonSet works on every 64-bit ARM processor. Its elementwise loops are plain Go, because
// the fused multiply-add is the only vector arithmetic of Go's assembler.
var neonSet = Set{name: "neon", lanes: 2,
	tile: tile{rows: 8, cols: 6, lanes: 2, run: runNEON, row: goRow, rowT: goRowT},
	peak: peakNEON, flop: 2 * 24 * 2}

func vectorSets() []Set {
	if off("asimd") {
		return nil
	}
	return []Set{neonSet}
}

// runNEON computes a stack of tiles.
func runNEON(t *stack) {
	for i := range t.tiles {
		z := t.z[8*i*t.zr:]
		tileNEON(z, t.zr, t.a[i*t.an:], t.ar, t.ac, t.b, t.bc, t.k, t.cols, t.onto)
		for r := 0; r < 8 && t.s != nil; r++ {
			goPlus(z[r*t.zr:][:t.cols], t.s[(8*i+r)*t.sr:])
		}
	}
}

func tileNEON(z []float64, zr int, a []float64, ar, ac int, b []float64, bc, k, cols int, onto bool)
func peakNEON(n int)
