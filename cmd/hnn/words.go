package main

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// words.go is what all messages to people go through.

// maxMessage bounds a message, in characters.
const maxMessage = 400

// say writes one line to standard error, if there is one.
func (e *env) say(format string, args ...any) {
	if e.stderr == nil {
		return
	}
	io.WriteString(e.stderr, short(printable(fmt.Sprintf(format, args...)))+"\n")
}

// printable escapes what a terminal could take for a command, such as a file name may hold:
// all that is not printable, line breaks too.
func printable(s string) string {
	var b strings.Builder
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		if r == utf8.RuneError && n == 1 {
			fmt.Fprintf(&b, `\x%02x`, s[0])
		} else if unicode.IsPrint(r) {
			b.WriteRune(r)
		} else {
			b.WriteString(strings.Trim(strconv.QuoteRune(r), "'"))
		}
		s = s[n:]
	}
	return b.String()
}

// short leaves the middle of a long message out.
func short(s string) string {
	r := []rune(s)
	if len(r) <= maxMessage {
		return s
	}
	return string(r[:maxMessage*3/4]) + " … " + string(r[len(r)-maxMessage/4+3:])
}

// A cleaner passes on the lines that another program writes, with all that is not printable
// escaped.
type cleaner struct{ w io.Writer }

func (c cleaner) Write(b []byte) (int, error) {
	for i, line := range bytes.Split(b, []byte("\n")) {
		if i > 0 {
			io.WriteString(c.w, "\n")
		}
		if _, err := io.WriteString(c.w, strings.ReplaceAll(printable(string(line)), `\t`, "\t")); err != nil {
			return 0, err
		}
	}
	return len(b), nil
}
