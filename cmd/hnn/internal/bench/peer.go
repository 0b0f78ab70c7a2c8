package bench

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// A Peer is a program that is asked for the time of rows. It reads names of rows, one on each
// line. It answers each with a line: the seconds of one operation and perhaps a remark, or -
// if it has no such row.
type Peer struct {
	Command []string  // the program and its arguments; none for no peer
	Stderr  io.Writer // its standard error
}

const (
	// endDelay is how long a peer may take to end after its input has ended.
	endDelay = 5 * time.Second
	// pipeDelay is how long its children may keep its output open after it has ended.
	pipeDelay = time.Second
)

// A peer is a running Peer.
type peer struct {
	cmd  *exec.Cmd
	name string
	in   io.WriteCloser
	out  io.Reader
	line *bufio.Scanner // of out
	done chan struct{}  // closed when the program has ended
	err  error          // how, once done is closed
}

// start runs the program until close, or until ctx is cancelled, which kills it.
func (c Peer) start(ctx context.Context) (*peer, error) {
	p := &peer{
		cmd:  exec.CommandContext(ctx, c.Command[0], c.Command[1:]...),
		name: strings.Join(c.Command, " "),
		done: make(chan struct{}),
	}
	r, w := io.Pipe()
	p.out, p.line = r, bufio.NewScanner(r)
	p.cmd.Stdout, p.cmd.Stderr = w, c.Stderr
	p.cmd.WaitDelay = pipeDelay
	var err error
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		return nil, fmt.Errorf("bench: peer %s: %w", p.name, err)
	}
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("bench: peer %s: %w", p.name, err)
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.done)
		w.Close() // ends a waiting ask
	}()
	return p, nil
}

// ask returns the seconds that an operation of the row takes the peer, and its remark.
// It notes in the row whether the peer has it.
func (p *peer) ask(ctx context.Context, r *Row) (seconds float64, remark string, err error) {
	// A program that has ended gives no answer. The reason is found below.
	fmt.Fprintln(p.in, r.Name)
	if !p.line.Scan() {
		if err := ctx.Err(); err != nil {
			return 0, "", err
		}
		err := p.line.Err()
		if err == nil {
			<-p.done
			if err = p.err; err == nil {
				err = io.ErrUnexpectedEOF
			}
		}
		return 0, "", fmt.Errorf("bench: peer %s: no answer to %q: %w", p.name, r.Name, err)
	}
	word, remark, _ := strings.Cut(strings.TrimSpace(p.line.Text()), " ")
	if r.peered = word != "-"; !r.peered {
		return 0, "", nil
	}
	seconds, err = strconv.ParseFloat(word, 64)
	if err != nil || !(seconds > 0 && seconds <= math.MaxFloat64) {
		return 0, "", fmt.Errorf("bench: peer %s: %q is no answer to %q: want seconds, or -", p.name, p.line.Text(), r.Name)
	}
	return seconds, remark, nil
}

// close ends the peer's input and waits for the peer to end.
func (p *peer) close() {
	p.in.Close()
	kill := time.AfterFunc(endDelay, func() { p.cmd.Process.Kill() })
	defer kill.Stop()
	// Its remaining output is not needed, but it must be read so that the peer can end.
	io.Copy(io.Discard, p.out)
	<-p.done
}
