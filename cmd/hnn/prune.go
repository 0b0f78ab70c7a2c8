package main

import (
	"errors"
	"math"
	"slices"

	"hnn/autodiff"
	"hnn/nn"
)

// prune.go lets the data choose among the terms of formulas.

// Bounds of prune.
const (
	asClose    = 1.1 // how many times further from the data than the model a formula may be
	moreTerms  = 3
	determined = 3    // standard errors from 0 that a constant must be
	smallest   = 1e-3 // share of the field, or of friction, that a term must be
)

// prune takes out terms that the data do not determine, or that are next to nothing, one at a time.
// Where whole motions of the formulas are further from the data than those of the model, a few more
// terms are fitted first: the errors of the model can hide them. What is left are the formulas if it
// is shorter or closer to the data.
func (c *constants) prune(e *env, m *model, s *states, findings []*finding) error {
	if c.segment == 0 {
		return nil
	}
	far := c.residual[0] > asClose*c.residual[1]
	var terms [2][]int
	for i, f := range findings {
		size := f.chosen
		if far {
			size = min(f.chosen+moreTerms, len(f.path)-1)
		}
		terms[i] = slices.Clone(f.path[size].Terms)
	}
	try := *c
	for first := true; ; first = false {
		if far || !first {
			for i, f := range findings {
				best, ok := f.solve(terms[i])
				if !ok {
					return nil
				}
				*[]**sum{&try.h, &try.loss}[i] = &sum{Sparse: best, lib: f.lib, a: f.a, b: f.b}
			}
			if err := try.toMotion(e, m, s, true); errors.Is(err, nn.ErrDiverged) {
				return nil
			} else if err != nil {
				return err
			}
		}
		part, out, least := 0, -1, 1.
		noise, _ := s.noiseShare(s.Noise())
		doubt := determined * max(1, noise/try.residual[0]) // errors of at least the noise that the data may have
		for i, sum := range try.sums() {
			for k, v := range sum.data {
				share := math.Abs(v) * columnLength(sum.a, sum.Terms[k]) / columnLength(&autodiff.Matrix{Rows: len(sum.b), Cols: 1, Data: sum.b}, 0) / smallest
				if t := math.Abs(v) / sum.errors[k] / doubt; v != 0 && t == t {
					share = min(share, t)
				}
				if share < least && len(sum.data) > 1 {
					part, out, least = i, k, share
				}
			}
		}
		if out < 0 {
			break
		}
		terms[part] = slices.Delete(terms[part], out, out+1)
	}
	n, now := c.size(), c.residual[0]
	shorter := try.size() < n && try.residual[0] <= asClose*max(now, c.residual[1])
	if !shorter && !(asClose*try.residual[0] < now) {
		return nil
	}
	e.say("%s: the data tell %d terms in the place of %d: what is left of them goes from %.3g to %.3g of their spread", s.name, try.size(), n, now, try.residual[0])
	*c = try
	for i, sum := range c.sums() {
		f := findings[i]
		f.sum, f.chosen = sum, len(sum.Terms)-1
		f.path[f.chosen] = sum.Sparse
	}
	return nil
}

// solve fits the constants of some terms to the model.
func (s *sum) solve(terms []int) (best nn.Sparse, ok bool) {
	a := autodiff.NewMatrix(s.a.Rows, len(terms))
	for r := range a.Rows {
		for i, k := range terms {
			a.Row(r)[i] = s.a.At(r, k)
		}
	}
	path, _, err := nn.SparsePath(a, s.b)
	if err != nil || len(path) < len(terms) {
		return best, false
	}
	best = path[len(path)-1]
	best.Terms = slices.Clone(terms)
	return best, true
}

// columnLength returns ‖v‖ of a column.
func columnLength(a *autodiff.Matrix, k int) float64 {
	squares := 0.
	for r := range a.Rows {
		squares += float64(a.At(r, k) * a.At(r, k))
	}
	return math.Sqrt(squares)
}
