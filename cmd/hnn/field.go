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
	"hnn/spring/system"
)

const fieldHelp = ` [MODEL.json ...]

Writes a CSV of H and its field on a grid, for systems and models:

  q, p                       the point; of several pairs q0, q1, …, p0, p1, …
  H, dq, dp                  of the true system, if -system or -H says which it is, if there are no
                             models, or if all are those of hnn spring
  H_NAME, dq_NAME, dp_NAME   of each model. NAME is the name of its file without directory
                             and ending. A model without a Hamiltonian has no H
  conservative_dq_NAME, conservative_dp_NAME, dissipative_dq_NAME, dissipative_dp_NAME
                             J∇H and the part of friction, of a model of kind port. Their
                             sum is its field without inputs, dq_NAME and dp_NAME
  next_q_NAME, next_p_NAME   the next state, of a nextstate model

The grid of a system of several pairs is a slice: two components, -over, go over the grid, and
all others are those of -state. hnn plot draws the level sets of H in it, and the two components
of the field.

Of an ensemble (hnn train -ensemble) these are medians of all models, and columns that end in
_low and _high are the -quantiles. For these H has the same mean on the grid in all models.

A cell is empty if its value is not finite.

Examples:
  hnn field -o field.csv out/hnn.json out/baseline.json
  hnn field -system pendulum -q-range -3,3 -p-range -2,2 -points 101 pendulum.json
  hnn field -H 'p^2/2 + q^4/4'
  hnn field -system henon-heiles -over q0,q1 -state 0,0,0.1,0 -o slice.csv hh.json
`

// maxGrid bounds the points on a side of a grid.
const maxGrid = 10_000

// A grid is a table of columns over a rectangle of states.
type grid struct {
	names  []string // of the components of a state
	header []string
	x      *autodiff.Matrix // the state of each point
	cols   [][]float64
}

// gridBytes is what a grid of n×n points needs with columns of some models of d pairs.
func gridBytes(n, models, d int) float64 {
	return float64(n) * float64(n) * 48 * float64(d) * float64(1+models)
}

// newGrid returns the grid of n×n points that two components go over, from lo to hi. All others are
// those of state.
func newGrid(state []float64, over [2]int, lo, hi [2]float64, n int) *grid {
	g := &grid{names: names(len(state) / 2), x: autodiff.NewMatrix(n*n, len(state))}
	at := func(k, i int) float64 {
		if i == n-1 {
			return hi[k]
		}
		return lo[k] + float64((hi[k]-lo[k])*(float64(i)/float64(n-1)))
	}
	for i := range n {
		for j := range n {
			row := g.x.Row(i*n + j)
			copy(row, state)
			row[over[0]], row[over[1]] = at(0, i), at(1, j)
		}
	}
	for j, name := range g.names {
		g.add(name, column(g.x, j))
	}
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
		g.addStates("conservative_d", suffix, nn.Evaluate(o.Conservative, g.x))
		g.addStates("dissipative_d", suffix, nn.Evaluate(o.Dissipative, g.x))
	}
	if f, ok := m.(nn.Field); ok {
		g.addStates("d", suffix, nn.Evaluate(f.Field, g.x))
	}
	if n, ok := m.(nn.Map); ok {
		g.addStates("next_", suffix, nn.Evaluate(n.Next, g.x))
	}
}

// addStates adds a column for each component.
func (g *grid) addStates(prefix, suffix string, y *autodiff.Matrix) {
	for j, name := range g.names {
		g.add(prefix+name+suffix, column(y, j))
	}
}

func (g *grid) write(w *table.Writer) {
	for i := range g.x.Rows {
		for _, c := range g.cols {
			w.Floats(c[i])
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

// A slice holds the flags of the grid.
type slice struct {
	over            []string
	state           []float64
	across, upwards []float64 // the ranges of the two components
	points          int
}

func (c *slice) register(f *flags.Set) {
	c.points = 41
	f.Words(&c.over, "over", "the two `components` that go over the grid: the first across, the second upwards, named as in H or as in the file (default q and p, or q0 and p0)")
	f.Floats(&c.state, "state", flags.Any, "`state` that the slice of a system of several pairs goes through: the coordinates, then the momenta (default that in the middle of the training data, or 0)")
	f.Floats(&c.across, "q-range", flags.Any, "least and greatest `value` of q, or of the first of -over (default that of the training data, or -1.5,1.5)")
	f.Floats(&c.upwards, "p-range", flags.Any, "least and greatest `value` of p, or of the second of -over (default likewise)")
	pointsFlag(f, &c.points)
}

func (c *slice) check() error {
	for i, r := range [][]float64{c.across, c.upwards} {
		if r != nil && (len(r) != 2 || !(r[0] < r[1]) || math.IsInf(r[1]-r[0], 0)) {
			return flags.Wrong("-%s-range: want two numbers, the lower first, as in -1,1", []string{"q", "p"}[i])
		}
	}
	if c.over != nil && (len(c.over) != 2 || c.over[0] == c.over[1]) {
		return flags.Wrong("-over %s: want two components, as in q0,p0", strings.Join(c.over, ","))
	}
	return checkPoints(c.points)
}

// grid makes the grid for states whose components have the given names, or those of the file. made
// says where the training data were; it may be nil.
func (c *slice) grid(given []string, made *nn.Origin) (*grid, error) {
	n, d := len(given), len(given)/2
	known := made != nil && len(made.Low) == n && len(made.High) == n
	over := [2]int{0, d}
	if c.over != nil {
		for i, name := range c.over {
			over[i] = slices.Index(given, name)
			if over[i] < 0 {
				over[i] = slices.Index(names(d), name)
			}
			if over[i] < 0 {
				return nil, flags.Wrong("-over: no component is called %.40q: want two of %s", name, strings.Join(given, ", "))
			}
		}
		if over[0] == over[1] {
			return nil, flags.Wrong("-over %s: both are %s of the file: want two of %s", strings.Join(c.over, ","), names(d)[over[0]], strings.Join(given, ", "))
		}
	}
	state := make([]float64, n)
	switch {
	case c.state != nil && d == 1:
		return nil, flags.Wrong("-state is for systems of several pairs: a grid of one pair has all states")
	case c.state != nil && len(c.state) != n:
		return nil, flags.Wrong("-state has %d numbers, want %d: %s", len(c.state), n, strings.Join(given, ","))
	case c.state != nil:
		copy(state, c.state)
	case known:
		for i := range state {
			state[i] = float64(made.Low[i]/2) + float64(made.High[i]/2)
		}
	}
	var lo, hi [2]float64
	for i, r := range [][]float64{c.across, c.upwards} {
		switch j := over[i]; {
		case r != nil:
			lo[i], hi[i] = r[0], r[1]
		case known && made.Low[j] < made.High[j]:
			lo[i], hi[i] = made.Low[j], made.High[j]
		default:
			lo[i], hi[i] = -1.5, 1.5
		}
	}
	return newGrid(state, over, lo, hi, c.points), nil
}

// truth returns the system that the flags mean, or that which the models were made for: nil if it is
// not known.
func (c *which) truth(f *flags.Set, models [][]*model) (*system.System, error) {
	if len(models) == 0 || f.First("system", "H", "q", "p", "set") != "" { // of -set alone, the spring
		return c.resolve(f)
	}
	set := map[string]float64{}
	for i, of := range models {
		if of[0].made == nil || of[0].made.Command != "spring" {
			return nil, nil
		}
		for _, name := range []string{"m", "k"} {
			v, err := flags.Positive.Number(of[0].made.Flags[name])
			if err != nil || i > 0 && v != set[name] {
				return nil, nil
			}
			set[name] = v
		}
	}
	return system.Named("spring", set)
}

func defineField(f *flags.Set) check {
	var c which
	var sl slice
	var b band
	out := "-"
	c.register(f)
	sl.register(f)
	b.register(f)
	f.File(&out, "o", flags.Output, "output `file`, - for standard output")
	f.Operands(0, 1000, "model files")
	return func() (run, error) {
		if err := sl.check(); err != nil {
			return nil, err
		}
		if err := b.check(); err != nil {
			return nil, err
		}
		if _, err := c.resolve(f); err != nil {
			return nil, err
		}
		return func(e *env) error {
			var models [][]*model
			for _, file := range f.Args() {
				m, err := loadModels(e.ctx, file)
				if err != nil {
					return err
				}
				models = append(models, m)
			}
			truth, err := c.truth(f, models)
			if err != nil {
				return err
			}
			var given []string
			var made *nn.Origin
			if truth != nil {
				given = slices.Concat(truth.Q, truth.P)
			} else {
				given = models[0][0].names()
			}
			if len(models) > 0 {
				made = models[0][0].made
			}
			if err := e.fits(gridBytes(sl.points, 1+len(models), len(given)/2), fmt.Sprintf("a grid of -points %d", sl.points), "fewer"); err != nil {
				return err
			}
			g, err := sl.grid(given, made)
			if err != nil {
				return err
			}
			if truth != nil {
				g.addModel("", truth)
				if !slices.ContainsFunc(g.cols[len(g.names)], func(h float64) bool { return h-h == 0 }) {
					return flags.Wrong("H is not a finite number at any point of the grid: want another H, or other ranges")
				}
			}
			for i, file := range f.Args() {
				of := models[i]
				if n := of[0].Dim(); n != len(given) {
					return fmt.Errorf("%s: the model has %d components of state, the grid has %s", file, n, strings.Join(g.names, ", "))
				}
				name := strings.TrimSuffix(filepath.Base(file), filepath.Ext(file))
				if slices.Contains(g.header, "d"+g.names[0]+"_"+name) || slices.Contains(g.header, "next_"+g.names[0]+"_"+name) {
					return flags.Wrong("two models are called %s: want files of different names", name)
				}
				if len(of) == 1 {
					g.addModel("_"+name, of[0].Stored)
				} else if err := g.addEnsemble("_"+name, of, b); err != nil {
					return err
				}
			}
			if err := e.writeTable(out, g.header, g.write); err != nil {
				return err
			}
			if truth != nil && len(models) > 0 && f.First("system", "H") == "" {
				e.say("H, dq and dp are those of the spring, which these models were made for")
			}
			return nil
		}, nil
	}
}
