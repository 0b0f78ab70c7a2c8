// Package chart turns a CSV file into a figure. It knows the files of this program by their header, and
// draws any other file as curves.
//
// chart.go has the list of the kinds of files and their common parts; states.go, section.go, field.go,
// training.go and groups.go have one sort of picture each, and curves.go that of other files.
package chart

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"hnn/cmd/hnn/internal/picture"
	"hnn/cmd/hnn/internal/table"
)

// Options say what is drawn where a file does not say it.
type Options struct {
	As             string   // name of a kind, "" for that of the header
	X              string   // columns
	Y              []string //
	By             string   //
	Log            string   // "", x, y or xy
	XLim, YLim     []float64
	Title          string
	XLabel, YLabel string
	Draw           string // "", lines or points
	Width, Height  int    // 0: what suits the figure
	Dark           bool
	Units          map[string]string // of columns whose header has none
}

// A kind is a sort of files.
type kind struct {
	name, about string
	knows       func(s *source) bool
	draw        func(s *source, o *Options) (*picture.Figure, error)
}

func kinds() []kind {
	return []kind{
		{"field", "level sets of H with their numbers, and arrows of the field; true beside learned", isField, drawField},
		{"loss", "losses over epochs, on a logarithmic axis", isLoss, drawLoss},
		{"sweep", "the distribution of each score, by flags and models", isSweep, drawSweep},
		{"scores", "scores by model, system or run, with bands, on a logarithmic axis", isScores, drawScores},
		{"section", "the points of a Poincaré section", isSection, drawSection},
		{"trajectory", "phase portrait, and the energy or the state over time", isTrajectory, drawTrajectory},
		{"curves", "columns over a column; the default for any other file", func(*source) bool { return true }, drawCurves},
	}
}

// Kinds returns the names of the kinds of files, and what is drawn of each.
func Kinds() (all [][2]string) {
	for _, k := range kinds() {
		all = append(all, [2]string{k.name, k.about})
	}
	return all
}

// KindOf returns the name of the kind of a file.
func KindOf(t *table.Table) string {
	s := newSource(t)
	for _, k := range kinds() {
		if k.knows(s) {
			return k.name
		}
	}
	return ""
}

// Make draws a table that table.ReadMixed has read. Errors name the column and the flag.
func Make(t *table.Table, o Options) (*picture.Figure, error) {
	s := newSource(t)
	s.units = o.Units
	o.X, o.By, o.Y = s.name(o.X), s.name(o.By), slices.Clone(o.Y)
	for i, y := range o.Y {
		o.Y[i] = s.name(y)
	}
	as := o.As
	if as == "" {
		if as = KindOf(t); o.X != "" || o.Y != nil || o.By != "" {
			as = "curves"
		}
	}
	k := kinds()[slices.IndexFunc(kinds(), func(k kind) bool { return k.name == as })]
	if as != "curves" && (o.X != "" || o.Y != nil || o.By != "") {
		return nil, fmt.Errorf("-as %s knows its columns: want no -x, -y or -by", as)
	}
	if as != "curves" && !k.knows(s) {
		return nil, fmt.Errorf("%s: no %s (found the columns %s): want -x and -y", t.Name, as, brief(t.Header))
	}
	f, err := k.draw(s, &o)
	if err != nil {
		return nil, err
	}
	return f, finish(f, &o)
}

// Doubts returns a line for each column, three at most, that has both numbers and texts. Such a column is
// not known as one of numbers, and its texts are gaps where a flag names it.
func Doubts(t *table.Table, o Options) (lines []string) {
	s := newSource(t)
	for _, name := range s.Header {
		if len(lines) == 3 || !s.Texts(name) || name == s.name(o.By) || name == "run" { // "all" in a table of scores
			continue
		}
		v, first := s.col(name), -1
		for r := range v {
			if v[r] != v[r] && s.Text(r, name) != "" {
				first = r
				break
			}
		}
		if slices.ContainsFunc(v, func(x float64) bool { return x == x }) {
			lines = append(lines, fmt.Sprintf("%s:%d: column %.40s: %.40q is not a number: it is left out", t.Name, t.Line(first), name, s.Text(first, name)))
		}
	}
	return lines
}

// finish applies the options that suit all figures.
func finish(f *picture.Figure, o *Options) error {
	if o.Title != "" {
		f.Title = o.Title
	}
	f.Dark = o.Dark
	if o.Width > 0 {
		f.Height = f.Height * o.Width / f.Width
		f.Height, f.Width = max(f.Height, 240), o.Width
		if o.Width < 560 && f.Columns > 1 { // one below the other
			f.Height = max(f.Height, 300) * len(f.Panels)
			f.Columns = 1
		}
	}
	if o.Height > 0 {
		f.Height = o.Height
	}
	if len(f.Panels) > 1 && (o.Log != "" || o.XLim != nil || o.YLim != nil || o.XLabel != "" || o.YLabel != "") {
		return fmt.Errorf("the figure has %d panels: -logscale, -xlim, -ylim, -xlabel and -ylabel want one, chosen by -x and -y", len(f.Panels))
	}
	for _, p := range f.Panels {
		for _, a := range []struct {
			axis        *picture.Axis
			name, label string
			lim         []float64
		}{{&p.X, "x", o.XLabel, o.XLim}, {&p.Y, "y", o.YLabel, o.YLim}} {
			if strings.Contains(o.Log, a.name) {
				if a.axis.Names != nil {
					return fmt.Errorf("-logscale %s: that axis has names, no numbers", o.Log)
				}
				a.axis.Log = true
			}
			if a.lim != nil {
				if err := picture.FixedAxis(a.lim[0], a.lim[1]); err != nil {
					return fmt.Errorf("-%slim: %w", a.name, err)
				}
				a.axis.Fixed, a.axis.Min, a.axis.Max = true, a.lim[0], a.lim[1]
				p.Square = false
			}
			if a.axis.Log && a.axis.Fixed && a.axis.Min <= 0 {
				return fmt.Errorf("-%slim %v: a logarithmic axis begins above 0", a.name, a.axis.Min)
			}
			if a.label != "" {
				a.axis.Label = a.label
			}
		}
	}
	f.Desc = describe(f)
	return nil
}

// describe says in words what the figure shows.
func describe(f *picture.Figure) string {
	var b strings.Builder
	for i, p := range f.Panels {
		name := p.Title
		if len(f.Panels) > 1 {
			name = fmt.Sprintf("Panel %d, %s", i+1, p.Title)
		}
		y := p.Y.Label
		if p.Y.Names != nil {
			y = "one row each for " + brief(p.Y.Names)
		}
		fmt.Fprintf(&b, "%s: %s, over %s.", strings.TrimSuffix(name, ", "), orElse(y, "values"), orElse(p.X.Label, "values"))
		lo, hi := extent(p)
		if lo <= hi && p.Y.Names == nil {
			fmt.Fprintf(&b, " The vertical range of the data is %.3g to %.3g.", lo, hi)
		}
		b.WriteString(" ")
	}
	var names []string
	for _, k := range f.Keys {
		names = append(names, k.Name)
	}
	if names != nil {
		fmt.Fprintf(&b, "Shown are: %s.", strings.Join(names, ", "))
	}
	return strings.TrimSpace(strings.TrimPrefix(b.String(), ": "))
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

func extent(p *picture.Panel) (lo, hi float64) {
	lo, hi = math.Inf(1), math.Inf(-1)
	for _, l := range p.Layers {
		for _, v := range l.Y {
			if v-v == 0 {
				lo, hi = min(lo, v), max(hi, v)
			}
		}
	}
	return lo, hi
}

// brief joins names for a message or a description.
func brief(names []string) string {
	const most = 12
	if len(names) > most {
		return strings.Join(names[:most], ", ") + fmt.Sprintf(", … (%d in all)", len(names))
	}
	return strings.Join(names, ", ")
}

// A source is a table with what figures ask for. Its Header has names without units.
type source struct {
	*table.Table
	Header []string
	units  map[string]string
}

func newSource(t *table.Table) *source { return &source{Table: t, Header: t.Names()} }

// name returns a column as Header has it, also where it was given with its unit.
func (s *source) name(column string) string {
	if j := s.At(column); j >= 0 {
		return s.Header[j]
	}
	return column
}

func (s *source) has(names ...string) bool {
	for _, n := range names {
		if !s.Has(n) {
			return false
		}
	}
	return true
}

// col returns the numbers of a column that is there.
func (s *source) col(name string) []float64 {
	v, _ := s.Col(name)
	return v
}

// numbers returns a column, which must have some numbers.
func (s *source) numbers(flag, name string) ([]float64, error) {
	v, err := s.Col(name)
	if err != nil {
		return nil, fmt.Errorf("-%s %s: %w", flag, name, err)
	}
	if !anyFinite(v) {
		what := "has no numbers"
		if s.Texts(name) {
			what += fmt.Sprintf(" (its first cell is %.40q)", s.Text(0, name))
		}
		return nil, fmt.Errorf("%s: column %s %s: want another -%s", s.Name, name, what, flag)
	}
	return v, nil
}

// numeric tells whether a column has numbers and no texts.
func (s *source) numeric(name string) bool {
	return !s.Texts(name) && anyFinite(s.col(name))
}

// A group is the rows that have the same values in some columns.
type group struct {
	values []string // of those columns
	rows   []int
}

// groups returns the groups of rows in the order in which they appear. Columns that are not there
// count as one value.
func (s *source) groups(columns ...string) (all []*group) {
	columns = slices.DeleteFunc(slices.Clone(columns), func(c string) bool { return !s.Has(c) })
	index := map[string]*group{}
	var last *group
	for r := range s.Rows() {
		if last != nil && s.sameRow(last.rows[len(last.rows)-1], r, columns) {
			last.rows = append(last.rows, r)
			continue
		}
		var values []string
		for _, c := range columns {
			values = append(values, s.Text(r, c))
		}
		key := strings.Join(values, "\x00")
		g := index[key]
		if g == nil {
			g = &group{values: values}
			index[key], all = g, append(all, g)
		}
		g.rows, last = append(g.rows, r), g
	}
	return all
}

func (s *source) sameRow(a, b int, columns []string) bool {
	for _, c := range columns {
		v := s.col(c)
		if v[a] != v[b] && (v[a] == v[a] || v[b] == v[b] || s.Text(a, c) != s.Text(b, c)) {
			return false
		}
		if v[a] != v[a] && s.Text(a, c) != s.Text(b, c) {
			return false
		}
	}
	return true
}

// pickRows returns the values of some rows.
func pickRows(v []float64, rows []int) []float64 {
	if len(rows) == len(v) {
		return v
	}
	return pickOrder(v, rows)
}

// pickOrder is pickRows in an order of the rows.
func pickOrder(v []float64, rows []int) []float64 {
	out := make([]float64, len(rows))
	for i, r := range rows {
		out[i] = v[r]
	}
	return out
}

// byRun is pickRows with a gap between two runs.
func (s *source) byRun(v []float64, rows []int) []float64 {
	if !s.Has("run") {
		return pickRows(v, rows)
	}
	var out []float64
	for i, r := range rows {
		if i > 0 && !s.sameRow(rows[i-1], r, []string{"run"}) {
			out = append(out, math.NaN())
		}
		out = append(out, v[r])
	}
	return out
}

// inks gives each name an ink: the models of this program always have the same.
type inks struct {
	names []string
	of    []picture.Ink
}

func (k *inks) ink(name string) picture.Ink {
	if i := slices.Index(k.names, name); i >= 0 {
		return k.of[i]
	}
	known := []string{"hnn", "baseline", "shooting", "nextstate"}
	var ink picture.Ink
	switch i := slices.Index(known, name); {
	case name == "true":
		ink = picture.True
	case i >= 0:
		ink = picture.Series + picture.Ink(i)
	default:
		ink = picture.Series
		for n := 0; slices.Contains(k.of, ink) && n < picture.NumSeries; n++ {
			ink = picture.Series + (ink-picture.Series+1)%picture.NumSeries
		}
	}
	k.names, k.of = append(k.names, name), append(k.of, ink)
	return ink
}
