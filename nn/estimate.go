package nn

import (
	"fmt"

	"hnn/autodiff"
)

// Differences estimates the time derivatives of sampled trajectories, whose first
// rows are starts, by central differences. With h₁ = tᵢ − tᵢ₋₁ and h₂ = tᵢ₊₁ − tᵢ,
//
//	ẋᵢ ≈ −h₂/(h₁(h₁+h₂)) xᵢ₋₁ + (h₂−h₁)/(h₁h₂) xᵢ + h₁/(h₂(h₁+h₂)) xᵢ₊₁
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
			before, at, after := -h2/(h1*(h1+h2)), (h2-h1)/(h1*h2), h1/(h2*(h1+h2))
			copy(d.X.Row(to), x.Row(r))
			y, xb, xa, xr := d.Y.Row(to), x.Row(r-1), x.Row(r+1), x.Row(r)
			for j := range y {
				y[j] = float64(before*xb[j]) + float64(at*xr[j]) + float64(after*xa[j])
			}
			to++
		}
	}
	return d, nil
}
