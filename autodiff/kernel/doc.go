// Package kernel has the loops that take the time: products of matrices, functions and
// arithmetic on slices, and the steps of Adam. Their bits are the same on every platform.
//
// Plain Go is the specification. Every function is built from operations that IEEE 754
// rounds in one way only (+ − × ÷ √ and the fused multiply-add), in an order that is
// fixed and stated. Some have a second form in assembly for one processor. That form
// must equal the Go code to the last bit, and is tested against it.
//
// NaNs are the exception: that a result is NaN is specified, its sign and payload are
// not, since processors differ in which operand's they keep.
//
// Code of your own keeps the promise in three steps: take functions of one number from
// package elementary, not from package math; take random numbers from package random;
// and write a product that feeds a sum as float64(a*b) + c, since Go may otherwise fuse
// the two on some processors.
//
// Active returns the instruction set in use. The build tag purego leaves all assembly out.
// So does the environment variable GODEBUG=cpu.all=off, for one run; cpu.avx512f=off and
// cpu.avx2=off leave out that part. It is the same variable that Go's own code reads.
//
// Names follow one convention: elementary.Tanh(x) is a function of one number, and
// TanhTo(z, x) applies it to slices of equal length, z[i] = tanh x[i], where z may be x.
// Slices that hold a matrix are row-major and come with their sizes.
//
// Slices of other lengths than a function says are a programmer's mistake, which panics
// as any index out of range does where the function would read or write beyond them.
//
// # Reading the package
//
// gemm.go has the matrix products, elementwise.go and functions.go the loops over slices,
// adam.go those of Adam. isa.go says what an instruction set is, and isa_amd64.go and
// isa_arm64.go list the assembly, which the .s files hold.
package kernel
