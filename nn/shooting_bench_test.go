package nn

import (
	"fmt"
	"math"
	"testing"

	"hnn/autodiff"
)

// One evaluation of the loss of shooting and its gradient: 500 segments of 50 steps.
func BenchmarkShooting(b *testing.B) {
	s := &Series{X: autodiff.NewMatrix(25_500, 2)}
	for i := range s.Rows() {
		u := 0.1 * float64(i%51)
		if i%51 == 0 {
			s.Starts = append(s.Starts, i)
		}
		a := 0.5 + float64(i/51)/1000
		s.T = append(s.T, u)
		s.X.Row(i)[0], s.X.Row(i)[1] = a*math.Cos(u), -a*math.Sin(u)
	}
	for _, sizes := range [][]int{{2, 32, 32, 1}, {2, 128, 64, 32, 1}} {
		for _, workers := range []int{1, 2} {
			b.Run(fmt.Sprintf("%v/workers=%d", sizes, workers), func(b *testing.B) {
				p, err := Shooting{}.Problem(newHNN(sizes...), s, nil, workers)
				if err != nil {
					b.Fatal(err)
				}
				defer p.(*ShootingProblem).Close()
				p.Eval(nil, true)
				b.ReportAllocs()
				for b.Loop() {
					p.Eval(nil, true)
				}
			})
		}
	}
}
