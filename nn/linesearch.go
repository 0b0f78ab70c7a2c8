package nn

import "math"

// The strong Wolfe conditions: a step is taken where, along it,
//
//	f(α) ≤ f(0) + c₁ α f′(0)   and   |f′(α)| ≤ c₂ |f′(0)|
const (
	wolfe1    = 1e-3 // c₁
	wolfe2    = 0.9  // c₂
	maxTrials = 20
	stepLeast = 1e-20
	stepMost  = 1e20
)

// A trial is a step α with f(α) and f′(α).
type trial struct{ step, f, slope float64 }

// search looks for a step that meets the strong Wolfe conditions, from f(0), f′(0) < 0 and a
// first guess; at returns f and f′ at a step. It returns f and the step. Where no step meets
// both conditions in so many trials it returns the best that meets the first, and a step of 0
// where there is none. After a step at which f is not finite it tries a tenth of it,
// and never again one as large.
//
// Source: J. Moré, D. Thuente, "Line search algorithms with guaranteed sufficient decrease",
// ACM TOMS 20 (1994) 286; the constants are those of L-BFGS-B.
func search(f0, slope0, step float64, at func(step float64) (f, slope float64, err error)) (f, taken float64, err error) {
	if !(slope0 < 0) {
		return f0, 0, nil
	}
	lo, hi := trial{0, f0, slope0}, trial{0, f0, slope0} // lo is the best so far; the wanted step lies between
	best := trial{0, f0, 0}
	bracket, first := false, true
	width, width1 := stepMost-stepLeast, 2*(stepMost-stepLeast)
	least, most := 0., float64(5*step)
	ceiling := math.Inf(1) // the least step at which f was not finite
	for range maxTrials {
		var t trial
		if t.f, t.slope, err = at(step); err != nil {
			return 0, 0, err
		}
		t.step = step
		if t.f-t.f != 0 || t.slope-t.slope != 0 {
			ceiling = min(ceiling, step)
			most = ceiling
			step = lo.step + float64(0.1*(step-lo.step))
			continue
		}
		bound := f0 + float64(step*float64(wolfe1*slope0))
		if t.f <= bound && t.f < best.f {
			best = t
		}
		if t.f <= bound && math.Abs(t.slope) <= wolfe2*-slope0 {
			return t.f, t.step, nil
		}
		if bracket && (step <= least || step >= most || most-least <= 0.1*most) {
			break
		}
		if first && t.f <= bound && t.slope >= 0 {
			first = false
		}
		if first && t.f <= lo.f && t.f > bound {
			// As long as no step is low enough, the function is f less the wanted decrease.
			shift := func(t trial, sign float64) trial {
				return trial{t.step, t.f - float64(sign*float64(t.step*float64(wolfe1*slope0))), t.slope - float64(sign*float64(wolfe1*slope0))}
			}
			a, b := shift(lo, 1), shift(hi, 1)
			step, bracket = next(&a, &b, shift(t, 1), bracket, least, most)
			lo, hi = shift(a, -1), shift(b, -1)
		} else {
			step, bracket = next(&lo, &hi, t, bracket, least, most)
		}
		if bracket {
			if math.Abs(hi.step-lo.step) >= 0.66*width1 {
				step = lo.step + float64(0.5*(hi.step-lo.step))
			}
			width1, width = width, math.Abs(hi.step-lo.step)
			least, most = min(lo.step, hi.step), max(lo.step, hi.step)
		} else {
			least, most = step+float64(1.1*(step-lo.step)), step+float64(4*(step-lo.step))
		}
		step = min(max(step, stepLeast), stepMost)
		if step >= ceiling {
			step = lo.step + float64(0.5*(ceiling-lo.step))
		}
		if bracket && (step <= least || step >= most || most-least <= 0.1*most) {
			step = lo.step
		}
	}
	if best.step > 0 { // f and its gradient must be those of the step that is returned
		f, _, err = at(best.step)
		return f, best.step, err
	}
	return f0, 0, nil
}

// next chooses the next step from the interval of lo and hi and the trial t in it, by cubic
// and quadratic interpolation, and shortens the interval.
func next(lo, hi *trial, t trial, bracket bool, least, most float64) (step float64, bracketed bool) {
	opposite := t.slope*math.Copysign(1, lo.slope) < 0
	// cubic returns the minimum of the cubic through a and b, as a share of the way from b to a.
	cubic := func(a, b trial, sign float64, safe bool) (r, gamma float64) {
		theta := 3*(a.f-b.f)/(b.step-a.step) + a.slope + b.slope
		s := max(math.Abs(theta), math.Abs(a.slope), math.Abs(b.slope))
		u := theta / s
		v := float64(u*u) - float64(a.slope/s*(b.slope/s))
		if safe {
			v = max(0, v)
		}
		gamma = float64(s * math.Sqrt(v) * sign)
		p := gamma - b.slope + theta
		q := gamma - b.slope + gamma + a.slope
		if safe {
			q = gamma + (a.slope - b.slope) + gamma
		}
		return p / q, gamma
	}
	side := func(a, b float64) float64 { // −1 if a lies after b
		if a > b {
			return -1
		}
		return 1
	}
	switch {
	case t.f > lo.f: // higher: the minimum is bracketed
		r, _ := cubic(t, *lo, -side(t.step, lo.step), false)
		c := lo.step + float64(r*(t.step-lo.step))
		q := lo.step + float64(lo.slope/((lo.f-t.f)/(t.step-lo.step)+lo.slope)/2*(t.step-lo.step))
		step = c
		if !(math.Abs(c-lo.step) < math.Abs(q-lo.step)) {
			step = c + float64((q-c)/2)
		}
		bracket = true
	case opposite: // lower, and the slope has changed its sign: bracketed
		r, _ := cubic(*lo, t, side(t.step, lo.step), false)
		c := t.step + float64(r*(lo.step-t.step))
		q := t.step + float64(t.slope/(t.slope-lo.slope)*(lo.step-t.step))
		step = q
		if math.Abs(c-t.step) > math.Abs(q-t.step) {
			step = c
		}
		bracket = true
	case math.Abs(t.slope) < math.Abs(lo.slope): // lower, and flatter
		r, gamma := cubic(*lo, t, side(t.step, lo.step), true)
		c := least
		if r < 0 && gamma != 0 {
			c = t.step + float64(r*(lo.step-t.step))
		} else if t.step > lo.step {
			c = most
		}
		q := t.step + float64(t.slope/(t.slope-lo.slope)*(lo.step-t.step))
		nearer := math.Abs(c-t.step) < math.Abs(q-t.step)
		step = q
		if bracket {
			if nearer {
				step = c
			}
			far := t.step + float64(0.66*(hi.step-t.step))
			if t.step > lo.step {
				step = min(far, step)
			} else {
				step = max(far, step)
			}
		} else {
			if !nearer {
				step = c
			}
			step = min(max(step, least), most)
		}
	default: // lower, and not flatter
		switch {
		case bracket:
			r, _ := cubic(*hi, t, side(t.step, hi.step), false)
			step = t.step + float64(r*(hi.step-t.step))
		case t.step > lo.step:
			step = most
		default:
			step = least
		}
	}
	if t.f > lo.f {
		*hi = t
	} else {
		if opposite {
			*hi = *lo
		}
		*lo = t
	}
	return step, bracket
}
