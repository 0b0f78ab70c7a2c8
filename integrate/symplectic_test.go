package integrate

import (
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"testing"
)

// twisted is the field of H = (q₁² + p₁²)(1 + q₂²)/2 + p₂²/2 + q₂⁴/4 + q₁ p₂, nonlinear and not separable.
func twisted(dydt []float64, _ float64, y []float64) {
	q1, q2, p1, p2 := y[0], y[1], y[2], y[3]
	dydt[0] = p1 * (1 + q2*q2)
	dydt[1] = p2 + q1
	dydt[2] = -(q1*(1+q2*q2) + p2)
	dydt[3] = -((q1*q1+p1*p1)*q2 + q2*q2*q2)
}

// heilesVelocity, heilesForce and heiles are the fields of Hénon and Heiles, H = (p₁² + p₂² + q₁² + q₂²)/2 + q₁² q₂ -
// q₂³/3.
func heilesVelocity(dq, p []float64) { copy(dq, p) }
func heilesForce(dp, q []float64) {
	dp[0] = -q[0] - 2*q[0]*q[1]
	dp[1] = -q[1] - q[0]*q[0] + q[1]*q[1]
}
func heiles(dydt []float64, _ float64, y []float64) {
	heilesVelocity(dydt[:2], y[2:])
	heilesForce(dydt[2:], y[:2])
}
func heilesH(y []float64) float64 {
	q1, q2, p1, p2 := y[0], y[1], y[2], y[3]
	return (p1*p1+p2*p2+q1*q1+q2*q2)/2 + q1*q1*q2 - q2*q2*q2/3
}

func kepler(dydt []float64, _ float64, y []float64) {
	keplerForce(dydt[2:], y[:2])
	dydt[0], dydt[1] = y[2], y[3]
}
func keplerForce(dp, q []float64) {
	r2 := q[0]*q[0] + q[1]*q[1]
	r3 := r2 * math.Sqrt(r2)
	dp[0], dp[1] = -q[0]/r3, -q[1]/r3
}
func keplerH(y []float64) float64 {
	return (y[2]*y[2]+y[3]*y[3])/2 - 1/math.Sqrt(y[0]*y[0]+y[1]*y[1])
}

// oneStep returns the state after a step of length |h| in the direction of its sign.
func oneStep(t *testing.T, m *Method, f Field, velocity, force Half, h float64, steps int, y0 []float64) []float64 {
	t.Helper()
	var s *Solution
	var err error
	if m.leaps != nil {
		s, err = Separable(m, velocity, force, 0, h*float64(steps), math.Abs(h), y0)
	} else {
		s, err = Fixed(m, f, 0, h*float64(steps), math.Abs(h), y0)
	}
	if err != nil {
		t.Fatal(err)
	}
	return s.Y[len(s.Y)-1]
}

// symplecticDefect returns max |MᵀJM - J|, where M is the Jacobian of one step by central differences of order 10.
func symplecticDefect(t *testing.T, m *Method, f Field, h float64, y0 []float64) float64 {
	n := len(y0)
	jac := make([][]float64, n) // jac[j] = ∂y/∂y0_j
	for j := range jac {
		jac[j] = make([]float64, n)
		const d = 0.02
		for k, w := range []float64{5. / 6, -5. / 21, 5. / 84, -5. / 504, 1. / 1260} {
			for _, sign := range []float64{1, -1} {
				y := slices.Clone(y0)
				y[j] += sign * float64(k+1) * d
				for i, v := range oneStep(t, m, f, heilesVelocity, heilesForce, h, 1, y) {
					jac[j][i] += sign * w * v / d
				}
			}
		}
	}
	worst := 0.
	for a := range n {
		for b := range n {
			form := 0. // the symplectic product of columns a and b
			for i := range n / 2 {
				form += jac[a][i]*jac[b][n/2+i] - jac[a][n/2+i]*jac[b][i]
			}
			want := 0.
			if b == a+n/2 {
				want = 1
			} else if a == b+n/2 {
				want = -1
			}
			worst = max(worst, math.Abs(form-want))
		}
	}
	return worst
}

// TestSymplectic measures how far a step of each method is from a symplectic map: on a non-separable H, or for
// splitting methods on that of Hénon and Heiles.
func TestSymplectic(t *testing.T) {
	y0 := []float64{0.3, -0.2, 0.4, 0.1}
	for _, m := range append(append([]*Method(nil), implicitMethods...), splittingMethods...) {
		f := twisted
		if m.leaps != nil {
			f = heiles
		}
		d := symplecticDefect(t, m, f, 0.1, y0)
		t.Logf("%-17v ‖MᵀJM - J‖ = %.2g", m, d)
		if !(d <= 1e-12) {
			t.Errorf("%v: ‖MᵀJM - J‖ = %g", m, d)
		}
	}
	for _, m := range []*Method{RK4, RK45} {
		d := symplecticDefect(t, m, twisted, 0.1, y0)
		t.Logf("%-17v ‖MᵀJM - J‖ = %.2g", m, d)
		if d < 1e-11 {
			t.Errorf("%v passes for symplectic: %g", m, d)
		}
	}
}

// TestReversible goes 1000 steps forward and back.
func TestReversible(t *testing.T) {
	y0 := []float64{0.3, -0.2, 0.4, 0.1}
	for _, m := range append(append([]*Method{RK4}, implicitMethods...), splittingMethods...) {
		y := oneStep(t, m, heiles, heilesVelocity, heilesForce, 0.1, 1000, y0)
		d := maxDiff(oneStep(t, m, heiles, heilesVelocity, heilesForce, -0.1, 1000, y), y0)
		t.Logf("%-17v returns to %.2g", m, d)
		if (d <= 1e-10) != (m != RK4) {
			t.Errorf("%v returns to %g", m, d)
		}
	}
}

// TestEnergy follows the energy over many steps. It is bounded and has no trend with the symplectic methods, and drifts
// with RK4. With -long there are 10^6 steps, and the figures are written to testdata/ode_energy.csv.
func TestEnergy(t *testing.T) {
	steps := 20000
	if *long {
		steps = 1000000
	}
	csv := new(strings.Builder)
	fmt.Fprintln(csv, "problem,method,h,steps,max_abs_energy_error,max_first_tenth,max_last_tenth,slope_per_step,slope_standard_error")
	for _, c := range []struct {
		name            string
		f               Field
		velocity, force Half
		H               func([]float64) float64
		y0              []float64
		h               float64
	}{
		{"henon-heiles", heiles, heilesVelocity, heilesForce, heilesH, []float64{0, 0.1, math.Sqrt(2*0.125 - 0.01 + 2*0.001/3), 0}, 0.1},
		{"kepler-0.6", kepler, heilesVelocity, keplerForce, keplerH, []float64{0.4, 0, 0, 2}, 0.01},
	} {
		for _, m := range append(append([]*Method{RK4}, implicitMethods...), splittingMethods...) {
			var r *Run
			if m.leaps != nil {
				r = BeginSeparable(m, c.velocity, c.force, 0, float64(steps)*c.h, c.h, c.y0)
			} else {
				r = BeginFixed(m, c.f, 0, float64(steps)*c.h, c.h, c.y0)
			}
			// Means over a hundred blocks, so that the oscillation, which is correlated over a period, does not count
			// as scatter.
			const blocks = 100
			var mean, peak [blocks]float64
			h0, i := c.H(c.y0), 0
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
			if (drift > 0.2*first && drift > 1e-11) != (m == RK4) {
				t.Errorf("%s, %v: drifts by %g, errors of %g at first and %g at last", c.name, m, drift, first, last)
			}
		}
	}
	if *long {
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

func TestNoConvergence(t *testing.T) {
	s, err := Fixed(GaussLegendre4, spring, 0, 100, 10, []float64{1, 0})
	var e *Error
	if !errors.Is(err, ErrConvergence) || !errors.As(err, &e) || e.H != 10 || len(s.T) != 1 {
		t.Error(err)
	}
	s, err = Fixed(GaussLegendre6, spring, 0, 10, 0.1, []float64{1, 0})
	if err != nil || s.Iterations < 100 || s.Iterations > 2000 || s.Residual > 1e-15 || s.NFev != 3*s.Iterations+1 {
		t.Error(s.Iterations, s.Residual, s.NFev, err)
	}
	// From zero, where the state gives no scale: y = tan t.
	tangent := func(dydt []float64, _ float64, y []float64) { dydt[0] = 1 + y[0]*y[0] }
	for _, m := range implicitMethods {
		for _, scale := range []float64{1, 1e-9, 1e9} {
			f := func(dydt []float64, t float64, y []float64) {
				tangent(dydt, t, []float64{y[0] / scale})
				dydt[0] *= scale
			}
			z, err := Fixed(m, f, 0, 1, 1./64, []float64{0})
			if err != nil || math.Abs(z.Y[64][0]/scale-math.Tan(1)) > 1e-3 {
				t.Error(m, scale, err)
			}
		}
	}
	t.Logf("%d rounds in 100 steps, residual %g", s.Iterations, s.Residual)
}
