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
// every component of dydt and must not keep either slice; it may scribble over y, which is a copy made for it. A Field
// is never asked for a t outside the interval of integration. In a trial step that will be rejected it can meet
// any y, even one that is not finite. It has no error result; it may panic with one, which ends the integration with an
// error that wraps it (see [ErrPanic]).
type Field func(dydt []float64, t float64, y []float64)

// Options say how [Solve] integrates; the zero value is SciPy's solve_ivp with its defaults. The solver keeps the
// root mean square over the components of
//
//	estimated local error of y_i / (ATol[i] + RTol[i] max(|y_i(t)|, |y_i(t+h)|))
//
// below 1. Options are only read, and may be shared by goroutines.
type Options struct {
	Method *Method   // RK23, RK45 or DOP853; nil: RK45
	RTol   []float64 // one value for all components, or one for each; nil: 1e-3; raised to 100 ε = 2.2e-14
	ATol   []float64 // likewise; nil: 1e-6

	FirstStep float64 // length of the first trial step; 0: chosen by the solver
	MaxStep   float64 // bound on the length of a step; 0: none
	MaxEval   int     // bound on the evaluations of the field; 0: none

	TEval  []float64 // times to report, sorted along the integration; nil: every step. They never alter the steps.
	Dense  bool      // whether the Solution gets its Dense
	Events []Event   // zeros to find

	// Rows > 1 makes the state a batch: that many states of equal length, one after the other, which advance together
	// with common steps while the field sees all of them in each call. A step must be good for each of the rows as
	// if it were alone: its error is the largest of theirs. With fixed steps nothing need be said.
	Rows int

	Stop func() error // asked before each step; an error ends the run: see [Run]
}

// A Status tells how an integration ended; -1, 0 and 1 are SciPy's values.
type Status int

const (
	Failed   Status = -1 // by an error
	Finished Status = 0  // at t1
	AtEvent  Status = 1  // at a terminal event
	Stopped  Status = 2  // by leaving the loop over its states
)

// A Solution holds the computed trajectory and what it cost. After a failure it holds all that was reached before.
type Solution struct {
	T []float64   // times, in the order of integration
	Y [][]float64 // Y[i] is the state at T[i]; the rows are views of one array

	TEvents [][]float64   // TEvents[j] are the times of Options.Events[j], in the order of integration
	YEvents [][][]float64 // and YEvents[j] the states there
	Dense   *Dense        // the solution at any t, for Options.Dense

	NFev     int // evaluations of the field, or of both half-fields
	Accepted int // steps taken
	Rejected int // trial steps thrown away
	Status   Status

	Iterations int     // of implicit methods: rounds of the fixed-point iteration, over all steps
	Residual   float64 // and the largest last change of a stage, relative to the state
}

// Errors for errors.Is; what is returned is always an [*Error] that wraps one of them.
var (
	ErrArgument      = errors.New("invalid argument")
	ErrTolerance     = errors.New("tolerance below what float64 can give")
	ErrNonFinite     = errors.New("not finite")
	ErrStepUnderflow = errors.New("step size underflow")
	ErrBudget        = errors.New("budget of evaluations spent")
	ErrConvergence   = errors.New("the iteration of an implicit method does not converge")
	ErrPanic         = errors.New("a function of the caller panicked")
)

// An Error tells what went wrong and where: H is the signed step that was tried from T, or zero before the first step.
type Error struct {
	T, H  float64
	Stack []byte // of ErrPanic: the call stack, with the line that panicked; see runtime/debug.Stack
	err   error
	text  string
}

func (e *Error) Error() string { return "integrate: " + e.text }

// Unwrap returns the sentinel, joined with a second where there is one.
func (e *Error) Unwrap() error { return e.err }

// fail makes an Error at (t, h).
func fail(kind error, t, h float64, format string, args ...any) *Error {
	return &Error{T: t, H: h, err: kind, text: fmt.Sprintf(format, args...)}
}

// refuse makes an Error for an argument.
func refuse(format string, args ...any) *Error { return fail(ErrArgument, 0, 0, format, args...) }

// isFinite reports whether x is neither infinite nor NaN.
func isFinite(x float64) bool { return math.Abs(x) <= math.MaxFloat64 }

// nonFinite returns the index of the first component of v that is not finite, or -1.
func nonFinite(v []float64) int {
	for i, x := range v {
		if !isFinite(x) {
			return i
		}
	}
	return -1
}
