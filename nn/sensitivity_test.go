package nn

import (
	"math"
	"testing"

	"hnn/autodiff"
)

// The residuals of shooting make its loss, and their derivatives are those of differences.
func TestShootingResiduals(t *testing.T) {
	s := drivenSwing(2, 25, 1.3, 0.2, 0.7, 0.1, 0.01, 1)
	s.X.Row(6)[1] = math.NaN()
	m := newPort(t, s, true, Structure{H: "p^2/(2*m)+net(q)", Fit: map[string]float64{"m": 1.1}, Inputs: []string{"u"}, Friction: "constant"})
	scale, err := Shooting{}.Scaling(s)
	if err != nil {
		t.Fatal(err)
	}
	problem, err := Shooting{Segment: 0.8}.Problem(m, s, scale, 2)
	if err != nil {
		t.Fatal(err)
	}
	p := problem.(*ShootingProblem)
	defer p.Close()
	n := p.NumResiduals()
	r, again, j := make([]float64, n), make([]float64, n), autodiff.NewMatrix(n, count(p.Params()))
	p.Residuals(r, nil)
	p.Residuals(again, j)
	sum := 0.
	for i, v := range r {
		sum += v * v
		if math.Abs(v-again[i]) > 1e-12 {
			t.Fatalf("residual %d is %v, with derivatives %v", i, v, again[i])
		}
	}
	if loss := p.Eval(nil, false); math.Abs(sum/float64(p.Rows())-loss) > 1e-12*loss {
		t.Errorf("Σr²/rows is %v, the loss %v", sum/float64(p.Rows()), loss)
	}
	up, down := make([]float64, n), make([]float64, n)
	at := 0
	for _, w := range p.Params() {
		for k := range w.Data {
			if at++; at%5 != 1 {
				continue
			}
			const e = 1e-5
			w.Data[k] += e
			p.Residuals(up, nil)
			w.Data[k] -= 2 * e
			p.Residuals(down, nil)
			w.Data[k] += e
			for i := range r {
				if want := (up[i] - down[i]) / (2 * e); math.Abs(j.At(i, at-1)-want) > 1e-6*(1+math.Abs(want)) {
					t.Fatalf("∂r%d by unknown %d is %v, differences say %v", i, at-1, j.At(i, at-1), want)
				}
			}
		}
	}
}
