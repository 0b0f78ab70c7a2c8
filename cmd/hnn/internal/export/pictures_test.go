package export

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"hnn/autodiff"
	"hnn/integrate"
	"hnn/nn"
	"hnn/spring/pixels"
)

// An autoencoder is exported whole. From a pair of frames the C program makes a state, its energy, its
// field, ten states that follow it, and their frames, with the bits of the model. NumPy agrees to 1e-12, and
// safetensors bring the same file back.
func TestPictures(t *testing.T) {
	c := pixels.Default()
	c.Size, c.Runs, c.Frames, c.Hidden, c.Dynamics = 8, 6, 12, []int{17, 9, 9}, []int{11, 5}
	film, err := c.Record(t.Context(), rand.NewPCG(1, 2))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	x := film.Pairs(film.Run(0)) // pairs of frames
	for _, c.Variational = range []bool{false, true} {
		for _, kind := range []string{"hnn", "baseline"} {
			m, err := c.NewAutoencoder(film, kind, rand.NewPCG(3, 4))
			if err != nil {
				t.Fatal(err)
			}
			z := nn.Evaluate(m.Encode, x)
			var want []float64
			h, conserves := m.Latent().(nn.Energy)
			for r := range z.Rows {
				row := &autodiff.Matrix{Rows: 1, Cols: z.Cols, Data: z.Row(r)}
				want = append(want, row.Data...)
				if conserves {
					want = append(want, nn.Evaluate(h.H, row).Data...)
				}
				want = append(want, nn.Evaluate(m.Latent().Field, row).Data...)
				path, err := integrate.Fixed(integrate.RK4, nn.NewField(m.Latent()), 0, 10*m.Step(), m.Step(), row.Data)
				if err != nil {
					t.Fatal(err)
				}
				for _, y := range path.Y[1:11] {
					want = append(want, nn.Evaluate(m.Decode, &autodiff.Matrix{Rows: 1, Cols: len(y), Data: y}).Data...)
				}
			}
			name := fmt.Sprint("m_", kind, c.Variational)
			t.Run(name, func(t *testing.T) {
				testPictures(t, filepath.Join(dir, name), name, m, x, want, conserves)
			})
		}
	}
}

func testPictures(t *testing.T, file, name string, m *pixels.Autoencoder, x *autodiff.Matrix, want []float64, conserves bool) {
	var b, py bytes.Buffer
	if err := C(&b, name, m, []string{"a test"}); err != nil {
		t.Fatal(err)
	}
	if err := NumPy(&py, m, []string{"a test"}); err != nil {
		t.Fatal(err)
	}
	energyC, energyPy := "", ""
	if conserves {
		energyC, energyPy = fmt.Sprintf("y[0] = %s_H(z); fwrite(y, 8, 1, stdout);", name), "out.append(np.atleast_1d(m['H'](z)))"
	}
	fmt.Fprintf(&b, `
#include <stdio.h>
int main(void) {
    double x[%[2]d], y[%[2]d], z[2];
    if (%[1]s_selftest()) return 9;
    while (fread(x, 8, %[2]d, stdin) == %[2]d) {
        %[1]s_encode(x, z); fwrite(z, 8, 2, stdout);
        %[3]s
        %[1]s_field(z, y); fwrite(y, 8, 2, stdout);
        for (int i = 0; i < 10; i++) { %[1]s_rk4(z, %[1]s_FRAME); %[1]s_decode(z, y); fwrite(y, 8, %[2]d, stdout); }
    }
    return 0;
}
`, name, x.Cols, energyC)
	write := func(path string, b []byte) {
		if err := os.WriteFile(path, b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write(file+".c", b.Bytes())
	t.Run("C", func(t *testing.T) {
		for _, cc := range compiler(t) {
			args := append(append(cc[1:len(cc):len(cc)], hardware()[0]...), "-o", file, file+".c")
			if out, err := exec.Command(cc[0], args...).CombinedOutput(); err != nil {
				t.Fatalf("%v %.2000s", err, out)
			}
			cmd := exec.Command(file)
			cmd.Stdin = bytes.NewReader(raw(x.Data))
			out, err := cmd.Output()
			if err != nil {
				t.Fatal(err)
			}
			if wrong, first := differ(numbers(out), want); wrong > 0 {
				t.Errorf("%v: %d of %d numbers differ: %s", cc[:3], wrong, len(want), first)
			}
		}
	})
	t.Run("NumPy", func(t *testing.T) {
		python := python(t, "numpy")
		write(file+".py", py.Bytes())
		cmd := exec.Command(python, "-c", fmt.Sprintf(`
import sys, numpy as np
m = {}
exec(open(sys.argv[1]).read(), m)
frames, out = np.frombuffer(sys.stdin.buffer.read(), dtype='<f8').reshape(-1, %d), []
for x in frames:
    z = m['encode'](x)
    out.append(z)
    %s
    out.append(m['field'](z))
    for i in range(10):
        z = m['rk4'](z, m['FRAME'])
        out.append(m['decode'](z))
z = m['encode'](frames)
assert np.allclose(m['decode'](z)[2], m['decode'](z[2]), rtol=1e-12) and m['decode'](z).shape == frames.shape
sys.stdout.buffer.write(np.concatenate(out).tobytes())
`, x.Cols, energyPy), file+".py")
		cmd.Stdin = bytes.NewReader(raw(x.Data))
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		got := numbers(out)
		if len(got) != len(want) {
			t.Fatalf("%d numbers, want %d", len(got), len(want))
		}
		for i, v := range got {
			if !(math.Abs(v-want[i]) < 1e-12*(1+math.Abs(want[i]))) {
				t.Fatalf("number %d is %v, want %v", i, v, want[i])
			}
		}
	})
	tensors, meta, err := Read(bytes.NewReader(safetensorsOf(t, m, nil)))
	if err != nil {
		t.Fatal(err)
	}
	back, err := Model(tensors, meta)
	if err != nil {
		t.Fatal(err)
	}
	again, _, err := nn.Load(bytes.NewReader(back), pixels.Kind())
	if err != nil {
		t.Fatal(err)
	}
	var first, second bytes.Buffer
	if err := nn.Save(&first, m, nil); err != nil {
		t.Fatal(err)
	}
	if err := nn.Save(&second, again, nil); err != nil || !bytes.Equal(first.Bytes(), second.Bytes()) {
		t.Errorf("another file after safetensors: %v", err)
	}
}

var _ viewer = (*pixels.Autoencoder)(nil) // its methods are those that an export asks for
