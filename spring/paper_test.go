package spring

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"
)

// The data of the paper's task have 750 rows each, radii from 0.1 to 1, and noise on the
// states only. The energy error of the true field is that of the solver.
func TestPaperData(t *testing.T) {
	s := Spring{M: 0.5, K: 2}
	sets, starts, err := s.paperData(context.Background(), rand.NewPCG(1, 2))
	if err != nil {
		t.Fatal(err)
	}
	if len(starts) != 25 {
		t.Fatal(len(starts))
	}
	noise := 0.
	for _, d := range sets {
		if d.X.Rows != 750 || d.DX.Rows != 750 || len(d.X.Data) != 1500 {
			t.Fatal(d.X.Rows)
		}
		for i := range d.X.Rows {
			q, p := d.DX.At(i, 1)/-2, d.DX.At(i, 0)/2 // the true state
			if r := math.Hypot(q, p); r < 0.1-1e-6 || r > 1+1e-6 {
				t.Fatalf("row %d: radius %v", i, r)
			}
			noise += (math.Pow(d.X.At(i, 0)-q, 2) + math.Pow(d.X.At(i, 1)-p, 2)) / 3000
		}
	}
	if math.Abs(math.Sqrt(noise)-0.1) > 0.005 {
		t.Errorf("noise %v", math.Sqrt(noise))
	}
	e, err := s.paperEnergy(context.Background(), s.Field, starts)
	if err != nil || e > 1e-12 {
		t.Errorf("energy error %v of the true field: %v", e, err)
	}
}
