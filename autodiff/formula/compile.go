package formula

import "hnn/autodiff"

// NewField returns the field of a Hamiltonian at one state, an integrate.Field that
// allocates nothing and serves one goroutine. dydt must not overlap y. It has the bits of
// Field: it runs a Plan of that formula.
//
//	dydt = [q̇, ṗ] = [∂H/∂p, −∂H/∂q]
func (f *Formula) NewField() func(dydt []float64, t float64, y []float64) {
	f.pairs("NewField")
	x := leaf(f.vars)
	return compile(f.Field(x), x)
}

// NewHalves returns the halves of the field of a separable Hamiltonian as
// integrate.Separable wants them: q̇ = ∂T/∂p of p, and ṗ = −∂V/∂q of q. They have the
// bits of Field, and serve one goroutine.
func (f *Formula) NewHalves() (velocity, force func(dx, x []float64)) {
	if !f.Separable() {
		panic("formula: NewHalves: the Hamiltonian is not separable")
	}
	d := f.vars / 2
	half := func(from int) func(dx, x []float64) { // of d variables, the first at place from
		x := leaf(d)
		cols := make([]autodiff.Var, f.vars)
		for i := range cols {
			cols[i] = x.Graph().Const(1, 1, 0) // the half does not depend on the others
		}
		copy(cols[from:], columns(x))
		other := d - from
		run := compile(concat(f.field(cols)[other:other+d]), x)
		return func(dx, x []float64) { run(dx, 0, x) }
	}
	return half(d), half(0)
}

// NewValue returns the value at one state. It has the bits of Of, and serves one
// goroutine.
func (f *Formula) NewValue() func(x []float64) float64 {
	x := leaf(f.vars)
	run := compile(f.Of(x), x)
	var v [1]float64
	return func(x []float64) float64 {
		run(v[:], 0, x)
		return v[0]
	}
}

// leaf returns a row of variables.
func leaf(vars int) autodiff.Var {
	return new(autodiff.Graph).Leaf("x", autodiff.NewMatrix(1, vars))
}

func compile(y, x autodiff.Var) func(dst []float64, t float64, x []float64) {
	plan, err := autodiff.Compile(y)
	if err != nil {
		panic(err) // never: y is a formula of one graph
	}
	return plan.Func(y, x)
}
