package main

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"hnn/autodiff/formula"
	"hnn/nn"
)

// findings.go says what hnn formula found.

// Bounds of warnings: the error of a formula that is none, the share of the data that a model leaves
// which is none of them, and how many times further from the data than the model a formula is.
const (
	poorFormula = 0.05
	poorModel   = 0.1
	farther     = 2
)

// tell says what was found.
func (j *formulaJob) tell(e *env, m *model, s *states, findings []*finding, c *constants) {
	if c.held {
		e.say("%s has no momenta: the constants of terms with momenta are those of the model", s.name)
	}
	for _, f := range findings {
		if some := slices.Clone(f.dependent); len(some) > 0 {
			if len(some) > 5 {
				some = append(some[:5], "…")
			}
			e.say("%s: %s: %d of %d terms cannot be told from others at these states and were left out: %s", m.file, f.what, len(f.dependent), f.lib.size(), strings.Join(some, ", "))
		}
		e.say("%s: %s: %d terms of %d explain %.8g %% of the mean square of the %s", m.file, f.what, len(f.Terms), len(f.path), 100*(1-float64(f.Error*f.Error)), f.noun)
		var sizes []string
		for i := max(0, f.chosen-2); i < min(len(f.path), f.chosen+3); i++ {
			sizes = append(sizes, fmt.Sprintf("%d: %.2g", i+1, f.path[i].Error))
		}
		e.say("error of the %s by the number of terms: %s", f.noun, strings.Join(sizes, ", "))
		for i, name := range f.lib.names(f.Terms) {
			if f.errors != nil {
				e.say("  %-16s %s, from the model %.7g", name, withSmallError(f.data[i], f.errors[i]), f.Coefficients[i])
			}
		}
	}
	for _, v := range c.more {
		e.say("  %-16s %s", v.Name, withSmallError(v.Value, v.Error))
	}
	if with := c.beside(s); with != "" {
		e.say("with -H goes %s", with)
	}
	if strings.HasPrefix(c.known.Gain, "net") && c.model != nil {
		e.say("the gain is a network, which was trained anew with the formula")
	}
	if c.model != nil && c.residual[1] > 0 {
		what := "the time derivatives of the data"
		if c.segment > 0 {
			what = fmt.Sprintf("the data in motions of %.3g", c.segment)
		}
		e.say("what is left of %s, as a share of their spread: %.3g by the formula, %.3g by the model", what, c.residual[0], c.residual[1])
	}
	j.doubt(e, m, s, findings, c)
}

// beside returns the flags that go with -H.
func (c *constants) beside(s *states) string {
	var all []string
	add := func(name, value string) {
		if strings.ContainsAny(value, " *^()+/") {
			value = "'" + value + "'"
		}
		all = append(all, "-"+name+" "+value)
	}
	q, p := c.h.lib.q, c.h.lib.p
	if c.h.lib.angles != nil {
		add("periodic", strings.Join(c.h.lib.angles, ","))
	}
	if !slices.Equal(c.names(), names(len(q))) {
		add("q", strings.Join(q, ","))
		add("p", strings.Join(p, ","))
	}
	switch friction := c.known.Friction; {
	case c.loss != nil:
		add("friction", c.loss.expression()+c.on)
	case friction != "" && friction != "none":
		add("friction", friction)
		if set := c.own(); set != nil {
			add("set", strings.Join(set, ","))
		}
	}
	if len(c.known.Inputs) > 0 {
		add("inputs", strings.Join(c.known.Inputs, ","))
		if s != nil && s.Between != "" && s.Between != nn.LinearInput {
			add("interpolate", string(s.Between))
		}
	}
	return strings.Join(all, " ")
}

// own returns the values of the constants that a typed friction has.
func (c *constants) own() (set []string) {
	d, err := formula.Parse(strings.TrimSuffix(c.known.Friction, c.on))
	if err != nil {
		return nil
	}
	for _, name := range d.Names() {
		v, ok := c.known.Set[name]
		if fitted, found := c.known.Fit[name]; found {
			v, ok = fitted, true
		}
		for _, m := range c.more {
			if m.Name == name {
				v, ok = m.Value, true
			}
		}
		if ok {
			set = append(set, name+"="+strconv.FormatFloat(v, 'g', 7, 64))
		}
	}
	return set
}

// doubt warns of what looks wrong.
func (j *formulaJob) doubt(e *env, m *model, s *states, findings []*finding, c *constants) {
	for _, note := range c.notes {
		e.warn("%s: %s", s.name, note)
	}
	own, model := c.residual[0], c.residual[1]
	noise := 0.
	if s != nil && s.T != nil {
		noise, _ = s.noiseShare(s.Noise())
	}
	if model > poorModel && model > farther*noise {
		e.warn("%s: what the model leaves of these data is %.2g of their spread: is it a model of them? The formula is that of a bad model, or of the data alone", s.name, model)
	}
	for _, f := range findings {
		off := f.off()
		switch {
		case model > 0 && own <= asClose*model: // the data have the last word
		case f.Error > poorFormula && f.what == "H":
			e.warn("%s: the field of this formula is off by %.2g of that of the model: H is no sum of so few of these terms. Give others by -terms, or another -degree or -size", m.file, f.Error)
		case f.Error > poorFormula:
			e.warn("%s: the friction of this formula is off by %.2g of that of the model, which is %.2g of its field: it is no sum of so few of these terms, or the model hardly knows it", m.file, f.Error, f.share)
		case off > poorFormula && off > farther*f.Error:
			e.warn("%s: with constants that are fitted to the data the %s is off by %.2g of that of the model, before by %.2g: are they data of the same system?", s.name, f.noun, off, f.Error)
		}
	}
	if own > farther*model {
		e.warn("%s: the formula is %.2g times further from the data than the model: look at more terms by -size, -degree or -terms", s.name, own/model)
	}
	if c.loss != nil {
		if n := c.loss.gives(c.slope); n > 0 {
			e.warn("%s: the friction of this formula gives energy at %d of %d states: want another -degree, or fewer terms", m.file, n, c.slope.Rows)
		}
	}
}

// withSmallError is withError of a value whose error may be that of rounding.
func withSmallError(v, sigma float64) string {
	if sigma < 1e-12*math.Abs(v) {
		return fmt.Sprintf("%.7g ± %.0e", v, sigma)
	}
	return withError(v, sigma)
}
