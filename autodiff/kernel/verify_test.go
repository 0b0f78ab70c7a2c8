package kernel

import (
	"testing"

	"hnn/autodiff/elementary"
)

// Verify passes, covers every set, and finds a kernel that is wrong in one bit.
func TestVerify(t *testing.T) {
	seen := map[string]int{}
	for _, c := range Verify() {
		if c.Wrong != 0 || c.Values < 1000 {
			t.Errorf("%+v", c)
		}
		seen[c.Set]++
	}
	if len(seen) != len(available()) {
		t.Errorf("compared: %v", seen)
	}
	defer func(old []loopSpec) { loopSpecs = old }(loopSpecs)
	loopSpecs = []loopSpec{function("TanhTo", func(z, x []float64) {
		TanhTo(z, x)
		if len(z) > 40 && z[40] == z[40] {
			z[40] += z[40] * 0x1p-52
		}
	}, elementary.Tanh)}
	for _, c := range Verify() {
		if c.Kernel == "TanhTo" && (c.Wrong < 20 || c.First == "") {
			t.Errorf("a wrong TanhTo: %+v", c)
		}
	}
}
