package integrate

import (
	"hash/fnv"
	"math"
	"testing"
)

// TestBits checks that the results of every method have the same bits on every platform.
func TestBits(t *testing.T) {
	// Duffing's oscillator with damping, each product rounded.
	duffing := func(dydt []float64, t float64, y []float64) {
		q, p := y[0], y[1]
		dydt[0] = p
		dydt[1] = q - float64(float64(q*q)*q) - float64(0.1*p) + float64(0.3*t)/(1+float64(t*t))
	}
	velocity := func(dq, p []float64) { dq[0] = p[0] }
	force := func(dp, q []float64) { dp[0] = q[0] - float64(float64(q[0]*q[0])*q[0]) }
	sum := fnv.New64a()
	add := func(s *Solution, err error) {
		if err != nil {
			t.Fatal(err)
		}
		for i, y := range s.Y {
			for _, x := range append([]float64{s.T[i]}, y...) {
				bits := math.Float64bits(x)
				for shift := 0; shift < 64; shift += 8 {
					sum.Write([]byte{byte(bits >> shift)})
				}
			}
		}
	}
	y0 := []float64{0.9, 0.1}
	for _, m := range fixedFieldMethods {
		add(Fixed(m, duffing, 0, 10, 0.03, y0))
	}
	for _, m := range splittingMethods {
		add(Separable(m, velocity, force, 0, 10, 0.03, y0))
	}
	for _, m := range adaptiveMethods {
		cross := Event{G: func(_ float64, y []float64) float64 { return y[1] }, Terminal: 4}
		add(Solve(duffing, 0, 50, y0, Options{Method: m, RTol: []float64{1e-7}, Events: []Event{cross}}))
		add(Solve(duffing, 20, 0, y0, Options{Method: m, RTol: []float64{1e-7}, TEval: linspace(20, 0, 7)}))
	}
	if got, want := sum.Sum64(), uint64(0x69dbc3c46319d93f); got != want {
		t.Errorf("the bits of the results hash to %#x, want %#x", got, want)
	}
}
