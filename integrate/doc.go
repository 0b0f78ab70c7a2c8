// Package integrate solves ordinary differential equations dy/dt = f(t, y): with adaptive steps, as SciPy's solve_ivp
// does, to the same steps and the same number of evaluations; and with fixed ones.
//
// The results are the same to the last bit on every platform.
package integrate
