package system_test

import (
	"context"
	"fmt"

	"hnn/spring/system"
)

// Two noisy trajectories of a system of one's own.
func Example() {
	s, err := system.Typed("p^2/(2*m) + q^4", nil, nil, map[string]float64{"m": 2})
	if err != nil {
		panic(err)
	}
	c := s.Sampling(2, 1)
	c.Noise = 0.01
	set, err := system.Sample(context.Background(), c)
	if err != nil {
		panic(err)
	}
	h := s.NewEnergy()
	for i := range set.Starts {
		lo, hi := set.Trajectory(i)
		fmt.Printf("%d rows to t = %v, energy %.4f and at the end %.4f\n",
			hi-lo, set.T[hi-1], h(set.True.Row(lo)), h(set.True.Row(hi-1)))
	}
	// Output:
	// 201 rows to t = 20, energy 0.1703 and at the end 0.1703
	// 201 rows to t = 20, energy 0.2613 and at the end 0.2613
}

func ExampleNamed() {
	s, err := system.Named("pendulum", map[string]float64{"g": 9.81})
	if err != nil {
		panic(err)
	}
	fmt.Printf("H = %s with %v, period %.4f\n", s.Text, s.Set, s.Period)
	// Output: H = p^2/(2*m*l^2) + m*g*l*(1 - cos(q)) with map[g:9.81 l:1 m:1], period 2.0061
}
