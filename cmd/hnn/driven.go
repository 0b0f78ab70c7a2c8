package main

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"hnn/autodiff"
	"hnn/cmd/hnn/internal/flags"
	"hnn/cmd/hnn/internal/table"
	"hnn/integrate"
	"hnn/nn"
)

// inputs are the inputs of a driven model along a trajectory.
type inputs struct {
	*nn.Signal
	t0 float64 // where the trajectory begins
}

// inputNames returns the columns of the inputs of a model.
func (m *model) inputNames() []string {
	if m.made == nil || m.made.Flags["inputs"] == "" {
		d, _ := nn.DrivenBy(m.Stored)
		return prefixed("u", indices(d.Inputs()))
	}
	return strings.Split(m.made.Flags["inputs"], ",")
}

// indices returns 0, 1, … as texts, and "" of one.
func indices(n int) []string {
	if n == 1 {
		return []string{""}
	}
	var all []string
	for i := range n {
		all = append(all, fmt.Sprint(i))
	}
	return all
}

// inputs reads the inputs of a model from a CSV file: nil for a model without. between is their
// interpolation, "" for that of the training.
func (m *model) inputs(ctx context.Context, file string, between nn.Interpolation) (*inputs, error) {
	d, ok := nn.DrivenBy(m.Stored)
	switch {
	case !ok && file != "":
		return nil, flags.Wrong("-inputs-from: the model %s has none", m.file)
	case !ok:
		return nil, nil
	case file == "":
		return nil, flags.Wrong("the model %s has the inputs %s: want a file of them in -inputs-from", m.file, strings.Join(m.inputNames(), ", "))
	}
	if between == "" && m.made != nil {
		between = nn.Interpolation(m.made.Flags["interpolate"])
	}
	t, err := table.ReadFile(ctx, file)
	if err != nil {
		return nil, err
	}
	name := "t"
	if m.made != nil && m.made.T != "" {
		name = m.made.T
	}
	unit := ""
	if m.made != nil && t.Unit(name) == "" && !t.Stamped(name) {
		unit = m.made.Flags["time-unit"]
	}
	time, err := t.Times(name, unit)
	if err != nil {
		return nil, err
	}
	u, err := matrix(t, m.inputNames(), t.Col)
	if err != nil {
		return nil, err
	}
	if u.Cols != d.Inputs() {
		return nil, fmt.Errorf("%s: the model has %d inputs, named %v", m.file, d.Inputs(), m.inputNames())
	}
	for i := 1; i < len(time); i++ {
		if !(time[i] > time[i-1]) {
			return nil, t.Errorf(i, name, "%v does not come after %v: times of inputs must increase", time[i], time[i-1])
		}
	}
	if r, longest, usual := widest(time); usual > 0 && longest > widestGap*usual {
		return nil, t.Errorf(r, name, "the inputs have a gap of %.4g before this row, where the usual interval is %.4g: want inputs all along", longest, usual)
	}
	s, err := nn.NewSignal(time, u, between)
	if err != nil {
		return nil, err
	}
	return &inputs{s, time[0]}, nil
}

// curved is the share of the spread of a smooth input that a line between two rows may be off by.
const curved = 0.003

// tellCurve warns of smooth inputs that lines between their rows do not follow. With the differences
// δ² and δ⁴ of the input, a line is off by δ²/8 in its middle; δ⁴ is much smaller than δ² where the
// input is smooth, and larger where it is noise or steps.
func (e *env) tellCurve(s *states) {
	if s.U == nil {
		return
	}
	for j, name := range s.cols.u {
		second, fourth, n := 0., 0., 0.
		low, high := math.Inf(1), math.Inf(-1)
		for i := range s.Runs() {
			lo, hi := s.Run(i)
			u := func(r int) float64 { return s.U.At(r, j) }
			for r := lo + 2; r < hi-2; r++ {
				d2 := u(r-1) - 2*u(r) + u(r+1)
				d4 := u(r-2) - float64(4*u(r-1)) + float64(6*u(r)) - float64(4*u(r+1)) + u(r+2)
				second, fourth, n = second+float64(d2*d2), fourth+float64(d4*d4), n+1
				low, high = min(low, u(r)), max(high, u(r))
			}
		}
		if off := math.Sqrt(second/n) / 8 / (high - low); off > curved && fourth < second/4 {
			e.warn("%s: the input %s is smooth and has few rows a period: lines between them are off by %.2g %% of its spread: -interpolate cubic is closer", s.name, name, 100*off)
		}
	}
}

// widestGap is how many usual intervals inputs may be interpolated over.
const widestGap = 8

// widest returns the row after the longest interval, that interval, and the median one.
func widest(t []float64) (row int, longest, usual float64) {
	var all []float64
	for i := 1; i < len(t); i++ {
		d := t[i] - t[i-1]
		if all = append(all, d); d > longest {
			row, longest = i, d
		}
	}
	if all == nil {
		return 0, 0, 0
	}
	slices.Sort(all)
	return row, longest, all[len(all)/2]
}

// lasts returns how long a trajectory is: as long as the inputs unless a duration is given.
func (u *inputs) lasts(duration float64, given bool) (float64, error) {
	t := u.Times()
	whole := t[len(t)-1] - u.t0
	switch {
	case !(whole > 0):
		return 0, flags.Wrong("-inputs-from: one row: want two at least")
	case !given:
		return whole, nil
	case duration > whole*(1+1e-12):
		return 0, flags.Wrong("-duration %v: the inputs last for %v", duration, whole)
	}
	return min(duration, whole), nil
}

// atTimes returns the inputs at some times, a row each: nil without inputs.
func (u *inputs) atTimes(t []float64) *autodiff.Matrix {
	if u == nil {
		return nil
	}
	m := autodiff.NewMatrix(len(t), u.Inputs())
	for i, at := range t {
		u.At(m.Row(i), at)
	}
	return m
}

// from returns the inputs of a trajectory that begins at t0.
func (u *inputs) from(t0 float64) *inputs {
	if u == nil {
		return nil
	}
	return &inputs{u.Signal, t0}
}

// begin fits the state at the start of each run to its first rows, the model held.
func (s *states) begin(ctx context.Context, m nn.Model, rows int) error {
	if _, ok := m.(nn.Field); !ok {
		return fmt.Errorf("a model of the next state has no field to fit it by")
	}
	x, err := nn.Begin(ctx, m, &s.Series, rows)
	s.begun = x
	return err
}

// follow follows a driven model from y0 at t0. A solver that chooses its steps goes from sample to
// sample, since u jumps or has a corner there. One of fixed steps takes u, at both ends of a step,
// as it is within the step.
func (u *inputs) follow(ctx context.Context, g *motion, y0 []float64, duration float64, o *solver) (*integrate.Solution, error) {
	shifted := func(dydt []float64, t float64, y []float64) { g.field(dydt, t+u.t0, y) }
	if !o.adaptive() {
		steps, middle := 0, 0.
		run := integrate.BeginFixed(o.method, func(dydt []float64, t float64, y []float64) {
			inside := middle + float64((t-middle)*(1-1e-6))
			g.piece(max(0, u.Piece(inside+u.t0)))
			shifted(dydt, t, y)
		}, 0, duration, o.dt, y0)
		run.Stop = func() error {
			middle = (float64(float64(steps)*o.dt) + min(float64(float64(steps+1)*o.dt), duration)) / 2
			steps++
			return nil
		}
		sol, err := o.collect(ctx, run, len(y0))
		return u.shift(sol), err
	}
	rows := slices.Clip(o.at)
	if o.dt > 0 {
		rows = times(duration, o.dt)
	}
	whole := &integrate.Solution{}
	y, from, first := y0, 0., 0.
	i := max(0, u.Piece(u.t0))
	for t := u.Times(); from < duration; i++ {
		to := duration
		if i+1 < len(t) {
			to = min(to, t[i+1]-u.t0)
		}
		if to <= from {
			continue
		}
		g.piece(i)
		var at []float64
		extra := false // a row where the next piece begins, which nobody asked for
		if rows != nil {
			for len(rows) > 0 && (rows[0] <= to || to == duration) {
				at, rows = append(at, min(rows[0], to)), rows[1:]
			}
			if n := len(at); n == 0 || at[n-1] < to {
				at, extra = append(at, to), true
			}
		}
		sol, err := o.adapt(ctx, shifted, from, to, min(first, to-from), at, y)
		if sol == nil {
			return nil, err
		}
		n := len(sol.T)
		if n > 0 {
			y = slices.Clone(sol.Y[n-1])
		}
		first = to - from
		if extra && err == nil {
			n--
		}
		for j := range n {
			if rows == nil && j == 0 && len(whole.T) > 0 {
				continue // the end of the piece before
			}
			whole.T, whole.Y = append(whole.T, sol.T[j]), append(whole.Y, sol.Y[j])
		}
		whole.NFev += sol.NFev
		for k := range sol.TEvents {
			if whole.TEvents == nil {
				whole.TEvents, whole.YEvents = make([][]float64, len(sol.TEvents)), make([][][]float64, len(sol.TEvents))
			}
			for j, at := range sol.TEvents[k] {
				if have := whole.TEvents[k]; len(have) == 0 || have[len(have)-1] != at {
					whole.TEvents[k], whole.YEvents[k] = append(whole.TEvents[k], at), append(whole.YEvents[k], sol.YEvents[k][j])
				}
			}
		}
		if err != nil {
			return u.shift(whole), err
		}
		from = to
	}
	return u.shift(whole), nil
}

// shift gives a solution the times of the inputs.
func (u *inputs) shift(s *integrate.Solution) *integrate.Solution {
	if s == nil {
		return nil
	}
	for i := range s.T {
		s.T[i] += u.t0
	}
	for _, t := range s.TEvents {
		for i := range t {
			t[i] += u.t0
		}
	}
	return s
}
