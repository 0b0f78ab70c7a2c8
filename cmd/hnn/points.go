package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"hnn/cmd/hnn/internal/table"
	"hnn/integrate"
	"hnn/nn"
)

// points.go runs the points of a sweep and keeps their rows.

// open makes the directory, or checks that it belongs to the same sweep.
func (s *sweep) open() error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetIndent("", "  ")
	if err := enc.Encode(s); err != nil {
		return err
	}
	if err := table.WritableDir(s.out); err != nil {
		return err
	}
	if err := table.WritableDir(filepath.Join(s.out, "points")); err != nil {
		return err
	}
	sum := sha256.Sum256(b.Bytes())
	s.id = hex.EncodeToString(sum[:])
	name := filepath.Join(s.out, "sweep.json")
	err := table.WriteNew(name, b.Bytes())
	if !errors.Is(err, fs.ErrExist) {
		return err
	}
	old, err := readBounded(name)
	if err == nil && !bytes.Equal(old, b.Bytes()) {
		err = fmt.Errorf("%s describes another sweep: choose another -out, or remove the directory", name)
	}
	return err
}

func (s *sweep) file(i int) string {
	return filepath.Join(s.out, "points", fmt.Sprintf("%06d.csv", i))
}

// failed tells whether an error is a result of a point's numbers. Any other ends the sweep.
func failed(err error) bool {
	for _, e := range []error{nn.ErrDiverged, integrate.ErrTolerance, integrate.ErrNonFinite, integrate.ErrStepUnderflow,
		integrate.ErrBudget, integrate.ErrConvergence} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// runAll runs the given points. It ends at the first error for which failed is false.
func (s *sweep) runAll(e *env, todo []int, workers int, show bool) error {
	ctx, cancel := context.WithCancelCause(e.ctx)
	defer cancel(nil)
	var next, finished atomic.Int64
	var wg sync.WaitGroup
	for range min(workers, len(todo)) {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for {
				k := int(next.Add(1)) - 1
				if k >= len(todo) || ctx.Err() != nil {
					return
				}
				p := &env{ctx: ctx, stdout: io.Discard, stderr: io.Discard, dry: true, workers: 1, shares: min(workers, len(todo))}
				j, err := s.job(s.args(todo[k]))
				if err == nil {
					err = j.do(p)
				}
				if err == nil || failed(err) {
					if changed := s.unchanged(); changed != nil {
						err = changed
					} else {
						err = s.save(todo[k], p.scores, err)
					}
				}
				if err != nil {
					cancel(fmt.Errorf("point %d (%s): %w", todo[k], strings.Join(s.args(todo[k]), " "), err))
					return
				}
				if n := finished.Add(1); show {
					fmt.Fprintf(e.stderr, "\r\x1b[K%d of %d points", n, len(todo))
				}
			}
		}()
	}
	wg.Wait()
	if show {
		fmt.Fprint(e.stderr, "\r\x1b[K")
	}
	if e.ctx.Err() != nil {
		return e.ctx.Err()
	}
	return context.Cause(ctx)
}

// save writes the row of a point. Its last cell is the sum of the others.
func (s *sweep) save(i int, scores []score, failure error) error {
	header := append([]string{"point"}, s.Names...)
	row := append([]string{strconv.Itoa(i)}, s.points[i]...)
	for _, v := range scores {
		header = append(header, v.name)
		if v.v-v.v != 0 {
			row = append(row, "")
		} else {
			row = append(row, strconv.FormatFloat(v.v, 'g', -1, 64))
		}
	}
	header, row = append(header, "error"), append(row, "")
	if failure != nil {
		row[len(row)-1] = failure.Error()
	}
	header, row = append(header, "sum"), append(row, s.sum(header, row))
	return (&env{ctx: context.Background()}).writeTable(s.file(i), header, func(w *table.Writer) { texts(w, row) })
}

// texts writes a row, in which an empty text is a blank cell.
func texts(w *table.Writer, row []string) {
	for _, v := range row {
		if v != "" {
			w.Text(v)
		} else {
			w.Blank()
		}
	}
	w.End()
}

// sum returns the SHA-256 of the sweep and of a row: a row of another sweep, or one that was
// changed, has another.
func (s *sweep) sum(header, row []string) string {
	h := sha256.Sum256(fmt.Appendf(nil, "%s %q %q", s.id, header, row))
	return hex.EncodeToString(h[:])
}

// collect writes sweep.csv if all points are done.
func (s *sweep) collect(e *env) error {
	missing, failures := 0, 0
	header := append([]string{"point"}, s.Names...)
	var rows []map[string]string // points may have different scores
	for i := range s.points {
		if err := e.ctx.Err(); err != nil {
			return err
		}
		names, cells, err := s.load(i)
		if err != nil {
			return err
		}
		if names == nil {
			missing++
			continue
		}
		row := map[string]string{}
		for j, name := range names {
			if row[name] = cells[j]; name != "error" && !slices.Contains(header, name) {
				header = append(header, name)
			}
		}
		if row["error"] != "" {
			failures++
		}
		rows = append(rows, row)
	}
	if missing > 0 {
		fmt.Fprintf(e.stderr, "%d of %d points are done; sweep.csv is written when all are\n", len(rows), len(s.points))
		return nil
	}
	header = append(header, "error")
	if err := e.writeTable(filepath.Join(s.out, "sweep.csv"), header, func(w *table.Writer) {
		for _, row := range rows {
			cells := make([]string, len(header))
			for j, name := range header {
				cells[j] = row[name]
			}
			texts(w, cells)
		}
	}); err != nil {
		return err
	}
	if failures > 0 {
		return fmt.Errorf("%d of %d points failed: see column error of %s", failures, len(rows), filepath.Join(s.out, "sweep.csv"))
	}
	return nil
}

// load reads the row of a point, without its sum; nil if it is not there.
func (s *sweep) load(i int) (names, row []string, err error) {
	b, err := os.ReadFile(s.file(i))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	all, err := csv.NewReader(bytes.NewReader(b)).ReadAll()
	if err == nil && len(all) == 2 {
		names, row = all[0], all[1]
		n, want := len(row)-1, append([]string{strconv.Itoa(i)}, s.points[i]...)
		if n > len(want) && slices.Equal(row[:len(want)], want) && row[n] == s.sum(names[:n], row[:n]) {
			return names[:n], row[:n], nil
		}
	}
	return nil, nil, fmt.Errorf("%s is not point %d of this sweep: remove it, or choose another -out", s.file(i), i)
}
