package picture

import "slices"

// A Figure is a picture of one or more panels.
type Figure struct {
	Title string
	Desc  string // what a person who cannot see the picture should know, in a sentence or two
	Note  string // small print below the panels
	Plain bool   // the title is not drawn: it stands beside the picture

	Panels  []*Panel
	Columns int   // panels in a row, 0: one
	Keys    []Key // the legend, above the panels

	Width, Height int // in pixels of a screen
	Dark          bool
}

// A Key is one entry of the legend. The sample is a dot if Dot is set, a patch if Band is set,
// and else a line.
type Key struct {
	Name            string
	Ink             Ink
	Wide            float64
	Dash, Dot, Band bool
}

// A Panel is a pair of axes with what is drawn between them. Later layers hide earlier ones.
type Panel struct {
	Title  string
	X, Y   Axis
	Square bool // a unit of x is as long as a unit of y
	Layers []Layer
}

// An Axis goes from Min to Max, if Fixed says so, and else over all data.
type Axis struct {
	Label    string
	Log      bool
	Fixed    bool
	Min, Max float64
	Names    []string // of an axis of classes: number i stands at i. The first is on top
}

// A Shape is how a layer joins its points.
type Shape int

// The shapes.
const (
	Line   Shape = iota // through the points (X, Y); a number that is not finite is a gap
	Dots                // at the points (X, Y)
	Band                // between Y and Y2 over X
	Arrows              // from (X, Y) to (X2, Y2)
	Words               // Texts, their middles at (X, Y)
)

// A Layer is one thing in a panel, in the units of the data.
type Layer struct {
	Shape        Shape
	X, Y, X2, Y2 []float64
	Texts        []string
	Ink          Ink
	Wide         float64 // width of lines, or diameter of dots, in pixels; 0: the usual
	Dash         bool
}

// point is a place in the picture, in pixels from the upper left corner.
type point struct{ x, y float64 }

// A canvas is what a figure is drawn on. All places are in pixels.
type canvas interface {
	lines(paths [][]point, ink Ink, wide float64, dash bool)
	fill(path []point, ink Ink, opacity float64)
	dots(at []point, ink Ink, wide float64)
	// text writes s with its anchor at the point: 0 begins, 0.5 is centred and 1 ends there.
	// upward text is turned by 90° to the left.
	text(at point, s string, size, anchor float64, ink Ink, bold, upward bool)
}

// Split returns a figure for each panel, to be laid out one beside or below another.
func (f *Figure) Split() (parts []*Figure) {
	for _, p := range f.Panels {
		one, panel := *f, *p
		one.Title, one.Note = p.Title, ""
		if one.Title == "" {
			one.Title, one.Plain = f.Title, true
		}
		one.Keys = slices.DeleteFunc(slices.Clone(f.Keys), func(k Key) bool {
			return !slices.ContainsFunc(p.Layers, func(l Layer) bool { return l.Ink == k.Ink })
		})
		panel.Title = ""
		one.Desc = "One part of the figure: " + f.Title + ". " + f.Desc
		one.Panels, one.Columns = []*Panel{&panel}, 1
		one.Width, one.Height = 460, 420
		if panel.Y.Names != nil {
			one.Height = 110 + 34*max(len(panel.Y.Names), 3)
		}
		parts = append(parts, &one)
	}
	return parts
}
