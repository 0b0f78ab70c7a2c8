package nn

import (
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"

	"hnn/autodiff"
)

// Shooting is the Objective that compares whole stretches of motion with what was observed.
// Trajectories are cut into segments of the length Segment. The state z at the start of each
// segment is an unknown, too. From there the field f is integrated through the segment by the
// classical Runge–Kutta method on the times of the data, in several steps where these are far
// apart, see longest, or by a symplectic method, see Comparison.Leaps. The loss is the mean over
// all observed numbers x of
//
//	((x̂ − x)/σ)² / N,    x̂ = the state that was reached,   σ = the noise of that component
//
// where N is the same mean for a prediction of the mean of each component, so that the loss is
// the share of the variance that is left. The noise is estimated from the data, see Noise; a
// loss of 1/N, see ShootingProblem.Floor, means that what is left is as large as the noise.
//
// The field is never evaluated at a noisy state, so the bias of the other objectives is not
// there. Long segments tell slow errors of the field. They are hard to begin with, so a fit may
// go from short segments to long ones: see Stage.
//
// Segments need not meet: see Comparison.Continuity for a penalty.
//
// Of a step from x to x⁺ and λ⁺ = ∂L/∂x⁺, one plan computes λ = ∂L/∂x and adds the gradient
// by the parameters; it computes the step anew, so that only states are kept and memory does
// not grow with the number of steps but for them.
//
// Components that were not observed are hidden: see Series.Hidden. Their unknowns start from
// the derivatives of the coordinates, and nothing compares them.
//
// Source: Bock, "Recent advances in parameter identification techniques for O.D.E." (1983),
// for multiple shooting; the reverse sweep is that of Griewank and Walther, Evaluating
// Derivatives (2008), §12, with a checkpoint at each step.
type Shooting Comparison

// A leg is a step of the integrator within a segment.
type leg struct {
	h   float64   // its length
	row int       // the row of the series that it leads to, -1 for none
	u   []float64 // the inputs at its start, middle and end; nil: none
}

// A segment is a stretch of a trajectory.
type segment struct {
	first int   // the row at its start
	legs  []leg // in order
}

// Scaling implements Objective.
func (o Shooting) Scaling(s *Series) (*Scaling, error) {
	if err := s.timed(); err != nil {
		return nil, err
	}
	x, dx := s.smoothed()
	return s.fitScaling(x, dx)
}

// Problem implements Objective for any Field.
func (o Shooting) Problem(m Model, s *Series, scale *Scaling, workers int) (Problem, error) {
	f, ok := m.(Field)
	if !ok {
		return nil, errors.New("nn: shooting: this model has no field to integrate: want the objective step")
	}
	if err := s.timed(); err != nil {
		return nil, err
	}
	if !(o.Segment >= 0) || o.Segment-o.Segment != 0 {
		return nil, fmt.Errorf("nn: shooting: segments of length %v: want a number from 0 up", o.Segment)
	}
	if !(o.Continuity >= 0) || o.Continuity-o.Continuity != 0 {
		return nil, fmt.Errorf("nn: shooting: a weight %v of continuity: want a number from 0 up", o.Continuity)
	}
	if err := o.splits(f); err != nil {
		return nil, err
	}
	n := s.X.Cols
	p := &ShootingProblem{field: f, series: s, model: m.Params(), sigma: s.Noise(), by: o, scale: scale}
	p.unit = autodiff.NewMatrix(1, n)
	for j := range n {
		p.unit.Data[j] = 1
	}
	if scale != nil {
		copy(p.unit.Data, scale.S.Data)
	} else if own, err := o.Scaling(s); err == nil {
		p.scale = own
	}
	if d, ok := DrivenBy(m); ok {
		if err := s.drivable(d); err != nil {
			return nil, err
		}
		p.inputs = 3 * d.Inputs()
	}
	if err := p.divide(1); err != nil {
		return nil, err
	}
	x, _ := s.smoothed()
	p.start = autodiff.NewMatrix(len(p.segments), n)
	p.times = make([]float64, s.Rows())
	for i, g := range p.segments {
		for j := range n {
			p.start.Row(i)[j] = x.At(g.first, j) / p.unit.Data[j]
		}
		p.times[g.first]++
		for _, l := range g.legs {
			if l.row >= 0 {
				p.times[l.row]++
			}
		}
	}
	// The loss is a mean over segments, and has to be that over all observed numbers.
	p.weight = autodiff.NewMatrix(s.Rows(), n)
	total := 0.
	for r, times := range p.times {
		for j := range n {
			if times > 0 && s.observed(r, j) {
				p.weight.Row(r)[j] = 1 / (p.sigma[j] * p.sigma[j])
				total++
			}
		}
	}
	if total == 0 {
		return nil, errors.New("nn: shooting: nothing was observed")
	}
	scaleBy := func(factor float64) {
		for i := range p.weight.Data {
			p.weight.Data[i] *= factor
		}
	}
	scaleBy(float64(len(p.segments)) / total)
	null := p.spread()
	if !(null > 0) || null-null != 0 {
		return nil, errors.New("nn: shooting: no observed component varies: want states that move")
	}
	scaleBy(1 / null)
	p.floor = 1 / null
	p.couple(float64(len(p.segments)) / total / null)
	for r, times := range p.times { // each counts once, however many segments meet there
		for j := range n {
			if times > 0 {
				p.weight.Row(r)[j] /= times
			}
		}
	}
	p.guess = slices.Clone(p.start.Data)
	p.params = append(append([]*autodiff.Matrix{}, p.model...), p.start)
	if p.many = workers; workers <= 0 {
		p.many = runtime.GOMAXPROCS(0)
	}
	steps := 0
	for _, g := range p.segments {
		steps += len(g.legs)
	}
	work := count(p.model) * (1 + steps/len(p.segments)) // a row of this problem takes so many
	p.team = newTeam(p.params, work, len(p.segments), workers, p.compile)
	return p, nil
}

// Refine shortens the steps of a problem of this objective where the stage before it, by shooting
// too, came to a loss of less than the noise that was estimated: then the data are cleaner, and the
// error of the method counts. What a network leaves is more than that.
func (o Shooting) Refine(problem Problem, before Objective, loss float64) error {
	p, ok := problem.(*ShootingProblem)
	if _, same := before.(Shooting); !ok || !same || !(loss < p.floor) || count(p.model) > manyUnknowns {
		return nil
	}
	return p.divide(math.Sqrt(loss / p.floor))
}

// segmentsOf cuts rows lo to hi into segments of about equal length, at most length (0: one
// segment), whose last row is the first of the next. Steps are at most longest.
func segmentsOf(t []float64, lo, hi int, length, longest float64) []segment {
	if hi-lo < 2 {
		return nil
	}
	parts := 1.
	if length > 0 {
		parts = math.Ceil((t[hi-1] - t[lo]) / length * (1 - 1e-9))
	}
	var all []segment
	g := segment{first: lo}
	for r := lo + 1; r < hi; r++ {
		h := t[r] - t[r-1]
		steps := int(max(1, math.Ceil(h/longest)))
		for i := range steps {
			l := leg{h: h / float64(steps), row: -1}
			if i == steps-1 {
				l.row = r
			}
			g.legs = append(g.legs, l)
		}
		end := t[lo] + float64((t[hi-1]-t[lo])*(float64(len(all)+1)/parts))
		if r == hi-1 || float64(len(all)+1) < parts && t[r] >= end-float64(h/2) {
			all = append(all, g)
			g = segment{first: r}
		}
	}
	return all
}

// A ShootingProblem is the Problem of Shooting. Its rows are segments; its parameters are
// those of the model and, last, the initial states, segments×2d, in units of the scaling.
type ShootingProblem struct {
	*team
	field    Field
	series   *Series
	segments []segment
	model    []*autodiff.Matrix // parameters of the model
	start    *autodiff.Matrix   // initial states, in units of unit
	guess    []float64          // those from the data
	unit     *autodiff.Matrix   // 1×2d
	params   []*autodiff.Matrix
	weight   *autodiff.Matrix // of each number of the series, 0 where it is not compared
	times    []float64        // how often a row is compared
	sigma    []float64
	by       Shooting
	scale    *Scaling  // of the recipe, or the data's own; nil: they have none
	joint    []float64 // weights of the jumps between segments, nil: none
	floor    float64
	gaps     int
	inputs   int // numbers of u in a step, in all its stages

	many      int            // goroutines
	first     []int          // the first residual of each segment
	followers []*sensitivity // one for each goroutine
}

// Params implements Problem.
func (p *ShootingProblem) Params() []*autodiff.Matrix { return p.params }

// Starts implements Problem: the segments of a trajectory are one batch.
func (p *ShootingProblem) Starts() []int {
	var starts []int
	for i, g := range p.segments {
		if i == 0 || p.segments[i-1].last() != g.first {
			starts = append(starts, i)
		}
	}
	return starts
}

// last returns the last row of a segment.
func (g segment) last() int { return g.legs[len(g.legs)-1].row }

// Warm takes the states at the starts of segments over from a problem of other segments of the
// same series: those that its model reaches from its own.
func (p *ShootingProblem) Warm(from Problem) {
	old, ok := from.(*ShootingProblem)
	if !ok || old.series != p.series {
		return
	}
	states := old.states()
	for i, g := range p.segments {
		for j, v := range states.Row(g.first) {
			if v-v == 0 {
				p.start.Row(i)[j] = v / p.unit.Data[j]
			}
		}
	}
}

// states returns the states at the rows of the series, NaN at rows of no segment. Where two
// segments meet it is the mean.
func (p *ShootingProblem) states() *autodiff.Matrix {
	n := p.series.X.Cols
	sum, times := autodiff.NewMatrix(p.series.Rows(), n), make([]float64, p.series.Rows())
	add := func(row int, x []float64) {
		times[row]++
		for j, v := range x {
			sum.Row(row)[j] += v
		}
	}
	c := p.compile(1, false).(*shootingChunk)
	for i, g := range p.segments {
		c.run([]int{i})
		add(g.first, c.states[0])
		for k, l := range g.legs {
			if l.row >= 0 {
				add(l.row, c.states[k+1])
			}
		}
	}
	for r, k := range times {
		for j := range n {
			sum.Row(r)[j] /= k // 0/0 is NaN
		}
	}
	return sum
}

// Sigma returns the noise of each component that residuals are measured in.
func (p *ShootingProblem) Sigma() []float64 { return p.sigma }

// Floor returns the loss at which what is left is as large as the noise.
func (p *ShootingProblem) Floor() float64 { return p.floor }

// Null returns the loss of the best constant, the mean of each observed component: 1 by the
// choice of N.
func (p *ShootingProblem) Null() float64 { return 1 }

// spread returns the loss of that constant with weights that count each row once.
func (p *ShootingProblem) spread() float64 {
	sum := 0.
	for j := range p.series.X.Cols {
		w, mean, v := 0., 0., 0.
		for r := range p.series.Rows() {
			w += p.weight.At(r, j)
			if k := p.weight.At(r, j); k > 0 {
				mean += float64(k * p.series.X.At(r, j))
			}
		}
		for r := range p.series.Rows() {
			if k := p.weight.At(r, j); k > 0 {
				d := p.series.X.At(r, j) - mean/w
				v += float64(k * float64(d*d))
			}
		}
		sum += v
	}
	return sum / float64(len(p.segments))
}

// A shootingChunk integrates some segments together. Segments that are shorter than the
// longest take steps of length 0 at their end, which change nothing.
type shootingChunk struct {
	p        *ShootingProblem
	x, h     *autodiff.Matrix // rows×2d, rows×1: state and step
	u        *autodiff.Matrix // rows×3m: inputs; nil: none
	next     *autodiff.Matrix // rows×2d: the state after it
	forward  *autodiff.Plan
	lambda   *autodiff.Matrix   // rows×2d: ∂L/∂next
	back     *autodiff.Matrix   // rows×2d: λᵀ ∂next/∂x
	by       []*autodiff.Matrix // λᵀ ∂next/∂θ
	backward *autodiff.Plan
	states   [][]float64 // of all steps
	gradient []*autodiff.Matrix
}

// compile makes the plans of a step and of its reverse.
func (p *ShootingProblem) compile(rows int, gradient bool) chunk {
	n := p.series.X.Cols
	c := &shootingChunk{p: p, x: autodiff.NewMatrix(rows, n), h: autodiff.NewMatrix(rows, 1), lambda: autodiff.NewMatrix(rows, n)}
	var g autodiff.Graph
	x, h := g.Leaf("x", c.x), g.Leaf("h", c.h)
	var u autodiff.Var
	if p.inputs > 0 {
		c.u = autodiff.NewMatrix(rows, p.inputs)
		u = g.Leaf("u", c.u)
	}
	next := p.step(x, h, u)
	c.forward = mustCompile([]autodiff.Var{next})
	c.next = c.forward.Value(next)
	if !gradient {
		return c
	}
	s := autodiff.SumTo(autodiff.Mul(g.Leaf("λ", c.lambda), next), 1, 1)
	grads := autodiff.Grad(s, append([]autodiff.Var{x}, leaves(&g, p.model)...)...)
	c.backward = mustCompile(grads)
	all := values(c.backward, grads)
	c.back, c.by = all[0], all[1:]
	for _, w := range p.params {
		c.gradient = append(c.gradient, autodiff.NewMatrix(w.Rows, w.Cols))
	}
	return c
}

// step returns the states after a step from x of lengths h, rows×1, with the inputs u of its stages.
func (p *ShootingProblem) step(x, h, u autodiff.Var) autodiff.Var {
	if p.by.Leaps != nil {
		return leapfrogs(p.field, p.by.Leaps, x, h)
	}
	return autodiff.Add(x, autodiff.Mul(autodiff.ExpandTo(h, x.Rows(), x.Cols()), rk4Slope(stagesOf(p.field, u), x, h)))
}

func (c *shootingChunk) grads() []*autodiff.Matrix { return c.gradient }

func (c *shootingChunk) run(rows []int) float64 {
	p, n := c.p, c.p.series.X.Cols
	steps := 0
	for i, r := range rows {
		steps = max(steps, len(p.segments[r].legs))
		for j := range n {
			c.x.Row(i)[j] = p.start.At(r, j) * p.unit.Data[j]
		}
	}
	for len(c.states) <= steps {
		c.states = append(c.states, make([]float64, len(c.x.Data)))
	}
	loss := 0.
	for i, r := range rows {
		loss += c.residuals(i, p.segments[r].first, c.x.Row(i), nil)
	}
	copy(c.states[0], c.x.Data)
	for k := range steps {
		c.steps(rows, k)
		copy(c.x.Data, c.states[k])
		c.forward.Run()
		copy(c.states[k+1], c.next.Data)
		for i, r := range rows {
			if legs := p.segments[r].legs; k < len(legs) && legs[k].row >= 0 {
				loss += c.residuals(i, legs[k].row, c.next.Row(i), nil)
				if k == len(legs)-1 {
					loss += p.jump(r, c.next.Row(i))
				}
			}
		}
	}
	loss /= float64(len(rows))
	if c.backward == nil {
		return loss
	}
	for _, g := range c.gradient {
		clear(g.Data)
	}
	clear(c.lambda.Data)
	for k := steps - 1; k >= 0; k-- {
		c.steps(rows, k)
		for i, r := range rows {
			if legs := p.segments[r].legs; k < len(legs) && legs[k].row >= 0 {
				x := c.states[k+1][i*n : (i+1)*n]
				c.residuals(i, legs[k].row, x, rows)
				if k == len(legs)-1 {
					p.jumpGradient(r, x, c.lambda.Row(i), nil, len(rows))
				}
			}
		}
		copy(c.x.Data, c.states[k])
		c.backward.Run()
		copy(c.lambda.Data, c.back.Data)
		for i, g := range c.by {
			sum := c.gradient[i].Data
			for j, v := range g.Data {
				sum[j] += v
			}
		}
	}
	start := c.gradient[len(c.gradient)-1]
	for i, r := range rows {
		c.residuals(i, p.segments[r].first, c.states[0][i*n:(i+1)*n], rows)
		for j, v := range c.lambda.Row(i) {
			start.Row(r)[j] = v * p.unit.Data[j]
		}
	}
	for i, r := range rows { // the other side of the jumps
		end := len(p.segments[r].legs)
		p.jumpGradient(r, c.states[end][i*n:(i+1)*n], nil, start, len(rows))
	}
	return loss
}

// steps sets the lengths of step k.
func (c *shootingChunk) steps(rows []int, k int) {
	for i, r := range rows {
		c.h.Data[i] = 0
		if legs := c.p.segments[r].legs; k < len(legs) {
			c.h.Data[i] = legs[k].h
			if c.u != nil {
				copy(c.u.Row(i), legs[k].u)
			}
		}
	}
}

// residuals returns Σ w (x − x_data)² of a row of the series, whose state is x in row i of the
// chunk, and adds its gradient to λ where rows, of which the loss is a mean, are given.
func (c *shootingChunk) residuals(i, row int, x []float64, rows []int) float64 {
	sum := 0.
	for j, w := range c.p.weight.Row(row) {
		if w == 0 {
			continue
		}
		d := x[j] - c.p.series.X.At(row, j)
		sum += float64(w * float64(d*d))
		if rows != nil {
			c.lambda.Row(i)[j] += 2 * w * d / float64(len(rows))
		}
	}
	return sum
}
