package nn

import (
	"math"

	"hnn/autodiff"
)

// smoothed returns estimates of the states and their time derivatives at all rows, from cubics
// fitted by least squares to up to w rows on each side, within a trajectory and without gaps:
// fewer at the ends. Where there are fewer than four rows it is a line, or the state itself.
// It is the start of a fit, where Smooth, which leaves the ends out, makes data for one.
func (s *Series) smoothed(w int) (x, dx *autodiff.Matrix) {
	x, dx = autodiff.NewMatrix(s.Rows(), s.X.Cols), autodiff.NewMatrix(s.Rows(), s.X.Cols)
	s.local(w, func(r, j int, c [4]float64, _ float64) {
		x.Row(r)[j], dx.Row(r)[j] = c[0], c[1]
	})
	return x, dx
}

// local fits a cubic in u = t − tᵣ around each row and component and calls f with its
// coefficients and the leverage of the row itself: how much of its own error the fitted state
// takes over.
func (s *Series) local(w int, f func(r, j int, c [4]float64, leverage float64)) {
	cut, _ := s.cut()
	for i := range cut.Runs() {
		lo, hi := cut.Run(i)
		for r := lo; r < hi; r++ {
			a, b := max(lo, r-w), min(hi, r+w+1)
			for j := range s.X.Cols {
				c, lev := s.cubic(r, j, a, b)
				f(r, j, c, lev)
			}
		}
	}
}

// cubic fits component j of rows a to b around row r.
func (s *Series) cubic(r, j, a, b int) (c [4]float64, leverage float64) {
	scale := max(s.T[r]-s.T[a], s.T[b-1]-s.T[r])
	if scale == 0 {
		return [4]float64{s.X.At(r, j)}, 1
	}
	var m [4][4]float64
	var rhs, own [4]float64
	n := 0
	for i := a; i < b; i++ {
		v := s.X.At(i, j)
		if v != v {
			continue
		}
		n++
		u := (s.T[i] - s.T[r]) / scale
		powers := [4]float64{1, u, float64(u * u), float64(u * float64(u*u))}
		for k, p := range powers {
			for l, q := range powers {
				m[k][l] += float64(p * q)
			}
			rhs[k] += float64(p * v)
		}
	}
	degree := min(3, n-1)
	if n == 2 || n == 3 {
		degree = 1
	}
	for k := degree + 1; k < 4; k++ { // the coefficients that so few rows do not tell are 0
		for l := range 4 {
			m[k][l], m[l][k] = 0, 0
		}
		m[k][k], rhs[k] = 1, 0
	}
	if n == 0 {
		return c, 1
	}
	own[0] = 1
	c = solve4(m, rhs)
	leverage = solve4(m, own)[0]
	for k, power := 1, scale; k < 4; k, power = k+1, power*scale {
		c[k] /= power
	}
	return c, leverage
}

// Noise estimates the standard deviation σ of the noise in each component, from what is left
// of it after a cubic has been fitted to w rows on each side. It is the least for w = 2, 3 and
// 5, since what a cubic does not follow is no noise, and at least a ten thousandth of the
// standard deviation of the component, so that clean data do not count for more than they
// should. Where trajectories are too short to tell, it is that standard deviation itself. Hidden
// components have those of their guesses.
//
//	σ² = mean of (x − x̂)²/(1 − h),    h = the leverage of the row
func (s *Series) Noise() []float64 {
	n := s.X.Cols
	sigma := make([]float64, n)
	for j := range sigma {
		sigma[j] = math.NaN()
	}
	for _, w := range []int{2, 3, 5} {
		sum, rows := make([]float64, n), make([]float64, n)
		s.local(w, func(r, j int, c [4]float64, leverage float64) {
			v := s.X.At(r, j)
			if v == v && leverage < 0.6 { // not at the ends, where cubics are bad
				d := v - c[0]
				sum[j] += float64(d*d) / (1 - leverage)
				rows[j]++
			}
		})
		for j := range n {
			if v := math.Sqrt(sum[j] / rows[j]); v == v && !(sigma[j] <= v) {
				sigma[j] = v
			}
		}
	}
	for j := range n {
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
