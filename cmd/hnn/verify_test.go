package main

import (
	"flag"
	"strings"
	"testing"

	"hnn/autodiff/kernel"
)

var long = flag.Bool("long", false, "run the long tests")

// The command describes the machine, and all checks pass.
func TestVerify(t *testing.T) {
	out := must(t, "verify")
	if !strings.HasPrefix(out, "hnn "+version+", ") || !strings.Contains(out, "kernels "+kernel.Active().Name()+"\n") ||
		strings.Contains(out, "FAIL") || !strings.Contains(out, "\nall ") {
		t.Error(out)
	}
	fails(t, hnn(t, "", "verify", "x"), 2, `unexpected argument "x"`)
	fails(t, hnn(t, "", "verify", "-jsn"), 2, "-jsn")
}
