package picture

import (
	"math"
	"slices"
)

// thin.go makes files small. What is left out could not be seen:
//
//   - of a curve over time, which never goes back in x, each column of pixels keeps the first, the
//     lowest, the highest and the last point (M4);
//   - of any curve, points are left out while the line without them passes within a quarter of a pixel;
//   - of a curve that goes back, such as an orbit, lines are left out where the same curve has
//     been before, to within half a pixel or a third of the width of the line;
//   - of dots, the uppermost in each pixel is kept.
//
// Source: U. Jugel et al., "M4: A Visualization-Oriented Time Series Data Aggregation", VLDB 2014;
// Z. Zhao and A. Saalfeld, "Linear-Time Sleeve-Fitting Polyline Simplification", AutoCarto 1997.

// tolerance is how far a thinned curve may be from the curve, in pixels.
const tolerance = 1. / 6

// forward tells whether a curve never goes back in x.
func forward(path []point) bool {
	for i := 1; i < len(path); i++ {
		if path[i].x < path[i-1].x {
			return false
		}
	}
	return true
}

// columns keeps at most four points for each column of pixels of a curve that goes forward.
func columns(path []point) []point {
	var out []point
	for i := 0; i < len(path); {
		column := math.Floor(path[i].x)
		low, high, j := i, i, i
		for ; j < len(path) && math.Floor(path[j].x) == column; j++ {
			if path[j].y < path[low].y {
				low = j
			}
			if path[j].y > path[high].y {
				high = j
			}
		}
		last := -1
		for _, k := range []int{i, min(low, high), max(low, high), j - 1} {
			if k != last {
				out = append(out, path[k])
				last = k
			}
		}
		i = j
	}
	return out
}

// smooth leaves out points as long as all that it has left out since the last one lie within the
// tolerance of the line. It keeps the interval of directions from the last point in which a line
// passes all points since then.
func smooth(path []point) []point {
	if len(path) < 3 {
		return path
	}
	out := []point{path[0]}
	var right, left point // directions that bound the sleeve
	open, far := true, 0.
	from := path[0]
	for i := 1; i < len(path); {
		dx, dy := path[i].x-from.x, path[i].y-from.y
		r := math.Sqrt(float64(dx*dx) + float64(dy*dy))
		inside := open || cross(right, point{dx, dy}) >= 0 && cross(point{dx, dy}, left) >= 0
		if !inside || r < far-tolerance { // the second: it turns back
			from, open, far = path[i-1], true, 0
			out = append(out, from)
			continue // with the same point, which is the first of a new sleeve
		}
		far = max(far, r)
		if r > tolerance {
			// The directions that touch a circle of radius tolerance about the point.
			c := math.Sqrt(float64(r*r) - tolerance*tolerance)
			lo := point{float64(dx*c) + float64(dy*tolerance), float64(dy*c) - float64(dx*tolerance)}
			hi := point{float64(dx*c) - float64(dy*tolerance), float64(dy*c) + float64(dx*tolerance)}
			if open || cross(right, lo) > 0 {
				right = lo
			}
			if open || cross(left, hi) < 0 {
				left = hi
			}
			open = false
		}
		i++
	}
	return append(out, path[len(path)-1])
}

func cross(a, b point) float64 { return float64(a.x*b.y) - float64(a.y*b.x) }

// A trace marks the cells of the picture that a curve has been in.
type trace struct {
	box  rect
	per  float64 // cells on a pixel
	wide int     // cells in a row
	seen []bool
}

func newTrace(box rect, line float64) *trace {
	t := &trace{box: box, per: 1 / max(0.5, line/3)}
	t.wide = int(t.per*box.w) + 2
	t.seen = make([]bool, t.wide*(int(t.per*box.h)+2))
	return t
}

// adds marks the line from a to b and tells whether it covers anything new.
func (t *trace) adds(a, b point) bool {
	n := int(max(math.Abs(b.x-a.x), math.Abs(b.y-a.y))*t.per) + 1
	added := false
	for k := 0; k <= n; k++ {
		s := float64(k) / float64(n)
		x, y := a.x+float64(s*(b.x-a.x))-t.box.x, a.y+float64(s*(b.y-a.y))-t.box.y
		cell := int(y*t.per)*t.wide + int(x*t.per)
		if cell >= 0 && cell < len(t.seen) && !t.seen[cell] {
			t.seen[cell], added = true, true
		}
	}
	return added
}

// fresh returns the parts of a path that cover something new.
func (t *trace) fresh(path []point) (parts [][]point) {
	var part []point
	for i := 1; i < len(path); i++ {
		if t.adds(path[i-1], path[i]) {
			if part == nil {
				part = []point{path[i-1]}
			}
			part = append(part, path[i])
		} else if part != nil {
			parts, part = append(parts, part), nil
		}
	}
	if part != nil {
		parts = append(parts, part)
	}
	return parts
}

// A sieve keeps one dot for each pixel.
type sieve struct {
	box  rect
	wide int
	seen []bool
}

func newSieve(box rect) *sieve {
	s := &sieve{box: box, wide: int(box.w) + 2}
	s.seen = make([]bool, s.wide*(int(box.h)+2))
	return s
}

// keep returns those of the points in the box whose pixels no point has been in before, row by row.
func (s *sieve) keep(n int, at func(i int) point) (out []point) {
	first := map[int]point{}
	var cells []int
	for i := range n {
		p := at(i)
		if !s.box.holds(p) {
			continue
		}
		cell := max(int(p.y-s.box.y), 0)*s.wide + max(int(p.x-s.box.x), 0)
		if !s.seen[cell] {
			s.seen[cell] = true
			first[cell], cells = p, append(cells, cell)
		}
	}
	slices.Sort(cells)
	for _, c := range cells {
		out = append(out, first[c])
	}
	return out
}
