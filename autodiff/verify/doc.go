// Package verify checks package autodiff and the packages below it. The command hnn
// verify and the tests of those packages share it. A program that uses the library does
// not need it.
//
// Kernels, Elementary, Rules and Samplers are the checks. Each takes about a second or
// less and hands over one Finding for each thing that it looked at. Tables say what is
// right:
//
//	Products, Loops    each kernel and the plain definition of what it computes
//	Functions          each function of package elementary and its value to many bits
//	Cases              for each operation of package autodiff a formula that contains it
//
// The tests of the packages go through the same tables with more sizes and arguments.
//
// # Reading the package
//
// specs.go defines the kernels, and kernels.go compares them. rules.go has the cases of
// the operations. elementary.go and exact.go belong together: the first compares, the
// second computes to many bits. samplers.go has the first random numbers of a seed.
package verify

// A Finding is the outcome of one check: a number that must be from 0 to Most.
type Finding struct {
	Name   string // of what was checked, as "kernel avx2 MatMul"
	Value  float64
	Most   float64
	Unit   string // of Value, in words
	Detail string // an example of what is wrong, where something is
}

// OK reports whether the number is where it must be. NaN is not.
func (f Finding) OK() bool { return 0 <= f.Value && f.Value <= f.Most }
