package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"hnn/cmd/hnn/internal/table"
	"hnn/nn"
)

// write makes one output file of what fill writes, or leaves the old one whole. It
// returns the SHA-256 of the content.
func write(path string, fill func(w io.Writer) error) (sum string, err error) {
	f, err := table.Create(path)
	if err != nil {
		return "", err
	}
	defer f.Abort()
	if err := fill(f); err != nil {
		return "", err
	}
	err = f.Commit()
	return f.Sum(), err
}

// writeTable makes one CSV file.
func writeTable(path string, header []string, fill func(w *table.Writer)) (sum string, err error) {
	return write(path, func(out io.Writer) error {
		w := table.NewWriter(out, header...)
		fill(w)
		return w.Flush()
	})
}

// directory writes the files of one run and remembers them for the manifest.
type directory struct {
	path  string
	files []fileSum
}

type fileSum struct {
	Name   string `json:"name"`
	SHA256 string `json:"sha256"`
}

func (d *directory) write(name string, fill func(w io.Writer) error) error {
	sum, err := write(filepath.Join(d.path, name), fill)
	d.files = append(d.files, fileSum{name, sum})
	return err
}

func (d *directory) writeTable(name string, header []string, fill func(w *table.Writer)) error {
	sum, err := writeTable(filepath.Join(d.path, name), header, fill)
	d.files = append(d.files, fileSum{name, sum})
	return err
}

// floats writes cells of numbers.
func floats(w *table.Writer, vs ...float64) {
	for _, v := range vs {
		w.Float(v)
	}
}

// checkOutput reports, before the work, that a file cannot be written or would
// replace one of the inputs.
func checkOutput(out string, inputs ...string) error {
	for _, in := range inputs {
		if table.SameFile(in, out) {
			return usageError{fmt.Errorf("the output %s is an input too", out)}
		}
	}
	return table.Writable(out)
}

// checkOutputs is checkOutput for two files, the second of which may not exist (""),
// that must not be one.
func checkOutputs(out, second string, inputs ...string) error {
	if err := checkOutput(out, inputs...); err != nil || second == "" {
		return err
	}
	if out == second || table.SameFile(out, second) {
		return usageError{fmt.Errorf("two outputs go to %s", out)}
	}
	return checkOutput(second, inputs...)
}

// loadModels reads model files.
func loadModels(files []string) ([]nn.Model, error) {
	var models []nn.Model
	for _, name := range files {
		m, err := loadModel(name)
		if err != nil {
			return nil, err
		}
		models = append(models, m)
	}
	return models, nil
}

// loadModel reads a model file, - for standard input.
func loadModel(name string) (nn.Model, error) {
	f := os.Stdin
	if name != "-" {
		var err error
		if f, err = os.Open(name); err != nil {
			return nil, err
		}
		defer f.Close()
	}
	m, err := nn.Load(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return m, nil
}

// replacesCheckpoint refuses a file that holds something else than a checkpoint.
func replacesCheckpoint(name string) error {
	if info, err := os.Stat(name); err != nil || !info.Mode().IsRegular() || info.Size() == 0 {
		return nil
	}
	if _, err := loadCheckpoint(name); err != nil {
		return fmt.Errorf("-checkpoint would replace another file: %w", err)
	}
	return nil
}
