package pixels

import (
	"math"

	"hnn/autodiff/elementary"
)

// Shares of the width of a picture.
const (
	reach     = 0.47  // from the pivot to the outer edge of the last bob
	bobRadius = 0.085 // of one bob; of two bobs each has 0.7 of it
	rodRadius = 0.03  // half the width of a rod
)

// Draw draws a pendulum of one rod for each angle, each with a bob at its end, into dst, a
// picture of size×size numbers from 0, black, to 1, white, by rows from the top. The pivot is
// the centre. Angles are measured from straight down, counter-clockwise positive, in rad. All
// rods have the same length.
//
// A pixel whose centre has the distance d from the middle line of a rod, or from the middle of
// a bob, is covered by a share of about
//
//	min(1, max(0, r − d + ½)),    r = half the width, in pixels
//
// which makes smooth edges. Numbers are rounded to the 256 levels of a picture file.
func Draw(dst []float64, size int, angles []float64) {
	n := float64(size)
	bob := bobRadius * n
	if len(angles) > 1 {
		bob *= 0.7
	}
	length := (float64(reach*n) - bob) / float64(len(angles))
	clear(dst)
	x0, y0 := n/2, n/2
	for _, a := range angles {
		x1, y1 := x0+float64(length*elementary.Sin(a)), y0+float64(length*elementary.Cos(a))
		for i := range size {
			for j := range size {
				x, y := float64(j)+0.5, float64(i)+0.5
				rod := float64(rodRadius*n) - toSegment(x, y, x0, y0, x1, y1)
				disc := bob - math.Sqrt(float64((x-x1)*(x-x1))+float64((y-y1)*(y-y1)))
				cover := min(1, max(0, max(rod, disc)+0.5))
				dst[i*size+j] = max(dst[i*size+j], math.Floor(float64(cover*255)+0.5)/255)
			}
		}
		x0, y0 = x1, y1
	}
}

// toSegment returns the distance of a point from a line segment.
func toSegment(x, y, x0, y0, x1, y1 float64) float64 {
	dx, dy := x1-x0, y1-y0
	s := (float64((x-x0)*dx) + float64((y-y0)*dy)) / (float64(dx*dx) + float64(dy*dy))
	s = min(1, max(0, s))
	u, v := x-x0-float64(s*dx), y-y0-float64(s*dy)
	return math.Sqrt(float64(u*u) + float64(v*v))
}

// Angle measures the angle of a single pendulum in a picture: the direction of the first moment
// of its brightness about the pivot, because rod and bob are symmetric about the rod's line.
//
//	θ = atan2(Σ v x, Σ v y),    v = brightness, from 0 up, at (x, y) from the centre, y down
func Angle(picture []float64, size int) float64 {
	var sx, sy float64
	centre := float64(float64(size) / 2)
	for i := range size {
		for j := range size {
			v := max(0, picture[i*size+j])
			sx += float64(v * (float64(j) + 0.5 - centre))
			sy += float64(v * (float64(i) + 0.5 - centre))
		}
	}
	return elementary.Atan2(sx, sy)
}
