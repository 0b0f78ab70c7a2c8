package picture

import (
	"math"
	"strconv"
	"strings"
)

// A tick is a number at an axis. A small tick has no label.
type tick struct {
	at    float64
	label string
	small bool
}

// scale is what the labels of an axis leave out: each stands for label × 10^power + offset.
type scale struct {
	power  int
	offset float64
}

// String is what is written at the end of the axis.
func (s scale) String() string {
	var w []string
	if s.power != 0 {
		w = append(w, "×10"+superscript(s.power))
	}
	if s.offset != 0 {
		w = append(w, strings.Replace("+ "+strconv.FormatFloat(s.offset, 'g', -1, 64), "+ -", "− ", 1))
	}
	return strings.Join(w, " ")
}

// superscript writes a number in raised digits.
func superscript(n int) string {
	return strings.NewReplacer("-", "⁻", "0", "⁰", "1", "¹", "2", "²", "3", "³", "4", "⁴", "5", "⁵", "6", "⁶", "7", "⁷", "8", "⁸", "9", "⁹").
		Replace(strconv.Itoa(n))
}

// exponent returns e with 10^e ≤ v < 10^(e+1), exactly, for v above 0.
func exponent(v float64) int {
	s := strconv.FormatFloat(v, 'e', -1, 64)
	e, _ := strconv.Atoi(s[strings.IndexByte(s, 'e')+1:])
	return e
}

// ten returns 10^e, correctly rounded.
func ten(e int) float64 {
	v, _ := strconv.ParseFloat("1e"+strconv.Itoa(e), 64)
	return v
}

// multiple returns k × 10^e, correctly rounded for |k| < 2^53 and the e of ticks.
func multiple(k int64, e int) float64 {
	if e < 0 {
		return float64(k) / ten(-e)
	}
	return float64(k) * ten(e)
}

// step returns the least m × 10^e of 1, 2 or 5 × 10^e that divides the span into at most n.
func step(span float64, n int) (m int64, e int) {
	raw := span / float64(n)
	e = exponent(raw)
	for _, m := range []int64{1, 2, 5} {
		if multiple(m, e) >= raw*(1-1e-12) {
			return m, e
		}
	}
	return 1, e + 1
}

// linearTicks returns about n numbers from lo to hi, 1, 2 or 5 times a power of ten apart.
func linearTicks(lo, hi float64, n int) (ts []tick, s scale) {
	m, e := step(hi-lo, max(n, 1))
	size := multiple(m, e)
	first := int64(math.Ceil(lo/size - 1e-9))
	last := int64(math.Floor(hi/size + 1e-9))
	base := int64(0)
	if largest := max(math.Abs(lo), math.Abs(hi)); largest/size > 2e5 { // labels of more than six digits
		base = first
		s.offset = multiple(base*m, e)
	} else if top := exponent(largest); top >= 5 || top < -3 {
		s.power = top
	}
	if s.offset != 0 {
		if top := exponent(hi - lo); top >= 5 || top < -3 {
			s.power = top
		}
	}
	for k := first; k <= last && k-first < 1000; k++ {
		ts = append(ts, tick{at: multiple(k*m, e), label: decimal((k-base)*m, e-s.power)})
	}
	return ts, s
}

// decimal writes k × 10^e without rounding.
func decimal(k int64, e int) string {
	if k == 0 {
		return "0"
	}
	sign := ""
	if k < 0 {
		sign, k = "−", -k
	}
	s := strconv.FormatInt(k, 10)
	if e >= 0 {
		return sign + s + strings.Repeat("0", e)
	}
	if len(s) <= -e {
		s = strings.Repeat("0", 1-e-len(s)) + s
	}
	whole, part := s[:len(s)+e], s[len(s)+e:]
	if part = strings.TrimRight(part, "0"); part == "" {
		return sign + whole
	}
	return sign + whole + "." + part
}

// logTicks returns the decades from lo to hi, at most about n of them labelled. Where there are
// fewer than two, their doubles and fivefolds are labelled as well.
func logTicks(lo, hi float64, n int) (ts []tick) {
	first, last := exponent(lo), exponent(hi)
	inside := 0 // decades between
	for e := first; e <= last; e++ {
		if t := ten(e); t >= lo && t <= hi {
			inside++
		}
	}
	every := 1
	for _, every = range []int{1, 2, 3, 5, 10, 20, 50, 100, 200} {
		if every*n >= inside {
			break
		}
	}
	plain := first >= -3 && last <= 4
	label := func(k int64, e int) string {
		switch {
		case plain, e == 0:
			return decimal(k, e)
		case k == 1:
			return "10" + superscript(e)
		}
		return strconv.FormatInt(k, 10) + "·10" + superscript(e)
	}
	for e := first; e <= last; e++ {
		for k := int64(1); k < 10; k++ {
			v := multiple(k, e)
			if v < lo || v > hi {
				continue
			}
			t := tick{at: v, small: true}
			many := inside*3 <= n+2 && (k == 2 || k == 5) || inside < 2 && (hi/lo < 4)
			if k == 1 && (e%every+every)%every == 0 || k > 1 && many {
				t.small, t.label = false, label(k, e)
			} else if k > 1 && every > 1 || inside > 40 { // no room for small ticks
				continue
			}
			ts = append(ts, t)
		}
	}
	return ts
}
