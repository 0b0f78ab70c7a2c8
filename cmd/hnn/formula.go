package main

import (
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"

	"hnn/autodiff"
	"hnn/autodiff/random"
	"hnn/cmd/hnn/internal/flags"
	"hnn/cmd/hnn/internal/table"
	"hnn/nn"
)

const formulaHelp = ` MODEL.json [DATA.csv]

Finds a formula for the H of a model: a sum of few terms of a library, with constants. It
prints the formula as other commands take it, in -H. The library has all powers and products
of coordinates and momenta up to -degree, sin and cos of each coordinate, and the -terms.

A learned H has an arbitrary constant, so fields are compared and not values: J∇H of the
formula with that of the model, each component in units of its root mean square. That is done
at the states of DATA.csv or, without it, at random states of the ellipsoid within the range of
the training data. With DATA.csv no state counts that the model has not learned: prefer it.

From the whole library terms are taken out one at a time, that which costs least, and exchanged
for others where that helps. The error of each size is shown, and written to -path: it is
√(mean |J∇H − J∇H_model|²), and the share of the mean square that a size explains is 1 − error².
The formula is the last size at which each further term still divides the error by -worth or
more: a network is not exact, so some more terms always fit a part of its errors, but none of
them divides the error by much. -size takes another size. A size that stands out is right; if
the error falls slowly and smoothly, H is no short sum of these terms, and a warning says so.

With DATA.csv the constants are then fitted to the data: by least squares on the time derivatives
of the file or, if it has none, on whole motions, as hnn train -H does, with the friction and the
inputs that the model was trained with. Standard errors assume that the residuals are
independent. They are in -report, with the constants of both fits.

Files:
  -path     terms, error, variance (the share of the mean square that is explained), chosen (1 for the formula
            that is printed), expression
  -report   term, model (its constant in the fit to the model), data (in the fit to the data)
            and error (the standard error of that)

Examples:
  hnn formula model.json
  hnn formula -path path.csv -report constants.csv model.json train.csv
  hnn formula -degree 2 -terms '1/sqrt(x^2+y^2)' kepler.json kepler.csv
  hnn simulate -H "$(hnn formula model.json train.csv)" -state 1,0
`

// maxLibrary bounds the terms of a library, and usualLibrary what -degree has by default.
const (
	maxLibrary   = 400
	usualLibrary = 200
)

// poorFormula is the error of a formula from which on a warning says that it is none.
const poorFormula = 0.05

// A formulaJob holds the flags of formula.
type formulaJob struct {
	degree, size, points int
	worth                float64
	terms                []string
	cols                 columns
	out, path, report    string
	flags                *flags.Set
}

func defineFormula(f *flags.Set) check {
	j := &formulaJob{degree: 4, points: 2000, worth: 1.5, out: "-", flags: f}
	f.Count(&j.degree, "degree", 0, 12, "`degree` of the powers and products (default 4, or as much less as leaves 200 terms)")
	f.Words(&j.terms, "terms", "`expressions` of further terms, with commas between")
	f.Int(&j.size, "size", 0, "`terms` of the formula, 0: as the errors say")
	f.Var(flags.Value{Parse: func(s string) (err error) {
		if j.worth, err = flags.Positive.Number(s); err == nil && j.worth <= 1 {
			err = fmt.Errorf("want a number above 1")
		}
		return err
	}, Show: func() string { return strconv.FormatFloat(j.worth, 'g', -1, 64) }}, "worth", "`factor` by which a further term must divide the error")
	f.Int(&j.points, "points", 2, "`points`, states at which fields are compared: rows evenly spread over the data")
	j.cols.register(f)
	f.File(&j.path, "path", flags.Output, "CSV `file` of the error of each size")
	f.File(&j.report, "report", flags.Output, "CSV `file` of the constants")
	f.File(&j.out, "o", flags.Output, "output `file`, - for standard output")
	f.Operands(1, 2, "a model file, and perhaps a data file")
	return func() (run, error) {
		if f.Arg(0) == "-" && f.Arg(1) == "-" {
			return nil, flags.Wrong("the model and the data cannot both be standard input")
		}
		return j.run, j.cols.check()
	}
}

func (j *formulaJob) run(e *env) error {
	if err := e.checkOutputs([]string{j.out, j.path, j.report}, j.flags.Inputs()...); err != nil {
		return err
	}
	m, err := loadModel(e.ctx, j.flags.Arg(0))
	if err != nil {
		return err
	}
	h, ok := m.Stored.(nn.Energy)
	if !ok {
		return fmt.Errorf("%s: a %s model has no H: want another -kind of hnn train", m.file, m.Kind())
	}
	lib, err := j.library(m)
	if err != nil {
		return err
	}
	var s *states
	if j.flags.NArg() == 2 {
		if s, err = readFor(e, m, j.flags.Arg(1), &j.cols, j.flags); err != nil {
			return err
		}
		if s, err = e.prepare(m, s, 0); err != nil {
			return err
		}
	}
	x, err := j.region(m, s)
	if err != nil {
		return err
	}
	if err := e.fits(float64(x.Rows)*float64(x.Cols)*float64(lib.size())*32, fmt.Sprintf("a library of %d terms at %d states", lib.size(), x.Rows), "a lower -degree, or fewer -points"); err != nil {
		return err
	}
	a, b, err := lib.compare(func(x autodiff.Var) autodiff.Var { return autodiff.Hamilton(h.H(x), x) }, x)
	if err != nil {
		return fmt.Errorf("%s: %w", m.file, err)
	}
	path, dependent, err := nn.SparsePath(a, b)
	if err != nil {
		return fmt.Errorf("%s: %d terms at %d states: %w", m.file, lib.size(), x.Rows, err)
	}
	chosen, err := j.choose(path)
	if err != nil {
		return err
	}
	c := &constants{Sparse: path[chosen], lib: lib}
	if s != nil {
		if err := c.refit(e, m, s); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
	}
	if err := j.write(e, path, chosen, c); err != nil {
		return err
	}
	if len(dependent) > 0 {
		some := lib.names(dependent)
		if len(some) > 5 {
			some = append(some[:5], "…")
		}
		e.say("%s: %d of %d terms cannot be told from others at these states and were left out: %s", m.file, len(dependent), lib.size(), strings.Join(some, ", "))
	}
	j.tell(e, m, path, chosen, c)
	return nil
}

// choose returns the place of the formula in the path.
func (j *formulaJob) choose(path []nn.Sparse) (int, error) {
	if j.size > len(path) {
		return 0, flags.Wrong("-size %d: the library has %d terms", j.size, len(path))
	}
	if j.size > 0 {
		return j.size - 1, nil
	}
	return nn.Knee(path, j.worth)
}

// write writes the files.
func (j *formulaJob) write(e *env, path []nn.Sparse, chosen int, c *constants) error {
	if err := e.write(j.out, func(w io.Writer) error {
		_, err := io.WriteString(w, c.expression()+"\n")
		return err
	}); err != nil {
		return err
	}
	if j.path != "" {
		if err := e.writeTable(j.path, []string{"terms", "error", "variance", "chosen", "expression"}, func(w *table.Writer) {
			for i, s := range path {
				w.Int(i + 1)
				floats(w, s.Error, 1-float64(s.Error*s.Error))
				w.Int(map[bool]int{true: 1}[i == chosen])
				w.Text((&constants{Sparse: s, lib: c.lib}).expression())
				w.End()
			}
		}); err != nil {
			return err
		}
	}
	if j.report == "" {
		return nil
	}
	return e.writeTable(j.report, []string{"term", "model", "data", "error"}, func(w *table.Writer) {
		for i, name := range c.lib.names(c.Terms) {
			w.Text(name)
			floats(w, c.Coefficients[i], at(c.data, i), at(c.errors, i))
			w.End()
		}
		for i, name := range c.more {
			k := len(c.Terms) + i
			w.Text(name)
			floats(w, math.NaN(), c.data[k], c.errors[k])
			w.End()
		}
	})
}

func at(v []float64, i int) float64 {
	if v == nil {
		return math.NaN()
	}
	return v[i]
}

// tell says what was found.
func (j *formulaJob) tell(e *env, m *model, path []nn.Sparse, chosen int, c *constants) {
	s := path[chosen]
	e.say("%s: %d terms of %d explain %.8g %% of the mean square of the field", m.file, chosen+1, len(path), 100*(1-float64(s.Error*s.Error)))
	var sizes []string
	for i := max(0, chosen-2); i < min(len(path), chosen+3); i++ {
		sizes = append(sizes, fmt.Sprintf("%d: %.2g", i+1, path[i].Error))
	}
	e.say("error of the field by the number of terms: %s", strings.Join(sizes, ", "))
	for i, name := range c.lib.names(c.Terms) {
		if c.errors != nil {
			e.say("  %-16s %s, from the model %.7g", name, withSmallError(c.data[i], c.errors[i]), c.Coefficients[i])
		}
	}
	for i, name := range c.more {
		k := len(c.Terms) + i
		e.say("  %-16s %s", name, withSmallError(c.data[k], c.errors[k]))
	}
	if c.lib.q[0] != "q" && c.lib.q[0] != "q0" || c.lib.p[0] != "p" && c.lib.p[0] != "p0" {
		e.say("with -H goes -q %s -p %s", strings.Join(c.lib.q, ","), strings.Join(c.lib.p, ","))
	}
	if s.Error > poorFormula {
		e.warn("%s: the field of this formula is off by %.2g of that of the model: H is no sum of so few of these terms. Give others by -terms, or another -degree or -size", m.file, s.Error)
	}
}

// withSmallError is withError of a value whose error may be that of rounding.
func withSmallError(v, sigma float64) string {
	if sigma < 1e-12*math.Abs(v) {
		return fmt.Sprintf("%.7g ± %.0e", v, sigma)
	}
	return withError(v, sigma)
}

// region returns the states at which fields are compared.
func (j *formulaJob) region(m *model, s *states) (*autodiff.Matrix, error) {
	if s != nil {
		return spread(s.X, j.points), nil
	}
	if m.made == nil || len(m.made.Low) != m.Dim() || len(m.made.High) != m.Dim() {
		return nil, fmt.Errorf("%s does not say where its data were: want a file of data after it", m.file)
	}
	x := autodiff.NewMatrix(j.points, m.Dim())
	src := rand.NewPCG(0, 0)
	for i := range x.Rows {
		inEllipsoid(x.Row(i), m.made.Low, m.made.High, src)
	}
	return x, nil
}

// inEllipsoid draws a state from the ellipsoid within a box: models know little of its corners.
func inEllipsoid(x, low, high []float64, src rand.Source) {
	for square := 2.; square > 1; {
		square = 0
		for k := range x {
			u := 2*random.Uniform(src) - 1
			square += float64(u * u)
			x[k] = low[k] + float64((high[k]-low[k])*((1+u)/2))
		}
	}
}

// spread returns at most n rows of x, evenly spread.
func spread(x *autodiff.Matrix, n int) *autodiff.Matrix {
	n = min(n, x.Rows)
	y := autodiff.NewMatrix(n, x.Cols)
	for i := range n {
		copy(y.Row(i), x.Row(i*x.Rows/n))
	}
	return y
}
