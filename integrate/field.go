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
// into dydt. Both slices have the length of the initial state and belong to the solver. A Field must write every
// component of dydt and must keep neither slice. It may overwrite y, which is a copy.
//
// A Field is never called with a t outside the interval of integration. In a trial step that will be rejected, y can
// have any values, even some that are not finite.
//
// A panic in a Field ends the integration with an [*Error] that wraps [ErrPanic], and the value of the panic where that
// is an error. To end an integration from outside there is Options.Stop.
type Field func(dydt []float64, t float64, y []float64)

// Options say how [Solve] integrates. The zero value has the defaults of SciPy's solve_ivp. In each step the root mean
// square, over the components, of
//
//	estimated local error of y_i / (ATol[i] + RTol[i] max(|y_i(t)|, |y_i(t+h)|))
//
// is kept below 1. Options are only read, and goroutines may share them.
type Options struct {
	Method *Method   // RK23, RK45 or DOP853; nil: RK45
	RTol   []float64 // one value for all components, or one for each; nil: 1e-3; at least 100 ε = 2.2e-14 is used
	ATol   []float64 // one value for all components, or one for each; nil: 1e-6

	FirstStep float64 // length of the first trial step; 0: chosen by the solver
	MaxStep   float64 // largest length of a step; 0: no bound
	MaxEval   int     // largest number of evaluations of the field; 0: no bound

	TEval  []float64 // times to report, in the order of integration; nil: every step. They do not change the steps.
	Dense  bool      // whether the Solution gets its Dense
	Events []Event   // zeros to find

	// Rows > 1 makes the state a batch: that many states of equal length, one after the other. They advance together
	// with the same steps, and the field gets all of them in each call. The error of a step is the largest of the
	// rows' errors, so a step is as good for each row as if it were alone. Fixed steps need no Rows.
	Rows int

	// Stop, where it is not nil, is called before each step, rejected steps included. An error that it returns ends
	// the run: see Run.Stop.
	Stop func() error
}

// A Status tells how an integration ended. -1, 0 and 1 are SciPy's values.
type Status int

const (
	Failed   Status = -1 // by an error
	Finished Status = 0  // at t1
	AtEvent  Status = 1  // at a terminal event
	Stopped  Status = 2  // by leaving the loop over its states
)

// A Solution holds the computed trajectory and what it cost. After a failure it holds all states before the failure.
type Solution struct {
	T []float64   // times, in the order of integration
	Y [][]float64 // Y[i] is the state at T[i]; the rows share one array

	TEvents [][]float64   // TEvents[j] are the times of Options.Events[j], in the order of integration
	YEvents [][][]float64 // YEvents[j] are the states at TEvents[j]
	Dense   *Dense        // the solution at any t, if Options.Dense is set

	NFev     int // evaluations of the field, or of both half-fields together
	Accepted int // steps taken
	Rejected int // trial steps whose error was too large
	Status   Status

	Iterations int     // for implicit methods: rounds of the fixed-point iteration, over all steps
	Residual   float64 // for implicit methods: the largest change in the last round of a step, relative to the state
}

// These are the errors for errors.Is. Every error of an integration is an [*Error] that wraps one of them, or the error
// that Stop returned.
var (
	ErrArgument      = errors.New("invalid argument")
	ErrTolerance     = errors.New("tolerance below what float64 can give")
	ErrNonFinite     = errors.New("not finite")
	ErrStepUnderflow = errors.New("step size underflow")
	ErrBudget        = errors.New("budget of evaluations spent")
	ErrConvergence   = errors.New("the iteration of an implicit method does not converge")
	ErrPanic         = errors.New("a function of the caller panicked") // its value is wrapped too if it is an error
)

// An Error tells what went wrong and where.
type Error struct {
	T, H  float64 // H is the signed step that was tried from T, or zero before the first step
	Stack []byte  // for ErrPanic: the stack of the goroutine, with the line that panicked, as debug.Stack writes it
	err   error
	text  string
}

func (e *Error) Error() string { return "integrate: " + e.text }

// Unwrap returns the sentinel, or errors.Join of all errors that e wraps.
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
