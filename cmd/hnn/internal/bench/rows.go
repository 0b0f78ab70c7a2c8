package bench

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"

	"hnn/autodiff"
	"hnn/autodiff/kernel"
	"hnn/autodiff/random"
	"hnn/integrate"
	"hnn/nn"
	"hnn/spring"
	"hnn/spring/pixels"
)

// networks are the networks of the training steps.
var networks = [][]int{{2, 128, 64, 32, 1}, {2, 200, 200, 1}}

// table lists what can be measured.
func (c *Config) table() []*Row {
	rows := []*Row{{Name: "peak", Flop: float64(kernel.Active().Peak(1)), measure: timed(func(_ context.Context, n int) error {
		kernel.Active().Peak(n)
		return nil
	})}}
	add := func(r *Row) { rows = append(rows, r) }

	// Two large products in each form, and those of a chunk of 128 rows of the first
	// network: values forward, gradients by x backward, gradients by W.
	all := []string{"matmul", "matmulT", "tmatmul"}
	for _, p := range []struct {
		forms []string
		sizes [][3]int
	}{
		{all, [][3]int{{744, 128, 96}, {1024, 1024, 1024}}},
		{all[1:2], [][3]int{{128, 2, 128}, {128, 128, 64}, {128, 64, 32}, {128, 32, 1}, {1, 2, 128}, {1, 128, 64}, {1, 64, 32}}},
		{all[:1], [][3]int{{128, 1, 32}, {128, 32, 64}, {128, 64, 128}, {128, 128, 2}, {1, 64, 128}}},
		{all[2:], [][3]int{{1, 128, 32}, {32, 128, 64}, {64, 128, 128}, {128, 128, 2}}},
	} {
		for _, s := range p.sizes {
			if c.Small && s[0] > 128 {
				continue
			}
			for _, form := range p.forms {
				add(productRow(form, s[0], s[1], s[2]))
			}
		}
	}
	add(tanhRow())
	for _, sizes := range networks {
		for _, rows := range c.Sizes {
			one := stepRow(sizes, rows, 1)
			add(one)
			if rows > 1 && runtime.GOMAXPROCS(0) > 1 {
				two := stepRow(sizes, rows, 2)
				two.base = one.Name
				add(two)
			}
		}
	}
	for _, sizes := range [][]int{{2, 32, 32, 1}, networks[0]} {
		one := c.shootingRow(sizes, 1)
		add(one)
		if runtime.GOMAXPROCS(0) > 1 {
			two := c.shootingRow(sizes, 2)
			two.base = one.Name
			add(two)
		}
	}
	if !c.Small {
		one := pixelsRow(1)
		add(one)
		if runtime.GOMAXPROCS(0) > 1 {
			two := pixelsRow(2)
			two.base = one.Name
			add(two)
		}
	}
	for _, sizes := range networks {
		add(fieldRow(sizes))
	}
	add(rolloutRow("spring", func() integrate.Field { return spring.Spring{M: 1, K: 1}.Field }))
	for _, sizes := range networks {
		add(rolloutRow(dashed(sizes), func() integrate.Field { return nn.NewField(network(sizes)) }))
	}
	add(experimentRow(c.Epochs))
	return rows
}

// dashed writes sizes as in 2-8-1.
func dashed(sizes []int) string {
	return strings.Trim(strings.ReplaceAll(fmt.Sprint(sizes), " ", "-"), "[]")
}

// noise returns n numbers from (−1, 1).
func noise(n int) []float64 {
	src := rand.NewPCG(1, 2)
	x := make([]float64, n)
	for i := range x {
		x[i] = float64(2*random.Uniform(src)) - 1
	}
	return x
}

func productRow(form string, m, k, n int) *Row {
	var w kernel.Workspace
	product := map[string]func(z, x, y []float64, m, k, n int){"matmul": w.MatMul, "matmulT": w.MatMulT, "tmatmul": w.TMatMul}[form]
	x, y, z := noise(m*k), noise(k*n), make([]float64, m*n)
	return &Row{
		Name: fmt.Sprintf("%s %d×%d×%d", form, m, k, n),
		Flop: 2 * float64(m) * float64(k) * float64(n),
		measure: timed(func(_ context.Context, times int) error {
			for range times {
				product(z, x, y, m, k, n)
			}
			return nil
		}),
	}
}

func tanhRow() *Row {
	x := noise(4096)
	for i := range x {
		x[i] *= 3
	}
	z := make([]float64, len(x))
	return &Row{Name: "tanh", measure: timed(func(_ context.Context, times int) error {
		for ; times > 0; times -= len(x) {
			n := min(times, len(x))
			kernel.TanhTo(z[:n], x[:n])
		}
		return nil
	})}
}

func network(sizes []int) *nn.HNN {
	net, err := nn.NewMLP(nn.Tanh, false, sizes...)
	if err != nil {
		panic(err) // the sizes are those of networks
	}
	net.Init(nn.Torch, rand.NewPCG(1, 1))
	return &nn.HNN{K: net}
}

// springRows returns random states of the unit spring and their derivatives.
func springRows(n int) *nn.Series {
	d := &nn.Series{X: &autodiff.Matrix{Rows: n, Cols: 2, Data: noise(2 * n)}, DX: autodiff.NewMatrix(n, 2)}
	for i := range n {
		q, p := d.X.At(i, 0), d.X.At(i, 1)
		copy(d.DX.Row(i), []float64{p, -q})
	}
	return d
}

// stepRow measures the steps of a training of an HNN.
func stepRow(sizes []int, rows, workers int) *Row {
	m, d := network(sizes), springRows(rows)
	r := trainingRow(fmt.Sprintf("step %s rows=%d workers=%d", dashed(sizes), rows, workers), workers, -1, func(context.Context) (nn.Problem, error) {
		return nn.Derivatives{}.Problem(m, d, nil, workers)
	})
	r.Flop = float64(rows) * flopOfRow(m)
	return r
}

// flopOfRow returns the operations in products of matrices of the loss of one row and its
// gradient: those of two rows less those of one, because nothing is done once for all rows.
func flopOfRow(m *nn.HNN) (flop float64) {
	for _, rows := range []int{1, 2} {
		var g autodiff.Graph
		x, y := g.Leaf("x", autodiff.NewMatrix(rows, 2)), g.Leaf("y", autodiff.NewMatrix(rows, 2))
		loss := nn.FieldLoss(m.Field(x), y, nil)
		var weights []autodiff.Var
		for _, p := range m.Params() {
			weights = append(weights, g.Leaf("", p))
		}
		plan, err := autodiff.Compile(append(autodiff.Grad(loss, weights...), loss)...)
		if err != nil {
			panic(err) // all formulas are of one graph
		}
		sum := 0.
		for _, in := range plan.Listing() {
			inner := map[string]int{"matmul": in.X.Cols, "matmulT": in.X.Cols, "tmatmul": in.X.Rows}[in.Op]
			sum += float64(2 * in.Z.Rows * in.Z.Cols * inner)
		}
		flop = sum - flop
	}
	return flop
}

// shootingRow measures the loss of shooting and its gradient, for segments of 50 steps of RK4.
func (c *Config) shootingRow(sizes []int, workers int) *Row {
	const steps = 50
	segments := 500
	if c.Small {
		segments = 20
	}
	s := &nn.Series{X: &autodiff.Matrix{Rows: segments * (steps + 1), Cols: 2, Data: noise(2 * segments * (steps + 1))}}
	for r := range s.X.Rows {
		if r%(steps+1) == 0 {
			s.Starts = append(s.Starts, r)
		}
		s.T = append(s.T, float64(0.1*float64(r%(steps+1))))
	}
	unit := &nn.Scaling{Mu: autodiff.NewMatrix(1, 2), S: &autodiff.Matrix{Rows: 1, Cols: 2, Data: []float64{1, 1}}, Tau: 1} // steps of 0.1 stay whole
	return &Row{
		Name:    fmt.Sprintf("shooting %s segments=%d steps=%d workers=%d", dashed(sizes), segments, steps, workers),
		workers: workers,
		measure: func(_ context.Context, n int, c *clock) error {
			p, err := nn.Shooting{}.Problem(network(sizes), s, unit, workers)
			if err != nil {
				return err
			}
			defer p.(*nn.ShootingProblem).Close()
			p.Eval(nil, true)
			c.start()
			for range n {
				p.Eval(nil, true)
			}
			c.stop()
			return nil
		},
	}
}

// pixelsRow measures the steps of hnn pixels, of its HNN and its default size.
func pixelsRow(workers int) *Row {
	c := pixels.Default()
	c.Runs, c.Frames = 1, c.Batch+2
	return trainingRow(fmt.Sprintf("pixels rows=%d workers=%d", c.Batch, workers), workers, c.Batch, func(ctx context.Context) (nn.Problem, error) {
		film, err := c.Record(ctx, rand.NewPCG(1, 1))
		if err != nil {
			return nil, err
		}
		m, err := c.NewAutoencoder(film, "hnn", rand.NewPCG(1, 2))
		if err != nil {
			return nil, err
		}
		o := pixels.Objective{Coupling: c.Coupling, Weights: c.Weights}
		return o.Problem(m, film.Series(), nil, workers)
	})
}

// trainingRow measures steps of Adam, each an epoch of one batch. The first two do not count,
// because they compile plans and allocate buffers.
func trainingRow(name string, workers, batch int, problem func(context.Context) (nn.Problem, error)) *Row {
	const first = 2
	return &Row{
		Name:    name,
		workers: workers,
		measure: func(ctx context.Context, n int, c *clock) error {
			p, err := problem(ctx)
			if err != nil {
				return err
			}
			defer p.(interface{ Close() }).Close()
			o := nn.Descent{Rule: nn.NewAdam(), Epochs: first + n, Batch: batch, Rate: nn.Constant(1e-3)}
			return o.Minimize(ctx, p, func(e nn.Epoch) error {
				switch e.Epoch {
				case first:
					c.start()
				case first + n:
					c.stop()
				}
				return nil
			})
		},
	}
}

func fieldRow(sizes []int) *Row {
	f := nn.Func(network(sizes).Field, 2)
	x, dx := []float64{1, 0}, make([]float64, 2)
	return &Row{Name: "field " + dashed(sizes), measure: timed(func(_ context.Context, n int) error {
		for range n {
			f(dx, x)
		}
		return nil
	})}
}

// rolloutRow is one of the experiment's rollouts: 100 s in steps of at most 0.1 s.
func rolloutRow(name string, field func() integrate.Field) *Row {
	f := field()
	return &Row{Name: "rollout " + name, measure: timed(func(_ context.Context, n int) error {
		for range n {
			if _, err := integrate.Solve(f, 0, 100, []float64{1, 0}, integrate.Options{FirstStep: 0.1, MaxStep: 0.1}); err != nil {
				return err
			}
		}
		return nil
	})}
}

func experimentRow(epochs int) *Row {
	c := spring.Default()
	c.Epochs = epochs
	return &Row{Name: fmt.Sprintf("experiment epochs=%d", epochs), measure: timed(func(ctx context.Context, n int) error {
		for range n {
			if _, err := spring.Run(ctx, c, nil); err != nil {
				return err
			}
		}
		return nil
	})}
}
