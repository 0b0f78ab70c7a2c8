package system

import (
	"slices"

	"hnn/autodiff"
	"hnn/autodiff/formula"
	"hnn/integrate"
)

// An open system loses energy to friction or is driven by an input u(t):
//
//	ẋ = (J − R) ∇H + G u(t),    R = diag(r) ⪰ 0,    x = [q…, p…]
//
// so that dH/dt = −∇Hᵀ R ∇H + yᵀu with the output y = Gᵀ∇H. On a momentum, r is the constant of
// a friction r q̇. On a coordinate it is what a mechanical system does not have, such as a
// leak of charge.
//
// Source: van der Schaft and Jeltsema, Port-Hamiltonian Systems Theory (2014), eq. 2.31.
type open struct {
	friction []string // r of each coordinate and momentum, expressions of parameters; nil: all 0
	gain     []string // G, likewise
	input    string   // u, an expression of t and parameters; "": none

	r, g []float64
	u    *formula.Formula
}

// Closed tells whether the system keeps its energy: it has no friction and no input.
func (s *System) Closed() bool { return s.friction == nil && s.input == "" }

// Friction returns r of each number of a state, and Gain G, as they are written; nil: all 0.
func (s *System) Friction() []string { return slices.Clone(s.friction) }

// Gain returns G, see Friction.
func (s *System) Gain() []string { return slices.Clone(s.gain) }

// Input returns the text of u, an expression of t and parameters, "" if there is none.
func (s *System) Input() string { return s.input }

// NewInput returns u(t), nil if there is none. It serves one goroutine.
func (s *System) NewInput() func(t float64) float64 {
	if s.u == nil {
		return nil
	}
	value, at := s.u.NewValue(), make([]float64, 1)
	return func(t float64) float64 {
		at[0] = t
		return value(at)
	}
}

// texts returns the expressions of parameters.
func (o *open) texts() []string {
	all := slices.Concat(o.friction, o.gain)
	if o.input != "" {
		all = append(all, o.input)
	}
	return all
}

// bindOpen gives the parameters of friction, gain and input their values.
func (s *System) bindOpen() error {
	number := func(text string) (float64, error) {
		f, err := s.compile(text, nil)
		if err != nil {
			return 0, err
		}
		return f.NewValue()(nil), nil
	}
	s.r, s.g, s.u = nil, nil, nil
	for _, list := range []struct {
		texts []string
		to    *[]float64
	}{{s.friction, &s.r}, {s.gain, &s.g}} {
		for _, text := range list.texts {
			v, err := number(text)
			if err != nil {
				return err
			}
			*list.to = append(*list.to, v)
		}
	}
	for i, v := range s.r {
		if v < 0 {
			return wrong("set", "the friction %s is %v: want a number from 0 up", s.friction[i], v)
		}
	}
	if s.input == "" {
		return nil
	}
	var err error
	s.u, err = s.compile(s.input, []string{"t"})
	return err
}

// damped adds −R∇H to the columns of J∇H, which has ∇H = [−ṗ, q̇].
func (s *System) damped(x autodiff.Var) autodiff.Var {
	f := s.h.Field(x)
	if s.r == nil {
		return f
	}
	d := len(s.Q)
	var all autodiff.Var
	for i := range s.r {
		c := autodiff.Slice(f, i, i+1)
		other := autodiff.Slice(f, (i+d)%(2*d), (i+d)%(2*d)+1)
		if r := s.r[i]; r != 0 && i < d {
			c = autodiff.Add(c, autodiff.Scale(other, r))
		} else if r != 0 {
			c = autodiff.Sub(c, autodiff.Scale(other, r))
		}
		if i == 0 {
			all = c
		} else {
			all = autodiff.Concat(all, c)
		}
	}
	return all
}

// newOpenField compiles (J − R)∇H + Gu(t) at one state. It has the bits of damped where u is 0.
func (s *System) newOpenField() integrate.Field {
	conservative, u, d := s.h.NewField(), s.NewInput(), len(s.Q)
	f := make([]float64, s.Dim())
	return func(dydt []float64, t float64, y []float64) {
		conservative(f, t, y)
		copy(dydt, f)
		for i, r := range s.r {
			switch {
			case r == 0:
			case i < d:
				dydt[i] += float64(f[i+d] * r)
			default:
				dydt[i] -= float64(f[i-d] * r)
			}
		}
		if u == nil {
			return
		}
		v := u(t)
		for i, g := range s.g {
			if g != 0 {
				dydt[i] += float64(g * v)
			}
		}
	}
}
