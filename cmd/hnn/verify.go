package main

import (
	"fmt"
	"runtime"

	"hnn/autodiff/kernel"
	"hnn/cmd/hnn/internal/flags"
	"hnn/cmd/hnn/internal/verify"
)

const verifyHelp = `

Checks the program on this machine in a few seconds. It needs no file and no network:

  kernel       how many numbers have other bits than the Go loop that specifies the
               kernel, for every kernel and each instruction set of the machine
  elementary   exp, log, tanh, sin and cos against arithmetic of 300 and more bits
  rule         the derivatives of every operation, to third order, against central
               differences
  formula      how many numbers have other bits one state at a time than many at once,
               for H and the field of each named system
  order        the observed order of every integrator on a pendulum
  symplectic   ‖MᵀJM − J‖ of a step of the methods that are symplectic
  energy       for the same methods, the largest energy error in the last tenth of 10⁵
               steps, over that in the first tenth
  steps        how often RK23, RK45 and DOP853 evaluate the field: as often as SciPy's
  hnn, adam    a network's H, field, loss and gradients, and 100 steps of Adam,
               against PyTorch's numbers in float64
  samplers     the first random numbers of a seed
  experiment   the SHA-256 of all numbers of a small experiment with a fixed seed. It is
               the same on every platform and with any number of workers

The first line says which instruction set the kernels use. The environment variable
GODEBUG turns instruction sets off: cpu.avx512f=off, cpu.avx2=off, cpu.all=off.

Each check has one line: ok or FAIL, its name, what was measured, what is allowed. The
exit status is 1 if a check fails.

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

// machine describes the machine and the kernels in use.
func machine() string {
	return fmt.Sprintf("%s, %s/%s, %d processors, kernels %s", runtime.Version(), runtime.GOOS, runtime.GOARCH,
		runtime.GOMAXPROCS(0), kernel.Active().Name())
}
