package verify

import (
	"fmt"
	"math"
	"math/rand/v2"

	"hnn/autodiff"
	"hnn/autodiff/random"
	"hnn/spring/system"
)

// checkFormulas checks that the Hamiltonian of each named system and its field have the same
// bits one state at a time, as a simulation computes them, and at many states at once, as a
// model does.
func checkFormulas(r *report) {
	const rows = 1000
	for _, name := range system.Names() {
		s, err := system.Named(name, nil)
		noError(err)
		x := autodiff.NewMatrix(rows, s.Dim())
		src := rand.NewPCG(1, 0)
		for i := range x.Data {
			x.Data[i] = float64(4*random.Uniform(src)) - 2
		}
		wrong, first := formulaBits(s, x)
		r.within("formula "+name, float64(wrong), 0, 0, fmt.Sprintf("of %d numbers differ", rows*(1+s.Dim())), first)
	}
}

// formulaBits computes H and its field at each row of x alone and at all rows at once. It counts
// the numbers that differ and describes the first.
func formulaBits(s *system.System, x *autodiff.Matrix) (wrong int, first string) {
	var g autodiff.Graph
	leaf := g.Leaf("x", x)
	h, field := s.H(leaf), s.Field(leaf)
	plan, err := autodiff.Compile(h, field)
	noError(err)
	plan.Run()
	energy, run := s.NewEnergy(), s.NewField()
	one := make([]float64, x.Cols)
	for i := range x.Rows {
		run(one, 0, x.Row(i))
		all := append(append([]float64{}, plan.Value(field).Row(i)...), plan.Value(h).At(i, 0))
		for j, got := range append(append([]float64{}, one...), energy(x.Row(i))) {
			if want := all[j]; math.Float64bits(got) != math.Float64bits(want) && (got == got || want == want) {
				if wrong++; wrong == 1 {
					first = fmt.Sprintf("at %v: %v alone, %v among others", x.Row(i), got, want)
				}
			}
		}
	}
	return wrong, first
}
