package autodiff

import (
	"fmt"
	"math"
	"math/rand/v2"

	"hnn/autodiff/random"
)

// Check tests the derivatives of y with respect to the leaves xs, to the given
// order, against central differences. It returns the largest difference found, and
// an error that names the first order that is wrong. With random weights r and random
// directions v₁, v₂, … it forms
//
//	s₀ = Σ r⊙y,    sₖ = Σ_x Σ vₖ⊙∂sₖ₋₁/∂x
//
// and compares each sₖ with the difference of the order below along vₖ,
//
//	D(h) = (sₖ₋₁(x + h vₖ) − sₖ₋₁(x − h vₖ)) / 2h
//
// extrapolated from steps h and h/2 to (4 D(h/2) − D(h))/3, whose error is O(h⁴).
// A difference may be 1e-6 of a size: the sum of the sizes of sₖ, of sₖ₋₁, of the terms
// of sₖ and of s₀. Check moves the leaves and puts them back, bit for bit. Each leaf is
// given once. y must be smooth around their values: a step may not cross a pole or leave
// a domain.
//
// Source: Griewank and Walther, Evaluating Derivatives (2008), §1 and §5.
func Check(y Var, order int, src rand.Source, xs ...Var) (worst float64, err error) {
	const h = 1. / 2048
	g := y.g
	random := func(x Var) Var {
		m := NewMatrix(x.Rows(), x.Cols())
		for i := range m.Data {
			m.Data[i] = random.Uniform(src)*2 - 1
		}
		return g.Leaf("random", m)
	}
	terms := Mul(y, random(y))
	s := SumTo(terms, 1, 1)
	squares := SumTo(Mul(terms, terms), 1, 1)
	start, err := Compile(squares)
	if err != nil {
		return 0, err
	}
	start.Run()
	base := math.Sqrt(start.Value(squares).Data[0])
	for k := 1; k <= order; k++ {
		below, err := Compile(s)
		if err != nil {
			return 0, err
		}
		next, scale := g.Const(1, 1, 0), g.Const(1, 1, 0)
		dirs := make([]Var, len(xs))
		for i, dx := range Grad(s, xs...) {
			if xs[i].node().op != opLeaf {
				return 0, fmt.Errorf("autodiff: Check: variable %d is not a leaf", i)
			}
			dirs[i] = random(xs[i])
			term := Mul(dx, dirs[i])
			next = Add(next, SumTo(term, 1, 1))
			scale = Add(scale, SumTo(Mul(term, term), 1, 1))
		}
		plan, err := Compile(next, scale)
		if err != nil {
			return 0, err
		}
		plan.Run()
		got := plan.Value(next).Data[0]

		largest := 0.                   // largest |sₖ₋₁|: the difference divides its rounding by h
		at := func(h float64) float64 { // sₖ₋₁(x + h vₖ)
			old := make([][]float64, len(xs))
			for i, x := range xs {
				old[i] = append(old[i], x.leaf().Data...)
			}
			for i, x := range xs {
				for j, d := range dirs[i].leaf().Data {
					x.leaf().Data[j] += float64(h * d)
				}
			}
			below.Run()
			for i, x := range xs {
				copy(x.leaf().Data, old[i])
			}
			largest = max(largest, math.Abs(below.Value(s).Data[0]))
			return below.Value(s).Data[0]
		}
		coarse := float64((at(h) - at(-h)) / (2 * h))
		fine := float64((at(h/2) - at(-h/2)) / h)
		want := fine + (fine-coarse)/3
		size := base + math.Abs(got) + math.Sqrt(plan.Value(scale).Data[0]) + largest
		if got != want { // if both are 0, size may be 0 too
			worst = max(worst, math.Abs(got-want)/size)
		}
		if !(worst <= 1e-6) {
			return worst, fmt.Errorf("autodiff: Check: order %d: derivative %v, central difference %v", k, got, want)
		}
		s = next
	}
	return worst, nil
}

// leaf returns the matrix that the leaf x is a window onto.
func (x Var) leaf() *Matrix { return x.g.leaves[x.node().x].m }
