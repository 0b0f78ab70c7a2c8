package nn

import (
	"bytes"
	"context"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"hnn/autodiff"
	"hnn/autodiff/random"
	"hnn/integrate"
)

// driven returns runs of q̈ = −k q − c q̇ + g u(t) + f with noise σ in q and p, and held inputs that
// jump at each fifth row.
func drivenSwing(runs, rows int, k, c, g, f, sigma float64, seed uint64) *Series {
	src := rand.NewPCG(seed, 7)
	s := &Series{X: autodiff.NewMatrix(runs*rows, 2), U: autodiff.NewMatrix(runs*rows, 1), Between: HeldInput}
	for run := range runs {
		s.Starts = append(s.Starts, len(s.T))
		x, u := []float64{1 - 0.3*float64(run), 0.2}, 0.
		for i := range rows {
			r := len(s.T)
			if i%5 == 0 {
				u = random.Normal(src)
			}
			s.T, s.U.Data[r] = append(s.T, 0.1*float64(i)), u
			s.X.Row(r)[0], s.X.Row(r)[1] = x[0]+sigma*random.Normal(src), x[1]+sigma*random.Normal(src)
			sol, err := integrate.Solve(func(dy []float64, _ float64, y []float64) {
				dy[0], dy[1] = y[1], -k*y[0]-c*y[1]+g*u+f
			}, 0, 0.1, x, integrate.Options{RTol: []float64{1e-10}, ATol: []float64{1e-12}})
			if err != nil {
				panic(err)
			}
			x = sol.Y[len(sol.Y)-1]
		}
	}
	return s
}

func newPort(t *testing.T, s *Series, scaled bool, how Structure) *Port {
	t.Helper()
	var scale *Scaling
	if scaled {
		var err error
		if scale, err = (Shooting{}).Scaling(s); err != nil {
			t.Fatal(err)
		}
	}
	m, err := makePort(&Networks{Hidden: []int{6}, Src: rand.NewPCG(1, 2), Structure: how}, s, scale)
	if err == nil {
		err = m.Check()
	}
	if err != nil {
		t.Fatal(err)
	}
	return m.(*Port)
}

// A network in a typed D is measured in s(p)²/τ: in other units of the momenta it gives the same motion.
func TestDissipationUnit(t *testing.T) {
	s := drivenSwing(1, 60, 1.3, 0.2, 0, 0, 0.01, 1)
	want := 0.
	for _, unit := range []float64{1, 1000} {
		x := &Series{T: s.T, X: autodiff.NewMatrix(s.Rows(), 2)}
		for r := range s.Rows() {
			x.X.Row(r)[0], x.X.Row(r)[1] = s.X.At(r, 0), unit*s.X.At(r, 1)
		}
		m := newPort(t, x, true, Structure{H: "net(q,p)", Friction: "net(p)"})
		force := Evaluate(m.Dissipative, x.X).At(20, 1) / unit
		if unit == 1 {
			want = force
		} else if math.Abs(force-want) > 1e-9*math.Abs(want) {
			t.Errorf("friction %v, want %v as in other units", force, want)
		}
		scale, err := Shooting{}.Scaling(x)
		if err != nil {
			t.Fatal(err)
		}
		sp := scale.S.Data[1]
		if out, want := m.network("net(p)").Out.Data[0], sp*sp/scale.Tau; math.Abs(out-want) > 1e-12*want {
			t.Errorf("D in units of %v, want %v", out, want)
		}
	}
}

// twoPairs is a series of two pairs and two inputs, of random numbers.
func twoPairs() *Series {
	src := rand.NewPCG(3, 3)
	s := &Series{X: autodiff.NewMatrix(40, 4), U: autodiff.NewMatrix(40, 2)}
	for i := range 40 {
		u := 0.1 * float64(i)
		s.T = append(s.T, u)
		copy(s.X.Row(i), []float64{math.Sin(u), 2 * math.Cos(u), 3 * math.Cos(u), -math.Sin(u)})
		s.U.Row(i)[0], s.U.Row(i)[1] = random.Normal(src), 5*random.Normal(src)
	}
	return s
}

// The field of a typed system with friction and inputs is that which is written out.
func TestPortField(t *testing.T) {
	s := twoPairs()
	m := newPort(t, s, false, Structure{H: "p0^2/(2*m) + p1^2/2 + k*q0^2/2 + a*(1-cos(q1-q0))", Inputs: []string{"u", "w"},
		Set: map[string]float64{"a": 3}, Fit: map[string]float64{"m": 2, "k": 5}, Positive: []string{"m"}, Friction: "each"})
	set := func(name string, theta float64) { m.constant(name).Theta.Data[0] = theta }
	set("friction_p0", 0.5)
	set("friction_p1", -0.3)
	for i, name := range []string{"gain_p0_u", "gain_p0_w", "gain_p1_u", "gain_p1_w"} {
		set(name, float64(i+1))
	}
	x, u := []float64{0.3, -0.4, 0.7, 1.1}, []float64{2, -0.5}
	f := Func(func(z autodiff.Var) autodiff.Var {
		return m.Drive(autodiff.Slice(z, 0, 4), autodiff.Slice(z, 4, 6))
	}, 6)
	got := make([]float64, 4)
	f(got, append(append([]float64{}, x...), u...))
	unit := func(name string) float64 { return m.constant(name).Unit }
	sin := math.Sin(-0.7)
	want := []float64{0.7 / 2, 1.1,
		-5*0.3 + 3*sin - 0.25*unit("friction_p0")*0.35 + unit("gain_p0_u")*2 + 2*unit("gain_p0_w")*-0.5,
		-3*sin - 0.09*unit("friction_p1")*1.1 + 3*unit("gain_p1_u")*2 + 4*unit("gain_p1_w")*-0.5}
	for i := range want {
		if math.Abs(got[i]-want[i]) > 1e-13 {
			t.Errorf("component %d: %v, want %v", i, got[i], want[i])
		}
	}
	if m.Separable() {
		t.Error("a system with friction is separable")
	}
}

// Whatever the weights, R is symmetric and positive, dH/dt ≤ yᵀu, and the balance of energy
// is complete. Without friction and inputs H does not change.
func TestPortPassive(t *testing.T) {
	s := twoPairs()
	src := rand.NewPCG(8, 8)
	for _, how := range []Structure{
		{Gain: "net"}, {Friction: "constant", Gain: "net"}, {Friction: "each", Gain: "net"}, {Friction: "net", Gain: "net"},
		{Friction: "c*(p0^2+p1^4)/2", Gain: "net"},
		{Friction: "constant:q0,q1", Gain: "net:q1"}, {Friction: "each:all", Gain: "constant:all"}, {Friction: "net:all", Gain: "net:p1,q0"},
		{Friction: "net:p1,q0", Gain: "1:q1"}, {Friction: "c*(2*q0^2+p1^2):q0,p1"},
	} {
		friction := how.Friction
		if how.H = "p0^2/2+p1^2/2+net(q0,q1)+net1(q0)*net1(q1)"; strings.HasSuffix(friction, "q0,p1") {
			how.H = "p0^2/2+p1^2/2+q0^2/2+q1^2" // of which D is a dissipation
		}
		if how.Inputs = []string{"u", "w"}; strings.HasPrefix(friction, "c*") {
			how.Fit = map[string]float64{"c": 0.1}
		}
		m := newPort(t, s, true, how)
		on := m.friction().on
		for range 5 {
			for _, w := range m.Params() {
				for i := range w.Data {
					w.Data[i] = 2 * random.Normal(src)
				}
			}
			power := Power(m, s.X, s.U)
			for r := range power.Rows {
				dh, lost, in := power.At(r, 0), power.At(r, 1), power.At(r, 2)
				size := math.Abs(dh) + math.Abs(lost) + math.Abs(in) + 1
				if math.Abs(dh-(in-lost)) > 1e-12*size || lost < -1e-13*size || friction == "" && lost != 0 {
					t.Fatalf("friction %q: dH/dt %v, dissipated %v, supplied %v", friction, dh, lost, in)
				}
			}
			r, err := m.Resistance(s.X.Row(3))
			if err != nil {
				if !m.friction().typed() {
					t.Error(err)
				}
				continue
			}
			grad := Evaluate(m.Conservative, s.X).Row(3) // [∂H/∂p, −∂H/∂q]
			rate, v, along := Evaluate(m.Dissipative, s.X).Row(3), make([]float64, 4), 0.
			for i := range 4 {
				v[i] = random.Normal(src)
			}
			for i := range 4 {
				want := 0.
				for j := range 4 {
					effort := grad[(j+2)%4]
					if j < 2 {
						effort = -effort
					}
					want -= r.At(i, j) * effort
					along += v[i] * r.At(i, j) * v[j]
					if r.At(i, j) != r.At(j, i) || r.At(i, j) != 0 && !(slices.Contains(on, i) && slices.Contains(on, j)) {
						t.Errorf("friction %q: R is %v", friction, r.Data)
					}
				}
				if math.Abs(rate[i]-want) > 1e-12*(1+math.Abs(want)) {
					t.Errorf("friction %q: the rate of component %d is %v, −R∇H is %v", friction, i, rate[i], want)
				}
			}
			if along < -1e-12 {
				t.Errorf("friction %q: vᵀRv is %v", friction, along)
			}
			if strings.HasPrefix(friction, "net") && r.At(on[0], on[1]) == 0 {
				t.Error("R of a network is diagonal")
			}
		}
	}
}

// Friction and inputs of coordinates: the field is that which is written out.
func TestPortStates(t *testing.T) {
	s := twoPairs()
	m := newPort(t, s, true, Structure{H: "p0^2/2+p1^2+2*q0^2+q1^2/2", Inputs: []string{"u", "w"}, Friction: "each:q1,p0", Gain: "constant:q0,p1"})
	value := func(name string) float64 { return m.constant(name).Value() }
	for i, name := range []string{"friction_q1", "friction_p0", "gain_q0_u", "gain_q0_w", "gain_p1_u", "gain_p1_w"} {
		m.constant(name).Theta.Data[0] = 0.3 + 0.1*float64(i)
	}
	x, u := []float64{0.3, -0.4, 0.7, 1.1}, []float64{2, -0.5}
	f := Func(func(z autodiff.Var) autodiff.Var {
		return m.Drive(autodiff.Slice(z, 0, 4), autodiff.Slice(z, 4, 6))
	}, 6)
	got := make([]float64, 4)
	f(got, append(slices.Clone(x), u...))
	want := []float64{0.7 + 2*value("gain_q0_u") - 0.5*value("gain_q0_w"), 2.2 + 0.4*value("friction_q1"),
		-1.2 - 0.7*value("friction_p0"), 0.4 + 2*value("gain_p1_u") - 0.5*value("gain_p1_w")}
	for i := range want {
		if math.Abs(got[i]-want[i]) > 1e-13 {
			t.Errorf("component %d: %v, want %v", i, got[i], want[i])
		}
	}
	if _, err := m.Canonical(s); err == nil || !strings.Contains(err.Error(), "friction or inputs move coordinates") {
		t.Errorf("velocities: %v", err)
	}
	// In other units of the coordinates the constants start from the same motion.
	wide := &Series{T: s.T, X: autodiff.NewMatrix(40, 4), U: s.U}
	for r := range 40 {
		for j, v := range s.X.Row(r) {
			wide.X.Row(r)[j] = v * []float64{1000, 1000, 1, 1}[j]
		}
	}
	for _, friction := range []string{"each:q1,p0", "net:q1,p0"} {
		how := Structure{H: "net(q0,q1,p0,p1)", Inputs: []string{"u", "w"}, Friction: friction, Gain: "constant:q0"}
		a, b := newPort(t, s, true, how), newPort(t, wide, true, how)
		a.constant("gain_q0_u").Theta.Data[0], b.constant("gain_q0_u").Theta.Data[0] = 1, 1
		p, q := Derivative(a, s), Derivative(b, wide)
		for r := range 40 {
			for j := range 4 {
				if got := q.At(r, j) / []float64{1000, 1000, 1, 1}[j]; math.Abs(got-p.At(r, j)) > 1e-9*(1+math.Abs(got)) {
					t.Fatalf("%s: row %d, component %d: %v, in other units %v", friction, r, j, p.At(r, j), got)
				}
			}
		}
	}
}

// The gradients of all objectives go through inputs, friction and gain: they are those of
// differences.
func TestPortGradients(t *testing.T) {
	s := drivenSwing(2, 25, 1.3, 0.2, 0.7, 0.1, 0.01, 1)
	for _, how := range []Structure{
		{H: "p^2/(2*m)+net(q)+k*q^2", Fit: map[string]float64{"m": 1.1, "k": 0.3}, Positive: []string{"m"}, Inputs: []string{"u"}, Friction: "constant"},
		{Inputs: []string{"u"}, Friction: "net", Gain: "net"},
		{Inputs: []string{"u"}, Friction: "net:all", Gain: "net:q"},
		{H: "p^2/2+net(q)", Fit: map[string]float64{"c": 0.1}, Inputs: []string{"u"}, Friction: "c*(q^2+p^2):p,q", Gain: "constant:all"},
		{H: "p^2/2+k*q^2/2", Fit: map[string]float64{"k": 1, "c": 0.1}, Inputs: []string{"u"}, Friction: "c*p^2/2", Gain: "0.5"},
	} {
		for _, between := range []Interpolation{LinearInput, HeldInput, CubicInput} {
			s.Between = between
			for _, o := range Objectives() {
				objective := o.New(Comparison{Stride: 2, Segment: 0.8})
				if o.Name == "derivatives" {
					objective = Derivatives{From: Midpoint}
				}
				scale, err := objective.Scaling(s)
				if err != nil {
					t.Fatal(err)
				}
				m := newPort(t, s, true, how)
				p, err := objective.Problem(m, s, scale, 2)
				if err != nil {
					t.Fatal(err)
				}
				p.Eval(nil, true)
				for i, w := range p.Params() {
					grad := append([]float64(nil), p.Grads()[i].Data...)
					j := len(w.Data) / 2
					was := w.Data[j]
					const e = 1e-4
					at := func(v float64) float64 { w.Data[j] = was + v; return p.Eval(nil, false) }
					want := (8*(at(e)-at(-e)) - (at(2*e) - at(-2*e))) / (12 * e)
					w.Data[j] = was
					if math.Abs(grad[j]-want) > 1e-8*(1+math.Abs(want)) {
						t.Errorf("%s %s, %s, parameter %d: %v, differences say %v", how.H, between, o.Name, i, grad[j], want)
					}
					p.Eval(nil, true)
				}
				p.(interface{ Close() }).Close()
			}
		}
	}
}

// fitPort fits a typed system in the way of the program.
func fitPort(t *testing.T, s *Series, how Structure, segments ...float64) *Fitted {
	t.Helper()
	k, err := KindOf("port")
	if err != nil {
		t.Fatal(err)
	}
	var stages []Optimizer
	for i, length := range segments {
		var o Optimizer = &LBFGS{Iterations: 60}
		if i == len(segments)-1 && !strings.Contains(how.H, "net") {
			o = &Marquardt{Iterations: 50}
		}
		stages = append(stages, Stage{o, Shooting{Segment: length}})
	}
	f, err := Fit(context.Background(), s, Recipe{Model: k.Maker(Networks{Hidden: []int{6}, Structure: how}), Stages: stages, Workers: 2})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// atZero is a stage that leaves the first friction at 0.
type atZero struct{ Optimizer }

func (z atZero) Minimize(_ context.Context, p Problem, _ func(Epoch) error) error {
	p.Params()[1].Data[0] = 1e-9
	return nil
}

// A square that a stage leaves at 0 does not hold the next one there, nor the other unknowns.
func TestRestart(t *testing.T) {
	s := drivenSwing(1, 60, 1.3, 0.2, 0, 0, 0.01, 1)
	k, err := KindOf("port")
	if err != nil {
		t.Fatal(err)
	}
	how := Structure{H: "p^2/2+k*q^2/2", Fit: map[string]float64{"k": 1.2}, Friction: "constant"}
	f, err := Fit(context.Background(), s, Recipe{Model: k.Maker(Networks{Structure: how}), Objective: Shooting{Segment: 3},
		Stages: []Optimizer{atZero{&Marquardt{}}, &Marquardt{Iterations: 50}}, Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	early, err := Fit(context.Background(), s, Recipe{Model: k.Maker(Networks{Structure: how}), Objective: Shooting{Segment: 3},
		Stages: []Optimizer{atZero{&Marquardt{}}}, Workers: 1})
	if err != nil || !strings.Contains(strings.Join(early.Found.Notes, "\n"), "the fit has not ended: friction is ") {
		t.Errorf("%v, %+v", err, early.Found)
	}
	for i, want := range []float64{1.3, 0.2} {
		if c := f.Found.Constants[i]; !(math.Abs(c.Value-want) < 4*c.Error) || !(c.Error < 0.02) {
			t.Errorf("%s is %v ± %v, want %v", c.Name, c.Value, c.Error, want)
		}
	}
}

// A model with all parts is saved, loaded and copied to the same bits.
func TestPortFile(t *testing.T) {
	s := twoPairs()
	m := newPort(t, s, true, Structure{H: "p0^2/(2*m)+p1^2/2+k*net(q0,q1)+net1(cos(q0),p0*q1)", Inputs: []string{"u", "w"}, Gain: "net", Friction: "net",
		Set: map[string]float64{"m": 2}, Fit: map[string]float64{"k": -3}})
	file := save(t, m)
	loaded, _, err := Load(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(save(t, loaded), file) {
		t.Error("the file of a loaded model differs")
	}
	if a, b := Derivative(m, s), Derivative(loaded.(Field), s); !sameBits(a.Data, b.Data) {
		t.Error("a loaded model moves otherwise")
	}
	for _, broken := range []func(m *Port){
		func(m *Port) { m.Hamiltonian = "p0^2+" },
		func(m *Port) { m.Hamiltonian = "p0^2+net(q0)" },
		func(m *Port) { m.Networks = m.Networks[1:] },
		func(m *Port) { m.Networks[0].S.Data[0] = 0 },
		func(m *Port) { m.Networks[0].Mu = nil },
		func(m *Port) { m.Constants[0].Form = "odd" },
		func(m *Port) { m.Constants[1].Theta = nil },
		func(m *Port) { m.Constants = append(m.Constants, m.Constants[0]) },
		func(m *Port) { m.InputNames = []string{"u"} },
		func(m *Port) { m.Names = []string{"q0", "q0", "p0", "p1"} },
		func(m *Port) { m.Names = m.Names[:3] },
		func(m *Port) { m.Friction = "constant" },
		func(m *Port) { m.Gain = "constant" },
	} {
		c, err := Clone(m)
		if err != nil {
			t.Fatal(err)
		}
		broken(c.(*Port))
		if err := c.Check(); err == nil {
			t.Errorf("no error for %+v", c)
		}
	}
}

// What does not fit is refused with its name.
func TestPortRefuses(t *testing.T) {
	s := drivenSwing(1, 30, 1.3, 0.2, 0.7, 0.1, 0.01, 1)
	still := drivenSwing(1, 30, 1.3, 0.2, 0.7, 0.1, 0.01, 1)
	for i := range still.U.Data {
		still.U.Data[i] = 2
	}
	one := map[string]float64{"k": 1}
	for _, c := range []struct {
		s    *Series
		how  Structure
		want string
	}{
		{s, Structure{H: "p^2/2+foo*q"}, "unknown name \"foo\": want one of q, p"},
		{s, Structure{H: "p^2/2+q^2", Fit: one}, "fit: the constant k is not used"},
		{s, Structure{H: "p^2/2+q^2", Set: one}, "set: the constant k is not used"},
		{s, Structure{H: "p^2/2+k*q^2", Set: one, Fit: one}, "both known and to be fitted"},
		{s, Structure{H: "p^2/2+k*q^2", Fit: map[string]float64{"k": -1}, Positive: []string{"k"}}, "want a start above 0"},
		{s, Structure{H: "p^2/2+k*q^2", Set: one, Positive: []string{"k"}}, "want one of fit"},
		{s, Structure{H: "p^2/2+q^2", Fit: map[string]float64{"q": 1}}, "component of the state"},
		{s, Structure{H: "p^2/2+k*q^2", Set: one, Friction: "c*p^2"}, "unknown name \"c\""},
		{s, Structure{H: "p^2/2+k*q^2", Set: one, Friction: "c*p^2", Fit: map[string]float64{"c": 0}}, "want a start above 0"},
		{s, Structure{H: "p^2/2+net(q-q)"}, "argument 1 of net(q-q) does not vary"},
		{s, Structure{H: "net1(q)+net1(q,p)"}, "called with"},
		{s, Structure{H: "p^2/2+nut(q)"}, "unknown function"},
		{s, Structure{Friction: "constnat"}, "no friction is called \"constnat\": want none, constant, each, net or an expression in p"},
		{s, Structure{Friction: "q"}, "no friction is called \"q\": want none, constant, each, net or an expression in p; to name the states that it acts on, each:q"},
		{s, Structure{Friction: ":q"}, "no form before the colon: want one, as in each:all"},
		{s, Structure{Friction: "0.1*q^2"}, "has none of p, so it takes nothing"},
		{s, Structure{Friction: "each:z"}, `"each:z" acts on the state "z": want all, or some of q,p, each once`},
		{s, Structure{Friction: "net:q,q"}, `acts on the state "q"`},
		{s, Structure{Friction: "each:"}, `acts on the state ""`},
		{s, Structure{Friction: "constant:all"}, "one number for coordinates and for momenta has no unit: want each:all"},
		{s, Structure{Friction: "none:q"}, `no friction is called "none"`},
		{s, Structure{Inputs: []string{"u"}, Gain: "constant:u"}, `acts on the state "u"`},
		{s, Structure{Inputs: []string{"u"}, Gain: "big"}, "no gain is called"},
		{s, Structure{H: "p^2/2+u*q", Inputs: []string{"u"}}, "unknown name \"u\": it is an input"},
		{s, Structure{H: "p^2/2+u*q", Fit: map[string]float64{"u": 1}, Inputs: []string{"u"}}, "u is an input and no constant"},
		{s, Structure{H: "p^2/2+friction*q", Fit: map[string]float64{"friction": 1}, Friction: "constant"}, "the constant friction has the name of one of friction or gain"},
		{s, Structure{Inputs: []string{"u", "w"}}, "want a column"},
		{still, Structure{Inputs: []string{"u"}}, "input u is 2 in all rows"},
	} {
		_, err := makePort(&Networks{Hidden: []int{4}, Structure: c.how}, c.s, nil)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v, want %q", c.how, err, c.want)
		}
	}
	m := newPort(t, s, false, Structure{Inputs: []string{"u"}})
	bare := *s
	bare.U = nil
	for _, o := range Objectives() {
		if _, err := o.New(Comparison{}).Problem(m, &bare, nil, 1); err == nil || !strings.Contains(err.Error(), "want them in U") {
			t.Errorf("%s: %v", o.Name, err)
		}
	}
	bare.U = &autodiff.Matrix{Rows: s.Rows(), Cols: 1, Data: append([]float64{math.NaN()}, s.U.Data[1:]...)}
	if err := bare.Check(); err == nil || !strings.Contains(err.Error(), "row 0, input 0 is NaN") {
		t.Error(err)
	}
}

// Separable systems have halves with the numbers of their field.
func TestHalves(t *testing.T) {
	s := swing()
	for text, want := range map[string]bool{"net(p)+net(q)": true, "p^2/(2*m)+net(q)": true, "net(q,p)": false, "p^2/2+q*p": false, "net1(q)*m+3*net2(p)": true, "p^2/2*net(q)": false} {
		how := Structure{H: text}
		if strings.Contains(text, "m") {
			how.Fit = map[string]float64{"m": 2}
		}
		m := newPort(t, s, true, how)
		if m.Separable() != want {
			t.Errorf("%s: separable is %v", text, !want)
		}
		if !want {
			continue
		}
		if n := len(m.Networks); text == "net(p)+net(q)" && n != 2 {
			t.Errorf("%s has %d networks", text, n)
		}
		velocity, force := NewHalves(m)
		x := []float64{0.3, -0.8}
		both, got := make([]float64, 2), make([]float64, 2)
		NewField(m)(both, 0, x)
		velocity(got[:1], x[1:])
		force(got[1:], x[:1])
		if !sameBits(both, got) {
			t.Errorf("%s: halves %v, field %v", text, got, both)
		}
	}
}

// Known makes the same model again: the same parts, and constants with the values that they have.
func TestPortKnown(t *testing.T) {
	s := &Series{X: &autodiff.Matrix{Rows: 3, Cols: 2, Data: []float64{0, 1, 1, 0, 2, -1}}, U: &autodiff.Matrix{Rows: 3, Cols: 1, Data: []float64{1, 2, 4}}}
	n := &Networks{Structure: Structure{H: "p^2/(2*m) + k*q^2 + a*q", Inputs: []string{"u"}, Set: map[string]float64{"m": 2}, Fit: map[string]float64{"k": 3, "a": -1},
		Positive: []string{"k"}, Friction: "c*p^2/2", Gain: "1.5"}}
	n.Structure.Fit["c"] = 0.2
	m, err := makePort(n, s, nil)
	if err != nil {
		t.Fatal(err)
	}
	p := m.(*Port)
	p.constant("k").Theta.Data[0] = 0.5
	p.constant("c").Theta.Data[0] = 0
	got, want := p.Known(), n.Structure
	want.Names = []string{"q", "p"}
	want.Fit = map[string]float64{"k": p.constant("k").Value(), "a": -1, "c": 0.2} // c is 0, where no fit can begin
	if !reflect.DeepEqual(got, want) || got.Fit["k"] == 3 {
		t.Errorf("%+v, want %+v", got, want)
	}
	if _, err := makePort(&Networks{Structure: got}, s, nil); err != nil {
		t.Error(err)
	}
}
