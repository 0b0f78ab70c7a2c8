package table

import (
	"context"
	"io"
	"os"
)

// An input is a file that is read until its context ends.
type input struct {
	ctx  context.Context
	file *os.File
	buf  []byte
	rest []byte // of buf, not yet given out
}

// Open opens a file for reading; "-" is standard input. Neither to open it nor to read it takes longer than ctx lasts: a
// named pipe may have no writer, and a terminal nobody before it. The error is then that of ctx.
func Open(ctx context.Context, name string) (io.ReadCloser, error) {
	f := os.Stdin
	if name != "-" {
		var err error
		if f, err = within(ctx, func() (*os.File, error) { return os.Open(name) }); err != nil {
			return nil, err
		}
	}
	return &input{ctx: ctx, file: f, buf: make([]byte, bufSize)}, nil
}

// Read reads into a buffer of its own, which a read that nobody waits for any more may still change.
func (in *input) Read(b []byte) (int, error) {
	if len(in.rest) == 0 {
		n, err := within(in.ctx, func() (int, error) { return in.file.Read(in.buf) })
		if err != nil {
			return 0, err
		}
		in.rest = in.buf[:n]
	}
	n := copy(b, in.rest)
	in.rest = in.rest[n:]
	return n, nil
}

// Close closes the file; standard input stays open.
func (in *input) Close() error {
	if in.file == os.Stdin {
		return nil
	}
	return in.file.Close()
}

// within calls f and waits for it as long as ctx lasts.
func within[T any](ctx context.Context, f func() (T, error)) (v T, err error) {
	if err := ctx.Err(); err != nil {
		return v, err
	}
	type result struct {
		v   T
		err error
	}
	done := make(chan result, 1)
	go func() {
		v, err := f()
		done <- result{v, err}
	}()
	select {
	case r := <-done:
		return r.v, r.err
	case <-ctx.Done():
		return v, ctx.Err()
	}
}
