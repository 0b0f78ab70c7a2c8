package integrate

import (
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
)

// Parallel computes n independent trajectories on all processors and returns their solutions in order. Solution i is
// that of run(f, i). Each goroutine calls setup once and gives its f to all its calls of run: f may be a field with
// scratch space of its own, say, that only one goroutine can use at a time.
//
// The error joins those of the trajectories that failed; their solutions are kept as far as they go. A panic in run is
// the error of its trajectory, an [*Error] that wraps [ErrPanic] and has the Stack. A panic in setup ends its
// goroutine; the others do its work, and the error has the panic too. A trajectory that no goroutine was left for has
// no Solution. ErrArgument is returned for a negative n and for functions that are nil.
//
// Trajectories that one call of a field can evaluate together are a batch: see Options.Rows.
func Parallel[F any](n int, setup func() F, run func(f F, i int) (*Solution, error)) ([]*Solution, error) {
	switch {
	case n < 0:
		return nil, refuse("Parallel of %d trajectories: want 0 or more", n)
	case setup == nil || run == nil:
		return nil, refuse("Parallel with a function that is nil: want both setup and run")
	}
	workers := min(n, runtime.GOMAXPROCS(0))
	solutions := make([]*Solution, n)
	errs := make([]error, workers+n) // of setup and of run
	var next atomic.Int64
	var wait sync.WaitGroup
	for w := range workers {
		wait.Add(1)
		go func() {
			defer wait.Done()
			var f F
			if errs[w] = guard("setup", func() error { f = setup(); return nil }); errs[w] != nil {
				return
			}
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				err := guard("run", func() (err error) { solutions[i], err = run(f, i); return err })
				if err != nil {
					errs[workers+i] = fmt.Errorf("trajectory %d: %w", i, err)
				}
			}
		}()
	}
	wait.Wait()
	return solutions, errors.Join(errs...)
}

// guard calls f and makes an error of a panic in it.
func guard(name string, f func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = recovered(v, "%s panicked in Parallel", name)
		}
	}()
	return f()
}
