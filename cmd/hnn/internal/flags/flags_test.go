package flags

import (
	"errors"
	"flag"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
)

type all struct {
	rate, none float64
	box        []float64
	n          int
	sizes      []int
	names      []string
	seed       uint64
	word       string
	in, out    string
	dir        string
	quiet      bool
}

// newSet returns a set with a flag of each sort, of each role.
func newSet() (*Set, *all) {
	f, v := New("toy"), &all{rate: 0.5, none: math.NaN(), n: 3, sizes: []int{4, 5}, word: "a", out: "-", dir: "d"}
	f.Float(&v.rate, "rate", Positive, "a `rate`")
	f.Float(&v.none, "none", Any, "a `number`")
	f.Floats(&v.box, "box", Fraction, "`ranges`")
	f.Int(&v.n, "n", 1, "a `count`")
	f.Ints(&v.sizes, "sizes", 2, "`sizes`")
	f.Words(&v.names, "names", "`names`")
	f.Seed(&v.seed)
	Choice(f, &v.word, "word", []string{"a", "b"}, "`one` of two")
	f.File(&v.in, "in", Input, "a `file`")
	f.File(&v.out, "out", Output, "a `file`")
	f.File(&v.dir, "dir", OutDir, "a `directory`")
	f.BoolVar(&v.quiet, "quiet", false, "no progress")
	f.As(Neutral, "quiet")
	return f, v
}

func TestValues(t *testing.T) {
	f, v := newSet()
	args := []string{"-rate=1e-3", "-none", " -2", "-box=0, 0.5", "-n", "7", "-sizes=2,3", "-names", "angle left, x ,y", "-seed=18446744073709551615",
		"-word=b", "-in=i", "-out=o", "-dir=e", "-quiet"}
	if err := f.Parse(args); err != nil {
		t.Fatal(err)
	}
	want := &all{1e-3, -2, []float64{0, 0.5}, 7, []int{2, 3}, []string{"angle left", "x", "y"}, math.MaxUint64, "b", "i", "o", "e", true}
	if !reflect.DeepEqual(v, want) {
		t.Errorf("%+v\nwant %+v", v, want)
	}
	// The printed values can be parsed and give the same values.
	again, w := newSet()
	var printed []string
	f.Visit(func(fl *flag.Flag) { printed = append(printed, "-"+fl.Name+"="+fl.Value.String()) })
	if err := again.Parse(printed); err != nil || !reflect.DeepEqual(w, want) || len(printed) != 12 {
		t.Errorf("%v: %+v, %v", printed, w, err)
	}
}

func TestWrongValues(t *testing.T) {
	for _, c := range []struct{ args, want string }{
		{"-rate=0", "want a number above 0"},
		{"-rate=x", "want a number above 0"},
		{"-rate=", "want a number above 0"},
		{"-rate=NaN", "want a number above 0"},
		{"-rate=+Inf", "want a number above 0"},
		{"-rate=1e999", "want a number above 0"},
		{"-rate=0x1p3", "want a number above 0"},
		{"-rate=1_0", "want a number above 0"},
		{"-none=", "want a number"},
		{"-box=0.5,1", "want a number from 0 to below 1, or several with commas between"},
		{"-box=-0.1", "want a number from 0 to below 1"},
		{"-n=0", "want a whole number from 1 to 1000000000"},
		{"-n=1000000001", "want a whole number from 1"},
		{"-n=1.5", "want a whole number from 1"},
		{"-sizes=", "want a whole number from 2"},
		{"-sizes=2,,3", "want a whole number from 2 to 1000000000, or several with commas between"},
		{"-names=", "want a name, or several with commas between"},
		{"-names=a,", "want a name"},
		{"-names=a, ,b", "want a name"},
		{"-seed=-1", "want a whole number from 0 to 18446744073709551615"},
		{"-seed=18446744073709551616", "want a whole number from 0 to 18446744073709551615"},
		{"-word=c", "want one of [a b]"},
		{"-quiet=perhaps", "quiet"},
		{"-nosuch=1", "-nosuch"},
		{"x", `unexpected argument "x"`},
	} {
		f, _ := newSet()
		err := f.Parse([]string{c.args})
		var wrong UsageError
		if !errors.As(err, &wrong) || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want %q", c.args, err, c.want)
		}
		if name, _, ok := strings.Cut(c.args, "="); ok && err != nil && !strings.Contains(err.Error(), name) {
			t.Errorf("%s: the error does not name the flag: %v", c.args, err)
		}
	}
}

func TestOperands(t *testing.T) {
	for _, c := range []struct {
		least, most int // most -1: a rest
		args, want  string
	}{
		{0, 0, "", ""},
		{0, 0, "a", `unexpected argument "a"`},
		{1, 2, "", "want a model"},
		{1, 2, "-n 2 a", ""},
		{1, 2, "a -", ""},
		{1, 2, "a b c", `unexpected argument "c"`},
		{1, 2, "a -n 2", "flag -n follows an argument: flags come first"},
		{1, 2, "-- -n", "flag -n follows an argument: flags come first"},
		{1, -1, "", "want a model"},
		{1, -1, "a -x -y=2 b", ""},
	} {
		f, _ := newSet()
		if c.most < 0 {
			f.Rest("a model")
		} else {
			f.Operands(c.least, c.most, "a model")
		}
		err := f.Parse(strings.Fields(c.args))
		var wrong UsageError
		if (err == nil) != (c.want == "") || err != nil && (!errors.As(err, &wrong) || err.Error() != c.want) {
			t.Errorf("%d to %d, %q: %v, want %q", c.least, c.most, c.args, err, c.want)
		}
	}
}

func TestRoles(t *testing.T) {
	f, _ := newSet()
	f.Operands(0, 2, "files")
	if err := f.Parse([]string{"-in=i", "-n=3", "-out=o", "-quiet", "x", "y"}); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]Role{"n": Setting, "in": Input, "out": Output, "dir": OutDir, "quiet": Neutral} {
		if got := f.Role(name); got != want {
			t.Errorf("-%s: role %v, want %v", name, got, want)
		}
	}
	for _, c := range []struct{ got, want map[string]string }{
		{f.With(Output, OutDir), map[string]string{"out": "o", "dir": "d"}},
		{f.With(Setting), map[string]string{"rate": "0.5", "none": "", "box": "", "n": "3", "sizes": "4,5", "names": "", "seed": "0", "word": "a"}},
		{f.Given(Setting, Input), map[string]string{"n": "3", "in": "i"}}, // n has its default value and is given all the same
		{f.Given(Neutral), map[string]string{"quiet": "true"}},
		{f.Given(OutDir), map[string]string{}},
		{f.With(), map[string]string{}},
	} {
		if !reflect.DeepEqual(c.got, c.want) {
			t.Errorf("%v, want %v", c.got, c.want)
		}
	}
	if got := f.Inputs(); !slices.Equal(got, []string{"i", "x", "y"}) {
		t.Errorf("inputs %v", got)
	}
	if a, b, c := f.First("word", "out", "in"), f.First("word"), f.First(); a != "in" || b != "" || c != "" {
		t.Errorf("first %q, %q, %q", a, b, c)
	}
	if none, _ := newSet(); none.Parse(nil) != nil || len(none.Inputs()) != 0 {
		t.Errorf("inputs %v", none.Inputs())
	}
}

func TestHelp(t *testing.T) {
	f, _ := newSet()
	for _, h := range []string{"-h", "-help", "--help"} {
		if err := f.Parse([]string{h}); !errors.Is(err, flag.ErrHelp) {
			t.Errorf("%s: %v", h, err)
		}
	}
	var b strings.Builder
	f.Help(&b, " FILE\n\nWhat it does.\n")
	if got := b.String(); !strings.HasPrefix(got, "usage: hnn toy [flags] FILE\n\nWhat it does.\n\nflags:\n") || strings.Count(got, "\n  -") != 12 ||
		!strings.Contains(got, "  -none number\n    \ta number\n") || !strings.Contains(got, "  -sizes sizes\n    \tsizes (default 4,5)\n") {
		t.Error(got)
	}
	if err := Wrong("-n %d: %w", 3, flag.ErrHelp); err.Error() != "-n 3: flag: help requested" || !errors.Is(err, flag.ErrHelp) {
		t.Error(err)
	}
}
