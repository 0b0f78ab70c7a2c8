package nn

import (
	"fmt"
	"math"

	"hnn/autodiff"
)

// The estimators make training data of a series. Times may be uneven. Each estimator cuts
// trajectories at gaps, which are intervals of more than 8 times the median. It leaves out
// trajectories with too few rows. If no trajectory is long enough, that is an error.

// Differences estimates the time derivatives of sampled trajectories by central
// differences of the given even order. The derivative at tᵢ is that of the polynomial
// through the order+1 rows j = i − s order/2, …, i − s, i, i + s, …, s the stride,
//
//	ẋᵢ ≈ Σⱼ wⱼ (xⱼ − xᵢ),    wⱼ = (λⱼ/λᵢ)/(tᵢ − tⱼ),    λⱼ = 1/Πₖ(tⱼ − tₖ), k ≠ j,
//
// Its error is −x⁽ᵒʳᵈᵉʳ⁺¹⁾ Π(tⱼ − tᵢ)/(order+1)!, the product over j ≠ i. Noise of variance
// σ² in the states becomes noise of variance σ² (Σwⱼ² + (Σwⱼ)²) in the derivative. It grows
// with the order and falls with the stride, as 1/s². The first and last s order/2 rows of each
// trajectory have no neighbours on one side and are left out.
//
// Source: Berrut and Trefethen, "Barycentric Lagrange Interpolation" (2004), eq. 9.4; the
// weights are those of Fornberg, "Generation of Finite Difference Formulas on
// Arbitrarily Spaced Grids" (1988).
func Differences(s *Series, order, stride int) (*Data, error) {
	if order < 2 || order%2 != 0 || stride < 1 {
		return nil, fmt.Errorf("nn: central differences of order %d, stride %d: want an even number from 2 up and one from 1 up", order, stride)
	}
	w := order / 2 * stride
	d := newData(s)
	err := d.spans(s, float64(float64(order)*float64(stride))+1, func(lo, hi int) {
		for r := lo + w; r+w < hi; r++ {
			t, xr, y := s.T, s.X.Row(r), add(d.Y)
			copy(add(d.X), xr)
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
				for c, v := range s.X.Row(j) {
					y[c] += float64(weight * (v - xr[c]))
				}
			}
		}
	})
	return d, err
}

// Smooth estimates states and time derivatives together, for noisy samples: a cubic in
// t is fitted by least squares to each component over the 2w+1 rows around row i,
//
//	x(t) ≈ c₀ + c₁ u + c₂ u² + c₃ u³,    u = t − tᵢ,
//
// and c₀ and c₁ are the state and its derivative at tᵢ. For even times h apart and large w,
// noise of variance σ² leaves about σ²/(0.9 w) in the state. The cubic has an error of
// −(w h)⁴ x⁗/280 in the state and of −(w h)⁴ x⁽⁵⁾/504 in the derivative (a third more for
// w = 5). So the window should be short beside the time scale of x. The first and last w rows
// of each trajectory are left out. w ≥ 2.
//
// Source: Savitzky and Golay, "Smoothing and Differentiation of Data by Simplified
// Least Squares Procedures" (1964), for uneven times.
func Smooth(s *Series, w int) (*Data, error) {
	if w < 2 {
		return nil, fmt.Errorf("nn: smoothing: a cubic needs 2 rows on each side, not %d", w)
	}
	d := newData(s)
	err := d.spans(s, 2*float64(w)+1, func(lo, hi int) {
		t := s.T
		for r := lo + w; r+w < hi; r++ {
			scale := max(t[r]-t[r-w], t[r+w]-t[r]) // so that |u| ≤ 1
			var a [4][4]float64                    // Σ u^(j+k)
			b := make([][4]float64, s.X.Cols)      // Σ u^j x
			for i := r - w; i <= r+w; i++ {
				u := (t[i] - t[r]) / scale
				powers := [4]float64{1, u, u * u, u * u * u}
				for j, p := range powers {
					for k, q := range powers {
						a[j][k] += float64(p * q)
					}
					for c, v := range s.X.Row(i) {
						b[c][j] += float64(p * v)
					}
				}
			}
			x, y := add(d.X), add(d.Y)
			for j, rhs := range b {
				c := solve4(a, rhs)
				x[j], y[j] = c[0], c[1]/scale
			}
		}
	})
	return d, err
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
// If the field of a model fits these midpoints and slopes, its steps of this rule pass through
// the data. The rule is symplectic, so there is an H with such steps. It is the H of the
// modified equation of the rule, which differs from that of the system by O(h²). Noise of
// variance σ² in the states becomes noise of variance 2σ²/h² in the slopes. A longer stride
// makes it smaller.
//
// Source: Hairer, Lubich, Wanner, Geometric Numerical Integration, §VI.4 and IX.3.
func Midpoints(s *Series, stride int) (*Data, error) {
	d := newData(s)
	err := d.pairs(s, stride, func(x0, x1 []float64, h float64) {
		x, y := add(d.X), add(d.Y)
		for j := range x0 {
			x[j] = (x0[j] + x1[j]) / 2
			y[j] = (x1[j] - x0[j]) / h
		}
	})
	return d, err
}

// Steps makes training data of pairs of states, those of rows i and i + stride of a
// trajectory: X is x(t), and Y the slope (x(t+h) − x(t))/h and, in one column more, the
// step h.
func Steps(s *Series, stride int) (*Data, error) {
	d := newData(s)
	if s != nil && s.X != nil {
		d.Y.Cols++
	}
	err := d.pairs(s, stride, func(x0, x1 []float64, h float64) {
		copy(add(d.X), x0)
		y := add(d.Y)
		for j := range x0 {
			y[j] = (x1[j] - x0[j]) / h
		}
		y[len(x0)] = h
	})
	return d, err
}

// NextStates makes training data of the pairs of successive states that are dt apart, to a
// relative 1e-6. It is an error if these are fewer than half of all pairs.
func NextStates(s *Series, dt float64) (*Data, error) {
	d := newData(s)
	all := 0
	if err := s.complete(); err != nil {
		return nil, err
	}
	if err := s.timed(); err != nil {
		return nil, err
	}
	_, d.Gaps = s.cut()
	for i := range s.Runs() {
		lo, hi := s.Run(i)
		all += hi - lo - 1
		first := d.X.Rows
		for r := lo; r+1 < hi; r++ {
			if math.Abs(s.T[r+1]-s.T[r]-dt) <= 1e-6*dt {
				copy(add(d.X), s.X.Row(r))
				copy(add(d.Y), s.X.Row(r+1))
			}
		}
		if d.X.Rows > first {
			d.Starts = append(d.Starts, first)
		} else {
			d.Short++
		}
	}
	if d.X.Rows == 0 || 2*d.X.Rows < all {
		return nil, fmt.Errorf("nn: next states: only %d of %d pairs of successive states are %v apart: want evenly spaced times", d.X.Rows, all, dt)
	}
	return d, nil
}

// newData returns data without rows for a series.
func newData(s *Series) *Data {
	d := &Data{X: &autodiff.Matrix{}, Y: &autodiff.Matrix{}}
	if s != nil && s.X != nil {
		d.X.Cols, d.Y.Cols = s.X.Cols, s.X.Cols
	}
	return d
}

// pairs calls add for each two states that are stride rows and a time h apart.
func (d *Data) pairs(s *Series, stride int, add func(x0, x1 []float64, h float64)) error {
	if stride < 1 {
		return fmt.Errorf("nn: a stride of %d rows: want at least 1", stride)
	}
	return d.spans(s, float64(stride)+1, func(lo, hi int) {
		for r := lo; r+stride < hi; r++ {
			add(s.X.Row(r), s.X.Row(r+stride), s.T[r+stride]-s.T[r])
		}
	})
}
