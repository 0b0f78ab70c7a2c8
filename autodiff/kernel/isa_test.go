package kernel_test

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"testing"

	"hnn/autodiff/kernel"
)

// The test runs its own program again with GODEBUG set. The sets that GODEBUG turns off are
// not listed, and the best of the others is in use.
func TestGodebug(t *testing.T) {
	const child = "KERNEL_TEST_CHILD"
	names := func() (all []string) {
		for _, s := range kernel.Sets() {
			all = append(all, s.Name())
		}
		return all
	}
	if os.Getenv(child) != "" {
		fmt.Println("sets", strings.Join(names(), " "), "active", kernel.Active().Name(), "end")
		return
	}
	if runtime.GOOS == "js" || strings.Contains(os.Getenv("GODEBUG"), "cpu.") {
		t.Skip("no processes, or GODEBUG is set already")
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ godebug, without string }{
		{"", ""},
		{"cpu.avx512f=off", "avx512"},
		{"gctrace=0,cpu.avx2=off", "avx2 avx512"},
		{"cpu.fma=off", "avx2 avx512"},
		{"cpu.all=off", "avx2 avx512 neon"},
		{"cpu.all=off,cpu.all=on", ""},
		{"cpu.avx2=off,cpu.avx2=on", ""},
	} {
		want := slices.DeleteFunc(names(), func(s string) bool { return slices.Contains(strings.Fields(c.without), s) })
		cmd := exec.Command(exe, "-test.run=^TestGodebug$")
		cmd.Env = append(os.Environ(), child+"=1", "GODEBUG="+c.godebug)
		out, err := cmd.CombinedOutput()
		line := fmt.Sprintln("sets", strings.Join(want, " "), "active", want[len(want)-1], "end")
		if err != nil || !strings.Contains(string(out), line) {
			t.Errorf("GODEBUG=%s: %v, %s, want %s", c.godebug, err, out, line)
		}
	}
}
