package main

import (
	"bytes"
	"image"
	"image/color"
	"image/gif"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hnn/cmd/hnn/internal/picture"
	"hnn/cmd/hnn/internal/table"
)

// tinyFilm are the flags of an experiment with pictures that takes a tenth of a second.
func tinyFilm(dir string, more ...string) []string {
	a := []string{"pixels", "-pixels", "10", "-runs", "4", "-length", "12", "-tests", "2", "-starts", "2", "-ahead", "12",
		"-hidden", "12,12", "-dynamics", "8", "-epochs", "3", "-batch", "20", "-out", dir}
	return append(a, more...)
}

func TestPixels(t *testing.T) {
	dir := t.TempDir()
	r := hnn(t, "", tinyFilm(dir, "-long", "70", "-new", "2", "-variational", "-kl", "0.01")...)
	if r.status != 0 || !strings.Contains(r.errors, "wrote 10 files to "+dir) {
		t.Fatalf("%+v", r)
	}
	latent, err := table.ReadFile(t.Context(), filepath.Join(dir, "latent.csv"))
	if err != nil {
		t.Fatal(err)
	}
	// Two true films and two of each model, of 13 frames; three long ones of each model.
	if want := 6*13 + 6*70; latent.Rows() != want {
		t.Errorf("latent.csv has %d rows, want %d", latent.Rows(), want)
	}
	if out := must(t, "rollout", "-state", "0.5,0", "-duration", "2", filepath.Join(dir, "hnn.json")); !strings.HasPrefix(out, "t,q,p,H\n") || strings.Count(out, "\n") < 3 {
		t.Errorf("a rollout of the latent field: %s", out)
	}
	c := must(t, "export", "-to", "c", filepath.Join(dir, "hnn.json"))
	for _, want := range []string{"The numbers of a state: q, p.", "void hnn_encode(const double frames[200], double x[2]);", "#define hnn_FRAME 0x1."} {
		if !strings.Contains(c, want) {
			t.Errorf("the exported C is without %s", want)
		}
	}
	must(t, "export", "-to", "safetensors", "-o", filepath.Join(dir, "m.safetensors"), filepath.Join(dir, "hnn.json"))
	if again := must(t, "import", filepath.Join(dir, "m.safetensors")); again != string(contents(t, filepath.Join(dir, "hnn.json"))) {
		t.Error("the autoencoder is another one after export and import")
	}
	frames := 0
	f, err := os.Open(filepath.Join(dir, "film.gif"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := picture.ReadGIF(f, func(g *picture.Grey, delay int) error {
		if frames++; g.Width != 3*10*zoom+2*gap || g.Height != 2*10*zoom+gap || delay != 5 {
			t.Fatalf("a frame of %d×%d for %d", g.Width, g.Height, delay)
		}
		return nil
	}); err != nil || frames != 13 {
		t.Errorf("film.gif: %d frames, %v", frames, err)
	}
	page := string(contents(t, filepath.Join(dir, "report.html")))
	for _, want := range []string{`<img src="data:image/gif;base64,R0lGOD`, `<img src="data:image/png;base64,iVBOR`, "map_q"} {
		if !strings.Contains(page, want) {
			t.Errorf("report.html is without %s", want)
		}
	}
	if out := must(t, "replay", filepath.Join(dir, "manifest.json")); strings.Count(out, "ok ") != 9 {
		t.Error(out)
	}
	if out := must(t, "sweep", "-seeds", "2", "-out", filepath.Join(dir, "s"), "pixels", "-pixels", "8", "-runs", "2", "-length", "5", "-tests", "1",
		"-starts", "1", "-ahead", "5", "-hidden", "4", "-dynamics", "4", "-epochs", "1"); out != "" {
		t.Error(out)
	}
	if s := string(contents(t, filepath.Join(dir, "s", "sweep.csv"))); !strings.Contains(s, "hnn_energy_mse") || strings.Count(s, "\n") != 3 {
		t.Error(s)
	}
}

// Interrupted in each model, an experiment goes on to the same bytes.
func TestPixelsResume(t *testing.T) {
	want := t.TempDir()
	must(t, tinyFilm(want)...)
	names, _ := os.ReadDir(want)
	for _, at := range []string{"baseline: epoch 2/", "hnn: epoch 1/"} {
		dir := t.TempDir()
		r := inside(t, false, at, tinyFilm(dir)...)
		if r.status != 130 || !strings.Contains(r.errors, "hnn pixels: saved in "+dir+"; the same call with -continue goes on\n") {
			t.Fatalf("%s: %+v", at, r)
		}
		must(t, tinyFilm(dir, "-continue")...)
		for _, f := range names {
			if !bytes.Equal(contents(t, filepath.Join(dir, f.Name())), contents(t, filepath.Join(want, f.Name()))) {
				t.Errorf("%s: %s differs", at, f.Name())
			}
		}
	}
}

// A film that was recorded is the film that would have been made: to train from its GIF files
// gives the same pictures to learn from. Frames of a sequence of PNG files are read in the order
// of their numbers.
func TestOwnFilm(t *testing.T) {
	dir := t.TempDir()
	film := filepath.Join(dir, "double")
	must(t, "pixels", "-record", "-system", "double-pendulum", "-pixels", "10", "-runs", "11", "-length", "12", "-out", film)
	first, err := readFilm(t.Context(), film, 10, 1)
	if err != nil {
		t.Fatal(err)
	}
	if first.X.Rows != 11*12 || len(first.Starts) != 11 || first.Dt != 0.05 {
		t.Errorf("%d frames, runs from %v, %v s each", first.X.Rows, first.Starts, first.Dt)
	}
	tenth, err := readFilm(t.Context(), filepath.Join(film, "run10.gif"), 10, 1)
	if err != nil {
		t.Fatal(err)
	}
	lo, _ := first.Run(10) // run10.gif comes after run9.gif
	for i, v := range tenth.X.Data {
		if v != first.X.Data[lo*100+i] {
			t.Fatalf("number %d of run 10 is %v, alone %v", i, first.X.Data[lo*100+i], v)
		}
	}
	png := filepath.Join(dir, "png")
	if err := os.Mkdir(png, 0o755); err != nil {
		t.Fatal(err)
	}
	for i, name := range []string{"f8.png", "f9.png", "f10.png", "f11.png", "f12.png"} {
		var b bytes.Buffer
		if err := picture.WritePNG(&b, picture.NewGrey(12, 10, float64(i)/255)); err != nil {
			t.Fatal(err)
		}
		put(t, png, name, b.String())
	}
	row, err := readFilm(t.Context(), png, 10, 0.5)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 5 {
		if row.X.At(i, 7) != float64(i)/255 || row.Dt != 0.5 || len(row.Starts) != 1 {
			t.Errorf("frame %d: %v, %v s", i, row.X.At(i, 7), row.Dt)
		}
	}
	out := filepath.Join(dir, "out")
	must(t, "pixels", "-frames", film, "-pairs", "2", "-pixels", "10", "-hidden", "12", "-dynamics", "8", "-epochs", "2", "-quiet", "-ahead", "6", "-out", out)
	if s := string(contents(t, filepath.Join(out, "summary.csv"))); !strings.Contains(s, "\nhnn,0,,6,") {
		t.Errorf("rollouts of other lengths than -ahead 6:\n%s", s)
	}
	if got := must(t, "replay", filepath.Join(out, "manifest.json")); strings.Contains(got, "DIFFERS") {
		t.Error(got)
	}
	put(t, film, "run10.gif", "GIF89a")
	fails(t, hnn(t, "", "replay", filepath.Join(out, "manifest.json")), 1, "this is not the file that was read")
}

// uneven is a GIF whose third frame is shown longer than the others.
func uneven(t *testing.T) string {
	t.Helper()
	film := &gif.GIF{Delay: []int{5, 5, 9, 5, 80}}
	for range film.Delay {
		film.Image = append(film.Image, image.NewPaletted(image.Rect(0, 0, 30, 30), color.Palette{color.Black, color.White}))
	}
	var b bytes.Buffer
	if err := gif.EncodeAll(&b, film); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// Films that cannot be used get one line that names the file.
func TestBadFilms(t *testing.T) {
	dir := t.TempDir()
	frame := func(w, h int) string {
		var b bytes.Buffer
		if err := picture.WritePNG(&b, picture.NewGrey(w, h, 0.5)); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	sub := func(name string, files map[string]string) string {
		d := filepath.Join(dir, name)
		if err := os.Mkdir(d, 0o755); err != nil {
			t.Fatal(err)
		}
		for f, text := range files {
			put(t, d, f, text)
		}
		return d
	}
	out := filepath.Join(dir, "out")
	for _, c := range []struct{ frames, want string }{
		{filepath.Join(dir, "none.gif"), "none.gif: no such file"},
		{put(t, dir, "text.gif", "q,p\n"), "text.gif: no GIF that can be read"},
		{put(t, dir, "uneven.gif", uneven(t)), "frame 0 is shown for 5 hundredths of a second, frame 2 for 9: want frames at equal times"},
		{sub("empty", nil), "no PNG or GIF file in it"},
		{sub("mixed", map[string]string{"1.png": frame(10, 10), "2.gif": "GIF"}), "both PNG and GIF files"},
		{sub("sizes", map[string]string{"1.png": frame(30, 30), "2.png": frame(31, 30)}), "2.png: 31×30 pixels: want the 30×30 of"},
		{sub("small", map[string]string{"1.png": frame(20, 30)}), "want smaller -pixels"},
		{sub("few", map[string]string{"1.png": frame(30, 30), "2.png": frame(30, 30)}), "run 0 has 2 frames: want three at least"},
		{sub("still", map[string]string{"1.png": frame(30, 30), "2.png": frame(30, 30), "3.png": frame(30, 30), "4.png": frame(30, 30), "5.png": frame(30, 30),
			"6.png": frame(30, 30), "7.png": frame(30, 30), "8.png": frame(30, 30), "9.png": frame(30, 30), "10.png": frame(30, 30),
			"11.png": frame(30, 30), "12.png": frame(30, 30), "13.png": frame(30, 30), "14.png": frame(30, 30), "15.png": frame(30, 30)}), "all frames are the same"},
	} {
		fails(t, hnn(t, "", "pixels", "-frames", c.frames, "-out", out), 1, c.want)
	}
	fails(t, hnn(t, "", "pixels", "-frames", dir, "-swing", "1", "-out", out), 2, "-swing is for films that are made")
	fails(t, hnn(t, "", "pixels", "-frames", dir, "-out", dir), 2, "is the film of -frames: want another directory")
	fails(t, hnn(t, "", "pixels", "-kl", "1", "-out", out), 2, "-kl is for -variational")
	for _, args := range []string{"-runs 100000000", "-ahead 100000000", "-new 100000000", "-long 1000000000", "-hidden 32000,32000"} {
		fails(t, hnn(t, "", append([]string{"pixels", "-out", out}, strings.Fields(args)...)...), 1, "of memory, and the limit is")
	}
	fails(t, hnn(t, "", "pixels", "-pixels", "11", "-out", out), 2, "want an even number")
	fails(t, hnn(t, "", "pixels", "-weights", "1,2", "-out", out), 2, "-weights has 2 numbers: want 3")
}
