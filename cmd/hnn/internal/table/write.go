package table

import (
	"errors"
	"fmt"
	"io"
	"math"
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
// The first error is kept, ends all writing and is returned by Flush. Everything handed to the underlying writer
// consists of whole rows, also then: the row with the error is dropped, those before it are kept. A row costs no
// allocation.
//
// Numbers are in the shortest form that reads back to the same bits, lines end in LF, and text is quoted where needed.
// What [Read] would refuse is refused here already: NaN, Inf, text that is empty or not printable, a row too short.
type Writer struct {
	w      io.Writer
	header []string
	buf    []byte // whole rows and the begun one
	row    int    // rows ended so far, the header not counted
	begin  int    // where the current row begins in buf
	col    int    // cells in the current row
	err    error
}

// bufSize is the number of bytes after which rows are handed on.
const bufSize = 64 << 10

// NewWriter begins a table with the given columns. The header is written even if no row follows.
func NewWriter(w io.Writer, header ...string) *Writer {
	t := &Writer{w: w, header: header, buf: make([]byte, 0, bufSize+bufSize/4)}
	seen := make(map[string]bool, len(header))
	for _, s := range header {
		err := checkName(s)
		if err == nil && seen[s] {
			err = fmt.Errorf("column %s appears twice", quote(s))
		}
		if err != nil {
			t.fail(fmt.Errorf("header: %w", err))
		}
		seen[s] = true
		t.Text(s)
	}
	t.End()
	t.row = 0
	return t
}

// Float writes the next cell of the row. NaN and Inf are errors.
func (t *Writer) Float(v float64) {
	if t.next() {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			t.fail(fmt.Errorf("row %d, column %s: %v is not a finite number", t.row+1, clip(t.header[t.col-1]), v))
			return
		}
		t.buf = strconv.AppendFloat(t.buf, v, 'g', -1, 64)
	}
}

// Int writes the next cell of the row.
func (t *Writer) Int(v int) {
	if t.next() {
		t.buf = strconv.AppendInt(t.buf, int64(v), 10)
	}
}

// Text writes the next cell of the row.
func (t *Writer) Text(s string) {
	if !t.next() {
		return
	}
	err := checkText(s)
	if err == nil && strings.Trim(s, " \t") != s {
		err = fmt.Errorf("%s begins or ends with a blank", quote(s))
	}
	if err != nil {
		t.fail(fmt.Errorf("row %d, column %s: %w", t.row+1, clip(t.header[t.col-1]), err))
		return
	}
	if !strings.ContainsAny(s, `",`) {
		t.buf = append(t.buf, s...)
		return
	}
	t.buf = append(t.buf, '"')
	for i := range len(s) {
		if s[i] == '"' {
			t.buf = append(t.buf, '"')
		}
		t.buf = append(t.buf, s[i])
	}
	t.buf = append(t.buf, '"')
}

// next begins a cell and tells whether it may be written.
func (t *Writer) next() bool {
	if t.err != nil {
		return false
	}
	if t.col == len(t.header) {
		t.fail(fmt.Errorf("row %d: more than %d cells", t.row+1, len(t.header)))
		return false
	}
	if t.col > 0 {
		t.buf = append(t.buf, ',')
	}
	t.col++
	return true
}

// End ends the row.
func (t *Writer) End() {
	if t.err != nil {
		return
	}
	if t.col < len(t.header) || t.col == 0 {
		t.fail(fmt.Errorf("row %d: %d cells, expected %d", t.row+1, t.col, len(t.header)))
		return
	}
	t.buf = append(t.buf, '\n')
	t.row++
	t.col, t.begin = 0, len(t.buf)
	if len(t.buf) >= bufSize {
		t.send()
	}
}

// Flush hands all whole rows to the underlying writer and returns the first error of all. It must be called at the end;
// a row that was begun and not ended is an error.
func (t *Writer) Flush() error {
	if t.err == nil && t.col > 0 {
		t.fail(errors.New("the last row has no end"))
	}
	t.send()
	return t.err
}

// fail keeps the first error and drops the current row.
func (t *Writer) fail(err error) {
	if t.err == nil {
		t.err = fmt.Errorf("table: %w", err)
		t.buf = t.buf[:t.begin]
	}
}

// send hands on the whole rows and empties the buffer.
func (t *Writer) send() {
	if t.begin == 0 {
		return
	}
	_, err := t.w.Write(t.buf[:t.begin])
	t.buf, t.begin = t.buf[:0], 0
	if t.err == nil {
		t.err = err
	}
}
