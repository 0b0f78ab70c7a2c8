package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A model goes out in every form and comes back from safetensors to the byte.
func TestExport(t *testing.T) {
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	read := func(name string) string {
		b, err := os.ReadFile(path(name))
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	data := film{rows: 60, dt: 0.1}.write("t,θ,p", ",")
	if r := hnn(t, data, "train", "-q", "θ", "-p", "p", "-hidden", "6", "-epochs", "2", "-quiet", "-o", path("m-1.json"), "-"); r.status != 0 {
		t.Fatal(r.errors)
	}
	must(t, "export", "-to", "safetensors", "-o", path("m.safetensors"), path("m-1.json"))
	must(t, "import", "-o", path("again.json"), path("m.safetensors"))
	if read("again.json") != read("m-1.json") {
		t.Error("the model is another one after export and import")
	}
	c := must(t, "export", "-to", "c", path("m-1.json"))
	for _, want := range []string{"void m_1_field(const double x[2], double dx[2]);", "numbers of a state: θ, p.", "p was from -0.9", "int m_1_selftest(void)"} {
		if !strings.Contains(c, want) {
			t.Errorf("no %q in the C file", want)
		}
	}
	if c := must(t, "export", "-to", "c", "-name", "pendulum", path("m-1.json")); !strings.Contains(c, "double pendulum_H(") {
		t.Error("the name is not used")
	}
	if py := must(t, "export", "-to", "numpy", path("m-1.json")); !strings.Contains(py, "def field(x):") {
		t.Error(py)
	}
	h := strings.TrimSpace(must(t, "export", "-to", "formula", path("m-1.json")))
	typed := must(t, "field", "-H", strings.ReplaceAll(h, "θ", "q"), "-points", "2", path("m-1.json"))
	row := strings.Split(strings.Split(typed, "\n")[1], ",") // q, p, H, dq, dp, H_m-1, …
	if row[2][:8] != row[5][:8] || row[3][:8] != row[6][:8] {
		t.Errorf("the formula is not that of the model: %v", row)
	}
	for _, c := range []struct {
		call, want string
		status     int
	}{
		{"export " + path("m-1.json"), "want -to c, numpy, safetensors or formula", 2},
		{"export -to fortran " + path("m-1.json"), "want one of [c numpy safetensors formula]", 2},
		{"export -to c -name 1m " + path("m-1.json"), "want a name for C", 2},
		{"export -to numpy -name m " + path("m-1.json"), "want a name for C", 2},
		{"import " + path("m-1.json"), "no safetensors file: it does not begin with the length of a header", 1},
		{"import -kind hnn " + path("m.safetensors"), "-kind: the file is one of hnn export, and says that itself", 2},
	} {
		fails(t, hnn(t, "", strings.Fields(c.call)...), c.status, c.want)
	}
	broken := read("m.safetensors")
	fails(t, hnn(t, broken[:len(broken)-8], "import", "-"), 1, "do not fit")
	must(t, "train", "-kind", "baseline", "-q", "θ", "-p", "p", "-hidden", "6", "-epochs", "2", "-quiet", "-o", path("b.json"), writeText(t, data))
	fails(t, hnn(t, "", "export", "-to", "formula", path("b.json")), 1, "the model has no energy")
	must(t, "train", "-ensemble", "2", "-q", "θ", "-p", "p", "-hidden", "6", "-epochs", "2", "-quiet", "-o", path("e.json"), writeText(t, data))
	fails(t, hnn(t, "", "export", "-to", "c", path("e.json")), 1, "an ensemble of 2 models: want one model")
}

func writeText(t *testing.T, text string) string {
	name := filepath.Join(t.TempDir(), "data.csv")
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return name
}
