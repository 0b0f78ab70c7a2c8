package chart

import (
	"fmt"
	"math"

	"hnn/cmd/hnn/internal/picture"
)

// isLoss: loss.csv of hnn spring, or -log of hnn train.
func isLoss(s *source) bool {
	return s.Has("epoch") && s.numeric("epoch") && (s.Has("loss") || s.Has("train"))
}

func drawLoss(s *source, o *Options) (*picture.Figure, error) {
	train, valid := "loss", "valid"
	if !s.Has(train) {
		train, valid = "train", "test"
	}
	f := &picture.Figure{Title: "Loss", Width: 760, Height: 440}
	p := &picture.Panel{X: picture.Axis{Label: "epoch"}, Y: picture.Axis{Label: "loss", Log: true}}
	var k inks
	lo, hi := math.Inf(1), math.Inf(-1)
	for _, g := range s.groups("model") {
		name, ink := "", picture.Series
		if s.Has("model") {
			name, ink = g.values[0]+", ", k.ink(g.values[0])
		}
		for i, column := range []string{train, valid} {
			if !s.Has(column) || !s.numeric(column) {
				continue
			}
			v := pickRows(s.col(column), g.rows)
			if !anyFinite(v) {
				continue
			}
			for _, x := range v {
				if x > 0 {
					lo, hi = min(lo, x), max(hi, x)
				}
			}
			l := picture.Layer{X: pickRows(s.col("epoch"), g.rows), Y: v, Ink: ink, Dash: i == 1}
			p.Layers = append(p.Layers, l)
			f.Keys = append(f.Keys, picture.Key{Name: name + map[string]string{"loss": "training", "train": "training", "valid": "validation", "test": "test"}[column], Ink: ink, Dash: l.Dash})
		}
	}
	if lo > hi {
		return nil, fmt.Errorf("%s: column %s has no number above 0: want -x and -y", s.Name, train)
	}
	if s.Has("stage") {
		p.Layers = append(s.stages(lo, hi), p.Layers...)
	}
	f.Panels = []*picture.Panel{p}
	return f, nil
}

// stages returns a line where each stage but the first begins.
func (s *source) stages(lo, hi float64) (all []picture.Layer) {
	stage, epoch := s.col("stage"), s.col("epoch")
	for r := 1; r < s.Rows() && len(all) < 100; r++ {
		if stage[r] != stage[r-1] {
			x := float64(epoch[r]/2) + float64(epoch[r-1]/2)
			all = append(all, picture.Layer{X: []float64{x, x}, Y: []float64{lo, hi}, Ink: picture.Muted, Wide: 1, Dash: true})
		}
	}
	return all
}
