package picture

import (
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/gif"
	"image/png"
	"io"
	"iter"
	"math"
)

// A Grey is a picture of brightnesses from 0, black, to 1, white, by rows from the top. Numbers
// beyond are shown as 0 and 1.
type Grey struct {
	Width, Height int
	V             []float64
}

// NewGrey returns a picture of one brightness.
func NewGrey(width, height int, v float64) *Grey {
	g := &Grey{width, height, make([]float64, width*height)}
	for i := range g.V {
		g.V[i] = v
	}
	return g
}

// Put copies a picture to column x, row y, each of its pixels as a square of times×times.
func (g *Grey) Put(from *Grey, x, y, times int) {
	for i := range from.Height * times {
		for j := range from.Width * times {
			g.V[(y+i)*g.Width+x+j] = from.V[i/times*from.Width+j/times]
		}
	}
}

// level returns one of 256 levels.
func level(v float64) uint8 { return uint8(math.Floor(float64(255*min(1, max(0, v))) + 0.5)) }

// WritePNG writes a picture.
func WritePNG(w io.Writer, g *Grey) error {
	pix := make([]uint8, 0, 3*len(g.V))
	for _, v := range g.V {
		l := level(v)
		pix = append(pix, l, l, l)
	}
	return writePNG(w, pix, g.Width, g.Height)
}

// WriteGIF writes pictures of one size as a film without end. Each is shown for delay hundredths
// of a second. The film keeps a byte for each pixel, and no picture.
func WriteGIF(w io.Writer, frames iter.Seq[*Grey], delay int) error {
	palette := make(color.Palette, 256)
	for i := range palette {
		palette[i] = color.Gray{uint8(i)}
	}
	film := &gif.GIF{}
	for g := range frames {
		m := image.NewPaletted(image.Rect(0, 0, g.Width, g.Height), palette)
		for i, v := range g.V {
			m.Pix[i] = level(v)
		}
		film.Image, film.Delay = append(film.Image, m), append(film.Delay, delay)
	}
	return gif.EncodeAll(w, film)
}

// maxPixels bounds the size of a picture that is read.
const maxPixels = 1 << 24

// ReadPNG reads a picture and makes it grey.
func ReadPNG(r io.ReadSeeker) (*Grey, error) {
	c, err := png.DecodeConfig(r)
	if err == nil && c.Width*c.Height > maxPixels {
		err = fmt.Errorf("%d×%d pixels: want at most %d in all", c.Width, c.Height, maxPixels)
	}
	if err == nil {
		_, err = r.Seek(0, io.SeekStart)
	}
	if err != nil {
		return nil, err
	}
	m, err := png.Decode(r)
	if err != nil {
		return nil, err
	}
	return grey(m), nil
}

// ReadGIF reads the frames of a film as they are seen: a frame may change a part of the one
// before. Each is handed to keep as soon as it is complete, with the time in hundredths of a
// second for which it is shown.
func ReadGIF(r io.Reader, keep func(g *Grey, delay int) error) error {
	film, err := gif.DecodeAll(r)
	if err != nil {
		return err
	}
	all := image.Rect(0, 0, film.Config.Width, film.Config.Height)
	if all.Empty() || all.Dx()*all.Dy() > maxPixels {
		return fmt.Errorf("%d×%d pixels: want at least one, and at most %d in all", all.Dx(), all.Dy(), maxPixels)
	}
	canvas := image.NewRGBA(all)
	for i, m := range film.Image {
		var before *image.RGBA
		if film.Disposal[i] == gif.DisposalPrevious {
			before = image.NewRGBA(all)
			copy(before.Pix, canvas.Pix)
		}
		draw.Draw(canvas, m.Bounds(), m, m.Bounds().Min, draw.Over)
		if err := keep(grey(canvas), film.Delay[i]); err != nil {
			return err
		}
		switch film.Disposal[i] {
		case gif.DisposalBackground:
			draw.Draw(canvas, m.Bounds(), image.Transparent, image.Point{}, draw.Src)
		case gif.DisposalPrevious:
			canvas = before
		}
	}
	return nil
}

// grey returns the brightness of a picture on black, by the weights of ITU-R BT.601.
func grey(m image.Image) *Grey {
	b := m.Bounds()
	g := NewGrey(b.Dx(), b.Dy(), 0)
	for y := range g.Height {
		for x := range g.Width {
			red, green, blue, _ := m.At(b.Min.X+x, b.Min.Y+y).RGBA()
			g.V[y*g.Width+x] = float64(19595*red+38470*green+7471*blue) / (65536 * 65535)
		}
	}
	return g
}

// Square returns the middle square of a picture at size×size pixels, each the mean of what it
// covers. A picture that is smaller is an error.
func (g *Grey) Square(size int) (*Grey, error) {
	n := min(g.Width, g.Height)
	if n < size {
		return nil, fmt.Errorf("%d×%d pixels are fewer than the %d×%d of the model", g.Width, g.Height, size, size)
	}
	if n == size && g.Width == g.Height {
		return g, nil
	}
	if size < 1 {
		return nil, errors.New("a size below 1")
	}
	left, top := (g.Width-n)/2, (g.Height-n)/2
	out := NewGrey(size, size, 0)
	scale := float64(n) / float64(size)
	for i := range size {
		for j := range size {
			sum := 0.
			share(float64(i)*scale, float64(i+1)*scale, n, func(y int, wy float64) {
				share(float64(j)*scale, float64(j+1)*scale, n, func(x int, wx float64) {
					sum += float64(float64(wy*wx) * g.V[(top+y)*g.Width+left+x])
				})
			})
			out.V[i*size+j] = min(1, sum/(scale*scale))
		}
	}
	return out, nil
}

// share calls f for each cell [i, i+1) of n cells that meets [from, to), with the length of
// what they share.
func share(from, to float64, n int, f func(i int, length float64)) {
	for i := int(from); i < n && float64(i) < to; i++ {
		f(i, min(to, float64(i+1))-max(from, float64(i)))
	}
}
