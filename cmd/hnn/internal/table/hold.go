//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package table

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// Hold keeps other processes that call it from the directory, until release or the end of the process, however that comes. A
// file system without locks does not hold anybody off.
func Hold(dir string) (release func(), err error) {
	f, err := os.Open(dir)
	if err != nil {
		return func() {}, nil // it can be written but not read
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); errors.Is(err, syscall.EWOULDBLOCK) {
		f.Close()
		return nil, fmt.Errorf("%s: another run is writing its files there", dir)
	}
	return func() { f.Close() }, nil
}
