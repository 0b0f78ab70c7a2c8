package nn

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"hnn/autodiff"
	"hnn/autodiff/elementary"
)

// Sparse is a solution of least squares that uses some of the columns of A only:
//
//	b ≈ Σₖ Coefficients[k] A[:, Terms[k]]
type Sparse struct {
	Terms        []int // columns of A, ascending
	Coefficients []float64
	Errors       []float64 // standard errors, for residuals that are independent
	Error        float64   // ‖b − A c‖ / ‖b‖
}

// dependentBelow is the share of a column's length below which it is taken for a combination
// of others.
const dependentBelow = 1e-8

// cancels is how many times ‖b‖ a coefficient is, of a column of unit length, that costs as much
// as is not explained in any case.
const cancels = 10

// SparsePath returns the solutions of A c ≈ b with 1, 2, … columns of A, m×n with m > n, and
// the columns that it left out at the beginning because they are combinations of others.
//
// It begins with all columns and takes one out at a time, that which costs least. With the
// triangular R of A = Q R and c = R⁻¹ Qᵀb, taking out column k raises the sum of squares by
//
//	cₖ² / [(RᵀR)⁻¹]ₖₖ
//
// This is sequential thresholding, where the threshold always rises just far enough for the next
// column, and coefficients are measured by what they explain. Then columns within and without
// are exchanged as long as the sum falls, because what leaves early can be wanted later.
//
// Columns that are nearly combinations of others explain a little more by large coefficients that
// cancel, as of cos q and q² where q is small. So columns are chosen by the sum of squares with a
// price on that: with columns of unit length, and the error e of all of them,
//
//	‖b − A c‖² + (e/10)² ‖c‖²,    e = min ‖b − A c‖ / ‖b‖
//
// so that a coefficient which moves b by 10 ‖b‖ costs as much as is not explained in any case. The
// solutions themselves are those of plain least squares.
//
// Source: Brunton, Proctor, Kutz, "Discovering governing equations from data by sparse
// identification of nonlinear dynamical systems", PNAS 113 (2016) 3932; Boninsegna, Nüske,
// Clementi, "Sparse learning of stochastic dynamical equations", J. Chem. Phys. 148 (2018)
// 241723, for one column at a time; Hoerl and Kennard, "Ridge regression", Technometrics 12
// (1970) 55, for the price; Golub and Van Loan, Matrix Computations (2013), §6.5.2, for a column
// out of R.
func SparsePath(a *autodiff.Matrix, b []float64) (path []Sparse, dependent []int, err error) {
	m := 0
	if a != nil {
		m = a.Rows
	}
	if a == nil || a.Cols == 0 || m <= a.Cols || len(b) != m {
		return nil, nil, errors.New("nn: sparse: want columns, and more rows than columns")
	}
	norm := length(b)
	if !(norm > 0) || !finite(0, []*autodiff.Matrix{a}) || norm-norm != 0 {
		return nil, nil, errors.New("nn: sparse: want finite numbers, and some that are not 0")
	}
	s := &selection{scale: make([]float64, a.Cols)}
	whole := autodiff.NewMatrix(m, a.Cols)
	copy(whole.Data, a.Data)
	divideColumns(whole, s.scale, nil, 0)
	rest, order := slices.Clone(b), make([]int, a.Cols)
	triangulate(whole, rest, order)
	n := 0
	for n < a.Cols && math.Abs(whole.At(n, n)) > dependentBelow*math.Abs(whole.At(0, 0)) {
		n++
	}
	if n == 0 {
		return nil, nil, errors.New("nn: sparse: all columns are 0")
	}
	dependent = slices.Sorted(slices.Values(order[n:]))
	s.rows, s.outside, s.norm, s.order = m, length(rest[n:]), norm, order[:n]
	s.plain = triangular{autodiff.NewMatrix(n, n), rest[:n]}
	r, c := autodiff.NewMatrix(2*n, n), append(slices.Clone(s.plain.c), make([]float64, n)...)
	in := make([]int, n) // places in order
	for i := range n {
		copy(s.plain.r.Row(i)[i:], whole.Row(i)[i:n])
		copy(r.Row(i), s.plain.r.Row(i))
		r.Row(n + i)[i], in[i] = s.outside/norm/cancels, i
	}
	triangulate(r, c, nil)
	s.priced = triangular{autodiff.NewMatrix(n, n), slices.Clone(c[:n])}
	for i := range n {
		copy(s.priced.r.Row(i)[i:], r.Row(i)[i:])
	}
	for k := n; k > 0; k-- {
		best := s.exchange(in)
		path = append(path, s.solution(best))
		if cost := costs(r, c, k); k > 1 {
			out := least(cost)
			removeColumn(r, c, k, out)
			in = slices.Delete(in, out, out+1)
		}
	}
	slices.Reverse(path)
	return path, dependent, nil
}

// A selection has what is needed to solve with any columns: the triangular form of all.
type selection struct {
	plain, priced triangular // of columns of unit length, without and with the price
	order         []int      // the column of A of each column of R
	scale         []float64  // length of each column of A
	outside, norm float64    // ‖b‖ without what the columns can reach; ‖b‖
	rows          int
}

// triangular is R and Qᵀb of least squares.
type triangular struct {
	r *autodiff.Matrix
	c []float64
}

// columns returns R and Qᵀb of some columns, triangular in the first of them, as many as first says.
func (t triangular) columns(in []int, first int) triangular {
	r, c := autodiff.NewMatrix(t.r.Rows, len(in)), slices.Clone(t.c)
	for i := range r.Rows {
		for k, j := range in {
			r.Row(i)[k] = t.r.At(i, j)
		}
	}
	triangulateFirst(r, c, nil, first)
	return triangular{r, c}
}

// maxExchange bounds the sizes at which columns are exchanged, and exchanges how often.
const (
	maxExchange = 16
	exchanges   = 20
)

// exchange replaces single columns of in by others as long as the sum of squares falls.
func (s *selection) exchange(in []int) []int {
	in = slices.Clone(in)
	if len(in) > maxExchange || len(in) == s.plain.r.Cols {
		return in
	}
	for range exchanges {
		now := s.ssr(in)
		best, at, by := now*(1-1e-9), -1, 0
		for i := range in {
			others := slices.Delete(slices.Clone(in), i, i+1)
			j, v := s.next(others)
			if v < best {
				best, at, by = v, i, j
			}
		}
		if at < 0 {
			return in
		}
		in[at] = by
		slices.Sort(in)
	}
	return in
}

// next returns the column that lowers the sum of squares most beside those of in, and the sum.
func (s *selection) next(in []int) (column int, ssr float64) {
	all, k := slices.Clone(in), len(in)
	for j := range s.plain.r.Cols {
		if !slices.Contains(in, j) {
			all = append(all, j)
		}
	}
	t := s.priced.columns(all, k) // from row k on is what other columns add to those of in
	dot, square := make([]float64, len(all)), make([]float64, len(all))
	for i := k; i < t.r.Rows; i++ {
		for l, v := range t.r.Row(i)[k:] {
			dot[k+l] += float64(v * t.c[i])
			square[k+l] += float64(v * v)
		}
	}
	column, most := all[k], 0.
	for l := k; l < len(all); l++ {
		if v := math.Sqrt(square[l]); v > dependentBelow {
			if gain := float64(dot[l]/v) * (dot[l] / v); gain > most {
				column, most = all[l], gain
			}
		}
	}
	v := length(t.c[k:])
	return column, float64(v*v) - most
}

// ssr returns the sum of squares within the space of all columns that those of in leave, with
// the price.
func (s *selection) ssr(in []int) float64 {
	v := length(s.priced.columns(in, len(in)).c[len(in):])
	return float64(v * v)
}

// solution solves with some columns.
func (s *selection) solution(in []int) Sparse {
	k, t := len(in), s.plain.columns(in, len(in))
	r, c := t.r, t.c
	within := length(c[k:])
	left := math.Sqrt(float64(within*within) + float64(s.outside*s.outside))
	sigma := left / math.Sqrt(float64(s.rows-k))
	z := make([]float64, k)
	backSolve(r, z, c, k)
	rows := inverseRows(r, k)
	of := make([]int, k)
	for i := range of {
		of[i] = i
	}
	slices.SortFunc(of, func(i, j int) int { return s.order[in[i]] - s.order[in[j]] })
	x := Sparse{Error: left / s.norm}
	for _, i := range of {
		col := s.order[in[i]]
		x.Terms = append(x.Terms, col)
		x.Coefficients = append(x.Coefficients, z[i]/s.scale[col])
		x.Errors = append(x.Errors, sigma*rows[i]/s.scale[col])
	}
	return x
}

// inverseRows returns the lengths of the rows of R⁻¹ of the first k rows and columns: their
// squares are the diagonal of (RᵀR)⁻¹.
func inverseRows(r *autodiff.Matrix, k int) []float64 {
	sums := make([]float64, k)
	column := make([]float64, k)
	for j := range k {
		clear(column)
		column[j] = 1
		backSolve(r, column, column, j+1)
		for i := range j + 1 {
			sums[i] += float64(column[i] * column[i])
		}
	}
	for i := range sums {
		sums[i] = math.Sqrt(sums[i])
	}
	return sums
}

// costs returns by how much the sum of squares rises without each of k columns.
func costs(r *autodiff.Matrix, c []float64, k int) []float64 {
	z, rows := make([]float64, k), inverseRows(r, k)
	backSolve(r, z, c, k)
	for i := range z {
		v := z[i] / rows[i]
		z[i] = float64(v * v)
	}
	return z
}

// least returns the place of the least number.
func least(v []float64) int {
	at := 0
	for i := range v {
		if v[i] < v[at] {
			at = i
		}
	}
	return at
}

// removeColumn takes column out of a triangular R of k columns, and makes it triangular again
// by rotations, which it also does to c.
func removeColumn(r *autodiff.Matrix, c []float64, k, out int) {
	for i := range k {
		row := r.Row(i)
		copy(row[out:k-1], row[out+1:k])
		row[k-1] = 0
	}
	for j := out; j < k-1; j++ {
		x, y := r.Row(j), r.Row(j+1)
		if y[j] == 0 {
			continue
		}
		d := math.Sqrt(float64(x[j]*x[j]) + float64(y[j]*y[j]))
		cos, sin := x[j]/d, y[j]/d
		for l := j; l < k-1; l++ {
			u, v := x[l], y[l]
			x[l] = float64(cos*u) + float64(sin*v)
			y[l] = float64(cos*v) - float64(sin*u)
		}
		u, v := c[j], c[j+1]
		c[j] = float64(cos*u) + float64(sin*v)
		c[j+1] = float64(cos*v) - float64(sin*u)
	}
}

// Knee returns the place in a path at which more columns are no longer worth it: each further
// one must divide the error by at least factor on the average, above 1. What a network has
// wrong is smooth, so some more columns always fit a part of it, but none of them divides the
// error by much.
//
//	least of  ln error(k) + k ln factor
func Knee(path []Sparse, factor float64) (int, error) {
	if len(path) == 0 || !(factor > 1) {
		return 0, fmt.Errorf("nn: knee: %d solutions and a factor of %v: want one at least, and a factor above 1", len(path), factor)
	}
	price := make([]float64, len(path))
	for i, s := range path {
		price[i] = elementary.Log(max(s.Error, 1e-12)) + float64(float64(i)*elementary.Log(factor))
	}
	return least(price), nil
}
