package kernel

import (
	"fmt"

	"hnn/autodiff/elementary"
)

// Functions of package elementary for every element of a slice. They panic if x and z have
// different lengths.

func mustMatch(z, x []float64) {
	if len(z) != len(x) {
		panic(fmt.Sprintf("kernel: slices of lengths %d and %d, want equal ones", len(z), len(x)))
	}
}

// ExpTo sets z[i] = Exp(x[i]).
func ExpTo(z, x []float64) {
	mustMatch(z, x)
	for i, v := range x {
		z[i] = elementary.Exp(v)
	}
}

// LogTo sets z[i] = Log(x[i]).
func LogTo(z, x []float64) {
	mustMatch(z, x)
	for i, v := range x {
		z[i] = elementary.Log(v)
	}
}

// TanhTo sets z[i] = Tanh(x[i]).
func TanhTo(z, x []float64) {
	mustMatch(z, x)
	for i := vectors(active.tanh, z, x, 0); i < len(z); i++ {
		z[i] = elementary.Tanh(x[i])
	}
}

// SigmoidTo sets z[i] = Sigmoid(x[i]).
func SigmoidTo(z, x []float64) {
	mustMatch(z, x)
	for i, v := range x {
		z[i] = elementary.Sigmoid(v)
	}
}

// SoftplusTo sets z[i] = Softplus(x[i]).
func SoftplusTo(z, x []float64) {
	mustMatch(z, x)
	for i, v := range x {
		z[i] = elementary.Softplus(v)
	}
}

// SinTo sets z[i] = Sin(x[i]).
func SinTo(z, x []float64) {
	mustMatch(z, x)
	for i, v := range x {
		z[i] = elementary.Sin(v)
	}
}

// CosTo sets z[i] = Cos(x[i]).
func CosTo(z, x []float64) {
	mustMatch(z, x)
	for i, v := range x {
		z[i] = elementary.Cos(v)
	}
}

// PowTo sets z[i] = x[i]ᶜ.
func PowTo(z, x []float64, c float64) {
	mustMatch(z, x)
	for i, v := range x {
		z[i] = elementary.Pow(v, c)
	}
}
