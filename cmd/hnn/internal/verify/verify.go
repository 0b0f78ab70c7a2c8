// Package verify does the work of hnn verify: it checks the program on the machine that it
// runs on. verify.go lists the checks and report.go prints them; formulas.go, integrators.go, network.go,
// port.go, pixels.go and experiment.go each check one part. The checks of autodiff and of integrate
// are in packages hnn/autodiff/verify and hnn/integrate/verify.
package verify

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"time"

	"hnn/autodiff/verify"
)

// A check makes findings. If it panics, that is a finding too.
type check struct {
	name string
	run  func(r *report)
}

// checks lists the checks of hnn verify, in their order.
var checks = []check{
	{"kernel", each(verify.Kernels)},
	{"elementary", each(verify.Elementary)},
	{"rule", each(verify.Rules)},
	{"formula", checkFormulas},
	{"order", checkOrders},
	{"symplectic", checkSymplectic},
	{"energy", checkEnergy},
	{"steps", checkSteps},
	{"hnn", checkNetwork},
	{"adam", checkAdam},
	{"port", checkPort},
	{"samplers", each(verify.Samplers)},
	{"experiment", func(r *report) { checkExperiment(r, smallSHA256) }},
	{"pixels", func(r *report) { checkPixels(r, smallFilmSHA256) }},
}

// each reports the findings of a check of package hnn/autodiff/verify.
func each(check func(found func(verify.Finding))) func(r *report) {
	return func(r *report) {
		check(func(f verify.Finding) { r.within(f.Name, f.Value, 0, f.Most, f.Unit, f.Detail) })
	}
}

// Run does all checks and writes a line about each to out, or one JSON object about all.
// The version is that of the program, and machine says what it runs on. An error names
// the checks that failed. Run switches the instruction set of the kernels while it runs, so no
// other goroutine may compute at that time.
func Run(ctx context.Context, out io.Writer, version, machine string, asJSON bool) error {
	start := time.Now()
	w := &sink{w: out}
	out = w
	r := &report{show: func(f *finding) {
		if !asJSON {
			fmt.Fprintln(out, f)
		}
	}}
	if !asJSON {
		fmt.Fprintf(out, "hnn %s, %s\n", version, machine)
	}
	for _, c := range checks {
		if err := errors.Join(ctx.Err(), w.err); err != nil {
			return err
		}
		r.run(c)
	}
	if asJSON {
		if err := r.writeJSON(out, version); err != nil {
			return err
		}
	}
	if len(r.failed) > 0 {
		return fmt.Errorf("%d of %d checks failed: %s", len(r.failed), len(r.findings), strings.Join(r.failed, ", "))
	}
	if !asJSON {
		fmt.Fprintf(out, "all %d checks passed in %.1f s\n", len(r.findings), time.Since(start).Seconds())
	}
	return w.err
}

// A sink keeps the first error of a writer.
type sink struct {
	w   io.Writer
	err error
}

func (s *sink) Write(b []byte) (int, error) {
	n, err := s.w.Write(b)
	if s.err == nil {
		s.err = err
	}
	return n, err
}

// noError turns an error that must not occur into a panic, which is a finding.
func noError(err error) {
	if err != nil {
		panic(err)
	}
}

// largest returns max |x − want|.
func largest(x, want []float64) float64 {
	d := math.Abs(float64(len(x) - len(want)))
	for i := range min(len(x), len(want)) {
		d = max(d, math.Abs(x[i]-want[i])) // max keeps a NaN
	}
	return d
}
