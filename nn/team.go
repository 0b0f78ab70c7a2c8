package nn

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"hnn/autodiff"
	"hnn/autodiff/kernel"
)

// A chunk is a number of rows whose gradient is computed at once. It has at most chunkRows
// rows, so that its buffers stay in the second-level cache. A small batch is cut into up to
// fewChunks chunks, so that several workers can help. Each of these but the last has at least
// minRows rows, and about chunkWork or more products of weights and rows.
const (
	chunkRows = 128
	minRows   = 16
	fewChunks = 4
	chunkWork = 1 << 17
)

// chunkSize returns the number of rows of a chunk of a batch of n rows. It is a multiple of 8,
// which fills register tiles. It must not depend on the number of workers, because the order
// of additions depends on it.
func chunkSize(n, weights int) int {
	chunks := max((n+chunkRows-1)/chunkRows, int(min(fewChunks, int64(n)*int64(weights)/chunkWork)))
	return max(minRows, ((n+chunks-1)/chunks+7)&^7)
}

// A chunk computes the loss of a fixed number of rows, and its gradient. One goroutine at a
// time uses it.
type chunk interface {
	run(rows []int) (loss float64) // a mean over the rows
	grads() []*autodiff.Matrix     // the gradient, if the chunk was made with it
}

// A team computes the loss of a batch, and its gradient, with several workers.
type team struct {
	make     func(rows int, gradient bool) chunk
	all      []int // the numbers of all rows
	weights  int   // number of weights of the model
	workers  []*worker
	mu       sync.Mutex           // guards free and open
	free     map[chunkKey][]chunk // chunks that no worker is using
	made     map[chunkKey]int     // number of all chunks
	sums     []*autodiff.Matrix   // where the gradients of chunks are added
	gradient []*autodiff.Matrix   // ∇L of the batch: sums, or the gradient of its only chunk

	rows   []int        // the rows of the batch
	size   int          // rows of a chunk
	wanted bool         // the gradient is wanted too
	turn   atomic.Int64 // the chunk to be added next
	sum    float64      // of the losses so far

	parts int            // of the work that is shared
	do    func(part int) // does one
	chunk func(part int) // computes a chunk
	next  atomic.Int64   // the part to be done next
	open  bool           // helpers may join
	busy  atomic.Int64   // helpers that have joined and are still at work

	helpers sync.WaitGroup // their goroutines
}

// Workers wait for the next step, for their turn and for each other. At first they wait awake
// and let other goroutines run, because waking up takes longer than most waits. After patience
// rounds, some tenths of a millisecond, they sleep, because another may need the processor to
// go on.
const patience = 1000

// helperPatience is how long a helper waits awake for the next step. It is longer than most steps
// of one worker: a helper that came too late for one step is in time for the next.
const helperPatience = 5 * patience

// wait is round i of waiting for another worker.
func wait(i int) {
	if i < patience {
		runtime.Gosched()
		return
	}
	time.Sleep(20 * time.Microsecond)
}

// A worker is a goroutine that computes chunks after each message on start.
type worker struct{ start chan struct{} }

func newWorker() *worker { return &worker{make(chan struct{}, 1)} }

type chunkKey struct {
	rows     int
	gradient bool
}

// newTeam returns a team for a number of rows and for parameters whose gradients the chunks
// compute. weights is the number of weights of the model.
func newTeam(params []*autodiff.Matrix, weights, rows, workers int, make func(rows int, gradient bool) chunk) *team {
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	workers = min(workers, max(1, (rows+minRows-1)/minRows)) // no batch has more chunks
	t := &team{make: make, weights: weights, free: map[chunkKey][]chunk{}, made: map[chunkKey]int{}}
	t.chunk = t.compute
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
		t.helpers.Add(1)
		go func() {
			defer t.helpers.Done()
			for range w.start {
				if t.join() {
					t.work()
					t.busy.Add(-1)
				}
				for i := 0; i < helperPatience && len(w.start) == 0; i++ {
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
	t.helpers.Wait()
}

// Rows implements Problem.
func (t *team) Rows() int { return len(t.all) }

// Grads implements Problem.
func (t *team) Grads() []*autodiff.Matrix { return t.gradient }

// Eval implements Problem. The workers compute a batch of n rows in whole chunks. Losses and
// gradients are then added in the order of the chunks:
//
//	∇L = Σ_c (n_c/n) ∇L_c
//
// So the number of workers changes no bit.
func (t *team) Eval(rows []int, gradient bool) float64 {
	if t.rows = rows; rows == nil {
		t.rows = t.all
	}
	n := len(t.rows)
	t.size, t.wanted, t.sum = chunkSize(n, t.weights), gradient, 0
	t.turn.Store(0)
	full := n / t.size
	t.prepare(t.size, min(full, len(t.workers)))
	if last := n - full*t.size; last > 0 {
		t.prepare(last, 1)
	}
	t.share((n+t.size-1)/t.size, t.chunk)
	return t.sum
}

// share calls do for each part below parts. The caller and the helpers take the next part when
// they are done with one.
func (t *team) share(parts int, do func(part int)) {
	t.parts, t.do = parts, do
	t.next.Store(0)
	t.admit(true)
	for _, w := range t.workers[1:max(1, min(len(t.workers), parts))] {
		select {
		case w.start <- struct{}{}:
		default: // it has not seen the last message yet
		}
	}
	t.work()
	t.admit(false) // a helper that the system has not let run is not waited for
	for i := 0; t.busy.Load() > 0; i++ {
		wait(i)
	}
}

// admit says whether helpers may join.
func (t *team) admit(open bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.open = open
}

// join reports whether a helper has joined in the batch.
func (t *team) join() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.open {
		t.busy.Add(1)
	}
	return t.open
}

// prepare makes chunks for a number of rows, until there are as many as workers can use at
// once. Then the memory of a team does not depend on which worker is first.
func (t *team) prepare(rows, count int) {
	k := chunkKey{rows, t.wanted}
	for ; t.made[k] < count; t.made[k]++ {
		t.free[k] = append(t.free[k], t.make(rows, t.wanted))
	}
}

// take takes a chunk for a number of rows out of free, and give puts it back.
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

// work does parts until none is left.
func (t *team) work() {
	for {
		i := int(t.next.Add(1)) - 1
		if i >= t.parts {
			return
		}
		t.do(i)
	}
}

// compute computes chunk i. It adds the result when its turn comes.
func (t *team) compute(i int) {
	lo := i * t.size
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
