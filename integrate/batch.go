package integrate

import (
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
)

// Parallel computes n independent trajectories on all processors and returns their solutions in order, solution i being
// that of run(f, i). Each goroutine calls setup once for what only one of them may use at a time, a field with its own
// scratch space, say. The error joins those of the trajectories that failed, whose solutions are kept as far as they
// go.
//
// Trajectories that one call of a field can evaluate together are a batch: see Options.Rows.
func Parallel[F any](n int, setup func() F, run func(f F, i int) (*Solution, error)) ([]*Solution, error) {
	solutions := make([]*Solution, n)
	errs := make([]error, n)
	var next atomic.Int64
	var wait sync.WaitGroup
	for range min(n, runtime.GOMAXPROCS(0)) {
		wait.Add(1)
		go func() {
			defer wait.Done()
			f := setup()
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				var err error
				if solutions[i], err = run(f, i); err != nil {
					errs[i] = fmt.Errorf("trajectory %d: %w", i, err)
				}
			}
		}()
	}
	wait.Wait()
	return solutions, errors.Join(errs...)
}
