package table

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// save writes data to path in the way of a command.
func save(path, data string) error {
	f, err := Create(path)
	if err != nil {
		return err
	}
	defer f.Abort()
	if _, err := f.Write([]byte(data)); err != nil {
		return err
	}
	return f.Commit()
}

// holds checks the content of path and the number of entries of dir: no temporary file may be left.
func holds(t *testing.T, path, want, dir string, entries int) {
	t.Helper()
	got, err := os.ReadFile(path)
	if err != nil || string(got) != want {
		t.Errorf("%s holds %.40q %v, want %.40q", path, got, err, want)
	}
	if names, err := os.ReadDir(dir); err != nil || len(names) != entries {
		t.Errorf("%v in the directory, want %d entries: %v", names, entries, err)
	}
}

func put(t *testing.T, path, data string, mode fs.FileMode) {
	t.Helper()
	if err := os.WriteFile(path, []byte(data), mode); err != nil {
		t.Fatal(err)
	}
}

func TestCommit(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "x.csv")
	put(t, path, "old", 0o644)
	f, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	data := strings.Repeat("new", 100_000) // more than the buffer
	for i := range data {
		f.Write([]byte{data[i]})
	}
	holds(t, path, "old", dir, 2)
	if err := f.Commit(); err != nil {
		t.Fatal(err)
	}
	f.Abort()
	holds(t, path, data, dir, 1)
	if want := fmt.Sprintf("%x", sha256.Sum256([]byte(data))); f.Sum() != want {
		t.Errorf("sum %s, want %s", f.Sum(), want)
	}
	if err := f.Commit(); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("second Commit: %v", err)
	}
}

func TestAbort(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "x.csv")
	put(t, path, "old", 0o644)
	f, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	f.Write(make([]byte, 1<<20))
	f.Abort()
	f.Abort()
	holds(t, path, "old", dir, 1)
	if err := f.Commit(); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("Commit after Abort: %v", err)
	}
	holds(t, path, "old", dir, 1)
}

// A failure at the end leaves the old file and nothing else.
func TestCommitFails(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "x.csv")
	put(t, path, "old", 0o644)
	f, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	f.Write([]byte("new"))
	f.file.Close() // writing fails from now on
	if err := f.Commit(); err == nil || !strings.Contains(err.Error(), path) || strings.Contains(err.Error(), ".hnn-") {
		t.Errorf("Commit without a file: %v", err)
	}
	holds(t, path, "old", dir, 1)

	if f, err = Create(path); err != nil {
		t.Fatal(err)
	}
	f.file.Close()
	if _, err := f.Write(make([]byte, 1<<20)); err == nil || strings.Contains(err.Error(), ".hnn-") {
		t.Errorf("Write without a file: %v", err)
	}
	f.Abort()
	holds(t, path, "old", dir, 1)

	// Here the renaming fails, because a directory has that name by now.
	if f, err = Create(path); err != nil {
		t.Fatal(err)
	}
	f.Write([]byte("new"))
	os.Remove(path)
	if err := os.Mkdir(path, 0o755); err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(path, "a"), "inside", 0o644)
	if err := f.Commit(); err == nil || !strings.Contains(err.Error(), "the new content is in "+f.file.Name()) {
		t.Error("Commit replaced a directory, or does not say where the content is", err)
	}
	holds(t, filepath.Join(path, "a"), "inside", dir, 2)
	holds(t, f.file.Name(), "new", dir, 2)
}

// Where the system does not let the old file be replaced, it is overwritten; where that
// fails too, the new content stays in a file that the error names.
func TestOverwrite(t *testing.T) {
	defer func() { rename = os.Rename }()
	rename = func(old, new string) error {
		return &os.LinkError{Op: "rename", Old: old, New: new, Err: syscall.EBUSY}
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "x.csv")
	put(t, path, "something longer than the new content", 0o600)
	before, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	write := func() (*File, error) {
		f, err := Create(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Abort()
		f.Write([]byte("new"))
		return f, f.Commit()
	}
	f, err := write()
	if err != nil || !strings.Contains(f.Note(), "x.csv could not be replaced (") || strings.Contains(f.Note(), "\n") {
		t.Error(err, f.Note())
	}
	holds(t, path, "new", dir, 1)
	if after, err := os.Stat(path); err != nil || !os.SameFile(before, after) || after.Mode() != before.Mode() {
		t.Error("it is another file", err)
	}
	os.Remove(path)
	if f, err = write(); err == nil || !strings.Contains(err.Error(), "the new content is in "+f.file.Name()) || !errors.Is(err, syscall.EBUSY) {
		t.Error(err)
	}
	holds(t, f.file.Name(), "new", dir, 1)
}

func TestDevFull(t *testing.T) {
	// This is checked before anything is written. Otherwise root could replace the devices of the system.
	for _, path := range []string{"/dev/full", "/dev/null"} {
		if _, err := os.Stat(path); err != nil {
			t.Skip(err)
		}
		if _, direct, err := resolve(path); !direct || err != nil {
			t.Fatalf("%s would be replaced: %v", path, err)
		}
		f, err := Create(path)
		if err != nil {
			t.Fatal(err)
		}
		f.Abort()
		if f.path != "" || f.file.Name() != path {
			t.Fatalf("%s would be replaced", path)
		}
	}
	if err := Writable("/dev/full"); err != nil {
		t.Error(err)
	}
	for _, n := range []int{1, 1 << 20} {
		if err := save("/dev/full", strings.Repeat("x", n)); err == nil || !strings.Contains(strings.ToLower(err.Error()), "no space left on device") {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
	if err := save("/dev/null", "x"); err != nil {
		t.Error(err)
	}
}

// Standard output gets the bytes and stays open.
func TestStdout(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "out")
	stdout := os.Stdout
	defer func() { os.Stdout = stdout }()
	var err error
	if os.Stdout, err = os.Create(path); err != nil {
		t.Fatal(err)
	}
	defer os.Stdout.Close()
	if err := Writable("-"); err != nil {
		t.Error(err)
	}
	for range 2 {
		if err := save("-", "a\n"); err != nil {
			t.Error(err)
		}
	}
	f, err := Create("-")
	if err != nil {
		t.Fatal(err)
	}
	f.Write([]byte("lost"))
	f.Abort()
	fmt.Println("b")
	holds(t, path, "a\na\nb\n", dir, 1)
}

// A redirection to a file with some content must not lose this content. The descriptor is like that of the shell.
func TestDevFd(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("for /dev/fd as Linux has it")
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "log")
	put(t, path, "old\n", 0o644)
	log, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	name := fmt.Sprintf("/dev/fd/%d", log.Fd())
	if err := save(name, "new\n"); err != nil {
		t.Fatal(err)
	}
	holds(t, path, "old\nnew\n", dir, 1)
	if err := Writable(name); err != nil {
		t.Error(err)
	}
}

// A new file has the mode 0644 less the umask. A replaced file keeps its mode.
func TestMode(t *testing.T) {
	dir := t.TempDir()
	perm := func(name string) fs.FileMode {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return info.Mode().Perm()
	}
	put(t, filepath.Join(dir, "like"), "", 0o644)
	if err := save(filepath.Join(dir, "new"), ""); err != nil {
		t.Fatal(err)
	}
	if perm("new") != perm("like") {
		t.Errorf("new file %v, want %v", perm("new"), perm("like"))
	}
	put(t, filepath.Join(dir, "private"), "", 0o600)
	want := perm("private")
	if err := save(filepath.Join(dir, "private"), "x"); err != nil {
		t.Fatal(err)
	}
	if perm("private") != want {
		t.Errorf("replaced file %v, want %v", perm("private"), want)
	}
}

func TestSymlink(t *testing.T) {
	dir, other := t.TempDir(), t.TempDir()
	link, target := filepath.Join(dir, "link"), filepath.Join(other, "target")
	if err := os.Symlink(target, link); err != nil {
		t.Skip(err)
	}
	if err := Writable(link); err == nil {
		t.Error("a link to nothing")
	}
	if err := save(link, "new"); err == nil {
		t.Error("a link to nothing")
	}
	put(t, target, "old", 0o644)
	if err := Writable(link); err != nil {
		t.Error(err)
	}
	if err := save(link, "new"); err != nil {
		t.Fatal(err)
	}
	holds(t, target, "new", other, 1)
	if got, err := os.Readlink(link); err != nil || got != target {
		t.Errorf("the link is now %q %v", got, err)
	}
	if !SameFile(link, target) {
		t.Error("a link is not its target")
	}
}

func TestHardLink(t *testing.T) {
	dir := t.TempDir()
	a, b := filepath.Join(dir, "a"), filepath.Join(dir, "b")
	put(t, a, "old", 0o644)
	if err := os.Link(a, b); err != nil {
		t.Skip(err)
	}
	if !SameFile(a, b) {
		t.Error("two names of one file")
	}
	if err := save(a, "new"); err != nil {
		t.Fatal(err)
	}
	holds(t, a, "new", dir, 2)
	holds(t, b, "old", dir, 2)
}

// Writable finds everything that would make Create fail, and leaves no file.
func TestWritable(t *testing.T) {
	dir := t.TempDir()
	file, locked := filepath.Join(dir, "file"), filepath.Join(dir, "locked")
	put(t, file, "old", 0o644)
	put(t, locked, "old", 0o444)
	for _, path := range []string{
		"",
		dir,
		locked,
		filepath.Join(dir, "missing", "x.csv"),
		filepath.Join(file, "x.csv"),
		filepath.Join(dir, strings.Repeat("n", 300)),
		filepath.Join(dir, "nul\x00"),
		filepath.Join(dir, "new") + string(filepath.Separator),
	} {
		err := Writable(path)
		if err == nil || strings.Contains(err.Error(), ".hnn-") || !strings.Contains(err.Error(), path) && path != "" {
			t.Errorf("Writable(%.80q): %v", path, err)
		}
		if err := save(path, "new"); err == nil {
			t.Errorf("Create(%.80q) succeeded", path)
		}
	}
	for _, path := range []string{file, filepath.Join(dir, "new"), filepath.Join(dir, strings.Repeat("n", 250))} {
		if err := Writable(path); err != nil {
			t.Errorf("Writable(%.80q): %v", path, err)
		}
	}
	holds(t, file, "old", dir, 2)
	holds(t, locked, "old", dir, 2)
	if err := os.Chmod(locked, 0o644); err != nil { // without this Windows cannot remove it
		t.Fatal(err)
	}
}

func TestWritableDir(t *testing.T) {
	dir := t.TempDir()
	file, sub := filepath.Join(dir, "file"), filepath.Join(dir, "sub")
	put(t, file, "", 0o644)
	for _, path := range []string{"", file, filepath.Join(file, "x"), filepath.Join(dir, "missing", "x")} {
		if err := WritableDir(path); err == nil {
			t.Errorf("WritableDir(%q) succeeded", path)
		}
	}
	for range 2 {
		if err := WritableDir(sub); err != nil {
			t.Error(err)
		}
	}
	if names, err := os.ReadDir(sub); err != nil || len(names) != 0 {
		t.Error(names, err)
	}
	if os.Geteuid() <= 0 {
		t.Skip("root may write everywhere")
	}
	if err := os.Chmod(sub, 0o555); err != nil {
		t.Fatal(err)
	}
	if WritableDir(sub) == nil || Writable(filepath.Join(sub, "x")) == nil {
		t.Error("a directory without permission to write")
	}
}

func TestSameFile(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	a := filepath.Join(dir, "a")
	put(t, a, "", 0o644)
	put(t, filepath.Join(dir, "b"), "", 0o644)
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{a, "a", true},
		{"a", "./a", true},
		{a, "b", false},
		{a, "new", false},
		{"new", "a", false},
		{"new", filepath.Join(dir, "new"), true},
		{"new", "newer", false},
		{"missing/new", "new", false},
		{"-", "-", false},
		{"-", "a", false},
		{"a", "-", false},
		{".", dir, true},
		{os.DevNull, os.DevNull, false},
	} {
		if got := SameFile(c.a, c.b); got != c.want {
			t.Errorf("SameFile(%q, %q) = %v", c.a, c.b, got)
		}
	}
}

// If there are several writers of one file, the file of one of them stays, and it is whole.
func TestTwoWriters(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "x.csv")
	put(t, path, strings.Repeat("x", 100_000), 0o644)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for range 10 {
				if err := save(path, strings.Repeat(string(rune('a'+i)), 100_000)); err != nil && runtime.GOOS != "windows" {
					t.Error(err)
				}
				b, err := os.ReadFile(path)
				if err == nil && (len(b) != 100_000 || bytes.Count(b, b[:1]) != len(b)) {
					t.Errorf("a mixture of %d bytes", len(b))
				}
			}
		}()
	}
	wg.Wait()
	if names, err := os.ReadDir(dir); err != nil || len(names) != 1 {
		t.Error(names, err)
	}
}
