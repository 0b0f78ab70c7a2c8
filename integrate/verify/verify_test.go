package verify

import (
	"math"
	"testing"

	"hnn/integrate"
)

// Every method keeps its promises, and one that makes none is told from them.
func TestPromises(t *testing.T) {
	for _, m := range Methods {
		if !m.Symplectic && m.Method != integrate.RK4 {
			continue
		}
		d, err := m.SymplecticDefect()
		if err != nil || (d <= 1e-12) != m.Symplectic {
			t.Errorf("%v: ‖MᵀJM − J‖ = %g, error %v", m, d, err)
		}
		growth, err := m.EnergyGrowth()
		if err != nil || (0.5 <= growth && growth <= 1.2) != m.Symplectic {
			t.Errorf("%v: energy errors grow by %g, error %v", m, growth, err)
		}
	}
}

// A wrong end of the pendulum shows in the order.
func TestWrongOrder(t *testing.T) {
	defer func(old float64) { pendulumEnd[0] = old }(pendulumEnd[0])
	for _, wrong := range []float64{0, 1e-6} {
		pendulumEnd[0] += wrong
		order, err := Methods[2].ObservedOrder(Pendulum(math.Sin))
		if err != nil || (math.Abs(order-5) < 0.15) != (wrong == 0) {
			t.Errorf("an end wrong by %g: order %v, error %v", wrong, order, err)
		}
	}
}

// The error of a run is handed on.
func TestErrors(t *testing.T) {
	nan := Pendulum(func(float64) float64 { return math.NaN() })
	if _, err := Methods[1].ObservedOrder(nan); err == nil {
		t.Error("a field of NaN gives an order")
	}
}
