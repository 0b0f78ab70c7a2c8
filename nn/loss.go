package nn

import "hnn/autodiff"

// FieldLoss compares predicted derivatives f with the wanted ones dx, both rows×2d:
//
//	L = MSE(q̇, f_q) + MSE(ṗ, f_p)
//
// For an HNN, f_q = ∂H/∂p and f_p = −∂H/∂q. The loss is the sum of two means. If f is 0, it is
// the mean square of q̇ plus the mean square of ṗ. With a Scaling each component is measured in
// units of s/τ, and the loss of f = 0 is about 2.
//
// Source: Greydanus, Dzamba, Yosinski, "Hamiltonian Neural Networks" (2019), eq. 3.
func FieldLoss(f, dx autodiff.Var, scale *Scaling) autodiff.Var {
	e := scale.rate(autodiff.Sub(f, dx))
	d := dx.Cols() / 2
	return autodiff.Add(meanSquare(autodiff.Slice(e, 0, d)), meanSquare(autodiff.Slice(e, d, 2*d)))
}

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
