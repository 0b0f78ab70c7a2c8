package main

import (
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"

	"hnn/autodiff"
	"hnn/autodiff/formula"
	"hnn/cmd/hnn/internal/flags"
	"hnn/nn"
)

// constants are those of a formula: of the fit to the model and, if there is one, of the fit
// to data.
type constants struct {
	nn.Sparse
	lib          *library
	data, errors []float64 // constants and standard errors
	more         []string  // names of further constants of the fit to data, after those of the terms
}

// expression returns the formula as -H takes it.
func (c *constants) expression() string {
	var s strings.Builder
	values := c.Coefficients
	if c.data != nil {
		values = c.data[:len(c.Terms)]
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

// refit fits the constants to data: to the time derivatives that they have, or to whole motions.
func (c *constants) refit(e *env, m *model, s *states) error {
	switch {
	case s.DX != nil && m.lossless():
		return c.toDerivatives(e, s)
	case s.T != nil:
		return c.toMotion(e, m, s)
	}
	e.say("%s has no times: the constants are those of the model", s.name)
	return nil
}

// trained returns a flag of the training of a model, "" where it is not known.
func (m *model) trained(name string) string {
	if m.made == nil {
		return ""
	}
	return m.made.Flags[name]
}

// lossless tells whether a model was made without friction and inputs.
func (m *model) lossless() bool {
	friction := m.trained("friction")
	return (friction == "" || friction == "none") && m.trained("inputs") == ""
}

// toMotion fits the constants as hnn train -H does, with the friction and the inputs that the
// model was made with. Where momenta were not observed, terms with momenta keep the constants of the
// model: without them any scale of the momenta would do.
func (c *constants) toMotion(e *env, m *model, s *states) error {
	var sum, begin, set []string
	texts := c.lib.names(c.Terms)
	for i, text := range texts {
		name := "term_" + strconv.Itoa(i)
		sum = append(sum, name+"*("+text+")")
		pair := name + "=" + strconv.FormatFloat(c.Coefficients[i], 'g', -1, 64)
		if term, err := formula.Parse(text); err == nil && s.Hidden != nil && slices.ContainsFunc(c.lib.p, func(p string) bool { return slices.Contains(term.Names(), p) }) {
			set = append(set, pair)
		} else {
			begin = append(begin, pair)
		}
	}
	if set != nil {
		e.say("%s has no momenta: the constants of terms with momenta are those of the model", s.name)
	}
	if begin == nil {
		return nil
	}
	args := []string{"-quiet", "-H", strings.Join(sum, " + ")}
	for i, name := range []string{"friction", "inputs", "gain", "interpolate"} {
		if v := m.trained(name); v != "" && (i == 0 || m.trained("inputs") != "") {
			if name != "inputs" {
				v = c.lib.renamed(v)
			}
			args = append(args, "-"+name+"="+v)
		}
	}
	typed, _, _ := strings.Cut(m.trained("friction"), ":")
	if friction, err := formula.Parse(typed); err == nil { // its own constants
		for _, from := range []struct {
			flag string
			to   *[]string
		}{{"fit", &begin}, {"set", &set}} {
			for _, pair := range strings.Split(m.trained(from.flag), ",") {
				if name, _, ok := strings.Cut(pair, "="); ok && slices.Contains(friction.Names(), name) {
					*from.to = append(*from.to, pair)
				}
			}
		}
	}
	args = append(args, "-fit", strings.Join(begin, ","))
	if set != nil {
		args = append(args, "-set", strings.Join(set, ","))
	}
	t := newTrain(flags.New("train"))
	if err := t.flags.Parse(append(args, s.name)); err != nil {
		return err
	}
	if err := t.check(); err != nil {
		return err
	}
	t.cols = s.cols
	if err := t.choose(e, s); err != nil {
		return err
	}
	r := nn.Recipe{Workers: e.threads(0)}
	if err := t.recipe(&r, slices.Concat(c.lib.q, c.lib.p)); err != nil {
		return err
	}
	fitted, err := nn.Fit(e.ctx, &s.Series, r)
	if err != nil {
		return err
	}
	if fitted.Found == nil {
		return errors.New("the fit of whole motions tells no errors of constants")
	}
	n := len(c.Terms)
	c.data, c.errors = slices.Clone(c.Coefficients), make([]float64, n)
	for i := range n { // of those that are not fitted
		c.errors[i] = math.NaN()
	}
	for _, found := range fitted.Found.Constants {
		if number, ok := strings.CutPrefix(found.Name, "term_"); ok {
			i, err := strconv.Atoi(number)
			if err != nil {
				return err
			}
			c.data[i], c.errors[i] = found.Value, found.Error
			continue
		}
		c.data, c.errors, c.more = append(c.data, found.Value), append(c.errors, found.Error), append(c.more, found.Name)
	}
	for _, note := range fitted.Found.Notes {
		for i := n - 1; i >= 0; i-- { // term_12 before term_1
			note = strings.ReplaceAll(note, "term_"+strconv.Itoa(i), "the constant of "+texts[i])
		}
		e.warn("%s: %s", s.name, note)
	}
	return nil
}

// toDerivatives fits the constants to the time derivatives of data.
func (c *constants) toDerivatives(e *env, s *states) error {
	x, y := spread(s.X, refitRows), spread(s.DX, refitRows)
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
