package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"hnn/cmd/hnn/internal/table"
	"math/rand/v2"
)

// A film is what a file is written from: motion with friction γ, a grid of times, and what
// happens to a row.
type film struct {
	rows  int
	dt    float64
	gamma float64
	row   func(i int, t, q, p float64) []string // nil: t, q and p
}

// write makes the lines of a film of q̈ = −sin q − γ q̇ from q = 1.
func (f film) write(header, sep string) string {
	b := strings.Builder{}
	b.WriteString(header + "\n")
	q, p := 1., 0.
	for i := range f.rows {
		cells := f.row
		if cells == nil {
			cells = plainRow
		}
		if c := cells(i, f.dt*float64(i), q, p); c != nil {
			b.WriteString(strings.Join(c, sep) + "\n")
		}
		for range 100 {
			h := f.dt / 100
			p -= h / 2 * (math.Sin(q) + f.gamma*p)
			q += h * p
			p -= h / 2 * (math.Sin(q) + f.gamma*p)
		}
	}
	return b.String()
}

func num(v float64) string { return fmt.Sprintf("%.7g", v) }

func plainRow(_ int, t, q, p float64) []string { return []string{num(t), num(q), num(p)} }

func packed(s string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	io.WriteString(w, s)
	w.Close()
	return b.String()
}

func utf16Text(s string, big bool) string {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		if big {
			b = append(b, byte(u>>8), byte(u))
		} else {
			b = append(b, byte(u), byte(u>>8))
		}
	}
	return string(b)
}

// Files as people have them are read as what they mean, or are refused in one line.
func TestForeignFiles(t *testing.T) {
	base := film{rows: 120, dt: 0.125}
	plain := base.write("t,q,p", ",")
	commas := strings.ReplaceAll(base.write("t;q;p", ";"), ".", ",")
	want := readAs(t, plain, columns{t: "t", run: "run"})
	if want == nil {
		t.Fatal("the plain file is not read")
	}
	timed := func(header string, of func(t float64) string) string {
		f := base
		f.row = func(_ int, t, q, p float64) []string { return []string{of(t), num(q), num(p)} }
		return f.write(header, ",")
	}
	iso := func(t float64) string {
		return fmt.Sprintf("2026-11-28T23:59:%06.3fZ", t)
	}
	for name, give := range map[string]string{
		"gzip":            packed(plain),
		"semicolons":      base.write("t;q;p", ";"),
		"decimal commas":  commas,
		"gzip and commas": packed(commas),
		"tabs":            base.write("t\tq\tp", "\t"),
		"UTF-16":          utf16Text("\ufeff"+commas, false),
		"UTF-16 big":      utf16Text("\ufeff"+plain, true),
		"UTF-8 mark":      "\ufeff" + strings.ReplaceAll(plain, "\n", "\r\n"),
		"Excel":           "sep=;\r\n" + strings.ReplaceAll(commas, "\n", "\r\n"),
		"quotes":          `"` + strings.ReplaceAll(strings.ReplaceAll(strings.TrimSpace(plain), ",", `","`), "\n", "\"\n\"") + "\"\n",
		"blank lines":     strings.ReplaceAll(plain, "\n", "\n\n"),
		"units":           strings.Replace(plain, "t,q,p", "t (s),q [m],p [kg m/s]", 1),
		"milliseconds":    timed("t [ms],q,p", func(t float64) string { return num(1000 * t) }),
		"dates":           timed("t,q,p", iso),
		"dates, blank":    timed("t,q,p", func(t float64) string { return strings.Replace(strings.TrimSuffix(iso(t), "Z"), "T", " ", 1) }),
	} {
		got := readAs(t, give, columns{t: "t", run: "run"})
		if got == nil || !slices.Equal(got.X.Data, want.X.Data) || !slices.Equal(got.T, want.T) {
			t.Errorf("%s: read as something else", name)
		}
	}
	got := readAs(t, timed("t,q,p", func(t float64) string { return num(t / 60) }), columns{t: "t", run: "run", unit: "min"})
	if got == nil || math.Abs(got.T[9]-9*0.125) > 1e-5 {
		t.Error("minutes are not read")
	}
	for _, c := range []struct{ name, give, want string }{
		{"zip", "PK\x03\x04" + plain, "a zip or Excel file: want CSV"},
		{"JSON", `{"t": [0, 1], "q": [1, 2]}`, "JSON: want CSV"},
		{"blanks", base.write("t q p", " "), `expected ",", ";" or a tab between columns`},
		{"comments", "# from the lab\n" + plain, `is a comment: expected the names of the columns`},
		{"no header", strings.SplitN(plain, "\n", 2)[1], "is a number, expected names of columns"},
		{"UTF-16 without mark", utf16Text(plain, false), "UTF-16 without a byte order mark"},
		{"cut gzip", packed(plain)[:300], "the gzip file ends too early"},
		{"short row", plain + "15,1\n", `2 fields separated by ",", expected 3 (t, q, p)`},
		{"CR", strings.ReplaceAll(plain, "\n", "\r"), "lines end in CR alone"},
		{"twice", strings.Replace(plain, "t,q,p", "t,q,q", 1), "column q appears twice"},
		{"commas for all", strings.ReplaceAll(strings.ReplaceAll(plain, ".", ","), "t,q,p", "t,q,p"), `fields separated by ",", expected 3`},
		{"two separators", base.write("t;q;p, in J s", ";"), `has both "," and ";"`},
		{"empty", "", "empty, expected a header"},
		{"line of units", strings.Replace(plain, "\n", "\ns,rad,rad/s\n", 1), `standard input:2: "s", … are no numbers: a second line of names or units? Units go into the header, as in "t [s]"`},
		{"index of pandas", "," + strings.ReplaceAll(strings.TrimSpace(plain), "\n", "\n7,"), "header: column 1 has no name: name it, or leave it out (pandas"},
		{"names of rows", strings.Replace(strings.ReplaceAll(strings.TrimSpace(plain), "\n", "\n7,"), "7,", "1,", 1), "4 fields separated by \",\", expected 3 (t, q, p): is a name missing in the header?"},
		{"comma at the end", strings.Replace(strings.ReplaceAll(plain, "\n", ",\n"), "p,", "p", 1), "the last is empty: want no \",\" at the end of a line"},
		{"comment at the end", plain + "# end of measurement\n", `standard input:122: "# end of measurement" is a comment: remove the line`},
		{"Latin-1", strings.Replace(plain, "q", "q [\xb0]", 1), "is not valid UTF-8: save the file as UTF-8 (iconv -f latin1"},
		{"old Excel", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + plain, "an old Excel file: want CSV"},
		{"bars", base.write("t|q|p", "|"), `is one column: expected ",", ";" or a tab between columns (tr -s '|' ',' makes commas of them)`},
		{"broken quote", strings.Replace(plain, "q", "\"q\n[rad]\"", 1), "a quoted cell must end on its line"},
	} {
		fails(t, hnn(t, c.give, "check", "-"), 1, c.want)
		fails(t, hnn(t, c.give, "train", "-epochs", "1", "-"), 1, c.want)
	}
	// A cell that is no number says what it should be.
	cell := func(of func(v float64) string) string {
		f := base
		f.row = func(_ int, t, q, p float64) []string { return []string{num(t), of(q), num(p)} }
		return f.write("t,q,p", ",")
	}
	for name, c := range map[string]struct{ give, want string }{
		"sign":      {cell(func(v float64) string { return strings.Replace(num(v), "-", "\u2212", 1) }), "its sign is U+2212, want the minus of the keyboard"},
		"Fortran":   {cell(func(v float64) string { return strings.Replace(fmt.Sprintf("%E", v), "E", "D", 1) }), "want the exponent e in the place of Fortran's d"},
		"thousands": {cell(func(v float64) string { return "1'" + num(234+v) }), "want no sign between thousands"},
		"percent":   {cell(func(v float64) string { return num(100*v) + "%" }), "want it without %"},
		"clock":     {timed("t,q,p", func(t float64) string { return fmt.Sprintf("00:00:%06.3f", t) }), "want seconds, or the date too, as in 2026-11-28T09:30:00.25"},
		"header":    {plain + plain, "column q: the header again: remove the line, and number the trajectories in a column run if another begins there"},
		"run A":     {"run," + strings.ReplaceAll(strings.TrimSpace(plain), "\n", "\nA,"), "want the trajectories numbered"},
	} {
		fails(t, hnn(t, c.give, "train", "-epochs", "1", "-"), 1, c.want)
		if r := hnn(t, c.give, "check", "-"); name != "run A" && !strings.Contains(r.out, c.want) {
			t.Errorf("%s: check says %s", name, r.out)
		}
	}
}

// readAs reads a file of states, nil if it cannot be read.
func readAs(t *testing.T, text string, c columns) *states {
	t.Helper()
	tab, err := table.Read("x.csv", strings.NewReader(text))
	if err != nil {
		t.Error(err)
		return nil
	}
	s, err := statesOf(tab, c)
	if err != nil {
		t.Error(err)
	}
	return s
}

// What hnn check finds doubtful is what was done to the file, and nothing else.
func TestCheck(t *testing.T) {
	base := film{rows: 200, dt: 0.1}
	with := func(row func(i int, t, q, p float64) []string) film { return film{rows: 200, dt: 0.1, row: row} }
	swap := func(i, at int, v, w string) string {
		if i == at {
			return w
		}
		return v
	}
	two := func(m float64) string { // two masses on springs, by their velocities
		b := strings.Builder{}
		b.WriteString("run,t,q0,q1,p0,p1\n")
		for run := range 4 {
			x, y, v, w := 0.3+0.2*float64(run), -0.5, 0., 0.4
			for i := range 100 {
				fmt.Fprintf(&b, "%d,%.2f,%.9g,%.9g,%.9g,%.9g\n", run, 0.1*float64(i), x, y, v, w)
				for range 100 {
					const h = 0.001
					v, w = v-h/2*(x+2*(x-y)+x*x*x), w-h/2*(y-2*(x-y))/m
					x, y = x+h*v, y+h*w
					v, w = v-h/2*(x+2*(x-y)+x*x*x), w-h/2*(y-2*(x-y))/m
				}
			}
		}
		return b.String()
	}
	const fine = "nothing looks doubtful"
	for _, c := range []struct {
		name, give, want string
		args             []string
	}{
		{name: "plain", give: base.write("t,q,p", ","), want: fine},
		{name: "semicolons", give: strings.ReplaceAll(base.write("t [s];q;p", ";"), ".", ","), want: fine},
		{name: "equal masses", give: two(1), want: fine},
		{name: "unequal masses", give: two(3), want: "p0, p1 look like velocities of unequal masses, for which no H exists: an energy is kept with masses in this proportion: multiply p0 by 1, p1 by 3"},
		{name: "unequal masses by positions", give: func() (s string) {
			for _, line := range strings.Fields(two(3)) {
				s += strings.Join(strings.Split(line, ",")[:4], ",") + "\n"
			}
			return s
		}(), want: "q0, q1 look like coordinates of unequal masses: an energy is kept with masses in this proportion: -mass 1,3, or so in"},
		{name: "degrees", give: with(func(_ int, t, q, p float64) []string {
			return []string{num(t), num(q * 180 / math.Pi), num(p * 180 / math.Pi)}
		}).write("t,q,p", ","), want: "q looks like degrees: the force on it goes with sin(π q/180): multiply it by π/180"},
		{name: "degrees in the header", give: base.write("t,q [deg],p", ","), want: "q is in degrees: multiply it by π/180"},
		{name: "milliseconds", give: with(func(_ int, t, q, p float64) []string {
			return []string{num(1000 * t), num(q), num(p)}
		}).write("t,q,p", ","), want: "p is 1000 times dq/dt: t looks like ms where p has seconds: -time-unit ms"},
		{name: "days", give: with(func(_ int, t, q, p float64) []string {
			return []string{fmt.Sprintf("%.14g", 45987.5+t/86400), num(q), num(p)}
		}).write("t,q,p", ","), want: "t looks like d where p has seconds: -time-unit d"},
		{name: "degrees by time", give: with(func(_ int, t, q, p float64) []string { return []string{num(t), num(q), num(p * 180 / math.Pi)} }).write("t,q,p", ","),
			want: "p is 180/π times the rate of q: it looks like degrees by time where q has radians: multiply it by π/180"},
		{name: "milliseconds by flag", args: []string{"-time-unit", "ms"}, give: with(func(_ int, t, q, p float64) []string {
			return []string{num(1000 * t), num(q), num(p)}
		}).write("t,q,p", ","), want: fine},
		{name: "contradiction", args: []string{"-time-unit", "ms"}, give: base.write("t [s],q,p", ","), want: "the header says that column t is in s, -time-unit says ms"},
		{name: "frames", give: with(func(i int, t, q, p float64) []string { return []string{num(20 * float64(i)), num(q)} }).write("t,q", ","),
			want: "t goes in whole numbers, by 20: if it is in milliseconds, say -time-unit ms"},
		{name: "swapped", give: base.write("t,p,q", ","), want: "q and p look exchanged: q goes with the rate of p: -q p -p q"},
		{name: "swapped back", args: []string{"-q", "p", "-p", "q"}, give: base.write("t,p,q", ","), want: fine},
		{name: "sign", give: with(func(_ int, t, q, p float64) []string { return []string{num(t), num(q), num(-p)} }).write("t,q,p", ","),
			want: "p goes with minus the rate of q: change the sign of one of them"},
		{name: "sign of a spring", give: "t,q,p\n" + func() (s string) {
			for i := range 100 {
				s += fmt.Sprintf("%.1f,%.6f,%.6f\n", 0.1*float64(i), math.Cos(0.1*float64(i)), math.Sin(0.1*float64(i)))
			}
			return s
		}(), want: "p goes with minus the rate of q, and q with that of p: they are exchanged (-q p -p q), or one of them has the wrong sign"},
		{name: "another column", give: with(func(_ int, t, q, p float64) []string { return []string{num(t), num(q), num(math.Cos(5 * t))} }).write("t,q,p", ","),
			want: "p hardly goes with the rate of q"},
		{name: "equal times", give: with(func(i int, t, q, p float64) []string { return []string{swap(i, 77, num(t), "7.6"), num(q), num(p)} }).write("t,q,p", ","),
			want: "the time of the row before is that of 1 row, the first on line 79: remove them"},
		{name: "two runs", give: base.write("t,q,p", ",") + strings.SplitN(base.write("t,q,p", ","), "\n", 2)[1],
			want: "the time goes back once on line 202, to 0: if trajectories begin there, number them in a column run (-run); else sort the rows"},
		{name: "holes", give: with(func(i int, t, q, p float64) []string {
			return []string{num(t), swap(i, 50, num(q), ""), swap(i, 60, num(p), "NaN")}
		}).write("t,q,p", ","),
			want: `1 of 200 cells are empty (the first: standard input:52: column q: empty cell)
  1 of 200 cells are no numbers (the first: standard input:62: column p: "NaN" is not a finite number): mend or remove these rows`},
		{name: "text", give: with(func(i int, t, q, p float64) []string { return []string{num(t), num(q), swap(i, 60, num(p), "n/a")} }).write("t,q,p", ","),
			want: `column p: "n/a" is not a number`},
		{name: "outlier", give: with(func(i int, t, q, p float64) []string { return []string{num(t), swap(i, 120, num(q), "17"), num(p)} }).write("t,q,p", ","),
			want: "q: 1 values are far from their neighbours, the first 17 on line 122"},
		{name: "mark", give: with(func(i int, t, q, p float64) []string {
			if i >= 60 && i < 66 {
				return []string{num(t), "-9999", num(p)}
			}
			return []string{num(t), num(q), num(p)}
		}).write("t,q,p", ","), want: "q is -9999 in 6 rows, far from all others: if it stands for missing numbers, remove these rows"},
		{name: "wrapped", give: with(func(_ int, t, _, _ float64) []string {
			return []string{num(t), num(math.Mod(t, 2*math.Pi)), num(1 + 0.1*math.Sin(t))}
		}).write("t,q,p", ","),
			want: "q jumps by about 2π on line 65: if it is an angle, -periodic q"},
		{name: "wrapped, and said so", args: []string{"-periodic", "q"}, give: film{rows: 80, dt: 0.1, row: func(_ int, t, _, _ float64) []string {
			return []string{num(t), num(math.Mod(t+0.5*math.Sin(t), 2*math.Pi)), num(1 + 0.5*math.Cos(t))}
		}}.write("t,q,p", ","),
			want: fine},
		{name: "wrapped degrees", give: with(func(_ int, t, _, _ float64) []string {
			return []string{num(t), num(math.Mod(40*t, 360)), num(40 + math.Sin(t))}
		}).write("t,q,p", ","),
			want: "q jumps by about 360 on line 92: it looks like an angle in degrees"},
		{name: "friction", give: film{rows: 200, dt: 0.1, gamma: 0.1}.write("t,q,p", ","), want: "energy is lost, like by a force of −0.1 times the momentum: friction"},
		{name: "driven", give: film{rows: 200, dt: 0.1, gamma: -0.04}.write("t,q,p", ","), want: "energy grows, like by a force of 0.04 times the momentum"},
		{name: "derivatives by millisecond", give: with(func(_ int, t, q, p float64) []string {
			return []string{num(t), num(q), num(p), num(p / 1000), num(-math.Sin(q) / 1000)}
		}).write("t,q,p,dq,dp", ","), want: "dq is 0.001 times the rate of q: it has another unit of time"},
		{name: "other derivatives", give: with(func(_ int, t, q, p float64) []string {
			return []string{num(t), num(q), num(p), num(q), num(p)}
		}).write("t,q,p,dq,dp", ","), want: "dq does not go with the rate of q"},
		{name: "slow sensor", give: func() string {
			var oldQ, oldP string
			return with(func(i int, t, q, p float64) []string {
				if i%2 == 0 {
					oldQ, oldP = num(q), num(p)
				}
				return []string{num(t), oldQ, oldP}
			}).write("t,q,p", ",")
		}(), want: "100 rows have the same state as the row before, the first on line 3: if the sensor is slower"},
		{name: "input", give: with(func(_ int, t, q, p float64) []string { return []string{num(t), num(q), num(p), num(math.Sin(3 * t))} }).write("t,q,p,u", ","),
			want: "u looks like an input, and is not read"},
		{name: "input with a unit", give: with(func(_ int, t, q, p float64) []string { return []string{num(t), num(q), num(p), num(math.Sin(3 * t))} }).write("t,q [m],p,u [V]", ","),
			want: "u looks like an input, and is not read: if it is a force from outside, -inputs u\n"},
		{name: "capitals", give: base.write("T,Q,P", ","), want: "missing column q (found T, Q, P): name the columns of the coordinates and momenta by -q and -p: perhaps -q Q -p P"},
		{name: "an unknown unit", give: with(func(_ int, t, q, p float64) []string {
			return []string{num(t), num(q), num(p), num(p), num(-math.Sin(q))}
		}).write("t [yr],q,p,dq,dp", ","), want: `missing column t (found t [yr], q, p, dq, dp): the unit in "t [yr]" is not known`},
		{name: "kiloseconds", give: with(func(_ int, t, q, p float64) []string {
			return []string{fmt.Sprintf("%.9g", t/1000), num(q), num(p)}
		}).write("t [ks],q,p", ","), want: fine},
		{name: "a unit of q", give: base.write("t,q [ell],p", ","), want: `the unit in "q [ell]" is not known`},
		{name: "one unit too many", give: base.write("t,q [m],q [mm]", ","), want: "missing column q (found t, q [m], q [mm])"},
		{name: "American dates", give: with(func(i int, t, q, p float64) []string {
			return []string{fmt.Sprintf("11/28/2026 10:%02d", i%60), num(q), num(p)}
		}).write("t,q,p", ","),
			want: `column t: "11/28/2026 10:00" is not a number`},
		{name: "no times", give: with(func(_ int, t, q, p float64) []string { return []string{num(q), num(p)} }).write("q,p", ","), want: "no times: want a column t"},
		{name: "gap", give: with(func(i int, t, q, p float64) []string {
			if i > 50 && i < 90 {
				return nil
			}
			return []string{num(t), num(q), num(p)}
		}).write("t,q,p", ","), want: "gaps, longer than 8 times the usual interval: 1: hnn train cuts"},
		{name: "coarse", give: film{rows: 60, dt: 1}.write("t [s],q,p", ","), want: "coarse for central differences"},
	} {
		r := hnn(t, c.give, append(append([]string{"check"}, c.args...), "-")...)
		_, doubts, ok := strings.Cut(r.out, "\ndoubtful:\n")
		lines := strings.Count(doubts, "\n")
		if !ok {
			doubts = r.out
		}
		if r.status != 0 || r.errors != "" || !strings.Contains(doubts, c.want) || c.want == fine && ok {
			t.Errorf("%s: want %q\nstatus %d %s\n%s", c.name, c.want, r.status, r.errors, r.out)
		}
		if lines > 2 {
			t.Errorf("%s: %d lines of doubts\n%s", c.name, lines, doubts)
		}
	}
}

// What hnn check doubts is said by hnn train, once and in the same words, but for what its flags know or its
// objective does not mind.
func TestTrainDoubts(t *testing.T) {
	dir := t.TempDir()
	in := put(t, dir, "in.csv", film{rows: 200, dt: 0.1, gamma: 0.1, row: func(i int, t, q, p float64) []string {
		return []string{num(1000 * t), num(q), num(p), num(math.Sin(3 * t))}
	}}.write("t,q,p,u", ","))
	for _, c := range []struct {
		args string
		want []string
	}{
		{"", []string{"t looks like ms where p has seconds: -time-unit ms", "u looks like an input, and is not read", "energy is lost, like by a force of"}},
		{"-time-unit ms", []string{"u looks like an input", "energy is lost, like by a force of −0.1 times the momentum: friction"}},
		{"-time-unit ms -friction constant -epochs 1", []string{"u looks like an input"}},
		{"-time-unit ms -inputs u -epochs 1", nil},
		{"-time-unit ms -kind baseline", []string{"u looks like an input"}},
	} {
		check, args := hnn(t, "", "check", in).out, strings.Fields(c.args)
		if strings.Contains(c.args, "-time-unit") {
			check = hnn(t, "", "check", "-time-unit", "ms", in).out
		}
		r := hnn(t, "", append(append([]string{"train", "-quiet", "-hidden", "4", "-epochs", "1", "-o", os.DevNull}, args...), in)...)
		said := 0
		for _, line := range strings.Split(r.errors, "\n") {
			if doubt, ok := strings.CutPrefix(line, "hnn: warning: "+in+": "); ok && strings.Contains(check, "\n  "+doubt+"\n") {
				if said >= len(c.want) || !strings.Contains(doubt, c.want[said]) {
					t.Errorf("%s: %q is said, want %q", c.args, doubt, c.want)
				}
				said++
			}
		}
		if r.status != 0 || said != len(c.want) {
			t.Errorf("%s: status %d, %d lines, want %q\n%s", c.args, r.status, said, c.want, r.errors)
		}
	}
	if r := hnn(t, "", "train", "-optimizer", "broydn", in); r.status != 2 || strings.Count(r.errors, "\n") != 1 {
		t.Errorf("a wrong flag: status %d, want 2 and one line\n%s", r.status, r.errors)
	}
}

// Empty cells of states cost no more than themselves: whole motions are not compared there, and other
// objectives leave the rows out, as hnn eval does. One line says how many there are and where.
func TestEmptyCells(t *testing.T) {
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	data := func(name, header string, noise float64, cells ...string) string {
		src := rand.New(rand.NewPCG(1, 1))
		return put(t, dir, name, film{rows: 300, dt: 0.1, row: func(i int, t, q, p float64) []string {
			row := []string{num(t), num(q + noise*src.NormFloat64()), num(p + noise*src.NormFloat64())}
			for _, c := range cells {
				var at, column int
				if fmt.Sscanf(c, "%d/%d", &at, &column); at == i {
					row[column] = ""
				}
			}
			return row[:strings.Count(header, ",")+1]
		}}.write(header, ","))
	}
	holes := []string{"50/1", "50/2", "120/1", "180/2"}
	const three, missing = "4 cells empty, in 3 rows, the first on line 52 in column q: ", "2 cells empty, in 2 rows, the first on line 52 in column q: "
	cut := strings.Split(string(contents(t, data("cut.csv", "t,q,p", 0, "50/0", "120/0", "180/0"))), "\n")
	left := put(t, dir, "left.csv", strings.Join(slices.DeleteFunc(cut, func(line string) bool { return strings.HasPrefix(line, ",") }), "\n"))
	for _, c := range []struct{ file, args, want string }{
		{data("noisy.csv", "t,q,p", 0.02, holes...), "", three + notCompared},
		{data("positions.csv", "t,q", 0.02, holes...), "", missing + notCompared},
		{data("clean.csv", "t,q,p", 0, holes...), "", three + leftOut},
		{path("clean.csv"), "-objective step", three + leftOut},
		{path("clean.csv"), "-kind nextstate", three + leftOut},
	} {
		r := hnn(t, "", append(append([]string{"train", "-hidden", "6", "-epochs", "30", "-seed", "2", "-o", path("m.json")}, strings.Fields(c.args)...), c.file)...)
		if r.status != 0 || strings.Count(r.errors, c.want+"\n") != 1 {
			t.Errorf("%s %s: status %d, want %q\n%s", c.file, c.args, r.status, c.want, r.errors)
		}
		_, done, _ := strings.Cut(c.want, "column q: ")
		if out := must(t, "check", c.file); !strings.Contains(out, "hnn train: ") || strings.Contains(out, "refuses") ||
			!strings.Contains(out, "1 run of 300 rows, at most 29.9 long; interval 0.1, no jitter; gaps: 0") || c.args == "" && !strings.Contains(out, "empty cell): in hnn train "+done+"\n") {
			t.Errorf("%s: check says %s", c.file, out)
		}
	}
	// A model of rows that are left out is that of a file without them, and so are its scores.
	for _, c := range [...]struct{ name, file string }{{"a.json", path("clean.csv")}, {"b.json", left}} {
		must(t, "train", "-quiet", "-hidden", "6", "-o", path(c.name), c.file)
		must(t, "eval", "-o", path(c.name+".csv"), path("a.json"), c.file)
	}
	if parts(t, path("a.json")) != parts(t, path("b.json")) || string(contents(t, path("a.json.csv"))) != string(contents(t, path("b.json.csv"))) {
		t.Error("rows that are left out change a model or its scores")
	}
	// A number that is missing tells nothing, and all others what they did.
	must(t, "train", "-quiet", "-hidden", "8", "-o", path("m.json"), path("positions.csv"))
	if got := scores(t, path("m.json"), data("true.csv", "t,q", 0))["coord_rmse"]; !(got < 0.03) {
		t.Errorf("coord_rmse %v", got)
	}
	for text, want := range map[string]string{
		"t,q,p\n0,1,0\n1,,0\n2,,1\n":               "", // of three rows
		"t,q,p\n0,,0\n1,1,\n2,,1\n":                "no row is whole: want -objective shooting",
		"t,q,p\n0,,0\n1,,2\n2,,1\n":                "x.csv:2: column q: empty cell",
		"t,q,p\n0,1,0\n,1,2\n2,1,1\n":              "x.csv:3: column t: empty cell",
		"t,q,p,dq,dp\n0,1,0,,1\n,1,2\n2,1,1,1,1\n": "3 fields",
		"q,p,dq,dp\n1,0,,1\n1,2,1,1\n":             "x.csv:2: column dq: empty cell: remove the row, or all of dq, dp: hnn train estimates them",
	} {
		r := hnn(t, "", "train", "-quiet", "-epochs", "1", "-hidden", "4", "-o", path("m.json"), put(t, dir, "x.csv", text))
		if r.status != 1 || !strings.Contains(r.errors, want) {
			t.Errorf("%q: status %d, want %q\n%s", text, r.status, want, r.errors)
		}
	}
}

// Inputs are known where a state is not. Shooting takes them there, and no other rows take their place.
func TestEmptyCellsDriven(t *testing.T) {
	dir := t.TempDir()
	out := filepath.Join(dir, "m.json")
	var full, holes, inputs strings.Builder
	q, p := 1., 0.
	for i := range 200 { // q̈ = u − 4q, exactly, where u is held
		u := float64(1 - i/7%2*2)
		row := fmt.Sprintf("%.1f,%.12f,%.12f,%v\n", 0.1*float64(i), q, p, u)
		full.WriteString(row)
		if empty := strings.Split(row, ","); i%21 == 7 {
			empty[1] = ""
			row = strings.Join(empty, ",")
		}
		holes.WriteString(row)
		if i == 7 {
			row = strings.TrimSuffix(row, "-1\n") + "\n"
		}
		inputs.WriteString(row)
		sin, cos, x := math.Sin(0.2), math.Cos(0.2), q-u/4
		q, p = u/4+x*cos+p/2*sin, p*cos-2*x*sin
	}
	whole, part := put(t, dir, "whole.csv", "t,q,p,u\n"+full.String()), put(t, dir, "part.csv", "t,q,p,u\n"+holes.String())
	train := func(file string, args ...string) result {
		return hnn(t, "", append(append([]string{"train", "-inputs", "u", "-interpolate", "hold", "-H", "p^2/2+k*q^2/2", "-fit", "k=3", "-o", out}, args...), file)...)
	}
	const cells = "10 cells empty, in 10 rows, the first on line 9 in column q: "
	if r := train(part, "-objective", "shooting"); r.status != 0 || !strings.Contains(r.errors, cells+notCompared+"\n") {
		t.Errorf("%+v", r)
	}
	if got := scores(t, out, whole)["coord_rmse"]; !(got < 1e-4) {
		t.Errorf("coord_rmse %v", got)
	}
	const refused = cells + "without these rows the inputs would be others: fill the cells, or hnn train with -objective shooting"
	fails(t, hnn(t, "", "eval", out, part), 1, refused)
	for _, args := range [][]string{{"-objective", "step"}, {"-objective", "derivatives"}, {"-objective", "step", "-valid", part}} {
		file := part
		if len(args) > 2 {
			file = whole
		}
		if r := train(file, args...); r.status != 1 || !strings.Contains(r.errors, refused) {
			t.Errorf("%v: %+v", args, r)
		}
	}
	bad := put(t, dir, "bad.csv", "t,q,p,u\n"+inputs.String())
	for how, want := range map[string]string{"hold": "the inputs of the row before are held there", "linear": "the inputs are interpolated there"} {
		if r := train(bad, "-interpolate", how); r.status != 1 || !strings.Contains(r.errors, "bad.csv:9: column u: empty cell: fill the cell; or remove the row, and "+want) {
			t.Errorf("%s: %+v", how, r)
		}
	}
}

// parts returns the numbers of a model.
func parts(t *testing.T, file string) string {
	t.Helper()
	_, parts, _ := strings.Cut(unsealed(string(contents(t, file))), `"parts":`)
	return parts
}

// What hnn check says of hnn train is what hnn train says and does.
func TestCheckAsTrain(t *testing.T) {
	positions := film{rows: 120, dt: 0.125, row: func(_ int, t, q, _ float64) []string { return []string{num(t), num(q)} }}
	for _, c := range []struct {
		name, give string
		args, fast []string
	}{
		{name: "positions", fast: []string{"-segment", "100"}, give: positions.write("t,q", ",")},
		{name: "named positions", fast: []string{"-segment", "100"}, give: positions.write("t,Angle", ","), args: []string{"-q", "Angle"}},
		{name: "momenta", give: film{rows: 120, dt: 0.125}.write("t,q,p", ",")},
	} {
		check := hnn(t, c.give, append(append([]string{"check"}, c.args...), "-")...)
		train := hnn(t, c.give, slices.Concat([]string{"train", "-epochs", "1", "-o", os.DevNull}, c.args, c.fast, []string{"-"})...)
		_, plan, _ := strings.Cut(check.out, "\nhnn train: ")
		plan, _, _ = strings.Cut(plan, "\n")
		_, kind, _ := strings.Cut(plan, "-kind ")
		kind, _, _ = strings.Cut(kind, " ")
		if check.status != 0 || train.status != 0 || kind == "" || !strings.Contains(train.errors, kind+": 1") || strings.Contains(plan, "refuses") {
			t.Errorf("%s: check says %q, train %s", c.name, plan, train.errors)
		}
	}
}

// Numbers are said plainly, and what hnn train refuses has no plan.
func TestCheckWords(t *testing.T) {
	base := film{rows: 200, dt: 0.1}
	twice := "run,t,q,p\n"
	for run := range 2 {
		for _, line := range strings.Split(base.write("t,q,p", ","), "\n")[1:101] {
			twice += fmt.Sprintf("%d,%s\n", run, line)
		}
	}
	driven := film{rows: 300, dt: 0.1, row: func(_ int, t, _, _ float64) []string { // q̈ = cos 2t − 0.3 sin t
		return []string{num(t), num(0.3*math.Sin(t) - 0.25*math.Cos(2*t)), num(0.3*math.Cos(t) + 0.5*math.Sin(2*t)), num(math.Cos(2*t + 1))}
	}}.write("t,q,p,u", ",")
	for name, c := range map[string]struct{ give, want, not string }{
		"one run":    {base.write("t,q,p", ","), "time: 1 run of 200 rows, at most 19.9 long; interval 0.1, no jitter; gaps: 0", "doubtful:"},
		"two runs":   {twice, "time: 2 runs of 100 rows, at most", "doubtful:"},
		"one row":    {"t,q,p\n0,1,2\n", "hnn train: refuses the file: the longest trajectory without a gap has 1 rows: want at least 3", "Inf"},
		"constant q": {film{rows: 50, dt: 0.1, row: func(_ int, t, q, p float64) []string { return []string{num(t), "1", num(p)} }}.write("t,q,p", ","), "hnn train: refuses the file: scaling", "Inf"},
		"two rows":   {"t,q,p\n0,1,2\n1,2,3\n", "noise is about 100 % of the amplitude", "e+02"},
		"constant p": {film{rows: 200, dt: 0.1, row: func(i int, t, _, _ float64) []string {
			return []string{num(t), num(3 * t), num(3 + 0.01*math.Sin(float64(i*i)))}
		}}.write("t,q,p", ","), "p: noise is about", "hardly goes"},
		"an input": {driven, "doubtful:\n  u looks like an input, and is not read", "double pendulum"},
	} {
		r := hnn(t, c.give, "check", "-")
		if r.status != 0 || !strings.Contains(r.out, c.want) || strings.Contains(r.out, c.not) || strings.Contains(r.out, "-kind") == strings.Contains(r.out, "refuses") {
			t.Errorf("%s: want %q, not %q\n%s%s", name, c.want, c.not, r.out, r.errors)
		}
	}
}

// Whatever can be read is described, without a panic.
func FuzzCheck(f *testing.F) {
	for _, s := range []string{
		"t,q,p\n1,2,3\n", "t,q,p\n1,2,3\n1,2,3\n1,2,3\n", "q\n1\n", "t,q\n1,\n,2\n", "t,q,p,dq,dp\n0,1,2,3,4\n1,1,2,3,4\n",
		"run,t,q,p\n1,0,1,1\n2,0,2,2\n1,1,1,1\n", "t [ms];q;p\n0;1,5;2\n1;x;3\n", "t,q,p\n2026-01-01,1,2\n2026-01-02,3,4\n,5,6\n",
		"t,q0,q1,p0,p1\n0,1,2,3,4\n1,2,3,4,5\n2,1,2,1,2\n", "t,q,p\n0,1e300,-1e300\n1,-1e300,1e300\n2,0,0\n", "p,t\n1,2\n", "t,q,p,u\n0,0,0,0\n1,0,0,1\n",
		"t,q,p\n-1e308,1,1\n1e308,2,2\n", "q0,q1,p0,p1,p2\n1,2,3,4,5\n", "t [m],q,p\n1,2,3\n2,3,4\n",
	} {
		f.Add(s)
	}
	file := filepath.Join(f.TempDir(), "x.csv")
	f.Fuzz(func(t *testing.T, s string) {
		if err := os.WriteFile(file, []byte(s), 0o644); err != nil {
			t.Fatal(err)
		}
		tab, err := table.ReadLoose(t.Context(), file)
		if err != nil {
			return
		}
		l := &look{t: tab, given: columns{t: "t", run: "run"}}
		l.see()
		var b bytes.Buffer
		if err := l.write(&env{ctx: t.Context()}, &b); err != nil || !strings.Contains(b.String(), "\nhnn train: ") {
			t.Errorf("%v %s", err, b.String())
		}
		for _, r := range b.String() {
			if r == '\x1b' || r == '\r' {
				t.Errorf("a control character in %q", b.String())
			}
		}
	})
}
