package picture

import (
	"math"
	"slices"
)

// Contour returns the level set z = level as lines with NaN between them. z[i*len(y)+j] belongs to
// x[i] and y[j]; a cell with a corner that is not finite is left out. In each cell the set is the
// straight line between the points at which linear interpolation along the edges gives the level.
// A saddle is resolved by the mean of its corners.
//
// Source: W. E. Lorensen and H. E. Cline, "Marching Cubes", SIGGRAPH 1987, in two dimensions.
func Contour(x, y, z []float64, level float64) (cx, cy []float64) {
	ny := len(y)
	type edge [3]int // of the point (i, j): 0 to the next x, 1 to the next y
	next := map[edge][]edge{}
	var order []edge // of the first mention, for the same bytes each time
	join := func(a, b edge) {
		for _, e := range []edge{a, b} {
			if _, ok := next[e]; !ok {
				order = append(order, e)
			}
		}
		next[a], next[b] = append(next[a], b), append(next[b], a)
	}
	for i := 0; i+1 < len(x); i++ {
		for j := 0; j+1 < ny; j++ {
			// The corners, counter-clockwise, and the edges that follow them.
			c := [4]float64{z[i*ny+j], z[(i+1)*ny+j], z[(i+1)*ny+j+1], z[i*ny+j+1]}
			e := [4]edge{{i, j, 0}, {i + 1, j, 1}, {i, j + 1, 0}, {i, j, 1}}
			if s := c[0] + c[1] + c[2] + c[3]; s-s != 0 {
				continue
			}
			var cut []int
			for k := range 4 {
				if (c[k] >= level) != (c[(k+1)%4] >= level) {
					cut = append(cut, k)
				}
			}
			switch len(cut) {
			case 2:
				join(e[cut[0]], e[cut[1]])
			case 4: // a corner that differs from the mean is cut off with the edges beside it
				mean := float64(c[0]/4) + float64(c[1]/4) + float64(c[2]/4) + float64(c[3]/4)
				if (c[0] >= level) == (mean >= level) {
					join(e[0], e[1])
					join(e[2], e[3])
				} else {
					join(e[3], e[0])
					join(e[1], e[2])
				}
			}
		}
	}
	at := func(e edge) (float64, float64) {
		i, j := e[0], e[1]
		a, b := z[i*ny+j], 0.
		if e[2] == 0 {
			b = z[(i+1)*ny+j]
			return x[i] + float64((x[i+1]-x[i])*((level-a)/(b-a))), y[j]
		}
		b = z[i*ny+j+1]
		return x[i], y[j] + float64((y[j+1]-y[j])*((level-a)/(b-a)))
	}
	take := func(a, b edge) { // removes the line from a to b
		for _, p := range [][2]edge{{a, b}, {b, a}} {
			k := slices.Index(next[p[0]], p[1])
			next[p[0]] = slices.Delete(next[p[0]], k, k+1)
		}
	}
	follow := func(e edge) {
		if len(cx) > 0 {
			cx, cy = append(cx, math.NaN()), append(cy, math.NaN())
		}
		for {
			px, py := at(e)
			cx, cy = append(cx, px), append(cy, py)
			if len(next[e]) == 0 {
				return
			}
			to := next[e][0]
			take(e, to)
			e = to
		}
	}
	for _, e := range order { // open lines from their ends, then closed ones
		if len(next[e]) == 1 {
			follow(e)
		}
	}
	for _, e := range order {
		if len(next[e]) > 0 {
			follow(e)
		}
	}
	return cx, cy
}

// Levels returns about n round numbers between lo and hi.
func Levels(lo, hi float64, n int) []float64 {
	if !(hi > lo) || math.IsInf(hi-lo, 0) {
		return nil
	}
	ts, _ := linearTicks(lo, hi, n)
	var all []float64
	for _, t := range ts {
		if t.at > lo && t.at < hi {
			all = append(all, t.at)
		}
	}
	return all
}
