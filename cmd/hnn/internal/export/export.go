// Package export writes a model in the languages in which others use it: C, NumPy, safetensors, and a formula.
//
// The first two come from the steps of the compiled formulas ([autodiff.Plan.Listing]). So they hold for every model,
// whatever its kind: nothing here knows one. export.go compiles the formulas. c.go, with cops.go, csteps.go
// and the texts in the folder c, numpy.go, safetensors.go and formula.go each write one form, and torch.go reads the layers of a network that PyTorch saved.
package export

import (
	"errors"
	"fmt"
	"strings"

	"hnn/autodiff"
	"hnn/nn"
)

// A function is a formula of states, compiled for some rows of them.
type function struct {
	name string
	x    *autodiff.Matrix
	list []autodiff.Instruction
	out  autodiff.Operand
	run  func(dst, x []float64) // of one state
}

// functions compiles what a model can do: H, field and next, those that it has.
func functions(m nn.Model, rows int) ([]function, error) {
	var all []function
	add := func(name string, f func(autodiff.Var) autodiff.Var) error {
		var g autodiff.Graph
		x := autodiff.NewMatrix(rows, m.Dim())
		y := f(g.Leaf("x", x))
		plan, err := autodiff.Compile(y)
		if err == nil {
			all = append(all, function{name, x, plan.Listing(), plan.Output(y), nn.Func(f, m.Dim())})
		}
		return err
	}
	var errs []error
	if h, ok := m.(nn.Energy); ok {
		errs = append(errs, add("H", h.H))
	}
	if f, ok := m.(nn.Field); ok {
		errs = append(errs, add("field", f.Field))
	}
	if n, ok := m.(nn.Map); ok {
		errs = append(errs, add("next", n.Next))
	}
	if len(all) == 0 && errors.Join(errs...) == nil {
		return nil, errors.New("the model has no energy, no field and no next state")
	}
	return all, errors.Join(errs...)
}

// has tells whether one of the functions has the name.
func has(all []function, name string) bool {
	for _, f := range all {
		if f.name == name {
			return true
		}
	}
	return false
}

// leaves returns the matrices that functions read, other than their states, in order of use.
func leaves(all []function) []autodiff.Operand {
	var list []autodiff.Operand
	seen := map[*autodiff.Matrix]bool{}
	for _, f := range all {
		for _, o := range append(operands(f.list), f.out) {
			if o.Leaf != nil && o.Leaf != f.x && !seen[o.Leaf] {
				seen[o.Leaf] = true
				list = append(list, o)
			}
		}
	}
	return list
}

func operands(list []autodiff.Instruction) []autodiff.Operand {
	var all []autodiff.Operand
	for _, in := range list {
		all = append(all, in.X, in.Y)
	}
	return all
}

// named gives each leaf a name of its own, with a prefix, that C and Python take.
func named(prefix string, list []autodiff.Operand) map[*autodiff.Matrix]string {
	names, used := map[*autodiff.Matrix]string{}, map[string]bool{}
	for _, o := range list {
		base := prefix + Identifier(o.Name)
		name := base
		for i := 2; used[name]; i++ {
			name = fmt.Sprintf("%s_%d", base, i)
		}
		used[name], names[o.Leaf] = true, name
	}
	return names
}

// Identifier makes a name of letters, digits and _ that begins with a letter.
func Identifier(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < 128 && (r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z') {
			return r
		}
		return '_'
	}, s)
	if s == "" || s[0] == '_' || s[0] >= '0' && s[0] <= '9' {
		s = "m" + s
	}
	return s
}

// An unknownOp is a step that a language has no words for: it is missing here, too.
func unknownOp(language, op string) error {
	return fmt.Errorf("the operation %s cannot be written in %s", op, language)
}
