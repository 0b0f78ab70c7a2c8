package table

import (
	"io"
	"math"
	"strconv"
	"strings"
)

// words are the texts of a column.
type words struct {
	list  []string
	index map[string]int32
	at    []int32 // of each row: its text in list, or -1 for a number or an empty cell
}

// ReadMixed reads a table whose cells may hold anything, for a picture of it. A cell that is no finite
// number is NaN in [Table.Col], which then has no other error than a column that is not there.
func ReadMixed(name string, r io.Reader) (*Table, error) {
	return (&Table{Name: name, words: []*words{}}).read(r)
}

// word notes the text of a cell of the row in work, and returns NaN.
func (t *Table) word(j int, cell string) float64 {
	if cell == "" || isNaN(cell) {
		return math.NaN()
	}
	if t.words[j] == nil {
		t.words[j] = &words{index: map[string]int32{}}
	}
	w := t.words[j]
	for len(w.at) < t.rows {
		w.at = append(w.at, -1)
	}
	k, ok := w.index[cell]
	if !ok {
		cell = strings.Clone(cell) // else it would keep its whole line
		k = int32(len(w.list))
		w.index[cell], w.list = k, append(w.list, cell)
	}
	w.at = append(w.at, k)
	return math.NaN()
}

// isNaN tells whether a cell is a number that is not finite.
func isNaN(cell string) bool {
	v, err := strconv.ParseFloat(cell, 64)
	return v-v != 0 && (err == nil || strings.Trim(cell, "+-.0123456789eE") == "")
}

// Texts tells whether a column of [ReadMixed] has texts that are no numbers.
func (t *Table) Texts(column string) bool {
	j, ok := t.index[column]
	return ok && t.words != nil && t.words[j] != nil
}

// Text returns a cell of a table of [ReadMixed]: its text, or its number in the shortest form. "" stands for no value.
func (t *Table) Text(row int, column string) string {
	j := t.index[column]
	if t.words != nil && t.words[j] != nil && row < len(t.words[j].at) && t.words[j].at[row] >= 0 {
		return t.words[j].list[t.words[j].at[row]]
	}
	if v := t.cols[j][row]; v-v == 0 {
		return strconv.FormatFloat(v, 'g', -1, 64)
	}
	return ""
}

// Names returns the columns of the header, without their units where these names are no other columns.
func (t *Table) Names() []string {
	names := make([]string, len(t.Header))
	for j, s := range t.Header {
		if names[j], _ = unitOf(s); t.At(names[j]) != j {
			names[j] = s
		}
	}
	return names
}
