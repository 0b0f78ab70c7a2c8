package main

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"hnn/autodiff/formula"
	"hnn/cmd/hnn/internal/flags"
	"hnn/spring/system"
)

// systemsHelp lists the named systems.
func systemsHelp() string {
	var b strings.Builder
	b.WriteString("Systems, their parameters, and how initial states are drawn:\n")
	indent := "\n" + strings.Repeat(" ", 19)
	for _, name := range system.Names() {
		s, _ := system.Named(name, nil) // the package's tests go through the table
		fmt.Fprintf(&b, "  %-16s %s", name, strings.ReplaceAll(s.Text, "\n", indent+"  "))
		for i, p := range slices.Sorted(maps.Keys(s.Set)) {
			b.WriteString([]string{indent, " "}[min(i, 1)])
			fmt.Fprintf(&b, "%s=%v", p, s.Set[p])
		}
		if r := s.Friction(); r != nil {
			b.WriteString(indent + "R = diag(" + strings.Join(r, ", ") + ")")
		}
		if u := s.Input(); u != "" {
			b.WriteString(", G = (" + strings.Join(s.Gain(), ", ") + "), u = " + u)
		}
		b.WriteString(indent + s.About + "\n")
	}
	return b.String()
}

// which holds the flags that say which system is meant.
type which struct {
	name, h string
	q, p    []string
	set     map[string]float64
}

func (c *which) register(f *flags.Set) {
	c.name, c.set = "spring", map[string]float64{}
	flags.Choice(f, &c.name, "system", system.Names(), "`name` of a system in the table of hnn simulate -h")
	f.StringVar(&c.h, "H", "", "`expression` of a Hamiltonian, in place of -system")
	f.Words(&c.q, "q", "`names` of the coordinates of -H, with commas between (default q, or q0,q1,…)")
	f.Words(&c.p, "p", "`names` of the momenta of -H (default px for x, and p1 for q1)")
	f.Var(assignments(c.set), "set", "`parameters` of the system, as in m=2,k=3")
}

// assignments is a flag of names and their values.
func assignments(set map[string]float64) flags.Value {
	return flags.Value{Parse: func(s string) error {
		own := map[string]bool{}
		for _, w := range strings.Split(s, ",") {
			name, v, _ := strings.Cut(w, "=")
			n, err := flags.Any.Number(v)
			if name = strings.TrimSpace(name); err != nil || !formula.IsName(name) {
				if _, wrong := formula.Parse(name + "(1)"); err == nil && wrong == nil {
					return fmt.Errorf("%s is a function: want another name", name)
				}
				return errors.New("want a parameter and its value, as in m=2 or m=2,k=3")
			}
			if own[name] {
				return fmt.Errorf("%s has two values: want one", name)
			}
			own[name], set[name] = true, n
		}
		return nil
	}, Show: func() string {
		var all []string
		for _, name := range slices.Sorted(maps.Keys(set)) {
			all = append(all, name+"="+strconv.FormatFloat(set[name], 'g', -1, 64))
		}
		return strings.Join(all, ",")
	}}
}

// resolve makes the system of the flags.
func (c *which) resolve(f *flags.Set) (s *system.System, err error) {
	if f.First("H") != "" {
		if f.First("system") != "" {
			return nil, flags.Wrong("-system with -H: want one of the two")
		}
		s, err = system.Typed(c.h, c.q, c.p, c.set)
	} else {
		if name := f.First("q", "p"); name != "" {
			return nil, flags.Wrong("-%s names the coordinates of -H, and -system %s has its own", name, c.name)
		}
		s, err = system.Named(c.name, c.set)
	}
	return s, flagged(err)
}

// flagged turns an error of package system about an argument into an error about the flag of
// that name.
func flagged(err error) error {
	var e *system.Error
	if errors.As(err, &e) {
		return flags.Wrong("-%s: %w", strings.ReplaceAll(e.Arg, ", ", ", -"), e.Err)
	}
	return err
}

// choose holds the flags that choose a system and its initial states.
type choose struct {
	which
	low, high float64 // NaN if not set
	box       []float64
	states    [][]float64
}

func (c *choose) register(f *flags.Set) {
	c.which.register(f)
	f.Var(flags.Value{Parse: func(s string) error {
		for _, state := range strings.Fields(s) {
			var y []float64
			for _, w := range strings.Split(state, ",") {
				v, err := flags.Any.Number(w)
				if err != nil {
					return errors.New("want the coordinates and then the momenta, with commas between")
				}
				y = append(y, v)
			}
			c.states = append(c.states, y)
		}
		return nil
	}, Show: func() string {
		var all []string
		for _, y := range c.states {
			all = append(all, strings.Trim(strings.ReplaceAll(fmt.Sprint(y), " ", ","), "[]"))
		}
		return strings.Join(all, " ")
	}}, "state", "initial `state`: the coordinates and then the momenta, with commas between. Repeat the flag for each trajectory. Default: random states")
	f.Floats(&c.box, "box", flags.Any, "draw initial states from these `ranges`: lo,hi for all coordinates and momenta, or lo,hi,lo,hi,… for each")
	c.low, c.high = math.NaN(), math.NaN()
	f.Float(&c.low, "low", flags.Any, "lowest `energy` of a random initial state")
	f.Float(&c.high, "high", flags.Any, "highest `energy` of a random initial state")
}

// resolve makes the system of the flags.
func (c *choose) resolve(f *flags.Set) (*system.System, error) {
	s, err := c.which.resolve(f)
	if err != nil {
		return nil, err
	}
	for _, y := range c.states {
		if len(y) != s.Dim() {
			return nil, flags.Wrong("-state %v: want %d numbers, %s", y, s.Dim(), strings.Join(slices.Concat(s.Q, s.P), ","))
		}
		if name := f.First("n", "box", "low", "high"); name != "" {
			return nil, flags.Wrong("-%s goes with random initial states, not with -state", name)
		}
	}
	h := s.NewEnergy()
	for _, y := range c.states {
		if e := h(y); e-e != 0 {
			return nil, flags.Wrong("-state %v: H is %v there: want a state of finite energy", y, e)
		}
	}
	s, err = s.Within(c.box, c.low, c.high)
	return s, flagged(err)
}
