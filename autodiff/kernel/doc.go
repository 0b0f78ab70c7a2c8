// Package kernel is the arithmetic whose bits must not vary: matrix products,
// elementwise loops, elementary functions and random samplers.
//
// Plain Go is the specification. Every function here returns the same bits on
// every platform, because each is built from operations that IEEE 754 rounds in
// one way only (+ − × ÷ √ and the fused multiply-add), in an order that is fixed
// and stated. Faster code for one processor, where there is any, must equal the
// Go code to the last bit, and is tested against it.
//
// NaNs are the exception: that a result is NaN is specified, its sign and payload are
// not, since processors differ in which operand's they keep.
//
// Code of your own keeps the promise if it takes its functions from here, not from
// package math, and writes a product that feeds a sum as float64(a*b) + c, since Go may
// otherwise fuse the two on some processors.
//
// Implementation names the code in use. The build tag purego leaves all assembly out,
// and noavx512 leaves a processor with AVX-512 with AVX2.
//
// Names follow one convention. Tanh(x) is a function of one number; TanhTo(z, x)
// applies it to slices of equal length, z[i] = tanh x[i], and z may be x. Slices
// that hold a matrix are row-major and come with their sizes.
//
// Slices of other lengths than a function says are a programmer's mistake, which panics
// as any index out of range does where the function would read or write beyond them.
package kernel
