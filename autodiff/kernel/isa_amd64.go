//go:build !purego

package kernel

import "math"

var avx2Set = Set{name: "avx2", lanes: 4,
	tile: tile{4, 12, 4, tileAVX2, true, rowAVX2, rowTAVX2, copyPanel, transpose4}, peak: peakAVX2, flop: 2 * 12 * 4,
	add: addAVX2, sub: subAVX2, mul: mulAVX2, div: divAVX2, tanhGrad: tanhGradAVX2, mulScale: mulScaleAVX2, addRows: addRowsAVX2,
	scale: scaleAVX2, addConst: addConstAVX2, ratio: ratioAVX2, addScaled: addScaledAVX2, sqrt: sqrtAVX2, tanh: tanhAVX2,
	moments: momentsAVX2, descend: descendAVX2, adam: adamAVX2, combine: combineAVX2, finite: finiteAVX2, dot: dotAVX2, reflect: reflectAVX2}

var avx512Set = Set{name: "avx512", lanes: 8,
	tile: tile{8, 24, 8, tileAVX512, true, rowAVX512, rowTAVX2, copyPanel, transpose4}, peak: peakAVX512, flop: 2 * 24 * 8,
	add: addAVX512, sub: subAVX512, mul: mulAVX512, div: divAVX512, tanhGrad: tanhGradAVX512, mulScale: mulScaleAVX512, addRows: addRowsAVX512,
	scale: scaleAVX512, addConst: addConstAVX512, ratio: ratioAVX512, addScaled: addScaledAVX512, sqrt: sqrtAVX512, tanh: tanhAVX512,
	moments: momentsAVX512, descend: descendAVX512, adam: adamAVX512, combine: combineAVX512, finite: finiteAVX512, dot: dotAVX512, reflect: reflectAVX512}

// In the .s files each function has a Go loop as its specification.

func tileAVX512(t *stack)
func tileAVX2(t *stack)
func rowAVX512(z, a []float64, ac int, b []float64, bc, k int)
func rowAVX2(z, a []float64, ac int, b []float64, bc, k int)
func rowTAVX2(z, a []float64, ac int, b []float64, br, k int)
func copyPanel(dst []float64, width int, src []float64, row, k, cols int)
func transpose4(dst []float64, width int, src []float64, row, k int)
func peakAVX512(n int)
func peakAVX2(n int)

func addAVX512(z, x, y []float64)
func subAVX512(z, x, y []float64)
func mulAVX512(z, x, y []float64)
func divAVX512(z, x, y []float64)
func tanhGradAVX512(z, g, y []float64)
func mulScaleAVX512(z, x, y []float64, c float64)
func addRowsAVX512(z, x []float64, n, m int)
func scaleAVX512(z, x []float64, c float64)
func addConstAVX512(z, x []float64, c float64)
func ratioAVX512(z, x []float64, c float64)
func addScaledAVX512(z, x []float64, c float64)
func sqrtAVX512(z, x []float64, _ float64)
func tanhAVX512(z, x []float64, _ float64)
func momentsAVX512(m, v, g []float64, c1, b2, c2 float64)
func descendAVX512(x, m, v []float64, s, eps, _ float64)
func adamAVX512(x, m, v, g []float64, c1, b2, c2, s, eps float64)
func finiteAVX512(x []float64) bool
func combineAVX512(z, x, y []float64, a, b, c float64)
func reflectAVX512(z, x, w []float64, c, d, _ float64)
func dotAVX512(x, y []float64) (s [8]float64)

func addAVX2(z, x, y []float64)
func subAVX2(z, x, y []float64)
func mulAVX2(z, x, y []float64)
func divAVX2(z, x, y []float64)
func tanhGradAVX2(z, g, y []float64)
func mulScaleAVX2(z, x, y []float64, c float64)
func addRowsAVX2(z, x []float64, n, m int)
func scaleAVX2(z, x []float64, c float64)
func addConstAVX2(z, x []float64, c float64)
func ratioAVX2(z, x []float64, c float64)
func addScaledAVX2(z, x []float64, c float64)
func sqrtAVX2(z, x []float64, _ float64)
func tanhAVX2(z, x []float64, _ float64)
func momentsAVX2(m, v, g []float64, c1, b2, c2 float64)
func descendAVX2(x, m, v []float64, s, eps, _ float64)
func adamAVX2(x, m, v, g []float64, c1, b2, c2, s, eps float64)
func finiteAVX2(x []float64) bool
func combineAVX2(z, x, y []float64, a, b, c float64)
func reflectAVX2(z, x, w []float64, c, d, _ float64)
func dotAVX2(x, y []float64) (s [8]float64)

// tanhTable holds the constants of elementary.Tanh and of the functions that it calls. Each
// fills a vector. The table has room for 32, so that Go's allocator aligns it and no vector
// lies in two cache lines.
var tanhTable = repeat(
	math.Float64frombits(1<<63-1), math.Copysign(0, -1), -40, // |x|
	0x1.71547652b82fep+0, 0x1.8p52+1023, 0x1.62e42fee00000p-1, 0x1.a39ef35793c76p-33, // reduceExp, pow2: log2e, roundMagic, ln2hi, ln2lo
	0.5, 0x1.5555555555559p-3, 0x1.5555555555557p-5, 0x1.111111110f648p-7, // expRest
	0x1.6c16c16c156d8p-10, 0x1.a01a01b00b662p-13, 0x1.a01a01ab6d480p-16, 0x1.71ddf7f70ec59p-19,
	0x1.27e4d04a73b3fp-22, 0x1.af5f5c09e3e64p-26, 0x1.1f85a4f3e1205p-29,
	1, 2)

func repeat(k ...float64) *[32][8]float64 {
	table := new([32][8]float64)
	for i, v := range k {
		for j := range table[i] {
			table[i][j] = v
		}
	}
	return table
}
