package export

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"hnn/autodiff/random"
)

// steps writes the steps in time, in the order of operations of package integrate.
func (c *cWriter) steps(all []function) {
	if has(all, "field") {
		c.template(cRK4)
	}
	if has(all, "field") && has(all, "H") {
		c.template(cMidpoint)
	}
}

// template writes text with the name, the size of a state, and the inputs in it: U is their declaration, V their name.
func (c *cWriter) template(text string) {
	u, v := "", ""
	if c.inputs > 0 {
		u, v = fmt.Sprintf(" const double u[%d],", c.inputs), " u,"
	}
	c.b.WriteString(strings.NewReplacer("NAME", c.name, "DIM", fmt.Sprint(c.dim), ",U ", ","+u+" ", ",V ", ","+v+" ").Replace(text))
}

const cRK4 = `void NAME_rk4(double x[DIM],U double h) {
    double k1[DIM], k2[DIM], k3[DIM], k4[DIM], w[DIM];
    NAME_field(x,V k1);
    for (int i = 0; i < DIM; i++) w[i] = x[i] + h * (0.5 * k1[i]);
    NAME_field(w,V k2);
    for (int i = 0; i < DIM; i++) w[i] = x[i] + h * (0.5 * k2[i]);
    NAME_field(w,V k3);
    for (int i = 0; i < DIM; i++) w[i] = x[i] + h * k3[i];
    NAME_field(w,V k4);
    const double a = 1.0 / 6.0, b = 1.0 / 3.0;
    for (int i = 0; i < DIM; i++) x[i] = x[i] + h * (a * k1[i] + b * k2[i] + b * k3[i] + a * k4[i]);
}

`

const cMidpoint = `int NAME_midpoint(NAME_orbit *o,U double h) {
    double k[DIM], next[DIM], w[DIM], size = 0.0, before = DBL_MAX;
    if (!o->begun) NAME_field(o->x,V o->k);
    for (int i = 0; i < DIM; i++) {
        k[i] = o->begun ? 0.0 + o->k[i] : o->k[i];
        if (hnn_abs(o->x[i]) > size) size = hnn_abs(o->x[i]);
    }
    for (int round = 0; round < 100; round++) {
        double change = 0.0;
        for (int i = 0; i < DIM; i++) w[i] = o->x[i] + h * (0.5 * k[i]);
        NAME_field(w,V next);
        for (int i = 0; i < DIM; i++) {
            double d = hnn_abs(h * (next[i] - k[i])), s = hnn_abs(h * next[i]);
            if (!(d <= DBL_MAX)) return 1;
            if (d > change) change = d;
            if (s > size) size = s;
            k[i] = next[i];
        }
        if (change <= 0x1p-52 * size || (change >= before && change <= 1e-12 * size)) {
            for (int i = 0; i < DIM; i++) {
                double d = h * (0.0 + k[i]) + o->lost[i], sum = o->x[i] + d;
                o->lost[i] = d - (sum - o->x[i]);
                o->x[i] = sum;
                o->k[i] = k[i];
            }
            o->begun = 1;
            return 0;
        }
        before = change;
    }
    return 2;
}

`

// testStates is how many states the self-test has.
const testStates = 4

// selftest writes states with what the functions are there.
func (c *cWriter) selftest(all []function) {
	src := rand.NewPCG(1, 1)
	draw := func(n int) [][]float64 {
		v := make([][]float64, testStates)
		for i := range v {
			v[i] = make([]float64, n)
			for j := range v[i] {
				v[i][j] = 2*random.Uniform(src) - 1
			}
		}
		return v
	}
	table := func(name string, v [][]float64) {
		fmt.Fprintf(&c.b, "    static const double %s[%d][%d] = {\n", name, len(v), len(v[0]))
		for _, row := range v {
			fmt.Fprintf(&c.b, "        {%s},\n", hexes(row))
		}
		c.b.WriteString("    };\n")
	}
	fmt.Fprintf(&c.b, "int %s_selftest(void) {\n", c.name)
	states, inputs := draw(c.dim), draw(c.inputs)
	table("states", states)
	u, width := "", c.dim
	if c.inputs > 0 {
		table("inputs", inputs)
		u = " inputs[i],"
	}
	for _, f := range all {
		var want [][]float64
		width = max(width, f.out.Cols)
		given := states
		if f.name == "encode" {
			given = draw(f.x.Cols)
			table("frames", given)
		}
		for i, x := range given {
			want = append(want, append([]float64{}, f.run(x, inputs[i])...))
		}
		table("want_"+f.name, want)
	}
	fmt.Fprintf(&c.b, "    double out[%d];\n    int wrong = 0;\n    for (int i = 0; i < %d; i++) {\n", width, testStates)
	for _, f := range all {
		switch {
		case f.name == "H":
			fmt.Fprintf(&c.b, "        out[0] = %s_H(states[i]);\n        wrong += hnn_bits(out[0]) != hnn_bits(want_H[i][0]);\n", c.name)
			continue
		case f.name == "encode":
			fmt.Fprintf(&c.b, "        %s_encode(frames[i], out);\n", c.name)
		case f.u != nil:
			fmt.Fprintf(&c.b, "        %s_%s(states[i],%s out);\n", c.name, f.name, u)
		default:
			fmt.Fprintf(&c.b, "        %s_%s(states[i], out);\n", c.name, f.name)
		}
		fmt.Fprintf(&c.b, "        for (int j = 0; j < %d; j++) wrong += hnn_bits(out[j]) != hnn_bits(want_%s[i][j]);\n", f.out.Cols, f.name)
	}
	c.b.WriteString("    }\n    return wrong;\n}\n")
}

func hexes(v []float64) string {
	var s []string
	for _, x := range v {
		s = append(s, hex(x))
	}
	return strings.Join(s, ", ")
}
