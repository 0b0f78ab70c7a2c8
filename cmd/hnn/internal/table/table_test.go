package table

import (
	"bytes"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What the writer writes, the reader gives back to the bit.
func TestRoundTrip(t *testing.T) {
	values := []float64{0, math.Copysign(0, -1), 0.1, 1e-300, 5e-324, math.MaxFloat64, -math.Pi, 1e21, 123456789, 1.0 / 3}
	names := []string{"hnn", "a,b", `say "x"`, "hnn", `"`, "é", "x y", ",", ";", "0"}
	var buf bytes.Buffer
	w := NewWriter(&buf, "model", "step", `q,"1"`)
	for i, v := range values {
		w.Text(names[i])
		w.Int(i)
		w.Float(v)
		w.End()
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	got, err := Read("x", &buf, "model")
	if err != nil {
		t.Fatal(err)
	}
	q, ok := got.Col(`q,"1"`)
	if !ok || got.Rows() != len(values) {
		t.Fatal(ok, got.Rows())
	}
	for i, v := range values {
		if math.Float64bits(q[i]) != math.Float64bits(v) || got.Text("model")[i] != names[i] {
			t.Errorf("row %d: %v %q, want %v %q", i, q[i], got.Text("model")[i], v, names[i])
		}
	}
}

func TestCreate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.csv")
	f, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Abort()
	if _, err := f.Write([]byte("abc")); err != nil {
		t.Fatal(err)
	}
	if err := f.Commit(); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(path)
	if err != nil || string(got) != "abc" || !strings.HasPrefix(f.Sum(), "ba7816bf") {
		t.Errorf("%q %v %s", got, err, f.Sum())
	}
}
