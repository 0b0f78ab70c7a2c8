package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"

	"hnn/cmd/hnn/internal/flags"
	"hnn/cmd/hnn/internal/table"
)

const replayHelp = ` MANIFEST.json

Runs the call of a manifest again, with the same flags and the same input files, and
compares the files that it writes. hnn spring writes manifest.json with its files. Other
commands write a manifest to the file of -manifest. For each file there is one line:

  ok        the new file has the SHA-256 that the manifest gives
  DIFFERS   it has another
  CHANGED   it has the SHA-256 of the manifest, but the file beside the manifest does not,
            or cannot be read
  NEW       the run wrote a file that the manifest does not list
  MISSING   the run did not write a file that the manifest lists

The exit status is 1 unless all are ok. The new files go to a temporary directory, or to
-out, where they are kept; it must be new or empty. A file that is not beside the manifest
any more is not missed.

Examples:
  hnn replay out/manifest.json
  hnn replay -out again out/manifest.json
  hnn train -o m.json -manifest m.manifest data.csv && hnn replay m.manifest
`

func defineReplay(f *flags.Set) check {
	out := ""
	f.File(&out, "out", flags.Neutral, "new or empty `directory` to keep the new files in")
	f.Operands(1, 1, "the name of a manifest")
	return func() (run, error) {
		return func(e *env) error { return replay(e, f.Arg(0), out) }, nil
	}
}

func replay(e *env, name, out string) error {
	m, err := readManifest(name)
	if err != nil {
		return err
	}
	old := filepath.Dir(name)
	if out == "" {
		var remove func()
		if out, remove, err = table.TempDir(); err != nil {
			return err
		}
		defer remove()
	} else if err := empty(out); err != nil {
		return err
	}
	j, err := m.again(out)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if err := table.WritableDir(out); err != nil {
		return err
	}
	inner := &env{ctx: e.ctx, stdout: io.Discard, stderr: io.Discard, again: true}
	if err := j.do(inner); e.ctx.Err() != nil {
		return e.ctx.Err()
	} else if err != nil {
		return fmt.Errorf("%s: %v", name, err) // %v: a wrong call in the manifest is no wrong call of replay
	}
	if now := m.chosen(j); m.Chosen != nil && !maps.Equal(now, m.Chosen) {
		return fmt.Errorf("%s: the run chose %v: want %v, as in the manifest", name, now, m.Chosen)
	}
	sums := map[string]string{}
	for _, f := range inner.made {
		sums[filepath.Base(f.path)] = f.sum
	}
	differ := 0
	line := func(verdict, file string) error {
		if verdict != "ok" {
			differ++
		}
		_, err := fmt.Fprintf(e.stdout, "%-8s %s\n", verdict, printable(file))
		return err
	}
	for _, f := range m.Files {
		verdict := "ok"
		if sum, written := sums[f.onDisk()]; !written {
			verdict = "MISSING"
		} else if sum != f.SHA256 {
			verdict = "DIFFERS"
		} else if beside, err := hashFile(filepath.Join(old, f.Name)); f.Name != "-" && !errors.Is(err, fs.ErrNotExist) && beside != f.SHA256 {
			verdict = "CHANGED" // or it cannot be read
		}
		delete(sums, f.onDisk())
		if err := line(verdict, f.Name); err != nil {
			return err
		}
	}
	for _, f := range inner.made {
		if _, left := sums[filepath.Base(f.path)]; left {
			if err := line("NEW", filepath.Base(f.path)); err != nil {
				return err
			}
		}
	}
	if differ > 0 {
		return fmt.Errorf("%d of %d files are not those of the manifest", differ, len(m.Files))
	}
	return nil
}

// empty reports a directory that is there and not empty: what is in it could be what the
// manifest describes, or a link to that.
func empty(dir string) error {
	files, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil && len(files) > 0 {
		err = flags.Wrong("-out %s is not empty: want a new or an empty directory", dir)
	}
	return err
}
