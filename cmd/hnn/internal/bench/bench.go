// Package bench measures how fast this module is on a machine, alone or next to
// another program.
//
// Run measures rows. Print writes them as text, and Write as CSV. rows.go has the rows,
// bench.go measures them, profile.go tells what steps do, peer.go runs the other program, and
// report.go prints.
package bench

import (
	"bytes"
	"context"
	"errors"
	"regexp"
	"runtime"
	"runtime/pprof"
	"slices"
	"time"

	"hnn/autodiff/kernel"
)

// ErrNoRow is returned when no row has a name that Config.Only matches.
var ErrNoRow = errors.New("bench: no such row")

// Config says what to measure.
type Config struct {
	Rounds  int            // measurements of each row, 1 or more
	Target  time.Duration  // wanted length of one measurement
	Profile time.Duration  // least length of the measurement that tells what a step does
	Sizes   []int          // rows of data in the training steps
	Epochs  int            // of the experiment
	Small   bool           // without the large products
	Only    *regexp.Regexp // the rows to measure, by name; nil for all
	Peer    Peer           // a program to compare with, if it has a Command

	// Progress, if not nil, is called with the next row before it is measured. Round 0 is
	// the calibration.
	Progress func(round int, row string)
}

// A Row is an operation and its measurements. Each slice has one number for each round, or it
// is empty if it does not apply to the row.
type Row struct {
	Name    string
	Flop    float64   // floating-point operations in one operation; 0 if their rate says little
	Seconds []float64 // of one operation
	Allocs  []float64 // allocations of one operation
	Share   []float64 // of the core's peak rate
	Product []float64 // of a step: its share of the rate of the product 744×128×96 at that time
	Use     []float64 // of a step: the shares of the time of its workers, as in Uses
	Gain    []float64 // time of the row that it is compared with, over its own
	Peer    []float64 // seconds of the peer for the same operation
	Ratio   []float64 // time of the peer over our own
	Remark  string    // of the peer

	base    string // name of the row that Gain compares with
	measure measurement
	workers int  // of a training step, else 0
	n       int  // operations in one measurement
	peered  bool // the peer has this row
}

// A measurement does n operations between start and stop of the clock. It ends with the error
// of ctx soon after ctx is cancelled.
type measurement func(ctx context.Context, n int, c *clock) error

// Run measures all rows. It first finds how many operations of each row take the wanted
// time. Each round then measures every row once.
//
// Its error wraps that of ctx if ctx was cancelled, and ErrNoRow if Only matches nothing.
func Run(ctx context.Context, c Config) ([]*Row, error) {
	rows := c.table()
	if c.Only != nil {
		rows = slices.DeleteFunc(rows, func(r *Row) bool { return !c.Only.MatchString(r.Name) })
	}
	if len(rows) == 0 {
		return nil, ErrNoRow
	}
	if c.Progress == nil {
		c.Progress = func(int, string) {}
	}
	var p *peer
	if len(c.Peer.Command) > 0 {
		var err error
		if p, err = c.Peer.start(ctx); err != nil {
			return nil, err
		}
		defer p.close()
	}
	byName := map[string]*Row{}
	for _, r := range rows {
		byName[r.Name] = r
		c.Progress(0, r.Name)
		if err := r.calibrate(ctx, c.Target); err != nil {
			return nil, err
		}
		if p != nil {
			if _, _, err := p.ask(ctx, r); err != nil {
				return nil, err
			}
		}
	}
	for round := range c.Rounds {
		for _, r := range rows {
			c.Progress(round+1, r.Name)
			if err := r.round(ctx, p, byName[r.base]); err != nil {
				return nil, err
			}
		}
	}
	for _, r := range rows {
		if r.workers > 0 && c.Profile > 0 {
			c.Progress(c.Rounds, r.Name)
			if err := r.profile(ctx, c.Profile); err != nil {
				return nil, err
			}
		}
	}
	return rows, nil
}

// calibrate finds the number of operations that take at least half of the target.
func (r *Row) calibrate(ctx context.Context, target time.Duration) error {
	for r.n = 1; ; {
		var c clock
		if err := r.measure(ctx, r.n, &c); err != nil {
			return err
		}
		if c.took >= target/2 || r.n >= 1<<26 {
			return nil
		}
		// The time of a few operations says little about the time of many. So the number
		// grows step by step.
		wanted := 0.7 * float64(target) / float64(max(c.took, 1))
		r.n = int(min(float64(r.n)*min(max(wanted, 2), 100), 1<<30)) // fits into an int of 32 bits
	}
}

// round measures the row once. The base may be nil; it has been measured in this round.
func (r *Row) round(ctx context.Context, p *peer, base *Row) error {
	peak, product := 0., 0.
	if r.Flop > 0 {
		peak = peakRate()
	}
	if r.Flop > 0 && r.workers > 0 {
		product = productRate()
	}
	tries := 1
	if r.peered {
		tries = 3 // the peer may answer with the best of several too
	}
	var best clock
	for i := range tries {
		var c clock
		if err := r.measure(ctx, r.n, &c); err != nil {
			return err
		}
		if i == 0 || c.took < best.took {
			best = c
		}
	}
	s := best.took.Seconds() / float64(r.n)
	r.Seconds = append(r.Seconds, s)
	r.Allocs = append(r.Allocs, float64(best.allocs)/float64(r.n))
	if r.Flop > 0 {
		cores := float64(max(1, r.workers))
		r.Share = append(r.Share, r.Flop/s/cores/max(peak, peakRate()))
		if r.workers > 0 {
			r.Product = append(r.Product, r.Flop/s/cores/max(product, productRate()))
		}
	}
	if base != nil {
		r.Gain = append(r.Gain, base.Seconds[len(base.Seconds)-1]/s)
	}
	if !r.peered {
		return nil
	}
	v, remark, err := p.ask(ctx, r)
	if err != nil {
		return err
	}
	r.Peer, r.Ratio, r.Remark = append(r.Peer, v), append(r.Ratio, v/s), remark
	return nil
}

// peakRate measures the core's rate of fused multiply-adds, in operations a second:
// the best of a few short runs.
func peakRate() float64 { return rate(1<<10, kernel.Active().Peak) }

// productRate measures the rate of the product 744×128×96 in the same way.
func productRate() float64 {
	const m, k, n = 744, 128, 96
	var w kernel.Workspace
	x, y, z := noise(m*k), noise(k*n), make([]float64, m*n)
	return rate(1, func(times int) int {
		for range times {
			w.MatMul(z, x, y, m, k, n)
		}
		return times * 2 * m * k * n
	})
}

// rate returns the best rate of a few short runs of n times work or more, which returns its
// operations.
func rate(n int, work func(n int) (flop int)) float64 {
	best := 0.
	for ; ; n *= 4 {
		start := time.Now()
		flop := work(n)
		d := time.Since(start)
		best = max(best, float64(flop)/max(d.Seconds(), 1e-9))
		if d < 200*time.Microsecond {
			continue
		}
		for range 3 {
			start := time.Now()
			flop := work(n)
			best = max(best, float64(flop)/time.Since(start).Seconds())
		}
		return best
	}
}

// timed makes a measurement of op, which does n operations. The number grows from call to call
// as long as a call takes less than 50 ms. timed looks at ctx between the calls.
func timed(op func(ctx context.Context, n int) error) measurement {
	return func(ctx context.Context, n int, c *clock) error {
		c.start()
		for piece := 1; n > 0; {
			if err := ctx.Err(); err != nil {
				return err
			}
			piece = min(piece, n)
			start := time.Now()
			if err := op(ctx, piece); err != nil {
				return err
			}
			n -= piece
			if time.Since(start) < 50*time.Millisecond {
				piece *= 2
			}
		}
		c.stop()
		return nil
	}
}

// A clock counts time and allocations from start to stop.
type clock struct {
	took    time.Duration
	allocs  uint64
	profile *bytes.Buffer // if not nil: where a profile of the time goes

	began time.Time
	mem   runtime.MemStats
}

func (c *clock) start() {
	if c.profile != nil && pprof.StartCPUProfile(c.profile) != nil {
		c.profile = nil // another profile is running
	}
	runtime.ReadMemStats(&c.mem)
	c.began = time.Now()
}

func (c *clock) stop() {
	c.took = time.Since(c.began)
	before := c.mem.Mallocs
	runtime.ReadMemStats(&c.mem)
	c.allocs = c.mem.Mallocs - before
	if c.profile != nil {
		pprof.StopCPUProfile()
	}
}
