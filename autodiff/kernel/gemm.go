package kernel

import (
	"fmt"
	"math"
)

// A Workspace holds the packing buffers of the matrix products. The zero value is ready. The
// buffers grow to the size of the largest product and are used again, so later products
// allocate nothing. One goroutine may use a Workspace.
type Workspace struct {
	a, b []float64 // packed panels of the left and the right factor
	z    []float64 // a transposed product
	xy   []float64 // a product that s is still to be added to
	edge [maxTile]float64
	tile stack // what the tile computes now
}

// MatMul sets z = x y.
//
//	z[i,j] = Σ_p x[i,p] y[p,j],   x: m×k, y: k×n, z: m×n
//
// The sum is one chain of fused multiply-adds: it starts with 0, and for p = 0 to k−1 it
// becomes fma(x[i,p], y[p,j], sum). All three products have this order. z must not overlap x or y.
func (w *Workspace) MatMul(z, x, y []float64, m, k, n int) { w.PlusMatMul(z, nil, x, y, m, k, n) }

// MatMulT sets z = x yᵀ.
//
//	z[i,j] = Σ_p x[i,p] y[j,p],   x: m×k, y: n×k, z: m×n
func (w *Workspace) MatMulT(z, x, y []float64, m, k, n int) { w.PlusMatMulT(z, nil, x, y, m, k, n) }

// TMatMul sets z = xᵀ y.
//
//	z[i,j] = Σ_p x[p,i] y[p,j],   x: k×m, y: k×n, z: m×n
func (w *Workspace) TMatMul(z, x, y []float64, m, k, n int) { w.PlusTMatMul(z, nil, x, y, m, k, n) }

// PlusMatMul sets z = s + x y, where s is a matrix m×n or one row of n numbers, for all rows of z.
// Each sum of products is computed as in MatMul, and then s is added. s may be z as a whole, and must
// not overlap it otherwise. It panics if s has another length.
func (w *Workspace) PlusMatMul(z, s, x, y []float64, m, k, n int) {
	w.product(z, s, view{x, k, 1}, view{y, n, 1}, m, k, n)
}

// PlusMatMulT sets z = s + x yᵀ, as PlusMatMul.
func (w *Workspace) PlusMatMulT(z, s, x, y []float64, m, k, n int) {
	w.product(z, s, view{x, k, 1}, view{y, 1, k}, m, k, n)
}

// PlusTMatMul sets z = s + xᵀ y, as PlusMatMul.
func (w *Workspace) PlusTMatMul(z, s, x, y []float64, m, k, n int) {
	w.product(z, s, view{x, 1, m}, view{y, n, 1}, m, k, n)
}

// A view reads a slice as a matrix: element (i,j) is data[i·row + j·col].
type view struct {
	data     []float64
	row, col int
}

// A tile is one way to compute blocks of a product, in Go or in assembly. Each sum has the
// order of the specification, so every tile gives the same bits.
type tile struct {
	rows, cols int // size of a block
	lanes      int // a block may be narrower than cols by a multiple of lanes

	run  func(*stack) // computes blocks of full height
	adds bool         // run may add what z holds: s may be z

	// row and rowT compute one row, whose length is a positive multiple of 4 and, for
	// row, of lanes.
	//
	//	row:  z[j] = Σ_p a[p·ac] b[p·bc + j],     rowT: z[j] = Σ_p a[p·ac] b[j·br + p]
	row  func(z, a []float64, ac int, b []float64, bc, k int)
	rowT func(z, a []float64, ac int, b []float64, br, k int)

	// copy sets dst[p·width + c] = src[p·row + c] for 0 ≤ p < k, 0 ≤ c < cols, where cols
	// is a multiple of 4. It may be nil.
	copy func(dst []float64, width int, src []float64, row, k, cols int)

	// transpose sets dst[p·width + r] = src[r·row + p] for 0 ≤ r < 4, 0 ≤ p < k, where k
	// is a multiple of 4. It may be nil.
	transpose func(dst []float64, width int, src []float64, row, k int)
}

// A stack is a number of blocks, each below the one before:
//
//	z[r·zr + c] = s[r·sr + c] + Σ_p a[r·ar + p·ac] b[p·bc + c],   0 ≤ c < cols
//
// From one block to the next it is as many rows of z and s as a tile has, and an numbers in a.
type stack struct {
	z              []float64
	zr             int
	s              []float64 // added to the whole chains; nil for nothing
	sr             int
	a              []float64
	ar, ac, an     int
	b              []float64
	bc             int
	k, cols, tiles int
	onto           bool // the chains start with what z holds, not with 0
}

const (
	maxTile = 8 * 24 // bounds rows·cols of any tile
	few     = 3      // products of at most so many rows or columns are computed row by row

	// Sizes of blocks: blockM·blockK numbers of the left factor stay in the
	// second-level cache, blockK·blockN of the right factor in the third.
	blockM, blockK, blockN = 240, 512, 2040

	// Small factors are read in place and are not packed: the left one if its rows and
	// columns are no further apart than this, the right one if it is no larger.
	nearLeft, smallRight = 512, 1 << 16
)

// product computes z block by block. Each chain over p is formed as a whole or in pieces, in
// its order. So the packing and the size of a block change no bit.
func (w *Workspace) product(z, s []float64, x, y view, m, k, n int) {
	z, x.data, y.data = z[:m*n], x.data[:m*k], y.data[:k*n]
	if s != nil && len(s) != m*n && len(s) != n {
		panic(fmt.Sprintf("kernel: %d numbers to add, want %d or %d×%d", len(s), n, m, n))
	}
	narrow := m <= few || n <= few || k == 0
	turned := y.col != 1 && 2*m*(k+n) < k*n
	inPlace := len(s) > 0 && len(z) > 0 && &s[0] == &z[0]
	switch {
	case m*n == 0:
		return
	case s != nil && (narrow || turned || inPlace && (k > blockK || !active.tile.adds)):
		w.add(z, s, inPlace, x, y, m, k, n)
		return
	case k == 0:
		clear(z)
		return
	case m <= few:
		for i := range m {
			row(z[i*n:][:n], x.at(i, 0), y, k)
		}
		return
	case n <= few:
		w.columns(z, x, y, m, k, n)
		return
	case turned:
		w.transposed(z, x, y, m, k, n)
		return
	}
	sr := 0
	if len(s) > n {
		sr = n
	}
	t := &active.tile
	pieces := (k + blockK - 1) / blockK
	dk := (k + pieces - 1) / pieces
	for j := 0; j < n; j += blockN {
		dn := min(blockN, n-j)
		for p := 0; p < k; p += dk {
			dk := min(dk, k-p)
			b := w.right(t, y.at(p, j), dk, dn)
			for i := 0; i < m; i += blockM {
				dm := min(blockM, m-i)
				a := w.left(t, x.at(i, p), dm, dk, dn)
				w.tile = stack{z: z[i*n+j:], zr: n, k: dk, onto: p > 0}
				if s != nil && p+dk == k {
					w.tile.s, w.tile.sr = s[i*sr+j:], sr
				}
				w.block(t, a, b, dm, dn)
			}
		}
	}
}

// add is product and then, in a second pass, the sum with s.
func (w *Workspace) add(z, s []float64, inPlace bool, x, y view, m, k, n int) {
	xy := z
	if inPlace {
		if cap(w.xy) < m*n {
			w.xy = make([]float64, m*n)
		}
		xy = w.xy[:m*n]
	}
	w.product(xy, nil, x, y, m, k, n)
	if len(s) > n {
		AddTo(z, s, xy)
	} else {
		AddRowTo(z, xy, s, 0)
	}
}

// at returns the view whose first element is element (i,j).
func (v view) at(i, j int) view { return view{v.data[i*v.row+j*v.col:], v.row, v.col} }

// columns is product column by column, each as a row of zᵀ = yᵀ xᵀ.
func (w *Workspace) columns(z []float64, x, y view, m, k, n int) {
	if cap(w.a) < m {
		w.a = make([]float64, m)
	}
	for j := range n {
		s := z
		if n > 1 {
			s = w.a[:m]
		}
		row(s, view{y.data[j*y.col:], 0, y.row}, view{x.data, x.col, x.row}, k)
		for i := 0; i < m && n > 1; i++ {
			z[i*n+j] = s[i]
		}
	}
}

// transposed is product as zᵀ = yᵀ xᵀ. Its right factor xᵀ is smaller to pack than y.
func (w *Workspace) transposed(z []float64, x, y view, m, k, n int) {
	if cap(w.z) < n*m {
		w.z = make([]float64, n*m)
	}
	zt := w.z[:n*m]
	w.product(zt, nil, view{y.data, y.col, y.row}, view{x.data, x.col, x.row}, n, k, m)
	active.tile.pack(z, zt, m, 1, n, m, n, 1) // one panel: zᵀ of zt
}

// row computes one row, z[j] = Σ_p x[0,p] y[p,j].
func row(z []float64, x, y view, k int) {
	t := &active.tile
	n := 0
	switch {
	case y.col == 1 && len(z) >= max(4, t.lanes):
		n = len(z) - len(z)%max(4, t.lanes)
		t.row(z[:n], x.data, x.col, y.data, y.row, k)
	case y.row == 1 && len(z) >= 4:
		n = len(z) &^ 3
		t.rowT(z[:n], x.data, x.col, y.data, y.col, k)
	}
	for j := n; j < len(z); j++ {
		s := 0.
		for p := range k {
			s = math.FMA(x.data[p*x.col], y.data[p*y.row+j*y.col], s)
		}
		z[j] = s
	}
}

// A factor is a part of the left or the right factor of a product. Rows (of the left) or
// columns (of the right) from first on are packed in panels of the given width.
type factor struct {
	view
	first, width int
	panels       []float64
}

// left prepares m×k numbers of the left factor. It packs the rows that do not fill a tile. It
// packs all rows if they are too far apart and read often.
func (w *Workspace) left(t *tile, x view, m, k, n int) factor {
	first := m - m%t.rows
	if max(x.row, x.col) > nearLeft && n > 4*t.cols {
		first = 0
	}
	if first < m {
		w.a = t.pack(w.a, x.data[first*x.row:], x.row, x.col, m-first, k, t.rows, t.rows)
	}
	return factor{x, first, t.rows, w.a}
}

// right prepares k×n numbers of the right factor. It packs the columns that do not fill
// vectors, or all columns.
func (w *Workspace) right(t *tile, y view, k, n int) factor {
	first, width := n, min(t.cols, roundUp(n, t.lanes))
	switch {
	case y.col != 1 || k*n > smallRight:
		first = 0
	case n%t.lanes > 0:
		first = n - n%t.cols
	}
	if first < n {
		w.b = t.pack(w.b, y.data[first*y.col:], y.col, y.row, n-first, k, width, t.lanes)
	}
	return factor{y, first, width, w.b}
}

// block computes m×n sums of w.tile, column by column of tiles.
func (w *Workspace) block(t *tile, x, y factor, m, n int) {
	b := &w.tile
	z, s := b.z, b.s
	for j := 0; j < n; j += t.cols {
		cols := min(t.cols, n-j)
		b.cols = roundUp(cols, t.lanes)
		b.b, b.bc = y.data[j:], y.row
		if j >= y.first {
			b.b, b.bc = y.panels[(j-y.first)*b.k:], y.width
		}
		for i := 0; i < m; i += b.tiles * t.rows {
			rows := m - i
			b.a, b.ar, b.ac, b.an = x.data[i*x.row:], x.row, x.col, t.rows*x.row
			if i >= x.first {
				b.a, b.ar, b.ac, b.an = x.panels[(i-x.first)*b.k:], 1, x.width, x.width*b.k
			} else {
				rows = x.first - i
			}
			b.z = z[i*b.zr+j:]
			if s != nil {
				b.s = s[i*b.sr+j:]
			}
			if b.tiles = rows / t.rows; b.tiles > 0 && cols == b.cols {
				t.run(b)
				continue
			}
			b.tiles = 1
			w.atEdge(t, min(t.rows, rows), cols)
		}
	}
}

// atEdge computes a block of which only the first rows and columns are wanted.
func (w *Workspace) atEdge(t *tile, rows, cols int) {
	b := &w.tile
	to := *b
	b.z, b.zr, b.s = w.edge[:], b.cols, nil
	if b.onto {
		for r := range rows {
			copy(b.z[r*b.zr:], to.z[r*to.zr:][:cols])
		}
	}
	t.run(b)
	for r := range rows {
		z, sums := to.z[r*to.zr:][:cols], b.z[r*b.zr:][:cols]
		if to.s != nil {
			AddTo(z, to.s[r*to.sr:], sums)
		} else {
			copy(z, sums)
		}
	}
	b.z, b.zr, b.s = to.z, to.zr, to.s
}

func roundUp(n, unit int) int { return (n + unit - 1) / unit * unit }

// pack copies the m×k matrix with the given strides into panels of the given
// width, dst[(i/width)·k·width + p·width + i%width] = src[i·row + p·col], and returns
// dst, grown if need be. The last panel is filled with zeros up to a multiple of unit.
func (t *tile) pack(dst, src []float64, row, col, m, k, width, unit int) []float64 {
	size := roundUp(m, width) * k
	if cap(dst) < size {
		dst = make([]float64, size)
	}
	dst = dst[:size]
	for i := 0; i < m; i += width {
		panel := dst[i*k:][:width*k]
		rows := min(width, m-i)
		if pad := roundUp(rows, unit); pad > rows {
			for p := range k {
				clear(panel[p*width+rows : p*width+pad])
			}
		}
		r, done := 0, 0
		switch {
		case row == 1: // a row of the panel is contiguous in src
			c := 0
			if t.copy != nil && rows >= 4 {
				c = rows &^ 3
				t.copy(panel, width, src[i:], col, k, c)
			}
			for p := 0; p < k && c < rows; p++ {
				copy(panel[p*width+c:][:rows-c], src[p*col+i+c:])
			}
			continue
		case t.transpose != nil && col == 1 && k >= 4:
			done = k &^ 3
			for ; r+4 <= rows; r += 4 {
				t.transpose(panel[r:], width, src[(i+r)*row:], row, done)
			}
		}
		for q := range rows {
			p := 0
			if q < r {
				p = done
			}
			for ; p < k; p++ {
				panel[p*width+q] = src[(i+q)*row+p*col]
			}
		}
	}
	return dst
}

// goTile is the specification. It computes a row of sums, four terms of each sum at a time.
// Sums in registers would be slower. On amd64 Go compiles a call for old processors beside
// every math.FMA, and saves all registers around that call.
var goTile = tile{rows: 1, cols: maxTile, lanes: 1, run: goRun, row: goRow, rowT: goRowT}

func goRun(t *stack) {
	for i := range t.tiles {
		z := t.z[i*t.zr:][:t.cols]
		if !t.onto {
			clear(z)
		}
		goChains(z, t.a[i*t.an:], t.ac, t.b, t.bc, t.k)
		if t.s != nil {
			goPlus(z, t.s[i*t.sr:])
		}
	}
}

// goChains continues the chains of a row of sums.
func goChains(z, a []float64, ac int, b []float64, bc, k int) {
	p := 0
	for ; p+4 <= k; p += 4 {
		goChain4(z, b[p*bc:], b[(p+1)*bc:], b[(p+2)*bc:], b[(p+3)*bc:], a[p*ac], a[(p+1)*ac], a[(p+2)*ac], a[(p+3)*ac])
	}
	for ; p < k; p++ {
		x, y := a[p*ac], b[p*bc:][:len(z)]
		for j := range z {
			z[j] = math.FMA(x, y[j], z[j])
		}
	}
}

// goChain4 does four steps of the chains. In a function of its own they need no more registers
// than there are.
func goChain4(z, y0, y1, y2, y3 []float64, x0, x1, x2, x3 float64) {
	y0, y1, y2, y3 = y0[:len(z)], y1[:len(z)], y2[:len(z)], y3[:len(z)]
	for j := range z {
		s := math.FMA(x0, y0[j], z[j])
		s = math.FMA(x1, y1[j], s)
		s = math.FMA(x2, y2[j], s)
		z[j] = math.FMA(x3, y3[j], s)
	}
}

// goPlus is AddTo without assembly.
func goPlus(z, s []float64) {
	s = s[:len(z)]
	for i := range z {
		z[i] += s[i]
	}
}

func goRow(z, a []float64, ac int, b []float64, bc, k int) {
	clear(z)
	goChains(z, a, ac, b, bc, k)
}

func goRowT(z, a []float64, ac int, b []float64, br, k int) {
	for j := 0; j < len(z); j += 4 {
		var s0, s1, s2, s3 float64
		b0, b1, b2, b3 := b[j*br:][:k], b[(j+1)*br:][:k], b[(j+2)*br:][:k], b[(j+3)*br:][:k]
		for p := range k {
			x := a[p*ac]
			s0 = math.FMA(x, b0[p], s0)
			s1 = math.FMA(x, b1[p], s1)
			s2 = math.FMA(x, b2[p], s2)
			s3 = math.FMA(x, b3[p], s3)
		}
		z[j], z[j+1], z[j+2], z[j+3] = s0, s1, s2, s3
	}
}
