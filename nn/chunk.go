package nn

import (
	"errors"

	"hnn/autodiff"
)

// A Chunk computes the loss of a fixed number of rows, and its gradient. Run returns the mean
// of their losses and, if the chunk was made with a gradient, sets Grads to its derivatives.
// One goroutine at a time uses it.
type Chunk struct {
	Run   func(rows []int) float64
	Grads []*autodiff.Matrix // of the shapes of the parameters
}

func (c *Chunk) run(rows []int) float64    { return c.Run(rows) }
func (c *Chunk) grads() []*autodiff.Matrix { return c.Grads }

// A ChunkProblem is a Problem whose loss a Chunk computes. See NewProblem.
type ChunkProblem struct {
	*team
	params []*autodiff.Matrix
	starts []int
}

// NewProblem returns a problem of one's own for an Objective of one's own: rows that are
// numbered from 0, of which starts, nil for one, begin a trajectory. make makes a Chunk for a
// number of rows. It is called from one goroutine at a time. The loss of a batch is the mean
// over its rows,
//
//	L = Σ_c (n_c/n) L_c,    n_c = rows of chunk c
//
// added in the order of the chunks, so that the number of workers (0: one a processor) changes
// no bit. The caller calls Close at the end.
func NewProblem(params []*autodiff.Matrix, rows int, starts []int, workers int, make func(rows int, gradient bool) *Chunk) (*ChunkProblem, error) {
	if rows < 1 || len(params) == 0 {
		return nil, errors.New("nn: a problem without rows or parameters: want one of each at least")
	}
	p := &ChunkProblem{params: params, starts: starts}
	p.team = newTeam(params, count(params), rows, workers, func(rows int, gradient bool) chunk { return make(rows, gradient) })
	return p, nil
}

// Params implements Problem.
func (p *ChunkProblem) Params() []*autodiff.Matrix { return p.params }

// Starts implements Problem.
func (p *ChunkProblem) Starts() []int { return p.starts }
