package main

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"hnn/cmd/hnn/internal/chart"
	"hnn/cmd/hnn/internal/flags"
	"hnn/cmd/hnn/internal/picture"
	"hnn/cmd/hnn/internal/table"
)

func plotHelp() string {
	return ` FILE.csv

Draws a CSV file, - for standard input, as an SVG or a PNG picture. The ending of -o says which. The
files of this program are known by their header, -as:

` + rowsOf(chart.Kinds()...) + `
With -x, -y or -by the file is drawn as curves, whatever it is: the columns -y over the column -x,
one curve for each value of the column -by. If a column NAME has NAME_low and NAME_high beside it,
the band between them is drawn. A column of texts for -x makes a row for each text. A cell that is
no number is a gap.

Files stay small, and show what all rows would show: of a curve over time, each column of pixels
keeps its first, lowest, highest and last point. Elsewhere points are left out where the line stays
within a sixth of a pixel, lines where the same curve has been before, and dots that lie under
another.

Colours are those of Okabe and Ito, which people with colour blindness can tell apart. The same
file and flags give the same bytes on every platform.

Examples:
  hnn plot -o orbit.svg out/trajectory.csv
  hnn plot -o field.png -dark out/field.csv
  hnn plot -x t -y drift -by model -ylim=-0.1,0.1 -o drift.svg out/trajectory.csv
  hnn plot -x q -y p -draw points -width 500 -height 500 -o data.svg out/train.csv
  hnn rollout -state 1,0 out/hnn.json | hnn plot -o orbit.svg -
`
}

// maxPixels bounds the sides of a picture.
const maxPixels = 10_000

func definePlot(f *flags.Set) check {
	var o chart.Options
	out, scale := "-", 2.
	kinds := fromRows(chart.Kinds(), func(k [2]string) string { return k[0] })
	flags.Choice(f, &o.As, "as", kinds, "`kind` of the file: "+strings.Join(kinds, ", ")+" (default: by its header)")
	f.StringVar(&o.X, "x", "", "`column` across (default t, or the first column of numbers)")
	f.Words(&o.Y, "y", "`columns` upwards, with commas between (default: the other columns of numbers)")
	f.StringVar(&o.By, "by", "", "`column` whose values get a curve each")
	flags.Choice(f, &o.Log, "logscale", []string{"x", "y", "xy"}, "logarithmic `axes`: x, y or xy")
	f.Floats(&o.XLim, "xlim", flags.Any, "`ends` of the x axis, as in -xlim=0,10")
	f.Floats(&o.YLim, "ylim", flags.Any, "`ends` of the y axis")
	flags.Choice(f, &o.Draw, "draw", []string{"lines", "points"}, "`what` stands for the rows: lines or points (default points for noisy or unordered rows)")
	f.StringVar(&o.Title, "title", "", "`words` above the picture")
	f.StringVar(&o.XLabel, "xlabel", "", "`words` at the x axis")
	f.StringVar(&o.YLabel, "ylabel", "", "`words` at the y axis")
	f.Count(&o.Width, "width", 0, maxPixels, "`pixels` across, 0: what suits the figure")
	f.Count(&o.Height, "height", 0, maxPixels, "`pixels` upwards, 0: what suits the figure")
	f.Float(&scale, "scale", flags.Positive, "`dots` of a PNG for each pixel of -width")
	f.BoolVar(&o.Dark, "dark", false, "light lines on dark paper")
	f.File(&out, "o", flags.Output, "output `file`, - for standard output")
	f.Operands(1, 1, "a CSV file, or - for standard input")
	return func() (run, error) {
		for _, l := range []struct {
			name string
			v    []float64
		}{{"xlim", o.XLim}, {"ylim", o.YLim}} {
			if l.v != nil && (len(l.v) != 2 || !(l.v[0] < l.v[1])) {
				return nil, flags.Wrong("-%s: want two numbers, the lower first, as in 0,10", l.name)
			}
		}
		for name, n := range map[string]int{"width": o.Width, "height": o.Height} {
			if n > 0 && n < 100 {
				return nil, flags.Wrong("-%s %d: want 100 pixels or more, or 0", name, n)
			}
		}
		if scale > 8 {
			return nil, flags.Wrong("-scale %v: want at most 8", scale)
		}
		ext := strings.ToLower(filepath.Ext(out))
		if out != "-" && !table.Direct(out) && ext != ".svg" && ext != ".png" {
			return nil, flags.Wrong("-o %s: want a name that ends in .svg or .png", out)
		}
		return func(e *env) error {
			if out == "-" && e.screen {
				return flags.Wrong("a picture is no text to read: name a file with -o, or send standard output to one")
			}
			fig, err := readFigure(e, f.Arg(0), o)
			if err != nil {
				return err
			}
			if ext != ".png" {
				return e.write(out, fig.SVG)
			}
			if err := e.fits(float64(float64(fig.Width*fig.Height)*float64(scale*scale))*12, fmt.Sprintf("a picture of %d×%d pixels", fig.Width, fig.Height), "a smaller -scale"); err != nil {
				return err
			}
			return e.write(out, func(w io.Writer) error { return fig.PNG(w, scale) })
		}, nil
	}
}

// readFigure draws a CSV file.
func readFigure(e *env, name string, o chart.Options) (*picture.Figure, error) {
	in, err := table.Open(e.ctx, name)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	if name == "-" {
		name = "standard input"
	}
	t, err := table.ReadMixed(name, in)
	if err != nil {
		return nil, err
	}
	for _, line := range chart.Doubts(t, o) {
		e.warn("%s", line)
	}
	return chart.Make(t, o)
}
