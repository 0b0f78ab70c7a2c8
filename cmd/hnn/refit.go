package main

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"hnn/autodiff"
	"hnn/autodiff/formula"
	"hnn/cmd/hnn/internal/flags"
	"hnn/nn"
)

// refit.go fits the constants of formulas to data.

// refitRows bounds the rows that constants are fitted to, evenly spread.
const refitRows = 20_000

// refit fits the constants to data: to the time derivatives that they have, or to whole motions.
func (c *constants) refit(e *env, m *model, s *states) error {
	switch {
	case s.DX != nil && keepsEnergy(c.known):
		if err := c.toDerivatives(e, m, s); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		return nil
	case s.T != nil:
		return c.toMotion(e, m, s, false)
	}
	e.say("%s has no times: the constants are those of the model", s.name)
	return nil
}

// Prefixes of the constants of the terms of H and of friction, in a fit of whole motions.
const (
	ofH    = "term_"
	ofLoss = "loss_"
)

// typed returns the formula with names of its constants, which begin with the values that they have.
func (s *sum) typed(prefix string, fixed func(text string) bool, fit, set *[]string) string {
	return s.write(func(i int, v float64) string {
		name, to := prefix+strconv.Itoa(i), fit
		if fixed(s.lib.texts[s.Terms[i]]) {
			to = set
		}
		*to = append(*to, name+"="+strconv.FormatFloat(v, 'g', -1, 64))
		return name + "*"
	})
}

// job returns the call of hnn train that fits the constants to whole motions, with the friction
// and the inputs that the model has. Where momenta were not observed, terms of H with momenta keep
// the constants of the model: without them any scale of the momenta would do.
func (c *constants) job(s *states) (*trainJob, error) {
	var fit, set []string
	args := []string{"-quiet", "-H", c.h.typed(ofH, func(text string) bool {
		term, err := formula.Parse(text)
		return err == nil && s.Hidden != nil && slices.ContainsFunc(c.h.lib.p, func(p string) bool { return slices.Contains(term.Names(), p) })
	}, &fit, &set)}
	c.held = set != nil
	friction := c.known.Friction
	if c.loss != nil {
		friction = c.loss.typed(ofLoss, func(string) bool { return false }, &fit, &set) + c.on
	} else if d, err := formula.Parse(strings.TrimSuffix(friction, c.on)); err == nil { // its own constants
		for _, name := range d.Names() {
			if v, ok := c.known.Fit[name]; ok {
				fit = append(fit, name+"="+strconv.FormatFloat(v, 'g', -1, 64))
			} else if v, ok := c.known.Set[name]; ok {
				set = append(set, name+"="+strconv.FormatFloat(v, 'g', -1, 64))
			}
		}
	}
	for _, to := range [][2]string{{"friction", friction}, {"inputs", strings.Join(c.known.Inputs, ",")}, {"gain", c.known.Gain}, {"interpolate", string(s.Between)},
		{"fit", strings.Join(fit, ",")}, {"set", strings.Join(set, ",")}} {
		if to[1] != "" && (to[0] != "interpolate" || len(c.known.Inputs) > 0) {
			args = append(args, "-"+to[0]+"="+to[1])
		}
	}
	t := newTrain(flags.New("train"))
	if err := t.flags.Parse(append(args, s.name)); err != nil {
		return nil, err
	}
	if err := t.check(); err != nil {
		return nil, err
	}
	t.cols = s.cols
	return t, nil
}

// shorten leaves out stages of short segments, which lead to the right place from far away: the first, since
// constants that were fitted to the model's field are as near as it leads and its many initial states take
// most of the time; or all but the last, if the constants are nearer.
func (t *trainJob) shorten(near bool) {
	last := max(0, len(t.segments)-1)
	from := min(1, last)
	if near {
		from = last
	}
	t.segments, t.optimizers, t.passes = t.segments[from:], t.optimizers[from:], t.passes[from:]
}

// toMotion fits the constants as hnn train -H does, near to what they are if so.
func (c *constants) toMotion(e *env, m *model, s *states, near bool) error {
	t, err := c.job(s)
	if err != nil {
		return err
	}
	if err := t.choose(e, s); err != nil {
		return err
	}
	t.shorten(near)
	r := nn.Recipe{Workers: e.threads(0)}
	if err := t.recipe(&r, c.names()); err != nil {
		return err
	}
	fitted, err := nn.Fit(e.ctx, &s.Series, r)
	if err != nil {
		return fmt.Errorf("%s: %w", s.name, err)
	}
	found := fitted.Found
	if found == nil {
		found = &nn.Found{}
	}
	if err := c.keep(t, m, s, fitted.Model); err != nil {
		return err
	}
	c.more, c.notes = nil, nil
	for _, sum := range c.sums() {
		sum.data, sum.errors = slices.Clone(sum.Coefficients), make([]float64, len(sum.Terms))
		for i := range sum.errors { // of those that are not fitted
			sum.errors[i] = math.NaN()
		}
	}
	for _, v := range found.Constants {
		sum, number := c.h, ""
		if number, _ = strings.CutPrefix(v.Name, ofH); number == v.Name {
			if number, _ = strings.CutPrefix(v.Name, ofLoss); number != v.Name {
				sum = c.loss
			}
		}
		if i, err := strconv.Atoi(number); err == nil && sum != nil && i < len(sum.data) {
			sum.data[i], sum.errors[i] = math.Copysign(1, sum.Coefficients[i])*v.Value, v.Error
			continue
		}
		c.more = append(c.more, v)
	}
	for _, note := range slices.Concat(fitted.Notes, found.Notes) {
		for _, sum := range c.sums() {
			prefix, what := ofH, "the constant of "
			if sum != c.h {
				prefix, what = ofLoss, "the constant of friction of "
			}
			for i := len(sum.Terms) - 1; i >= 0; i-- { // term_12 before term_1
				note = strings.ReplaceAll(note, prefix+strconv.Itoa(i), what+sum.lib.texts[sum.Terms[i]])
			}
		}
		c.notes = append(c.notes, note)
	}
	return c.left(e, m, s, t)
}

// keep keeps the model that the constants make, and says what it was made from.
func (c *constants) keep(t *trainJob, m *model, s *states, fitted nn.Model) error {
	stored, ok := fitted.(nn.Stored)
	if !ok {
		return fmt.Errorf("the formula is no model that a file can hold")
	}
	c.model, c.made = stored, t.origin(s, &s.Series)
	c.made.Command = "formula"
	if m.made != nil {
		for _, name := range []string{"q", "p", "velocities", "mass", "time-unit"} { // how data are read
			c.made.Flags[name] = m.made.Flags[name]
		}
	}
	return nil
}

// left compares whole motions of the formula and of the model with the data, of segments as long as
// the last of the fit. Nothing but the states at their starts is fitted.
func (c *constants) left(e *env, m *model, s *states, t *trainJob) error {
	if s.Rows() > shootingRows || len(t.segments) == 0 {
		return nil
	}
	c.segment = t.segments[len(t.segments)-1]
	scale, err := nn.Shooting{}.Scaling(&s.Series)
	if err != nil {
		return err
	}
	for i, of := range []nn.Model{c.model, m.Stored} {
		p, err := nn.Shooting{Segment: c.segment}.Problem(of, &s.Series, scale, e.threads(0))
		if err != nil {
			return err
		}
		starts := p.(interface {
			Settle(ctx context.Context) error
			Close()
		})
		defer starts.Close()
		if err := starts.Settle(e.ctx); err != nil {
			return err
		}
		c.residual[i] = math.Sqrt(p.Eval(nil, false))
	}
	return nil
}

// toDerivatives fits the constants to the time derivatives of data.
func (c *constants) toDerivatives(e *env, m *model, s *states) error {
	x, y := spread(s.X, refitRows), spread(s.DX, refitRows)
	unit := unitsOf(y, x)
	units := autodiff.NewMatrix(x.Rows, x.Cols)
	for i := range units.Data {
		units.Data[i] = unit[i%x.Cols]
		y.Data[i] /= units.Data[i]
	}
	b := &autodiff.Matrix{Rows: 1, Cols: len(c.h.Terms), Data: slices.Clone(c.h.Coefficients)}
	own := func(x autodiff.Var) autodiff.Var {
		return x.Graph().Leaf("unit", &autodiff.Matrix{Rows: x.Rows(), Cols: x.Cols(), Data: units.Data[:x.Rows()*x.Cols()]})
	}
	// J∇H/unit of H = Σ bₖ θₖ
	problem, err := nn.NewCurve(b, &nn.Data{X: x, Y: y}, func(x, b autodiff.Var) autodiff.Var {
		var h autodiff.Var
		for i, k := range c.h.Terms {
			term := autodiff.Mul(autodiff.Slice(b, i, i+1), c.h.lib.terms[k].Of(x))
			if i == 0 {
				h = term
			} else {
				h = autodiff.Add(h, term)
			}
		}
		return autodiff.Div(autodiff.Hamilton(h, x), own(x))
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
	c.h.data, c.h.errors = found.Values, found.Errors
	t, err := c.job(s)
	if err != nil {
		return err
	}
	kind, err := nn.KindOf(t.kind)
	if err != nil {
		return err
	}
	made, err := kind.New(&nn.Networks{Structure: t.structureOf(c.names())}, &s.Series, nil)
	if err != nil {
		return err
	}
	for i, of := range []nn.Stored{made, m.Stored} {
		z := spread(nn.Derivative(of.(nn.Field), &s.Series), refitRows)
		for k, v := range z.Data {
			d := v/unit[k%x.Cols] - y.Data[k]
			c.residual[i] += float64(d*d) / float64(len(y.Data))
		}
		c.residual[i] = math.Sqrt(c.residual[i])
	}
	return c.keep(t, m, s, made)
}
