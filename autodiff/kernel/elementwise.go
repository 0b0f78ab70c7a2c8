package kernel

import "math"

// If there is assembly for a loop, it computes all elements that fill whole vectors. The loop
// in Go computes the others.

// vectors applies f to whole vectors and returns the number of their elements. If f is nil it
// returns 0.
func vectors(f func(z, x []float64, c float64), z, x []float64, c float64) int {
	n := len(z) &^ (active.lanes - 1)
	if f == nil || n == 0 {
		return 0
	}
	f(z[:n], x[:n], c)
	return n
}

func twoVectors(f func(z, x, y []float64), z, x, y []float64) int {
	n := len(z) &^ (active.lanes - 1)
	if f == nil || n == 0 {
		return 0
	}
	f(z[:n], x[:n], y[:n])
	return n
}

func threeVectors(f func(x, y, z []float64, a, b, c float64), x, y, z []float64, a, b, c float64) int {
	n := len(x) &^ (active.lanes - 1)
	if f == nil || n == 0 {
		return 0
	}
	f(x[:n], y[:n], z[:n], a, b, c)
	return n
}

// AddTo sets z[i] = x[i] + y[i]. z may be x or y, here and below.
func AddTo(z, x, y []float64) {
	x, y = x[:len(z)], y[:len(z)]
	for i := twoVectors(active.add, z, x, y); i < len(z); i++ {
		z[i] = x[i] + y[i]
	}
}

// SubTo sets z[i] = x[i] − y[i].
func SubTo(z, x, y []float64) {
	x, y = x[:len(z)], y[:len(z)]
	for i := twoVectors(active.sub, z, x, y); i < len(z); i++ {
		z[i] = x[i] - y[i]
	}
}

// MulTo sets z[i] = x[i] y[i].
func MulTo(z, x, y []float64) {
	x, y = x[:len(z)], y[:len(z)]
	for i := twoVectors(active.mul, z, x, y); i < len(z); i++ {
		z[i] = x[i] * y[i]
	}
}

// MulScaleTo sets z[i] = c (x[i] y[i]), with both products rounded.
func MulScaleTo(z, x, y []float64, c float64) {
	x, y = x[:len(z)], y[:len(z)]
	i := 0
	if n := len(z) &^ (active.lanes - 1); active.mulScale != nil && n > 0 {
		active.mulScale(z[:n], x[:n], y[:n], c)
		i = n
	}
	for ; i < len(z); i++ {
		z[i] = c * float64(x[i]*y[i])
	}
}

// TanhGradTo takes a derivative g = ∂L/∂y by y = tanh x to one by x, as the rule of tanh does:
// z[i] = g[i] − g[i] y[i]², each product rounded.
func TanhGradTo(z, g, y []float64) {
	g, y = g[:len(z)], y[:len(z)]
	for i := twoVectors(active.tanhGrad, z, g, y); i < len(z); i++ {
		z[i] = g[i] - float64(g[i]*float64(y[i]*y[i]))
	}
}

// DivTo sets z[i] = x[i] / y[i].
func DivTo(z, x, y []float64) {
	x, y = x[:len(z)], y[:len(z)]
	for i := twoVectors(active.div, z, x, y); i < len(z); i++ {
		z[i] = x[i] / y[i]
	}
}

// ScaleTo sets z[i] = c x[i].
func ScaleTo(z, x []float64, c float64) {
	x = x[:len(z)]
	for i := vectors(active.scale, z, x, c); i < len(z); i++ {
		z[i] = c * x[i]
	}
}

// AddConstTo sets z[i] = x[i] + c.
func AddConstTo(z, x []float64, c float64) {
	x = x[:len(z)]
	for i := vectors(active.addConst, z, x, c); i < len(z); i++ {
		z[i] = x[i] + c
	}
}

// AddScaled sets z[i] = z[i] + c x[i], with the product rounded.
func AddScaled(z, x []float64, c float64) {
	x = x[:len(z)]
	for i := vectors(active.addScaled, z, x, c); i < len(z); i++ {
		z[i] += float64(c * x[i])
	}
}

// Combine sets z[i] = c z[i] + a x[i] + b y[i], with all products rounded and summed in this order.
func Combine(z, x, y []float64, a, b, c float64) {
	x, y = x[:len(z)], y[:len(z)]
	for i := threeVectors(active.combine, z, x, y, a, b, c); i < len(z); i++ {
		z[i] = float64(c*z[i]) + float64(a*x[i]) + float64(b*y[i])
	}
}

// Reflect sets z[i] = z[i] + c x[i] and then w[i] = w[i] + d z[i], with the products rounded. No
// slice may overlap another.
func Reflect(z, x, w []float64, c, d float64) {
	x, w = x[:len(z)], w[:len(z)]
	for i := threeVectors(active.reflect, z, x, w, c, d, 0); i < len(z); i++ {
		z[i] += float64(c * x[i])
		w[i] += float64(d * z[i])
	}
}

// Dot returns xᵀy. Eight sums take every eighth rounded product each, so that one addition need
// not wait for the one before. They are added in pairs, and then come the products of the last
// len(x) mod 8 elements, in order.
func Dot(x, y []float64) float64 {
	var s [8]float64
	y = y[:len(x)]
	n := len(x) &^ 7
	if active.dot != nil && n > 0 {
		s = active.dot(x[:n], y[:n])
	} else {
		s = dotGo(x[:n], y[:n])
	}
	sum := (s[0] + s[1] + (s[2] + s[3])) + (s[4] + s[5] + (s[6] + s[7]))
	for i := n; i < len(x); i++ {
		sum += float64(x[i] * y[i])
	}
	return sum
}

func dotGo(x, y []float64) [8]float64 {
	var s0, s1, s2, s3, s4, s5, s6, s7 float64
	for len(x) >= 8 {
		a, b := x[:8:8], y[:8:8]
		s0 += float64(a[0] * b[0])
		s1 += float64(a[1] * b[1])
		s2 += float64(a[2] * b[2])
		s3 += float64(a[3] * b[3])
		s4 += float64(a[4] * b[4])
		s5 += float64(a[5] * b[5])
		s6 += float64(a[6] * b[6])
		s7 += float64(a[7] * b[7])
		x, y = x[8:], y[8:]
	}
	return [8]float64{s0, s1, s2, s3, s4, s5, s6, s7}
}

// InvTo sets z[i] = 1 / x[i].
func InvTo(z, x []float64) {
	x = x[:len(z)]
	for i := vectors(active.ratio, z, x, 1); i < len(z); i++ {
		z[i] = 1 / x[i]
	}
}

// SqrtTo sets z[i] = √x[i].
func SqrtTo(z, x []float64) {
	x = x[:len(z)]
	for i := vectors(active.sqrt, z, x, 0); i < len(z); i++ {
		z[i] = math.Sqrt(x[i])
	}
}

// Finite reports whether all numbers are finite: x − x is 0 for a finite number and
// NaN for any other.
func Finite(x []float64) bool {
	i := 0
	if n := len(x) &^ (active.lanes - 1); active.finite != nil && n > 0 {
		if !active.finite(x[:n]) {
			return false
		}
		i = n
	}
	for ; i < len(x); i++ {
		if x[i]-x[i] != 0 {
			return false
		}
	}
	return true
}

// SumTo adds the m×n matrix x up to the r×c matrix z, where r is 1 or m and c is 1
// or n. Rows are added first, in order, and then columns, in order.
//
//	z[0,j] = Σ_i x[i,j]     z[i,0] = Σ_j x[i,j]     z[0,0] = Σ_j Σ_i x[i,j]
func SumTo(z, x []float64, r, c, m, n int) {
	clear(z[:r*c])
	switch {
	case m == 0 || n == 0:
	case r == m && c == n:
		copy(z, x[:m*n])
	case r == m:
		for i := range m {
			z[i] = sum(x[i*n : (i+1)*n])
		}
	case c == n:
		addRows(z[:n], x[:m*n], m)
	default:
		for j := range n {
			s := 0.
			for i := j; i < m*n; i += n {
				s += x[i]
			}
			z[0] += s
		}
	}
}

// addRows adds the m rows of x to z, in order.
func addRows(z, x []float64, m int) {
	n := len(z)
	whole := n &^ (active.lanes - 1)
	if active.addRows != nil && whole > 0 {
		active.addRows(z[:whole], x, n, m)
	} else {
		whole = 0
	}
	for i := 0; i < m && whole < n; i++ {
		for j := whole; j < n; j++ {
			z[j] += x[i*n+j]
		}
	}
}

// AddRowTo adds the row y over and over, from element at on: z[i] = x[i] + y[(at+i) mod len(y)].
func AddRowTo(z, x, y []float64, at int) {
	for at %= len(y); len(z) > 0; at = 0 {
		n := min(len(y)-at, len(z))
		AddTo(z[:n], x, y[at:])
		z, x = z[n:], x[n:]
	}
}

func sum(x []float64) float64 {
	s := 0.
	for _, v := range x {
		s += v
	}
	return s
}

// ExpandTo repeats the r×c matrix x to the m×n matrix z, where r is 1 or m and c is
// 1 or n: z[i,j] = x[i mod r, j mod c].
func ExpandTo(z, x []float64, m, n, r, c int) {
	for i := range m {
		row := z[i*n : (i+1)*n]
		from := i % max(r, 1) * c
		if c == n {
			copy(row, x[from:from+n])
			continue
		}
		v := x[from]
		for j := range row {
			row[j] = v
		}
	}
}

// CopyCols copies a block of w columns from the matrix x, which has n columns, to
// the matrix z, which has m: z[i, to+j] = x[i, from+j] for 0 ≤ i < rows, 0 ≤ j < w.
func CopyCols(z, x []float64, rows, w, m, to, n, from int) {
	if w == 1 { // a call of copy would take longer than the number
		for i := range rows {
			z[i*m+to] = x[i*n+from]
		}
		return
	}
	for i := range rows {
		copy(z[i*m+to:][:w], x[i*n+from:][:w])
	}
}
