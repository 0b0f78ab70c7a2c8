package export

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"hnn/autodiff"
	"hnn/nn"
)

// numpyEach are the operations element by element; X and Y are the operands, C the constant.
var numpyEach = map[string]string{
	"add": "X + Y", "sub": "X - Y", "mul": "X * Y", "div": "X / Y", "scale": "C * X", "addconst": "X + C", "inv": "1.0 / X", "detach": "X",
	"tanh": "np.tanh(X)", "exp": "np.exp(X)", "log": "np.log(X)", "sqrt": "np.sqrt(X)", "pow": "np.power(X, C)",
	"sin": "np.sin(X)", "cos": "np.cos(X)", "sigmoid": "0.5 + 0.5 * np.tanh(0.5 * X)", "softplus": "np.logaddexp(0.0, X)",
}

// NumPy writes a model as a Python module that needs NumPy alone. Its functions take one state or many, one in each row.
// They agree with the model to about 1e-13, since NumPy has its own tanh and order of sums.
func NumPy(w io.Writer, m nn.Model, about []string) error {
	one, err := functions(m, 1)
	if err != nil {
		return err
	}
	rows := 2 // stands for the number of states: no other matrix has so many rows or columns
	for _, o := range leaves(one) {
		rows = max(rows, o.Rows+1, o.Cols+1)
	}
	for _, f := range one {
		for _, in := range f.list {
			rows = max(rows, in.Z.Cols+1, in.X.Cols+1)
		}
	}
	all, err := functions(m, rows)
	if err != nil {
		return err
	}
	n := numpyWriter{rows: rows, dim: states(m).Dim(), names: named("w_", leaves(all))}
	text := strings.NewReplacer(`\`, `\\`, `"""`, `'''`).Replace(strings.Join(about, "\n"))
	fmt.Fprintf(&n.b, "\"\"\"%s\n\nA state has %d numbers: coordinates, then momenta. Functions take an array of one state, or of\nmany with a state in each row.\n\"\"\"\nimport numpy as np\n\n", text, n.dim)
	n.b.WriteString("def _array(rows, cols, text):\n    return np.array([float.fromhex(v) for v in text.split()]).reshape(rows, cols)\n\n")
	for _, o := range leaves(all) {
		fmt.Fprintf(&n.b, "%s = _array(%d, %d, \"\"\"\n", n.names[o.Leaf], o.Leaf.Rows, o.Leaf.Cols)
		for i, v := range o.Leaf.Data {
			n.b.WriteString(strconv.FormatFloat(v, 'x', -1, 64))
			if i%4 == 3 || i == len(o.Leaf.Data)-1 {
				n.b.WriteString("\n")
			} else {
				n.b.WriteString(" ")
			}
		}
		n.b.WriteString("\"\"\")\n\n")
	}
	for _, f := range all {
		if err := n.function(f); err != nil {
			return err
		}
	}
	if v, ok := m.(viewer); ok {
		fmt.Fprintf(&n.b, "\n# A pair of frames is %d numbers, row by row, from 0, black, to 1, white. From frame to frame the\n# field moves a state for the time FRAME.\nFRAME = float.fromhex(%q)\n\n", 2*v.Dim(), strconv.FormatFloat(v.Step(), 'x', -1, 64))
	}
	if has(all, "field") {
		u := ""
		if inputs(all) > 0 {
			u = " u,"
		}
		n.b.WriteString(strings.NewReplacer(",U ", ","+u+" ", ",U)", strings.TrimSuffix(","+u, ",")+")").Replace(numpyRK4))
	}
	_, err = w.Write(n.b.Bytes())
	return err
}

const numpyRK4 = `
def rk4(x,U h):
    """One step of length h of the classical Runge-Kutta method of order 4."""
    x = np.asarray(x, dtype=float)
    k1 = field(x,U)
    k2 = field(x + h * (0.5 * k1),U)
    k3 = field(x + h * (0.5 * k2),U)
    k4 = field(x + h * k3,U)
    return x + h * (k1 / 6 + k2 / 3 + k3 / 3 + k4 / 6)
`

type numpyWriter struct {
	b     bytes.Buffer
	rows  int
	dim   int
	names map[*autodiff.Matrix]string
}

// function writes one function of one or many states.
func (n *numpyWriter) function(f function) error {
	doc := map[string]string{
		"H": "The energy of each state.", "field": "The time derivative dx/dt of each state.", "next": "Each state one interval later.",
		"encode": "The state of each pair of frames.", "decode": "The two frames of each state.",
	}[f.name]
	u := ""
	if f.u != nil {
		u = ", u"
		doc += fmt.Sprintf(" u are %d inputs.", f.u.Cols)
	}
	fmt.Fprintf(&n.b, "\ndef %s(x%s):\n    \"\"\"%s\"\"\"\n    one = np.ndim(x) == 1\n    x = np.atleast_2d(np.asarray(x, dtype=float))\n    n = x.shape[0]\n", f.name, u, doc)
	if f.u != nil {
		fmt.Fprintf(&n.b, "    u = np.broadcast_to(np.asarray(u, dtype=float), (n, %d))\n", f.u.Cols)
	}
	for _, in := range f.list {
		text, err := n.instruction(f, in)
		if err != nil {
			return err
		}
		fmt.Fprintf(&n.b, "    t%d = %s\n", in.Z.Buffer, text)
	}
	out := n.ref(f, f.out)
	if f.out.IsConst {
		out = fmt.Sprintf("np.full((n, %d), %s)", f.out.Cols, out)
	}
	if f.name == "H" {
		fmt.Fprintf(&n.b, "    return %[1]s[0, 0] if one else %[1]s[:, 0]\n\n", out)
	} else {
		fmt.Fprintf(&n.b, "    return %[1]s[0] if one else %[1]s\n\n", out)
	}
	return nil
}

func (n *numpyWriter) ref(f function, o autodiff.Operand) string {
	switch {
	case o.IsConst && math.IsInf(o.Const, 0), o.Const != o.Const:
		return fmt.Sprintf("float(%q)", strconv.FormatFloat(o.Const, 'g', -1, 64))
	case o.IsConst:
		return "(" + strconv.FormatFloat(o.Const, 'g', -1, 64) + ")"
	case o.Leaf == f.x:
		return "x"
	case o.Leaf != nil && o.Leaf == f.u:
		return "u"
	case o.Leaf != nil:
		return n.names[o.Leaf]
	}
	return fmt.Sprintf("t%d", o.Buffer)
}

// size writes a number of rows.
func (n *numpyWriter) size(rows int) string {
	if rows == n.rows {
		return "n"
	}
	return strconv.Itoa(rows)
}

func (n *numpyWriter) instruction(f function, in autodiff.Instruction) (string, error) {
	x, y := n.ref(f, in.X), n.ref(f, in.Y)
	shape := fmt.Sprintf("(%s, %d)", n.size(in.Z.Rows), in.Z.Cols)
	full := func(o autodiff.Operand, ref string) string { // constants have no shape in Python
		if o.IsConst {
			return fmt.Sprintf("np.full((%s, %d), %s)", n.size(o.Rows), o.Cols, ref)
		}
		return ref
	}
	if each, ok := numpyEach[in.Op]; ok {
		c := n.ref(f, autodiff.Operand{IsConst: true, Const: in.C})
		return strings.NewReplacer("X", x, "Y", y, "C", c).Replace(each), nil
	}
	x, y = full(in.X, x), full(in.Y, y)
	switch in.Op {
	case "matmul":
		return x + " @ " + y, nil
	case "matmulT":
		return x + " @ " + y + ".T", nil
	case "tmatmul":
		return x + ".T @ " + y, nil
	case "sumto":
		axes := "(0, 1)"
		switch {
		case in.Z.Rows == in.X.Rows:
			axes = "1"
		case in.Z.Cols == in.X.Cols:
			axes = "0"
		}
		return fmt.Sprintf("%s.sum(axis=%s, keepdims=True)", x, axes), nil
	case "expandto":
		return fmt.Sprintf("np.broadcast_to(%s, %s)", x, shape), nil
	case "slice":
		return fmt.Sprintf("%s[:, %d:%d]", x, int(in.C), int(in.C)+in.Z.Cols), nil
	case "pad":
		return fmt.Sprintf("np.pad(%s, ((0, 0), (%d, %d)))", x, int(in.C), in.Z.Cols-in.X.Cols-int(in.C)), nil
	}
	return "", unknownOp("NumPy", in.Op)
}
