package main

import (
	"context"
	"errors"
	"testing"

	"hnn/integrate"
)

// A solver of each kind ends when its context is done.
func TestSolverStops(t *testing.T) {
	field := func(dydt []float64, _ float64, y []float64) { dydt[0], dydt[1] = y[1], -y[0] }
	velocity := func(dq, p []float64) { dq[0] = p[0] }
	force := func(dp, q []float64) { dp[0] = -q[0] }
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for _, m := range []*integrate.Method{integrate.RK45, integrate.GaussLegendre4, integrate.Leapfrog} {
		s := solver{method: m, dt: 0.1, rtol: 1e-6, atol: 1e-9}
		sol, err := s.solve(ctx, field, velocity, force, 10, 0, []float64{1, 0})
		if !errors.Is(err, context.Canceled) || sol == nil || len(sol.T) > 1 {
			t.Errorf("%v: %v, error %v", m, sol, err)
		}
		sol, err = s.solve(context.Background(), field, velocity, force, 10, 0, []float64{1, 0})
		if err != nil || sol.T[len(sol.T)-1] != 10 {
			t.Errorf("%v: error %v", m, err)
		}
	}
}
