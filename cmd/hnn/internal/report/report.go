// Package report writes the files of a run as one page of HTML: figures, scores with their meaning, flags
// and hashes, and how to repeat the run. The page needs no network, no other file and no script, and
// has the same bytes for the same files.
//
// report.go gathers what page.html shows; terms.go says what scores mean.
package report

import (
	"bytes"
	"cmp"
	_ "embed" // page.html is part of the program
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"hnn/cmd/hnn/internal/chart"
	"hnn/cmd/hnn/internal/picture"
	"hnn/cmd/hnn/internal/table"
)

// An Input is what a report is about.
type Input struct {
	Name     string            // of the directory, or what else the files are
	Version  string            // of the program
	Command  string            // that made the files, "" if that is not known
	Flags    map[string]string // that the call set
	Defaults map[string]string // all others
	Chosen   map[string]string // those of which the run took other values, and these
	Operands []string
	Inputs   []Sum // files that the command read
	Files    []Sum // files that it wrote
	Manifest string
	Tables   []*table.Table // CSV files, read by table.ReadMixed, with names without directory
	Pictures []Picture      // PNG and GIF files
	Skipped  []string       // errors of those that cannot be read
	Warnings []string       // of the run
}

// A Picture is a file that is shown as it is.
type Picture struct {
	Name string // without directory
	Data []byte
}

// URL is the picture itself, in a form that HTML takes in the place of the address of a file.
func (p Picture) URL() template.URL {
	kind := "image/png"
	if strings.EqualFold(filepath.Ext(p.Name), ".gif") {
		kind = "image/gif"
	}
	return template.URL("data:" + kind + ";base64," + base64.StdEncoding.EncodeToString(p.Data))
}

// About says what is seen in the pictures of hnn pixels.
func (p Picture) About() string {
	switch p.Name {
	case "sheet.png":
		return "Frames of the first run, evenly spread in time: from above the true film, then that of each model."
	case "film.gif":
		return "From the left the true film, then that of each model; the first runs below each other."
	case "new.gif":
		return "Films of states that were drawn from the latent states of the first model."
	}
	return "A picture of this run."
}

// A Sum is a file and its SHA-256.
type Sum struct {
	Name, SHA256 string
	Changed      bool // the file is not the one that was written
}

//go:embed page.html
var page string

// Write writes the page.
func Write(w io.Writer, in *Input) error {
	own := *in
	own.Skipped = slices.Clone(in.Skipped)
	in = &own
	p := view{Input: in, Title: "Report of " + in.Name, Style: template.CSS(picture.Styles(false)), Dark: template.CSS(picture.Styles(true))}
	if in.Command != "" {
		p.Title = "Report of hnn " + in.Command
		p.Call = call(in)
	}
	for name, v := range in.Flags {
		p.Settings = append(p.Settings, setting{name, v, true, false})
	}
	for name, v := range in.Defaults {
		p.Settings = append(p.Settings, setting{name, v, false, false})
	}
	for i, s := range p.Settings {
		if v, ok := in.Chosen[s.Name]; ok {
			p.Settings[i] = setting{s.Name, v, false, true}
		}
	}
	slices.SortFunc(p.Settings, func(a, b setting) int { return strings.Compare(a.Name, b.Name) })
	tables := slices.Clone(in.Tables)
	slices.SortFunc(tables, func(a, b *table.Table) int {
		return cmp.Or(cmp.Compare(order(a), order(b)), cmp.Compare(a.Name, b.Name))
	})
	for _, t := range tables {
		if err := p.add(t); err != nil {
			in.Skipped = append(in.Skipped, err.Error())
		}
	}
	if in.Command == "spring" {
		p.spring()
	}
	t, err := template.New("page").Parse(page)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := t.Execute(&b, p); err != nil {
		return err
	}
	_, err = w.Write(b.Bytes())
	return err
}

// A view is what page.html shows.
type view struct {
	*Input
	Title, Call string
	Lead        []string
	Style, Dark template.CSS
	Settings    []setting
	Figures     []figure
	Scores      []scores
}

type setting struct {
	Name, Value string
	Set, Chosen bool // by the call; by the run
}

// A figure is a file as one or more pictures.
type figure struct {
	Number               int
	File, Title, Caption string
	Parts                []template.HTML
}

// scores is a file as a table.
type scores struct {
	File   string
	Header []heading
	Rows   [][]string
	Left   int // rows that are not shown
	Terms  []Term
}

// order is the place of a file: data, then training, then what the models do.
func order(t *table.Table) int {
	switch kind := chart.KindOf(t); {
	case kind == "trajectory" && t.Has("dq"):
		return 0
	default:
		return 1 + slices.Index([]string{"loss", "trajectory", "section", "field", "sweep", "curves", "scores"}, kind)
	}
}

// mostRows bounds the rows of a table on the page.
const mostRows = 40

// add adds a file as a figure, a table, or both.
func (p *view) add(t *table.Table) error {
	kind := chart.KindOf(t)
	p.Skipped = append(p.Skipped, chart.Doubts(t, chart.Options{})...)
	if kind == "scores" || kind == "sweep" || kind == "curves" && t.Rows() <= mostRows {
		p.Scores = append(p.Scores, scoresOf(t))
	}
	if kind == "scores" && t.Has("E0") || kind == "curves" && t.Rows() <= mostRows {
		return nil // the table says it all
	}
	var o chart.Options
	if p.Command == "spring" {
		o.Units = chart.SpringUnits
	}
	f, err := chart.Make(t, o)
	if err != nil {
		return err
	}
	fig := figure{Number: len(p.Figures) + 1, File: t.Name, Title: f.Title, Caption: strings.TrimSpace(caption(kind, f) + " " + f.Note)}
	for i, part := range f.Split() {
		id := fmt.Sprintf("f%d-%d", fig.Number, i+1)
		fig.Parts = append(fig.Parts, template.HTML(part.Inline(id))) // escaped by package picture
	}
	p.Figures = append(p.Figures, fig)
	return nil
}

// A heading is a column: its name in the file and, if they are known, words for it.
type heading struct{ Name, Words string }

// scoresOf formats a table of scores to three digits, and constants that were found to seven, without columns that are empty. The columns
// NAME_low and NAME_high of a band follow the number in NAME.
func scoresOf(t *table.Table) scores {
	s := scores{File: t.Name, Left: max(0, t.Rows()-mostRows)}
	var names []string
	band := func(name string) bool { return t.Has(name+"_low") && t.Has(name+"_high") }
	for _, name := range t.Header {
		if low, ok := strings.CutSuffix(name, "_low"); ok && band(low) {
			continue
		} else if high, ok := strings.CutSuffix(name, "_high"); ok && band(high) {
			continue
		}
		filled := false
		for r := range t.Rows() {
			filled = filled || t.Text(r, name) != ""
		}
		if filled && name != "point" && name != "floor" {
			names = append(names, name)
			s.Header = append(s.Header, heading{name, words(t, name)})
		}
	}
	for r := range min(t.Rows(), mostRows) {
		var row []string
		for _, name := range names {
			digits := 3
			if name == "value" && t.Has("constant") {
				digits = 7
			}
			cell := short(t.Text(r, name), digits)
			if band(name) {
				cell += " (" + short(t.Text(r, name+"_low"), 3) + " to " + short(t.Text(r, name+"_high"), 3) + ")"
			}
			row = append(row, cell)
		}
		s.Rows = append(s.Rows, row)
	}
	if t.Has("floor") {
		names = append(names, "floor")
	}
	s.Terms = terms(t, names)
	return s
}

// short writes a number with some digits.
func short(text string, digits int) string {
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || len(text) <= 5 {
		return strings.Replace(text, "-", "−", 1)
	}
	return strings.ReplaceAll(strconv.FormatFloat(v, 'g', digits, 64), "-", "−")
}

// call writes the command as it is typed.
func call(in *Input) string {
	words := []string{"hnn", in.Command}
	for _, name := range slices.Sorted(maps.Keys(in.Flags)) {
		words = append(words, "-"+name+"="+in.Flags[name])
	}
	words = append(words, in.Operands...)
	for i, w := range words {
		if strings.ContainsAny(w, " '\"*?$&|;<>()\\") {
			words[i] = "'" + strings.ReplaceAll(w, "'", `'\''`) + "'"
		}
	}
	return strings.Join(words, " ")
}

// caption says what is to be seen in a figure.
func caption(kind string, f *picture.Figure) string {
	switch kind {
	case "loss":
		return "The loss of each epoch on the data that were trained on, and dashed on those that were not. The axis is logarithmic."
	case "trajectory":
		if !slices.ContainsFunc(f.Panels, func(p *picture.Panel) bool { return strings.HasPrefix(p.Title, "Phase portrait") }) {
			return "The states over time."
		}
		return "Momentum over coordinate, and what is kept or lost over time. A closed system stays on a curve of constant energy."
	case "field":
		return "Level sets of H, with arrows for the motion of a state. A learned H should have the level sets of the true one, where there were data."
	case "section":
		return "Each dot is one passage. Dots on a curve belong to regular motion, a cloud of them to chaotic motion."
	case "sweep":
		return "The scores of all points of the sweep."
	}
	return ""
}

// spring writes in words what the experiment was and what came out.
func (p *view) spring() {
	p.Title = "A mass on a spring: what a Hamiltonian neural network learns"
	get := func(name string) string {
		if v, ok := p.Flags[name]; ok {
			return v
		}
		return p.Defaults[name]
	}
	p.Lead = append(p.Lead, fmt.Sprintf("A mass of %s kg on a spring of stiffness %s N/m has the energy H = p²/2m + kq²/2. From %s trajectories of %s s, with a noise of σ = %s on q and p, "+
		"a Hamiltonian neural network (hnn) learned H, and a plain network of the same size (baseline) learned the derivatives. Both were then followed for %s s from the energies %s J. The seed was %s.",
		get("m"), get("k"), get("train"), get("duration"), get("noise"), get("rollout"), strings.ReplaceAll(get("energies"), ",", ", "), get("seed")))
	i := slices.IndexFunc(p.Tables, func(t *table.Table) bool { return t.Has("max_drift") && t.Has("model") })
	if i < 0 {
		return
	}
	t := p.Tables[i]
	drift, err := t.Col("max_drift")
	if err != nil {
		return
	}
	var models []string
	worst := map[string]float64{}
	for r, v := range drift {
		m := t.Text(r, "model")
		if _, ok := worst[m]; !ok {
			models = append(models, m)
		}
		worst[m] = max(worst[m], v)
	}
	var words []string
	for _, m := range models {
		if v := worst[m]; m != "true" && v == v {
			words = append(words, fmt.Sprintf("%s %% for %s", strconv.FormatFloat(float64(100*v), 'g', 2, 64), m))
		}
	}
	if len(words) > 0 {
		p.Lead = append(p.Lead, "The largest error of the energy, |E − E₀|/E₀, was "+strings.Join(words, ", and ")+".")
	}
}
