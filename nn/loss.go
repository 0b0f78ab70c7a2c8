package nn

import "hnn/autodiff"

// MSE returns the mean squared error over all elements of x and y, both m×n.
//
//	MSE(x, y) = Σ (x − y)² / (m n)
//
// The mean of no elements is NaN.
func MSE(x, y autodiff.Var) autodiff.Var { return meanSquare(autodiff.Sub(x, y)) }

// meanSquare returns Σ e² / (m n).
func meanSquare(e autodiff.Var) autodiff.Var {
	return autodiff.Scale(autodiff.SumTo(autodiff.Mul(e, e), 1, 1), 1/float64(e.Rows()*e.Cols()))
}
