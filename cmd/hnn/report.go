package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"hnn/cmd/hnn/internal/flags"
	"hnn/cmd/hnn/internal/report"
	"hnn/cmd/hnn/internal/table"
)

const reportHelp = ` DIRECTORY or FILE.csv ...

Writes a page of HTML about the files of a run: figures of the CSV files, as hnn plot draws them,
scores with their meaning, constants of hnn train -report, and, if there is a manifest.json, the
warnings of the run, the flags, the SHA-256 of each file, and how to repeat the run. The page is one
file. It needs no network, follows the light or dark theme of the browser, and prints well.

A directory stands for its CSV files and its manifest.json, and the page goes to report.html in it,
unless -o says otherwise. hnn spring and hnn pixels write their reports by themselves.

Examples:
  hnn report out
  hnn report -o orbit.html orbit.csv section.csv
  mkdir run; hnn train -log run/loss.csv -manifest run/manifest.json -o run/model.json train.csv
  hnn rollout -state 1,0 -o run/orbit.csv run/model.json && hnn report run
`

func defineReport(f *flags.Set) check {
	out := ""
	f.File(&out, "o", flags.Output, "output `file`, - for standard output")
	f.Operands(1, 1000, "a directory, or CSV files")
	return func() (run, error) {
		isCSV := strings.EqualFold(filepath.Ext(f.Arg(0)), ".csv")
		switch {
		case out != "":
		case f.NArg() > 1 || isCSV:
			return nil, flags.Wrong("want -o FILE.html, or one directory")
		default:
			if err := f.Set("o", filepath.Join(f.Arg(0), reportFile)); err != nil {
				return nil, err
			}
		}
		return func(e *env) error {
			in := &report.Input{Name: filepath.Base(f.Arg(0)), Version: version}
			for _, name := range f.Args() {
				if err := e.addToReport(in, name); err != nil {
					return err
				}
			}
			if len(in.Tables) == 0 {
				return fmt.Errorf("%s: no CSV file: want the directory of a run", strings.Join(f.Args(), ", "))
			}
			err := e.write(out, func(w io.Writer) error { return report.Write(w, in) })
			if err == nil && out != "-" {
				e.say("wrote %s", out)
			}
			return err
		}, nil
	}
}

// addToReport adds a CSV file, or those of a directory and its manifest.
func (e *env) addToReport(in *report.Input, name string) error {
	if info, err := os.Stat(name); err != nil {
		return err
	} else if !info.IsDir() {
		return e.addTable(in, name)
	}
	files, err := os.ReadDir(name) // in the order of their names
	if err != nil {
		return err
	}
	has := func(name string) bool {
		return slices.ContainsFunc(files, func(f os.DirEntry) bool { return f.Name() == name })
	}
	for _, file := range files {
		if err := addPicture(in, filepath.Join(name, file.Name())); err != nil {
			return err
		}
		if !strings.EqualFold(filepath.Ext(file.Name()), ".csv") || file.Name() == "test.csv" && has("train.csv") { // which looks the same
			continue
		}
		if err := e.addTable(in, filepath.Join(name, file.Name())); e.ctx.Err() != nil {
			return err
		} else if err != nil {
			in.Skipped = append(in.Skipped, err.Error())
		}
	}
	if path := filepath.Join(name, "manifest.json"); has("manifest.json") && in.Command == "" {
		if m, err := readManifest(path); err != nil {
			e.warn("%v: the report is without it", err)
		} else {
			describeRun(in, m, name)
		}
	}
	return nil
}

// addTable adds a CSV file. Errors name it without its directory, as the page does.
func (e *env) addTable(in *report.Input, name string) error {
	f, err := table.Open(e.ctx, name)
	if err != nil {
		return err
	}
	defer f.Close()
	t, err := table.ReadMixed(filepath.Base(name), f)
	if err == nil {
		in.Tables = append(in.Tables, t)
	}
	return err
}

// mostPicture bounds a picture on the page, in bytes.
const mostPicture = 4 << 20

// addPicture adds a PNG or GIF file, if it is one and is not too large.
func addPicture(in *report.Input, name string) error {
	if ext := strings.ToLower(filepath.Ext(name)); ext != ".png" && ext != ".gif" {
		return nil
	}
	if info, err := os.Stat(name); err != nil || info.Size() > mostPicture {
		return err
	}
	b, err := os.ReadFile(name)
	in.Pictures = append(in.Pictures, report.Picture{Name: filepath.Base(name), Data: b})
	return err
}

// describeRun adds what a manifest says, and whether its files in dir are still the same.
func describeRun(in *report.Input, m *manifest, dir string) {
	in.Command, in.Flags, in.Defaults, in.Chosen, in.Operands, in.Manifest, in.Warnings = m.Command, m.Flags, m.Defaults, m.Chosen, m.Operands, "manifest.json", m.Warnings
	for _, f := range m.Inputs {
		in.Inputs = append(in.Inputs, report.Sum{Name: f.Name, SHA256: f.SHA256})
	}
	for _, f := range m.Files {
		if f.Name != reportFile {
			sum, err := hashFile(filepath.Join(dir, f.Name))
			in.Files = append(in.Files, report.Sum{Name: f.Name, SHA256: f.SHA256, Changed: err == nil && sum != f.SHA256})
		}
	}
}

// reportFile is the name of a report in a directory of results.
const reportFile = "report.html"

// writeReport writes the report of a run that has written its other files to out.
func (e *env) writeReport(f *flags.Set, out string) error {
	j := &job{command: command{name: f.Name()}, flags: f}
	m, err := j.describe()
	if err != nil {
		return err
	}
	m.Files, m.Warnings = j.fileSums(e.made), e.warnings
	in := &report.Input{Name: f.Name(), Version: version}
	describeRun(in, m, out)
	for _, file := range m.Files {
		if err := addPicture(in, filepath.Join(out, file.Name)); err != nil {
			return err
		}
		if filepath.Ext(file.Name) == ".csv" && file.Name != "test.csv" {
			if err := e.addTable(in, filepath.Join(out, file.Name)); err != nil {
				return err
			}
		}
	}
	return e.write(filepath.Join(out, reportFile), func(w io.Writer) error { return report.Write(w, in) })
}
