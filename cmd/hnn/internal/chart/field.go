package chart

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"hnn/cmd/hnn/internal/picture"
)

// isField: H or a field on a grid.
func isField(s *source) bool {
	_, _, ok := s.axes()
	return ok && s.time() == "" && len(s.fields()) > 0
}

// axes returns the two components of the state that a grid goes over: q and p or, of several pairs, those
// that are not the same in all rows. The first is the one that changes later.
func (s *source) axes() (x, y string, ok bool) {
	if s.has("q", "p") {
		return "q", "p", true
	}
	var over []string
	for _, name := range s.pairNames() {
		v := s.col(name)
		if len(v) > 1 && slices.ContainsFunc(v, func(a float64) bool { return a != v[0] }) {
			over = append(over, name)
		}
	}
	if len(over) != 2 {
		return "", "", false
	}
	if v := s.col(over[0]); v[0] != v[1] {
		over[0], over[1] = over[1], over[0]
	}
	return over[0], over[1], true
}

// pairNames returns the columns q0, q1, … and p0, p1, … that are there.
func (s *source) pairNames() (q []string) {
	var p []string
	for i := 0; s.has(fmt.Sprint("q", i), fmt.Sprint("p", i)); i++ {
		q, p = append(q, fmt.Sprint("q", i)), append(p, fmt.Sprint("p", i))
	}
	return append(q, p...)
}

// fields returns the suffixes of the systems and models of a file of hnn field: "" for what is true,
// and _NAME for each model, those with an H first.
func (s *source) fields() (all []string) {
	across, _, _ := s.axes()
	for _, name := range s.Header {
		for _, prefix := range []string{"H", "d" + across, "next_" + across} {
			if rest, ok := strings.CutPrefix(name, prefix); ok && !s.band(name) && (rest == "" || rest[0] == '_') && !slices.Contains(all, rest) {
				all = append(all, rest)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b string) int {
		if s.Has("H"+a) == s.Has("H"+b) {
			return 0
		} else if s.Has("H" + a) {
			return -1
		}
		return 1
	})
	return all
}

func allFinite(v []float64) bool {
	return !slices.ContainsFunc(v, func(x float64) bool { return x-x != 0 })
}

func anyFinite(v []float64) bool {
	return slices.ContainsFunc(v, func(x float64) bool { return x-x == 0 })
}

// axis returns the different values of a column, in order.
func axis(v []float64) []float64 {
	u := slices.Clone(v)
	slices.Sort(u)
	return slices.Compact(u)
}

func drawField(s *source, o *Options) (*picture.Figure, error) {
	across, upwards, _ := s.axes()
	q, p := s.col(across), s.col(upwards)
	x, y := axis(q), axis(p)
	if !allFinite(q) || !allFinite(p) || len(x)*len(y) != s.Rows() || len(x) < 2 || len(y) < 2 {
		return nil, fmt.Errorf("%s: %d rows are no grid of %d values of %s and %d of %s: want each %[4]s with each %[6]s, as hnn field writes it, or -x and -y", s.Name, s.Rows(), len(x), across, len(y), upwards)
	}
	at, seen := make([]int, s.Rows()), make([]bool, s.Rows()) // the row of each point of the grid
	for r := range q {
		i, _ := slices.BinarySearch(x, q[r])
		j, _ := slices.BinarySearch(y, p[r])
		if k := i*len(y) + j; seen[k] {
			return nil, fmt.Errorf("%s:%d: the point %s = %v, %s = %v is there twice: want a grid of one value for each point, or -x and -y", s.Name, s.Line(r), across, q[r], upwards, p[r])
		} else {
			at[k], seen[k] = r, true
		}
	}
	grid := func(name string) []float64 { return pickOrder(s.col(name), at) }

	// The levels are those of the first H; others are shifted by the median difference.
	suffixes := s.fields()
	var ref, levels []float64
	for _, suffix := range suffixes {
		if s.Has("H"+suffix) && ref == nil {
			ref = grid("H" + suffix)
			levels = picture.Levels(quantile(ref, 0.03), quantile(ref, 0.97), picture.NumRamp-1)
		}
	}
	f := &picture.Figure{Title: "H and its field", Width: 960}
	if ref == nil {
		f.Title = "The field"
	}
	for i, v := range levels {
		name := number(v)
		if i == 0 {
			name = "H = " + name
		}
		f.Keys = append(f.Keys, picture.Key{Name: name, Ink: picture.RampInk(i, len(levels))})
	}
	var notes []string
	duration := s.duration(across, upwards, x, y, suffixes)
	for _, suffix := range suffixes {
		title := strings.TrimPrefix(suffix, "_")
		if title == "" {
			title = "true"
		}
		panel := &picture.Panel{Title: title, Square: s.alike(across, upwards), X: over(s.unit(across), x), Y: over(s.unit(upwards), y)}
		if s.Has("H" + suffix) {
			h := grid("H" + suffix)
			shift := 0.
			if suffix != "" && s.Has("H") {
				if shift = medianDifference(ref, h); shift != 0 {
					notes = append(notes, fmt.Sprintf("%s is raised by %.3g", "H"+suffix, shift))
				}
			}
			panel.Layers = levelSets(x, y, h, levels, shift)
		} else {
			panel.Title += " (no H)"
		}
		panel.Layers = append(panel.Layers, s.arrows(across, upwards, x, y, at, suffix, duration))
		if n := len(panel.Layers); n > 1 {
			panel.Layers = append(panel.Layers, numbered(panel, levels))
		}
		f.Panels = append(f.Panels, panel)
		if s.has("H"+suffix+"_low", "H"+suffix+"_high") { // of an ensemble
			low, wide := grid("H"+suffix+"_low"), grid("H"+suffix+"_high")
			for i := range wide {
				wide[i] -= low[i]
			}
			widths := picture.Levels(quantile(wide, 0.03), quantile(wide, 0.97), 5)
			band := &picture.Panel{Title: title + ": width of the band of H", Square: panel.Square, X: panel.X, Y: panel.Y, Layers: levelSets(x, y, wide, widths, 0)}
			for i := range band.Layers {
				band.Layers[i].Ink = picture.Series + 1 // the colours of the levels of H say other numbers
			}
			band.Layers = append(band.Layers, numbered(band, widths))
			f.Panels = append(f.Panels, band)
		}
	}
	f.Columns = min(len(f.Panels), 3)
	if notes != nil {
		f.Note = strings.ReplaceAll(strings.Join(notes, ", "), "-", "−") + ": the constant of a learned H is arbitrary. "
	}
	f.Note += "Arrows show the field, on one scale in all panels."
	if len(f.Panels) > len(suffixes) {
		f.Note += " The width of a band is its column _high less its column _low."
	}
	var at0 []string // the state of a slice
	for _, name := range s.pairNames() {
		if name != across && name != upwards {
			at0 = append(at0, fmt.Sprintf("%s = %.4g", name, s.col(name)[0]))
		}
	}
	if at0 != nil {
		f.Note += " Panels are slices at " + strings.ReplaceAll(strings.Join(at0, ", "), "-", "−") + ", and arrows have the two components within them."
	}
	rows := (len(f.Panels) + f.Columns - 1) / f.Columns
	f.Height = 110 + rows*(880/f.Columns)
	if f.Columns == 1 {
		f.Width, f.Height = 640, 620
	}
	return f, nil
}

// number writes a level.
func number(v float64) string {
	return strings.ReplaceAll(strconv.FormatFloat(v, 'g', 6, 64), "-", "−")
}

// levelSets returns a line for each level of h on a grid, raised by shift.
func levelSets(x, y, h, levels []float64, shift float64) (all []picture.Layer) {
	for i, v := range levels {
		cx, cy := picture.Contour(x, y, h, v-shift)
		all = append(all, picture.Layer{X: cx, Y: cy, Ink: picture.RampInk(i, len(levels))})
	}
	return all
}

// A place is in shares of a panel.
type place struct{ x, y float64 }

// apart returns the distance of two places.
func apart(a, b place) float64 {
	return math.Sqrt(float64((a.x-b.x)*(a.x-b.x)) + float64((a.y-b.y)*(a.y-b.y)))
}

// numbered returns the numbers of the first lines of a panel, which are level sets. Each stands on its line where
// it is far from the numbers before it and from the other lines. A line that is hardly longer than a
// number has none.
func numbered(p *picture.Panel, levels []float64) picture.Layer {
	words := picture.Layer{Shape: picture.Words, Ink: picture.Text}
	var lines [][]place
	for _, l := range p.Layers[:len(levels)] {
		var line []place
		for k := 0; k < len(l.X); k += 1 + len(l.X)/64 {
			if q := (place{(l.X[k] - p.X.Min) / (p.X.Max - p.X.Min), (l.Y[k] - p.Y.Min) / (p.Y.Max - p.Y.Min)}); q.x == q.x {
				line = append(line, q)
			}
		}
		lines = append(lines, line)
	}
	nearest := func(a place, most float64, all []place) float64 {
		for _, b := range all {
			most = min(most, apart(a, b))
		}
		return most
	}
	var taken []place
	for i, line := range lines {
		at, best := place{}, 0.
		lo, hi := place{1, 1}, place{}
		for _, a := range line {
			lo, hi = place{min(lo.x, a.x), min(lo.y, a.y)}, place{max(hi.x, a.x), max(hi.y, a.y)}
			room := nearest(a, 0.3, taken)
			for j, other := range lines {
				if j != i {
					room = min(room, 4*nearest(a, 0.06, other))
				}
			}
			if a.x > 0.1 && a.x < 0.9 && a.y > 0.06 && a.y < 0.94 && room > best+1e-9 {
				at, best = a, room
			}
		}
		if best > 0.05 && apart(lo, hi) > 0.25 {
			taken = append(taken, at)
			words.X, words.Y = append(words.X, p.X.Min+float64(at.x*(p.X.Max-p.X.Min))), append(words.Y, p.Y.Min+float64(at.y*(p.Y.Max-p.Y.Min)))
			words.Texts = append(words.Texts, number(levels[i]))
		}
	}
	return words
}

// over returns the axis of a side of the grid, with room for half an arrow.
func over(name string, v []float64) picture.Axis {
	lo, hi := v[0], v[len(v)-1]
	room := float64(0.04 * (hi - lo))
	return picture.Axis{Label: name, Fixed: true, Min: lo - room, Max: hi + room}
}

// medianDifference returns the median of a − b where both are finite, or 0.
func medianDifference(a, b []float64) float64 {
	d := make([]float64, len(a))
	for i := range a {
		d[i] = a[i] - b[i]
	}
	if m := quantile(d, 0.5); m == m {
		return m
	}
	return 0
}

// quantile returns the value below which a share of the finite values lies.
func quantile(v []float64, share float64) float64 {
	var u []float64
	for _, x := range v {
		if x-x == 0 {
			u = append(u, x)
		}
	}
	if u == nil {
		return math.NaN()
	}
	slices.Sort(u)
	at := float64(share * float64(len(u)-1))
	i := min(int(at), len(u)-1)
	j := min(i+1, len(u)-1)
	return u[i] + float64((at-float64(i))*(u[j]-u[i]))
}

// arrowsASide is how many arrows stand next to each other.
const arrowsASide = 14

// rate returns the field of a system or model at a row, along the axes. For a model of the next state it
// is the change.
func (s *source) rate(x, y, suffix string, r int) (dx, dy float64) {
	if s.has("d"+x+suffix, "d"+y+suffix) {
		return s.col("d" + x + suffix)[r], s.col("d" + y + suffix)[r]
	}
	if s.has("next_"+x+suffix, "next_"+y+suffix) {
		return s.col("next_" + x + suffix)[r] - s.col(x)[r], s.col("next_" + y + suffix)[r] - s.col(y)[r]
	}
	return math.NaN(), math.NaN()
}

// duration is the time in which the field moves a state along an arrow: the fastest tenth of the states
// of the first field reaches about the next arrow.
func (s *source) duration(across, upwards string, x, y []float64, suffixes []string) float64 {
	dx, dy := (x[len(x)-1]-x[0])/arrowsASide, (y[len(y)-1]-y[0])/arrowsASide
	var v []float64
	for r := range s.Rows() {
		a, b := s.rate(across, upwards, suffixes[0], r)
		v = append(v, max(math.Abs(a/dx), math.Abs(b/dy)))
	}
	if fast := quantile(v, 0.9); fast > 0 {
		return 1 / fast
	}
	return 0
}

// arrows returns the layer of a field. Arrows are centred at their states and at most a fifth longer
// than their distance.
func (s *source) arrows(across, upwards string, x, y []float64, at []int, suffix string, duration float64) picture.Layer {
	l := picture.Layer{Shape: picture.Arrows, Ink: picture.Text}
	dx, dy := (x[len(x)-1]-x[0])/arrowsASide, (y[len(y)-1]-y[0])/arrowsASide
	every := func(n int) int { return max(1, (n-1+arrowsASide/2)/arrowsASide) }
	ex, ey := every(len(x)), every(len(y))
	for i := (len(x) - 1) % ex / 2; i < len(x); i += ex {
		for j := (len(y) - 1) % ey / 2; j < len(y); j += ey {
			vq, vp := s.rate(across, upwards, suffix, at[i*len(y)+j])
			k := duration
			if over := max(math.Abs(float64(vq*k)/dx), math.Abs(float64(vp*k)/dy)); over > 1.2 {
				k *= 1.2 / over
			}
			if vq, vp = float64(vq*k/2), float64(vp*k/2); vq-vq == 0 && vp-vp == 0 {
				l.X, l.Y = append(l.X, x[i]-vq), append(l.Y, y[j]-vp)
				l.X2, l.Y2 = append(l.X2, x[i]+vq), append(l.Y2, y[j]+vp)
			}
		}
	}
	return l
}
