package nn

import (
	"math"
	"sync"

	"hnn/autodiff"
	"hnn/autodiff/kernel"
)

// A ShootingProblem gives its residuals, for least squares: of each number x that was observed
// and each segment that reaches it,
//
//	r = √w (x̂ − x)
//
// and, with Comparison.Continuity, of each component where two segments meet, √w times the jump.
// Their derivatives by the unknowns θ (of the model) and z (initial states) follow the motion. Of
// a step x⁺ = g(x, θ),
//
//	∂x⁺/∂z = (∂g/∂x) ∂x/∂z,    ∂x⁺/∂θ = (∂g/∂x) ∂x/∂θ + ∂g/∂θ
//
// Source: Hairer, Nørsett, Wanner, Solving Ordinary Differential Equations I, §I.14.

// NumResiduals implements Residuals.
func (p *ShootingProblem) NumResiduals() int { return p.offsets()[len(p.segments)] }

// offsets returns the first residual of each segment, and the number of all.
func (p *ShootingProblem) offsets() []int {
	if p.first != nil {
		return p.first
	}
	first := make([]int, len(p.segments)+1)
	for i, g := range p.segments {
		n := p.compared(g.first)
		for _, l := range g.legs {
			if l.row >= 0 {
				n += p.compared(l.row)
			}
		}
		if p.joined(i) {
			n += p.series.X.Cols
		}
		first[i+1] = first[i] + n
	}
	p.first = first
	return first
}

// numbers returns how many residuals of a segment are those of numbers that were observed.
func (p *ShootingProblem) numbers(i int) int {
	n := p.offsets()[i+1] - p.offsets()[i]
	if p.joined(i) {
		n -= p.series.X.Cols
	}
	return n
}

// compared returns how many numbers of a row are compared.
func (p *ShootingProblem) compared(row int) (n int) {
	for _, w := range p.weight.Row(row) {
		if w != 0 {
			n++
		}
	}
	return n
}

// Residuals implements Residuals.
func (p *ShootingProblem) Residuals(r []float64, j *autodiff.Matrix) {
	first, k, n := p.offsets(), count(p.model), p.series.X.Cols
	p.eachSegment(func(s *sensitivity, i int) {
		s.follow(i, j != nil)
		copy(r[first[i]:first[i+1]], s.r)
		if j == nil {
			return
		}
		for l := range s.r {
			row, from := j.Row(first[i]+l), s.by[l*(k+n):(l+1)*(k+n)]
			clear(row)
			copy(row[:k], from)
			copy(row[k+i*n:], from[k:])
			if at := l - (len(s.r) - n); at >= 0 && p.joined(i) { // the other side of a jump
				row[k+(i+1)*n+at] = -math.Sqrt(p.joint[at]) * p.unit.Data[at]
			}
		}
	})
}

// eachSegment calls f for all segments, from as many goroutines as the problem has workers.
func (p *ShootingProblem) eachSegment(f func(s *sensitivity, i int)) {
	workers := min(p.many, len(p.segments))
	for len(p.followers) < workers {
		p.followers = append(p.followers, p.newSensitivity())
	}
	var wg sync.WaitGroup
	for w := range workers {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := w; i < len(p.segments); i += workers {
				f(p.followers[w], i)
			}
		}()
	}
	wg.Wait()
}

// A sensitivity follows one segment and its derivatives.
type sensitivity struct {
	p            *ShootingProblem
	row          [1]int               // the segment
	c            *shootingChunk       // of one row, for the step alone
	x, h, u      *autodiff.Matrix     // 1×2d, 1×1, 1×3m: arguments of the derivatives
	plan         *autodiff.Plan       // of the step and its derivatives
	next         *autodiff.Matrix     // 1×2d
	by1          [][]*autodiff.Matrix // [component][x, θ…]
	state, after []float64            // ∂x/∂(θ, z), 2d × (k + 2d), before and after a step
	r, by        []float64            // residuals, and their derivatives by (θ, z)
}

func (p *ShootingProblem) newSensitivity() *sensitivity {
	n, k := p.series.X.Cols, count(p.model)
	s := &sensitivity{p: p, c: p.compile(1, false).(*shootingChunk), x: autodiff.NewMatrix(1, n), h: autodiff.NewMatrix(1, 1),
		state: make([]float64, n*(k+n)), after: make([]float64, n*(k+n))}
	return s
}

// derive makes the plan of the derivatives, where they are wanted first.
func (s *sensitivity) derive() {
	if s.plan != nil {
		return
	}
	p := s.p
	var g autodiff.Graph
	x, h := g.Leaf("x", s.x), g.Leaf("h", s.h)
	var u autodiff.Var
	if p.inputs > 0 {
		s.u = autodiff.NewMatrix(1, p.inputs)
		u = g.Leaf("u", s.u)
	}
	next := p.step(x, h, u)
	outs := []autodiff.Var{next}
	each := 1 + len(p.model)
	for i := range x.Cols() {
		outs = append(outs, autodiff.Grad(autodiff.Slice(next, i, i+1), append([]autodiff.Var{x}, leaves(&g, p.model)...)...)...)
	}
	s.plan = mustCompile(outs)
	all := values(s.plan, outs)
	s.next = all[0]
	for i := range x.Cols() {
		s.by1 = append(s.by1, all[1+i*each:1+(i+1)*each])
	}
}

// follow follows segment i, and computes its residuals and perhaps their derivatives.
func (s *sensitivity) follow(i int, derivatives bool) {
	p, g := s.p, s.p.segments[i]
	n, k := p.series.X.Cols, count(p.model)
	s.r, s.by, s.row[0] = s.r[:0], s.by[:0], i
	if derivatives {
		s.derive()
		clear(s.state)
	}
	x := s.c.x.Data
	for j := range n {
		x[j] = p.start.At(i, j) * p.unit.Data[j]
		s.state[j*(k+n)+k+j] = p.unit.Data[j]
	}
	s.observe(g.first, x, derivatives)
	for m, l := range g.legs {
		if !derivatives {
			s.c.steps(s.row[:], m)
			s.c.forward.Run()
			copy(x, s.c.next.Data)
		} else {
			copy(s.x.Data, x)
			s.h.Data[0] = l.h
			if s.u != nil {
				copy(s.u.Data, l.u)
			}
			s.plan.Run()
			copy(x, s.next.Data)
			s.advance(k, n)
		}
		if l.row >= 0 {
			s.observe(l.row, x, derivatives)
		}
	}
	if p.joined(i) {
		for j, w := range p.joint {
			root := math.Sqrt(w)
			s.r = append(s.r, root*(x[j]-float64(p.start.At(i+1, j)*p.unit.Data[j])))
			if derivatives {
				for _, v := range s.state[j*(k+n) : (j+1)*(k+n)] {
					s.by = append(s.by, root*v)
				}
			}
		}
	}
}

// advance carries the derivatives over a step.
func (s *sensitivity) advance(k, n int) {
	w := k + n
	for i := range n {
		to := s.after[i*w : (i+1)*w]
		at := 0
		for _, m := range s.by1[i][1:] {
			at += copy(to[at:], m.Data)
		}
		clear(to[k:])
		for j, a := range s.by1[i][0].Data {
			if a != 0 {
				kernel.AddScaled(to, s.state[j*w:(j+1)*w], a)
			}
		}
	}
	s.state, s.after = s.after, s.state
}

// observe adds the residuals of a row whose state is x.
func (s *sensitivity) observe(row int, x []float64, derivatives bool) {
	p := s.p
	w := len(s.state) / len(x)
	for j, weight := range p.weight.Row(row) {
		if weight == 0 {
			continue
		}
		root := math.Sqrt(weight)
		s.r = append(s.r, root*(x[j]-p.series.X.At(row, j)))
		if !derivatives {
			continue
		}
		for _, v := range s.state[j*w : (j+1)*w] {
			s.by = append(s.by, root*v)
		}
	}
}
