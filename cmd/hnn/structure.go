package main

import (
	"slices"
	"strings"

	"hnn/autodiff/formula"
	"hnn/cmd/hnn/internal/flags"
	"hnn/nn"
)

// structure holds the flags of train that say what is known of a system: those of kind port.
type structure struct {
	expr           string
	known, fitted  map[string]float64
	positive       []string
	friction, gain string
	inputs         []string
	between        nn.Interpolation
	table          string
}

// structureFlags are those that make the kind port the default.
var structureFlags = []string{"H", "friction", "inputs"}

func (s *structure) register(f *flags.Set) {
	s.known, s.fitted, s.between, s.friction, s.gain = map[string]float64{}, map[string]float64{}, nn.LinearInput, "none", "constant"
	f.StringVar(&s.expr, "H", "", "`expression` of H, in which net(…) is a network, as in p^2/(2*m)+net(q)")
	f.Var(assignments(s.known), "set", "`constants` of -H that are known, as in m=2,g=9.81")
	f.Var(assignments(s.fitted), "fit", "`constants` of -H or -friction that are to be found, and values to begin with, as in m=1,k=6")
	f.Words(&s.positive, "positive", "`names` of -fit that stay above 0")
	f.StringVar(&s.friction, "friction", s.friction, "`friction`: none, constant (one number for all momenta), each (one for each), net (of the state) or a dissipation such as c*p^2/2")
	f.Words(&s.inputs, "inputs", "`columns` of the inputs, which are forces on the momenta")
	f.StringVar(&s.gain, "gain", s.gain, "`gain` of the inputs: constant, net (of the coordinates), or a number that is known")
	flags.Choice(f, &s.between, "interpolate", []nn.Interpolation{nn.LinearInput, nn.HeldInput, nn.CubicInput}, "`curve` of the inputs between rows: linear, hold (the value of the row before) or cubic (a spline)")
	f.File(&s.table, "report", flags.Output, "CSV `file` of the constants that were found, with standard errors and correlations")
}

// given tells whether the flags describe a system.
func (t *trainJob) given() bool {
	k, err := nn.KindOf(t.kind)
	return err == nil && k.Typed
}

// usual returns the objective of a system that the flags describe, "" for that of the kind.
func (t *trainJob) usual() string {
	if t.given() {
		return "shooting"
	}
	return ""
}

// checkStructure chooses the kind where -H, -friction or -inputs are given, and finds what is
// wrong with them.
func (t *trainJob) checkStructure() error {
	f := t.flags
	name := f.First(structureFlags...)
	if name != "" && f.First("kind") == "" {
		for _, k := range nn.Kinds() {
			if k.Typed {
				t.kind = k.Name
			}
		}
	}
	if name == "" {
		name = f.First("fit", "set", "positive", "gain", "interpolate", "report")
	}
	if !t.given() {
		if name != "" {
			return flags.Wrong("-%s is for the kind port, this is %s", name, t.kind)
		}
		return nil
	}
	if name := f.First("gain", "interpolate"); name != "" && t.inputs == nil {
		return flags.Wrong("-%s without -inputs: want the columns that it is for", name)
	}
	if name := f.First("fit", "set", "positive"); name != "" && f.First("H", "friction") == "" {
		return flags.Wrong("-%s without -H: want the expression that has the constants", name)
	}
	return nil
}

// canonical returns the names by which -H calls the components: those of the columns or, where
// it uses none of these, q and p, or q0, q1, …, p0, p1, ….
func (t *trainJob) canonical(columns []string) []string {
	usual := names(len(columns) / 2)
	uses := func(list []string) bool {
		for _, text := range []string{t.expr, t.friction} {
			e, err := formula.ParseOpen(text, func(name string) bool { return strings.HasPrefix(name, "net") })
			if err == nil && slices.ContainsFunc(list, func(name string) bool { return slices.Contains(e.Names(), name) }) {
				return true
			}
		}
		return false
	}
	plain := !slices.ContainsFunc(columns, func(name string) bool { return !formula.IsName(name) })
	if plain && (uses(columns) || !uses(usual)) {
		return columns
	}
	return usual
}

// structureOf returns what the flags know, of components of the given names.
func (t *trainJob) structureOf(columns []string) nn.Structure {
	return nn.Structure{H: t.expr, Names: t.canonical(columns), Inputs: t.inputs, Set: t.known, Fit: t.fitted, Positive: t.positive,
		Friction: t.friction, Gain: t.gain}
}

// Defaults of shooting for systems that the flags describe: the last segments are so long that
// friction is told well.
var (
	structureScales = []float64{1, 5, 20, 100}
	structurePasses = []int{60, 60, 60, 300}
)

// mostLM bounds the residuals times unknowns of a last stage by lm.
const mostLM = 1e7

// chooseLast chooses lm for the last stage of a system without networks, which has few unknowns.
func (t *trainJob) chooseLast(s *states) {
	f := t.flags
	nets := t.expr == "" || strings.Contains(t.expr, "net") || strings.Contains(t.friction, "net") || t.gain == "net"
	if !t.given() || nets || f.First("optimizer") != "" || len(t.segments) == 0 {
		return
	}
	span := 0.
	for i := range s.Runs() {
		lo, hi := s.Run(i)
		span += s.T[hi-1] - s.T[lo]
	}
	seen := s.X.Cols
	if s.Hidden != nil {
		seen /= 2
	}
	unknowns := float64(s.X.Cols) * (span/t.segments[len(t.segments)-1] + float64(s.Runs()) + 8)
	if unknowns*float64(s.Rows()*seen) > mostLM {
		return
	}
	t.optimizers = slices.Repeat([]string{"lbfgs"}, len(t.segments))
	t.optimizers[len(t.segments)-1] = "lm"
}
