package picture

import (
	"bytes"
	"image"
	"image/color"
	"image/gif"
	"math"
	"slices"
	"testing"
)

// ramp is a picture of all 256 levels.
func ramp() *Grey {
	g := NewGrey(16, 16, 0)
	for i := range g.V {
		g.V[i] = float64(i) / 255
	}
	return g
}

func same(t *testing.T, got, want *Grey) {
	t.Helper()
	if got.Width != want.Width || got.Height != want.Height {
		t.Fatalf("%d×%d, want %d×%d", got.Width, got.Height, want.Width, want.Height)
	}
	for i, v := range want.V {
		if got.V[i] != v {
			t.Fatalf("pixel %d is %v, want %v", i, got.V[i], v)
		}
	}
}

// What is written is read again to the bit.
func TestRoundTrip(t *testing.T) {
	var b bytes.Buffer
	dark := NewGrey(16, 16, -0.2)
	if err := WriteGIF(&b, slices.Values([]*Grey{ramp(), dark}), 5); err != nil {
		t.Fatal(err)
	}
	var got []*Grey
	if err := ReadGIF(&b, func(g *Grey, delay int) error {
		if delay != 5 {
			t.Errorf("delay %d", delay)
		}
		got = append(got, g)
		return nil
	}); err != nil || len(got) != 2 {
		t.Fatal(err, len(got))
	}
	same(t, got[0], ramp())
	same(t, got[1], NewGrey(16, 16, 0))
	b.Reset()
	if err := WritePNG(&b, ramp()); err != nil {
		t.Fatal(err)
	}
	g, err := ReadPNG(bytes.NewReader(b.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	same(t, g, ramp())
}

// A frame of a GIF may be a part of the picture, and may be taken away again.
func TestPartsOfFrames(t *testing.T) {
	p := color.Palette{color.Black, color.White, color.Transparent}
	full := image.NewPaletted(image.Rect(0, 0, 2, 1), p)
	dot := image.NewPaletted(image.Rect(1, 0, 2, 1), p)
	dot.Pix[0] = 1
	hole := image.NewPaletted(image.Rect(0, 0, 1, 1), p)
	hole.Pix[0] = 2 // transparent
	film := &gif.GIF{
		Image: []*image.Paletted{full, dot, hole, dot, hole}, Delay: make([]int, 5),
		Disposal: []byte{gif.DisposalNone, gif.DisposalPrevious, gif.DisposalNone, gif.DisposalBackground, 0},
	}
	var b bytes.Buffer
	if err := gif.EncodeAll(&b, film); err != nil {
		t.Fatal(err)
	}
	want := []float64{0, 1, 0, 1, 0} // of the right pixel
	i := 0
	if err := ReadGIF(&b, func(g *Grey, _ int) error {
		if g.V[1] != want[i] || g.V[0] != 0 {
			t.Errorf("frame %d: %v, want %v at the right", i, g.V, want[i])
		}
		i++
		return nil
	}); err != nil || i != 5 {
		t.Error(err, i)
	}
}

// A picture keeps its mean brightness when it is brought to another size, and loses what is
// beside its middle square.
func TestSquare(t *testing.T) {
	g := NewGrey(14, 10, 1) // the columns 2 to 11 are its middle
	for y := range 10 {
		for x := range 10 {
			g.V[y*14+2+x] = float64((x*7+y*3)%11) / 11
		}
	}
	mean := func(v []float64) float64 {
		s := 0.
		for _, x := range v {
			s += x / float64(len(v))
		}
		return s
	}
	var middle []float64
	for y := range 10 {
		middle = append(middle, g.V[y*14+2:y*14+12]...)
	}
	for _, size := range []int{1, 3, 4, 5, 10} {
		s, err := g.Square(size)
		if err != nil || s.Width != size || s.Height != size || math.Abs(mean(s.V)-mean(middle)) > 1e-14 {
			t.Errorf("size %d: %v, mean %v, want %v", size, err, mean(s.V), mean(middle))
		}
	}
	if _, err := g.Square(11); err == nil {
		t.Error("a picture was made larger")
	}
	if _, err := g.Square(0); err == nil {
		t.Error("a picture of no pixels")
	}
}

// Files that are no pictures are errors.
func TestNoPicture(t *testing.T) {
	for _, s := range []string{"", "GIF89a", "q,p\n1,2\n"} {
		if err := ReadGIF(bytes.NewReader([]byte(s)), func(*Grey, int) error { return nil }); err == nil {
			t.Errorf("%q is a GIF", s)
		}
		if _, err := ReadPNG(bytes.NewReader([]byte(s))); err == nil {
			t.Errorf("%q is a PNG", s)
		}
	}
}
