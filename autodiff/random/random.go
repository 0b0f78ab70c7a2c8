package random

import (
	"fmt"
	"math"
	"math/bits"
	"math/rand/v2"

	"hnn/autodiff/elementary"
)

// Uniform returns a number in [0, 1): the upper 53 bits of one word, times 2⁻⁵³.
func Uniform(src rand.Source) float64 { return float64(float64(int64(src.Uint64()>>11)) * 0x1p-53) }

// Normal returns a number from the standard normal distribution, made of exactly two words:
//
//	√(−2 log u) · cos 2πv,   u = 1 − Uniform in (0, 1],   v = Uniform in [0, 1)
//
// The largest possible magnitude is √(106 ln 2) = 8.57.
//
// Source: G. Box, M. Muller, "A note on the generation of random normal deviates", Ann. Math. Statist. 29 (1958) 610.
func Normal(src rand.Source) float64 {
	u := 1 - Uniform(src)
	v := Uniform(src)
	return float64(math.Sqrt(-2*elementary.Log(u)) * elementary.Cos(2*math.Pi*v))
}

// IntN returns an integer in [0, n), each equally likely: the upper word of the 128-bit product of n and one word w.
// Of the 2⁶⁴ values of w those 2⁶⁴ mod n whose lower product word is below that number are drawn again, which leaves the
// same count for each result. It panics if n ≤ 0.
//
// Source: D. Lemire, "Fast random integer generation in an interval", ACM TOMACS 29 (2019) 3.
func IntN(src rand.Source, n int) int {
	if n <= 0 {
		panic(fmt.Sprintf("random: IntN: n = %d, want at least 1", n))
	}
	m := uint64(n)
	hi, lo := bits.Mul64(src.Uint64(), m)
	if lo < m {
		for t := -m % m; lo < t; {
			hi, lo = bits.Mul64(src.Uint64(), m)
		}
	}
	return int(hi)
}

// Perm shuffles p in place, each order equally likely: for i from len(p)−1 down to 1 it swaps p[i] with p[IntN(i+1)].
//
// Source: R. Durstenfeld, "Algorithm 235: Random permutation", CACM 7 (1964) 420.
func Perm(src rand.Source, p []int) {
	for i := len(p) - 1; i > 0; i-- {
		j := IntN(src, i+1)
		p[i], p[j] = p[j], p[i]
	}
}
