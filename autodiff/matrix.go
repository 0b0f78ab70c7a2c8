package autodiff

import (
	"fmt"
	"math"
)

// A Matrix is a dense matrix of float64 in row-major order: element (i,j) is
// Data[i·Cols + j]. Either size may be zero.
type Matrix struct {
	Rows, Cols int
	Data       []float64
}

// NewMatrix returns a matrix of zeros. It panics if a size is below 0 or if there are more
// elements than the memory has addresses for.
func NewMatrix(rows, cols int) *Matrix {
	if rows < 0 || cols < 0 || rows > 0 && cols > math.MaxInt/8/rows {
		panic(fmt.Sprintf("autodiff: NewMatrix: %d×%d: want sizes from 0 up, and at most %d elements", rows, cols, math.MaxInt/8))
	}
	return &Matrix{rows, cols, make([]float64, rows*cols)}
}

// MatrixOf returns a matrix with a copy of the given rows. Rows of different
// lengths are an error.
func MatrixOf(rows ...[]float64) (*Matrix, error) {
	m := &Matrix{Rows: len(rows)}
	for i, r := range rows {
		if i == 0 {
			m.Cols = len(r)
		}
		if len(r) != m.Cols {
			return nil, fmt.Errorf("autodiff: MatrixOf: row %d is 1×%d, row 0 is 1×%d", i, len(r), m.Cols)
		}
		m.Data = append(m.Data, r...)
	}
	return m, nil
}

// At returns element (i,j).
func (m *Matrix) At(i, j int) float64 { return m.Row(i)[j] }

// Row returns row i, a window onto m.
func (m *Matrix) Row(i int) []float64 { return m.Data[i*m.Cols : (i+1)*m.Cols] }
