// Package integrate solves initial value problems of ordinary differential equations,
//
//	dy/dt = f(t, y)    y(t0) = y0
//
// over flat states y, which for a Hamiltonian system are [q…, p…].
//
// [Solve] chooses its steps to meet tolerances, with [RK45], [RK23] or [DOP853]: at the same options it takes the steps
// of SciPy's solve_ivp and as many evaluations. It has dense output, reports at given times, finds events, and advances
// batches. [Fixed] takes steps of one length, with [RK4], with the formulas of the others, or with the implicit
// [ImplicitMidpoint], [GaussLegendre4] and [GaussLegendre6], which are symplectic: they keep the energy of any
// Hamiltonian system bounded for as long as one cares to run. [Separable] does so at a fraction of the cost, with
// [Leapfrog], [Yoshida4] and [Yoshida6], for H(q, p) = T(p) + V(q). The largest energy error over 10^6 steps is, of
// Hénon–Heiles (h = 0.1, E = 1/8) and Kepler (h = 0.01, e = 0.6),
//
//	                  Hénon–Heiles    Kepler
//	RK4               5.0e-3          1.7e-5     and grows in proportion to t
//	ImplicitMidpoint  3.1e-5          4.2e-4     here and below as large in the first tenth as in the last
//	Leapfrog          3.6e-4          3.7e-4
//	GaussLegendre4    2.8e-8          6.4e-9
//	Yoshida4          1.0e-6          5.0e-7
//	GaussLegendre6    3.5e-12         1.1e-12
//	Yoshida6          9.7e-10         1.4e-10
//
// as written, with the fitted slopes, to testdata/ode_energy.csv by
//
//	go test ./integrate -run TestEnergy -long
//
// Each of the three collects a [Solution]; [Begin], [BeginFixed] and [BeginSeparable] hand out the same states one by
// one, in constant memory. Independent trajectories go over all processors with [Parallel].
//
// What data can cause is returned as an [*Error] that tells t and h, with the solution as far as it goes. A run
// allocates before its first step and never in one. It computes the same bits on every platform: no function of
// package math is called whose last bit differs between them, and no product is fused with a sum.
package integrate
