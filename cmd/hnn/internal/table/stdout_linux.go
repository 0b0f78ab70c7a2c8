package table

import (
	"errors"
	"os"
	"syscall"
)

// stdoutClosed reports that the program was started without a standard output. The Go
// runtime opens /dev/null in its place, for reading and writing, before any of our code runs.
// Redirecting to /dev/null opens it for writing alone.
func stdoutClosed() error {
	out, err := os.Stdout.Stat()
	null, err2 := os.Stat(os.DevNull)
	if err != nil || err2 != nil || !os.SameFile(out, null) {
		return nil
	}
	mode, _, errno := syscall.Syscall(syscall.SYS_FCNTL, os.Stdout.Fd(), syscall.F_GETFL, 0)
	if errno == 0 && mode&syscall.O_ACCMODE == syscall.O_RDWR {
		return errors.New("standard output is closed, or /dev/null opened for reading too: want -o FILE, or > /dev/null to write nowhere")
	}
	return nil
}
