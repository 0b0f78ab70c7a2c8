package main

import (
	"cmp"
	"fmt"
	"math"
	"strconv"
	"strings"

	"hnn/cmd/hnn/internal/flags"
	"hnn/integrate"
	"hnn/nn"
)

// noisy is the share of noise in the spread of the states above which derivatives are no
// longer compared by default: a state with noise is a wrong argument of the field.
const noisy = 0.003

// fewRows is the number of rows below which noise cannot be told.
const fewRows = 40

// Defaults of the objective shooting: lengths of the segments in time scales of the data, and
// iterations for each. From short segments on, no fit is caught far from the right motion.
var (
	shootingScales = []float64{1, 5, 20}
	shootingPasses = []int{60, 60, 400}
	shootingHidden = []int{32, 32}
	shootingRows   = 30_000 // of so many rows segments are used, evenly spread, where there are more
)

// choose fills in what the flags leave to the data, and says so.
func (t *trainJob) choose(e *env, s *states) error {
	f := t.flags
	hidden := s.Hidden != nil
	if hidden && f.First("kind") == "" {
		for _, k := range nn.Kinds() {
			if k.Masses && !t.given() {
				t.kind = k.Name
			}
		}
	}
	kind, err := nn.KindOf(t.kind)
	if err != nil {
		return err
	}
	if f.First("mass") != "" && !hidden && !kind.Masses {
		return flags.Wrong("-mass: a model of kind %s knows no mass: want -kind mechanical", t.kind)
	}
	why := ""
	if t.objective == "" {
		t.objective = cmp.Or(t.usual(), kind.Objective)
		clean := t.by.From != "" || s.DX != nil || s.T == nil || s.Rows() < fewRows || f.First("derivatives", "order", "window", "stride", "optimizer", "batch", "lr") != ""
		switch {
		case t.usual() != "":
		case hidden:
			t.objective, why = "shooting", "the file has no momenta"
		case t.objective == "derivatives" && !clean:
			if share := s.noiseShare(s.Noise()); share > noisy {
				t.objective, why = "shooting", fmt.Sprintf("noise is %.2g %% of the spread of the data", 100*share)
			} else if share := s.noiseShare(s.Unresolved()); share > noisy {
				t.objective, why = "shooting", fmt.Sprintf("rows are so far apart that cubics through them are off by %.2g %% of the spread of the data", 100*share)
			}
		}
	}
	if t.objective != "shooting" {
		if name := f.First("segment", "method", "continuity"); name != "" {
			return flags.Wrong("-%s is for the objective shooting, this is %s", name, t.objective)
		}
		return nil
	}
	if err := t.chooseSegments(s); err != nil {
		return fmt.Errorf("%s: %w", s.name, err)
	}
	if t.given() && f.First("segment", "optimizer", "epochs") == "" {
		why = "the system is known in part"
	}
	if why != "" && !t.quiet {
		e.say("%s: %s, so whole motions are fitted: -kind %s -objective shooting -segment %s -optimizer %s -epochs %s -hidden %s",
			s.name, why, t.kind, f.Lookup("segment").Value, f.Lookup("optimizer").Value, f.Lookup("epochs").Value, f.Lookup("hidden").Value)
	}
	return nil
}

// checkMethod finds the method of shooting.
func (t *trainJob) checkMethod() error {
	for _, m := range append([]*integrate.Method{integrate.RK4}, separableMethods...) {
		if strings.EqualFold(m.String(), t.method) {
			t.by.Leaps = m.Leaps()
			return nil
		}
	}
	return flags.Wrong("-method %.40s: want RK4 or, for a model H = T(p) + V(q), one of %v", t.method, separableMethods)
}

// chooseSegments chooses the stages of shooting.
func (t *trainJob) chooseSegments(s *states) error {
	f := t.flags
	scales, passes, hidden := shootingScales, shootingPasses, shootingHidden
	if t.given() {
		if scales, passes = structureScales, structurePasses; s.Rows() > manyRows {
			hidden = structureHidden
		}
	}
	if f.First("optimizer") == "" {
		t.optimizers = []string{"lbfgs"}
	}
	if f.First("hidden") == "" {
		t.hidden = hidden
	}
	longest, total := 0., 0.
	for i := range s.Runs() {
		lo, hi := s.Run(i)
		d := s.T[hi-1] - s.T[lo]
		longest, total = max(longest, d), total+d
	}
	if f.First("segment") == "" {
		scale, err := nn.Shooting{}.Scaling(&s.Series)
		if err != nil {
			return err
		}
		t.segments = nil
		for _, k := range scales {
			v, err := strconv.ParseFloat(strconv.FormatFloat(k*scale.Tau, 'g', 2, 64), 64)
			if err != nil {
				return err
			}
			v = min(v, longest) // not rounded, so that no trajectory is cut
			if n := len(t.segments); n == 0 || v > 1.5*t.segments[n-1] {
				t.segments = append(t.segments, v)
			}
		}
	}
	if f.First("epochs") == "" {
		t.passes = passes[len(passes)-min(len(passes), len(t.segments)):]
	}
	t.chooseStages(s)
	if f.First("subset") == "" && s.Rows() > shootingRows {
		t.subset = shootingRows
	}
	t.interval = total / float64(s.Rows())
	return nil
}

// subsetOf returns how many rows of its problem a stage uses: with segments of the given length,
// 0 for none, those rows are segments.
func (t *trainJob) subsetOf(segment float64) int {
	if segment == 0 {
		return t.subset
	}
	return int(math.Ceil(float64(t.subset) * t.interval / segment))
}

// noiseShare returns the largest share of the noise of components in their spread.
func (s *states) noiseShare(noise []float64) float64 {
	low, high := s.Range()
	share := 0.
	for j, sigma := range noise {
		if spread := (high[j] - low[j]) / (2 * math.Sqrt2); spread > 0 { // of a sine, its deviation
			if k := sigma / spread; k < 0.5 { // more cannot be told from motion
				share = max(share, k)
			}
		}
	}
	return share
}
