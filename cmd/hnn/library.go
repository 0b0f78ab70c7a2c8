package main

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"hnn/autodiff"
	"hnn/autodiff/formula"
	"hnn/cmd/hnn/internal/flags"
	"hnn/nn"
)

// A library is a list of terms.
type library struct {
	q, p  []string // names of the coordinates and momenta
	texts []string
	terms []*formula.Formula
}

// library makes the terms for a model.
func (j *formulaJob) library(m *model) (*library, error) {
	d := m.Dim() / 2
	all := m.names()
	if slices.ContainsFunc(all, func(s string) bool { return !formula.IsName(s) }) { // such as "q [m]"
		all = names(d)
	}
	if j.flags.First("degree") == "" {
		for j.degree > 1 && countProducts(2*d, j.degree)+2*d > usualLibrary {
			j.degree--
		}
	}
	if n := countProducts(2*d, j.degree) + 2*d + len(j.terms); n > maxLibrary {
		return nil, flags.Wrong("-degree %d makes a library of %d terms, at most %d are taken: want a lower degree", j.degree, n, maxLibrary)
	}
	l := &library{q: all[:d], p: all[d:]}
	texts := products(all, j.degree)
	for _, q := range l.q {
		texts = append(texts, "sin("+q+")", "cos("+q+")")
	}
	for i, text := range append(texts, j.terms...) {
		if text = strings.Join(strings.Fields(text), " "); slices.Contains(l.texts, text) {
			continue
		}
		e, err := formula.Parse(text)
		if err == nil {
			var f *formula.Formula
			if f, err = e.Bind(all, nil); err == nil {
				l.terms = append(l.terms, f)
			}
		}
		if err != nil && i < len(texts) {
			return nil, fmt.Errorf("%s: the term %s: %w", m.file, text, err)
		} else if err != nil {
			return nil, flags.Wrong("-terms: %s: %w: the coordinates and momenta are %s", text, err, strings.Join(all, ", "))
		}
		l.texts = append(l.texts, text)
	}
	return l, nil
}

// countProducts returns how many products of n variables there are of degrees 1 to degree.
func countProducts(n, degree int) int {
	count := 1
	for k := 1; k <= degree && count < 1<<30; k++ {
		count = count * (n + k) / k
	}
	return count - 1
}

// products returns all products of variables of degrees 1 to degree, by their degrees.
func products(vars []string, degree int) []string {
	var texts []string
	var add func(left int, from int, factors []string)
	add = func(left, from int, factors []string) {
		if left == 0 {
			texts = append(texts, strings.Join(factors, "*"))
			return
		}
		for i := from; i < len(vars); i++ {
			for k := left; k > 0; k-- {
				factor := vars[i]
				if k > 1 {
					factor += "^" + strconv.Itoa(k)
				}
				add(left-k, i+1, append(factors[:len(factors):len(factors)], factor))
			}
		}
	}
	for k := 1; k <= degree; k++ {
		add(k, 0, nil)
	}
	return texts
}

func (l *library) size() int { return len(l.terms) }

var identifier = regexp.MustCompile(`[\pL_][\pL\pN_]*`)

// renamed returns a friction or gain that was typed in q and p, or q0, …, in the names of the library.
func (l *library) renamed(text string) string {
	own := slices.Concat(l.q, l.p)
	usual := names(len(l.q))
	return identifier.ReplaceAllStringFunc(text, func(name string) string {
		if i := slices.Index(usual, name); i >= 0 && !slices.Contains(own, name) {
			return own[i]
		}
		return name
	})
}

// names returns the texts of some terms.
func (l *library) names(terms []int) []string {
	var s []string
	for _, k := range terms {
		s = append(s, l.texts[k])
	}
	return s
}

// compare returns the equations of least squares A c ≈ b for constants of the terms: in row
// i·2d + j is component j of the fields at state i, in units of its root mean square.
func (l *library) compare(field func(x autodiff.Var) autodiff.Var, x *autodiff.Matrix) (a *autodiff.Matrix, b []float64, err error) {
	y := nn.Evaluate(field, x)
	unit := rms(y)
	a, b = autodiff.NewMatrix(len(y.Data), l.size()), make([]float64, len(y.Data))
	for i, v := range y.Data {
		if b[i] = v / unit[i%y.Cols]; v-v != 0 {
			return nil, nil, fmt.Errorf("the field of the model is %v at %v", v, x.Row(i/y.Cols))
		}
	}
	for k, f := range l.terms {
		for i, v := range nn.Evaluate(f.Field, x).Data {
			if a.Row(i)[k] = v / unit[i%y.Cols]; v-v != 0 {
				return nil, nil, fmt.Errorf("the term %s has no finite derivative at %v", l.texts[k], x.Row(i/y.Cols))
			}
		}
	}
	return a, b, nil
}

// rms returns the root mean square of each column, 1 of one that is 0.
func rms(y *autodiff.Matrix) []float64 {
	unit := make([]float64, y.Cols)
	for i, v := range y.Data {
		unit[i%y.Cols] += float64(v*v) / float64(y.Rows)
	}
	for j, v := range unit {
		if unit[j] = math.Sqrt(v); v == 0 {
			unit[j] = 1
		}
	}
	return unit
}
