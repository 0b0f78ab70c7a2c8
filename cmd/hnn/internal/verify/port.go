package verify

import (
	"math"
	"math/rand/v2"

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
	for _, friction := range []string{"constant", "each", "net"} {
		made, err := kind.New(&nn.Networks{Hidden: []int{8}, Structure: nn.Structure{Inputs: []string{"u0", "u1"}, Friction: friction, Gain: "net"}}, s, nil)
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
				a, b, c := d.At(0, 0), d.At(0, 1), d.At(1, 1)
				odd = max(odd, math.Abs(b-d.At(1, 0)))
				least := float64((a+c)/2) - math.Sqrt(float64(float64((a-c)*(a-c))/4)+float64(b*b))
				negative = max(negative, -least/(a+c))
			}
		}
		r.most("passive, friction "+friction, gained, 1e-14, unit)
		r.most("power balance, friction "+friction, balance, 1e-13, unit)
		r.most("R symmetric, friction "+friction, odd, 0, "")
		r.most("R positive, friction "+friction, negative, 1e-15, "of its trace")
	}
}
