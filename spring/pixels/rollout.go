package pixels

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"

	"hnn/autodiff"
	"hnn/autodiff/random"
	"hnn/integrate"
	"hnn/nn"
)

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
