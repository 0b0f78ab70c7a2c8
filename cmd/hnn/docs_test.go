package main

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// The comment of a package of more than three files says what is in each of them, and names no other.
func TestPackageComments(t *testing.T) {
	files, text := map[string][]string{}, map[string]string{} // by directory
	if err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		dir, name := filepath.Split(path)
		if err != nil || filepath.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go") {
			return err
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.PackageClauseOnly|parser.ParseComments)
		if err != nil {
			return err
		}
		files[dir] = append(files[dir], name)
		text[dir] += f.Doc.Text()
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if len(files) < 15 {
		t.Fatalf("%d packages", len(files))
	}
	isCommand := func(name string) bool {
		return slices.ContainsFunc(commands(), func(c command) bool { return c.name+".go" == name })
	}
	for dir, names := range files {
		said := regexp.MustCompile(`\w+\.go\b`).FindAllString(text[dir], -1)
		for _, name := range names {
			system := regexp.MustCompile(`_(linux|unix|js|other)\.go$`).MatchString(name) // of a file that is named
			here := strings.HasSuffix(dir, "cmd/hnn/") && isCommand(name)
			if !slices.Contains(said, name) && name != "doc.go" && !system && !here && len(names) > 3 {
				t.Errorf("%s: the comment of the package does not say what is in %s", dir, name)
			}
		}
		for _, name := range said {
			if !slices.Contains(names, name) && !strings.HasSuffix(name, "_test.go") {
				t.Errorf("%s: the comment of the package names %s, which is not there", dir, name)
			}
		}
	}
}

// The script for auditors finds the numbers of the program again.
func TestAudit(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("no Python here")
	}
	script, err := filepath.Abs("../../testdata/scripts/audit.py")
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	must(t, "spring", "-train", "3", "-test", "2", "-epochs", "2", "-hidden", "9,7", "-quiet")
	must(t, "simulate", "-system", "pendulum", "-n", "1", "-duration", "4", "-dt", "0.2", "-o", "a.csv")
	for n := range 2 {
		e := strconv.Itoa(n + 1)
		must(t, "train", "-hidden", "4", "-epochs", e, "-batch", "21", "-schedule", "constant", "-objective", "derivatives", "-checkpoint", "c"+e+".json", "-o", "m"+e+".json", "a.csv")
	}
	out, err := exec.Command(python, script).CombinedOutput()
	if err != nil || strings.Count(string(out), "difference") != 8 {
		t.Errorf("%v\n%s", err, out)
	}
}
