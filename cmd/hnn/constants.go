package main

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"hnn/autodiff"
	"hnn/nn"
)

// A sum is a formula: terms of a library with constants, of the fit to the model and, if there is
// one, of the fit to data.
type sum struct {
	nn.Sparse
	lib          *library
	a            *autodiff.Matrix // the equations that the constants solve, a c ≈ b
	b            []float64
	data, errors []float64 // constants and standard errors
}

// values returns the constants of the last fit.
func (s *sum) values() []float64 {
	if s.data != nil {
		return s.data
	}
	return s.Coefficients
}

// expression returns the formula as -H and -friction take it.
func (s *sum) expression() string {
	return s.write(func(i int, v float64) string {
		if number := strconv.FormatFloat(v, 'g', 7, 64); number != "1" {
			return number + "*"
		}
		return ""
	})
}

// write writes the terms with their signs. factor is what stands before a term, of a constant of
// size v.
func (s *sum) write(factor func(i int, v float64) string) string {
	var b strings.Builder
	for i, v := range s.values() {
		switch {
		case i == 0 && v < 0:
			b.WriteString("-")
		case i > 0 && v < 0:
			b.WriteString(" - ")
		case i > 0:
			b.WriteString(" + ")
		}
		b.WriteString(factor(i, math.Abs(v)) + bracketed(s.lib.texts[s.Terms[i]]))
	}
	return b.String()
}

// off returns ‖b − A c‖/‖b‖ for the constants of the last fit.
func (s *sum) off() float64 {
	left, norm := 0., 0.
	for r, v := range s.b {
		norm += float64(v * v)
		for i, c := range s.values() {
			v -= float64(c * s.a.At(r, s.Terms[i]))
		}
		left += float64(v * v)
	}
	return math.Sqrt(left / norm)
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

// constants are those of the formulas of H and of friction, and of what goes with them.
type constants struct {
	h        *sum
	loss     *sum             // of a friction that is a network, else nil
	on       string           // the states that friction acts on, with a colon, "" for the momenta
	slope    *autodiff.Matrix // ∂H by these states, for what friction takes
	known    nn.Structure     // what the model is made of
	more     []nn.FoundConstant
	model    nn.Stored // the formula as a model, after a fit to data
	made     *nn.Origin
	residual [2]float64 // what the formula and the model leave of the data, shares of their spread; 0: not known
	held     bool       // terms with momenta keep the constants of the model
	notes    []string   // of the fit to data
	segment  float64    // the length of the motions that these are of, 0: of derivatives
}

// sums returns the formulas.
func (c *constants) sums() []*sum {
	if c.loss == nil {
		return []*sum{c.h}
	}
	return []*sum{c.h, c.loss}
}

// size returns the number of terms.
func (c *constants) size() (n int) {
	for _, s := range c.sums() {
		n += len(s.Terms)
	}
	return n
}

// known returns what a model is made of, nothing of one that is no expression.
func (m *model) known() nn.Structure {
	if k, ok := m.Stored.(interface{ Known() nn.Structure }); ok {
		return k.Known()
	}
	return nn.Structure{}
}

// lossless tells whether a model has neither friction nor inputs.
func (m *model) lossless() bool { return keepsEnergy(m.known()) }

func keepsEnergy(k nn.Structure) bool {
	return (k.Friction == "" || k.Friction == "none") && len(k.Inputs) == 0
}

// names returns the names of the components in the formula.
func (c *constants) names() []string { return slices.Concat(c.h.lib.q, c.h.lib.p) }
