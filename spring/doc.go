// Package spring is the experiment: a mass on a spring, data drawn from it, an HNN and
// its baselines trained on them, and the learned fields rolled out and scored.
//
// spring.go has the Hamiltonian, its field and its exact solution; data.go draws
// trajectories, adds noise, and computes the noise floor; experiment.go trains and
// rolls out; score.go says what is measured.
//
// Source: Greydanus, Dzamba, Yosinski, "Hamiltonian Neural Networks", NeurIPS 2019,
// task 1.
package spring
