package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"runtime"
	"strings"
	"time"

	"hnn/autodiff/kernel"
)

const verifyHelp = `

Checks the program on this machine, offline and without a file, in a few seconds:

  kernel       every kernel in each instruction set that the machine has, against the
               Go loop that specifies it: numbers whose bits differ
  elementary   exp, log, tanh, sin and cos against arithmetic of 300 and more bits
  rule         the derivatives of every operation, to third order, against central
               differences
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

One line each: ok or FAIL, name, what was measured, what is allowed. The exit status
is 1 if any fails.

Examples:
  hnn verify
  hnn verify | grep -v ^ok
  hnn verify -json
`

// A finding is the outcome of one check: a number and the range that it must be in.
type finding struct {
	Name   string `json:"name"`
	OK     bool   `json:"ok"`
	Value  number `json:"measured"`
	Low    number `json:"low"`
	High   number `json:"high"`
	Unit   string `json:"unit"`
	Detail string `json:"detail,omitempty"` // of a failure
}

// A number is null in JSON where it is not finite.
type number float64

func (v number) MarshalJSON() ([]byte, error) {
	if f := float64(v); f-f == 0 {
		return json.Marshal(f)
	}
	return []byte("null"), nil
}

// A check makes findings; a panic of it is one too.
type check struct {
	name string
	run  func(r *report)
}

// A report collects the findings and shows each as it comes.
type report struct {
	findings []finding
	failed   []string
	show     func(f *finding)
}

// within reports a number that must be from low to high.
func (r *report) within(name string, v, low, high float64, unit, detail string) {
	f := finding{Name: name, OK: low <= v && v <= high, Value: number(v), Low: number(low), High: number(high), Unit: unit}
	if !f.OK {
		f.Detail = detail
		r.failed = append(r.failed, name)
	}
	r.findings = append(r.findings, f)
	r.show(&f)
}

// most reports a number that must be from 0 to high.
func (r *report) most(name string, v, high float64, unit string) {
	r.within(name, v, 0, high, unit, "")
}

func (r *report) run(c check) {
	defer func() {
		if v := recover(); v != nil {
			r.within(c.name, math.NaN(), 0, 0, "panic", fmt.Sprint(v))
		}
	}()
	c.run(r)
}

func (f *finding) String() string {
	status, bound := "ok  ", fmt.Sprintf("≤ %.3g", float64(f.High))
	if !f.OK {
		status = "FAIL"
	}
	if f.Low != 0 {
		bound = fmt.Sprintf("%.4g … %.4g", float64(f.Low), float64(f.High))
	}
	s := fmt.Sprintf("%s  %-34s %10.4g   %-18s %s", status, f.Name, float64(f.Value), bound, f.Unit)
	if f.Detail != "" {
		s += ": " + f.Detail
	}
	return s
}

func runVerify(e *env, args []string) error {
	asJSON := false
	f := newFlags(e, "verify", verifyHelp)
	f.BoolVar(&asJSON, "json", false, "print one JSON object")
	if _, err := f.parse(args, 0); err != nil {
		return err
	}
	return verify(e, checks, asJSON)
}

// machine says what computes.
func machine() string {
	return fmt.Sprintf("%s, %s/%s, %d processors, kernels %s", runtime.Version(), runtime.GOOS, runtime.GOARCH,
		runtime.GOMAXPROCS(0), kernel.Implementation())
}

func verify(e *env, checks []check, asJSON bool) error {
	start := time.Now()
	r := &report{show: func(f *finding) {
		if !asJSON {
			fmt.Fprintln(e.stdout, f)
		}
	}}
	if !asJSON {
		fmt.Fprintf(e.stdout, "hnn %s, %s\n", version, machine())
	}
	for _, c := range checks {
		if err := e.ctx.Err(); err != nil {
			return err
		}
		r.run(c)
	}
	if asJSON {
		if err := r.writeJSON(e.stdout); err != nil {
			return err
		}
	}
	if len(r.failed) > 0 {
		return fmt.Errorf("%d of %d checks failed: %s", len(r.failed), len(r.findings), strings.Join(r.failed, ", "))
	}
	if !asJSON {
		fmt.Fprintf(e.stdout, "all %d checks passed in %.1f s\n", len(r.findings), time.Since(start).Seconds())
	}
	return nil
}

func (r *report) writeJSON(out io.Writer) error {
	enc := json.NewEncoder(out)
	enc.SetIndent("", "  ")
	return enc.Encode(struct {
		Program  string    `json:"program"`
		Version  string    `json:"version"`
		Go       string    `json:"go"`
		Platform string    `json:"platform"`
		Kernels  string    `json:"kernels"`
		OK       bool      `json:"ok"`
		Checks   []finding `json:"checks"`
	}{"hnn", version, runtime.Version(), runtime.GOOS + "/" + runtime.GOARCH, kernel.Implementation(), len(r.failed) == 0, r.findings})
}
