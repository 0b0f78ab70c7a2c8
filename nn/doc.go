// Package nn learns models of motion from sampled trajectories: Hamiltonian neural networks,
// and the baselines that they are compared with.
//
// A Hamiltonian system of d coordinate pairs moves by
//
//	q̇ = ∂H/∂p,    ṗ = −∂H/∂q,    in short ẋ = J∇H(x),   x = [q, p]
//
// and along any such motion H is constant: Ḣ = ∇H·ẋ = ∇Hᵀ J ∇H = 0, because J is
// antisymmetric. An HNN is a network for H. Its field is J∇H, so its own H is constant
// along its motion, whatever the weights. Training compares the field with the time
// derivatives of the data,
//
//	L = MSE(q̇, ∂H/∂p) + MSE(ṗ, −∂H/∂q)
//
// and needs the gradient of a gradient. Package autodiff computes it.
//
// # Three parts
//
// A Model is what is learned, an Objective says how it is compared with data, and an
// Optimizer improves it. They are independent: Fit combines any model with any objective and
// any optimisers. Interfaces say what a model can do (Field, Energy, Map), and no code asks
// for its type. Kinds, Objectives and Optimizers are the tables. A new row takes one file.
//
// # Reading the package
//
// The mathematics is in hnn.go (H and its field), loss.go, adam.go, scaling.go (units that
// keep Hamilton's equations), estimate.go (derivatives from samples) and step.go (a loss
// without derivatives). All files:
//
//	models       model.go, then hnn.go, baseline.go, mechanical.go, nextstate.go; their
//	             networks in mlp.go, linear.go, init.go
//	what is      port.go (ẋ = (J − R)∇H + Gu), friction.go (R and G), expression.go (typed
//	known        H with constants and networks), structure.go (what is known, and a model made
//	             of it), velocities.go (momenta from velocities), separable.go, power.go (the
//	             balance of energy), inputs.go (u between samples)
//	data         series.go, estimate.go, smoothing.go (local cubics, and the noise),
//	             periodic.go (angles, also as inputs of networks); inspect.go (what a series
//	             looks like), with inspect_energy.go (does it keep an energy)
//	objectives   problem.go, then derivatives.go, step.go and shooting.go, with substeps.go (the
//	             lengths of its steps), leapfrog.go (symplectic ones) and continuity.go (a penalty
//	             for jumps between segments); chunk.go (a loss that is computed in parts, also for
//	             objectives of one's own), and team.go, which does so with several goroutines
//	optimisers   optimizer.go, then descent.go, adam.go, sgd.go, schedule.go;
//	             quasinewton.go with linesearch.go, for lbfgs.go and broyden.go; marquardt.go
//	             for few unknowns, with leastsquares.go (residuals, standard errors) and
//	             householder.go
//	the recipe   fit.go, notes.go (what looks wrong), checkpoint.go
//	files        file.go (models; the format is at Save), parts.go (saving and loading),
//	             seal.go (the sum at the end of a file), member.go (a model as a part of
//	             another)
//	constants    sensitivity.go (residuals of shooting and their derivatives), found.go (standard
//	             errors, correlations, what the data do not determine), sandwich.go (what the
//	             residuals say of errors)
//	use          eval.go, settle.go; ensemble.go (several models of the same data); sparse.go
//	             (few of many terms, for hnn formula)
//
// Times, coordinates and momenta have the units of the data, and so do H, which has those of q
// times p over t, and all results. Only the networks see other ones: see Scaling.
//
// Many goroutines may use one model while none trains it. They may call all functions of this
// package at the same time. Each goroutine needs its own Func.
//
// Source: Greydanus, Dzamba, Yosinski, "Hamiltonian Neural Networks", NeurIPS 2019.
package nn
