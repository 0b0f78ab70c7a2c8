package nn

import (
	"math"
	"strings"
	"testing"

	"hnn/autodiff"
	"hnn/integrate"
)

// jacobian compares the derivatives of the residuals of a problem, and its gradient, with differences.
func jacobian(t *testing.T, name string, p *ShootingProblem) {
	t.Helper()
	m, n := p.NumResiduals(), count(p.Params())
	r, j := make([]float64, m), autodiff.NewMatrix(m, n)
	p.Residuals(r, j)
	sum := 0.
	for _, v := range r {
		sum += v * v
	}
	loss := p.Eval(nil, true)
	if math.Abs(sum/float64(p.Rows())-loss) > 1e-12*loss {
		t.Errorf("%s: loss %v, of residuals %v", name, loss, sum/float64(p.Rows()))
	}
	g := make([]float64, n)
	gather(g, p.Grads())
	at := 0
	for _, w := range p.Params() {
		for i := range w.Data {
			if at%7 == 0 || len(w.Data) < 5 { // some
				was := w.Data[i]
				const e = 1e-4
				near := func(v float64) (float64, []float64) {
					w.Data[i] = was + v
					r := make([]float64, m)
					p.Residuals(r, nil)
					return p.Eval(nil, false), r
				}
				f1, r1 := near(e)
				f2, r2 := near(-e)
				f3, r3 := near(2 * e)
				f4, r4 := near(-2 * e)
				w.Data[i] = was
				if want := (8*(f1-f2) - (f3 - f4)) / (12 * e); math.Abs(g[at]-want) > 1e-9*(1+math.Abs(want)) {
					t.Errorf("%s: unknown %d: gradient %v, differences say %v", name, at, g[at], want)
				}
				for l := range r {
					if want := (8*(r1[l]-r2[l]) - (r3[l] - r4[l])) / (12 * e); math.Abs(j.At(l, at)-want) > 1e-8*(1+math.Abs(want)) {
						t.Fatalf("%s: residual %d by unknown %d: %v, differences say %v", name, l, at, j.At(l, at), want)
					}
				}
			}
			at++
		}
	}
}

// The steps of shooting are those of integrate.Separable where q and p change places, for two pairs
// too.
func TestLeapfrogSteps(t *testing.T) {
	net := newHNN(2, 6, 1).K
	m := &Mechanical{N: net, Masses: []float64{1.5, 0.7}}
	velocity, force := NewHalves(m)
	for _, method := range []*integrate.Method{integrate.Leapfrog, integrate.Yoshida4, integrate.Yoshida6} {
		sol, err := integrate.Separable(method, force, velocity, 0, 0.1, 0.1, []float64{0.5, 0.8, 0.3, -0.2})
		if err != nil {
			t.Fatal(err)
		}
		var g autodiff.Graph
		next := leapfrogs(m, method.Leaps(), g.Leaf("x", &autodiff.Matrix{Rows: 1, Cols: 4, Data: []float64{0.3, -0.2, 0.5, 0.8}}), g.Leaf("h", &autodiff.Matrix{Rows: 1, Cols: 1, Data: []float64{0.1}}))
		plan := mustCompile([]autodiff.Var{next})
		plan.Run()
		for j, v := range plan.Value(next).Data {
			if want := sol.Y[len(sol.Y)-1][(j+2)%4]; math.Abs(v-want) > 1e-15 {
				t.Errorf("%v: component %d: %v, want %v", method, j, v, want)
			}
		}
		// The error in the phase of the oscillator.
		h := 0.1
		sol, err = integrate.Separable(method, func(dx, x []float64) { dx[0] = x[0] }, func(dx, x []float64) { dx[0] = -x[0] }, 0, 1000*h, h, []float64{1, 0})
		if err != nil {
			t.Fatal(err)
		}
		y := sol.Y[len(sol.Y)-1]
		phase := math.Abs(math.Remainder(math.Atan2(-y[1], y[0])-1000*h, 2*math.Pi)) / (1000 * h)
		if e := (Shooting{Leaps: method.Leaps()}).phaseError(h); math.Abs(e/phase-1) > 0.1 {
			t.Errorf("%v: error %v in the phase, integrate has %v", method, e, phase)
		}
	}
}

// Gradients and derivatives of residuals through symplectic steps.
func TestLeapfrogGradient(t *testing.T) {
	s := noisySwing(2, 30, 0.02)
	s.X.Row(7)[0], s.X.Row(9)[1] = math.NaN(), math.NaN()
	scale, err := Shooting{}.Scaling(s)
	if err != nil {
		t.Fatal(err)
	}
	for _, method := range []*integrate.Method{integrate.Leapfrog, integrate.Yoshida4} {
		m := &Mechanical{N: newHNN(1, 8, 1).K, Masses: []float64{1.2}, Scale: scale}
		p, err := Shooting{Segment: 0.9, Leaps: method.Leaps()}.Problem(m, s, scale, 2)
		if err != nil {
			t.Fatal(err)
		}
		jacobian(t, method.String(), p.(*ShootingProblem))
		p.(*ShootingProblem).Close()
	}
	for want, m := range map[string]Field{"want such a model": newHNN(2, 3, 1), "without friction": &Port{Hamiltonian: "p^2/2+q^2/2", Names: []string{"q", "p"}, Friction: "p^2/2"}} {
		if _, err := (Shooting{Leaps: []float64{1}}).Problem(m, s, nil, 1); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	if _, err := (Shooting{Leaps: []float64{0.5, 0.4}}).Problem(unitSprings{}, s, nil, 1); err == nil || !strings.Contains(err.Error(), "want 1") {
		t.Error(err)
	}
}

// unitSprings is unitSpring that says it is separable.
type unitSprings struct{ unitSpring }

func (unitSprings) Separable() bool { return true }
