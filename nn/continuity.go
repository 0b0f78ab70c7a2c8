package nn

import (
	"math"

	"hnn/autodiff"
)

// With Comparison.Continuity c > 0 segments that follow each other are held together: the loss of
// segment i has the further term
//
//	w Σⱼ ((x̂ⱼ − zⱼ)/(ν sⱼ))²
//
// x̂ is the state that the segment ends with, z the state at the start of the next, s the scaling,
// ν the noise of the observed components in units of s, its root mean square over them, and w is c
// times the weight of ((x̂ − x)/σ)² in the loss. So with c = 1 a jump as large as the noise counts
// as one number that is off by its noise. Hidden components are held together like the others. With
// c → ∞ segments become whole trajectories.
//
// Source: Bock (1983), as for Shooting, where continuity is a constraint.

// couple computes the weights of jumps. factor is that of ((x̂ − x)/σ)² in the loss of a segment.
func (p *ShootingProblem) couple(factor float64) {
	if p.by.Continuity == 0 {
		return
	}
	nu := p.noiseShare()
	p.joint = make([]float64, len(p.unit.Data))
	for j, s := range p.spreadUnits() {
		p.joint[j] = p.by.Continuity * factor / float64(float64(nu*s)*float64(nu*s))
	}
}

// spreadUnits returns s of the scaling, or ones.
func (p *ShootingProblem) spreadUnits() []float64 {
	if p.scale != nil {
		return p.scale.S.Data
	}
	return p.unit.Data
}

// noiseShare returns the root mean square of σ/s over the components that are observed.
func (p *ShootingProblem) noiseShare() float64 {
	sum, count := 0., 0.
	for j, s := range p.spreadUnits() {
		if p.series.Hidden == nil || !p.series.Hidden[j] {
			v := p.sigma[j] / s
			sum, count = sum+float64(v*v), count+1
		}
	}
	return math.Sqrt(sum / count)
}

// joined tells whether a jump after segment i counts.
func (p *ShootingProblem) joined(i int) bool {
	return p.joint != nil && i+1 < len(p.segments) && p.segments[i].last() == p.segments[i+1].first
}

// jump returns the term of segment i that ends with state x.
func (p *ShootingProblem) jump(i int, x []float64) float64 {
	if !p.joined(i) {
		return 0
	}
	sum := 0.
	for j, w := range p.joint {
		d := x[j] - float64(p.start.At(i+1, j)*p.unit.Data[j])
		sum += float64(w * float64(d*d))
	}
	return sum
}

// jumpGradient adds the derivatives of jump, of a mean over so many segments, by x to λ and by the
// initial states to start, where these are not nil.
func (p *ShootingProblem) jumpGradient(i int, x, lambda []float64, start *autodiff.Matrix, rows int) {
	if !p.joined(i) {
		return
	}
	for j, w := range p.joint {
		d := x[j] - float64(p.start.At(i+1, j)*p.unit.Data[j])
		by := 2 * w * d / float64(rows)
		if lambda != nil {
			lambda[j] += by
		}
		if start != nil {
			start.Row(i + 1)[j] -= float64(by * p.unit.Data[j])
		}
	}
}
