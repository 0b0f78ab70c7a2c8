package nn

import (
	"math"
	"slices"

	"hnn/autodiff"
)

// The standard errors of constants follow from how far each number that was observed moves them.
// With the Jacobian matrix J of all residuals, initial states and weights eliminated, J = QR,
//
//	δc = R⁻¹ Qᵀ r,    Cov = R⁻¹ S R⁻ᵀ,    S = Qᵀ Cov(r) Q
//
// Cov(r) is what the residuals say, not the weights of the fit:
//   - Noise is that of each column, σⱼ² = Σ rⱼ²/fⱼ, with fⱼ the numbers less the unknowns that they determine.
//   - Where two segments meet, one number has two residuals with the same noise: they count as one.
//   - Residuals that follow each other and are alike, with correlation ρ, are fewer than they seem:
//     σⱼ² (1+ρ)/(1−ρ). The rest of clean data is such, since it is the error of solvers.
//   - The error of the method of shooting is added: by how much constants move with steps of half the length.
//
// Source: White, "A heteroskedasticity-consistent covariance matrix estimator" (1980), for S;
// Bayley and Hammersley, "The effective number of independent observations in an autocorrelated
// time series" (1946), for ρ; Hairer, Nørsett, Wanner, Solving Ordinary Differential Equations I,
// §II.4 for halved steps.

// A sandwich is S in parts.
type sandwich struct {
	white         *autodiff.Matrix   // Σ qᵀq of all residuals, kc×kc
	by            []*autodiff.Matrix // Σ qᵀq of the numbers of each column of the data
	square, freed []float64          // Σ r² and fⱼ
	pairs, next   []float64          // Σ r² and Σ r r′ of residuals that follow each other
	count         []float64          // numbers of pairs
	shift         []float64          // Qᵀ of what halved steps change in r
}

func newSandwich(n, kc int) *sandwich {
	s := &sandwich{white: autodiff.NewMatrix(kc, kc), square: make([]float64, n), freed: make([]float64, n),
		pairs: make([]float64, n), next: make([]float64, n), count: make([]float64, n), shift: make([]float64, kc)}
	for range n {
		s.by = append(s.by, autodiff.NewMatrix(kc, kc))
	}
	return s
}

// add adds what another has.
func (s *sandwich) add(o *sandwich) {
	all := func(s *sandwich) [][]float64 {
		vs := [][]float64{s.white.Data, s.square, s.freed, s.pairs, s.next, s.count, s.shift}
		for _, m := range s.by {
			vs = append(vs, m.Data)
		}
		return vs
	}
	from := all(o)
	for i, to := range all(s) {
		for j, v := range from[i] {
			to[j] += v
		}
	}
}

// outer adds a qᵀq of the constants, the last of q.
func outer(m *autodiff.Matrix, q []float64, a float64) {
	q = q[len(q)-m.Cols:]
	for i, x := range q {
		for j, y := range q {
			m.Row(i)[j] += float64(float64(a*x) * y)
		}
	}
}

// sandwich returns S for the triangle R of weights and constants, k×k, and the standard deviation
// of a residual that all columns together have. Without more numbers than unknowns it is not known.
func (p *ShootingProblem) sandwich(r *autodiff.Matrix, kc int) (s *autodiff.Matrix, sigma float64, known bool) {
	n, k := p.series.X.Cols, r.Cols
	fine, factor := p.halved()
	moved := make([][]float64, len(p.segments)) // what halved steps change
	fine.eachSegment(func(f *sensitivity, i int) {
		f.follow(i, false)
		moved[i] = append([]float64{}, f.r...)
	})
	parts := make([]*sandwich, len(p.segments))
	ends := make([][2][]edge, len(p.segments))
	p.eachSegment(func(f *sensitivity, i int) {
		f.follow(i, true)
		parts[i] = newSandwich(n, kc)
		ends[i] = p.whiten(parts[i], f, r, moved[i], factor)
	})
	sum := newSandwich(n, kc)
	var before []edge // of the segment before
	for i, part := range parts {
		sum.add(part)
		if i > 0 && p.segments[i-1].last() != p.segments[i].first {
			sum.meet(before, nil)
			before = nil
		}
		sum.meet(before, ends[i][0])
		before = ends[i][1]
	}
	sum.meet(before, nil)
	freed, square := 0., 0.
	for j := range n {
		freed, square = freed+sum.freed[j], square+sum.square[j]
	}
	if !(freed > 0) {
		return nil, 0, false
	}
	sigma = math.Sqrt(square / freed)
	s = autodiff.NewMatrix(kc, kc)
	for j, m := range sum.by {
		v := float64(sigma * sigma)
		if sum.freed[j] > leastFreedom {
			v = sum.square[j] / sum.freed[j]
		}
		if rho := sum.next[j] / sum.pairs[j]; rho > alike/math.Sqrt(sum.count[j]) {
			v *= min((1+rho)/max(1-rho, 0), max(sum.count[j], 1))
		}
		for l, q := range m.Data {
			s.Data[l] += float64(v * q)
		}
	}
	for i := range kc {
		for j := range kc {
			if k > kc { // the weights' own spread
				one := 0.
				if i == j {
					one = 1
				}
				s.Row(i)[j] += float64(float64(sigma*sigma) * (one - sum.white.At(i, j)))
			}
			s.Row(i)[j] += float64(sum.shift[i] * sum.shift[j])
		}
	}
	return s, sigma, true
}

// leastFreedom is the fⱼ up to which a column does not tell its own noise, and alike the
// correlation of residuals that follow each other, in standard errors 1/√n, that is taken for true.
const (
	leastFreedom = 5
	alike        = 3
)

// An edge is a number at the start or the end of a segment, which may be that of another too.
type edge struct {
	component int
	share     float64   // of the number, that its residual has in Cov(r): 1 over how many segments meet there
	q         []float64 // its row of Q, of weights and constants
}

// number counts a number of a column with its row of Q and the square of its weight there.
func (s *sandwich) number(j int, q []float64, a float64) {
	outer(s.by[j], q, a)
	for _, v := range q {
		s.freed[j] -= float64(a * float64(v*v))
	}
}

// meet takes the edges at the end of a segment and at the start of the next for the same numbers.
// Either may be missing.
func (s *sandwich) meet(end, start []edge) {
	if end == nil {
		end, start = start, nil
	}
	for i, e := range end {
		q := slices.Clone(e.q)
		if start != nil {
			for c, v := range start[i].q {
				q[c] += v
			}
		}
		s.number(e.component, q, e.share)
	}
}

// halved returns the problem with steps of half the length, and the factor of what that changes in
// residuals that makes it the error of the method.
func (p *ShootingProblem) halved() (*ShootingProblem, float64) {
	fine := &ShootingProblem{field: p.field, series: p.series, model: p.model, start: p.start, unit: p.unit, params: p.params,
		weight: p.weight, times: p.times, sigma: p.sigma, by: p.by, scale: p.scale, inputs: p.inputs, many: p.many}
	fine.segments = make([]segment, len(p.segments))
	for i, g := range p.segments {
		fine.segments[i].first = g.first
		for _, l := range g.legs {
			half := leg{h: l.h / 2, row: -1}
			fine.segments[i].legs = append(fine.segments[i].legs, half, leg{h: l.h / 2, row: l.row})
		}
	}
	if p.inputs > 0 {
		cut, _ := p.series.cut()
		if drive(fine.segments, p.series, cut) != nil { // as it did for p
			return p, 0
		}
	}
	return fine, 1 / (1 - p.by.phaseError(longestStep/2)/p.by.phaseError(longestStep))
}

// takeOut makes the columns of a orthogonal to unit vectors z, in two rounds.
func takeOut(a *autodiff.Matrix, z [][]float64) {
	for range 2 {
		for _, q := range z {
			dot := make([]float64, a.Cols)
			for l, v := range q {
				for c, x := range a.Row(l) {
					dot[c] += float64(v * x)
				}
			}
			for l, v := range q {
				row := a.Row(l)
				for c, d := range dot {
					row[c] -= float64(v * d)
				}
			}
		}
	}
}

// whiten adds what one segment says, but for the numbers at its two ends, which it returns.
func (p *ShootingProblem) whiten(s *sandwich, f *sensitivity, r *autodiff.Matrix, moved []float64, factor float64) (ends [2][]edge) {
	i := f.row[0]
	g := p.segments[i]
	n, k, kc := p.series.X.Cols, count(p.model), s.white.Cols
	kw := r.Cols - kc
	rows := p.numbers(i)
	var z [][]float64 // Q of the initial states, by Gram and Schmidt, twice each
	for j := range n {
		v := make([]float64, rows)
		for l := range v {
			v[l] = f.by[l*(k+n)+k+j]
		}
		whole := length(v)
		column := &autodiff.Matrix{Rows: rows, Cols: 1, Data: v}
		takeOut(column, z)
		if own := length(v); own > undeterminedBelow*whole {
			for l := range v {
				v[l] /= own
			}
			z = append(z, v)
		}
	}
	q := autodiff.NewMatrix(rows, r.Cols)
	for l := range rows { // constants are the first of the model, and the last of R
		from := f.by[l*(k+n) : (l+1)*(k+n)]
		copy(q.Row(l), from[kc:kc+kw])
		copy(q.Row(l)[kw:], from[:kc])
	}
	takeOut(q, z)
	last := make([]float64, n) // the residual before, of each column
	lastRow := make([]int, n)
	at := 0
	look := func(row int, end *[]edge) {
		for j, w := range p.weight.Row(row) {
			if w == 0 {
				continue
			}
			own, l := q.Row(at), at
			for c, row := range own { // q R = j
				if row /= r.At(c, c); row-row != 0 {
					row = 0
				}
				own[c] = row
				for b, v := range r.Row(c)[c+1:] {
					own[c+1+b] -= float64(row * v)
				}
			}
			outer(s.white, own, 1)
			share := 1 / p.times[row]
			leverage := 0.
			for _, v := range z {
				leverage += float64(v[l] * v[l])
			}
			s.freed[j] += float64((1 - leverage) * share)
			v := f.r[l]
			s.square[j] += float64(v * v)
			v /= math.Sqrt(share)
			if lastRow[j] > 0 && lastRow[j] == row {
				s.next[j] += float64(v * last[j])
				s.pairs[j] += float64((float64(v*v) + float64(last[j]*last[j])) / 2)
				s.count[j]++
			}
			last[j], lastRow[j] = v, row+1
			for c := range kc {
				s.shift[c] += float64(own[kw+c] * float64(factor*(moved[l]-f.r[l])))
			}
			if end != nil {
				*end = append(*end, edge{j, share, slices.Clone(own)})
			} else {
				s.number(j, own, 1)
			}
			at++
		}
	}
	look(g.first, &ends[0])
	for m, l := range g.legs {
		switch {
		case l.row < 0:
		case m == len(g.legs)-1:
			look(l.row, &ends[1])
		default:
			look(l.row, nil)
		}
	}
	return ends
}
