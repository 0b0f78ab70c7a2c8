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
	w, last := make([]float64, n), make([]float64, n) // τ vᵀA of this reflection and of the one that waits
	waits := false
	// settle applies the reflection that waits, of column k−1, to rows from k and columns from j on.
	settle := func(k, j int) {
		for i := k; i < a.Rows && waits && j < n; i++ {
			if row := a.Row(i); row[k-1] != 0 {
				kernel.AddScaled(row[j:], last[j:], -row[k-1])
			}
		}
		waits = false
	}
	for k := range first {
		if order != nil {
			settle(k, k)
			exchange(a, w, order, k)
		}
		for i := k; i < a.Rows && waits; i++ {
			row := a.Row(i)
			row[k] -= float64(row[k-1] * last[k])
		}
		norm := tail(a, k, k)
		if norm == 0 {
			settle(k, k+1)
			continue
		}
		// v = x ± ‖x‖e₁ of the column x, divided by its first number; A ← A − τ v (vᵀA).
		top := a.Row(k)
		beta := -math.Copysign(norm, top[k])
		tau, pivot := (beta-top[k])/beta, top[k]-beta
		if waits {
			kernel.AddScaled(top[k+1:], last[k+1:], -top[k-1])
		}
		copy(w[k+1:], top[k+1:])
		wb := b[k]
		for i := k + 1; i < a.Rows; i++ {
			row := a.Row(i)
			v, before := row[k]/pivot, 0.
			if waits {
				before = row[k-1]
			}
			row[k] = v
			switch { // most rows of [R; √λ I] have no share
			case before != 0:
				kernel.Reflect(row[k+1:], last[k+1:], w[k+1:], -before, v)
			case v != 0:
				kernel.AddScaled(w[k+1:], row[k+1:], v)
			}
			wb += float64(v * b[i])
		}
		for j := k + 1; j < n; j++ {
			w[j] = float64(tau * w[j])
			top[j] -= w[j]
		}
		wb = float64(tau * wb)
		b[k] -= wb
		for i := k + 1; i < a.Rows; i++ {
			b[i] -= float64(a.Row(i)[k] * wb)
		}
		top[k] = beta
		w, last, waits = last, w, true
	}
	settle(first, first)
}

// exchange brings the column that is longest from row k down to column k. w is room for its
// lengths.
func exchange(a *autodiff.Matrix, w []float64, order []int, k int) {
	most := k
	for j := k; j < a.Cols; j++ { // not updated but computed anew: n is small
		if w[j] = tail(a, k, j); w[j] > w[most] {
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

// tail returns the length of column j from row k down.
func tail(a *autodiff.Matrix, k, j int) float64 {
	most := 0.
	for i := k; i < a.Rows; i++ {
		most = max(most, math.Abs(a.At(i, j)))
	}
	if most == 0 || most-most != 0 {
		return most
	}
	sum := 0.
	for i := k; i < a.Rows; i++ {
		v := a.At(i, j) / most
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
