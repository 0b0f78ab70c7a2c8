package integrate

import (
	"math"
	"math/big"
	"testing"
)

// A tree is a rooted tree, as the list of its subtrees.
type tree []tree

// trees returns all rooted trees with up to the given number of nodes, by number of nodes.
func trees(most int) [][]tree {
	all := [][]tree{nil}
	for n := 1; n <= most; n++ {
		// A tree with n nodes is a forest of n-1 nodes, the subtrees in the order in which the list has them.
		var list []tree
		var grow func(so tree, left, size, index int)
		grow = func(so tree, left, size, index int) {
			if left == 0 {
				list = append(list, append(tree(nil), so...))
				return
			}
			for ; size <= left; size, index = size+1, 0 {
				for ; index < len(all[size]); index++ {
					grow(append(so, all[size][index]), left-size, size, index)
				}
			}
		}
		grow(nil, n-1, 1, 0)
		all = append(all, list)
	}
	return all
}

// density returns γ(t) and the number of nodes of t.
func (t tree) density() (gamma float64, nodes int) {
	gamma, nodes = 1, 1
	for _, sub := range t {
		g, n := sub.density()
		gamma *= g
		nodes += n
	}
	return gamma * float64(nodes), nodes
}

// weights returns the elementary weights Φ_i(t) of the stages of a.
func (t tree) weights(a [][]float64) []float64 {
	w := make([]float64, len(a))
	for i := range w {
		w[i] = 1
	}
	for _, sub := range t {
		v := sub.weights(a)
		for i := range w {
			s := 0.
			for j, a := range a[i] {
				s += a * v[j]
			}
			w[i] *= s
		}
	}
	return w
}

// defect returns the largest |Σ b_i Φ_i(t) - θ^n/γ(t)| over the trees with n nodes, relative to the size of the terms.
func defect(a [][]float64, b []float64, theta float64, trees []tree) float64 {
	worst := 0.
	for _, t := range trees {
		gamma, n := t.density()
		s, size := -math.Pow(theta, float64(n))/gamma, 1.
		for i, w := range t.weights(a) {
			s += b[i] * w
			size = max(size, math.Abs(b[i]*w))
		}
		worst = max(worst, math.Abs(s)/size)
	}
	return worst
}

// TestOrderConditions proves the order of each Runge–Kutta method, of the embedded formula and of the dense output. The
// conditions hold for all rooted trees with up to that many nodes, and fail for one with one node more.
func TestOrderConditions(t *testing.T) {
	all := trees(9)
	total := 0
	for n, count := range []int{0, 1, 1, 2, 4, 9, 20, 48, 115, 286} {
		if len(all[n]) != count {
			t.Fatalf("%d trees with %d nodes", len(all[n]), n)
		}
		if n <= 5 {
			total += count
		}
	}
	if total != 17 {
		t.Fatalf("%d trees to order 5", total)
	}
	check := func(what string, order int, a [][]float64, b []float64, theta float64) {
		t.Helper()
		for n := 1; n <= order; n++ {
			if d := defect(a, b, theta, all[n]); !(d < 1e-14) {
				t.Errorf("%s: conditions of order %d off by %g", what, n, d)
			}
		}
		if d := defect(a, b, theta, all[order+1]); d < 1e-7 {
			t.Errorf("%s: has more than order %d", what, order)
		}
	}
	for _, m := range fixedFieldMethods {
		check(m.String(), m.order, m.a, m.b, 1)
		for i, c := range m.c {
			for _, a := range m.a[i] {
				c -= a
			}
			if math.Abs(c) > 1e-14 {
				t.Errorf("%v: row %d sums to %g more than c", m, i, -c)
			}
		}
		if m.e == nil {
			continue
		}
		a := append(append([][]float64(nil), m.a...), m.b) // with k_{s+1}
		lower := append(append([]float64(nil), m.b...), 0)
		for i, e := range m.e {
			lower[i] -= e
		}
		order := m.errPower - 1
		if m == DOP853 {
			order = 5
			third := append(append([]float64(nil), m.b...), 0)
			for i, e := range m.e3 {
				third[i] -= e
			}
			check("DOP853 e3", 3, a, third, 1)
		}
		check(m.String()+" e", order, a, lower, 1)
		if m.p == nil {
			continue
		}
		for _, theta := range []float64{0.25, 0.5, 0.8} {
			b := make([]float64, len(m.p))
			for i, p := range m.p {
				for j := len(p) - 1; j >= 0; j-- {
					b[i] = theta * (b[i] + p[j])
				}
			}
			check(m.String()+" p", len(m.p[0]), a, b, theta)
		}
	}
}

func TestInvRoot(t *testing.T) {
	worst := 0.
	for _, n := range []int{3, 5, 8} {
		for _, x := range []float64{0x1p-1022, 1e-300, 1e-20, 0.1, 0.5, 1 - 0x1p-53, 1, 2, 3, 31.999, 255.999, 1e20, math.MaxFloat64} {
			for i := range 2000 {
				x := x * (1 + float64(i)*1e-3)
				if x > math.MaxFloat64 {
					continue
				}
				r := invRoot(x, n)
				// The defect of r^n x = 1, in twice the precision.
				p := new(big.Float).SetPrec(200).SetFloat64(x)
				for range n {
					p.Mul(p, big.NewFloat(r))
				}
				d, _ := p.Sub(p, big.NewFloat(1)).Float64()
				worst = max(worst, math.Abs(d)/float64(n)/0x1p-52)
			}
		}
		if r := invRoot(math.Inf(1), n); r != 0 {
			t.Error(r)
		}
	}
	t.Logf("largest error %.2f ε", worst)
	if worst > 1 {
		t.Errorf("error of %.2f ε", worst)
	}
}
