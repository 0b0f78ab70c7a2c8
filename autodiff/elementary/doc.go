// Package elementary has the functions of one or two numbers whose bits are the same on every platform: Exp, Log, Pow,
// Tanh, Sigmoid, Softplus, Sin, Cos, Atan2. Those of package math are not: some processors compute them in assembly.
//
// Every step is one of + − × ÷ √, math.FMA, a comparison or an integer operation. IEEE 754 or Go defines each of these to
// the last bit. A product that feeds a sum is either math.FMA or wrapped in float64( ), because the compiler may otherwise
// fuse the two on some platforms. There are few branches and hardly a table, so that vector code can follow the same steps;
// package kernel has the loops over slices. A NaN argument gives a NaN; which NaN is not specified.
//
// An error of u ulp means |computed − exact| ≤ u · (spacing of float64 at the exact value). The tests check the bounds in
// the comments against math/big.
//
// The polynomials are minimax fits of our own. They were made with 50-digit arithmetic by reweighted least squares
// (Lawson's iteration) or Remez exchange: one coefficient at a time was rounded to float64, and the rest fitted again.
//
// # Reading the package
//
// exp.go first: Exp, then Tanh, Sigmoid, Log and Softplus, which use its parts. pow.go has a logarithm in two float64s;
// trig.go has Sin, Cos and Atan2.
package elementary
