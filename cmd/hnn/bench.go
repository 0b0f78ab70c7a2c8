package main

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"hnn/cmd/hnn/internal/bench"
	"hnn/cmd/hnn/internal/flags"
	"hnn/cmd/hnn/internal/table"
)

const benchHelp = `

Measures the speed of this program on this machine. Each round measures every row of
the table once. The figures are the median, the least and the greatest of -reps rounds.
Times vary when the machine has other work; shares and ratios vary less, because they
compare two times of the same moment.

A second table tells for each training step what share of a core's peak, and of the speed of
the product 744×128×96 at that time, each of its workers reaches, and what they spend their
time on, by samples of 50 times -ms: products of matrices; elementwise arithmetic; tanh;
packing, which orders the factors of products; the optimiser; the rest, such as rows that are
copied and gradients that are added; and waiting, for each other or for the processor. With the
default they are good to some percent; a longer -ms makes them more exact.

  peak         independent fused multiply-adds on one core. It is measured before and
               after each product. The share of a product is its speed over the peak
  matmul, matmulT, tmatmul m×k×n   z = x y, x yᵀ, xᵀ y, on one core
  tanh         one value, measured on slices of 4096
  step         one training step of an HNN: loss, gradient and Adam. The row names the
               sizes of its network. In rows with workers=2 the share is the gain: the
               time with workers=1 over the time with 2
  shooting     loss and gradient of 500 segments through 50 steps of RK4
  pixels       one training step of hnn pixels: both networks, the field and Adam
  field        the learned field of one state
  rollout      RK45 over 1000 steps, of the true spring or of a learned field
  experiment   all that hnn spring does with -epochs, but without its files

-peer CMD compares with another program. CMD is split at spaces and started once. It
reads the names of rows, as in the table, one on each line. To each name it answers with
one line: the seconds of one operation and, if it likes, a space and a remark. It answers
- if it does not have the row. It must measure again each time. Its first answer for each
row is not counted, so it can prepare then.

The ratio is the peer's time over our time. A peer may try several ways and answer with
the time of the fastest. To be fair, our side then measures three times in each round and
counts the shortest time.

Examples:
  hnn bench -o bench.csv
  hnn bench -only step -rows 1000,10000,100000,1000000
  hnn bench -peer 'python3 testdata/peers/torch_peer.py'
`

func defineBench(f *flags.Set) check {
	c := bench.Config{Rounds: 5, Sizes: []int{1, 30, 750, 1000, 10000}, Epochs: 5}
	ms, out, peer, only, quick := 20., "", "", "", false
	f.Int(&c.Rounds, "reps", 1, "`rounds`")
	f.Float(&ms, "ms", flags.Positive, "least `milliseconds` of one measurement, at most an hour")
	f.Ints(&c.Sizes, "rows", 1, "`rows` of the training steps")
	f.Int(&c.Epochs, "epochs", 1, "`passes` of the experiment")
	f.StringVar(&only, "only", "", "`regexp` of the rows to measure")
	f.StringVar(&peer, "peer", "", "`command` of a program to compare with")
	f.StringVar(&out, "o", "", "CSV `file` for the figures; the table is printed in any case")
	f.BoolVar(&quick, "quick", false, "a short test of a second: 2 rounds of few rows")
	f.As(flags.Neutral, "o") // the figures are never the same twice, so there is no manifest
	return func() (run, error) {
		var err error
		if c.Only, err = regexp.Compile(only); err != nil {
			return nil, flags.Wrong("-only: %w", err)
		}
		if c.Peer.Command = strings.Fields(peer); peer != "" && len(c.Peer.Command) == 0 {
			return nil, flags.Wrong("-peer: no command")
		}
		if ms > 3.6e6 {
			return nil, flags.Wrong("-ms %v: want at most 3600000, an hour", ms)
		}
		c.Target = time.Duration(ms * float64(time.Millisecond))
		c.Profile = min(50*c.Target, time.Hour)
		if quick {
			c.Small, c.Rounds, c.Target, c.Profile, c.Sizes, c.Epochs = true, 2, time.Millisecond, 0, []int{1, 200}, 1
		}
		return func(e *env) error {
			if err := e.checkOutput(out); err != nil {
				return err
			}
			for _, n := range c.Sizes {
				if err := e.fits(float64(n)*200, fmt.Sprintf("a step of -rows %d", n), "fewer"); err != nil {
					return err
				}
			}
			return runBench(e, c, only, out)
		}, nil
	}
}

func runBench(e *env, c bench.Config, only, out string) error {
	c.Peer.Stderr = cleaner{e.stderr}
	if e.terminal {
		const wipe = "\r\x1b[K"
		c.Progress = func(round int, row string) {
			fmt.Fprintf(e.stderr, wipe+"round %d/%d: %s", round, c.Rounds, row)
		}
		defer fmt.Fprint(e.stderr, wipe)
	}
	rows, err := bench.Run(e.ctx, c)
	for _, r := range rows {
		r.Remark = short(printable(r.Remark))
	}
	if errors.Is(err, bench.ErrNoRow) {
		return flags.Wrong("-only %s: no such row", only)
	}
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(e.stdout, "hnn %s, %s\nmedian, and least – greatest, of %d rounds\n\n", version, machine(), c.Rounds); err != nil {
		return err
	}
	if err := bench.Print(e.stdout, rows, len(c.Peer.Command) > 0); err != nil || out == "" {
		return err
	}
	return e.writeTable(out, bench.Header, func(w *table.Writer) { bench.Write(w, rows) })
}
