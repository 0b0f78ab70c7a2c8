// Package nn trains Hamiltonian neural networks and the baselines that they are
// compared with.
//
// A Hamiltonian system of d coordinate pairs moves by
//
//	q̇ = ∂H/∂p,    ṗ = −∂H/∂q,    in short ẋ = J∇H(x),   x = [q, p]
//
// and along any such motion H is constant: Ḣ = ∇H·ẋ = ∇Hᵀ J ∇H = 0 because J is
// antisymmetric. An HNN is a network for H. It is trained on states and their time
// derivatives through the gradient of its output,
//
//	L = MSE(q̇, ∂H/∂p) + MSE(ṗ, −∂H/∂q)
//
// so that its own H is conserved exactly along its field, trained or not. The descent
// on L needs the gradient of a gradient, which package autodiff gives.
//
// hnn.go holds the models, mlp.go and linear.go the network, init.go its first weights,
// adam.go the optimisers, schedule.go their rates, train.go the training, team.go its
// workers, model.go the file format, scaling.go the units, estimate.go derivatives from
// samples, onestep.go a loss that needs none, and eval.go what a trained model is used
// through.
//
// A model that nobody trains may be used by many goroutines: all functions of this package
// may then be called at once, and each goroutine has a Func of its own.
//
// Source: Greydanus, Dzamba, Yosinski, "Hamiltonian Neural Networks", NeurIPS 2019.
package nn
