package main

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"hnn/autodiff/formula"
	"hnn/autodiff/random"
)

// A hamiltonian is a system: H, and how its initial states are drawn.
type hamiltonian struct {
	name, about string
	h           string
	q, p        []string
	set         []setting // the parameters and their values

	// An initial state is drawn from draws, each a uniform random number with a name,
	// and is then the values of the expressions start; or it is drawn from box, the
	// range of each coordinate, one after the other, or one range for all.
	draws    []drawn
	start    []string
	box      []float64
	energies []float64 // lowest and highest, or nil

	period       float64 // a characteristic one, for the given parameters
	duration, dt float64 // what simulate does by default; dt 0: a row for each step
}

type setting struct {
	name  string
	value float64
}

type drawn struct {
	name   string
	lo, hi float64
}

// systems are those that -system knows.
var systems = []hamiltonian{
	{
		name: "spring", about: "energy from U(0.2, 1), phase from U(0, π); the reference's steps, see below",
		h: "p^2/(2*m) + k*q^2/2", q: []string{"q"}, p: []string{"p"}, set: []setting{{"m", 1}, {"k", 1}},
		draws: []drawn{{"E", 0.2, 1}, {"phi", 0, math.Pi}},
		start: []string{"sqrt(2*E/k)*cos(phi)", "sqrt(2*E*m)*sin(phi)"},
		// of the reference
		period: 2 * math.Pi, duration: 100,
	},
	{
		name: "pendulum", about: "at rest at an angle from U(0.3, 2.6)",
		h: "p^2/(2*m*l^2) + m*g*l*(1 - cos(q))", q: []string{"q"}, p: []string{"p"},
		set:   []setting{{"m", 1}, {"l", 1}, {"g", 1}},
		draws: []drawn{{"a", 0.3, 2.6}}, start: []string{"a", "0"},
		period: 2 * math.Pi, duration: 20, dt: 0.1,
	},
	{
		name: "double-pendulum", about: "angles from the vertical θ1, θ2 and their momenta, from U(−1, 1)",
		h: "(m2*l2^2*p1^2 + (m1+m2)*l1^2*p2^2 - 2*m2*l1*l2*p1*p2*cos(θ1-θ2))\n" +
			"/(2*m2*l1^2*l2^2*(m1 + m2*sin(θ1-θ2)^2))\n" +
			"+ (m1+m2)*g*l1*(1-cos(θ1)) + m2*g*l2*(1-cos(θ2))",
		q: []string{"θ1", "θ2"}, p: []string{"p1", "p2"},
		set: []setting{{"m1", 1}, {"m2", 1}, {"l1", 1}, {"l2", 1}, {"g", 1}},
		box: []float64{-1, 1}, period: 2 * math.Pi / 0.7653668647301795, duration: 20, dt: 0.1, // ω² = 2 − √2, the slow mode
	},
	{
		name: "henon-heiles", about: "bounded: x, y, px, py from U(−0.5, 0.5), energy from 0.04 to 0.125 < 1/6",
		h: "(px^2 + py^2)/2 + (x^2 + y^2)/2 + x^2*y - y^3/3", q: []string{"x", "y"}, p: []string{"px", "py"},
		box: []float64{-0.5, 0.5}, energies: []float64{0.04, 0.125}, period: 2 * math.Pi, duration: 20, dt: 0.1,
	},
	{
		name: "kepler", about: "at the pericentre of an ellipse: semi-major axis from U(0.8, 1.2), eccentricity U(0, 0.5)",
		h: "(px^2 + py^2)/2 - mu/sqrt(x^2 + y^2)", q: []string{"x", "y"}, p: []string{"px", "py"}, set: []setting{{"mu", 1}},
		draws: []drawn{{"a", 0.8, 1.2}, {"e", 0, 0.5}, {"phi", 0, 2 * math.Pi}},
		start: []string{
			"a*(1-e)*cos(phi)", "a*(1-e)*sin(phi)",
			"-sqrt(mu/a*(1+e)/(1-e))*sin(phi)", "sqrt(mu/a*(1+e)/(1-e))*cos(phi)",
		},
		period: 2 * math.Pi, duration: 20, dt: 0.1,
	},
	{
		name: "two-body", about: "in the plane, their centre at rest: ellipses drawn as for kepler",
		h: "(px1^2 + py1^2)/(2*m1) + (px2^2 + py2^2)/(2*m2)\n" +
			"- G*m1*m2/sqrt((x1-x2)^2 + (y1-y2)^2)",
		q:   []string{"x1", "y1", "x2", "y2"},
		p:   []string{"px1", "py1", "px2", "py2"},
		set: []setting{{"m1", 1}, {"m2", 1}, {"G", 1}}, draws: []drawn{{"a", 0.8, 1.2}, {"e", 0, 0.5}, {"phi", 0, 2 * math.Pi}},
		start: []string{
			"m2/(m1+m2)*a*(1-e)*cos(phi)", "m2/(m1+m2)*a*(1-e)*sin(phi)",
			"-m1/(m1+m2)*a*(1-e)*cos(phi)", "-m1/(m1+m2)*a*(1-e)*sin(phi)",
			"-m1*m2*sqrt(G/(m1+m2)/a*(1+e)/(1-e))*sin(phi)", "m1*m2*sqrt(G/(m1+m2)/a*(1+e)/(1-e))*cos(phi)",
			"m1*m2*sqrt(G/(m1+m2)/a*(1+e)/(1-e))*sin(phi)", "-m1*m2*sqrt(G/(m1+m2)/a*(1+e)/(1-e))*cos(phi)",
		},
		period: math.Sqrt2 * math.Pi, duration: 20, dt: 0.1,
	},
	{
		name: "duffing", about: "two wells: q from U(−1.6, 1.6), p from U(−0.7, 0.7)",
		h: "p^2/2 + alpha*q^2/2 + beta*q^4/4", q: []string{"q"}, p: []string{"p"}, set: []setting{{"alpha", -1}, {"beta", 1}},
		box: []float64{-1.6, 1.6, -0.7, 0.7}, period: math.Sqrt2 * math.Pi, duration: 20, dt: 0.1,
	},
	{
		name: "paper-spring", about: "Greydanus et al. (2019), task 1: radius from U(0.1, 1)",
		h: "q^2 + p^2", q: []string{"q"}, p: []string{"p"},
		draws: []drawn{{"r", 0.1, 1}, {"phi", 0, 2 * math.Pi}}, start: []string{"r*cos(phi)", "r*sin(phi)"},
		period: math.Pi, duration: 3, dt: 0.1,
	},
	{
		name: "paper-pendulum", about: "Greydanus et al. (2019), task 2: radius from U(1.3, 2.3)",
		h: "3*(1 - cos(q)) + p^2", q: []string{"q"}, p: []string{"p"},
		draws: []drawn{{"r", 1.3, 2.3}, {"phi", 0, 2 * math.Pi}}, start: []string{"r*cos(phi)", "r*sin(phi)"},
		period: 2.565099660323728, duration: 3, dt: 0.1, // 2π/√6
	},
}

func systemNames() []string {
	var names []string
	for _, s := range systems {
		names = append(names, s.name)
	}
	return names
}

// systemsHelp lists the table.
func systemsHelp() string {
	var b strings.Builder
	b.WriteString("Systems, their parameters, and how initial states are drawn:\n")
	indent := "\n" + strings.Repeat(" ", 19)
	for _, s := range systems {
		fmt.Fprintf(&b, "  %-16s %s", s.name, strings.ReplaceAll(s.h, "\n", indent+"  "))
		for i, v := range s.set {
			b.WriteString([]string{indent, " "}[min(i, 1)])
			fmt.Fprintf(&b, "%s=%v", v.name, v.value)
		}
		b.WriteString(indent + s.about + "\n")
	}
	return b.String()
}

// which holds the flags that say which system is meant.
type which struct {
	name, h string
	q, p    string
	set     map[string]float64
	m, k    float64

	sys         hamiltonian
	coordinates []string // and then the momenta
	params      map[string]float64
	formula     *formula.Formula
	energy      func(x []float64) float64
}

// choose holds the flags that choose a system and its initial states.
type choose struct {
	which
	low, high    float64
	box          []float64
	states       [][]float64
	draw         []func(x []float64) float64 // the state of the numbers drawn
	random       []float64
	lowest, most float64 // energies
}

func (c *which) register(f flags) {
	c.name, c.set, c.m, c.k = "spring", map[string]float64{}, 1, 1
	choice(f, &c.name, "system", systemNames(), "`name` of a system in the table of hnn simulate -h")
	f.StringVar(&c.h, "H", "", "`expression` of the Hamiltonian of a system of your own")
	f.StringVar(&c.q, "q", "", "`names` of its coordinates, with commas between; default q, or q0,q1,…")
	f.StringVar(&c.p, "p", "", "`names` of its momenta; default px for x, and p1 for q1")
	f.Var(value{set: func(s string) error {
		for _, w := range strings.Split(s, ",") {
			name, v, _ := strings.Cut(w, "=")
			n, err := anyNumber.number(v)
			if name = strings.TrimSpace(name); err != nil || !formula.IsName(name) {
				return errors.New("want a parameter and its value, as in m=2 or m=2,k=3")
			}
			c.set[name] = n
		}
		return nil
	}}, "set", "`parameters` of the system, as in m=2,k=3")
	f.float(&c.m, "m", positive, "-set m of the spring, its `mass` in kg")
	f.float(&c.k, "k", positive, "-set k of the spring, its `stiffness` in N/m")
}

func (c *choose) register(f flags) {
	c.which.register(f)
	f.Var(value{set: func(s string) error {
		var y []float64
		for _, w := range strings.Split(s, ",") {
			v, err := anyNumber.number(w)
			if err != nil {
				return errors.New("want the coordinates and then the momenta, with commas between")
			}
			y = append(y, v)
		}
		c.states = append(c.states, y)
		return nil
	}}, "state", "initial `state` q…,p… instead of random ones; once for each trajectory")
	f.floats(&c.box, "box", anyNumber, "draw initial states from these `ranges`: lo,hi for all coordinates and momenta, or lo,hi,lo,hi,… for each")
	c.low, c.high = math.NaN(), math.NaN()
	for _, e := range []struct {
		p          *float64
		name, help string
	}{{&c.low, "low", "lowest `energy` of a random initial state"}, {&c.high, "high", "highest `energy` of a random initial state"}} {
		f.Var(value{set: func(s string) (err error) { *e.p, err = anyNumber.number(s); return err }}, e.name, e.help)
	}
}

// resolve makes the system and its Hamiltonian of the flags.
func (c *which) resolve(f flags) error {
	if isSet(f, "H") != "" && strings.TrimSpace(c.h) == "" {
		return usageError{errors.New("-H is empty")}
	}
	if err := c.find(f); err != nil {
		return usageError{err}
	}
	// The parameters: those of the table, and those of the flags.
	source := "-system " + c.name
	if c.h != "" {
		source = "-H"
	}
	expr, err := formula.Parse(c.sys.h)
	if err != nil {
		return usageError{fmt.Errorf("%s: %w", source, err)}
	}
	c.params = map[string]float64{}
	for _, v := range c.sys.set {
		c.params[v.name] = v.value
	}
	c.coordinates = slices.Concat(c.sys.q, c.sys.p)
	free := slices.DeleteFunc(expr.Names(), func(name string) bool { return slices.Contains(c.coordinates, name) })
	for name, v := range c.set {
		if !slices.Contains(free, name) {
			return usageError{fmt.Errorf("-set %s: the parameters of %s are %v", name, source, free)}
		}
		c.params[name] = v
	}
	if c.formula, err = expr.Bind(c.coordinates, c.params); err != nil {
		if strings.Contains(err.Error(), "unknown name") {
			return usageError{fmt.Errorf("%s: %w: give a parameter its value with -set, name coordinates with -q and momenta with -p, now %s",
				source, err, strings.Join(c.coordinates, ","))}
		}
		return usageError{fmt.Errorf("%s: %w", source, err)}
	}
	c.energy = c.formula.NewValue()
	return nil
}

// resolve makes the system and prepares its initial states.
func (c *choose) resolve(f flags) error {
	if err := c.which.resolve(f); err != nil {
		return err
	}
	n := len(c.coordinates)
	for _, y := range c.states {
		if len(y) != n {
			return usageError{fmt.Errorf("-state %v: want %d numbers, %s", y, n, strings.Join(c.coordinates, ","))}
		}
	}
	if c.states != nil {
		if name := isSet(f, "n", "box", "low", "high"); name != "" {
			return usageError{fmt.Errorf("-%s goes with random initial states, not with -state", name)}
		}
		return nil
	}
	return c.sampling()
}

// find takes the system from the table, or makes it of -H.
func (c *which) find(f flags) error {
	if c.h == "" {
		c.sys = systems[slices.IndexFunc(systems, func(s hamiltonian) bool { return s.name == c.name })]
		if name := isSet(f, "q", "p"); name != "" {
			return fmt.Errorf("-%s names the coordinates of -H, and -system %s has its own", name, c.name)
		}
		for _, name := range []string{"m", "k"} {
			if isSet(f, name) != "" {
				if c.name != "spring" {
					return fmt.Errorf("-%s is of the spring: use -set", name)
				}
				c.set[name] = map[string]float64{"m": c.m, "k": c.k}[name]
			}
		}
		return nil
	}
	if name := isSet(f, "system", "m", "k"); name != "" {
		return fmt.Errorf("-%s with -H: one of the two; parameters of -H are set by -set", name)
	}
	c.sys = hamiltonian{h: c.h, box: []float64{-1, 1}, duration: 20, dt: 0.1}
	expr, err := formula.Parse(c.h)
	if err != nil {
		return fmt.Errorf("-H: %w", err)
	}
	switch {
	case c.q != "":
		c.sys.q = strings.Split(c.q, ",")
		if c.p != "" {
			c.sys.p = strings.Split(c.p, ",")
		} else {
			for _, name := range c.sys.q {
				c.sys.p = append(c.sys.p, "p"+strings.TrimPrefix(name, "q"))
			}
		}
	case c.p != "":
		return errors.New("-p without -q: name both")
	default:
		d := 0 // of q0, q1, …
		for _, name := range expr.Names() {
			if i, err := strconv.Atoi(name[1:]); err == nil && (name[0] == 'q' || name[0] == 'p') && strconv.Itoa(i) == name[1:] && i < maxPairs {
				d = max(d, i+1)
			}
		}
		if d == 0 || slices.Contains(expr.Names(), "q") || slices.Contains(expr.Names(), "p") {
			c.sys.q, c.sys.p = []string{"q"}, []string{"p"}
		} else {
			both := names(d)
			if d == 1 {
				both = []string{"q0", "p0"}
			}
			c.sys.q, c.sys.p = both[:d], both[d:]
		}
	}
	if len(c.sys.q) != len(c.sys.p) {
		return fmt.Errorf("-q names %d coordinates and -p %d momenta", len(c.sys.q), len(c.sys.p))
	}
	seen := map[string]bool{}
	for _, name := range slices.Concat(c.sys.q, c.sys.p) {
		if !formula.IsName(name) {
			return fmt.Errorf("-q, -p: %q cannot be the name of a coordinate", name)
		}
		if seen[name] {
			return fmt.Errorf("-q, -p: %s stands for two coordinates", name)
		}
		seen[name] = true
	}
	return nil
}

// maxPairs bounds the coordinates that are found by their numbers.
const maxPairs = 1000

// sampling prepares the drawing of initial states.
func (c *choose) sampling() error {
	n := len(c.coordinates)
	c.lowest, c.most = math.Inf(-1), math.Inf(1)
	if c.sys.energies != nil {
		c.lowest, c.most = c.sys.energies[0], c.sys.energies[1]
	}
	draws, start := slices.Clone(c.sys.draws), c.sys.start
	if c.box != nil || draws == nil {
		box := c.sys.box
		if c.box != nil {
			box = c.box
		}
		if len(box) == 2 {
			box = slices.Repeat(box, n)
		}
		if len(box) != 2*n {
			return usageError{fmt.Errorf("-box has %d numbers: want 2, or %d for %s", len(box), 2*n, strings.Join(c.coordinates, ","))}
		}
		draws, start = nil, nil
		for i, name := range c.coordinates {
			if box[2*i] > box[2*i+1] {
				return usageError{fmt.Errorf("-box: the range %v,%v is empty", box[2*i], box[2*i+1])}
			}
			draws = append(draws, drawn{name, box[2*i], box[2*i+1]})
		}
	}
	// An energy that is drawn is drawn between the bounds; others are kept if they lie there.
	low, high := &c.lowest, &c.most
	if i := slices.IndexFunc(draws, func(d drawn) bool { return d.name == "E" && start != nil }); i >= 0 {
		low, high = &draws[i].lo, &draws[i].hi
		if c.low <= 0 || c.high <= 0 {
			return usageError{fmt.Errorf("-low, -high: the energy of the %s is above 0", c.sys.name)}
		}
	}
	if !math.IsNaN(c.low) {
		*low = c.low
	}
	if !math.IsNaN(c.high) {
		*high = c.high
	}
	if *low > *high {
		return usageError{fmt.Errorf("-low %v is above -high %v", *low, *high)}
	}
	c.sys.draws, c.random = draws, make([]float64, len(draws))
	var drawnNames []string
	for _, d := range draws {
		drawnNames = append(drawnNames, d.name)
	}
	for _, s := range start {
		expr, err := formula.Parse(s)
		if err != nil {
			return err
		}
		v, err := expr.Bind(drawnNames, c.params)
		if err != nil {
			return usageError{fmt.Errorf("the initial states of -system %s: %w", c.sys.name, err)}
		}
		c.draw = append(c.draw, v.NewValue())
	}
	return nil
}

// maxDraws bounds the search for a state of the wanted energy.
const maxDraws = 1_000_000

// initial returns initial state i, the next one from src.
func (c *choose) initial(i int, src rand.Source) ([]float64, error) {
	if c.states != nil {
		return c.states[i], nil
	}
	for range maxDraws {
		for j, d := range c.sys.draws {
			c.random[j] = d.lo + float64((d.hi-d.lo)*random.Uniform(src))
		}
		y := slices.Clone(c.random)
		if c.draw != nil {
			y = y[:0]
			for _, v := range c.draw {
				y = append(y, v(c.random))
			}
		}
		if e := c.energy(y); e >= c.lowest && e <= c.most && e-e == 0 {
			return y, nil
		}
	}
	return nil, fmt.Errorf("of %d random states none has an energy from %v to %v: see -low, -high, -box and -state", maxDraws, c.lowest, c.most)
}
