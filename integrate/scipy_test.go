package integrate

import (
	"encoding/json"
	"flag"
	"math"
	"strings"
	"testing"
)

var long = flag.Bool("long", false, "run the tests that take more than seconds")

// scipyFile is testdata/ode_scipy.json.
type scipyFile map[string]struct {
	Figures []struct {
		figure
		ID string
	}
	Dense []struct {
		ID         string
		RTol, ATol float64
		NFev       int
		NFevTEval  int     `json:"nfev_t_eval"`
		Error      float64 `json:"err_max_abs"`
		T          []float64
		Y          [][]float64
	}
	Events []struct {
		ID         string
		RTol, ATol float64
		NFev       int
		T          []float64
	}
}

func loadSciPy(t testing.TB) scipyFile {
	var raw map[string]any
	load(t, "ode_scipy.json", &raw)
	delete(raw, "what")
	b, err := json.Marshal(raw)
	if err != nil {
		t.Fatal(err)
	}
	f := scipyFile{}
	if err := json.Unmarshal(b, &f); err != nil {
		t.Fatal(err)
	}
	return f
}

func linspace(a, b float64, n int) []float64 {
	v := make([]float64, n)
	for i := range v {
		v[i] = a + float64(float64(i)*((b-a)/float64(n-1)))
	}
	v[n-1] = b
	return v
}

// TestSciPyMethods compares steps, evaluations and errors of RK23 and DOP853 with SciPy's, and the cost of dense output,
// TEval and events with all three methods.
func TestSciPyMethods(t *testing.T) {
	c, file := loadCases(t), loadSciPy(t)
	for _, m := range adaptiveMethods {
		for _, fig := range file[m.String()].Figures {
			if fig.NFev > 100000 && !*long {
				continue
			}
			p := c.find(t, fig.ID)
			f, _ := p.compile(t)
			checkFigure(t, m, f, p, fig.figure)
		}
		for _, d := range file[m.String()].Dense {
			p := c.find(t, d.ID)
			f, _ := p.compile(t)
			o := Options{Method: m, RTol: []float64{d.RTol}, ATol: []float64{d.ATol}, Dense: true}
			s, err := Solve(f, p.T0, p.T1, p.Y0, o)
			if err != nil || s.NFev != d.NFev {
				t.Fatalf("%v/%s: nfev %d with dense output, SciPy has %d, error %v", m, d.ID, s.NFev, d.NFev, err)
			}
			worst := 0.
			for i, y := range s.Dense.AtAll(d.T) {
				worst = max(worst, maxDiff(y, d.Y[i])/max(1, maxAbs(d.Y[i])))
			}
			if worst > 1e-10 && m != DOP853 && d.ID != "lorenz_10" && d.ID != "arenstorf_17" {
				t.Errorf("%v/%s: dense output differs from SciPy's by %g", m, d.ID, worst)
			}
			all := linspace(p.T0, p.T1, 401)
			var few []float64
			for i := 0; i < 401; i += 100 {
				few = append(few, all[i])
			}
			o.Dense, o.TEval = false, few
			e, err := Solve(f, p.T0, p.T1, p.Y0, o)
			if err != nil || e.NFev != d.NFevTEval || e.Accepted != s.Accepted || e.Rejected != s.Rejected {
				t.Errorf("%v/%s: nfev %d with TEval, SciPy has %d, error %v", m, d.ID, e.NFev, d.NFevTEval, err)
			}
			for i, y := range s.Dense.AtAll(few) {
				if e.T[i] != few[i] || maxDiff(y, e.Y[i]) != 0 {
					t.Errorf("%v/%s: TEval and Dense differ at %v", m, d.ID, few[i])
				}
			}
		}
		for _, d := range file[m.String()].Events {
			p := c.find(t, d.ID)
			f, event := p.compile(t)
			o := Options{Method: m, RTol: []float64{d.RTol}, ATol: []float64{d.ATol}, Events: []Event{{G: event("y0")}}}
			s, err := Solve(f, p.T0, p.T1, p.Y0, o)
			if err != nil || s.NFev != d.NFev || len(s.TEvents[0]) != len(d.T) {
				t.Fatalf("%v/%s: nfev %d and %d events, SciPy has %d and %d, error %v",
					m, d.ID, s.NFev, len(s.TEvents[0]), d.NFev, len(d.T), err)
			}
			for i, x := range d.T {
				if math.Abs(x-s.TEvents[0][i]) > 1e-8 {
					t.Errorf("%v/%s: event at %v, SciPy has %v", m, d.ID, s.TEvents[0][i], x)
				}
			}
		}
	}
}

// TestDense is the section "dense_output" of the reference, against the exact solution where there is one in closed
// form and against DOP853 at a small tolerance elsewhere.
func TestDense(t *testing.T) {
	c := loadCases(t)
	for _, d := range c.Dense {
		p := c.find(t, d.Problem)
		f, _ := p.compile(t)
		o := Options{RTol: []float64{d.RTol}, ATol: []float64{d.ATol}, Dense: true}
		s, err := Solve(f, p.T0, p.T1, p.Y0, o)
		if err != nil || s.NFev != d.NFev {
			t.Fatalf("%s: nfev %d, SciPy has %d, error %v", d.Problem, s.NFev, d.NFev, err)
		}
		all := linspace(p.T0, p.T1, 401)
		ref, err := Solve(f, p.T0, p.T1, p.Y0, Options{Method: DOP853, RTol: []float64{1e-13}, ATol: []float64{1e-15}, TEval: all})
		if err != nil {
			t.Fatal(err)
		}
		worst := 0.
		for i, y := range s.Dense.AtAll(all) {
			worst = max(worst, maxDiff(y, ref.Y[i]))
		}
		if !(worst <= 2*d.Error) {
			t.Errorf("%s: error %g, SciPy has %g", d.Problem, worst, d.Error)
		}
		for i, x := range s.T {
			if d := maxDiff(s.Dense.At(nil, x), s.Y[i]); d != 0 {
				t.Errorf("%s: dense output at step %d off by %g", p.ID, i, d)
			}
			// Close to the end of a step the polynomials have its state.
			if d := maxDiff(s.Dense.At(nil, x*(1+1e-15)), s.Y[i]); !(d <= 1e-12) {
				t.Errorf("%s: dense output beside step %d off by %g", p.ID, i, d)
			}
		}
	}
}

// TestEvents is the section "events" of the reference.
func TestEvents(t *testing.T) {
	type raw struct {
		system
		ID         string
		Y0         []number
		T          []any
		MaxStep    any `json:"max_step"`
		Event      string
		Events     []string
		Terminal   int
		Direction  int
		RTol, ATol float64
		Exact      any
		ExactNum   [][]number `json:"exact_num"`
		Count      int        `json:"exact_count"`
		First      []number   `json:"exact_first3"`
		End        number     `json:"exact_end"`
		SciPyErr   float64    `json:"scipy_max_time_err"`
		NFev       int        `json:"scipy_nfev"`
		Dense      []number   `json:"dense_at_0_01"`
	}
	value := func(x any) float64 {
		switch x := x.(type) {
		case float64:
			return x
		case string:
			if x == "inf" {
				return math.Inf(1)
			}
			e, err := parse(x, nil)
			if err != nil {
				t.Fatal(err)
			}
			return e(nil)
		}
		return 0
	}
	for _, b := range loadCases(t).Events {
		var c raw
		if err := json.Unmarshal(b, &c); err != nil {
			t.Fatal(err)
		}
		if c.Rhs == nil {
			continue // a text; see TestTouchingZero
		}
		f, compile := c.compile(t)
		texts := c.Events
		if texts == nil {
			texts = []string{c.Event}
		}
		o := Options{MaxStep: value(c.MaxStep), Dense: true}
		if c.RTol > 0 {
			o.RTol, o.ATol = []float64{c.RTol}, []float64{c.ATol}
		}
		for _, text := range texts {
			e := Event{Terminal: c.Terminal, Direction: c.Direction}
			words := strings.Fields(text)
			text := ""
			for i := 0; i < len(words); i++ {
				switch words[i] {
				case "terminal":
					e.Terminal = 1
				case "direction":
					i++
					e.Direction = int(value(strings.TrimPrefix(words[i], "+")))
				default:
					text += words[i]
				}
			}
			e.G = compile(text)
			o.Events = append(o.Events, e)
		}
		s, err := Solve(f, value(c.T[0]), value(c.T[1]), floats(c.Y0), o)
		if err != nil {
			t.Errorf("%s: %v", c.ID, err)
			continue
		}
		for j, ts := range s.TEvents {
			for i, x := range ts {
				if g := o.Events[j].G(x, s.YEvents[j][i]); !(math.Abs(g) <= 1e-14) {
					t.Errorf("%s: event is %g at its zero %v", c.ID, g, x)
				}
			}
		}
		if c.NFev != 0 && s.NFev != c.NFev {
			t.Errorf("%s: nfev %d, SciPy has %d", c.ID, s.NFev, c.NFev)
		}
		last := len(s.T) - 1
		if terminal := o.Events[len(o.Events)-1].Terminal; terminal > 0 {
			of := len(o.Events) - 1
			n := len(s.TEvents[of])
			if s.Status != AtEvent || n != terminal || s.T[last] != s.TEvents[of][n-1] || s.T[last] == s.T[last-1] ||
				maxDiff(s.Y[last], s.YEvents[of][n-1]) != 0 {
				t.Errorf("%s: ends at %v with %d events, status %v", c.ID, s.T[last], n, s.Status)
			}
		}
		if c.End != 0 && math.Abs(s.T[last]-float64(c.End)) > 1e-8 {
			t.Errorf("%s: ends at %v", c.ID, s.T[last])
		}
		if c.Count != 0 {
			if len(s.TEvents[0]) != c.Count {
				t.Errorf("%s: %d events", c.ID, len(s.TEvents[0]))
			}
			for i, x := range s.TEvents[0] {
				if d := math.Abs(x - (float64(i)+0.5)*math.Pi); !(d <= 2*c.SciPyErr) {
					t.Errorf("%s: event %d off by %g", c.ID, i, d)
				}
			}
		}
		exact := c.ExactNum
		if list, ok := c.Exact.([]any); ok && exact == nil {
			for i, e := range list {
				row, ok := e.([]any)
				if !ok {
					row = []any{e}
				}
				if ok || i == 0 {
					exact = append(exact, nil)
				}
				for _, e := range row {
					exact[len(exact)-1] = append(exact[len(exact)-1], number(value(e)))
				}
			}
		}
		for j, want := range exact {
			if len(s.TEvents[j]) != len(want) {
				t.Errorf("%s: event %d found at %v", c.ID, j, s.TEvents[j])
				continue
			}
			for i, x := range s.TEvents[j] {
				if math.Abs(x-float64(want[i])) > 2e-8 {
					t.Errorf("%s: event %d at %v, want %v", c.ID, j, x, want[i])
				}
			}
		}
		if c.Dense != nil {
			if y := s.Dense.At(nil, 0.01); maxDiff(y, floats(c.Dense)) > 1e-5*0.088 { // SciPy's own bound
				t.Errorf("%s: dense output at 0.01 is %v", c.ID, y)
			}
		}
	}
}

// TestRationalDirections is the text of the reference on the directions of its rational problem.
func TestRationalDirections(t *testing.T) {
	f := func(dydt []float64, t float64, y []float64) {
		dydt[0] = y[1] / t
		dydt[1] = y[1] * (y[0] + 2*y[1] - 1) / (t * (y[0] - 1))
	}
	g0 := func(_ float64, y []float64) float64 { return y[0] - math.Pow(y[1], 0.7) }
	g1 := func(_ float64, y []float64) float64 { return math.Pow(y[1], 0.6) - y[0] }
	for _, back := range []bool{false, true} {
		t0, t1, y0, sign := 5., 8., []float64{1. / 3, 2. / 9}, 1
		if back {
			t0, t1, y0, sign = 8, 5, []float64{4. / 9, 20. / 81}, -1
		}
		for direction := -1; direction <= 1; direction++ {
			s, err := Solve(f, t0, t1, y0, Options{Events: []Event{{g0, direction, 0}, {g1, direction, 0}}})
			if err != nil {
				t.Fatal(err)
			}
			want0, want1 := 1, 1
			if direction == -sign {
				want0 = 0
			}
			if direction == sign {
				want1 = 0
			}
			if len(s.TEvents[0]) != want0 || len(s.TEvents[1]) != want1 {
				t.Errorf("%v to %v, direction %d: %v", t0, t1, direction, s.TEvents)
			}
		}
	}
}

// TestTouchingZero shows the documented limit: a zero where G does not change its sign is not found. A run also ends
// where G is zero at the start, or always.
func TestTouchingZero(t *testing.T) {
	one := func(dydt []float64, _ float64, _ []float64) { dydt[0] = 1 }
	touch := func(_ float64, y []float64) float64 { return (y[0] - 0.3) * (y[0] - 0.3) }
	s, err := Solve(one, 0, 1, []float64{0}, Options{Events: []Event{{G: touch}}})
	if err != nil || len(s.TEvents[0]) != 0 {
		t.Error(s.TEvents, err)
	}
	for _, g := range []func(float64, []float64) float64{
		func(_ float64, y []float64) float64 { return y[0] },
		func(float64, []float64) float64 { return 0 },
	} {
		s, err = Solve(one, 0, 1, []float64{0}, Options{Events: []Event{{G: g, Terminal: 1}}})
		if err != nil || s.Status != AtEvent || len(s.T) != 1 || s.TEvents[0][0] != 0 {
			t.Error(s, err)
		}
	}
	// A zero that falls on the end of a step is one event.
	s, err = Solve(one, 0, 1, []float64{0}, Options{
		FirstStep: 0.25, MaxStep: 0.25,
		Events: []Event{{G: func(t float64, y []float64) float64 { return t - 0.5 }}},
	})
	if err != nil || len(s.TEvents[0]) != 1 || s.TEvents[0][0] != 0.5 {
		t.Error(s.TEvents, err)
	}
	// Of two terminal events in one step the first ends it, forward and back.
	for _, t1 := range []float64{1, -1} {
		at := func(x float64) Event {
			return Event{G: func(t float64, _ []float64) float64 { return t - x*t1 }, Terminal: 1}
		}
		s, err = Solve(one, 0, t1, []float64{0}, Options{FirstStep: 1, Events: []Event{at(0.5), at(0.25), at(0.75)}})
		if err != nil || s.T[len(s.T)-1] != 0.25*t1 || len(s.TEvents[0])+len(s.TEvents[2]) != 0 || len(s.TEvents[1]) != 1 {
			t.Error(s.T, s.TEvents, err)
		}
	}
	nan := func(float64, []float64) float64 { return math.NaN() }
	if s, err = Solve(one, 0, 1, []float64{0}, Options{Events: []Event{{G: nan}}}); err != nil || len(s.TEvents[0]) != 0 {
		t.Error(s.TEvents, err)
	}
}
