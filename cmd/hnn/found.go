package main

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"strings"

	"hnn/autodiff"
	"hnn/cmd/hnn/internal/table"
	"hnn/integrate"
	"hnn/nn"
)

// found.go says in words what a training found out, and writes -report.

// tell says what was found and writes the table of the constants.
func (t *trainJob) tell(e *env, s *states, f *nn.Fitted) error {
	if f.Found != nil {
		for _, c := range f.Found.Constants {
			e.score("constant_"+c.Name, c.Value)
			e.score("constant_"+c.Name+"_error", c.Error)
		}
		for _, note := range f.Found.Notes {
			e.warn("%s: %s", s.name, note)
		}
	}
	if p := t.apart(f); p >= 0 {
		e.warn("%s: what is left of %s is %.2g times its noise, and of its coordinate as well: the model lacks something, or the momenta were made of coordinates by differences, which hold it off from these: -q %s without -p leaves them out",
			s.name, s.names[p], f.Found.Noise[p]/f.Train.Noise()[p], strings.Join(s.cols.q, ","))
	}
	if open, ok := f.Model.(nn.Open); ok {
		power := nn.Power(open, f.Train.X, f.Train.U)
		for r := range power.Rows {
			if lost, size := power.At(r, 1), math.Abs(power.At(r, 0))+math.Abs(power.At(r, 2)); lost < -1e-9*size {
				e.warn("%s: -friction gives energy, at row %d for one: want a dissipation that grows with each state that it acts on", s.name, r)
				break
			}
		}
	}
	if f.Found != nil && t.table != "" {
		if err := e.writeFound(t.table, f.Found); err != nil {
			return err
		}
	}
	if t.quiet || !t.given() {
		return nil
	}
	var lines []string
	if f.Found != nil {
		for i, c := range f.Found.Constants {
			line := c.Name + " = " + withError(c.Value, c.Error)
			for j, d := range f.Found.Constants[:i] {
				if r := f.Found.Correlation.At(i, j); math.Abs(r) > 0.9 {
					line += fmt.Sprintf(", correlated with %s (%.3f)", d.Name, r)
				}
			}
			lines = append(lines, line)
		}
		var noise []string
		var sigma []float64
		if f.Found.Noise != nil {
			sigma = f.Train.Noise()
		}
		for j, v := range f.Found.Noise {
			if v == v {
				noise = append(noise, fmt.Sprintf("%s %.3g, %.2g times its noise", s.names[j], v, v/sigma[j]))
			}
		}
		if noise != nil {
			lines = append(lines, "what is left of the data, root mean square: "+strings.Join(noise, "; "))
		}
	}
	if line := periods(e.ctx, f.Model, f.Train); line != "" {
		lines = append(lines, line)
	}
	for _, line := range lines {
		fmt.Fprintf(e.stderr, "  %s\n", line)
	}
	return nil
}

// apart returns the first momentum of which, and of whose coordinate, far more than the noise
// is left by a model with constants, -1 if there is none.
func (t *trainJob) apart(f *nn.Fitted) int {
	if f.Found == nil || f.Found.Noise == nil {
		return -1
	}
	sigma, d := f.Train.Noise(), f.Train.X.Cols/2
	for i := range d {
		if f.Found.Noise[i] > misfit*sigma[i] && f.Found.Noise[d+i] > misfit*sigma[d+i] {
			return d + i
		}
	}
	return -1
}

// misfit is how many times the noise is far more.
const misfit = 2

// writeFound writes the table of constants.
func (e *env) writeFound(path string, f *nn.Found) error {
	header := []string{"constant", "value", "error"}
	for _, c := range f.Constants {
		header = append(header, "correlation_"+c.Name)
	}
	return e.writeTable(path, header, func(w *table.Writer) {
		for i, c := range f.Constants {
			w.Text(c.Name)
			w.Floats(c.Value, c.Error)
			w.Floats(f.Correlation.Row(i)...)
			w.End()
		}
	})
}

// withError writes a value and its standard error, both to two digits of the error.
func withError(v, sigma float64) string {
	if !(sigma > 0) || math.IsInf(sigma, 0) {
		return fmt.Sprintf("%.6g (no error)", v)
	}
	_, power, _ := strings.Cut(strconv.FormatFloat(sigma, 'e', 1, 64), "e")
	exponent, err := strconv.Atoi(power)
	if err != nil {
		return fmt.Sprintf("%.4g ± %.2g", v, sigma)
	}
	digits := 1 - exponent
	if digits < 0 || digits > 12 {
		return fmt.Sprintf("%.4g ± %.2g", v, sigma)
	}
	return fmt.Sprintf("%.*f ± %.*f", digits, v, digits, sigma)
}

// A lossless model has a motion without friction and inputs.
type lossless interface {
	nn.Energy
	nn.Model
	Conservative(x autodiff.Var) autodiff.Var
}

// periods says how long the motion without friction and inputs takes from and back to points on
// the line p = 0 of a system of one pair, "" where there is none.
func periods(ctx context.Context, m nn.Model, s *nn.Series) string {
	free, ok := m.(lossless)
	if !ok || m.Dim() != 2 {
		return ""
	}
	low, high := s.Range()
	mid, half := float64((low[0]+high[0])/2), (high[0]-low[0])/2
	field := nn.Func(free.Conservative, 2)
	var all []string
	for _, share := range []float64{0.25, 0.5, 1} {
		q := mid + float64(share*half)
		sol, err := integrate.Solve(func(dy []float64, _ float64, y []float64) { field(dy, y) }, 0, math.Inf(1), []float64{q, 0}, integrate.Options{
			RTol: []float64{1e-9}, ATol: []float64{1e-9 * half}, MaxEval: 200_000, Stop: ctx.Err,
			Events: []integrate.Event{{G: func(_ float64, y []float64) float64 { return y[1] }, Terminal: 3}},
		})
		if err != nil || len(sol.TEvents[0]) < 3 {
			continue
		}
		all = append(all, fmt.Sprintf("%.6g at amplitude %.3g", sol.TEvents[0][2]-sol.TEvents[0][0], math.Abs(q-sol.YEvents[0][1][0])/2))
	}
	if all == nil {
		return ""
	}
	return "period without friction and inputs: " + strings.Join(all, ", ")
}
