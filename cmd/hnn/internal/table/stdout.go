package table

import "os"

// Stdout is standard output as an io.Writer: if the program was started without one, a write is
// an error, and what is written does not silently vanish.
type Stdout struct{}

// Write implements io.Writer.
func (Stdout) Write(b []byte) (int, error) {
	if err := stdoutClosed(); err != nil {
		return 0, err
	}
	return os.Stdout.Write(b)
}
