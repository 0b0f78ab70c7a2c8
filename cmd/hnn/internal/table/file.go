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
// Until Commit the data are in a temporary file .hnn-*.tmp of the same directory, and a file already at path stays as it
// is; a process that is killed leaves at worst that temporary file. A symbolic link stays and the file it points to is
// replaced. Of a file with several hard links only the given name is replaced: the others keep the old content. A new
// file has mode 0644 less the umask, a replaced one keeps its permission bits.
//
// Standard output and whatever is not a regular file, such as a device or a named pipe, is written to directly.
type File struct {
	file *os.File
	w    *bufio.Writer
	sum  hash.Hash
	path string // where Commit puts the file; empty if it is written directly
	std  bool   // standard output, which is not ours to close
	done bool
}

// Create begins the file of the given name; "-" is standard output.
func Create(path string) (*File, error) {
	var f *os.File
	dst, direct, err := resolve(path)
	switch {
	case err != nil:
	case path == "-":
		f, dst = os.Stdout, ""
	case direct:
		// Appending matters for /dev/stdout if the shell has opened a regular file for it.
		f, err = os.OpenFile(dst, os.O_WRONLY|os.O_APPEND, 0)
		dst = ""
	default:
		f, err = temporary(filepath.Dir(dst), dst)
	}
	if err != nil {
		return nil, err
	}
	sum := sha256.New()
	return &File{file: f, sum: sum, w: bufio.NewWriterSize(io.MultiWriter(f, sum), 64<<10), path: dst, std: path == "-"}, nil
}

// resolve finds the file that an output to path replaces, or tells that it is written directly.
func resolve(path string) (dst string, direct bool, err error) {
	for _, p := range []string{"/dev/stdout", "/dev/stderr", "/dev/fd/", "/proc/self/fd/"} {
		if path == "-" || path == p || strings.HasSuffix(p, "/") && strings.HasPrefix(path, p) {
			return path, true, nil
		}
	}
	if path == "" {
		return "", false, errors.New("empty file name")
	}
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return path, false, nil
	}
	if err == nil && info.Mode()&fs.ModeSymlink != 0 {
		link := path
		if path, err = filepath.EvalSymlinks(link); err != nil {
			return "", false, fmt.Errorf("%s: symbolic link: %w", link, err)
		}
		info, err = os.Stat(path)
	}
	switch {
	case err != nil:
		return "", false, err
	case info.IsDir():
		return "", false, fmt.Errorf("%s is a directory", path)
	case !info.Mode().IsRegular():
		return path, true, nil
	case info.Mode()&0o200 == 0: // also for root, whom the system would let pass
		return "", false, fmt.Errorf("%s is read-only", path)
	}
	f, err := os.OpenFile(path, os.O_WRONLY, 0) // not ours, perhaps
	if err != nil {
		return "", false, err
	}
	return path, false, f.Close()
}

// temporary creates a file of a new name in dir, with the permission bits that the file at path has or shall have.
func temporary(dir, path string) (*os.File, error) {
	for range 100 {
		name := filepath.Join(dir, fmt.Sprintf(".hnn-%016x.tmp", rand.Uint64()))
		f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		var p *fs.PathError
		if errors.As(err, &p) {
			return nil, &fs.PathError{Op: "create", Path: path, Err: p.Err} // the name that the user knows
		}
		if err != nil {
			return nil, err
		}
		if old, e := os.Stat(path); e == nil && old.Mode().IsRegular() {
			if err = f.Chmod(old.Mode().Perm()); err != nil {
				f.Close()
				os.Remove(name)
				return nil, err
			}
		}
		return f, nil
	}
	return nil, &fs.PathError{Op: "create", Path: path, Err: fs.ErrExist}
}

// Write writes to the temporary file through a buffer.
func (f *File) Write(b []byte) (int, error) { return f.w.Write(b) }

// Sum is the SHA-256, in hexadecimal, of what was written. It is complete after Commit.
func (f *File) Sum() string { return hex.EncodeToString(f.sum.Sum(nil)) }

// Commit makes everything durable and puts the file in its place. After an error the old file is still there and the
// temporary one is gone.
func (f *File) Commit() error {
	if f.done {
		return fs.ErrClosed
	}
	defer f.Abort()
	if err := f.w.Flush(); err != nil || f.std {
		return err
	}
	if f.path == "" {
		f.done = true
		return f.file.Close()
	}
	if err := f.file.Sync(); err != nil {
		return err
	}
	if err := f.file.Close(); err != nil {
		return err
	}
	if err := os.Rename(f.file.Name(), f.path); err != nil {
		return err
	}
	f.done = true
	return syncDir(filepath.Dir(f.path))
}

// Abort gives the file up: the temporary file is removed and the old file stays. After Commit it does nothing.
func (f *File) Abort() {
	if f.done {
		return
	}
	f.done = true
	if f.std {
		return
	}
	f.file.Close()
	if f.path != "" {
		os.Remove(f.file.Name())
	}
}

// syncDir makes a renaming durable. Not every system can do that, and not everybody may read a directory.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" || runtime.GOOS == "plan9" || runtime.GOARCH == "wasm" {
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		if errors.Is(err, fs.ErrPermission) {
			return nil
		}
		return err
	}
	defer d.Close()
	if err := d.Sync(); err != nil && !errors.Is(err, errors.ErrUnsupported) {
		return err
	}
	return nil
}

// Writable tells, before an hour's work, whether Create and Commit will be able to write path. It leaves no trace.
func Writable(path string) error {
	dst, direct, err := resolve(path)
	if err != nil || direct {
		return err
	}
	f, err := temporary(filepath.Dir(dst), dst)
	if err != nil {
		return err
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

// WritableDir is Writable for files in the directory dir, which it makes if only its last element is missing.
func WritableDir(dir string) error {
	if err := os.Mkdir(dir, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return fmt.Errorf("%s is not a directory", dir)
	}
	f, err := temporary(dir, dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

// SameFile tells whether two names mean the same regular file, so that an output would replace an input. Two files that
// do not exist are the same if they have one name in one directory.
func SameFile(a, b string) bool {
	if a == "-" || b == "-" {
		return false
	}
	ia, ea := os.Stat(a)
	ib, eb := os.Stat(b)
	if ea == nil && eb == nil {
		return os.SameFile(ia, ib) && (ia.Mode().IsRegular() || ia.IsDir())
	}
	if ea == nil || eb == nil || filepath.Base(a) != filepath.Base(b) {
		return false
	}
	ia, ea = os.Stat(filepath.Dir(a))
	ib, eb = os.Stat(filepath.Dir(b))
	return ea == nil && eb == nil && os.SameFile(ia, ib)
}
