// Package flags has the flags of the program's commands. Values are checked when they are
// parsed, so the error for a wrong value has the name of the flag, its text, and what is
// wanted. Each flag has a role, so sweep, replay and resume need not know its name.
package flags

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

// A Role says what a flag is for.
type Role int

// The roles.
const (
	Setting Role = iota // it changes what is computed
	Input               // a file that is read, "" for none; it changes what is computed
	Output              // a file that is written, "-" for standard output, "" for none
	OutDir              // a directory of files that are written
	Neutral             // no result depends on it: goroutines, progress, checkpoints
)

// A Set holds the flags of a command and, after Parse, the operands that follow them.
type Set struct {
	*flag.FlagSet
	roles    map[string]Role
	operands [2]int // least and most of them
	what     string // names them in messages
}

// A UsageError is a wrong call.
type UsageError struct{ error }

// Unwrap returns what is wrong.
func (e UsageError) Unwrap() error { return e.error }

// Wrong makes a UsageError.
func Wrong(format string, args ...any) error { return UsageError{fmt.Errorf(format, args...)} }

// New returns the flags of a command.
func New(name string) *Set {
	f := &Set{FlagSet: flag.NewFlagSet(name, flag.ContinueOnError), roles: map[string]Role{}, what: "argument"}
	f.SetOutput(io.Discard)
	f.FlagSet.Usage = func() {} // package flag would call it after an error too
	return f
}

// Operands says that from least to most operands follow the flags, all of them files that
// are read, and what they are.
func (f *Set) Operands(least, most int, what string) { f.operands, f.what = [2]int{least, most}, what }

// Rest says that at least one argument follows the flags. Flags that are not of this set may
// come after it.
func (f *Set) Rest(what string) { f.operands, f.what = [2]int{1, -1}, what }

// Parse reads the flags up to the first operand, and checks the number of operands. For -h it
// returns flag.ErrHelp. Other errors are UsageErrors.
func (f *Set) Parse(args []string) error {
	if err := f.FlagSet.Parse(args); errors.Is(err, flag.ErrHelp) {
		return err
	} else if err != nil {
		return UsageError{err}
	}
	if f.operands[1] < 0 && f.NArg() > 0 {
		return nil
	}
	for _, a := range f.Args() {
		if len(a) > 1 && a[0] == '-' {
			return Wrong("flag %s follows an argument: flags come first", a)
		}
	}
	switch n := f.NArg(); {
	case n > max(f.operands[1], 0):
		return Wrong("unexpected argument %q", f.Arg(f.operands[1]))
	case n < f.operands[0]:
		return Wrong("want %s", f.what)
	}
	return nil
}

// Help writes the usage, the text and the list of flags.
func (f *Set) Help(w io.Writer, text string) {
	fmt.Fprintf(w, "usage: hnn %s [flags]%s\nflags:\n", f.Name(), text)
	f.SetOutput(w)
	f.PrintDefaults()
	f.SetOutput(io.Discard)
}

// Role returns the role of a flag.
func (f *Set) Role(name string) Role { return f.roles[name] }

// As gives flags a role.
func (f *Set) As(r Role, names ...string) {
	for _, name := range names {
		f.roles[name] = r
	}
}

// With returns the values of all flags of some roles, by name.
func (f *Set) With(roles ...Role) map[string]string { return f.values(f.VisitAll, roles) }

// Given returns the values of those flags of some roles that the call sets, by name.
func (f *Set) Given(roles ...Role) map[string]string { return f.values(f.Visit, roles) }

func (f *Set) values(visit func(func(*flag.Flag)), roles []Role) map[string]string {
	values := map[string]string{}
	visit(func(fl *flag.Flag) {
		if slices.Contains(roles, f.roles[fl.Name]) {
			values[fl.Name] = fl.Value.String()
		}
	})
	return values
}

// Inputs returns the files that a call reads: those of its flags and its operands.
func (f *Set) Inputs() []string {
	var files []string
	f.VisitAll(func(fl *flag.Flag) {
		if v := fl.Value.String(); f.roles[fl.Name] == Input && v != "" {
			files = append(files, v)
		}
	})
	return append(files, f.Args()...)
}

// First returns the first of the named flags that the call sets, in alphabetical order, or "".
func (f *Set) First(names ...string) string {
	first := ""
	f.Visit(func(fl *flag.Flag) {
		if first == "" && slices.Contains(names, fl.Name) {
			first = fl.Name
		}
	})
	return first
}

// A Bound says which numbers a flag takes.
type Bound struct {
	text string
	ok   func(float64) bool
}

// The bounds.
var (
	Any         = Bound{"a number", func(float64) bool { return true }}
	Positive    = Bound{"a number above 0", func(v float64) bool { return v > 0 }}
	NotNegative = Bound{"a number from 0 up", func(v float64) bool { return v >= 0 }}
	Fraction    = Bound{"a number from 0 to below 1", func(v float64) bool { return v >= 0 && v < 1 }}
)

// Number parses a finite decimal number within the bound.
func (b Bound) Number(s string) (float64, error) {
	v, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	if err != nil || v-v != 0 || strings.ContainsAny(s, "xX_") || !b.ok(v) {
		return 0, fmt.Errorf("want %s", b.text)
	}
	return v, nil
}

// A Value is a flag.Value made of its parser and its printed form.
type Value struct {
	Parse func(string) error
	Show  func() string // nil: nothing
}

// Set implements flag.Value.
func (v Value) Set(s string) error { return v.Parse(s) }

func (v Value) String() string {
	if v.Show == nil { // package flag asks a zero Value for its default
		return ""
	}
	return v.Show()
}

// Float is a flag of one number. A default of NaN is not shown.
func (f *Set) Float(p *float64, name string, b Bound, help string) {
	f.Var(Value{
		func(s string) (err error) { *p, err = b.Number(s); return err },
		func() string {
			if *p != *p {
				return ""
			}
			return strconv.FormatFloat(*p, 'g', -1, 64)
		},
	}, name, help)
}

// list parses elements with commas between.
func list[T any](p *[]T, one func(string) (T, error)) Value {
	return Value{
		func(s string) error {
			*p = nil
			for _, w := range strings.Split(s, ",") {
				v, err := one(w)
				if err != nil {
					return fmt.Errorf("%w, or several with commas between", err)
				}
				*p = append(*p, v)
			}
			return nil
		},
		func() string { return strings.Trim(strings.ReplaceAll(fmt.Sprint(*p), " ", ","), "[]") },
	}
}

// Floats is a flag of several numbers.
func (f *Set) Floats(p *[]float64, name string, b Bound, help string) {
	f.Var(list(p, b.Number), name, help)
}

// MaxCount bounds every count, so that a typing error ends in a message.
const MaxCount = 1_000_000_000

func count(least, most int) func(s string) (int, error) {
	return func(s string) (int, error) {
		v, err := strconv.Atoi(strings.TrimSpace(s))
		if err != nil || v < least || v > most {
			return 0, fmt.Errorf("want a whole number from %d to %d", least, most)
		}
		return v, nil
	}
}

// Int is a flag of a whole number from min up.
func (f *Set) Int(p *int, name string, min int, help string) { f.Count(p, name, min, MaxCount, help) }

// Count is a flag of a whole number from least to most.
func (f *Set) Count(p *int, name string, least, most int, help string) {
	f.Var(Value{
		func(s string) (err error) { *p, err = count(least, most)(s); return err },
		func() string { return strconv.Itoa(*p) },
	}, name, help)
}

// Ints is a flag of several whole numbers.
func (f *Set) Ints(p *[]int, name string, min int, help string) {
	f.Var(list(p, count(min, MaxCount)), name, help)
}

// Words is a flag of several names, which may have spaces inside.
func (f *Set) Words(p *[]string, name, help string) {
	v := list(p, func(s string) (string, error) {
		if s = strings.TrimSpace(s); s == "" {
			return "", errors.New("want a name")
		}
		return s, nil
	})
	v.Show = func() string { return strings.Join(*p, ",") }
	f.Var(v, name, help)
}

// Seed is the flag -seed.
func (f *Set) Seed(p *uint64) {
	f.Var(Value{
		func(s string) (err error) {
			if *p, err = strconv.ParseUint(s, 10, 64); err != nil {
				return fmt.Errorf("want a whole number from 0 to %d", uint64(math.MaxUint64))
			}
			return nil
		},
		func() string { return strconv.FormatUint(*p, 10) },
	}, "seed", "`N`, the seed of all randomness: the same seed gives the same bytes")
}

// File is a flag that names a file of the given role.
func (f *Set) File(p *string, name string, r Role, help string) {
	f.StringVar(p, name, *p, help)
	f.As(r, name)
}

// Choice is a flag that takes one of a few words.
func Choice[T ~string](f *Set, p *T, name string, words []T, help string) {
	f.Var(Value{
		func(s string) error {
			if !slices.Contains(words, T(s)) {
				return fmt.Errorf("want one of %v", words)
			}
			*p = T(s)
			return nil
		},
		func() string { return string(*p) },
	}, name, help)
}
