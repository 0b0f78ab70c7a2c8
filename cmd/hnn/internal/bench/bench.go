// Package bench measures how fast this module is on a machine, alone or next to
// another program.
//
// Run measures rows. Print writes them as text, and Write as CSV. rows.go has the rows,
// bench.go measures them, peer.go runs the other program, and report.go prints.
package bench

import (
	"context"
	"errors"
	"regexp"
	"runtime"
	"slices"
	"time"

	"hnn/autodiff/kernel"
)

// ErrNoRow is returned when no row has a name that Config.Only matches.
var ErrNoRow = errors.New("bench: no such row")

// Config says what to measure.
type Config struct {
	Rounds int            // measurements of each row, 1 or more
	Target time.Duration  // wanted length of one measurement
	Sizes  []int          // rows of data in the training steps
	Epochs int            // of the experiment
	Small  bool           // without the large products
	Only   *regexp.Regexp // the rows to measure, by name; nil for all
	Peer   Peer           // a program to compare with, if it has a Command

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
	Gain    []float64 // time of the row that it is compared with, over its own
	Peer    []float64 // seconds of the peer for the same operation
	Ratio   []float64 // time of the peer over our own
	Remark  string    // of the peer

	base    string // name of the row that Gain compares with
	measure measurement
	n       int  // operations in one measurement
	peered  bool // the peer has this row
}

// A measurement does n operations and returns their time and allocations. It ends with the
// error of ctx soon after ctx is cancelled.
type measurement func(ctx context.Context, n int) (time.Duration, uint64, error)

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
	return rows, nil
}

// calibrate finds the number of operations that take at least half of the target.
func (r *Row) calibrate(ctx context.Context, target time.Duration) error {
	for r.n = 1; ; {
		d, _, err := r.measure(ctx, r.n)
		if err != nil {
			return err
		}
		if d >= target/2 || r.n >= 1<<26 {
			return nil
		}
		// The time of a few operations says little about the time of many. So the number
		// grows step by step.
		wanted := 0.7 * float64(target) / float64(max(d, 1))
		r.n = int(min(float64(r.n)*min(max(wanted, 2), 100), 1<<30)) // fits into an int of 32 bits
	}
}

// round measures the row once. The base may be nil; it has been measured in this round.
func (r *Row) round(ctx context.Context, p *peer, base *Row) error {
	peak := 0.
	if r.Flop > 0 {
		peak = peakRate()
	}
	tries := 1
	if r.peered {
		tries = 3 // the peer may answer with the best of several too
	}
	var best time.Duration
	var allocs uint64
	for i := range tries {
		d, a, err := r.measure(ctx, r.n)
		if err != nil {
			return err
		}
		if i == 0 || d < best {
			best, allocs = d, a
		}
	}
	s := best.Seconds() / float64(r.n)
	r.Seconds = append(r.Seconds, s)
	r.Allocs = append(r.Allocs, float64(allocs)/float64(r.n))
	if r.Flop > 0 {
		r.Share = append(r.Share, r.Flop/s/max(peak, peakRate()))
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
func peakRate() float64 {
	best := 0.
	for n := 1 << 10; ; n *= 4 {
		start := time.Now()
		flop := kernel.Active().Peak(n)
		d := time.Since(start)
		best = max(best, float64(flop)/max(d.Seconds(), 1e-9))
		if d < 200*time.Microsecond {
			continue
		}
		for range 3 {
			start := time.Now()
			flop := kernel.Active().Peak(n)
			best = max(best, float64(flop)/time.Since(start).Seconds())
		}
		return best
	}
}

// timed makes a measurement of op, which does n operations. The number grows from call to call
// as long as a call takes less than 50 ms. timed looks at ctx between the calls.
func timed(op func(ctx context.Context, n int) error) measurement {
	return func(ctx context.Context, n int) (time.Duration, uint64, error) {
		var c clock
		c.start()
		for piece := 1; n > 0; {
			if err := ctx.Err(); err != nil {
				return 0, 0, err
			}
			piece = min(piece, n)
			start := time.Now()
			if err := op(ctx, piece); err != nil {
				return 0, 0, err
			}
			n -= piece
			if time.Since(start) < 50*time.Millisecond {
				piece *= 2
			}
		}
		d, allocs := c.stop()
		return d, allocs, nil
	}
}

// A clock counts time and allocations.
type clock struct {
	began time.Time
	mem   runtime.MemStats
}

func (c *clock) start() {
	runtime.ReadMemStats(&c.mem)
	c.began = time.Now()
}

func (c *clock) stop() (time.Duration, uint64) {
	d := time.Since(c.began)
	before := c.mem.Mallocs
	runtime.ReadMemStats(&c.mem)
	return d, c.mem.Mallocs - before
}
