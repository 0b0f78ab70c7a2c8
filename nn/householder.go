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
func triangulateFirst(a *autodiff.Matrix, b []float64, order []int, first int) {
	n := a.Cols
	for j := range order {
		order[j] = j
	}
	w := make([]float64, n)
	for k := range first {
		if order != nil {
			most := k
			for j := k; j < n; j++ { // not updated but computed anew: n is small
				if w[j] = tail(a, k, j); w[j] > w[most] {
					most = j
				}
			}
			if most != k {
				order[k], order[most] = order[most], order[k]
				for i := range a.Rows {
					row := a.Row(i)
					row[k], row[most] = row[most], row[k]
				}
			}
		}
		norm := tail(a, k, k)
		if norm == 0 {
			continue
		}
		// v = x ± ‖x‖e₁ of the column x, divided by its first number; A ← A − τ v (vᵀA).
		alpha := a.At(k, k)
		beta := -math.Copysign(norm, alpha)
		tau, pivot := (beta-alpha)/beta, alpha-beta
		for j := k + 1; j < n; j++ {
			w[j] = a.At(k, j)
		}
		wb := b[k]
		for i := k + 1; i < a.Rows; i++ {
			row := a.Row(i)
			v := row[k] / pivot
			if row[k] = v; v == 0 { // most rows of [R; √λ I]
				continue
			}
			kernel.AddScaled(w[k+1:], row[k+1:], v)
			wb += float64(v * b[i])
		}
		for j := k + 1; j < n; j++ {
			w[j] = float64(tau * w[j])
			a.Row(k)[j] -= w[j]
		}
		wb = float64(tau * wb)
		b[k] -= wb
		for i := k + 1; i < a.Rows; i++ {
			row := a.Row(i)
			v := row[k]
			if v == 0 {
				continue
			}
			kernel.AddScaled(row[k+1:], w[k+1:], -v)
			b[i] -= float64(v * wb)
		}
		a.Row(k)[k] = beta
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
