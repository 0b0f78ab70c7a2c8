package picture

import (
	"fmt"
	"math"
	"strings"
	"testing"
)

func labels(ts []tick) string {
	var s []string
	for _, t := range ts {
		if !t.small {
			s = append(s, t.label)
		}
	}
	return strings.Join(s, " ")
}

func TestLinearTicks(t *testing.T) {
	for _, c := range []struct {
		lo, hi      float64
		n           int
		want, scale string
	}{
		{0, 1, 5, "0 0.2 0.4 0.6 0.8 1", ""},
		{0, 100, 5, "0 20 40 60 80 100", ""},
		{-1.1, 1.1, 5, "−1 −0.5 0 0.5 1", ""},
		{0.2, 0.31, 6, "0.2 0.22 0.24 0.26 0.28 0.3", ""},
		{0, 0.7, 3, "0 0.5", ""},
		{0, 5.5e-7, 6, "0 1 2 3 4 5", "×10⁻⁷"},
		{-2e-5, 1e-5, 3, "−2 −1 0 1", "×10⁻⁵"},
		{0, 123456, 4, "0 0.5 1", "×10⁵"},
		{0, 50000, 5, "0 10000 20000 30000 40000 50000", ""},
		{1e6, 1e6 + 2, 4, "0 0.5 1 1.5 2", "+ 1e+06"},
		{-2.681095, -2.681094, 3, "0 0.5 1", "×10⁻⁶ − 2.681095"},
		{-1e300, 1e300, 4, "−1 −0.5 0 0.5 1", "×10³⁰⁰"},
		{-8e307, 8e307, 4, "−5 0 5", "×10³⁰⁷"},
		{0, 1e-290, 2, "0 0.5 1", "×10⁻²⁹⁰"},
		{0.001, 0.009, 4, "0.002 0.004 0.006 0.008", ""},
		{2015, 2024, 5, "2016 2018 2020 2022 2024", ""},
	} {
		ts, s := linearTicks(c.lo, c.hi, c.n)
		if got := labels(ts); got != c.want || s.String() != c.scale {
			t.Errorf("%v to %v: %s (%s), want %s (%s)", c.lo, c.hi, got, s, c.want, c.scale)
		}
	}
}

func TestLogTicks(t *testing.T) {
	for _, c := range []struct {
		lo, hi float64
		n      int
		want   string
	}{
		{1, 1000, 6, "1 10 100 1000"},
		{0.01, 0.3, 8, "0.01 0.02 0.05 0.1 0.2"},
		{0.012, 0.3, 8, "0.02 0.05 0.1 0.2"},
		{1e-8, 1, 4, "10⁻⁶ 10⁻³ 1"},
		{1e-8, 1, 5, "10⁻⁸ 10⁻⁶ 10⁻⁴ 10⁻² 1"},
		{3e-5, 4e-4, 5, "5·10⁻⁵ 10⁻⁴ 2·10⁻⁴"},
		{1e-300, 1e300, 4, "10⁻²⁰⁰ 1 10²⁰⁰"},
		{2, 3, 4, "2 3"},
		{2.1, 2.2, 4, ""},
	} {
		if got := labels(logTicks(c.lo, c.hi, c.n)); got != c.want {
			t.Errorf("%v to %v: %s, want %s", c.lo, c.hi, got, c.want)
		}
	}
}

// Whatever the range, ticks are few, inside, and rise; and no label is there twice.
func TestTicksOfAnyRange(t *testing.T) {
	for _, lo := range []float64{0, 1, -3, 1e-9, -1e9, 12345.678, 1e15, -4e307} {
		for _, span := range []float64{1e-3, 1, 7, 33.3, 1e6, 1e12, 4e307} {
			for n := 1; n < 12; n++ {
				hi := lo + span
				if hi-lo < 1e-12*math.Abs(lo) || hi <= lo {
					continue
				}
				ts, _ := linearTicks(lo, hi, n)
				if len(ts) > n+1 {
					t.Errorf("%v to %v: %d ticks, want %d", lo, hi, len(ts), n)
				}
				seen := map[string]bool{}
				for i, k := range ts {
					if k.at < lo-1e-6*span || k.at > hi+1e-6*span || i > 0 && k.at <= ts[i-1].at || seen[k.label] || len(k.label) > 12 {
						t.Errorf("%v to %v: tick %v", lo, hi, k)
					}
					seen[k.label] = true
				}
			}
		}
	}
}

func TestDecimal(t *testing.T) {
	for _, c := range []struct {
		k    int64
		e    int
		want string
	}{{0, 3, "0"}, {5, 2, "500"}, {-5, -1, "−0.5"}, {15, -1, "1.5"}, {20, -1, "2"}, {7, -4, "0.0007"}, {120, -2, "1.2"}} {
		if got := decimal(c.k, c.e); got != c.want {
			t.Errorf("%d × 10^%d is %s, want %s", c.k, c.e, got, c.want)
		}
	}
	if got := fmt.Sprintln(exponent(0.001), exponent(999), exponent(1000), exponent(5e-324), stepText(1, 5)); got != "-3 2 3 -324 2 × 10^-1\n" {
		t.Error(got)
	}
}

func stepText(span float64, n int) string {
	m, e := step(span, n)
	return fmt.Sprintf("%d × 10^%d", m, e)
}
