package table

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"math"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf16"
)

func zip(s string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	io.WriteString(w, s)
	w.Close()
	return b.String()
}

func wide(s string, big bool) string {
	var b []byte
	for _, u := range utf16.Encode([]rune("\ufeff" + s)) {
		if big {
			b = append(b, byte(u>>8), byte(u))
		} else {
			b = append(b, byte(u), byte(u>>8))
		}
	}
	return string(b)
}

// Every form in which a file can be gives the same table.
func TestForms(t *testing.T) {
	for _, c := range []struct{ give, form string }{
		{zip("q,p\n1.5,-2\n3,0\n"), "commas"},
		{zip("\ufeffq,p\r\n1.5,-2\r\n3,0"), "commas"},
		{wide("q,p\r\n1.5,-2\r\n3,0\r\n", false), "commas"},
		{wide("q,p\n1.5,-2\n3,0\n", true), "commas"},
		{zip(wide("q;p\n1,5;-2\n3;0\n", false)), "semicolons, decimal commas"},
		{"q;p\n1,5;-2\n3;0\n", "semicolons, decimal commas"},
		{"q;p\n1.5;-2\n3;0\n", "semicolons"},
		{"sep=;\nq;p\n1,5;-2\n3;0\n", "semicolons, decimal commas"},
		{"sep=,\r\nq,p\r\n1.5,-2\r\n3,0\r\n", "commas"},
		{"\"q\";\"p\"\n\"1,5\";\"-2,0\"\n3;0\n", "semicolons, decimal commas"},
		{"q\tp\n1.5\t-2\n3\t0\n", "tabs"},
		{"q\tp\r\n 1,5\t-2e0\r\n3 \t0\r\n", "tabs, decimal commas"},
		{"q\t;p\n1.5\t;-2\n3;\t0\n", "semicolons"},
		{"q [m],p (m/s)\n1.5,-2\n3,0\n", "commas"},
		{"q(m);p [kg·m/s]\n1,5;-2\n3;0\n", "semicolons, decimal commas"},
		{"q [rad],p [rad s^-1]\n1.5,-2\n3,0\n", "commas"},
		{wide("q [µm],p [kg m² s⁻¹]\n1.5,-2\n3,0\n", true), "commas"},
	} {
		for _, r := range []io.Reader{strings.NewReader(c.give), iotest.OneByteReader(strings.NewReader(c.give)), iotest.DataErrReader(strings.NewReader(c.give))} {
			x, err := Read("x.csv", r)
			if err != nil {
				t.Errorf("%q: %v", c.give, err)
				break
			}
			q, _ := x.Col("q")
			p, _ := x.Col("p")
			if !slices.Equal(q, []float64{1.5, 3}) || !slices.Equal(p, []float64{-2, 0}) || x.Form() != c.form {
				t.Errorf("%q: %v %v %s", c.give, q, p, x.Form())
			}
		}
	}
	// Characters outside of the first plane have two units.
	x, err := Read("x.csv", strings.NewReader(wide("𝑞,p\n1,2\n", false)))
	if err != nil || x.Header[0] != "𝑞" {
		t.Error(x, err)
	}
}

// What is cut off or damaged is never taken for a whole file.
func TestFormsDamaged(t *testing.T) {
	whole := zip("q,p\n" + strings.Repeat("1,2\n", 1000))
	for n := range len(whole) {
		if x, err := Read("x.csv", strings.NewReader(whole[:n])); err == nil {
			t.Fatalf("%d of %d bytes: %v", n, len(whole), x)
		}
	}
	flipped := []byte(whole)
	flipped[len(flipped)-6] ^= 1
	if _, err := Read("x.csv", bytes.NewReader(flipped)); err == nil || !strings.Contains(err.Error(), "the gzip file is damaged") {
		t.Error(err)
	}
	broken := errors.New("broken cable")
	for _, head := range []string{"", "q", whole[:5], whole[:40], wide("q\n1", false)} {
		if _, err := Read("x.csv", io.MultiReader(strings.NewReader(head), iotest.ErrReader(broken))); !errors.Is(err, broken) {
			t.Errorf("%q: %v", head, err)
		}
	}
}

// A small file that unpacks to a large one is refused like a large one.
func TestBomb(t *testing.T) {
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(40 << 20))
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	io.WriteString(w, "q,p\n")
	for range 200 {
		io.WriteString(w, strings.Repeat("1,2\n", 10_000))
	}
	w.Close()
	if _, err := Read("x.csv", &b); err == nil || !strings.Contains(err.Error(), "which is as much as fits in memory") {
		t.Error(err)
	}
	line := zip("q\n" + strings.Repeat(" ", 4<<20) + "1\n")
	if _, err := Read("x.csv", strings.NewReader(line)); err == nil || !strings.Contains(err.Error(), "line longer than") {
		t.Error(err)
	}
}

func TestUnits(t *testing.T) {
	for _, c := range [][3]string{
		{"q [m]", "q", "m"}, {"t(ms)", "t", "ms"}, {"v [m/s^2]", "v", "m/s^2"}, {"θ (°)", "θ", "°"}, {"w [rad·s⁻¹]", "w", "rad·s⁻¹"},
		{"f(x)", "f(x)", ""}, {"q (pred)", "q (pred)", ""}, {"q(1)", "q(1)", ""}, {"[m]", "[m]", ""}, {"q []", "q []", ""}, {"q", "q", ""}, {"q m)", "q m)", ""},
	} {
		if base, unit := unitOf(c[0]); base != c[1] || unit != c[2] {
			t.Errorf("%q: %q, %q", c[0], base, unit)
		}
	}
	x, err := Read("x.csv", strings.NewReader("t [ms],q [m],q [mm],p [m]\n1,2,3,4\n"))
	if err != nil || x.Has("q") || !x.Has("p") || !x.Has("q [mm]") || x.Unit("t") != "ms" || x.Unit("p [m]") != "m" {
		t.Error(x, err)
	}
}

// Times come in seconds where their unit is known, and as they are where it is not.
func TestTimes(t *testing.T) {
	for _, c := range []struct {
		give, unit string
		want       []float64
		err        string
	}{
		{"t\n1234\n1235\n", "", []float64{1234, 1235}, ""},
		{"t\n1234\n1235\n", "ms", []float64{1.234, 1.235}, ""},
		{"t\n9\n13\n", "ms", []float64{0.009, 0.013}, ""},
		{"t\n1234\n1235\n", "s", []float64{1234, 1235}, ""},
		{"t [ms]\n1234\n1235\n", "", []float64{1.234, 1.235}, ""},
		{"t (µs)\n1234\n1235\n", "us", []float64{0.001234, 0.001235}, ""},
		{"t [min]\n0.5\n2\n", "", []float64{30, 120}, ""},
		{"t [ks]\n0.5\n2\n", "", []float64{500, 2000}, ""},
		{"t (ps)\n3\n7\n", "", []float64{3e-12, 7e-12}, ""},
		{"t [days]\n0.5\n2\n", "d", []float64{43200, 172800}, ""},
		{"t [yr],q\n0.5,1\n2,1\n", "", nil, `x.csv: missing column t (found t [yr], q): the unit in "t [yr]" is not known: of time there are s, ms, us, ns, ps, fs, cs, ks, Ms, min, h, d; without a unit, or by its whole name, the column is read as it is`},
		{"t [h]\n0.5\n2\n", "h", []float64{1800, 7200}, ""},
		{"t [ms]\n0.5\n2\n", "s", nil, `x.csv: the header says that column t is in ms, -time-unit says s: leave the flag out, or mend the header`},
		{"t [m]\n0.5\n2\n", "", nil, `x.csv: column t has the unit m, which is none of time: want one of s, ms, us, ns, ps, fs, cs, ks, Ms, min, h, d`},
		{"t\n1e308\n", "h", nil, `x.csv:2: column t: 1e+308 h is too long`},
		{"t\n2026-11-28T00:11:08.1Z\n2026-11-28T00:11:08.35Z\n", "", []float64{0, 0.25}, ""},
		{"t\n2026-11-28 23:59:59,5\n2026-11-29 00:00:01\n", "", nil, `x.csv:2: 2 fields separated by ",", expected 1 (t): is a name missing in the header?`},
		{"t;q\n2026-11-28 23:59:59,5;1\n2026-11-29 00:00:01;2,5\n", "", []float64{0, 1.5}, ""},
		{"t\n2026-11-28T00:00:00+01:00\n2026-11-28T00:00:00+00:00\n", "", []float64{0, 3600}, ""},
		{"t\n1826-11-28\n2026-11-28\n", "", []float64{0, 73049 * 86400}, ""},
		{"t\n2026-11-28T00:11:08\n2026-11-28\n", "", nil, `x.csv:3: column t: "2026-11-28" is not a time in the form of the first one (2026-11-28T00:11:08)`},
		{"t,q\n2026-11-28T00:11:08,1\n,2\n", "", nil, `x.csv:3: column t: empty cell`},
		{"t\n2026-11-28T00:11:08\n", "s", nil, `x.csv: column t has dates and times, which have no unit: leave -time-unit out`},
		{"t\n28.11.2026\n", "", nil, `x.csv:2: column t: "28.11.2026" is not a number`},
		{"t\n1\n2026-11-28T00:11:08\n", "", nil, `x.csv:3: column t: "2026-11-28T00:11:08" is not a number`},
		{"x\n1\n", "", nil, `x.csv: missing column t (found x)`},
	} {
		for _, loose := range []bool{false, true} {
			x, err := (&Table{Name: "x.csv", loose: loose}).read(strings.NewReader(c.give))
			var v []float64
			if err == nil {
				v, err = x.Times("t", c.unit)
			}
			if (err == nil) != (c.err == "") || err != nil && err.Error() != c.err || !slices.Equal(v, c.want) {
				t.Errorf("%q %s: %v, %v", c.give, c.unit, v, err)
			}
		}
	}
	// Dates are no numbers.
	x, err := Read("x.csv", strings.NewReader("t\n2026-11-28T00:11:08\n"))
	if err != nil || !x.Stamped("t") {
		t.Fatal(x, err)
	}
	if _, err := x.Col("t"); err == nil {
		t.Error("a date was taken for a number")
	}
}

// A first look keeps the numbers of a column that has other cells too.
func TestReadLoose(t *testing.T) {
	x, err := (&Table{Name: "x.csv", loose: true}).read(strings.NewReader("q,p\n1,2\n,3\nNaN,4\n5,6\n"))
	if err != nil {
		t.Fatal(err)
	}
	v, lost, first := x.Lost("q")
	if lost != 2 || first == nil || first.Error() != "x.csv:3: column q: empty cell" || len(v) != 4 || v[0] != 1 || !math.IsNaN(v[1]) || !math.IsNaN(v[2]) || v[3] != 5 {
		t.Error(v, lost, first)
	}
	if v, lost, first := x.Lost("p"); lost != 0 || first != nil || !slices.Equal(v, []float64{2, 3, 4, 6}) {
		t.Error(v, lost, first)
	}
	if _, err := x.Col("q"); err == nil {
		t.Error("a column with holes was given out")
	}
	if _, _, err := x.Lost("r"); err == nil {
		t.Error("a column that is not there")
	}
}

// Some rows of a table are a table, whose rows have the lines that they had.
func TestSelect(t *testing.T) {
	x, err := (&Table{Name: "x.csv", loose: true}).read(strings.NewReader("t,q,p\n2026-01-01,1,x\n2026-01-02,,5\n\n2026-01-03,3,6\n2026-01-04,4,7\n"))
	if err != nil {
		t.Fatal(err)
	}
	s := x.Select([]int{0, 2, 3})
	q, err := s.Col("q")
	at, err2 := s.Times("t", "")
	if err != nil || err2 != nil || !slices.Equal(q, []float64{1, 3, 4}) || !slices.Equal(at, []float64{0, 2 * 86400, 3 * 86400}) || s.Rows() != 3 || s.Line(0) != 2 || s.Line(1) != 5 || s.Line(2) != 6 {
		t.Error(q, at, err, err2, s.runs)
	}
	if _, err := s.Col("p"); err == nil {
		t.Error("text was taken for a number")
	}
	if v, err := x.Select([]int{1, 2}).Col("p"); err != nil || !slices.Equal(v, []float64{5, 6}) {
		t.Error(v, err)
	}
	if _, err := x.Select([]int{1, 2}).Col("q"); err == nil {
		t.Error("a hole was taken for a number")
	}
}
