package pixels

import (
	"errors"
	"fmt"
	"math/rand/v2"

	"hnn/autodiff"
	"hnn/autodiff/random"
	"hnn/nn"
)

// A Coupling says how the latent field and two successive latent states z, z⁺ are compared.
type Coupling string

// The couplings, with h the time of a frame. Below, ω is in radians a frame.
const (
	// RK4 compares (z⁺ − z)/h with the slope of a step of the classical Runge–Kutta method from z.
	RK4 Coupling = "rk4"
	// Midpoint compares (z⁺ − z)/h with f((z + z⁺)/2), a step of the implicit midpoint rule. What
	// fits it has its frequency ω too high by a share of about ω²/12, 0.3 % at 32 frames a period.
	Midpoint Coupling = "midpoint"
	// Euler compares (z⁺ − z)/h with f(z), as the paper does. A field that fits it perfectly is
	// damped: followed exactly, it loses a share of about ω²/2 of its amplitude in a frame, 0.019
	// at 32 frames a period. A Hamiltonian field cannot be damped, which hides this error of the method.
	Euler Coupling = "euler"
)

// An Objective is the nn.Objective of an Autoencoder, for a series whose rows are frames. Of
// three successive frames come two pairs, x and x⁺, with latent states z = E(x) and z⁺ = E(x⁺).
// With h = 1/τ, the step from one to the other, the loss of a chunk of such triples is
//
//	L = w₁ MSE(D(z), x)/s² + (w₂ MSE((z⁺_q − z_q)/h, z̄_p) + w₃ MSE((z⁺ − z)/h, f̄))/V + β KL
//
// The first term makes the latent states tell the pictures. The second makes p the rate of q:
// z̄_p is p half-way, (z_p + z⁺_p)/2, but z_p with Euler. The third is what trains the latent
// field, whose slope over the step is f̄: see Coupling. V is the variance of the numbers of z in
// the chunk. Without it, the loss falls when all latent states shrink, and what they tell is
// drowned. Chunks depend on the batch alone, not on the workers.
//
// A variational encoder gives means μ and log σ². Its decoder is given z = μ + σ ε with ε from
// N(0, 1), new in each epoch, and
//
//	KL = ½ Σ_j (μ_j² + σ_j² − 1 − log σ_j²)
//
// Source: Greydanus, Dzamba, Yosinski, "Hamiltonian Neural Networks" (2019), §5, with s = h = V =
// 1 and weights 1, 1, 0.1; Kingma and Welling (2014), appendix B, for KL; Hoffer, Hubara, Soudry,
// "Train longer, generalize better" (2017), for statistics of parts of a batch.
type Objective struct {
	Coupling Coupling
	Weights  [3]float64 // w₁, w₂, w₃
	KL       float64    // β
	Seed     uint64     // of ε
	Epoch    *int       // the number of the epoch, for ε: see Epoch of nn.Recipe.OnEpoch
}

// Scaling implements nn.Objective. Frames are not scaled.
func (o *Objective) Scaling(*nn.Series) (*nn.Scaling, error) {
	return nil, errors.New("pixels: frames have no scaling: want Raw")
}

// Problem implements nn.Objective for an Autoencoder.
func (o *Objective) Problem(m nn.Model, s *nn.Series, _ *nn.Scaling, workers int) (nn.Problem, error) {
	a, err := autoencoder(m)
	if err != nil {
		return nil, err
	}
	if a.Variational() && o.Epoch == nil {
		return nil, errors.New("pixels: a variational encoder without Epoch: want the number of the epoch, for new samples in each")
	}
	if s.X.Cols != a.Dim() {
		return nil, fmt.Errorf("pixels: frames of %d pixels, the model has %d", s.X.Cols, a.Dim())
	}
	var first, starts []int // the first frame of each triple
	for i := range s.Runs() {
		lo, hi := s.Run(i)
		if lo+2 < hi {
			starts = append(starts, len(first))
		}
		for r := lo; r+2 < hi; r++ {
			first = append(first, r)
		}
	}
	if len(first) == 0 {
		return nil, errors.New("pixels: no run of three frames")
	}
	return nn.NewProblem(a.Params(), len(first), starts, workers, func(rows int, gradient bool) *nn.Chunk {
		return o.chunk(a, s.X, first, rows, gradient)
	})
}

// chunk compiles the loss of a number of triples.
func (o *Objective) chunk(m *Autoencoder, frames *autodiff.Matrix, first []int, rows int, gradient bool) *nn.Chunk {
	n, d, variational := frames.Cols, m.Latent().Dim(), m.Variational()
	var g autodiff.Graph
	// Both pairs of each triple go through the encoder in one product: first all x, then all x⁺.
	pairs := autodiff.NewMatrix(2*rows, 2*n)
	code := m.code(g.Leaf("x", pairs))
	now, next := half(&g, "now", rows, 0), half(&g, "next", rows, rows)
	mu := autodiff.Slice(code, 0, d)
	z, zNext := autodiff.MatMul(now, mu), autodiff.MatMul(next, mu)
	x := &autodiff.Matrix{Rows: rows, Cols: 2 * n, Data: pairs.Data[:rows*2*n]}

	sample, noise, src := z, autodiff.NewMatrix(rows, d), new(rand.PCG)
	kl := autodiff.Var{}
	if variational {
		logVar := autodiff.MatMul(now, autodiff.Slice(code, d, 2*d))
		variance := autodiff.Exp(logVar)
		sample = autodiff.Add(z, autodiff.Mul(autodiff.Exp(autodiff.Scale(logVar, 0.5)), g.Leaf("ε", noise)))
		terms := autodiff.AddConst(autodiff.Sub(autodiff.Add(autodiff.Mul(z, z), variance), logVar), -1)
		kl = autodiff.Scale(autodiff.SumTo(terms, 1, 1), 0.5/float64(rows))
	}
	slope, p := o.step(m.Latent(), z, zNext, m.Step())
	rate := autodiff.Scale(autodiff.Sub(zNext, z), m.Tau)
	motion := autodiff.Add(
		autodiff.Scale(nn.MSE(autodiff.Slice(rate, 0, d/2), p), o.Weights[1]),
		autodiff.Scale(nn.MSE(rate, slope), o.Weights[2]))
	mean := autodiff.Scale(autodiff.SumTo(z, 1, d), 1/float64(rows))
	v := nn.MSE(z, autodiff.ExpandTo(mean, rows, d))
	picture := nn.MSE(m.Decode(sample), g.Leaf("x₀", x))
	loss := autodiff.Add(autodiff.Scale(picture, o.Weights[0]/float64(m.Spread*m.Spread)), autodiff.Div(motion, v))
	if variational {
		loss = autodiff.Add(loss, autodiff.Scale(kl, o.KL))
	}
	outs := []autodiff.Var{loss}
	if gradient {
		var params []autodiff.Var
		for _, w := range m.Params() {
			params = append(params, g.Leaf("", w))
		}
		outs = append(outs, autodiff.Grad(loss, params...)...)
	}
	plan, err := autodiff.Compile(outs...)
	if err != nil {
		panic(err) // formulas of one graph
	}
	c, value := &nn.Chunk{}, plan.Value(loss)
	for _, v := range outs[1:] {
		c.Grads = append(c.Grads, plan.Value(v))
	}
	c.Run = func(triples []int) float64 {
		for i, t := range triples {
			r := first[t]
			copy(pairs.Row(i), frames.Row(r))
			copy(pairs.Row(i)[n:], frames.Row(r+1))
			copy(pairs.Row(rows+i), frames.Row(r+1))
			copy(pairs.Row(rows + i)[n:], frames.Row(r+2))
		}
		if variational && gradient { // else the decoder gets the mean
			o.draw(src, noise, triples)
		}
		plan.Run()
		return value.Data[0]
	}
	return c
}

// draw fills noise from N(0, 1). The numbers of a triple depend on the seed, the epoch and the
// triple alone, so that neither workers nor an interruption change them.
func (o *Objective) draw(src *rand.PCG, noise *autodiff.Matrix, triples []int) {
	for i, t := range triples {
		src.Seed(o.Seed, uint64(*o.Epoch)<<32|uint64(t))
		for j := range noise.Row(i) {
			noise.Row(i)[j] = random.Normal(src)
		}
	}
}

// half returns a matrix that picks rows rows of 2 rows, from a row on.
func half(g *autodiff.Graph, name string, rows, from int) autodiff.Var {
	pick := autodiff.NewMatrix(rows, 2*rows)
	for i := range rows {
		pick.Row(i)[from+i] = 1
	}
	return g.Leaf(name, pick)
}

// step returns the slope of one step of the field, of h = 1/τ, and the p that the rate of q is
// compared with.
func (o *Objective) step(f nn.Field, z, next autodiff.Var, h float64) (slope, p autodiff.Var) {
	d := z.Cols() / 2
	middle := autodiff.Scale(autodiff.Add(z, next), 0.5)
	switch o.Coupling {
	case Euler:
		return f.Field(z), autodiff.Slice(z, d, 2*d)
	case RK4:
		at := func(share float64, k autodiff.Var) autodiff.Var {
			return f.Field(autodiff.Add(z, autodiff.Scale(k, share)))
		}
		k1 := f.Field(z)
		k2 := at(h/2, k1)
		k3 := at(h/2, k2)
		k4 := at(h, k3)
		sum := autodiff.Add(autodiff.Add(k1, k4), autodiff.Scale(autodiff.Add(k2, k3), 2))
		return autodiff.Scale(sum, 1./6), autodiff.Slice(middle, d, 2*d)
	}
	return f.Field(middle), autodiff.Slice(middle, d, 2*d)
}
