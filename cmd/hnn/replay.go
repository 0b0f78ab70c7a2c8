package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sort"
)

const replayHelp = ` MANIFEST.json

Runs again what a manifest describes, with the same flags, and compares the SHA-256 of
each file with the manifest's: one line each, ok or DIFFERS. The exit status is 1 if any
differs. The files go to a temporary directory, or to -out, where they are kept.

Examples:
  hnn replay out/manifest.json
  hnn replay -out again out/manifest.json
`

// A manifest says what was run and what came of it.
type manifest struct {
	Program string            `json:"program"`
	Version string            `json:"version"`
	Command string            `json:"command"`
	Flags   map[string]string `json:"flags"`
	Files   []fileSum         `json:"files"`
}

// writeManifest writes manifest.json for the files of the directory.
func (d *directory) writeManifest(f *flag.FlagSet) error {
	m := manifest{"hnn", version, f.Name(), map[string]string{}, d.files}
	f.VisitAll(func(fl *flag.Flag) { m.Flags[fl.Name] = fl.Value.String() })
	sort.Slice(m.Files, func(i, j int) bool { return m.Files[i].Name < m.Files[j].Name })
	_, err := write(filepath.Join(d.path, "manifest.json"), func(w io.Writer) error {
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		return enc.Encode(m)
	})
	return err
}

func readManifest(name string) (*manifest, error) {
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	var m manifest
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&m); err != nil {
		return nil, fmt.Errorf("%s: not a manifest: %w", name, err)
	}
	switch {
	case m.Program != "hnn" || m.Command != "spring" || len(m.Files) == 0:
		return nil, fmt.Errorf("%s: not the manifest of an hnn spring", name)
	case m.Version != version:
		return nil, fmt.Errorf("%s: made by version %s, this is version %s", name, m.Version, version)
	}
	return &m, nil
}

func runReplay(e *env, args []string) error {
	out := ""
	f := newFlags(e, "replay", replayHelp)
	f.StringVar(&out, "out", "", "`directory` to keep the files in")
	operands, err := f.parse(args, 1)
	if err != nil {
		return err
	}
	if len(operands) == 0 {
		return usageError{errors.New("no manifest: name one")}
	}
	m, err := readManifest(operands[0])
	if err != nil {
		return err
	}
	if out == "" {
		if out, err = os.MkdirTemp("", "hnn-replay-"); err != nil {
			return err
		}
		defer os.RemoveAll(out)
	} else if filepath.Clean(out) == filepath.Dir(operands[0]) {
		return usageError{fmt.Errorf("-out %s holds the manifest", out)}
	}
	again := []string{"-out=" + out, "-quiet"}
	for name, v := range m.Flags {
		if name != "out" && name != "quiet" {
			again = append(again, "-"+name+"="+v)
		}
	}
	if err := runSpring(e, again); err != nil {
		return fmt.Errorf("%s: %w", operands[0], err)
	}
	made, err := readManifest(filepath.Join(out, "manifest.json"))
	if err != nil {
		return err
	}
	sums := map[string]string{}
	for _, file := range made.Files {
		sums[file.Name] = file.SHA256
	}
	differ := 0
	for _, file := range m.Files {
		verdict := "ok"
		if sums[file.Name] != file.SHA256 {
			verdict = "DIFFERS"
			differ++
		}
		fmt.Fprintf(e.stdout, "%-8s %s\n", verdict, file.Name)
	}
	if differ > 0 {
		return fmt.Errorf("%d of %d files differ", differ, len(m.Files))
	}
	return nil
}
