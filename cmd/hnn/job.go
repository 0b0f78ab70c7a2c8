package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"hnn/cmd/hnn/internal/flags"
	"hnn/cmd/hnn/internal/table"
	"hnn/nn"
	"hnn/spring/pixels"
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
	limit    func() // sets the limit of memory
}

// newJob returns a job of the command, whose flags are not set yet.
func newJob(c command) *job {
	j := &job{command: c, flags: flags.New(c.name)}
	j.check = c.define(j.flags)
	j.limit = maxMemory(j.flags)
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

// outputs returns the files that the flags name as outputs, in the order of the flags.
func (j *job) outputs() (files []string) {
	outs := j.flags.With(flags.Output)
	for _, name := range slices.Sorted(maps.Keys(outs)) {
		files = append(files, outs[name])
	}
	return files
}

// outDir returns the name of the flag that is a directory of outputs, or "".
func (j *job) outDir() string {
	for name := range j.flags.With(flags.OutDir) {
		return name
	}
	return ""
}

// do runs the job and writes its manifest. A panic is an error of one line, which says where
// it was: nobody wants a stack in its place.
func (j *job) do(e *env) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("an error in this program, at %s: %.200s", place(), strings.Join(strings.Fields(fmt.Sprint(v)), " "))
		}
	}()
	j.limit()
	if err := e.checkOutputs(j.outputs(), j.flags.Inputs()...); err != nil {
		return err
	}
	name := j.manifest
	if dir := j.outDir(); dir != "" && !e.dry {
		dir = j.flags.Lookup(dir).Value.String()
		if err := table.WritableDir(dir); err != nil {
			return err
		}
		release, err := table.Hold(dir)
		if err != nil {
			return err
		}
		defer release()
		name = filepath.Join(dir, "manifest.json")
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
	m.Chosen, m.Files, m.Warnings = m.chosen(j), j.fileSums(e.made), e.warnings
	if _, err = e.writeFile(name, m.write); err != nil {
		return err
	}
	return e.stillMade()
}

// stillMade reports a file that is not the one that was made. The manifest is there: of two
// runs that write the same files at once, that whose manifest comes last finds it.
func (e *env) stillMade() error {
	for _, f := range e.made {
		if table.Direct(f.path) {
			continue
		}
		if sum, err := hashFile(f.path); err != nil {
			return err
		} else if sum != f.sum {
			return fmt.Errorf("%s was replaced while this run wrote its files: the manifest does not describe it", f.path)
		}
	}
	return nil
}

// place returns the file and line of the panic that is being recovered from.
func place() string {
	stack := make([]uintptr, 64)
	frames := runtime.CallersFrames(stack[:runtime.Callers(3, stack)])
	for {
		f, more := frames.Next()
		if !strings.HasPrefix(f.Function, "runtime.") || !more {
			return fmt.Sprintf("%s:%d", filepath.Base(f.File), f.Line)
		}
	}
}

// env is the world outside of a job.
type env struct {
	ctx            context.Context
	stdout, stderr io.Writer
	terminal       bool // stderr is a terminal: progress may be shown
	screen         bool // stdout is a terminal
	dry            bool // no files are written, for a sweep
	again          bool // a checkpoint that is gone on from is not replaced, for a replay
	workers        int  // the most goroutines that a job may use, 0 for what its flags say
	shares         int  // how many jobs share the memory, 0 for one

	made     []made
	scores   []score
	warnings []string

	unsaved atomic.Bool // an interrupt has something to save
	gone    sync.Once   // says that it was interrupted
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

// warn writes one line about something that looks wrong, and keeps it for the manifest.
func (e *env) warn(format string, args ...any) {
	line := short(printable(fmt.Sprintf("hnn: warning: "+format, args...)))
	e.warnings = append(e.warnings, strings.TrimPrefix(line, "hnn: warning: "))
	e.say("%s", line)
}

// write replaces one output file by what fill writes. After an error the old file is whole.
func (e *env) write(path string, fill func(w io.Writer) error) error {
	if e.dry {
		return nil
	}
	sum, err := e.writeFile(path, func(w io.Writer) error { return fill(until{e.ctx, w}) })
	e.made = append(e.made, made{path, sum})
	return err
}

// until ends all writing when the context is done.
type until struct {
	ctx context.Context
	w   io.Writer
}

func (u until) Write(b []byte) (int, error) {
	if err := u.ctx.Err(); err != nil {
		return 0, err
	}
	return u.w.Write(b)
}

// writeFile writes a file and returns its SHA-256. Alone it is for files that are no result,
// such as a checkpoint.
func (e *env) writeFile(path string, fill func(w io.Writer) error) (sum string, err error) {
	f, err := table.Create(path)
	if err != nil {
		return "", err
	}
	defer f.Abort()
	if err := fill(f); err != nil {
		return "", err
	}
	if err = f.Commit(); err == nil && f.Note() != "" {
		e.say("hnn: warning: %s", f.Note()) // about the disk, not the run
	}
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

// latent returns the latent field of a model that finds states in pictures, and other models as
// they are.
func latent(m nn.Stored) nn.Stored {
	if a, ok := m.(interface{ Latent() pixels.Dynamics }); ok {
		return a.Latent()
	}
	return m
}

// loadModel reads a model of states from a file, - for standard input.
func loadModel(ctx context.Context, name string) (*model, error) {
	m, err := loadWhole(ctx, name)
	if err != nil {
		return nil, err
	}
	return m.states(), nil
}

// states returns the model that moves states.
func (m *model) states() *model { return &model{latent(m.Stored), m.file, m.made} }

// loadWhole is loadModel with what finds states in pictures.
func loadWhole(ctx context.Context, name string) (*model, error) {
	all, err := loadFile(ctx, name)
	if err != nil {
		return nil, err
	}
	if len(all) > 1 {
		return nil, fmt.Errorf("%s: an ensemble of %d models: want one model, of hnn train without -ensemble", name, len(all))
	}
	return all[0], nil
}

// loadFile reads the models of a file, of which an ensemble has several.
func loadFile(ctx context.Context, name string) (all []*model, err error) {
	f, err := table.Open(ctx, name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	models, made, err := nn.LoadAll(boundModel(f), pixels.Kind())
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	for _, m := range models {
		all = append(all, &model{m, name, made})
	}
	return all, nil
}
