package main

import (
	"math"
	"slices"
	"strings"

	"hnn/autodiff"
	"hnn/autodiff/formula"
	"hnn/cmd/hnn/internal/flags"
	"hnn/nn"
)

// dissipation.go finds a formula for friction: a D of which the rates of the states S that friction
// acts on are −∂D/∂S.

// downhill returns −∂D/∂S from J∇D, a row for each state. on are the places of S.
func downhill(hamilton *autodiff.Matrix, on []int) *autodiff.Matrix {
	d, y := hamilton.Cols/2, autodiff.NewMatrix(hamilton.Rows, len(on))
	for r := range y.Rows {
		for k, i := range on {
			if y.Row(r)[k] = hamilton.At(r, (i+d)%(2*d)); i >= d {
				y.Row(r)[k] *= -1
			}
		}
	}
	return y
}

// places returns the components of a state that the friction of a model acts on, after a colon in
// its text, or the momenta.
func places(friction string, names []string) (on []int) {
	_, states, listed := strings.Cut(friction, ":")
	for i, name := range names {
		if listed && (states == "all" || slices.Contains(strings.Split(states, ","), name)) || !listed && i >= len(names)/2 {
			on = append(on, i)
		}
	}
	return on
}

// byNetwork tells whether a friction is a network, or has some.
func byNetwork(friction string) bool {
	form, _, _ := strings.Cut(friction, ":")
	e, err := formula.ParseOpen(form, func(name string) bool { return strings.HasPrefix(name, "net") })
	return form == "net" || err == nil && len(e.Calls()) > 0
}

// friction finds a formula for a friction that is a network, or has some: nil for another one.
// field is J∇H at the states x.
func (j *formulaJob) friction(e *env, m *model, c *constants, lib *library, field, x *autodiff.Matrix) (*finding, error) {
	open, ok := m.Stored.(nn.Open)
	if !ok || !byNetwork(c.known.Friction) {
		return nil, nil
	}
	on := places(c.known.Friction, c.known.Names)
	all, lost, own := nn.Evaluate(open.Dissipative, x), autodiff.NewMatrix(x.Rows, len(on)), autodiff.NewMatrix(x.Rows, len(on))
	for r := range x.Rows {
		for k, i := range on {
			lost.Row(r)[k], own.Row(r)[k] = all.At(r, i), field.At(r, i)
		}
	}
	p := &part{what: "friction", noun: "force of friction", y: lost, unit: rms(own), of: func(hamilton *autodiff.Matrix) *autodiff.Matrix { return downhill(hamilton, on) }}
	for i, v := range lost.Data {
		v /= p.unit[i%len(on)]
		p.share += float64(v*v) / float64(len(lost.Data))
	}
	if p.share = math.Sqrt(p.share); p.share == 0 {
		e.say("%s: its friction is 0", m.file)
		c.known.Friction = "none"
		return nil, nil
	}
	few := lib.dissipative(on, j.terms)
	if few.size() == 0 {
		return nil, flags.Wrong("-degree %d leaves no terms for friction, which want two factors of momenta: want a higher one", j.degree)
	}
	f, err := j.find(m, few, p, x, 0)
	if err != nil {
		return nil, err
	}
	c.slope = downhill(field, on)
	for i := range c.slope.Data { // ∂H/∂S, for rates in the same units as the terms
		c.slope.Data[i] *= -p.unit[i%len(on)]
	}
	return f, nil
}

// gives returns at how many states a friction gives energy. slope is ∂H/∂S, in units in which the
// rates of S are a c.
func (s *sum) gives(slope *autodiff.Matrix) (n int) {
	for r := range slope.Rows {
		power, size := 0., 0.
		for k, v := range slope.Row(r) {
			rate := 0.
			for i, c := range s.values() {
				rate += float64(c * s.a.At(r*slope.Cols+k, s.Terms[i]))
			}
			power += float64(rate * v)
			size += math.Abs(rate * v)
		}
		if power > 1e-9*size {
			n++
		}
	}
	return n
}
