package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"hnn/cmd/hnn/internal/table"
	"hnn/nn"
)

const sweepHelp = ` COMMAND [flags and operands of COMMAND]

Runs a command, spring or train, once for each point of a grid of its flags, several
points at a time, and writes to -out:

  sweep.csv   a row for each point: its number, its flags, its scores, and the error
              of a training that diverged
  points/     the row of each finished point
  sweep.json  what was swept

-grid 'NAME=V1 V2 …' gives a flag of the command several values; with several -grid,
all combinations are run. With -seeds N each is run with seeds 0 to N-1. The command
writes no files of its own: to get those of a point, run it with the flags of its row.

Scores of spring, for each model: training and test loss, mean over the rollouts of
the energy's mean squared error, largest relative drift of all. Scores of train: the
loss of the last epoch and, with -valid, that on the validation set; with -patience,
the lowest one.

The same call again goes on where an interrupted one ended: only what is missing is
run. -shard I/N runs every N-th point from the I-th on (I from 1 to N), for the tasks
of a job array, one shard each; they may share -out, or have directories of their own
whose points/ are copied together afterwards. Whichever call finds all points done
writes sweep.csv, the same bytes however the work was split.

Examples:
  hnn sweep -seeds 10 spring
  hnn sweep -seeds 5 -grid 'lr=1e-3 3e-3' -grid 'hidden=32,32 200,200' spring -epochs 30
  hnn sweep -grid 'window=4 8 16' -out windows train -derivatives smooth -valid v.csv d.csv
  hnn sweep -seeds 100 -shard $SLURM_ARRAY_TASK_ID/20 -out seeds spring
`

// A point is one run of a sweep: a command that reports scores instead of writing files.
type point struct {
	check bool     // the flags only
	set   []string // flags that were set
	files []string // that are read

	names  []string
	scores []float64
}

// sweepable are the commands that can be swept, with the flags that are of no use then.
var sweepable = map[string]struct {
	run    func(e *env, args []string) error
	refuse []string
}{
	"spring": {runSpring, []string{"out", "protocol", "seeds", "grid", "workers", "quiet"}},
	"train":  {runTrain, []string{"o", "checkpoint", "every", "resume", "workers", "quiet"}},
}

// parsed notes the flags and files of a call.
func (p *point) parsed(f flags) {
	f.Visit(func(fl *flag.Flag) {
		p.set = append(p.set, fl.Name)
		if v := fl.Value.String(); fl.Name == "valid" && v != "" {
			p.files = append(p.files, v)
		}
	})
	p.files = append(p.files, f.Args()...)
}

// begin is called by a command that has checked its flags. It reports whether that was
// all that was wanted.
func (p *point) begin() bool { return p != nil && p.check }

// score reports a result.
func (p *point) score(name string, v float64) {
	p.names, p.scores = append(p.names, name), append(p.scores, v)
}

// A sweep is a grid of flags. It is kept as sweep.json, which a later call must match.
type sweep struct {
	Version string            `json:"version"`
	Command string            `json:"command"`
	Args    []string          `json:"args"`
	Inputs  map[string]string `json:"inputs"` // SHA-256 of the files among the arguments
	Names   []string          `json:"names"`  // flags that vary
	Values  [][]string        `json:"values"` // of each

	out    string
	points [][]string // a value for each name
}

func runSweep(e *env, args []string) error {
	s := &sweep{Version: version, out: "sweep"}
	seeds, workers, shard, shards := 0, runtime.GOMAXPROCS(0), 1, 1
	quiet := false
	f := newFlags(e, "sweep", sweepHelp)
	f.StringVar(&s.out, "out", s.out, "`directory` of the files; made if need be")
	f.Var(value{s.addGrid, nil}, "grid", "`'NAME=V1 V2 …'`, a flag of the command and its values; may be repeated")
	f.int(&seeds, "seeds", 1, "`seeds` of each point, 0: the command's own")
	f.Var(value{func(v string) error { return parseShard(v, &shard, &shards) }, func() string { return fmt.Sprintf("%d/%d", shard, shards) }},
		"shard", "`I/N`, the part of the points to run")
	f.int(&workers, "workers", 1, "`points` to run at a time")
	f.BoolVar(&quiet, "quiet", false, "no progress")
	if err := f.parseFlags(args); err != nil {
		return err
	}
	if s.Command = f.Arg(0); s.Command == "" {
		return usageError{errors.New("no command to sweep: name spring or train")}
	}
	command, ok := sweepable[s.Command]
	if !ok {
		return usageError{fmt.Errorf("%s cannot be swept, only spring and train can", s.Command)}
	}
	s.Args = f.Args()[1:]
	if seeds > 0 {
		if slices.Contains(s.Names, "seed") {
			return usageError{errors.New("-seeds and a -grid of seed: one of the two")}
		}
		var values []string
		for i := range seeds {
			values = append(values, strconv.Itoa(i))
		}
		s.Names, s.Values = append(s.Names, "seed"), append(s.Values, values)
	}
	s.points = product(s.Values)
	files, err := s.checkCalls(command.run, command.refuse)
	if err != nil {
		return err
	}
	if err := s.hashInputs(files); err != nil {
		return err
	}
	if err := s.open(); err != nil {
		return err
	}

	var todo []int
	for i := range s.points {
		if i%shards == shard-1 && !s.done(i) {
			todo = append(todo, i)
		}
	}
	if err := s.runAll(e, command.run, todo, workers, e.terminal && !quiet); err != nil {
		if errors.Is(err, context.Canceled) {
			fmt.Fprintf(e.stderr, "hnn sweep: finished points are in %s; the same call goes on\n", s.out)
		}
		return err
	}
	return s.collect(e)
}

// addGrid parses 'NAME=V1 V2 …'.
func (s *sweep) addGrid(text string) error {
	name, list, ok := strings.Cut(text, "=")
	values := strings.Fields(list)
	if name = strings.TrimLeft(name, "-"); !ok || name == "" || len(values) == 0 {
		return errors.New("want NAME=V1 V2 …")
	}
	if slices.Contains(s.Names, name) {
		return fmt.Errorf("a second grid of %s", name)
	}
	s.Names, s.Values = append(s.Names, name), append(s.Values, values)
	return nil
}

func parseShard(text string, i, n *int) error {
	a, b, ok := strings.Cut(text, "/")
	var err1, err2 error
	*i, err1 = strconv.Atoi(a)
	*n, err2 = strconv.Atoi(b)
	if !ok || err1 != nil || err2 != nil || *i < 1 || *i > *n {
		return errors.New("want I/N with I from 1 to N")
	}
	return nil
}

// product returns all combinations of values, the last varying fastest.
func product(values [][]string) [][]string {
	all := [][]string{nil}
	for _, vs := range values {
		var next [][]string
		for _, p := range all {
			for _, v := range vs {
				next = append(next, append(slices.Clone(p), v))
			}
		}
		all = next
	}
	return all
}

// args returns the arguments of point i.
func (s *sweep) args(i int) []string {
	var args []string
	for j, v := range s.points[i] {
		args = append(args, "-"+s.Names[j]+"="+v)
	}
	return append(args, s.Args...)
}

// checkCalls finds what is wrong with the call of any point before one is run, and
// returns the files that they read.
func (s *sweep) checkCalls(run func(*env, []string) error, refuse []string) (files []string, err error) {
	check := func(args []string) (*point, error) {
		p := &point{check: true}
		err := run(&env{ctx: context.Background(), stdout: io.Discard, stderr: io.Discard, point: p}, args)
		if errors.Is(err, flag.ErrHelp) {
			err = fmt.Errorf("see hnn %s -h", s.Command)
		}
		if err != nil {
			err = usageError{fmt.Errorf("%s: %w", s.Command, err)}
		}
		return p, err
	}
	fixed, _ := check(s.Args) // which may be wrong without the flags that vary
	for _, name := range append(slices.Clone(fixed.set), s.Names...) {
		if slices.Contains(refuse, name) {
			return nil, usageError{fmt.Errorf("-%s of %s cannot be used in a sweep", name, s.Command)}
		}
	}
	for _, name := range s.Names {
		if slices.Contains(fixed.set, name) {
			return nil, usageError{fmt.Errorf("-%s is set both by the sweep and for all of it", name)}
		}
	}
	for i := range s.points {
		p, err := check(s.args(i))
		if err != nil {
			return nil, err
		}
		files = append(files, p.files...)
	}
	return files, nil
}

// hashInputs notes the content of the files.
func (s *sweep) hashInputs(files []string) error {
	s.Inputs = map[string]string{}
	for _, name := range files {
		if name == "-" {
			return usageError{errors.New("standard input can be read only once: name a file")}
		}
		if s.Inputs[name] != "" {
			continue
		}
		f, err := os.Open(name)
		if err != nil {
			return err
		}
		h := sha256.New()
		_, err = io.Copy(h, f)
		f.Close()
		if err != nil {
			return err
		}
		s.Inputs[name] = hex.EncodeToString(h.Sum(nil))
	}
	return nil
}

// open makes the directory, or checks that it is that of the same sweep.
func (s *sweep) open() error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetIndent("", "  ")
	if err := enc.Encode(s); err != nil {
		return err
	}
	if err := table.WritableDir(s.out); err != nil {
		return err
	}
	if err := table.WritableDir(filepath.Join(s.out, "points")); err != nil {
		return err
	}
	name := filepath.Join(s.out, "sweep.json")
	old, err := os.ReadFile(name)
	switch {
	case err == nil && !bytes.Equal(old, b.Bytes()):
		return fmt.Errorf("%s describes another sweep: choose another -out, or remove it", name)
	case err == nil:
		return nil
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	_, err = write(name, func(w io.Writer) error { _, err := w.Write(b.Bytes()); return err })
	return err
}

func (s *sweep) file(i int) string {
	return filepath.Join(s.out, "points", fmt.Sprintf("%06d.csv", i))
}

func (s *sweep) done(i int) bool {
	_, err := os.Stat(s.file(i))
	return err == nil
}

// runAll runs the given points. The first failure other than a divergence ends it.
func (s *sweep) runAll(e *env, run func(*env, []string) error, todo []int, workers int, show bool) error {
	ctx, cancel := context.WithCancelCause(e.ctx)
	defer cancel(nil)
	var next, finished atomic.Int64
	var wg sync.WaitGroup
	for range min(workers, len(todo)) {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for {
				k := int(next.Add(1)) - 1
				if k >= len(todo) || ctx.Err() != nil {
					return
				}
				p := &point{}
				err := run(&env{ctx: ctx, stdout: io.Discard, stderr: io.Discard, point: p}, append([]string{"-workers=1"}, s.args(todo[k])...))
				if err == nil || errors.Is(err, nn.ErrDiverged) {
					err = s.save(todo[k], p, err)
				}
				if err != nil {
					cancel(fmt.Errorf("point %d (%s): %w", todo[k], strings.Join(s.args(todo[k]), " "), err))
					return
				}
				if n := finished.Add(1); show {
					fmt.Fprintf(e.stderr, "\r\x1b[K%d of %d points", n, len(todo))
				}
			}
		}()
	}
	wg.Wait()
	if show {
		fmt.Fprint(e.stderr, "\r\x1b[K")
	}
	if e.ctx.Err() != nil {
		return e.ctx.Err()
	}
	return context.Cause(ctx)
}

// save writes the row of a point.
func (s *sweep) save(i int, p *point, failure error) error {
	header := append(append([]string{"point"}, s.Names...), p.names...)
	_, err := writeTable(s.file(i), append(header, "error"), func(w *table.Writer) {
		w.Int(i)
		for _, v := range s.points[i] {
			w.Text(v)
		}
		floats(w, p.scores...)
		if failure == nil {
			w.Blank()
		} else {
			w.Text(failure.Error())
		}
		w.End()
	})
	return err
}

// collect writes sweep.csv if all points are done.
func (s *sweep) collect(e *env) error {
	missing, failed := 0, 0
	var header []string
	var rows [][]string
	for i := range s.points {
		if !s.done(i) {
			missing++
			continue
		}
		names, row, err := s.load(i)
		if err != nil {
			return err
		}
		if row[len(row)-1] != "" {
			failed++
		}
		if len(names) > len(header) {
			header = names
		}
		rows = append(rows, row)
	}
	if missing > 0 {
		fmt.Fprintf(e.stderr, "%d of %d points are done; sweep.csv is written when all are\n", len(rows), len(s.points))
		return nil
	}
	if _, err := writeTable(filepath.Join(s.out, "sweep.csv"), header, func(w *table.Writer) {
		for _, row := range rows {
			last := len(row) - 1
			for _, v := range row[:last] {
				w.Text(v)
			}
			for range len(header) - len(row) { // the scores of a failed point
				w.Blank()
			}
			if row[last] == "" {
				w.Blank()
			} else {
				w.Text(row[last])
			}
			w.End()
		}
	}); err != nil {
		return err
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d points failed: see column error of %s", failed, len(rows), filepath.Join(s.out, "sweep.csv"))
	}
	return nil
}

// load reads the row of a point and checks that it is that.
func (s *sweep) load(i int) (names, row []string, err error) {
	f, err := os.Open(s.file(i))
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	all, err := csv.NewReader(f).ReadAll()
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", s.file(i), err)
	}
	want := append([]string{strconv.Itoa(i)}, s.points[i]...)
	if len(all) != 2 || len(all[1]) <= len(want) || !slices.Equal(all[1][:len(want)], want) ||
		!slices.Equal(all[0][1:len(want)], s.Names) {
		return nil, nil, fmt.Errorf("%s is not point %d of this sweep", s.file(i), i)
	}
	return all[0], all[1], nil
}
