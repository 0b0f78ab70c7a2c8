package nn

import (
	"errors"
	"fmt"
	"math"

	"hnn/autodiff"
)

// Angles. A coordinate q that is an angle and q + 2π are the same place, so H has to be 2π-periodic
// in q. A network of inputs x with periods T gets, in the place of each that has one,
//
//	cos(2πx/T), sin(2πx/T)
//
// and so is periodic by construction. In a model x = (q − μ)/s, of period T = 2π/s.

// Unwrap says which components of the states are angles, in radians, and makes them
// continuous: along each trajectory it adds to each the multiple of 2π that brings it next to
// the one before. Data that do not jump keep their bits. Samples must be less than half a turn
// apart.
func (s *Series) Unwrap(periodic []bool) {
	s.Periodic = periodic
	for i := range s.Runs() {
		lo, hi := s.Run(i)
		for j := range s.X.Cols {
			if !s.angle(j) {
				continue
			}
			last, turns := math.NaN(), 0.
			for r := lo; r < hi; r++ {
				v := s.X.At(r, j)
				if v != v {
					continue
				}
				if n := math.Round((v - last) / (2 * math.Pi)); n == n {
					turns -= n
				}
				if last = v; turns != 0 {
					s.X.Row(r)[j] = v + float64(turns*(2*math.Pi))
				}
			}
		}
	}
}

// angle tells whether component j of the states is an angle.
func (s *Series) angle(j int) bool { return j < len(s.Periodic) && s.Periodic[j] }

// Wrapped returns a row and a component at which a trajectory jumps by about 2π, although its
// mean change is below a tenth of that. Then the component is likely to be an angle: see Unwrap.
func (s *Series) Wrapped() (row, component int, ok bool) {
	for j := range s.X.Cols / 2 {
		jumps, first, sum, n := 0, 0, 0., 0
		for i := range s.Runs() {
			lo, hi := s.Run(i)
			for r := lo + 1; r < hi; r++ {
				d := math.Abs(s.X.At(r, j) - s.X.At(r-1, j))
				if d != d { // not observed
					continue
				}
				if math.Abs(d-2*math.Pi) < 1 {
					if jumps++; jumps == 1 {
						first = r
					}
					continue
				}
				sum, n = sum+d, n+1
			}
		}
		if jumps > 0 && n > 10*jumps && sum/float64(n) < 0.2*math.Pi {
			return first, j, true
		}
	}
	return 0, 0, false
}

// fitScaling is FitScaling for states of which some components are angles. Such a component
// may grow without end, but its place does not: its standard deviation counts as that of a
// uniform angle, π/√3, at most.
func (s *Series) fitScaling(x, dx *autodiff.Matrix) (*Scaling, error) {
	most := math.Pi / math.Sqrt(3)
	near := x
	for j := range x.Cols {
		if !s.angle(j) {
			continue
		}
		mean, square := 0., 0.
		for r := range x.Rows {
			mean += x.At(r, j) / float64(x.Rows)
		}
		for r := range x.Rows {
			d := x.At(r, j) - mean
			square += float64(d*d) / float64(x.Rows)
		}
		sigma := math.Sqrt(square)
		if !(sigma > most) {
			continue
		}
		if near == x {
			near = cloned(x)
		}
		for r := range x.Rows {
			near.Row(r)[j] = mean + float64((x.At(r, j)-mean)*(most/sigma))
		}
	}
	return FitScaling(near, dx)
}

// over returns a new network of components lo to hi of the states of a series.
func (n *Networks) over(s *Series, scale *Scaling, lo, hi, out int) (*MLP, error) {
	var periods []float64
	angles := 0
	for j := lo; j < hi; j++ {
		period := 0.
		if s.angle(j) {
			angles++
			if period = 2 * math.Pi; scale != nil {
				period /= scale.S.Data[j]
			}
		}
		periods = append(periods, period)
	}
	net, err := n.New(hi-lo+angles, out)
	if err == nil && angles > 0 {
		net.Periods = periods
	}
	return net, err
}

// angles returns how many inputs have a period.
func (m *MLP) angles() int {
	n := 0
	for _, t := range m.Periods {
		if t > 0 {
			n++
		}
	}
	return n
}

// checkPeriods reports periods that do not fit the inputs.
func (m *MLP) checkPeriods() error {
	if m.Periods == nil {
		return nil
	}
	for i, t := range m.Periods {
		if !(t >= 0) || t-t != 0 || t > 0 && 2*math.Pi/t-2*math.Pi/t != 0 {
			return fmt.Errorf("period %d is %v, want a positive number, or 0 for an input without a period", i+1, t)
		}
	}
	if m.angles() == 0 || len(m.Periods) != m.in() {
		return errors.New("the periods of the network do not fit its inputs")
	}
	return nil
}

// wrap returns the inputs of the first layer for inputs x of the network.
func (m *MLP) wrap(x autodiff.Var) autodiff.Var {
	var all autodiff.Var
	for j, t := range m.Periods {
		column := autodiff.Slice(x, j, j+1)
		if t > 0 {
			phase := autodiff.Scale(column, 2*math.Pi/t)
			column = autodiff.Concat(autodiff.Cos(phase), autodiff.Sin(phase))
		}
		if j == 0 {
			all = column
		} else {
			all = autodiff.Concat(all, column)
		}
	}
	return all
}
