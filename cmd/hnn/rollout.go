package main

import (
	"fmt"
	"math"

	"hnn/autodiff"
	"hnn/cmd/hnn/internal/table"
	"hnn/integrate"
	"hnn/nn"
)

const rolloutHelp = ` MODEL.json

Writes a CSV of the trajectory of a model from a given state: t, q, p (q0, q1, …, p0,
p1, … for several pairs) and, for an hnn model, its own H. The learned field is
integrated by RK45; a nextstate model is applied again and again. If the trajectory
cannot be followed to the end, the rows up to there are written and the exit status
is 1.

Examples:
  hnn rollout -q 1 -p 0 out/hnn.json > orbit.csv
  hnn rollout -q 0.5,0 -p 0,0.3 -duration 50 -dt 0.05 -o orbit.csv twobody.json
`

func runRollout(e *env, args []string) error {
	q, p := []float64{1}, []float64{0}
	duration, dt, out := 100., 0., "-"
	o := solver{rtol: 1e-6, atol: 1e-9}
	f := newFlags(e, "rollout", rolloutHelp)
	f.floats(&q, "q", anyNumber, "initial `q`, several with commas between")
	f.floats(&p, "p", anyNumber, "initial `p`, several with commas between")
	f.float(&duration, "duration", positive, "`time` to follow")
	f.float(&dt, "dt", notNegative, "`interval` of the rows, 0: the solver's own steps")
	o.register(f)
	f.StringVar(&out, "o", out, "output `file`, - for standard output")
	operands, err := f.parse(args, 1)
	if err != nil {
		return err
	}
	if len(operands) == 0 {
		return usageError{fmt.Errorf("no model: name a model file")}
	}
	if dt > 0 {
		if err := checkSteps("-duration", duration, dt); err != nil {
			return err
		}
	}
	m, err := loadModel(operands[0])
	if err != nil {
		return err
	}
	if n := m.Net().Sizes()[0]; len(q) != n/2 || len(p) != n/2 {
		return usageError{fmt.Errorf("-q has %d and -p %d numbers, the model wants %d each", len(q), len(p), n/2)}
	}
	if err := checkOutput(out, operands[0]); err != nil {
		return err
	}
	y0 := append(append([]float64(nil), q...), p...)
	sol, failure := rollout(m, y0, o.times(duration, dt), duration, o)
	if sol == nil {
		return failure
	}
	header := append([]string{"t"}, names(len(q))...)
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
	return failure
}

// solver holds the flags of the integrator.
type solver struct{ rtol, atol, maxStep float64 }

func (s *solver) register(f flags) {
	f.float(&s.rtol, "rtol", notNegative, "relative `tolerance` of the solver")
	f.float(&s.atol, "atol", notNegative, "absolute `tolerance` of the solver")
	f.float(&s.maxStep, "max-step", notNegative, "longest `step` of the solver, 0: no bound")
}

// times returns 0, dt, 2 dt, …, duration, or nil for dt = 0.
func (s *solver) times(duration, dt float64) []float64 {
	if dt == 0 {
		return nil
	}
	var t []float64
	for i := 0; float64(i)*dt < duration*(1-1e-12); i++ {
		t = append(t, float64(i)*dt)
	}
	return append(t, duration)
}

// rollout follows a model from y0 to the given times, or at the solver's own steps
// for nil. A next-state model has only its own interval.
func rollout(m nn.Model, y0, times []float64, duration float64, o solver) (*integrate.Solution, error) {
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
	f := func(dydt []float64, _ float64, y []float64) { eval(dydt, y) }
	return integrate.Solve(f, 0, duration, y0, integrate.Options{
		RTol: []float64{o.rtol}, ATol: []float64{o.atol}, MaxStep: o.maxStep, TEval: times,
	})
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
