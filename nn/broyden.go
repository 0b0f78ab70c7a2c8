package nn

import (
	"context"
	"fmt"
	"math"

	"hnn/autodiff"
	"hnn/autodiff/elementary"
	"hnn/autodiff/kernel"
)

// Broyden is a self-scaled quasi-Newton method. It keeps the whole n×n approximation H of the
// inverse Hessian matrix, so it is for up to some thousand parameters, of which LBFGS needs many
// times the iterations. With the change s of the parameters, y of the gradient and the step α
// along −H g,
//
//	H ← (H − Hy yᵀH/yᵀHy + φ v vᵀ)/τ + s sᵀ/yᵀs,    v = √(yᵀHy) (s/yᵀs − Hy/yᵀHy)
//
// φ is between the formulas of Broyden, Fletcher, Goldfarb and Shanno (1) and of Davidon,
// Fletcher and Powell (0), and beyond; τ makes H larger where the steps tell that it is too small:
//
//	b = −α sᵀg/yᵀs,    h = yᵀHy/yᵀs,    a = b h − 1,    ρ = min(1, h (1 − √(a/(a+1)))),
//	θ = max((ρ − 1)/a, min(1/ρ, (1 − b)/b)),    σ = 1 + θ a,    r = min(1, 1/b),
//	φ = (1 − θ)/σ,    τ = min(r σ^(−1/(n−1)), σ) for θ ≤ 0, else r min(σ^(−1/(n−1)), 1/θ)
//
// θ is 0 where rounding leaves a ≤ 0, and n−1 is 1 for a single parameter. It begins with
// H = (sᵀy/yᵀy) I of the first step. An epoch is one iteration. Every evaluation takes the same
// rows.
//
// Source: M. Al-Baali, "Global and superlinear convergence of a restricted class of self-scaling
// methods with inexact line searches, for convex functions", Comput. Optim. Appl. 9 (1998) 191;
// J. Urbán, P. Stefanou, J. Pons, "Unveiling the optimization process of physics informed neural
// networks" (2024), arXiv:2405.04230, for networks.
type Broyden struct {
	Iterations int
	Subset     int // rows that are used, evenly spread; 0: all

	iteration int
	ended     bool
	h         [][]float64 // H, row i up to its diagonal; nil: I
	d         []float64   // −H g
	room      [4][]float64

	share    func(parts int, do func(part int)) // work among the workers of the problem
	multiply func(part int)                     // multiplyRows and changeRows, made once, so that a
	change   func(part int)                     // step allocates nothing
	g        []float64                          // what multiplyRows multiplies H with
	sums     [broydenParts][]float64            // its results

	keep, hh, hs, ss float64 // coefficients of changeRows
}

// broydenParts is in how many parts, of equal numbers of elements, H is shared among workers. They
// do not depend on the number of workers, since the order of additions depends on them.
const broydenParts = 16

// broydenMost is the largest number of parameters of Broyden, whose H then has 100 MB, and 250 MB
// in a checkpoint.
const broydenMost = 5000

// Kind returns broyden.
func (b *Broyden) Kind() string { return "broyden" }

// Parts implements Optimizer.
func (b *Broyden) Parts(p *Parts) {
	p.Whole("iteration", &b.iteration)
	p.Flag("ended", &b.ended)
	p.Vectors("h", &b.h)
	p.Numbers("d", &b.d)
}

// Check implements Optimizer.
func (b *Broyden) Check(params []*autodiff.Matrix) error {
	if b.Iterations < 0 || b.Subset < 0 {
		return fmt.Errorf("broyden: %d iterations, %d rows: want numbers from 0 up", b.Iterations, b.Subset)
	}
	n := count(params)
	if n > broydenMost {
		return fmt.Errorf("broyden: %d parameters: want at most %d, as with smaller layers, or the optimiser lbfgs", n, broydenMost)
	}
	fits := b.h == nil || len(b.h) == n && len(b.d) == n
	for i := 0; fits && i < len(b.h); i++ {
		fits = len(b.h[i]) == i+1
	}
	if !fits {
		return fmt.Errorf("broyden: the matrix is not that of %d parameters", n)
	}
	return nil
}

// Minimize implements Optimizer.
func (b *Broyden) Minimize(ctx context.Context, p Problem, each func(Epoch) error) error {
	b.shareWith(alone)
	if t, ok := p.(interface{ share(int, func(int)) }); ok {
		b.shareWith(t.share)
	}
	return quasiNewton{b, b.Iterations, b.Subset, 0, 0, &b.iteration, &b.ended}.minimize(ctx, p, each)
}

func (b *Broyden) partial(rows int) bool { return b.Subset > 0 && b.Subset < rows }

func (b *Broyden) known() bool { return b.h != nil }

func (b *Broyden) forget() { b.h = nil }

func (b *Broyden) direction(d, g []float64) {
	if b.h == nil {
		kernel.ScaleTo(d, g, -1)
		b.d = append(b.d[:0], d...)
		return
	}
	copy(d, b.d)
}

// learn changes H. It needs one product of H, that with the new gradient: H y = H g⁺ + d.
func (b *Broyden) learn(x, xNew, g, gNew []float64, step float64) {
	n := len(x)
	if len(b.room[0]) != n {
		for i := range b.room {
			b.room[i] = make([]float64, n)
		}
	}
	s, y, hg, hy, d := b.room[0], b.room[1], b.room[2], b.room[3], b.d
	kernel.SubTo(s, xNew, x)
	kernel.SubTo(y, gNew, g)
	ys := kernel.Dot(y, s)
	if b.h == nil && ys > 0 {
		c := ys / kernel.Dot(y, y)
		b.begin(n, c)
		kernel.ScaleTo(d, g, -c)
		step /= c
	}
	b.times(hg, gNew)
	kernel.AddTo(hy, hg, d)
	yhy := kernel.Dot(y, hy)
	if !(ys > 0 && yhy > 0) { // no curvature along s
		kernel.ScaleTo(d, hg, -1)
		return
	}
	bend := -step * kernel.Dot(s, g) / ys
	h := yhy / ys
	a := float64(bend*h) - 1
	theta := (1 - bend) / bend
	if a > 0 { // it is, but for rounding
		rho := min(1, float64(h*(1-math.Sqrt(a/(a+1)))))
		theta = max((rho-1)/a, min(1/rho, theta))
	} else {
		a, theta = 0, 0
	}
	sigma := 1 + float64(theta*a)
	root := elementary.Pow(sigma, -1/max(1, float64(n-1)))
	tau := min(1, 1/bend)
	if theta <= 0 {
		tau = min(float64(tau*root), sigma)
	} else {
		tau *= min(root, 1/theta)
	}
	phi := (1 - theta) / sigma
	b.keep, b.hh, b.hs, b.ss = 1/tau, (phi-1)/float64(tau*yhy), -phi/float64(tau*ys), (float64(phi*h)/tau+1)/ys
	b.share(broydenParts, b.change)
	byHy, byS := b.along(kernel.Dot(hy, gNew), kernel.Dot(s, gNew))
	kernel.ScaleTo(d, hg, -1/tau)
	kernel.AddScaled(d, hy, -byHy)
	kernel.AddScaled(d, s, -byS)
	if !(kernel.Dot(d, gNew) < 0) { // rounding
		b.h = nil
	}
}

// alone does shared work without helpers.
func alone(parts int, do func(part int)) {
	for i := range parts {
		do(i)
	}
}

func (b *Broyden) shareWith(share func(parts int, do func(part int))) {
	b.share, b.multiply, b.change = share, b.multiplyRows, b.changeRows
}

// rows returns the first row of a part of H and that after its last.
func (b *Broyden) rows(part int) (lo, hi int) {
	end := func(part int) int {
		return int(float64(len(b.h)) * math.Sqrt(float64(part)/broydenParts))
	}
	return end(part), end(part + 1)
}

// changeRows puts in the place of a part of the rows of H those of
//
//	keep H + hh Hy yᵀH + hs (Hy sᵀ + s yᵀH) + ss s sᵀ
func (b *Broyden) changeRows(part int) {
	s, hy := b.room[0], b.room[3]
	for i, hi := b.rows(part); i < hi; i++ {
		byHy, byS := b.along(hy[i], s[i])
		kernel.Combine(b.h[i], hy[:i+1], s[:i+1], byHy, byS, b.keep)
	}
}

// along returns what of Hy and of s a vector gets that has these products with both.
func (b *Broyden) along(hy, s float64) (byHy, byS float64) {
	return float64(b.hh*hy) + float64(b.hs*s), float64(b.hs*hy) + float64(b.ss*s)
}

// begin makes H = c I.
func (b *Broyden) begin(n int, c float64) {
	all := make([]float64, n*(n+1)/2)
	b.h = make([][]float64, n)
	for i := range b.h {
		b.h[i], all = all[:i+1:i+1], all[i+1:]
		b.h[i][i] = c
	}
}

// times computes z = H g, as the sum of what the parts of H give.
func (b *Broyden) times(z, g []float64) {
	if b.h == nil {
		copy(z, g)
		return
	}
	if len(b.sums[broydenParts-1]) != len(b.h) {
		for part := range b.sums {
			_, hi := b.rows(part)
			b.sums[part] = make([]float64, hi)
		}
	}
	b.g = g
	b.share(broydenParts, b.multiply)
	clear(z)
	for _, sum := range b.sums {
		kernel.AddTo(z[:len(sum)], z, sum)
	}
}

// multiplyRows multiplies a part of the rows of H, and the columns that mirror them, with g.
func (b *Broyden) multiplyRows(part int) {
	z := b.sums[part]
	clear(z)
	for i, hi := b.rows(part); i < hi; i++ {
		row := b.h[i]
		z[i] = kernel.Dot(row, b.g[:i+1])
		kernel.AddScaled(z[:i], row[:i], b.g[i])
	}
}
