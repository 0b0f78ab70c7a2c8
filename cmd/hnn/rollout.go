package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"hnn/autodiff"
	"hnn/cmd/hnn/internal/flags"
	"hnn/cmd/hnn/internal/table"
	"hnn/integrate"
	"hnn/nn"
)

const rolloutHelp = ` MODEL.json

Writes a CSV of the trajectory of a model from the state -state. Its columns are t, the
coordinates and momenta under the names of the training data, and, for a model with a
Hamiltonian, its own H. A model of kind port has the balance of its energy too: dH_dt,
dissipated, what friction takes, and supplied, what inputs give, each a power.

A model with inputs needs -inputs-from FILE, with the columns t and those of its inputs. The
trajectory begins at the first t there and lasts as long as the inputs, or for -duration. The
methods that choose their steps go from row to row, so no jump lies within a step.

MODEL.json can be - for standard input. A nextstate model is
applied again and again and needs no solver. If the trajectory cannot be followed to the
end, the rows up to there are written and the exit status is 1. A warning says if the
trajectory leaves the range of the training data: the model has learned nothing there.

Of an ensemble (hnn train -ensemble, or several model files) all models are followed, and the
columns are those of the median and of the -quantiles of all models at each time: q, q_low,
q_high and so on, and H_change, the change of each model's own H since the start. The rows
are -dt apart, by default a 200th of the duration. The band is for each time by itself.
` + solverHelp + `
Examples:
  hnn rollout -state 1,0 out/hnn.json > orbit.csv
  hnn rollout -method GaussLegendre4 -dt 0.1 -duration 10000 -o long.csv out/hnn.json
  hnn rollout -state 1,0 -duration 20 -quantiles 0.05,0.95 -o band.csv ensemble.json
  hnn rollout -state 0,0 -inputs-from force.csv driven.json
  hnn rollout -method Leapfrog -dt 0.01 -state 1,0 separable.json
  hnn rollout -state 0.5,0,0,0.3 -events q0=0:up -events-o section.csv -o orbit.csv model.json
`

const rolloutScores = `end, the last time; H_drift, the largest |H − H₀|/|H₀| of a model with a
Hamiltonian`

func defineRollout(f *flags.Set) check {
	state := []float64{1, 0}
	duration, out, file := 100., "-", ""
	between := nn.Interpolation("")
	o := solver{rtol: 1e-6, atol: 1e-9}
	f.Floats(&state, "state", flags.Any, "initial `state`, the coordinates and then the momenta, with commas between")
	f.Float(&duration, "duration", flags.Positive, "`time` to follow")
	f.File(&file, "inputs-from", flags.Input, "CSV `file` of t and the inputs, for a model that has inputs; the trajectory begins with it")
	flags.Choice(f, &between, "interpolate", []nn.Interpolation{nn.LinearInput, nn.HeldInput, nn.CubicInput}, "`curve` of the inputs between rows: linear, hold or cubic (default that of the training)")
	o.register(f)
	var b band
	b.register(f)
	f.File(&out, "o", flags.Output, "output `file`, - for standard output")
	f.Operands(1, 1000, "a model file, or several of an ensemble")
	return func() (run, error) {
		if err := o.check(f, duration); err != nil {
			return nil, err
		}
		if err := b.check(); err != nil {
			return nil, err
		}
		return func(e *env) error {
			models, err := loadModels(e.ctx, f.Args()...)
			if err != nil {
				return err
			}
			m := models[0]
			o.suit(f, m)
			cols := m.names()
			if len(state) != len(cols) {
				return flags.Wrong("-state has %d numbers, the model wants %d", len(state), len(cols))
			}
			if slices.Contains(separableMethods, o.method) && !m.lossless() {
				return flags.Wrong("-method %v is for models without friction and inputs: use ImplicitMidpoint or GaussLegendre4", o.method)
			}
			if err := o.bind(cols, nil, isSeparable(m.Stored)); err != nil {
				return err
			}
			if _, ok := m.Stored.(nn.Map); ok {
				if name := f.First("method", "rtol", "atol", "max-step", "dt", "events"); name != "" {
					return flags.Wrong("-%s: a %s model is not integrated, it steps by its own interval", name, m.Kind())
				}
			}
			step := o.dt
			if g, ok := m.Stored.(nn.Map); ok {
				step = g.Dt()
			}
			u, err := m.inputs(e.ctx, file, between)
			if err != nil {
				return err
			}
			if u != nil {
				if duration, err = u.lasts(duration, f.First("duration") != ""); err != nil {
					return err
				}
			}
			if err := e.fitsRows(duration, step, len(cols)); err != nil {
				return err
			}
			if len(models) > 1 {
				return e.rolloutEnsemble(models, b, u, state, duration, &o, out)
			}
			return e.rollout(m, u, cols, state, duration, &o, out)
		}, nil
	}
}

// rollout follows a model and writes the states that were reached.
func (e *env) rollout(m *model, u *inputs, cols []string, state []float64, duration float64, o *solver, out string) error {
	sol, failure := follow(e.ctx, m.Stored, u, state, duration, o)
	if sol == nil || errors.Is(failure, context.Canceled) {
		return failure
	}
	header := append([]string{"t"}, cols...)
	energy, has := m.Stored.(nn.Energy)
	h, power := &autodiff.Matrix{}, &autodiff.Matrix{}
	if has {
		header = append(header, "H")
		if _, ok := m.Stored.(nn.Open); ok {
			header = append(header, powers...)
		}
	}
	if has && len(sol.Y) > 0 { // a field that is not finite at the start has no rows
		x, err := autodiff.MatrixOf(sol.Y...)
		if err != nil {
			return err
		}
		h = nn.Evaluate(energy.H, x)
		if open, ok := m.Stored.(nn.Open); ok {
			power = nn.Power(open, x, u.atTimes(sol.T))
		}
	}
	for i, y := range sol.Y {
		if why := m.outside("t", sol.T[i], y); why != "" {
			e.warn("%s: %s: the model knows nothing there", m.file, why)
			break
		}
	}
	if err := e.writeTable(out, header, func(w *table.Writer) {
		for i, y := range sol.Y {
			w.Float(sol.T[i])
			w.Floats(y...)
			if has {
				w.Floats(h.Data[i])
			}
			if power.Rows > 0 {
				w.Floats(power.Row(i)...)
			}
			w.End()
		}
	}); err != nil {
		return err
	}
	if n := len(sol.T); n > 0 {
		e.score("end", sol.T[n-1])
	}
	if has && len(h.Data) > 0 {
		drift := 0.
		for _, v := range h.Data {
			drift = max(drift, math.Abs(v-h.Data[0])/math.Abs(h.Data[0]))
		}
		e.score("H_drift", drift)
	}
	if err := o.writeEvents(e, false, cols, []*integrate.Solution{sol}); err != nil {
		return err
	}
	return failure
}

// A separable model may have H = T(p) + V(q), without friction and inputs.
type separable interface{ Separable() bool }

// isSeparable tells whether a model is of that form.
func isSeparable(m nn.Model) bool {
	s, ok := m.(separable)
	return ok && s.Separable()
}

// names returns the columns of a model's states: those of its data, or the default ones.
func (m *model) names() []string {
	if m.made != nil && len(m.made.Q)+len(m.made.P) == m.Dim() {
		return append(append([]string{}, m.made.Q...), m.made.P...)
	}
	return names(m.Dim() / 2)
}

// outside says that a state lies outside of the range of the training data, "" if it does not. at is
// where: a time t or a line of the file.
func (m *model) outside(of string, at float64, y []float64) string {
	j := m.made.Outside(y)
	if j < 0 {
		return ""
	}
	digits := 4
	if at == math.Trunc(at) {
		digits = 15 // as of a line
	}
	return fmt.Sprintf("at %s=%.*g %s is %.4g, outside of the training data, where it is from %.4g to %.4g", of, digits, at, m.names()[j], y[j], m.made.Low[j], m.made.High[j])
}

// A motion is the field of a model, compiled so that it can be followed from many states, by one
// goroutine.
type motion struct {
	model           nn.Model
	field           integrate.Field
	velocity, force integrate.Half // of a separable model
	piece           func(i int)    // of a driven model, see nn.NewDriven
}

// newMotion compiles the field of a model, under inputs u if it is driven.
func newMotion(m nn.Model, u *inputs) (*motion, error) {
	g := &motion{model: m}
	if _, ok := m.(nn.Map); ok {
		return g, nil
	}
	f, ok := m.(nn.Field)
	if !ok {
		return nil, errors.New("the model has no motion to follow")
	}
	if d, ok := nn.DrivenBy(m); ok {
		if u == nil {
			return nil, errors.New("the model has inputs: want a file with their columns")
		}
		g.field, g.piece = nn.NewDriven(d, u.Signal)
		return g, nil
	}
	if isSeparable(m) {
		g.velocity, g.force = nn.NewHalves(f)
	}
	g.field = nn.NewField(f)
	return g, nil
}

// follow follows the model from y0. A map takes steps of its own interval.
// A driven model needs its inputs from t0 on, and has times of its own; all others begin at 0.
func (g *motion) follow(ctx context.Context, u *inputs, y0 []float64, duration float64, o *solver) (*integrate.Solution, error) {
	if m, ok := g.model.(nn.Map); ok {
		return orbit(ctx, m, y0, duration)
	}
	if g.piece != nil {
		return u.follow(ctx, g, y0, duration, o)
	}
	return o.solve(ctx, g.field, g.velocity, g.force, duration, 0, y0)
}

// follow compiles a model and follows it once.
func follow(ctx context.Context, m nn.Model, u *inputs, y0 []float64, duration float64, o *solver) (*integrate.Solution, error) {
	g, err := newMotion(m, u)
	if err != nil {
		return nil, err
	}
	return g.follow(ctx, u, y0, duration, o)
}

// orbit applies a map until the duration is over.
func orbit(ctx context.Context, m nn.Map, y0 []float64, duration float64) (*integrate.Solution, error) {
	if n := duration / m.Dt(); n > maxSteps {
		return nil, fmt.Errorf("%.3g steps of %v, at most %d are taken", n, m.Dt(), maxSteps)
	}
	sol := &integrate.Solution{}
	for t, y := range nn.Orbit(m, y0) {
		if t > duration*(1+1e-12) {
			break
		}
		if err := ctx.Err(); err != nil {
			return sol, err
		}
		for _, v := range y {
			if v-v != 0 {
				return sol, fmt.Errorf("the state at t=%v is %w", t, integrate.ErrNonFinite)
			}
		}
		sol.T, sol.Y = append(sol.T, t), append(sol.Y, append([]float64(nil), y...))
	}
	return sol, nil
}
