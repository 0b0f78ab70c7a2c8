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
	"hnn/spring/system"
)

// A Scene is a system that can be drawn: angles of rods and their momenta.
type Scene struct {
	Name, About string
	*system.System
	unit float64 // H is divided by it where energies are reported
}

// Scenes returns the scenes. The pendulum is that of Greydanus et al. (2019), task 5:
// θ̈ = −15 sin θ, 32 frames of 0.05 s a period. Its energies are reported in their coordinates
// (θ, θ̇/4): 1.875 (1 − cos θ) + (θ̇/4)², an eighth of H. The double pendulum is the named system
// with g = 15, which gives it about the same pace.
func Scenes() []Scene {
	single, err1 := system.Typed("p^2/2 + 15*(1 - cos(q))", []string{"q"}, []string{"p"}, nil)
	double, err2 := system.Named("double-pendulum", map[string]float64{"g": 15})
	if err := errors.Join(err1, err2); err != nil {
		panic(err) // rows of a table
	}
	return []Scene{
		{"pendulum", "one rod, θ̈ = −15 sin θ", single, 8},
		{"double-pendulum", "two rods", double, 1},
	}
}

// NewEnergy compiles the energy of a state, as it is reported. It serves one goroutine.
func (s Scene) NewEnergy() func(x []float64) float64 {
	h := s.System.NewEnergy()
	return func(x []float64) float64 { return h(x) / s.unit }
}

// SceneOf returns the scene of the given name.
func SceneOf(name string) (Scene, error) {
	var names []string
	for _, s := range Scenes() {
		if s.Name == name {
			return s, nil
		}
		names = append(names, s.Name)
	}
	return Scene{}, fmt.Errorf("pixels: no scene is called %q: want one of %v", name, names)
}

// A Film is one or more runs of frames.
type Film struct {
	Size   int              // pixels on each side
	Dt     float64          // s, from frame to frame
	X      *autodiff.Matrix // frames×Size², from 0, black, to 1, white
	Starts []int            // the first frame of each run
	States *autodiff.Matrix // the true state of each frame, frames×2d; nil: not known
}

// Run returns the first frame of run i and the frame after its last.
func (f *Film) Run(i int) (lo, hi int) { return (&nn.Series{X: f.X, Starts: f.Starts}).Run(i) }

// Series returns the frames as data for nn.Fit. Its "states" are the frames, and its times
// count them.
func (f *Film) Series() *nn.Series {
	s := &nn.Series{X: f.X, Starts: f.Starts}
	for i := range f.Starts {
		lo, hi := f.Run(i)
		for r := lo; r < hi; r++ {
			s.T = append(s.T, float64(r-lo))
		}
	}
	return s
}

// Hold splits a film into one to train on and one to test with, which has a share of it: the
// last runs or, of one run, its last frames.
func (f *Film) Hold(share float64) (rest, held *Film, err error) {
	a, b, err := f.Series().Hold(share)
	if err != nil {
		return nil, nil, err
	}
	part := func(s *nn.Series) *Film {
		starts := s.Starts
		if starts == nil {
			starts = []int{0}
		}
		return &Film{Size: f.Size, Dt: f.Dt, X: s.X, Starts: starts}
	}
	return part(a), part(b), nil
}

// Check reports frames that do not fit together, or runs of fewer than three frames.
func (f *Film) Check() error {
	if f == nil || f.X == nil || f.Size < 2 || f.X.Cols != f.Size*f.Size {
		return fmt.Errorf("pixels: a film without frames of %d×%d", f.Size, f.Size)
	}
	for i := range f.Starts {
		if lo, hi := f.Run(i); hi-lo < 3 {
			return fmt.Errorf("pixels: run %d has %d frames: want three at least, because two make a state and the third tells where it goes", i, hi-lo)
		}
	}
	return f.Series().Check()
}

// Pairs returns the pictures of two successive frames that an encoder takes, for each frame of
// rows lo to hi but the last: (hi−lo−1)×2Size².
func (f *Film) Pairs(lo, hi int) *autodiff.Matrix {
	m := autodiff.NewMatrix(hi-lo-1, 2*f.X.Cols)
	for i := range m.Rows {
		copy(m.Row(i), f.X.Row(lo+i))
		copy(m.Row(i)[f.X.Cols:], f.X.Row(lo+i+1))
	}
	return m
}

// mean returns the mean picture.
func (f *Film) mean() *autodiff.Matrix {
	m := autodiff.NewMatrix(1, f.X.Cols)
	for r := range f.X.Rows {
		for j, v := range f.X.Row(r) {
			m.Data[j] += v / float64(f.X.Rows)
		}
	}
	return m
}

// variance returns the mean over all pixels of the variance of each over the film.
func (f *Film) variance() float64 {
	mean := f.mean().Data
	sum := 0.
	for r := range f.X.Rows {
		sum += distance(f.X.Row(r), mean)
	}
	return sum / float64(len(f.X.Data))
}

// pace returns how many frames it takes until the pictures are others:
//
//	τ = 2 √(variance / mean squared change from frame to frame)
//
// The edges of what moves change a pixel sooner than the state, hence the 2. For the pendulum of
// Scenes it falls from 2/ω at small swings to 1/ω at π/6 and half of that at 2.5 rad. In units of
// 1/ω q and the rate of q have the same size; a factor of two does little harm.
func (f *Film) pace() float64 {
	sum, n := 0., 0
	for i := range f.Starts {
		lo, hi := f.Run(i)
		for r := lo + 1; r < hi; r++ {
			sum, n = sum+distance(f.X.Row(r), f.X.Row(r-1)), n+f.X.Cols
		}
	}
	return 2 * math.Sqrt(f.variance()/(sum/float64(n)))
}

// distance returns Σ (x − y)².
func distance(x, y []float64) float64 {
	sum := 0.
	for i, v := range x {
		sum += float64((v - y[i]) * (v - y[i]))
	}
	return sum
}

// A Sampling says how films of a scene are made: Runs runs of Frames frames. A pendulum starts
// at rest, each angle ±Swing √u with u from U(0, 1), and moves for up to five seconds before
// the first frame.
type Sampling struct {
	Scene        Scene
	Size         int // pixels on each side
	Runs, Frames int
	Dt           float64 // s
	Swing        float64 // rad
}

// warmUp is the longest time before the first frame, in s.
const warmUp = 5

// Record makes a film.
func (s Sampling) Record(ctx context.Context, src rand.Source) (*Film, error) {
	return s.record(ctx, s.Runs, func() (angles []float64, wait float64) {
		angles = s.angles(src, func() float64 { return math.Sqrt(random.Uniform(src)) })
		return angles, float64(warmUp * random.Uniform(src))
	})
}

// Released makes a film of runs from rest at angles of 6/11 to 6/10 of Swing to either side:
// with a Swing of π/6, the π/11 to π/10 of the paper.
func (s Sampling) Released(ctx context.Context, runs int, src rand.Source) (*Film, error) {
	return s.record(ctx, runs, func() (angles []float64, wait float64) {
		return s.angles(src, func() float64 { return 6./11 + float64(random.Uniform(src)*(6./10-6./11)) }), 0
	})
}

// angles draws an angle for each rod, a share of Swing to either side.
func (s Sampling) angles(src rand.Source, share func() float64) (angles []float64) {
	for range s.Scene.Q {
		a := float64(s.Swing * share())
		if random.Uniform(src) < 0.5 {
			a = -a
		}
		angles = append(angles, a)
	}
	return angles
}

// From makes a film of one run that starts at rest at the given angles.
func (s Sampling) From(ctx context.Context, angles ...float64) (*Film, error) {
	return s.record(ctx, 1, func() ([]float64, float64) { return angles, 0 })
}

// record makes a film of runs that start at rest at angles, some time before the first frame.
func (s Sampling) record(ctx context.Context, runs int, start func() (angles []float64, wait float64)) (*Film, error) {
	d, total := len(s.Scene.Q), runs*s.Frames
	f := &Film{Size: s.Size, Dt: s.Dt, X: autodiff.NewMatrix(total, s.Size*s.Size), States: autodiff.NewMatrix(total, 2*d)}
	for i := range runs {
		angles, wait := start()
		states, err := s.motion(ctx, angles, wait, s.Frames)
		if err != nil {
			return nil, fmt.Errorf("pixels: run %d: %w", i, err)
		}
		f.Starts = append(f.Starts, i*s.Frames)
		for k, y := range states {
			copy(f.States.Row(i*s.Frames+k), y)
			Draw(f.X.Row(i*s.Frames+k), s.Size, y[:d])
		}
	}
	return f, nil
}

// motion returns the true states, one a frame, of a pendulum that was let go at rest at angles
// some time before the first.
func (s Sampling) motion(ctx context.Context, angles []float64, wait float64, frames int) ([][]float64, error) {
	o := integrate.Options{RTol: []float64{1e-10}, ATol: []float64{1e-12}, Method: integrate.DOP853, Stop: ctx.Err}
	for k := range frames {
		o.TEval = append(o.TEval, wait+float64(float64(k)*s.Dt))
	}
	start := append(append([]float64{}, angles...), make([]float64, len(angles))...)
	sol, err := integrate.Solve(s.Scene.NewField(), 0, o.TEval[frames-1], start, o)
	if err != nil {
		return nil, err
	}
	return sol.Y, nil
}
