package picture

import (
	"bytes"
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"image/png"
	"io"
	"math"
	"os"
	"strings"
	"testing"

	"hnn/autodiff/elementary"
)

var update = flag.Bool("update", false, "write the golden files")

// sample is a small figure with every shape, key and sort of axis.
func sample() *Figure {
	var t, q, p, low, high []float64
	for i := range 61 {
		a := float64(i) / 10
		t = append(t, a)
		q, p = append(q, elementary.Cos(a)), append(p, -elementary.Sin(a))
		low, high = append(low, q[i]-0.2), append(high, q[i]+0.2)
	}
	q[30] = math.NaN()
	return &Figure{
		Title: `A "spring" & <its> energy`, Desc: "For tests.", Note: "q̇ = ∂H/∂p, E₀ = 0.25", Columns: 2, Width: 480, Height: 260,
		Keys: []Key{{Name: "band", Ink: Series, Band: true}, {Name: "line", Ink: Series + 1, Dash: true}, {Name: "dots", Ink: Series + 2, Dot: true}},
		Panels: []*Panel{
			{Title: "Time", X: Axis{Label: "t [s]"}, Y: Axis{Label: "q [m]"}, Layers: []Layer{
				{Shape: Band, X: t, Y: low, Y2: high, Ink: Series}, {X: t, Y: q, Ink: Series + 1, Dash: true}}},
			{Title: "Phase", Square: true, X: Axis{Label: "q"}, Y: Axis{Label: "p"}, Layers: []Layer{
				{X: q, Y: p, Ink: True, Wide: 4}, {Shape: Dots, X: q[:20], Y: low[:20], Ink: Series + 2},
				{Shape: Arrows, X: []float64{0, 0}, Y: []float64{0, 0}, X2: []float64{0.5, 1e-9}, Y2: []float64{0.5, 0}, Ink: Text}}},
			{X: Axis{Label: "loss", Log: true}, Y: Axis{Names: []string{"hnn", "baseline"}}, Layers: []Layer{
				{Shape: Dots, X: []float64{1e-3, 2e-3, 30}, Y: []float64{0, 0, 1}, Ink: Series}}},
			{X: Axis{Label: "x", Fixed: true, Min: 1, Max: 2}, Y: Axis{}, Layers: []Layer{{X: t, Y: p, Ink: Series},
				{Shape: Words, X: []float64{1.5}, Y: []float64{-1}, Texts: []string{"−0.25"}, Ink: Text}}},
		},
	}
}

// A figure has the same bytes as ever. The file is also something to look at.
func TestGoldenBits(t *testing.T) {
	var svg, pic bytes.Buffer
	f := sample()
	if err := errors.Join(f.SVG(&svg), f.PNG(&pic, 1)); err != nil {
		t.Fatal(err)
	}
	for name, got := range map[string][]byte{"testdata/sample.svg": svg.Bytes(), "testdata/sample.png": pic.Bytes()} {
		if *update {
			if err := os.WriteFile(name, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s is not what is drawn now: %d bytes, not %d; go test -update writes it", name, len(want), len(got))
		}
	}
}

// wellFormed reads all of an XML text.
func wellFormed(text string) error {
	d := xml.NewDecoder(strings.NewReader(text))
	for {
		if _, err := d.Token(); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
	}
}

func TestSVG(t *testing.T) {
	for _, dark := range []bool{false, true} {
		f := sample()
		f.Dark = dark
		var b strings.Builder
		if err := f.SVG(&b); err != nil {
			t.Fatal(err)
		}
		if err := wellFormed(b.String()); err != nil {
			t.Error(err)
		}
		paper := map[bool]string{false: "#ffffff", true: "#14171a"}[dark]
		for _, want := range []string{`role="img"`, `<title id="figure-title">A &quot;spring&quot; &amp; &lt;its&gt; energy</title>`, "<desc", paper} {
			if !strings.Contains(b.String(), want) {
				t.Errorf("no %s", want)
			}
		}
		if strings.Contains(b.String(), "NaN") || strings.Contains(b.String(), "Inf") {
			t.Error("a coordinate that is no number")
		}
	}
	if s := sample().Inline("f1"); wellFormed(s) != nil || strings.Contains(s, "#") || !strings.Contains(s, `id="f1-title"`) {
		t.Error("an inline figure has colours of its own, or another id")
	}
	if s := escape("a\x00\xff<\ufffe"); s != "a\ufffd\ufffd&lt;\ufffd" {
		t.Errorf("%q", s)
	}
}

// Another reader of PNG sees the picture that was drawn.
func TestPNG(t *testing.T) {
	f := sample()
	var b bytes.Buffer
	if err := f.PNG(&b, 1.5); err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(&b)
	if err != nil {
		t.Fatal(err)
	}
	r := newRaster(f, 1.5)
	f.draw(r)
	if img.Bounds().Dx() != 720 || img.Bounds().Dy() != 390 {
		t.Fatal(img.Bounds())
	}
	for y := range r.high {
		for x := range r.wide {
			red, green, blue, _ := img.At(x, y).RGBA()
			i := 3 * (y*r.wide + x)
			if r.pix[i] != uint8(red>>8) || r.pix[i+1] != uint8(green>>8) || r.pix[i+2] != uint8(blue>>8) {
				t.Fatalf("pixel %d,%d is %v, drawn was %v", x, y, img.At(x, y), r.pix[i:i+3])
			}
		}
	}
}

// A filled square covers its pixels fully and its edges by half; a line of width 2 along pixels covers two rows.
func TestCover(t *testing.T) {
	r := newRaster(&Figure{Width: 20, Height: 20}, 1)
	for i := range r.pix {
		r.pix[i] = 255
	}
	r.fill([]point{{2.5, 2}, {6.5, 2}, {6.5, 6}, {2.5, 6}}, Text, 1)
	r.lines([][]point{{{2, 12}, {18, 12}}}, Text, 2, false)
	grey := func(x, y int) int { return int(r.pix[3*(y*20+x)]) }
	for _, c := range []struct{ x, y, want int }{{4, 4, 26}, {2, 4, 140}, {6, 4, 140}, {7, 4, 255}, {4, 1, 255}, {10, 11, 26}, {10, 12, 26}, {10, 9, 255}, {10, 14, 255}} {
		if got := grey(c.x, c.y); got < c.want-3 || got > c.want+3 {
			t.Errorf("pixel %d,%d is %d, want %d", c.x, c.y, got, c.want)
		}
	}
}

// Text and what is needed to read a figure has enough contrast: 4.5 for words, 3 for lines, by WCAG 2.2.
func TestContrast(t *testing.T) {
	luminance := func(c rgb) float64 {
		sum := 0.
		for i, w := range []float64{0.2126, 0.7152, 0.0722} {
			v := float64(c[i]) / 255
			if v <= 0.04045 {
				v /= 12.92
			} else {
				v = math.Pow((v+0.055)/1.055, 2.4)
			}
			sum += w * v
		}
		return sum
	}
	for name, theme := range map[string]*[numInk]rgb{"light": &light, "dark": &dark} {
		for ink, c := range theme {
			a, b := luminance(c), luminance(theme[Paper])
			ratio := (max(a, b) + 0.05) / (min(a, b) + 0.05)
			least := 0.
			switch i := Ink(ink); {
			case i == Text, i == Muted:
				least = 4.5
			case i == True, i >= Series && i < Series+4:
				least = 3
			case i >= Series:
				least = 2
			}
			if ratio < least {
				t.Errorf("%s: ink %d %v has a contrast of %.2f, want %v", name, ink, c, ratio, least)
			}
		}
	}
}

// The font has all letters that labels use, and no glyph twice.
func TestFont(t *testing.T) {
	seen := map[rune]bool{}
	for _, g := range glyphs {
		if seen[g.r] {
			t.Errorf("%c is there twice", g.r)
		}
		seen[g.r] = true
		for _, path := range outline(g.strokes) {
			for _, p := range path {
				if p.x < -4 || p.x > g.wide+0.6 || p.y < -3 || p.y > 8.6 {
					t.Errorf("%c: a point at %v", g.r, p)
				}
			}
		}
	}
	for r := rune(' '); r <= '~'; r++ {
		if !seen[r] {
			t.Errorf("no %c", r)
		}
	}
	for _, r := range "αβγδεθλμπρσφψωΔ∂∇√∞±×·−≤≥≈→°…–q̇ṗ₀₁₂⁻¹²³" {
		if _, s := glyph(r); s == unknown && r != 'ṗ' {
			t.Errorf("no %c", r)
		}
	}
}

// wavy is a long noisy curve over time, in pixels.
func wavy(n int) (path []point) {
	for i := range n {
		a := float64(i) / float64(n)
		path = append(path, point{400 * a, 100 + 50*math.Sin(60*a) + 20*math.Sin(1e5*a*a)})
	}
	return path
}

// Columns keep the extremes and the ends of each column of pixels, and no more than four points.
func TestColumns(t *testing.T) {
	path := wavy(100_000)
	thin := columns(path)
	if len(thin) > 4*401 {
		t.Errorf("%d points", len(thin))
	}
	type ends struct{ first, last, low, high float64 }
	of := func(path []point) map[int]ends {
		m := map[int]ends{}
		for _, p := range path {
			e, ok := m[int(p.x)]
			if !ok {
				e = ends{p.y, p.y, p.y, p.y}
			}
			e.last, e.low, e.high = p.y, min(e.low, p.y), max(e.high, p.y)
			m[int(p.x)] = e
		}
		return m
	}
	want, got := of(path), of(thin)
	for x, e := range want {
		if got[x] != e {
			t.Fatalf("column %d: %v, want %v", x, got[x], e)
		}
	}
}

// A smoothed path is near every point that it leaves out, and much shorter.
func TestSmooth(t *testing.T) {
	var path []point
	for i := range 20_000 {
		a := float64(i) / 300
		path = append(path, point{300 + (100+a)*math.Cos(a), 300 + (80-a)*math.Sin(a)})
	}
	path = append(path, path[len(path)-1], point{300, 300}, point{299, 299}, point{310, 310}, point{300, 300}) // it turns back
	thin := smooth(path)
	if len(thin) > len(path)/10 {
		t.Errorf("%d of %d points are left", len(thin), len(path))
	}
	at := 0 // the part of thin that the point belongs to
	for i, p := range path {
		best := math.Inf(1)
		for k := at; k < min(at+3, len(thin)-1); k++ {
			if d := fromLine(p, thin[k], thin[k+1]); d < best-1e-9 {
				best, at = d, k
			}
		}
		if best > 2*tolerance {
			t.Fatalf("point %d %v is %v pixels from the line", i, p, best)
		}
	}
	if thin[0] != path[0] || thin[len(thin)-1] != path[len(path)-1] {
		t.Error("the ends have moved")
	}
}

func fromLine(p, a, b point) float64 {
	dx, dy := b.x-a.x, b.y-a.y
	k := 0.
	if l := dx*dx + dy*dy; l > 0 {
		k = min(max(((p.x-a.x)*dx+(p.y-a.y)*dy)/l, 0), 1)
	}
	return math.Hypot(p.x-a.x-k*dx, p.y-a.y-k*dy)
}

// A periodic orbit is drawn about once, however often it goes round, and dots once a pixel.
func TestSize(t *testing.T) {
	size := func(rounds int, shape Shape) int {
		l := Layer{Shape: shape, Ink: Series}
		for i := range rounds * 97 {
			a := float64(i) / 97 * 2 * math.Pi * 1.0003
			l.X, l.Y = append(l.X, math.Cos(a)), append(l.Y, math.Sin(a))
		}
		f := &Figure{Title: "x", Width: 500, Height: 500, Panels: []*Panel{{Layers: []Layer{l}}}}
		var b bytes.Buffer
		f.SVG(&b)
		return b.Len()
	}
	for _, shape := range []Shape{Line, Dots} {
		if a, b := size(10, shape), size(2000, shape); b > 5*a || b > 40_000 {
			t.Errorf("shape %d: %d bytes for 10 rounds, %d for 2000", shape, a, b)
		}
	}
}

func TestClip(t *testing.T) {
	r := rect{0, 0, 10, 10}
	got := fmt.Sprint(r.clip([]point{{-5, 5}, {5, 5}, {5, 15}, {8, 15}, {8, 5}, {20, 5}}), r.clip([]point{{-1, -1}, {-1, 11}}), r.clip([]point{{3, 3}}), r.clip([]point{{1, 1}, {math.Inf(1), 2}}))
	if want := "[[{0 5} {5 5} {5 10}] [{8 10} {8 5} {10 5}]] [] [[{3 3}]] []"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := fmt.Sprint(r.clipArea([]point{{5, 5}, {15, 5}, {15, 8}, {5, 8}})); got != "[{5 5} {10 5} {10 8} {5 8}]" {
		t.Error(got)
	}
}

// The level sets of q² + p² are circles, closed, within the error of the interpolation.
func TestContour(t *testing.T) {
	var x, z []float64
	for i := range 41 {
		x = append(x, float64(i-20)/10)
	}
	for _, a := range x {
		for _, b := range x {
			z = append(z, a*a+b*b)
		}
	}
	cx, cy := Contour(x, x, z, 1.37)
	for i := range cx {
		if d := math.Abs(math.Hypot(cx[i], cy[i]) - math.Sqrt(1.37)); !(d < 2e-3) {
			t.Fatalf("point %d is %v off", i, d)
		}
	}
	if n := len(cx); cx[0] != cx[n-1] || cy[0] != cy[n-1] || n < 60 {
		t.Errorf("the circle is not closed: %d points", n)
	}
	if cx, _ := Contour(x, x, z, 9); cx != nil {
		t.Error("a level that is not there")
	}
	cx, _ = Contour(x, x, z, 4) // touches the edges: no panic, and more than one line
	if len(cx) == 0 {
		t.Error("no line")
	}
	// A saddle joins the corners that are on the side of the mean.
	cx, cy = Contour([]float64{0, 1}, []float64{0, 1}, []float64{1, -0.5, -0.5, 1}, 0)
	if len(cx) != 5 || !math.IsNaN(cx[2]) || math.Abs(math.Abs(cx[0]-cx[1])-1./3) > 1e-12 || math.Abs(math.Abs(cx[3]-cx[4])-1./3) > 1e-12 {
		t.Error(cx, cy)
	}
	z[0], z[50] = math.NaN(), math.Inf(1)
	Contour(x, x, z, 1)
}
