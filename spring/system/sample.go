package system

import (
	"context"
	"fmt"
	"iter"
	"math"
	"math/rand/v2"

	"hnn/autodiff"
	"hnn/autodiff/random"
	"hnn/integrate"
)

// A Sampling says how trajectories are drawn. The method Sampling of a System sets all but
// States and Noise.
type Sampling struct {
	N      int                                             // trajectories
	Start  func(src rand.Source) ([]float64, error)        // draws an initial state
	States [][]float64                                     // initial states in the place of N and Start, if not nil
	Solve  func(y0 []float64) (*integrate.Solution, error) // follows one
	Field  integrate.Field                                 // for DX; must not change y
	Noise  float64                                         // σ of the Gaussian noise on each number of a state

	// Src is for initial states and NoiseSrc for noise. They may be the same, and then how
	// a trajectory starts depends on the number of rows before it.
	Src, NoiseSrc rand.Source
}

// Sampling returns how n trajectories of s are drawn unless one says otherwise: rows every
// Dt to Duration, computed by RK45 with tolerances of 1e-9 and 1e-12, without noise, with
// streams 0 and 1 of the seed for initial states and noise. It serves one goroutine.
func (s *System) Sampling(n int, seed uint64) Sampling {
	field := s.NewField()
	o := integrate.Options{RTol: []float64{1e-9}, ATol: []float64{1e-12}}
	for i := range int(math.Ceil(s.Duration/s.Dt*(1-1e-12))) + 1 {
		o.TEval = append(o.TEval, min(float64(i)*s.Dt, s.Duration))
	}
	return Sampling{
		N: n, Start: s.NewStart(), Field: field, Src: rand.NewPCG(seed, 0), NoiseSrc: rand.NewPCG(seed, 1),
		Solve: func(y0 []float64) (*integrate.Solution, error) {
			return integrate.Solve(field, 0, s.Duration, y0, o)
		},
	}
}

// A Trajectory is the solution from one initial state, without noise, and what is made of
// its states, a row for each.
type Trajectory struct {
	*integrate.Solution
	X  *autodiff.Matrix // measured states [q…, p…], with noise
	DX *autodiff.Matrix // [q̇…, ṗ…] of the field at the states without noise
}

// Trajectories draws trajectories one by one and keeps none. After an error there are no
// more.
func (c Sampling) Trajectories(ctx context.Context) iter.Seq2[*Trajectory, error] {
	return func(yield func(*Trajectory, error) bool) {
		if c.States != nil {
			c.N = len(c.States)
		}
		for i := range c.N {
			t, err := c.trajectory(ctx, i)
			if !yield(t, err) || err != nil {
				return
			}
		}
	}
}

func (c Sampling) trajectory(ctx context.Context, i int) (*Trajectory, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	var y0 []float64
	var err error
	if c.States != nil {
		y0 = c.States[i]
	} else if y0, err = c.Start(c.Src); err != nil {
		return nil, err
	}
	sol, err := c.Solve(y0)
	if err != nil {
		return nil, fmt.Errorf("system: trajectory %d, from %v: %w", i, y0, err)
	}
	t := &Trajectory{sol, autodiff.NewMatrix(len(sol.T), len(y0)), autodiff.NewMatrix(len(sol.T), len(y0))}
	for r, y := range sol.Y {
		c.Field(t.DX.Row(r), sol.T[r], y)
		for j, v := range y {
			t.X.Row(r)[j] = v + float64(c.Noise*random.Normal(c.NoiseSrc))
		}
	}
	return t, nil
}

// A Set holds trajectories one after another, a state a row.
type Set struct {
	T      []float64        // time of each row
	X      *autodiff.Matrix // measured states [q…, p…], with noise
	True   *autodiff.Matrix // states without noise
	DX     *autodiff.Matrix // [q̇…, ṗ…] of the field at the true states
	Starts []int            // first row of each trajectory
}

// Sample draws all trajectories into one set.
func Sample(ctx context.Context, c Sampling) (*Set, error) {
	s := &Set{X: &autodiff.Matrix{}, True: &autodiff.Matrix{}, DX: &autodiff.Matrix{}}
	for t, err := range c.Trajectories(ctx) {
		if err != nil {
			return nil, err
		}
		s.Starts = append(s.Starts, len(s.T))
		s.T = append(s.T, t.T...)
		for _, y := range t.Y {
			s.True.Data = append(s.True.Data, y...)
		}
		s.X.Data, s.DX.Data = append(s.X.Data, t.X.Data...), append(s.DX.Data, t.DX.Data...)
		for _, m := range []*autodiff.Matrix{s.X, s.True, s.DX} {
			m.Rows, m.Cols = len(s.T), t.X.Cols
		}
	}
	return s, nil
}

// Trajectory returns the first row of trajectory i and the row after its last.
func (s *Set) Trajectory(i int) (lo, hi int) {
	if i+1 < len(s.Starts) {
		return s.Starts[i], s.Starts[i+1]
	}
	return s.Starts[i], len(s.T)
}
