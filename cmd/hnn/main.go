// Command hnn learns the physics of a conservative system from data.
//
// Run hnn help for its commands.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

// version is the release of the program, kept in every manifest.
const version = "0.1.0"

// A command is one verb of the program. It returns an error of a wrong call as a
// usageError and any other failure as it is.
type command struct {
	name, summary string
	run           func(e *env, args []string) error
}

var commands = []command{
	{"spring", "the whole experiment: data, training, rollouts, scores", runSpring},
	{"sweep", "spring or train over seeds and grids of flags", runSweep},
	{"replay", "run again what a manifest describes, and compare", runReplay},
	{"simulate", "true trajectories of a named system or of any Hamiltonian", runSimulate},
	{"train", "a model from a CSV of states", runTrain},
	{"rollout", "a trajectory of a model", runRollout},
	{"eval", "scores of a model on a CSV of states", runEval},
	{"field", "H and its field on a grid, true and learned", runField},
	{"verify", "checks of this program on this machine", runVerify},
	{"bench", "speed of this program on this machine, and of a peer", runBench},
}

// env is what a command may use of the world outside.
type env struct {
	ctx            context.Context
	stdout, stderr io.Writer
	terminal       bool   // stderr is one: progress may be shown
	point          *point // of a sweep that the command is run for, or nil
}

// A usageError is a wrong call: exit status 2.
type usageError struct{ error }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	e := &env{ctx: ctx, stdout: os.Stdout, stderr: os.Stderr}
	if fi, err := os.Stderr.Stat(); err == nil {
		e.terminal = fi.Mode()&os.ModeCharDevice != 0
	}
	context.AfterFunc(ctx, stop) // a second interrupt ends the program at once
	os.Exit(e.main(os.Args[1:]))
}

// main runs one command and returns the exit status: 0 success or help, 1 failure,
// 2 misuse, 130 interrupted.
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
		if len(args) > 1 {
			return e.main([]string{args[1], "-h"})
		}
		return e.print(usage())
	case "version", "-version", "--version":
		return e.print("hnn " + version + "\n")
	}
	for _, c := range commands {
		if c.name != name {
			continue
		}
		err := c.run(e, args[1:])
		var wrong usageError
		switch {
		case err == nil, errors.Is(err, flag.ErrHelp):
			return 0
		case errors.As(err, &wrong):
			fmt.Fprintf(e.stderr, "hnn %s: %v (see hnn %s -h)\n", name, err, name)
			return 2
		case errors.Is(err, context.Canceled):
			fmt.Fprintf(e.stderr, "hnn %s: interrupted\n", name)
			return 130
		}
		fmt.Fprintf(e.stderr, "hnn %s: %v\n", name, err)
		return 1
	}
	fmt.Fprintf(e.stderr, "hnn: unknown command %q (see hnn help)\n", name)
	return 2
}

// print writes to standard output and returns the exit status.
func (e *env) print(s string) int {
	if _, err := io.WriteString(e.stdout, s); err != nil {
		fmt.Fprintf(e.stderr, "hnn: %v\n", err)
		return 1
	}
	return 0
}

func usage() string {
	var s strings.Builder
	s.WriteString(`hnn learns the physics of a conservative system from data, as a Hamiltonian
neural network. All its files are CSV and JSON.

usage: hnn COMMAND [flags]

`)
	for _, c := range commands {
		fmt.Fprintf(&s, "  %-10s %s\n", c.name, c.summary)
	}
	s.WriteString(`  version    the version of this program

Begin with:

  hnn spring              writes the files of the whole experiment to ./out
  hnn COMMAND -h          says what a command does, with examples

Exit status: 0 success or help, 1 failure, 2 wrong call, 130 interrupted.
`)
	return s.String()
}
