package nn

import (
	"errors"
	"math"
	"slices"

	"hnn/autodiff"
	"hnn/autodiff/elementary"
)

// An Inspection says what a series looks like before any model is fitted to it.
type Inspection struct {
	Interval float64 // median time between two rows, in units of T
	Jitter   float64 // largest departure from it between gaps, as a share of it
	Gaps     int     // intervals of more than 8 times the median

	Low, High, Noise []float64 // of each component; see Series.Range and Series.Noise
	Pairs            []Pair
	Outliers         []Outlier // at most 100
	Repeated         []int     // rows with the same state as the row before

	// With more than one pair whose p are rates: the masses, in units of the first, with which
	// an energy is kept much better than with equal ones; else nil.
	Masses []float64
	// Unkept is how much of the kinetic energy ½|p|² no potential V(q) balances, if it is most of
	// it, for at most two pairs whose p are rates; else 0.
	Unkept float64
	// Damping is γ of a force −γ p, in 1/(unit of T), without which no energy is kept; 0 if there is no such sign.
	Damping float64
}

// A Pair compares one q and p with the rates of change that the series has.
type Pair struct {
	Mass float64 // m of p ≈ m q̇ + const, by least squares
	Corr float64 // correlation of p and q̇
	All  float64 // correlation of p and the best sum of all q̇, of which momenta may be made
	Back float64 // correlation of ṗ and q: near 1 where q and p are exchanged

	Given     float64 // k of q̇ of the file ≈ k q̇ of its rows; NaN without derivatives
	GivenCorr float64

	Wrapped int  // a row at which q jumps by about 2π or 360 while it moves slowly; −1: none
	Turn    int  // 360 or 2π, rounded: of the jump
	Degrees bool // the force goes with the sine of q in degrees, and much less with q
}

// An Outlier is a number far from its neighbours, which are near each other.
type Outlier struct {
	Row, Component int
	Value          float64
}

const maxOutliers = 100

// inspectRows bounds the rows from which noise, rates and energy are told: the first ones.
const inspectRows = 100_000

// Inspect looks at a series with times. It takes none of its numbers for wrong: what it says is
// what they look like.
func Inspect(s *Series) (*Inspection, error) {
	if err := s.timed(); err != nil {
		return nil, err
	}
	if s.X.Cols%2 != 0 {
		return nil, errors.New("nn: inspect: want pairs of q and p")
	}
	in := &Inspection{}
	in.Low, in.High = s.Range()
	in.Sampling(s)
	for j := range s.X.Cols {
		if s.Hidden == nil || !s.Hidden[j] {
			in.outliers(s, j)
		}
	}
	for i := range s.Runs() {
		lo, hi := s.Run(i)
		for r := lo + 1; r < hi; r++ {
			if slices.Equal(s.X.Row(r), s.X.Row(r-1)) {
				in.Repeated = append(in.Repeated, r)
			}
		}
	}
	if s.Rows() > inspectRows {
		s = s.part(0, inspectRows)
	}
	widths, left := s.widths()
	in.Noise = s.noise(left)
	x, dx := s.smoothedBy(widths)
	d := s.X.Cols / 2
	for i := range d {
		q, p := column(s.X, i), column(s.X, d+i)
		v := Pair{Wrapped: -1, Given: math.NaN()}
		v.Mass, v.Corr = slope(column(dx, i), p)
		_, v.Back = slope(q, column(dx, d+i))
		v.All = multiple(dx, p)
		if s.DX != nil {
			v.Given, v.GivenCorr = slope(column(dx, i), column(s.DX, i))
		}
		v.Wrapped, v.Turn = s.jump(i)
		v.Degrees = degrees(q, column(dx, d+i))
		in.Pairs = append(in.Pairs, v)
	}
	in.energy(s, x, dx)
	return in, nil
}

func column(m *autodiff.Matrix, j int) []float64 {
	c := make([]float64, m.Rows)
	for i := range c {
		c[i] = m.At(i, j)
	}
	return c
}

// Sampling sets Interval, Jitter and Gaps to those of the times of a series, of which no states are needed.
func (in *Inspection) Sampling(s *Series) {
	var steps []float64
	for i := range s.Runs() {
		lo, hi := s.Run(i)
		for r := lo + 1; r < hi; r++ {
			steps = append(steps, s.T[r]-s.T[r-1])
		}
	}
	if len(steps) == 0 {
		return
	}
	slices.Sort(steps)
	in.Interval, in.Jitter, in.Gaps = steps[len(steps)/2], 0, 0
	for _, v := range steps {
		if v > gap*in.Interval {
			in.Gaps++
		} else {
			in.Jitter = max(in.Jitter, math.Abs(v-in.Interval)/in.Interval)
		}
	}
}

// slope fits y ≈ k x + const and returns k and the correlation, 0 where one of them does not vary.
func slope(x, y []float64) (k, corr float64) {
	n := float64(len(x))
	mx, my := 0., 0.
	for i := range x {
		mx, my = mx+x[i]/n, my+y[i]/n
	}
	xx, xy, yy := 0., 0., 0.
	for i := range x {
		dx, dy := x[i]-mx, y[i]-my
		xx, xy, yy = xx+float64(dx*dx), xy+float64(dx*dy), yy+float64(dy*dy)
	}
	if !(xx > 0) || !(yy > 0) {
		return 0, 0
	}
	return xy / xx, xy / math.Sqrt(xx) / math.Sqrt(yy)
}

// multiple returns the correlation of p and the sum of the rates that is nearest to it.
func multiple(dx *autodiff.Matrix, p []float64) float64 {
	d := dx.Cols / 2
	a := autodiff.NewMatrix(dx.Rows, d)
	for r := range a.Rows {
		copy(a.Row(r), dx.Row(r)[:d])
	}
	b, all := slices.Clone(p), make([]int, d)
	for j := range all {
		all[j] = j
	}
	total := centre(a, b, 0)
	_, left := solveLeast(a, b, all)
	if !(total > 0) {
		return 0
	}
	return math.Sqrt(max(0, 1-float64(left*left)*float64(a.Rows)/total))
}

// jump returns the first row at which coordinate j jumps by about a whole turn, in radians or in
// degrees, although its mean change is below a tenth of that; −1 if there is none.
func (s *Series) jump(j int) (row, turn int) {
	for _, full := range []float64{2 * math.Pi, 360} {
		jumps, first, sum, n := 0, 0, 0., 0
		for i := range s.Runs() {
			lo, hi := s.Run(i)
			for r := lo + 1; r < hi; r++ {
				d := math.Abs(s.X.At(r, j) - s.X.At(r-1, j))
				if math.Abs(d-full) < full/6 {
					if jumps++; jumps == 1 {
						first = r
					}
					continue
				}
				sum, n = sum+d, n+1
			}
		}
		if jumps > 0 && n > 10*jumps && sum/float64(n) < full/10 {
			return first, int(full)
		}
	}
	return -1, 0
}

// degrees tells whether the force on q goes with its sine in degrees.
func degrees(q, force []float64) bool {
	most := 0.
	sin := make([]float64, len(q))
	for i, v := range q {
		most = max(most, math.Abs(v))
		sin[i] = elementary.Sin(v * (math.Pi / 180))
	}
	_, line := slope(q, force)
	_, sine := slope(sin, force)
	return most > 20 && most < 1000 && sine < -0.98 && 1+sine < 0.3*(1+line)
}

// outliers notes numbers of component j that are far from the median of the five around them, in
// units of the range without its ends and of the usual distance, while their two neighbours are
// near each other.
func (in *Inspection) outliers(s *Series, j int) {
	all := column(s.X, j)
	slices.Sort(all)
	width := all[len(all)*99/100] - all[len(all)/100]
	var far []float64
	var found []Outlier
	each := func(f func(r int, d float64)) {
		for i := range s.Runs() {
			lo, hi := s.Run(i)
			for r := lo + 2; r+2 < hi; r++ {
				var five [5]float64
				for k := range five {
					five[k] = s.X.At(r-2+k, j)
				}
				slices.Sort(five[:])
				f(r, math.Abs(s.X.At(r, j)-five[2]))
			}
		}
	}
	each(func(_ int, d float64) { far = append(far, d) })
	if len(far) < 20 {
		return
	}
	slices.Sort(far)
	least := max(width/4, 12*far[len(far)/2])
	each(func(r int, d float64) {
		if d > least && math.Abs(s.X.At(r+1, j)-s.X.At(r-1, j)) < 0.3*d {
			found = append(found, Outlier{r, j, s.X.At(r, j)})
		}
	})
	if len(found) <= len(far)/50 { // more are no outliers but the nature of the data
		in.Outliers = append(in.Outliers, found[:min(len(found), maxOutliers)]...)
	}
}
