package spring_test

import (
	"context"
	"fmt"

	"hnn/spring"
)

// A spring of 2 kg and 8 N/m turns with ω = 2 rad/s.
func ExampleSpring() {
	s := spring.Spring{M: 2, K: 8}
	q, p := s.State(1, 0)
	fmt.Println(s.Omega(), q, p, s.H(q, p))
	// Output: 2 0.5 0 1
}

// A small experiment: the energy of the baseline drifts further than that of the HNN.
func ExampleRun() {
	c := spring.Default()
	c.Train, c.Test, c.Duration, c.Epochs = 10, 2, 30, 20
	c.Energies = []float64{0.5}
	r, err := spring.Run(context.Background(), c, nil)
	if err != nil {
		panic(err)
	}
	drift := map[string]float64{}
	for _, ro := range r.Rollouts {
		drift[ro.Model] = ro.MaxDrift
	}
	fmt.Println(drift["baseline"] > 3*drift["hnn"])
	// Output: true
}
