package nn

import (
	"math"

	"hnn/autodiff"
)

// smoothed returns estimates of the states and their time derivatives at all rows, from cubics
// fitted by least squares to some rows on each side, see widths, within a trajectory and without
// gaps: fewer at the ends. Where there are fewer than four rows it is a line, or the state
// itself. It is the start of a fit, where Smooth, which leaves the ends out, makes data for one.
func (s *Series) smoothed() (x, dx *autodiff.Matrix) {
	widths, _ := s.widths()
	return s.smoothedBy(widths)
}

// smoothedBy is smoothed with the widths of the cubics.
func (s *Series) smoothedBy(widths []int) (x, dx *autodiff.Matrix) {
	x, dx = autodiff.NewMatrix(s.Rows(), s.X.Cols), autodiff.NewMatrix(s.Rows(), s.X.Cols)
	s.local(widths, func(r, j int, c [4]float64, _ float64) {
		x.Row(r)[j], dx.Row(r)[j] = c[0], c[1]
	})
	return x, dx
}

// widths returns for each component on how many rows on each side cubics are to be fitted, and
// the noise that is left then. What a cubic does not follow is no noise and grows steeply with
// the width: so it is the widest of 2, 3 and 5 at which little more is left than at the best.
// The noise is that of the best, NaN where trajectories are too short to tell.
func (s *Series) widths() (widths []int, noise []float64) {
	all := []int{2, 3, 5}
	left := make([][]float64, len(all))
	for i, w := range all {
		left[i] = s.left(w)
	}
	widths, noise = make([]int, s.X.Cols), make([]float64, s.X.Cols)
	for j := range noise {
		noise[j] = math.NaN()
		for i := range all {
			if v := left[i][j]; v == v && !(noise[j] <= v) {
				noise[j] = v
			}
		}
		widths[j] = all[len(all)-1]
		for i, w := range all {
			if left[i][j] <= 1.2*noise[j] {
				widths[j] = w
			}
		}
	}
	return widths, noise
}

// left returns the standard deviation of each component from a cubic fitted to w rows on each
// side, NaN where no row tells:
//
//	σ² = mean of (x − x̂)²/(1 − h),    h = the leverage of the row
func (s *Series) left(w int) []float64 {
	n := s.X.Cols
	widths, sum, rows := make([]int, n), make([]float64, n), make([]float64, n)
	for j := range widths {
		widths[j] = w
	}
	s.local(widths, func(r, j int, c [4]float64, leverage float64) {
		v := s.X.At(r, j)
		if v == v && leverage < 0.6 { // not at the ends, where cubics are bad
			d := v - c[0]
			sum[j] += float64(d*d) / (1 - leverage)
			rows[j]++
		}
	})
	for j := range sum {
		sum[j] = math.Sqrt(sum[j] / rows[j])
	}
	return sum
}

// local fits a cubic in u = t − tᵣ around each row to the numbers of the given number of rows on
// each side for each component, or to the nearest four where that is fewer. Within a hole, which
// has fewer than two numbers so near on one side, it is a line through the two nearest on each
// side, and before the first or after the last number of a trajectory that number. It calls f
// with the coefficients and the leverage of the row itself: how much of its own error the fitted
// state takes over.
func (s *Series) local(widths []int, f func(r, j int, c [4]float64, leverage float64)) {
	cut, _ := s.cut()
	seen := make([]int, 0, s.Rows()) // the rows of a trajectory with a number
	for i := range cut.Runs() {
		lo, hi := cut.Run(i)
		for j, w := range widths {
			seen = seen[:0]
			for r := lo; r < hi; r++ {
				if v := s.X.At(r, j); v == v {
					seen = append(seen, r)
				}
			}
			a, at, b := 0, 0, 0 // places in seen: of the first row from r−w on, from r on, and after r+w
			for r := lo; r < hi; r++ {
				for a < len(seen) && seen[a] < r-w {
					a++
				}
				for at < len(seen) && seen[at] < r {
					at++
				}
				for b < len(seen) && seen[b] <= r+w {
					b++
				}
				first, last, degree := a, b, 3
				switch missing := at == len(seen) || seen[at] != r; {
				case missing && (at == 0 || at == len(seen)):
					first, last, degree = max(0, at-1), min(len(seen), at+1), 0
				case missing && (at-a < 2 || b-at < 2):
					first, last, degree = max(0, at-2), min(len(seen), at+2), 1
				}
				for degree == 3 && last-first < min(4, len(seen)) {
					if first > 0 && (last == len(seen) || r-seen[first-1] <= seen[last]-r) {
						first--
					} else {
						last++
					}
				}
				c, lev := s.cubic(r, j, seen[first:last], degree)
				f(r, j, c, lev)
			}
		}
	}
}

// cubic fits a polynomial of at most the given degree to component j of some rows, around row r.
func (s *Series) cubic(r, j int, rows []int, degree int) (c [4]float64, leverage float64) {
	n := len(rows)
	if n == 0 { // nothing was observed in the whole trajectory
		return c, 1
	}
	scale := max(s.T[r]-s.T[rows[0]], s.T[rows[n-1]]-s.T[r])
	if scale == 0 {
		return [4]float64{s.X.At(r, j)}, 1
	}
	var m [4][4]float64
	var rhs, own [4]float64
	for _, i := range rows {
		v := s.X.At(i, j)
		u := (s.T[i] - s.T[r]) / scale
		powers := [4]float64{1, u, float64(u * u), float64(u * float64(u*u))}
		for k, p := range powers {
			for l, q := range powers {
				m[k][l] += float64(p * q)
			}
			rhs[k] += float64(p * v)
		}
	}
	apart := 1 // rows whose times differ enough to tell a slope
	for k := 1; k < n; k++ {
		if s.T[rows[k]]-s.T[rows[k-1]] > 1e-3*scale {
			apart++
		}
	}
	if degree = min(degree, apart-1); degree == 2 {
		degree = 1
	}
	for k := degree + 1; k < 4; k++ { // the coefficients that so few rows do not tell are 0
		for l := range 4 {
			m[k][l], m[l][k] = 0, 0
		}
		m[k][k], rhs[k] = 1, 0
	}
	own[0] = 1
	c = solve4(m, rhs)
	leverage = solve4(m, own)[0]
	for k, power := 1, scale; k < 4; k, power = k+1, power*scale {
		c[k] /= power
	}
	return c, leverage
}

// Noise estimates the standard deviation σ of the noise in each component, from what is left of it
// after local cubics have been fitted. Where rows are so far apart that cubics do not follow the
// motion, it is what rows differ from polynomials through their neighbours. It is at least a ten
// thousandth of the standard deviation of the component, so that clean data do not count for more
// than they should. Where trajectories are too short to tell, it is that standard deviation itself.
// Hidden components have those of their guesses.
func (s *Series) Noise() []float64 {
	_, sigma := s.widths()
	return s.noise(sigma)
}

// noise is Noise of what cubics leave.
func (s *Series) noise(sigma []float64) []float64 {
	for j, v := range s.between() {
		if v < resolved*sigma[j] {
			sigma[j] = v
		}
	}
	return s.bound(sigma)
}

// Unresolved returns what is left of each component after local cubics have been fitted: the noise
// or, where rows are far apart, more.
func (s *Series) Unresolved() []float64 {
	_, left := s.widths()
	return s.bound(left)
}

// resolved is the share of what cubics leave below which what rows differ from their neighbours
// shows that cubics do not follow the motion.
const resolved = 0.5

// beyondRow is how many rows on each side interpolate the one between them.
const beyondRow = 4

// between returns the standard deviation of each component from the polynomial of degree 7 through
// four rows on each side, NaN where no row tells:
//
//	σ² = mean of (x − Σ wⱼ xⱼ)²/(1 + Σ wⱼ²),    wⱼ = Πₖ (t − tₖ)/(tⱼ − tₖ), k ≠ j
//
// Of a sine of n rows a period that is (2π/n)⁸/70, where cubics leave (2π/n)⁴/12.
//
// Source: Berrut and Trefethen, "Barycentric Lagrange Interpolation" (2004), eq. 2.1.
func (s *Series) between() []float64 {
	cut, _ := s.cut()
	sigma := make([]float64, s.X.Cols)
	var seen, near []int // rows with a number, and those beside one of them
	for j := range sigma {
		sum, rows := 0., 0.
		for i := range cut.Runs() {
			seen = seen[:0]
			for lo, hi := cut.Run(i); lo < hi; lo++ {
				if v := s.X.At(lo, j); v == v {
					seen = append(seen, lo)
				}
			}
			for at := beyondRow; at+beyondRow < len(seen); at++ {
				near = append(append(near[:0], seen[at-beyondRow:at]...), seen[at+1:at+1+beyondRow]...)
				d, square := s.X.At(seen[at], j), 1.
				for _, a := range near {
					w := 1.
					for _, b := range near {
						if a != b {
							w *= (s.T[seen[at]] - s.T[b]) / (s.T[a] - s.T[b])
						}
					}
					d -= float64(w * s.X.At(a, j))
					square += float64(w * w)
				}
				sum, rows = sum+float64(d*d)/square, rows+1
			}
		}
		sigma[j] = math.Sqrt(sum / rows)
	}
	return sigma
}

// bound keeps the noise of each component between a ten thousandth of its standard deviation and
// that itself, where it is not known.
func (s *Series) bound(sigma []float64) []float64 {
	for j := range sigma {
		mean, count, spread := 0., 0., 0.
		for r := range s.Rows() {
			if v := s.X.At(r, j); v == v {
				mean, count = mean+v, count+1
			}
		}
		for r := range s.Rows() {
			if v := s.X.At(r, j); v == v {
				d := v - mean/count
				spread += float64(d*d) / count
			}
		}
		spread = math.Sqrt(spread)
		switch {
		case !(spread > 0):
			sigma[j] = 1
		case sigma[j] != sigma[j]:
			sigma[j] = spread
		default:
			sigma[j] = max(sigma[j], 1e-4*spread)
		}
	}
	return sigma
}
