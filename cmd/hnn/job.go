package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"hnn/cmd/hnn/internal/flags"
	"hnn/cmd/hnn/internal/table"
	"hnn/nn"
)

// A check makes a run of the parsed flags. It reads and writes no file, so that a sweep can
// check all its calls before it runs the first.
type check func() (run, error)

// A run does the work of a call.
type run func(e *env) error

// A job is a call of a command. It can be run, swept and replayed.
type job struct {
	command  command
	flags    *flags.Set
	check    check
	run      run    // after parse
	manifest string // file for it, "" for none
}

// newJob returns a job of the command, whose flags are not set yet.
func newJob(c command) *job {
	j := &job{command: c, flags: flags.New(c.name)}
	j.check = c.define(j.flags)
	if j.outDir() == "" && len(j.flags.With(flags.Output)) > 0 {
		j.flags.File(&j.manifest, "manifest", flags.Output, "`file` for a manifest, from which hnn replay repeats the call")
	}
	return j
}

// parse takes the arguments of a call. For -h it returns flag.ErrHelp.
func (j *job) parse(args []string) (err error) {
	if err = j.flags.Parse(args); err == nil {
		j.run, err = j.check()
	}
	return err
}

// outDir returns the name of the flag that is a directory of outputs, or "".
func (j *job) outDir() string {
	for name := range j.flags.With(flags.OutDir) {
		return name
	}
	return ""
}

// do runs the job and writes its manifest.
func (j *job) do(e *env) error {
	outs := j.flags.With(flags.Output)
	var files []string
	for _, name := range slices.Sorted(maps.Keys(outs)) {
		files = append(files, outs[name])
	}
	if err := e.checkOutputs(files, j.flags.Inputs()...); err != nil {
		return err
	}
	name := j.manifest
	if dir := j.outDir(); dir != "" {
		name = filepath.Join(j.flags.Lookup(dir).Value.String(), "manifest.json")
	}
	if name == "" || e.dry {
		return j.run(e)
	}
	m, err := j.describe() // before the run, because that may change a checkpoint that it reads
	if err != nil {
		return err
	}
	if err := j.run(e); err != nil {
		return err
	}
	m.Files = j.fileSums(e.made)
	_, err = writeFile(name, m.write)
	return err
}

// env is the world outside of a job.
type env struct {
	ctx            context.Context
	stdout, stderr io.Writer
	terminal       bool // stderr is a terminal: progress may be shown
	screen         bool // stdout is a terminal
	dry            bool // no files are written, for a sweep
	workers        int  // the number of goroutines; 0: as the flags of the job say

	made   []made
	scores []score
}

// made is a file that was written, and the SHA-256 of its content.
type made struct{ path, sum string }

// A score is a result that a job reports to a sweep.
type score struct {
	name string
	v    float64
}

func (e *env) score(name string, v float64) { e.scores = append(e.scores, score{name, v}) }

// threads returns how many goroutines to use where a flag says n.
func (e *env) threads(n int) int {
	if e.workers > 0 {
		return e.workers
	}
	return n
}

// warn writes one line about something that looks wrong.
func (e *env) warn(format string, args ...any) {
	fmt.Fprintf(e.stderr, "hnn: warning: "+format+"\n", args...)
}

// write replaces one output file by what fill writes. After an error the old file is whole.
func (e *env) write(path string, fill func(w io.Writer) error) error {
	if e.dry {
		return nil
	}
	sum, err := writeFile(path, fill)
	e.made = append(e.made, made{path, sum})
	return err
}

// writeFile writes a file and returns its SHA-256. A checkpoint or a manifest is written by it
// alone, because it is not an output of the manifest.
func writeFile(path string, fill func(w io.Writer) error) (sum string, err error) {
	f, err := table.Create(path)
	if err != nil {
		return "", err
	}
	defer f.Abort()
	if err := fill(f); err != nil {
		return "", err
	}
	err = f.Commit()
	return f.Sum(), err
}

// writeTable makes one CSV file.
func (e *env) writeTable(path string, header []string, fill func(w *table.Writer)) error {
	return e.write(path, func(out io.Writer) error {
		w := table.NewWriter(out, header...)
		fill(w)
		return w.Flush()
	})
}

// floats writes numbers. The cell of a number that is not finite is empty.
func floats(w *table.Writer, vs ...float64) { w.Floats(vs...) }

// checkOutput is called before the work. It reports a file that cannot be written or that is
// one of the inputs. "" stands for no file.
func (e *env) checkOutput(out string, inputs ...string) error {
	if out == "" || e.dry {
		return nil
	}
	for _, in := range inputs {
		if table.SameFile(in, out) {
			return flags.Wrong("the output %s is an input too", out)
		}
	}
	return table.Writable(out)
}

// checkOutputs is checkOutput for several files. All of them must be different.
func (e *env) checkOutputs(outs []string, inputs ...string) error {
	for i, out := range outs {
		for _, other := range outs[:i] {
			if out != "" && (out == other || table.SameFile(out, other)) {
				return flags.Wrong("two outputs go to %s", out)
			}
		}
		if err := e.checkOutput(out, inputs...); err != nil {
			return err
		}
	}
	return nil
}

// A model is a loaded model, with the name of its file and its origin.
type model struct {
	nn.Stored
	file string
	made *nn.Origin
}

// loadModel reads a model file, - for standard input.
func loadModel(name string) (*model, error) {
	f := os.Stdin
	if name != "-" {
		var err error
		if f, err = os.Open(name); err != nil {
			return nil, err
		}
		defer f.Close()
	}
	m, made, err := nn.Load(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return &model{m, name, made}, nil
}
