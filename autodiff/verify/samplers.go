package verify

import (
	"fmt"
	"math/rand/v2"

	"hnn/autodiff/random"
)

// Samplers compares the first random numbers of PCG(1, 2) with those of the definitions
// in arithmetic of 60 digits. Those of Normal are within two units of the last place.
func Samplers(found func(Finding)) {
	src := rand.NewPCG(1, 2)
	var c Comparison
	same := func(name string, got, want float64) { c.equal(got, want, func() string { return name }) }
	for _, want := range []float64{0x1.89eb4b0cadddep-1, 0x1.3b9d875a0efbdp-1, 0x1.91a08c0a625fp-1} {
		same("Uniform", random.Uniform(src), want)
	}
	for _, want := range []float64{0x1.688393de63b22p-3, -0x1.290f49f9b23fep-2, 0x1.77a88b6303b31p-1} {
		same("Normal", random.Normal(src), want)
	}
	for _, want := range []float64{183, 661, 444} {
		same("IntN", float64(random.IntN(src, 1000)), want)
	}
	p := []int{0, 1, 2, 3, 4, 5, 6, 7}
	random.Perm(src, p)
	for i, want := range []float64{4, 6, 1, 5, 3, 2, 0, 7} {
		same("Perm", float64(p[i]), want)
	}
	found(Finding{"samplers", float64(c.Wrong), 0, fmt.Sprintf("of %d numbers differ", c.Values), c.First})
}
