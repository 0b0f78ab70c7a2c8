package verify

import (
	"math/rand/v2"

	"hnn/autodiff/random"
)

// checkSamplers draws from PCG(1, 2). The numbers are those of the definitions in
// arithmetic of 60 digits, or, for Normal, within two units of the last place.
func checkSamplers(r *report) {
	src := rand.NewPCG(1, 2)
	wrong := 0.
	same := func(got, want float64) {
		if got != want {
			wrong++
		}
	}
	for _, want := range []float64{0x1.89eb4b0cadddep-1, 0x1.3b9d875a0efbdp-1, 0x1.91a08c0a625fp-1} {
		same(random.Uniform(src), want)
	}
	for _, want := range []float64{0x1.688393de63b22p-3, -0x1.290f49f9b23fep-2, 0x1.77a88b6303b31p-1} {
		same(random.Normal(src), want)
	}
	for _, want := range []float64{183, 661, 444} {
		same(float64(random.IntN(src, 1000)), want)
	}
	p := []int{0, 1, 2, 3, 4, 5, 6, 7}
	random.Perm(src, p)
	for i, want := range []float64{4, 6, 1, 5, 3, 2, 0, 7} {
		same(float64(p[i]), want)
	}
	r.most("samplers", wrong, 0, "of 17 numbers differ")
}
