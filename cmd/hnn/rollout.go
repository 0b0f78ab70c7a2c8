package main

import (
	"context"
	"errors"
	"fmt"
	"math"

	"hnn/autodiff"
	"hnn/cmd/hnn/internal/table"
	"hnn/integrate"
	"hnn/nn"
)

const rolloutHelp = ` MODEL.json

Writes a CSV of the trajectory of a model, - for standard input, from a given state: t,
q, p (q0, q1, …, p0, p1, … for several pairs) and, for an hnn model, its own H. A
nextstate model is applied again and again and needs no solver. If the trajectory cannot
be followed to the end, the rows up to there are written and the exit status is 1.
` + solverHelp + `
Examples:
  hnn rollout -q 1 -p 0 out/hnn.json > orbit.csv
  hnn rollout -method GaussLegendre4 -dt 0.1 -duration 10000 -o long.csv out/hnn.json
  hnn rollout -q 0.5,0 -p 0,0.3 -events q0=0:up -events-o section.csv -o orbit.csv model.json
`

func runRollout(e *env, args []string) error {
	q, p := []float64{1}, []float64{0}
	duration, out := 100., "-"
	o := solver{rtol: 1e-6, atol: 1e-9}
	f := newFlags(e, "rollout", rolloutHelp)
	f.floats(&q, "q", anyNumber, "initial `q`, several with commas between")
	f.floats(&p, "p", anyNumber, "initial `p`, several with commas between")
	f.float(&duration, "duration", positive, "`time` to follow")
	o.register(f)
	f.StringVar(&out, "o", out, "output `file`, - for standard output")
	operands, err := f.parse(args, 1)
	if err != nil {
		return err
	}
	if len(operands) == 0 {
		return usageError{fmt.Errorf("no model: name a model file")}
	}
	m, err := loadModel(operands[0])
	if err != nil {
		return err
	}
	if n := m.Net().Sizes()[0]; len(q) != n/2 || len(p) != n/2 {
		return usageError{fmt.Errorf("-q has %d and -p %d numbers, the model wants %d each", len(q), len(p), n/2)}
	}
	cols := names(len(q))
	if err := o.check(f, cols, nil, duration, false); err != nil {
		return err
	}
	if nn.Kind(m) == "nextstate" {
		if name := isSet(f, "method", "rtol", "atol", "max-step", "dt", "events"); name != "" {
			return usageError{fmt.Errorf("-%s: a nextstate model is not integrated, it steps by its own interval", name)}
		}
	}
	if err := checkOutputs(out, o.file, operands[0]); err != nil {
		return err
	}
	y0 := append(append([]float64(nil), q...), p...)
	sol, failure := rollout(e.ctx, m, y0, duration, &o)
	if sol == nil || errors.Is(failure, context.Canceled) {
		return failure
	}
	header := append([]string{"t"}, cols...)
	hnn, isHNN := m.(*nn.HNN)
	var h []float64
	if isHNN {
		header = append(header, "H")
		x, err := autodiff.MatrixOf(sol.Y...)
		if err != nil {
			return err
		}
		h = nn.Evaluate(hnn.H, x).Data
	}
	if _, err := writeTable(out, header, func(w *table.Writer) {
		for i, y := range sol.Y {
			w.Float(sol.T[i])
			floats(w, y...)
			if isHNN {
				w.Float(h[i])
			}
			w.End()
		}
	}); err != nil {
		return err
	}
	if err := o.writeEvents(false, cols, []*integrate.Solution{sol}); err != nil {
		return err
	}
	return failure
}

// rollout follows a model from y0. A next-state model has only its own interval.
func rollout(ctx context.Context, m nn.Model, y0 []float64, duration float64, o *solver) (*integrate.Solution, error) {
	var field func(autodiff.Var) autodiff.Var
	switch m := m.(type) {
	case *nn.HNN:
		field = m.Field
	case *nn.Derivative:
		field = m.Field
	case *nn.NextState:
		return iterate(m, y0, duration)
	}
	eval := nn.Func(field, len(y0))
	return o.solve(ctx, func(dydt []float64, _ float64, y []float64) { eval(dydt, y) }, nil, nil, duration, 0, y0)
}

// iterate applies a next-state model until the duration is over.
func iterate(m *nn.NextState, y0 []float64, duration float64) (*integrate.Solution, error) {
	if n := duration / m.Dt; n > maxSteps {
		return nil, fmt.Errorf("%.3g steps of %v, at most %d are taken", n, m.Dt, maxSteps)
	}
	next := nn.Func(m.Next, len(y0))
	sol := &integrate.Solution{}
	y := y0
	for i := 0; float64(i)*m.Dt <= duration*(1+1e-12); i++ {
		for _, v := range y {
			if math.IsNaN(v - v) {
				return sol, fmt.Errorf("the state is not finite at t=%v", float64(i)*m.Dt)
			}
		}
		sol.T = append(sol.T, float64(i)*m.Dt)
		sol.Y = append(sol.Y, y)
		z := make([]float64, len(y))
		next(z, y)
		y = z
	}
	return sol, nil
}
