package main

import (
	"errors"
	"io"
	"math"
	"slices"

	"hnn/cmd/hnn/internal/flags"
	"hnn/cmd/hnn/internal/table"
	"hnn/integrate"
)

func simulateHelp() string {
	return `

Writes a CSV of true trajectories of a Hamiltonian system: one of the table below, or any
other whose H you type. The columns are run, t, q, p (q0, q1, …, p0, p1, … for several
pairs, or the names given by -q and -p), and the derivatives dq = ∂H/∂p and dp = −∂H/∂q
at the state without noise. hnn train reads this file. Systems with friction or an input,
the last of the table, move by

  ẋ = (J − R) ∇H + G u(t),   x = [q…, p…]

and have the input u as a column after the momenta. Their parameters are those of H, R and u.

` + systemsHelp() + `
-H is an expression of coordinates, momenta and parameters, with + − * / ^, brackets,
pi, e, and the functions sin, cos, tan, exp, log, sqrt, sinh, cosh, tanh, sigmoid and
softplus. -x^2 is −(x²), and 2^3^2 is 2⁹. The coordinates and momenta are q and p, or q0,
q1, … and p0, p1, …, or the names of -q and -p. With -q x,y the columns of the file are x,
y, px, py, dx, dy, dpx and dpy. -set gives the values of parameters. Initial states are
given by -state. Otherwise they are drawn from -box (default −1,1) and kept if their
energy lies between -low and -high.

The rows are 0.1 apart and end at t = 20 (spring: 100; paper-spring and paper-pendulum:
3), unless flags say otherwise. The initial states and the noise depend on the seed but
not on the solver.

hnn spring has one row for each step of RK45, with its default tolerances. To get such
rows here, use -dt 0 -max-step 0.1 -rtol 1e-3 -atol 1e-6.
` + solverHelp + `
Examples:
  hnn simulate -n 25 -noise 0.1 -seed 1 -o train.csv
  hnn simulate -low 0.5 -high 0.5 -duration 10 | head
  hnn simulate -method Leapfrog -dt 0.1 -duration 1e5 -o long.csv
  hnn simulate -system pendulum -set g=9.81 -n 10 -o pendulum.csv
  hnn simulate -system damped-pendulum -set c=0.05 -n 20 -o damped.csv
  hnn simulate -H 'p^2/(2*m) + 3*(1-cos(q))' -set m=2 -state 1,0 -state 2,0
  hnn simulate -H '(px^2+py^2)/2 + x^4 + y^4 + x^2*y^2' -q x,y -n 20 -o quartic.csv
  hnn simulate -system henon-heiles -n 5 -events x=0:up -events-o section.csv -o /dev/null
`
}

func defineSimulate(f *flags.Set) check {
	var c choose
	n, out, duration, noise, seed := 1, "-", math.NaN(), 0., uint64(0)
	o := solver{rtol: 1e-9, atol: 1e-12, dt: 0.1}
	f.Int(&n, "n", 1, "random `trajectories`")
	c.register(f)
	f.Float(&duration, "duration", flags.Positive, "`time` that each trajectory lasts (default: see above)")
	f.Float(&noise, "noise", flags.NotNegative, "`σ` of the Gaussian noise on coordinates and momenta")
	o.register(f)
	f.Seed(&seed)
	f.File(&out, "o", flags.Output, "output `file`, - for standard output")
	return func() (run, error) {
		s, err := c.resolve(f)
		if err != nil {
			return nil, err
		}
		cols, coordinates := names(len(s.Q)), slices.Concat(s.Q, s.P)
		if c.q != nil {
			cols = coordinates
		}
		if math.IsNaN(duration) {
			duration = s.Duration
		}
		if f.First("dt") == "" {
			o.dt = s.Dt
		}
		if err := o.check(f, duration); err != nil {
			return nil, err
		}
		if !s.Closed() && slices.Contains(separableMethods, o.method) {
			return nil, flags.Wrong("-method %v is for systems without friction and input: use DOP853 or GaussLegendre4", o.method)
		}
		if err := o.bind(cols, coordinates, s.Separable()); err != nil {
			return nil, err
		}
		sampling := s.Sampling(n, seed)
		sampling.Noise, sampling.States = noise, c.states
		return func(e *env) error {
			if err := e.fitsRows(duration, o.dt, s.Dim()); err != nil {
				return err
			}
			velocity, force := s.NewHalves()
			sampling.Solve = func(y0 []float64) (*integrate.Solution, error) {
				return o.solve(e.ctx, sampling.Field, velocity, force, duration, min(o.maxStep, duration), y0)
			}
			var crossed []*integrate.Solution // of each run, its events alone
			run := 0
			if err := e.write(out, func(file io.Writer) error {
				input := s.NewInput()
				var inputs []string
				if input != nil {
					inputs = []string{"u"}
				}
				w := table.NewWriter(file, slices.Concat([]string{"run", "t"}, cols, inputs, prefixed("d", cols))...)
				if err := w.Err(); err != nil {
					return flags.Wrong("-q, -p: %w", err)
				}
				for t, err := range sampling.Trajectories(e.ctx) {
					if err = errors.Join(err, w.Err()); err != nil {
						return flagged(err)
					}
					for r := range t.T {
						w.Int(run)
						w.Float(t.T[r])
						w.Floats(t.X.Row(r)...)
						if input != nil {
							w.Float(input(t.T[r]))
						}
						w.Floats(t.DX.Row(r)...)
						w.End()
					}
					run++
					if o.events != nil {
						crossed = append(crossed, &integrate.Solution{TEvents: t.TEvents, YEvents: t.YEvents})
					}
				}
				return w.Flush()
			}); err != nil {
				return err
			}
			return o.writeEvents(e, true, cols, crossed)
		}, nil
	}
}
