package kernel

import (
	"math"

	"hnn/autodiff/elementary"
)

// Definitions of the kernels, which the tests compare with each instruction set. The
// program has such a list too, in cmd/hnn/internal/verify/kernels.go.

// A productSpec is a matrix product and its definition: element (i,p) of the left
// factor is x[i·xr + p·xc], element (p,j) of the right one y[p·yr + j·yc].
type productSpec struct {
	name   string
	run    func(w *Workspace, z, x, y []float64, m, k, n int)
	stride func(m, k, n int) (xr, xc, yr, yc int)
}

var productSpecs = []productSpec{
	{"MatMul", (*Workspace).MatMul, func(m, k, n int) (int, int, int, int) { return k, 1, n, 1 }},
	{"MatMulT", (*Workspace).MatMulT, func(m, k, n int) (int, int, int, int) { return k, 1, 1, k }},
	{"TMatMul", (*Workspace).TMatMul, func(m, k, n int) (int, int, int, int) { return 1, m, n, 1 }},
}

// A loopSpec is a loop and its definition for one element. It reads, and may write,
// all of u, v and w.
type loopSpec struct {
	name string
	run  func(u, v, w []float64, a, b, c float64)
	each func(u, v, w *float64, a, b, c float64)
}

var loopSpecs = []loopSpec{
	{"AddTo", func(u, v, w []float64, _, _, _ float64) { AddTo(u, v, w) },
		func(u, v, w *float64, _, _, _ float64) { *u = *v + *w }},
	{"SubTo", func(u, v, w []float64, _, _, _ float64) { SubTo(u, v, w) },
		func(u, v, w *float64, _, _, _ float64) { *u = *v - *w }},
	{"MulTo", func(u, v, w []float64, _, _, _ float64) { MulTo(u, v, w) },
		func(u, v, w *float64, _, _, _ float64) { *u = *v * *w }},
	{"DivTo", func(u, v, w []float64, _, _, _ float64) { DivTo(u, v, w) },
		func(u, v, w *float64, _, _, _ float64) { *u = *v / *w }},
	{"ScaleTo", func(u, v, _ []float64, a, _, _ float64) { ScaleTo(u, v, a) },
		func(u, v, _ *float64, a, _, _ float64) { *u = a * *v }},
	{"AddConstTo", func(u, v, _ []float64, a, _, _ float64) { AddConstTo(u, v, a) },
		func(u, v, _ *float64, a, _, _ float64) { *u = *v + a }},
	{"AddScaled", func(u, v, _ []float64, a, _, _ float64) { AddScaled(u, v, a) },
		func(u, v, _ *float64, a, _, _ float64) { *u += float64(a * *v) }},
	{"InvTo", func(u, v, _ []float64, _, _, _ float64) { InvTo(u, v) },
		func(u, v, _ *float64, _, _, _ float64) { *u = 1 / *v }},
	{"SqrtTo", func(u, v, _ []float64, _, _, _ float64) { SqrtTo(u, v) },
		func(u, v, _ *float64, _, _, _ float64) { *u = math.Sqrt(*v) }},
	{"Moments", func(u, v, w []float64, a, b, _ float64) { Moments(u, v, w, a, b) },
		func(m, v, g *float64, b1, b2, _ float64) {
			*m += float64((1 - b1) * (*g - *m))
			*v = float64(b2**v) + float64((1-b2)*float64(*g**g))
		}},
	{"Descend", func(u, v, w []float64, a, b, _ float64) { Descend(u, v, w, a, b) },
		func(x, m, v *float64, s, eps, _ float64) { *x -= float64(s * (*m / (math.Sqrt(*v) + eps))) }},
	{"PowTo", func(u, v, _ []float64, a, _, _ float64) { PowTo(u, v, a) },
		func(u, v, _ *float64, a, _, _ float64) { *u = elementary.Pow(*v, a) }},
	function("TanhTo", TanhTo, elementary.Tanh),
	function("ExpTo", ExpTo, elementary.Exp),
	function("LogTo", LogTo, elementary.Log),
	function("SinTo", SinTo, elementary.Sin),
	function("CosTo", CosTo, elementary.Cos),
	function("SigmoidTo", SigmoidTo, elementary.Sigmoid),
	function("SoftplusTo", SoftplusTo, elementary.Softplus),
}

func function(name string, to func(z, x []float64), f func(float64) float64) loopSpec {
	return loopSpec{name, func(u, v, _ []float64, _, _, _ float64) { to(u, v) },
		func(u, v, _ *float64, _, _, _ float64) { *u = f(*v) }}
}
