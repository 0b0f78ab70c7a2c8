package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// hnn spring writes a report, and hnn report writes the same one from its files.
func TestReport(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "out")
	springInto(t, dir, "-seed", "3")
	name := filepath.Join(dir, "report.html")
	page := string(contents(t, name))
	for _, want := range []string{"Figure 1. Trajectories, 4 runs", "Figure 2. Loss", "Figure 3. Trajectories, 3 runs", "Figure 4. H and its field", "was ", "-seed 3", "hnn replay manifest.json"} {
		if !strings.Contains(page, want) {
			t.Errorf("no %s", want)
		}
	}
	if strings.Contains(page, filepath.Dir(dir)) || len(page) > 1<<20 {
		t.Errorf("%d bytes, or the page has the name of the directory", len(page))
	}
	if r := hnn(t, "", "report", dir); r.status != 0 || r.errors != "wrote "+name+"\n" {
		t.Errorf("%d %q", r.status, r.errors)
	}
	if string(contents(t, name)) != page {
		t.Error("hnn report writes another page")
	}
	if out := must(t, "report", "-o", "-", dir+string(filepath.Separator)); out != page {
		t.Error("another page on standard output")
	}
	put(t, dir, "hnn.json", "{}")
	put(t, dir, "bad.csv", "a,b\n1\n")
	put(t, dir, "few.csv", "a,b\nx,1\ny,2\n")
	page = must(t, "report", "-o", "-", dir)
	if strings.Count(page, "the file is another now") != 1 || !strings.Contains(page, "<li>bad.csv:2: 1 fields") || !strings.Contains(page, "few.csv") {
		t.Error("a changed or a bad file is not named")
	}
	put(t, dir, "manifest.json", "{}")
	if r := hnn(t, "", "report", "-o", "-", dir); r.status != 0 || !strings.Contains(r.errors, "hnn: warning: ") || strings.Contains(r.out, "SHA-256") {
		t.Errorf("%d %s", r.status, r.errors)
	}
}

func TestReportErrors(t *testing.T) {
	dir := t.TempDir()
	csv := put(t, dir, "a.csv", "a,b\n1,2\n")
	if err := os.Mkdir(filepath.Join(dir, "empty"), 0o755); err != nil {
		t.Fatal(err)
	}
	fails(t, hnn(t, "", "report"), 2, "want a directory, or CSV files")
	fails(t, hnn(t, "", "report", csv), 2, "want -o FILE.html, or one directory")
	fails(t, hnn(t, "", "report", filepath.Join(dir, "none")), 1, "no such file")
	fails(t, hnn(t, "", "report", filepath.Join(dir, "empty")), 1, "no CSV file: want the directory of a run")
	fails(t, hnn(t, "", "report", "-o", "-", put(t, dir, "b.csv", "a,b\n1\n")), 1, "b.csv:2: 1 fields")
	if out := must(t, "report", "-o", "-", csv); !strings.Contains(out, "<h1>Report of a.csv</h1>") {
		t.Errorf("%.300s", out)
	}
}
