package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math"
	"os/exec"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"hnn/autodiff/kernel"
	"hnn/cmd/hnn/internal/table"
)

const benchHelp = `

Measures this machine, with the medians, least and greatest of -reps rounds. Each
round measures every row once, so that a busy neighbour disturbs all rows alike; look
at the shares and ratios, which compare what was measured at the same time.

  peak         independent fused multiply-adds, one core: what the products are
               shares of, measured before and after each of them
  matmul, matmulT, tmatmul m×k×n   z = x y, x yᵀ, xᵀ y, one core
  tanh         one value of 4096
  step         loss, gradient and Adam of an HNN, in the network's sizes; the share
               of workers=2 is its gain over workers=1
  field        the learned field of one state
  rollout      RK45 over 1000 steps of the true spring, of a learned field
  experiment   the whole of hnn spring with -epochs, no files

With -peer CMD the program CMD runs alongside. It reads names of rows, one a line, as
the table has them, and answers each with a line: the seconds that one operation of
the row takes it and, if it wants, a remark; or - if it has no such row. It measures
anew each time it is asked, and may take as long as it likes over the first answer to
a name, which is not counted. The ratio is the peer's time over ours, which in rows
that the peer has is the least of three, since a peer may try several ways and give
the time of the fastest. CMD is split at spaces.

Examples:
  hnn bench -o bench.csv
  hnn bench -only step -rows 1000,10000,100000,1000000
  hnn bench -peer 'python3 testdata/peers/torch_peer.py'
`

// A bench is the measurement asked for.
type bench struct {
	reps   int
	target time.Duration // of one measurement
	rows   []int         // of training steps
	epochs int
	quick  bool
}

// A benchRow measures one operation.
type benchRow struct {
	name string
	flop float64 // of one operation; 0: its share of the peak is not of interest
	base string  // the row whose time over this one's is wanted

	// measure does n operations and returns the time and the allocations of all.
	measure func(n int) (time.Duration, uint64)

	n      int  // operations in one measurement
	peered bool // the peer has this row

	seconds, share, allocs, peer, ratio, gain []float64 // of each round
	note                                      string
}

func runBench(e *env, args []string) error {
	b := bench{reps: 5, rows: []int{1, 30, 750, 1000, 10000}, epochs: 5}
	ms, out, peerCmd, only := 20., "", "", ""
	f := newFlags(e, "bench", benchHelp)
	f.int(&b.reps, "reps", 1, "`rounds`")
	f.float(&ms, "ms", positive, "least `milliseconds` of one measurement")
	f.ints(&b.rows, "rows", 1, "`rows` of the training steps")
	f.int(&b.epochs, "epochs", 1, "`passes` of the experiment")
	f.StringVar(&only, "only", "", "`regexp` of the rows to measure")
	f.StringVar(&peerCmd, "peer", "", "`command` of a program to compare with")
	f.StringVar(&out, "o", "", "CSV `file` of the figures, besides the table")
	f.BoolVar(&b.quick, "quick", false, "a second's work, to see that it works: 2 rounds of few rows")
	if _, err := f.parse(args, 0); err != nil {
		return err
	}
	wanted, err := regexp.Compile(only)
	if err != nil {
		return usageError{fmt.Errorf("-only: %w", err)}
	}
	if out != "" {
		if err := checkOutput(out); err != nil {
			return err
		}
	}
	b.target = time.Duration(ms * float64(time.Millisecond))
	if b.quick {
		b.reps, b.target, b.rows, b.epochs = 2, time.Millisecond, []int{1, 200}, 1
	}
	rows := slices.DeleteFunc(b.table(), func(r *benchRow) bool { return !wanted.MatchString(r.name) })
	if len(rows) == 0 {
		return usageError{fmt.Errorf("-only %s: no such row", only)}
	}
	var p *peer
	if peerCmd != "" {
		if p, err = startPeer(e, peerCmd); err != nil {
			return err
		}
		defer p.close()
	}
	fmt.Fprintf(e.stdout, "hnn %s, %s\nmedian, and least – greatest, of %d rounds\n\n", version, machine(), b.reps)
	if err := b.run(e, rows, p); err != nil {
		return err
	}
	printBench(e.stdout, rows, p != nil)
	if out != "" {
		_, err = writeTable(out, benchHeader, func(w *table.Writer) { writeBench(w, rows) })
	}
	return err
}

// run finds out how many operations each row needs and measures all, round by round.
func (b *bench) run(e *env, rows []*benchRow, p *peer) error {
	byName := map[string]*benchRow{}
	progress := func(round int, r *benchRow) {
		if e.terminal {
			fmt.Fprintf(e.stderr, "\r\x1b[Kround %d/%d: %s", round, b.reps, r.name)
		}
	}
	defer func() {
		if e.terminal {
			fmt.Fprint(e.stderr, "\r\x1b[K")
		}
	}()
	for _, r := range rows {
		progress(0, r)
		byName[r.name] = r
		for r.n = 1; ; {
			if err := e.ctx.Err(); err != nil {
				return err
			}
			d, _ := r.measure(r.n)
			if d >= b.target/2 || r.n >= 1<<26 {
				break
			}
			r.n = max(2*r.n, int(0.7*float64(r.n)*float64(b.target)/float64(max(d, 1))))
		}
		if p != nil {
			if _, _, err := p.ask(r); err != nil {
				return err
			}
		}
	}
	for round := range b.reps {
		for _, r := range rows {
			if err := e.ctx.Err(); err != nil {
				return err
			}
			progress(round+1, r)
			peak := 0.
			if r.flop > 0 {
				peak = peakRate()
			}
			d, mallocs := r.measure(r.n)
			for tries := 1; r.peered && tries < 3; tries++ {
				if again, m := r.measure(r.n); again < d {
					d, mallocs = again, m
				}
			}
			s := d.Seconds() / float64(r.n)
			r.seconds = append(r.seconds, s)
			r.allocs = append(r.allocs, float64(mallocs)/float64(r.n))
			if r.flop > 0 {
				r.share = append(r.share, r.flop/s/max(peak, peakRate()))
			}
			if base := byName[r.base]; base != nil {
				r.gain = append(r.gain, base.seconds[round]/s)
			}
			if !r.peered {
				continue
			}
			v, note, err := p.ask(r)
			if err != nil {
				return err
			}
			r.peer, r.ratio, r.note = append(r.peer, v), append(r.ratio, v/s), note
		}
	}
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

// timed measures f, which does n operations.
func timed(f func(n int)) func(n int) (time.Duration, uint64) {
	return func(n int) (time.Duration, uint64) {
		var c clock
		c.start()
		f(n)
		return c.stop()
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

// A peer is a program that is asked for the time of rows.
type peer struct {
	ctx  context.Context
	cmd  *exec.Cmd
	name string
	in   io.WriteCloser
	out  *bufio.Scanner
}

func startPeer(e *env, command string) (*peer, error) {
	words := strings.Fields(command)
	if len(words) == 0 {
		return nil, usageError{fmt.Errorf("-peer: no command")}
	}
	p := &peer{ctx: e.ctx, cmd: exec.CommandContext(e.ctx, words[0], words[1:]...), name: command}
	p.cmd.Stderr = e.stderr
	var err error
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.out = bufio.NewScanner(out)
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("peer: %w", err)
	}
	return p, nil
}

// ask returns the seconds that an operation of the row takes the peer, and whether it
// has that row.
func (p *peer) ask(r *benchRow) (seconds float64, note string, err error) {
	if _, err := fmt.Fprintln(p.in, r.name); err != nil {
		return 0, "", fmt.Errorf("peer %s: %w", p.name, err)
	}
	if !p.out.Scan() {
		if err := p.ctx.Err(); err != nil {
			return 0, "", err
		}
		err := p.out.Err()
		if err == nil {
			err = io.ErrUnexpectedEOF
		}
		return 0, "", fmt.Errorf("peer %s: no answer to %q: %w", p.name, r.name, err)
	}
	word, note, _ := strings.Cut(strings.TrimSpace(p.out.Text()), " ")
	if r.peered = word != "-"; !r.peered {
		return 0, "", nil
	}
	seconds, err = strconv.ParseFloat(word, 64)
	if err != nil || !(seconds > 0 && seconds <= math.MaxFloat64) {
		return 0, "", fmt.Errorf("peer %s: %q is no answer to %q: want seconds, or -", p.name, p.out.Text(), r.name)
	}
	return seconds, note, nil
}

// close lets the peer end: its input does.
func (p *peer) close() {
	p.in.Close()
	done := time.AfterFunc(5*time.Second, func() { p.cmd.Process.Kill() })
	defer done.Stop()
	p.cmd.Wait()
}

// spread returns the median, the least and the greatest of x, or NaNs.
func spread(x []float64) (median, least, most float64) {
	if len(x) == 0 {
		return math.NaN(), math.NaN(), math.NaN()
	}
	s := slices.Sorted(slices.Values(x))
	n := len(s)
	return (s[(n-1)/2] + s[n/2]) / 2, s[0], s[n-1]
}

func printBench(out io.Writer, rows []*benchRow, peered bool) {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	head := "row\ttime\t\tGFLOP/s\tshare\t\tallocs"
	if peered {
		head += "\tpeer\tratio\t\tremark"
	}
	fmt.Fprintln(w, head)
	for _, r := range rows {
		t, lo, hi := spread(r.seconds)
		rate, share, span := "", "", ""
		if r.flop > 0 {
			rate = fmt.Sprintf("%.3g", r.flop/t/1e9)
		}
		if m, lo, hi := spread(r.share); len(r.share) > 0 {
			share, span = fmt.Sprintf("%.0f %%", 100*m), fmt.Sprintf("%.0f – %.0f", 100*lo, 100*hi)
		}
		if m, lo, hi := spread(r.gain); len(r.gain) > 0 {
			share, span = fmt.Sprintf("%.2f×", m), fmt.Sprintf("%.2f – %.2f", lo, hi)
		}
		allocs, _, _ := spread(r.allocs)
		fmt.Fprintf(w, "%s\t%s\t%s – %s\t%s\t%s\t%s\t%.3g", r.name, seconds(t), seconds(lo), seconds(hi), rate, share, span, allocs)
		if m, lo, hi := spread(r.ratio); len(r.ratio) > 0 {
			p, _, _ := spread(r.peer)
			fmt.Fprintf(w, "\t%s\t%.3g×\t%.3g – %.3g\t%s", seconds(p), m, lo, hi, r.note)
		} else if peered {
			fmt.Fprint(w, "\t–\t\t\t")
		}
		fmt.Fprintln(w)
	}
	w.Flush()
}

// seconds writes a time in three digits and a unit.
func seconds(s float64) string {
	for _, u := range []struct {
		size float64
		name string
	}{{1, "s"}, {1e-3, "ms"}, {1e-6, "µs"}} {
		if s >= u.size {
			return fmt.Sprintf("%.3g %s", s/u.size, u.name)
		}
	}
	return fmt.Sprintf("%.3g ns", s*1e9)
}

var benchHeader = []string{"row", "s", "s_min", "s_max", "gflops", "share", "share_min", "share_max", "gain", "gain_min", "gain_max",
	"allocs", "peer_s", "peer_min", "peer_max", "ratio", "ratio_min", "ratio_max", "remark"}

func writeBench(w *table.Writer, rows []*benchRow) {
	put := func(vs ...float64) {
		for _, v := range vs {
			if v != v {
				w.Blank()
			} else {
				w.Float(v)
			}
		}
	}
	three := func(x []float64) {
		m, lo, hi := spread(x)
		put(m, lo, hi)
	}
	for _, r := range rows {
		w.Text(r.name)
		three(r.seconds)
		if t, _, _ := spread(r.seconds); r.flop > 0 {
			put(r.flop / t / 1e9)
		} else {
			w.Blank()
		}
		three(r.share)
		three(r.gain)
		allocs, _, _ := spread(r.allocs)
		put(allocs)
		three(r.peer)
		three(r.ratio)
		if r.note == "" {
			w.Blank()
		} else {
			w.Text(r.note)
		}
		w.End()
	}
}
