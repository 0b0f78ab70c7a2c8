package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strconv"
	"strings"

	"hnn/cmd/hnn/internal/flags"
)

// memory.go refuses, in one line and before the work, what would need more memory than there
// is. The limit is that of Go's runtime, which then also collects its garbage in time. What
// is compared with it are estimates from above, some tens of percent too high.

// memoryLimit returns the most bytes that the program may use.
func memoryLimit() float64 { return float64(debug.SetMemoryLimit(-1)) }

// limitMemory sets the limit that holds unless GOMEMLIMIT or -max-memory gives another: three
// quarters of what the machine has.
func limitMemory() {
	const unknown = 8 << 30
	if os.Getenv("GOMEMLIMIT") != "" {
		return
	}
	size := machineMemory()
	if size <= 0 {
		size = unknown
	}
	if strconv.IntSize == 32 {
		size = min(size, 2<<30)
	}
	debug.SetMemoryLimit(size / 4 * 3)
}

// maxMemory registers the flag -max-memory, which takes effect when set is called.
func maxMemory(f *flags.Set) (set func()) {
	size := int64(0)
	f.Var(flags.Value{
		Parse: func(s string) error {
			n, unit := s, 1.
			for i, u := range []string{"K", "M", "G", "T"} {
				if before, ok := strings.CutSuffix(s, u); ok {
					n, unit = before, float64(int64(1)<<(10*(i+1)))
				}
			}
			v, err := flags.Positive.Number(n)
			if v *= unit; err != nil || v < 32<<20 || v > 1<<50 {
				return errors.New("want a size from 32M up, such as 500M or 4G")
			}
			size = int64(v)
			return nil
		},
		Show: func() string {
			if size == 0 {
				return ""
			}
			return strconv.FormatInt(size, 10)
		},
	}, "max-memory", "`size` of memory, such as 4G; what needs more is refused (default three quarters of the machine's)")
	f.As(flags.Neutral, "max-memory")
	return func() {
		if size > 0 {
			debug.SetMemoryLimit(size)
		}
	}
}

// fits refuses work that needs so many bytes; want says which flags to change.
func (e *env) fits(bytes float64, what, want string) error {
	limit := memoryLimit() / float64(max(1, e.shares))
	if bytes <= limit {
		return nil
	}
	return fmt.Errorf("%s would need about %s of memory, and the limit is %s: want %s, or a higher -max-memory", what, size(bytes), size(limit), want)
}

// size writes a number of bytes.
func size(bytes float64) string {
	units := []string{"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"}
	i := 0
	for ; bytes >= 1024 && i+1 < len(units); i++ {
		bytes /= 1024
	}
	return fmt.Sprintf("%.3g %s", bytes, units[i])
}

// rowBytes is what a row of a trajectory of d numbers needs until it is written.
func rowBytes(d int) float64 { return 96 + float64(40*d) }

// netBytes is what it takes to train a network that has in inputs and the given hidden
// layers: weights, gradients and sums of each, the texts of checkpoints, and a batch of
// values for each worker.
func netBytes(in int, hidden []int, workers int) float64 {
	weights, units, last := 0., float64(in), float64(in)
	for _, n := range hidden {
		weights += float64(last * float64(n))
		units += float64(n)
		last = float64(n)
	}
	weights += float64(last * float64(in))
	w := float64(max(1, workers))
	return float64(weights*(350+float64(40*w))) + float64(w*(float64(units*128*8*16)+float64(float64(len(hidden))*30e3)))
}

// fileBytes is what it takes to read a file of JSON, for each byte of it.
const fileBytes = 13

// A bounded reader reads so many bytes, and then refuses.
type bounded struct {
	r    io.Reader
	left int64
	most int64
}

// boundModel bounds a model or a checkpoint by the memory that reading it takes.
func boundModel(r io.Reader) io.Reader {
	most := int64(memoryLimit() / fileBytes)
	return &bounded{r, most, most}
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, fmt.Errorf("longer than %s, which is as much as can be read", size(float64(b.most)))
	}
	n, err := b.r.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	return n, err
}

// maxManifest bounds manifests and the descriptions of sweeps.
const maxManifest = 16 << 20

// readBounded reads a whole file that should be small.
func readBounded(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(&bounded{f, maxManifest, maxManifest})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return b, nil
}
