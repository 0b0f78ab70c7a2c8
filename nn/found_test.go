package nn

import (
	"context"
	"math"
	"strings"
	"testing"
)

// The constants of a damped driven oscillator come back within their standard errors, which
// are of the right size: of 12 draws the mean square of error/standard error is about 1.
func TestPortConstants(t *testing.T) {
	want := map[string]float64{"k": 1.3, "friction": 0.2, "gain": 0.7, "f": 0.1}
	how := Structure{H: "p^2/2+k*q^2/2-f*q", Fit: map[string]float64{"k": 1, "f": 0.01}, Inputs: []string{"u"}, Friction: "constant"}
	square, count := 0., 0.
	for draw := range 12 {
		s := drivenSwing(2, 60, 1.3, 0.2, 0.7, 0.1, 0.03, uint64(draw))
		if draw%2 == 1 { // positions alone
			s.Hidden = []bool{false, true}
		}
		f := fitPort(t, s, how, 1, 3, 0)
		if f.Found == nil || len(f.Found.Constants) != 4 || len(f.Found.Notes) > 0 {
			t.Fatalf("%+v", f.Found)
		}
		for _, c := range f.Found.Constants {
			z := (c.Value - want[c.Name]) / c.Error
			if !(math.Abs(z) < 4) || !(c.Error < 0.1) {
				t.Errorf("draw %d: %s = %v ± %v, want %v", draw, c.Name, c.Value, c.Error, want[c.Name])
			}
			square, count = square+z*z, count+1
		}
		if n := f.Found.Noise[0]; !(n > 0.02 && n < 0.04) || (draw%2 == 1) != (f.Found.Noise[1] != f.Found.Noise[1]) {
			t.Errorf("noise %v", f.Found.Noise)
		}
	}
	if v := square / count; !(v > 0.6 && v < 1.6) {
		t.Errorf("the mean of (error/standard error)² is %v, want 1", v)
	}
}

// A small friction that is many of its errors from 0 is told. One that is not is 0 within its error,
// and is not said to want to be negative.
func TestSmallFriction(t *testing.T) {
	how := Structure{H: "p^2/2+k*q^2/2", Fit: map[string]float64{"k": 1.2}, Friction: "constant"}
	held := 0
	for i, c := range []float64{5e-5, 0, 0, 0} {
		f := fitPort(t, drivenSwing(1, 1000, 1.3, c, 0, 0, 1e-4, uint64(2+i)), how, 3, 0)
		got, notes := f.Found.Constants[1], strings.Join(f.Found.Notes, "\n")
		if c > 0 && (!(math.Abs(got.Value-c) < 4*got.Error) || !(got.Value > 10*got.Error) || notes != "") {
			t.Errorf("friction %v ± %v, want %v: %s", got.Value, got.Error, c, notes)
		}
		if c == 0 && got.Value == 0 && strings.Contains(notes, "friction is 0 within its error: the data want ") {
			held++
		} else if c == 0 && (!(got.Value < 3*got.Error) || notes != "") {
			t.Errorf("friction %v ± %v, want 0: %s", got.Value, got.Error, notes)
		}
	}
	if held == 0 {
		t.Error("no friction was held at 0")
	}
}

// A friction that ends at 0 is told without standard errors too.
func TestFoundAtZero(t *testing.T) {
	k, err := KindOf("port")
	if err != nil {
		t.Fatal(err)
	}
	how := Structure{H: "p^2/2+k*q^2/2", Fit: map[string]float64{"k": 1}, Friction: "constant"}
	for _, c := range []float64{-0.2, 0.2} {
		f, err := Fit(context.Background(), drivenSwing(1, 100, 1.3, c, 0, 0, 1e-3, 1), Recipe{Model: k.Maker(Networks{Structure: how}), Objective: Step{Stride: 1}, Stages: []Optimizer{&LBFGS{Iterations: 100}}, Workers: 1})
		if err != nil {
			t.Fatal(err)
		}
		if said := strings.Contains(strings.Join(f.Found.Notes, " "), "friction is held at 0, where it is smallest"); said != (c < 0) {
			t.Errorf("friction %v: %+v", c, f.Found)
		}
	}
}

// What looks wrong with constants is said, with their names.
func TestFoundNotes(t *testing.T) {
	s := drivenSwing(2, 60, 1.3, 0.2, 0.7, 0.1, 0.01, 1)
	grows := drivenSwing(1, 60, 1.3, -0.03, 0.7, 0.1, 0.01, 1)
	still := *drivenSwing(2, 60, 1.3, 0, 0, 0, 0.01, 1)
	still.Hidden = []bool{false, true}
	hidden := *s
	hidden.Hidden = []bool{false, true}
	for _, c := range []struct {
		s     *Series
		how   Structure
		notes []string
	}{
		{s, Structure{H: "p^2/2+k*q^2/2+0*z*q", Fit: map[string]float64{"k": 1, "z": 3}, Inputs: []string{"u"}, Friction: "constant"}, []string{"z has no influence"}},
		{s, Structure{H: "p^2/2+(a+b)*q^2/2", Fit: map[string]float64{"a": 1, "b": 0.1}, Inputs: []string{"u"}, Friction: "constant"}, []string{"do not determine", "a by 1, b by -1"}},
		{&hidden, Structure{H: "p^2/(2*m)+k*q^2/2", Fit: map[string]float64{"m": 1, "k": 1}, Friction: "constant", Inputs: []string{"u"}}, []string{"do not determine", "m by", "k by 1"}},
		{&still, Structure{H: "(p-a)^2/2+k*q^2/2", Fit: map[string]float64{"k": 1, "a": 0.5}}, []string{"do not determine the constant a", "initial states can take its place"}},
		{grows, Structure{H: "p^2/2+k*q^2/2-f*q", Fit: map[string]float64{"k": 1, "f": 0.1}, Inputs: []string{"u"}, Friction: "constant"}, []string{"friction wants to be negative, about -0.0"}},
		{s, Structure{H: "p^2/2+k*q^2/2+net(q)", Fit: map[string]float64{"k": 1}, Inputs: []string{"u"}, Friction: "constant"}, []string{"network can take the place of the constant k"}},
	} {
		f := fitPort(t, c.s, c.how, 1, 0)
		notes := strings.Join(f.Found.Notes, "\n")
		for _, want := range c.notes {
			if !strings.Contains(notes, want) {
				t.Errorf("%s: %q, want %q\n%+v", c.how.H, notes, want, f.Found.Constants)
			}
		}
	}
	k, err := KindOf("port")
	if err != nil {
		t.Fatal(err)
	}
	how := Structure{H: "p^2/2+a*q^2/2+b*(q^2+1e-6*q^4)/2", Fit: map[string]float64{"a": 1, "b": 0.3}}
	f, err := Fit(context.Background(), &still, Recipe{Model: k.Maker(Networks{Structure: how}), Objective: Shooting{}, Stages: []Optimizer{&Marquardt{}}})
	if err != nil || len(f.Found.Notes) != 2 || !strings.Contains(f.Found.Notes[1], "do not determine the constant b") || !strings.Contains(f.Found.Notes[1], "hardly depends on it") {
		t.Errorf("%v, %+v", err, f.Found)
	}
}

// A stage that leaves segments out leaves their initial states at first guesses. They are fitted before
// anything is said of errors.
func TestFoundOfSubset(t *testing.T) {
	k, err := KindOf("port")
	if err != nil {
		t.Fatal(err)
	}
	var errors [2]float64
	for i, subset := range []int{0, 20} {
		f, err := Fit(context.Background(), drivenSwing(1, 600, 1.3, 0, 0, 0, 1e-6, 1), Recipe{
			Model: k.Maker(Networks{Structure: Structure{H: "p^2/2+k*q^2/2", Fit: map[string]float64{"k": 1.2}}}), Objective: Shooting{Segment: 1},
			Stages: []Optimizer{&LBFGS{Iterations: 100, Subset: subset}}, Workers: 1})
		if err != nil {
			t.Fatal(err)
		}
		errors[i] = f.Found.Constants[0].Error
	}
	if !(errors[1] < 3*errors[0]) {
		t.Errorf("standard errors %v of all segments, %v after a fit of twenty", errors[0], errors[1])
	}
}
