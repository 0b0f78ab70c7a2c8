package picture

import (
	"fmt"
	"math"

	"hnn/autodiff/elementary"
)

// stretch makes an interval k times as long about its centre.
func stretch(lo, hi, k float64) (float64, float64) {
	lo, hi = float64(lo/2), float64(hi/2)
	mid, half := lo+hi, float64((hi-lo)*k)
	return mid - half, mid + half
}

// fits tells whether the labels of ticks do not touch.
func fits(ts []tick, a *Axis, lo, hi, width float64) bool {
	end := math.Inf(-1)
	for _, t := range ts {
		if t.small {
			continue
		}
		mid, half := float64(a.share(t.at, lo, hi)*width), float64(textWidth(t.label, smallSize)/2)
		if mid-half < end+10 {
			return false
		}
		end = mid + half
	}
	return true
}

// ticks returns the numbers at the axis.
func (a *Axis) ticks(lo, hi float64, n int) (ts []tick, s scale) {
	switch {
	case a.Names != nil:
		for i, name := range a.Names {
			ts = append(ts, tick{at: float64(i), label: name})
		}
		return ts, s
	case a.Log:
		if ts = logTicks(lo, hi, n); len(ts) > 1 {
			return ts, s
		}
	}
	return linearTicks(lo, hi, n)
}

// limit keeps differences of limits finite.
const limit = 8e307

// FixedAxis returns an error unless an axis can go from lo to hi.
func FixedAxis(lo, hi float64) error {
	if !(lo >= -limit && hi <= limit && hi-lo > 1e-12*max(math.Abs(lo), math.Abs(hi)) && hi-lo > 1e-290) {
		return fmt.Errorf("from %v to %v: want a lower and a higher number, between -8e307 and 8e307 and further apart", lo, hi)
	}
	return nil
}

// over returns the range of the axis: the fixed one, or that of the data with some room.
func (a *Axis) over(layers []Layer, of func(*Layer) [][]float64) (lo, hi float64) {
	if a.Fixed {
		return a.Min, a.Max
	}
	lo, hi = math.Inf(1), math.Inf(-1)
	for i := range layers {
		for _, vs := range of(&layers[i]) {
			for _, v := range vs {
				if v-v == 0 && (!a.Log || v > 0) {
					lo, hi = min(lo, v), max(hi, v)
				}
			}
		}
	}
	switch {
	case lo > hi:
		return 0.1, 1
	case a.Log:
		k := elementary.Exp(float64(0.04 * (elementary.Log(hi) - elementary.Log(lo))))
		if k < 1.05 {
			k = 1.05
		}
		lo = max(lo/k, 1e-300)
		return lo, min(max(hi*k, 2*lo), limit)
	}
	lo, hi = max(min(lo, limit), -limit), max(min(hi, limit), -limit)
	room := float64(0.04 * (float64(hi/2) - float64(lo/2)))
	if least := max(float64(1e-12*max(math.Abs(lo), math.Abs(hi))), 1e-290); hi-lo < least { // one value
		if room = math.Abs(lo) / 10; room < least {
			room = 1
		}
	} else {
		room *= 2
	}
	return max(lo-room, -limit), min(hi+room, limit)
}

// share tells where a value stands between the ends of the axis, 0 at lo and 1 at hi.
func (a *Axis) share(v, lo, hi float64) float64 {
	if a.Log {
		l := elementary.Log(lo)
		return (elementary.Log(v) - l) / (elementary.Log(hi) - l)
	}
	return (v - lo) / (hi - lo)
}

// A view maps data to the picture.
type view struct {
	box            rect
	ax, ay         *Axis
	x0, x1, y0, y1 float64
}

func (v *view) x(a float64) float64 {
	return v.box.x + float64(v.box.w*v.ax.share(a, v.x0, v.x1))
}

func (v *view) y(a float64) float64 {
	return v.box.y + v.box.h - float64(v.box.h*v.ay.share(a, v.y0, v.y1))
}

func (v *view) point(x, y float64) point { return point{v.x(x), v.y(y)} }
