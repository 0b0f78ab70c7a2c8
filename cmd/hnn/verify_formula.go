package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"hnn/autodiff"
	"hnn/autodiff/formula"
	"hnn/autodiff/kernel"
)

// verifyFormulas checks that a Hamiltonian and its field have the same bits one state at
// a time, as a simulation computes them, and at many states at once, as a model does.
func verifyFormulas(r *report) {
	const rows = 1000
	for _, s := range systems {
		set := map[string]float64{}
		for _, v := range s.set {
			set[v.name] = v.value
		}
		vars := slices.Concat(s.q, s.p)
		expr, err := formula.Parse(s.h)
		if err != nil {
			panic(err)
		}
		f, err := expr.Bind(vars, set)
		if err != nil {
			panic(err)
		}
		x := autodiff.NewMatrix(rows, len(vars))
		src := rand.NewPCG(1, 0)
		for i := range x.Data {
			x.Data[i] = 4*kernel.Uniform(src) - 2
		}
		wrong, first := formulaBits(f, x)
		r.within("formula "+s.name, float64(wrong), 0, 0, fmt.Sprintf("of %d numbers differ", rows*(1+len(vars))), first)
	}
}

// formulaBits counts the numbers that differ in H and its field at each row of x alone
// and at all rows, and describes the first.
func formulaBits(f *formula.Formula, x *autodiff.Matrix) (wrong int, first string) {
	var g autodiff.Graph
	leaf := g.Leaf("x", x)
	h, field := f.Of(leaf), f.Field(leaf)
	plan, err := autodiff.Compile(h, field)
	if err != nil {
		panic(err)
	}
	plan.Run()
	value, run := f.NewValue(), f.NewField()
	for i := range x.Rows {
		one := make([]float64, x.Cols, x.Cols+1)
		run(one, 0, x.Row(i))
		one = append(one, value(x.Row(i)))
		for j, want := range append(slices.Clone(plan.Value(field).Row(i)), plan.Value(h).At(i, 0)) {
			if got := one[j]; math.Float64bits(got) != math.Float64bits(want) && (got == got || want == want) {
				if wrong++; wrong == 1 {
					first = fmt.Sprintf("at %v: %v alone, %v among others", x.Row(i), got, want)
				}
			}
		}
	}
	return wrong, first
}
