package nn

import (
	"context"
	"encoding/json"
	"math"
	"os"
	"testing"

	"hnn/autodiff"
	"hnn/autodiff/elementary"
)

// The residuals of the test functions of Moré, Garbow and Hillstrom, "Testing Unconstrained
// Optimization Software", ACM TOMS 7 (1981) 17, for unconstrained minimisation, by their names
// in testdata/mgh_scipy.json. The helical valley is by hand: there is no arctan.
var mghFunctions = map[string]func(x []autodiff.Var) []autodiff.Var{
	"Biggs EXP6": func(x []autodiff.Var) (r []autodiff.Var) {
		for i := 1; i <= 13; i++ {
			t := 0.1 * float64(i)
			y := elementary.Exp(-t) - float64(5*elementary.Exp(-10*t)) + float64(3*elementary.Exp(-4*t))
			e := func(k int) autodiff.Var { return autodiff.Exp(autodiff.Scale(x[k], -t)) }
			r = append(r, plus(sum(times(x[2], e(0)), autodiff.Neg(times(x[3], e(1))), times(x[5], e(4))), -y))
		}
		return r
	},
	"Gaussian": func(x []autodiff.Var) (r []autodiff.Var) {
		for i, y := range []float64{0.0009, 0.0044, 0.0175, 0.0540, 0.1295, 0.2420, 0.3521, 0.3989, 0.3521, 0.2420, 0.1295, 0.0540, 0.0175, 0.0044, 0.0009} {
			d := square(plus(autodiff.Neg(x[2]), float64(7-i)/2))
			r = append(r, plus(times(x[0], autodiff.Exp(autodiff.Scale(times(x[1], d), -0.5))), -y))
		}
		return r
	},
	"Powell badly scaled": func(x []autodiff.Var) []autodiff.Var {
		return []autodiff.Var{
			plus(autodiff.Scale(times(x[0], x[1]), 1e4), -1),
			plus(sum(autodiff.Exp(autodiff.Neg(x[0])), autodiff.Exp(autodiff.Neg(x[1]))), -1.0001),
		}
	},
	"box three-dimensional": func(x []autodiff.Var) (r []autodiff.Var) {
		for i := 1; i <= 10; i++ {
			t := 0.1 * float64(i)
			e := func(k int) autodiff.Var { return autodiff.Exp(autodiff.Scale(x[k], -t)) }
			r = append(r, sum(e(0), autodiff.Neg(e(1)), autodiff.Scale(x[2], elementary.Exp(-10*t)-elementary.Exp(-t))))
		}
		return r
	},
	"variably dimensioned": func(x []autodiff.Var) (r []autodiff.Var) {
		var all []autodiff.Var
		for i, v := range x {
			r = append(r, plus(v, -1))
			all = append(all, autodiff.Scale(plus(v, -1), float64(i+1)))
		}
		return append(r, sum(all...), square(sum(all...)))
	},
	"Watson": func(x []autodiff.Var) (r []autodiff.Var) {
		for i := 1; i <= 29; i++ {
			t := float64(i) / 29
			var s, d []autodiff.Var
			power := 1.
			for j, v := range x {
				s = append(s, autodiff.Scale(v, power))
				if j+1 < len(x) {
					d = append(d, autodiff.Scale(x[j+1], float64(j+1)*power))
				}
				power *= t
			}
			r = append(r, plus(sum(sum(d...), autodiff.Neg(square(sum(s...)))), -1))
		}
		return append(r, x[0], plus(sum(x[1], autodiff.Neg(square(x[0]))), -1))
	},
	"penalty I": func(x []autodiff.Var) (r []autodiff.Var) {
		var all []autodiff.Var
		for _, v := range x {
			r = append(r, autodiff.Scale(plus(v, -1), math.Sqrt(1e-5)))
			all = append(all, square(v))
		}
		return append(r, plus(sum(all...), -0.25))
	},
	"penalty II": func(x []autodiff.Var) (r []autodiff.Var) {
		n, a := len(x), math.Sqrt(1e-5)
		e := func(k int) autodiff.Var { return autodiff.Exp(autodiff.Scale(x[k], 0.1)) }
		c := func(k int) float64 { return elementary.Exp(float64(k) / 10) }
		r = append(r, plus(x[0], -0.2))
		for i := 2; i <= n; i++ {
			r = append(r, autodiff.Scale(plus(sum(e(i-1), e(i-2)), -(c(i)+c(i-1))), a))
		}
		var all []autodiff.Var
		for i, v := range x {
			if i > 0 {
				r = append(r, autodiff.Scale(plus(e(i), -c(-1)), a))
			}
			all = append(all, autodiff.Scale(square(v), float64(n-i)))
		}
		return append(r, plus(sum(all...), -1))
	},
	"Brown badly scaled": func(x []autodiff.Var) []autodiff.Var {
		return []autodiff.Var{plus(x[0], -1e6), plus(x[1], -2e-6), plus(times(x[0], x[1]), -2)}
	},
	"Brown and Dennis": func(x []autodiff.Var) (r []autodiff.Var) {
		for i := 1; i <= 20; i++ {
			t := float64(i) / 5
			a := plus(sum(x[0], autodiff.Scale(x[1], t)), -elementary.Exp(t))
			b := plus(sum(x[2], autodiff.Scale(x[3], elementary.Sin(t))), -elementary.Cos(t))
			r = append(r, sum(square(a), square(b)))
		}
		return r
	},
	"Gulf": func(x []autodiff.Var) (r []autodiff.Var) {
		for i := 1; i <= 99; i++ {
			t := float64(i) / 100
			d := plus(autodiff.Neg(x[1]), 25+elementary.Pow(-50*elementary.Log(t), 2./3))
			power := autodiff.Exp(autodiff.Scale(times(x[2], autodiff.Log(square(d))), 0.5))
			r = append(r, plus(autodiff.Exp(autodiff.Neg(autodiff.Div(power, x[0]))), -t))
		}
		return r
	},
	"trigonometric": func(x []autodiff.Var) (r []autodiff.Var) {
		var all []autodiff.Var
		for _, v := range x {
			all = append(all, autodiff.Cos(v))
		}
		for i, v := range x {
			k := float64(i + 1)
			r = append(r, plus(autodiff.Neg(sum(sum(all...), autodiff.Scale(autodiff.Cos(v), k), autodiff.Sin(v))), float64(len(x))+k))
		}
		return r
	},
	"extended Rosenbrock": func(x []autodiff.Var) (r []autodiff.Var) {
		for i := 0; i < len(x); i += 2 {
			r = append(r, autodiff.Scale(autodiff.Sub(x[i+1], square(x[i])), 10), plus(autodiff.Neg(x[i]), 1))
		}
		return r
	},
	"extended Powell": func(x []autodiff.Var) (r []autodiff.Var) {
		for ; len(x) > 0; x = x[4:] {
			r = append(r, sum(x[0], autodiff.Scale(x[1], 10)), autodiff.Scale(autodiff.Sub(x[2], x[3]), math.Sqrt(5)),
				square(autodiff.Sub(x[1], autodiff.Scale(x[2], 2))), autodiff.Scale(square(autodiff.Sub(x[0], x[3])), math.Sqrt(10)))
		}
		return r
	},
	"Beale": func(x []autodiff.Var) (r []autodiff.Var) {
		for i, y := range []float64{1.5, 2.25, 2.625} {
			r = append(r, plus(times(x[0], plus(autodiff.Pow(x[1], float64(i+1)), -1)), y))
		}
		return r
	},
	"Wood": func(x []autodiff.Var) []autodiff.Var {
		return []autodiff.Var{
			autodiff.Scale(autodiff.Sub(x[1], square(x[0])), 10), plus(autodiff.Neg(x[0]), 1),
			autodiff.Scale(autodiff.Sub(x[3], square(x[2])), math.Sqrt(90)), plus(autodiff.Neg(x[2]), 1),
			autodiff.Scale(plus(sum(x[1], x[3]), -2), math.Sqrt(10)), autodiff.Scale(autodiff.Sub(x[1], x[3]), 1/math.Sqrt(10)),
		}
	},
	"Chebyquad": func(x []autodiff.Var) (r []autodiff.Var) {
		n := len(x)
		var before, now, u []autodiff.Var
		for _, v := range x {
			before = append(before, x[0].Graph().Const(1, 1, 1))
			u = append(u, plus(autodiff.Scale(v, 2), -1))
		}
		now = u
		for i := 1; i <= n; i++ {
			c := 0.
			if i%2 == 0 {
				c = 1 / float64(i*i-1)
			}
			r = append(r, plus(autodiff.Scale(sum(now...), 1/float64(n)), c))
			var after []autodiff.Var
			for k := range x {
				after = append(after, autodiff.Sub(autodiff.Scale(times(u[k], now[k]), 2), before[k]))
			}
			before, now = now, after
		}
		return r
	},
}

func times(x, y autodiff.Var) autodiff.Var        { return autodiff.Mul(x, y) }
func plus(x autodiff.Var, c float64) autodiff.Var { return autodiff.AddConst(x, c) }
func sum(x ...autodiff.Var) autodiff.Var {
	s := x[0]
	for _, v := range x[1:] {
		s = autodiff.Add(s, v)
	}
	return s
}

// A helical is the helical valley.
type helical struct{ *function }

func (p *helical) Eval(rows []int, gradient bool) float64 {
	p.n++
	x, y, z := p.x.Data[0], p.x.Data[1], p.x.Data[2]
	theta := elementary.Atan2(y, x) / (2 * math.Pi)
	if y < 0 && x < 0 {
		theta++
	}
	rho := math.Sqrt(float64(x*x) + float64(y*y))
	a, b := 10*(z-float64(10*theta)), 10*(rho-1)
	by := 100 / (2 * math.Pi) / (rho * rho)
	copy(p.g.Data, []float64{float64(2*a*by*y) + 20*b*x/rho, float64(-2*a*by*x) + 20*b*y/rho, float64(20*a) + float64(2*z)})
	p.f.Data[0] = float64(a*a) + float64(b*b) + float64(z*z)
	return p.f.Data[0]
}

// From the standard starts to the known minima, with at most 1.2 times the evaluations of
// SciPy's L-BFGS-B at the same history and tolerances. SciPy ends when f falls by less than 1e-14
// times the largest of f and 1. The count ends there too, or at an f as low as SciPy's last: of
// Powell's badly scaled function that is 1.5e-7, far from the minimum. The run goes on to it.
// Broyden's method, which keeps the whole matrix, finds them too, with at most three times as many.
func TestFunctions(t *testing.T) {
	text, err := os.ReadFile("../testdata/mgh_scipy.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Cases []struct {
			Name        string
			X0, G0      []float64
			F0, Least   float64
			Others      []float64
			F           float64
			Evaluations int
		}
	}
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Cases) != 18 {
		t.Errorf("%d functions, want 18", len(file.Cases))
	}
	for _, c := range file.Cases {
		for i, l := range []Optimizer{&LBFGS{Iterations: 10000, History: 10, LossTol: 1e-14, GradTol: 1e-8}, &Broyden{Iterations: 3000}} {
			most := []float64{1.2, 3}[i] * float64(c.Evaluations)
			f := func(x []autodiff.Var) autodiff.Var {
				var squares []autodiff.Var
				for _, r := range mghFunctions[c.Name](x) {
					squares = append(squares, square(r))
				}
				return sum(squares...)
			}
			var p Problem
			var in *function
			if c.Name == "helical valley" {
				in = newFunction(c.X0, func(x []autodiff.Var) autodiff.Var { return sum(x...) })
				p = &helical{in}
			} else {
				in = newFunction(c.X0, f)
				p = in
			}
			if v := p.Eval(nil, true); math.Abs(v-c.F0) > 1e-12*math.Abs(c.F0) {
				t.Errorf("%s: %v at the start, want %v: another function", c.Name, v, c.F0)
			}
			for i, g := range c.G0 {
				if d := math.Abs(in.g.Data[i] - g); d > 1e-11*largest(c.G0) {
					t.Errorf("%s: gradient %v at the start, want %v: another function", c.Name, in.g.Data, c.G0)
				}
			}
			in.n = 0
			before, evaluations := c.F0, 0
			err := l.Minimize(context.Background(), p, func(e Epoch) error {
				if evaluations == 0 && (before-e.Loss <= 1e-14*max(before, e.Loss, 1) || e.Loss <= c.F) {
					evaluations = in.n
				}
				before = e.Loss
				return nil
			})
			if err != nil {
				t.Fatal(c.Name, err)
			}
			if evaluations == 0 {
				evaluations = in.n
			}
			least := in.f.Data[0]
			t.Logf("%s %-21s n = %2d: %3d evaluations, SciPy's %3d; f = %-11.6g after %3d", l.Kind(), c.Name, len(c.X0), evaluations, c.Evaluations, least, in.n)
			if float64(evaluations) > most {
				t.Errorf("%s: %s: %d evaluations, want at most %v", l.Kind(), c.Name, evaluations, most)
			}
			found := false
			for _, want := range append(c.Others, c.Least) {
				found = found || math.Abs(least-want) <= 1e-5*want+1e-12
			}
			if !found {
				t.Errorf("%s: %s: f = %v, want %v or one of %v", l.Kind(), c.Name, least, c.Least, c.Others)
			}
		}
	}
}
