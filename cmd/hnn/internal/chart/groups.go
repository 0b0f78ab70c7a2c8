package chart

import (
	"fmt"
	"slices"
	"strings"

	"hnn/cmd/hnn/internal/picture"
)

// isSweep: sweep.csv of hnn sweep.
func isSweep(s *source) bool {
	return len(s.Header) > 2 && s.Header[0] == "point" && s.Header[len(s.Header)-1] == "error"
}

// The scores of commands, as sweep.csv names them; those of spring follow the name of a model.
var (
	modelScores = []string{"_test", "_max_drift", "_energy_mse", "_train"}
	otherScores = []string{"valid_loss", "loss", "coord_rmse", "step_rmse", "mse", "H_drift", "H_spread", "lowest", "end", "lowest_epoch"}
)

// titles are the words for scores.
var titles = map[string]string{
	"E0": "energy at the start [J]", "reached": "followed until [s]", "train": "training error", "test": "test error", "energy_mse": "mean squared energy error",
	"max_drift": "largest drift of the energy", "rms_drift": "RMS drift of the energy", "slope": "slope of the drift", "coord_rmse": "error of rollouts", "phase_error": "phase error [rad]",
	"step_rmse": "error of one step", "mse": "error of derivatives", "within10": "time within 10 %", "within30": "time within 30 %", "H_mean": "mean of H", "H_spread": "spread of H",
	"valid_loss": "validation loss", "loss": "training loss", "lowest": "lowest loss", "lowest_epoch": "epoch of the lowest loss", "end": "last time", "H_drift": "largest drift of H",
	"picture": "error of the film", "map_q": "error of the map to q", "map_p": "error of the map to p", "amplitude": "amplitude that is kept", "true_period": "true period [frames]", "period": "period [frames]",
	"pixels": "error of the picture after frames", "repeat": "of the repeated first frame", "median_drift": "median drift of H", "test_mse": "test error",
}

// Words returns the words for a score, or "".
func Words(name string) string { return titles[name] }

// label returns a score in words, with the name of its column.
func label(name string) string {
	if w := titles[name]; w != "" {
		return w + ", " + name
	}
	return name
}

// A row is a line of a picture of distributions.
type row struct {
	name   string
	ink    picture.Ink
	values []float64

	low, high []float64 // the bands of the values; nil: none
}

// A score is a panel of rows.
type score struct {
	name string
	rows []row
}

func drawSweep(s *source, o *Options) (*picture.Figure, error) {
	first := slices.IndexFunc(s.Header, func(name string) bool {
		return slices.Contains(otherScores, name) || slices.ContainsFunc(modelScores, func(x string) bool { return strings.HasSuffix(name, x) })
	})
	if first < 0 {
		return nil, fmt.Errorf("%s: no score among the columns %s: want -x and -y", s.Name, brief(s.Header))
	}
	var flags []string // that vary, but for the seed
	for _, name := range s.Header[1:first] {
		if name != "seed" && len(s.groups(name)) > 1 {
			flags = append(flags, name)
		}
	}
	groups := s.groups(flags...)
	varied := func(g *group) string {
		var words []string
		for i, v := range g.values {
			words = append(words, flags[i]+" "+v)
		}
		return strings.Join(words, ", ")
	}
	var scores []score
	var k inks
	for _, suffix := range modelScores[:3] {
		sc := score{name: suffix[1:]}
		for _, g := range groups {
			for _, name := range s.Header[first:] {
				if model, ok := strings.CutSuffix(name, suffix); ok && s.numeric(name) {
					text := model
					if len(flags) > 0 {
						text += ", " + varied(g)
					}
					sc.rows = append(sc.rows, row{name: text, ink: k.ink(model), values: pickRows(s.col(name), g.rows)})
				}
			}
		}
		slices.SortStableFunc(sc.rows, func(a, b row) int { return int(a.ink) - int(b.ink) })
		scores = append(scores, sc)
	}
	for _, name := range otherScores {
		if s.Has(name) && s.numeric(name) && len(scores) < 6 {
			sc := score{name: name}
			for _, g := range groups {
				sc.rows = append(sc.rows, row{name: orElse(varied(g), "all points"), ink: picture.Series, values: pickRows(s.col(name), g.rows)})
			}
			scores = append(scores, sc)
		}
	}
	f, err := distributions(s, fmt.Sprintf("Sweep, %d points", s.Rows()), scores)
	if err == nil && s.Texts("error") {
		f.Note += " Points that failed are left out: see column error."
	}
	return f, err
}

// isScores: summary.csv and paper.csv of hnn spring, the table of hnn eval, and a table of systems.
func isScores(s *source) bool {
	return s.has("model", "run", "E0", "max_drift") || s.has("model", "seed", "energy_mse") || s.has("run", "rows", "step_rmse", "H_mean") ||
		s.Header[0] == "system" && s.Texts("system") && len(s.Header) > 1
}

func drawScores(s *source, o *Options) (*picture.Figure, error) {
	var scores []score
	var k inks
	switch {
	case s.Has("system"): // a row for each system, a column for each score and model
		for _, name := range s.Header[1:] {
			if slices.Contains([]string{"pairs", "rows"}, name) || !s.numeric(name) {
				continue
			}
			i := strings.LastIndexByte(name, '_')
			if i < 0 {
				continue
			}
			sc := score{name: name[:i]}
			at := slices.IndexFunc(scores, func(x score) bool { return x.name == sc.name })
			if at < 0 {
				at, scores = len(scores), append(scores, sc)
			}
			for r, v := range s.col(name) {
				scores[at].rows = append(scores[at].rows, row{name: s.Text(r, "system"), ink: k.ink(name[i+1:]), values: []float64{v}})
			}
		}
	default:
		by, names := "model", []string{"max_drift", "coord_rmse", "energy_mse", "test"}
		if !s.Has(by) {
			by, names = "run", []string{"coord_rmse", "step_rmse", "mse"}
		} else if s.Has("seed") {
			names = []string{"test", "energy_mse"}
		}
		for _, name := range names[:min(3, len(names))] {
			if !s.Has(name) || !s.numeric(name) {
				continue
			}
			sc := score{name: name}
			for _, g := range s.groups(by) {
				text, ink := g.values[0], picture.Series
				if by == "model" {
					ink = k.ink(text)
				} else if text != "all" {
					text = "run " + text
				}
				r := row{name: text, ink: ink, values: pickRows(s.col(name), g.rows)}
				if s.has(name+"_low", name+"_high") {
					r.low, r.high = pickRows(s.col(name+"_low"), g.rows), pickRows(s.col(name+"_high"), g.rows)
				}
				sc.rows = append(sc.rows, r)
			}
			scores = append(scores, sc)
		}
	}
	f, err := distributions(s, "Scores", scores)
	if err == nil && s.Has("system") {
		for i, name := range k.names {
			f.Keys = append(f.Keys, picture.Key{Name: name, Ink: k.of[i], Dot: true})
		}
	}
	return f, err
}

// distributions draws a panel for each score: in a line for each row its values as dots, the box from
// the first to the third quartile where there are four or more, and the median.
func distributions(s *source, title string, scores []score) (*picture.Figure, error) {
	f := &picture.Figure{Title: title}
	most, boxes, bands := 0, false, false
	for _, sc := range scores {
		p := &picture.Panel{X: picture.Axis{Label: label(sc.name)}}
		lo, hi := 0., 0.
		for _, r := range sc.rows {
			i := slices.Index(p.Y.Names, r.name)
			if i < 0 {
				i = len(p.Y.Names)
				p.Y.Names = append(p.Y.Names, r.name)
			}
			y := float64(i)
			v := slices.DeleteFunc(slices.Clone(r.values), func(x float64) bool { return x-x != 0 })
			if len(v) == 0 {
				continue
			}
			if hi == lo && hi == 0 {
				lo, hi = slices.Min(v), slices.Max(v)
			}
			lo, hi = min(lo, slices.Min(v)), max(hi, slices.Max(v))
			mid := quantile(v, 0.5)
			if len(v) >= 4 {
				boxes = true
				a, b := quantile(v, 0.25), quantile(v, 0.75)
				p.Layers = append(p.Layers, picture.Layer{Shape: picture.Band, X: []float64{a, b}, Y: []float64{y - 0.3, y - 0.3}, Y2: []float64{y + 0.3, y + 0.3}, Ink: r.ink})
			}
			if len(v) > 1 {
				p.Layers = append(p.Layers, picture.Layer{X: []float64{mid, mid}, Y: []float64{y - 0.3, y + 0.3}, Ink: r.ink, Wide: 2.5})
			}
			dots := picture.Layer{Shape: picture.Dots, X: v, Ink: r.ink, Wide: 5}
			for k := range v { // apart from each other
				shift := 0.
				if len(v) > 1 {
					shift = float64(k*5%9-4) * 0.05
				}
				dots.Y = append(dots.Y, y+shift)
			}
			for k := range r.low {
				if a, b := r.low[k], r.high[k]; a-a == 0 && b-b == 0 {
					lo, hi, bands = min(lo, a), max(hi, b), true
					p.Layers = append(p.Layers, picture.Layer{X: []float64{a, b}, Y: []float64{y, y}, Ink: r.ink})
				}
			}
			p.Layers = append(p.Layers, dots)
		}
		if p.Layers == nil {
			continue
		}
		p.X.Log = lo > 0 && hi > 20*lo
		most = max(most, len(p.Y.Names))
		f.Panels = append(f.Panels, p)
	}
	if f.Panels == nil {
		return nil, fmt.Errorf("%s: the scores have no numbers: want -x and -y", s.Name)
	}
	f.Columns = min(3, len(f.Panels))
	f.Width = min(340*f.Columns+60, 1080)
	if f.Columns == 1 {
		f.Width = 640
	}
	f.Height = 90 + (len(f.Panels)+f.Columns-1)/f.Columns*(80+34*max(most, 3))
	if boxes {
		f.Note = "A dot is one value, a bar the median, a box goes from the first to the third quartile."
	}
	if bands {
		f.Note = strings.TrimSpace(f.Note + " A dot is a median, the line through it goes from its column _low to _high.")
	}
	return f, nil
}
