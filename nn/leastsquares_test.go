package nn

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"
	"os"
	"strconv"
	"strings"
	"testing"

	"hnn/autodiff"
	"hnn/autodiff/elementary"
	"hnn/autodiff/formula"
)

// A nistSet is one of the Statistical Reference Datasets of NIST for nonlinear regression:
// data, a model, two starts, and the certified parameters and standard errors, to 11 digits.
type nistSet struct {
	Name, Level, Formula, Response string
	Start1, Start2, B, Errors      []float64
	SSR, SD                        float64
	X                              [][]float64
	Y                              []float64
}

func nistSets(t *testing.T) []nistSet {
	t.Helper()
	text, err := os.ReadFile("../testdata/nist/strd.json")
	if err != nil {
		t.Fatal(err)
	}
	var sets []nistSet
	if err := json.Unmarshal(text, &sets); err != nil {
		t.Fatal(err)
	}
	return sets
}

// problem returns the problem of a set from one of its starts.
func (s nistSet) problem(t *testing.T, start []float64) *counted {
	t.Helper()
	b := &autodiff.Matrix{Rows: 1, Cols: len(start), Data: append([]float64(nil), start...)}
	x, err := autodiff.MatrixOf(s.X...)
	if err != nil {
		t.Fatal(err)
	}
	y := &autodiff.Matrix{Rows: len(s.Y), Cols: 1, Data: append([]float64(nil), s.Y...)}
	if s.Response == "log(y)" {
		for i, v := range y.Data {
			y.Data[i] = elementary.Log(v)
		}
	}
	if s.Name == "Roszman1" { // there is no arctan in package formula
		p, err := NewCurve(b, &Data{X: x, Y: y}, func(x, b autodiff.Var) autodiff.Var { return autodiff.Slice(b, 0, 1) })
		if err != nil {
			t.Fatal(err)
		}
		return &counted{problem: &roszman{p}}
	}
	vars := []string{"x"}
	if x.Cols == 2 {
		vars = []string{"x1", "x2"}
	}
	for i := range start {
		vars = append(vars, fmt.Sprint("b", i+1))
	}
	e, err := formula.Parse(s.Formula)
	if err != nil {
		t.Fatal(err)
	}
	f, err := e.Bind(vars, nil)
	if err != nil {
		t.Fatal(err)
	}
	p, err := NewCurve(b, &Data{X: x, Y: y}, func(x, b autodiff.Var) autodiff.Var { return f.Of(autodiff.Concat(x, b)) })
	if err != nil {
		t.Fatal(err)
	}
	if s.Name == "Lanczos1" {
		return &counted{problem: &lanczos{p}}
	}
	return &counted{problem: p}
}

// A counted problem counts evaluations of residuals alone and with derivatives.
type counted struct {
	problem
	alone, both int
	stop        func() // called after each
}

type problem = Residuals // so that the field and the method have two names

func (p *counted) Residuals(r []float64, j *autodiff.Matrix) {
	if p.problem.Residuals(r, j); j == nil {
		p.alone++
	} else {
		p.both++
	}
	if p.stop != nil {
		p.stop()
	}
}

// A roszman is y = b₁ − b₂x − arctan(b₃/(x − b₄))/π, with derivatives by hand.
type roszman struct{ *Curve }

func (p *roszman) Residuals(r []float64, j *autodiff.Matrix) {
	b := p.b.Data
	for i, x := range p.data.X.Data {
		d := x - b[3]
		u := b[2] / d
		r[i] = b[0] - float64(b[1]*x) - elementary.Atan2(u, 1)/math.Pi - p.data.Y.Data[i]
		if j != nil {
			by := -1 / (math.Pi * (1 + float64(u*u)))
			copy(j.Row(i), []float64{1, -x, by / d, by * u / d})
		}
	}
}

// A lanczos is the set Lanczos1. Its residuals, 1e-13, are so near the rounding of y, 4e-16,
// that float64 finds their sum of squares to 3 digits: here they are computed with 160 bits,
// from the decimal numbers of the data.
type lanczos struct{ *Curve }

func (p *lanczos) Residuals(r []float64, j *autodiff.Matrix) {
	p.Curve.Residuals(r, j)
	number := func(v float64) *big.Float { return new(big.Float).SetPrec(160).SetFloat64(v) }
	decimal := func(v float64) *big.Float {
		d, _, _ := big.ParseFloat(strconv.FormatFloat(v, 'g', -1, 64), 10, 160, big.ToNearestEven)
		return d
	}
	b := p.b.Data
	for i, x := range p.data.X.Data {
		if math.Abs(r[i]) > 1e-6 {
			continue
		}
		sum := new(big.Float).Neg(decimal(p.data.Y.Data[i]))
		for k := 0; k < 6; k += 2 {
			power := new(big.Float).Mul(number(-b[k+1]), decimal(x))
			sum.Add(sum, new(big.Float).Mul(number(b[k]), bigExp(power)))
		}
		r[i], _ = sum.Float64()
	}
}

// bigExp returns eˣ for |x| < 2⁸.
func bigExp(x *big.Float) *big.Float {
	x = new(big.Float).SetMantExp(x, -12)
	sum, term := big.NewFloat(1).SetPrec(160), big.NewFloat(1).SetPrec(160)
	for k := 1; k < 30; k++ {
		term.Quo(term.Mul(term, x), big.NewFloat(float64(k)))
		sum.Add(sum, term)
	}
	for range 12 {
		sum.Mul(sum, sum)
	}
	return sum
}

// digits returns to how many digits the worst of some numbers is right.
func digits(got, want []float64) float64 {
	worst := 0.
	for i := range want {
		worst = max(worst, math.Abs(got[i]-want[i])/math.Abs(want[i]))
	}
	return -math.Log10(worst)
}

// All sets from both starts: at least 8 digits of the parameters and 6 of the standard errors.
func TestNIST(t *testing.T) {
	sets := nistSets(t)
	if len(sets) != 27 {
		t.Errorf("%d sets, want 27", len(sets))
	}
	for _, s := range sets {
		for i, start := range [][]float64{s.Start1, s.Start2} {
			p := s.problem(t, start)
			l := &Marquardt{Iterations: 1000}
			if err := l.Minimize(context.Background(), p, nil); err != nil {
				t.Error(s.Name, i+1, err)
				continue
			}
			e, err := Uncertainties(p)
			if err != nil {
				t.Error(s.Name, i+1, err)
				continue
			}
			b, errs := digits(e.Values, s.B), digits(e.Errors, s.Errors)
			ssr, sd := digits([]float64{e.SSR}, []float64{s.SSR}), digits([]float64{e.Sigma}, []float64{s.SD})
			t.Logf("%-8s %-7s start %d: digits of parameters %4.1f, of errors %4.1f, of the sum %4.1f; %3d iterations, %4d evaluations, %3d of derivatives",
				s.Name, s.Level, i+1, b, errs, ssr, l.iteration, p.alone+p.both, p.both)
			if !(b >= 8 && errs >= 6 && ssr >= 6 && sd >= 6) || !l.ended || e.Freedom != len(s.Y)-len(s.B) {
				t.Errorf("%s from start %d: %v ± %v, want %v ± %v", s.Name, i+1, e.Values, e.Errors, s.B, s.Errors)
			}
		}
	}
}

// The derivatives of a Curve are those of differences, its loss and gradient those of its
// residuals, also of some rows and of a function of several values.
func TestCurve(t *testing.T) {
	d := &Data{X: autodiff.NewMatrix(7, 2), Y: autodiff.NewMatrix(7, 2)}
	for i := range d.X.Data {
		d.X.Data[i], d.Y.Data[i] = math.Sin(float64(3*i)), math.Cos(float64(5*i))
	}
	b := &autodiff.Matrix{Rows: 1, Cols: 3, Data: []float64{0.7, -0.4, 1.3}}
	p, err := NewCurve(b, d, func(x, b autodiff.Var) autodiff.Var {
		q, v := autodiff.Slice(x, 0, 1), autodiff.Slice(x, 1, 2)
		first := autodiff.Mul(autodiff.Slice(b, 0, 1), autodiff.Sin(autodiff.Mul(autodiff.Slice(b, 1, 2), q)))
		return autodiff.Concat(first, autodiff.Mul(autodiff.Exp(autodiff.Slice(b, 2, 3)), autodiff.Mul(v, autodiff.Slice(b, 0, 1))))
	})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	n := p.NumResiduals()
	r, up, down, j := make([]float64, n), make([]float64, n), make([]float64, n), autodiff.NewMatrix(n, 3)
	p.Residuals(r, j)
	again := make([]float64, n)
	if p.Residuals(again, nil); n != 14 || !sameBits(r, again) {
		t.Error("other residuals without derivatives", r, again)
	}
	for k, x := range b.Data {
		b.Data[k] = x + 1e-6
		p.Residuals(up, nil)
		b.Data[k] = x - 1e-6
		p.Residuals(down, nil)
		b.Data[k] = x
		for i := range n {
			if d := (up[i] - down[i]) / 2e-6; math.Abs(d-j.At(i, k)) > 1e-8 {
				t.Errorf("∂r%d/∂b%d = %v, by differences %v", i, k+1, j.At(i, k), d)
			}
		}
	}
	for _, rows := range [][]int{nil, {5, 2}} {
		loss, grad, m := 0., make([]float64, 3), 0
		for i := range 7 {
			if rows != nil && i != rows[0] && i != rows[1] {
				continue
			}
			m++
			for c := 2 * i; c < 2*i+2; c++ {
				loss += r[c] * r[c]
				for k := range grad {
					grad[k] += 2 * r[c] * j.At(c, k)
				}
			}
		}
		if got := p.Eval(rows, true); math.Abs(got-loss/float64(m)) > 1e-14 {
			t.Errorf("loss %v, want %v", got, loss/float64(m))
		}
		for k, g := range grad {
			if got := p.Grads()[0].Data[k]; math.Abs(got-g/float64(m)) > 1e-14 {
				t.Errorf("gradient by b%d: %v, want %v", k+1, got, g/float64(m))
			}
		}
	}
}

// A line has errors that are known in closed form: with x = −2…2, y = b₁ + b₂x,
// Cov = σ² diag(1/5, 1/10); measured from x = −2, b₁ and b₂ have a correlation of −√(2/3).
func TestUncertainties(t *testing.T) {
	fit := func(at float64, f func(x, b autodiff.Var) autodiff.Var, start ...float64) (*Estimates, error) {
		t.Helper()
		d := &Data{X: autodiff.NewMatrix(5, 1), Y: autodiff.NewMatrix(5, 1)}
		for i, y := range []float64{1.2, 1.9, 3.3, 3.8, 5.1} {
			d.X.Data[i], d.Y.Data[i] = float64(i)-at, y
		}
		p, err := NewCurve(&autodiff.Matrix{Rows: 1, Cols: len(start), Data: start}, d, f)
		if err != nil {
			t.Fatal(err)
		}
		if err := (&Marquardt{Iterations: 100}).Minimize(context.Background(), p, nil); err != nil {
			t.Fatal(err)
		}
		return Uncertainties(p)
	}
	line := func(x, b autodiff.Var) autodiff.Var {
		return autodiff.Add(autodiff.Slice(b, 0, 1), autodiff.Mul(x, autodiff.Slice(b, 1, 2)))
	}
	for _, at := range []float64{0, 2} {
		e, err := fit(at, line, 1, 1)
		if err != nil {
			t.Fatal(err)
		}
		sum := 0.
		for i, y := range []float64{1.2, 1.9, 3.3, 3.8, 5.1} {
			d := 3.06 + 0.97*float64(i-2) - y
			sum += d * d
		}
		sigma := math.Sqrt(sum / 3)
		want := []float64{3.06 - 0.97*(2-at), 0.97}
		errs := []float64{sigma * math.Sqrt(0.2+(2-at)*(2-at)/10), sigma / math.Sqrt(10)}
		correlation := -(2 - at) / 10 / math.Sqrt(0.2+(2-at)*(2-at)/10) * math.Sqrt(10)
		if !(digits(e.Values, want) > 12 && digits(e.Errors, errs) > 12 && digits([]float64{e.Sigma, e.SSR}, []float64{sigma, sum}) > 12) || e.Freedom != 3 {
			t.Errorf("%+v, want %v ± %v", e, want, errs)
		}
		for i := range 2 {
			for k := range 2 {
				c := 1.
				if i != k {
					c = correlation
				}
				if math.Abs(e.Correlation.At(i, k)-c) > 1e-14 || math.Abs(e.Covariance.At(i, k)-c*errs[i]*errs[k]) > 1e-14 {
					t.Errorf("correlation %v, covariance %v of b%d and b%d, want %v", e.Correlation.At(i, k), e.Covariance.At(i, k), i+1, k+1, c)
				}
			}
		}
	}
	// What is not determined is said: b₁ and b₂ are a sum alone, b₃ does nothing.
	_, err := fit(2, func(x, b autodiff.Var) autodiff.Var {
		sum := autodiff.Add(autodiff.Slice(b, 0, 1), autodiff.Scale(autodiff.Slice(b, 1, 2), 2))
		return autodiff.Add(sum, autodiff.Mul(x, autodiff.Slice(b, 3, 4)))
	}, 1, 1, 1, 1)
	var not *Undetermined
	if !errors.As(err, &not) || len(not.Directions) != 2 {
		t.Fatal(err)
	}
	for _, d := range not.Directions {
		if math.Abs(d[0]+2*d[1]) > 1e-12 || math.Abs(d[3]) > 1e-12 {
			t.Errorf("%v is determined", d)
		}
	}
	if s := err.Error(); !strings.Contains(s, "1·b1 − 0.5·b2") || !strings.Contains(s, "1·b3") || !strings.Contains(s, "want") {
		t.Error(s)
	}
	// With as many unknowns as rows there is nothing to estimate σ from.
	if _, err := fit(0, func(x, b autodiff.Var) autodiff.Var {
		y := autodiff.Slice(b, 0, 1)
		for k := 1; k < 5; k++ {
			y = autodiff.Add(autodiff.Mul(y, x), autodiff.Slice(b, k, k+1))
		}
		return y
	}, 1, 1, 1, 1, 1); err == nil || !strings.Contains(err.Error(), "want") {
		t.Error(err)
	}
}

// What lm cannot fit is refused in words before anything is evaluated, also as a later stage.
func TestMarquardtRefuses(t *testing.T) {
	b := autodiff.NewMatrix(1, 3)
	d := &Data{X: autodiff.NewMatrix(2, 1), Y: autodiff.NewMatrix(2, 1)}
	few, err := NewCurve(b, d, func(x, b autodiff.Var) autodiff.Var { return autodiff.Slice(b, 0, 1) })
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range []Problem{nil, few, newFunction([]float64{1}, func(x []autodiff.Var) autodiff.Var { return square(x[0]) })} {
		if err := (&Marquardt{Iterations: 5}).Minimize(context.Background(), p, nil); err == nil || p != nil && !strings.Contains(err.Error(), "want") {
			t.Errorf("%T: %v", p, err)
		}
		if _, err := Uncertainties(p); err == nil {
			t.Errorf("%T: uncertainties", p)
		}
	}
	_, err = Fit(context.Background(), swing(), Recipe{
		Stages:  []Optimizer{&Descent{Rule: NewAdam(), Epochs: 1, Batch: -1, Rate: Constant(1e-3)}, &Marquardt{Iterations: 5}},
		OnEpoch: func(Epoch) error { t.Error("an epoch before the refusal"); return nil },
	})
	if err == nil || !strings.Contains(err.Error(), "residuals") {
		t.Error(err)
	}
	for _, bad := range []*Marquardt{{Iterations: -1}, {Tol: math.NaN()}, {scale: []float64{1}}, {lambda: -1}} {
		if err := bad.Check([]*autodiff.Matrix{b}); err == nil || !strings.Contains(err.Error(), "want") {
			t.Errorf("%+v: %v", bad, err)
		}
	}
	for _, f := range []func(x, b autodiff.Var) autodiff.Var{
		func(x, b autodiff.Var) autodiff.Var { return b }, // three values for one
	} {
		if _, err := NewCurve(b, d, f); err == nil || !strings.Contains(err.Error(), "want") {
			t.Error(err)
		}
	}
	if _, err := NewCurve(autodiff.NewMatrix(3, 1), d, nil); err == nil {
		t.Error("unknowns in a column")
	}
	// A start that is not finite.
	bad, err := NewCurve(autodiff.NewMatrix(1, 1), d, func(x, b autodiff.Var) autodiff.Var { return autodiff.Log(b) })
	if err != nil {
		t.Fatal(err)
	}
	if err := (&Marquardt{Iterations: 5}).Minimize(context.Background(), bad, nil); !errors.Is(err, ErrDiverged) {
		t.Error(err)
	}
}

// After whatever evaluation it is stopped, it goes on to the same bits, and the unknowns are
// then those of the last step that was taken, as they are at the end.
func TestMarquardtResumes(t *testing.T) {
	for _, s := range nistSets(t) {
		if s.Name != "MGH09" && s.Name != "Thurber" {
			continue
		}
		whole := s.problem(t, s.Start1)
		l := &Marquardt{Iterations: 200}
		var last []float64
		if err := l.Minimize(context.Background(), whole, func(Epoch) error { last = flatten(whole.Params()); return nil }); err != nil {
			t.Fatal(err)
		}
		if !sameBits(last, flatten(whole.Params())) {
			t.Errorf("%s ends at %v, want the last step, %v", s.Name, flatten(whole.Params()), last)
		}
		for stop := 1; stop < whole.alone+whole.both; stop += 3 {
			p := s.problem(t, s.Start1)
			ctx, cancel := context.WithCancel(context.Background())
			p.stop = func() {
				if p.alone+p.both == stop {
					cancel()
				}
			}
			first := &Marquardt{Iterations: 200}
			last = s.Start1
			err := first.Minimize(ctx, p, func(Epoch) error { last = flatten(p.Params()); return nil })
			if first.ended && err == nil {
				continue
			}
			if !errors.Is(err, context.Canceled) || !sameBits(last, flatten(p.Params())) {
				t.Fatal(s.Name, stop, err)
			}
			second := &Marquardt{Iterations: 200}
			if err := getObject(partsOf(t, first), second.Parts); err != nil {
				t.Fatal(err)
			}
			if err := second.Minimize(context.Background(), p, nil); err != nil {
				t.Fatal(err)
			}
			if !sameBits(flatten(p.Params()), flatten(whole.Params())) || second.iteration != l.iteration {
				t.Errorf("%s, stopped after evaluation %d: %v after %d iterations, want %v after %d", s.Name, stop, p.Params()[0].Data, second.iteration, whole.Params()[0].Data, l.iteration)
			}
			cancel()
		}
	}
}

func partsOf(t *testing.T, c Composite) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := putObject(&b, c.Parts); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// With a tolerance it ends early, near enough.
func TestMarquardtTol(t *testing.T) {
	for _, s := range nistSets(t) {
		if s.Name != "Misra1a" {
			continue
		}
		p := s.problem(t, s.Start2)
		l := &Marquardt{Iterations: 100, Tol: 1e-3}
		if err := l.Minimize(context.Background(), p, nil); err != nil {
			t.Fatal(err)
		}
		e, err := Uncertainties(p)
		if err != nil {
			t.Fatal(err)
		}
		if far := math.Abs(e.Values[0]-s.B[0]) / s.Errors[0]; !l.ended || l.iteration > 7 || far > 5e-3 || far < 1e-9 {
			t.Errorf("%d iterations, %v standard errors from the minimum", l.iteration, far)
		}
	}
}

// R and Qᵀb have the products of A and b: AᵀA = RᵀR and Aᵀb = RᵀQᵀb, with columns exchanged.
func TestTriangulate(t *testing.T) {
	for _, pivot := range []bool{false, true} {
		a, b := autodiff.NewMatrix(9, 4), make([]float64, 9)
		for i := range a.Data {
			a.Data[i] = math.Sin(float64(i*i+1)) * float64(1+i%4*i%4)
		}
		for i := range a.Rows {
			a.Row(i)[2] = 0 // a column of zeros
			b[i] = math.Cos(float64(3 * i))
		}
		r, c := autodiff.NewMatrix(9, 4), append([]float64(nil), b...)
		copy(r.Data, a.Data)
		order := []int{0, 1, 2, 3}
		if pivot {
			triangulate(r, c, order)
		} else {
			triangulate(r, c, nil)
		}
		for i := range 4 {
			if pivot && i > 0 && math.Abs(r.At(i, i)) > math.Abs(r.At(i-1, i-1)) {
				t.Errorf("the diagonal rises at %d", i)
			}
			var ab, rc float64
			for m := range 9 {
				ab += a.At(m, order[i]) * b[m]
				if m <= i {
					rc += r.At(m, i) * c[m]
				}
			}
			if math.Abs(ab-rc) > 1e-13 {
				t.Errorf("column %d: Aᵀb = %v, RᵀQᵀb = %v", i, ab, rc)
			}
			for k := range 4 {
				var aa, rr float64
				for m := range 9 {
					aa += a.At(m, order[i]) * a.At(m, order[k])
					if m <= i && m <= k {
						rr += r.At(m, i) * r.At(m, k)
					}
				}
				if math.Abs(aa-rr) > 1e-12 {
					t.Errorf("columns %d and %d: AᵀA = %v, RᵀR = %v", i, k, aa, rr)
				}
			}
		}
		if math.Abs(length(b)-length(c)) > 1e-14 {
			t.Error("b has changed its length")
		}
	}
}
