package table

import (
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Writer writes a CSV file: the header, then rows, cell by cell.
//
//	w := table.NewWriter(f, "model", "step", "q")
//	w.Text("hnn")
//	w.Int(3)
//	w.Float(0.1)
//	w.End()
//	err := w.Flush()
//
// The first error ends all writing, and Flush returns it. The underlying writer gets whole rows only: the row with the error
// is dropped, and those before it are kept. A row allocates nothing.
//
// Numbers have the shortest form that reads back to the same bits. Lines end in LF. Text is quoted if needed. NaN and Inf are
// refused, and so are text that is empty or not printable, and rows that are too short or too long.
type Writer struct {
	w      io.Writer
	header []string
	buf    []byte // whole rows, then the row in work
	begin  int    // where the row in work starts in buf
	col    int    // its number of cells so far
	row    int    // its number; the header is row 0
	err    error
}

// bufSize is the number of bytes after which rows go to the underlying writer.
const bufSize = 64 << 10

// NewWriter begins a table with the given columns. The header is written even if no row follows.
func NewWriter(w io.Writer, header ...string) *Writer {
	t := &Writer{w: w, header: header, buf: make([]byte, 0, bufSize+bufSize/4)}
	t.err = checkHeader(header)
	for _, s := range header {
		t.Text(s)
	}
	t.End()
	return t
}

// Float writes the next cell of the row. NaN and Inf are errors.
func (t *Writer) Float(v float64) {
	t.next()
	if v-v != 0 {
		t.fail("%v is not a finite number", v)
	}
	t.buf = strconv.AppendFloat(t.buf, v, 'g', -1, 64)
}

// Floats writes the next cells of the row. A number that is not finite is left empty.
func (t *Writer) Floats(vs ...float64) {
	for _, v := range vs {
		if v-v != 0 {
			t.Blank()
		} else {
			t.Float(v)
		}
	}
}

// Int writes the next cell of the row.
func (t *Writer) Int(v int) {
	t.next()
	t.buf = strconv.AppendInt(t.buf, int64(v), 10)
}

// Text writes the next cell of the row.
func (t *Writer) Text(s string) {
	t.next()
	if err := checkText(s); err != nil {
		t.fail("%w", err)
	}
	if strings.ContainsAny(s, `",`) {
		s = `"` + strings.ReplaceAll(s, `"`, `""`) + `"`
	}
	t.buf = append(t.buf, s...)
}

// Blank leaves the next cell of the row empty. It stands for a value that does not exist.
func (t *Writer) Blank() { t.next() }

// next begins a cell.
func (t *Writer) next() {
	if t.col == len(t.header) {
		t.fail("more than %d cells", len(t.header))
		return
	}
	if t.col > 0 {
		t.buf = append(t.buf, ',')
	}
	t.col++
}

// End ends the row.
func (t *Writer) End() {
	if t.col == 0 || t.col < len(t.header) {
		t.fail("%d cells, expected %d", t.col, len(t.header))
	}
	if t.err != nil {
		t.buf = t.buf[:t.begin]
		return
	}
	t.buf = append(t.buf, '\n')
	t.begin = len(t.buf)
	t.col = 0
	t.row++
	if len(t.buf) >= bufSize {
		t.send()
	}
}

// Err returns the first error so far. After it nothing is written.
func (t *Writer) Err() error { return t.err }

// Flush writes all whole rows and returns the first error. A row without End is an error.
func (t *Writer) Flush() error {
	if t.col > 0 {
		t.fail("the row has no end")
	}
	t.send()
	return t.err
}

// fail keeps the first error.
func (t *Writer) fail(format string, args ...any) {
	if t.err != nil {
		return
	}
	column := ""
	if t.col > 0 {
		column = fmt.Sprintf(", column %.40s", t.header[t.col-1])
	}
	t.err = fmt.Errorf("row %d%s: %w", t.row, column, fmt.Errorf(format, args...))
}

// send writes the whole rows to the underlying writer and empties the buffer.
func (t *Writer) send() {
	_, err := t.w.Write(t.buf[:t.begin])
	if t.err == nil {
		t.err = err
	}
	t.buf, t.begin = t.buf[:0], 0
}
