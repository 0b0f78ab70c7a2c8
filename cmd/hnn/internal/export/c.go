package export

import (
	"bytes"
	"embed"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"hnn/autodiff"
	"hnn/nn"
)

//go:embed c
var cParts embed.FS

// cNeeds lists which files of the folder c an operation needs, in order.
var cNeeds = map[string][]string{
	"tanh": {"exp", "tanh"}, "exp": {"exp", "expsum"}, "sigmoid": {"exp", "expsum", "sigmoid"}, "log": {"log"},
	"softplus": {"exp", "expsum", "log", "softplus"}, "sin": {"trig"}, "cos": {"trig"}, "sqrt": {"sqrt"}, "pow": {"exp", "expsum", "log", "pow"},
}

// cOrder is the order in which the files stand.
var cOrder = []string{"exp", "expsum", "tanh", "sigmoid", "log", "softplus", "trig", "sqrt", "pow"}

// A cWriter writes the functions of one model.
type cWriter struct {
	b          bytes.Buffer
	name       string
	dim        int
	inputs     int
	names      map[*autodiff.Matrix]string
	plain      map[*autodiff.Matrix]bool // leaves that are read as they are
	transposed map[*autodiff.Matrix]bool // leaves that are read with rows and columns exchanged
}

// C writes a model as one file of C99, with its functions called name_H, name_field and so on. Their results have the bits
// of the model's own. The lines of about are a comment at its top.
func C(w io.Writer, name string, m nn.Model, about []string) error {
	all, err := functions(m, 1)
	if err != nil {
		return err
	}
	c := &cWriter{name: name, dim: states(m).Dim(), inputs: inputs(all), names: named(name+"_w_", leaves(all)),
		plain: map[*autodiff.Matrix]bool{}, transposed: map[*autodiff.Matrix]bool{}}
	var bodies bytes.Buffer
	for _, f := range all {
		if err := c.function(f); err != nil {
			return err
		}
	}
	c.steps(all)
	c.selftest(all)
	bodies, c.b = c.b, bytes.Buffer{}
	c.head(all, m, about)
	if err := c.runtime(all); err != nil {
		return err
	}
	for _, o := range leaves(all) {
		c.array(o)
	}
	c.b.Write(bodies.Bytes())
	c.b.WriteString("\n#endif\n")
	_, err = w.Write(c.b.Bytes())
	return err
}

// head writes the comment, the checks of the compiler and the declarations.
func (c *cWriter) head(all []function, m nn.Model, about []string) {
	in := ""
	if c.inputs > 0 {
		in = fmt.Sprintf(" The inputs u are %d numbers,\n   constant during a step.", c.inputs)
	}
	c.b.WriteString("/* " + strings.ReplaceAll(strings.Join(about, "\n   "), "*/", "* /") + "\n\n")
	fmt.Fprintf(&c.b, `   A state x has %[1]d numbers: coordinates, then momenta.%[3]s Compile with

       cc -std=c99 -O3 -ffp-contract=off -mfma -c %[2]s.c

   -ffp-contract=off is needed: no product may be fused with a sum that is not written so.
   -mfma is for x86-64 processors from 2013 on; without it the fused multiply-add is
   computed with integers, to the same bits and some two hundred times slower. No library is
   called, and there is no memory but the stack. %[2]s_selftest() returns 0 if compiler and
   processor give the bits that the model had where this file was made.
   With %[2]s_HEADER defined before it is included, this file has the declarations alone. */

`, c.dim, c.name, in)
	if has(all, "H") {
		c.template("double NAME_H(const double x[DIM]);\n")
	}
	if has(all, "field") {
		c.template(`void NAME_field(const double x[DIM],U double dx[DIM]); /* dx/dt */

/* One step of length h of the classical Runge-Kutta method of order 4. */
void NAME_rk4(double x[DIM],U double h);
`)
	}
	if has(all, "H") && has(all, "field") {
		c.template(`
/* One step of length h of the implicit midpoint rule, which is symplectic for a field made of
   any H: the error of the energy stays bounded. Set x of a struct of zeros, and take all steps
   with it: it keeps the roundings, and a first guess. The result is 0, 1 if the field is not
   finite, 2 if the iteration does not converge: h is too long. x is then as it was. */
typedef struct { double x[DIM], lost[DIM], k[DIM]; int begun; } NAME_orbit;
int NAME_midpoint(NAME_orbit *o,U double h);
`)
	}
	if has(all, "next") {
		c.template("void NAME_next(const double x[DIM], double next[DIM]); /* one interval later */\n")
	}
	if v, ok := m.(viewer); ok {
		fmt.Fprintf(&c.b, `
/* States are seen in pictures: %[2]d numbers, two successive frames row by row, from 0, black, to
   1, white. From frame to frame the field moves a state for the time %[1]s_FRAME. */
#define %[1]s_FRAME %[4]s
void %[1]s_encode(const double frames[%[2]d], double x[%[3]d]);
void %[1]s_decode(const double x[%[3]d], double frames[%[2]d]);
`, c.name, 2*v.Dim(), c.dim, hex(v.Step()))
	}
	fmt.Fprintf(&c.b, `
int %[1]s_selftest(void); /* how many numbers differ from those of the model */

#ifndef %[1]s_HEADER

#include <float.h>
#include <stdint.h>

#if defined(__FAST_MATH__) || FLT_EVAL_METHOD != 0
#error "want float64 arithmetic as it is written: no -ffast-math, and SSE2 or better on x86"
#endif
#ifdef __clang__
#pragma STDC FP_CONTRACT OFF
#elif defined(__GNUC__) /* GCC 12 makes fused operations of pairs of sums, whatever the flag says */
#pragma GCC optimize("-ffp-contract=off", "-fno-tree-slp-vectorize")
#endif

`, c.name)
}

// runtime writes what the operations need.
func (c *cWriter) runtime(all []function) error {
	need := map[string]bool{}
	products := [2]bool{} // by rows of a constant matrix, and others
	for _, f := range all {
		for _, in := range f.list {
			for _, part := range cNeeds[in.Op] {
				need[part] = true
			}
			if strings.Contains(in.Op, "matmul") {
				if _, ok := c.constantFactor(f, in); ok {
					products[0] = true
				} else {
					products[1] = true
				}
			}
		}
	}
	files := []string{"fma"}
	for _, part := range cOrder {
		if need[part] {
			files = append(files, part)
		}
	}
	if products[0] {
		files = append(files, "row")
	}
	if products[1] {
		files = append(files, "product")
	}
	for _, name := range files {
		text, err := cParts.ReadFile("c/" + name + ".c")
		if err != nil {
			return err
		}
		// a guard lets one program include several models
		fmt.Fprintf(&c.b, "#ifndef HNN_PART_%[1]s\n#define HNN_PART_%[1]s\n\n%[2]s\n#endif\n\n", name, text)
	}
	return nil
}

// hex writes a number such that C reads the same bits.
func hex(v float64) string {
	switch {
	case v != v:
		return "hnn_real(0x7ff8000000000000u)"
	case math.IsInf(v, 0):
		return fmt.Sprintf("hnn_real(0x%xu)", math.Float64bits(v))
	}
	return strconv.FormatFloat(v, 'x', -1, 64)
}

// array writes a leaf, as it is and transposed, as it was used.
func (c *cWriter) array(o autodiff.Operand) {
	m := o.Leaf
	write := func(name string, rows, cols int, at func(i, j int) float64) {
		fmt.Fprintf(&c.b, "static const double %s[%d] = { /* %d x %d */\n", name, rows*cols, rows, cols)
		for i := range rows {
			for j := range cols {
				if j%4 == 0 {
					c.b.WriteString("    ")
				}
				c.b.WriteString(hex(at(i, j)) + ",")
				if j%4 == 3 || j == cols-1 {
					c.b.WriteString("\n")
				} else {
					c.b.WriteString(" ")
				}
			}
		}
		c.b.WriteString("};\n\n")
	}
	if c.plain[m] {
		write(c.names[m], m.Rows, m.Cols, m.At)
	}
	if c.transposed[m] {
		write(c.names[m]+"_t", m.Cols, m.Rows, func(i, j int) float64 { return m.At(j, i) })
	}
}

// ref returns the name of an operand's array.
func (c *cWriter) ref(f function, o autodiff.Operand) string {
	switch {
	case o.Leaf == f.x:
		return "x"
	case o.Leaf != nil && o.Leaf == f.u:
		return "u"
	case o.Leaf != nil:
		c.plain[o.Leaf] = true
		return c.names[o.Leaf]
	}
	return fmt.Sprintf("b%d", o.Buffer)
}

// at returns element i of an operand.
func (c *cWriter) at(f function, o autodiff.Operand, i string) string {
	if o.IsConst {
		if o.Const < 0 || math.Signbit(o.Const) {
			return "(" + hex(o.Const) + ")"
		}
		return hex(o.Const)
	}
	return c.ref(f, o) + "[" + i + "]"
}

// constantFactor returns the array of the right factor of a product if it is a leaf that can be stored by rows.
func (c *cWriter) constantFactor(f function, in autodiff.Instruction) (string, bool) {
	if in.Y.Leaf == nil || in.Y.Leaf == f.x || in.Y.Leaf == f.u || in.X.IsConst || in.X.Rows != 1 {
		return "", false
	}
	switch in.Op {
	case "matmul":
		c.plain[in.Y.Leaf] = true
		return c.names[in.Y.Leaf], true
	case "matmulT":
		c.transposed[in.Y.Leaf] = true
		return c.names[in.Y.Leaf] + "_t", true
	}
	return "", false
}

// function writes one function, without H in its name for its value.
func (c *cWriter) function(f function) error {
	size := map[int]int{} // of the buffers
	for _, in := range f.list {
		size[in.Z.Buffer] = max(size[in.Z.Buffer], in.Z.Rows*in.Z.Cols)
		for _, o := range []autodiff.Operand{in.X, in.Y} {
			if o.IsConst && strings.Contains(in.Op, "mat") { // products read an array
				size[o.Buffer] = max(size[o.Buffer], o.Rows*o.Cols)
			}
		}
	}
	switch f.name {
	case "H":
		fmt.Fprintf(&c.b, "double %s_H(const double x[%d]) {\n", c.name, c.dim)
	default:
		u := ""
		if f.u != nil {
			u = fmt.Sprintf(" const double u[%d],", f.u.Cols)
		}
		fmt.Fprintf(&c.b, "void %s_%s(const double x[%d],%s double out[%d]) {\n", c.name, f.name, f.x.Cols, u, f.out.Cols)
	}
	for i := range 1 << 20 {
		if len(size) == 0 {
			break
		}
		if n, ok := size[i]; ok {
			fmt.Fprintf(&c.b, "    double b%d[%d];\n", i, n)
			delete(size, i)
		}
	}
	for _, in := range f.list {
		if err := c.instruction(f, in); err != nil {
			return err
		}
	}
	if f.name == "H" {
		fmt.Fprintf(&c.b, "    return %s;\n}\n\n", c.at(f, f.out, "0"))
		return nil
	}
	c.loop(f.out.Cols, "out[i] = "+c.at(f, f.out, "i")+";")
	c.b.WriteString("}\n\n")
	return nil
}
