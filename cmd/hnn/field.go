package main

import (
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"

	"hnn/autodiff"
	"hnn/cmd/hnn/internal/flags"
	"hnn/cmd/hnn/internal/table"
	"hnn/nn"
)

const fieldHelp = ` [MODEL.json ...]

Writes a CSV of H and its field on a grid of q and p, for systems and models of one pair
(q, p):

  q, p                       the point
  H, dq, dp                  of the true system: the spring, or another that hnn simulate
                             knows
  H_NAME, dq_NAME, dp_NAME   of each model. NAME is the name of its file without directory
                             and ending. A model without a Hamiltonian has no H
  conservative_dq_NAME, conservative_dp_NAME, dissipative_dq_NAME, dissipative_dp_NAME
                             J∇H and the part of friction, of a model of kind port. Their
                             sum is its field without inputs, dq_NAME and dp_NAME
  next_q_NAME, next_p_NAME   the next state, of a nextstate model

Of an ensemble (hnn train -ensemble) these are medians of all models, and columns that end in
_low and _high are the -quantiles. For these H has the same mean on the grid in all models.

A cell is empty if its value is not finite.

Examples:
  hnn field -o field.csv out/hnn.json out/baseline.json
  hnn field -system pendulum -q-range -3,3 -p-range -2,2 -points 101 pendulum.json
  hnn field -H 'p^2/2 + q^4/4'
`

// maxGrid bounds the points on a side of a grid.
const maxGrid = 10_000

// A grid is a table of columns over a rectangle of states.
type grid struct {
	header []string
	x      *autodiff.Matrix // [q, p] of each point
	cols   [][]float64
}

// gridBytes is what a grid of n×n points needs with columns of some models.
func gridBytes(n, models int) float64 { return float64(n) * float64(n) * 48 * float64(1+models) }

func newGrid(q0, q1, p0, p1 float64, n int) *grid {
	g := &grid{header: []string{"q", "p"}, x: autodiff.NewMatrix(n*n, 2)}
	at := func(a, b float64, i int) float64 {
		if i == n-1 {
			return b
		}
		return a + float64((b-a)*(float64(i)/float64(n-1)))
	}
	for i := range n {
		for j := range n {
			copy(g.x.Row(i*n+j), []float64{at(q0, q1, i), at(p0, p1, j)})
		}
	}
	g.cols = [][]float64{column(g.x, 0), column(g.x, 1)}
	return g
}

func column(m *autodiff.Matrix, j int) []float64 {
	c := make([]float64, m.Rows)
	for i := range c {
		c[i] = m.At(i, j)
	}
	return c
}

func (g *grid) add(name string, col []float64) {
	g.header = append(g.header, name)
	g.cols = append(g.cols, col)
}

// addModel adds the columns of a model or a system, with suffix after each name.
func (g *grid) addModel(suffix string, m nn.Model) {
	if h, ok := m.(nn.Energy); ok {
		g.add("H"+suffix, nn.Evaluate(h.H, g.x).Data)
	}
	if o, ok := m.(nn.Open); ok { // the motion in two parts
		g.addPair("conservative_d", suffix, nn.Evaluate(o.Conservative, g.x))
		g.addPair("dissipative_d", suffix, nn.Evaluate(o.Dissipative, g.x))
	}
	if f, ok := m.(nn.Field); ok {
		g.addPair("d", suffix, nn.Evaluate(f.Field, g.x))
	}
	if n, ok := m.(nn.Map); ok {
		g.addPair("next_", suffix, nn.Evaluate(n.Next, g.x))
	}
}

func (g *grid) addPair(prefix, suffix string, y *autodiff.Matrix) {
	g.add(prefix+"q"+suffix, column(y, 0))
	g.add(prefix+"p"+suffix, column(y, 1))
}

func (g *grid) write(w *table.Writer) {
	for i := range g.x.Rows {
		for _, c := range g.cols {
			floats(w, c[i])
		}
		w.End()
	}
}

// pointsFlag registers the flag of the size of a grid.
func pointsFlag(f *flags.Set, n *int) {
	f.Int(n, "points", 2, "`points` on each side of the grid")
}

func checkPoints(n int) error {
	if n > maxGrid {
		return flags.Wrong("-points %d: at most %d points a side", n, maxGrid)
	}
	return nil
}

func defineField(f *flags.Set) check {
	var c which
	qr, pr := []float64{-1.5, 1.5}, []float64{-1.5, 1.5}
	n, out := 41, "-"
	c.register(f)
	f.Floats(&qr, "q-range", flags.Any, "least and greatest `q`")
	f.Floats(&pr, "p-range", flags.Any, "least and greatest `p`")
	pointsFlag(f, &n)
	var b band
	b.register(f)
	f.File(&out, "o", flags.Output, "output `file`, - for standard output")
	f.Operands(0, 1000, "model files")
	return func() (run, error) {
		for i, r := range [][]float64{qr, pr} {
			if len(r) != 2 || !(r[0] < r[1]) || math.IsInf(r[1]-r[0], 0) {
				return nil, flags.Wrong("-%s-range: want two numbers, the lower first, as in -1,1", []string{"q", "p"}[i])
			}
		}
		if err := checkPoints(n); err != nil {
			return nil, err
		}
		if err := b.check(); err != nil {
			return nil, err
		}
		s, err := c.resolve(f)
		if err != nil {
			return nil, err
		}
		if s.Dim() != 2 {
			return nil, flags.Wrong("the system has the coordinates %v and momenta %v, a grid has one of each", s.Q, s.P)
		}
		return func(e *env) error {
			if err := e.fits(gridBytes(n, 1+f.NArg()), fmt.Sprintf("a grid of -points %d", n), "fewer"); err != nil {
				return err
			}
			g := newGrid(qr[0], qr[1], pr[0], pr[1], n)
			g.addModel("", s)
			if !slices.ContainsFunc(g.cols[2], func(h float64) bool { return h-h == 0 }) {
				return flags.Wrong("H is not a finite number at any point of the grid: want another H, or other ranges")
			}
			for _, file := range f.Args() {
				models, err := loadModels(e.ctx, file)
				if err != nil {
					return err
				}
				m := models[0]
				if d := m.Dim(); d != 2 {
					return fmt.Errorf("%s: the model has %d components of state, a grid has q and p", file, d)
				}
				name := strings.TrimSuffix(filepath.Base(file), filepath.Ext(file))
				if slices.Contains(g.header, "dq_"+name) || slices.Contains(g.header, "next_q_"+name) {
					return flags.Wrong("two models are called %s: want files of different names", name)
				}
				if len(models) == 1 {
					g.addModel("_"+name, m.Stored)
				} else if err := g.addEnsemble("_"+name, models, b); err != nil {
					return err
				}
			}
			if err := e.writeTable(out, g.header, g.write); err != nil {
				return err
			}
			if f.NArg() > 0 && f.First("system", "H") == "" {
				e.say("H, dq and dp are those of the spring, the default of -system")
			}
			return nil
		}, nil
	}
}
