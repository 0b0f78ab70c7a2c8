// Package export writes a model in the languages in which others use it: C, NumPy, safetensors, and a formula.
//
// The first two come from the steps of the compiled formulas ([autodiff.Plan.Listing]). So they hold for every model,
// whatever its kind: nothing here knows one. export.go compiles the formulas. c.go, with cops.go, csteps.go
// and the texts in the folder c, numpy.go, safetensors.go and formula.go each write one form, and torch.go reads the layers of a network that PyTorch saved.
package export

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"hnn/autodiff"
	"hnn/nn"
	"hnn/spring/pixels"
)

// A function is a formula of states, and of inputs if the model has them, compiled for some rows of them.
type function struct {
	name string
	x, u *autodiff.Matrix // u is nil without inputs
	list []autodiff.Instruction
	out  autodiff.Operand
	plan *autodiff.Plan
	y    *autodiff.Matrix // the result
}

// A viewer is a model whose states are seen in pictures, an autoencoder.
type viewer interface {
	Dim() int // numbers in a frame
	Encode(x autodiff.Var) autodiff.Var
	Decode(z autodiff.Var) autodiff.Var
	Latent() pixels.Dynamics // what moves the states
	Step() float64           // the time of a frame
}

// states returns the model that moves states, which are those of the latent field of a viewer.
func states(m nn.Model) nn.Model {
	if v, ok := m.(viewer); ok {
		return v.Latent()
	}
	return m
}

// functions compiles what a model can do: H, field, next, encode and decode, those that it has.
func functions(m nn.Model, rows int) ([]function, error) {
	var all []function
	pictures, seen := m.(viewer)
	m = states(m)
	add := func(name string, numbers, inputs int, f func(x, u autodiff.Var) autodiff.Var) error {
		var g autodiff.Graph
		fn := function{name: name, x: autodiff.NewMatrix(rows, numbers)}
		x := g.Leaf("x", fn.x)
		var u autodiff.Var
		if inputs > 0 {
			fn.u = autodiff.NewMatrix(rows, inputs)
			u = g.Leaf("u", fn.u)
		}
		y := f(x, u)
		var err error
		if fn.plan, err = autodiff.Compile(y); err != nil {
			return err
		}
		fn.list, fn.out, fn.y = fn.plan.Listing(), fn.plan.Output(y), fn.plan.Value(y)
		all = append(all, fn)
		return nil
	}
	of := func(f func(autodiff.Var) autodiff.Var) func(x, u autodiff.Var) autodiff.Var {
		return func(x, _ autodiff.Var) autodiff.Var { return f(x) }
	}
	var errs []error
	if h, ok := m.(nn.Energy); ok {
		errs = append(errs, add("H", m.Dim(), 0, of(h.H)))
	}
	if d, ok := nn.DrivenBy(m); ok {
		errs = append(errs, add("field", m.Dim(), d.Inputs(), d.Drive))
	} else if f, ok := m.(nn.Field); ok {
		errs = append(errs, add("field", m.Dim(), 0, of(f.Field)))
	}
	if n, ok := m.(nn.Map); ok {
		errs = append(errs, add("next", m.Dim(), 0, of(n.Next)))
	}
	if seen {
		errs = append(errs, add("encode", 2*pictures.Dim(), 0, of(pictures.Encode)), add("decode", m.Dim(), 0, of(pictures.Decode)))
	}
	if len(all) == 0 && errors.Join(errs...) == nil {
		return nil, errors.New("the model has no energy, no field and no next state")
	}
	return all, errors.Join(errs...)
}

// run returns the result for one state, and inputs if there are any. The next run overwrites it.
func (f *function) run(x, u []float64) []float64 {
	copy(f.x.Data, x)
	if f.u != nil {
		copy(f.u.Data, u)
	}
	f.plan.Run()
	return f.y.Data
}

// inputs returns how many inputs a field has.
func inputs(all []function) int {
	for _, f := range all {
		if f.u != nil {
			return f.u.Cols
		}
	}
	return 0
}

// has tells whether one of the functions has the name.
func has(all []function, name string) bool {
	return slices.ContainsFunc(all, func(f function) bool { return f.name == name })
}

// leaves returns the matrices that functions read, other than their states, in order of use.
func leaves(all []function) []autodiff.Operand {
	var list []autodiff.Operand
	seen := map[*autodiff.Matrix]bool{}
	for _, f := range all {
		for _, o := range append(operands(f.list), f.out) {
			if o.Leaf != nil && o.Leaf != f.x && o.Leaf != f.u && !seen[o.Leaf] {
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
