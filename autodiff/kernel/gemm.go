package kernel

import "math"

// A Workspace holds the packing buffers of the matrix products. The zero value is
// ready; the buffers grow to the largest product seen and are then reused, so a
// Workspace serves one goroutine and allocates nothing in the steady state.
type Workspace struct {
	a, b []float64 // packed panels of the left and the right factor
	edge [maxTile]float64
}

// MatMul sets z = x y.
//
//	z[i,j] = Σ_p x[i,p] y[p,j],   x: m×k, y: k×n, z: m×n
//
// The sum is one chain of fused multiply-adds, s ← fma(x[i,p], y[p,j], s) from
// s = 0 and p = 0 to k−1: that order is the specification of all three products.
// z must not overlap x or y.
func (w *Workspace) MatMul(z, x, y []float64, m, k, n int) {
	w.product(z, view{x, k, 1}, view{y, n, 1}, m, k, n)
}

// MatMulT sets z = x yᵀ.
//
//	z[i,j] = Σ_p x[i,p] y[j,p],   x: m×k, y: n×k, z: m×n
func (w *Workspace) MatMulT(z, x, y []float64, m, k, n int) {
	w.product(z, view{x, k, 1}, view{y, 1, k}, m, k, n)
}

// TMatMul sets z = xᵀ y.
//
//	z[i,j] = Σ_p x[p,i] y[p,j],   x: k×m, y: k×n, z: m×n
func (w *Workspace) TMatMul(z, x, y []float64, m, k, n int) {
	w.product(z, view{x, 1, m}, view{y, n, 1}, m, k, n)
}

// A view reads a slice as a matrix: element (i,j) is data[i·row + j·col].
type view struct {
	data     []float64
	row, col int
}

// A tile computes one block of a product from packed panels,
//
//	z[r·n + c] = Σ_p a[p·rows + r] b[p·cols + c],   0 ≤ r < rows, 0 ≤ c < cols
//
// with each sum in the order of the specification. It is the seam at which an
// assembly routine takes the place of goTile.
type tile struct {
	rows, cols int
	run        func(z []float64, n int, a, b []float64, k int)
}

// maxTile bounds rows·cols of any tile.
const maxTile = 8 * 24

// product packs the factors into panels as wide as the tile, padded with zeros,
// and computes z tile by tile. Only whole chains over p are formed, so neither the
// packing nor the size of the tile can change a bit.
func (w *Workspace) product(z []float64, x, y view, m, k, n int) {
	if m == 0 || n == 0 || k == 0 {
		clear(z[:m*n])
		return
	}
	t := bestTile
	w.a = pack(w.a, x.data, x.row, x.col, m, k, t.rows)
	for j := 0; j < n; j += t.cols {
		cols := min(t.cols, n-j)
		w.b = pack(w.b, y.data[j*y.col:], y.col, y.row, cols, k, t.cols)
		for i := 0; i < m; i += t.rows {
			rows := min(t.rows, m-i)
			a := w.a[i*k:]
			if rows == t.rows && cols == t.cols {
				t.run(z[i*n+j:], n, a, w.b, k)
				continue
			}
			t.run(w.edge[:], t.cols, a, w.b, k)
			for r := range rows {
				copy(z[(i+r)*n+j:][:cols], w.edge[r*t.cols:])
			}
		}
	}
}

// pack copies the m×k matrix with the given strides into panels of the given
// width, dst[(i/width)·k·width + p·width + i%width] = src[i·row + p·col], fills the
// last panel with zeros, and returns dst, grown if need be.
func pack(dst, src []float64, row, col, m, k, width int) []float64 {
	size := (m + width - 1) / width * width * k
	if cap(dst) < size {
		dst = make([]float64, size)
	}
	dst = dst[:size]
	for i := 0; i < m; i += width {
		panel := dst[i*k:][:width*k]
		rows := min(width, m-i)
		if rows < width {
			clear(panel)
		}
		if row == 1 { // a row of the panel is contiguous in src
			for p := range k {
				copy(panel[p*width:][:rows], src[p*col+i:])
			}
			continue
		}
		for r := range rows {
			from, to := (i+r)*row, r
			for range k {
				panel[to] = src[from]
				from += col
				to += width
			}
		}
	}
	return dst
}

// goTile is the specification: a register tile of 2×4 sums.
var goTile = tile{2, 4, func(z []float64, n int, a, b []float64, k int) {
	var s00, s01, s02, s03, s10, s11, s12, s13 float64
	a, b = a[:2*k], b[:4*k]
	for len(a) >= 2 && len(b) >= 4 {
		x0, x1 := a[0], a[1]
		y0, y1, y2, y3 := b[0], b[1], b[2], b[3]
		s00 = math.FMA(x0, y0, s00)
		s01 = math.FMA(x0, y1, s01)
		s02 = math.FMA(x0, y2, s02)
		s03 = math.FMA(x0, y3, s03)
		s10 = math.FMA(x1, y0, s10)
		s11 = math.FMA(x1, y1, s11)
		s12 = math.FMA(x1, y2, s12)
		s13 = math.FMA(x1, y3, s13)
		a, b = a[2:], b[4:]
	}
	z[0], z[1], z[2], z[3] = s00, s01, s02, s03
	z[n], z[n+1], z[n+2], z[n+3] = s10, s11, s12, s13
}}

// bestTile is the tile in use.
var bestTile = goTile
