package pixels

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"

	"hnn/autodiff"
	"hnn/autodiff/random"
	"hnn/integrate"
	"hnn/nn"
)

// A Map is the affine map from latent states z to true states x that fits a film best,
//
//	x ≈ [z, 1] W
//
// Residual is √ mean of the squared error over the standard deviation, of each number of x. It
// bounds what an energy that is computed through the map can mean.
type Map struct {
	W        *autodiff.Matrix // (2d+1)×n
	Residual []float64
}

// fitMap fits a Map by least squares over all frames but the last of each run.
func fitMap(m *Autoencoder, f *Film) (*Map, error) {
	n, d := f.States.Cols, m.Latent().Dim()
	a := autodiff.NewMatrix(d+1, d+1) // Σ [z,1]ᵀ[z,1]
	b := autodiff.NewMatrix(d+1, n)   // Σ [z,1]ᵀ x
	var zs, xs [][]float64
	for i := range f.Starts {
		lo, hi := f.Run(i)
		z := nn.Evaluate(m.Encode, f.Pairs(lo, hi))
		for r := range z.Rows {
			row, x := append(append([]float64{}, z.Row(r)...), 1), f.States.Row(lo+r)
			zs, xs = append(zs, row), append(xs, x)
			for j, u := range row {
				for k, v := range row {
					a.Row(j)[k] += float64(u * v)
				}
				for k, v := range x {
					b.Row(j)[k] += float64(u * v)
				}
			}
		}
	}
	w, err := solve(a, b)
	if err != nil {
		return nil, err
	}
	fit := &Map{W: w, Residual: make([]float64, n)}
	mean, x := make([]float64, n), make([]float64, n)
	for _, v := range xs {
		for k := range v {
			mean[k] += v[k] / float64(len(xs))
		}
	}
	spread := make([]float64, n)
	for i, v := range xs {
		fit.apply(x, zs[i][:d])
		for k := range v {
			fit.Residual[k] += float64((x[k] - v[k]) * (x[k] - v[k]))
			spread[k] += float64((v[k] - mean[k]) * (v[k] - mean[k]))
		}
	}
	for k := range spread {
		fit.Residual[k] = math.Sqrt(fit.Residual[k] / spread[k])
	}
	return fit, nil
}

// Errors returns the residuals of the coordinates and of the momenta, √ mean of their squares;
// NaN without a Map.
func (m *Map) Errors() (q, p float64) {
	if m == nil {
		return math.NaN(), math.NaN()
	}
	d := len(m.Residual) / 2
	rms := func(r []float64) float64 {
		sum := 0.
		for _, v := range r {
			sum += float64(v * v)
		}
		return math.Sqrt(sum / float64(len(r)))
	}
	return rms(m.Residual[:d]), rms(m.Residual[d:])
}

// apply sets x to [z, 1] W.
func (m *Map) apply(x, z []float64) {
	copy(x, m.W.Row(len(z)))
	for j, v := range z {
		for k, w := range m.W.Row(j) {
			x[k] += float64(v * w)
		}
	}
}

// solve returns a⁻¹ b by Gaussian elimination with pivots, for few unknowns. It changes both.
func solve(a, b *autodiff.Matrix) (*autodiff.Matrix, error) {
	n := a.Rows
	for i := range n {
		p := i
		for r := i + 1; r < n; r++ {
			if math.Abs(a.At(r, i)) > math.Abs(a.At(p, i)) {
				p = r
			}
		}
		if !(math.Abs(a.At(p, i)) > 0) {
			return nil, errors.New("pixels: the latent states lie on a line: want more epochs, or a film that moves")
		}
		for _, m := range []*autodiff.Matrix{a, b} {
			for k := range m.Cols {
				m.Row(i)[k], m.Row(p)[k] = m.At(p, k), m.At(i, k)
			}
		}
		for r := range n {
			if r == i {
				continue
			}
			share := a.At(r, i) / a.At(i, i)
			for _, m := range []*autodiff.Matrix{a, b} {
				for k := range m.Cols {
					m.Row(r)[k] -= float64(share * m.At(i, k))
				}
			}
		}
	}
	for i := range n {
		for k := range b.Cols {
			b.Row(i)[k] /= a.At(i, i)
		}
	}
	return b, nil
}

// pictureError returns the mean squared error of the reconstructed pairs of a film, as a share
// of the variance of its pixels.
func pictureError(m *Autoencoder, f *Film) float64 {
	sum, n := 0., 0
	for i := range f.Starts {
		x := f.Pairs(f.Run(i))
		y := nn.Evaluate(func(x autodiff.Var) autodiff.Var { return m.Decode(m.Encode(x)) }, x)
		sum, n = sum+distance(y.Data, x.Data), n+len(x.Data)
	}
	return sum / float64(n) / f.variance()
}

// Marks are the frames at which the pictures of a rollout are compared with the true ones.
var Marks = []int{10, 50, 200}

// A Rollout is a film that a model makes from its first two frames. Its latent field is
// followed by the method of Dormand and Prince of order 8, with tolerances of 1e-9; each latent
// state is decoded, and what is seen is measured.
type Rollout struct {
	Model  string
	Run    int              // of Result.Starts; -1 for a long rollout
	Swing  float64          // rad, where a pendulum of one rod starts; NaN if not known
	Z      [][]float64      // latent states, one a frame
	Frames *autodiff.Matrix // the pictures; nil for a long rollout
	Angle  []float64        // of the rod in each picture, rad; nil unless there is one rod
	X      [][]float64      // true states by the Map, of the pictures encoded again; nil without a Map
	E      []float64        // their energies
	H      []float64        // the model's own; nil where it has none
	Err    error            // why it ended early, if it did
	Score
}

// A Score says how far a rollout can be believed. Numbers that are not known are NaN.
type Score struct {
	E0         float64   // true energy at the start, as Scene.NewEnergy reports it
	EnergyMSE  float64   // mean of (E − E₀)², in its square
	MaxDrift   float64   // largest |E − E₀|/E₀
	Slope      float64   // of the least-squares line through (E − E₀)/E₀, in 1/frame
	Amplitude  float64   // largest |angle| in the last quarter, as a share of that in the first
	Period     float64   // of the rod in the pictures, in frames
	TruePeriod float64   // of the true motion, in frames
	Pixels     []float64 // mean squared error of the picture at each of Marks, as a share of the variance of the film
	Repeated   []float64 // the same for a predictor that repeats the first frame
}

// rollout makes a film from the first two frames of a run of r.Starts.
func (c *Config) rollout(ctx context.Context, t *Trained, r *Result, run int) (*Rollout, error) {
	lo, hi := r.Starts.Run(run)
	hi = min(hi, lo+c.Length+1)
	ro := &Rollout{Model: t.Name, Run: run, Swing: math.NaN(), Frames: autodiff.NewMatrix(hi-lo, r.Starts.X.Cols)}
	if s := r.Starts.States; s != nil && s.Cols == 2 {
		ro.Swing = s.At(lo, 0)
	}
	if err := c.follow(ctx, ro, t, r.Starts.Pairs(lo, lo+2), hi-lo); err != nil {
		return nil, err
	}
	var truth [][]float64
	for k := lo; k < hi && r.Starts.States != nil; k++ {
		truth = append(truth, r.Starts.States.Row(k))
	}
	c.score(ro, truth)
	spread := r.Test.variance()
	for _, k := range Marks {
		p, s := math.NaN(), math.NaN()
		if k < len(ro.Z) {
			n := float64(r.Starts.X.Cols) * spread
			p = distance(ro.Frames.Row(k), r.Starts.X.Row(lo+k)) / n
			s = distance(r.Starts.X.Row(lo), r.Starts.X.Row(lo+k)) / n
		}
		ro.Pixels, ro.Repeated = append(ro.Pixels, p), append(ro.Repeated, s)
	}
	return ro, nil
}

// long makes a long film of a pendulum that is let go at rest at the angle a.
func (c *Config) long(ctx context.Context, t *Trained, a float64) (*Rollout, error) {
	angles := make([]float64, len(c.Scene.Q))
	for i := range angles {
		angles[i] = a
	}
	first := c.Sampling
	first.Frames = 2
	start, err := first.From(ctx, angles...)
	if err != nil {
		return nil, err
	}
	truth, err := c.motion(ctx, angles, 0, c.Long)
	if err != nil {
		return nil, err
	}
	ro := &Rollout{Model: t.Name, Run: -1, Swing: a}
	if err := c.follow(ctx, ro, t, start.Pairs(0, 2), c.Long); err != nil {
		return nil, err
	}
	c.score(ro, truth)
	return ro, nil
}

// follow encodes the pair of frames at the start, follows the latent field for a number of
// frames, and looks at each picture.
func (c *Config) follow(ctx context.Context, ro *Rollout, t *Trained, start *autodiff.Matrix, frames int) error {
	m := t.Model
	o := integrate.Options{Method: integrate.DOP853, RTol: []float64{1e-9}, ATol: []float64{1e-9}, MaxEval: 1000 * frames, Stop: ctx.Err}
	for k := range frames {
		o.TEval = append(o.TEval, float64(k)/m.Tau)
	}
	sol, err := integrate.Solve(nn.NewField(m.Latent()), 0, float64(frames-1)/m.Tau, nn.Evaluate(m.Encode, start).Data, o)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if ro.Err = err; sol != nil {
		ro.Z = sol.Y
	}
	if e, ok := m.Latent().(nn.Energy); ok {
		h, v := nn.Func(e.H, m.Latent().Dim()), make([]float64, 1)
		for _, z := range ro.Z {
			h(v, z)
			ro.H = append(ro.H, v[0])
		}
	}
	n := m.Dim()
	const block = 256
	for lo := 0; lo < len(ro.Z); lo += block {
		if err := ctx.Err(); err != nil {
			return err
		}
		hi := min(lo+block, len(ro.Z))
		z, err := autodiff.MatrixOf(ro.Z[lo:hi]...)
		if err != nil {
			return err
		}
		pairs := nn.Evaluate(m.Decode, z)
		again := nn.Evaluate(m.Encode, pairs)
		for i := range hi - lo {
			picture := pairs.Row(i)[:n]
			if ro.Frames != nil {
				copy(ro.Frames.Row(lo+i), picture)
			}
			if t.Map != nil {
				x := make([]float64, t.Map.W.Cols)
				t.Map.apply(x, again.Row(i))
				ro.X = append(ro.X, x)
				if len(x) == 2 {
					ro.Angle = append(ro.Angle, Angle(picture, m.Size))
				}
			}
		}
	}
	return nil
}

// score compares what was measured with the true states, nil if they are not known.
func (c *Config) score(ro *Rollout, truth [][]float64) {
	nan := math.NaN()
	ro.Score = Score{E0: nan, EnergyMSE: nan, MaxDrift: nan, Slope: nan, Amplitude: nan, Period: nan, TruePeriod: nan}
	if truth == nil || ro.X == nil {
		return
	}
	energy := c.Scene.NewEnergy()
	ro.E0 = energy(truth[0])
	ro.EnergyMSE, ro.MaxDrift = 0, 0
	var drift []float64
	for _, x := range ro.X {
		e := energy(x)
		ro.E = append(ro.E, e)
		ro.EnergyMSE += float64((e-ro.E0)*(e-ro.E0)) / float64(len(ro.X))
		drift = append(drift, (e-ro.E0)/ro.E0)
		ro.MaxDrift = max(ro.MaxDrift, math.Abs(e-ro.E0)/ro.E0)
	}
	ro.Slope = slope(drift)
	if ro.Angle == nil {
		return
	}
	quarter := len(ro.Angle) / 4
	ro.Amplitude = largest(ro.Angle[len(ro.Angle)-quarter:]) / largest(ro.Angle[:quarter])
	var angle []float64
	for _, x := range truth {
		angle = append(angle, x[0])
	}
	ro.Period, ro.TruePeriod = period(ro.Angle), period(angle)
}

func largest(x []float64) float64 {
	m := 0.
	for _, v := range x {
		m = max(m, math.Abs(v))
	}
	return m
}

// slope returns the slope of the least-squares line through x over its index.
func slope(x []float64) float64 {
	n := float64(len(x))
	mean, middle := 0., float64((n-1)/2)
	for _, v := range x {
		mean += v / n
	}
	var tt, tx float64
	for i, v := range x {
		t := float64(i) - middle
		tt += float64(t * t)
		tx += float64(t * (v - mean))
	}
	return tx / tt
}

// period returns the mean time, in frames, between zeros at which x rises, found by lines
// between frames. It is NaN if there are fewer than two.
func period(x []float64) float64 {
	first, last, n := 0., 0., 0
	for i := 1; i < len(x); i++ {
		if x[i-1] < 0 && x[i] >= 0 {
			last = float64(i) - x[i]/(x[i]-x[i-1])
			if n++; n == 1 {
				first = last
			}
		}
	}
	if n < 2 {
		return math.NaN()
	}
	return (last - first) / float64(n-1)
}

// New makes n films that nobody has seen: each starts from a latent state that is drawn from
// the Gaussian with the mean and the covariance of those of the training film.
func (c *Config) New(ctx context.Context, t *Trained, f *Film, n, frames int) ([]*Rollout, error) {
	d := t.Model.Latent().Dim()
	mean, cov := make([]float64, d), autodiff.NewMatrix(d, d)
	var all [][]float64
	for i := range f.Starts {
		z := nn.Evaluate(t.Model.Encode, f.Pairs(f.Run(i)))
		for r := range z.Rows {
			all = append(all, z.Row(r))
		}
	}
	for _, z := range all {
		for j, v := range z {
			mean[j] += v / float64(len(all))
		}
	}
	for _, z := range all {
		for j := range d {
			for k := range d {
				cov.Row(j)[k] += float64((z[j]-mean[j])*(z[k]-mean[k])) / float64(len(all))
			}
		}
	}
	root, err := cholesky(cov)
	if err != nil {
		return nil, err
	}
	src := rand.NewPCG(c.Seed, streamNew)
	var films []*Rollout
	for i := range n {
		z := append([]float64{}, mean...)
		e := make([]float64, d)
		for j := range e {
			e[j] = random.Normal(src)
			for k := range j + 1 {
				z[j] += float64(root.At(j, k) * e[k])
			}
		}
		ro := &Rollout{Model: t.Name, Run: i, Swing: math.NaN(), Frames: autodiff.NewMatrix(frames, t.Model.Dim())}
		start, err := autodiff.MatrixOf(z)
		if err != nil {
			return nil, err
		}
		if err := c.follow(ctx, ro, t, nn.Evaluate(t.Model.Decode, start), frames); err != nil {
			return nil, err
		}
		films = append(films, ro)
	}
	return films, nil
}

// cholesky returns the lower triangular L with L Lᵀ = a.
func cholesky(a *autodiff.Matrix) (*autodiff.Matrix, error) {
	l := autodiff.NewMatrix(a.Rows, a.Rows)
	for j := range a.Rows {
		for i := j; i < a.Rows; i++ {
			s := a.At(i, j)
			for k := range j {
				s -= float64(l.At(i, k) * l.At(j, k))
			}
			if i == j {
				if !(s > 0) {
					return nil, fmt.Errorf("pixels: the latent states do not vary in direction %d: want more epochs", j)
				}
				l.Row(j)[j] = math.Sqrt(s)
			} else {
				l.Row(i)[j] = s / l.At(j, j)
			}
		}
	}
	return l, nil
}
