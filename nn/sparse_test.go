package nn

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"hnn/autodiff"
)

// columnsOf makes a matrix of random columns.
func columnsOf(rows, cols int, seed uint64) *autodiff.Matrix {
	rnd := rand.New(rand.NewPCG(seed, 1))
	a := autodiff.NewMatrix(rows, cols)
	for i := range a.Data {
		a.Data[i] = rnd.NormFloat64()
	}
	return a
}

// leave returns the error that the best constants of some columns leave, by the normal equations.
func leave(a *autodiff.Matrix, b []float64, cols []int) float64 {
	k := len(cols)
	m := autodiff.NewMatrix(k, k+1)
	for r := range a.Rows {
		for i, ci := range cols {
			for j, cj := range cols {
				m.Row(i)[j] += a.At(r, ci) * a.At(r, cj)
			}
			m.Row(i)[k] += a.At(r, ci) * b[r]
		}
	}
	for i := range k {
		for r := range k {
			if f := m.At(r, i) / m.At(i, i); r != i {
				for c := range k + 1 {
					m.Row(r)[c] -= f * m.At(i, c)
				}
			}
		}
	}
	sum := 0.
	for r := range a.Rows {
		e := b[r]
		for i, ci := range cols {
			e -= a.At(r, ci) * m.At(i, k) / m.At(i, i)
		}
		sum += e * e
	}
	return math.Sqrt(sum) / length(b)
}

// priced returns equations whose sum of squares has the price on large coefficients.
func priced(a *autodiff.Matrix, b []float64) (*autodiff.Matrix, []float64) {
	var all []int
	for j := range a.Cols {
		all = append(all, j)
	}
	share := leave(a, b, all) / cancels
	p := autodiff.NewMatrix(a.Rows+a.Cols, a.Cols)
	copy(p.Data, a.Data)
	for j := range a.Cols {
		sum := 0.
		for r := range a.Rows {
			sum += a.At(r, j) * a.At(r, j)
		}
		p.Row(a.Rows + j)[j] = share * math.Sqrt(sum)
	}
	return p, append(slices.Clone(b), make([]float64, a.Cols)...)
}

// Each size of the path has the best columns of all choices, by the sum of squares with the
// price, the error that they leave, and constants that are theirs. In these sets that which
// leaves first by itself is often wanted later.
func TestSparsePath(t *testing.T) {
	const n = 7
	missed := 0
	for seed := range uint64(20) {
		a, b := columnsOf(60, n, seed), columnsOf(60, 1, seed+100).Data
		for r := range a.Rows { // columns that can stand for one another
			a.Row(r)[1] = a.At(r, 0) + 0.05*a.At(r, 1)
			a.Row(r)[2] = a.At(r, 0) - a.At(r, 3) + 0.05*a.At(r, 2)
			b[r] = 0.1*b[r] + 2*a.At(r, 0) - a.At(r, 1) + 0.5*a.At(r, 5)
			a.Row(r)[4] *= 1e-6 // in other units
		}
		path, dependent, err := SparsePath(a, b)
		if err != nil || len(path) != n || len(dependent) != 0 {
			t.Fatal(path, dependent, err)
		}
		for k, s := range path {
			if len(s.Terms) != k+1 || !slices.IsSorted(s.Terms) {
				t.Fatal(s)
			}
			if want := leave(a, b, s.Terms); math.Abs(s.Error-want) > 1e-9 {
				t.Errorf("seed %d, %d columns: error %v, want %v", seed, k+1, s.Error, want)
			}
			dear, zero := priced(a, b)
			best := math.Inf(1)
			for set := range 1 << n {
				var cols []int
				for j := range n {
					if set>>j&1 == 1 {
						cols = append(cols, j)
					}
				}
				if len(cols) == k+1 {
					best = min(best, leave(dear, zero, cols))
				}
			}
			if leave(dear, zero, s.Terms) > best*(1+1e-9) {
				missed++
			}
		}
	}
	if missed > 2 { // of 140; without exchanges 11
		t.Errorf("%d sizes have not the best columns", missed)
	}
}

// Constants and their standard errors are those of least squares: 95 % of true constants lie
// within two of them.
func TestSparseErrors(t *testing.T) {
	within, all := 0, 0
	for seed := range uint64(200) {
		a, noise := columnsOf(50, 5, seed), columnsOf(50, 1, seed+1000).Data
		b := make([]float64, 50)
		for r := range b {
			b[r] = 3*a.At(r, 1) - 20*a.At(r, 4) + noise[r]
		}
		path, _, err := SparsePath(a, b)
		if err != nil {
			t.Fatal(err)
		}
		s := path[1]
		if !slices.Equal(s.Terms, []int{1, 4}) {
			t.Fatal(s)
		}
		for i, want := range []float64{3, -20} {
			if all++; math.Abs(s.Coefficients[i]-want) < 2*s.Errors[i] {
				within++
			}
		}
	}
	if share := float64(within) / float64(all); share < 0.92 || share > 0.98 {
		t.Errorf("%v of the constants within two standard errors", share)
	}
}

// A column that is a combination of others is left out, and named.
func TestSparseDependent(t *testing.T) {
	a, b := columnsOf(30, 4, 1), make([]float64, 30)
	for r := range b {
		a.Row(r)[2] = 3*a.At(r, 0) - a.At(r, 1)
		b[r] = a.At(r, 3)
	}
	path, dependent, err := SparsePath(a, b)
	if err != nil || len(path) != 3 || len(dependent) != 1 || dependent[0] > 2 {
		t.Errorf("%v %v %v", path, dependent, err)
	}
	if s := path[0]; !slices.Equal(s.Terms, []int{3}) || s.Error > 1e-14 || math.Abs(s.Coefficients[0]-1) > 1e-14 {
		t.Errorf("%+v", s)
	}
	for _, wrong := range []struct {
		a *autodiff.Matrix
		b []float64
	}{{nil, nil}, {a, b[1:]}, {columnsOf(3, 4, 1), b[:3]}, {a, make([]float64, 30)}, {autodiff.NewMatrix(30, 4), b},
		{&autodiff.Matrix{Rows: 2, Cols: 1, Data: []float64{1, math.NaN()}}, []float64{1, 1}}, {a, append([]float64{math.Inf(1)}, b[1:]...)}} {
		if _, _, err := SparsePath(wrong.a, wrong.b); err == nil {
			t.Errorf("no error for %+v", wrong)
		}
	}
}

// The knee is the last size that divides the error by much.
func TestKnee(t *testing.T) {
	path := func(errs ...float64) (p []Sparse) {
		for _, e := range errs {
			p = append(p, Sparse{Error: e})
		}
		return p
	}
	for _, c := range []struct {
		path []Sparse
		want int
	}{
		{path(0.7, 1e-3, 0.9e-3, 0.85e-3), 1},
		{path(0.7, 0.6, 0.5, 1e-3, 0.9e-3), 3}, // three that help little before one that helps
		{path(1e-14, 1e-16), 0},
		{path(0.9, 0.85, 0.8), 0},
	} {
		if got, err := Knee(c.path, 1.25); got != c.want || err != nil {
			t.Errorf("%v: %d, want %d (%v)", c.path, got, c.want, err)
		}
	}
	for _, factor := range []float64{1, 0, math.NaN()} {
		if _, err := Knee(path(1), factor); err == nil {
			t.Error(factor)
		}
	}
}

// Of columns that can nearly stand for one another, those are not chosen whose large constants
// cancel, if what they explain more is next to the error that is there in any case.
func TestSparseCancelling(t *testing.T) {
	const rows = 400
	a, b := autodiff.NewMatrix(rows, 3), make([]float64, rows)
	for r := range rows {
		q := 0.25 * math.Sin(float64(r))
		copy(a.Row(r), []float64{q, q * q * q, math.Sin(q)})
		b[r] = 25*q - 24*math.Sin(q) + 2e-5*math.Sin(float64(7*r*r)) // q + 4 q³ − q⁵/5 …
	}
	path, _, err := SparsePath(a, b)
	if err != nil {
		t.Fatal(err)
	}
	if s := path[1]; !slices.Equal(s.Terms, []int{0, 1}) || math.Abs(s.Coefficients[1]-4) > 0.1 || s.Error > 5e-4 {
		t.Errorf("%+v", s)
	}
}
