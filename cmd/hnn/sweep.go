package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"hnn/cmd/hnn/internal/flags"
	"hnn/cmd/hnn/internal/table"
)

func sweepHelp() string {
	s := ` COMMAND [flags and operands of COMMAND]

Runs a command once for each point of a grid of its flags. It runs several points at the
same time and writes to -out:

  sweep.csv   a row for each point: its number, its flags, its scores, and an error if a
              training diverged or a trajectory could not be followed
  points/     the row of each finished point, with a sum of it and of sweep.json
  sweep.json  what was swept: the command, its flags, its files, the version

-grid 'NAME=V1 V2 …' gives several values to a flag of the command. With several -grid, all
combinations are run. With -seeds N each combination is run with the seeds 0 to N-1. The
command writes no files. To get the files of a point, run the command with the flags of its
row.

These commands can be swept. Their scores are:

`
	for _, c := range commands() {
		if c.scores != "" {
			s += fmt.Sprintf("  %-9s %s\n", c.name, strings.ReplaceAll(c.scores, "\n", "\n            "))
		}
	}
	return s + `
The same call again goes on where an interrupted one ended: only what is missing is run.
Another call is refused, and so is a row of another sweep or one that was changed. A file
that is changed while the sweep runs ends it.
-shard I/N runs every N-th point from the I-th on (I from 1 to N), for the tasks of a job
array, one shard each. They may share -out, or have directories of their own whose points/
are copied together afterwards. Whichever call finds all points done writes sweep.csv, the
same bytes however the work was split.

Examples:
  hnn sweep -seeds 10 spring
  hnn sweep -seeds 5 -grid 'lr=1e-3 3e-3' -grid 'hidden=32,32 200,200' spring -epochs 30
  hnn sweep -grid 'window=4 8 16' -out windows train -derivatives smooth -valid v.csv d.csv
  hnn sweep -seeds 100 -shard $SLURM_ARRAY_TASK_ID/20 -out seeds spring
`
}

// maxPoints bounds the points of a sweep.
const maxPoints = 1_000_000

// A sweep is a grid of flags. It is kept as sweep.json, which a later call must match.
type sweep struct {
	Version string            `json:"version"`
	Command string            `json:"command"`
	Args    []string          `json:"args"`
	Inputs  map[string]string `json:"inputs"` // SHA-256 of the files among the arguments
	Names   []string          `json:"names"`  // flags that vary
	Values  [][]string        `json:"values"` // of each

	out    string
	id     string     // SHA-256 of sweep.json
	points [][]string // a value for each name
}

func defineSweep(f *flags.Set) check {
	s := &sweep{Version: version, out: "sweep"}
	seeds, workers, shard, shards := 0, 0, 1, 1
	quiet := false
	f.File(&s.out, "out", flags.Neutral, "`directory` of the files; made if need be")
	f.Var(flags.Value{Parse: s.addGrid}, "grid", "`'NAME=V1 V2 …'`, a flag of the command and its values; may be repeated")
	f.Int(&seeds, "seeds", 1, "`seeds` of each point, 0: only the seed of the command")
	f.Var(flags.Value{Parse: func(v string) error { return parseShard(v, &shard, &shards) }, Show: func() string { return fmt.Sprintf("%d/%d", shard, shards) }},
		"shard", "`I/N`, the part of the points to run")
	f.Count(&workers, "workers", 0, maxWorkers, "`goroutines` to run points with, 0: one a processor; changes no result")
	f.BoolVar(&quiet, "quiet", false, "no progress")
	f.As(flags.Neutral, "workers", "quiet")
	f.Rest("a command to sweep, and its flags")
	return func() (run, error) {
		s.Command, s.Args = f.Arg(0), f.Args()[1:]
		n := float64(max(seeds, 1))
		for _, vs := range s.Values {
			n *= float64(len(vs))
		}
		if n > maxPoints {
			return nil, flags.Wrong("-seeds and -grid make %.3g points: want at most %d", n, maxPoints)
		}
		if seeds > 0 {
			if slices.Contains(s.Names, "seed") {
				return nil, flags.Wrong("-seeds and a -grid of seed: want one of the two")
			}
			var values []string
			for i := range seeds {
				values = append(values, strconv.Itoa(i))
			}
			s.Names, s.Values = append(s.Names, "seed"), append(s.Values, values)
		}
		s.points = product(s.Values)
		files, err := s.checkCalls()
		if err != nil {
			return nil, err
		}
		return func(e *env) error {
			if err := s.hashInputs(files); err != nil {
				return err
			}
			if err := s.sparesInputs(files); err != nil {
				return err
			}
			if err := s.open(); err != nil {
				return err
			}
			var todo []int
			for i := shard - 1; i < len(s.points); i += shards {
				if err := e.ctx.Err(); err != nil {
					return err
				}
				if names, _, err := s.load(i); err != nil {
					return err
				} else if names == nil {
					todo = append(todo, i)
				}
			}
			if workers == 0 {
				workers = runtime.GOMAXPROCS(0)
			}
			if err := s.runAll(e, todo, workers, e.terminal && !quiet); err != nil {
				if errors.Is(err, context.Canceled) {
					e.say("hnn sweep: finished points are in %s; the same call goes on", s.out)
				}
				return err
			}
			return s.collect(e)
		}, nil
	}
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

// job makes the job of some arguments of the command.
func (s *sweep) job(args []string) (*job, error) {
	c, ok := find(s.Command)
	if !ok || c.scores == "" {
		var names []string
		for _, c := range commands() {
			if c.scores != "" {
				names = append(names, c.name)
			}
		}
		return nil, flags.Wrong("%.40s cannot be swept: want one of %v", s.Command, names)
	}
	j := newJob(c)
	err := j.parse(args)
	if errors.Is(err, flag.ErrHelp) {
		err = fmt.Errorf("see hnn %s -h", s.Command)
	}
	if err != nil {
		err = flags.Wrong("%s: %w", s.Command, err)
	}
	return j, err
}

// checkCalls finds what is wrong with the call of any point before one is run, and
// returns the files that they read.
func (s *sweep) checkCalls() (files []string, err error) {
	fixed, err := s.job(s.Args) // which may be wrong without the flags that vary
	if fixed == nil {
		return nil, err
	}
	set := fixed.flags.Given(flags.Setting, flags.Input)
	for _, name := range s.Names {
		if _, both := set[name]; both {
			return nil, flags.Wrong("-%s is set both by the sweep and for all of it", name)
		}
	}
	refused := []flags.Role{flags.Output, flags.OutDir, flags.Neutral}
	used := append(slices.Sorted(maps.Keys(fixed.flags.Given(refused...))), s.Names...)
	for _, name := range used {
		if slices.Contains(refused, fixed.flags.Role(name)) {
			return nil, flags.Wrong("-%s of %s cannot be used in a sweep", name, s.Command)
		}
	}
	seen := map[string]bool{}
	for i := range s.points {
		j, err := s.job(s.args(i))
		if err != nil {
			return nil, err
		}
		for _, name := range j.flags.Inputs() {
			if !seen[name] {
				files, seen[name] = append(files, name), true
			}
		}
	}
	return files, nil
}

// sparesInputs refuses a directory whose files the sweep would write over its inputs.
func (s *sweep) sparesInputs(files []string) error {
	for _, name := range files {
		if table.SameFile(filepath.Dir(name), filepath.Join(s.out, "points")) {
			return flags.Wrong("the input %s is in a directory of outputs, %s", name, filepath.Join(s.out, "points"))
		}
		for _, out := range []string{"sweep.csv", "sweep.json"} {
			if out = filepath.Join(s.out, out); table.SameFile(name, out) {
				return flags.Wrong("the output %s is an input too", out)
			}
		}
	}
	return nil
}

// hashInputs notes the content of the files.
func (s *sweep) hashInputs(files []string) error {
	s.Inputs = map[string]string{}
	for _, name := range files {
		sum, err := hashFile(name)
		if err != nil {
			return err
		}
		if sum == "" {
			return flags.Wrong("%s can be read only once: name a file", name)
		}
		s.Inputs[name] = sum
	}
	return nil
}

// unchanged reports a file that is another than at the start.
func (s *sweep) unchanged() error {
	for _, name := range slices.Sorted(maps.Keys(s.Inputs)) {
		if sum, err := hashFile(name); err != nil {
			return err
		} else if sum != s.Inputs[name] {
			return fmt.Errorf("%s has changed since the sweep began", name)
		}
	}
	return nil
}
