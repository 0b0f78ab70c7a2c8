package system

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"hnn/integrate"
)

func sampled(t *testing.T, c Sampling) *Set {
	t.Helper()
	s, err := Sample(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// The same seed gives the same bits, and another gives others.
func TestSameSeed(t *testing.T) {
	for _, name := range Names() {
		s := named(t, name, nil)
		draw := func(seed uint64) *Set {
			c := s.Sampling(2, seed)
			c.Noise = 0.1
			return sampled(t, c)
		}
		if a, b := draw(5), draw(5); !reflect.DeepEqual(a, b) {
			t.Errorf("%s: the same seed gives other bits", name)
		} else if c := draw(6); a.True.Data[0] == c.True.Data[0] || math.Abs(a.X.Data[0]-a.True.Data[0]-c.X.Data[0]+c.True.Data[0]) < 1e-12 {
			t.Errorf("%s: another seed gives the same states or noise", name)
		}
	}
}

// Rows are on the grid, noise is that of σ, derivatives are those of the true states, and
// neither noise nor rows change where trajectories start.
func TestSample(t *testing.T) {
	s := named(t, "pendulum", nil)
	c := s.Sampling(20, 1)
	c.Noise = 0.1
	set := sampled(t, c)
	if len(set.Starts) != 20 || len(set.T) != 20*201 || set.X.Rows != len(set.T) || set.X.Cols != 2 || len(set.True.Data) != 2*len(set.T) {
		t.Fatalf("%d trajectories of %d rows", len(set.Starts), len(set.T))
	}
	field, sum := s.NewField(), 0.
	for i := range set.Starts {
		lo, hi := set.Trajectory(i)
		for r := lo; r < hi; r++ {
			var d [2]float64
			field(d[:], 0, set.True.Row(r))
			if d[0] != set.DX.At(r, 0) || d[1] != set.DX.At(r, 1) || math.Abs(set.T[r]-0.1*float64(r-lo)) > 1e-14 {
				t.Fatalf("row %d at %v: derivatives %v, want %v", r, set.T[r], set.DX.Row(r), d)
			}
			for j, v := range set.X.Row(r) {
				sum += (v - set.True.At(r, j)) * (v - set.True.At(r, j)) / float64(len(set.X.Data))
			}
		}
	}
	if math.Abs(math.Sqrt(sum)-0.1) > 0.002 {
		t.Errorf("noise of %v", math.Sqrt(sum))
	}
	short := s.Sampling(20, 1)
	short.Solve = func(y0 []float64) (*integrate.Solution, error) {
		return integrate.Solve(short.Field, 0, 1, y0, integrate.Options{})
	}
	other := sampled(t, short)
	for i, lo := range other.Starts {
		if a, b := set.True.Row(set.Starts[i]), other.True.Row(lo); a[0] != b[0] || a[1] != b[1] {
			t.Fatalf("trajectory %d starts at %v and %v", i, a, b)
		}
	}
}

// Given states are the initial ones, an error tells where it happened, and a context ends
// the drawing.
func TestSampleStates(t *testing.T) {
	s, err := Typed("1/q + p^2", nil, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	c := s.Sampling(7, 0)
	c.States = [][]float64{{1, 2}, {3, 1}}
	set := sampled(t, c)
	if len(set.Starts) != 2 || set.True.At(0, 1) != 2 || set.True.At(set.Starts[1], 0) != 3 {
		t.Errorf("%v", set.True.Row(0))
	}
	c.States = [][]float64{{1, 2}, {0, 0}}
	if set, err := Sample(context.Background(), c); set != nil || !errors.Is(err, integrate.ErrNonFinite) ||
		!strings.HasPrefix(err.Error(), "system: trajectory 1, from [0 0]: integrate: ") {
		t.Error(err)
	}
	c.States = [][]float64{{1, 2, 3}}
	if _, err := Sample(context.Background(), c); err == nil {
		t.Error("a state of three numbers is accepted")
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	c.States, c.Src = [][]float64{{1, 2}, {1, 2}, {1, 2}}, rand.NewPCG(1, 2)
	n := 0
	for _, err := range c.Trajectories(ctx) {
		cancel()
		if n++; n == 2 && !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	}
	if n != 2 {
		t.Errorf("%d trajectories after a cancel", n)
	}
}
