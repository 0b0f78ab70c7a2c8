package main

import (
	"math/rand/v2"

	"hnn/cmd/hnn/internal/table"
	"hnn/integrate"
	"hnn/spring"
)

const simulateHelp = `

Writes a CSV of true trajectories of the spring, H = p²/2m + kq²/2: columns run, t,
q, p, and the derivatives dq, dp of the field at the state without noise. Each starts
at an energy from U[-low, -high] and a phase from U(0, π). By default the rows are the
steps of RK45, of -max-step or less, as in the reference.
` + solverHelp + `
Examples:
  hnn simulate -n 25 -noise 0.1 -seed 1 -o train.csv
  hnn simulate -low 0.5 -high 0.5 -duration 10 | head
  hnn simulate -method Leapfrog -dt 0.1 -duration 1e5 -o long.csv
  hnn simulate -n 5 -events q=0:up -events-o section.csv -o /dev/null
`

func runSimulate(e *env, args []string) error {
	c := spring.Default()
	c.Noise = 0
	n, out := 1, "-"
	o := solver{rtol: 1e-3, atol: 1e-6, maxStep: c.Step}
	f := newFlags(e, "simulate", simulateHelp)
	f.int(&n, "n", 1, "`trajectories`")
	samplingFlags(f, &c.Spring, &c.Sampling)
	o.register(f)
	f.seed(&c.Seed)
	f.StringVar(&out, "o", out, "output `file`, - for standard output")
	if _, err := f.parse(args, 0); err != nil {
		return err
	}
	if err := checkEnergies(c.Sampling); err != nil {
		return err
	}
	if err := o.check(f, names(1), c.Duration, true); err != nil {
		return err
	}
	if err := checkOutputs(out, o.file); err != nil {
		return err
	}
	var sols []*integrate.Solution
	c.Solve = func(y0 []float64) (*integrate.Solution, error) {
		sol, err := o.solve(c.Field, c.Velocity, c.Force, c.Duration, min(o.maxStep, c.Duration), y0)
		sols = append(sols, sol)
		return sol, err
	}
	set, err := c.Sample(c.Sampling, n, rand.NewPCG(c.Seed, 0))
	if err != nil {
		return err
	}
	if _, err := writeTable(out, setHeader, func(w *table.Writer) { writeSet(w, set) }); err != nil {
		return err
	}
	return o.writeEvents(true, names(1), sols)
}
