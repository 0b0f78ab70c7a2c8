package verify

import (
	"math"

	"hnn/autodiff/elementary"
	"hnn/autodiff/kernel"
)

// A Product is a kernel that multiplies matrices, with its definition: element (i,p) of
// the left factor is x[i·xr + p·xc], element (p,j) of the right one y[p·yr + j·yc], and
//
//	z[i·n + j] = sum of their products over p = 0 … k−1, each added by one math.FMA
//
// Plus adds that sum to s[i·n + j], or to s[j] if s is one row.
type Product struct {
	Name   string
	Run    func(w *kernel.Workspace, z, x, y []float64, m, k, n int)
	Plus   func(w *kernel.Workspace, z, s, x, y []float64, m, k, n int)
	Stride func(m, k, n int) (xr, xc, yr, yc int)
}

// Products are those of package kernel.
var Products = []Product{
	{"MatMul", (*kernel.Workspace).MatMul, (*kernel.Workspace).PlusMatMul, func(m, k, n int) (int, int, int, int) { return k, 1, n, 1 }},
	{"MatMulT", (*kernel.Workspace).MatMulT, (*kernel.Workspace).PlusMatMulT, func(m, k, n int) (int, int, int, int) { return k, 1, 1, k }},
	{"TMatMul", (*kernel.Workspace).TMatMul, (*kernel.Workspace).PlusTMatMul, func(m, k, n int) (int, int, int, int) { return 1, m, n, 1 }},
}

// A Loop is a kernel that goes over slices, with its definition for one element. It reads
// and writes some of u, v and w.
type Loop struct {
	Name string
	Run  func(u, v, w []float64, a, b, c float64)
	Each func(u, v, w *float64, a, b, c float64)
}

// Loops are those of package kernel.
var Loops = []Loop{
	{"AddTo", func(u, v, w []float64, _, _, _ float64) { kernel.AddTo(u, v, w) },
		func(u, v, w *float64, _, _, _ float64) { *u = *v + *w }},
	{"SubTo", func(u, v, w []float64, _, _, _ float64) { kernel.SubTo(u, v, w) },
		func(u, v, w *float64, _, _, _ float64) { *u = *v - *w }},
	{"MulTo", func(u, v, w []float64, _, _, _ float64) { kernel.MulTo(u, v, w) },
		func(u, v, w *float64, _, _, _ float64) { *u = *v * *w }},
	{"MulScaleTo", func(u, v, w []float64, a, _, _ float64) { kernel.MulScaleTo(u, v, w, a) },
		func(u, v, w *float64, a, _, _ float64) { *u = a * float64(*v**w) }},
	{"TanhGradTo", func(u, v, w []float64, _, _, _ float64) { kernel.TanhGradTo(u, v, w) },
		func(u, v, w *float64, _, _, _ float64) { *u = *v - float64(*v*float64(*w**w)) }},
	{"DivTo", func(u, v, w []float64, _, _, _ float64) { kernel.DivTo(u, v, w) },
		func(u, v, w *float64, _, _, _ float64) { *u = *v / *w }},
	{"ScaleTo", func(u, v, _ []float64, a, _, _ float64) { kernel.ScaleTo(u, v, a) },
		func(u, v, _ *float64, a, _, _ float64) { *u = a * *v }},
	{"AddConstTo", func(u, v, _ []float64, a, _, _ float64) { kernel.AddConstTo(u, v, a) },
		func(u, v, _ *float64, a, _, _ float64) { *u = *v + a }},
	{"AddScaled", func(u, v, _ []float64, a, _, _ float64) { kernel.AddScaled(u, v, a) },
		func(u, v, _ *float64, a, _, _ float64) { *u += float64(a * *v) }},
	{"Combine", func(u, v, w []float64, a, b, c float64) { kernel.Combine(u, v, w, a, b, c) },
		func(u, v, w *float64, a, b, c float64) { *u = float64(c**u) + float64(a**v) + float64(b**w) }},
	{"Reflect", func(u, v, w []float64, a, b, _ float64) { kernel.Reflect(u, v, w, a, b) },
		func(u, v, w *float64, a, b, _ float64) {
			*u += float64(a * *v)
			*w += float64(b * *u)
		}},
	{"InvTo", func(u, v, _ []float64, _, _, _ float64) { kernel.InvTo(u, v) },
		func(u, v, _ *float64, _, _, _ float64) { *u = 1 / *v }},
	{"SqrtTo", func(u, v, _ []float64, _, _, _ float64) { kernel.SqrtTo(u, v) },
		func(u, v, _ *float64, _, _, _ float64) { *u = math.Sqrt(*v) }},
	{"Moments", func(u, v, w []float64, a, b, _ float64) { kernel.Moments(u, v, w, a, b) },
		func(m, v, g *float64, b1, b2, _ float64) {
			*m += float64((1 - b1) * (*g - *m))
			*v = float64(b2**v) + float64((1-b2)*float64(*g**g))
		}},
	{"Descend", func(u, v, w []float64, a, b, _ float64) { kernel.Descend(u, v, w, a, b) },
		func(x, m, v *float64, s, eps, _ float64) { *x -= float64(s * (*m / (math.Sqrt(*v) + eps))) }},
	{"PowTo", func(u, v, _ []float64, a, _, _ float64) { kernel.PowTo(u, v, a) },
		func(u, v, _ *float64, a, _, _ float64) { *u = elementary.Pow(*v, a) }},
	function("TanhTo", kernel.TanhTo, elementary.Tanh),
	function("ExpTo", kernel.ExpTo, elementary.Exp),
	function("LogTo", kernel.LogTo, elementary.Log),
	function("SinTo", kernel.SinTo, elementary.Sin),
	function("CosTo", kernel.CosTo, elementary.Cos),
	function("SigmoidTo", kernel.SigmoidTo, elementary.Sigmoid),
	function("SoftplusTo", kernel.SoftplusTo, elementary.Softplus),
}

// function is the Loop that applies f to every element.
func function(name string, to func(z, x []float64), f func(float64) float64) Loop {
	return Loop{name, func(u, v, _ []float64, _, _, _ float64) { to(u, v) },
		func(u, v, _ *float64, _, _, _ float64) { *u = f(*v) }}
}
