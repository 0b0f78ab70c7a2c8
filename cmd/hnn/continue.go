package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"

	"hnn/nn"
)

// checkpoints are those of an experiment of several models, in its directory of outputs, where
// the flag -continue finds them.
type checkpoints struct {
	e        *env
	dir      string
	settings map[string]string // the flags of the call
	saved    []string
}

func (c *checkpoints) name(model string) string { return filepath.Join(c.dir, model+".ckpt") }

// save writes the checkpoint of a model.
func (c *checkpoints) save(model string, k *nn.Checkpoint) error {
	k.Settings = c.settings
	c.saved = append(c.saved, c.name(model))
	_, err := c.e.writeFile(c.name(model), func(w io.Writer) error { return nn.SaveCheckpoint(w, k) })
	return err
}

// load reads the checkpoint of a model, nil if there is none.
func (c *checkpoints) load(model string) (*nn.Checkpoint, error) {
	k, err := loadCheckpoint(c.name(model))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err == nil && !maps.Equal(k.Settings, c.settings) {
		err = fmt.Errorf("%s is of a run with other flags", c.name(model))
	}
	return k, err
}

// interrupted says how to go on after an interrupt.
func (c *checkpoints) interrupted(command string) {
	if c.e.ctx.Err() != nil && len(c.saved) > 0 {
		c.e.say("hnn %s: saved in %s; the same call with -continue goes on", command, c.dir)
	}
}

// remove removes what was saved.
func (c *checkpoints) remove() error {
	for _, name := range c.saved {
		if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}
