package export

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"hnn/autodiff"
	"hnn/autodiff/formula"
	"hnn/nn"
)

// maxText bounds the text of an intermediate result, far above what package formula takes.
const maxText = 1 << 16

// Formula writes H as one expression of the named coordinates and momenta, in the language of package formula. Sums are
// collected, so a network of one hidden layer becomes Σ w tanh(a q + b p + c). Its values differ from the model's by roundings.
func Formula(w io.Writer, m nn.Model, names []string) error {
	all, err := functions(m, 1)
	if err != nil {
		return err
	}
	if all[0].name != "H" {
		return errors.New("the model has no energy: want a model with a Hamiltonian")
	}
	f := all[0]
	e := expressions{f: f, buffers: map[int][]linear{}}
	for _, name := range names {
		e.x = append(e.x, linear{terms: []product{{1, name}}})
	}
	for _, in := range f.list {
		z, err := e.instruction(in)
		if err != nil {
			return err
		}
		e.buffers[in.Z.Buffer] = z
	}
	text := e.of(f.out)[0].text()
	if _, err := formula.Parse(text); err != nil {
		return fmt.Errorf("the expression is too large for -H (%w): want a smaller network, such as one hidden layer of 20 units", err)
	}
	_, err = fmt.Fprintln(w, text)
	return err
}

// A linear is a number: c + Σ k·text.
type linear struct {
	c     float64
	terms []product
}

type product struct {
	k    float64
	text string // a name, or a function or a product in brackets
}

// scaled returns k·x.
func (x linear) scaled(k float64) linear {
	z := linear{c: float64(k * x.c)}
	for _, t := range x.terms {
		z.terms = append(z.terms, product{float64(k * t.k), t.text})
	}
	return z
}

// plus returns x + y, like terms put together.
func (x linear) plus(y linear) linear {
	z := linear{x.c + y.c, append([]product{}, x.terms...)}
next:
	for _, t := range y.terms {
		for i := range z.terms {
			if z.terms[i].text == t.text {
				z.terms[i].k += t.k
				continue next
			}
		}
		z.terms = append(z.terms, t)
	}
	return z
}

// text writes the sum.
func (x linear) text() string {
	var b strings.Builder
	add := func(k float64, text string) {
		switch {
		case k < 0 && b.Len() > 0:
			b.WriteString(" - ")
			k = -k
		case b.Len() > 0:
			b.WriteString(" + ")
		}
		switch {
		case text == "":
			b.WriteString(decimal(k))
		case k == 1:
			b.WriteString(text)
		case k == -1:
			b.WriteString("-" + text)
		default:
			b.WriteString(decimal(k) + "*" + text)
		}
	}
	for _, t := range x.terms {
		if t.k != 0 {
			add(t.k, t.text)
		}
	}
	if x.c != 0 || b.Len() == 0 {
		add(x.c, "")
	}
	return b.String()
}

func decimal(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }

// expressions holds the elements of buffers.
type expressions struct {
	f       function
	x       []linear
	buffers map[int][]linear
}

// of returns the elements of an operand.
func (e *expressions) of(o autodiff.Operand) []linear {
	var all []linear
	switch {
	case o.IsConst:
		for range o.Rows * o.Cols {
			all = append(all, linear{c: o.Const})
		}
	case o.Leaf == e.f.x:
		return e.x
	case o.Leaf != nil:
		for _, v := range o.Leaf.Data {
			all = append(all, linear{c: v})
		}
	default:
		return e.buffers[o.Buffer]
	}
	return all
}

// times returns x·y.
func times(x, y linear) linear {
	switch {
	case len(x.terms) == 0:
		return y.scaled(x.c)
	case len(y.terms) == 0:
		return x.scaled(y.c)
	}
	a, b := x.text(), y.text()
	if a == b {
		return linear{terms: []product{{1, "(" + a + ")^2"}}}
	}
	return linear{terms: []product{{1, "(" + a + ")*(" + b + ")"}}}
}

// each computes one element of an operation.
func each(op string, x, y linear, c float64) (linear, bool) {
	call := func(name string) (linear, bool) {
		return linear{terms: []product{{1, name + "(" + x.text() + ")"}}}, true
	}
	switch op {
	case "add":
		return x.plus(y), true
	case "sub":
		return x.plus(y.scaled(-1)), true
	case "mul":
		return times(x, y), true
	case "div":
		if len(y.terms) == 0 {
			return x.scaled(1 / y.c), true
		}
		return linear{terms: []product{{1, "(" + x.text() + ")/(" + y.text() + ")"}}}, true
	case "scale":
		return x.scaled(c), true
	case "addconst":
		return x.plus(linear{c: c}), true
	case "inv":
		return linear{terms: []product{{1, "1/(" + x.text() + ")"}}}, true
	case "pow":
		return linear{terms: []product{{1, "(" + x.text() + ")^(" + decimal(c) + ")"}}}, true
	case "detach":
		return x, true
	case "tanh", "exp", "log", "sqrt", "sin", "cos", "sigmoid", "softplus":
		return call(op)
	}
	return linear{}, false
}

// instruction computes the elements of one step.
func (e *expressions) instruction(in autodiff.Instruction) ([]linear, error) {
	x, y := e.of(in.X), e.of(in.Y)
	rows, cols := in.Z.Rows, in.Z.Cols
	z := make([]linear, rows*cols)
	size := 0
	for i := range rows {
		for j := range cols {
			v := &z[i*cols+j]
			k := i*cols + j
			switch in.Op {
			case "matmul":
				for p := range in.X.Cols {
					*v = v.plus(times(x[i*in.X.Cols+p], y[p*in.Y.Cols+j]))
				}
			case "matmulT":
				for p := range in.X.Cols {
					*v = v.plus(times(x[i*in.X.Cols+p], y[j*in.Y.Cols+p]))
				}
			case "tmatmul":
				for p := range in.X.Rows {
					*v = v.plus(times(x[p*in.X.Cols+i], y[p*in.Y.Cols+j]))
				}
			case "sumto":
				for a := range in.X.Rows {
					for b := range in.X.Cols {
						if (rows == 1 || a == i) && (cols == 1 || b == j) {
							*v = v.plus(x[a*in.X.Cols+b])
						}
					}
				}
			case "expandto":
				*v = x[i%in.X.Rows*in.X.Cols+j%in.X.Cols]
			case "slice":
				*v = x[i*in.X.Cols+j+int(in.C)]
			case "pad":
				if at := j - int(in.C); at >= 0 && at < in.X.Cols {
					*v = x[i*in.X.Cols+at]
				}
			default:
				var ok bool
				if *v, ok = each(in.Op, x[k], y[k], in.C); !ok {
					return nil, unknownOp("-H", in.Op)
				}
			}
			for _, t := range v.terms {
				size += len(t.text)
			}
			if size > maxText {
				return nil, errors.New("the expression is too large for -H: want a smaller network, such as one hidden layer of 20 units")
			}
		}
	}
	return z, nil
}
