package nn

import (
	"errors"
	"fmt"
	"math"
	"strings"

	"hnn/autodiff"
)

// Residuals is a Problem whose loss is the sum of squares of residuals r, divided by the
// number of rows:
//
//	L = Σ rᵢ² / Rows()
//
// The unknowns are the numbers of Params, in their order.
type Residuals interface {
	Problem
	NumResiduals() int

	// Residuals computes r and, unless j is nil, the Jacobian matrix of the residuals by the
	// unknowns, NumResiduals × unknowns.
	Residuals(r []float64, j *autodiff.Matrix)
}

// residualsOf returns a problem as one that has residuals, at least as many as unknowns.
func residualsOf(p Problem) (Residuals, error) {
	if p == nil {
		return nil, errors.New("no problem")
	}
	l, ok := p.(Residuals)
	if !ok {
		return nil, errors.New("the problem has a loss alone: want one that gives its residuals, such as a Curve")
	}
	if m, n := l.NumResiduals(), count(l.Params()); m < n || n == 0 {
		return nil, fmt.Errorf("%d residuals and %d unknowns: want an unknown at least, and no fewer residuals", m, n)
	}
	if m, n := l.NumResiduals(), count(l.Params()); float64(m)*float64(n) > mostDerivatives {
		return nil, fmt.Errorf("%d residuals of %d unknowns: want fewer unknowns or rows, or the optimiser lbfgs", m, n)
	}
	return l, nil
}

// mostDerivatives bounds a Jacobian matrix, of which an optimiser has four: 160 MB each.
const mostDerivatives = 2e7

// A Curve is the problem of the unknowns b of a function f of known form, from its values y at
// rows x that are independent of each other:
//
//	r = f(x, b) − y
//
// Its derivatives by b are those of package autodiff. It implements Residuals.
type Curve struct {
	*RowProblem
	b, wide  *autodiff.Matrix // unknowns, 1×k, and repeated to rows×k
	plan     *autodiff.Plan   // of r
	derived  *autodiff.Plan   // of r and its derivatives
	r, again *autodiff.Matrix // rows×m, by plan and by derived
	by       []*autodiff.Matrix
}

// NewCurve returns the problem of unknowns b, 1×k, and data d. f returns the rows×m values at
// x, rows×columns, and is given b repeated to rows×k: row i of the result may depend on row i
// of x and of b alone. The residuals are the m numbers of the first row, then those of the next.
func NewCurve(b *autodiff.Matrix, d *Data, f func(x, b autodiff.Var) autodiff.Var) (*Curve, error) {
	if b == nil || b.Rows != 1 || b.Cols == 0 || len(b.Data) != b.Cols {
		return nil, errors.New("nn: curve: want a row of unknowns, one at least")
	}
	rows, err := NewRowProblem([]*autodiff.Matrix{b}, d, 1, func(x, _ autodiff.Var) autodiff.Var {
		return f(x, autodiff.ExpandTo(x.Graph().Leaf("b", b), x.Rows(), b.Cols))
	}, func(predicted, y autodiff.Var) autodiff.Var {
		return autodiff.Scale(MSE(predicted, y), float64(y.Cols()))
	})
	if err != nil {
		return nil, err
	}
	if rows.width != d.Y.Cols {
		return nil, fmt.Errorf("nn: curve: the function has %d values, want the %d of a row of the data", rows.width, d.Y.Cols)
	}
	c := &Curve{RowProblem: rows, b: b, wide: autodiff.NewMatrix(d.X.Rows, b.Cols)}
	var g autodiff.Graph
	x, y, wide := g.Leaf("x", d.X), g.Leaf("y", d.Y), g.Leaf("b", c.wide)
	r := autodiff.Sub(f(x, wide), y)
	outs := []autodiff.Var{r}
	for i := range d.Y.Cols { // row i of wide changes row i of r alone: the sum has its derivative
		outs = append(outs, autodiff.Grad(autodiff.SumTo(autodiff.Slice(r, i, i+1), 1, 1), wide)...)
	}
	c.plan, c.derived = mustCompile(outs[:1]), mustCompile(outs)
	c.r, c.again, c.by = c.plan.Value(r), c.derived.Value(r), values(c.derived, outs[1:])
	return c, nil
}

// NumResiduals implements Residuals.
func (c *Curve) NumResiduals() int { return len(c.data.Y.Data) }

// Residuals implements Residuals.
func (c *Curve) Residuals(r []float64, j *autodiff.Matrix) {
	for i := range c.wide.Rows {
		copy(c.wide.Row(i), c.b.Data)
	}
	if j == nil {
		c.plan.Run()
		copy(r, c.r.Data)
		return
	}
	c.derived.Run()
	copy(r, c.again.Data)
	for i := range j.Rows {
		copy(j.Row(i), c.by[i%len(c.by)].Row(i/len(c.by)))
	}
}

// Estimates are the unknowns of a fit of least squares and how well they are known.
type Estimates struct {
	Values      []float64
	Errors      []float64        // standard errors
	Covariance  *autodiff.Matrix // k×k
	Correlation *autodiff.Matrix // k×k, 1 on the diagonal
	SSR         float64          // sum of the squares of the residuals
	Sigma       float64          // standard deviation of a residual
	Freedom     int              // residuals less unknowns
}

// Undetermined is the error of data that do not determine all unknowns.
type Undetermined struct {
	// Directions are combinations of the unknowns, one a row, the largest share 1, along
	// which the residuals do not change.
	Directions [][]float64
}

// Error names the combinations: b1 is the first unknown.
func (e *Undetermined) Error() string {
	var s strings.Builder
	s.WriteString("nn: the data do not determine ")
	for i, d := range e.Directions {
		if i > 0 {
			s.WriteString(", nor ")
		}
		first := true
		for j, v := range d {
			switch {
			case math.Abs(v) < 1e-6:
				continue
			case first:
				fmt.Fprintf(&s, "%.4g·b%d", v, j+1)
			case v < 0:
				fmt.Fprintf(&s, " − %.4g·b%d", -v, j+1)
			default:
				fmt.Fprintf(&s, " + %.4g·b%d", v, j+1)
			}
			first = false
		}
	}
	s.WriteString(": want data that do, or fewer unknowns")
	return s.String()
}

// undeterminedBelow is the share of the largest |Rₖₖ| of the Jacobian matrix, its columns
// divided by their lengths, below which one is taken for 0.
const undeterminedBelow = 1e-12

// Uncertainties returns the unknowns of p at its minimum with their standard errors and
// correlations:
//
//	σ² = Σ rᵢ²/(n − k),    Cov = σ² (JᵀJ)⁻¹,    errorᵢ = √Covᵢᵢ
//
// of n residuals and k unknowns. They hold where the residuals are independent, of equal
// variance, and nearly linear in the unknowns within the errors. The error is an *Undetermined
// where JᵀJ is singular.
//
// Source: Bates and Watts, Nonlinear Regression Analysis and Its Applications (1988), §2.3.
func Uncertainties(p Problem) (*Estimates, error) {
	l, err := residualsOf(p)
	if err != nil {
		return nil, fmt.Errorf("nn: uncertainties: %w", err)
	}
	m, n := l.NumResiduals(), count(l.Params())
	if m == n {
		return nil, fmt.Errorf("nn: uncertainties: %d residuals and as many unknowns: want more residuals", m)
	}
	r, j := make([]float64, m), autodiff.NewMatrix(m, n)
	l.Residuals(r, j)
	if !finite(0, []*autodiff.Matrix{j}) || !finite(0, []*autodiff.Matrix{{Rows: 1, Cols: m, Data: r}}) {
		return nil, errors.New("nn: uncertainties: a residual or a derivative is not finite")
	}
	e := &Estimates{Values: make([]float64, 0, n), Errors: make([]float64, n), Freedom: m - n,
		Covariance: autodiff.NewMatrix(n, n), Correlation: autodiff.NewMatrix(n, n)}
	for _, b := range l.Params() {
		e.Values = append(e.Values, b.Data...)
	}
	norm := length(r)
	e.SSR = float64(norm * norm)
	e.Sigma = norm / math.Sqrt(float64(e.Freedom))
	scale, order := make([]float64, n), make([]int, n)
	divideColumns(j, scale, nil, 0)
	triangulate(j, r, order)
	if rank := rankOf(j, undeterminedBelow); rank < n {
		return nil, &Undetermined{directions(j, rank, order, scale)}
	}
	// (JᵀJ)⁻¹ = W Wᵀ with W = S⁻¹ P R⁻¹, of which each row is scaled to unit length.
	w := autodiff.NewMatrix(n, n)
	for k := range n {
		column := make([]float64, n)
		column[k] = 1
		backSolve(j, column, column, n)
		for i := range n {
			w.Row(order[i])[k] = column[i]
		}
	}
	for i := range n {
		row := w.Row(i)
		own := length(row)
		e.Errors[i] = e.Sigma * own / scale[i]
		for k := range row {
			row[k] /= own
		}
	}
	for i := range n {
		for k := range n {
			sum := 0.
			for l := range n {
				sum += float64(w.At(i, l) * w.At(k, l))
			}
			if i == k {
				sum = 1
			}
			e.Correlation.Row(i)[k] = sum
			e.Covariance.Row(i)[k] = float64(float64(e.Errors[i]*e.Errors[k]) * sum)
		}
	}
	return e, nil
}

// directions returns the combinations of unknowns with R P b = 0 of a triangular R of some
// rank, of columns that were divided by scale.
func directions(r *autodiff.Matrix, rank int, order []int, scale []float64) [][]float64 {
	n := r.Cols
	var all [][]float64
	for k := rank; k < n; k++ {
		z := make([]float64, n)
		for i := range rank {
			z[i] = -r.At(i, k)
		}
		backSolve(r, z, z, rank)
		z[k] = 1
		d, most := make([]float64, n), 0.
		for i, v := range z {
			d[order[i]] = v
			if scale[order[i]] != 0 {
				d[order[i]] = v / scale[order[i]]
			}
			if math.Abs(d[order[i]]) > math.Abs(most) {
				most = d[order[i]]
			}
		}
		for i := range d {
			d[i] /= most
		}
		all = append(all, d)
	}
	return all
}

// divideColumns divides each column of j by its length, or by so large a share of that in old
// if that is larger, and puts what it divided by in scale. A column of zeros stays.
func divideColumns(j *autodiff.Matrix, scale, old []float64, share float64) {
	room := make([]float64, j.Rows)
	for c := range scale {
		scale[c] = tail(j, 0, c, room)
		if old != nil {
			scale[c] = max(scale[c], share*old[c])
		}
	}
	for i := range j.Rows {
		row := j.Row(i)
		for c := range row {
			if scale[c] != 0 {
				row[c] /= scale[c]
			}
		}
	}
}
