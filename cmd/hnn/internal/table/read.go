// Package table reads and writes the CSV files of the command line: a header of column names, then numbers.
//
// Everything a reader may rely on is checked while reading: a [Table] is rectangular and each of its numbers is finite.
// What [Writer] writes, [Read] gives back to the bit. [Create] lets an output file appear whole or not at all.
package table

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sort"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits that keep a wrong or an endless input from filling the memory.
const (
	maxLine  = 1 << 20 // bytes of one line
	maxCells = 1 << 26 // cells of a table: 512 MiB of float64
)

// Table is a CSV file in memory, by column. Cols[j] holds the numbers of column Header[j], or is nil if that column was
// read as text.
type Table struct {
	Name   string
	Header []string
	Cols   [][]float64

	text [][]string // text[j] holds the cells of a text column; nil if column j is numeric
	rows int
	runs []run
}

// A run is a stretch of rows on consecutive lines, from row and line on. Only blank lines begin a new one, so that line
// numbers cost nothing in a file without them.
type run struct{ row, line int }

// ReadFile reads the file of the given name, or standard input if the name is "-".
func ReadFile(name string, text ...string) (*Table, error) {
	if name == "-" {
		return Read("standard input", os.Stdin, text...)
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return Read(name, f, text...)
}

// Read reads a whole table from r; name stands for it in errors. The columns listed in text may hold any printable
// text, all others must hold finite decimal numbers. A listed column need not exist: see [Table.Need].
//
// The format is RFC 4180 with a mandatory header, the separator "," and one line for each row: a quoted cell cannot
// contain a line break. A UTF-8 byte order mark, CRLF, blank lines and blanks around a cell are ignored. All errors are
// one line that begins with the file and, from the first line on, the number of the line:
//
//	train.csv:17: column q: "1_0" is not a number
func Read(name string, r io.Reader, text ...string) (*Table, error) {
	t := &Table{Name: name}
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 64<<10), maxLine)
	var split splitter
	line := 0
	// After a failed read the scanner still delivers what it has, perhaps half a line; hence the test of Err.
	for lines.Scan() && lines.Err() == nil {
		line++
		b := lines.Bytes()
		if line == 1 {
			b = bytes.TrimPrefix(b, []byte("\ufeff"))
		}
		if len(blanks(b)) == 0 {
			continue
		}
		cells, err := split.line(b)
		if err == nil {
			if t.Header == nil {
				err = t.header(b, cells, text)
			} else {
				err = t.add(line, cells)
			}
		}
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", name, line, err)
		}
	}
	if err := lines.Err(); err != nil {
		if errors.Is(err, bufio.ErrTooLong) {
			err = fmt.Errorf("line longer than %d bytes (not a CSV file, or its lines do not end in LF or CRLF)", maxLine)
		}
		var p *fs.PathError
		if errors.As(err, &p) {
			err = p.Err // it would name the file a second time
		}
		return nil, fmt.Errorf("%s:%d: %w", name, line+1, err)
	}
	if t.Header == nil {
		return nil, fmt.Errorf("%s: empty file, expected a header of column names", name)
	}
	if t.rows == 0 {
		return nil, fmt.Errorf("%s: no data rows", name)
	}
	return t, nil
}

// header takes the names of the columns from the first line that is not blank.
func (t *Table) header(line []byte, names [][]byte, text []string) error {
	switch {
	case bytes.HasPrefix(line, []byte("\xff\xfe")), bytes.HasPrefix(line, []byte("\xfe\xff")), bytes.IndexByte(line, 0) >= 0:
		return errors.New("not a text file in UTF-8 (UTF-16, or binary)")
	case bytes.IndexByte(line, '\r') >= 0:
		return errors.New("lines end in CR alone, expected LF or CRLF")
	case len(names) == 1 && bytes.ContainsAny(line, ";\t"):
		return fmt.Errorf("header %s: expected \",\" as the separator of columns", quote(line))
	}
	seen := make(map[string]bool, len(names))
	for j, b := range names {
		s := string(b)
		if err := checkName(s); err != nil {
			return fmt.Errorf("header, field %d: %w", j+1, err)
		}
		if seen[s] {
			return fmt.Errorf("header, field %d: column %s appears twice", j+1, quote(b))
		}
		seen[s] = true
		t.Header = append(t.Header, s)
	}
	t.Cols = make([][]float64, len(names))
	t.text = make([][]string, len(names))
	for _, s := range text {
		if j := t.index(s); j >= 0 {
			t.text[j] = []string{}
		}
	}
	return nil
}

// checkName refuses what cannot be told from data or would spoil an error message.
func checkName(s string) error {
	if err := checkText(s); err != nil {
		return err
	}
	if _, err := strconv.ParseFloat(s, 64); err == nil || errors.Is(err, strconv.ErrRange) {
		return fmt.Errorf("%s is a number; the first line must name the columns", quote(s))
	}
	return nil
}

// checkText tells whether s can be a cell of text: neither empty nor with anything that is not printed.
func checkText(s string) error {
	switch {
	case s == "":
		return errors.New("empty cell")
	case !utf8.ValidString(s):
		return fmt.Errorf("%s is not valid UTF-8", quote(s))
	case strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }):
		return fmt.Errorf("%s has characters that cannot be printed", quote(s))
	}
	return nil
}

// add appends one row.
func (t *Table) add(line int, cells [][]byte) error {
	if len(cells) != len(t.Header) {
		return fmt.Errorf("%d fields separated by \",\", expected %d (%s)", len(cells), len(t.Header), list(t.Header))
	}
	if (t.rows+1)*len(cells) > maxCells {
		return fmt.Errorf("more than %d cells", maxCells)
	}
	for j, c := range cells {
		var err error
		if t.text[j] != nil {
			var s string
			if t.rows > 0 && t.text[j][t.rows-1] == string(c) {
				s = t.text[j][t.rows-1] // one copy for a stretch of equal cells
			} else {
				s = string(c)
				err = checkText(s)
			}
			t.text[j] = append(t.text[j], s)
		} else {
			var v float64
			v, err = number(c)
			t.Cols[j] = append(t.Cols[j], v)
		}
		if err != nil {
			return fmt.Errorf("column %s: %w", clip(t.Header[j]), err)
		}
	}
	if n := len(t.runs); n == 0 || line-t.rows != t.runs[n-1].line-t.runs[n-1].row {
		t.runs = append(t.runs, run{t.rows, line})
	}
	t.rows++
	return nil
}

// number parses a finite decimal number. strconv.ParseFloat also takes what nobody means in a CSV file, 1_0 and 0x1p3,
// and what no computation survives, NaN and Inf: none of these consists of the bytes below alone.
func number(b []byte) (float64, error) {
	for _, c := range b {
		if (c < '0' || c > '9') && c != '.' && c != '-' && c != '+' && c != 'e' && c != 'E' {
			return 0, notNumber(b)
		}
	}
	v, err := strconv.ParseFloat(string(b), 64)
	if err != nil {
		return 0, notNumber(b)
	}
	return v, nil
}

// notNumber says what is wrong with b.
func notNumber(b []byte) error {
	if len(b) == 0 {
		return errors.New("empty cell")
	}
	if v, err := strconv.ParseFloat(string(b), 64); v-v != 0 && (err == nil || errors.Is(err, strconv.ErrRange)) {
		return fmt.Errorf("%s is not a finite number", quote(b))
	}
	if bytes.ContainsAny(b, ",;") {
		return fmt.Errorf("%s is not a number (expected \",\" between columns and \".\" before decimals)", quote(b))
	}
	return fmt.Errorf("%s is not a number", quote(b))
}

// A splitter cuts a line into cells. The cells are valid until the next line.
type splitter struct {
	cells [][]byte
	src   bytes.Reader
	csv   *csv.Reader
}

// line cuts at commas. Only a line with quotes, which is rare, needs the package csv.
func (s *splitter) line(b []byte) ([][]byte, error) {
	s.cells = s.cells[:0]
	if bytes.IndexByte(b, '"') < 0 {
		for {
			i := bytes.IndexByte(b, ',')
			if i < 0 {
				s.cells = append(s.cells, blanks(b))
				return s.cells, nil
			}
			s.cells = append(s.cells, blanks(b[:i]))
			b = b[i+1:]
		}
	}
	s.src.Reset(b)
	s.csv = csv.NewReader(&s.src)
	s.csv.TrimLeadingSpace = true
	record, err := s.csv.Read()
	if err != nil {
		var p *csv.ParseError
		if errors.As(err, &p) {
			err = fmt.Errorf("byte %d: %w", p.Column, p.Err)
		}
		return nil, err
	}
	for _, c := range record {
		s.cells = append(s.cells, blanks([]byte(c)))
	}
	return s.cells, nil
}

// blanks cuts spaces and tabs from both ends of b.
func blanks(b []byte) []byte {
	for len(b) > 0 && (b[0] == ' ' || b[0] == '\t') {
		b = b[1:]
	}
	for n := len(b); n > 0 && (b[n-1] == ' ' || b[n-1] == '\t'); n-- {
		b = b[:n-1]
	}
	return b
}

// clip shortens a text from a file for an error message.
func clip[S ~string | ~[]byte](s S) string {
	if len(s) <= 40 {
		return string(s)
	}
	n := 40
	for n > 37 && !utf8.RuneStart(s[n]) { // not in the middle of a character
		n--
	}
	return string(s[:n]) + "…"
}

// quote is clip in quotes, with everything escaped that could reach a terminal as a command.
func quote[S ~string | ~[]byte](s S) string { return strconv.Quote(clip(s)) }

// list joins names for an error message.
func list(names []string) string {
	if len(names) > 20 {
		return clipAll(names[:20]) + fmt.Sprintf(", … %d in all", len(names))
	}
	return clipAll(names)
}

func clipAll(names []string) string {
	out := make([]string, len(names))
	for i, s := range names {
		out[i] = clip(s)
	}
	return strings.Join(out, ", ")
}

// Rows is the number of rows; there is at least one.
func (t *Table) Rows() int { return t.rows }

// Col returns the numbers of the named column. The slice is the table's own.
func (t *Table) Col(name string) (values []float64, ok bool) {
	if j := t.index(name); j >= 0 && t.text[j] == nil {
		return t.Cols[j], true
	}
	return nil, false
}

// Text returns the cells of a text column, or nil if there is no text column of that name.
func (t *Table) Text(name string) []string {
	if j := t.index(name); j >= 0 {
		return t.text[j]
	}
	return nil
}

// Need returns an error that lists the missing and the found names unless the table has all these columns. The order of
// columns is free, upper and lower case differ, and further columns do no harm.
func (t *Table) Need(names ...string) error {
	var missing []string
	for _, s := range names {
		if t.index(s) < 0 {
			missing = append(missing, s)
		}
	}
	if missing == nil {
		return nil
	}
	return fmt.Errorf("%s: missing column %s (found %s)", t.Name, list(missing), list(t.Header))
}

// Line returns the line of the file, counted from 1, that holds the given row, counted from 0.
func (t *Table) Line(row int) int {
	i := sort.Search(len(t.runs), func(i int) bool { return t.runs[i].row > row }) - 1
	return t.runs[i].line + row - t.runs[i].row
}

// Errorf returns an error about one cell in the form of Read's own: name:line: column c: message.
func (t *Table) Errorf(row int, column, format string, args ...any) error {
	return fmt.Errorf("%s:%d: column %s: %w", t.Name, t.Line(row), clip(column), fmt.Errorf(format, args...))
}

// index finds a column by its name; -1 if there is none.
func (t *Table) index(name string) int {
	for j, s := range t.Header {
		if s == name {
			return j
		}
	}
	return -1
}
