package picture

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
)

// SVG writes the figure as a file of its own.
func (f *Figure) SVG(w io.Writer) error {
	s := &svg{theme: f.theme()}
	s.WriteString("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n")
	s.figure(f, "figure")
	_, err := io.WriteString(w, s.String())
	return err
}

// Inline returns the figure as an element of an HTML page. Its colours are classes, which
// [Styles] defines for light and dark pages. No two figures of a page may have the same id.
func (f *Figure) Inline(id string) string {
	s := &svg{}
	s.figure(f, id)
	return s.String()
}

// Styles returns the CSS of the colours of [Figure.Inline], light or dark.
func Styles(darkly bool) string {
	t := &light
	if darkly {
		t = &dark
	}
	var b strings.Builder
	for i, c := range t {
		fmt.Fprintf(&b, ".s%d{stroke:%v}.f%d{fill:%v}\n", i, c, i, c)
	}
	return b.String()
}

func (c rgb) String() string { return fmt.Sprintf("#%02x%02x%02x", c[0], c[1], c[2]) }

// svg is a canvas. Without a theme it writes classes in place of colours.
type svg struct {
	strings.Builder
	theme *[numInk]rgb
}

func (s *svg) figure(f *Figure, id string) {
	fmt.Fprintf(s, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" role="img" aria-labelledby="%s-title %s-desc" font-family="Helvetica, Arial, sans-serif" fill="none" stroke-linecap="round" stroke-linejoin="round">`,
		f.Width, f.Height, f.Width, f.Height, id, id)
	fmt.Fprintf(s, "\n<title id=\"%s-title\">%s</title>\n<desc id=\"%s-desc\">%s</desc>\n", id, escape(f.Title), id, escape(f.Desc))
	f.draw(s)
	s.WriteString("</svg>\n")
}

// escape writes text as XML. What XML cannot hold becomes a replacement character.
func escape(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < 0x20 && r != '\t' || r == 0xfffe || r == 0xffff {
			return 0xfffd
		}
		return r
	}, strings.ToValidUTF8(s, "\ufffd"))
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;").Replace(s)
}

// tenths rounds to a tenth of a pixel.
func tenths(v float64) int { return int(math.Floor(float64(v*10) + 0.5)) }

// num writes a number of tenths in the shortest way.
func num(b []byte, n int) []byte {
	if n < 0 {
		b, n = append(b, '-'), -n
	}
	if n >= 10 || n == 0 {
		b = strconv.AppendInt(b, int64(n/10), 10)
	}
	if n%10 > 0 {
		b = append(b, '.', byte('0'+n%10))
	}
	return b
}

// pair writes two numbers of tenths.
func pair(b []byte, x, y int) []byte {
	b = num(b, x)
	if y >= 0 {
		b = append(b, ' ')
	}
	return num(b, y)
}

// path writes a path. Points that are equal to a tenth of a pixel are one.
func (s *svg) path(path []point, closed bool) {
	var b []byte
	x, y := tenths(path[0].x), tenths(path[0].y)
	b = pair(append(b, 'M'), x, y)
	last := byte(0)
	for _, p := range path[1:] {
		px, py := tenths(p.x), tenths(p.y)
		dx, dy := px-x, py-y
		x, y = px, py
		switch {
		case dx == 0 && dy == 0:
			continue
		case dy == 0:
			b, last = num(append(b, 'h'), dx), 'h'
		case dx == 0:
			b, last = num(append(b, 'v'), dy), 'v'
		default:
			if last != 'l' {
				b = append(b, 'l')
			} else if dx >= 0 {
				b = append(b, ' ')
			}
			b, last = pair(b, dx, dy), 'l'
		}
	}
	if closed {
		b = append(b, 'z')
	} else if last == 0 { // a dot
		b = append(b, "h0"...)
	}
	s.Write(b)
}

// stroke and filled write the colour of an ink.
func (s *svg) stroke(i Ink) string {
	if s.theme == nil {
		return fmt.Sprintf(`class="s%d"`, i)
	}
	return fmt.Sprintf(`stroke="%v"`, s.theme[i])
}

func (s *svg) filled(i Ink) string {
	if s.theme == nil {
		return fmt.Sprintf(`class="f%d"`, i)
	}
	return fmt.Sprintf(`fill="%v"`, s.theme[i])
}

func decimals(v float64) string { return string(num(nil, tenths(v))) }

func (s *svg) lines(paths [][]point, ink Ink, wide float64, dash bool) {
	if len(paths) == 0 {
		return
	}
	s.WriteString(`<path d="`)
	for _, path := range paths {
		s.path(path, false)
	}
	dashes := ""
	if dash {
		dashes = ` stroke-dasharray="5 4"`
	}
	fmt.Fprintf(s, "\" %s stroke-width=\"%s\"%s/>\n", s.stroke(ink), decimals(wide), dashes)
}

func (s *svg) fill(path []point, ink Ink, opacity float64) {
	if len(path) < 3 {
		return
	}
	s.WriteString(`<path d="`)
	s.path(path, true)
	o := ""
	if opacity < 1 {
		o = ` fill-opacity="` + strconv.FormatFloat(opacity, 'f', -1, 64) + `"`
	}
	fmt.Fprintf(s, "\" %s%s/>\n", s.filled(ink), o)
}

// dots are lines of no length with round ends.
func (s *svg) dots(at []point, ink Ink, wide float64) {
	if len(at) == 0 {
		return
	}
	s.WriteString(`<path d="`)
	b, x, y := []byte(nil), 0, 0
	for _, p := range at {
		px, py := tenths(p.x), tenths(p.y)
		b = append(pair(append(b, 'm'), px-x, py-y), "h0"...)
		x, y = px, py
	}
	s.Write(b)
	fmt.Fprintf(s, "\" %s stroke-width=\"%s\"/>\n", s.stroke(ink), decimals(wide))
}

func (s *svg) text(at point, t string, size, anchor float64, ink Ink, bold, upward bool) {
	fmt.Fprintf(s, `<text x="%s" y="%s" font-size="%s" %s`, decimals(at.x), decimals(at.y), decimals(size), s.filled(ink))
	switch anchor {
	case 0.5:
		s.WriteString(` text-anchor="middle"`)
	case 1:
		s.WriteString(` text-anchor="end"`)
	}
	if bold {
		s.WriteString(` font-weight="bold"`)
	}
	if upward {
		fmt.Fprintf(s, ` transform="rotate(-90 %s %s)"`, decimals(at.x), decimals(at.y))
	}
	fmt.Fprintf(s, ">%s</text>\n", escape(t))
}
