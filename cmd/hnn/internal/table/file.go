package table

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// File is an output file that appears whole or not at all.
//
//	f, err := table.Create(path)
//	if err != nil { … }
//	defer f.Abort()
//	… write to f …
//	return f.Commit()
//
// Until Commit the data are in a temporary file .hnn-*.tmp of the same directory and a file already at path stays as it
// is; a process that is killed leaves at worst that temporary file. A new file has mode 0644 less the umask, a replaced
// one keeps its permission bits and, where the system allows it, its owner. A file that cannot be replaced by a new one,
// such as one that is mounted by itself, is overwritten in its place: see Note. A symbolic link is kept and the file it points to replaced. A hard link is replaced by
// a new file, and the other names of the old one keep the old content.
//
// Standard output, devices and named pipes are written to directly.
type File struct {
	file *os.File
	w    *bufio.Writer
	sum  hash.Hash
	path string // where Commit puts the file, or empty if it is written to directly
	keep bool   // the temporary file has what no other file has
	note string
}

// Note says, after Commit, what was unusual about it, in one line, or nothing.
func (f *File) Note() string { return f.note }

// rename is os.Rename; tests let it fail.
var rename = os.Rename

// Create begins the file of the given name; "-" is standard output.
func Create(path string) (*File, error) {
	path, direct, err := resolve(path)
	if err == nil && path == "-" {
		err = stdoutClosed()
	}
	if err != nil {
		return nil, err
	}
	f := &File{file: os.Stdout, sum: sha256.New()}
	switch {
	case !direct:
		f.path = path
		f.file, err = temporary(filepath.Dir(path), path)
	case path != "-":
		// /dev/stdout may be a regular file that the shell has opened. It may already have some content.
		f.file, err = os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	}
	if err != nil {
		return nil, err
	}
	f.w = bufio.NewWriterSize(io.MultiWriter(f.file, f.sum), bufSize)
	return f, nil
}

// Direct tells whether path is written to directly, and so is no file that appears whole.
func Direct(path string) bool {
	_, direct, err := resolve(path)
	return direct && err == nil
}

// resolve finds the file that an output to path has to replace, or tells that path is written to directly.
func resolve(path string) (target string, direct bool, err error) {
	switch {
	case path == "-", path == "/dev/stdout", path == "/dev/stderr",
		strings.HasPrefix(path, "/dev/fd/"), strings.HasPrefix(path, "/proc/self/fd/"):
		return path, true, nil
	case path == "":
		return "", false, errors.New("empty file name")
	}
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return path, false, nil
	}
	if err == nil && info.Mode()&fs.ModeSymlink != 0 {
		if path, err = filepath.EvalSymlinks(path); err == nil {
			info, err = os.Stat(path)
		}
	}
	switch {
	case err != nil:
		return "", false, err
	case info.IsDir():
		return "", false, fmt.Errorf("%s is a directory", path)
	case !info.Mode().IsRegular():
		return path, true, nil
	case info.Mode()&0o200 == 0: // root could write it, but must not
		return "", false, fmt.Errorf("%s is read-only", path)
	}
	// A file that this user must not write is not replaced either, even if the directory allows it.
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return "", false, err
	}
	return path, false, f.Close()
}

// temporary creates a file of a new name in dir that will become path. It takes over the permission bits of path.
func temporary(dir, path string) (*os.File, error) {
	name := filepath.Join(dir, fmt.Sprintf(".hnn-%016x.tmp", rand.Uint64()))
	f, err := keep(func() (string, *os.File, error) {
		f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
		return name, f, err
	})
	if err == nil {
		if old, e := os.Stat(path); e == nil && old.Mode().IsRegular() {
			chown(f, old) // before the mode, which it may change
			if err = f.Chmod(old.Mode().Perm()); err != nil {
				f.Close()
				remove(name)
			}
		}
	}
	return f, named(err, path)
}

// named turns an error about a temporary file into one about path, the name that the user knows.
func named(err error, path string) error {
	var p *fs.PathError
	if path != "" && errors.As(err, &p) {
		p.Path = path
	}
	return err
}

// Write writes through a buffer.
func (f *File) Write(b []byte) (int, error) {
	n, err := f.w.Write(b)
	return n, named(err, f.path)
}

// Sum is the SHA-256, in hexadecimal, of what was written. It is complete after Commit.
func (f *File) Sum() string { return hex.EncodeToString(f.sum.Sum(nil)) }

// Commit writes what is in the buffer, makes it durable and puts the file in its place. After an error the temporary
// file is gone and the old one still whole, with two exceptions. Where the old file could neither be replaced nor
// overwritten the error names the temporary file, which is kept. And the last step alone, which makes the new name
// durable, may have failed.
func (f *File) Commit() error {
	defer f.Abort() // after success it does nothing
	err := f.w.Flush()
	if err == nil && f.path != "" {
		err = f.file.Sync()
	}
	if err != nil || f.file == os.Stdout {
		return named(err, f.path)
	}
	if err = f.file.Close(); err != nil || f.path == "" {
		return err
	}
	if err = rename(f.file.Name(), f.path); err != nil {
		return f.overwrite(err)
	}
	return syncDir(filepath.Dir(f.path))
}

// Abort removes the temporary file, and the old file stays. After Commit it does nothing.
func (f *File) Abort() {
	if f.file == os.Stdout {
		return
	}
	f.file.Close()
	if f.path != "" && !f.keep {
		remove(f.file.Name())
	}
}

// overwrite puts the content into the file that is there, which the system does not let the temporary file replace: it
// is mounted by itself, or another user's in a directory such as /tmp.
func (f *File) overwrite(cause error) error {
	var link *os.LinkError
	if errors.As(cause, &link) {
		cause = link.Err
	}
	f.keep = true
	leave(f.file.Name())
	err := copyInto(f.path, f.file.Name())
	if err != nil {
		return fmt.Errorf("%s cannot be replaced (%w) nor overwritten (%w): the new content is in %s", f.path, cause, err, f.file.Name())
	}
	f.keep = false
	os.Remove(f.file.Name())
	f.note = fmt.Sprintf("%s could not be replaced (%v) and was overwritten", f.path, cause)
	return nil
}

// copyInto gives an old file, which keeps its name, owner and mode, the content of another.
func copyInto(path, from string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(path, os.O_WRONLY|os.O_TRUNC, 0)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Sync(), out.Close())
}

// syncDir makes a renaming durable where the system can do that and the user may read the directory.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" || runtime.GOOS == "plan9" || runtime.GOARCH == "wasm" {
		return nil
	}
	d, err := os.Open(dir)
	if err == nil {
		err = errors.Join(d.Sync(), d.Close())
	}
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, errors.ErrUnsupported) {
		return nil
	}
	return err
}

// Writable is called before the work. It reports an error if Create and Commit could not write path. It changes nothing.
func Writable(path string) error {
	path, direct, err := resolve(path)
	if err == nil && path == "-" {
		err = stdoutClosed()
	}
	if err != nil || direct {
		return err
	}
	return probe(filepath.Dir(path), path)
}

// WritableDir is Writable for all files in dir. It makes dir if only the last element of the path is missing.
func WritableDir(dir string) error {
	if err := os.Mkdir(dir, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return probe(dir, dir)
}

// probe tries to create a file in dir; an error names path.
func probe(dir, path string) error {
	f, err := temporary(dir, path)
	if err != nil {
		return err
	}
	defer remove(f.Name())
	return f.Close()
}

// SameFile reports whether two names mean one regular file or directory, so that an output would replace an input. Two files
// that do not exist yet are the same if they have the same name in the same directory.
func SameFile(a, b string) bool {
	if a == "-" || b == "-" {
		return false
	}
	ia, ea := os.Stat(a)
	ib, eb := os.Stat(b)
	if ea != nil && eb != nil && filepath.Base(a) == filepath.Base(b) {
		ia, ea = os.Stat(filepath.Dir(a))
		ib, eb = os.Stat(filepath.Dir(b))
	}
	return ea == nil && eb == nil && os.SameFile(ia, ib) && (ia.Mode().IsRegular() || ia.IsDir())
}
