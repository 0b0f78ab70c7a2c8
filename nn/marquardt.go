package nn

import (
	"context"
	"fmt"
	"math"

	"hnn/autodiff"
	"hnn/autodiff/kernel"
)

// Marquardt is the method of Levenberg and Marquardt for few unknowns. It needs a Problem that
// has Residuals. The step from x is v + a/2, where
//
//	v minimises ‖r + J v‖² + λ ‖D v‖²,    a minimises ‖r″ + J a‖² + λ ‖D a‖²
//
// r″ is the second derivative of the residuals along v, from one more evaluation of them: a
// bends the step along a curved valley, and is left out of the last short steps. D holds the
// lengths of the columns of J, so that the units of the unknowns do not matter; one that has been
// larger falls to 0.7 of itself at most in a step. Both are solved by QR of J D⁻¹, not of its
// square. λ falls where the sum of squares falls as the
// linear model says, and rises until the sum falls; at first it is so large that the step is
// short beside x. Near the minimum, where the change of the sum is lost in rounding, a step is
// judged by the part of r within the columns of J, which is zero at the minimum.
//
// An epoch is one iteration. It ends where no step makes either smaller, or as Tol says. See
// Uncertainties for the standard errors.
//
// Source: J. Moré, "The Levenberg–Marquardt algorithm: implementation and theory" (1978), for
// D and QR; H. B. Nielsen, "Damping parameter in Marquardt's method", IMM-REP-1999-05 (1999),
// for λ; M. Transtrum, J. Sethna, "Improvements to the Levenberg–Marquardt algorithm for
// nonlinear least-squares minimization", arXiv:1201.5885 (2012), for a; D. Bates, D. Watts, "A
// relative offset orthogonality convergence criterion for nonlinear least squares",
// Technometrics 23 (1981) 179, for the end.
type Marquardt struct {
	Iterations int
	Tol        float64 // end when the part of r within the columns of J is at most this share of r

	iteration int
	ended     bool
	lambda    float64   // λ; 0: not begun
	rise      float64   // factor of λ after the next step that fails
	scale     []float64 // D
}

// Chosen on the sets of testdata/nist. All are solved from both starts with any of these too:
// a first λ of 1e-6 to 10, a share of x of 0.1 to 0.3, D falling by 0.3 to 0.7, a probe of 0.03
// to 0.2, and a bend of 0.2 to 0.75.
const (
	lambdaFirst = 1e-3
	lambdaLeast = 1e-18
	lambdaMost  = 1e18
	shareOfX    = 0.2   // ‖D v‖ / ‖D x‖ of the first step, at most
	scaleFall   = 0.7   // of D, a step
	probe       = 0.1   // share of v after which r is evaluated for r″
	bend        = 0.75  // ‖D a‖ / ‖D v‖, at most
	straight    = 1e-8  // ‖D v‖ / ‖D x‖ up to which a would be rounding and is left out
	gainLeast   = 0.01  // fall of the sum, of what the linear model says, for a step to be taken
	doubted     = 1e-7  // share of the sum of squares: a smaller change is not trusted alone,
	lost        = 1e-12 // and one so small not at all
	lostTries   = 6     // steps in a row that fail where changes are doubted
)

// Kind returns lm.
func (l *Marquardt) Kind() string { return "lm" }

// Parts implements Optimizer.
func (l *Marquardt) Parts(p *Parts) {
	p.Whole("iteration", &l.iteration)
	p.Flag("ended", &l.ended)
	p.Number("lambda", &l.lambda)
	p.Number("rise", &l.rise)
	p.Numbers("scale", &l.scale)
}

// Check implements Optimizer.
func (l *Marquardt) Check(params []*autodiff.Matrix) error {
	if l.Iterations < 0 || !(l.Tol >= 0) {
		return fmt.Errorf("lm: %d iterations, tolerance %v: want numbers from 0 up", l.Iterations, l.Tol)
	}
	if !(l.lambda >= 0 && l.rise >= 0) {
		return fmt.Errorf("lm: lambda %v, rise %v: want numbers from 0 up", l.lambda, l.rise)
	}
	if n := count(params); l.scale != nil && len(l.scale) != n {
		return fmt.Errorf("lm: %d scales, want one for each of the %d unknowns", len(l.scale), n)
	}
	return nil
}

// Accepts reports what is wrong with a problem for this optimiser.
func (l *Marquardt) Accepts(p Problem) error {
	if _, err := residualsOf(p); err != nil {
		return fmt.Errorf("lm: %w", err)
	}
	return nil
}

// A place is a point x with what is known there.
type place struct {
	x, r     []float64
	ssr      float64          // ‖r‖²
	j        *autodiff.Matrix // J D⁻¹
	scale    []float64        // D
	tri      *autodiff.Matrix // R of J D⁻¹ = Q R
	c        []float64        // Qᵀ r
	inside   float64          // length of the part of r within the columns of J
	problem  Residuals
	unknowns []*autodiff.Matrix
}

func newPlace(p Residuals) *place {
	m, n := p.NumResiduals(), count(p.Params())
	return &place{
		x: make([]float64, n), r: make([]float64, m), j: autodiff.NewMatrix(m, n), scale: make([]float64, n),
		tri: autodiff.NewMatrix(m, n), c: make([]float64, m), problem: p, unknowns: p.Params(),
	}
}

// size returns ‖D x‖.
func (s *place) size() float64 {
	y := make([]float64, len(s.x))
	for i, x := range s.x {
		y[i] = float64(s.scale[i] * x)
	}
	return length(y)
}

// look evaluates the residuals, and reports whether they are finite.
func (s *place) look() bool {
	scatter(s.unknowns, s.x)
	s.problem.Residuals(s.r, nil)
	return s.sum()
}

func (s *place) sum() bool {
	v := length(s.r)
	s.ssr = float64(v * v)
	return s.ssr-s.ssr == 0
}

// derive evaluates the residuals and their derivatives, and reports whether they are finite.
// least is at least so much of D.
func (s *place) derive(least []float64, share float64) bool {
	scatter(s.unknowns, s.x)
	s.problem.Residuals(s.r, s.j)
	if !s.sum() || !finite(0, []*autodiff.Matrix{s.j}) {
		return false
	}
	divideColumns(s.j, s.scale, least, share)
	copy(s.tri.Data, s.j.Data)
	copy(s.c, s.r)
	triangulate(s.tri, s.c, nil)
	s.inside = length(s.c[:len(s.x)])
	return true
}

// A damped solves the equations of one place and one λ: U is triangular with
// UᵀU = RᵀR + λI.
type damped struct {
	u    *autodiff.Matrix // [R; √λ I], then U in its first rows
	c    []float64
	v, a []float64 // D v, D a
}

// step computes D v, and returns how far the linear model falls along it.
func (w *damped) step(s *place, lambda float64) (fall float64) {
	n := len(s.x)
	clear(w.u.Data)
	clear(w.c)
	for i := range n {
		copy(w.u.Row(i)[i:], s.tri.Row(i)[i:])
		w.u.Row(n + i)[i] = math.Sqrt(lambda)
		w.c[i] = -s.c[i]
	}
	triangulate(w.u, w.c, nil)
	backSolve(w.u, w.v, w.c, n)
	for i := range n { // ‖R v‖² + 2λ‖v‖²
		sum := 0.
		for k := i; k < n; k++ {
			sum += float64(s.tri.At(i, k) * w.v[k])
		}
		fall += float64(sum*sum) + 2*float64(lambda*float64(w.v[i]*w.v[i]))
	}
	return fall
}

// bend computes D a of the residuals r at x + h v, and reports whether it is short enough.
func (w *damped) bend(s *place, r []float64, h float64) bool {
	n := len(s.x)
	clear(w.a)
	for i, v := range r { // −Jᵀ r″, r″ = 2/h ((r(x + h v) − r(x))/h − J v)
		jv, row := 0., s.j.Row(i)
		for k := range n {
			jv += float64(row[k] * w.v[k])
		}
		second := 2 / h * ((v-s.r[i])/h - jv)
		kernel.AddScaled(w.a, row, -second)
	}
	for i := range n { // Uᵀ
		sum := w.a[i]
		for k := range i {
			sum -= float64(w.u.At(k, i) * w.a[k])
		}
		w.a[i] = sum / w.u.At(i, i)
	}
	backSolve(w.u, w.a, w.a, n)
	return length(w.a) <= bend*length(w.v)
}

// to moves next from s by h v + b a, and reports whether that changes anything.
func (w *damped) to(next, s *place, h, b float64) (moved bool) {
	for i, x := range s.x {
		step := float64(h*w.v[i]) + float64(b*w.a[i])
		if s.scale[i] != 0 {
			step /= s.scale[i]
		}
		next.x[i] = x + step
		moved = moved || next.x[i] != x
	}
	return moved
}

// Minimize implements Optimizer.
func (l *Marquardt) Minimize(ctx context.Context, p Problem, each func(Epoch) error) error {
	problem, err := residualsOf(p)
	if err != nil {
		return fmt.Errorf("nn: lm: %w", err)
	}
	if err := l.Check(p.Params()); err != nil {
		return fmt.Errorf("nn: %w", err)
	}
	if l.ended || l.iteration >= l.Iterations {
		return nil
	}
	at, next := newPlace(problem), newPlace(problem)
	defer func() { scatter(p.Params(), at.x) }() // also where a step was being tried
	n := len(at.x)
	w := &damped{autodiff.NewMatrix(2*n, n), make([]float64, 2*n), make([]float64, n), make([]float64, n)}
	gather(at.x, p.Params())
	if !at.derive(l.scale, 1) {
		return fmt.Errorf("nn: %w before iteration %d (a residual or a derivative is not finite)", ErrDiverged, l.iteration+1)
	}
	if l.lambda == 0 {
		l.begin(at, w)
	}
	l.scale = append(l.scale[:0], at.scale...)
	for l.iteration < l.Iterations {
		if err := ctx.Err(); err != nil {
			return err
		}
		fall := w.step(at, l.lambda)
		if at.inside <= l.Tol*math.Sqrt(at.ssr) || !w.to(next, at, 1, 0) {
			l.ended = true
			return nil
		}
		gain, taken := l.try(next, at, w, fall)
		if !taken {
			l.lambda *= l.rise
			l.rise *= 2
			if fall <= doubted*at.ssr && l.rise > 1<<lostTries || l.lambda > lambdaMost {
				l.ended = true
				return nil
			}
			continue
		}
		d := 2*min(gain, 1) - 1
		l.lambda = max(l.lambda*max(1./3, 1-float64(d*float64(d*d))), lambdaLeast)
		l.rise = 2
		at, next = next, at
		copy(l.scale, at.scale)
		l.iteration++
		if each == nil {
			continue
		}
		scatter(p.Params(), at.x)
		if err := each(Epoch{Epoch: l.iteration, Step: l.iteration, Loss: at.ssr / float64(p.Rows()), Valid: math.NaN(), Rate: l.lambda}); err != nil {
			return err
		}
	}
	return nil
}

// begin chooses the first λ.
func (l *Marquardt) begin(at *place, w *damped) {
	l.lambda, l.rise = lambdaFirst, 2
	for most := shareOfX * at.size(); most > 0 && l.lambda < lambdaMost; l.lambda *= 10 {
		if w.step(at, l.lambda); length(w.v) <= most {
			break
		}
	}
}

// try evaluates the step, and returns the fall of the sum as a share of that of the linear
// model, and whether the step is to be taken.
func (l *Marquardt) try(next, at *place, w *damped, fall float64) (gain float64, taken bool) {
	if fall > doubted*at.ssr && length(w.v) > straight*at.size() {
		w.to(next, at, probe, 0)
		if !next.look() || !w.bend(at, next.r, probe) {
			return 0, false
		}
		w.to(next, at, 1, 0.5)
	}
	if !next.look() {
		return 0, false
	}
	gain = (at.ssr - next.ssr) / fall
	lower := gain >= gainLeast && fall > lost*at.ssr
	if fall > doubted*at.ssr {
		return gain, lower && next.derive(l.scale, scaleFall)
	}
	return 1, next.ssr <= at.ssr*(1+doubted) && next.derive(l.scale, scaleFall) && (lower || next.inside < at.inside)
}
