package table

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
)

// What is opened is read to the byte, and no longer than the context lasts.
func TestOpen(t *testing.T) {
	name := filepath.Join(t.TempDir(), "x")
	text := strings.Repeat("0123456789", 3*bufSize/10)
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	for _, wrap := range []func(io.Reader) io.Reader{func(r io.Reader) io.Reader { return r }, iotest.OneByteReader} {
		f, err := Open(ctx, name)
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(wrap(f))
		if err != nil || string(b) != text || f.Close() != nil {
			t.Error(len(b), err)
		}
	}
	f, err := Open(ctx, name)
	if err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 10)
	if n, err := f.Read(b); n != 10 || err != nil {
		t.Error(n, err)
	}
	cancel()
	if b, err := io.ReadAll(f); err != context.Canceled || len(b) > bufSize {
		t.Error(len(b), err)
	}
	f.Close()
	if _, err := Open(ctx, name); err != context.Canceled {
		t.Error(err)
	}
	if _, err := Open(t.Context(), name+"x"); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

// Whoever waits for bytes ends with the context.
func TestOpenIdle(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Skip("no pipes here:", err)
	}
	defer w.Close()
	ctx, cancel := context.WithCancel(t.Context())
	in := &input{ctx: ctx, file: r, buf: make([]byte, 10)}
	done := make(chan error)
	go func() {
		_, err := in.Read(make([]byte, 1))
		done <- err
	}()
	cancel()
	if err := <-done; err != context.Canceled {
		t.Error(err)
	}
}

// Of several that write a new file one succeeds, and the file is whole.
func TestWriteNew(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "x")
	const n = 20
	errs := make(chan error, n)
	for i := range n {
		go func() { errs <- WriteNew(path, []byte(strings.Repeat(string(rune('a'+i)), 1000))) }()
	}
	written := 0
	for range n {
		if err := <-errs; err == nil {
			written++
		} else if !errors.Is(err, fs.ErrExist) {
			t.Error(err)
		}
	}
	b, err := os.ReadFile(path)
	if written != 1 || err != nil || string(b) != strings.Repeat(string(b[:1]), 1000) {
		t.Error(written, len(b), err)
	}
	if files, _ := os.ReadDir(dir); len(files) != 1 {
		t.Errorf("left %v", files)
	}
	if err := WriteNew(filepath.Join(dir, "none", "x"), nil); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

// Abandon removes what is begun, and nothing else. It is for the end of a process, so that this
// test gives back the lock.
func TestAbandon(t *testing.T) {
	dir := t.TempDir()
	whole, err := Create(filepath.Join(dir, "whole"))
	if err != nil {
		t.Fatal(err)
	}
	if err := whole.Commit(); err != nil {
		t.Fatal(err)
	}
	begun, err := Create(filepath.Join(dir, "begun"))
	if err != nil {
		t.Fatal(err)
	}
	temp, remove, err := TempDir()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(temp, "x"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	Abandon()
	temporaries.Unlock()
	if files, _ := os.ReadDir(dir); len(files) != 1 || files[0].Name() != "whole" {
		t.Errorf("left %v", files)
	}
	if _, err := os.Stat(temp); err == nil {
		t.Error("the directory is there")
	}
	remove()
	if err := begun.Commit(); err == nil {
		t.Error("a file came of what was abandoned")
	}
	if len(temporaries.names) != 0 {
		t.Error(temporaries.names)
	}
}
