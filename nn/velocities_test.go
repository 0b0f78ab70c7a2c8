package nn

import (
	"math"
	"strings"
	"testing"

	"hnn/autodiff"
)

// Velocities of a double pendulum become its momenta, p = M(q) q̇, whose velocities they are.
// Where a mass is to be found they are a guess.
func TestCanonical(t *testing.T) {
	const h = "(m2*l2^2*p0^2+(m1+m2)*l1^2*p1^2-2*m2*l1*l2*p0*p1*cos(q0-q1))/(2*m2*l1^2*l2^2*(m1+m2*sin(q0-q1)^2))+g*(1-cos(q0))+net(q1)"
	s := twoPairs()
	s.U, s.Periodic = nil, []bool{true, true, false, false}
	s.X.Row(5)[0] = math.NaN()
	m1, m2, l1, l2 := 1.5, 0.7, 0.8, 1.2
	known := map[string]float64{"m1": m1, "m2": m2, "l1": l1, "l2": l2}
	m := newPort(t, s, false, Structure{H: h, Set: known, Fit: map[string]float64{"g": 9}})
	c, err := m.Canonical(s)
	if err != nil {
		t.Fatal(err)
	}
	if c.Hidden != nil || len(c.Periodic) != 4 || !c.Periodic[0] {
		t.Error("momenta that are known are hidden, or angles are forgotten")
	}
	for r := range s.Rows() {
		q, v, p := s.X.Row(r)[:2], s.X.Row(r)[2:], c.X.Row(r)[2:]
		if r == 5 {
			continue
		}
		cos := math.Cos(q[0] - q[1])
		want := []float64{(m1+m2)*l1*l1*v[0] + m2*l1*l2*cos*v[1], m2*l1*l2*cos*v[0] + m2*l2*l2*v[1]}
		for i := range want {
			if math.Abs(p[i]-want[i]) > 1e-11 {
				t.Fatalf("row %d: p%d is %v, want %v", r, i, p[i], want[i])
			}
		}
	}
	delete(known, "m1")
	m = newPort(t, s, false, Structure{H: h, Set: known, Fit: map[string]float64{"g": 9, "m1": 1}, Positive: []string{"m1"}})
	if c, err = m.Canonical(s); err != nil || c.Hidden == nil || !c.Hidden[2] || c.Hidden[0] {
		t.Errorf("%v, hidden %v", err, c.Hidden)
	}
	// A constant that begins at any value, as a negative one, is seen.
	m = newPort(t, s, false, Structure{H: "p0^2/2-a*p1^2/2", Fit: map[string]float64{"a": -1}})
	if c, err = m.Canonical(s); err != nil || c.Hidden == nil {
		t.Errorf("%v, momenta that depend on a constant of −1 are not hidden", err)
	}
	for text, want := range map[string]string{"net(q0,q1,p0,p1)": "depends on a network", "tanh(p0)/10+p1^2/2": "no momentum has the velocity"} {
		if _, err := newPort(t, s, false, Structure{H: text}).Canonical(s); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
	// p⁴/4 + p²/2 takes several steps.
	one := &Series{X: &autodiff.Matrix{Rows: 2, Cols: 2, Data: []float64{0, 10, 1, -0.3}}}
	m = newPort(t, one, false, Structure{H: "p^4/4+p^2/2+q^2"})
	if c, err = m.Canonical(one); err != nil {
		t.Fatal(err)
	}
	for r := range 2 {
		if p := c.X.At(r, 1); math.Abs(p*p*p+p-one.X.At(r, 1)) > 1e-12*math.Abs(one.X.At(r, 1)) {
			t.Errorf("p %v for the velocity %v", p, one.X.At(r, 1))
		}
	}
}
