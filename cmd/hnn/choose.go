package main

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"hnn/cmd/hnn/internal/flags"
	"hnn/integrate"
	"hnn/nn"
)

// noisy is the share of noise in the spread of the states above which derivatives are no
// longer compared by default: a state with noise is a wrong argument of the field.
const noisy = 0.003

// noisyRates is the share of noise in given derivatives above which these are not fitted closely.
// They change faster than states, so less of it cannot be told from motion.
const noisyRates = 0.01

// fewRows is the number of rows below which noise cannot be told.
const fewRows = 40

// Defaults of the objective shooting: lengths of the segments in time scales of the data, and
// iterations for each, of broyden and of lbfgs. From short segments on, no fit is caught far from
// the right motion.
var (
	shootingScales = []float64{1, 5, 20}
	shootingPasses = map[string][]int{"broyden": {20, 20, 200}, "lbfgs": {60, 60, 400}}
	shootingHidden = []int{32, 32}
	shootingRows   = 30_000 // of so many rows segments are used, evenly spread, where there are more
)

// Defaults for data with little noise: a small network that is fitted closely. Where noise can be
// told, fewer iterations over more rows do not follow it.
var (
	closeFits = []struct {
		noise            float64 // up to this share of the spread
		iterations, rows int
	}{{1e-4, 2000, 2500}, {5e-4, 2000, 10_000}, {noisy, 300, 20_000}}
	closeHidden = []int{32, 32}
	closeEpochs = 20 // of adam, which begins
	closeOrder  = 4  // of central differences
)

// derivativesFirst is the objective of a fit of whole motions that begins with derivatives, which take
// a network closer to clean data than short motions do: its last stages, one for each length of
// segments, are of the objective shooting, and all before are of derivatives. Up to so many
// rows it is chosen for systems that the flags describe, with iterations of lbfgs at the end.
const (
	derivativesFirst = "derivatives,shooting"
	firstRows        = 10_000
	lastPasses       = 60
)

// compares tells whether a stage has the objective of this name.
func (t *trainJob) compares(name string) bool {
	return slices.Contains(strings.Split(t.objective, ","), name)
}

// mostBroyden is the number of unknowns above which lbfgs is chosen: the matrix of broyden has
// its square, and its products take as long as the gradient.
const mostBroyden = 3000

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
	why, noise, told := "", math.NaN(), false // unknown
	own := f.First("optimizer", "epochs", "batch", "lr", "lr-end", "schedule", "beta1", "beta2", "eps", "weight-decay", "momentum") != ""
	if s.T != nil && s.Rows() >= fewRows && !(own && t.objective != "") {
		noise, told = s.noiseShare(s.Noise())
		if s.DX != nil {
			rates := states{Series: nn.Series{T: s.T, X: s.DX, Starts: s.Starts}}
			own, sure := rates.noiseShare(rates.Noise())
			told = told && sure && own < noisyRates
		}
	}
	if t.objective == "" {
		t.objective = cmp.Or(t.usual(), kind.Objective)
		switch {
		case t.usual() != "":
			if f.First("hidden") == "" && t.nets() {
				t.hidden = closeHidden
			}
			if t.nets() && !hidden && told && !own && noise <= closeFits[0].noise && s.Rows() <= firstRows && s.holes == "" &&
				t.between != nn.HeldInput && f.First("segment") == "" && t.weights(s) <= mostBroyden {
				t.objective, why = derivativesFirst, fmt.Sprintf("the system is known in part, and noise is at most %.2g %% of the spread of the data", 100*closeFits[0].noise)
			}
		case hidden:
			t.objective, why = "shooting", "the file has no momenta"
		case t.objective == "derivatives" && s.DX == nil && noise-noise == 0 && f.First("derivatives", "order", "window", "stride", "optimizer", "batch", "lr") == "":
			if noise > noisy {
				t.objective, why = "shooting", fmt.Sprintf("noise is %.2g %% of the spread of the data", 100*noise)
			} else if share, _ := s.noiseShare(s.Unresolved()); share > noisy {
				t.objective, why = "shooting", fmt.Sprintf("rows are so far apart that cubics through them are off by %.2g %% of the spread of the data", 100*share)
			}
		}
	}
	if !t.compares("shooting") {
		if name := f.First("segment", "method", "continuity"); name != "" {
			return flags.Wrong("-%s is for the objective shooting, this is %s", name, t.objective)
		}
		if noise <= noisy && told && !own {
			t.chooseClose(e, s, noise)
		} else if slices.Contains(t.optimizers, "broyden") && f.First("hidden") == "" {
			if t.hidden = closeHidden; !t.quiet {
				e.say("%s: broyden is for up to some thousand parameters, so the network is small: -hidden %s", s.name, f.Lookup("hidden").Value)
			}
		}
		if err := s.whole(); err != nil {
			return err
		}
		t.chooseSource(s)
		return nil
	}
	if err := t.chooseSegments(s); err != nil {
		return fmt.Errorf("%s: %w", s.name, err)
	}
	how := ""
	if t.objective == derivativesFirst {
		if err := s.whole(); err != nil {
			return err
		}
		how = t.differences(s)
		t.chooseSource(s)
	} else if t.given() && f.First("segment", "optimizer", "epochs") == "" {
		why = "the system is known in part"
	}
	if why != "" && !t.quiet {
		more := ""
		if t.subset > 0 {
			more = fmt.Sprintf(" -subset %d", t.subset)
		}
		if t.nets() {
			more += fmt.Sprintf(" -hidden %s", f.Lookup("hidden").Value)
		}
		e.say("%s: %s, so whole motions are fitted: -kind %s -objective %s%s -segment %s -optimizer %s -epochs %s%s",
			s.name, why, t.kind, t.objective, how, f.Lookup("segment").Value, f.Lookup("optimizer").Value, f.Lookup("epochs").Value, more)
	}
	return nil
}

// chooseClose chooses the fit of data whose noise is so small a share of their spread.
func (t *trainJob) chooseClose(e *env, s *states, noise float64) {
	f := t.flags
	if f.First("hidden") == "" {
		t.hidden = closeHidden
	}
	if t.weights(s) > mostBroyden {
		return
	}
	fit := closeFits[0]
	for i := 1; noise > fit.noise; i++ {
		fit = closeFits[i]
	}
	t.optimizers, t.passes = []string{"adam", "broyden"}, []int{closeEpochs, fit.iterations}
	if f.First("subset") == "" {
		t.subset = fit.rows
	}
	how := t.differences(s)
	if !t.quiet {
		e.say("%s: noise is at most %.2g %% of the spread of the data, so the fit is a close one: -kind %s -objective %s%s -optimizer %s -epochs %s -subset %d -hidden %s", s.name,
			100*fit.noise, t.kind, t.objective, how, f.Lookup("optimizer").Value, f.Lookup("epochs").Value, t.subset, f.Lookup("hidden").Value)
	}
}

// differences chooses those of a close fit, where no flag does, and returns the flags for them.
func (t *trainJob) differences(s *states) string {
	if t.flags.First("derivatives", "order", "stride") != "" || !t.compares("derivatives") || s.DX != nil {
		return ""
	}
	t.by.From, t.by.Order, t.by.Stride = nn.Central, closeOrder, s.stride()
	how := fmt.Sprintf(" -order %d", t.by.Order)
	if t.by.Stride > 1 {
		how += fmt.Sprintf(" -stride %d", t.by.Stride)
	}
	return how
}

// chooseSource chooses the source of derivatives.
func (t *trainJob) chooseSource(s *states) {
	if t.compares("derivatives") && t.by.From == "" {
		if t.by.From = nn.Central; s.DX != nil {
			t.by.From = nn.Given
		}
	}
}

// stride returns how many rows apart states are a tenth of the time scale of the data apart: nearer
// ones tell their derivatives worse, since noise counts for more.
func (s *states) stride() int {
	scale, err := nn.Shooting{}.Scaling(&s.Series)
	if err != nil {
		return 1
	}
	shortest := s.Rows()
	for i := range s.Runs() {
		lo, hi := s.Run(i)
		shortest = min(shortest, hi-lo)
	}
	return max(1, min(int(0.1*scale.Tau/s.interval()), shortest/20))
}

// weights returns the number of parameters of the model that the flags ask for, or more than
// Broyden's method takes.
func (t *trainJob) weights(s *states) int {
	in, n := s.X.Cols, 0
	for _, h := range t.hidden {
		if n += (in + 1) * h; n > mostBroyden {
			return n
		}
		in = h
	}
	kind, err := nn.KindOf(t.kind)
	if err != nil {
		return mostBroyden + 1
	}
	networks := t.networks(0)
	networks.Masses, networks.Structure = t.masses, t.structureOf(s.names)
	m, err := kind.New(&networks, &s.Series, nil)
	if err != nil {
		return mostBroyden + 1
	}
	n = 0
	for _, p := range m.Params() {
		n += len(p.Data)
	}
	return n
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
	if t.objective == derivativesFirst {
		scales, hidden = scales[len(scales)-1:], closeHidden
	}
	if f.First("hidden") == "" && t.nets() {
		t.hidden = hidden
	}
	longest := 0.
	for i := range s.Runs() {
		lo, hi := s.Run(i)
		longest = max(longest, s.T[hi-1]-s.T[lo])
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
	t.chooseStages(s, passes)
	if f.First("subset") == "" && s.Rows() > shootingRows {
		t.subset = shootingRows
	}
	t.interval = s.interval()
	return nil
}

// interval returns the mean time between two rows.
func (s *states) interval() float64 { return s.span() / float64(s.Rows()) }

// span returns the time that all runs last together.
func (s *states) span() float64 {
	total := 0.
	for i := range s.Runs() {
		lo, hi := s.Run(i)
		total += s.T[hi-1] - s.T[lo]
	}
	return total
}

// subsetOf returns how many rows of its problem a stage uses: with segments of the given length,
// 0 for none, those rows are segments.
func (t *trainJob) subsetOf(segment float64) int {
	if segment == 0 {
		return t.subset
	}
	return int(math.Ceil(float64(t.subset) * t.interval / segment))
}

// noiseShare returns the largest share of the noise of components in their spread, and whether
// there is none in which noise cannot be told from motion.
func (s *states) noiseShare(noise []float64) (share float64, told bool) {
	low, high := s.Range()
	told = true
	for j, sigma := range noise {
		spread := (high[j] - low[j]) / (2 * math.Sqrt2) // of a sine, its deviation
		if k := sigma / spread; k < 0.5 {
			share = max(share, k)
		} else {
			told = false
		}
	}
	return share, told
}
