package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

// tree is what is in a directory: a hash of each file.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		b, err := os.ReadFile(path)
		all[path] = fmt.Sprintf("%x", sha256.Sum256(b))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// What does not fit in the memory is refused in one line, with the estimate and the limit,
// before any of the work.
func TestMemoryRefused(t *testing.T) {
	dir := trainData(t)
	data, next := filepath.Join(dir, "data.csv"), filepath.Join(dir, "next.json")
	must(t, "train", "-quiet", "-hidden", "2", "-epochs", "1", "-kind", "nextstate", "-o", next, data)
	before := len(tree(t, dir))
	for _, call := range []string{
		"simulate -dt 1e-6 -duration 90",
		"simulate -dt 0 -max-step 1e-6 -duration 90 -max-eval 0",
		"rollout -duration 9000000 -o x.csv " + next,
		"spring -train 1000000000 -out x",
		"spring -energies 1,2,3 -rollout 100000 -out x",
		"spring -hidden 20000,20000 -out x",
		"spring -points 9000 -out x",
		"spring -protocol paper -seeds 1000000000 -out x",
		"train -hidden 20000,20000 -o x.json " + data,
		"field -points 9000 -o x.csv",
		"bench -only step -rows 1000000000 -reps 1",
	} {
		command, rest, _ := strings.Cut(call, " ")
		args := append([]string{command, "-max-memory", "64M"}, strings.Fields(strings.ReplaceAll(rest, " x", " "+filepath.Join(dir, "x")))...)
		r := hnn(t, "", args...)
		r.out = "" // the head of a table
		fails(t, r, 1, "memory")
		fails(t, r, 1, "a higher -max-memory")
	}
	for _, c := range []struct{ call, want string }{
		{"sweep -seeds 1000000000 -out x spring", "make 1e+09 points: want at most 1000000"},
		{"sweep -workers 1000000000 spring", "-workers: want a whole number from 0 to 1024"},
		{"train -workers 1000000000 x", "-workers: want a whole number from 0 to 1024"},
		{"simulate -max-memory 1", "want a size from 32M up"},
		{"simulate -max-memory 4X", "want a size from 32M up"},
	} {
		fails(t, hnn(t, "", strings.Fields(c.call)...), 2, c.want)
	}
	if after := len(tree(t, dir)); after != before {
		t.Errorf("%d files, %d before", after, before)
	}
	// A model is read up to the limit, and a manifest up to 16 MiB.
	long := `{"format": "` + strings.Repeat("a", 5<<20)
	fails(t, hnn(t, long, "rollout", "-max-memory", "64M", "-"), 1, "longer than 4.92 MiB, which is as much as can be read")
	manifest := put(t, dir, "long", "")
	if err := os.Truncate(manifest, 17<<20); err != nil {
		t.Fatal(err)
	}
	fails(t, hnn(t, "", "replay", manifest), 1, "longer than 16 MiB")
	csv := "q,p\n" + strings.Repeat("1,2\n", 1<<20)
	fails(t, hnn(t, csv, "train", "-max-memory", "64M", "-o", filepath.Join(dir, "y"), "-"), 1, "more than 1677721 cells")
	must(t, "simulate", "-max-memory", "64M")
}

// No word of a message is a command for the terminal, and no message is endless.
func TestPlainWords(t *testing.T) {
	dir := t.TempDir()
	red, endless := "\x1b[31mred\n\u202e\xff\u009b", strings.Repeat("x", 20_000)
	manifest := func(field string) string {
		return put(t, dir, field, `{"program":"hnn","version":"0.0\u001b[31m","command":"simulate","flags":{},"defaults":{},"operands":[],"inputs":[],`+
			`"files":[{"flag":"o","name":"x","sha256":"`+strings.Repeat("0", 64)+`"}]}`)
	}
	for _, args := range [][]string{
		{red}, {"help", red}, {"simulate", "-" + red}, {"simulate", "-method", red}, {"simulate", "-system", red}, {"simulate", "-H", red}, {"simulate", "-set", red},
		{"simulate", "-o", filepath.Join(dir, "none"+red, red)}, {"rollout", red}, {"rollout", "-events", red, "-events-o", "x", "m"}, {"field", red}, {"eval", red, red}, {"train", red},
		{"train", "-q", red, "-p", red, red}, {"replay", red}, {"replay", manifest("m")}, {"sweep", red}, {"sweep", "-grid", red, "spring"}, {"sweep", "-grid", "lr=" + red, "spring"},
		{"bench", "-only", red}, {"bench", "-quick", "-only", "tanh", "-peer", red}, {"simulate", red}, {"train", "-resume", red, "x"},
		{"simulate", "-system", endless}, {"simulate", "-" + endless}, {"sweep", "-grid", "lr=" + endless, "spring"}, {"train", endless}, {endless}, {"simulate", "-H", endless},
	} {
		r := hnn(t, "", args...)
		if r.status == 0 || strings.Count(r.errors, "\n") != 1 || utf8.RuneCountInString(r.errors) > maxMessage+100 ||
			printable(strings.TrimSuffix(r.errors, "\n")) != strings.TrimSuffix(r.errors, "\n") {
			t.Errorf("hnn %.100q: status %d: %.500q", args, r.status, r.errors)
		}
	}
	// What a peer says.
	peer := script(t, `printf 'warning \033[31m\n' >&2; while read row; do printf '1 slow \033[31m\n'; done`)
	r := hnn(t, "", "bench", "-quick", "-only", "^tanh$", "-peer", peer)
	if r.status != 0 || strings.Contains(r.out+r.errors, "\x1b") || !strings.Contains(r.out, `slow \x1b[31m`) || !strings.Contains(r.errors, `warning \x1b[31m`) {
		t.Errorf("%+q", r)
	}
}

// No output is written over an input, whatever the names.
func TestInputsKept(t *testing.T) {
	dir := trainData(t)
	data := string(contents(t, filepath.Join(dir, "data.csv")))
	out := filepath.Join(dir, "sweep")
	if err := os.MkdirAll(filepath.Join(out, "points"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"sweep.csv", "sweep.json", "points/000000.csv", "points/data.csv"} {
		in := put(t, out, name, data)
		fails(t, hnn(t, "", "sweep", "-out", out, "train", "-hidden", "2", "-epochs", "1", in), 2, "put")
		if string(contents(t, in)) != data {
			t.Errorf("%s is gone", name)
		}
		os.Remove(in)
	}
	path := func(name string) string { return filepath.Join(dir, name) }
	must(t, "train", "-quiet", "-hidden", "2", "-epochs", "1", "-checkpoint", path("a"), "-o", path("m"), path("data.csv"))
	a := contents(t, path("a"))
	fails(t, hnn(t, "", "train", "-resume", path("a"), "-checkpoint", path("b"), "-o", path("a"), path("data.csv")), 2, "is an input too")
	fails(t, hnn(t, "", "train", "-resume", path("a"), "-checkpoint", path("b"), "-log", path("a"), "-o", path("c"), path("data.csv")), 2, "is an input too")
	if !bytes.Equal(contents(t, path("a")), a) {
		t.Error("the checkpoint has changed")
	}
}

// A manifest with a flipped bit is refused, or its run is seen to differ, or it is the same
// run, whose file may have got another name.
func TestFlippedManifest(t *testing.T) {
	flips := 60
	if *long {
		flips = 2000
	}
	dir := t.TempDir()
	name := filepath.Join(dir, "m")
	must(t, "simulate", "-n", "1", "-duration", "1", "-seed", "3", "-o", filepath.Join(dir, "o.csv"), "-manifest", name)
	must(t, "replay", name)
	src, b := rand.New(rand.NewPCG(5, 6)), contents(t, name)
	for range flips {
		i := src.IntN(8 * len(b))
		flipped := bytes.Clone(b)
		flipped[i/8] ^= 1 << (i % 8)
		r := inside(t, false, "", "replay", put(t, dir, "flipped", string(flipped)))
		same := strings.HasPrefix(r.out, "ok       ") && strings.Count(r.out, "\n") == 1
		if r.status == 0 && !same || r.status == 2 || r.status != 0 && r.errors == "" {
			t.Errorf("byte %d is %q for %q: status %d, %q, %q", i/8, flipped[i/8], b[i/8], r.status, r.out, r.errors)
		}
	}
}

// A description of a sweep with a flipped bit is that of another sweep.
func TestFlippedSweep(t *testing.T) {
	flips := 40
	if *long {
		flips = 2000
	}
	dir := filepath.Join(t.TempDir(), "s")
	call := []string{"sweep", "-quiet", "-out", dir, "-grid", "lr=1e-3 2e-3", "spring", "-train", "1", "-test", "1", "-duration", "1", "-rollout", "1", "-epochs", "1", "-hidden", "2"}
	must(t, call...)
	name, table := filepath.Join(dir, "sweep.json"), contents(t, filepath.Join(dir, "sweep.csv"))
	src, b := rand.New(rand.NewPCG(5, 6)), contents(t, name)
	for range flips {
		i := src.IntN(8 * len(b))
		flipped := bytes.Clone(b)
		flipped[i/8] ^= 1 << (i % 8)
		put(t, dir, "sweep.json", string(flipped))
		if r := inside(t, false, "", call...); r.status != 1 || !strings.Contains(r.errors, "describes another sweep") {
			t.Errorf("byte %d is %q for %q: status %d, %q", i/8, flipped[i/8], b[i/8], r.status, r.errors)
		}
	}
	put(t, dir, "sweep.json", string(b))
	row := contents(t, filepath.Join(dir, "points", "000000.csv"))
	for range flips {
		i := src.IntN(8 * len(row))
		flipped := bytes.Clone(row)
		flipped[i/8] ^= 1 << (i % 8)
		put(t, dir, "points/000000.csv", string(flipped))
		if r := inside(t, false, "", call...); r.status == 0 && !bytes.Equal(contents(t, filepath.Join(dir, "sweep.csv")), table) || r.status != 0 && r.errors == "" {
			t.Errorf("byte %d of a row is %q for %q: status %d, %q", i/8, flipped[i/8], row[i/8], r.status, r.errors)
		}
	}
	if !bytes.Equal(contents(t, filepath.Join(dir, "sweep.csv")), table) {
		t.Error("sweep.csv has changed")
	}
}

// Whatever a manifest is, it is refused or describes a call of what it says, whose outputs
// are in the directory that was asked for.
func FuzzManifest(f *testing.F) {
	good := func(command string, flags, file string) string {
		return fmt.Sprintf(`{"program":"hnn","version":%q,"command":%q,"flags":{%s},"defaults":{},"operands":[],"inputs":[],"files":[{"flag":%q,"name":"x","sha256":%q}]}`,
			version, command, flags, file, strings.Repeat("0", 64))
	}
	f.Add([]byte(good("simulate", `"n":"3"`, "o")))
	f.Add([]byte(good("simulate", `"o":"/x"`, "o")))
	f.Add([]byte(good("spring", `"hidden":"2"`, "out")))
	f.Add([]byte(good("field", `"points":"3","h":"true"`, "o")))
	f.Add([]byte("{}"))
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, b []byte) {
		name := put(t, t.TempDir(), "m", string(b))
		m, err := readManifest(name)
		if err != nil {
			return
		}
		if _, err := json.Marshal(m); err != nil {
			t.Fatal(err)
		}
		j, err := m.again(dir)
		if err != nil {
			return
		}
		for _, out := range j.outputs() {
			if rel, err := filepath.Rel(dir, out); out != "" && out != "-" && (err != nil || strings.HasPrefix(rel, "..")) {
				t.Errorf("the output %q is not in %s", out, dir)
			}
		}
	})
}

// Whatever is in the directory of a sweep, its files are refused, or are the row of the
// point.
func FuzzSweepFiles(f *testing.F) {
	f.Add([]byte("point,lr,loss,error\n0,1,0.5,\n"))
	f.Add([]byte("point,lr,error\n0,1,\n"))
	f.Add([]byte(""))
	f.Add([]byte("point\n0\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		s := &sweep{out: t.TempDir(), Names: []string{"lr"}, points: [][]string{{"1"}, {"2"}}, Inputs: map[string]string{}}
		if err := os.Mkdir(filepath.Join(s.out, "points"), 0o755); err != nil {
			t.Fatal(err)
		}
		put(t, s.out, "points/000000.csv", string(b))
		put(t, s.out, "sweep.json", string(b))
		if names, row, err := s.load(0); err == nil && names != nil && (len(names) != len(row) || row[0] != "0" || row[1] != "1") {
			t.Errorf("%q is a row: %q", b, row)
		}
		if err := s.open(); err == nil {
			t.Errorf("%q is a sweep", b)
		}
	})
}
