package picture

import (
	"slices"
	"strings"
)

// Sizes of letters and distances, in pixels.
const (
	titleSize = 15.
	textSize  = 12.
	smallSize = 11.
	margin    = 14.
	keySample = 22.
)

// rect is a part of the picture: its upper left corner, width and height.
type rect struct{ x, y, w, h float64 }

// draw draws the figure on a canvas.
func (f *Figure) draw(c canvas) {
	w, h := float64(f.Width), float64(f.Height)
	c.fill([]point{{0, 0}, {w, 0}, {w, h}, {0, h}}, Paper, 1)
	y := margin
	title := wrap(f.Title, titleSize, w-2*margin)
	if f.Plain {
		title = nil
	}
	for _, s := range title {
		c.text(point{margin, y + 0.8*titleSize}, s, titleSize, 0, Text, true, false)
		y += 1.3 * titleSize
	}
	y = f.drawKeys(c, y)
	bottom := h - margin
	note := wrap(f.Note, smallSize, w-2*margin)
	bottom -= float64(1.35 * smallSize * float64(len(note)))
	for i, s := range note {
		c.text(point{margin, bottom + smallSize + float64(1.35*smallSize*float64(i))}, s, smallSize, 0, Muted, false, false)
	}
	columns := min(max(f.Columns, 1), max(len(f.Panels), 1))
	rows := (len(f.Panels) + columns - 1) / columns
	for i, p := range f.Panels {
		pw, ph := (w-2*margin)/float64(columns), (bottom-y)/float64(rows)
		p.draw(c, rect{margin + float64(pw*float64(i%columns)), y + float64(ph*float64(i/columns)), pw, ph})
	}
}

// drawKeys draws the legend in rows below y and returns where they end.
func (f *Figure) drawKeys(c canvas, y float64) float64 {
	if len(f.Keys) == 0 {
		return y
	}
	x := margin
	for _, k := range f.Keys {
		k.Name = cut(k.Name, textSize, float64(f.Width)-2*margin-keySample-6)
		need := keySample + 6 + textWidth(k.Name, textSize)
		if x > margin && x+need > float64(f.Width)-margin {
			x, y = margin, y+1.5*textSize
		}
		mid := y + 0.65*textSize
		switch {
		case k.Dot:
			c.dots([]point{{x + keySample/2, mid}}, k.Ink, max(6, k.Wide))
		case k.Band:
			c.fill([]point{{x, mid - 5}, {x + keySample, mid - 5}, {x + keySample, mid + 5}, {x, mid + 5}}, k.Ink, bandOpacity)
		default:
			c.lines([][]point{{{x, mid}, {x + keySample, mid}}}, k.Ink, max(2, k.Wide), k.Dash)
		}
		c.text(point{x + keySample + 6, y + textSize}, k.Name, textSize, 0, Text, false, false)
		x += need + 18
	}
	return y + 1.8*textSize
}

const bandOpacity = 0.25

// wrap breaks a text into lines.
func wrap(s string, size, width float64) (lines []string) {
	line := ""
	for _, word := range strings.Fields(s) {
		if line != "" && textWidth(line+" "+word, size) > width {
			lines, line = append(lines, line), ""
		}
		line = strings.TrimSpace(line + " " + word)
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}

// cut shortens a text to a width.
func cut(s string, size, width float64) string {
	if textWidth(s, size) <= width {
		return s
	}
	left := width - textWidth("…", size)
	for i, r := range s {
		if left -= textWidth(string(r), size); left < 0 {
			return s[:i] + "…"
		}
	}
	return s
}

// draw draws a panel within a part of the picture.
func (p *Panel) draw(c canvas, in rect) {
	top := in.y + 4
	if p.Title != "" {
		top += 1.5 * textSize
	}
	x0, x1 := p.X.over(p.Layers, func(l *Layer) [][]float64 { return [][]float64{l.X, l.X2} })
	y0, y1 := p.Y.over(p.Layers, func(l *Layer) [][]float64 { return [][]float64{l.Y, l.Y2} })
	box := rect{y: top, h: in.y + in.h - top - 3.6*textSize}
	if p.X.Label == "" {
		box.h += 1.3 * textSize
	}
	if p.Y.Names != nil {
		y0, y1 = float64(len(p.Y.Names))-0.5, -0.5
	}
	var left float64
	place := func() (ts []tick, s scale) {
		ts, s = p.Y.ticks(y0, y1, int(box.h/34))
		wide := 0.
		for _, t := range ts {
			wide = max(wide, textWidth(t.label, smallSize))
		}
		wide = min(wide, 0.45*in.w)
		left = wide + 10
		if p.Y.Label != "" {
			left += 1.5 * textSize
		}
		box.x = in.x + left
		box.w = max(in.w-left-14, 10)
		box.h = max(box.h, 10)
		return ts, s
	}
	yt, ys := place()
	if ys.String() != "" && p.Title == "" { // it stands above the axis
		box.y, box.h = box.y+textSize, box.h-textSize
		yt, ys = place()
	}
	if p.Square && !p.X.Log && !p.Y.Log {
		if a, b := (x1-x0)/box.w, (y1-y0)/box.h; a > b {
			y0, y1 = stretch(y0, y1, a/b)
		} else {
			x0, x1 = stretch(x0, x1, b/a)
		}
		yt, ys = place()
	}
	var xt []tick
	var xs scale
	for n := max(int(box.w/48), 1); ; n-- {
		xt, xs = p.X.ticks(x0, x1, n)
		if n == 1 || fits(xt, &p.X, x0, x1, box.w) {
			break
		}
	}

	at := view{box, &p.X, &p.Y, x0, x1, y0, y1}
	for _, t := range xt {
		if x := at.x(t.at); !t.small {
			c.lines([][]point{{{x, box.y}, {x, box.y + box.h}}}, Grid, 1, false)
			c.text(point{x, box.y + box.h + 1.35*smallSize}, t.label, smallSize, 0.5, Muted, false, false)
		} else {
			c.lines([][]point{{{x, box.y + box.h}, {x, box.y + box.h - 4}}}, Muted, 1, false)
		}
	}
	for _, t := range yt {
		if y := at.y(t.at); !t.small {
			if p.Y.Names == nil {
				c.lines([][]point{{{box.x, y}, {box.x + box.w, y}}}, Grid, 1, false)
			}
			c.text(point{box.x - 6, y + 0.36*smallSize}, cut(t.label, smallSize, 0.45*in.w), smallSize, 1, Muted, false, false)
		} else {
			c.lines([][]point{{{box.x, y}, {box.x + 4, y}}}, Muted, 1, false)
		}
	}
	if s := ys.String(); s != "" {
		c.text(point{box.x, box.y - 4}, s, smallSize, 0, Muted, false, false)
	}
	dots, s := make([][]point, len(p.Layers)), newSieve(box)
	for i, l := range slices.Backward(p.Layers) {
		if l.Shape == Dots {
			dots[i] = s.keep(len(l.X), func(i int) point { return at.point(l.X[i], l.Y[i]) })
		}
	}
	for i := range p.Layers {
		p.Layers[i].draw(c, &at, dots[i])
	}
	c.lines([][]point{{{box.x, box.y}, {box.x, box.y + box.h}, {box.x + box.w, box.y + box.h}}}, Muted, 1, false)
	if p.Title != "" {
		x := box.x
		if s := ys.String(); s != "" { // which stands there
			x += textWidth(s, smallSize) + 12
		}
		c.text(point{x, box.y - 6}, cut(p.Title, textSize, in.x+in.w-x), textSize, 0, Text, true, false)
	}
	label := p.X.Label
	if s := xs.String(); s != "" {
		label = strings.TrimSpace(label + "  (" + s + ")")
	}
	if label != "" {
		c.text(point{box.x + float64(box.w/2), box.y + box.h + 2.9*textSize}, cut(label, textSize, in.w), textSize, 0.5, Text, false, false)
	}
	if p.Y.Label != "" {
		c.text(point{in.x + textSize, box.y + float64(box.h/2)}, cut(p.Y.Label, textSize, in.h), textSize, 0.5, Text, false, true)
	}
}
