package main

import (
	"math"
	"strconv"
	"strings"

	"hnn/autodiff"
	"hnn/nn"
)

// constants are those of a formula: of the fit to the model and, if there is one, of the fit
// to data.
type constants struct {
	nn.Sparse
	lib          *library
	data, errors []float64 // constants and standard errors
}

// expression returns the formula as -H takes it.
func (c *constants) expression() string {
	var s strings.Builder
	values := c.Coefficients
	if c.data != nil {
		values = c.data
	}
	for i, v := range values {
		switch {
		case i == 0 && v < 0:
			s.WriteString("-")
		case i > 0 && v < 0:
			s.WriteString(" - ")
		case i > 0:
			s.WriteString(" + ")
		}
		if number := strconv.FormatFloat(math.Abs(v), 'g', 7, 64); number != "1" {
			s.WriteString(number + "*")
		}
		s.WriteString(bracketed(c.lib.texts[c.Terms[i]]))
	}
	return s.String()
}

// bracketed puts a term that is a sum in brackets.
func bracketed(term string) string {
	depth := 0
	for i, r := range term {
		switch {
		case r == '(':
			depth++
		case r == ')':
			depth--
		case depth == 0 && (r == '+' || r == '-' || r == '/') && i > 0, r == '-' && i == 0:
			return "(" + term + ")"
		}
	}
	return term
}

// refitRows bounds the rows that constants are fitted to, evenly spread.
const refitRows = 20_000

// refit fits the constants to the time derivatives of data.
func (c *constants) refit(e *env, s *states) error {
	by := nn.Derivatives{}
	if s.DX == nil {
		if s.T == nil || s.Hidden != nil {
			e.say("%s has no momenta or no times, and no derivatives: the constants are those of the model", s.name)
			return nil
		}
		by.From, by.Order = nn.Central, 4
		if share := s.noiseShare(); share > noisy {
			e.say("%s: noise is %.2g %% of the spread of the data, too much for derivatives: the constants are those of the model", s.name, 100*share)
			return nil
		}
	}
	d, err := by.Data(&s.Series)
	if err != nil {
		return err
	}
	x, y := spread(d.X, refitRows), spread(d.Y, refitRows)
	unit := rms(y)
	units := autodiff.NewMatrix(x.Rows, x.Cols)
	for i := range units.Data {
		units.Data[i] = unit[i%x.Cols]
		y.Data[i] /= units.Data[i]
	}
	b := &autodiff.Matrix{Rows: 1, Cols: len(c.Terms), Data: append([]float64{}, c.Coefficients...)}
	// J∇H/unit of H = Σ bₖ θₖ
	problem, err := nn.NewCurve(b, &nn.Data{X: x, Y: y}, func(x, b autodiff.Var) autodiff.Var {
		var h autodiff.Var
		for i, k := range c.Terms {
			term := autodiff.Mul(autodiff.Slice(b, i, i+1), c.lib.terms[k].Of(x))
			if i == 0 {
				h = term
			} else {
				h = autodiff.Add(h, term)
			}
		}
		own := &autodiff.Matrix{Rows: x.Rows(), Cols: x.Cols(), Data: units.Data[:x.Rows()*x.Cols()]}
		return autodiff.Div(autodiff.Hamilton(h, x), x.Graph().Leaf("unit", own))
	})
	if err != nil {
		return err
	}
	defer problem.Close()
	if err := (&nn.Marquardt{Iterations: 50}).Minimize(e.ctx, problem, nil); err != nil {
		return err
	}
	found, err := nn.Uncertainties(problem)
	if err != nil {
		return err
	}
	c.data, c.errors = found.Values, found.Errors
	return nil
}
