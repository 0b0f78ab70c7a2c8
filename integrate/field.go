package integrate

import (
	"errors"
	"fmt"
	"math"
)

// A Field writes the right-hand side f(t, y) of
//
//	dy/dt = f(t, y)
//
// into dydt; dydt and y have the length of the initial state. Both slices belong to the solver: a Field must write
// every component of dydt, must not keep either slice, and may scribble over y, which is a copy made for it. A Field
// is never asked for a t outside the interval of integration. During a trial step that will be rejected it can meet
// any y, even one that is not finite. It has no error result; it may panic with one, which ends the integration with an
// error that wraps it (see [ErrField]).
type Field func(dydt []float64, t float64, y []float64)

// Options say how [Solve] integrates; the zero value is SciPy's solve_ivp with its defaults. The solver keeps the
// estimated local error of component i below
//
//	ATol[i] + RTol[i] max(|y_i(t)|, |y_i(t+h)|)
//
// in root mean square over the components.
type Options struct {
	Method *Method   // nil: RK45
	RTol   []float64 // one value for all components, or one for each; nil: 1e-3; raised to 100 ε = 2.2e-14
	ATol   []float64 // likewise; nil: 1e-6

	FirstStep float64 // length of the first trial step; 0: chosen by the solver
	MaxStep   float64 // bound on the length of a step; 0: none

	TEval   []float64 // times to report, sorted along the integration, never altering the steps; nil: every step
	MaxEval int       // bound on evaluations of the field; 0: none
}

// A Status tells how an integration ended; the values are SciPy's.
type Status int

const (
	Failed   Status = -1 // an error ended it
	Finished Status = 0  // it reached t1
)

// A Solution holds the computed trajectory and what it cost. After a failure it holds all that was reached before.
type Solution struct {
	T []float64   // times, in the order of integration
	Y [][]float64 // Y[i] is the state at T[i]; the rows are views of one array

	NFev     int // evaluations of the field
	Accepted int // steps taken
	Rejected int // trial steps thrown away
	Status   Status
}

// Errors for errors.Is; what is returned is always an [*Error] that wraps one of them.
var (
	ErrArgument      = errors.New("invalid argument")
	ErrTolerance     = errors.New("tolerance below what float64 can give")
	ErrNonFinite     = errors.New("not finite")
	ErrStepUnderflow = errors.New("step size underflow")
	ErrBudget        = errors.New("budget of evaluations spent")
	ErrField         = errors.New("field panicked")
)

// An Error tells what went wrong and where: H is the signed step that was tried from T, zero before the first step.
type Error struct {
	T, H float64
	err  error
	text string
}

func (e *Error) Error() string { return "integrate: " + e.text }

// Unwrap returns the sentinel, or for ErrField the sentinel joined with what the field panicked with.
func (e *Error) Unwrap() error { return e.err }

// fail makes an Error at (t, h).
func fail(kind error, t, h float64, format string, args ...any) *Error {
	return &Error{t, h, kind, fmt.Sprintf(format, args...)}
}

// refuse makes an Error for an argument.
func refuse(format string, args ...any) *Error { return fail(ErrArgument, 0, 0, format, args...) }

// isFinite reports whether x is neither infinite nor NaN.
func isFinite(x float64) bool { return math.Abs(x) <= math.MaxFloat64 }

// finite returns the index of the first component of v that is not finite, or -1.
func nonFinite(v []float64) int {
	for i, x := range v {
		if !isFinite(x) {
			return i
		}
	}
	return -1
}
