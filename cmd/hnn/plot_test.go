package main

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"image/png"
	"io"
	"path/filepath"
	"strings"
	"testing"
)

// A picture is SVG on standard output, and SVG or PNG in a file, with the same bytes each time.
func TestPlot(t *testing.T) {
	dir := t.TempDir()
	data := must(t, "simulate", "-n", "2", "-duration", "10")
	file := put(t, dir, "data.csv", data)
	svg := must(t, "plot", file)
	if !strings.HasPrefix(svg, "<?xml") || !strings.Contains(svg, "Phase portrait") || !strings.Contains(svg, "run 1") {
		t.Errorf("%.300s", svg)
	}
	for d := xml.NewDecoder(strings.NewReader(svg)); ; {
		if _, err := d.Token(); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	named := filepath.Join(dir, "a.svg")
	must(t, "plot", "-o", named, file)
	if string(contents(t, named)) != svg || hnn(t, data, "plot", "-").out != svg {
		t.Error("other bytes in a file, or from standard input")
	}
	named = filepath.Join(dir, "a.PNG")
	must(t, "plot", "-width", "300", "-height", "200", "-scale", "1.5", "-o", named, "-manifest", filepath.Join(dir, "m"), file)
	img, err := png.Decode(bytes.NewReader(contents(t, named)))
	if err != nil || img.Bounds().Dx() != 450 || img.Bounds().Dy() != 300 {
		t.Error(err, img.Bounds())
	}
	if out := must(t, "replay", filepath.Join(dir, "m")); out != "ok       a.PNG\n" {
		t.Error(out)
	}
	if dark := must(t, "plot", "-dark", file); dark == svg || len(dark) != len(svg) && !strings.Contains(dark, "#14171a") {
		t.Error("dark is as light")
	}
}

func TestPlotErrors(t *testing.T) {
	dir := t.TempDir()
	file := put(t, dir, "d.csv", "a,b\n1,2\n3,4\n")
	for _, c := range []struct {
		args   string
		status int
		want   string
	}{
		{"-o a.pdf " + file, 2, "-o a.pdf: want a name that ends in .svg or .png"},
		{"-xlim 1 " + file, 2, "-xlim: want two numbers, the lower first"},
		{"-ylim 2,1 " + file, 2, "-ylim: want two numbers, the lower first"},
		{"-width 10 " + file, 2, "-width 10: want 100 pixels or more"},
		{"-scale 9 " + file, 2, "-scale 9: want at most 8"},
		{"-width 10000 -height 10000 -scale 8 -max-memory 1G -o a.png " + file, 1, "want a smaller -scale"},
		{"-y c " + file, 1, "-y c: " + file + ": missing column c (found a, b)"},
		{put(t, dir, "e.csv", ""), 1, "empty, expected a header"},
		{put(t, dir, "h.csv", "a,b\n"), 1, "no data rows"},
		{filepath.Join(dir, "none.csv"), 1, "no such file"},
		{"-o " + file + " " + file, 2, "want a name that ends"},
	} {
		fails(t, hnn(t, "", append([]string{"plot"}, strings.Fields(c.args)...)...), c.status, c.want)
	}
	mixed := put(t, dir, "x.csv", "a,b\n1,2\n2,n/a\n3,4\n")
	if r := hnn(t, "", "plot", "-y", "b", mixed); r.status != 0 || r.errors != "hnn: warning: "+mixed+":3: column b: \"n/a\" is not a number: it is left out\n" {
		t.Errorf("%+v", r)
	}
	if r := inside(t, true, "", "plot", file); r.status != 2 || !strings.Contains(r.errors, "name a file with -o") {
		t.Errorf("%+v", r)
	}
}

// A million rows take no million points.
func TestPlotMany(t *testing.T) {
	var b strings.Builder
	b.WriteString("t,q\n")
	for i := range 200_000 {
		fmt.Fprintf(&b, "%d,%d\n", i, i*7919%1000)
	}
	for draw, most := range map[string]int{"lines": 60_000, "points": 2_500_000} {
		if r := hnn(t, b.String(), "plot", "-draw", draw, "-"); r.status != 0 || len(r.out) > most {
			t.Errorf("%s: %d bytes, %s", draw, len(r.out), r.errors)
		}
	}
}
