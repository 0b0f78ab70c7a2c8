// Package spring is the experiment. It draws noisy trajectories of a mass on a spring,
// trains an HNN and its baselines on them, follows the learned models and scores them.
//
// spring.go has the Hamiltonian, its field and its exact solution. data.go draws
// trajectories, adds noise, and computes the noise floor. experiment.go trains and rolls
// out. score.go defines the scores. paper.go repeats the task of the paper.
//
// Source: Greydanus, Dzamba, Yosinski, "Hamiltonian Neural Networks", NeurIPS 2019,
// task 1.
package spring
