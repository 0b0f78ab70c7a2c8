// Package table reads and writes the CSV files of the command line: a header of column names, then numbers.
//
// read.go has the table, forms.go the forms in which people have such files, units.go units and times, loose.go a first
// look at a file that may be damaged, and mixed.go a table of anything. write.go writes cells and file.go whole files, with
// abandon.go, which removes what a dying process leaves, hold.go and owner_unix.go; new.go, open.go and stdout.go are small
// doors to the file system. A [Table] is checked when it is read: it is rectangular, and the columns that it
// returns have finite numbers only. [Read] returns the numbers that [Writer] wrote, to the bit. [Create] replaces a file as
// a whole or not at all.
package table

import (
	"bufio"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"runtime/debug"
	"slices"
	"sort"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits that keep a wrong or an endless input from filling the memory.
const (
	maxLine  = 1 << 20 // bytes of one line
	maxCells = 1 << 27 // cells of a table: 1 GiB of float64

	cellBytes = 40 // of memory for each cell, while the table grows
)

// Table is a CSV file in memory, by column.
type Table struct {
	Name   string
	Header []string

	sep, decimal byte // what stands between columns, and in numbers: 0 as long as no number has it
	loose        bool // keep the numbers of columns that have other cells too

	index  map[string]int // of the columns, by their names
	cols   [][]float64    // cols[j] holds the numbers of column Header[j], or nothing if one of its cells has text
	errs   []error        // errs[j] says which cell is no number, the first one
	lost   []int          // lost[j] is the number of such cells, if they are kept
	empty  []int          // empty[j] is the number of those that are empty: these are always kept, as NaN
	rows   int
	runs   []run
	words  []*words  // of ReadMixed: words[j] are the texts of column Header[j], nil for none
	stamps []*stamps // stamps[j] holds a column of dates and times
}

// A run is a number of rows on consecutive lines, from this row and line on. Only a blank line begins a new run, so a file
// without blank lines needs no memory for line numbers.
type run struct{ row, line int }

// ReadFile reads the file of the given name, or standard input if the name is "-".
// It ends with the error of ctx when that is done.
func ReadFile(ctx context.Context, name string) (*Table, error) { return readFile(ctx, name, false) }

func readFile(ctx context.Context, name string, loose bool) (*Table, error) {
	f, err := Open(ctx, name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if name == "-" {
		name = "standard input"
	}
	return (&Table{Name: name, loose: loose}).read(f)
}

// Read reads a whole table from r. Errors call it name. A column that is used must have finite decimal numbers, see
// [Table.Col]. Other columns may have any text.
//
// The format is RFC 4180 with a mandatory header and one line for each row: a quoted cell cannot contain a line break.
// The separator is the one of "," ";" and tab that the header has. If it is not ",", numbers may have decimal commas. A
// name may have a unit after it, as in "t [ms]", which is no part of the name. The text is UTF-8, or UTF-16 with a byte
// order mark, and may be packed by gzip. A byte order mark, CRLF, blank lines and blanks around a cell are ignored. An
// error is one line that begins with the file and, where there is one, the number of its line:
//
//	train.csv:17: column q: "1_0" is not a number
func Read(name string, r io.Reader) (*Table, error) { return (&Table{Name: name}).read(r) }

func (t *Table) read(r io.Reader) (*Table, error) {
	name := t.Name
	lines := bufio.NewScanner(text(r))
	lines.Buffer(make([]byte, 64<<10), maxLine)
	var cells []string
	most := int(min(maxCells, debug.SetMemoryLimit(-1)/cellBytes))
	line := 0
	// After a failed read the scanner still returns what it has, perhaps half a line. So Err is tested first.
	for lines.Scan() && lines.Err() == nil {
		line++
		s := lines.Text()
		if line == 1 {
			s = strings.TrimPrefix(s, "\ufeff")
		}
		whole := s
		if s = strings.TrimSpace(s); s == "" {
			continue
		}
		if t.sep == '\t' {
			s = strings.Trim(whole, " \r") // a tab at an end is an empty cell
		}
		var err error
		if t.Header == nil && t.sep == 0 {
			if before, ok := strings.CutPrefix(s, "sep="); ok && len(before) == 1 && strings.Contains(separators, before) {
				t.sep = before[0] // a line for Excel
				continue
			}
			t.sep, err = separator(s)
		}
		if err == nil {
			cells, err = split(cells[:0], s, t.sep)
		}
		if err == nil {
			if t.Header == nil {
				err = t.header(s, cells)
			} else if err = t.add(line, cells); err == nil && t.rows*len(cells) > most {
				err = fmt.Errorf("more than %d cells, which is as much as fits in memory", most)
			}
		}
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", name, line, err)
		}
	}
	err := lines.Err()
	var p *fs.PathError
	switch {
	case errors.Is(err, bufio.ErrTooLong):
		err = fmt.Errorf("line longer than %d bytes (no CSV file, or its lines do not end in LF or CRLF)", maxLine)
	case errors.As(err, &p):
		err = p.Err // p itself would name the file a second time
	}
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s:%d: %w", name, line+1, err)
	case t.Header == nil:
		return nil, fmt.Errorf("%s: empty, expected a header of column names", name)
	case t.rows == 0:
		return nil, fmt.Errorf("%s: no data rows", name)
	}
	return t, nil
}

// split appends the cells of a line to cells. Only a line with quotes, which is rare, needs package csv.
func split(cells []string, line string, sep byte) ([]string, error) {
	if !strings.Contains(line, `"`) {
		for {
			i := strings.IndexByte(line, sep)
			if i < 0 {
				return append(cells, strings.TrimSpace(line)), nil
			}
			cells = append(cells, strings.TrimSpace(line[:i]))
			line = line[i+1:]
		}
	}
	r := csv.NewReader(strings.NewReader(line))
	r.Comma = rune(sep)
	r.TrimLeadingSpace = sep != '\t'
	record, err := r.Read()
	var p *csv.ParseError
	if errors.As(err, &p) {
		err = fmt.Errorf("byte %d: %w", p.Column, p.Err) // without the line number, which is always 1
		if p.Err == csv.ErrQuote && strings.Count(line, `"`)%2 == 1 {
			err = fmt.Errorf("%w: a quoted cell must end on its line", err)
		}
	}
	for _, c := range record {
		cells = append(cells, strings.TrimSpace(c))
	}
	return cells, err
}

// header takes the names of the columns from the first line that is not blank.
func (t *Table) header(line string, names []string) error {
	switch {
	case strings.Contains(line, "\x00"):
		return errors.New("binary, or UTF-16 without a byte order mark: expected text in UTF-8")
	case strings.Contains(line, "\r"):
		return errors.New("lines end in CR alone, expected LF or CRLF")
	case len(names[0]) > 1 && names[0][0] == '#':
		return fmt.Errorf("header %.40q is a comment: expected the names of the columns, and no comment lines", line)
	}
	if i := slices.Index(names, ""); i >= 0 {
		return fmt.Errorf("header: column %d has no name: name it, or leave it out (pandas: to_csv(…, index=False); R: row.names = FALSE)", i+1)
	}
	if err := checkHeader(names); err != nil {
		if !utf8.ValidString(line) {
			err = fmt.Errorf("%w: save the file as UTF-8 (iconv -f latin1 -t utf-8)", err)
		}
		return err
	}
	if _, unit := unitOf(names[0]); len(names) == 1 && unit == "" {
		if i := strings.IndexAny(names[0], " |"); i >= 0 {
			return fmt.Errorf(`header %.40q is one column: expected ",", ";" or a tab between columns (tr -s '%c' ',' makes commas of them)`, line, names[0][i])
		}
	}
	for _, s := range names {
		t.Header = append(t.Header, strings.Clone(s)) // s alone would keep the whole line in memory
	}
	t.name()
	t.cols = make([][]float64, len(names))
	t.errs = make([]error, len(names))
	if t.words != nil {
		t.words = make([]*words, len(names))
	}
	return nil
}

// checkHeader refuses equal names, and names that are numbers: a first row of data is not taken for a header.
func checkHeader(names []string) error {
	seen := make(map[string]bool, len(names))
	for _, s := range names {
		if err := checkText(s); err != nil {
			return fmt.Errorf("header: %w", err)
		}
		if _, err := strconv.ParseFloat(s, 64); err == nil || errors.Is(err, strconv.ErrRange) {
			return fmt.Errorf("header: %.40q is a number, expected names of columns", s)
		}
		if seen[s] {
			return fmt.Errorf("header: column %.40s appears twice", s)
		}
		seen[s] = true
	}
	return nil
}

// checkText refuses text that would be lost in a CSV file or do harm on a terminal.
func checkText(s string) error {
	switch {
	case s == "":
		return errors.New("empty cell")
	case !utf8.ValidString(s):
		return fmt.Errorf("%.40q is not valid UTF-8", s)
	case strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }):
		return fmt.Errorf("%.40q is not printable", s)
	case strings.TrimSpace(s) != s:
		return fmt.Errorf("%.40q begins or ends with a blank", s)
	}
	return nil
}

// add appends one row.
func (t *Table) add(line int, cells []string) error {
	if len(cells) != len(t.Header) {
		return t.ragged(cells)
	}
	if t.rows == 0 && len(cells) > 1 && t.words == nil && !slices.ContainsFunc(cells, func(s string) bool { return s == "" || !unicode.IsLetter([]rune(s)[0]) }) {
		return fmt.Errorf(`%.40q, … are no numbers: a second line of names or units? Units go into the header, as in "%.40s [%.40s]"`, cells[0], t.Header[0], cells[0])
	}
	if (t.rows+1)*len(cells) > maxCells {
		return fmt.Errorf("more than %d cells", maxCells)
	}
	for j, c := range cells {
		if t.errs[j] != nil && t.cols[j] == nil && !t.loose {
			t.stamp(line, j, c)
			continue
		}
		v, err := t.number(c)
		if err != nil && t.words != nil {
			v, err = t.word(j, c), nil
		}
		if err != nil {
			v = t.fail(line, j, c, err)
		}
		if err == nil || c == "" || t.loose {
			t.cols[j] = append(t.cols[j], v)
		}
	}
	if n := len(t.runs); n == 0 || t.runs[n-1].line+t.rows-t.runs[n-1].row != line {
		t.runs = append(t.runs, run{t.rows, line})
	}
	t.rows++
	return nil
}

// number parses a cell.
func (t *Table) number(s string) (float64, error) {
	if t.sep == ',' {
		return number(s)
	}
	return t.local(s)
}

// number parses a finite decimal number. strconv.ParseFloat also accepts 0x1p3 and 1_0, which are hardly meant in a CSV
// file, and NaN and Inf, which cannot be computed with.
func number(s string) (float64, error) {
	v, err := strconv.ParseFloat(s, 64)
	switch {
	case err == nil && v-v == 0 && !strings.ContainsAny(s, "xX_"):
		return v, nil
	case s == "":
		return 0, errors.New("empty cell")
	case v-v != 0 && (err == nil || errors.Is(err, strconv.ErrRange)):
		return 0, fmt.Errorf("%.40q is not a finite number", s)
	case strings.ContainsAny(s, ",;"):
		return 0, fmt.Errorf(`%.40q is not a number (expected "," between columns and "." in numbers)`, s)
	}
	return 0, fmt.Errorf("%.40q is not a number%s", s, foreign(s))
}

// list joins names for an error message. If there are many, it has only the first.
func list(names []string) string {
	const most = 20
	var short []string
	for _, s := range names[:min(len(names), most)] {
		short = append(short, fmt.Sprintf("%.40s", s))
	}
	if len(names) > most {
		short = append(short, fmt.Sprintf("… %d in all", len(names)))
	}
	return strings.Join(short, ", ")
}

// Rows is the number of rows; there is at least one.
func (t *Table) Rows() int { return t.rows }

// Has tells whether there is a column of the given name.
func (t *Table) Has(name string) bool {
	_, ok := t.index[name]
	return ok
}

// At returns the place of the named column in the header, -1 for none.
func (t *Table) At(name string) int {
	if j, ok := t.index[name]; ok {
		return j
	}
	return -1
}

// Col returns the numbers of the named column. A cell that is no finite decimal number is an error, and so is a column
// that is not there. The slice is the table's own.
func (t *Table) Col(name string) ([]float64, error) {
	j, ok := t.index[name]
	if !ok {
		return nil, t.Need(name)
	}
	if t.errs[j] != nil {
		return nil, t.errs[j]
	}
	return t.cols[j], nil
}

// Partial is Col for a column in which some cells, but not all, may be empty: these are NaN.
func (t *Table) Partial(name string) ([]float64, error) {
	if j, ok := t.index[name]; ok && t.lost != nil && t.lost[j] == t.empty[j] && t.empty[j] < t.rows {
		return t.cols[j], nil
	}
	return t.Col(name)
}

// Need returns nil if the table has all these columns, in any order. Otherwise its error lists the missing and the found
// names. Upper and lower case differ. Further columns do no harm.
func (t *Table) Need(names ...string) error {
	var missing []string
	for _, s := range names {
		if !t.Has(s) {
			missing = append(missing, s)
		}
	}
	if missing == nil {
		return nil
	}
	err := fmt.Errorf("%s: missing column %s (found %s)", t.Name, list(missing), list(t.Header))
	for _, s := range missing {
		if why := t.Unknown(s); why != "" {
			return fmt.Errorf("%w: %s", err, why)
		}
	}
	return err
}

// Line returns the line of the file, counted from 1, that holds the given row, counted from 0.
func (t *Table) Line(row int) int {
	i := sort.Search(len(t.runs), func(i int) bool { return t.runs[i].row > row }) - 1
	return t.runs[i].line + row - t.runs[i].row
}

// Errorf returns an error about one cell in the form that [Read] uses: "train.csv:17: column t: " and the message.
func (t *Table) Errorf(row int, column, format string, args ...any) error {
	return fmt.Errorf("%s:%d: column %.40s: %w", t.Name, t.Line(row), column, fmt.Errorf(format, args...))
}
