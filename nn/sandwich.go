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
// Initial states z follow the constants c. The rows of R that eliminate them say R_z z + R_c c, so a
// row of Q is
//
//	q = (∂r/∂c + ∂r/∂z B) R⁻¹,    B = ∂z/∂c = −R_z⁻¹ R_c
//
// Where Continuity holds segments together, the rows have R_z′ z′ of the next segment, too, so B
// follows from B′ of the next: B = −R_z⁻¹ (R_z′ B′ + R_c). Jumps are rows of J that have no noise.
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

// A dependence tells how the initial states of a segment follow weights and constants.
type dependence struct {
	by  *autodiff.Matrix // B, n×k
	cov *autodiff.Matrix // of z with c held, for residuals of variance 1, n×n
}

// dependences returns those of all segments, the last first: of P the covariance of z and P′ of z′,
//
//	P = R_z⁻¹ (I + R_z′ P′ R_z′ᵀ) R_z⁻ᵀ
//
// Source: Rauch, Tung, Striebel, "Maximum likelihood estimates of linear dynamic systems" (1965).
func dependences(tops []*autodiff.Matrix, k int) []dependence {
	all := make([]dependence, len(tops))
	for i := len(tops) - 1; i >= 0; i-- {
		top := tops[i]
		n := top.Rows
		f := dependence{autodiff.NewMatrix(n, k), autodiff.NewMatrix(n, n)}
		both := top.Cols - k - 1
		// solve returns R_z⁻¹ b. What is not determined stays as it is.
		solve := func(b []float64) []float64 {
			for j := n - 1; j >= 0; j-- {
				whole, own := 0., math.Abs(top.At(j, j))
				for l := range j + 1 {
					whole = max(whole, math.Abs(top.At(l, j)))
				}
				if !(own > undeterminedBelow*whole) {
					b[j] = 0
					continue
				}
				for l := j + 1; l < n; l++ {
					b[j] -= float64(top.At(j, l) * b[l])
				}
				b[j] /= top.At(j, j)
			}
			return b
		}
		column := make([]float64, n)
		for c := range k {
			for j := range n {
				column[j] = -top.At(j, both+c)
				for l := n; l < both; l++ {
					column[j] -= float64(top.At(j, l) * all[i+1].by.At(l-n, c))
				}
			}
			for j, v := range solve(column) {
				f.by.Row(j)[c] = v
			}
		}
		half := autodiff.NewMatrix(n, n) // (I + R_z′ P′ R_z′ᵀ) R_z⁻ᵀ, transposed
		for c := range n {
			for j := range n {
				column[j] = 0
				for l := n; l < both; l++ {
					for m := n; m < both; m++ {
						column[j] += float64(float64(top.At(j, l)*all[i+1].cov.At(l-n, m-n)) * top.At(c, m))
					}
				}
			}
			column[c]++
			for j, v := range solve(column) {
				half.Row(j)[c] = v
			}
		}
		for j := range n {
			copy(f.cov.Row(j), solve(half.Row(j)))
		}
		all[i] = f
	}
	return all
}

// sandwich returns S for the triangle R of weights and constants, k×k, and the rows of segments
// that triangle gives, and the standard deviation of a residual that all columns together have.
// Without more numbers than unknowns it is not known.
func (p *ShootingProblem) sandwich(r *autodiff.Matrix, tops []*autodiff.Matrix, kc int) (s *autodiff.Matrix, sigma float64, known bool) {
	n, k := p.series.X.Cols, r.Cols
	fine, factor := p.halved()
	moved := make([][]float64, len(p.segments)) // what halved steps change
	fine.eachSegment(func(f *sensitivity, i int) {
		f.follow(i, false)
		moved[i] = append([]float64{}, f.r...)
	})
	parts := make([]*sandwich, len(p.segments))
	ends := make([][2][]edge, len(p.segments))
	depend := dependences(tops, k)
	p.eachSegment(func(f *sensitivity, i int) {
		f.follow(i, true)
		parts[i] = newSandwich(n, kc)
		ends[i] = p.whiten(parts[i], f, r, depend[i], moved[i], factor)
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
		weight: p.weight, times: p.times, sigma: p.sigma, by: p.by, scale: p.scale, inputs: p.inputs, many: p.many, joint: p.joint}
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

// whiten adds what one segment says, but for the numbers at its two ends, which it returns.
func (p *ShootingProblem) whiten(s *sandwich, f *sensitivity, r *autodiff.Matrix, z dependence, moved []float64, factor float64) (ends [2][]edge) {
	i := f.row[0]
	g := p.segments[i]
	n, k, kc := p.series.X.Cols, count(p.model), s.white.Cols
	kw := r.Cols - kc
	// take returns the row of Q of residual l, and adds what it tells.
	take := func(l int) []float64 {
		from := f.by[l*(k+n) : (l+1)*(k+n)] // constants are the first of the model, and the last of R
		own := slices.Concat(from[kc:kc+kw], from[:kc])
		for j, v := range from[k:] {
			for c, b := range z.by.Row(j) {
				own[c] += float64(v * b)
			}
		}
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
		for c := range kc {
			s.shift[c] += float64(own[kw+c] * float64(factor*(moved[l]-f.r[l])))
		}
		return own
	}
	last := make([]float64, n) // the residual before, of each column
	lastRow := make([]int, n)
	at := 0
	look := func(row int, end *[]edge) {
		for j, w := range p.weight.Row(row) {
			if w == 0 {
				continue
			}
			l := at
			own, by := take(l), f.by[l*(k+n)+k:(l+1)*(k+n)]
			share := 1 / p.times[row]
			leverage := 0.
			for a, v := range by {
				for b, w := range by {
					leverage += float64(float64(v*z.cov.At(a, b)) * w)
				}
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
	for ; at < len(f.r); at++ { // a jump
		take(at)
	}
	return ends
}
