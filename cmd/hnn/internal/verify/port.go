package verify

import (
	"math"
	"math/rand/v2"
	"strings"

	"hnn/autodiff"
	"hnn/autodiff/random"
	"hnn/nn"
)

// checkPort draws weights of port-Hamiltonian models at random, and looks whether they are
// passive: R = Rᵀ ⪰ 0 and dH/dt ≤ yᵀu, to rounding.
func checkPort(r *report) {
	const unit = "of the largest part"
	src := rand.NewPCG(15, 0)
	s := &nn.Series{X: autodiff.NewMatrix(50, 4), U: autodiff.NewMatrix(50, 2)}
	for i := range s.X.Rows {
		s.T = append(s.T, float64(i))
	}
	for _, m := range []*autodiff.Matrix{s.X, s.U} {
		for i := range m.Data {
			m.Data[i] = random.Normal(src)
		}
	}
	kind, err := nn.KindOf("port")
	noError(err)
	for _, friction := range []string{"constant", "each", "net", "each:all", "net:all"} {
		gain := "net" // on the states of friction
		if strings.HasSuffix(friction, ":all") {
			gain += ":all"
		}
		made, err := kind.New(&nn.Networks{Hidden: []int{8}, Structure: nn.Structure{Inputs: []string{"u0", "u1"}, Friction: friction, Gain: gain}}, s, nil)
		noError(err)
		m := made.(interface {
			nn.Open
			Resistance(x []float64) (*autodiff.Matrix, error)
		})
		gained, balance, odd, negative := 0., 0., 0., 0.
		for range 5 {
			for _, w := range m.Params() {
				for i := range w.Data {
					w.Data[i] = random.Normal(src)
				}
			}
			power := nn.Power(m, s.X, s.U)
			for i := range power.Rows {
				dh, lost, in := power.At(i, 0), power.At(i, 1), power.At(i, 2)
				size := math.Abs(dh) + math.Abs(lost) + math.Abs(in)
				gained = max(gained, (dh-in)/size)
				balance = max(balance, math.Abs(dh-(in-lost))/size)
				d, err := m.Resistance(s.X.Row(i))
				noError(err)
				trace := 0.
				for i := range d.Rows {
					trace += d.At(i, i)
					for j := range i {
						odd = max(odd, math.Abs(d.At(i, j)-d.At(j, i)))
					}
				}
				negative = max(negative, -leastEigenvalue(d)/trace)
			}
		}
		r.most("passive, friction "+friction, gained, 1e-14, unit)
		r.most("power balance, friction "+friction, balance, 1e-13, unit)
		r.most("R symmetric, friction "+friction, odd, 0, "")
		r.most("R positive, friction "+friction, negative, 1e-15, "of its trace")
	}
}

// leastEigenvalue returns the least eigenvalue of a symmetric matrix, which it uses up. It turns pairs
// of axes until nothing is left beside the diagonal.
//
// Source: Golub and Van Loan, Matrix Computations (2013), §8.5, the cyclic Jacobi method.
func leastEigenvalue(a *autodiff.Matrix) float64 {
	for range 20 {
		for p := range a.Rows {
			for q := p + 1; q < a.Rows; q++ {
				if a.At(p, q) == 0 {
					continue
				}
				tau := (a.At(q, q) - a.At(p, p)) / (2 * a.At(p, q))
				t := 1 / (math.Abs(tau) + math.Sqrt(1+float64(tau*tau)))
				if tau < 0 {
					t = -t
				}
				c := 1 / math.Sqrt(1+float64(t*t))
				s := t * c
				for k := range a.Rows { // columns, then rows
					v, w := a.At(k, p), a.At(k, q)
					a.Row(k)[p], a.Row(k)[q] = float64(c*v)-float64(s*w), float64(s*v)+float64(c*w)
				}
				for k := range a.Rows {
					v, w := a.At(p, k), a.At(q, k)
					a.Row(p)[k], a.Row(q)[k] = float64(c*v)-float64(s*w), float64(s*v)+float64(c*w)
				}
			}
		}
	}
	least := math.Inf(1)
	for i := range a.Rows {
		least = min(least, a.At(i, i))
	}
	return least
}
