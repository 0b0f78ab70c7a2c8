package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// chdir makes a directory with a file of data and a model, and goes there.
func chdir(t *testing.T) {
	t.Helper()
	t.Chdir(t.TempDir())
	must(t, "simulate", "-n", "2", "-duration", "5", "-noise", "0.01", "-o", "d.csv")
	must(t, "train", "-quiet", "-hidden", "4", "-epochs", "1", "-o", "m.json", "d.csv")
}

// edited writes a copy of a manifest with one value changed, in the same directory, and
// returns its name.
func edited(t *testing.T, name, old, new string) string {
	t.Helper()
	b := string(contents(t, name))
	if strings.Count(b, old) == 0 {
		t.Fatalf("%s is not in\n%s", old, b)
	}
	return put(t, filepath.Dir(name), "edited.m", strings.Replace(b, old, new, 1))
}

// Each command that writes files has a manifest, and its replay gives the same bytes.
func TestReplayCommands(t *testing.T) {
	chdir(t)
	put(t, ".", "named.csv", strings.Replace(string(contents(t, "d.csv")), "run,t,q,p,dq,dp", "run,time,angle left,momentum,no,none", 1))
	for _, c := range []struct {
		args  string
		files int
	}{
		{"simulate|-system|pendulum|-n|2|-seed|3|-o|o.csv|-dt|0.1|-events|q=0|-events-o|e.csv", 2},
		{"simulate|-H|(a^2+b^2)/2 + c*x^2*y^2|-q|x, y|-p|a,b|-set|c=0.5|-state|1,2,0,0|-state|0.1,0.2,0,0|-o|o.csv", 1},
		{"train|-quiet|-hidden|4|-epochs|1,2|-optimizer|adam,sgd|-holdout|0.5|-patience|3|-log|l.csv|-checkpoint|c.ckpt|-o|o.json|d.csv", 2},
		{"train|-quiet|-hidden|4|-epochs|1|-kind|nextstate|-q|angle left|-p|momentum|-t|time|-o|n.json|named.csv", 1},
		{"train|-quiet|-hidden|4|-epochs|1|-ensemble|3|-bootstrap|segments|-o|e.json|d.csv", 1},
		{"rollout|-state|0.5,0|-duration|3|-o|o.csv|e.json", 1},
		{"rollout|-state|0.5,0|-duration|3|-dt|0.5|-events|q=0:up|-events-o|e.csv|-o|o.csv|m.json", 2},
		{"eval|-o|o.csv|n.json|named.csv", 1},
		{"eval|-t|t|-o|o.csv|m.json|d.csv", 1},
		{"formula|-degree|2|-size|2|-path|p.csv|-report|r.csv|-o|h|m.json|d.csv", 3},
		{"field|-points|3|-q-range|-1,2|-o|o.csv|m.json|n.json", 1},
		{"field|-points|3|-o|-|-H|m*p^2 + q^4|-set|m=3", 1},
	} {
		args := strings.Split(c.args, "|")
		must(t, append([]string{args[0], "-manifest", "x.m"}, args[1:]...)...)
		for range 2 { // the first leaves all as it was
			if out := must(t, "replay", "x.m"); strings.Count(out, "ok  ") != c.files || strings.Count(out, "\n") != c.files {
				t.Errorf("%s:\n%s", c.args, out)
			}
		}
	}
}

// A manifest has what a run chose in the place of its flags, a report shows it, and a replay holds
// the run to it.
func TestManifestChosen(t *testing.T) {
	t.Chdir(t.TempDir())
	must(t, "simulate", "-n", "2", "-duration", "5", "-o", "d.csv")
	must(t, "train", "-quiet", "-hidden", "4", "-log", "loss.csv", "-manifest", "manifest.json", "-o", "m.json", "d.csv")
	m, err := readManifest("manifest.json")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"objective": "derivatives", "derivatives": "given", "optimizer": "adam,broyden", "epochs": "20,2000", "subset": "2500"}
	if !maps.Equal(m.Chosen, want) || m.Flags["hidden"] != "4" || m.Defaults["optimizer"] != "adam" {
		t.Errorf("chosen %v, want %v", m.Chosen, want)
	}
	page := must(t, "report", "-o", "-", ".")
	for _, line := range []string{"<em>-optimizer adam,broyden</em>", "<strong>-hidden 4</strong>", "<li>-schedule cosine</li>", "those in italics were chosen"} {
		if !strings.Contains(page, line) {
			t.Errorf("the report has no %s", line)
		}
	}
	for _, name := range []string{"manifest.json", edited(t, "manifest.json", `  "chosen": {
    "derivatives": "given",
    "epochs": "20,2000",
    "objective": "derivatives",
    "optimizer": "adam,broyden",
    "subset": "2500"
  },
`, "")} { // that of an older program
		if out := must(t, "replay", name); out != "ok       loss.csv\nok       m.json\n" {
			t.Errorf("%s: %s", name, out)
		}
	}
	fails(t, hnn(t, "", "replay", edited(t, "manifest.json", `"subset": "2500"`, `"subset": "2501"`)), 1, "the run chose map[derivatives:given epochs:20,2000 objective:derivatives optimizer:adam,broyden subset:2500]: want")
	must(t, "eval", "-manifest", "eval.m", "-o", "scores.csv", "m.json", "d.csv")
	if m, err := readManifest("eval.m"); err != nil || m.Chosen["q"] != "q" {
		t.Errorf("%v: columns that the model names are not among %v", err, m.Chosen)
	}
}

// A manifest has the warnings of its run as they were printed, and a report shows them first. A replay
// has the same; a manifest without is that of an older program.
func TestManifestWarnings(t *testing.T) {
	t.Chdir(t.TempDir())
	put(t, ".", "r&g.csv", orbitOf(100, 0.1, circle))
	r := hnn(t, "", "train", "-quiet", "-hidden", "16", "-epochs", "2", "-log", "loss.csv", "-manifest", "manifest.json", "-o", "m.json", "r&g.csv")
	m, err := readManifest("manifest.json")
	if err != nil || len(m.Warnings) == 0 || r.errors != "hnn: warning: "+strings.Join(m.Warnings, "\nhnn: warning: ")+"\n" {
		t.Fatalf("%v: %q, printed %q", err, m.Warnings, r.errors)
	}
	page := must(t, "report", "-o", "-", ".")
	if at := strings.Index(page, "<li>r&amp;g.csv: all states are of about one amplitude"); at < 0 || at > strings.Index(page, "<figure>") {
		t.Errorf("the report does not begin with the warning: %d", at)
	}
	for range 2 {
		if out := must(t, "replay", "manifest.json"); out != "ok       loss.csv\nok       m.json\n" {
			t.Error(out)
		}
		m.Warnings = nil
		if _, err := new(env).writeFile("manifest.json", m.write); err != nil {
			t.Fatal(err)
		}
	}
	if page := must(t, "report", "-o", "-", "."); strings.Contains(page, "Warnings of the run") {
		t.Error("a report of no warnings has them")
	}
}

// The task of the paper refuses all flags except its own. Its manifest lists all others as
// defaults, and its replay is a right call. With -long it is run.
func TestReplayPaper(t *testing.T) {
	dir := t.TempDir()
	if *long {
		must(t, "spring", "-quiet", "-protocol", "paper", "-seeds", "1", "-out", dir)
		if out := must(t, "replay", filepath.Join(dir, "manifest.json")); out != "ok       paper.csv\n" {
			t.Error(out)
		}
	}
	c, _ := find("spring")
	j := newJob(c)
	if err := j.parse([]string{"-protocol", "paper", "-seeds", "1", "-seed=7", "-workers=1", "-out", dir}); err != nil {
		t.Fatal(err)
	}
	m, err := j.describe()
	if err != nil {
		t.Fatal(err)
	}
	m.Files = j.fileSums([]made{{filepath.Join(dir, "paper.csv"), strings.Repeat("0", 64)}})
	name := filepath.Join(dir, "manifest.json")
	if _, err := new(env).writeFile(name, m.write); err != nil {
		t.Fatal(err)
	}
	if m, err = readManifest(name); err != nil {
		t.Fatal(err)
	}
	if m.Defaults["m"] != "1" || m.Flags["seed"] != "7" || len(m.Flags) != 3 {
		t.Errorf("%+v", m)
	}
	again, err := m.again(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if got := again.flags.With(0); len(got) < 20 || fmt.Sprint(got) != fmt.Sprint(j.flags.With(0)) {
		t.Errorf("settings %v, at first %v", got, j.flags.With(0))
	}
}

// Each file that differs from the manifest is named, and the exit status is 1.
func TestReplayVerdicts(t *testing.T) {
	chdir(t)
	verdict := func(name, want string) {
		t.Helper()
		r := hnn(t, "", "replay", name)
		if r.status != 1 || !strings.Contains(r.out, want+"\n") || strings.Count(r.errors, "\n") != 1 || !strings.Contains(r.errors, "are not those of the manifest") {
			t.Errorf("%+v\nwant %s", r, want)
		}
	}
	must(t, "field", "-points", "3", "-o", "o.csv", "-manifest", "f.m", "m.json")
	whole := contents(t, "o.csv")
	put(t, ".", "o.csv", "junk")
	verdict("f.m", "CHANGED  o.csv")
	put(t, ".", "o.csv", string(whole))
	var m manifest
	if err := json.Unmarshal(contents(t, "f.m"), &m); err != nil {
		t.Fatal(err)
	}
	verdict(edited(t, "f.m", m.Files[0].SHA256, strings.Repeat("0", 64)), "DIFFERS  o.csv")
	verdict(edited(t, "f.m", `"points": "3"`, `"points": "4"`), "DIFFERS  o.csv")
	if err := os.Remove("o.csv"); err != nil { // a manifest alone is enough
		t.Fatal(err)
	}
	must(t, "replay", "f.m")

	springInto(t, "out")
	m = manifest{}
	name := "out/manifest.json"
	if err := json.Unmarshal(contents(t, name), &m); err != nil {
		t.Fatal(err)
	}
	all := m.Files
	write := func() string {
		t.Helper()
		if _, err := new(env).writeFile("out/edited.m", m.write); err != nil {
			t.Fatal(err)
		}
		return "out/edited.m"
	}
	m.Files = all[1:]
	verdict(write(), "NEW      "+all[0].Name)
	m.Files = append(all, fileSum{Flag: "out", Name: "ghost.csv", SHA256: all[0].SHA256})
	verdict(write(), "MISSING  ghost.csv")
	r := hnn(t, "", "replay", "-out", "kept", name)
	if r.status != 0 || string(contents(t, "kept/hnn.json")) != string(contents(t, "out/hnn.json")) {
		t.Errorf("%+v", r)
	}
	for _, dir := range []string{"out", filepath.Join(".", "..", filepath.Base(wd(t)), "out"), filepath.Join(wd(t), "out")} {
		fails(t, hnn(t, "", "replay", "-out", dir, name), 2, "is not empty")
	}
	fails(t, hnn(t, "", "replay", "-out", "m.json", name), 1, "m.json")
	fails(t, hnn(t, "", "replay"), 2, "want the name of a manifest")
}

// A manifest that this program would not write is refused. Nothing runs and nothing is
// written.
func TestReplayRefuses(t *testing.T) {
	chdir(t)
	must(t, "train", "-quiet", "-hidden", "4", "-epochs", "1", "-manifest", "x.m", "-o", "o.json", "d.csv")
	before, _ := os.ReadDir(".")
	for _, c := range []struct{ old, new, want string }{
		{`"epochs": "1"`, `"epochs": "1", "o": "evil"`, "-o of train: a manifest may not set it"},
		{`"epochs": "1"`, `"epochs": "1", "checkpoint": "evil"`, "-checkpoint of train: a manifest may not set it"},
		{`"epochs": "1"`, `"epochs": "1", "manifest": "evil"`, "-manifest of train: a manifest may not set it"},
		{`"epochs": "1"`, `"epochs": "1", "workers": "2"`, "-workers of train: a manifest may not set it"},
		{`"epochs": "1"`, `"epochs": "1", "quiet": "true"`, "-quiet of train: a manifest may not set it"},
		{`"epochs": "1"`, `"epochs": "1", "colour": "2"`, `train has no flag "colour"`},
		{`"epochs": "1"`, `"epochs": "1", "-o": "evil"`, `train has no flag "-o"`},
		{`"epochs": "1"`, `"epochs": "1", "o=evil": ""`, `train has no flag "o=evil"`},
		{`"epochs": "1"`, `"epochs": "1", "Seed": "2"`, `train has no flag "Seed"`},
		{`"epochs": "1"`, `"epochs": "1", "h": "true"`, `train has no flag "h"`},
		{`"epochs": "1"`, `"epochs": "1", "help": ""`, `train has no flag "help"`},
		{`"epochs": "1"`, `"epochs": "0"`, "the call cannot be repeated: invalid value"},
		{`"epochs": "1"`, `"epochs": "1", "window": "3"`, "the call cannot be repeated: -window is for"},
		{`"batch": "64"`, `"batch": "65"`, `-batch is "65" among the defaults: want "64"`},
		{`"batch": "64"`, `"colour": "64"`, `-colour is "64" among the defaults: want ""`},
		{`"batch": "64"`, `"batch": 64`, "not a manifest"},
		{`"command": "train"`, `"command": "trane"`, `unknown command "trane"`},
		{`"command": "train"`, `"command": "sweep"`, `sweep has no flag`},
		{`"command": "train"`, `"command": "train", "more": 1`, "not a manifest"},
		{`"program": "hnn"`, `"program": "nnh"`, "not the manifest of a run of hnn"},
		{`"version": "` + version + `"`, `"version": "0.0.1"`, `made by version "0.0.1"`},
		{`"name": "d.csv"`, `"name": "m.json"`, "the call reads d.csv, which is not listed"},
		{"\"operands\": [\n    \"d.csv\"\n  ]", `"operands": ["ghost.csv"]`, "ghost.csv: no such file"},
		{"\"operands\": [\n    \"d.csv\"\n  ]", `"operands": ["-o=evil", "d.csv"]`, "the call cannot be repeated: flag -o=evil follows"},
		{"\"operands\": [\n    \"d.csv\"\n  ]", `"operands": ["d.csv", "d.csv"]`, "the call cannot be repeated: unexpected argument"},
		{`"inputs": [`, `"inputs": [{"name": "m.json", "sha256": ""},`, "2 inputs are listed, the call reads 1"},
		{`"flag": "o"`, `"flag": "valid"`, "-valid of train is no output"},
		{`"flag": "o"`, `"flag": "lr"`, "-lr of train is no output"},
		{`"flag": "o"`, `"flag": "ghost"`, "-ghost of train is no output"},
		{`"flag": "o"`, `"flag": ""`, "want a flag"},
		{`"name": "o.json"`, `"name": "../o.json"`, "a name without a directory"},
		{`"name": "o.json"`, `"name": "/tmp/o.json"`, "a name without a directory"},
		{`"name": "o.json"`, `"name": ".."`, "a name without a directory"},
		{`"name": "o.json"`, `"name": "."`, "a name without a directory"},
		{`"name": "o.json"`, `"name": ""`, "a name without a directory"},
		{`"files": [`, `"files": [{"flag": "o", "name": "x", "sha256": "` + strings.Repeat("0", 64) + `"},`, "two files of -o"},
		{`"files": [`, `"files": [{"flag": "o", "name": "ghost.csv", "sha256": ""},`, "a SHA-256"},
		{`"command": "train"`, `"Command": "train"`, "each once and in lower case"},
		{`"command": "train"`, `"command": "field", "command": "train"`, "each once and in lower case"},
		{`"epochs": "1"`, `"epochs": "2", "epochs": "1"`, "each once and in lower case"},
		{`"name": "o.json"`, `"Name": "o.json"`, "each once and in lower case"},
		{`"name": "o.json"`, `"name": "x", "name": "o.json"`, "each once and in lower case"},
		{`"inputs": [`, `"Inputs": [`, "each once and in lower case"},
		{"\n}\n", "\n}\n{}", "there is more after the end"},
		{"\n}\n", "\n}\nx", "there is more after the end"},
		{"\n}\n", "\n", "not a manifest"},
	} {
		fails(t, hnn(t, "", "replay", "-out", "kept", edited(t, "x.m", c.old, c.new)), 1, c.want)
	}
	fails(t, hnn(t, "", "replay", "-out", "kept", "m.json"), 1, "not a manifest")
	fails(t, hnn(t, "", "replay", "-out", "kept", "none"), 1, "none")

	data := contents(t, "d.csv")
	put(t, ".", "d.csv", string(data)+"\n")
	fails(t, hnn(t, "", "replay", "-out", "kept", "x.m"), 1, "d.csv: this is not the file that was read")
	put(t, ".", "d.csv", string(data))
	os.Remove("edited.m")
	if after, _ := os.ReadDir("."); fmt.Sprint(after) != fmt.Sprint(before) {
		t.Errorf("files %v, before %v", after, before)
	}

	// Standard input cannot be read again, and the checkpoint of -resume has changed.
	r := hnn(t, string(data), "train", "-quiet", "-hidden", "4", "-epochs", "1", "-manifest", "x.m", "-o", "o.json", "-")
	if r.status != 0 {
		t.Fatal(r.errors)
	}
	fails(t, hnn(t, "", "replay", "x.m"), 1, "the call read -, which can be read only once")
	must(t, "train", "-quiet", "-hidden", "4", "-epochs", "1", "-checkpoint", "c.ckpt", "-o", "o.json", "d.csv")
	must(t, "train", "-quiet", "-resume", "c.ckpt", "-epochs", "2", "-manifest", "x.m", "-o", "o.json", "d.csv")
	fails(t, hnn(t, "", "replay", "x.m"), 1, "c.ckpt: this is not the file that was read")
}

// A manifest does not replace another file of the call.
func TestManifestFile(t *testing.T) {
	chdir(t)
	before := contents(t, "d.csv")
	fails(t, hnn(t, "", "eval", "-o", "new.csv", "-manifest", "./new.csv", "m.json", "d.csv"), 2, "two outputs go to new.csv")
	fails(t, hnn(t, "", "eval", "-o", "new.csv", "-manifest", "d.csv", "m.json", "d.csv"), 2, "the output d.csv is an input too")
	fails(t, hnn(t, "", "eval", "-o", "new.csv", "-manifest", "no/such", "m.json", "d.csv"), 1, "no")
	if string(contents(t, "d.csv")) != string(before) {
		t.Error("an input was replaced")
	}
	if _, err := os.Stat("new.csv"); err == nil {
		t.Error("a wrong call wrote its output")
	}
}

// A file that another run replaces before the manifest is there is not passed over.
func TestManifestOfReplaced(t *testing.T) {
	name := put(t, t.TempDir(), "x.csv", "mine")
	sum, err := hashFile(name)
	if err != nil {
		t.Fatal(err)
	}
	e := &env{made: []made{{"-", ""}, {os.DevNull, "x"}, {name, sum}}}
	if err := e.stillMade(); err != nil && runtime.GOOS != "windows" {
		t.Error(err)
	}
	put(t, filepath.Dir(name), "x.csv", "yours")
	if err := e.stillMade(); err == nil || !strings.Contains(err.Error(), "x.csv was replaced") {
		t.Error(err)
	}
}

func wd(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// A replay changes nothing that was there: not through a link, and not a checkpoint that the
// call went on from.
func TestReplayChangesNothing(t *testing.T) {
	chdir(t)
	must(t, "train", "-quiet", "-hidden", "4", "-epochs", "1", "-checkpoint", "a.ckpt", "-o", "o.json", "d.csv")
	must(t, "train", "-quiet", "-resume", "a.ckpt", "-checkpoint", "b.ckpt", "-epochs", "2", "-manifest", "x.m", "-o", "o.json", "d.csv")
	for _, c := range []struct{ link, to string }{{"dir", "."}, {"kept/o.json", "../o.json"}} {
		if err := os.MkdirAll(filepath.Dir(c.link), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(c.to, c.link); err != nil {
			t.Skip("no symbolic links here:", err)
		}
	}
	before := map[string]string{}
	for _, name := range []string{"a.ckpt", "b.ckpt", "o.json", "d.csv", "x.m"} {
		before[name] = string(contents(t, name))
	}
	for _, dir := range []string{"dir", "kept"} {
		fails(t, hnn(t, "", "replay", "-out", dir, "x.m"), 2, "is not empty")
	}
	must(t, "replay", "x.m")
	must(t, "replay", "-out", "new", "x.m")
	for name, text := range before {
		if string(contents(t, name)) != text {
			t.Errorf("%s has changed", name)
		}
	}
	if files, _ := os.ReadDir("new"); len(files) != 1 {
		t.Errorf("%v in the directory of a replay", files)
	}

	// What cannot be compared is not ok.
	os.Remove("o.json")
	if err := os.Mkdir("o.json", 0o755); err != nil {
		t.Fatal(err)
	}
	if r := hnn(t, "", "replay", "x.m"); r.status != 1 || r.out != "CHANGED  o.json\n" {
		t.Errorf("%+v", r)
	}
}
