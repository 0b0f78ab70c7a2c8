package nn

import (
	"errors"
	"math"
)

// longestStep is the longest step of the integrator in time scales τ of the data. The error of the
// classical Runge–Kutta method in the phase, of h⁴/120 a time unit for an oscillator, is then 4e-6.
// leastStep is the shortest that is chosen: with 8e-11, about the error of a usual solver.
const (
	longestStep = 0.15
	leastStep   = 0.01
)

// methodShare is what the error of the method may be after the longest segment, as a share of what
// noise leaves.
const methodShare = 0.3

// longest returns the longest step, in units of t, of segments that last for a time T. The error
// of the method is not to show in what is fitted. The noise leaves an error of about σ √(k/n) there, so
// steps are shorter than 0.15 τ where
//
//	T/τ phaseError(h) > 0.3 σ min(√(k/n), 1)
//
// of a step h τ, noise σ in units of the scaling, k unknowns of the model and n numbers.
func (p *ShootingProblem) longest(length, noise float64) float64 {
	if p.scale == nil { // data that do not move
		return math.Inf(1)
	}
	seen := 0.
	for r := range p.series.Rows() {
		for j := range p.series.X.Cols {
			if p.series.observed(r, j) {
				seen++
			}
		}
	}
	most := methodShare * noise * min(math.Sqrt(float64(count(p.model))/max(seen, 1)), 1)
	h := longestStep
	for h > leastStep && float64(length/p.scale.Tau*p.by.phaseError(h)) > most {
		h *= 0.9
	}
	return max(h, leastStep) * p.scale.Tau
}

// divide cuts the trajectories into segments and these into steps. left is what is left of the
// noise: 1, or less where the noise is known to be smaller than was estimated.
func (p *ShootingProblem) divide(left float64) error {
	cut, gaps := p.series.cut()
	t := p.series.T
	duration := 0.
	for i := range cut.Runs() {
		lo, hi := cut.Run(i)
		duration = max(duration, t[hi-1]-t[lo])
	}
	if p.by.Segment > 0 {
		duration = min(duration, p.by.Segment)
	}
	longest := p.longest(duration, float64(left*p.noiseShare()))
	p.segments, p.gaps = nil, gaps
	for i := range cut.Runs() {
		lo, hi := cut.Run(i)
		p.segments = append(p.segments, segmentsOf(t, lo, hi, p.by.Segment, longest)...)
	}
	if len(p.segments) == 0 {
		return errors.New("nn: shooting: no two rows of a trajectory: want at least two")
	}
	if p.inputs > 0 {
		return drive(p.segments, p.series, cut)
	}
	return nil
}
