package main

import (
	"bytes"
	"context"
	"encoding/csv"
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

// open makes the directory, or checks that it is that of the same sweep.
func (s *sweep) open(e *env) error {
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
	name := filepath.Join(s.out, "sweep.json")
	old, err := readBounded(name)
	switch {
	case err == nil && !bytes.Equal(old, b.Bytes()):
		return fmt.Errorf("%s describes another sweep: choose another -out, or remove it", name)
	case err == nil:
		return nil
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	return e.write(name, func(w io.Writer) error { _, err := w.Write(b.Bytes()); return err })
}

func (s *sweep) file(i int) string {
	return filepath.Join(s.out, "points", fmt.Sprintf("%06d.csv", i))
}

func (s *sweep) done(i int) bool {
	_, err := os.Stat(s.file(i))
	return err == nil
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

// runAll runs the given points. The first error that is not a point's result ends it.
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
					err = s.save(todo[k], p.scores, err)
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

// save writes the row of a point.
func (s *sweep) save(i int, scores []score, failure error) error {
	header := append([]string{"point"}, s.Names...)
	for _, v := range scores {
		header = append(header, v.name)
	}
	return new(env).writeTable(s.file(i), append(header, "error"), func(w *table.Writer) {
		w.Int(i)
		for _, v := range s.points[i] {
			w.Text(v)
		}
		for _, v := range scores {
			floats(w, v.v)
		}
		if failure == nil {
			w.Blank()
		} else {
			w.Text(failure.Error())
		}
		w.End()
	})
}

// collect writes sweep.csv if all points are done.
func (s *sweep) collect(e *env) error {
	missing, failures := 0, 0
	header := append([]string{"point"}, s.Names...)
	var rows []map[string]string // points may have different scores
	for i := range s.points {
		if !s.done(i) {
			missing++
			continue
		}
		names, cells, err := s.load(i)
		if err != nil {
			return err
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
			for _, name := range header {
				if v := row[name]; v != "" {
					w.Text(v)
				} else {
					w.Blank()
				}
			}
			w.End()
		}
	}); err != nil {
		return err
	}
	if failures > 0 {
		return fmt.Errorf("%d of %d points failed: see column error of %s", failures, len(rows), filepath.Join(s.out, "sweep.csv"))
	}
	return nil
}

// load reads the row of a point and checks that it is that.
func (s *sweep) load(i int) (names, row []string, err error) {
	f, err := os.Open(s.file(i))
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	all, err := csv.NewReader(f).ReadAll()
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", s.file(i), err)
	}
	want := append([]string{strconv.Itoa(i)}, s.points[i]...)
	if len(all) != 2 || len(all[1]) <= len(want) || !slices.Equal(all[1][:len(want)], want) ||
		!slices.Equal(all[0][1:len(want)], s.Names) {
		return nil, nil, fmt.Errorf("%s is not point %d of this sweep", s.file(i), i)
	}
	return all[0], all[1], nil
}
