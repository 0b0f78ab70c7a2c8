package nn

import (
	"errors"
	"fmt"
	"sort"

	"hnn/autodiff"
)

// A Driven field has inputs: ẋ = f(x, u), where u(t) is given. Field is that of inputs that
// are 0. A model that may have inputs, and has none, is not driven: Inputs is 0.
type Driven interface {
	Field
	Inputs() int // m, the numbers of u
	// Drive returns f at each row of x and u: rows×Dim and rows×m to rows×Dim.
	Drive(x, u autodiff.Var) autodiff.Var
}

// DrivenBy returns the model as one that has inputs, if it has.
func DrivenBy(m Model) (Driven, bool) {
	d, ok := m.(Driven)
	return d, ok && d.Inputs() > 0
}

// An Interpolation says what an input is between its samples.
type Interpolation string

// The interpolations.
const (
	LinearInput Interpolation = "linear" // the line through two samples
	HeldInput   Interpolation = "hold"   // the sample before: u jumps at samples
	CubicInput  Interpolation = "cubic"  // the cubic spline, with no change of u‴ at the second sample and at the last but one
)

// A Signal is u(t) of m inputs from samples. Before the first and after the last sample it has
// their values.
type Signal struct {
	t      []float64
	u      *autodiff.Matrix // rows×m
	how    Interpolation
	second *autodiff.Matrix // u″ at the samples, of the spline
}

// NewSignal returns the signal through samples u, rows×m, at increasing times t.
func NewSignal(t []float64, u *autodiff.Matrix, how Interpolation) (*Signal, error) {
	switch {
	case u == nil || len(t) == 0 || u.Rows != len(t) || len(u.Data) != u.Rows*u.Cols:
		return nil, errors.New("nn: signal: want a row of inputs for each time, and one at least")
	case how != "" && how != LinearInput && how != HeldInput && how != CubicInput:
		return nil, fmt.Errorf("nn: signal: no interpolation is called %q: want %s, %s or %s", how, LinearInput, HeldInput, CubicInput)
	}
	for i := 1; i < len(t); i++ {
		if !(t[i] > t[i-1]) {
			return nil, fmt.Errorf("nn: signal: time %v of row %d does not come after that of row %d: want times that increase", t[i], i, i-1)
		}
	}
	s := &Signal{t: t, u: u, how: how}
	if how == CubicInput && len(t) > 3 {
		s.second = autodiff.NewMatrix(u.Rows, u.Cols)
		for j := range u.Cols {
			s.spline(j)
		}
	}
	return s, nil
}

// spline computes M = u″ of input j at the samples. With h = tᵢ₊₁ − tᵢ and slopes d,
//
//	hᵢ₋₁ Mᵢ₋₁ + 2(hᵢ₋₁ + hᵢ) Mᵢ + hᵢ Mᵢ₊₁ = 6 (dᵢ − dᵢ₋₁)
//
// and M is on one line at the first three samples, and at the last three.
//
// Source: de Boor, A Practical Guide to Splines (2001), ch. IV: the condition not-a-knot.
func (s *Signal) spline(j int) {
	n := len(s.t)
	h, d := make([]float64, n-1), make([]float64, n-1)
	for i := range h {
		h[i] = s.t[i+1] - s.t[i]
		d[i] = (s.u.At(i+1, j) - s.u.At(i, j)) / h[i]
	}
	low, mid, up, m := make([]float64, n), make([]float64, n), make([]float64, n), make([]float64, n)
	for i := 1; i < n-1; i++ {
		low[i], mid[i], up[i], m[i] = h[i-1], 2*(h[i-1]+h[i]), h[i], 6*(d[i]-d[i-1])
	}
	a, b := h[0]/h[1], h[n-2]/h[n-3] // M₀ = (1+a) M₁ − a M₂, and so at the end
	mid[1] += float64(h[0] * (1 + a))
	up[1] -= float64(h[0] * a)
	mid[n-2] += float64(h[n-2] * (1 + b))
	low[n-2] -= float64(h[n-2] * b)
	for i := 2; i < n-1; i++ { // elimination
		f := low[i] / mid[i-1]
		mid[i] -= float64(f * up[i-1])
		m[i] -= float64(f * m[i-1])
	}
	for i := n - 2; i > 0; i-- {
		if i < n-2 {
			m[i] -= float64(up[i] * m[i+1])
		}
		m[i] /= mid[i]
	}
	m[0] = float64((1+a)*m[1]) - float64(a*m[2])
	m[n-1] = float64((1+b)*m[n-2]) - float64(b*m[n-3])
	for i, v := range m {
		s.second.Row(i)[j] = v
	}
}

// At sets dst to u(t). A held input has its new value at the time of a sample.
func (s *Signal) At(dst []float64, t float64) {
	i := max(0, s.Piece(t))
	if s.how == HeldInput || i == len(s.t)-1 {
		copy(dst, s.u.Row(i))
		return
	}
	s.within(dst, i, t)
}

// Piece returns the sample at or before t, -1 if there is none.
func (s *Signal) Piece(t float64) int {
	return sort.Search(len(s.t), func(i int) bool { return s.t[i] > t }) - 1
}

// within sets dst to u(t) as it is between samples i and i+1, also at both ends.
func (s *Signal) within(dst []float64, i int, t float64) {
	if i == len(s.t)-1 || s.how == HeldInput || t <= s.t[i] {
		copy(dst, s.u.Row(i))
		return
	}
	if t >= s.t[i+1] {
		copy(dst, s.u.Row(i+1))
		return
	}
	h := s.t[i+1] - s.t[i]
	b := (t - s.t[i]) / h
	a := 1 - b
	for j := range dst {
		dst[j] = float64(a*s.u.At(i, j)) + float64(b*s.u.At(i+1, j))
		if s.second != nil {
			bend := float64((float64(a*float64(a*a))-a)*s.second.At(i, j)) + float64((float64(b*float64(b*b))-b)*s.second.At(i+1, j))
			dst[j] += float64(bend*float64(h*h)) / 6
		}
	}
}

// Times returns the times of the samples.
func (s *Signal) Times() []float64 { return s.t }

// Inputs returns m.
func (s *Signal) Inputs() int { return s.u.Cols }

// NewDriven compiles the field of a model under inputs u(t) into a function that package integrate
// can follow. Between two calls of piece, u is what it is between samples i and i+1, also at
// both ends: so a solver that goes from sample to sample meets no jump and no corner. As for Func,
// one goroutine may use it.
func NewDriven(m Driven, s *Signal) (field func(dydt []float64, t float64, y []float64), piece func(i int)) {
	n, i := m.Dim(), 0
	f := Func(driveBeside(m), n+m.Inputs())
	x := make([]float64, n+m.Inputs())
	return func(dydt []float64, t float64, y []float64) {
		copy(x, y)
		s.within(x[n:], i, t)
		f(dydt, x)
	}, func(to int) { i = to }
}

// Signal returns the inputs of a trajectory of a series, interpolated as Between says.
func (s *Series) Signal(i int) (*Signal, error) {
	if s.U == nil {
		return nil, errors.New("nn: signal: the series has no inputs")
	}
	if err := s.timed(); err != nil {
		return nil, err
	}
	return s.signal(i)
}

// signal returns the inputs of trajectory i. Where a trajectory has a gap, use cut first.
func (s *Series) signal(i int) (*Signal, error) {
	lo, hi := s.Run(i)
	return NewSignal(s.T[lo:hi], window(s.U, lo, hi), s.Between)
}

// drivable reports inputs that a model wants and the series does not have.
func (s *Series) drivable(m Driven) error {
	if s.U == nil {
		return fmt.Errorf("nn: the model has %d inputs, the series none: want them in U", m.Inputs())
	}
	if s.U.Cols != m.Inputs() {
		return fmt.Errorf("nn: the model has %d inputs, the series %d", m.Inputs(), s.U.Cols)
	}
	return nil
}

// Derivative returns the field of a model at the states of a series, under its inputs.
func Derivative(m Field, s *Series) *autodiff.Matrix {
	d, ok := DrivenBy(m)
	if !ok {
		return Evaluate(m.Field, s.X)
	}
	return Evaluate(driveBeside(d), s.beside(s.U).X)
}

// driveBeside returns f(x, u) of rows [x, u].
func driveBeside(m Driven) func(xu autodiff.Var) autodiff.Var {
	n := m.Dim()
	return func(xu autodiff.Var) autodiff.Var {
		return m.Drive(autodiff.Slice(xu, 0, n), autodiff.Slice(xu, n, xu.Cols()))
	}
}

// beside returns the series with further columns of each row beside its states, of derivative
// 0. What estimates states then estimates these too.
func (s *Series) beside(more *autodiff.Matrix) *Series {
	wide := func(m, more *autodiff.Matrix) *autodiff.Matrix {
		if m == nil {
			return nil
		}
		w := autodiff.NewMatrix(m.Rows, m.Cols+more.Cols)
		for r := range m.Rows {
			copy(w.Row(r), m.Row(r))
			copy(w.Row(r)[m.Cols:], more.Row(r))
		}
		return w
	}
	return &Series{T: s.T, Starts: s.Starts, X: wide(s.X, more), DX: wide(s.DX, autodiff.NewMatrix(more.Rows, more.Cols))}
}

// stages returns the inputs of the three stages of a step from each row to that which is
// stride rows later: at its start, middle and end, rows×3m.
func (s *Series) stages(stride int) (*autodiff.Matrix, error) {
	m := s.U.Cols
	all := autodiff.NewMatrix(s.Rows(), 3*m)
	cut, _ := s.cut()
	for i := range cut.Runs() {
		lo, hi := cut.Run(i)
		u, err := cut.signal(i)
		if err != nil {
			return nil, err
		}
		mid := make([]float64, m)
		for r := lo; r+stride < hi; r++ {
			u.At(mid, s.T[r]+float64((s.T[r+stride]-s.T[r])/2))
			row := all.Row(r)
			u.within(row[:m], r-lo, s.T[r])
			copy(row[m:], mid)
			u.within(row[2*m:], r+stride-1-lo, s.T[r+stride])
		}
	}
	return all, nil
}

// A stageField is a field in a stage of a step: 0 at its start, 1 in its middle, 2 at its end.
type stageField func(x autodiff.Var, stage int) autodiff.Var

// stagesOf returns the field of a model with the inputs of the stages, rows×3m. u may be the
// zero Var if the model has no inputs.
func stagesOf(f Field, u autodiff.Var) stageField {
	d, ok := DrivenBy(f)
	if !ok {
		return func(x autodiff.Var, _ int) autodiff.Var { return f.Field(x) }
	}
	m := d.Inputs()
	return func(x autodiff.Var, stage int) autodiff.Var {
		return d.Drive(x, autodiff.Slice(u, stage*m, (stage+1)*m))
	}
}

// drive gives the steps of segments their inputs.
func drive(segments []segment, s, cut *Series) error {
	m := s.U.Cols
	signals := make([]*Signal, cut.Runs())
	for i := range signals {
		var err error
		if signals[i], err = cut.signal(i); err != nil {
			return err
		}
	}
	run := 0
	for _, g := range segments {
		for run+1 < cut.Runs() && g.first >= cut.Starts[run+1] {
			run++
		}
		lo, _ := cut.Run(run)
		row, t := g.first, s.T[g.first]
		for k := range g.legs {
			l := &g.legs[k]
			l.u = make([]float64, 3*m)
			for stage, share := range []float64{0, 0.5, 1} {
				signals[run].within(l.u[stage*m:(stage+1)*m], row-lo, t+float64(share*l.h))
			}
			if t += l.h; l.row >= 0 {
				row, t = l.row, s.T[l.row]
			}
		}
	}
	return nil
}
