package verify

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"runtime"

	"hnn/autodiff/kernel"
)

// A finding is the result of one check: a number and the range that it must be in.
type finding struct {
	Name   string `json:"name"`
	OK     bool   `json:"ok"`
	Value  number `json:"measured"`
	Low    number `json:"low"`
	High   number `json:"high"`
	Unit   string `json:"unit"`
	Detail string `json:"detail,omitempty"` // of a failure
}

// A number that is not finite is null in JSON.
type number float64

func (v number) MarshalJSON() ([]byte, error) {
	if f := float64(v); f-f == 0 {
		return json.Marshal(f)
	}
	return []byte("null"), nil
}

// A report collects the findings and shows each at once.
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

// sameBits compares the hash of a run with one worker, and of one with three, with that wanted.
func (r *report) sameBits(name, want string, run func(workers int) string) {
	wrong, got := 0., ""
	for _, workers := range []int{1, 3} {
		if h := run(workers); h != want {
			wrong++
			got = h
		}
	}
	r.within(name, wrong, 0, 0, "of 2 runs differ from "+want[:min(8, len(want))]+"…", "SHA-256 "+got)
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

func (r *report) writeJSON(out io.Writer, version string) error {
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
	}{"hnn", version, runtime.Version(), runtime.GOOS + "/" + runtime.GOARCH, kernel.Active().Name(), len(r.failed) == 0, r.findings})
}
