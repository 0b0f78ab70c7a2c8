package main

import (
	"fmt"
	"runtime"

	"hnn/autodiff/kernel"
	"hnn/cmd/hnn/internal/flags"
	"hnn/cmd/hnn/internal/verify"
)

const verifyHelp = `

Checks the program on this machine, offline and without a file, in a few seconds:

  kernel       every kernel in each instruction set that the machine has, against the
               Go loop that specifies it: numbers whose bits differ
  elementary   exp, log, tanh, sin and cos against arithmetic of 300 and more bits
  rule         the derivatives of every operation, to third order, against central
               differences
  formula      H and the field of each named system, one state at a time and many at
               once: numbers whose bits differ
  order        the observed order of every integrator on a pendulum
  symplectic   ‖MᵀJM − J‖ of a step of the methods that are symplectic
  energy       the largest energy error in the last tenth of 10⁵ steps of theirs, over
               that in the first
  steps        evaluations of the field by RK23, RK45 and DOP853, which are SciPy's
  hnn, adam    a network's H, field, loss and gradients, and 100 steps of Adam,
               against PyTorch's numbers in float64
  samplers     first random numbers of a seed
  experiment   the SHA-256 of all numbers of a small seeded experiment, which is the
               same on every platform and with any number of workers

The first line says which instruction set the kernels use. The environment variable
GODEBUG turns one off for this run: cpu.avx512f=off, cpu.avx2=off, cpu.all=off.

One line each: ok or FAIL, name, what was measured, what is allowed. The exit status
is 1 if any fails.

Examples:
  hnn verify
  hnn verify | grep -v ^ok
  hnn verify -json
`

func defineVerify(f *flags.Set) check {
	asJSON := false
	f.BoolVar(&asJSON, "json", false, "print one JSON object")
	return func() (run, error) {
		return func(e *env) error { return verify.Run(e.ctx, e.stdout, version, machine(), asJSON) }, nil
	}
}

// machine says what computes.
func machine() string {
	return fmt.Sprintf("%s, %s/%s, %d processors, kernels %s", runtime.Version(), runtime.GOOS, runtime.GOARCH,
		runtime.GOMAXPROCS(0), kernel.Active().Name())
}
