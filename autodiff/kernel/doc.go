// Package kernel has the loops that take the time: products of matrices, functions and
// arithmetic on slices, and the steps of Adam. Their bits are the same on every platform.
//
// Plain Go is the specification. Every function is built from operations that IEEE 754
// rounds in one way only (+ − × ÷ √ and the fused multiply-add), in an order that is
// fixed and stated. Some have a second form in assembly for one processor. That form
// must equal the Go code to the last bit, and is tested against it.
//
// NaNs are the exception. It is specified whether a result is NaN, but not its sign and
// payload: processors differ in these.
//
// Your own code has the same bits on every platform if it follows three rules. Take functions
// of one number from package elementary, not from package math. Take random numbers from
// package random. Write a product that feeds a sum as float64(a*b) + c, because Go may
// otherwise fuse the two on some processors.
//
// Active returns the instruction set in use. The build tag purego leaves all assembly out. The
// environment variable GODEBUG=cpu.all=off does so for one run, and cpu.avx512f=off and
// cpu.avx2=off turn off one instruction set. Go's own code reads the same variable.
//
// Names follow one convention: elementary.Tanh(x) is a function of one number, and
// TanhTo(z, x) applies it to slices of equal length, z[i] = tanh x[i]. z may be x. A slice
// that holds a matrix is row-major, and its sizes are arguments too.
//
// Slices of wrong lengths are a mistake of the programmer. They panic like any index out of
// range when the function would read or write beyond them.
//
// # Reading the package
//
// gemm.go has the matrix products, elementwise.go and functions.go the loops over slices, and
// adam.go the loops of Adam. isa.go defines an instruction set. isa_amd64.go, isa_arm64.go and,
// for other processors, isa_other.go list the assembly, which is in the .s files; cpu_amd64.go
// asks the processor which of it can run.
package kernel
