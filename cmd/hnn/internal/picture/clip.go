package picture

import "math"

// clip.go cuts what lies outside of a box, so that a picture needs no clipping of its own.

func (r rect) holds(p point) bool {
	return p.x >= r.x-0.01 && p.x <= r.x+r.w+0.01 && p.y >= r.y-0.01 && p.y <= r.y+r.h+0.01
}

// clip returns the parts of a path inside the box.
//
// Source: Y.-D. Liang and B. A. Barsky, ACM Transactions on Graphics 3, 1 (1984).
func (r rect) clip(path []point) (parts [][]point) {
	if len(path) == 1 && r.holds(path[0]) {
		return [][]point{path}
	}
	var part []point
	end := func() {
		if part != nil {
			parts, part = append(parts, part), nil
		}
	}
	for i := 1; i < len(path); i++ {
		a, b := path[i-1], path[i]
		if r.holds(a) && r.holds(b) {
			if part == nil {
				part = []point{a}
			}
			part = append(part, b)
			continue
		}
		a, b, ok := r.segment(a, b)
		if !ok {
			end()
			continue
		}
		if part == nil || part[len(part)-1] != a {
			end()
			part = []point{a}
		}
		if part = append(part, b); b != path[i] {
			end()
		}
	}
	end()
	return parts
}

// segment returns the part of a line inside the box.
func (r rect) segment(a, b point) (p, q point, ok bool) {
	s, t := 0., 1.
	dx, dy := b.x-a.x, b.y-a.y
	if dx-dx != 0 || dy-dy != 0 {
		return p, q, false
	}
	for _, e := range [4][2]float64{{-dx, a.x - r.x}, {dx, r.x + r.w - a.x}, {-dy, a.y - r.y}, {dy, r.y + r.h - a.y}} {
		switch u := e[1] / e[0]; {
		case e[0] == 0:
			if e[1] < 0 {
				return p, q, false
			}
		case e[0] < 0:
			s = max(s, u)
		default:
			t = min(t, u)
		}
	}
	if s > t {
		return p, q, false
	}
	p, q = a, b
	if s > 0 {
		p = point{a.x + float64(s*dx), a.y + float64(s*dy)}
	}
	if t < 1 {
		q = point{a.x + float64(t*dx), a.y + float64(t*dy)}
	}
	return p, q, true
}

// clipArea returns the part of an area inside the box.
//
// Source: I. E. Sutherland and G. W. Hodgman, Communications of the ACM 17, 32 (1974).
func (r rect) clipArea(area []point) []point {
	for side := range 4 {
		inside := func(p point) float64 { // above 0 inside
			return [4]float64{p.x - r.x, r.x + r.w - p.x, p.y - r.y, r.y + r.h - p.y}[side]
		}
		var out []point
		for i, b := range area {
			a := area[(i+len(area)-1)%len(area)]
			da, db := inside(a), inside(b)
			if (da >= 0) != (db >= 0) {
				if t := da / (da - db); !math.IsNaN(t) {
					out = append(out, point{a.x + float64(t*(b.x-a.x)), a.y + float64(t*(b.y-a.y))})
				}
			}
			if db >= 0 {
				out = append(out, b)
			}
		}
		area = out
	}
	return area
}
