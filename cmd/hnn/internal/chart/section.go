package chart

import (
	"fmt"
	"math"
	"slices"

	"hnn/cmd/hnn/internal/picture"
)

// isSection: one component is the same in all rows, and others are not.
func isSection(s *source) bool {
	_, at := s.crossed()
	return isTrajectory(s) && s.Rows() > 2 && at != "" && !s.has("energy") && !s.has("H")
}

// crossed returns the components of a section that vary, and the one that does not.
func (s *source) crossed() (vary []string, at string) {
	largest := 0.
	spread := map[string]float64{}
	q, p := s.pairs()
	state := slices.Concat(q, p)
	for _, name := range state {
		lo, hi := math.Inf(1), math.Inf(-1)
		for _, v := range s.col(name) {
			if v-v == 0 {
				lo, hi = min(lo, v), max(hi, v)
			}
		}
		spread[name] = hi - lo
		largest = max(largest, hi-lo)
	}
	for _, name := range state {
		if spread[name] > 1e-6*largest {
			vary = append(vary, name)
		} else if at != "" {
			return nil, "" // two: a motion within a plane
		} else {
			at = name
		}
	}
	return vary, at
}

func drawSection(s *source, o *Options) (*picture.Figure, error) {
	vary, at := s.crossed()
	if len(vary) == 0 {
		return nil, fmt.Errorf("%s: no section: want one component that is the same in all rows", s.Name)
	}
	level := s.col(at)[0]
	if math.Abs(level) < 1e-9 {
		level = 0
	}
	x, y := s.time(), vary[0]
	if q, p := s.pairs(); len(vary) > 2 {
		for i := range q { // the pair that is not cut
			if q[i] != at && p[i] != at {
				x, y = q[i], p[i]
			}
		}
	}
	f := &picture.Figure{Title: fmt.Sprintf("Section at %s = %.4g, %d points", at, level, s.Rows()), Width: 640, Height: 560}
	p := &picture.Panel{X: picture.Axis{Label: s.unit(x)}, Y: picture.Axis{Label: s.unit(y)}}
	s.addGroups(f, p, "run", x, y, true)
	f.Panels = []*picture.Panel{p}
	return f, nil
}
