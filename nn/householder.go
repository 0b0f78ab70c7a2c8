package nn

import (
	"math"

	"hnn/autodiff"
	"hnn/autodiff/kernel"
)

// triangulate makes a, m×n with m ≥ n, upper triangular by Householder reflections, and does
// the same to b, of m numbers:
//
//	A P = Q R,    a ← R,    b ← Qᵀ b
//
// What is left of a below the diagonal is of no use. order[k] is the column of A that column k
// of R stands for: the columns are exchanged so that |Rₖₖ| does not rise with k. Without an
// order they stay where they are.
//
// Source: Golub and Van Loan, Matrix Computations (2013), Algorithms 5.1.1 and 5.4.1.
func triangulate(a *autodiff.Matrix, b []float64, order []int) {
	triangulateFirst(a, b, order, a.Cols)
}

// triangulateFirst is triangulate of the first columns alone. The others are reflected with
// them, and their rows from first on are what is left of them.
//
// Reflection k waits for the next one: the sums vᵀA of that read each row once more, and at the
// same time the row gets its share of reflection k. Column k+1, which gives v, gets it before.
func triangulateFirst(a *autodiff.Matrix, b []float64, order []int, first int) {
	n := a.Cols
	for j := range order {
		order[j] = j
	}
	// v, and w = τ vᵀA, of the reflection that waits (v = 0 if none does), and room for the next.
	v, w, vNext, wNext := make([]float64, a.Rows), make([]float64, n), make([]float64, a.Rows), make([]float64, n)
	// settle applies it to rows from k and columns from j on.
	settle := func(k, j int) {
		for i := k; i < a.Rows && j < n; i++ {
			if v[i] != 0 {
				kernel.AddScaled(a.Row(i)[j:], w[j:], -v[i])
			}
		}
		clear(v)
	}
	for k := range first {
		if order != nil {
			settle(k, k)
			exchange(a, order, k, wNext, vNext)
		}
		x := vNext // column k, then v
		for i := k; i < a.Rows; i++ {
			row := a.Row(i)
			if v[i] != 0 {
				row[k] -= float64(v[i] * w[k])
			}
			x[i] = row[k]
		}
		norm := length(x[min(k, a.Rows):])
		if norm == 0 {
			settle(k, k+1)
			continue
		}
		top := a.Row(k)
		// v = x ± ‖x‖e₁ of the column x, divided by its first number; A ← A − τ v (vᵀA).
		beta := -math.Copysign(norm, x[k])
		tau, pivot := (beta-x[k])/beta, x[k]-beta
		if top[k] = beta; v[k] != 0 {
			kernel.AddScaled(top[k+1:], w[k+1:], -v[k])
		}
		copy(wNext[k+1:], top[k+1:])
		wb := b[k]
		for i := k + 1; i < a.Rows; i++ {
			x[i] /= pivot
			switch { // most rows of [R; √λ I] have no share
			case v[i] != 0:
				kernel.Reflect(a.Row(i)[k+1:], w[k+1:], wNext[k+1:], -v[i], x[i])
			case x[i] != 0:
				kernel.AddScaled(wNext[k+1:], a.Row(i)[k+1:], x[i])
			}
			wb += float64(x[i] * b[i])
		}
		for j := k + 1; j < n; j++ {
			wNext[j] = float64(tau * wNext[j])
			top[j] -= wNext[j]
		}
		wb = float64(tau * wb)
		b[k] -= wb
		for i := k + 1; i < a.Rows; i++ {
			b[i] -= float64(x[i] * wb)
		}
		v, w, vNext, wNext = x, wNext, v, w
	}
	settle(first, first)
}

// exchange brings the column that is longest from row k down to column k. w is room for the
// lengths, and x for a column.
func exchange(a *autodiff.Matrix, order []int, k int, w, x []float64) {
	most := k
	for j := k; j < a.Cols; j++ { // not updated but computed anew: n is small
		if w[j] = tail(a, k, j, x); w[j] > w[most] {
			most = j
		}
	}
	if most == k {
		return
	}
	order[k], order[most] = order[most], order[k]
	for i := range a.Rows {
		row := a.Row(i)
		row[k], row[most] = row[most], row[k]
	}
}

// tail returns the length of column j from row k down. It copies the column to room.
func tail(a *autodiff.Matrix, k, j int, room []float64) float64 {
	for i := k; i < a.Rows; i++ {
		room[i] = a.At(i, j)
	}
	return length(room[min(k, a.Rows):a.Rows])
}

// length returns √Σ xᵢ².
func length(x []float64) float64 {
	most := 0.
	for _, v := range x {
		most = max(most, math.Abs(v))
	}
	if most == 0 || most-most != 0 {
		return most
	}
	sum := 0.
	for _, v := range x {
		v /= most
		sum += float64(v * v)
	}
	return most * math.Sqrt(sum)
}

// backSolve solves R z = b for the first n rows and columns of R; z may be b.
func backSolve(r *autodiff.Matrix, z, b []float64, n int) {
	for i := n - 1; i >= 0; i-- {
		sum := b[i]
		for j := i + 1; j < n; j++ {
			sum -= float64(r.At(i, j) * z[j])
		}
		z[i] = sum / r.At(i, i)
	}
}

// rankOf returns how many columns of a triangular R, whose |Rₖₖ| do not rise, are no combinations of
// others: those with |Rₖₖ| > below |R₀₀|.
func rankOf(r *autodiff.Matrix, below float64) int {
	rank := 0
	for rank < r.Cols && math.Abs(r.At(rank, rank)) > below*math.Abs(r.At(0, 0)) {
		rank++
	}
	return rank
}

// someColumns returns some columns of a side by side.
func someColumns(a *autodiff.Matrix, cols []int) *autodiff.Matrix {
	m := autodiff.NewMatrix(a.Rows, len(cols))
	for r := range a.Rows {
		for k, j := range cols {
			m.Row(r)[k] = a.At(r, j)
		}
	}
	return m
}
