package main

import (
	"fmt"
	"math/rand/v2"

	"hnn/autodiff/random"
	"hnn/cmd/hnn/internal/table"
	"hnn/integrate"
)

const simulateHelp = `

Writes a CSV of true trajectories of a system with the Hamiltonian H, one of the table
below or an expression of your own: columns run, t, q, p (q0, q1, …, p0, p1, … for
several pairs), and the derivatives dq = ∂H/∂p and dp = −∂H/∂q at the state without
noise. hnn train reads it.

`

const simulateHelp2 = `
-H is an expression of coordinates, momenta and parameters, with + − * / ^, brackets,
pi, e, and the functions sin, cos, tan, exp, log, sqrt, sinh, cosh, tanh, sigmoid and
softplus; -x^2 is −(x²) and 2^3^2 is 2⁹. Coordinates are q and p, or q0, q1, … and p0,
p1, …, or those that -q and -p name: the file has them as q and p, or q0, q1, … and p0,
p1, …, in the order of -q. Parameters get their values from -set. Initial states are
given by -state, or drawn from -box, which is −1,1, and kept if their energy lies
between -low and -high.

Rows are those of a grid of 0.1 to t = 20, the steps as small as -rtol 1e-9 and -atol
1e-12 need, unless flags say otherwise. Those of the spring are, as in the reference,
the steps of RK45, of -max-step 0.1 or less, with the tolerances below, to t = 100. The
rows of paper-spring and paper-pendulum end at t = 3.
` + solverHelp + `
Examples:
  hnn simulate -n 25 -noise 0.1 -seed 1 -o train.csv
  hnn simulate -low 0.5 -high 0.5 -duration 10 | head
  hnn simulate -method Leapfrog -dt 0.1 -duration 1e5 -o long.csv
  hnn simulate -system pendulum -set g=9.81 -n 10 -o pendulum.csv
  hnn simulate -H 'p^2/(2*m) + 3*(1-cos(q))' -set m=2 -state 1,0 -state 2,0
  hnn simulate -H '(px^2+py^2)/2 + x^4 + y^4 + x^2*y^2' -q x,y -n 20 -o quartic.csv
  hnn simulate -system henon-heiles -n 5 -events x=0:up -events-o section.csv -o /dev/null
`

func runSimulate(e *env, args []string) error {
	var c choose
	n, out, duration, noise, seed := 1, "-", 0., 0., uint64(0)
	o := solver{rtol: 1e-3, atol: 1e-6, maxStep: 0.1}
	f := newFlags(e, "simulate", simulateHelp+systemsHelp()+simulateHelp2)
	f.int(&n, "n", 1, "random `trajectories`")
	c.register(f)
	f.float(&duration, "duration", positive, "`time` that each trajectory lasts")
	f.float(&noise, "noise", notNegative, "`σ` of the Gaussian noise on coordinates and momenta")
	o.register(f)
	for _, name := range []string{"duration", "dt", "rtol", "atol", "max-step"} {
		f.Lookup(name).DefValue = "" // it depends on the system
		f.Lookup(name).Usage += "; for the default see above"
	}
	f.seed(&seed)
	f.StringVar(&out, "o", out, "output `file`, - for standard output")
	if _, err := f.parse(args, 0); err != nil {
		return err
	}
	if err := c.resolve(f); err != nil {
		return err
	}
	if c.states != nil {
		n = len(c.states)
	}
	if duration == 0 {
		duration = c.sys.duration
	}
	if c.sys.name != "spring" {
		if isSet(f, "dt", "max-step") == "" {
			o.dt = c.sys.dt
		}
		for name, p := range map[string]struct {
			to *float64
			v  float64
		}{"rtol": {&o.rtol, 1e-9}, "atol": {&o.atol, 1e-12}, "max-step": {&o.maxStep, 0}} {
			if isSet(f, name) == "" {
				*p.to = p.v
			}
		}
	}
	cols := names(len(c.sys.q))
	if err := o.check(f, cols, c.coordinates, duration, c.formula.Separable()); err != nil {
		return err
	}
	if err := checkOutputs(out, o.file); err != nil {
		return err
	}

	var velocity, force integrate.Half
	field := c.formula.NewField()
	if c.formula.Separable() {
		velocity, force = c.formula.NewHalves()
	}
	// Initial states do not depend on the solver or its rows, except of the spring,
	// where one stream has always served them and the noise.
	src := rand.NewPCG(seed, 0)
	noises := src
	if c.sys.name != "spring" {
		noises = rand.NewPCG(seed, 1)
	}
	var sols []*integrate.Solution
	var measured []float64 // the states with noise, of all runs
	for i := range n {
		if err := e.ctx.Err(); err != nil {
			return err
		}
		y0, err := c.initial(i, src)
		if err != nil {
			return err
		}
		sol, err := o.solve(e.ctx, field, velocity, force, duration, min(o.maxStep, duration), y0)
		if err != nil {
			return fmt.Errorf("trajectory %d, from %v: %w", i, y0, err)
		}
		sols = append(sols, sol)
		for _, y := range sol.Y {
			for _, v := range y {
				measured = append(measured, v+float64(noise*random.Normal(noises)))
			}
		}
	}
	header := append(append([]string{"run", "t"}, cols...), prefixed("d", cols)...)
	if _, err := writeTable(out, header, func(w *table.Writer) {
		dx := make([]float64, len(cols))
		for i, sol := range sols {
			for j, y := range sol.Y {
				field(dx, 0, y)
				w.Int(i)
				w.Float(sol.T[j])
				floats(w, measured[:len(y)]...)
				measured = measured[len(y):]
				floats(w, dx...)
				w.End()
			}
		}
	}); err != nil {
		return err
	}
	return o.writeEvents(true, cols, sols)
}
