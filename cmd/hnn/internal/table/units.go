package table

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"time"
)

// timeUnits are the units of time that a file may have, with other ways to write them in a header. One is times/over
// seconds: a division is rounded once, so 1234 ms is the float64 next to 1.234.
var timeUnits = []struct {
	name, others string
	times, over  float64
}{
	{"s", " sec second seconds ", 1, 1},
	{"ms", " msec ", 1, 1e3},
	{"us", " µs μs usec ", 1, 1e6},
	{"ns", " nsec ", 1, 1e9},
	{"ps", "", 1, 1e12},
	{"fs", "", 1, 1e15},
	{"cs", "", 1, 1e2},
	{"ks", "", 1e3, 1},
	{"Ms", "", 1e6, 1},
	{"min", " minute minutes ", 60, 1},
	{"h", " hr hour hours ", 3600, 1},
	{"d", " day days ", 86400, 1},
}

// TimeUnits lists the units of time that a file may have.
func TimeUnits() (names []string) {
	for _, u := range timeUnits {
		names = append(names, u.name)
	}
	return names
}

// seconds returns v in seconds.
func seconds(v float64, unit string) float64 {
	for _, u := range timeUnits {
		if u.name == unit {
			return v * u.times / u.over
		}
	}
	return v
}

// timeUnit returns how TimeUnits calls a unit, "" for one that is none of time.
func timeUnit(unit string) string {
	for _, u := range timeUnits {
		if u.name == unit || strings.Contains(u.others, " "+unit+" ") {
			return u.name
		}
	}
	return ""
}

// symbols are the units that a header may have beside those of time, and the products and powers of all.
const symbols = " m mm cm km um µm μm nm in ft px pixel pixels rad mrad deg degrees ° " +
	"kg g N mN kN J mJ kJ W Pa V mV A mA Hz kHz Nm C K % - "

// unitOf splits a name such as "q [m/s]" or "t (ms)" into the name and the unit. A name that does not end in a unit is
// returned whole: "f(x)" is one.
func unitOf(name string) (base, unit string) {
	for _, b := range []string{"[]", "()"} {
		inner, ok := strings.CutSuffix(name, b[1:])
		i := strings.LastIndex(inner, b[:1])
		if base := strings.TrimSpace(inner[:max(i, 0)]); ok && i > 0 && base != "" && isUnit(inner[i+1:]) {
			return base, strings.TrimSpace(inner[i+1:])
		}
	}
	return name, ""
}

func isUnit(s string) bool {
	words := strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune("/*·. ", r) })
	for _, w := range words {
		w = strings.TrimRight(w, "^0123456789²³⁻¹")
		w = strings.TrimSuffix(w, "^-")
		if w == "" || timeUnit(w) == "" && !strings.Contains(symbols, " "+w+" ") {
			return false
		}
	}
	return len(words) > 0
}

// Unknown says of a column that is not there which one would be it if the unit in its name were known, "" for none.
func (t *Table) Unknown(name string) string {
	for _, h := range t.Header {
		rest, ok := strings.CutPrefix(h, name)
		if rest = strings.TrimSpace(rest); !ok || t.Has(name) || len(rest) < 3 {
			continue
		}
		if end := rest[len(rest)-1:]; rest[0] == '[' && end == "]" || rest[0] == '(' && end == ")" {
			return fmt.Sprintf("the unit in %.40q is not known: of time there are %s; without a unit, or by its whole name, the column is read as it is", h, strings.Join(TimeUnits(), ", "))
		}
	}
	return ""
}

// Bare returns the name of a column of the header without its unit, where that names no other column.
func (t *Table) Bare(name string) string {
	if base, _ := unitOf(name); t.At(base) == t.At(name) {
		return base
	}
	return name
}

// Unit returns the unit that the header gives a column, "" for none.
func (t *Table) Unit(name string) string {
	j, ok := t.index[name]
	if !ok {
		return ""
	}
	_, unit := unitOf(t.Header[j])
	return unit
}

// name lists the columns by their names, and by their names without a unit where these differ.
func (t *Table) name() {
	t.index = make(map[string]int, len(t.Header))
	short := map[string]int{}
	for j, s := range t.Header {
		if base, unit := unitOf(s); unit != "" {
			short[base]++
			t.index[base] = j
		}
	}
	for base, n := range short {
		if n > 1 { // which of them is meant cannot be told
			delete(t.index, base)
		}
	}
	for j, s := range t.Header {
		t.index[s] = j
	}
}

// Times returns the numbers of a column of times. If the header or the argument unit names a unit of time, they are in
// seconds; as they are in the file otherwise. ISO 8601 times become seconds from the first one.
func (t *Table) Times(name, unit string) ([]float64, error) {
	v, err := t.Col(name)
	j, ok := t.index[name]
	if !ok {
		return nil, err
	}
	given := t.Unit(name)
	u := timeUnit(given)
	switch {
	case t.stampsOf(j) != nil:
		if s := t.stampsOf(j); s.err != nil || unit == "" {
			return s.v, s.err
		}
		return nil, fmt.Errorf("%s: column %.40s has dates and times, which have no unit: leave -time-unit out", t.Name, name)
	case err != nil:
		return nil, err
	case given != "" && u == "":
		return nil, fmt.Errorf("%s: column %.40s has the unit %.20s, which is none of time: want one of %s", t.Name, name, given, strings.Join(TimeUnits(), ", "))
	case unit != "" && u != "" && u != unit:
		return nil, fmt.Errorf("%s: the header says that column %.40s is in %s, -time-unit says %s: leave the flag out, or mend the header", t.Name, name, u, unit)
	case u == "":
		u = unit
	}
	if u == "" || u == "s" {
		return v, nil
	}
	w := make([]float64, len(v))
	for i, x := range v {
		if w[i] = seconds(x, u); math.IsInf(w[i], 0) {
			return nil, t.Errorf(i, name, "%v %s is too long", x, u)
		}
	}
	return w, nil
}

// Stamped tells whether a column has ISO 8601 times.
func (t *Table) Stamped(name string) bool {
	j, ok := t.index[name]
	return ok && t.stampsOf(j) != nil
}

func (t *Table) stampsOf(j int) *stamps {
	if t.stamps == nil {
		return nil
	}
	return t.stamps[j]
}

// stamps are a column of ISO 8601 times, in seconds from the first.
type stamps struct {
	layout string
	first  time.Time
	v      []float64
	err    error // of the first cell that is none
}

// layouts of ISO 8601. Package time reads fractions of a second with "." or "," after each.
var layouts = []string{
	"2006-01-02T15:04:05Z07:00", "2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05", "2006-01-02T15:04",
	"2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05Z0700", "2006-01-02 15:04:05 Z07:00", "2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02",
}

// newStamps returns an empty column if s is a time in one of the layouts, else nil. All its cells have the same layout.
func newStamps(s string) *stamps {
	if len(s) < 10 || s[4] != '-' {
		return nil
	}
	for _, l := range layouts {
		if first, err := time.Parse(l, s); err == nil {
			return &stamps{layout: l, first: first}
		}
	}
	return nil
}

func (c *stamps) add(s string) error {
	at, err := time.Parse(c.layout, s)
	if err != nil {
		if s == "" {
			return errors.New("empty cell")
		}
		return fmt.Errorf("%.40q is not a time in the form of the first one (%s)", s, c.first.Format(c.layout))
	}
	sec, nano := at.Unix()-c.first.Unix(), int64(at.Nanosecond()-c.first.Nanosecond())
	if sec > -1e9 && sec < 1e9 {
		c.v = append(c.v, float64(sec*1e9+nano)/1e9) // rounded once
	} else {
		c.v = append(c.v, float64(sec)+float64(nano)/1e9)
	}
	return nil
}
