package picture

import (
	"math"
	"slices"
)

// usual are the width of a line and the diameter of a dot.
const (
	usualLine = 1.6
	usualDot  = 3
)

// draw draws the layer, clipped to the box. dots are those of its points that are to be seen.
func (l *Layer) draw(c canvas, v *view, dots []point) {
	wide := l.Wide
	switch l.Shape {
	case Line:
		if wide == 0 {
			wide = usualLine
		}
		t := newTrace(v.box, wide)
		var all [][]point
		for _, path := range l.paths(v) {
			if forward(path) {
				all = append(all, v.box.clip(smooth(columns(path)))...)
				continue
			}
			for _, part := range v.box.clip(smooth(path)) {
				all = append(all, t.fresh(part)...)
			}
		}
		c.lines(all, l.Ink, wide, l.Dash)
	case Dots:
		if wide == 0 {
			wide = usualDot
		}
		c.dots(dots, l.Ink, wide)
	case Band:
		for _, part := range l.bands(v) {
			c.fill(v.box.clipArea(part), l.Ink, bandOpacity)
		}
	case Words: // on paper of their own, so that what lies below does not make them hard to read
		for i, s := range l.Texts {
			p, w := v.point(l.X[i], l.Y[i]), float64(textWidth(s, smallSize)/2)+2
			c.fill([]point{{p.x - w, p.y - 7}, {p.x + w, p.y - 7}, {p.x + w, p.y + 7}, {p.x - w, p.y + 7}}, Paper, 1)
			c.text(point{p.x, p.y + 0.36*smallSize}, s, smallSize, 0.5, l.Ink, false, false)
		}
	case Arrows:
		for i := range l.X {
			a, b := v.point(l.X[i], l.Y[i]), v.point(l.X2[i], l.Y2[i])
			if v.box.holds(a) && v.box.holds(b) {
				arrow(c, a, b, l.Ink)
			}
		}
	}
}

// paths maps a line to the picture and breaks it at gaps.
func (l *Layer) paths(v *view) (all [][]point) {
	var path []point
	for i := range l.X {
		if p := v.point(l.X[i], l.Y[i]); p.x-p.x == 0 && p.y-p.y == 0 {
			path = append(path, p)
			continue
		}
		if path != nil {
			all, path = append(all, path), nil
		}
	}
	if path != nil {
		all = append(all, path)
	}
	return all
}

// bands maps an area between Y and Y2 to the picture and breaks it at gaps.
func (l *Layer) bands(v *view) (all [][]point) {
	var low, high []point
	end := func() {
		if len(low) > 1 {
			if forward(low) {
				low, high = smooth(columns(low)), smooth(columns(high))
			}
			slices.Reverse(high)
			all = append(all, append(low, high...))
		}
		low, high = nil, nil
	}
	for i := range l.X {
		a, b := v.point(l.X[i], l.Y[i]), v.point(l.X[i], l.Y2[i])
		if a.x-a.x == 0 && a.y-a.y == 0 && b.y-b.y == 0 {
			low, high = append(low, a), append(high, b)
		} else {
			end()
		}
	}
	end()
	return all
}

// arrow draws a line with a head. What is shorter than a pixel is a dot.
func arrow(c canvas, a, b point, ink Ink) {
	dx, dy := b.x-a.x, b.y-a.y
	r := math.Sqrt(float64(dx*dx) + float64(dy*dy))
	if r < 1 {
		c.dots([]point{a}, ink, 1.5)
		return
	}
	dx, dy = dx/r, dy/r
	head := min(5, 0.5*r)
	base := point{b.x - float64(head*dx), b.y - float64(head*dy)}
	c.lines([][]point{{a, base}}, ink, 1, false)
	side := 0.45 * head
	c.fill([]point{b, {base.x - float64(side*dy), base.y + float64(side*dx)}, {base.x + float64(side*dy), base.y - float64(side*dx)}}, ink, 1)
}
