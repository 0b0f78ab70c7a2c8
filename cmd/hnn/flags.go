package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
)

// flags is a flag set whose values are checked as they are parsed, so that a wrong
// one is reported with its name, its text and what would be right.
type flags struct {
	*flag.FlagSet
	help  func()
	point *point // of a sweep, nil for none
}

// newFlags begins the flags of a command. The help text says what the command does
// and ends with examples; the list of flags is printed after it.
func newFlags(e *env, name, help string) flags {
	f := flags{FlagSet: flag.NewFlagSet(name, flag.ContinueOnError), point: e.point}
	f.SetOutput(io.Discard)
	f.Usage = func() {} // flag would call it for an error too
	f.help = func() {
		fmt.Fprintf(e.stdout, "usage: hnn %s [flags]%s\nflags:\n", name, help)
		f.SetOutput(e.stdout)
		f.PrintDefaults()
	}
	return f
}

// parseFlags reads the flags, up to the first argument that is none.
func (f flags) parseFlags(args []string) error {
	err := f.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		f.help()
	case err != nil:
		err = usageError{err}
	}
	return err
}

// parse reads the arguments; operands are what follows the flags, at most max.
func (f flags) parse(args []string, max int) (operands []string, err error) {
	if err := f.parseFlags(args); err != nil {
		return nil, err
	}
	for _, a := range f.Args() {
		if len(a) > 1 && a[0] == '-' {
			return nil, usageError{fmt.Errorf("flag %s follows an argument: flags come first", a)}
		}
	}
	if f.NArg() > max {
		return nil, usageError{fmt.Errorf("unexpected argument %q", f.Arg(max))}
	}
	if f.point != nil {
		f.point.parsed(f)
	}
	return f.Args(), nil
}

// A bound says which numbers a flag takes.
type bound struct {
	text string
	ok   func(float64) bool
}

var (
	anyNumber   = bound{"a number", func(float64) bool { return true }}
	positive    = bound{"a number above 0", func(v float64) bool { return v > 0 }}
	notNegative = bound{"a number from 0 up", func(v float64) bool { return v >= 0 }}
	fraction    = bound{"a number from 0 to below 1", func(v float64) bool { return v >= 0 && v < 1 }}
)

// A value is a flag.Value made of its parser and its printed form.
type value struct {
	set  func(string) error
	show func() string
}

func (v value) Set(s string) error { return v.set(s) }
func (v value) String() string {
	if v.show == nil { // flag asks a zero value for its default
		return ""
	}
	return v.show()
}

// number parses a finite decimal number within the bound.
func (b bound) number(s string) (float64, error) {
	v, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	if err != nil || v-v != 0 || strings.ContainsAny(s, "xX_") || !b.ok(v) {
		return 0, fmt.Errorf("want %s", b.text)
	}
	return v, nil
}

func (f flags) float(p *float64, name string, b bound, help string) {
	f.Var(value{
		func(s string) (err error) { *p, err = b.number(s); return err },
		func() string { return strconv.FormatFloat(*p, 'g', -1, 64) },
	}, name, help)
}

func (f flags) floats(p *[]float64, name string, b bound, help string) {
	f.Var(value{
		func(s string) error {
			*p = nil
			for _, w := range strings.Split(s, ",") {
				v, err := b.number(w)
				if err != nil {
					return fmt.Errorf("%w, or several with commas between", err)
				}
				*p = append(*p, v)
			}
			return nil
		},
		func() string { return strings.Trim(strings.ReplaceAll(fmt.Sprint(*p), " ", ","), "[]") },
	}, name, help)
}

func (f flags) words(p *[]string, name, help string) {
	f.Var(value{func(s string) error {
		if *p = strings.Split(s, ","); slices.Contains(*p, "") {
			return errors.New("want names with commas between")
		}
		return nil
	}, func() string { return strings.Join(*p, ",") }}, name, help)
}

// maxCount bounds every count, so that a slip of the finger ends in a message.
const maxCount = 1_000_000_000

func count(s string, min int) (int, error) {
	v, err := strconv.Atoi(strings.TrimSpace(s))
	if err != nil || v < min || v > maxCount {
		return 0, fmt.Errorf("want a whole number from %d to %d", min, maxCount)
	}
	return v, nil
}

func (f flags) int(p *int, name string, min int, help string) {
	f.Var(value{
		func(s string) (err error) { *p, err = count(s, min); return err },
		func() string { return strconv.Itoa(*p) },
	}, name, help)
}

func (f flags) ints(p *[]int, name string, min int, help string) {
	f.Var(value{
		func(s string) error {
			*p = nil
			for _, w := range strings.Split(s, ",") {
				v, err := count(w, min)
				if err != nil {
					return fmt.Errorf("%w, or several with commas between", err)
				}
				*p = append(*p, v)
			}
			return nil
		},
		func() string { return strings.Trim(strings.ReplaceAll(fmt.Sprint(*p), " ", ","), "[]") },
	}, name, help)
}

func (f flags) seed(p *uint64) {
	f.Var(value{
		func(s string) (err error) {
			if *p, err = strconv.ParseUint(s, 10, 64); err != nil {
				return fmt.Errorf("want a whole number from 0 to %d", uint64(math.MaxUint64))
			}
			return nil
		},
		func() string { return strconv.FormatUint(*p, 10) },
	}, "seed", "`N`, the seed of all randomness: the same seed gives the same bytes")
}

// choice is a flag that takes one of a few words.
func choice[T ~string](f flags, p *T, name string, words []T, help string) {
	f.Var(value{
		func(s string) error {
			for _, w := range words {
				if s == string(w) {
					*p = w
					return nil
				}
			}
			return fmt.Errorf("want one of %v", words)
		},
		func() string { return string(*p) },
	}, name, help)
}
