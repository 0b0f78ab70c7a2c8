package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"hnn/autodiff"
	"hnn/autodiff/formula"
	"hnn/autodiff/random"
	"hnn/cmd/hnn/internal/flags"
	"hnn/nn"
)

// A library is a list of terms.
type library struct {
	q, p   []string // names of the coordinates and momenta
	angles []string // coordinates that are angles
	texts  []string
	terms  []*formula.Formula
	powers int // the first terms, which are powers and products
	waves  int // the next ones, which are sin and cos of coordinates that are not known to be angles
}

// library makes the terms for a model.
func (j *formulaJob) library(m *model) (*library, error) {
	d := m.Dim() / 2
	all := m.names()
	if known := m.known().Names; known != nil { // as H was typed
		all = known
	}
	var angles []string
	if m.made != nil {
		for i, q := range m.made.Q {
			if slices.Contains(m.made.Angles, q) && i < d {
				angles = append(angles, all[i])
			}
		}
	}
	if slices.ContainsFunc(all, func(s string) bool { return !formula.IsName(s) }) { // such as "q [m]"
		usual := names(d)
		for i, q := range angles {
			angles[i] = usual[slices.Index(all, q)]
		}
		all = usual
	}
	powers := slices.DeleteFunc(slices.Clone(all), func(name string) bool { return slices.Contains(angles, name) })
	if j.flags.First("degree") == "" {
		for j.degree > 1 && countProducts(len(powers), j.degree)+2*d > usualLibrary {
			j.degree--
		}
	}
	if n := countProducts(len(powers), j.degree) + 2*d + len(j.terms); n > maxLibrary {
		return nil, flags.Wrong("-degree %d makes a library of %d terms, at most %d are taken: want a lower degree", j.degree, n, maxLibrary)
	}
	l := &library{q: all[:d], p: all[d:], angles: angles}
	texts := products(powers, j.degree)
	l.powers = len(texts)
	for _, q := range l.q {
		if !slices.Contains(angles, q) {
			texts = append(texts, "sin("+q+")", "cos("+q+")")
		}
	}
	l.waves = len(texts) - l.powers
	for _, q := range angles {
		for k := range max(1, j.degree) {
			angle := strings.TrimPrefix(strconv.Itoa(k+1)+"*"+q, "1*")
			texts = append(texts, "sin("+angle+")", "cos("+angle+")")
		}
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

// plain returns the library without sin and cos of coordinates that are not known to be angles.
func (l *library) plain() *library {
	own := *l
	own.texts = slices.Delete(slices.Clone(l.texts), l.powers, l.powers+l.waves)
	own.terms = slices.Delete(slices.Clone(l.terms), l.powers, l.powers+l.waves)
	own.waves = 0
	return &own
}

// dissipative returns the terms whose slope in the states of the given places is 0 where these are
// 0: products with two or more such factors, and those of -terms that have any.
func (l *library) dissipative(on []int, given []string) *library {
	all := slices.Concat(l.q, l.p)
	own := &library{q: l.q, p: l.p}
	for i, text := range l.texts {
		factors := 0
		for _, part := range strings.Split(text, "*") {
			name, power, _ := strings.Cut(part, "^")
			if k := slices.Index(all, name); slices.Contains(on, k) {
				n, err := strconv.Atoi(power)
				if err != nil {
					n = 1
				}
				factors += n
			}
		}
		if slices.ContainsFunc(given, func(s string) bool { return strings.Join(strings.Fields(s), " ") == text }) {
			factors = 0
			if e, err := formula.Parse(text); err == nil && slices.ContainsFunc(on, func(k int) bool { return slices.Contains(e.Names(), all[k]) }) {
				factors = 2
			}
		}
		if factors >= 2 {
			own.texts, own.terms = append(own.texts, text), append(own.terms, l.terms[i])
		}
	}
	return own
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

// names returns the texts of some terms.
func (l *library) names(terms []int) []string {
	var s []string
	for _, k := range terms {
		s = append(s, l.texts[k])
	}
	return s
}

// A part is what a model has at some states, J∇H or its friction, and what a term has in its place.
type part struct {
	what, noun string
	y          *autodiff.Matrix
	unit       []float64                                        // of each column
	of         func(hamilton *autodiff.Matrix) *autodiff.Matrix // from J∇ of the term
	share      float64                                          // of friction: how large it is beside J∇H
}

// compare returns the equations of least squares A c ≈ b for constants of the terms: row
// i·k + j is component j, of k, at state i, in its unit.
func (l *library) compare(p *part, x *autodiff.Matrix) (a *autodiff.Matrix, b []float64, err error) {
	cols := p.y.Cols
	a, b = autodiff.NewMatrix(len(p.y.Data), l.size()), make([]float64, len(p.y.Data))
	for i, v := range p.y.Data {
		if b[i] = v / p.unit[i%cols]; v-v != 0 {
			return nil, nil, fmt.Errorf("the %s of the model is %v at %v", p.noun, v, x.Row(i/cols))
		}
	}
	for k, f := range l.terms {
		for i, v := range p.of(nn.Evaluate(f.Field, x)).Data {
			if a.Row(i)[k] = v / p.unit[i%cols]; v-v != 0 {
				return nil, nil, fmt.Errorf("the term %s has no finite derivative at %v", l.texts[k], x.Row(i/cols))
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

// conserved is the share of the fastest rate of change below which a state counts as conserved.
const conserved = 1e-4

// unitsOf returns the units in which the components of a field y at states x are compared: the root mean
// squares. A state that is conserved, whose rate is what rounding or a network leaves of 0, does not
// count as much as the others. With the rate of each state as a share of its own size,
//
//	uⱼ = max(rms yⱼ, 1e-4 rms xⱼ maxₖ(rms yₖ / rms xₖ))
func unitsOf(y, x *autodiff.Matrix) []float64 {
	unit, size, fastest := rms(y), make([]float64, y.Cols), 0.
	for j := range unit {
		if size[j] = columnLength(x, j) / math.Sqrt(float64(x.Rows)); size[j] > 0 {
			fastest = max(fastest, columnLength(y, j)/math.Sqrt(float64(y.Rows))/size[j])
		}
	}
	for j := range unit {
		unit[j] = max(unit[j], conserved*size[j]*fastest)
	}
	return unit
}

// region returns the states at which fields are compared.
func (j *formulaJob) region(m *model, s *states) (*autodiff.Matrix, error) {
	if s != nil {
		return spread(s.X, j.points), nil
	}
	if m.made == nil || len(m.made.Low) != m.Dim() || len(m.made.High) != m.Dim() {
		return nil, fmt.Errorf("%s does not say where its data were: want a file of data after it", m.file)
	}
	x := autodiff.NewMatrix(j.points, m.Dim())
	src := rand.NewPCG(0, 0)
	for i := range x.Rows {
		inEllipsoid(x.Row(i), m.made.Low, m.made.High, src)
	}
	return x, nil
}

// inEllipsoid draws a state from the ellipsoid within a box: models know little of its corners.
func inEllipsoid(x, low, high []float64, src rand.Source) {
	for square := 2.; square > 1; {
		square = 0
		for k := range x {
			u := 2*random.Uniform(src) - 1
			square += float64(u * u)
			x[k] = low[k] + float64((high[k]-low[k])*((1+u)/2))
		}
	}
}

// spread returns at most n rows of x, evenly spread.
func spread(x *autodiff.Matrix, n int) *autodiff.Matrix {
	n = min(n, x.Rows)
	y := autodiff.NewMatrix(n, x.Cols)
	for i := range n {
		copy(y.Row(i), x.Row(i*x.Rows/n))
	}
	return y
}
