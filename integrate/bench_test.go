package integrate

import (
	"fmt"
	"math"
	"testing"
)

// benchRun times b.N steps.
func benchRun(b *testing.B, r *Run) {
	b.ReportAllocs()
	b.ResetTimer()
	i := 0
	for range r.States() {
		if i++; i > b.N {
			break
		}
	}
	if r.Err() != nil {
		b.Fatal(r.Err())
	}
}

// oscillators is n/2 springs.
func oscillators(dydt []float64, _ float64, y []float64) {
	n := len(y) / 2
	q, p, dq, dp := y[:n], y[n:2*n], dydt[:n], dydt[n:2*n]
	for i := range q {
		dq[i], dp[i] = 2*p[i], -2*q[i]
	}
}

// BenchmarkStep times a step of every method on the spring.
func BenchmarkStep(b *testing.B) {
	for name := range springRuns() {
		b.Run(name, func(b *testing.B) { benchRun(b, springRuns()[name]) })
	}
}

// BenchmarkBare compares a step of RK4 and RK45 with the bare arithmetic of its stages: the same evaluations and sums,
// written out by hand. The bare RK45 has the sum of its error estimate too. "bare+control" adds a norm and a fifth root,
// which the control of the step needs.
func BenchmarkBare(b *testing.B) {
	for _, n := range []int{2, 1000} {
		f := Field(spring)
		if n > 2 {
			f = oscillators
		}
		y0 := make([]float64, n)
		y0[0] = 1
		b.Run(fmt.Sprintf("RK4/n=%d/ours", n), func(b *testing.B) { benchRun(b, BeginFixed(RK4, f, 0, 1e9, 0.1, y0)) })
		b.Run(fmt.Sprintf("RK4/n=%d/bare", n), func(b *testing.B) { bareRK4(b.N, f, 0.1, y0) })
		b.Run(fmt.Sprintf("RK45/n=%d/ours", n), func(b *testing.B) {
			benchRun(b, Begin(f, 0, 1e12, y0, Options{MaxStep: 0.1, RTol: []float64{1e-6}}))
		})
		b.Run(fmt.Sprintf("RK45/n=%d/fixed", n), func(b *testing.B) { benchRun(b, BeginFixed(RK45, f, 0, 1e9, 0.1, y0)) })
		b.Run(fmt.Sprintf("RK45/n=%d/bare", n), func(b *testing.B) { bareRK45(b.N, f, 0.1, y0, false) })
		b.Run(fmt.Sprintf("RK45/n=%d/bare+control", n), func(b *testing.B) { bareRK45(b.N, f, 0.1, y0, true) })
	}
}

func bareRK4(steps int, f Field, h float64, y0 []float64) {
	n := len(y0)
	y := append([]float64(nil), y0...)
	k1, k2, k3, k4, w := make([]float64, n), make([]float64, n), make([]float64, n), make([]float64, n), make([]float64, n)
	t := 0.
	for range steps {
		f(k1, t, y)
		for i := range w {
			w[i] = y[i] + h/2*k1[i]
		}
		f(k2, t+h/2, w)
		for i := range w {
			w[i] = y[i] + h/2*k2[i]
		}
		f(k3, t+h/2, w)
		for i := range w {
			w[i] = y[i] + h*k3[i]
		}
		f(k4, t+h, w)
		for i := range y {
			y[i] += h * (1./6*k1[i] + 1./3*k2[i] + 1./3*k3[i] + 1./6*k4[i])
		}
		t += h
	}
}

func bareRK45(steps int, f Field, h float64, y0 []float64, control bool) (t, next float64) {
	n := len(y0)
	y := append([]float64(nil), y0...)
	k1, k2, k3, k4, k5 := make([]float64, n), make([]float64, n), make([]float64, n), make([]float64, n), make([]float64, n)
	k6, k7, w := make([]float64, n), make([]float64, n), make([]float64, n)
	e := make([]float64, n)
	f(k1, t, y)
	for range steps {
		for i := range w {
			w[i] = y[i] + h*(1./5*k1[i])
		}
		f(k2, t+h/5, w)
		for i := range w {
			w[i] = y[i] + h*(3./40*k1[i]+9./40*k2[i])
		}
		f(k3, t+h*3/10, w)
		for i := range w {
			w[i] = y[i] + h*(44./45*k1[i]-56./15*k2[i]+32./9*k3[i])
		}
		f(k4, t+h*4/5, w)
		for i := range w {
			w[i] = y[i] + h*(19372./6561*k1[i]-25360./2187*k2[i]+64448./6561*k3[i]-212./729*k4[i])
		}
		f(k5, t+h*8/9, w)
		for i := range w {
			w[i] = y[i] + h*(9017./3168*k1[i]-355./33*k2[i]+46732./5247*k3[i]+49./176*k4[i]-5103./18656*k5[i])
		}
		f(k6, t+h, w)
		for i := range y {
			y[i] += h * (35./384*k1[i] + 500./1113*k3[i] + 125./192*k4[i] - 2187./6784*k5[i] + 11./84*k6[i])
		}
		f(k7, t+h, y)
		for i := range e {
			e[i] = h * (-71./57600*k1[i] + 71./16695*k3[i] - 71./1920*k4[i] + 17253./339200*k5[i] - 22./525*k6[i] + 1./40*k7[i])
		}
		if control {
			norm := 0.
			for i, e := range e {
				e /= 1e-6 + 1e-6*max(math.Abs(y[i]), math.Abs(w[i]))
				norm += e * e
			}
			next += h * min(10, 0.9*math.Pow(math.Sqrt(norm/float64(n))+1e-300, -1./5))
		}
		k1, k7 = k7, k1
		t += h
	}
	return t, next
}

// BenchmarkSpring is the rollout of the spring experiment: [0, 100] with steps of at most 0.1.
func BenchmarkSpring(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		s, err := Solve(spring, 0, 100, []float64{1, 0}, Options{FirstStep: 0.1, MaxStep: 0.1})
		if err != nil || s.Accepted < 1000 {
			b.Fatal(err)
		}
	}
}
