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

// A step allocates nothing.
func TestStepAllocatesNothing(t *testing.T) {
	c := small()
	c.Variational = true
	film, err := c.Record(t.Context(), rand.NewPCG(1, 1))
	if err != nil {
		t.Fatal(err)
	}
	m, err := c.NewAutoencoder(film, "hnn", rand.NewPCG(1, 2))
	if err != nil {
		t.Fatal(err)
	}
	epoch := 1
	o := Objective{Coupling: c.Coupling, Weights: c.Weights, Epoch: &epoch}
	p, err := o.Problem(m, film.Series(), nil, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer p.(*nn.ChunkProblem).Close()
	rows := []int{1, 2, 3}
	p.Eval(rows, true)
	if n := testing.AllocsPerRun(10, func() { p.Eval(rows, true) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}
