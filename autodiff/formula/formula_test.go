package formula

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"hnn/autodiff"
	"hnn/autodiff/elementary"
	"hnn/autodiff/random"
)

func bind(t testing.TB, text string, vars []string, set map[string]float64) *Formula {
	t.Helper()
	e, err := Parse(text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	f, err := e.Bind(vars, set)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return f
}

func TestPrecedence(t *testing.T) {
	for text, want := range map[string]float64{
		"1 + 2*3": 7, "1 - 2 - 3": -4, "8/4/2": 1, "8/4*2": 4, "2^3^2": 512, "(2^3)^2": 64,
		"-2^2": -4, "(-2)^2": 4, "2^-1": 0.5, "-2^-2": -0.25, "2*-3": -6, "--2": 2, "+-+2": -2, "2 - -3": 5,
		"-x^2": -9, "2*x^2": 18, "x^2^0.5": math.Pow(3, math.Sqrt2), "-x*y": -15, "x - -y": 8, "x/y*y": 3, "x/y/y": 3. / 25,
		"6/2*(1+2)": 9, "1/2/2": 0.25, ".5 + 2e-3 + 1.": 1.502, "2E+2": 200, "2^0.5^2": math.Pow(2, 0.25),
		"sin(pi/2)": 1, "cos(π)": -1, "log(e)": 1, "ln(exp(2))": 2, "sqrt(16)^2": 16, "tan(pi/4)": 1, "-sin(x)^2": -math.Pow(math.Sin(3), 2),
		"sinh(1)": math.Sinh(1), "cosh(x)": math.Cosh(3), "sinh(x)": math.Sinh(3), "tanh(x)": math.Tanh(3), "tan(x)": math.Tan(3),
		"sigmoid(0)": 0.5, "softplus(0)": math.Ln2, "E": 100, "θ1*ω₀ + x_2": 11 + 13, "x^0": 1, "x^1": 3, "x^7": 2187,
		"x^-2": 1. / 9, "x^-0.5": 1 / math.Sqrt(3), "x^1.5": math.Pow(3, 1.5), "x^9": 19683, "2-x": -1, "x-2": 1, "2+x": 5, "2/x": 2. / 3, "x/2": 1.5,
		"x+y": 8, "x*y": 15, "(((x)))": 3, "7": 7,
		"\t( x\n+ y )": 8, "x^n": 81, "0*x": 0,
	} {
		f := bind(t, text, []string{"x", "y"}, map[string]float64{"E": 100, "θ1": 2, "ω₀": 5.5, "x_2": 13, "n": 4})
		x := []float64{3, 5}
		if got := f.NewValue()(x); math.Abs(got-want) > 1e-14*math.Max(1, math.Abs(want)) {
			t.Errorf("%s = %v, want %v", text, got, want)
		}
		if got := evaluate(t, f.Of, x)[0]; math.Abs(got-want) > 1e-14*math.Max(1, math.Abs(want)) {
			t.Errorf("%s by autodiff = %v, want %v", text, got, want)
		}
	}
	// A name that is set or a variable comes before a constant of that name.
	if v := bind(t, "e*pi", []string{"e"}, map[string]float64{"pi": 3}).NewValue()([]float64{2}); v != 6 {
		t.Errorf("e*pi = %v", v)
	}
	e, _ := Parse("b + sin(a)*pi - b^θ")
	if got := e.Names(); !slices.Equal(got, []string{"b", "a", "pi", "θ"}) {
		t.Error(got)
	}
	for s, want := range map[string]bool{"q": true, "θ_1": true, "sin": false, "2": false, "": false, "a b": false, " a": false, "1a": false, "(a)": false, "ṗ": true} {
		if IsName(s) != want {
			t.Errorf("IsName(%q) is %v", s, !want)
		}
	}
}

func TestErrors(t *testing.T) {
	for text, want := range map[string]string{
		"":                "column 1: the expression ends",
		"p^2/2 +":         "column 8: the expression ends",
		"p^2/2 + foo":     `column 9: unknown name "foo"`,
		"(p^2":            "column 1: no ) for this (",
		"p^2)":            "column 4: no ( for this )",
		"2 p":             "column 3: want an operator before 'p'",
		"2p":              "column 2: want an operator before 'p'",
		"2e":              "column 2: want an operator before 'e'",
		"θ·p":             "column 2: want an operator before '·'",
		"1.2.3":           "column 4: want an operator before '.'",
		"(1 2)":           "column 4: want an operator or ) before '2'",
		"p**2":            "column 3: a power is written ^",
		"*p":              "column 1: want a number, a name or ( and not '*'",
		"p + * q":         "column 5: want a number",
		"()":              "column 2: want a number",
		".":               `column 1: "." is not a number`,
		"1e999":           `column 1: "1e999" is not a number that float64 can hold`,
		"1 + 2e-3e":       "column 9: want an operator",
		"sin":             "column 4: want ( after the function sin",
		"sin q":           "column 5: want ( after the function sin",
		"foo(q)":          `column 1: unknown function "foo": want cos, cosh, exp`,
		"q(p)":            `column 1: unknown function "q"`,
		"1 + abs(q)":      "column 5: abs has a corner",
		"p^q":             "column 2: the exponent is not a constant",
		"q/0":             "column 2: division by 0",
		"q/(1-1)":         "column 2: division by 0",
		"q/1e-320":        "column 2: division by 1e-320",
		"1/0":             "column 2: division by 0",
		"q + 1/(p-p)":     "column 6: division by 0, which the divisor is whatever",
		"1/(q*p-p*q)":     "column 2: division by 0, which",
		"(q-p+p-q)^-2":    "column 10: division by 0, which",
		"1/sin(0*q)":      "column 2: division by 0, which",
		"q + log(-1)":     "column 5: NaN is not a finite number",
		"q*10^400":        "column 5: +Inf is not a finite number",
		"q + (-1)^0.5":    "column 9: NaN is not",
		"q\x00":           "column 2: the text is not UTF-8",
		"θq\xff":          "column 3: the text is not UTF-8",
		"q # p":           "column 3: want an operator before '#'",
		"(((q + 1)":       "column 2: no ) for this (",
		"sin(q":           "column 4: no ) for this (",
		"sin(q, p)":       "column 6: want an operator or ) before ','",
		"0x10":            "column 2: want an operator before 'x'",
		"1_000":           "column 2: want an operator before '_'",
		"p^2/2 + θ + bar": `column 13: unknown name "bar"`,

		strings.Repeat("(", 100_000):            "column 8000: an expression has at most 8000 bytes",
		strings.Repeat("(", 7_999):              "column 201: more than 200 levels",
		strings.Repeat("-", 7_999):              "column 201: more than 200 levels",
		strings.Repeat("q^", 3_999) + "q":       "column 401: more than 200 levels",
		strings.Repeat("sin(", 1_900) + "q":     "more than 200 levels",
		strings.Repeat("q+", 3_996) + "nonsuch": `column 7993: unknown name "nonsuch"`,
	} {
		e, err := Parse(text)
		if err == nil {
			_, err = e.Bind([]string{"q", "p", "θ"}, nil)
		}
		var pos *Error
		if !errors.As(err, &pos) || !strings.Contains(err.Error(), want) || pos.Pos < 1 {
			t.Errorf("%.40q: %v, want %s", text, err, want)
		}
	}
}

// A divisor that is 0 at some states alone is taken.
func TestDivisors(t *testing.T) {
	for _, text := range []string{"1/(q-p)", "1/q - 1/(q^2 - p^2)", "(q-p)^-1", "1/(q - p + p)", "1/(1 - cos(q - q + p))"} {
		if v := bind(t, text, []string{"q", "p"}, nil).NewValue()([]float64{1, 1}); v == 0 {
			t.Errorf("%s = %v", text, v)
		}
	}
}

// evaluate returns a formula at one state, as a Plan computes it.
func evaluate(t testing.TB, of func(autodiff.Var) autodiff.Var, x []float64) []float64 {
	t.Helper()
	var g autodiff.Graph
	v := of(g.Leaf("x", &autodiff.Matrix{Rows: 1, Cols: len(x), Data: x}))
	plan, err := autodiff.Compile(v)
	if err != nil {
		t.Fatal(err)
	}
	plan.Run()
	return plan.Value(v).Data
}

// randomText writes a formula of x0 … x3, smooth and of moderate size for x in [0.5, 1.5].
func randomText(src rand.Source, depth int) string {
	sub := func() string { return randomText(src, depth-1) }
	if depth == 0 {
		if random.IntN(src, 4) == 0 {
			return fmt.Sprintf("%.3g", random.Uniform(src)*3)
		}
		return fmt.Sprintf("x%d", random.IntN(src, 4))
	}
	switch random.IntN(src, 12) {
	case 0, 1:
		return sub() + " + " + sub()
	case 2:
		return sub() + " - (" + sub() + ")"
	case 3, 4:
		return "(" + sub() + ")*(" + sub() + ")"
	case 5:
		return "(" + sub() + ")/(1.5 + sin(" + sub() + "))"
	case 6:
		return "-(" + sub() + ")^2"
	case 7:
		return []string{"sin", "cos", "tanh", "sigmoid", "softplus"}[random.IntN(src, 5)] + "(" + sub() + ")"
	case 8:
		return []string{"log", "sqrt"}[random.IntN(src, 2)] + "(0.3 + (" + sub() + ")^2)"
	case 9:
		return []string{"exp", "sinh", "cosh", "tan"}[random.IntN(src, 4)] + "(tanh(" + sub() + "))"
	case 10:
		return "(1 + sin(" + sub() + ")/4)^" + []string{"-3", "2.5", "-0.5", "0.5", "9", "8", "-1", "3", "(-pi)"}[random.IntN(src, 9)]
	}
	return "2*" + sub()
}

// differ counts the numbers whose bits differ. Two NaNs are equal.
func differ(x, y []float64) (n int) {
	for i := range x {
		if math.Float64bits(x[i]) != math.Float64bits(y[i]) && (x[i] == x[i] || y[i] == y[i]) {
			n++
		}
	}
	return n
}

// bitsDiffer compares a formula and its field at each row of x alone with those of all
// rows at once, and returns how many numbers differ.
func bitsDiffer(t *testing.T, f *Formula, x *autodiff.Matrix) (n int) {
	t.Helper()
	var g autodiff.Graph
	leaf := g.Leaf("x", x)
	// What the graph holds already must not matter.
	autodiff.Mul(autodiff.Slice(leaf, 1, 2), autodiff.Slice(leaf, 0, 1))
	field, h := f.Field(leaf), f.Of(leaf)
	plan, err := autodiff.Compile(h, field)
	if err != nil {
		t.Fatal(err)
	}
	plan.Run()
	d := x.Cols / 2
	one, value, run := make([]float64, 2*d), f.NewValue(), f.NewField()
	for i := range x.Rows {
		state, want := x.Row(i), plan.Value(field).Row(i)
		run(one, 0, state)
		n += differ(one, want) + differ([]float64{value(state)}, plan.Value(h).Row(i))
		if i == 0 {
			n += differ(evaluate(t, f.Of, state), plan.Value(h).Row(i)) + differ(evaluate(t, f.Field, state), want)
		}
	}
	if f.Separable() {
		velocity, force := f.NewHalves()
		for i := range x.Rows {
			velocity(one[:d], x.Row(i)[d:])
			force(one[d:], x.Row(i)[:d])
			n += differ(one, plan.Value(field).Row(i))
		}
	}
	return n
}

// 200 random formulas: their derivatives to third order against central
// differences, and their bits and those of their fields one state at a time against many states.
func TestGradients(t *testing.T) {
	src := rand.NewPCG(1, 0)
	vars := []string{"x0", "x1", "x2", "x3"}
	for i := range 200 {
		text := randomText(src, 2+i%4)
		f := bind(t, text, vars, nil)
		x := autodiff.NewMatrix(1, 4)
		for j := range x.Data {
			x.Data[j] = 0.5 + random.Uniform(src)
		}
		var g autodiff.Graph
		leaf := g.Leaf("x", x)
		if _, err := autodiff.Check(f.Of(leaf), 3, src, leaf); err != nil {
			t.Errorf("%s: %v", text, err)
		}
		if _, err := autodiff.Check(autodiff.Concat(f.Field(leaf), f.Of(leaf)), 2, src, leaf); err != nil {
			t.Errorf("%s: the field: %v", text, err)
		}
		many := autodiff.NewMatrix(800, 4)
		for j := range many.Data {
			many.Data[j] = 4*random.Uniform(src) - 2
			if random.IntN(src, 10) == 0 {
				many.Data[j] = []float64{0, math.Copysign(0, -1), 1e200, math.Inf(1), math.NaN(), -1e-310}[random.IntN(src, 6)]
			}
		}
		if n := bitsDiffer(t, f, many); n != 0 {
			t.Errorf("%s: %d numbers differ", text, n)
		}
	}
}

// What is simplified is what was written: the value and the field are those of the
// formula as it stands in the text, to rounding.
func TestSimplified(t *testing.T) {
	src := rand.NewPCG(1, 1)
	vars := []string{"x0", "x1", "x2", "x3"}
	for i := range 200 {
		text := randomText(src, 2+i%4)
		f := bind(t, text, vars, nil)
		state := make([]float64, 4)
		for j := range state {
			state[j] = 0.5 + random.Uniform(src)
		}
		h, x := f.number()
		field := autodiff.Hamilton(h, x)
		plan, err := autodiff.Compile(h, field)
		if err != nil {
			t.Fatal(err)
		}
		plan.Func(h, x)(make([]float64, 1), 0, state)
		got := make([]float64, 4)
		f.NewField()(got, 0, state)
		got = append(got, f.NewValue()(state))
		for j, want := range append(slices.Clone(plan.Value(field).Data), plan.Value(h).Data[0]) {
			if !(math.Abs(got[j]-want) <= 1e-12*(1+math.Abs(want))) {
				t.Errorf("%s: number %d is %v, as written %v", text, j, got[j], want)
			}
		}
	}
}

func TestSeparable(t *testing.T) {
	for text, want := range map[string]bool{
		"p^2/2 + 3*(1 - cos(q))": true, "-(p^2 + q^2)/2": true, "(p^2 + q^2)/2*m": true, "m*(q - p - 3)": true,
		"q^2": true, "p": true, "3": true, "0*m + exp(p)": true, "(q^2)^2 - sin(p*p)": true, "q/p^0": true,
		"p*q": false, "(p + q)^2": false, "p^2/q": false, "exp(q + p)": false, "q + p + q*p": false, "1/(q + p)": false,
		"(p + q)*(p - q)": false, "-(q*p)": false, "2*(q + sin(q*p))": false,
	} {
		if got := bind(t, text, []string{"q", "p"}, map[string]float64{"m": 2}).Separable(); got != want {
			t.Errorf("%s: separable is %v", text, got)
		}
	}
}

func TestLong(t *testing.T) {
	f := bind(t, "(x+y)^8 - (x+y)^8 + 1e200*x*1e200*1e-300", []string{"x", "y"}, nil)
	if v := f.NewValue()([]float64{2, 1}); math.Abs(v-2e100) > 1e86 {
		t.Error(v)
	}
	d := make([]float64, 2)
	bind(t, "5", []string{"q", "p"}, nil).NewField()(d, 0, []float64{1, 2})
	if d[0] != 0 || d[1] != 0 {
		t.Error(d)
	}
	// The most registers for the length: new names, powers and a product of all.
	var all strings.Builder
	var names []string
	for c := rune('一'); all.Len() < maxLength-7; c++ {
		fmt.Fprintf(&all, "%c^7*", c)
		names = append(names, string(c))
	}
	field, ones := bind(t, strings.TrimSuffix(all.String(), "*"), names[:len(names)/2*2], map[string]float64{names[len(names)-1]: 1}).NewField(), make([]float64, len(names)/2*2)
	for i := range ones {
		ones[i] = 1
	}
	d = make([]float64, len(ones))
	if field(d, 0, ones); d[0] != 7 {
		t.Error(d[0])
	}
	// A sum of thousands of different terms.
	var long strings.Builder
	for i := range 1500 {
		fmt.Fprintf(&long, "x*%d+", i%9)
	}
	f = bind(t, long.String()+strings.Repeat("x*y+", 400)+"0", []string{"x", "y"}, nil)
	if got, want := f.NewValue()([]float64{2, 3}), evaluate(t, f.Of, []float64{2, 3})[0]; got != want {
		t.Error(got, want)
	}
}

func TestAllocations(t *testing.T) {
	f := bind(t, "p^2/(2*(2+cos(q))) + sqrt(1+q^2)", []string{"q", "p"}, nil)
	field, value := f.NewField(), f.NewValue()
	x, d := []float64{1, 2}, make([]float64, 2)
	if n := testing.AllocsPerRun(100, func() { field(d, 0, x); value(x) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// Whatever the text, Parse returns; and what it takes has a value, a gradient and a
// field that can be computed, even if they are not finite.
func FuzzParseHamiltonian(f *testing.F) {
	for _, s := range []string{
		"p^2/2 + 3*(1-cos(q))", henonHeiles, "-1/sqrt(x^2+y^2)", "q^-2^.5*pi", "2e-3*θ1", "((((q))))", "1e308*q*10*p - q^9", "--q^-p",
		"tan(log(sqrt(q)))/sinh(p)", "softplus(q)/sigmoid(p)", "q^0/0", "e^(2*e)", "q\xff", "0*q/p - q*0", "1e-308*q*1e-308*p",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		e, err := Parse(text)
		if err != nil {
			var pos *Error
			if !errors.As(err, &pos) || pos.Pos < 1 || pos.Pos > len(text)+1 {
				t.Fatalf("%q: %v", text, err)
			}
			return
		}
		names := e.Names()
		if len(names)%2 == 1 {
			names = append(names, "another name")
		}
		if len(names) == 0 {
			names = []string{"q", "p"}
		}
		h, err := e.Bind(names, nil)
		if err != nil {
			return
		}
		x, d := make([]float64, len(names)), make([]float64, len(names))
		for i := range x {
			x[i] = float64(i) + 0.5
		}
		h.NewValue()(x)
		h.NewField()(d, 0, x)
		if h.Separable() {
			velocity, force := h.NewHalves()
			velocity(d[:len(d)/2], x[len(x)/2:])
			force(d[len(d)/2:], x[:len(x)/2])
		}
		evaluate(t, h.Field, x)
	})
}

const henonHeiles = "(px^2+py^2)/2 + (x^2+y^2)/2 + x^2*y - y^3/3"

// The fields of formulas beside those that one would write in Go.
func BenchmarkField(b *testing.B) {
	type field = func(dydt []float64, t float64, y []float64)
	vars := []string{"x", "y", "px", "py"}
	for _, c := range []struct {
		name string
		f    field
		x    []float64
	}{
		{"pendulum/hand", func(d []float64, _ float64, y []float64) {
			d[0] = y[1]
			d[1] = -3 * elementary.Sin(y[0])
		}, []float64{1, 0.5}},
		{"pendulum/formula", bind(b, "p^2/2 + 3*(1-cos(q))", []string{"q", "p"}, nil).NewField(), []float64{1, 0.5}},
		{"henon/hand", func(d []float64, _ float64, y []float64) {
			d[0] = y[2]
			d[1] = y[3]
			d[2] = -y[0] - float64(2*y[0]*y[1])
			d[3] = -y[1] - float64(y[0]*y[0]) + float64(y[1]*y[1])
		}, []float64{0.1, 0.2, 0.3, 0.4}},
		{"henon/formula", bind(b, henonHeiles, vars, nil).NewField(), []float64{0.1, 0.2, 0.3, 0.4}},
		{"kepler/hand", func(d []float64, _ float64, y []float64) {
			r2 := float64(y[0]*y[0]) + float64(y[1]*y[1])
			a := -1 / (r2 * math.Sqrt(r2))
			d[0] = y[2]
			d[1] = y[3]
			d[2] = a * y[0]
			d[3] = a * y[1]
		}, []float64{1, 0.2, 0.3, 0.9}},
		{"kepler/formula", bind(b, "(px^2+py^2)/2 - 1/sqrt(x^2+y^2)", vars, nil).NewField(), []float64{1, 0.2, 0.3, 0.9}},
	} {
		d, x := make([]float64, len(c.x)), slices.Clone(c.x)
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				c.f(d, 0, x)
			}
		})
		// As in an integrator, where the next state waits for the last derivative.
		b.Run(c.name+"/chain", func(b *testing.B) {
			for b.Loop() {
				c.f(d, 0, x)
				for i := range x {
					x[i] = c.x[i] + 1e-9*d[i]
				}
			}
		})
	}
}

// A compiled function refuses a state of another length.
func TestLengths(t *testing.T) {
	f := bind(t, "p^2/2 + sin(q)", []string{"q", "p"}, nil)
	henon := bind(t, henonHeiles, []string{"x", "y", "px", "py"}, nil) // without registers
	for name, call := range map[string]func(x []float64){
		"field":      func(x []float64) { f.NewField()(make([]float64, 2), 0, x) },
		"value":      func(x []float64) { f.NewValue()(x) },
		"polynomial": func(x []float64) { henon.NewField()(make([]float64, 4), 0, x) },
	} {
		for _, n := range []int{0, 1, 3, 5} {
			func() {
				defer func() {
					if v, ok := recover().(string); !ok || !strings.HasPrefix(v, fmt.Sprintf("autodiff: Func: %d numbers", n)) {
						t.Errorf("%s of %d numbers: %v", name, n, v)
					}
				}()
				call(make([]float64, n))
			}()
		}
	}
}
