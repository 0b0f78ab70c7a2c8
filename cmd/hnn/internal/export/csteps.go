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

// template writes text with NAME and DIM replaced.
func (c *cWriter) template(text string) {
	c.b.WriteString(strings.NewReplacer("NAME", c.name, "DIM", fmt.Sprint(c.dim)).Replace(text))
}

const cRK4 = `void NAME_rk4(double x[DIM], double h) {
    double k1[DIM], k2[DIM], k3[DIM], k4[DIM], w[DIM];
    NAME_field(x, k1);
    for (int i = 0; i < DIM; i++) w[i] = x[i] + h * (0.5 * k1[i]);
    NAME_field(w, k2);
    for (int i = 0; i < DIM; i++) w[i] = x[i] + h * (0.5 * k2[i]);
    NAME_field(w, k3);
    for (int i = 0; i < DIM; i++) w[i] = x[i] + h * k3[i];
    NAME_field(w, k4);
    const double a = 1.0 / 6.0, b = 1.0 / 3.0;
    for (int i = 0; i < DIM; i++) x[i] = x[i] + h * (a * k1[i] + b * k2[i] + b * k3[i] + a * k4[i]);
}

`

const cMidpoint = `int NAME_midpoint(NAME_orbit *o, double h) {
    double k[DIM], next[DIM], w[DIM], size = 0.0, before = DBL_MAX;
    if (!o->begun) NAME_field(o->x, o->k);
    for (int i = 0; i < DIM; i++) {
        k[i] = o->begun ? 0.0 + o->k[i] : o->k[i];
        if (hnn_abs(o->x[i]) > size) size = hnn_abs(o->x[i]);
    }
    for (int round = 0; round < 100; round++) {
        double change = 0.0;
        for (int i = 0; i < DIM; i++) w[i] = o->x[i] + h * (0.5 * k[i]);
        NAME_field(w, next);
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
func (c *cWriter) selftest(all []function) error {
	src := rand.NewPCG(1, 1)
	fmt.Fprintf(&c.b, "int %s_selftest(void) {\n    static const double states[%d][%d] = {\n", c.name, testStates, c.dim)
	var states [testStates][]float64
	for i := range states {
		states[i] = make([]float64, c.dim)
		for j := range states[i] {
			states[i][j] = 2*random.Uniform(src) - 1
		}
		fmt.Fprintf(&c.b, "        {%s},\n", hexes(states[i]))
	}
	c.b.WriteString("    };\n")
	for _, f := range all {
		n := c.dim
		if f.name == "H" {
			n = 1
		}
		fmt.Fprintf(&c.b, "    static const double want_%s[%d][%d] = {\n", f.name, testStates, n)
		for _, x := range states {
			y := make([]float64, n)
			f.run(y, x)
			fmt.Fprintf(&c.b, "        {%s},\n", hexes(y))
		}
		c.b.WriteString("    };\n")
	}
	fmt.Fprintf(&c.b, "    double out[%d];\n    int wrong = 0;\n    for (int i = 0; i < %d; i++) {\n", c.dim, testStates)
	for _, f := range all {
		if f.name == "H" {
			fmt.Fprintf(&c.b, "        out[0] = %s_H(states[i]);\n        wrong += hnn_bits(out[0]) != hnn_bits(want_H[i][0]);\n", c.name)
			continue
		}
		fmt.Fprintf(&c.b, "        %s_%s(states[i], out);\n        for (int j = 0; j < %d; j++) wrong += hnn_bits(out[j]) != hnn_bits(want_%s[i][j]);\n", c.name, f.name, c.dim, f.name)
	}
	c.b.WriteString("    }\n    return wrong;\n}\n")
	return nil
}

func hexes(v []float64) string {
	var s []string
	for _, x := range v {
		s = append(s, hex(x))
	}
	return strings.Join(s, ", ")
}
