package main

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"hnn/cmd/hnn/internal/table"
)

// grace is how long a command may take to end after an interrupt. Then the program ends
// wherever it is. Files are replaced as a whole or not at all, so nothing that was saved is
// lost. A training that has something to save may take several times as long: its step in
// work and its checkpoint may be large.
const (
	grace = time.Second
	most  = 10 // times the grace
)

// statuses are the exit statuses after a signal: 128 and its number.
var statuses = map[os.Signal]int{os.Interrupt: 130, syscall.SIGTERM: 143, hangup: 129}

// untilSignal returns a context that ends with the first signal of statuses. A second one
// ends the program at once. A hangup that nohup has the program ignore stays ignored.
func untilSignal() context.Context {
	ctx, cancel := context.WithCancelCause(context.Background())
	c := make(chan os.Signal, 1)
	signal.Notify(c, os.Interrupt, syscall.SIGTERM)
	if hangup != nil && !signal.Ignored(hangup) {
		signal.Notify(c, hangup)
	}
	go func() {
		s := <-c
		signal.Stop(c)
		cancel(stopped{s})
	}()
	return ctx
}

// stopped is the cause of a context that a signal has ended.
type stopped struct{ signal os.Signal }

func (s stopped) Error() string { return s.signal.String() }

// wait returns the exit status that done receives, or ends the command some time after an
// interrupt.
func (e *env) wait(done <-chan int) int {
	select {
	case status := <-done:
		return status
	case <-e.ctx.Done():
	}
	for range most {
		select {
		case status := <-done:
			return status
		case <-time.After(grace):
		}
		if !e.unsaved.Load() {
			break
		}
	}
	table.Abandon()
	name := strings.Join(os.Args[1:min(2, len(os.Args))], "")
	if e.unsaved.Load() {
		e.say("hnn %s: what was done since the last saving is lost", name)
	}
	return e.interrupted(name)
}

// interrupted says once that the command was interrupted and returns the exit status. The
// command may end at the very moment at which wait gives it up.
func (e *env) interrupted(name string) int {
	e.gone.Do(func() { e.say("hnn %s: interrupted", name) })
	var s stopped
	if errors.As(context.Cause(e.ctx), &s) {
		return statuses[s.signal]
	}
	return statuses[os.Interrupt]
}
