// Package integrate solves initial value problems of ordinary differential equations,
//
//	dy/dt = f(t, y)    y(t0) = y0
//
// A state y is a flat slice. For a Hamiltonian system it is [q…, p…].
//
// There are three ways to solve, each for its own methods:
//
//   - [Solve] chooses its steps to meet tolerances, with [RK45], [RK23] or [DOP853]. With the same options it takes the
//     same steps as SciPy's solve_ivp, and as many evaluations. It has dense output, reports at given times, finds
//     events, and advances batches.
//   - [Fixed] takes steps of one length, with [RK4], with the formulas of the three methods above, or with the implicit
//     methods [ImplicitMidpoint], [GaussLegendre4] and [GaussLegendre6]. The implicit methods are symplectic: the
//     energy error of a Hamiltonian system stays bounded, however long the run.
//   - [Separable] takes steps of one length, for H(q, p) = T(p) + V(q) only, with [Leapfrog], [Yoshida4] and
//     [Yoshida6]. They are symplectic too, and cost much less than the implicit methods.
//
// The largest energy errors over 10^6 steps, for Hénon–Heiles (h = 0.1, E = 1/8) and Kepler (h = 0.01, e = 0.6), are
//
//	                  Hénon–Heiles    Kepler
//	RK4               5.0e-3          1.7e-5     and grows in proportion to t
//	ImplicitMidpoint  3.1e-5          4.2e-4     does not grow, nor do those below
//	Leapfrog          3.6e-4          3.7e-4
//	GaussLegendre4    2.8e-8          6.4e-9
//	Yoshida4          1.0e-6          5.0e-7
//	GaussLegendre6    3.5e-12         1.1e-12
//	Yoshida6          9.7e-10         1.4e-10
//
// This command writes them to testdata/ode_energy.csv, with the fitted slopes:
//
//	go test ./integrate -run TestEnergy -long
//
// Solve, Fixed and Separable keep all states in a [Solution]. [Begin], [BeginFixed] and [BeginSeparable] return a
// [Run], which gives the same states one by one and keeps none. [Parallel] computes many trajectories on all
// processors.
//
// Errors are of type [*Error], which has the t and h of the failing step. The solution is kept as far as it was
// computed. A panic in a function of the caller becomes an error too, with its stack. A run allocates before its first
// step and in none of its steps.
//
// The results have the same bits on every platform: the package calls no function of package math whose last bit
// differs between platforms, and it never fuses a product with a sum.
//
// Read the files in this order: tableau.go and dop853.go (the methods), field.go (what goes in and comes out), run.go
// (what all runs share), step.go (sums of stages), solve.go (chosen steps), dense.go, event.go, fixed.go,
// symplectic.go, batch.go.
package integrate
