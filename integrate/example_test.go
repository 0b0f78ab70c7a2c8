package integrate_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"hnn/integrate"
)

// pendulum is the field of H = p²/2 - cos q.
func pendulum(dydt []float64, _ float64, y []float64) {
	dydt[0], dydt[1] = y[1], -math.Sin(y[0])
}

// energy is its Hamiltonian.
func energy(y []float64) float64 { return y[1]*y[1]/2 - math.Cos(y[0]) }

func ExampleSolve() {
	sol, err := integrate.Solve(pendulum, 0, 10, []float64{1, 0}, integrate.Options{
		RTol: []float64{1e-8},
		ATol: []float64{1e-10},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	last := len(sol.T) - 1
	fmt.Printf("q(%v) = %.6f, p = %.6f\n", sol.T[last], sol.Y[last][0], sol.Y[last][1])
	fmt.Println(sol.NFev, "evaluations,", sol.Accepted, "steps,", sol.Rejected, "rejected")
	fmt.Println(sol.Status == integrate.Finished)
	// Output:
	// q(10) = -0.998950, p = -0.042033
	// 692 evaluations, 109 steps, 6 rejected
	// true
}

func ExampleOptions() {
	for _, m := range []*integrate.Method{integrate.RK23, integrate.RK45, integrate.DOP853} {
		sol, err := integrate.Solve(pendulum, 0, 10, []float64{1, 0}, integrate.Options{
			Method:    m,
			RTol:      []float64{1e-6, 1e-8}, // one for each component
			TEval:     []float64{0, 5, 10},
			FirstStep: 0.01,
			MaxStep:   0.5,
		})
		fmt.Printf("%-6v of order %d: q = %.4f, %.4f, %.4f %v\n",
			m, m.Order(), sol.Y[0][0], sol.Y[1][0], sol.Y[2][0], err)
	}
	// Output:
	// RK23   of order 3: q = 1.0000, -0.0239, -0.9989 <nil>
	// RK45   of order 5: q = 1.0000, -0.0239, -0.9989 <nil>
	// DOP853 of order 8: q = 1.0000, -0.0240, -0.9989 <nil>
}

// A batch of pendulums advances together, so that a network, say, is evaluated once per stage for all of them.
func ExampleOptions_rows() {
	calls := 0
	batch := func(dydt []float64, t float64, y []float64) {
		calls++
		for i := 0; i < len(y); i += 2 {
			pendulum(dydt[i:], t, y[i:])
		}
	}
	y0 := []float64{1, 0, 0.5, 0, 0.1, 0}
	sol, err := integrate.Solve(batch, 0, 10, y0, integrate.Options{Rows: 3, RTol: []float64{1e-6}})
	end := sol.Y[len(sol.Y)-1]
	fmt.Printf("q = %.3f %.3f %.3f after %d calls, %v\n", end[0], end[2], end[4], calls, err)
	// Output:
	// q = -0.999 -0.457 -0.084 after 218 calls, <nil>
}

func ExampleDense() {
	sol, err := integrate.Solve(pendulum, 0, 10, []float64{1, 0}, integrate.Options{Dense: true, RTol: []float64{1e-6}})
	if err != nil {
		fmt.Println(err)
		return
	}
	y := make([]float64, 2)
	y = sol.Dense.At(y, 3.3)
	fmt.Printf("q(3.3) = %.4f\n", y[0])
	for _, y := range sol.Dense.AtAll([]float64{1, 2, 3}) {
		fmt.Printf("%.4f ", y[0])
	}
	// Output:
	// q(3.3) = -0.9989
	// 0.6001 -0.3062 -0.9488
}

// A ball that is thrown up, until it comes down.
func ExampleEvent() {
	ball := func(dydt []float64, _ float64, y []float64) { dydt[0], dydt[1] = y[1], -9.81 }
	top := integrate.Event{G: func(_ float64, y []float64) float64 { return y[1] }}
	ground := integrate.Event{G: func(_ float64, y []float64) float64 { return y[0] }, Direction: -1, Terminal: 1}
	sol, err := integrate.Solve(ball, 0, math.Inf(1), []float64{0, 20}, integrate.Options{
		Events: []integrate.Event{top, ground},
	})
	fmt.Printf("top %.4f at t=%.4f\n", sol.YEvents[0][0][0], sol.TEvents[0][0])
	fmt.Printf("down at t=%.4f: %v, %v\n", sol.TEvents[1][0], sol.Status == integrate.AtEvent, err)
	// Output:
	// top 20.3874 at t=2.0387
	// down at t=4.0775: true, <nil>
}

func ExampleFixed() {
	for _, m := range []*integrate.Method{integrate.RK4, integrate.ImplicitMidpoint, integrate.GaussLegendre4, integrate.GaussLegendre6} {
		sol, err := integrate.Fixed(m, pendulum, 0, 1000, 0.1, []float64{1, 0})
		if err != nil {
			fmt.Println(err)
			return
		}
		drift := 0.
		for _, y := range sol.Y {
			drift = max(drift, math.Abs(energy(y)-energy(sol.Y[0])))
		}
		fmt.Printf("%-16v %.0e, converged to %v in %d rounds\n", m, drift, sol.Residual < 1e-12, sol.Iterations)
	}
	// Output:
	// RK4              5e-05, converged to true in 0 rounds
	// ImplicitMidpoint 9e-05, converged to true in 114906 rounds
	// GaussLegendre4   4e-08, converged to true in 94351 rounds
	// GaussLegendre6   9e-12, converged to true in 80001 rounds
}

func ExampleSeparable() {
	var velocity, force integrate.Half
	velocity = func(dq, p []float64) { dq[0] = p[0] }
	force = func(dp, q []float64) { dp[0] = -math.Sin(q[0]) }
	for _, m := range []*integrate.Method{integrate.Leapfrog, integrate.Yoshida4, integrate.Yoshida6} {
		sol, err := integrate.Separable(m, velocity, force, 0, 1000, 0.1, []float64{1, 0})
		if err != nil {
			fmt.Println(err)
			return
		}
		drift := 0.
		for _, y := range sol.Y {
			drift = max(drift, math.Abs(energy(y)-energy(sol.Y[0])))
		}
		fmt.Printf("%-8v %.0e, %d evaluations of half the field, leaps %.2f\n", m.String(), drift, sol.NFev, m.Leaps())
	}
	// Output:
	// Leapfrog 1e-03, 20001 evaluations of half the field, leaps [1.00]
	// Yoshida4 4e-06, 60001 evaluations of half the field, leaps [1.35 -1.70 1.35]
	// Yoshida6 3e-09, 140001 evaluations of half the field, leaps [0.78 0.24 -1.18 1.32 -1.18 0.24 0.78]
}

// The largest |q| in a million steps. None of the states is kept.
func ExampleRun() {
	velocity := func(dq, p []float64) { dq[0] = p[0] }
	force := func(dp, q []float64) { dp[0] = -math.Sin(q[0]) }
	var r *integrate.Run = integrate.BeginSeparable(integrate.Leapfrog, velocity, force, 0, 1e5, 0.1, []float64{1, 0})
	worst := 0.
	for _, y := range r.States() {
		worst = max(worst, math.Abs(y[0]))
	}
	fmt.Printf("%.9f in %d steps, %v\n", worst, r.Accepted, r.Err())

	// A run of any field, and how to leave it.
	r = integrate.BeginFixed(integrate.GaussLegendre4, pendulum, 0, 1e5, 0.1, []float64{1, 0})
	for t := range r.States() {
		if t > 50 {
			break
		}
	}
	fmt.Println(r.Accepted, r.Status == integrate.Stopped)
	// Output:
	// 1.000000000 in 1000000 steps, <nil>
	// 501 true
}

// A deadline ends a run, and the states up to there are kept. For [Solve] set Options.Stop.
func ExampleRun_Collect() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()
	r := integrate.BeginFixed(integrate.RK4, pendulum, 0, 1e5, 0.1, []float64{1, 0})
	r.Stop = ctx.Err
	sol, err := r.Collect()
	fmt.Println(errors.Is(err, context.DeadlineExceeded), len(sol.T) == sol.Accepted+1)
	// Output:
	// true true
}

// A run with adaptive steps that ends when the budget of evaluations is spent.
func ExampleBegin() {
	r := integrate.Begin(pendulum, 0, math.Inf(1), []float64{1, 0}, integrate.Options{MaxEval: 1000})
	turns, before := 0, 1.
	for _, y := range r.States() {
		if y[1]*before < 0 {
			turns++
		}
		before = y[1]
	}
	fmt.Println(turns, "turns;", errors.Is(r.Err(), integrate.ErrBudget))
	// Output:
	// 40 turns; true
}

func ExampleParallel() {
	setup := func() integrate.Field { return pendulum } // a model would get its own scratch space here
	sols, err := integrate.Parallel(3, setup, func(f integrate.Field, i int) (*integrate.Solution, error) {
		return integrate.Solve(f, 0, 10, []float64{0.5 * float64(i+1), 0}, integrate.Options{RTol: []float64{1e-6}})
	})
	for _, sol := range sols {
		fmt.Printf("%.4f ", sol.Y[len(sol.Y)-1][0])
	}
	fmt.Println(err)
	// Output:
	// -0.4571 -0.9989 -1.0541 <nil>
}

func ExampleError() {
	blowup := func(dydt []float64, _ float64, y []float64) { dydt[0] = y[0] * y[0] }
	sol, err := integrate.Solve(blowup, 0, 2, []float64{1}, integrate.Options{})
	var where *integrate.Error
	if errors.As(err, &where) && errors.Is(err, integrate.ErrStepUnderflow) {
		fmt.Printf("stuck at t=%.4f; %v\n", where.T, sol.Status == integrate.Failed)
	}

	half := func(dydt []float64, t float64, y []float64) { dydt[0] = math.Sqrt(0.5 - t) }
	_, err = integrate.Fixed(integrate.RK4, half, 0, 1, 0.25, []float64{0})
	fmt.Println(err, errors.Is(err, integrate.ErrNonFinite))

	wrong := func(dydt []float64, t float64, y []float64) { dydt[2] = 1 }
	_, err = integrate.Solve(wrong, 0, 1, []float64{0, 0}, integrate.Options{})
	fmt.Println(err, errors.Is(err, integrate.ErrPanic))

	if errors.As(err, &where) {
		fmt.Println("the stack names this file:", strings.Contains(string(where.Stack), "example_test.go"))
	}

	_, err = integrate.Fixed(integrate.ImplicitMidpoint, pendulum, 0, 100, 50, []float64{1, 0})
	fmt.Println(err, errors.Is(err, integrate.ErrConvergence))

	_, err = integrate.Solve(pendulum, 0, 1, []float64{1, 0}, integrate.Options{RTol: []float64{0}, ATol: []float64{0}})
	fmt.Println(err, errors.Is(err, integrate.ErrTolerance))

	_, err = integrate.Solve(pendulum, 0, 1, []float64{1, 0}, integrate.Options{Method: integrate.Leapfrog})
	fmt.Println(err, errors.Is(err, integrate.ErrArgument))
	// Output:
	// stuck at t=0.9999; true
	// integrate: component 0 of the field is NaN at t=0.625 (h=0.25) true
	// integrate: the field panicked at t=0: runtime error: index out of range [2] with length 2 true
	// the stack names this file: true
	// integrate: ImplicitMidpoint did not converge in 100 rounds at t=0 (h=50): want a shorter step true
	// integrate: the tolerance 0 of component 0 is below what float64 can give at t=0, y=1 (h=0) true
	// integrate: Leapfrog keeps energy with a fixed step only: want RK45, RK23 or DOP853 (Leapfrog is for Fixed or Separable) true
}
