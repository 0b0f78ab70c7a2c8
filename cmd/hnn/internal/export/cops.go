package export

import (
	"fmt"
	"strings"

	"hnn/autodiff"
)

// cEach are the operations element by element; X and Y are the operands, C the constant.
var cEach = map[string]string{
	"add": "X + Y", "sub": "X - Y", "mul": "X * Y", "div": "X / Y", "scale": "C * X", "addconst": "X + C", "inv": "1.0 / X", "detach": "X",
	"tanh": "hnn_tanh(X)", "exp": "hnn_exp(X)", "log": "hnn_log(X)", "sqrt": "hnn_sqrt(X)", "pow": "hnn_pow(X, C)",
	"sin": "hnn_sin(X)", "cos": "hnn_cos(X)", "sigmoid": "hnn_sigmoid(X)", "softplus": "hnn_softplus(X)",
}

// loop writes a statement for i from 0 to below n.
func (c *cWriter) loop(n int, statement string) {
	if n == 1 {
		fmt.Fprintf(&c.b, "    %s\n", strings.ReplaceAll(statement, "[i]", "[0]"))
		return
	}
	fmt.Fprintf(&c.b, "    for (int i = 0; i < %d; i++) %s\n", n, statement)
}

// instruction writes one step.
func (c *cWriter) instruction(f function, in autodiff.Instruction) error {
	z, n := c.ref(f, in.Z), in.Z.Rows*in.Z.Cols
	if each, ok := cEach[in.Op]; ok {
		constant := c.at(f, autodiff.Operand{IsConst: true, Const: in.C}, "")
		c.loop(n, z+"[i] = "+strings.NewReplacer("X", c.at(f, in.X, "i"), "Y", c.at(f, in.Y, "i"), "C", constant).Replace(each)+";")
		return nil
	}
	x := in.X
	switch in.Op {
	case "matmul", "matmulT", "tmatmul":
		for _, o := range []autodiff.Operand{in.X, in.Y} {
			if o.IsConst {
				c.loop(o.Rows*o.Cols, fmt.Sprintf("b%d[i] = %s;", o.Buffer, hex(o.Const)))
			}
		}
		if w, ok := c.constantFactor(f, in); ok {
			fmt.Fprintf(&c.b, "    hnn_row(%s, %s, %s, %d, %d);\n", z, c.ref(f, x), w, x.Cols, in.Z.Cols)
			return nil
		}
		k, xr, xc, yr, yc := x.Cols, x.Cols, 1, in.Y.Cols, 1
		switch in.Op {
		case "matmulT":
			yr, yc = 1, in.Y.Cols
		case "tmatmul":
			k, xr, xc = x.Rows, 1, x.Cols
		}
		fmt.Fprintf(&c.b, "    hnn_product(%s, %s, %d, %d, %s, %d, %d, %d, %d, %d);\n", z, c.ref(f, x), xr, xc, c.ref(f, in.Y), yr, yc, in.Z.Rows, k, in.Z.Cols)
	case "sumto":
		c.sum(f, in)
	case "expandto":
		row, col := "i", "j"
		if x.Rows == 1 {
			row = "0"
		}
		if x.Cols == 1 {
			col = "0"
		}
		c.grid(in.Z.Rows, in.Z.Cols, fmt.Sprintf("%s[i * %d + j] = %s;", z, in.Z.Cols, c.at(f, x, fmt.Sprintf("%s * %d + %s", row, x.Cols, col))))
	case "slice":
		c.grid(in.Z.Rows, in.Z.Cols, fmt.Sprintf("%s[i * %d + j] = %s;", z, in.Z.Cols, c.at(f, x, fmt.Sprintf("i * %d + j + %d", x.Cols, int(in.C)))))
	case "pad":
		c.loop(n, z+"[i] = 0.0;")
		c.grid(x.Rows, x.Cols, fmt.Sprintf("%s[i * %d + j + %d] = %s;", z, in.Z.Cols, int(in.C), c.at(f, x, fmt.Sprintf("i * %d + j", x.Cols))))
	default:
		return unknownOp("C", in.Op)
	}
	return nil
}

// grid writes a statement for each i and j.
func (c *cWriter) grid(rows, cols int, statement string) {
	fmt.Fprintf(&c.b, "    for (int i = 0; i < %d; i++)\n        for (int j = 0; j < %d; j++) %s\n", rows, cols, statement)
}

// sum writes the sums of kernel.SumTo, in its order.
func (c *cWriter) sum(f function, in autodiff.Instruction) {
	z, x := c.ref(f, in.Z), in.X
	element := c.at(f, x, fmt.Sprintf("i * %d + j", x.Cols))
	switch {
	case in.Z.Rows == x.Rows:
		fmt.Fprintf(&c.b, "    for (int i = 0; i < %d; i++) {\n        double s = 0.0;\n        for (int j = 0; j < %d; j++) s += %s;\n        %s[i] = s;\n    }\n", x.Rows, x.Cols, element, z)
	case in.Z.Cols == x.Cols:
		c.loop(x.Cols, z+"[i] = 0.0;")
		c.grid(x.Rows, x.Cols, fmt.Sprintf("%s[j] += %s;", z, element))
	default:
		fmt.Fprintf(&c.b, "    %s[0] = 0.0;\n    for (int j = 0; j < %d; j++) {\n        double s = 0.0;\n        for (int i = 0; i < %d; i++) s += %s;\n        %s[0] += s;\n    }\n", z, x.Cols, x.Rows, element, z)
	}
}
