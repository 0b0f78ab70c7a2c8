package main

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"hnn/cmd/hnn/internal/flags"
	"hnn/cmd/hnn/internal/table"
	"hnn/integrate"
)

// The methods that need tolerances, those that need a step, and those that need a step and a
// separable Hamiltonian.
var (
	adaptiveMethods  = []*integrate.Method{integrate.RK45, integrate.RK23, integrate.DOP853}
	fixedMethods     = []*integrate.Method{integrate.RK4, integrate.ImplicitMidpoint, integrate.GaussLegendre4, integrate.GaussLegendre6}
	separableMethods = []*integrate.Method{integrate.Leapfrog, integrate.Yoshida4, integrate.Yoshida6}
)

const solverHelp = `
Methods, -method:
  RK45, RK23, DOP853      choose their steps to meet -rtol and -atol. No step is longer
                          than -max-step. -dt is the interval of the rows
  RK4                     takes steps of -dt, and so do the methods below
  ImplicitMidpoint, GaussLegendre4, GaussLegendre6
                          are symplectic: the energy error of any Hamiltonian system
                          stays bounded
  Leapfrog, Yoshida4, Yoshida6
                          are symplectic too and faster, for H = T(p) + V(q) without
                          friction and inputs. The H of a network of q and p is not of
                          this form, net(p)+net(q) of a typed -H is

-events finds the times at which a coordinate passes a value: q=0 in both directions,
q=0:up or p=0.5:down in one. It writes these times and states to -events-o, a Poincaré
section. The coordinate has its name in H or, if H has no such name, in the file. -events
needs a method that chooses its steps. Two passages within one step are not found, as may
happen near a turning point: shorten -max-step.
`

// solver holds the flags of the integrator.
type solver struct {
	name          string
	rtol, atol    float64
	maxStep, dt   float64
	maxEval       int
	section, file string

	method *integrate.Method
	events []integrate.Event
	at     []float64 // times of the rows, if not from dt
}

// tolerances registers the flags of methods that choose their steps.
func (s *solver) tolerances(f *flags.Set) {
	f.Float(&s.rtol, "rtol", flags.NotNegative, "relative `tolerance` of the solver")
	f.Float(&s.atol, "atol", flags.NotNegative, "absolute `tolerance` of the solver; for a model smaller by default where its data are below 1")
	f.Float(&s.maxStep, "max-step", flags.NotNegative, "longest `step` of the solver, 0: no bound")
	s.maxEval = 10_000_000
	f.Int(&s.maxEval, "max-eval", 0, "most `evaluations` of the field for one trajectory, 0: no bound")
}

func (s *solver) register(f *flags.Set) {
	s.name = "RK45"
	f.StringVar(&s.name, "method", s.name, "`method` of the solver, see above")
	s.tolerances(f)
	f.Float(&s.dt, "dt", flags.NotNegative, "`interval` of the rows, and the step of a method with fixed steps; 0: a row for each step of the solver")
	f.StringVar(&s.section, "events", "", "`crossing` to find, as in q=0, q=0:up or p=0.5:down")
	f.File(&s.file, "events-o", flags.Output, "`file` for the crossings, - for standard output")
}

// maxSteps bounds the rows of one trajectory.
const maxSteps = 100_000_000

// checkSteps refuses a flag that asks for too many rows.
func checkSteps(name string, duration, step float64) error {
	if n := duration / step; n > maxSteps {
		return flags.Wrong("%s %v in steps of %v is %.3g steps, at most %d are taken", name, duration, step, n, maxSteps)
	}
	return nil
}

// suit makes the absolute tolerance smaller for a model whose training data are small numbers, such
// as lengths of nanometres in metres, unless a flag gives it: it is then a share of 1e-9 of the least
// spread of a component.
func (s *solver) suit(f *flags.Set, m *model) {
	if f.First("atol") != "" || m.made == nil {
		return
	}
	least := 1.
	for j, low := range m.made.Low {
		if spread := m.made.High[j] - low; spread > 0 {
			least = min(least, spread)
		}
	}
	s.atol *= least
}

// check finds what is wrong with the flags, for trajectories that last for duration.
func (s *solver) check(f *flags.Set, duration float64) error {
	for _, m := range slices.Concat(adaptiveMethods, fixedMethods, separableMethods) {
		if strings.EqualFold(m.String(), s.name) {
			s.method = m
		}
	}
	switch {
	case s.method == nil:
		return flags.Wrong("-method %.40s: want one of %v, %v or %v", s.name, adaptiveMethods, fixedMethods, separableMethods)
	case !s.adaptive() && f.First("rtol", "atol", "max-step") != "":
		return flags.Wrong("-method %v takes steps of -dt and no tolerances: use RK45 or DOP853 for -rtol, -atol and -max-step", s.method)
	case !s.adaptive() && s.dt == 0:
		return flags.Wrong("-method %v needs the length of its steps, -dt", s.method)
	case !s.adaptive() && s.section != "":
		return flags.Wrong("-events with -method %v: use RK45 or DOP853, which have dense output to find them on", s.method)
	case (s.section == "") != (s.file == ""):
		return flags.Wrong("-events and -events-o go together")
	}
	for _, step := range []float64{s.dt, s.maxStep} {
		if step > 0 {
			if err := checkSteps("-duration", duration, step); err != nil {
				return err
			}
		}
	}
	return nil
}

// bind finds the coordinate of the event among the names given, if there are any, or else
// among names. separable says whether H = T(p) + V(q).
func (s *solver) bind(names, given []string, separable bool) error {
	if slices.Contains(separableMethods, s.method) && !separable {
		return flags.Wrong("-method %v needs H = T(p) + V(q), which this H is not: use ImplicitMidpoint or GaussLegendre4", s.method)
	}
	if s.section == "" {
		return nil
	}
	name, rest, _ := strings.Cut(s.section, "=")
	level, way, _ := strings.Cut(rest, ":")
	name, way = strings.TrimSpace(name), strings.TrimSpace(way)
	if given == nil {
		given = names
	}
	i := slices.Index(given, name)
	if i < 0 {
		i = slices.Index(names, name)
	}
	direction, known := map[string]int{"": 0, "up": 1, "down": -1}[way]
	v, err := flags.Any.Number(level)
	if i < 0 || err != nil || !known {
		return flags.Wrong("-events %q: want one of %v, =, a number, and perhaps :up or :down", s.section, given)
	}
	s.events = []integrate.Event{{G: func(_ float64, y []float64) float64 { return y[i] - v }, Direction: direction}}
	return nil
}

func (s *solver) adaptive() bool { return slices.Contains(adaptiveMethods, s.method) }

// solve integrates f from y0 over the duration. velocity and force are the half-fields of a
// separable H, nil for any other H. first is the length of the first step, 0 to let the solver
// choose. When ctx is done, the solution ends with the error of ctx.
func (s *solver) solve(ctx context.Context, f integrate.Field, velocity, force integrate.Half, duration, first float64, y0 []float64) (*integrate.Solution, error) {
	switch {
	case velocity != nil && slices.Contains(separableMethods, s.method):
		return s.collect(ctx, integrate.BeginSeparable(s.method, velocity, force, 0, duration, s.dt, y0), len(y0))
	case !s.adaptive():
		return s.collect(ctx, integrate.BeginFixed(s.method, f, 0, duration, s.dt, y0), len(y0))
	}
	at := s.at
	if s.dt > 0 {
		at = times(duration, s.dt)
	}
	return s.adapt(ctx, f, 0, duration, first, at, y0)
}

// adapt integrates f from y0 at t0 to t1 by a method that chooses its steps, with rows at the
// given times, nil for all steps.
func (s *solver) adapt(ctx context.Context, f integrate.Field, t0, t1, first float64, at, y0 []float64) (*integrate.Solution, error) {
	return s.collect(ctx, integrate.Begin(f, t0, t1, y0, integrate.Options{
		Method: s.method, RTol: []float64{s.rtol}, ATol: []float64{s.atol}, MaxStep: s.maxStep, FirstStep: first,
		TEval: at, Events: s.events, MaxEval: s.maxEval,
	}), len(y0))
}

// collect runs to the end. A Stop that the run has is called too.
func (s *solver) collect(ctx context.Context, r *integrate.Run, n int) (*integrate.Solution, error) {
	steps, most := 0., memoryLimit()/rowBytes(n)
	before := r.Stop
	r.Stop = func() error {
		if before != nil {
			if err := before(); err != nil {
				return err
			}
		}
		if steps++; s.dt == 0 && s.at == nil && steps > most {
			return fmt.Errorf("%.3g steps, a row each, are all that fit in %s of memory: want rows every -dt, or a higher -max-memory", most, size(memoryLimit()))
		}
		return ctx.Err()
	}
	return r.Collect()
}

// fitsRows refuses a trajectory of d numbers with too many rows; a step of 0 is the solver's
// own, and then solve counts them.
func (e *env) fitsRows(duration, step float64, d int) error {
	if step == 0 {
		return nil
	}
	n := duration / step
	return e.fits(n*rowBytes(d), fmt.Sprintf("a trajectory of %.3g rows", n), "a shorter -duration or a longer step")
}

// times returns 0, dt, 2 dt, …, duration.
func times(duration, dt float64) []float64 {
	var t []float64
	for i := range int(math.Ceil(duration/dt*(1-1e-12))) + 1 {
		t = append(t, min(float64(i)*dt, duration))
	}
	return t
}

// writeEvents writes the crossings of each solution: run (if there are several), t,
// and the state.
func (s *solver) writeEvents(e *env, runs bool, names []string, sols []*integrate.Solution) error {
	if s.events == nil {
		return nil
	}
	header := append([]string{"t"}, names...)
	if runs {
		header = append([]string{"run"}, header...)
	}
	return e.writeTable(s.file, header, func(w *table.Writer) {
		for i, sol := range sols {
			if len(sol.TEvents) == 0 { // it ended before the search began
				continue
			}
			for j, t := range sol.TEvents[0] {
				if runs {
					w.Int(i)
				}
				w.Float(t)
				w.Floats(sol.YEvents[0][j]...)
				w.End()
			}
		}
	})
}
