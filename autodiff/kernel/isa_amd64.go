//go:build !purego

package kernel

var (
	avx2Set = instructionSet{"avx2", 4,
		tile{4, 12, 4, tileAVX2, rowAVX2, transpose4}, peakAVX2, 2 * 12 * 4}
	avx512Set = instructionSet{"avx512", 8,
		tile{8, 24, 8, tileAVX512, rowAVX512, transpose4}, peakAVX512, 2 * 24 * 8}
)

// Each is specified, as a Go loop, where it is defined.

func tileAVX512(z []float64, zr int, a []float64, ar, ac int, b []float64, bc, k, cols int, more bool)
func tileAVX2(z []float64, zr int, a []float64, ar, ac int, b []float64, bc, k, cols int, more bool)
func rowAVX512(z, a []float64, ac int, b []float64, bc, k, n int)
func rowAVX2(z, a []float64, ac int, b []float64, bc, k, n int)
func transpose4(dst []float64, width int, src []float64, row, k int)
func peakAVX512(n int)
func peakAVX2(n int)
