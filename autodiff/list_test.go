package autodiff

import (
	"fmt"
	"testing"
)

// List gives what String prints of the formulas that are needed, and no others.
func TestList(t *testing.T) {
	var g Graph
	x := g.Leaf("x", NewMatrix(1, 1))
	Exp(x)
	y := AddConst(Mul(x, Sin(x)), 3)
	got := ""
	for _, l := range List(y, x) {
		got += fmt.Sprint(l.Op, l.C, len(l.Args), "; ")
		for _, a := range l.Args {
			if a.id >= l.Var.id {
				t.Error("an operand after its use")
			}
		}
	}
	if want := "leaf0 0; sin0 1; mul0 2; addconst3 1; "; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if List() != nil {
		t.Error("formulas of nothing")
	}
}
