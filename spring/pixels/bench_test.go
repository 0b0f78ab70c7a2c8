package pixels

import (
	"math/rand/v2"
	"testing"

	"hnn/nn"
)

func BenchmarkStep(b *testing.B) {
	c := Default()
	c.Runs, c.Frames = 4, 100
	film, err := c.Record(b.Context(), rand.NewPCG(1, 1))
	if err != nil {
		b.Fatal(err)
	}
	m, err := c.NewAutoencoder(film, "hnn", rand.NewPCG(1, 2))
	if err != nil {
		b.Fatal(err)
	}
	o := Objective{Coupling: c.Coupling, Weights: c.Weights}
	p, err := o.Problem(m, film.Series(), nil, 1)
	if err != nil {
		b.Fatal(err)
	}
	defer p.(*nn.ChunkProblem).Close()
	rows := make([]int, 200)
	for i := range rows {
		rows[i] = i
	}
	p.Eval(rows, true)
	a := nn.NewAdam()
	b.ResetTimer()
	for range b.N {
		p.Eval(rows, true)
		a.Step(p.Params(), p.Grads(), 1e-3)
	}
}
