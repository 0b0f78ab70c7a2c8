package main

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hnn/cmd/hnn/internal/table"
	"hnn/integrate"
	"hnn/spring"
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

// A coordinate of a section may be named as in H or as in the file.
func TestSectionNames(t *testing.T) {
	section := func(events string) string {
		return must(t, "simulate", "-system", "henon-heiles", "-duration", "50", "-events", events, "-events-o", "-", "-o", os.DevNull)
	}
	if a, b := section("x=0:up"), section("q0=0:up"); a != b || strings.Count(a, "\n") < 5 {
		t.Errorf("%s\nand\n%s", a, b)
	}
	// Here q1 is the first coordinate of H and the second of the file. The name in H counts.
	out := must(t, "simulate", "-H", "(p1^2+p2^2)/2 + q1^2/2 + 2*q2^2", "-q", "q1,q2", "-p", "p1,p2", "-state", "1,1,0,0", "-duration", "7",
		"-events", "q1=0", "-events-o", "-", "-o", os.DevNull)
	if at := strings.Split(out, "\n"); len(at) != 4 || !strings.Contains(at[1], "1.5707963") {
		t.Errorf("%s", out)
	}
}

// Methods of every sort follow a known motion, and find a section of it.
func TestMethods(t *testing.T) {
	dir := t.TempDir()
	section := filepath.Join(dir, "section.csv")
	for _, c := range []struct {
		args string
		tol  float64
	}{
		{"-method rk45 -rtol 1e-9 -atol 1e-12", 1e-6}, {"-method RK23 -rtol 1e-7 -atol 1e-9", 1e-4}, {"-method DOP853 -rtol 1e-10 -atol 1e-12", 1e-8},
		{"-method RK4 -dt 0.01", 2e-7}, {"-method ImplicitMidpoint -dt 0.01", 3e-3}, {"-method GaussLegendre6 -dt 0.1", 1e-6},
		{"-method Leapfrog -dt 0.01", 2e-3}, {"-method Yoshida6 -dt 0.1", 5e-5},
	} {
		out := must(t, append([]string{"simulate", "-set", "m=2,k=8", "-low", "1", "-high", "1", "-duration", "20"}, strings.Fields(c.args)...)...)
		csv, err := table.Read("out", strings.NewReader(out))
		if err != nil {
			t.Fatal(err)
		}
		u, _ := csv.Col("t")
		q, _ := csv.Col("q")
		p, _ := csv.Col("p")
		s := spring.Spring{M: 2, K: 8}
		for i := range u {
			if x, y := s.Exact(q[0], p[0], u[i]); math.Abs(x-q[i]) > c.tol || math.Abs(y-p[i]) > c.tol {
				t.Errorf("%s: at %v (%v, %v), exactly (%v, %v)", c.args, u[i], q[i], p[i], x, y)
				break
			}
		}
		if u[len(u)-1] != 20 {
			t.Errorf("%s: ends at %v", c.args, u[len(u)-1])
		}
	}
	must(t, "simulate", "-set", "m=2,k=8", "-n", "3", "-duration", "20", "-dt", "5",
		"-events", "q=0:down", "-events-o", section, "-o", filepath.Join(dir, "rows.csv"))
	csv, err := table.ReadFile(t.Context(), section)
	if err != nil {
		t.Fatal(err)
	}
	u, _ := csv.Col("t")
	q, _ := csv.Col("q")
	p, _ := csv.Col("p")
	run, _ := csv.Col("run")
	if len(u) < 18 || run[len(run)-1] != 2 {
		t.Fatalf("%d crossings, the last of run %v", len(u), run[len(run)-1])
	}
	for i := range u {
		if math.Abs(q[i]) > 1e-9 || p[i] > 0 || i > 0 && run[i] == run[i-1] && math.Abs(u[i]-u[i-1]-math.Pi) > 1e-6 {
			t.Errorf("crossing %d at %v: (%v, %v)", i, u[i], q[i], p[i])
		}
	}
}
