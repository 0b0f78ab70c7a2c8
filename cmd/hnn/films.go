package main

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"hnn/autodiff"
	"hnn/cmd/hnn/internal/picture"
	"hnn/cmd/hnn/internal/table"
	"hnn/spring/pixels"
)

// films.go reads films and lays out those of the experiment.

// readFilm reads a GIF, or a directory of PNG or GIF files, as square frames. A GIF says
// how long its frames are shown; otherwise dt is the time from frame to frame, in s.
func readFilm(ctx context.Context, name string, pixelsAcross int, dt float64) (*pixels.Film, error) {
	film := &pixels.Film{Size: pixelsAcross, Dt: dt, X: &autodiff.Matrix{Cols: pixelsAcross * pixelsAcross}}
	files := []string{name}
	if info, err := os.Stat(name); err != nil {
		return nil, err
	} else if info.IsDir() {
		if files, err = pictureFiles(name); err != nil {
			return nil, err
		}
	}
	width, height, first := 0, 0, ""
	keep := func(file string, g *picture.Grey) error {
		if first == "" {
			width, height, first = g.Width, g.Height, file
		}
		if g.Width != width || g.Height != height {
			return fmt.Errorf("%s: %d×%d pixels: want the %d×%d of %s", file, g.Width, g.Height, width, height, first)
		}
		square, err := g.Square(pixelsAcross)
		if err != nil {
			return fmt.Errorf("%s: %w: want smaller -pixels", file, err)
		}
		film.X.Data = append(film.X.Data, square.V...)
		film.X.Rows++
		if bytes := float64(8 * len(film.X.Data)); bytes > memoryLimit()/2 {
			return fmt.Errorf("%s: frames of more than %s: want smaller -pixels, or fewer", name, size(bytes))
		}
		return ctx.Err()
	}
	for i, file := range files {
		if i == 0 || !isPNG(file) {
			film.Starts = append(film.Starts, film.X.Rows)
		}
		if err := readFrames(ctx, file, film, keep); err != nil {
			return nil, err
		}
	}
	if err := film.Check(); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return film, nil
}

func isPNG(name string) bool { return strings.EqualFold(filepath.Ext(name), ".png") }

// readFrames reads the frame of a PNG file, or all of a GIF file.
func readFrames(ctx context.Context, name string, film *pixels.Film, keep func(string, *picture.Grey) error) error {
	f, err := table.Open(ctx, name)
	if err != nil {
		return err
	}
	defer f.Close()
	b, err := io.ReadAll(boundModel(f))
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if isPNG(name) {
		g, err := picture.ReadPNG(bytes.NewReader(b))
		if err != nil {
			return fmt.Errorf("%s: no PNG that can be read: %w", name, err)
		}
		return keep(name, g)
	}
	var refused error
	var delays []int // of all frames but the last, after which many films pause
	last := 0
	err = picture.ReadGIF(bytes.NewReader(b), func(g *picture.Grey, delay int) error {
		if film.X.Rows > film.Starts[len(film.Starts)-1] {
			delays = append(delays, last)
		}
		last = delay
		refused = keep(name, g)
		return refused
	})
	for i, d := range delays {
		if d != delays[0] && refused == nil {
			return fmt.Errorf("%s: frame 0 is shown for %d hundredths of a second, frame %d for %d: want frames at equal times", name, delays[0], i, d)
		}
	}
	if len(delays) > 0 && delays[0] > 0 {
		film.Dt = float64(delays[0]) / 100
	}
	if refused != nil {
		return refused
	}
	if err != nil {
		return fmt.Errorf("%s: no GIF that can be read: %w", name, err)
	}
	return nil
}

// pictureFiles returns the PNG or the GIF files of a directory, in the order of the numbers in
// their names, and of the names where these are the same.
func pictureFiles(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var all []string
	kinds := map[string]bool{}
	for _, entry := range entries {
		if ext := strings.ToLower(filepath.Ext(entry.Name())); (ext == ".png" || ext == ".gif") && !entry.IsDir() {
			all = append(all, filepath.Join(dir, entry.Name()))
			kinds[ext] = true
		}
	}
	switch {
	case len(all) == 0:
		return nil, fmt.Errorf("%s: no PNG or GIF file in it", dir)
	case len(kinds) > 1:
		return nil, fmt.Errorf("%s: it has both PNG and GIF files: want one kind", dir)
	}
	slices.SortStableFunc(all, func(a, b string) int {
		return cmp.Or(slices.Compare(numbersIn(a), numbersIn(b)), cmp.Compare(a, b))
	})
	return all, nil
}

// numbersIn returns the whole numbers in the base of a file name.
func numbersIn(name string) []float64 {
	var all []float64
	for _, s := range strings.FieldsFunc(filepath.Base(name), func(r rune) bool { return r < '0' || r > '9' }) {
		v, _ := strconv.ParseFloat(s, 64) // digits
		all = append(all, v)
	}
	return all
}

// recordFilm writes the training film, a GIF for each run, and its true states.
func (p *pixelsJob) recordFilm(e *env) error {
	film, err := p.c.Training(e.ctx)
	if err != nil {
		return err
	}
	for i := range film.Starts {
		lo, hi := film.Run(i)
		frames := func(yield func(*picture.Grey) bool) {
			for r := lo; r < hi && yield(&picture.Grey{Width: film.Size, Height: film.Size, V: film.X.Row(r)}); r++ {
			}
		}
		if err := e.write(filepath.Join(p.out, fmt.Sprintf("run%d.gif", i)), func(w io.Writer) error {
			return picture.WriteGIF(w, frames, hundredths(film.Dt))
		}); err != nil {
			return err
		}
	}
	header := append(append([]string{"run", "t"}, p.c.Scene.Q...), p.c.Scene.P...)
	if err := e.writeTable(filepath.Join(p.out, "states.csv"), header, func(w *table.Writer) {
		for i := range film.Starts {
			lo, hi := film.Run(i)
			for r := lo; r < hi; r++ {
				w.Int(i)
				w.Float(float64(r-lo) * film.Dt)
				w.Floats(film.States.Row(r)...)
				w.End()
			}
		}
	}); err != nil {
		return err
	}
	if !p.quiet {
		e.say("wrote %d files to %s", len(e.made)+1, p.out)
	}
	return nil
}

// hundredths returns a time as the delay of a GIF.
func hundredths(dt float64) int { return int(max(1, min(math.Floor(float64(100*dt)+0.5), 1<<16-1))) }

// shown is how many runs film.gif shows, zoom how large a pixel is.
const (
	shown = 3
	zoom  = 4
	gap   = 6 // pixels between panels
)

// sideBySide returns the films of the first runs: true, then that of each model; a row for each run.
func sideBySide(r *pixels.Result) [][]*autodiff.Matrix {
	var rows [][]*autodiff.Matrix
	for i := range min(shown, len(r.Starts.Starts)) {
		lo, _ := r.Starts.Run(i)
		var row []*autodiff.Matrix
		for _, ro := range r.Rollouts { // model by model
			if ro.Run == i {
				row = append(row, ro.Frames)
			}
		}
		n, pixels := row[0].Rows, r.Starts.X.Cols
		truth := &autodiff.Matrix{Rows: n, Cols: pixels, Data: r.Starts.X.Data[lo*pixels : (lo+n)*pixels]}
		row = append([]*autodiff.Matrix{truth}, row...)
		rows = append(rows, row)
	}
	return rows
}

// writeFilm writes films of one length side by side.
func writeFilm(w io.Writer, dt float64, rows ...[]*autodiff.Matrix) error {
	size := int(math.Sqrt(float64(rows[0][0].Cols)))
	cell := size*zoom + gap
	g := picture.NewGrey(len(rows[0])*cell-gap, len(rows)*cell-gap, 0.5)
	frames := func(yield func(*picture.Grey) bool) {
		for k := range rows[0][0].Rows {
			for i, row := range rows {
				for j, film := range row {
					g.Put(&picture.Grey{Width: size, Height: size, V: film.Row(k)}, j*cell, i*cell, zoom)
				}
			}
			if !yield(g) {
				return
			}
		}
	}
	return picture.WriteGIF(w, frames, hundredths(dt))
}

// sheet returns up to 17 frames, evenly spread, of the first run: true, then those of each model.
func sheet(r *pixels.Result) *picture.Grey {
	const columns = 17
	row := sideBySide(r)[0]
	size, n := r.Starts.Size, row[0].Rows
	cell := size*zoom/2 + gap/2
	count := min(columns, n)
	g := picture.NewGrey(count*cell-gap/2, len(row)*cell-gap/2, 0.5)
	for i, film := range row {
		for j := range count {
			k := j * (n - 1) / max(1, count-1)
			g.Put(&picture.Grey{Width: size, Height: size, V: film.Row(k)}, j*cell, i*cell, zoom/2)
		}
	}
	return g
}
