package table

import (
	"bufio"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// forms.go reads the forms in which people have CSV files: packed by gzip, in UTF-16, with other separators, with
// decimal commas. What a file is must show in its first bytes or in its header. The rest is refused.

// packed lists files that are no text, by their first bytes.
var packed = []struct{ magic, what string }{
	{"PK\x03\x04", "a zip or Excel file: want CSV (save it as CSV, or unpack it)"},
	{"\xd0\xcf\x11\xe0\xa1\xb1", "an old Excel file: want CSV (save it as CSV)"},
	{"BZh", "packed by bzip2: want text or gzip (bunzip2 unpacks it)"},
	{"\xfd7zXZ\x00", "packed by xz: want text or gzip (unxz unpacks it)"},
	{"\x28\xb5\x2f\xfd", "packed by zstd: want text or gzip (unzstd unpacks it)"},
	{"PAR1", "a Parquet file: want CSV"},
	{"\x89HDF", "an HDF5 file: want CSV"},
	{"{", "JSON: want CSV"},
	{"[{", "JSON: want CSV"},
	{"<", "HTML or XML: want CSV"},
	{"\x93NUMPY", "a NumPy file: want CSV (numpy.savetxt writes it, with delimiter=',' and comments='')"},
}

// text returns the text of r in UTF-8. What is wrong with it is the error of a later Read.
func text(r io.Reader) io.Reader {
	head, r := peek(r)
	if strings.HasPrefix(head, "\x1f\x8b") {
		z, err := gzip.NewReader(r)
		if err != nil {
			return failing{damaged(err)}
		}
		head, r = peek(unpacking{z})
	}
	for _, p := range packed {
		if strings.HasPrefix(head, p.magic) {
			return failing{errors.New(p.what)}
		}
	}
	switch {
	case strings.HasPrefix(head, "\xff\xfe"):
		return &utf16Reader{r: bufio.NewReader(r), order: binary.LittleEndian}
	case strings.HasPrefix(head, "\xfe\xff"):
		return &utf16Reader{r: bufio.NewReader(r), order: binary.BigEndian}
	}
	return r
}

// peek returns the first bytes of r, and a reader of all of it.
func peek(r io.Reader) (string, io.Reader) {
	head := make([]byte, 6)
	n, err := io.ReadFull(r, head)
	head = head[:n]
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return string(head), io.MultiReader(bytes.NewReader(head), failing{err})
	}
	return string(head), io.MultiReader(bytes.NewReader(head), r)
}

// A failing reader has only an error.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// unpacking names the errors of a packed file.
type unpacking struct{ z *gzip.Reader }

func (u unpacking) Read(b []byte) (int, error) {
	n, err := u.z.Read(b)
	return n, damaged(err)
}

// damaged says in words what is wrong with a gzip file.
func damaged(err error) error {
	var broken flate.CorruptInputError
	switch {
	case err == io.ErrUnexpectedEOF:
		return errors.New("the gzip file ends too early")
	case err == gzip.ErrChecksum, err == gzip.ErrHeader, errors.As(err, &broken):
		return fmt.Errorf("the gzip file is damaged (%v)", err)
	}
	return err
}

// A utf16Reader turns UTF-16 into UTF-8.
type utf16Reader struct {
	r     *bufio.Reader
	order binary.ByteOrder
	rest  []byte // of buf, not yet given out
	buf   [utf8.UTFMax]byte
}

func (u *utf16Reader) Read(b []byte) (n int, err error) {
	for n < len(b) {
		if len(u.rest) == 0 {
			r, err := u.char()
			if err != nil {
				return n, err
			}
			u.rest = u.buf[:utf8.EncodeRune(u.buf[:], r)]
		}
		k := copy(b[n:], u.rest)
		n, u.rest = n+k, u.rest[k:]
	}
	return n, nil
}

// char reads one character.
func (u *utf16Reader) char() (rune, error) {
	r, err := u.unit()
	if err != nil || !utf16.IsSurrogate(r) {
		return r, err
	}
	low, err := u.unit()
	if err != nil && err != io.EOF {
		return 0, err
	}
	if r = utf16.DecodeRune(r, low); r == utf8.RuneError {
		return 0, errors.New("the UTF-16 text is damaged: half a character is missing")
	}
	return r, nil
}

func (u *utf16Reader) unit() (rune, error) {
	var b [2]byte
	_, err := io.ReadFull(u.r, b[:])
	if err == io.ErrUnexpectedEOF {
		err = errors.New("the UTF-16 text ends in the middle of a character")
	}
	return rune(u.order.Uint16(b[:])), err
}

// separators are the characters that may stand between columns.
const separators = ",;\t"

// separator finds what stands between the columns of a header: the one separator that it has outside of quotes. Blanks
// around "," and ";" are no separators, and tabs are blanks.
func separator(header string) (byte, error) {
	var has [3]bool
	quoted := false
	for i := range len(header) {
		if header[i] == '"' {
			quoted = !quoted
		} else if k := strings.IndexByte(separators, header[i]); k >= 0 && !quoted {
			has[k] = true
		}
	}
	switch {
	case has[0] && has[1]:
		return 0, fmt.Errorf(`header %.40q has both "," and ";": put names that hold one of them in quotes`, header)
	case has[1]:
		return ';', nil
	case has[2] && !has[0]:
		return '\t', nil
	}
	return ',', nil
}

// local parses a number of a file whose separator is not ",". Its decimal sign is "." or ",", the same one in all cells.
func (t *Table) local(s string) (float64, error) {
	i := strings.IndexAny(s, ",.")
	if i < 0 {
		return number(s)
	}
	v, err := number(s[:i] + "." + s[i+1:])
	switch {
	case err != nil && strings.ContainsAny(s, separators):
		return 0, fmt.Errorf(`%.40q is not a number (expected %q between columns and one "." or "," in a number)`, s, string(t.sep))
	case err != nil:
		return number(s)
	case t.decimal == 0:
		t.decimal = s[i]
	case t.decimal != s[i]:
		return 0, fmt.Errorf("%.40q has the decimal sign %q, earlier cells have %q: want the same in all", s, s[i], t.decimal)
	}
	return v, nil
}

// foreign says what to do with a number of a form that is not read, or nothing.
func foreign(s string) string {
	is := func(s string) bool {
		_, err := strconv.ParseFloat(s, 64)
		return err == nil && !strings.ContainsAny(s, "xX_")
	}
	clock := strings.Split(s, ":")
	switch {
	case is(strings.ReplaceAll(s, "\u2212", "-")):
		return ": its sign is U+2212, want the minus of the keyboard"
	case is(strings.Map(func(r rune) rune {
		if r == 'd' || r == 'D' {
			return 'e'
		}
		return r
	}, s)):
		return ": want the exponent e in the place of Fortran's d"
	case is(strings.NewReplacer("'", "", "\u2019", "", "\u00a0", "", "\u202f", "").Replace(s)):
		return ": want no sign between thousands"
	case is(strings.TrimSuffix(s, "%")):
		return ": want it without %"
	case len(clock) == 3 && is(clock[0]) && is(clock[1]) && is(clock[2]):
		return ": want seconds, or the date too, as in 2026-11-28T09:30:00.25"
	}
	return ""
}

// ragged is the error of a row with another number of cells than the header.
func (t *Table) ragged(cells []string) error {
	err := fmt.Errorf(`%d fields separated by %q, expected %d (%s)`, len(cells), string(t.sep), len(t.Header), list(t.Header))
	switch more := len(cells) == len(t.Header)+1; {
	case strings.HasPrefix(cells[0], "#") || strings.HasPrefix(cells[0], "//"):
		return fmt.Errorf("%.40q is a comment: remove the line", cells[0])
	case more && cells[len(cells)-1] == "":
		return fmt.Errorf("%w: the last is empty: want no %q at the end of a line", err, string(t.sep))
	case more && t.rows == 0:
		return fmt.Errorf("%w: is a name missing in the header?", err)
	}
	return err
}

// Form says what stands between the columns and in the numbers.
func (t *Table) Form() string {
	name := map[byte]string{',': "commas", ';': "semicolons", '\t': "tabs"}[t.sep]
	if t.decimal == ',' {
		name += ", decimal commas"
	}
	return name
}
