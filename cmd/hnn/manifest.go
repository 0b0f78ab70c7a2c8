package main

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"

	"hnn/cmd/hnn/internal/flags"
)

// A manifest describes a call: its flags, the files that it read and the files that it wrote.
// It has only those flags that change a result.
type manifest struct {
	Program  string            `json:"program"`
	Version  string            `json:"version"`
	Command  string            `json:"command"`
	Flags    map[string]string `json:"flags"`            // flags that the call sets
	Defaults map[string]string `json:"defaults"`         // all other flags, for the reader
	Chosen   map[string]string `json:"chosen,omitempty"` // flags of which the run took other values, from its data or a checkpoint, for the reader
	Operands []string          `json:"operands"`
	Inputs   []fileSum         `json:"inputs"`
	Files    []fileSum         `json:"files"`
	Warnings []string          `json:"warnings,omitempty"` // as printed, for the reader
}

// A fileSum is a file of a manifest. For an output, Flag is the flag that names the file or
// its directory.
type fileSum struct {
	Flag   string `json:"flag,omitempty"`
	Name   string `json:"name"`
	SHA256 string `json:"sha256"` // "" for an input that can be read only once
}

// describe makes the manifest of a job, without its outputs.
func (j *job) describe() (*manifest, error) {
	m := &manifest{Program: programName, Version: version, Command: j.command.name,
		Flags: j.flags.Given(flags.Setting, flags.Input), Defaults: j.flags.With(flags.Setting, flags.Input),
		Operands: append([]string{}, j.flags.Args()...), Inputs: []fileSum{}}
	maps.DeleteFunc(m.Defaults, func(name, _ string) bool { _, set := m.Flags[name]; return set })
	for _, name := range j.flags.Inputs() {
		sum, err := hashFile(name)
		if err != nil {
			return nil, err
		}
		m.Inputs = append(m.Inputs, fileSum{Name: name, SHA256: sum})
	}
	return m, nil
}

// chosen returns the flags that have other values after the run than before, which m describes.
func (m *manifest) chosen(j *job) map[string]string {
	now := j.flags.With(flags.Setting)
	maps.DeleteFunc(now, func(name, v string) bool {
		before, set := m.Flags[name]
		return set && v == before || !set && v == m.Defaults[name]
	})
	return now
}

// fileSums describes the files that the job wrote.
func (j *job) fileSums(files []made) []fileSum {
	var sums []fileSum
	for _, f := range files {
		out := fileSum{Flag: j.outDir(), Name: filepath.Base(f.path), SHA256: f.sum}
		for name, path := range j.flags.With(flags.Output) {
			if path == f.path {
				out.Flag = name
			}
		}
		sums = append(sums, out)
	}
	slices.SortFunc(sums, func(a, b fileSum) int { return cmp.Compare(a.Name, b.Name) })
	return sums
}

func (m *manifest) write(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(m)
}

// readManifest reads a manifest strictly.
func readManifest(name string) (*manifest, error) {
	b, err := readBounded(name)
	if err != nil {
		return nil, err
	}
	var m manifest
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&m); err != nil {
		return nil, fmt.Errorf("%s: not a manifest: %w", name, err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, fmt.Errorf("%s: not a manifest: there is more after the end", name)
	}
	switch {
	case m.Program != programName || m.Command == "" || len(m.Files) == 0:
		return nil, fmt.Errorf("%s: not the manifest of a run of hnn", name)
	case m.Version != version:
		return nil, fmt.Errorf("%s: made by version %.40q, this is version %s", name, m.Version, version)
	}
	for _, f := range m.Files {
		if f.Flag == "" || f.Name != filepath.Base(f.Name) || f.Name == "." || f.Name == ".." || len(f.SHA256) != 2*sha256.Size {
			return nil, fmt.Errorf("%s: file %.40q: want a flag, a name without a directory, and a SHA-256", name, f.Name)
		}
	}
	if !exact(b, m) {
		return nil, fmt.Errorf("%s: not a manifest: its keys are not those of one, each once and in lower case", name)
	}
	return &m, nil
}

// exact tells whether b has the keys of v and no others: package encoding/json lets keys be
// of other case, missing, or there several times.
func exact(b []byte, v any) bool {
	var short bytes.Buffer
	var read, want any
	again, err := json.Marshal(v)
	return err == nil && json.Compact(&short, b) == nil && short.Len() == len(again) &&
		json.Unmarshal(b, &read) == nil && json.Unmarshal(again, &want) == nil && reflect.DeepEqual(read, want)
}

// hashFile returns the SHA-256 of a file, "" for standard input and pipes, which can be read
// only once. That of a directory is the sum of the names and the sums of the files in it.
func hashFile(name string) (string, error) {
	if name == "-" {
		return "", nil
	}
	info, err := os.Stat(name)
	if err != nil || !info.Mode().IsRegular() && !info.IsDir() {
		return "", err
	}
	f, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if info.IsDir() {
		files, err := os.ReadDir(name)
		if err != nil {
			return "", err
		}
		for _, file := range files {
			if !file.Type().IsRegular() {
				continue
			}
			sum, err := hashFile(filepath.Join(name, file.Name()))
			if err != nil {
				return "", err
			}
			fmt.Fprintf(h, "%s %q\n", sum, file.Name())
		}
	} else if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// again makes the job that a manifest describes, with its outputs in dir.
func (m *manifest) again(dir string) (*job, error) {
	c, ok := find(m.Command)
	if !ok {
		return nil, fmt.Errorf("unknown command %.40q", m.Command)
	}
	j := newJob(c)
	var args []string
	for _, name := range slices.Sorted(maps.Keys(m.Flags)) {
		if j.flags.Lookup(name) == nil {
			return nil, fmt.Errorf("%s has no flag %.40q", m.Command, name)
		}
		if r := j.flags.Role(name); r != flags.Setting && r != flags.Input {
			return nil, fmt.Errorf("-%s of %s: a manifest may not set it", name, m.Command)
		}
		args = append(args, "-"+name+"="+m.Flags[name])
	}
	seen := map[string]bool{}
	for _, f := range m.Files {
		switch role := j.flags.Role(f.Flag); {
		case role == flags.OutDir:
			args = append(args, "-"+f.Flag+"="+dir)
		case role != flags.Output:
			return nil, fmt.Errorf("-%.40s of %s is no output", f.Flag, m.Command)
		case seen[f.Flag]:
			return nil, fmt.Errorf("two files of -%s", f.Flag)
		default:
			args = append(args, "-"+f.Flag+"="+filepath.Join(dir, f.onDisk()))
		}
		seen[f.Flag] = true
	}
	args = append(append(args, "--"), m.Operands...) // after -- no operand is taken for a flag
	if err := j.parse(args); err != nil {
		return nil, fmt.Errorf("the call cannot be repeated: %v", err)
	}
	return j, m.check(j)
}

// check reports a job whose inputs or defaults are not those of the manifest.
func (m *manifest) check(j *job) error {
	now, err := j.describe()
	if err != nil {
		return err
	}
	if len(now.Inputs) != len(m.Inputs) {
		return fmt.Errorf("%d inputs are listed, the call reads %d", len(m.Inputs), len(now.Inputs))
	}
	for i, in := range now.Inputs {
		switch old := m.Inputs[i]; {
		case in.Name != old.Name:
			return fmt.Errorf("the call reads %s, which is not listed", in.Name)
		case in.SHA256 == "":
			return fmt.Errorf("the call read %s, which can be read only once", in.Name)
		case in.SHA256 != old.SHA256:
			return fmt.Errorf("%s: this is not the file that was read", in.Name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(m.Defaults)) {
		if v, ok := now.Defaults[name]; !ok || v != m.Defaults[name] {
			return fmt.Errorf("-%.40s is %.40q among the defaults: want %.40q", name, m.Defaults[name], v)
		}
	}
	return nil
}

// onDisk is the name of the file in a directory. Standard output gets the name stdout.
func (f fileSum) onDisk() string {
	if f.Name == "-" {
		return "stdout"
	}
	return f.Name
}
