package nn

import (
	"fmt"

	"hnn/autodiff"
)

// Differences estimates the time derivatives of sampled trajectories, whose first
// rows are starts, by central differences. With h₁ = tᵢ − tᵢ₋₁ and h₂ = tᵢ₊₁ − tᵢ,
//
//	ẋᵢ ≈ (h₂ s₁ + h₁ s₂)/(h₁ + h₂),    s₁ = (xᵢ − xᵢ₋₁)/h₁,    s₂ = (xᵢ₊₁ − xᵢ)/h₂
//
// which is the derivative of the parabola through the three points; its error is
// −h₁h₂ x⃛/6, of second order for uneven times too. The first and the last row of each
// trajectory have no neighbour on one side and are left out. Times must increase;
// trajectories of fewer than three rows are an error.
//
// Source: Fornberg, "Generation of Finite Difference Formulas on Arbitrarily Spaced
// Grids" (1988).
func Differences(t []float64, x *autodiff.Matrix, starts []int) (*Data, error) {
	rows := x.Rows - 2*len(starts)
	d := &Data{X: autodiff.NewMatrix(max(rows, 0), x.Cols), Y: autodiff.NewMatrix(max(rows, 0), x.Cols)}
	to := 0
	for i, lo := range starts {
		hi := x.Rows
		if i+1 < len(starts) {
			hi = starts[i+1]
		}
		if hi-lo < 3 {
			return nil, fmt.Errorf("nn: trajectory %d has %d rows, central differences need 3", i, hi-lo)
		}
		d.Starts = append(d.Starts, to)
		for r := lo + 1; r+1 < hi; r++ {
			h1, h2 := t[r]-t[r-1], t[r+1]-t[r]
			copy(d.X.Row(to), x.Row(r))
			y, xb, xa, xr := d.Y.Row(to), x.Row(r-1), x.Row(r+1), x.Row(r)
			for j := range y {
				s1, s2 := (xr[j]-xb[j])/h1, (xa[j]-xr[j])/h2
				y[j] = (float64(h2*s1) + float64(h1*s2)) / (h1 + h2)
			}
			to++
		}
	}
	return d, nil
}
