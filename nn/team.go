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

// A chunk computes the loss of some rows, and its gradient. It is used by one goroutine at a
// time, for one number of rows.
type chunk interface {
	run(rows []int) (loss float64) // a mean over the rows
	grads() []*autodiff.Matrix     // the gradient, if it was made for that
}

// A team computes the loss of a batch, and its gradient, with several workers.
type team struct {
	make     func(rows int, gradient bool) chunk
	all      []int // the numbers of all rows
	weights  int   // of the model, how many
	workers  []*worker
	mu       sync.Mutex           // guards the slices of
	free     map[chunkKey][]chunk // chunks that no worker is using
	made     map[chunkKey]int     // how many there are in all
	sums     []*autodiff.Matrix   // where the gradients of chunks are added
	gradient []*autodiff.Matrix   // ∇L of the batch: sums, or the gradient of its only chunk

	rows   []int        // what is computed: these rows,
	size   int          // so many at once,
	wanted bool         // the gradient too
	next   atomic.Int64 // the chunk to be computed next
	turn   atomic.Int64 // the chunk to be added next
	sum    float64      // of the losses so far
	busy   atomic.Int64 // helpers that have not done yet
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

func newWorker() *worker { return &worker{make(chan struct{}, 1)} }

type chunkKey struct {
	rows     int
	gradient bool
}

// newTeam returns a team for a number of rows and the parameters that chunks give gradients
// of; weights of them are those of the model.
func newTeam(params []*autodiff.Matrix, weights, rows, workers int, make func(rows int, gradient bool) chunk) *team {
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	workers = min(workers, max(1, (rows+minRows-1)/minRows)) // no batch has more chunks
	t := &team{make: make, weights: weights, free: map[chunkKey][]chunk{}, made: map[chunkKey]int{}}
	for _, p := range params {
		t.sums = append(t.sums, autodiff.NewMatrix(p.Rows, p.Cols))
	}
	for i := range rows {
		t.all = append(t.all, i)
	}
	for i := range workers {
		w := newWorker()
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

// Close ends the workers' goroutines.
func (t *team) Close() {
	for _, w := range t.workers {
		close(w.start)
	}
}

// Rows implements Problem.
func (t *team) Rows() int { return len(t.all) }

// Grads implements Problem.
func (t *team) Grads() []*autodiff.Matrix { return t.gradient }

// Eval implements Problem. A batch of n rows is computed in chunks, the workers taking whole
// chunks; losses and gradients are then added in the order of the chunks,
//
//	∇L = Σ_c (n_c/n) ∇L_c
//
// so that the number of workers changes no bit.
func (t *team) Eval(rows []int, gradient bool) float64 {
	if t.rows = rows; rows == nil {
		t.rows = t.all
	}
	n := len(t.rows)
	t.size, t.wanted, t.sum = chunkSize(n, t.weights), gradient, 0
	t.next.Store(0)
	t.turn.Store(0)
	full := n / t.size
	t.prepare(t.size, min(full, len(t.workers)))
	if last := n - full*t.size; last > 0 {
		t.prepare(last, 1)
	}
	helpers := t.workers[1:max(1, min(len(t.workers), (n+t.size-1)/t.size))]
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

// prepare makes chunks until there are as many for a number of rows as workers can use at
// once. So the memory of a team does not depend on which worker is first.
func (t *team) prepare(rows, count int) {
	k := chunkKey{rows, t.wanted}
	for ; t.made[k] < count; t.made[k]++ {
		t.free[k] = append(t.free[k], t.make(rows, t.wanted))
	}
}

// take returns a chunk for a number of rows; give returns it.
func (t *team) take(k chunkKey) chunk {
	t.mu.Lock()
	defer t.mu.Unlock()
	free := t.free[k]
	t.free[k] = free[:len(free)-1]
	return free[len(free)-1]
}

func (t *team) give(k chunkKey, c chunk) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.free[k] = append(t.free[k], c)
}

// work takes chunks until none is left and adds each when its turn has come.
func (t *team) work() {
	for {
		i := int(t.next.Add(1)) - 1
		lo := i * t.size
		if lo >= len(t.rows) {
			return
		}
		rows := t.rows[lo:min(lo+t.size, len(t.rows))]
		k := chunkKey{len(rows), t.wanted}
		c := t.take(k)
		loss := c.run(rows)
		if len(rows) == len(t.rows) {
			t.sum, t.gradient = loss, c.grads()
			t.give(k, c)
			return
		}
		for j := 0; t.turn.Load() != int64(i); j++ {
			wait(j)
		}
		t.gradient = t.sums
		share := float64(len(rows)) / float64(len(t.rows))
		t.sum += float64(share * loss)
		for j, g := range c.grads() {
			if sum := t.sums[j].Data; i == 0 {
				kernel.ScaleTo(sum, g.Data, share)
			} else {
				kernel.AddScaled(sum, g.Data, share)
			}
		}
		t.give(k, c)
		t.turn.Store(int64(i) + 1)
	}
}
