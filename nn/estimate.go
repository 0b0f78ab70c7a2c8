package nn

import (
	"fmt"
	"math"

	"hnn/autodiff"
)

// Differences estimates the time derivatives of sampled trajectories by central
// differences of the given even order. The trajectories' first rows are starts, nil for
// a single one, here and below. The derivative at tᵢ is that of the polynomial through
// the order+1 rows j = i − s order/2, …, i − s, i, i + s, …, s the stride,
//
//	ẋᵢ ≈ Σⱼ wⱼ (xⱼ − xᵢ),    wⱼ = (λⱼ/λᵢ)/(tᵢ − tⱼ),    λⱼ = 1/Πₖ(tⱼ − tₖ), k ≠ j,
//
// for uneven times too. Its error is −x⁽ᵒʳᵈᵉʳ⁺¹⁾ Π(tⱼ − tᵢ)/(order+1)!, the product over j ≠ i;
// noise of variance σ² in the states gives it one of σ² (Σwⱼ² + (Σwⱼ)²), which
// grows with the order and falls with the stride, as 1/s². The first and last s order/2 rows
// of each trajectory have no neighbours on one side and are left out. Times must
// increase; shorter trajectories than s order + 1 rows are an error.
//
// Source: Berrut and Trefethen, "Barycentric Lagrange Interpolation" (2004), eq. 9.4; the
// weights are those of Fornberg, "Generation of Finite Difference Formulas on
// Arbitrarily Spaced Grids" (1988).
func Differences(t []float64, x *autodiff.Matrix, starts []int, order, stride int) (*Data, error) {
	if order < 2 || order%2 != 0 || stride < 1 {
		return nil, fmt.Errorf("nn: central differences of order %d, stride %d: want an even number from 2 up and one from 1 up", order, stride)
	}
	if err := checkTimes(t, x, starts, order, stride); err != nil {
		return nil, fmt.Errorf("nn: central differences: %w", err)
	}
	w := order / 2 * stride
	rows := x.Rows - 2*w*len(orOne(starts))
	d := &Data{X: autodiff.NewMatrix(rows, x.Cols), Y: autodiff.NewMatrix(rows, x.Cols)}
	to := 0
	for i, lo := range orOne(starts) {
		hi := runEnd(starts, i, x.Rows)
		d.Starts = append(d.Starts, to)
		for r := lo + w; r+w < hi; r++ {
			xr, y := x.Row(r), d.Y.Row(to)
			copy(d.X.Row(to), xr)
			for j := r - w; j <= r+w; j += stride {
				if j == r {
					continue
				}
				weight := 1 / (t[j] - t[r]) // λⱼ/λᵢ/(tᵢ − tⱼ), where one factor of λⱼ/λᵢ is −1
				for k := r - w; k <= r+w; k += stride {
					if k != r && k != j {
						weight *= (t[r] - t[k]) / (t[j] - t[k])
					}
				}
				for c, v := range x.Row(j) {
					y[c] += float64(weight * (v - xr[c]))
				}
			}
			to++
		}
	}
	return d, nil
}

// Smooth estimates states and time derivatives together, for noisy samples: a cubic in
// t is fitted by least squares to each component over the 2w+1 rows around row i,
//
//	x(t) ≈ c₀ + c₁ u + c₂ u² + c₃ u³,    u = t − tᵢ,
//
// and c₀ and c₁ are the state and its derivative at tᵢ. For even times h apart and large
// w, noise of variance σ² leaves about σ²/(0.9 w) in the state; the price is an error of
// −(w h)⁴ x⁗/280 in it and of −(w h)⁴ x⁽⁵⁾/504 in the derivative (a third more for w = 5),
// so the window should be short beside the time scale of x. The first and last w rows of
// each trajectory are left out. Times must increase; w ≥ 2.
//
// Source: Savitzky and Golay, "Smoothing and Differentiation of Data by Simplified
// Least Squares Procedures" (1964), for uneven times.
func Smooth(t []float64, x *autodiff.Matrix, starts []int, w int) (*Data, error) {
	if w < 2 {
		return nil, fmt.Errorf("nn: a cubic needs 2 rows on each side, not %d", w)
	}
	if err := checkTimes(t, x, starts, 2, w); err != nil {
		return nil, fmt.Errorf("nn: smoothing: %w", err)
	}
	d := &Data{X: &autodiff.Matrix{Cols: x.Cols}, Y: &autodiff.Matrix{Cols: x.Cols}}
	for i, lo := range orOne(starts) {
		hi := runEnd(starts, i, x.Rows)
		d.Starts = append(d.Starts, d.X.Rows)
		for r := lo + w; r+w < hi; r++ {
			scale := max(t[r]-t[r-w], t[r+w]-t[r]) // so that |u| ≤ 1
			var a [4][4]float64                    // Σ u^(j+k)
			b := make([][4]float64, x.Cols)        // Σ u^j x
			for s := r - w; s <= r+w; s++ {
				u := (t[s] - t[r]) / scale
				powers := [4]float64{1, u, u * u, u * u * u}
				for j, p := range powers {
					for k, q := range powers {
						a[j][k] += float64(p * q)
					}
					for c, v := range x.Row(s) {
						b[c][j] += float64(p * v)
					}
				}
			}
			for _, rhs := range b {
				c := solve4(a, rhs)
				d.X.Data = append(d.X.Data, c[0])
				d.Y.Data = append(d.Y.Data, c[1]/scale)
			}
			d.X.Rows++
			d.Y.Rows++
		}
	}
	return d, nil
}

// solve4 solves a x = b for a symmetric positive definite a, by elimination.
func solve4(a [4][4]float64, b [4]float64) [4]float64 {
	for i := range a {
		for r := i + 1; r < 4; r++ {
			f := a[r][i] / a[i][i]
			for c := i; c < 4; c++ {
				a[r][c] -= float64(f * a[i][c])
			}
			b[r] -= float64(f * b[i])
		}
	}
	for i := 3; i >= 0; i-- {
		for c := i + 1; c < 4; c++ {
			b[i] -= float64(a[i][c] * b[c])
		}
		b[i] /= a[i][i]
	}
	return b
}

// Midpoints makes training data of pairs of states, without derivatives: those of rows i
// and i + stride of a trajectory. One step of the implicit midpoint rule from x₀ to x₁ over
// h is
//
//	x₁ = x₀ + h f((x₀ + x₁)/2),    so    f((x₀ + x₁)/2) = (x₁ − x₀)/h
//
// and a model whose field fits these midpoints and slopes takes exactly the steps that
// the data show. The rule is symplectic, so what an HNN learns is a Hamiltonian; it is
// that of the rule's modified equation, H + O(h²), not quite the system's. Noise of
// variance σ² in the states is one of 2σ²/h² in the slopes, where a longer stride helps.
// Times may be uneven and must increase.
//
// Source: Hairer, Lubich, Wanner, Geometric Numerical Integration, §VI.4 and IX.3.
func Midpoints(t []float64, x *autodiff.Matrix, starts []int, stride int) (*Data, error) {
	d := &Data{}
	err := pairs(d, t, x, starts, stride, x.Cols, func(x0, x1, mid, y []float64, h float64) {
		for j := range x0 {
			mid[j] = (x0[j] + x1[j]) / 2
			y[j] = (x1[j] - x0[j]) / h
		}
	})
	if err != nil {
		return nil, fmt.Errorf("nn: midpoints: %w", err)
	}
	return d, nil
}

// Steps makes training data for OneStep of pairs of states, those of rows i and i + stride
// of a trajectory: X is x(t), and Y the slope (x(t+h) − x(t))/h and, in one column more,
// the step h. Times may be uneven and must increase.
func Steps(t []float64, x *autodiff.Matrix, starts []int, stride int) (*Data, error) {
	d := &Data{}
	err := pairs(d, t, x, starts, stride, x.Cols+1, func(x0, x1, x, y []float64, h float64) {
		copy(x, x0)
		for j := range x0 {
			y[j] = (x1[j] - x0[j]) / h
		}
		y[len(x0)] = h
	})
	if err != nil {
		return nil, fmt.Errorf("nn: steps: %w", err)
	}
	return d, nil
}

// pairs fills d by a row for each two states x0 and x1 that are stride rows and a time h
// apart in one trajectory: set sets a row of X and one of Y, of cols numbers.
func pairs(d *Data, t []float64, x *autodiff.Matrix, starts []int, stride, cols int, set func(x0, x1, x, y []float64, h float64)) error {
	if stride < 1 {
		return fmt.Errorf("a stride of %d rows: want at least 1", stride)
	}
	if err := checkTimes(t, x, starts, 1, stride); err != nil {
		return err
	}
	rows := x.Rows - stride*len(orOne(starts))
	d.X, d.Y = autodiff.NewMatrix(rows, x.Cols), autodiff.NewMatrix(rows, cols)
	to := 0
	for i, lo := range orOne(starts) {
		d.Starts = append(d.Starts, to)
		for r := lo; r+stride < runEnd(starts, i, x.Rows); r++ {
			set(x.Row(r), x.Row(r+stride), d.X.Row(to), d.Y.Row(to), t[r+stride]-t[r])
			to++
		}
	}
	return nil
}

// NextStates makes training data for a next-state model: the pairs of successive states
// that are dt apart, to a relative 1e-6. It is an error if there are none.
func NextStates(t []float64, x *autodiff.Matrix, starts []int, dt float64) (*Data, error) {
	if err := checkTimes(t, x, starts, 1, 0); err != nil {
		return nil, fmt.Errorf("nn: next states: %w", err)
	}
	d := &Data{X: &autodiff.Matrix{Cols: x.Cols}, Y: &autodiff.Matrix{Cols: x.Cols}}
	for i, lo := range orOne(starts) {
		first := d.X.Rows
		for r := lo; r+1 < runEnd(starts, i, x.Rows); r++ {
			if !(math.Abs(t[r+1]-t[r]-dt) <= 1e-6*dt) {
				continue
			}
			d.X.Data = append(d.X.Data, x.Row(r)...)
			d.Y.Data = append(d.Y.Data, x.Row(r+1)...)
			d.X.Rows++
			d.Y.Rows++
		}
		if d.X.Rows > first {
			d.Starts = append(d.Starts, first)
		}
	}
	if d.X.Rows == 0 {
		return nil, fmt.Errorf("nn: next states: no two successive states are %v apart", dt)
	}
	return d, nil
}

// checkTimes reports what does not fit together, the first trajectory of fewer than
// a b + 1 rows, and the first time that does not come after the one before it.
func checkTimes(t []float64, x *autodiff.Matrix, starts []int, a, b int) error {
	if err := checkStates(x, starts); err != nil {
		return err
	}
	if len(t) != x.Rows {
		return fmt.Errorf("%d times for %d rows", len(t), x.Rows)
	}
	for i, lo := range orOne(starts) {
		hi := runEnd(starts, i, x.Rows)
		if (hi-lo-1)/a < b { // a b itself may be out of range
			return fmt.Errorf("trajectory %d has %d rows, %v are needed", i, hi-lo, float64(float64(a)*float64(b))+1)
		}
		for r := lo + 1; r < hi; r++ {
			if !(t[r] > t[r-1]) {
				return fmt.Errorf("time %v of row %d does not come after %v", t[r], r, t[r-1])
			}
		}
	}
	return nil
}

// orOne returns the first rows of trajectories: that of a single one where none are
// given.
func orOne(starts []int) []int {
	if len(starts) == 0 {
		return []int{0}
	}
	return starts
}

// runEnd returns the row after the last of trajectory i.
func runEnd(starts []int, i, rows int) int {
	if i+1 < len(starts) {
		return starts[i+1]
	}
	return rows
}
