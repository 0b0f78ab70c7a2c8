package autodiff

import "fmt"

// Hamilton returns Hamilton's equations, the field of the Hamiltonian h at the states
// x = [q₁ … q_d, p₁ … p_d], one a row: rows×2d.
//
//	[q̇, ṗ] = [∂H/∂p, −∂H/∂q]
//
// h has the energy of each state, rows×1, or their sum. The rows are independent, so
// the gradient of the sum holds the gradient of each. Hamilton panics if the number of
// columns is odd or zero.
func Hamilton(h, x Var) Var {
	n := x.Cols()
	if n == 0 || n%2 != 0 {
		panic(fmt.Sprintf("autodiff: Hamilton: states of %d columns, want pairs of q and p", n))
	}
	grad := Grad(SumTo(h, 1, 1), x)[0]
	return Concat(Slice(grad, n/2, n), Neg(Slice(grad, 0, n/2)))
}
