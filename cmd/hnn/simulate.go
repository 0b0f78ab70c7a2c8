package main

import (
	"math/rand/v2"

	"hnn/cmd/hnn/internal/table"
	"hnn/spring"
)

const simulateHelp = `

Writes a CSV of true trajectories of the spring, H = p²/2m + kq²/2: columns run, t,
q, p, and the derivatives dq, dp of the field at the state without noise. Each starts
at an energy from U[-low, -high] and a phase from U(0, π). The rows are the steps of
the adaptive solver (RK45, relative tolerance 1e-3), none longer than -step.

Examples:
  hnn simulate -n 25 -noise 0.1 -seed 1 -o train.csv
  hnn simulate -low 0.5 -high 0.5 -duration 10 | head
`

func runSimulate(e *env, args []string) error {
	c := spring.Default()
	c.Noise = 0
	n, out := 1, "-"
	f := newFlags(e, "simulate", simulateHelp)
	f.int(&n, "n", 1, "`trajectories`")
	samplingFlags(f, &c.Spring, &c.Sampling)
	f.seed(&c.Seed)
	f.StringVar(&out, "o", out, "output `file`, - for standard output")
	if _, err := f.parse(args, 0); err != nil {
		return err
	}
	if err := checkSampling(c.Sampling); err != nil {
		return err
	}
	if err := checkOutput(out); err != nil {
		return err
	}
	set, err := c.Sample(c.Sampling, n, rand.NewPCG(c.Seed, 0))
	if err != nil {
		return err
	}
	_, err = writeTable(out, setHeader, func(w *table.Writer) { writeSet(w, set) })
	return err
}
