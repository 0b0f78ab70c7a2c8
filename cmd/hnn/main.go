// Command hnn learns the physics of a system from data.
//
// Run hnn help for its commands. main.go has the list of commands, job.go the type of a call,
// interrupt.go how it ends early, and each command has a file of its name. What is beside these:
//
//	a call         manifest.go (what replay repeats), memory.go (refuses what is too large),
//	               words.go (messages), hangup.go (a signal)
//	states         states.go (a CSV of states), reading.go (the same for a model), driven.go
//	               (inputs), systems.go (named systems), solver.go (flags of the integrator)
//	check          look.go, doubts.go
//	train          training.go (flags of networks), structure.go (flags of what is known),
//	               choose.go (defaults from the data), fitting.go, progress.go, found.go (what
//	               was found), ensemble.go, continue.go (checkpoints)
//	ensembles      bands.go (their rollouts, fields and scores)
//	eval           scores.go, dissipation.go (what friction takes)
//	formula        library.go (terms), findings.go (what was found), refit.go and constants.go
//	               (its constants from data), prune.go (which terms the data need)
//	spring         springfiles.go, paper.go
//	pixels         pixelfiles.go, films.go
//	sweep          points.go
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"hnn/cmd/hnn/internal/flags"
	"hnn/cmd/hnn/internal/table"
)

// The name of the program and its release, kept in every manifest and model.
const (
	programName = "hnn"
	version     = "0.2.0"
)

// A command is one verb of the program. define registers its flags and returns a check, which
// makes a run of them after they are parsed.
type command struct {
	name, summary string
	help          func() string // what it does, with examples
	define        func(f *flags.Set) check
	scores        string // the scores that a run reports to a sweep; "": none
}

// commands is a function and no variable, because help and sweep read it too.
func commands() []command {
	return []command{
		{"spring", "the whole experiment: data, training, rollouts, scores", text(springHelp), defineSpring, springScores},
		{"pixels", "the pendulum seen: a state, H and new films from pictures", text(pixelsHelp), definePixels, pixelsScores},
		{"simulate", "true trajectories of a named system or of any Hamiltonian", simulateHelp, defineSimulate, ""},
		{"train", "a model from a CSV of states", trainHelp, defineTrain, trainScores},
		{"check", "what is in a CSV of states, and what is doubtful", text(checkHelp), defineCheck, ""},
		{"rollout", "a trajectory of a model", text(rolloutHelp), defineRollout, rolloutScores},
		{"eval", "scores of a model on a CSV of states", text(evalHelp), defineEval, evalScores},
		{"field", "H and its field on a grid, true and learned", text(fieldHelp), defineField, ""},
		{"plot", "a picture of a CSV file, as SVG or PNG", plotHelp, definePlot, ""},
		{"report", "a page of HTML about the files of a run", text(reportHelp), defineReport, ""},
		{"export", "a model as C, NumPy, safetensors or a formula", text(exportHelp), defineExport, ""},
		{"import", "a model from safetensors", text(importHelp), defineImport, ""},
		{"formula", "a formula for the H of a model", text(formulaHelp), defineFormula, ""},
		{"sweep", "a command over seeds and grids of its flags", sweepHelp, defineSweep, ""},
		{"replay", "run again what a manifest describes, and compare", text(replayHelp), defineReplay, ""},
		{"verify", "checks of this program on this machine", text(verifyHelp), defineVerify, ""},
		{"bench", "speed of this program on this machine, and of a peer", text(benchHelp), defineBench, ""},
	}
}

func text(s string) func() string { return func() string { return s } }

// find returns the command of the given name.
func find(name string) (command, bool) {
	for _, c := range commands() {
		if c.name == name {
			return c, true
		}
	}
	return command{}, false
}

func main() {
	ctx := untilSignal()
	limitMemory()
	e := &env{ctx: ctx, stdout: table.Stdout{}, stderr: os.Stderr, terminal: isTerminal(os.Stderr), screen: isTerminal(os.Stdout)}
	done := make(chan int, 1)
	go func() { done <- e.main(os.Args[1:]) }()
	os.Exit(e.wait(done))
}

func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// main runs one command and returns the exit status: 0 success or help, 1 failure,
// 2 misuse, 128 and the number of the signal if interrupted.
func (e *env) main(args []string) int {
	name := ""
	if len(args) > 0 {
		name = args[0]
	}
	switch name {
	case "":
		io.WriteString(e.stderr, usage())
		return 2
	case "help", "-h", "-help", "--help":
		if len(args) > 1 && args[1] != "" && args[1][0] != '-' {
			return e.main([]string{args[1], "-h"})
		}
		return e.print(usage())
	case "version", "-version", "--version":
		return e.print("hnn " + version + "\n")
	}
	c, ok := find(name)
	if !ok {
		e.say("hnn: unknown command %.40q (see hnn help)", name)
		return 2
	}
	j := newJob(c)
	err := j.parse(args[1:])
	if errors.Is(err, flag.ErrHelp) {
		var b strings.Builder
		j.flags.Help(&b, c.help())
		return e.print(b.String())
	}
	if err == nil {
		err = j.do(e)
	}
	var wrong flags.UsageError
	switch {
	case err == nil:
		return 0
	case e.ctx.Err() != nil: // whatever it led to
		return e.interrupted(name)
	case errors.As(err, &wrong):
		e.say("hnn %s: %v (see hnn %s -h)", name, err, name)
		return 2
	}
	e.say("hnn %s: %v", name, err)
	return 1
}

// print writes to standard output and returns the exit status.
func (e *env) print(s string) int {
	if _, err := io.WriteString(e.stdout, s); err != nil {
		e.say("hnn: %v", err)
		return 1
	}
	return 0
}

func usage() string {
	var s strings.Builder
	s.WriteString(`hnn learns the physics of a system from data, as a Hamiltonian neural network.
Data are CSV, models JSON, pictures SVG, PNG and GIF, reports HTML.

usage: hnn COMMAND [flags]

`)
	for _, c := range commands() {
		fmt.Fprintf(&s, "  %-10s %s\n", c.name, c.summary)
	}
	s.WriteString(`  version    the version of this program

Begin with:

  hnn spring              writes the files of the whole experiment to ./out
  hnn COMMAND -h          says what a command does, with examples

Exit status: 0 success or help, 1 failure, 2 wrong call,
130 interrupted, 143 and 129 after the signals TERM and HUP.
`)
	return s.String()
}
