package autodiff

import "fmt"

// Hamilton returns the field of the Hamiltonian h by Hamilton's equations. Each row of x
// is a state [q₁ … q_d, p₁ … p_d]. The result is rows×2d, like x:
//
//	[q̇, ṗ] = [∂H/∂p, −∂H/∂q]
//
// h is the energy of each state, rows×1, or the sum of all energies. The rows are
// independent, so each row of the gradient of the sum is the gradient of one energy.
// Hamilton panics if the number of columns is odd or zero.
func Hamilton(h, x Var) Var {
	n := x.Cols()
	if n == 0 || n%2 != 0 {
		panic(fmt.Sprintf("autodiff: Hamilton: states of %d columns, want pairs of q and p", n))
	}
	grad := Grad(SumTo(h, 1, 1), x)[0]
	return Concat(Slice(grad, n/2, n), Neg(Slice(grad, 0, n/2)))
}
