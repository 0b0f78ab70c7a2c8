package integrate

import "testing"

func spring(dydt []float64, _ float64, y []float64) { dydt[0], dydt[1] = 2*y[1], -2*y[0] }

// TestAllocs holds a step of every method to no allocation.
func TestAllocs(t *testing.T) {
	y0 := []float64{1, 0}
	r, err := newRun(spring, 0, 1e9, y0, Options{})
	if err != nil {
		t.Fatal(err)
	}
	r.start()
	r.h = r.firstStep()
	if n := testing.AllocsPerRun(100, func() { r.step() }); n != 0 {
		t.Errorf("an RK45 step allocates %v times", n)
	}
	f, err := newState(RK4, spring, 0, 1e9, y0)
	if err != nil {
		t.Fatal(err)
	}
	f.h = 0.1
	f.start()
	ignore := func(float64, []float64) bool { return true }
	if n := testing.AllocsPerRun(100, func() { f.fixed(3, ignore) }); n != 0 {
		t.Errorf("an RK4 step allocates %v times", n)
	}
}

func BenchmarkRK45Step(b *testing.B) {
	r, _ := newRun(spring, 0, 1e300, []float64{1, 0}, Options{})
	r.start()
	r.h = r.firstStep()
	b.ReportAllocs()
	for b.Loop() {
		r.step()
	}
}
