package chart

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"hnn/cmd/hnn/internal/picture"
)

// times are the names of a column of times.
var times = []string{"t", "time", "Time", "T"}

// special are columns that are no components of a state.
var special = []string{"model", "run", "energy", "H", "H_change", "drift", "step", "epoch", "dH_dt", "dissipated", "supplied"}

// time returns the column of times, or "".
func (s *source) time() string {
	for _, name := range times {
		if s.Has(name) && s.numeric(name) {
			return name
		}
	}
	return ""
}

// band tells whether a column is the edge of a band: NAME_low or NAME_high.
func (s *source) band(name string) bool {
	base, low := strings.CutSuffix(name, "_low")
	if !low {
		var high bool
		if base, high = strings.CutSuffix(name, "_high"); !high {
			return false
		}
	}
	return s.has(base+"_low", base+"_high")
}

// states returns the columns of the state.
func (s *source) states() (names []string) {
	for _, name := range s.Header {
		isRate := strings.HasPrefix(name, "d") && s.Has(name[1:])
		if !slices.Contains(special, name) && !slices.Contains(times, name) && !isRate && !s.band(name) && s.numeric(name) {
			names = append(names, name)
		}
	}
	return names
}

// pairs returns the coordinates that have a momentum or a velocity, and these.
func (s *source) pairs() (q, p []string) {
	names := s.states()
	for _, name := range names {
		for _, with := range []string{"p" + strings.TrimPrefix(name, "q"), "p" + name, "p_" + name, "v" + name, "v_" + name} {
			if with != name && slices.Contains(names, with) && !slices.Contains(p, name) && !slices.Contains(p, with) {
				q, p = append(q, name), append(p, with)
				break
			}
		}
	}
	return q, p
}

// unit returns the label of a column, with the unit of the header or, of the files of hnn spring, the known one.
func (s *source) unit(name string) string {
	if u := s.Unit(name); u != "" && s.Table.Header[s.At(name)] != name {
		return name + " [" + u + "]"
	}
	units := s.units
	if s.has("model", "run", "energy", "drift") {
		units = SpringUnits
	}
	if u := units[name]; u != "" {
		return name + " [" + u + "]"
	}
	return name
}

// SpringUnits are the units of the columns of hnn spring.
var SpringUnits = map[string]string{"t": "s", "q": "m", "p": "kg m/s", "energy": "J", "H": "J"}

// isTrajectory: states over time.
func isTrajectory(s *source) bool {
	q, _ := s.pairs()
	return s.time() != "" && (len(q) > 0 || slices.Contains(s.states(), "q") || slices.Contains(s.states(), "q0"))
}

// addGroups adds y over x for each value of the column by, with keys if they are few. Of many motions
// over time it draws the first alone.
func (s *source) addGroups(f *picture.Figure, p *picture.Panel, by, x, y string, dots bool) {
	groups := s.groups(by)
	if x == s.time() && len(groups) > 3 {
		p.Title += ", " + by + " " + groups[0].values[0]
		groups = groups[:1]
	}
	for i, g := range groups {
		l := picture.Layer{X: pickRows(s.col(x), g.rows), Y: pickRows(s.col(y), g.rows), Ink: picture.Series}
		if few(len(groups)) {
			l.Ink += picture.Ink(i)
		} else {
			l.Ink, l.Wide = picture.RampInk(i, len(groups)), 1
		}
		if dots {
			l.Shape, l.Wide = picture.Dots, dotSize(len(groups)*len(g.rows))
		}
		p.Layers = append(p.Layers, l)
		if len(groups) > 1 && few(len(groups)) && len(f.Keys) < len(groups) {
			f.Keys = append(f.Keys, picture.Key{Name: by + " " + g.values[0], Ink: l.Ink, Dot: dots})
		}
	}
	if !few(len(groups)) {
		f.Note = fmt.Sprintf("%d values of %s; the colours go from the first to the last.", len(groups), by)
	}
}

// few tells whether each of n groups can have a colour of its own.
func few(n int) bool { return n <= picture.NumSeries }

// dotSize is the diameter of n dots in a panel.
func dotSize(n int) float64 {
	switch {
	case n <= 300:
		return 4.5
	case n <= 1500:
		return 3.2
	case n <= 5000:
		return 2.2
	}
	return 1.6
}

// rough tells whether a column is more noise than motion from row to row.
func (s *source) rough(name string) bool {
	first, second := 0., 0.
	for _, g := range s.groups("model", "run") {
		v := pickRows(s.col(name), g.rows)
		for i := 2; i < min(len(v), 2000); i++ {
			a, b := v[i-1]-v[i-2], v[i]-v[i-1]
			if d := math.Abs(a) + math.Abs(b-a); d-d == 0 {
				first, second = first+math.Abs(a), second+math.Abs(b-a)
			}
		}
	}
	return second > 0.8*first
}

func drawTrajectory(s *source, o *Options) (*picture.Figure, error) {
	t := s.time()
	q, p := s.pairs()
	f := &picture.Figure{Title: "Trajectory", Columns: 2, Width: 960, Height: 440}
	dots := o.Draw == "points" || o.Draw == "" && len(s.states()) > 0 && s.rough(s.states()[0])
	bands := slices.ContainsFunc(s.states(), func(n string) bool { return s.has(n+"_low", n+"_high") })
	if n := len(s.groups("run")); n > 1 {
		f.Title = fmt.Sprintf("Trajectories, %d runs", n)
	}
	add := func(title, x, y string, square, dots bool) {
		panel := &picture.Panel{Title: title, Square: square, X: picture.Axis{Label: s.unit(x)}, Y: picture.Axis{Label: s.unit(y)}}
		if s.Has("model") {
			s.addModels(f, panel, x, y, dots)
		} else {
			s.addBand(panel, x, y)
			s.addGroups(f, panel, "run", x, y, dots)
		}
		f.Panels = append(f.Panels, panel)
	}
	energy := ""
	for _, name := range []string{"energy", "H", "H_change"} {
		if energy == "" && s.Has(name) && s.numeric(name) {
			energy = name
		}
	}
	if len(q) > 1 && !bands {
		add("Orbit", q[0], q[1], true, dots)
	}
	for i := range q {
		if !bands && len(f.Panels) < 3 {
			title := "Phase portrait"
			if len(q) > 1 {
				title += " of " + q[i]
			}
			add(title, q[i], p[i], s.alike(q[i], p[i]), dots)
		}
	}
	changes := func() { // what the energy does
		if energy == "" {
			return
		}
		add(map[string]string{"energy": "Energy", "H": "H of the model", "H_change": "Change of H"}[energy], t, energy, false, false)
	}
	if !bands {
		changes()
	}
	if powers := []string{"dH_dt", "dissipated", "supplied"}; s.has(powers...) && !s.Has("model") {
		panel := &picture.Panel{Title: "Balance of power: dH/dt = supplied − dissipated", X: picture.Axis{Label: s.unit(t)}, Y: picture.Axis{Label: "power"}}
		for i, name := range powers {
			g := s.groups("run")[0]
			ink := picture.Series + picture.Ink(picture.NumSeries-1-i)
			panel.Layers = append(panel.Layers, picture.Layer{X: pickRows(s.col(t), g.rows), Y: pickRows(s.col(name), g.rows), Ink: ink})
			f.Keys = append(f.Keys, picture.Key{Name: name, Ink: ink})
		}
		f.Panels = append(f.Panels, panel)
	}
	for _, name := range s.states() {
		if len(f.Panels) < 2 && !(len(q) > 0 && !bands && name == q[0] && energy != "") || bands && len(f.Panels) < 4 {
			add(name+" over time", t, name, false, dots)
		}
	}
	if bands {
		changes()
	}
	switch f.Columns = min(3, len(f.Panels)); len(f.Panels) {
	case 3:
		f.Width, f.Height = 1080, 420
	case 4:
		f.Columns, f.Height = 2, 760
	case 1:
		if _, run, ok := strings.Cut(f.Panels[0].Title, ", run "); ok { // the first alone is drawn
			f.Title = fmt.Sprintf("Trajectory of run %s, the first of %d", run, len(s.groups("run")))
		}
		f.Panels[0].Title = ""
	}
	return f, nil
}

// alike tells whether two columns have ranges of about one size, so that one scale suits both.
func (s *source) alike(a, b string) bool {
	size := func(name string) float64 {
		most := 0.
		for _, v := range s.col(name) {
			if v-v == 0 {
				most = max(most, math.Abs(v))
			}
		}
		return most
	}
	x, y := size(a), size(b)
	return x < 1.6*y && y < 1.6*x
}

// addModels adds y over x of each model and run, in the colour of the model. What is true lies
// below the others, and is wider.
func (s *source) addModels(f *picture.Figure, p *picture.Panel, x, y string, dots bool) {
	groups := s.groups("model")
	var k inks
	slices.SortStableFunc(groups, func(a, b *group) int {
		return rank(a.values[0]) - rank(b.values[0])
	})
	keys := len(f.Keys) == 0
	for _, g := range groups {
		name := g.values[0]
		l := picture.Layer{Ink: k.ink(name)}
		if name == "true" {
			l.Wide = 4
		} else if x != s.time() { // orbits lie close together
			l.Wide = 1
		}
		if dots {
			l.Shape, l.Wide = picture.Dots, dotSize(s.Rows())
		}
		l.X, l.Y = s.byRun(s.col(x), g.rows), s.byRun(s.col(y), g.rows)
		p.Layers = append(p.Layers, l)
		if keys {
			f.Keys = append(f.Keys, picture.Key{Name: name, Ink: l.Ink, Wide: l.Wide, Dot: dots})
		}
	}
}

// rank orders models from below to above: the true one, others, those that have an H.
func rank(model string) int {
	if r, ok := map[string]int{"true": 0, "hnn": 2, "shooting": 2}[model]; ok {
		return r
	}
	return 1
}

// addBand adds the band between y_low and y_high, if they are there.
func (s *source) addBand(p *picture.Panel, x, y string) {
	if !s.has(y+"_low", y+"_high") {
		return
	}
	for i, g := range s.groups("run") {
		l := picture.Layer{Shape: picture.Band, X: pickRows(s.col(x), g.rows), Y: pickRows(s.col(y+"_low"), g.rows), Y2: pickRows(s.col(y+"_high"), g.rows), Ink: picture.Series}
		if few(len(s.groups("run"))) {
			l.Ink += picture.Ink(i)
		}
		p.Layers = append(p.Layers, l)
	}
}
