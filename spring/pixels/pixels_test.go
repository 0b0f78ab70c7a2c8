package pixels

import (
	"bytes"
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"hnn/autodiff"
	"hnn/nn"
	"hnn/spring/system"
)

// A picture shows its angle, and has about the same light at each.
func TestDraw(t *testing.T) {
	for _, size := range []int{8, 28, 64} {
		picture, light := make([]float64, size*size), 0.
		for i := range 200 {
			a := -math.Pi + 2*math.Pi*(float64(i)+0.5)/200
			Draw(picture, size, []float64{a})
			if got := Angle(picture, size); math.Abs(got-a) > 0.4/float64(size) {
				t.Errorf("size %d: angle %.4f is seen as %.4f", size, a, got)
			}
			sum := 0.
			for _, v := range picture {
				if v < 0 || v > 1 || v*255 != math.Round(v*255) {
					t.Fatalf("size %d: a brightness of %v", size, v)
				}
				sum += v
			}
			if light == 0 {
				light = sum
			}
			if math.Abs(sum/light-1) > 1.2/float64(size) {
				t.Errorf("size %d, angle %.2f: light %.4g, at first %.4g", size, a, sum, light)
			}
		}
	}
}

// Two rods at angles a, b: the first bob is where a single rod of half the length ends.
func TestDrawTwoRods(t *testing.T) {
	const size = 64
	at := func(p []float64, x, y float64) float64 { return p[int(y)*size+int(x)] }
	p := make([]float64, size*size)
	Draw(p, size, []float64{math.Pi / 2, 0})
	bob := 0.7 * bobRadius * size
	length := (reach*size - bob) / 2
	for _, c := range []struct{ x, y, want float64 }{
		{size / 2, size / 2, 1}, {size/2 + length, size / 2, 1}, {size/2 + length, size/2 + length, 1},
		{size/2 - length, size / 2, 0}, {size / 2, size/2 + length, 0},
		{size/2 + length + bob + 0.8, size / 2, 0}, // beside a bob, but not beside a single one
	} {
		if got := at(p, c.x, c.y); got != c.want {
			t.Errorf("brightness at (%.1f, %.1f) is %v, want %v", c.x, c.y, got, c.want)
		}
	}
}

// small is an experiment of a second.
func small() Config {
	c := Default()
	c.Size, c.Runs, c.Frames, c.Tests, c.Starts, c.Length = 10, 5, 16, 2, 2, 12
	c.Hidden, c.Dynamics, c.Epochs, c.Batch = []int{12, 12}, []int{8}, 3, 20
	return c
}

// The motion in a film is that of the pendulum: its states keep their energy, and its period at
// small swings is 2π/√15 s, 32.4 frames.
func TestFilm(t *testing.T) {
	c := Default()
	c.Frames = 400
	f, err := c.From(t.Context(), 0.02)
	if err != nil {
		t.Fatal(err)
	}
	var angle []float64
	energy := c.Scene.NewEnergy()
	for r := range f.X.Rows {
		angle = append(angle, f.States.At(r, 0))
		if e, e0 := energy(f.States.Row(r)), energy(f.States.Row(0)); math.Abs(e/e0-1) > 1e-7 {
			t.Fatalf("frame %d: energy %v, at first %v", r, e, e0)
		}
	}
	if e, want := energy([]float64{0.3, 0.8}), 1.875*(1-math.Cos(0.3))+0.04; math.Abs(e-want) > 1e-15 {
		t.Errorf("energy %v, want %v", e, want)
	}
	want := 2 * math.Pi / math.Sqrt(15) / c.Dt * (1 + 0.02*0.02/16)
	if got := period(angle); math.Abs(got/want-1) > 1e-4 {
		t.Errorf("period of %v frames, want %v", got, want)
	}
}

// The gradient of the loss agrees with central differences for both latent fields, each coupling
// and the variational encoder.
func TestGradient(t *testing.T) {
	for _, kind := range []string{"hnn", "baseline", "mechanical"} {
		for _, coupling := range []Coupling{Midpoint, RK4, Euler} {
			for _, variational := range []bool{false, true} {
				c := small()
				c.Coupling, c.Variational, c.KL = coupling, variational, 0.3
				f, err := c.Record(t.Context(), rand.NewPCG(1, 1))
				if err != nil {
					t.Fatal(err)
				}
				m, err := c.NewAutoencoder(f, kind, rand.NewPCG(2, 2))
				if err != nil {
					t.Fatal(err)
				}
				epoch := 0
				o := &Objective{Coupling: coupling, Weights: [3]float64{1, 2, 3}, KL: c.KL, Epoch: &epoch}
				p, err := o.Problem(m, f.Series(), nil, 1)
				if err != nil {
					t.Fatal(err)
				}
				rows := []int{3, 1, 4, 15, 9, 2, 6}
				p.Eval(rows, true)
				var grads [][]float64
				for _, g := range p.Grads() {
					grads = append(grads, slices.Clone(g.Data))
				}
				src := rand.New(rand.NewPCG(3, 3))
				for i, w := range p.Params() {
					for range 3 {
						j := src.IntN(len(w.Data))
						const h = 1e-5
						x := w.Data[j]
						w.Data[j] = x + h
						up := p.Eval(rows, true)
						w.Data[j] = x - h
						down := p.Eval(rows, true)
						w.Data[j] = x
						if d := (up - down) / (2 * h); math.Abs(d-grads[i][j]) > 1e-6*(1+math.Abs(d)) {
							t.Errorf("%s, %s, variational %v: ∂L/∂w of part %d, number %d is %v, by differences %v", kind, coupling, variational, i, j, grads[i][j], d)
						}
					}
				}
				p.(*nn.ChunkProblem).Close()
			}
		}
	}
}

// The loss is the formula of its comment, computed here by hand from what the networks give.
func TestLoss(t *testing.T) {
	c := small()
	f, err := c.Record(t.Context(), rand.NewPCG(1, 1))
	if err != nil {
		t.Fatal(err)
	}
	m, err := c.NewAutoencoder(f, "hnn", rand.NewPCG(2, 2))
	if err != nil {
		t.Fatal(err)
	}
	pairs := f.Pairs(0, 5) // four pairs: three triples
	z := nn.Evaluate(m.Encode, pairs)
	back := nn.Evaluate(m.Decode, z)
	field := nn.NewField(m.Latent())
	var picture, rate, motion, mean, spread float64
	for i := range 3 {
		picture += distance(back.Row(i), pairs.Row(i)) / float64(3*pairs.Cols)
		dq, dp := (z.At(i+1, 0)-z.At(i, 0))*m.Tau, (z.At(i+1, 1)-z.At(i, 1))*m.Tau
		middle := []float64{(z.At(i, 0) + z.At(i+1, 0)) / 2, (z.At(i, 1) + z.At(i+1, 1)) / 2}
		v := make([]float64, 2)
		field(v, 0, middle)
		rate += (dq - middle[1]) * (dq - middle[1]) / 3
		motion += ((dq-v[0])*(dq-v[0]) + (dp-v[1])*(dp-v[1])) / 6
	}
	for j := range 2 {
		mean = (z.At(0, j) + z.At(1, j) + z.At(2, j)) / 3
		for i := range 3 {
			spread += (z.At(i, j) - mean) * (z.At(i, j) - mean) / 6
		}
	}
	want := 2*picture/(m.Spread*m.Spread) + (3*rate+5*motion)/spread
	epoch := 0
	o := &Objective{Coupling: Midpoint, Weights: [3]float64{2, 3, 5}, Epoch: &epoch}
	p, err := o.Problem(m, f.Series(), nil, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer p.(*nn.ChunkProblem).Close()
	if got := p.Eval([]int{0, 1, 2}, false); math.Abs(got/want-1) > 1e-12 {
		t.Errorf("loss %v, want %v", got, want)
	}
}

// files are the models of a run as bytes.
func files(t *testing.T, r *Result) []byte {
	t.Helper()
	var b bytes.Buffer
	for _, m := range r.Models {
		if err := nn.Save(&b, m.Model, nil); err != nil {
			t.Fatal(err)
		}
		loaded, _, err := nn.Load(bytes.NewReader(b.Bytes()[b.Len()-lastLen(&b):]), Kind())
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(loaded.(*Autoencoder).Mean.Data, m.Model.Mean.Data) {
			t.Error("a loaded model has another mean picture")
		}
	}
	return b.Bytes()
}

// lastLen is the length of the last JSON object of b.
func lastLen(b *bytes.Buffer) int {
	all := b.Bytes()
	return len(all) - bytes.LastIndex(all, []byte(`{"format"`))
}

// The number of workers changes no bit. An interrupted run goes on to the same bits, the
// variational one too, whose noise depends on the epoch.
func TestSameBits(t *testing.T) {
	for _, variational := range []bool{false, true} {
		c := small()
		c.Variational, c.Workers = variational, 1
		whole, err := Run(t.Context(), c, nil)
		if err != nil {
			t.Fatal(err)
		}
		want := files(t, whole)
		c.Workers = 3
		other, err := Run(t.Context(), c, nil)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(files(t, other), want) {
			t.Errorf("variational %v: three workers make other models than one", variational)
		}
		ctx, cancel := context.WithCancel(t.Context())
		saved := map[string]*nn.Checkpoint{}
		c.Save = func(model string, k *nn.Checkpoint) error { saved[model] = k; return nil }
		_, err = Run(ctx, c, func(model string, e nn.Epoch) {
			if model == "hnn" && e.Epoch == 2 {
				cancel()
			}
		})
		if !errors.Is(err, context.Canceled) || saved["hnn"] == nil || saved["hnn"].Epochs() != 2 {
			t.Fatalf("interrupted: %v, %v", err, saved)
		}
		c.Resume = func(model string) (*nn.Checkpoint, error) { return saved[model], nil }
		again, err := Run(t.Context(), c, nil)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(files(t, again), want) {
			t.Errorf("variational %v: the run that was interrupted ends in other models", variational)
		}
	}
}

// TestLearns trains for a few seconds: the latent states must tell the true ones, and the film
// must follow the true one better than a still picture.
func TestLearns(t *testing.T) {
	c := Default()
	c.Size, c.Runs, c.Frames, c.Tests, c.Starts, c.Length = 12, 12, 40, 2, 3, 50
	c.Hidden, c.Dynamics, c.Epochs, c.Batch, c.Schedule = []int{40, 40}, []int{24}, 120, 60, nn.Cosine(5e-3, 0)
	r, err := Run(t.Context(), c, nil)
	if err != nil {
		t.Fatal(err)
	}
	m := r.Model("hnn")
	if q, p := m.Map.Errors(); q > 0.1 || p > 0.25 || m.Picture > 0.1 {
		t.Errorf("map off by %.3g of q, %.3g of p; pictures by %.3g of the variance", q, p, m.Picture)
	}
	for _, ro := range r.Rollouts {
		if ro.Model == "hnn" && !(ro.Pixels[0] < 0.2*ro.Repeated[0] && ro.Pixels[1] < 0.5*ro.Repeated[1]) {
			t.Errorf("run %d: pictures are off by %.3g, still ones by %.3g", ro.Run, ro.Pixels[:2], ro.Repeated[:2])
		}
		if h := ro.H; ro.Model == "hnn" && math.Abs(h[len(h)-1]-h[0]) > 1e-6*math.Abs(h[0])+1e-9 {
			t.Errorf("run %d: H of the model goes from %v to %v", ro.Run, h[0], h[len(h)-1])
		}
	}
	films, err := c.New(t.Context(), m, r.Train, 2, 5)
	if err != nil || len(films) != 2 || films[0].Frames.Rows != 5 || slices.Equal(films[0].Z[0], films[1].Z[0]) {
		t.Errorf("new films: %v, %v", films, err)
	}
}

func TestSolve(t *testing.T) {
	a, _ := autodiff.MatrixOf([]float64{0, 2, 1}, []float64{4, 1, -1}, []float64{2, 0, 3})
	b, _ := autodiff.MatrixOf([]float64{7}, []float64{3}, []float64{11}) // x = 1, 2, 3
	x, err := solve(a, b)
	if err != nil || math.Abs(x.Data[0]-1) > 1e-14 || math.Abs(x.Data[1]-2) > 1e-14 || math.Abs(x.Data[2]-3) > 1e-14 {
		t.Errorf("x = %v, %v", x, err)
	}
	if _, err := solve(autodiff.NewMatrix(2, 2), autodiff.NewMatrix(2, 1)); err == nil {
		t.Error("a singular system has a solution")
	}
}

func TestScores(t *testing.T) {
	var x []float64
	for i := range 100 {
		x = append(x, math.Sin(2*math.Pi*(float64(i)-3.3)/12.5))
	}
	if got := period(x); math.Abs(got-12.5) > 0.02 {
		t.Errorf("period %v, want 12.5", got)
	}
	if got := period(x[:10]); !math.IsNaN(got) {
		t.Errorf("a period of %v in less than one", got)
	}
	if got := slope([]float64{1, 3, 5, 7}); got != 2 {
		t.Errorf("slope %v, want 2", got)
	}
	l, err := autodiff.MatrixOf([]float64{4, 2}, []float64{2, 5})
	if err != nil {
		t.Fatal(err)
	}
	root, err := cholesky(l)
	if err != nil || root.At(0, 0) != 2 || root.At(1, 0) != 1 || root.At(1, 1) != 2 || root.At(0, 1) != 0 {
		t.Errorf("root %v, %v", root, err)
	}
	if _, err := cholesky(autodiff.NewMatrix(2, 2)); err == nil {
		t.Error("a matrix of zeros has a root")
	}
}

// Films and settings that cannot be used are errors.
func TestRefuses(t *testing.T) {
	for name, change := range map[string]func(c *Config){
		"odd size":    func(c *Config) { c.Size = 11 },
		"two frames":  func(c *Config) { c.Frames = 2 },
		"no swing":    func(c *Config) { c.Swing = 0 },
		"still film":  func(c *Config) { c.Own, c.Check = still(10, 6), still(10, 6) },
		"short film":  func(c *Config) { c.Own, c.Check = still(10, 2), still(10, 6) },
		"no layers":   func(c *Config) { c.Hidden = []int{0} },
		"no such act": func(c *Config) { c.Act = "relu" },
		"no field":    func(c *Config) { c.Kinds = []string{"nextstate"} },
		"no kind":     func(c *Config) { c.Kinds = []string{"moon"} },
	} {
		c := small()
		change(&c)
		if _, err := Run(t.Context(), c, nil); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := SceneOf("moon"); err == nil {
		t.Error("there is a scene moon")
	}
}

func still(size, frames int) *Film {
	return &Film{Size: size, Dt: 1, X: autodiff.NewMatrix(frames, size*size), Starts: []int{0}}
}

// A step of the unit spring from (1, 0): by each coupling it is what its method gives.
func TestCouplings(t *testing.T) {
	spring, err := system.Named("spring", nil)
	if err != nil {
		t.Fatal(err)
	}
	const h = 0.2
	c := (1 - h*h/4) / (1 + h*h/4) // a step of the midpoint rule turns by 2 atan(h/2)
	s := h / (1 + h*h/4)
	for _, k := range []struct {
		coupling   Coupling
		next, want [2]float64 // the next state, and where the slope leads
		p          float64
	}{
		{Euler, [2]float64{9, 9}, [2]float64{1, -h}, 0},
		{Midpoint, [2]float64{c, -s}, [2]float64{c, -s}, -s / 2},
		{RK4, [2]float64{9, 9}, [2]float64{1 - h*h/2 + h*h*h*h/24, -h + h*h*h/6}, 4.5},
	} {
		var g autodiff.Graph
		z := g.Leaf("z", &autodiff.Matrix{Rows: 1, Cols: 2, Data: []float64{1, 0}})
		next := g.Leaf("next", &autodiff.Matrix{Rows: 1, Cols: 2, Data: k.next[:]})
		o := Objective{Coupling: k.coupling}
		slope, p := o.step(spring, z, next, h)
		plan, err := autodiff.Compile(slope, p)
		if err != nil {
			t.Fatal(err)
		}
		plan.Run()
		for j, v := range plan.Value(slope).Data {
			if got := z0[j] + h*v; math.Abs(got-k.want[j]) > 1e-15 {
				t.Errorf("%s: component %d goes to %v, want %v", k.coupling, j, got, k.want[j])
			}
		}
		if got := plan.Value(p).Data[0]; math.Abs(got-k.p) > 1e-15 {
			t.Errorf("%s: the rate of q is compared with %v, want %v", k.coupling, got, k.p)
		}
	}
}

var z0 = [2]float64{1, 0}

// The divergence of a variational encoder is the formula of its comment, and its samples are new
// in each epoch.
func TestVariational(t *testing.T) {
	c := small()
	c.Variational = true
	f, err := c.Record(t.Context(), rand.NewPCG(1, 1))
	if err != nil {
		t.Fatal(err)
	}
	m, err := c.NewAutoencoder(f, "hnn", rand.NewPCG(2, 2))
	if err != nil {
		t.Fatal(err)
	}
	loss := func(kl float64, epoch int, gradient bool) float64 {
		o := &Objective{Coupling: RK4, Weights: [3]float64{1, 1, 1}, KL: kl, Seed: 7, Epoch: &epoch}
		p, err := o.Problem(m, f.Series(), nil, 1)
		if err != nil {
			t.Fatal(err)
		}
		defer p.(*nn.ChunkProblem).Close()
		return p.Eval([]int{2, 5}, gradient)
	}
	code := nn.Evaluate(m.code, f.Pairs(0, 8))
	want := 0.
	for _, r := range []int{2, 5} {
		for j := range 2 {
			mu, logVar := code.At(r, j), code.At(r, 2+j)
			want += (mu*mu + math.Exp(logVar) - 1 - logVar) / 2 / 2
		}
	}
	if got := loss(1, 0, false) - loss(0, 0, false); math.Abs(got/want-1) > 1e-10 {
		t.Errorf("divergence %v, want %v", got, want)
	}
	if loss(0, 1, true) == loss(0, 2, true) || loss(0, 1, true) != loss(0, 1, true) || loss(0, 1, true) == loss(0, 1, false) {
		t.Error("want new samples in each epoch of training, the same ones in the same, and none outside of it")
	}
}

func TestResidual(t *testing.T) {
	net, err := nn.NewMLP(nn.Tanh, true, 1, 2, 2, 1)
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range [][]float64{{0.3, -0.4}, {0.1, 0.2}, {0.5, -0.6, 0.7, 0.8}, {-0.1, 0.3}, {2, 3}, {0.25}} {
		copy(net.Params()[i].Data, v)
	}
	m := &Residual{*net}
	x := 0.9
	a := []float64{math.Tanh(0.3*x + 0.1), math.Tanh(-0.4*x + 0.2)}
	b := []float64{a[0] + math.Tanh(0.5*a[0]-0.6*a[1]-0.1), a[1] + math.Tanh(0.7*a[0]+0.8*a[1]+0.3)}
	want := 2*b[0] + 3*b[1] + 0.25
	got := nn.Evaluate(func(x autodiff.Var) autodiff.Var { return m.Apply(x, "w") }, &autodiff.Matrix{Rows: 1, Cols: 1, Data: []float64{x}})
	if math.Abs(got.Data[0]-want) > 1e-14 {
		t.Errorf("%v, want %v", got.Data[0], want)
	}
}

// What a file of a model may say wrongly is refused, not found out by a panic.
func TestCheck(t *testing.T) {
	c := small()
	f, err := c.Record(t.Context(), rand.NewPCG(1, 1))
	if err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(m *Autoencoder){
		"periods":    func(m *Autoencoder) { m.Encoder.Periods = make([]float64, 200); m.Encoder.Periods[0] = 1 },
		"no motion":  func(m *Autoencoder) { m.Motion = nil },
		"empty":      func(m *Autoencoder) { m.Motion = &nn.Member{} },
		"no mean":    func(m *Autoencoder) { m.Mean = nil },
		"other size": func(m *Autoencoder) { m.Size = 12 },
		"tau":        func(m *Autoencoder) { m.Tau = math.Inf(1) },
	} {
		m, err := c.NewAutoencoder(f, "hnn", rand.NewPCG(2, 2))
		if err != nil {
			t.Fatal(err)
		}
		if spoil(m); m.Check() == nil {
			t.Errorf("%s: no error", name)
		}
	}
	c.Variational = true
	m, err := c.NewAutoencoder(f, "hnn", rand.NewPCG(2, 2))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := (&Objective{}).Problem(m, f.Series(), nil, 1); err == nil {
		t.Error("a variational encoder without the number of the epoch")
	}
	two := &Film{Size: 10, Dt: 1, X: autodiff.NewMatrix(6, 100), Starts: []int{0, 3}} // two runs that stand still
	for i := range 3 {
		two.X.Row(3 + i)[7] = 1
	}
	if _, err := c.NewAutoencoder(two, "hnn", rand.NewPCG(2, 2)); err == nil {
		t.Error("a film without motion")
	}
}
