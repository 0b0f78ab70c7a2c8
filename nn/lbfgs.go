package nn

import (
	"context"
	"fmt"

	"hnn/autodiff"
	"hnn/autodiff/kernel"
)

// LBFGS is the quasi-Newton method of limited memory. From the last changes sᵢ = xᵢ₊₁ − xᵢ of
// the parameters and yᵢ = gᵢ₊₁ − gᵢ of the gradient it makes an approximation of the inverse
// Hessian matrix, and goes along
//
//	d = −H g,    H ← Vᵢᵀ H Vᵢ + ρᵢ sᵢ sᵢᵀ,    Vᵢ = I − ρᵢ yᵢ sᵢᵀ,    ρᵢ = 1/yᵢᵀsᵢ
//
// from the oldest pair to the newest, starting with H = (sᵀy/yᵀy) I of the newest. A line
// search finds a step that meets the strong Wolfe conditions. It needs the same rows in every
// evaluation: all of them, or a fixed subset. An epoch is one iteration.
//
// It ends when the loss no longer falls, to rounding, or as the tolerances say.
//
// Source: Nocedal and Wright, Numerical Optimization (2006), Algorithms 7.4 and 7.5; the line
// search is that of Moré and Thuente, "Line search algorithms with guaranteed sufficient
// decrease" (1994).
type LBFGS struct {
	Iterations int
	History    int     // pairs that are kept; 0: 30
	Subset     int     // rows that are used, evenly spread; 0: all
	LossTol    float64 // end when an iteration lowers the loss by less than this share of it
	GradTol    float64 // end when no component of the gradient is larger

	iteration int
	ended     bool
	s, y      [][]float64  // the pairs, oldest first
	rho       []float64    // 1/yᵀs of each
	alpha     []float64    // room for direction
	spare     [2][]float64 // room for the next pair
}

// Kind returns lbfgs.
func (l *LBFGS) Kind() string { return "lbfgs" }

// Parts implements Optimizer.
func (l *LBFGS) Parts(p *Parts) {
	p.Whole("iteration", &l.iteration)
	p.Flag("ended", &l.ended)
	p.Vectors("s", &l.s)
	p.Vectors("y", &l.y)
}

// Check implements Optimizer.
func (l *LBFGS) Check(params []*autodiff.Matrix) error {
	if l.Iterations < 0 || l.History < 0 || l.Subset < 0 || !(l.LossTol >= 0) || !(l.GradTol >= 0) {
		return fmt.Errorf("lbfgs: %d iterations, a history of %d, %d rows, tolerances %v and %v: want numbers from 0 up", l.Iterations, l.History, l.Subset, l.LossTol, l.GradTol)
	}
	n := count(params)
	if len(l.s) != len(l.y) || len(l.s) > or(l.History, 30) {
		return fmt.Errorf("lbfgs: %d changes of parameters and %d of gradients, want as many, at most %d", len(l.s), len(l.y), or(l.History, 30))
	}
	for i := range l.s {
		if len(l.s[i]) != n || len(l.y[i]) != n || !(kernel.Dot(l.s[i], l.y[i]) > 0) {
			return fmt.Errorf("lbfgs: pair %d does not have %d numbers with a positive product", i+1, n)
		}
	}
	return nil
}

// Minimize implements Optimizer.
func (l *LBFGS) Minimize(ctx context.Context, p Problem, each func(Epoch) error) error {
	return quasiNewton{l, l.Iterations, l.Subset, l.LossTol, l.GradTol, &l.iteration, &l.ended}.minimize(ctx, p, each)
}

func (l *LBFGS) partial(rows int) bool { return l.Subset > 0 && l.Subset < rows }

func (l *LBFGS) known() bool { return len(l.s) > 0 }

func (l *LBFGS) forget() { l.s, l.y, l.rho = nil, nil, nil }

// direction computes d = −H g by the two loops.
func (l *LBFGS) direction(d, g []float64) {
	kernel.ScaleTo(d, g, -1)
	k := len(l.s)
	if k == 0 {
		return
	}
	if l.alpha == nil {
		l.alpha = make([]float64, or(l.History, 30))
	}
	for i := len(l.rho); i < k; i++ { // of a state that was loaded
		l.rho = append(l.rho, 1/kernel.Dot(l.y[i], l.s[i]))
	}
	alpha, rho := l.alpha, l.rho
	for i := k - 1; i >= 0; i-- {
		alpha[i] = float64(rho[i] * kernel.Dot(l.s[i], d))
		kernel.AddScaled(d, l.y[i], -alpha[i])
	}
	kernel.ScaleTo(d, d, 1/float64(rho[k-1]*kernel.Dot(l.y[k-1], l.y[k-1])))
	for i := range k {
		beta := float64(rho[i] * kernel.Dot(l.y[i], d))
		kernel.AddScaled(d, l.s[i], alpha[i]-beta)
	}
}

// learn remembers the newest pair, instead of the oldest where the history is full. A pair
// without curvature is not kept.
func (l *LBFGS) learn(x, xNew, g, gNew []float64, _ float64) {
	if l.spare[0] == nil {
		l.spare = [2][]float64{make([]float64, len(x)), make([]float64, len(x))}
	}
	s, y := l.spare[0], l.spare[1]
	kernel.SubTo(s, xNew, x)
	kernel.SubTo(y, gNew, g)
	ys := kernel.Dot(y, s)
	if !(ys > -2.2e-16*kernel.Dot(g, s)) { // whatever the units
		return
	}
	l.spare = [2][]float64{}
	if len(l.s) == or(l.History, 30) {
		l.spare = [2][]float64{l.s[0], l.y[0]}
		l.s, l.y, l.rho = append(l.s[:0], l.s[1:]...), append(l.y[:0], l.y[1:]...), append(l.rho[:0], l.rho[1:]...)
	}
	l.s, l.y, l.rho = append(l.s, s), append(l.y, y), append(l.rho, 1/ys)
}
