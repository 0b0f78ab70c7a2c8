package main

import (
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"hnn/autodiff"
	"hnn/autodiff/elementary"
	"hnn/cmd/hnn/internal/flags"
	"hnn/cmd/hnn/internal/table"
	"hnn/nn"
)

const formulaHelp = ` MODEL.json [DATA.csv]

Finds a formula for the H of a model, and for a friction that is a network: a sum of few terms
of a library, with constants. It prints that of H as other commands take it, in -H. The library
has all powers and products of coordinates and momenta up to -degree, sin and cos of each
coordinate, and the -terms. An angle of -periodic has sin and cos of its multiples up to -degree
in the place of powers.

A learned H has an arbitrary constant, so fields are compared and not values: J∇H of the
formula with that of the model, each component in units of its root mean square. That is done
at the states of DATA.csv or, without it, at random states of the ellipsoid within the range of
the training data. With DATA.csv no state counts that the model has not learned: prefer it.

From the whole library terms are taken out one at a time, that which costs least, and exchanged
for others where that helps. Terms of large constants that cancel are avoided. The error of each
size is shown, and written to -path: it is √(mean |J∇H − J∇H_model|²), and the share of the mean
square that a size explains is 1 − error². The formula is the last size at which each further
term still divides the error by -worth or more: a network is not exact, so some more terms
always fit a part of its errors, but none of them divides the error by much. -size takes
another size. A size that stands out is right; if the error falls slowly and smoothly, H is no
short sum of these terms, and a warning says so. sin and cos of a coordinate that is no angle of
-periodic are nearly powers where it is small: they are taken if the formula is longer or worse
without them.

Friction that is a network, of kind port, becomes −∂D/∂p of a sum D of terms with two or more
factors of momenta (of the states that it acts on), in the same way. It is a formula for
-friction. Its errors are those of the force of friction.

With DATA.csv the constants are then fitted to the data: by least squares on the time derivatives
of the file, if it has them and the model has neither friction nor inputs, else on whole motions,
as hnn train -H does, without its shortest segments. Friction and inputs are fitted too. Standard
errors assume that the residuals are independent. One line says what the formula and the model
leave of these data. In whole motions the data have a say in the terms: those within three
standard errors of 0 are taken out, one at a time, and where the formula is further from the data
than the model, a few more are tried first. -size holds the terms. -model writes the formula as a
model: score it beside the first by hnn eval, on other data.

Files:
  -path     part (H or friction), terms, error, explained (the share of the mean square),
            chosen (1 for the formula that is printed), expression
  -report   part, term, model (its constant in the fit to the model), data (in the fit to the
            data) and error (the standard error of that)
  -model    a model file, for hnn eval, rollout, field and others

Examples:
  hnn formula model.json
  hnn formula -path path.csv -report constants.csv model.json train.csv
  hnn formula -model typed.json model.json train.csv && hnn eval typed.json test.csv
  hnn formula -degree 2 -terms '1/sqrt(x^2+y^2)' kepler.json kepler.csv
  hnn simulate -H "$(hnn formula model.json train.csv)" -state 1,0
`

// maxLibrary bounds the terms of a library, and usualLibrary what -degree has by default.
const (
	maxLibrary   = 400
	usualLibrary = 200
)

// A formulaJob holds the flags of formula.
type formulaJob struct {
	degree, size, points int
	worth                float64
	terms                []string
	cols                 columns
	out, path, report    string
	model                string
	flags                *flags.Set
}

func defineFormula(f *flags.Set) check {
	j := &formulaJob{degree: 4, points: 2000, worth: 1.5, out: "-", flags: f}
	f.Count(&j.degree, "degree", 0, 12, "`degree` of the powers and products (default 4, or as much less as leaves 200 terms)")
	f.Words(&j.terms, "terms", "`expressions` of further terms, with commas between")
	f.Int(&j.size, "size", 0, "`terms` of the formula of H, 0: as the errors say")
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
	f.File(&j.model, "model", flags.Output, "`file` of the formula as a model, its constants fitted to DATA.csv")
	f.File(&j.out, "o", flags.Output, "output `file`, - for standard output")
	f.Operands(1, 2, "a model file, and perhaps a data file")
	return func() (run, error) {
		if f.Arg(0) == "-" && f.Arg(1) == "-" {
			return nil, flags.Wrong("the model and the data cannot both be standard input")
		}
		if j.model != "" && f.NArg() == 1 {
			return nil, flags.Wrong("-model: want a file of data after the model, to fit the constants to")
		}
		return j.run, j.cols.check()
	}
}

func (j *formulaJob) run(e *env) error {
	if err := e.checkOutputs([]string{j.out, j.path, j.report, j.model}, j.flags.Inputs()...); err != nil {
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
	lib, err := j.library(m)
	if err != nil {
		return err
	}
	if err := e.fits(float64(x.Rows)*float64(x.Cols)*float64(lib.size())*48, fmt.Sprintf("a library of %d terms at %d states", lib.size(), x.Rows), "a lower -degree, or fewer -points"); err != nil {
		return err
	}
	field := nn.Evaluate(func(x autodiff.Var) autodiff.Var { return autodiff.Hamilton(h.H(x), x) }, x)
	c := &constants{known: m.known()}
	if _, states, listed := strings.Cut(c.known.Friction, ":"); listed {
		c.on = ":" + states
	}
	p := &part{what: "H", noun: "field", y: field, unit: unitsOf(field, x), of: func(hamilton *autodiff.Matrix) *autodiff.Matrix { return hamilton }}
	ofH, err := j.find(m, lib, p, x, j.size)
	if err != nil {
		return err
	}
	if few := lib.plain(); lib.waves > 0 && few.size() > 0 && j.size <= few.size() {
		plain, err := j.find(m, few, p, x, j.size)
		if err == nil && plain.price(j.worth) < ofH.price(j.worth)+float64(elementary.Log(j.worth)/2) {
			ofH = plain
		}
	}
	findings := []*finding{ofH}
	c.h = ofH.sum
	loss, err := j.friction(e, m, c, lib, field, x)
	if err != nil {
		return err
	}
	if loss != nil {
		c.loss, findings = loss.sum, append(findings, loss)
	}
	if s != nil {
		err := c.refit(e, m, s)
		if errors.Is(err, nn.ErrDiverged) && j.model == "" {
			e.warn("%v: the constants are those of the model. Are these data of the same system?", err)
		} else if err != nil {
			return err
		}
		if j.size == 0 {
			if err := c.prune(e, m, s, findings); err != nil {
				return err
			}
		}
		if j.model != "" && c.model == nil {
			return fmt.Errorf("%s: -model: no times and no derivatives without friction: want one of them, to fit the constants to", s.name)
		}
	}
	if err := j.write(e, findings, c); err != nil {
		return err
	}
	j.tell(e, m, s, findings, c)
	return nil
}

// A finding is what was found of a part: the path of all sizes, and the place of the formula in it.
type finding struct {
	*part
	*sum
	path      []nn.Sparse
	chosen    int
	dependent []string // terms that cannot be told from others
}

// price is what nn.Knee compares.
func (f *finding) price(worth float64) float64 {
	return elementary.Log(max(f.Error, 1e-12)) + float64(float64(f.chosen)*elementary.Log(worth))
}

// find finds a formula for a part, of so many terms or, if size is 0, of as many as are worth it.
func (j *formulaJob) find(m *model, lib *library, p *part, x *autodiff.Matrix, size int) (*finding, error) {
	a, b, err := lib.compare(p, x)
	if err == nil && a.Rows <= a.Cols {
		err = fmt.Errorf("%s: %d states cannot tell %d terms: want more rows of data or -points, or a lower -degree", p.what, x.Rows, lib.size())
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", m.file, err)
	}
	path, dependent, err := nn.SparsePath(a, b)
	if err != nil {
		return nil, fmt.Errorf("%s: %s: %d terms at %d states: %w", m.file, p.what, lib.size(), x.Rows, err)
	}
	f := &finding{part: p, path: path, chosen: size - 1}
	if size > len(path) {
		return nil, flags.Wrong("-size %d: the library has %d terms", size, len(path))
	}
	if size == 0 {
		if f.chosen, err = nn.Knee(path, j.worth); err != nil {
			return nil, err
		}
	}
	f.sum, f.dependent = &sum{Sparse: path[f.chosen], lib: lib, a: a, b: b}, lib.names(dependent)
	return f, nil
}

// write writes the files.
func (j *formulaJob) write(e *env, findings []*finding, c *constants) error {
	if err := e.write(j.out, func(w io.Writer) error {
		_, err := io.WriteString(w, c.h.expression()+"\n")
		return err
	}); err != nil {
		return err
	}
	if j.model != "" {
		if err := e.write(j.model, func(w io.Writer) error { return nn.Save(w, c.model, c.made) }); err != nil {
			return err
		}
	}
	if j.path != "" {
		if err := e.writeTable(j.path, []string{"part", "terms", "error", "explained", "chosen", "expression"}, func(w *table.Writer) {
			for _, f := range findings {
				for i, s := range f.path {
					w.Text(f.what)
					w.Int(i + 1)
					w.Floats(s.Error, 1-float64(s.Error*s.Error))
					w.Int(map[bool]int{true: 1}[i == f.chosen])
					w.Text((&sum{Sparse: s, lib: f.lib}).expression())
					w.End()
				}
			}
		}); err != nil {
			return err
		}
	}
	if j.report == "" {
		return nil
	}
	return e.writeTable(j.report, []string{"part", "term", "model", "data", "error"}, func(w *table.Writer) {
		for _, f := range findings {
			for i, name := range f.lib.names(f.Terms) {
				w.Text(f.what)
				w.Text(name)
				w.Floats(f.Coefficients[i], at(f.data, i), at(f.errors, i))
				w.End()
			}
		}
		for _, v := range c.more {
			w.Text(map[bool]string{true: "gain", false: "friction"}[strings.HasPrefix(v.Name, "gain")])
			w.Text(v.Name)
			w.Floats(math.NaN(), v.Value, v.Error)
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
