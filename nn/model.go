package nn

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"

	"hnn/autodiff"
)

// A Model is what a fit changes: a list of parameters, for states of Dim numbers. Its other
// methods say what it can do: see Field, Energy and Map. No code asks for its type.
type Model interface {
	Dim() int                   // numbers in a state, [q…, p…]: 2d
	Params() []*autodiff.Matrix // what a fit may change
}

// A Field is a model of motion in continuous time, ẋ = f(x).
type Field interface {
	Model
	// Field returns f at each row of x: rows×Dim to rows×Dim.
	Field(x autodiff.Var) autodiff.Var
}

// An Energy has a Hamiltonian.
type Energy interface {
	// H returns the energy of each row of x: rows×Dim to rows×1.
	H(x autodiff.Var) autodiff.Var
}

// A Map is a model of motion in steps of one length Dt, x(t+Dt) = g(x(t)).
type Map interface {
	Model
	// Next returns g at each row of x: rows×Dim to rows×Dim.
	Next(x autodiff.Var) autodiff.Var
	Dt() float64 // in units of time, positive
}

// A Stored model can be kept in a file.
type Stored interface {
	Model
	Kind() string   // the name of its row in Kinds
	Parts(p *Parts) // names its parts, for saving and for loading
	Check() error   // what does not fit together, nil if all does
}

// A Kind is a row of the table of models. Empty makes a model for a file to fill, and New
// makes one for data. A new kind takes one file and one row.
type Kind struct {
	Name, About string
	Objective   string // its default: a row of Objectives
	Masses      bool   // it knows the masses, so momenta that were not observed can be found
	Typed       bool   // it is made of what Networks.Structure says
	Empty       func() Stored
	New         func(n *Networks, s *Series, scale *Scaling) (Stored, error)
}

// Kinds returns the table of models.
func Kinds() []Kind {
	return []Kind{
		{"hnn", "a network for H, whose field is J∇H", "derivatives", false, false, func() Stored { return new(HNN) }, makeHNN},
		{"baseline", "a network for the field itself", "derivatives", false, false, func() Stored { return new(Baseline) }, makeBaseline},
		{"mechanical", "H = p²/2m + V(q): known masses, and a network for V", "derivatives", true, false, func() Stored { return new(Mechanical) }, makeMechanical},
		{"port", "ẋ = (J − R)∇H + Gu: typed H, with networks, friction and inputs", "derivatives", false, true, func() Stored { return new(Port) }, makePort},
		{"nextstate", "a network for the state one sampling interval later", "step", false, false, func() Stored { return new(NextState) }, makeNextState},
	}
}

// Maker returns a function that makes new models of this kind, for Recipe.
func (k Kind) Maker(n Networks) Maker {
	return func(s *Series, scale *Scaling) (Model, error) { return k.New(&n, s, scale) }
}

// A Maker makes the model that a Fit trains, for a series and a scaling that suits it. The
// scaling may be nil.
type Maker func(s *Series, scale *Scaling) (Model, error)

// Networks says how the networks of a new model are made.
type Networks struct {
	Hidden []int       // sizes of the hidden layers
	Act    Activation  // between the layers; "": Tanh
	Init   Init        // of the weights; "": Torch
	Src    rand.Source // of the weights; nil: PCG(0, 0)
	Masses []float64   // of each coordinate, for models that know them; one for all; nil: 1

	Structure Structure // of a Port: what is known before the fit
}

// New returns a network with the given numbers of inputs and outputs, its weights drawn.
// The last layer has no bias.
func (n *Networks) New(in, out int) (*MLP, error) {
	if n.Src == nil {
		n.Src = rand.NewPCG(0, 0)
	}
	if n.Act == "" {
		n.Act = Tanh
	}
	if n.Init == "" {
		n.Init = Torch
	}
	m, err := NewMLP(n.Act, false, append(append([]int{in}, n.Hidden...), out)...)
	if err != nil {
		return nil, err
	}
	return m, m.Init(n.Init, n.Src)
}

// find returns the row of a table with the given name.
func find[T any](table []T, what, name string, of func(T) string) (T, error) {
	var names []string
	for _, row := range table {
		if of(row) == name {
			return row, nil
		}
		names = append(names, of(row))
	}
	var none T
	return none, fmt.Errorf("nn: no %s is called %q: want one of %v", what, name, names)
}

// KindOf returns the row of Kinds with the given name.
func KindOf(name string) (Kind, error) {
	return find(Kinds(), "kind of model", name, func(k Kind) string { return k.Name })
}

// checkModel reports what is wrong with a model.
func checkModel(m Model) error {
	if absent(m) {
		return errors.New("no model")
	}
	if s, ok := m.(interface{ Check() error }); ok {
		if err := s.Check(); err != nil {
			return err
		}
	}
	if n := m.Dim(); n < 2 || n%2 != 0 {
		return fmt.Errorf("states of %d numbers: want pairs of q and p", n)
	}
	return nil
}

// absent reports whether v is nil, or an interface that holds a nil pointer.
func absent(v any) bool {
	if v == nil {
		return true
	}
	r := reflect.ValueOf(v)
	return (r.Kind() == reflect.Pointer || r.Kind() == reflect.Func || r.Kind() == reflect.Map) && r.IsNil()
}
