package picture

import (
	"math"
	"slices"
)

// A raster is a canvas of pixels. Each pixel is covered by the share of it that a shape covers.
type raster struct {
	wide, high int
	scale      float64 // pixels of the raster for one of the figure
	theme      *[numInk]rgb
	pix        []uint8   // red, green, blue of each pixel, row by row
	cover      []float32 // of the shape in work
	from, to   [2]int    // corners of what the shape may cover: from ≤ x, y < to
}

// newRaster makes a raster for the figure.
func newRaster(f *Figure, scale float64) *raster {
	r := &raster{wide: int(float64(f.Width) * scale), high: int(float64(f.Height) * scale), scale: scale, theme: f.theme()}
	r.pix = make([]uint8, 3*r.wide*r.high)
	r.cover = make([]float32, r.wide*r.high)
	r.begin()
	return r
}

func (r *raster) begin() { r.from, r.to = [2]int{r.wide, r.high}, [2]int{} }

// touch notes a rectangle that a shape may cover, and returns its rows in the picture.
func (r *raster) touch(x0, y0, x1, y1 float64) (from, to int) {
	in := func(v float64, most int) int { return int(min(max(v, 0), float64(most))) }
	from, to = in(math.Floor(y0), r.high), in(math.Ceil(y1)+1, r.high)
	r.from = [2]int{min(r.from[0], in(math.Floor(x0), r.wide)), min(r.from[1], from)}
	r.to = [2]int{max(r.to[0], in(math.Ceil(x1)+1, r.wide)), max(r.to[1], to)}
	return from, to
}

// paint mixes the ink into the pixels that the shape covers, and begins the next shape.
func (r *raster) paint(ink Ink, opacity float64) {
	c := r.theme[ink]
	for y := r.from[1]; y < r.to[1]; y++ {
		for x := r.from[0]; x < r.to[0]; x++ {
			i := y*r.wide + x
			a := int(float64(256*float64(r.cover[i])*opacity) + 0.5)
			r.cover[i] = 0
			if a == 0 {
				continue
			}
			for k := range 3 {
				p := &r.pix[3*i+k]
				*p = uint8((int(*p)*(256-a) + int(c[k])*a + 128) / 256)
			}
		}
	}
	r.begin()
}

// stroke covers all pixels that are nearer than half the width to the line from a to b: its ends
// are round. A pixel at the edge is covered by how far its centre is inside.
func (r *raster) stroke(a, b point, wide float64) {
	half := max(wide/2, 0.5)
	dx, dy := b.x-a.x, b.y-a.y
	length2 := float64(dx*dx) + float64(dy*dy)
	reach := half + 1
	y0, y1 := r.touch(min(a.x, b.x)-reach, min(a.y, b.y)-reach, max(a.x, b.x)+reach, max(a.y, b.y)+reach)
	for y := y0; y < y1; y++ {
		// The part of the line within reach of this row, and so the columns.
		cy := float64(y) + 0.5
		s, t := 0., 1.
		if dy != 0 {
			u, v := (cy-reach-a.y)/dy, (cy+reach-a.y)/dy
			s, t = max(s, min(u, v)), min(t, max(u, v))
			if s > t {
				continue
			}
		}
		xa, xb := a.x+float64(s*dx), a.x+float64(t*dx)
		x0 := max(int(math.Floor(min(xa, xb)-reach)), 0)
		x1 := min(int(math.Ceil(max(xa, xb)+reach))+1, r.wide)
		for x := x0; x < x1; x++ {
			px, py := float64(x)+0.5-a.x, cy-a.y
			k := 0.
			if length2 > 0 {
				k = min(max((float64(px*dx)+float64(py*dy))/length2, 0), 1)
			}
			ex, ey := px-float64(k*dx), py-float64(k*dy)
			d := half + 0.5 - math.Sqrt(float64(ex*ex)+float64(ey*ey))
			if i := y*r.wide + x; d > 0 {
				r.cover[i] = max(r.cover[i], float32(min(d, 1)))
			}
		}
	}
}

func (r *raster) at(p point) point { return point{float64(p.x * r.scale), float64(p.y * r.scale)} }

func (r *raster) lines(paths [][]point, ink Ink, wide float64, dash bool) {
	for _, path := range paths {
		if dash {
			for _, part := range dashed(path, 5, 4) {
				r.path(part, wide)
			}
		} else {
			r.path(path, wide)
		}
	}
	r.paint(ink, 1)
}

func (r *raster) path(path []point, wide float64) {
	for i := range path {
		r.stroke(r.at(path[max(i-1, 0)]), r.at(path[i]), float64(wide*r.scale))
	}
}

// dashed cuts a path into parts of the length on, with gaps of the length off.
func dashed(path []point, on, off float64) (parts [][]point) {
	left, drawn := on, true
	part := []point{path[0]}
	for i := 1; i < len(path); i++ {
		a, b := path[i-1], path[i]
		length := math.Sqrt(float64((b.x-a.x)*(b.x-a.x)) + float64((b.y-a.y)*(b.y-a.y)))
		done := 0.
		for length-done > left {
			done += left
			p := point{a.x + float64(done/length*(b.x-a.x)), a.y + float64(done/length*(b.y-a.y))}
			if drawn {
				parts, part, left = append(parts, append(part, p)), nil, off
			} else {
				part, left = []point{p}, on
			}
			drawn = !drawn
		}
		left -= length - done
		if drawn {
			part = append(part, b)
		}
	}
	if drawn {
		parts = append(parts, part)
	}
	return parts
}

func (r *raster) dots(at []point, ink Ink, wide float64) {
	for _, p := range at {
		r.stroke(r.at(p), r.at(p), float64(wide*r.scale))
	}
	r.paint(ink, 1)
}

// fill covers the inside of a path: in each of four lines through a row of pixels, what lies
// between an odd and the next crossing of the path.
func (r *raster) fill(path []point, ink Ink, opacity float64) {
	if len(path) < 3 {
		return
	}
	const lines = 4
	x0, y0, x1, y1 := math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)
	scaled := make([]point, len(path))
	for i, p := range path {
		scaled[i] = r.at(p)
		x0, y0, x1, y1 = min(x0, scaled[i].x), min(y0, scaled[i].y), max(x1, scaled[i].x), max(y1, scaled[i].y)
	}
	from, to := r.touch(x0, y0, x1, y1)
	crossings := make([][]float64, lines*(to-from))
	for i, b := range scaled {
		a := scaled[(i+len(scaled)-1)%len(scaled)]
		if a.y > b.y {
			a, b = b, a
		}
		line := func(y float64) int { return int(math.Ceil(float64((y-float64(from))*lines) - 0.5)) }
		for k := max(line(a.y), 0); k < min(line(b.y), len(crossings)); k++ {
			y := float64(from) + float64((float64(k)+0.5)/lines)
			crossings[k] = append(crossings[k], a.x+float64((b.x-a.x)*((y-a.y)/(b.y-a.y))))
		}
	}
	for k, xs := range crossings {
		slices.Sort(xs)
		for i := 0; i+1 < len(xs); i += 2 {
			a, b := max(xs[i], 0), min(xs[i+1], float64(r.wide))
			for x := int(a); float64(x) < b; x++ {
				r.cover[(from+k/lines)*r.wide+x] += float32((min(b, float64(x+1)) - max(a, float64(x))) / lines)
			}
		}
	}
	r.paint(ink, opacity)
}

func (r *raster) text(at point, s string, size, anchor float64, ink Ink, bold, upward bool) {
	pen := 0.085 * size
	if bold {
		pen = 0.125 * size
	}
	k := size / 10
	x := float64(-anchor * textWidth(s, size))
	for _, c := range s {
		wide, strokes := glyph(c)
		for _, path := range outline(strokes) {
			for i, p := range path {
				p = point{x + float64(k*p.x), float64(-k * p.y)}
				if upward {
					p = point{p.y, -p.x}
				}
				path[i] = point{at.x + p.x, at.y + p.y}
			}
			r.path(path, pen)
		}
		x += float64(k * (wide + tracking(wide)))
	}
	r.paint(ink, 1)
}
