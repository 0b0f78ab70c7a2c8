package formula

import (
	"math"
	"slices"
	"strings"
	"testing"

	"hnn/autodiff"
)

// isOpen accepts names that begin with f.
func isOpen(name string) bool { return strings.HasPrefix(name, "f") }

// Calls of functions that the package does not know are read, and At gives them their meaning.
// A call with constants for arguments is one too.
func TestOpen(t *testing.T) {
	e, err := ParseOpen("2*f( q, p + 1 )^2 - f1(cos(q))/m + f1(f2(3))", isOpen)
	if err != nil {
		t.Fatal(err)
	}
	want := []Call{{"f", "f(q,p+1)", 2, 3}, {"f1", "f1(cos(q))", 1, 21}, {"f2", "f2(3)", 1, 39}, {"f1", "f1(f2(3))", 1, 36}}
	if got := e.Calls(); !slices.Equal(got, want) {
		t.Errorf("%+v", got)
	}
	if got := e.Names(); !slices.Equal(got, []string{"q", "p", "m"}) {
		t.Error(got)
	}
	f, err := e.Bind([]string{"q", "p", "m"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	var g autodiff.Graph
	x, err := autodiff.MatrixOf([]float64{0.3, 2, 5}, []float64{-1, 0.5, 4})
	if err != nil {
		t.Fatal(err)
	}
	var calls []string
	y := f.At(columns(g.Leaf("x", x)), func(c Call, args []autodiff.Var) autodiff.Var {
		calls = append(calls, c.Text)
		sum := args[0] // f is the sum of its arguments
		for _, a := range args[1:] {
			sum = autodiff.Add(sum, a)
		}
		return sum
	})
	plan, err := autodiff.Compile(y)
	if err != nil {
		t.Fatal(err)
	}
	plan.Run()
	for i := range x.Rows {
		q, p, m := x.At(i, 0), x.At(i, 1), x.At(i, 2)
		if got, want := plan.Value(y).Data[i], 2*(q+p+1)*(q+p+1)-math.Cos(q)/m+3; math.Abs(got-want) > 1e-14*math.Abs(want) {
			t.Errorf("row %d: %v, want %v", i, got, want)
		}
	}
	if len(calls) != 4 {
		t.Error(calls)
	}
}

// Parse knows no such calls, and errors tell the column.
func TestOpenErrors(t *testing.T) {
	if _, err := Parse("f(q)"); err == nil || !strings.Contains(err.Error(), "unknown function") {
		t.Error(err)
	}
	for text, want := range map[string]string{
		"f(q,)": "column 5: want a number", "f(q": "column 2: no )", "f()": "column 3", "f(q;p)": "column 4: want an operator or )",
		"g(q)": "column 1: unknown function", "sin(q,p)": "column 6: want an operator or )", "f(q,p": "column 2: no )", "(q,p)": "column 3",
	} {
		if _, err := ParseOpen(text, isOpen); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
	e, err := ParseOpen("q^f(p)", isOpen)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Bind([]string{"q", "p"}, nil); err == nil || !strings.Contains(err.Error(), "exponent is not a constant") {
		t.Error(err)
	}
}

// A call of coordinates alone is a potential.
func TestOpenSeparable(t *testing.T) {
	for text, want := range map[string]bool{
		"f(p)+f(q)": true, "p^2/(2*m)+f(q)": true, "f(q,p)": false, "m*f(q)+f(p)^2": true, "f(q)*f(p)": false, "f(q*p)": false, "f(m)+q*p*0+q": false,
	} {
		e, err := ParseOpen(text, isOpen)
		if err != nil {
			t.Fatal(err)
		}
		f, err := e.Bind([]string{"q", "p", "m"}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if f.SeparableIn(1) != want {
			t.Errorf("%s: separable is %v", text, !want)
		}
	}
}
