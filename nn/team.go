package nn

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"hnn/autodiff"
	"hnn/autodiff/kernel"
)

// A chunk, the rows whose gradient is computed at once, has so many rows at most, so
// that its buffers stay in the second-level cache. A small batch is cut into up to
// fewChunks, so that several workers help, where each but the last has at least minRows
// rows and about chunkWork weights times rows to compute.
const (
	chunkRows = 128
	minRows   = 16
	fewChunks = 4
	chunkWork = 1 << 17
)

// chunkSize returns the rows of a chunk of a batch of n rows, a multiple of 8, which
// fills register tiles. It must not depend on the number of workers, because the
// order of additions depends on it.
func chunkSize(n, weights int) int {
	chunks := max((n+chunkRows-1)/chunkRows, int(min(fewChunks, int64(n)*int64(weights)/chunkWork)))
	return max(minRows, ((n+chunks-1)/chunks+7)&^7)
}

// A team computes the loss of a batch, and its gradient, with several workers.
type team struct {
	model   Model
	weights int // how many
	workers []*worker
	mu      sync.Mutex              // guards the slices of
	plans   map[planKey][]*lossPlan // plans that no worker is using
	made    map[planKey]int         // how many there are in all
	sums    []*autodiff.Matrix      // where the gradients of chunks are added
	grads   []*autodiff.Matrix      // ∇L of the batch: sums, or the gradient of its only chunk

	data     *Data        // what is computed: of these data,
	rows     []int        // these rows, nil for all,
	n, chunk int          // so many in all, so many at once,
	gradient bool         // the gradient too
	next     atomic.Int64 // the chunk to be computed next
	turn     atomic.Int64 // the chunk to be added next
	sum      float64      // of the losses so far
	busy     atomic.Int64 // helpers that have not done yet
}

// Between steps, for their turns and for each other, workers wait by giving way to other
// goroutines: one that sleeps takes longer to wake than most steps are apart. After so
// many rounds, some tenths of a millisecond, they do sleep, because the processor may be
// what another needs to go on.
const patience = 1000

// wait is round i of waiting for another worker.
func wait(i int) {
	if i < patience {
		runtime.Gosched()
		return
	}
	time.Sleep(20 * time.Microsecond)
}

// A worker is a goroutine that takes chunks when it is told to start.
type worker struct{ start chan struct{} }

type planKey struct {
	rows     int
	gradient bool
}

type lossPlan struct {
	x, y, loss *autodiff.Matrix
	grads      []*autodiff.Matrix
	plan       *autodiff.Plan
}

func newTeam(m Model, workers int) *team {
	t := &team{model: m, plans: map[planKey][]*lossPlan{}, made: map[planKey]int{}}
	for _, p := range m.Net().Params() {
		t.sums = append(t.sums, autodiff.NewMatrix(p.Rows, p.Cols))
		t.weights += len(p.Data)
	}
	for i := range workers {
		w := &worker{make(chan struct{}, 1)}
		t.workers = append(t.workers, w)
		if i == 0 {
			continue // the caller's goroutine
		}
		go func() {
			for range w.start {
				t.work()
				t.busy.Add(-1)
				for i := 0; i < patience && len(w.start) == 0; i++ {
					runtime.Gosched()
				}
			}
		}()
	}
	return t
}

// close ends the workers' goroutines.
func (t *team) close() {
	for _, w := range t.workers {
		close(w.start)
	}
}

// loss returns L of the given rows of d, nil for all, and sets t.grads to ∇L if wanted.
func (t *team) loss(d *Data, rows []int, gradient bool) float64 {
	t.data, t.rows, t.n, t.gradient, t.sum = d, rows, len(rows), gradient, 0
	if rows == nil {
		t.n = d.X.Rows
	}
	t.chunk = chunkSize(t.n, t.weights)
	t.next.Store(0)
	t.turn.Store(0)
	chunks := (t.n + t.chunk - 1) / t.chunk
	full := t.n / t.chunk
	t.prepare(t.chunk, min(full, len(t.workers)))
	if last := t.n - full*t.chunk; last > 0 {
		t.prepare(last, 1)
	}
	helpers := t.workers[1:max(1, min(len(t.workers), chunks))]
	t.busy.Store(int64(len(helpers)))
	for _, w := range helpers {
		w.start <- struct{}{}
	}
	t.work()
	for i := 0; t.busy.Load() > 0; i++ {
		wait(i)
	}
	return t.sum
}

// prepare makes plans until there are as many for a number of rows as workers can use at
// once. So the memory of a team does not depend on which worker is first.
func (t *team) prepare(rows, count int) {
	k := planKey{rows, t.gradient}
	for ; t.made[k] < count; t.made[k]++ {
		t.plans[k] = append(t.plans[k], newLossPlan(t.model, t.data.X.Cols, t.data.Y.Cols, rows, t.gradient))
	}
}

// take returns a plan for a number of rows; give returns it.
func (t *team) take(k planKey) *lossPlan {
	t.mu.Lock()
	defer t.mu.Unlock()
	free := t.plans[k]
	p := free[len(free)-1]
	t.plans[k] = free[:len(free)-1]
	return p
}

func (t *team) give(k planKey, p *lossPlan) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.plans[k] = append(t.plans[k], p)
}

// work takes chunks until none is left and adds each when its turn has come.
func (t *team) work() {
	for {
		c := int(t.next.Add(1)) - 1
		lo := c * t.chunk
		if lo >= t.n {
			return
		}
		n := min(t.chunk, t.n-lo)
		k := planKey{n, t.gradient}
		p := t.take(k)
		for i := range n {
			r := lo + i
			if t.rows != nil {
				r = t.rows[r]
			}
			copy(p.x.Row(i), t.data.X.Row(r))
			copy(p.y.Row(i), t.data.Y.Row(r))
		}
		p.plan.Run()

		if n == t.n {
			t.sum, t.grads = p.loss.Data[0], p.grads
			t.give(k, p)
			return
		}
		for i := 0; t.turn.Load() != int64(c); i++ {
			wait(i)
		}
		t.grads = t.sums
		share := float64(n) / float64(t.n)
		t.sum += float64(share * p.loss.Data[0])
		for i, g := range p.grads {
			sum := t.sums[i].Data
			if c == 0 {
				kernel.ScaleTo(sum, g.Data, share)
				continue
			}
			kernel.AddScaled(sum, g.Data, share)
		}
		t.give(k, p)
		t.turn.Store(int64(c) + 1)
	}
}

// newLossPlan compiles the loss of a number of rows and, if wanted, its gradient by
// every parameter.
func newLossPlan(m Model, xCols, yCols, rows int, gradient bool) *lossPlan {
	p := &lossPlan{x: autodiff.NewMatrix(rows, xCols), y: autodiff.NewMatrix(rows, yCols)}
	var g autodiff.Graph
	loss := m.Loss(g.Leaf("x", p.x), g.Leaf("y", p.y))
	outs := []autodiff.Var{loss}
	if gradient {
		var params []autodiff.Var
		for _, w := range m.Net().Params() {
			params = append(params, g.Leaf("", w)) // entered, and named, by Loss
		}
		outs = append(outs, autodiff.Grad(loss, params...)...)
	}
	var err error
	if p.plan, err = autodiff.Compile(outs...); err != nil {
		panic(err) // outputs of one graph cannot fail
	}
	p.loss = p.plan.Value(loss)
	for _, v := range outs[1:] {
		p.grads = append(p.grads, p.plan.Value(v))
	}
	return p
}
