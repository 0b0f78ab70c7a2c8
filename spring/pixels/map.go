package pixels

import (
	"errors"
	"math"

	"hnn/autodiff"
	"hnn/nn"
)

// A Map is the affine map from latent states z to true states x that fits a film best,
//
//	x ≈ [z, 1] W
//
// Residual is √ mean of the squared error over the standard deviation, of each number of x. It
// bounds what an energy that is computed through the map can mean.
type Map struct {
	W        *autodiff.Matrix // (2d+1)×n
	Residual []float64
}

// fitMap fits a Map by least squares over all frames but the last of each run.
func fitMap(m *Autoencoder, f *Film) (*Map, error) {
	n, d := f.States.Cols, m.Latent().Dim()
	a := autodiff.NewMatrix(d+1, d+1) // Σ [z,1]ᵀ[z,1]
	b := autodiff.NewMatrix(d+1, n)   // Σ [z,1]ᵀ x
	var zs, xs [][]float64
	for i := range f.Starts {
		lo, hi := f.Run(i)
		z := nn.Evaluate(m.Encode, f.Pairs(lo, hi))
		for r := range z.Rows {
			row, x := append(append([]float64{}, z.Row(r)...), 1), f.States.Row(lo+r)
			zs, xs = append(zs, row), append(xs, x)
			for j, u := range row {
				for k, v := range row {
					a.Row(j)[k] += float64(u * v)
				}
				for k, v := range x {
					b.Row(j)[k] += float64(u * v)
				}
			}
		}
	}
	w, err := solve(a, b)
	if err != nil {
		return nil, err
	}
	fit := &Map{W: w, Residual: make([]float64, n)}
	mean, x := make([]float64, n), make([]float64, n)
	for _, v := range xs {
		for k := range v {
			mean[k] += v[k] / float64(len(xs))
		}
	}
	spread := make([]float64, n)
	for i, v := range xs {
		fit.apply(x, zs[i][:d])
		for k := range v {
			fit.Residual[k] += float64((x[k] - v[k]) * (x[k] - v[k]))
			spread[k] += float64((v[k] - mean[k]) * (v[k] - mean[k]))
		}
	}
	for k := range spread {
		fit.Residual[k] = math.Sqrt(fit.Residual[k] / spread[k])
	}
	return fit, nil
}

// Errors returns the residuals of the coordinates and of the momenta, √ mean of their squares;
// NaN without a Map.
func (m *Map) Errors() (q, p float64) {
	if m == nil {
		return math.NaN(), math.NaN()
	}
	d := len(m.Residual) / 2
	rms := func(r []float64) float64 {
		sum := 0.
		for _, v := range r {
			sum += float64(v * v)
		}
		return math.Sqrt(sum / float64(len(r)))
	}
	return rms(m.Residual[:d]), rms(m.Residual[d:])
}

// apply sets x to [z, 1] W.
func (m *Map) apply(x, z []float64) {
	copy(x, m.W.Row(len(z)))
	for j, v := range z {
		for k, w := range m.W.Row(j) {
			x[k] += float64(v * w)
		}
	}
}

// solve returns a⁻¹ b by Gaussian elimination with pivots, for few unknowns. It changes both.
func solve(a, b *autodiff.Matrix) (*autodiff.Matrix, error) {
	n := a.Rows
	for i := range n {
		p := i
		for r := i + 1; r < n; r++ {
			if math.Abs(a.At(r, i)) > math.Abs(a.At(p, i)) {
				p = r
			}
		}
		if !(math.Abs(a.At(p, i)) > 0) {
			return nil, errors.New("pixels: the latent states lie on a line: want more epochs, or a film that moves")
		}
		for _, m := range []*autodiff.Matrix{a, b} {
			for k := range m.Cols {
				m.Row(i)[k], m.Row(p)[k] = m.At(p, k), m.At(i, k)
			}
		}
		for r := range n {
			if r == i {
				continue
			}
			share := a.At(r, i) / a.At(i, i)
			for _, m := range []*autodiff.Matrix{a, b} {
				for k := range m.Cols {
					m.Row(r)[k] -= float64(share * m.At(i, k))
				}
			}
		}
	}
	for i := range n {
		for k := range b.Cols {
			b.Row(i)[k] /= a.At(i, i)
		}
	}
	return b, nil
}
