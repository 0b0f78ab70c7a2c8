package nn

import (
	"context"
	"errors"
	"fmt"
	"math"

	"hnn/autodiff"
	"hnn/autodiff/kernel"
)

// A curvature is what a quasi-Newton method has learned of the inverse Hessian matrix H.
type curvature interface {
	Check(params []*autodiff.Matrix) error          // that of the Optimizer
	known() bool                                    // whether it knows anything: else H = I
	direction(d, g []float64)                       // d = −H g, of the gradient where learn was called last
	learn(x, xNew, g, gNew []float64, step float64) // from a step along d and the gradients at its ends
	forget()
}

// A quasiNewton is the loop that LBFGS and Broyden share. Along d = −H g a line search finds a
// step that meets the strong Wolfe conditions. Where there is no lower loss along d it tries once
// more along the gradient.
type quasiNewton struct {
	curvature
	iterations, subset int
	lossTol, gradTol   float64
	iteration          *int
	ended              *bool
}

func (q quasiNewton) minimize(ctx context.Context, p Problem, each func(Epoch) error) error {
	if p == nil {
		return errors.New("nn: no problem")
	}
	if err := q.Check(p.Params()); err != nil {
		return fmt.Errorf("nn: %w", err)
	}
	if *q.ended || *q.iteration >= q.iterations {
		return nil
	}
	params, rows := p.Params(), subset(p.Rows(), q.subset)
	eval := func(x, g []float64) (float64, error) {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		scatter(params, x)
		f := p.Eval(rows, true)
		gather(g, p.Grads())
		return f, nil
	}
	x := flatten(params)
	n := len(x)
	g, d, xNew, gNew := make([]float64, n), make([]float64, n), make([]float64, n), make([]float64, n)
	f, err := eval(x, g)
	if err != nil {
		return err
	}
	if f-f != 0 || !kernel.Finite(g) {
		return fmt.Errorf("nn: %w before iteration %d (loss %v)", ErrDiverged, *q.iteration+1, f)
	}
	for *q.iteration < q.iterations && !*q.ended {
		q.direction(d, g)
		slope := kernel.Dot(d, g)
		step := 1.
		if !q.known() {
			step = min(1, 1/math.Sqrt(kernel.Dot(d, d)))
		}
		fNew, step, err := search(f, slope, step, func(step float64) (float64, float64, error) {
			copy(xNew, x)
			kernel.AddScaled(xNew, d, step)
			v, err := eval(xNew, gNew)
			return v, kernel.Dot(d, gNew), err
		})
		if err != nil {
			scatter(params, x) // as if the iteration had not begun
			return err
		}
		if step == 0 { // no lower loss along d
			scatter(params, x)
			*q.ended = !q.known()
			q.forget()
			continue
		}
		q.learn(x, xNew, g, gNew, step)
		fell := f - fNew
		f = fNew
		x, xNew, g, gNew = xNew, x, gNew, g
		*q.iteration++
		*q.ended = fell <= q.lossTol*math.Abs(f) || largest(g) <= q.gradTol
		if each != nil {
			if err := each(Epoch{Epoch: *q.iteration, Step: *q.iteration, Loss: f, Valid: math.NaN(), Rate: step}); err != nil {
				return err
			}
		}
	}
	return nil
}

// subset returns the numbers of n rows evenly spread, nil for all.
func subset(rows, n int) []int {
	if n == 0 || n >= rows {
		return nil
	}
	some := make([]int, n)
	for i := range some {
		some[i] = int(int64(i) * int64(rows) / int64(n))
	}
	return some
}

func flatten(params []*autodiff.Matrix) []float64 {
	var x []float64
	for _, p := range params {
		x = append(x, p.Data...)
	}
	return x
}

func scatter(params []*autodiff.Matrix, x []float64) {
	for _, p := range params {
		x = x[copy(p.Data, x):]
	}
}

func gather(x []float64, from []*autodiff.Matrix) {
	for _, p := range from {
		x = x[copy(x, p.Data):]
	}
}

func largest(x []float64) float64 {
	m := 0.
	for _, v := range x {
		m = max(m, math.Abs(v))
	}
	return m
}
