package autodiff_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"hnn/autodiff"
	"hnn/autodiff/verify"
)

// Every operation has a case that contains it.
func TestCases(t *testing.T) {
	var got []string
	for _, c := range verify.Cases {
		got = append(got, c.Op)
		var g autodiff.Graph
		x, y := g.Leaf("x", autodiff.NewMatrix(3, 4)), g.Leaf("y", autodiff.NewMatrix(3, 4))
		x = autodiff.ExpandTo(autodiff.SumTo(x, 1, 4), 3, 4)
		c.F(x, y)
		if !strings.Contains(g.String(), " = "+c.Op+" ") {
			t.Errorf("the case of %s lacks it", c.Op)
		}
	}
	if want := autodiff.Operations(); !slices.Equal(got, want) {
		t.Errorf("cases of %v, rules.go has %v", got, want)
	}
}

// The checks of hnn verify pass with the right rules and find a wrong one.
func TestVerifyRules(t *testing.T) {
	wrong := func() (names []string) {
		verify.Rules(func(f verify.Finding) {
			if !f.OK() {
				names = append(names, f.Name)
			} else if f.Value > 1e-6/5 {
				t.Errorf("%s: a difference of %v", f.Name, f.Value)
			}
		})
		return names
	}
	if names := wrong(); names != nil {
		t.Errorf("wrong: %v", names)
	}
	defer autodiff.SpoilTanh()()
	if names := wrong(); !slices.Equal(names, []string{"rule tanh"}) {
		t.Errorf("with a wrong rule of tanh, wrong: %v", names)
	}
}

// Every rule is checked to third order, on the pairs of shapes of testdata/ad_cases.json,
// repeated to a common shape.
func TestRules(t *testing.T) {
	var c struct {
		Expected struct {
			Pairs  [][2][2]int `json:"shape_pairs"`
			MatMul [][2][2]int `json:"matmul_pairs"`
		}
	}
	autodiff.ReadCase(t, "gradcheck_sweep", &c)
	src := rand.NewPCG(3, 4)
	for _, rc := range verify.Cases {
		for _, p := range c.Expected.Pairs {
			for range 20 {
				if _, err := rc.Check(src, p[0], p[1]); err != nil {
					t.Fatalf("%s, %v: %v", rc.Op, p, err)
				}
			}
		}
	}
	for _, p := range c.Expected.MatMul {
		for range 20 {
			var g autodiff.Graph
			x, y := autodiff.RandomLeaf(&g, src, p[0][0], p[0][1], -2), autodiff.RandomLeaf(&g, src, p[1][0], p[1][1], -2)
			z := autodiff.MatMul(x, y)
			mixed := autodiff.Add(z, autodiff.MatMulT(autodiff.Mul(x, x), autodiff.TMatMul(z, x)))
			if _, err := autodiff.Check(autodiff.Tanh(mixed), 3, src, x, y); p[0][0] == p[1][1] && err != nil {
				t.Fatalf("%v: %v", p, err)
			}
			if _, err := autodiff.Check(autodiff.Mul(z, z), 3, src, x, y); err != nil {
				t.Fatalf("%v: %v", p, err)
			}
		}
	}
}
