package nn

import (
	"fmt"
	"math"
	"slices"
)

// poorShare bounds a good fit: the loss, as a share of the loss of predicting the mean.
const poorShare = 0.5

// Bounds of a good fit of whole motions. Its error, as a multiple of the noise, is told from misfit on
// where the loss, which is the share of the variance that is left, is above poorMotion, and from
// farMisfit on where the noise is known, which is above the share knownNoise of the variance. In
// cleaner data a fit leaves more than the noise because its iterations end: there the loss has to be
// above poorClean, too.
const (
	misfit     = 2
	poorMotion = 0.003
	farMisfit  = 3
	knownNoise = 1e-7
	poorClean  = 1e-4
)

// dataNotes says what looks wrong with data before a fit of a model with so many unknowns.
func dataNotes(s *Series, p Problem, unknowns int) []string {
	var notes []string
	cut := func(gaps int) {
		if gaps > 0 {
			notes = append(notes, fmt.Sprintf("intervals longer than %d times the usual one: %d: trajectories are cut there", gap, gaps))
		}
	}
	if shooting, ok := p.(*ShootingProblem); ok {
		cut(shooting.gaps)
	}
	if r, ok := p.(*RowProblem); ok {
		d := r.Data()
		cut(d.Gaps)
		if d.Short > 0 {
			notes = append(notes, fmt.Sprintf("%d trajectories, or parts of them between gaps, have too few rows, or for the next state other intervals than most, and are left out", d.Short))
		}
	}
	if low, high, ok := s.ring(); ok && p != nil && unknowns > manyUnknowns {
		notes = append(notes, fmt.Sprintf("all states are of about one amplitude, from %.2g to %.2g of the largest: what a network learns of smaller and of larger ones is a guess. More amplitudes tell it, or a typed H", low, high))
	}
	if r, j, ok := s.Wrapped(); ok && s.Periodic == nil {
		notes = append(notes, fmt.Sprintf("component %d of the state jumps by about 2π at row %d: an angle that is wrapped has to be unwrapped", j, r))
	}
	return notes
}

// manyUnknowns is more than a typed H has.
const manyUnknowns = 50

// ring tells whether the states of one pair lie on a ring that is so narrow that they say nothing of
// its inside. low and high are the quantiles 2 % and 98 % of the distance from the middle of the
// data, in units of half of their range, as shares of the largest.
func (s *Series) ring() (low, high float64, ok bool) {
	if s.X.Cols != 2 || s.Rows() < 40 || s.angle(0) {
		return 0, 0, false
	}
	if _, _, bad := s.outlier(); bad {
		return 0, 0, false
	}
	lo, hi := s.Range()
	var r []float64
	for i := range s.Rows() {
		sum := 0.
		for j, v := range s.X.Row(i) {
			d := (v - float64(lo[j]/2) - float64(hi[j]/2)) / (float64(hi[j]/2) - float64(lo[j]/2))
			sum += float64(d * d)
		}
		if sum == sum {
			r = append(r, math.Sqrt(sum))
		}
	}
	if len(r) < 40 {
		return 0, 0, false
	}
	slices.Sort(r)
	last := r[len(r)-1]
	low, high = r[len(r)/50]/last, r[len(r)-1-len(r)/50]/last
	return low, high, low > 0.6
}

// poor returns a note if a fit is hardly better than predicting the mean, with the likely
// cause.
func (f *fit) poor() []string {
	n, ok := f.problem.(interface{ Null() float64 })
	if !ok || len(f.Epochs) == 0 {
		return nil
	}
	f.Null = n.Null()
	share := f.Last().Loss / f.Null
	if f.best != nil {
		share = f.Best / f.Null
	}
	if p, ok := f.problem.(*ShootingProblem); ok {
		off := math.Sqrt(share / p.Floor())
		if off > misfit && share > poorMotion || off > farMisfit && (p.Floor() > knownNoise || share > poorClean) {
			return []string{fmt.Sprintf("the motion of the model is off by %.2g times the noise, %.2g %% of the spread: it does not fit these data. Likely causes: friction or forces that the model does not have, or not in this form (a port-Hamiltonian or a baseline can), momenta that do not belong to the coordinates, or too few epochs", off, 100*math.Sqrt(share))}
		}
	}
	if share <= poorShare {
		return nil
	}
	cause := "the data are noisy (smooth them or compare states further apart), the learning rate is too high, or there are too few epochs"
	if _, _, ok := f.Train.Wrapped(); ok {
		cause = "an angle jumps by 2π: unwrap it"
	} else if r, j, ok := f.Train.outlier(); ok {
		cause = fmt.Sprintf("row %d has %.3g in component %d, far from all others: remove it", r, f.Train.X.At(r, j), j)
	}
	return []string{fmt.Sprintf("the loss is %.2g of that of predicting the mean: little was learned. A likely cause: %s", share, cause)}
}

// outlier returns the row and component of a value that makes up most of the variance of
// its column.
func (s *Series) outlier() (row, component int, ok bool) {
	for j := range s.X.Cols {
		mean := 0.
		for r := range s.Rows() {
			mean += s.X.At(r, j) / float64(s.Rows())
		}
		sum, most, at := 0., 0., 0
		for r := range s.Rows() {
			d := s.X.At(r, j) - mean
			v := float64(d * d)
			if sum += v; v > most {
				most, at = v, r
			}
		}
		if s.Rows() > 10 && most > 0.5*sum {
			return at, j, true
		}
	}
	return 0, 0, false
}
