// Package pixels finds the state of a pendulum, and its Hamiltonian, in pictures: an
// autoencoder whose latent state is moved by an HNN or by a baseline.
//
// Read draw.go (pictures of a pendulum), film.go (runs of frames), autoencoder.go (the model),
// objective.go (its loss), experiment.go (films and training), rollout.go (the films that a model
// makes), map.go (from latent states to true ones) and score.go (what is measured in films).
//
// Source: Greydanus, Dzamba, Yosinski, "Hamiltonian Neural Networks", NeurIPS 2019, task 5.
package pixels
