package integrate

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"slices"
	"strconv"
	"testing"
)

// A number is a float64 that JSON may hold as a number or as a string of more digits.
type number float64

func (x *number) UnmarshalJSON(b []byte) error {
	s := string(b)
	if s[0] == '"' {
		s = s[1 : len(s)-1]
	}
	v, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return err
	}
	*x = number(v)
	return nil
}

func floats(ns []number) []float64 {
	v := make([]float64, len(ns))
	for i, n := range ns {
		v[i] = float64(n)
	}
	return v
}

// A figure is what SciPy did with one problem at one tolerance.
type figure struct {
	RTol, ATol float64
	FirstStep  float64  `json:"first_step"`
	NFev       int      `json:"nfev"`
	Accepted   int      `json:"n_accepted"`
	Rejected   int      `json:"n_rejected"`
	HFirst     float64  `json:"h_first"`
	Error      float64  `json:"err_max_abs"`
	Also       [][3]int // nfev, accepted, rejected of SciPy on other processors, where they differ
}

type problem struct {
	system
	ID    string
	T0    float64
	T1    float64
	Y0    []float64
	YRef  []number `json:"y_ref"`
	SciPy []figure `json:"scipy_rk45"`
}

type cases struct {
	Problems []problem
	Single   []struct {
		system
		ID    string
		T0    float64
		Y0    []float64
		H     float64
		Y     []number `json:"y_new"`
		Err   []number `json:"err_vector_h_E_K"`
		Dense []struct {
			Theta float64
			Y     []number
		}
	} `json:"dopri_single_step"`
	RK4 []struct {
		system
		ID    string
		T0    float64
		Y0    []float64
		H     float64
		Steps int      `json:"n_steps"`
		Y     []number `json:"y_end_discrete"`
	} `json:"rk4_discrete"`
	Convergence []struct {
		system
		ID     string
		Y0     []float64
		T1     float64
		Dts    []float64
		Errors []float64
		Order  float64 `json:"expect_order"`
		Tol    float64
	}
	Dense []struct {
		Problem    string
		RTol, ATol float64
		NFev       int
		Error      float64 `json:"scipy_max_abs_err_dense"`
	} `json:"dense_output"`
	Grid struct {
		Cases []struct {
			T0, T1, H float64
			Steps     int `json:"n_steps"`
			T         []float64
		}
	} `json:"rk4_grid"`
	Events    []json.RawMessage
	Behaviour []struct {
		ID        string
		T         []float64
		MaxStep   float64 `json:"max_step"`
		FirstStep float64 `json:"first_step"`
		NFev      int     `json:"scipy_nfev"`
		Steps     int     `json:"scipy_steps"`
		T1        float64 `json:"scipy_t1"`
	}
}

func load(t testing.TB, name string, to any) {
	t.Helper()
	b, err := os.ReadFile("../testdata/" + name)
	if err == nil {
		err = json.Unmarshal(b, to)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func loadCases(t testing.TB) *cases {
	c := new(cases)
	load(t, "ode_cases.json", c)
	return c
}

func (c *cases) find(t testing.TB, id string) *problem {
	for i := range c.Problems {
		if c.Problems[i].ID == id {
			return &c.Problems[i]
		}
	}
	t.Fatalf("no problem %s", id)
	return nil
}

// maxDiff returns max |v_i - u_i|.
func maxDiff(v, u []float64) float64 {
	d := 0.
	for i := range v {
		if e := math.Abs(v[i] - u[i]); !(e <= d) {
			d = e
		}
	}
	return d
}

func maxAbs(v []float64) float64 { return maxDiff(v, make([]float64, len(v))) }

// TestSciPy compares the steps and errors of every problem with SciPy's.
func TestSciPy(t *testing.T) {
	for _, p := range loadCases(t).Problems {
		f, _ := p.compile(t)
		for _, fig := range p.SciPy {
			checkFigure(t, RK45, f, &p, fig)
		}
	}
}

func checkFigure(t *testing.T, m *Method, f Field, p *problem, fig figure) {
	t.Run(fmt.Sprintf("%v/%s/%g", m, p.ID, fig.RTol), func(t *testing.T) {
		o := Options{Method: m, RTol: []float64{fig.RTol}, ATol: []float64{fig.ATol}, FirstStep: fig.FirstStep}
		s, err := Solve(f, p.T0, p.T1, p.Y0, o)
		if err != nil {
			t.Fatal(err)
		}
		counts := [3]int{s.NFev, s.Accepted, s.Rejected}
		if counts != [3]int{fig.NFev, fig.Accepted, fig.Rejected} && !slices.Contains(fig.Also, counts) {
			t.Errorf("nfev, accepted, rejected = %d, %d, %d, SciPy has %d, %d, %d",
				s.NFev, s.Accepted, s.Rejected, fig.NFev, fig.Accepted, fig.Rejected)
		}
		if h := math.Abs(s.T[1] - s.T[0]); math.Abs(h-fig.HFirst) > 1e-9*h {
			t.Errorf("first step %v, SciPy has %v", h, fig.HFirst)
		}
		last := len(s.T) - 1
		if s.T[0] != p.T0 || s.T[last] != p.T1 || s.Status != Finished || len(s.T) != s.Accepted+1 {
			t.Errorf("from %v to %v in %d rows, %v", s.T[0], s.T[last], len(s.T), s.Status)
		}
		ref := floats(p.YRef)
		if e, bound := maxDiff(s.Y[last], ref), 2*fig.Error+1e-13*max(1, maxAbs(ref)); !(e <= bound) {
			t.Errorf("error %g, SciPy has %g", e, fig.Error)
		}
	})
}

func TestSingleStep(t *testing.T) {
	for _, c := range loadCases(t).Single {
		f, _ := c.compile(t)
		r := Begin(f, c.T0, c.T0+c.H, c.Y0, Options{})
		if err := r.start(); err != nil {
			t.Fatal(err)
		}
		r.trial(c.T0+c.H, c.H)
		r.evalCopy(r.k[6], c.T0+c.H, r.yold)
		r.errorNorm(c.H)
		for i := range r.adapt.err {
			r.adapt.err[i] *= c.H
		}
		if d := maxDiff(r.adapt.err, floats(c.Err)); !(d <= 1e-15) {
			t.Errorf("%s: error estimate off by %g", c.ID, d)
		}
		r.accept(c.T0 + c.H)
		if d := maxDiff(r.y, floats(c.Y)); !(d <= 1e-14*maxAbs(floats(c.Y))) {
			t.Errorf("%s: step off by %g", c.ID, d)
		}
		r.interpolate()
		for _, at := range c.Dense {
			y := floats(at.Y)
			if d := maxDiff(r.between(r.w, c.T0+at.Theta*c.H), y); !(d <= 1e-14*maxAbs(y)) {
				t.Errorf("%s: dense output at %v off by %g", c.ID, at.Theta, d)
			}
		}
	}
}

func TestRK4Discrete(t *testing.T) {
	for _, c := range loadCases(t).RK4 {
		f, _ := c.compile(t)
		s, err := Fixed(RK4, f, c.T0, c.T0+float64(c.Steps)*c.H, math.Abs(c.H), c.Y0)
		if err != nil {
			t.Fatal(err)
		}
		y := floats(c.Y)
		if d := maxDiff(s.Y[c.Steps], y); len(s.T) != c.Steps+1 || s.NFev != 4*c.Steps || !(d <= 1e-13*max(1, maxAbs(y))) {
			t.Errorf("%s: off by %g after %d steps and %d evaluations", c.ID, d, len(s.T)-1, s.NFev)
		}
	}
}

func TestConvergence(t *testing.T) {
	for _, c := range loadCases(t).Convergence {
		f, _ := c.compile(t)
		m := RK4
		if c.Order == 5 {
			m = RK45
		}
		exact := c.Y0[0] * math.Exp(1.01*c.T1)
		old := 0.
		for i, dt := range c.Dts {
			s, err := Fixed(m, f, 0, c.T1, dt, c.Y0)
			if err != nil {
				t.Fatal(err)
			}
			e := math.Abs(s.Y[len(s.Y)-1][0] - exact)
			if d := math.Abs(e - c.Errors[i]); d > 2e-15 {
				t.Errorf("%s: error %g at h=%v, want %g", c.ID, e, dt, c.Errors[i])
			}
			if order := math.Log2(old / e); i > 0 && math.Abs(order-c.Order) > c.Tol {
				t.Errorf("%s: order %.3f at h=%v", c.ID, order, dt)
			}
			old = e
		}
	}
}

func TestGrid(t *testing.T) {
	for _, c := range loadCases(t).Grid.Cases {
		f := func(dydt []float64, _ float64, _ []float64) { dydt[0] = 1 }
		s, err := Fixed(RK4, f, c.T0, c.T1, c.H, []float64{c.T0})
		if err != nil {
			t.Fatal(err)
		}
		last := len(s.T) - 1
		if last != c.Steps || s.T[0] != c.T0 || s.T[last] != c.T1 {
			t.Fatalf("%+v: %d steps from %v to %v", c, last, s.T[0], s.T[last])
		}
		for i, x := range s.T[:last] {
			want := c.T0 + float64(i)*math.Copysign(c.H, c.T1-c.T0)
			if x != want {
				t.Errorf("%+v: T[%d] = %v, want %v", c, i, x, want)
			}
		}
		if d := math.Abs(s.Y[last][0] - c.T1); d > 1e-12*max(1, math.Abs(c.T1)) {
			t.Errorf("%+v: the steps sum to %v", c, s.Y[last][0])
		}
	}
	for h, want := range map[float64]int{(1 - 1e-10) / 3: 3, (1 - 1e-8) / 3: 4, (1 + 1e-10) / 3: 3} {
		if steps, err := grid(0, 1, h); steps != want || err != nil {
			t.Errorf("%d steps of %v, want %d, error %v", steps, h, want, err)
		}
	}
	if steps, err := grid(1e7, 1e7+0.3, 0.1); steps != 3 || err != nil {
		t.Errorf("%d steps far from 0, want 3, error %v", steps, err)
	}
	for n := 15_000_000; n < 15_010_000; n++ {
		if steps, err := grid(0, float64(n)*0.01, 0.01); steps != n || err != nil {
			t.Fatalf("%d steps to %d × 0.01, error %v", steps, n, err)
		}
	}
}
