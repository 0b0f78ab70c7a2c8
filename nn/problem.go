package nn

import (
	"errors"
	"fmt"

	"hnn/autodiff"
)

// A Problem is what an Optimizer lowers: the loss of the rows of a data set, as a function
// of parameters. The loss of some rows is the mean of their losses.
type Problem interface {
	Params() []*autodiff.Matrix // to be changed in place
	Rows() int
	Starts() []int // the first row of each trajectory; nil: there is one

	// Eval returns the loss of the given rows, nil for all rows. If gradient is set, it
	// computes the gradient too.
	Eval(rows []int, gradient bool) float64

	// Grads returns the gradient of the last Eval, of the shapes of Params.
	Grads() []*autodiff.Matrix
}

// An Objective says how a model is compared with a series.
type Objective interface {
	// Scaling returns the scaling that suits models of the series.
	Scaling(s *Series) (*Scaling, error)

	// Problem returns the comparison of m with s. Differences are measured in units of the
	// scaling, nil for the units of the series. workers goroutines compute it, 0 for one a
	// processor. Their number changes no bit. If the Problem has a method Close, the caller
	// calls it at the end. If it has unknowns beside the parameters of m, methods Warm and
	// Settle take them over from another problem and fit them alone: see ShootingProblem.
	Problem(m Model, s *Series, scale *Scaling, workers int) (Problem, error)
}

// An ObjectiveKind is a row of the table of objectives. A new objective takes one file and
// one row.
type ObjectiveKind struct {
	Name, About string
	New         func(o Comparison) Objective
}

// A Comparison holds the settings of all objectives. Each objective reads its own.
type Comparison struct {
	From   Estimate // where derivatives come from; "": see Derivatives
	Order  int      // of central differences, even; 0: 2
	Window int      // rows on each side of the fitted cubics; 0: 5
	Stride int      // rows between the states that are compared; 0: 1

	Segment    float64   // length of a segment of Shooting, in units of time; 0: whole trajectories
	Leaps      []float64 // of the symplectic method of Shooting, see leapfrogs; nil: the method of Runge and Kutta
	Continuity float64   // weight of the jumps between segments of Shooting, see couple; 0: none
}

// Objectives returns the table of objectives.
func Objectives() []ObjectiveKind {
	return []ObjectiveKind{
		{"derivatives", "the field with time derivatives, given or estimated", func(o Comparison) Objective { return Derivatives(o) }},
		{"step", "one step of the model from each state with the next state", func(o Comparison) Objective { return Step(o) }},
		{"shooting", "motion through whole segments, from unknown states, with what was observed", func(o Comparison) Objective { return Shooting(o) }},
	}
}

// NewObjective returns an objective by its name in Objectives.
func NewObjective(name string, o Comparison) (Objective, error) {
	row, err := find(Objectives(), "objective", name, func(k ObjectiveKind) string { return k.Name })
	if err != nil {
		return nil, err
	}
	return row.New(o), nil
}

// A RowProblem is a Problem with independent rows. The model predicts something from each row
// of X, and that is compared with the same row of Y.
type RowProblem struct {
	*ChunkProblem
	data             *Data
	predict, compare func(x, y autodiff.Var) autodiff.Var
	width            int // columns of the prediction
}

// NewRowProblem returns the problem of parameters params and data d, for any number of rows.
// predict returns the prediction from rows x. It may read columns of y that are no targets,
// such as the length of a step. compare returns the loss of the prediction, 1×1, a mean over
// rows.
func NewRowProblem(params []*autodiff.Matrix, d *Data, workers int,
	predict, compare func(x, y autodiff.Var) autodiff.Var) (*RowProblem, error) {
	switch {
	case d == nil || d.X == nil || d.Y == nil || d.X.Rows == 0:
		return nil, errors.New("nn: no data")
	case len(params) == 0:
		return nil, errors.New("nn: the model has no parameters to fit: want one at least")
	case len(d.X.Data) != d.X.Rows*d.X.Cols || len(d.Y.Data) != d.Y.Rows*d.Y.Cols || d.X.Rows != d.Y.Rows:
		return nil, fmt.Errorf("nn: data of %d×%d and %d×%d with %d and %d elements", d.X.Rows, d.X.Cols, d.Y.Rows, d.Y.Cols, len(d.X.Data), len(d.Y.Data))
	}
	var g autodiff.Graph
	width := predict(g.Leaf("x", autodiff.NewMatrix(1, d.X.Cols)), g.Leaf("y", autodiff.NewMatrix(1, d.Y.Cols))).Cols()
	p := &RowProblem{data: d, predict: predict, compare: compare, width: width}
	var err error
	p.ChunkProblem, err = NewProblem(params, d.X.Rows, d.Starts, workers, p.compile)
	return p, err
}

// count returns how many numbers there are in matrices.
func count(params []*autodiff.Matrix) int {
	n := 0
	for _, p := range params {
		n += len(p.Data)
	}
	return n
}

// Data returns the arguments and targets.
func (p *RowProblem) Data() *Data { return p.data }

// compile makes a plan of the loss of a number of rows and, if gradient is set, of its
// derivatives by all parameters.
func (p *RowProblem) compile(rows int, gradient bool) *Chunk {
	d, xs, ys := p.data, autodiff.NewMatrix(rows, p.data.X.Cols), autodiff.NewMatrix(rows, p.data.Y.Cols)
	var g autodiff.Graph
	x, y := g.Leaf("x", xs), g.Leaf("y", ys)
	loss := p.compare(p.predict(x, y), y)
	outs := []autodiff.Var{loss}
	if gradient {
		outs = append(outs, autodiff.Grad(loss, leaves(&g, p.params)...)...)
	}
	plan := mustCompile(outs)
	value := plan.Value(loss)
	return &Chunk{Grads: values(plan, outs[1:]), Run: func(rows []int) float64 {
		for i, r := range rows {
			copy(xs.Row(i), d.X.Row(r))
			copy(ys.Row(i), d.Y.Row(r))
		}
		plan.Run()
		return value.Data[0]
	}}
}

// leaves returns the variables of parameters that a formula of g has entered and named.
func leaves(g *autodiff.Graph, params []*autodiff.Matrix) []autodiff.Var {
	var vars []autodiff.Var
	for _, w := range params {
		vars = append(vars, g.Leaf("", w))
	}
	return vars
}

// mustCompile compiles formulas of one graph, which cannot fail.
func mustCompile(outs []autodiff.Var) *autodiff.Plan {
	plan, err := autodiff.Compile(outs...)
	if err != nil {
		panic(err)
	}
	return plan
}

func values(plan *autodiff.Plan, vars []autodiff.Var) []*autodiff.Matrix {
	var ms []*autodiff.Matrix
	for _, v := range vars {
		ms = append(ms, plan.Value(v))
	}
	return ms
}

// Null returns the loss of predicting the mean of the targets for every row. A model should
// have a lower one.
func (p *RowProblem) Null() float64 {
	d := p.data
	mean := autodiff.NewMatrix(1, p.width)
	for r := range d.Y.Rows {
		for j := range mean.Data {
			mean.Data[j] += d.Y.At(r, j) / float64(d.Y.Rows)
		}
	}
	var g autodiff.Graph
	y := g.Leaf("y", d.Y)
	loss := p.compare(autodiff.ExpandTo(g.Leaf("mean", mean), d.Y.Rows, p.width), y)
	plan := mustCompile([]autodiff.Var{loss})
	plan.Run()
	return plan.Value(loss).Data[0]
}
