// Package random draws numbers: Uniform and Normal ones, integers (IntN) and permutations (Perm). A seed gives the same
// numbers on every platform and with every version of Go.
//
// The standard library does not promise that: math/rand/v2 fixes the bits that its sources return, but not how Float64,
// NormFloat64 or Shuffle use them. Every function here takes such a source, like rand.NewPCG(seed, 0), and its comment
// says how many words it draws.
//
// All of it is in random.go.
package random
