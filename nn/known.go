package nn

import (
	"slices"
	"strings"

	"hnn/autodiff/formula"
)

// Known returns the Structure that makes a model like this one. Constants of its expressions that
// were fitted begin with the values that they have.
func (m *Port) Known() Structure {
	t := Structure{H: m.Hamiltonian, Names: m.Names, Inputs: m.InputNames, Set: map[string]float64{}, Fit: map[string]float64{}, Friction: m.Friction, Gain: m.Gain}
	var used []string
	friction, _, _ := strings.Cut(m.Friction, ":")
	for _, text := range []string{m.Hamiltonian, friction} {
		if e, err := formula.ParseOpen(text, isNetwork); err == nil {
			used = append(used, e.Names()...)
		}
	}
	for _, c := range m.Constants {
		switch v := c.Value(); {
		case !slices.Contains(used, c.Name): // of friction or gain
		case c.Form == Known:
			t.Set[c.Name] = v
		case c.Form == NotNegative && v == 0: // where no fit can begin
			t.Fit[c.Name] = c.Unit
		default:
			t.Fit[c.Name] = v
		}
		if c.Form == Positive {
			t.Positive = append(t.Positive, c.Name)
		}
	}
	return t
}
