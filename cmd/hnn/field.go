package main

import (
	"fmt"
	"strconv"

	"hnn/autodiff"
	"hnn/cmd/hnn/internal/table"
	"hnn/integrate"
	"hnn/nn"
)

const fieldHelp = ` [MODEL.json ...]

Writes a CSV of H and its field on a grid of q and p: of the true system, any of those
of hnn simulate, the spring unless flags say otherwise (columns H, dq, dp), and of each model file (columns
H_NAME, dq_NAME, dp_NAME, with NAME the kind of the model, numbered where several are of
one kind; a derivative model has no H). Cells are empty where a value is not finite. For
systems and models of one pair (q, p).

Examples:
  hnn field -o field.csv out/hnn.json out/baseline.json
  hnn field -system pendulum -q-range -3,3 -p-range -2,2 -n 101 pendulum.json
  hnn field -H 'p^2/2 + q^4/4'
`

// maxGrid bounds the points a side of a grid.
const maxGrid = 10_000

// A grid is a table of columns over a rectangle of states.
type grid struct {
	header []string
	x      *autodiff.Matrix // [q, p] of each point
	cols   [][]float64
}

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

func (g *grid) addTrue(energy func(x []float64) float64, field integrate.Field) {
	h, dx := make([]float64, g.x.Rows), autodiff.NewMatrix(g.x.Rows, 2)
	for i := range h {
		h[i] = energy(g.x.Row(i))
		field(dx.Row(i), 0, g.x.Row(i))
	}
	g.add("H", h)
	g.add("dq", column(dx, 0))
	g.add("dp", column(dx, 1))
}

// addModel adds the columns of a model; a next-state model has those of its states.
func (g *grid) addModel(name string, m nn.Model) {
	switch m := m.(type) {
	case *nn.HNN:
		g.add("H_"+name, nn.Evaluate(m.H, g.x).Data)
		g.addPair("d", name, nn.Evaluate(m.Field, g.x))
	case *nn.Derivative:
		g.addPair("d", name, nn.Evaluate(m.Field, g.x))
	case *nn.NextState:
		g.addPair("next_", name, nn.Evaluate(m.Next, g.x))
	}
}

func (g *grid) addPair(prefix, name string, y *autodiff.Matrix) {
	g.add(prefix+"q_"+name, column(y, 0))
	g.add(prefix+"p_"+name, column(y, 1))
}

func (g *grid) write(w *table.Writer) {
	for i := range g.x.Rows {
		for _, c := range g.cols {
			if v := c[i]; v-v != 0 {
				w.Blank()
			} else {
				w.Float(v)
			}
		}
		w.End()
	}
}

func runField(e *env, args []string) error {
	var c which
	qr, pr := []float64{-1.5, 1.5}, []float64{-1.5, 1.5}
	n, out := 41, "-"
	f := newFlags(e, "field", fieldHelp)
	c.register(f)
	f.floats(&qr, "q-range", anyNumber, "least and greatest `q`")
	f.floats(&pr, "p-range", anyNumber, "least and greatest `p`")
	f.int(&n, "n", 2, "`points` a side")
	f.StringVar(&out, "o", out, "output `file`, - for standard output")
	files, err := f.parse(args, maxCount)
	if err != nil {
		return err
	}
	for i, r := range [][]float64{qr, pr} {
		if len(r) != 2 || r[0] >= r[1] {
			return usageError{fmt.Errorf("-%s-range: want two numbers, the lower first, as in -1,1", []string{"q", "p"}[i])}
		}
	}
	if n > maxGrid {
		return usageError{fmt.Errorf("-n %d: at most %d points a side", n, maxGrid)}
	}
	s, err := c.resolve(f)
	if err != nil {
		return err
	}
	if s.Dim() != 2 {
		return usageError{fmt.Errorf("the system has the coordinates %v and momenta %v, a grid has one of each", s.Q, s.P)}
	}
	models, err := loadModels(files)
	if err != nil {
		return err
	}
	if err := checkOutput(out, files...); err != nil {
		return err
	}
	g := newGrid(qr[0], qr[1], pr[0], pr[1], n)
	g.addTrue(s.NewEnergy(), s.NewField())
	count := map[string]int{}
	for i, m := range models {
		name := nn.Kind(m)
		if count[name]++; count[name] > 1 {
			name += strconv.Itoa(count[name])
		}
		if d := m.Net().Sizes()[0]; d != 2 {
			return fmt.Errorf("%s: the model has %d components of state, a grid has q and p", files[i], d)
		}
		g.addModel(name, m)
	}
	_, err = writeTable(out, g.header, g.write)
	return err
}
