package main

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"text/tabwriter"

	"hnn/cmd/hnn/internal/flags"
	"hnn/cmd/hnn/internal/table"
	"hnn/nn"
)

const checkHelp = ` DATA.csv

Says what the program sees in a file of states, what hnn train would do with it, and what
looks wrong, before an hour of training. Nothing is trained and nothing is changed. The exit
status is 0 if the file can be read, whatever was found, and 1 if not.

  columns     what each is taken for, its unit, its range, and the noise in it, as a share of
              its amplitude. Noise is what is left after local cubics have been fitted
  time        runs, rows, duration, sampling interval. Jitter is the largest departure from
              the median interval. A gap is more than 8 times as long
  pairs       whether p looks like the rate of q: m of p = m dq/dt + const, and the
              correlation of the two
  hnn train   what would be fitted, and why
  doubtful    what looks wrong: the line or the column, and what to do. "Looks like" is a
              guess from the numbers; a judgement that needs the experiment is yours

Looked for are: cells that are no numbers, times that are equal or go back, times in
milliseconds, angles in degrees or wrapped ones, q and p exchanged, momenta that do not go
with the rates, velocities of unequal masses, friction, derivatives in other units, outliers,
rows that repeat, gaps, coarse sampling, much noise, and columns that look like an input.

Examples:
  hnn check train.csv
  hnn check -q angle -p rate -time-unit ms film.csv.gz
`

func defineCheck(f *flags.Set) check {
	var c columns
	out := "-"
	c.register(f)
	f.File(&out, "o", flags.Output, "output `file`, - for standard output")
	f.Operands(1, 1, "a CSV file of data, or - for standard input")
	return func() (run, error) {
		if err := c.check(); err != nil {
			return nil, err
		}
		return func(e *env) error {
			t, err := table.ReadLoose(e.ctx, f.Arg(0))
			if err != nil {
				return err
			}
			l := &look{t: t, given: c}
			l.see()
			return e.write(out, func(w io.Writer) error { return l.write(e, w) })
		}, nil
	}
}

// write writes the report.
func (l *look) write(e *env, out io.Writer) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s: %s separated by %s, %s\n\n", printable(l.t.Name), some(len(l.t.Header), "column"), l.t.Form(), some(l.t.Rows(), "row"))
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprint(w, "column\ttaken for\tunit\tleast\tgreatest\tnoise\tshare\n")
	for _, name := range l.t.Header {
		fmt.Fprintf(w, "%s\n", l.column(name))
	}
	w.Flush()
	if l.s != nil && l.in != nil {
		l.writeMotion(&b)
	}
	fmt.Fprintf(&b, "\nhnn train: %s\n", l.plan(e)) // before the doubts: it tells what becomes of empty cells
	if len(l.doubts) == 0 {
		fmt.Fprint(&b, "\nnothing looks doubtful\n")
	}
	for i, d := range l.doubts {
		if i == 0 {
			fmt.Fprint(&b, "\ndoubtful:\n")
		}
		if d.about == "holes" && l.empty != "" {
			d.text += ": in hnn train " + l.empty
		}
		fmt.Fprintf(&b, "  %s\n", printable(d.text))
	}
	_, err := out.Write(b.Bytes())
	return err
}

// column describes one column, with tabs between the cells.
func (l *look) column(name string) string {
	unit := l.t.Unit(name)
	is := func(s string) bool { return l.t.Has(s) && l.t.At(s) == l.t.At(name) }
	role, noise := "not read", "\t"
	names := slices.Concat(l.cols.q, l.cols.p)
	for j, s := range names {
		switch {
		case is(s):
			role = "coordinate"
			if j >= len(l.cols.q) {
				role = "momentum"
			}
			if l.in != nil && j < len(l.observed) {
				noise = "constant\t"
				if share := l.share(j); share > 0 {
					noise = fmt.Sprintf("%.2g\t%s", l.in.Noise[j], percent(share))
				}
			}
		case is("d" + s):
			role = "d" + s + "/dt"
		}
	}
	switch {
	case is(l.cols.t):
		role = "time"
	case is(l.cols.run):
		role = "run"
	}
	low, high := math.Inf(1), math.Inf(-1)
	v, lost, _ := l.t.Lost(name)
	for _, x := range v {
		if x == x {
			low, high = min(low, x), max(high, x)
		}
	}
	span := "\t"
	switch {
	case l.t.Stamped(name):
		span = "dates\t"
	case lost == l.t.Rows():
		span = "text\t"
	case low <= high:
		span = fmt.Sprintf("%.4g\t%.4g", low, high)
	}
	return strings.TrimRight(fmt.Sprintf("%s\t%s\t%s\t%s\t%s", printable(name), role, unit, span, noise), "\t ")
}

// share returns the share of the noise in the amplitude of component j, 0 if it does not vary.
func (l *look) share(j int) float64 {
	if width := l.in.High[j] - l.in.Low[j]; width > 0 {
		return 2 * l.in.Noise[j] / width
	}
	return 0
}

// percent writes a share.
func percent(share float64) string {
	if share >= 0.1 {
		return fmt.Sprintf("%.0f %%", 100*share)
	}
	return fmt.Sprintf("%.2g %%", 100*share)
}

// some writes a number of things: 1 row, 2 rows.
func some(n int, thing string) string {
	if n != 1 {
		thing += "s"
	}
	return fmt.Sprintf("%d %s", n, thing)
}

// writeMotion describes times and pairs.
func (l *look) writeMotion(b *bytes.Buffer) {
	s, in := l.timed, l.in
	least, most, longest := s.Rows(), 0, 0.
	for i := range s.Runs() {
		lo, hi := s.Run(i)
		least, most, longest = min(least, hi-lo), max(most, hi-lo), max(longest, s.T[hi-1]-s.T[lo])
	}
	unit := ""
	if u := l.t.Unit(l.cols.t); u != "" || l.cols.unit != "" || l.t.Stamped(l.cols.t) {
		unit = " s"
	}
	rows := fmt.Sprintf("%s of %d to %d rows", some(s.Runs(), "run"), least, most)
	if least == most {
		rows = fmt.Sprintf("%s of %s", some(s.Runs(), "run"), some(most, "row"))
	}
	jitter := "no jitter"
	if in.Jitter > 1e-6 { // less is the rounding of the times
		jitter = "jitter " + percent(in.Jitter)
	}
	fmt.Fprintf(b, "\ntime: %s, at most %.4g%s long; interval %.4g%s, %s; gaps: %d\n", rows, longest, unit, in.Interval, unit, jitter, in.Gaps)
	for i, p := range in.Pairs {
		if l.hidden {
			fmt.Fprintf(b, "%s: no momentum in the file\n", l.cols.q[i])
			continue
		}
		fmt.Fprintf(b, "%s, %s: p = %.4g dq/dt, correlation %.3g", l.cols.q[i], l.cols.p[i], p.Mass, p.Corr)
		if p.All > 0.9 && p.Corr < 0.9 {
			fmt.Fprintf(b, "; with the rates of all coordinates %.3g", p.All)
		}
		fmt.Fprintln(b)
	}
}

// plan says what hnn train would do.
func (l *look) plan(e *env) string {
	s, err := statesOf(l.t, l.given)
	if err == nil && s.T == nil && s.DX == nil {
		return "refuses the file: it has neither times nor derivatives"
	}
	if err != nil {
		return "refuses the file: " + strings.TrimPrefix(printable(err.Error()), printable(l.t.Name)+": ")
	}
	var said bytes.Buffer
	t := newTrain(flags.New("train"))
	if err := t.choose(&env{ctx: e.ctx, stderr: &said}, s); err != nil {
		return "refuses the file: " + printable(err.Error())
	}
	objective, err := nn.NewObjective(t.objective, t.by)
	if err == nil {
		_, err = objective.Scaling(&s.Series)
	}
	if err != nil {
		return "refuses the file: " + printable(strings.TrimPrefix(err.Error(), "nn: "))
	}
	l.empty = t.holes()
	if said.Len() > 0 {
		return strings.TrimPrefix(strings.TrimSpace(said.String()), printable(s.name)+": ")
	}
	why := "they are in the file"
	if s.DX == nil {
		why = "noise is small; they are estimated by central differences"
		if s.Rows() < fewRows {
			why = fmt.Sprintf("fewer than %d rows tell no noise; they are estimated by central differences", fewRows)
		}
	}
	return fmt.Sprintf("-kind %s -objective %s: derivatives are fitted (%s)", t.kind, t.objective, why)
}
