package main

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"hnn/autodiff/formula"
	systems "hnn/spring/system" // system is a type of verify_checks.go
)

// systemsHelp lists the named systems.
func systemsHelp() string {
	var b strings.Builder
	b.WriteString("Systems, their parameters, and how initial states are drawn:\n")
	indent := "\n" + strings.Repeat(" ", 19)
	for _, name := range systems.Names() {
		s, _ := systems.Named(name, nil) // the package's tests go through the table
		fmt.Fprintf(&b, "  %-16s %s", name, strings.ReplaceAll(s.Text, "\n", indent+"  "))
		for i, p := range slices.Sorted(maps.Keys(s.Set)) {
			b.WriteString([]string{indent, " "}[min(i, 1)])
			fmt.Fprintf(&b, "%s=%v", p, s.Set[p])
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

func (c *which) register(f flags) {
	c.name, c.set = "spring", map[string]float64{}
	choice(f, &c.name, "system", systems.Names(), "`name` of a system in the table of hnn simulate -h")
	f.StringVar(&c.h, "H", "", "`expression` of the Hamiltonian of a system of your own")
	f.words(&c.q, "q", "`names` of the coordinates of -H, with commas between (default q, or q0,q1,…)")
	f.words(&c.p, "p", "`names` of the momenta of -H (default px for x, and p1 for q1)")
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
}

// resolve makes the system of the flags.
func (c *which) resolve(f flags) (s *systems.System, err error) {
	if isSet(f, "H") != "" {
		if isSet(f, "system") != "" {
			return nil, usageError{errors.New("-system with -H: want one of the two")}
		}
		s, err = systems.Typed(c.h, c.q, c.p, c.set)
	} else {
		if name := isSet(f, "q", "p"); name != "" {
			return nil, usageError{fmt.Errorf("-%s names the coordinates of -H, and -system %s has its own", name, c.name)}
		}
		s, err = systems.Named(c.name, c.set)
	}
	return s, flagged(err)
}

// flagged makes an error of package system about an argument one about the flag of that
// name.
func flagged(err error) error {
	var e *systems.Error
	if errors.As(err, &e) {
		return usageError{fmt.Errorf("-%s: %w", strings.ReplaceAll(e.Arg, ", ", ", -"), e.Err)}
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
	f.float(&c.low, "low", anyNumber, "lowest `energy` of a random initial state")
	f.float(&c.high, "high", anyNumber, "highest `energy` of a random initial state")
	f.Lookup("low").DefValue, f.Lookup("high").DefValue = "", ""
}

// resolve makes the system of the flags.
func (c *choose) resolve(f flags) (*systems.System, error) {
	s, err := c.which.resolve(f)
	if err != nil {
		return nil, err
	}
	for _, y := range c.states {
		if len(y) != s.Dim() {
			return nil, usageError{fmt.Errorf("-state %v: want %d numbers, %s", y, s.Dim(), strings.Join(slices.Concat(s.Q, s.P), ","))}
		}
		if name := isSet(f, "n", "box", "low", "high"); name != "" {
			return nil, usageError{fmt.Errorf("-%s goes with random initial states, not with -state", name)}
		}
	}
	s, err = s.Within(c.box, c.low, c.high)
	return s, flagged(err)
}
