package table

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// WriteNew writes a file that is not there yet. If it is, also since a moment ago, the error is fs.ErrExist and the file stays
// as it is: of several processes one succeeds. The file appears whole, but for file systems without hard links.
func WriteNew(path string, content []byte) error {
	f, err := temporary(filepath.Dir(path), path)
	if err != nil {
		return err
	}
	defer remove(f.Name())
	_, err = f.Write(content)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return named(err, path)
	}
	if err = os.Link(f.Name(), path); err == nil {
		return syncDir(filepath.Dir(path))
	}
	if errors.Is(err, fs.ErrExist) {
		return err
	}
	if f, err = os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644); err != nil {
		return err
	}
	_, err = f.Write(content)
	return errors.Join(err, f.Close())
}
