package chart

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"hnn/cmd/hnn/internal/picture"
)

// mostCurves bounds the columns that are drawn where no flag names them.
const mostCurves = picture.NumSeries

// drawCurves draws columns over a column, for each value of another.
func drawCurves(s *source, o *Options) (*picture.Figure, error) {
	x, ys, err := s.columns(o)
	if err != nil {
		return nil, err
	}
	if o.By != "" && !s.Has(o.By) {
		return nil, fmt.Errorf("-by %s: %w", o.By, s.Need(o.By))
	}
	f := &picture.Figure{Title: filepath.Base(s.Name), Width: 760, Height: 460}
	p := &picture.Panel{X: picture.Axis{Label: s.unit(x)}}
	f.Panels = []*picture.Panel{p}
	groups := s.groups(o.By)
	if x != "" && s.Texts(x) { // classes
		return f, s.classes(f, p, o, x, ys)
	}
	xs := rowNumbers(s.Rows())
	if x != "" {
		if xs, err = s.numbers("x", x); err != nil {
			return nil, err
		}
	} else {
		p.X.Label = "row"
	}
	pick := s.byRun
	if o.By == "run" || x == "run" {
		pick = pickRows
	}
	var models inks
	dots := o.Draw == "points"
	if o.Draw == "" {
		dots = !slices.ContainsFunc(groups, func(g *group) bool { return sorted(pick(xs, g.rows)) })
	}
	for j, y := range ys {
		v, err := s.numbers("y", y)
		if err != nil {
			return nil, err
		}
		if strings.Contains(o.Log, "y") && !slices.ContainsFunc(v, func(a float64) bool { return a > 0 }) {
			return nil, fmt.Errorf("%s: column %s has no number above 0: want no -logscale y", s.Name, y)
		}
		for i, g := range groups {
			l := picture.Layer{X: pick(xs, g.rows), Y: pick(v, g.rows)}
			k := i*len(ys) + j
			l.Ink, l.Dash = picture.Series+picture.Ink(k%picture.NumSeries), k/picture.NumSeries%2 == 1
			many := len(groups)*len(ys) > 2*picture.NumSeries
			if many && len(groups) > 1 {
				l.Ink, l.Dash = picture.RampInk(i, len(groups)), false
			}
			if o.By == "model" && len(ys) == 1 {
				l.Ink, l.Dash = models.ink(g.values[0]), false
			}
			if dots {
				l.Shape, l.Wide = picture.Dots, dotSize(s.Rows())
			}
			if s.has(y+"_low", y+"_high") {
				p.Layers = append(p.Layers, picture.Layer{Shape: picture.Band, X: l.X, Y: pick(s.col(y+"_low"), g.rows), Y2: pick(s.col(y+"_high"), g.rows), Ink: l.Ink})
			}
			p.Layers = append(p.Layers, l)
			name := s.unit(y)
			if o.By != "" {
				name = o.By + " " + orElse(g.values[0], "(empty)")
				if len(ys) > 1 {
					name = s.unit(y) + ", " + name
				}
			}
			if many && len(groups) > 1 {
				f.Note = fmt.Sprintf("%d values of %s, from %s to %s.", len(groups), o.By, groups[0].values[0], groups[len(groups)-1].values[0])
			} else if len(ys)*len(groups) > 1 {
				f.Keys = append(f.Keys, picture.Key{Name: name, Ink: l.Ink, Dash: l.Dash, Dot: dots})
			}
		}
	}
	if len(ys) == 1 {
		p.Y.Label = s.unit(ys[0])
	}
	if strings.Contains(o.Log, "x") && !slices.ContainsFunc(xs, func(a float64) bool { return a > 0 }) {
		return nil, fmt.Errorf("%s: column %s has no number above 0: want no -logscale x", s.Name, orElse(x, "row"))
	}
	return f, nil
}

// columns returns the columns of the options, or else the time, the first column if its texts name the
// rows, or the first column of numbers; and the others.
func (s *source) columns(o *Options) (x string, ys []string, err error) {
	x, ys = o.X, o.Y
	if x != "" && !s.Has(x) {
		return "", nil, fmt.Errorf("-x %s: %w", x, s.Need(x))
	}
	for _, y := range ys {
		if !s.Has(y) {
			return "", nil, fmt.Errorf("-y %s: %w", y, s.Need(y))
		}
	}
	free := func(name string) bool {
		return name != x && name != o.By && !slices.Contains(ys, name) && !s.band(name) && s.numeric(name)
	}
	if x == "" {
		if t := s.time(); t != "" && free(t) {
			x = t
		} else if first := s.Header[0]; s.Texts(first) && o.By != first && s.Rows() <= mostClasses {
			x = first
		} else if i := slices.IndexFunc(s.Header, free); i >= 0 && !(len(s.Header) == 1) {
			if y := slices.IndexFunc(s.Header[i+1:], free); y >= 0 || ys != nil {
				x = s.Header[i]
			}
		}
	}
	if ys == nil {
		for _, name := range s.Header {
			if free(name) && name != "run" && len(ys) < mostCurves {
				ys = append(ys, name)
			}
		}
	}
	if ys == nil {
		return "", nil, fmt.Errorf("%s: no column of numbers to draw (found %s): want -y", s.Name, brief(s.Header))
	}
	return x, ys, nil
}

// mostClasses bounds the texts of an axis.
const mostClasses = 60

// classes draws columns of numbers for each text of a column.
func (s *source) classes(f *picture.Figure, p *picture.Panel, o *Options, x string, ys []string) error {
	p.X.Label, p.Y.Label = "", ""
	for _, g := range s.groups(x) {
		p.Y.Names = append(p.Y.Names, orElse(g.values[0], "(empty)"))
	}
	if len(p.Y.Names) > mostClasses {
		return fmt.Errorf("%s: column %s has %d texts: want a column of numbers for -x, or fewer of them", s.Name, x, len(p.Y.Names))
	}
	by := s.groups(o.By)
	for j, y := range ys {
		v, err := s.numbers("y", y)
		if err != nil {
			return err
		}
		for i, b := range by {
			l := picture.Layer{Shape: picture.Dots, Wide: 6, Ink: picture.Series + picture.Ink((i*len(ys)+j)%picture.NumSeries)}
			for _, r := range b.rows {
				l.X = append(l.X, v[r])
				l.Y = append(l.Y, float64(slices.Index(p.Y.Names, orElse(s.Text(r, x), "(empty)"))))
			}
			if s.has(y+"_low", y+"_high") {
				for k, r := range b.rows {
					p.Layers = append(p.Layers, picture.Layer{X: []float64{s.col(y + "_low")[r], s.col(y + "_high")[r]}, Y: []float64{l.Y[k], l.Y[k]}, Ink: l.Ink})
				}
			}
			p.Layers = append(p.Layers, l)
			if name := s.unit(y); len(ys)*len(by) > 1 {
				if o.By != "" {
					name += ", " + o.By + " " + b.values[0]
				}
				f.Keys = append(f.Keys, picture.Key{Name: name, Ink: l.Ink, Dot: true})
			}
		}
	}
	if len(ys) == 1 {
		p.X.Label = s.unit(ys[0])
	}
	f.Height = 120 + 26*len(p.Y.Names)
	return nil
}

func rowNumbers(n int) []float64 {
	v := make([]float64, n)
	for i := range v {
		v[i] = float64(i)
	}
	return v
}

// sorted tells whether numbers never fall but after a gap.
func sorted(v []float64) bool {
	last := v[0]
	for _, x := range v {
		if x < last {
			return false
		}
		last = x
	}
	return true
}
