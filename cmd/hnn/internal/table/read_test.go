package table

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"
)

// read reads a table and asks for all of its columns.
func read(s string) (*Table, error) {
	t, err := Read("x.csv", strings.NewReader(s))
	if err != nil {
		return t, err
	}
	for _, name := range t.Header {
		if _, err := t.Col(name); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// Every error is one line that names the place and the mistake.
func TestReadErrors(t *testing.T) {
	long := strings.Repeat("7x", 100)
	var many []string
	for i := range 30 {
		many = append(many, fmt.Sprint("c", i))
	}
	for _, c := range []struct{ give, want string }{
		// No number, or a number that cannot be computed with.
		{"t,q\n0,1\n1,1_0\n", `x.csv:3: column q: "1_0" is not a number`},
		{"q\n0x1p3\n", `x.csv:2: column q: "0x1p3" is not a number`},
		{"q\n0x_1p3\n", `x.csv:2: column q: "0x_1p3" is not a number`},
		{"q\n1 2\n", `x.csv:2: column q: "1 2" is not a number`},
		{"q\nabc\n", `x.csv:2: column q: "abc" is not a number`},
		{"q\n1e\n", `x.csv:2: column q: "1e" is not a number`},
		{"q\n--1\n", `x.csv:2: column q: "--1" is not a number`},
		{"q\n1٣\n", `x.csv:2: column q: "1٣" is not a number`},
		{"q\nNaN\n", `x.csv:2: column q: "NaN" is not a finite number`},
		{"q\nnan\n", `x.csv:2: column q: "nan" is not a finite number`},
		{"q\nInf\n", `x.csv:2: column q: "Inf" is not a finite number`},
		{"q\n-inf\n", `x.csv:2: column q: "-inf" is not a finite number`},
		{"q\n+Infinity\n", `x.csv:2: column q: "+Infinity" is not a finite number`},
		{"q\n1e999\n", `x.csv:2: column q: "1e999" is not a finite number`},
		{"q\n-1e999\n", `x.csv:2: column q: "-1e999" is not a finite number`},
		{"q,p\n1,\n", `x.csv:2: column p: empty cell`},
		{"q,p\n , 1\n", `x.csv:2: column q: empty cell`},
		{"q\n\"\"\n", `x.csv:2: column q: empty cell`},
		{"q\n" + long + "\n", `x.csv:2: column q: "` + long[:40] + `" is not a number`},
		{"q\n\x1b[31m\n", `x.csv:2: column q: "\x1b[31m" is not a number`},
		// Separators.
		{"q;p,r\n1;2,3\n", `x.csv:1: header "q;p,r" has both "," and ";": put names that hold one of them in quotes`},
		{"q;p\n1,2\n", `x.csv:2: 1 fields separated by ";", expected 2 (q, p)`},
		{"q;p\n1,5;2.5\n", `x.csv:2: column p: "2.5" has the decimal sign '.', earlier cells have ',': want the same in all`},
		{"q;p\n1;2\n1.5;3\n1;2,5\n", `x.csv:4: column p: "2,5" has the decimal sign ',', earlier cells have '.': want the same in all`},
		{"q;p\n1.234,5;2\n", `x.csv:2: column q: "1.234,5" is not a number (expected ";" between columns and one "." or "," in a number)`},
		{"q\tp\n1,234,5\t2\n", `x.csv:2: column q: "1,234,5" is not a number (expected "\t" between columns and one "." or "," in a number)`},
		{"q\tp\tr\n1\t2\t\n", `x.csv:2: column r: empty cell`},
		{"q\tp\tr\n\t2\t3\n", `x.csv:2: column q: empty cell`},
		{"q\tp\n\t\"2\"\n", `x.csv:2: column q: empty cell`},
		{"q p\n1 2\n", `x.csv:1: header "q p" is one column: expected ",", ";" or a tab between columns (tr -s ' ' ',' makes commas of them)`},
		{"{\"q\": [1]}", `x.csv:1: JSON: want CSV`},
		{"<table>", `x.csv:1: HTML or XML: want CSV`},
		{"# q,p\n1,2\n", `x.csv:1: header "# q,p" is a comment: expected the names of the columns, and no comment lines`},
		{"q,p\n1,5;2,5\n", `x.csv:2: 3 fields separated by ",", expected 2 (q, p): is a name missing in the header?`},
		{"q,p,r\n1,5;2,5\n", `x.csv:2: column p: "5;2" is not a number (expected "," between columns and "." in numbers)`},
		{"q,p\n\"1,5\",2\n", `x.csv:2: column q: "1,5" is not a number (expected "," between columns and "." in numbers)`},
		{"q\n1;2\n", `x.csv:2: column q: "1;2" is not a number (expected "," between columns and "." in numbers)`},
		// Rows.
		{"q,p\n1,2\n3\n", `x.csv:3: 1 fields separated by ",", expected 2 (q, p)`},
		{"q,p\n1,2,3\n", `x.csv:2: 3 fields separated by ",", expected 2 (q, p): is a name missing in the header?`},
		{"q,p\n1,2,\n", `x.csv:2: 3 fields separated by ",", expected 2 (q, p): the last is empty: want no "," at the end of a line`},
		{strings.Join(many, ",") + "\n1\n", `x.csv:2: 1 fields separated by ",", expected 30 (` +
			strings.Join(many[:20], ", ") + `, … 30 in all)`},
		// Header.
		{"", `x.csv: empty, expected a header of column names`},
		{" \n\r\n\t\n", `x.csv: empty, expected a header of column names`},
		{"\ufeff", `x.csv: empty, expected a header of column names`},
		{"q,p", `x.csv: no data rows`},
		{"q,p\n\n \n", `x.csv: no data rows`},
		{"1,2\n3,4\n", `x.csv:1: header: "1" is a number, expected names of columns`},
		{"\n\nhnn,1.5\nhnn,2\n", `x.csv:3: header: "1.5" is a number, expected names of columns`},
		{"NaN,q\n1,2\n", `x.csv:1: header: "NaN" is a number, expected names of columns`},
		{"1e999\n1\n", `x.csv:1: header: "1e999" is a number, expected names of columns`},
		{"q,p,q\n1,2,3\n", `x.csv:1: header: column q appears twice`},
		{"q,,p\n1,2,3\n", `x.csv:1: header: column 2 has no name: name it, or leave it out (pandas: to_csv(…, index=False); R: row.names = FALSE)`},
		{",q\n0,1\n", `x.csv:1: header: column 1 has no name: name it, or leave it out (pandas: to_csv(…, index=False); R: row.names = FALSE)`},
		// Lines and characters.
		{"q,p\r1,2\r3,4\r", `x.csv:1: lines end in CR alone, expected LF or CRLF`},
		{"q\n1\r2\r", `x.csv:2: column q: "1\r2" is not a number`},
		{"q\x00,p\n1,2\n", `x.csv:1: binary, or UTF-16 without a byte order mark: expected text in UTF-8`},
		{"q\x00\n\x001\x00\n\x00", `x.csv:1: binary, or UTF-16 without a byte order mark: expected text in UTF-8`},
		{"\xfe\xff\x00q", `x.csv: no data rows`},
		{"\xfe\xff\xd8\x00\x00\n\x001", `x.csv:1: the UTF-16 text is damaged: half a character is missing`},
		{"\xff\xfeq\x00\n\x001", `x.csv:1: the UTF-16 text ends in the middle of a character`},
		{"PK\x03\x04abc", `x.csv:1: a zip or Excel file: want CSV (save it as CSV, or unpack it)`},
		{"BZh91AY", `x.csv:1: packed by bzip2: want text or gzip (bunzip2 unpacks it)`},
		{"\x1f\x8b\x08", `x.csv:1: the gzip file ends too early`},
		{"\x1f\x8b\x07\x00\x00\x00\x00\x00\x00\x00", `x.csv:1: the gzip file is damaged (gzip: invalid header)`},
		{"q\x80,p\n1,2\n", `x.csv:1: header: "q\x80" is not valid UTF-8: save the file as UTF-8 (iconv -f latin1 -t utf-8)`},
		{"q\x1b,p\n1,2\n", `x.csv:1: header: "q\x1b" is not printable`},
		{"q\n1\x00\n", `x.csv:2: column q: "1\x00" is not a number`},
		{"q\n\x801\n", `x.csv:2: column q: "\x801" is not a number`},
		{"q\n\ufeff1\n", `x.csv:2: column q: "\ufeff1" is not a number`},
		// Quotes.
		{"q,p\n1,2\n\"3,4\n5,6\n", `x.csv:3: byte 5: extraneous or missing " in quoted-field: a quoted cell must end on its line`},
		{"q,p\n1,2\"\n", `x.csv:2: byte 4: bare " in non-quoted-field`},
		{"\"q,p\n1,2\n", `x.csv:1: byte 5: extraneous or missing " in quoted-field: a quoted cell must end on its line`},
		{"q,Model\n1,a\n", `x.csv:2: column Model: "a" is not a number`},
	} {
		got, err := read(c.give)
		if err == nil || got != nil || err.Error() != c.want {
			t.Errorf("%.60q:\n got %v %v\nwant %s", c.give, got, err, c.want)
		}
	}
}

// Files as spreadsheets, other systems and people write them are accepted, and rows keep their line numbers.
func TestReadAccepts(t *testing.T) {
	for _, c := range []struct {
		give  string
		lines []int
	}{
		{"q,p\n1,-2.5e3\n3,0\n", []int{2, 3}},
		{"q,p\n1,-2.5e3\n3,0", []int{2, 3}},
		{"q,p\r\n1,-2.5e3\r\n3,0\r\n", []int{2, 3}},
		{"\r\nq,p\r\n\r\n1,-2.5e3\r\n\r\n \r\n3,0\r\n\r\n\r\n", []int{4, 7}},
		{"\ufeffq,p\n1,-2.5e3\n3,0\n", []int{2, 3}},
		{"\ufeff\"q\",\"p\"\n1,-2.5e3\n3,0\n", []int{2, 3}},
		{" q ,\tp\n 1 ,\t-2.5e3\t\n3,0 \n", []int{2, 3}},
		{"\"q\", \"p\"\n\" 1\",\"-2.5e3\"\n3,\"0\"\n", []int{2, 3}},
		{"q,p\n+1.,-.25E+04\n03,-0e9\n", []int{2, 3}},
	} {
		got, err := read(c.give)
		if err != nil {
			t.Errorf("%q: %v", c.give, err)
			continue
		}
		q, _ := got.Col("q")
		p, _ := got.Col("p")
		if !slices.Equal(got.Header, []string{"q", "p"}) || got.Rows() != 2 || got.Name != "x.csv" ||
			!slices.Equal(q, []float64{1, 3}) || !slices.Equal(p, []float64{-2500, 0}) ||
			got.Line(0) != c.lines[0] || got.Line(1) != c.lines[1] {
			t.Errorf("%q: %+v", c.give, got)
		}
	}
}

func TestColumns(t *testing.T) {
	x, err := Read("x.csv", strings.NewReader("model,q,note\n0,1,a b\nhnn,2,\"c,\"\"d\"\"\"\n\nmlp,3,\n"))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := x.Col("q"); err != nil || !slices.Equal(got, []float64{1, 2, 3}) {
		t.Error(got, err)
	}
	// A column without numbers does no harm unless it is used.
	if got, err := x.Col("note"); got != nil || err == nil || err.Error() != `x.csv:2: column note: "a b" is not a number` {
		t.Error(got, err)
	}
	if got, err := x.Col("model"); got != nil || err == nil {
		t.Error(got, err)
	}
	if _, err := x.Col("Q"); err == nil || err.Error() != "x.csv: missing column Q (found model, q, note)" {
		t.Error(err)
	}
	if err := x.Need("q", "model"); err != nil {
		t.Error(err)
	}
	want := "x.csv: missing column Q, t (found model, q, note)"
	if err := x.Need("Q", "q", "t"); err == nil || err.Error() != want {
		t.Error(err)
	}
	cause := errors.New("not increasing")
	err = x.Errorf(2, "q", "%v: %w", 3, cause)
	if !errors.Is(err, cause) || err.Error() != "x.csv:5: column q: 3: not increasing" {
		t.Error(err)
	}
}

func TestReadFile(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "a.csv")
	if err := os.WriteFile(name, []byte("q\n1\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if x, err := ReadFile(t.Context(), name); err != nil || x.Name != name {
		t.Error(x, err)
	}
	if _, err := ReadFile(t.Context(), filepath.Join(dir, "b.csv")); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
	if _, err := ReadFile(t.Context(), dir); err == nil || strings.Count(err.Error(), dir) != 1 {
		t.Errorf("a directory: %v", err)
	}
	stdin := os.Stdin
	defer func() { os.Stdin = stdin }()
	var err error
	if os.Stdin, err = os.Open(name); err != nil {
		t.Fatal(err)
	}
	defer os.Stdin.Close()
	if x, err := ReadFile(t.Context(), "-"); err != nil || x.Name != "standard input" {
		t.Error(x, err)
	}
}

// If reading fails in the middle of a line, the first half of the line is not taken for a row.
func TestReadFailure(t *testing.T) {
	broken := errors.New("broken cable")
	_, err := Read("x.csv", io.MultiReader(strings.NewReader("q\n1\n2.7"), iotest.ErrReader(broken)))
	if !errors.Is(err, broken) || err.Error() != "x.csv:3: broken cable" {
		t.Error(err)
	}
}

// endless repeats a text without end and counts the bytes that were read.
type endless struct {
	text string
	n    int
}

func (e *endless) Read(b []byte) (int, error) {
	n := 0
	for n < len(b) {
		n += copy(b[n:], e.text)
	}
	e.n += n
	return n, nil
}

func TestLongLine(t *testing.T) {
	for _, text := range []string{"1", "1,", `"`, " ", "\x00", "1\r"} {
		r := &endless{text: text}
		_, err := Read("x.csv", io.MultiReader(strings.NewReader("q\n1\n"), r))
		if err == nil || !strings.HasPrefix(err.Error(), "x.csv:3: line longer than 1048576 bytes") {
			t.Errorf("%q: %v", text, err)
		}
		if r.n > 2*maxLine {
			t.Errorf("%q: took %d bytes", text, r.n)
		}
	}
	if _, err := read("q\n" + strings.Repeat(" ", maxLine-8) + "1\n"); err != nil {
		t.Error(err)
	}
}

func TestManyCells(t *testing.T) {
	x := &Table{Header: []string{"q", "p"}, cols: make([][]float64, 2), errs: make([]error, 2), rows: maxCells/2 - 1}
	if err := x.add(2, []string{"1", "2"}); err != nil {
		t.Error(err)
	}
	if err := x.add(3, []string{"1", "2"}); err == nil || err.Error() != "more than 134217728 cells" {
		t.Error(err)
	}
}

func randomTable(rows int) []byte {
	b := []byte("a,b,c,d,e\n")
	x := uint64(1)
	for range rows {
		for j := range 5 {
			x = x*6364136223846793005 + 1442695040888963407
			b = strconv.AppendFloat(b, float64(x>>11)/(1<<52)-1, 'g', -1, 64)
			b = append(b, ",,,,\n"[j])
		}
	}
	return b
}

// All memory that is allocated, garbage included, is below four times the size of the file.
func TestMemory(t *testing.T) {
	data := randomTable(50_000)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := Read("x.csv", bytes.NewReader(data)); err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	if ratio := float64(after.TotalAlloc-before.TotalAlloc) / float64(len(data)); ratio > 4 {
		t.Errorf("%.2f bytes for each byte of the file", ratio)
	}
}

func BenchmarkRead(b *testing.B) {
	data := randomTable(1_000_000)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Read("x.csv", bytes.NewReader(data)); err != nil {
			b.Fatal(err)
		}
	}
}

// A table that is accepted is rectangular and finite. Written and read again, it is the same.
func FuzzReadCSV(f *testing.F) {
	for _, s := range []string{
		"q,p\n1,2\n", "\ufeff\"q\",p\r\n1 ,\" 2\"\r\n\r\n3,4", "model,q\n\"a,\"\"b\",1\na,2\n", "q\rp\r", "1,2\n3,4\n",
		"q\nNaN\n", "q\n1e999\n", "q\n1_0\n", "q\n0x1p3\n", "q;p\n1,5;2,5\n", "q,p\n1\n", "q,q\n1,2\n", "q\n\x00\n",
		"q\n\"1\n", "\xff\xfeq\x00\n\x00", "q\x80\n1\n", "", "\n \n", "q\n", "q\n-0\n5e-324\n1.7976931348623157e308\n",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		x, err := read(s)
		if err != nil {
			if x != nil || strings.ContainsAny(err.Error(), "\n\r\x1b") || len(err.Error()) > 2000 {
				t.Fatalf("%v %q", x, err)
			}
			return
		}
		check := func(x *Table) {
			if x.Rows() < 1 || len(x.Header) < 1 {
				t.Fatalf("%+v", x)
			}
			for _, name := range x.Header {
				v, err := x.Col(name)
				if err != nil || len(v) != x.Rows() || slices.ContainsFunc(v, func(v float64) bool { return math.IsNaN(v) || math.IsInf(v, 0) }) {
					t.Fatalf("%+v", x)
				}
			}
			packed := strings.HasPrefix(s, "\x1f\x8b")
			if n := x.Line(x.Rows() - 1); n < x.Rows()+1 || n > strings.Count(s, "\n")+1 && !packed {
				t.Fatalf("the last row is on line %d", n)
			}
		}
		check(x)
		var b bytes.Buffer
		w := NewWriter(&b, x.Header...)
		for i := range x.Rows() {
			for j := range x.Header {
				w.Float(x.cols[j][i])
			}
			w.End()
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		s = b.String()
		y, err := read(s)
		if err != nil {
			t.Fatalf("%q: %v", s, err)
		}
		check(y)
		if !slices.Equal(x.Header, y.Header) {
			t.Fatalf("%+v %+v", x, y)
		}
		for j := range x.cols {
			for i := range x.cols[j] {
				if math.Float64bits(x.cols[j][i]) != math.Float64bits(y.cols[j][i]) {
					t.Fatalf("row %d column %d: %v %v", i, j, x.cols[j][i], y.cols[j][i])
				}
			}
		}
	})
}
