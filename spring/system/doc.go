// Package system has the physical systems that trajectories are drawn from: a table of
// named ones, and any other from the text of its Hamiltonian.
//
//	pendulum, err := system.Named("pendulum", map[string]float64{"g": 9.81})
//	quartic, err := system.Typed("p^2/(2*m) + q^4", nil, nil, map[string]float64{"m": 2})
//
// A System is H(q, p) with the names of its coordinates, momenta and parameters, and a
// rule by which random initial states are drawn. Its field is the one that autodiff finds
// from H:
//
//	q̇ = ∂H/∂p,    ṗ = −∂H/∂q
//
// An open system has friction and perhaps an input too, ẋ = (J − R)∇H + Gu(t): see open.go.
//
// A System has the methods of a model, Params, Dim, Field and H, with nothing to learn,
// and compiled functions for integrators: NewField, NewHalves and NewEnergy.
//
// Sample draws initial states, solves from each, and adds noise. It is the only routine
// that does so: other packages give it closed forms of a field if they have them.
//
// To add a system, add a row to the table in table.go, and to region in system_test.go where
// its initial states lie. The tests go through all rows.
//
// Read table.go, system.go, open.go, sample.go.
package system
