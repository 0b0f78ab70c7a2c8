package integrate_test

import (
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"hnn/integrate"
	"hnn/integrate/verify"
)

// twisted is the field of H = (q₁² + p₁²)(1 + q₂²)/2 + p₂²/2 + q₂⁴/4 + q₁ p₂, nonlinear and not separable.
func twisted(dydt []float64, _ float64, y []float64) {
	q1, q2, p1, p2 := y[0], y[1], y[2], y[3]
	dydt[0] = p1 * (1 + q2*q2)
	dydt[1] = p2 + q1
	dydt[2] = -(q1*(1+q2*q2) + p2)
	dydt[3] = -((q1*q1+p1*p1)*q2 + q2*q2*q2)
}

// kepler is H = |p|²/2 − 1/|q|, on an orbit of eccentricity 0.6.
var kepler = verify.System{
	Velocity: verify.Momentum,
	Force: func(dp, q []float64) {
		r2 := q[0]*q[0] + q[1]*q[1]
		r3 := r2 * math.Sqrt(r2)
		dp[0], dp[1] = -q[0]/r3, -q[1]/r3
	},
	H:     func(y []float64) float64 { return (y[2]*y[2]+y[3]*y[3])/2 - 1/math.Sqrt(y[0]*y[0]+y[1]*y[1]) },
	Start: []float64{0.4, 0, 0, 2},
}

// symplecticAndRK4 returns the methods that keep the energy, and one that does not.
func symplecticAndRK4() (ms []verify.Method) {
	for _, m := range verify.Methods {
		if m.Symplectic || m.Method == integrate.RK4 {
			ms = append(ms, m)
		}
	}
	return ms
}

// TestSymplectic measures how far a step of each method is from a symplectic map: on a non-separable H, or for
// splitting methods on that of Hénon and Heiles.
func TestSymplectic(t *testing.T) {
	for _, m := range verify.Methods {
		d, err := m.SymplecticDefect() // on the H of Hénon and Heiles
		if !m.Splitting {
			d, err = verify.SymplecticDefect(func(y0 []float64) ([]float64, error) {
				s, err := integrate.Fixed(m.Method, twisted, 0, 0.1, 0.1, y0)
				return s.Y[len(s.Y)-1], err
			}, []float64{0.3, -0.2, 0.4, 0.1})
		}
		t.Logf("%-17v ‖MᵀJM - J‖ = %.2g", m, d)
		if err != nil || m.Symplectic && !(d <= 1e-12) || d < 1e-11 && (m.Method == integrate.RK4 || m.Method == integrate.RK45) {
			t.Errorf("%v: ‖MᵀJM - J‖ = %g, error %v", m, d, err)
		}
	}
}

// TestReversible goes 1000 steps forward and back.
func TestReversible(t *testing.T) {
	y0 := []float64{0.3, -0.2, 0.4, 0.1}
	for _, m := range symplecticAndRK4() {
		y, err := m.End(verify.HenonHeiles, 0.1, 1000, y0)
		if err != nil {
			t.Fatal(err)
		}
		if y, err = m.End(verify.HenonHeiles, -0.1, 1000, y); err != nil {
			t.Fatal(err)
		}
		d := integrate.MaxDiff(y, y0)
		t.Logf("%-17v returns to %.2g", m, d)
		if (d <= 1e-10) != m.Symplectic {
			t.Errorf("%v returns to %g", m, d)
		}
	}
}

// TestObservedOrder measures the order of every method on a pendulum, as the slope between two steps, against theory.
func TestObservedOrder(t *testing.T) {
	for _, want := range integrate.Methods() {
		if !slices.ContainsFunc(verify.Methods, func(m verify.Method) bool { return m.Method == want }) {
			t.Errorf("%v is not in verify.Methods", want)
		}
	}
	for _, m := range verify.Methods {
		order, err := m.ObservedOrder(verify.Pendulum(math.Sin))
		t.Logf("%-17v order %d, observed %.3f", m, m.Order(), order)
		if err != nil || math.Abs(order-float64(m.Order())) > 0.1 {
			t.Errorf("%v: order %.3f, error %v", m, order, err)
		}
	}
}

// TestEnergy follows the energy over many steps. It is bounded and has no trend with the symplectic methods, and drifts
// with RK4. With -long there are 10^6 steps, and the figures are written to testdata/ode_energy.csv.
func TestEnergy(t *testing.T) {
	steps := 20000
	if *integrate.Long {
		steps = 1000000
	}
	csv := new(strings.Builder)
	fmt.Fprintln(csv, "problem,method,h,steps,max_abs_energy_error,max_first_tenth,max_last_tenth,slope_per_step,slope_standard_error")
	for _, c := range []struct {
		name string
		verify.System
		h float64
	}{
		{"henon-heiles", verify.HenonHeiles, 0.1},
		{"kepler-0.6", kepler, 0.01},
	} {
		for _, m := range symplecticAndRK4() {
			r := m.Begin(c.System, c.h, steps, c.Start)
			// Means over a hundred blocks, so that the oscillation, which is correlated over a period, does not count
			// as scatter.
			const blocks = 100
			var mean, peak [blocks]float64
			h0, i := c.H(c.Start), 0
			for _, y := range r.States() {
				if i > 0 {
					e := c.H(y) - h0
					b := (i - 1) * blocks / steps
					mean[b] += e * blocks / float64(steps)
					peak[b] = max(peak[b], math.Abs(e))
				}
				i++
			}
			if err := r.Err(); err != nil {
				t.Fatal(m, err)
			}
			slope, sd := fit(mean[:])
			slope, sd = slope*blocks/float64(steps), sd*blocks/float64(steps)
			first, last := slices.Max(peak[:blocks/10]), slices.Max(peak[blocks-blocks/10:])
			t.Logf("%-12s %-16v max %.3g, first tenth %.3g, last tenth %.3g, slope %.2g ± %.1g per step",
				c.name, m, slices.Max(peak[:]), first, last, slope, sd)
			fmt.Fprintf(csv, "%s,%v,%v,%d,%.3g,%.3g,%.3g,%.3g,%.3g\n", c.name, m, c.h, steps, slices.Max(peak[:]), first, last, slope, sd)
			drift := math.Abs(slope) * float64(steps)
			if (drift > 0.2*first && drift > 1e-11) == m.Symplectic {
				t.Errorf("%s, %v: drifts by %g, errors of %g at first and %g at last", c.name, m, drift, first, last)
			}
		}
	}
	if *integrate.Long {
		if err := os.WriteFile("../testdata/ode_energy.csv", []byte(csv.String()), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

// fit returns the slope of the least-squares line through v and its standard error.
func fit(v []float64) (slope, sd float64) {
	n := float64(len(v))
	var sx, sy, sxx, sxy, rest float64
	for i, y := range v {
		x := float64(i) - (n-1)/2
		sx += x
		sy += y
		sxx += x * x
		sxy += x * y
	}
	slope = sxy / sxx
	for i, y := range v {
		d := y - sy/n - slope*(float64(i)-(n-1)/2)
		rest += d * d
	}
	return slope, math.Sqrt(rest / (n - 2) / sxx)
}
