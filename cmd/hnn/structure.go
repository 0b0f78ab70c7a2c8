package main

import (
	"fmt"
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
	velocities     bool
	table          string
}

// structureFlags are those that make the kind port the default.
var structureFlags = []string{"H", "friction", "inputs"}

func (s *structure) register(f *flags.Set) {
	s.known, s.fitted, s.between, s.friction, s.gain = map[string]float64{}, map[string]float64{}, nn.LinearInput, "none", "constant"
	f.StringVar(&s.expr, "H", "", "`expression` of H, in which net(…) is a network, as in p^2/(2*m)+net(q)")
	f.Var(assignments(s.known), "set", "`parameters` of -H or -friction that are known, as in m=2,g=9.81")
	f.Var(assignments(s.fitted), "fit", "`constants` of -H or -friction that are to be found, and values to begin with, as in m=1,k=6")
	f.Words(&s.positive, "positive", "`names` of -fit that stay above 0")
	f.Var(acting(&s.friction), "friction", "`friction`: none, constant (one number for all momenta), each (one for each), net (of the state) or a dissipation such as c*p^2/2; after a colon states that it acts on in place of the momenta, as in each:all or each:q0,p0")
	f.Words(&s.inputs, "inputs", "`columns` of the inputs, which are forces on the momenta unless -gain names other states")
	f.Var(acting(&s.gain), "gain", "`gain` of the inputs: constant, net (of the coordinates), or a number that is known; after a colon states that they act on in place of the momenta, as in constant:q0")
	flags.Choice(f, &s.between, "interpolate", []nn.Interpolation{nn.LinearInput, nn.HeldInput, nn.CubicInput}, "`curve` of the inputs between rows: linear, hold (the value of the row before) or cubic (a spline)")
	f.BoolVar(&s.velocities, "velocities", false, "the columns -p are velocities, which -H turns into momenta")
	f.File(&s.table, "report", flags.Output, "CSV `file` of the constants that were found, with standard errors and correlations")
}

// acting is a flag of a form and, after a colon, of the states that it acts on. Blanks around these
// mean nothing.
func acting(p *string) flags.Value {
	return flags.Value{Parse: func(s string) error {
		form, states, listed := strings.Cut(s, ":")
		if *p = strings.TrimSpace(form); listed {
			names := strings.Split(states, ",")
			for i, name := range names {
				names[i] = strings.TrimSpace(name)
			}
			*p += ":" + strings.Join(names, ",")
		}
		return nil
	}, Show: func() string { return *p }}
}

// given tells whether the flags describe a system.
func (t *trainJob) given() bool {
	k, err := nn.KindOf(t.kind)
	return err == nil && k.Typed
}

// nets tells whether the model has networks: all have but a typed system without.
func (t *trainJob) nets() bool {
	return !t.given() || t.expr == "" || strings.Contains(t.expr, "net") || strings.Contains(t.friction, "net") || strings.HasPrefix(t.gain, "net")
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
		name = f.First("fit", "set", "positive", "gain", "interpolate", "velocities", "report")
	}
	if !t.given() {
		if name != "" {
			return flags.Wrong("-%s is for the kind port, this is %s", name, t.kind)
		}
		return nil
	}
	if f.First("mass") != "" {
		return flags.Wrong("-mass is for the kind mechanical: want the mass in -H, as in p^2/(2*m) with -set m=2")
	}
	if t.velocities && t.expr == "" {
		return flags.Wrong("-velocities without -H: want an expression with a kinetic energy, as p^2/2+net(q)")
	}
	if name := f.First("gain", "interpolate"); name != "" && t.inputs == nil {
		return flags.Wrong("-%s without -inputs: want the columns that it is for", name)
	}
	for i, name := range t.inputs {
		if slices.Contains(t.inputs[:i], name) {
			return flags.Wrong("-inputs names the column %s twice: want each input once", name)
		}
		if name == t.cols.t || name == t.cols.run {
			return flags.Wrong("-inputs %s: that is the time or the number of the run, see -t and -run: want columns of forces", name)
		}
	}
	if name := f.First("fit", "set", "positive"); name != "" && f.First("H", "friction") == "" {
		return flags.Wrong("-%s without -H: want the expression that has the constants", name)
	}
	return nil
}

// kinetic returns the H of a file without momenta, where none is typed: p²/2 and a network of the
// coordinates. Without a kinetic energy that is known, nothing would tell the momenta.
func kinetic(s *states) string {
	d := s.X.Cols / 2
	var squares, args []string
	for i, name := range names(d) {
		switch {
		case i >= d:
			squares = append(squares, name+"^2/2")
		case slices.Contains(s.cols.angles, s.cols.q[i]):
			args = append(args, "cos("+name+")", "sin("+name+")")
		default:
			args = append(args, name)
		}
	}
	return strings.Join(squares, "+") + "+net(" + strings.Join(args, ",") + ")"
}

// canonical returns the names by which -H calls the components: those of the columns or, where
// it uses none of these, q and p, or q0, q1, …, p0, p1, ….
func (t *trainJob) canonical(columns []string) []string {
	usual := names(len(columns) / 2)
	uses := func(list []string) bool {
		for _, text := range []string{t.expr, t.friction, t.gain} {
			form, states, _ := strings.Cut(text, ":")
			used := strings.Split(states, ",")
			if e, err := formula.ParseOpen(form, func(name string) bool { return strings.HasPrefix(name, "net") }); err == nil {
				used = append(used, e.Names()...)
			}
			if slices.ContainsFunc(list, func(name string) bool { return slices.Contains(used, name) }) {
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
// friction is told well, and where there are many rows the networks are smaller.
var (
	structureScales = []float64{1, 5, 20, 100}
	structurePasses = map[string][]int{"lbfgs": {30, 30, 60, 400}}
	structureHidden = []int{16, 16}
	manyRows        = 5000
)

// mostLM bounds the products of an iteration of lm, some seconds' worth.
const mostLM = 2e9

// chooseStages chooses the optimisers of the stages and their iterations. A system without
// networks whose unknowns, with the initial states of the segments, are few has lm, which does not
// mind that their units are unlike. A model of kind port has lbfgs, whose slow end keeps networks from
// following the noise, and after derivatives a few iterations of it; others have broyden, unless
// there are too many unknowns.
func (t *trainJob) chooseStages(s *states, usual map[string][]int) {
	f := t.flags
	seen := s.X.Cols
	if s.Hidden != nil {
		seen /= 2
	}
	weights, pieces := float64(t.weights(s)), float64(s.Runs()+s.Gaps()) // trajectories are cut at gaps
	var optimizers []string
	var epochs []int
	if t.objective == derivativesFirst {
		optimizers, epochs, usual = []string{"adam", "broyden"}, []int{closeEpochs, closeFits[0].iterations}, map[string][]int{"lbfgs": {lastPasses}}
	}
	for i, length := range t.segments {
		starts := float64(float64(s.X.Cols) * (s.span()/length + pieces))
		few := starts + 10
		name := "lbfgs"
		switch {
		case f.First("optimizer") != "":
			name = t.optimizers[min(i, len(t.optimizers)-1)]
		case !t.nets() && float64(s.Rows()*seen)*few*few < mostLM && float64(s.Rows()*seen) > few:
			name = "lm"
		case !t.given() && t.objective != derivativesFirst && starts+weights < mostBroyden:
			name = "broyden"
		}
		n, ok := usual[name]
		if !ok {
			n = usual["lbfgs"]
		}
		optimizers, epochs = append(optimizers, name), append(epochs, n[max(0, len(n)-len(t.segments)+i)])
	}
	if f.First("optimizer") == "" {
		t.optimizers = optimizers
	}
	if f.First("epochs") == "" {
		t.passes = epochs
	}
}

// A canonical model turns velocities into momenta.
type canonical interface {
	Canonical(s *nn.Series) (*nn.Series, error)
}

// momenta makes a model to see whether the flags fit the data, and puts momenta in the place of velocities, and better guesses in the place of those that
// were not measured.
func (t *trainJob) momenta(e *env, s *states) error {
	if !t.given() {
		return nil
	}
	for _, name := range t.inputs {
		if slices.Contains(s.names, name) {
			return flags.Wrong("-inputs %s: that is a coordinate or a momentum: want columns that no state has", name)
		}
	}
	kind, err := nn.KindOf(t.kind)
	if err != nil {
		return err
	}
	networks := t.networks(0)
	networks.Structure = t.structureOf(s.names)
	m, err := kind.New(&networks, &s.Series, nil)
	if err != nil {
		return fmt.Errorf("%s: %w", s.name, err)
	}
	if c, ok := m.(interface{ Fitted() []*nn.TypedConstant }); ok && t.table != "" && len(c.Fitted()) == 0 {
		return flags.Wrong("-report: this model has no constants to be found: want -fit, or constant -friction or -gain")
	}
	if _, given := t.known["e"]; !given && t.fitted["e"] == 0 && !t.quiet && !slices.Contains(s.names, "e") {
		if h, err := formula.ParseOpen(t.expr, func(name string) bool { return strings.HasPrefix(name, "net") }); err == nil && slices.Contains(h.Names(), "e") {
			e.say("e in -H is Euler's number 2.71828, since neither -set nor -fit gives it a value")
		}
	}
	if !t.velocities && s.Hidden == nil {
		return nil
	}
	measured := s.Hidden == nil
	if err := s.canonical(m); err != nil {
		return err
	}
	if measured && s.Hidden != nil && !t.quiet {
		e.say("%s: the momenta depend on what is to be found: the velocities are where the fit begins, and positions alone are compared", s.name)
	}
	return nil
}

// canonical turns velocities into momenta by a model that can.
func (s *states) canonical(m nn.Model) error {
	c, ok := m.(canonical)
	if !ok {
		return nil
	}
	x, err := c.Canonical(&s.Series)
	if err != nil {
		return fmt.Errorf("%s: %w", s.name, err)
	}
	s.Series = *x
	return nil
}

const structureHelp = `What is known of a system, kind port. If -H, -friction or -inputs is given, the model is

  ẋ = (J − R) ∇H + G u,    dH/dt = −(what friction takes) + (what the inputs supply)

-H is an expression of the columns of the data (or of q and p, q0, p0, …), of constants and of
networks. net(q) is a network of q, net(q0,q1) another one of both; net1(…), net2(…) are
networks with a name, each of them one function wherever it is called. Constants have their
values in -set, or are found: -fit k=6 names one with the value to begin with. Those in
-positive stay above 0. The language is that of hnn simulate -h.

  -H 'p^2/2+net(q)'                     a known kinetic energy, a potential to be learned
  -H 'p^2/(2*m)+k*q^2/2' -set m=0.3 -fit k=6
                                        all is known but a constant
  -H 'net(p)+net(q)'                    separable: hnn rollout -method Leapfrog applies
  -H 'p^2/2+net(cos(q),sin(q))'         an angle
  no -H                                 net(q,p), the plain HNN with friction or inputs; of a
                                        file without momenta p^2/2+net(q)

Friction takes momentum: −c q̇ with one c, constant, or one for each momentum, each; −R(q,p) q̇
with a network for R = L Lᵀ, net; or −∂D/∂p of a typed D, as in -friction 'c*p^2/2+d*p^4/4' -fit
c=0.1,d=0.01. Constants of D and of friction are from 0 up, and if one wants to be negative a
warning says so; another says if a D gives energy.

Inputs are forces on the momenta: -gain times the columns -inputs. Between rows they are on a
line, -interpolate linear. Say hold if they are held until the next row, and cubic if they are
smooth and have few rows a period.

A capacitor or a tank can leak, and a pump fills a tank: that moves coordinates, and no momentum.
After a colon, -friction and -gain name the states x that they act on, or all of them: their rates
are then −R ∂H/∂x, −∂D/∂x and G u.

  -friction each:all                    a number for each coordinate and momentum
  -friction each:q0,p0,p1               for the leak of one tank, and for two pipes
  -friction net:q                       a leak that is not proportional to ∂H/∂q
  -inputs u -gain constant:q0           the pump of a tank; -gain 1:q0 if u is what it pumps

The objective is shooting, by segments of 1, 5, 20 and 100 time scales of the data, since long
ones tell friction. Without networks the optimiser is lm where the unknowns are few, else lbfgs,
with -epochs 30,30,60,400 and -hidden 32,32, or 16,16 for more than 5000 rows. If there are
networks and noise is below 0.01 % of the spread, in up to 10000 rows with momenta, -objective
derivatives,shooting is much closer: -optimizer adam,broyden,lbfgs -epochs 20,2000,60. The
momenta may be missing, or be left out by naming q alone: -q q. That is best where they were
made of the q by differences: they would count as measured, with errors that hang together. If
the columns -p are velocities, as of a double pendulum, say so: -velocities. A typed kinetic
energy turns them into momenta. Where constants in it are to be found, the velocities are where
the fit begins, and positions alone are compared.

After the training there is a line for each constant: its value ± its standard error, at the
noise that is left of each column. The error counts what other constants, initial states and
networks can take over, residuals that are alike from row to row, and the steps of the solver.
It takes -H and the curve of the inputs between rows for true, and is at least 1e-8 of the
value. -report FILE is a table of them with correlations.
`
