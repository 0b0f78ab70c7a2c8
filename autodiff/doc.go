// Package autodiff computes gradients of any order of formulas over matrices.
//
// A formula is recorded once, as a list of operations in a Graph. Grad reads the list
// backwards and appends the formulas of the gradient to the same list. They are ordinary
// formulas, so a second call of Grad gives the gradient of a gradient. Compile turns
// chosen formulas into a Plan, a flat program with all its buffers. Run executes it any
// number of times and allocates nothing.
//
// # A second derivative, worked
//
// Let y = tanh x. The rule for tanh in rules.go says that, given g = ∂L/∂y,
//
//	∂L/∂x = g − g⊙y²
//
// Grad(y, x) starts with g = 1 and enters y² and 1 − y²:
//
//	v0 = leaf x
//	v1 = tanh v0
//	v2 = const 1
//	v3 = mul v1 v1      y²
//	v4 = sub v2 v3      dy/dx = 1 − y²
//
// To differentiate v4, Grad walks v4, v3, v1. The rule of sub gives −1 for v3. The rule of
// mul gives −y to v1 for each of its two factors. The rule of tanh turns their sum −2y into
// −2y − (−2y)⊙y², which is d²y/dx² = −2y(1 − y²). Only the rules were used. Higher orders
// follow in the same way.
//
// # Reading the package
//
// rules.go has one row for each operation: how it is computed and how it is
// differentiated. grad.go is the reverse sweep. ops.go lists the operations with their
// shapes; graph.go is the list that they enter, matrix.go what a leaf is a window onto.
// plan.go compiles and runs. check.go tests derivatives against differences.
//
// merge.go puts some operations of a Plan together, with the same bits.
// hamilton.go has Hamilton's equations. simplify.go collects like terms. program.go is a
// fast way to run a Plan of single numbers, with the same bits; fuse.go makes a program
// of the list of operations that unroll.go writes. listing.go shows the steps of a Plan to
// programs that write it in another language.
//
// # Conventions
//
// A Leaf is a window onto a Matrix of the caller. Each Run reads its present values, and
// they may not change during a Run. A mistake in a program, such as shapes that do not
// match, panics with one line that names the operation and the shapes. Values follow
// IEEE 754 without exceptions: ln 0 is −Inf, √x has an infinite derivative at 0, and
// 0·Inf is NaN.
//
// The results do not depend on the platform, the number of goroutines or the
// instruction set: see package kernel.
//
// Source: Griewank and Walther, Evaluating Derivatives, 2nd ed. (2008), ch. 3.
package autodiff
