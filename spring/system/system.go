package system

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"hnn/autodiff"
	"hnn/autodiff/formula"
	"hnn/autodiff/random"
	"hnn/integrate"
)

// A System is a Hamiltonian H(q, p), perhaps with friction and an input, and a rule for its
// initial states. A state is [q…, p…], in the order of Q and P. Nothing changes a System; any
// number of goroutines may use one.
type System struct {
	Name  string // empty if it was typed
	About string // how initial states are drawn
	Text  string // H
	Q, P  []string
	Set   map[string]float64 // its parameters and their values

	Period   float64 // of small motions, or of the motion that the table names; 0: not known
	Duration float64 // of a trajectory, unless one says otherwise
	Dt       float64 // interval of its rows, likewise

	// Initial states are drawn in one of two ways. Either draws are random numbers and start
	// has an expression of them for each coordinate and momentum; a number E is the energy.
	// Or box has a range for each of them, or one for all.
	draws     []draw
	start     []string
	box       []float64
	low, high float64 // energies that are kept; in the table 0, 0 for all
	period    string  // an expression of the parameters

	open // friction and an input, if there are any

	h      *formula.Formula
	starts []*formula.Formula
}

// A draw is a number from the uniform distribution on [lo, hi).
type draw struct {
	name   string
	lo, hi float64
}

// An Error tells which argument is wrong: Arg is the name of a parameter of the function
// that returned it, or several with commas between.
type Error struct {
	Arg string
	Err error
}

func (e *Error) Error() string { return "system: " + e.Arg + ": " + e.Err.Error() }

// Unwrap returns what is wrong: a *formula.Error for the text of H.
func (e *Error) Unwrap() error { return e.Err }

func wrong(arg, format string, a ...any) error { return &Error{arg, fmt.Errorf(format, a...)} }

// Names returns the names that Named knows.
func Names() []string {
	var names []string
	for _, s := range table {
		names = append(names, s.Name)
	}
	return names
}

// Named returns a system of the table. Parameters in set have the values given there. An
// error is an *Error for name or set.
func Named(name string, set map[string]float64) (*System, error) {
	i := slices.Index(Names(), name)
	if i < 0 {
		return nil, wrong("name", "%q: want one of %v", name, Names())
	}
	s := table[i]
	return s.bind(set)
}

// Typed returns the system of an expression, whose language is that of package formula. q
// and p name its coordinates and momenta, which are
//
//	q; p                 if both are nil,
//	q0, q1, …; p0, p1, … if both are nil, and h has names such as q1 and no plain q or p,
//	x; px and q1; p1     if p is nil: a p before the name, or in the place of its q
//
// set has the values of all parameters. Initial states come from [−1, 1) for each
// coordinate and momentum. An error is an *Error for H, q, p or set.
func Typed(h string, q, p []string, set map[string]float64) (*System, error) {
	s := &System{Text: h, Q: q, P: p, Duration: 20, box: []float64{-1, 1}}
	expr, err := formula.Parse(h)
	switch {
	case strings.TrimSpace(h) == "":
		return nil, wrong("H", "it is empty: want an expression")
	case err != nil:
		return nil, &Error{"H", err}
	case len(q) == 0 && len(p) == 0:
		s.Q, s.P = coordinates(expr.Names())
	case len(q) == 0:
		return nil, wrong("p", "%s without names for q: want both", strings.Join(p, ","))
	case len(p) == 0:
		for _, name := range q {
			s.P = append(s.P, "p"+strings.TrimPrefix(name, "q"))
		}
	}
	if len(s.Q) != len(s.P) {
		return nil, wrong("q, p", "%d coordinates and %d momenta: want as many of each", len(s.Q), len(s.P))
	}
	for i, name := range s.names() {
		if !formula.IsName(name) {
			return nil, wrong("q, p", "%q cannot be a name: want a letter and then letters and digits", name)
		}
		if slices.Contains(s.names()[:i], name) {
			return nil, wrong("q, p", "%s stands for two coordinates: want different names", name)
		}
	}
	return s.bind(set)
}

// maxPairs bounds the coordinates that are found by their numbers.
const maxPairs = 1000

// coordinates finds the coordinates and momenta among the names of an expression.
func coordinates(names []string) (q, p []string) {
	d := 0 // of q0, q1, …
	for _, name := range names {
		if i, err := strconv.Atoi(name[1:]); err == nil && (name[0] == 'q' || name[0] == 'p') && strconv.Itoa(i) == name[1:] && i < maxPairs {
			d = max(d, i+1)
		}
	}
	if d == 0 || slices.Contains(names, "q") || slices.Contains(names, "p") {
		return []string{"q"}, []string{"p"}
	}
	for i := range d {
		q, p = append(q, "q"+strconv.Itoa(i)), append(p, "p"+strconv.Itoa(i))
	}
	return q, p
}

// bind gives the parameters their values and makes the formulas.
func (s *System) bind(set map[string]float64) (*System, error) {
	expr, err := formula.Parse(s.Text)
	if err != nil {
		return nil, &Error{"H", err}
	}
	values, free := map[string]float64{}, expr.Names()
	for _, text := range s.texts() {
		if e, err := formula.Parse(text); err == nil {
			free = append(free, slices.DeleteFunc(e.Names(), func(name string) bool { return name == "t" || slices.Contains(free, name) })...)
		}
	}
	free = slices.DeleteFunc(free, func(name string) bool { return slices.Contains(s.names(), name) })
	maps.Copy(values, s.Set)
	for _, name := range slices.Sorted(maps.Keys(set)) {
		if !slices.Contains(free, name) {
			return nil, wrong("set", "%s is no parameter of H: want one of %v", name, free)
		}
		values[name] = set[name]
	}
	s.Set = values
	switch s.h, err = expr.Bind(s.names(), values); {
	case err == nil:
	case s.Name != "": // the text is right, so a value is wrong
		return nil, wrong("set", "H of %s: %w", s.Name, err)
	case strings.Contains(err.Error(), "unknown name"):
		return nil, wrong("H", "%w: give a parameter its value in set, or name coordinates in q and momenta in p, now %s",
			err, strings.Join(s.names(), ","))
	default:
		return nil, &Error{"H", err}
	}
	if err := s.bindOpen(); err != nil {
		return nil, err
	}
	var drawn []string
	for _, d := range s.draws {
		drawn = append(drawn, d.name)
	}
	for _, text := range s.start {
		f, err := s.compile(text, drawn)
		if err != nil {
			return nil, wrong("set", "the initial states of %s: %w", s.Name, err)
		}
		s.starts = append(s.starts, f)
	}
	if f, err := s.compile(s.period, s.names()); err == nil {
		s.Period = f.NewValue()(make([]float64, s.Dim()))
	}
	if s.Dt = 0.1; s.low == 0 && s.high == 0 {
		s.low, s.high = math.Inf(-1), math.Inf(1)
	}
	return s.Within(s.box, math.NaN(), math.NaN())
}

// compile makes a formula of the given variables and the parameters.
func (s *System) compile(text string, vars []string) (*formula.Formula, error) {
	expr, err := formula.Parse(text)
	if err != nil {
		return nil, err
	}
	return expr.Bind(vars, s.Set)
}

// names returns the names of the numbers of a state.
func (s *System) names() []string { return slices.Concat(s.Q, s.P) }

// Within returns the system with other initial states. Those are drawn from box, the ranges
// lo, hi, lo, hi, … of the coordinates and then the momenta, or one range for all; nil leaves
// the rule as it is. Their energies lie from low to high; NaN leaves a bound as it is. If
// the rule draws the energy, it draws it from there; if not, states of other energies are
// thrown away. An error is an *Error for box or for low and high.
func (s *System) Within(box []float64, low, high float64) (*System, error) {
	c := *s
	if c.draws = slices.Clone(s.draws); box != nil {
		if len(box) == 2 {
			box = slices.Repeat(box, s.Dim())
		}
		if len(box) != 2*s.Dim() {
			return nil, wrong("box", "%d numbers: want 2, or %d for %s", len(box), 2*s.Dim(), strings.Join(s.names(), ","))
		}
		c.draws, c.starts = nil, nil
		for i, name := range s.names() {
			d := draw{name, box[2*i], box[2*i+1]}
			if !(d.lo <= d.hi && d.hi-d.lo <= math.MaxFloat64) {
				return nil, wrong("box", "the range %v,%v is empty: want two finite numbers, the lower first", d.lo, d.hi)
			}
			c.draws = append(c.draws, d)
		}
	}
	lo, hi := &c.low, &c.high
	if i := slices.IndexFunc(c.draws, func(d draw) bool { return d.name == "E" && c.starts != nil }); i >= 0 {
		if lo, hi = &c.draws[i].lo, &c.draws[i].hi; low <= 0 || high <= 0 {
			return nil, wrong("low, high", "the energy of the %s is above 0, so want numbers above 0", s.Name)
		}
	}
	if !math.IsNaN(low) {
		*lo = low
	}
	if !math.IsNaN(high) {
		*hi = high
	}
	if *lo > *hi {
		return nil, wrong("low, high", "%v is above %v: want the lower number first", *lo, *hi)
	}
	return &c, nil
}

// maxDraws bounds the search for a state of the wanted energy.
const maxDraws = 1_000_000

// NewStart returns a function that draws initial states from src. It serves one goroutine.
func (s *System) NewStart() func(src rand.Source) ([]float64, error) {
	energy, drawn := s.NewEnergy(), make([]float64, len(s.draws))
	var values []func(x []float64) float64
	for _, f := range s.starts {
		values = append(values, f.NewValue())
	}
	return func(src rand.Source) ([]float64, error) {
		finite := false
		for range maxDraws {
			for j, d := range s.draws {
				drawn[j] = d.lo + float64((d.hi-d.lo)*random.Uniform(src))
			}
			y := slices.Clone(drawn)
			if values != nil {
				y = y[:0]
				for _, v := range values {
					y = append(y, v(drawn))
				}
			}
			e := energy(y)
			if e >= s.low && e <= s.high && e-e == 0 {
				return y, nil
			}
			finite = finite || e-e == 0
		}
		if !finite {
			return nil, wrong("H", "it is not a finite number at any of %d random states: want another H, another box, or given states", maxDraws)
		}
		return nil, wrong("low, high", "none of %d random states has an energy from %v to %v: want other energies, another box, or given states",
			maxDraws, s.low, s.high)
	}
}

// Params returns nil: nothing of a System can be fitted.
func (s *System) Params() []*autodiff.Matrix { return nil }

// Dim returns the length of a state.
func (s *System) Dim() int { return len(s.Q) + len(s.P) }

// H returns the energy of each row of x: rows×Dim to rows×1.
func (s *System) H(x autodiff.Var) autodiff.Var { return s.h.Of(x) }

// Field returns [q̇, ṗ] at each row of x = [q…, p…]. An input is 0.
func (s *System) Field(x autodiff.Var) autodiff.Var { return s.damped(x) }

// Separable tells whether the system is closed and H is written as T(p) + V(q).
func (s *System) Separable() bool { return s.Closed() && s.h.Separable() }

// NewField compiles the field at one state, with the input at its time. It serves one goroutine.
func (s *System) NewField() integrate.Field {
	if s.Closed() {
		return s.h.NewField()
	}
	return s.newOpenField()
}

// NewHalves compiles the two halves of the field for integrate.Separable. They are nil
// where H is not separable, and serve one goroutine.
func (s *System) NewHalves() (velocity, force integrate.Half) {
	if s.Separable() {
		velocity, force = s.h.NewHalves()
	}
	return velocity, force
}

// NewEnergy compiles H at one state. It serves one goroutine.
func (s *System) NewEnergy() func(x []float64) float64 { return s.h.NewValue() }
