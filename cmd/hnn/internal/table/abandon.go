package table

import (
	"os"
	"sync"
)

// temporaries are the files and directories that are removed unless something becomes of them.
var temporaries struct {
	sync.Mutex
	names map[string]bool
}

// keep notes the name of a temporary file or directory that make creates. No name is noted while Abandon removes them, nor
// after.
func keep[T any](make func() (name string, made T, err error)) (T, error) {
	temporaries.Lock()
	defer temporaries.Unlock()
	name, made, err := make()
	if err == nil {
		if temporaries.names == nil {
			temporaries.names = map[string]bool{}
		}
		temporaries.names[name] = true
	}
	return made, err
}

// remove removes a temporary file or directory. It is no error if it is not there any more.
func remove(name string) {
	temporaries.Lock()
	defer temporaries.Unlock()
	if temporaries.names[name] {
		delete(temporaries.names, name)
		os.RemoveAll(name)
	}
}

// leave lets a temporary file be: it holds what no other file has.
func leave(name string) {
	temporaries.Lock()
	defer temporaries.Unlock()
	delete(temporaries.names, name)
}

// Abandon removes the temporary files and directories of all that is being written. It is the last call before the
// process ends: whoever creates a file afterwards waits for ever.
func Abandon() {
	temporaries.Lock()
	for name := range temporaries.names {
		os.RemoveAll(name)
	}
}

// TempDir makes a directory for temporary files, which remove removes.
func TempDir() (dir string, removeIt func(), err error) {
	dir, err = keep(func() (string, string, error) {
		dir, err := os.MkdirTemp("", "hnn-")
		return dir, dir, err
	})
	return dir, func() { remove(dir) }, err
}
