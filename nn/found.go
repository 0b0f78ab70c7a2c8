package nn

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"hnn/autodiff"
)

// Found is what a fit found out about the constants of a model.
type Found struct {
	Constants   []FoundConstant
	Correlation *autodiff.Matrix // of the constants, NaN where there is no error
	Noise       []float64        // of each component of the state: the root mean square of what is left, NaN where nothing was compared; nil: not known
	Notes       []string         // what looks wrong, one line each
}

// A FoundConstant is a constant with its standard error.
type FoundConstant struct {
	Name         string
	Value, Error float64 // NaN: not known
}

// typedModel is a model with constants. Their parameters are the first of its Params.
type typedModel interface{ Fitted() []*TypedConstant }

// found returns what a problem tells of the constants of a model, nil of a model without. Where it
// tells no errors, the values are all.
func found(m Model, p Problem) *Found {
	if p, ok := p.(interface{ Found() *Found }); ok {
		return p.Found()
	}
	t, ok := m.(typedModel)
	if !ok || len(t.Fitted()) == 0 {
		return nil
	}
	f := newFound(t.Fitted())
	for _, c := range t.Fitted() {
		if c.Form == NotNegative && math.Abs(c.Theta.Data[0]) < pinnedBelow {
			f.Notes = append(f.Notes, c.Name+" is held at 0, where it is smallest: it may want to be negative")
		}
	}
	f.Notes = append(f.Notes, "no standard errors: want the objective shooting for them")
	return f
}

// newFound returns the values of constants.
func newFound(constants []*TypedConstant) *Found {
	f := &Found{Correlation: autodiff.NewMatrix(len(constants), len(constants))}
	for i := range f.Correlation.Data {
		f.Correlation.Data[i] = math.NaN()
	}
	for _, c := range constants {
		f.Constants = append(f.Constants, FoundConstant{c.Name, c.Value(), math.NaN()})
	}
	return f
}

// weightSpread is how far a weight of a network is taken to be from where it is, at most, when
// the error of a constant is computed: some times the size of usual weights.
const weightSpread = 10

// Shares below which a constant is taken to have no influence, not to be determined, or to be
// one that networks or initial states can replace.
const (
	noInfluence  = 1e-9 // of its derivatives times its value, in the noise
	notApart     = 1e-7 // of what is left of its column beside other constants
	replaceable  = 1e-3 // of what is left of its column beside the networks and initial states
	smallestRoot = 1e-5 // θ of a square for which a derivative is computed
)

// farTooLarge is how many times its value and its unit the error of a constant is that the data do
// not determine.
const farTooLarge = 100

// Found returns the constants of a fitted model with standard errors and correlations. The
// unknowns are the constants c, the weights w and the initial states z of all segments:
//
//	J = ∂r/∂(c, w, z),    δ(c, w, z) = (JᵀJ)⁻¹ Jᵀ δr
//
// of which the block of c is returned, so an error counts what the others can take over. What the
// residuals say of δr is in sandwich.go. Initial states are eliminated segment by segment, by
// reflections. With Continuity, J has the rows of jumps too; their δr is 0, since true motions do not jump.
// Weights stand with σ/10 on the diagonal of J, since they are not free to go anywhere. A friction
// that is 0 within its error is given none: a note tells it.
//
// Source: Bates and Watts, Nonlinear Regression Analysis and Its Applications (1988), §2.3; Golub
// and Van Loan, Matrix Computations (2013), §6.5 for adding rows to a triangle.
func (p *ShootingProblem) Found() *Found {
	m, ok := p.field.(typedModel)
	if !ok || len(m.Fitted()) == 0 {
		return nil
	}
	constants := m.Fitted()
	f := newFound(constants)
	f.Noise = p.left()
	for _, c := range constants {
		if c.Form == NotNegative && math.Abs(c.Theta.Data[0]) < smallestRoot {
			c.Theta.Data[0] = smallestRoot
		}
	}
	if err := p.errors(f, constants); err != nil {
		f.Notes = append(f.Notes, "no standard errors: "+err.Error())
	}
	return f
}

// left returns the root mean square of what is left of each component.
func (p *ShootingProblem) left() []float64 {
	n := p.series.X.Cols
	sum, rows := make([]float64, n), make([]float64, n)
	x := p.states()
	for r := range p.series.Rows() {
		for j, w := range p.weight.Row(r) {
			if w != 0 {
				d := x.At(r, j) - p.series.X.At(r, j)
				sum[j], rows[j] = sum[j]+float64(d*d), rows[j]+1
			}
		}
	}
	for j := range sum {
		sum[j] = math.Sqrt(sum[j] / rows[j])
	}
	return sum
}

// errors fills in standard errors and correlations, and notes.
func (p *ShootingProblem) errors(f *Found, constants []*TypedConstant) error {
	k, kc := count(p.model), len(constants)
	kw := k - kc
	held := float64(p.NumResiduals())*float64(k)*float64(k) > mostWork
	if held && kw > 0 {
		f.Notes = append(f.Notes, fmt.Sprintf("%d residuals of %d unknowns are too many: standard errors are those with the networks held, so they are too small", p.NumResiduals(), k))
		k, kw = kc, 0
	}
	r, tops, raw, ssr, rows := p.triangle(count(p.model), kc, held)
	if !(finite(0, []*autodiff.Matrix{r})) || ssr-ssr != 0 {
		return errors.New("a derivative is not finite")
	}
	sigma := math.Sqrt(ssr / rows) // where unknowns are few
	// The weights again, now with their own diagonal.
	full := autodiff.NewMatrix(kw+k, k)
	g := make([]float64, kw+k)
	for i := range kw {
		full.Row(i)[i] = sigma / weightSpread
	}
	for i := range k {
		copy(full.Row(kw + i)[i:], r.Row(i)[i:k])
		g[kw+i] = r.At(i, k)
	}
	triangulate(full, g, nil)
	s, sigma, known := p.sandwich(&autodiff.Matrix{Rows: k, Cols: k, Data: full.Data[:k*k]}, tops, kc)
	if !known {
		return errors.New("no more numbers were observed than there are unknowns")
	}
	// What is left are the columns of the constants, by value.
	a := autodiff.NewMatrix(kc, kc)
	share := make([]float64, kc) // of a column, that initial states and weights cannot replace
	var use []int
	for c, of := range constants {
		slope := of.slope()
		for i := range c + 1 {
			a.Row(i)[c] = full.At(kw+i, kw+c) / slope
		}
		own, whole := 0., raw[c]/math.Abs(slope)
		for i := range c + 1 {
			own += float64(a.At(i, c) * a.At(i, c))
		}
		size := max(math.Abs(f.Constants[c].Value), 1e-3*of.Unit)
		own = math.Sqrt(own)
		share[c] = own / whole
		switch {
		case !(float64(whole*size) > noInfluence*sigma):
			f.Notes = append(f.Notes, fmt.Sprintf("the constant %s has no influence on what was observed: its value is that which it began with", of.Name))
			continue
		case kw > 0 && share[c] < replaceable:
			f.Notes = append(f.Notes, fmt.Sprintf("a network can take the place of the constant %s: its value means nothing", of.Name))
		}
		use = append(use, c)
	}
	free := p.pin(f, constants, a, use, g[kw:], sigma)
	units := make([]float64, kc) // of constants that may be 0
	for c, of := range constants {
		if of.Form == NotNegative {
			units[c] = math.Abs(of.Unit)
		}
	}
	if err := p.covariance(f, a, free, s, units); err != nil {
		return err
	}
	for _, c := range free {
		v := f.Constants[c]
		if kw > 0 && share[c] < replaceable || !(v.Error > farTooLarge*max(math.Abs(v.Value), math.Abs(constants[c].Unit))) {
			continue
		}
		why := "what was observed hardly depends on it, or on it and others apart"
		if share[c] < replaceable {
			why = "initial states can take its place"
		}
		f.Notes = append(f.Notes, fmt.Sprintf("the data do not determine the constant %s: its value is %.3g, its standard error %.2g: %s", v.Name, v.Value, v.Error, why))
	}
	return nil
}

// mostWork bounds the products of a Found, some seconds' worth.
const mostWork = 5e9

// A square near 0 is taken to be 0 where its θ and what the data want of it are below these.
const (
	pinnedBelow  = 0.01
	pinnedErrors = 2 // standard errors
	negative     = 3 // standard errors below 0 of what is said to want to be negative
)

// pin takes squares for 0 that are 0 as far as the data tell, those of the fewest errors first,
// and returns the constants of use that are left. a are the columns of the constants by value, g
// is what is left.
func (p *ShootingProblem) pin(f *Found, constants []*TypedConstant, a *autodiff.Matrix, use []int, g []float64, sigma float64) []int {
	free := slices.Clone(use)
	for {
		at, least, wants, off := -1, math.Inf(1), 0., 0.
		var far []string
		for i, c := range free {
			if constants[c].Form != NotNegative || !(math.Abs(constants[c].Theta.Data[0]) < pinnedBelow) {
				continue
			}
			column, by := make([]float64, a.Rows), 0.
			for r := range column {
				column[r] = a.At(r, c)
				by += float64(column[r] * g[r])
			}
			own := length(column)
			left := beyond(a, slices.Delete(slices.Clone(free), i, i+1), column)
			if !(left > notApart*own) { // others can take its place
				continue
			}
			w, e := f.Constants[c].Value-by/float64(left*left), math.Hypot(sigma/left, surest*constants[c].Unit)
			if !(w >= pinnedErrors*e) && !(w/e >= least) {
				at, least, wants, off = i, w/e, w, e
			}
			if v := f.Constants[c].Value; w-v > pinnedErrors*e {
				far = append(far, fmt.Sprintf("the fit has not ended: %s is %.3g, where the data want about %.3g", constants[c].Name, v, w))
			}
		}
		if at < 0 {
			f.Notes = append(f.Notes, far...)
			return free
		}
		c := free[at]
		if wants < -negative*off {
			f.Notes = append(f.Notes, fmt.Sprintf("%s wants to be negative, about %.3g ± %.2g: it is held at 0, where it is smallest", constants[c].Name, wants, off))
		} else {
			f.Notes = append(f.Notes, fmt.Sprintf("%s is 0 within its error: the data want %.2g ± %.2g", constants[c].Name, wants, off))
		}
		f.Constants[c].Value = 0
		free = slices.Delete(free, at, at+1)
	}
}

// beyond returns the length of what is left of b beside some columns of a. It uses up b.
func beyond(a *autodiff.Matrix, columns []int, b []float64) float64 {
	j := someColumns(a, columns)
	divideColumns(j, make([]float64, len(columns)), nil, 0)
	triangulate(j, b, make([]int, len(columns)))
	return length(b[rankOf(j, notApart):])
}

// triangle returns the triangle of the columns of weights, constants and r, initial states
// eliminated; the rows of each segment that this takes, of the columns of its initial states z, of
// those of the next segment if they are held together, and of the triangle; the lengths of the
// columns of the constants as they were; Σ r²; and the number of numbers that were observed.
func (p *ShootingProblem) triangle(k, kc int, held bool) (tri *autodiff.Matrix, tops []*autodiff.Matrix, raw []float64, ssr, rows float64) {
	n := p.series.X.Cols
	p.offsets()
	kw := k - kc
	if held {
		kw = 0
	}
	wide := kw + kc + 1
	blocks := make([]*autodiff.Matrix, len(p.segments))
	lengths := make([][]float64, len(p.segments))
	sums := make([]float64, len(p.segments))
	p.eachSegment(func(s *sensitivity, i int) {
		s.follow(i, true)
		numbers, both := p.numbers(i), n // columns of initial states
		if p.joined(i) {
			both = 2 * n
		}
		m := autodiff.NewMatrix(max(len(s.r), both), both+wide) // initial states, weights, constants, r
		lengths[i] = make([]float64, kc)
		for l, v := range s.r {
			row, from := m.Row(l), s.by[l*(k+n):(l+1)*(k+n)]
			copy(row, from[k:])
			copy(row[both:], from[kc:kc+kw])
			copy(row[both+kw:], from[:kc])
			if row[both+wide-1] = v; l >= numbers { // the other side of a jump
				row[n+l-numbers] = -math.Sqrt(p.joint[l-numbers]) * p.unit.Data[l-numbers]
				continue
			}
			sums[i] += float64(v * v)
			for c, d := range from[:kc] {
				lengths[i][c] += float64(d * d)
			}
		}
		blocks[i] = m
	})
	tri = &autodiff.Matrix{Cols: wide}
	reduce := func() {
		for tri.Rows < wide {
			add(tri)
		}
		triangulate(tri, make([]float64, tri.Rows), nil)
		for i := 1; i < wide; i++ {
			clear(tri.Row(i)[:i])
		}
		tri.Rows, tri.Data = wide, tri.Data[:wide*wide]
	}
	var above [][]float64 // rows of the segments before that have z
	for i, m := range blocks {
		both := m.Cols - wide
		a := autodiff.NewMatrix(len(above)+m.Rows, m.Cols)
		for l, row := range above {
			copy(a.Row(l), row[:n])
			copy(a.Row(l)[both:], row[n:])
		}
		copy(a.Data[len(above)*m.Cols:], m.Data)
		triangulateFirst(a, make([]float64, a.Rows), nil, both)
		top := autodiff.NewMatrix(n, m.Cols)
		copy(top.Data, a.Data)
		tops, above, blocks[i] = append(tops, top), nil, nil
		for l := n; l < both; l++ {
			above = append(above, a.Row(l)[n:])
			clear(above[l-n][:l-n])
		}
		for l := both; l < a.Rows; l++ {
			tri.Data = append(tri.Data, a.Row(l)[both:]...)
			tri.Rows++
		}
		if tri.Rows > 4*wide {
			reduce()
		}
	}
	reduce()
	raw = make([]float64, kc)
	for i := range p.segments {
		ssr += sums[i]
		for c, v := range lengths[i] {
			raw[c] += v
		}
	}
	for c, v := range raw {
		raw[c] = math.Sqrt(v)
	}
	for r := range p.series.Rows() {
		rows += float64(p.compared(r))
	}
	return tri, tops, raw, ssr, rows
}

// covariance computes errors and correlations of the constants in free from the triangle a and the
// S of sandwich.
func (p *ShootingProblem) covariance(f *Found, a *autodiff.Matrix, free []int, s *autodiff.Matrix, units []float64) error {
	k := len(free)
	if k == 0 {
		return nil
	}
	j, scale, order := someColumns(a, free), make([]float64, k), make([]int, k)
	divideColumns(j, scale, nil, 0)
	unit := cloned(j)
	triangulate(j, make([]float64, j.Rows), order)
	if rank := rankOf(j, notApart); rank < k {
		var all []string
		for _, d := range directions(j, rank, order, scale) {
			all = append(all, together(d, free, f.Constants))
		}
		return fmt.Errorf("the data do not determine all constants. Nothing that was observed changes if together change %s: want one of them known, or without it", strings.Join(all, "; or "))
	}
	w := autodiff.NewMatrix(k, a.Rows) // (aᵀa)⁻¹aᵀ
	for c := range a.Rows {
		column := make([]float64, a.Rows)
		column[c] = 1
		triangulate(cloned(unit), column, make([]int, k))
		backSolve(j, column, column, k)
		for i := range k {
			w.Row(order[i])[c] = column[i] / scale[order[i]]
		}
	}
	cov := func(i, l int) float64 {
		sum := 0.
		for b := range a.Rows {
			for c := range a.Rows {
				sum += float64(float64(w.At(i, b)*s.At(b, c)) * w.At(l, c))
			}
		}
		return sum
	}
	for i, c := range free {
		least := surest * max(math.Abs(f.Constants[c].Value), units[c])
		f.Constants[c].Error = math.Sqrt(cov(i, i) + float64(least*least))
	}
	for i, c := range free {
		for l, d := range free {
			v := cov(i, l) / f.Constants[c].Error / f.Constants[d].Error
			if i == l {
				v = 1
			}
			f.Correlation.Row(c)[d] = max(-1, min(v, 1))
		}
	}
	return nil
}

// surest is the least standard error, as a share of the value, or of the unit of one that may be
// 0: the data cannot tell what the solver that made them has wrong.
const surest = 1e-8

// together names a direction by what each constant changes in it.
func together(d []float64, free []int, constants []FoundConstant) string {
	var parts []string
	for i, v := range d {
		if math.Abs(v) > 1e-5 {
			parts = append(parts, fmt.Sprintf("%s by %.4g", constants[free[i]].Name, v))
		}
	}
	return strings.Join(parts, ", ")
}
