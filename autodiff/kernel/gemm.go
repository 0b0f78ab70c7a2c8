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

// A tile is one way to compute blocks of a product. It is the seam at which assembly
// takes the place of Go: each sum is in the order of the specification, so every tile
// gives the same bits.
type tile struct {
	rows, cols int // size of a block
	lanes      int // a block may be narrower than cols by a multiple of lanes

	// run computes one block of full height,
	//
	//	z[r·zr + c] = s + Σ_p a[r·ar + p·ac] b[p·bc + c],   0 ≤ r < rows, 0 ≤ c < cols,
	//
	// where s is 0 or, to continue a chain, what z holds.
	run func(z []float64, zr int, a []float64, ar, ac int, b []float64, bc, k, cols int, more bool)

	// row computes one row of any width that is a multiple of lanes,
	//
	//	z[j] = Σ_p a[p·ac] b[p·bc + j],   0 ≤ j < n
	row func(z, a []float64, ac int, b []float64, bc, k, n int)

	// transpose sets dst[p·width + r] = src[r·row + p] for 0 ≤ r < 4, 0 ≤ p < k, where k
	// is a multiple of 4. It may be nil.
	transpose func(dst []float64, width int, src []float64, row, k int)
}

const (
	maxTile = 8 * 24 // bounds rows·cols of any tile
	fewRows = 3      // up to here a product is computed row by row …
	strip   = 64     // … from panels so wide

	// Sizes of blocks: blockM·blockK numbers of the left factor stay in the
	// second-level cache, blockK·blockN of the right factor in the third.
	blockM, blockK, blockN = 240, 256, 2040

	// A factor is packed unless it is so small that it is read well where it is.
	directLeft, directRight = 512, 1 << 14
)

// product computes z block by block. Only whole chains over p are formed, or pieces
// of them in order, so neither the packing nor the size of a block can change a bit.
func (w *Workspace) product(z []float64, x, y view, m, k, n int) {
	z, x.data, y.data = z[:m*n], x.data[:m*k], y.data[:k*n]
	t := &active.tile
	switch {
	case k == 0:
		clear(z)
		return
	case m <= fewRows:
		w.thin(t, z, x, y, m, k, n)
		return
	}
	pieces := (k + zzBlockK - 1) / zzBlockK
	dk := (k + pieces - 1) / pieces
	for j := 0; j < n; j += blockN {
		dn := min(blockN, n-j)
		for p := 0; p < k; p += dk {
			dk := min(dk, k-p)
			yb := y.at(p, j)
			packed := y.col != 1 || dk*dn > directRight
			if packed {
				w.b = t.pack(w.b, yb.data, y.col, y.row, dn, dk, t.cols)
			}
			for i := 0; i < m; i += zzBlockM {
				dm := min(zzBlockM, m-i)
				w.block(t, z[i*n+j:], n, x.at(i, p), yb, dm, dk, dn, packed, p > 0)
			}
		}
	}
}

// at returns the view whose first element is element (i,j).
func (v view) at(i, j int) view { return view{v.data[i*v.row+j*v.col:], v.row, v.col} }

// thin is product for a few rows, for which packing costs as much as the product.
func (w *Workspace) thin(t *tile, z []float64, x, y view, m, k, n int) {
	for j := 0; j < n; {
		cols := n - j
		b, bc := y.data[j*y.col:], y.row
		wide := cols - cols%t.lanes
		if y.col == 1 && wide > 0 {
			cols = wide
		} else {
			cols = min(cols, strip)
			wide = (cols + t.lanes - 1) / t.lanes * t.lanes
			w.b = t.pack(w.b, b, y.col, y.row, cols, k, wide)
			b, bc = w.b, wide
		}
		for i := range m {
			a, to := x.data[i*x.row:], z[i*n+j:]
			if wide > cols {
				to = w.edge[:]
			}
			t.row(to, a, x.col, b, bc, k, wide)
			if wide > cols {
				copy(z[i*n+j:][:cols], to)
			}
		}
		j += cols
	}
}

// block computes a piece of all chains of a block of z, whose rows are zr apart. If
// packed, w.b holds y in panels.
func (w *Workspace) block(t *tile, z []float64, zr int, x, y view, m, k, n int, packed, more bool) {
	tail := m % t.rows // rows that do not fill a tile, or all, are packed
	if max(x.row, x.col) > directLeft && n > 2*t.cols {
		tail = m
	}
	w.a = t.pack(w.a, x.data[(m-tail)*x.row:], x.row, x.col, tail, k, t.rows)
	for j := 0; j < n; j += t.cols {
		cols := min(t.cols, n-j)
		wide := (cols + t.lanes - 1) / t.lanes * t.lanes
		var b []float64
		bc := y.row
		switch {
		case packed:
			b, bc = w.b[j*k:], min(t.cols, 
		case wide > cols:
			w.tail = t.pack(
		}
		b, bc := y.data[j*y.col:], y.row
	}
}

// pack copies the m×k matrix with the given strides into panels of the given
// width, dst[(i/width)·k·width + p·width + i%width] = src[i·row + p·col], fills the
// last panel with zeros, and returns dst, grown if need be.
func (t *tile) pack(dst, src []float64, row, col, m, k, width int) []float64 {
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
		r, done := 0, 0
		if t.transpose != nil && col == 1 && k >= 4 {
			done = k &^ 3
			for ; r+4 <= rows; r += 4 {
				t.transpose(panel[r:], width, src[(i+r)*row:], row, done)
				for q := r; q < r+4; q++ {
					for p := done; p < k; p++ {
						panel[p*width+q] = src[(i+q)*row+p]
					}
				}
			}
		}
		for ; r < rows; r++ {
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
var goTile = tile{rows: 2, cols: 4, lanes: 4, run: goRun, row: goRow}

func goRun(z []float64, zr int, a []float64, ar, ac int, b []float64, bc, k, cols int, more bool) {
	var s00, s01, s02, s03, s10, s11, s12, s13 float64
	z0, z1 := z[:4], z[zr:][:4]
	if more {
		s00, s01, s02, s03 = z0[0], z0[1], z0[2], z0[3]
		s10, s11, s12, s13 = z1[0], z1[1], z1[2], z1[3]
	}
	for p := range k {
		x0, x1 := a[p*ac], a[p*ac+ar]
		y := b[p*bc:][:4]
		y0, y1, y2, y3 := y[0], y[1], y[2], y[3]
		s00 = math.FMA(x0, y0, s00)
		s01 = math.FMA(x0, y1, s01)
		s02 = math.FMA(x0, y2, s02)
		s03 = math.FMA(x0, y3, s03)
		s10 = math.FMA(x1, y0, s10)
		s11 = math.FMA(x1, y1, s11)
		s12 = math.FMA(x1, y2, s12)
		s13 = math.FMA(x1, y3, s13)
	}
	z0[0], z0[1], z0[2], z0[3] = s00, s01, s02, s03
	z1[0], z1[1], z1[2], z1[3] = s10, s11, s12, s13
}

func goRow(z, a []float64, ac int, b []float64, bc, k, n int) {
	for j := 0; j < n; j += 4 {
		var s0, s1, s2, s3 float64
		for p := range k {
			x := a[p*ac]
			y := b[p*bc+j:][:4]
			s0 = math.FMA(x, y[0], s0)
			s1 = math.FMA(x, y[1], s1)
			s2 = math.FMA(x, y[2], s2)
			s3 = math.FMA(x, y[3], s3)
		}
		z[j], z[j+1], z[j+2], z[j+3] = s0, s1, s2, s3
	}
}

var zzBlockK = 256
