package table

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

// The bytes of a table depend on its values only.
func TestWriter(t *testing.T) {
	var b bytes.Buffer
	w := NewWriter(&b, "model", "step", `q "x", m`)
	for i, v := range []float64{0.1, math.Copysign(0, -1), 5e-324, math.MaxFloat64, 1e21, 123456.5, -1} {
		w.Text([]string{"hnn", "a,b", `"`, "é x", ";", "7", "mlp"}[i])
		w.Int(i - 1)
		w.Float(v)
		w.End()
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	want := "model,step,\"q \"\"x\"\", m\"\nhnn,-1,0.1\n\"a,b\",0,-0\n\"\"\"\",1,5e-324\né x,2,1.7976931348623157e+308\n" +
		";,3,1e+21\n7,4,123456.5\nmlp,5,-1\n"
	if b.String() != want {
		t.Errorf("got\n%swant\n%s", b.String(), want)
	}
}

// The header is written even if no row follows.
func TestWriterEmpty(t *testing.T) {
	var b bytes.Buffer
	if err := NewWriter(&b, "q", "p").Flush(); err != nil || b.String() != "q,p\n" {
		t.Errorf("%q %v", b.String(), err)
	}
}

// A value that does not exist is an empty cell, which the reader does not take for a number.
func TestWriterBlank(t *testing.T) {
	var b bytes.Buffer
	w := NewWriter(&b, "q", "p", "E")
	for range 2 {
		w.Blank()
		w.Int(1)
		w.Blank()
		w.End()
	}
	if err := w.Flush(); err != nil || b.String() != "q,p,E\n,1,\n,1,\n" {
		t.Fatalf("%q %v", b.String(), err)
	}
	x, err := Read("x.csv", &b)
	if err != nil {
		t.Fatal(err)
	}
	if p, err := x.Col("p"); err != nil || len(p) != 2 {
		t.Error(p, err)
	}
	if _, err := x.Col("E"); err == nil || err.Error() != "x.csv:2: column E: empty cell" {
		t.Error(err)
	}
}

// The reader returns the numbers that the writer wrote, to the bit. There are enough rows for many flushes.
func TestRoundTrip(t *testing.T) {
	const n = 20_000
	r := rand.New(rand.NewPCG(1, 2))
	values := make([]float64, 0, n)
	for len(values) < n {
		if v := math.Float64frombits(r.Uint64()); v-v == 0 {
			values = append(values, v)
		}
	}
	var b bytes.Buffer
	w := NewWriter(&b, "i", "v")
	for i, v := range values {
		w.Int(i)
		w.Float(v)
		w.End()
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	x, err := Read("x", &b)
	if err != nil {
		t.Fatal(err)
	}
	if x.Rows() != n {
		t.Fatal(x.Rows())
	}
	for i, v := range values {
		if x.cols[0][i] != float64(i) || math.Float64bits(x.cols[1][i]) != math.Float64bits(v) {
			t.Fatalf("row %d: %v %v", i, x.cols[1][i], v)
		}
	}
}

// An error is kept. Its row is dropped, the rows before it stay, and nothing is written after it.
func TestWriterErrors(t *testing.T) {
	for _, c := range []struct {
		row  func(w *Writer)
		want string
	}{
		{func(w *Writer) { w.Text("a"); w.Float(math.NaN()); w.End() }, "row 2, column q: NaN is not a finite number"},
		{func(w *Writer) { w.Text("a"); w.Float(math.Inf(-1)); w.End() }, "row 2, column q: -Inf is not a finite number"},
		{func(w *Writer) { w.Text(""); w.Float(1); w.End() }, "row 2, column model: empty cell"},
		{func(w *Writer) { w.Text("a\nb"); w.Float(1); w.End() }, `row 2, column model: "a\nb" is not printable`},
		{func(w *Writer) { w.Text(" a"); w.Float(1); w.End() }, `row 2, column model: " a" begins or ends with a blank`},
		{func(w *Writer) { w.Text("\xff"); w.Float(1); w.End() }, `row 2, column model: "\xff" is not valid UTF-8`},
		{func(w *Writer) { w.Text("a"); w.End() }, "row 2, column model: 1 cells, expected 2"},
		{func(w *Writer) { w.End() }, "row 2: 0 cells, expected 2"},
		{func(w *Writer) { w.Text("a"); w.Int(1); w.Int(2); w.End() }, "row 2, column q: more than 2 cells"},
		{func(w *Writer) { w.Text("a"); w.Int(1) }, "row 2, column q: the row has no end"},
	} {
		var b bytes.Buffer
		w := NewWriter(&b, "model", "q")
		good := func() { w.Text("a"); w.Float(1); w.End() }
		good()
		c.row(w)
		if !strings.Contains(c.want, "no end") {
			good()
		}
		for range 2 {
			if err := w.Flush(); err == nil || err.Error() != c.want {
				t.Errorf("got %v, want %s", err, c.want)
			}
		}
		if b.String() != "model,q\na,1\n" {
			t.Errorf("%s: wrote %q", c.want, b.String())
		}
	}
	w := NewWriter(io.Discard, "q")
	for range 1_000_000 {
		w.Float(math.NaN())
		w.End()
	}
	if len(w.buf) > bufSize {
		t.Errorf("%d bytes kept after an error", len(w.buf))
	}
	for _, c := range []struct {
		header []string
		want   string
	}{
		{[]string{"q", "q"}, "header: column q appears twice"},
		{[]string{"q", "1"}, `header: "1" is a number, expected names of columns`},
		{[]string{"q", ""}, "header: empty cell"},
		{[]string{"q\n"}, `header: "q\n" is not printable`},
		{nil, "row 0: 0 cells, expected 0"},
	} {
		var b bytes.Buffer
		if err := NewWriter(&b, c.header...).Flush(); err == nil || err.Error() != c.want || b.Len() > 0 {
			t.Errorf("got %v, want %s; wrote %q", err, c.want, b.String())
		}
	}
}

// full accepts a number of writes and refuses all others.
type full struct {
	bytes.Buffer
	room int
	err  error
}

func (f *full) Write(b []byte) (int, error) {
	if f.room--; f.room < 0 {
		return 0, f.err
	}
	return f.Buffer.Write(b)
}

// An error of the underlying writer is never lost, and only whole rows are written.
func TestWriterFull(t *testing.T) {
	for room := range 4 {
		f := &full{room: room, err: errors.New("no space left")}
		w := NewWriter(f, "q", "p")
		for i := range 20_000 {
			w.Int(i)
			w.Float(float64(i))
			w.End()
		}
		if err := w.Flush(); !errors.Is(err, f.err) {
			t.Errorf("room %d: %v", room, err)
		}
		if s := f.String(); s != "" && !strings.HasSuffix(s, "\n") || (room > 0) != (s != "") {
			t.Errorf("room %d: ends with %q", room, s[max(0, len(s)-20):])
		}
	}
}

func TestWriterAllocs(t *testing.T) {
	w := NewWriter(io.Discard, "model", "step", "q")
	n := 0
	if got := testing.AllocsPerRun(20_000, func() {
		w.Text("hnn")
		w.Int(n)
		w.Float(1 / float64(n+3))
		w.End()
		n++
	}); got != 0 {
		t.Errorf("%v allocations for a row", got)
	}
	if err := w.Flush(); err != nil {
		t.Error(err)
	}
}

func BenchmarkWriter(b *testing.B) {
	w := NewWriter(io.Discard, "a", "b", "c", "d", "e")
	for i := 0; b.Loop(); i++ {
		for range 5 {
			w.Float(1 / float64(i+3))
		}
		w.End()
	}
}

func ExampleWriter() {
	var b strings.Builder
	w := NewWriter(&b, "model", "step", "q")
	w.Text("hnn")
	w.Int(3)
	w.Float(0.1)
	w.End()
	err := w.Flush()
	fmt.Print(b.String(), err)
	// Output:
	// model,step,q
	// hnn,3,0.1
	// <nil>
}
