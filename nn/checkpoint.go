package nn

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
)

const (
	checkpointFormat  = "hnn checkpoint"
	checkpointVersion = 2
)

// A Checkpoint is what a Fit needs, beside its data and its Recipe, to go on as if it had
// never stopped. The order of the batches is not in it, because it follows from the seed.
type Checkpoint struct {
	Settings map[string]string // those of the Recipe

	data          string // hash of the data
	epochs        [][]float64
	stage, before int
	optimizer     string
	state         json.RawMessage
	params        [][]float64
	best          *best
}

// Epochs returns how many epochs had ended.
func (c *Checkpoint) Epochs() int { return len(c.epochs) }

type best struct {
	loss   float64
	epoch  int
	params [][]float64
}

func (b *best) Parts(p *Parts) {
	p.Number("loss", &b.loss)
	p.Whole("epoch", &b.epoch)
	p.Vectors("parameters", &b.params)
}

// Parts implements Composite.
func (c *Checkpoint) Parts(p *Parts) {
	p.Map("settings", &c.Settings)
	p.Text("data", &c.data)
	p.Vectors("epochs", &c.epochs)
	p.Whole("stage", &c.stage)
	p.Whole("before", &c.before)
	p.Text("optimizer", &c.optimizer)
	scalar(p, "state", "an object", false, true, &c.state)
	p.Vectors("parameters", &c.params)
	Part(p, "best", &c.best)
}

// save hands a checkpoint to the caller.
func (f *fit) save() error {
	o := f.Stages[f.stage]
	var b bytes.Buffer
	if err := putObject(&b, o.Parts); err != nil {
		return fmt.Errorf("nn: save checkpoint: %s: %w", o.Kind(), err)
	}
	c := &Checkpoint{
		Settings: f.Settings, data: f.hash, stage: f.stage, before: f.before,
		optimizer: o.Kind(), state: b.Bytes(), params: snapshot(f.problem.Params(), nil),
	}
	for _, e := range f.Epochs {
		row := []float64{float64(e.Stage), float64(e.Step), e.Loss, e.Rate, e.Valid}
		if f.valid == nil {
			row = row[:4]
		}
		c.epochs = append(c.epochs, row)
	}
	if f.best != nil {
		c.best = &best{f.Best, f.BestEpoch, f.best}
	}
	return f.Save(c)
}

// ErrOtherData is the error for a checkpoint of a fit to other data.
var ErrOtherData = errors.New("these are not the data of the checkpoint")

// restore puts a fit into the state of the checkpoint.
func (c *Checkpoint) restore(f *fit) error {
	if train := f.Train.Hash(); c.data != f.hash && strings.HasPrefix(c.data, train) {
		return fmt.Errorf("%w: the validation set is another", ErrOtherData)
	} else if c.data != f.hash {
		return ErrOtherData
	}
	if c.stage >= len(f.Stages) || f.Stages[c.stage].Kind() != c.optimizer {
		return fmt.Errorf("the checkpoint is of stage %d, %s: want the stages of the saved fit", c.stage, c.optimizer)
	}
	if err := f.open(f.objectiveOf(c.stage)); err != nil {
		return err
	}
	params := f.problem.Params()
	if c.params == nil {
		return errors.New(`key "parameters" is missing`)
	}
	if err := checkShapes("parameters", params, c.params); err != nil {
		return err
	}
	if c.before > len(c.epochs) {
		return fmt.Errorf("before: want at most the %d epochs, not %d", len(c.epochs), c.before)
	}
	for i, row := range c.epochs {
		if len(row) != 4 && len(row) != 5 {
			return fmt.Errorf("epochs: row %d has %d numbers, want 4 or 5", i+1, len(row))
		}
		for _, v := range row[:2] {
			if v != math.Trunc(v) || !(v >= 0 && v < 1<<53) {
				return fmt.Errorf("epochs: row %d: stage %v and step %v: want whole numbers from 0 up", i+1, row[0], row[1])
			}
		}
		e := Epoch{Stage: int(row[0]), Epoch: i + 1, Step: int(row[1]), Loss: row[2], Rate: row[3], Valid: math.NaN()}
		if len(row) == 5 {
			e.Valid = row[4]
		}
		f.Epochs = append(f.Epochs, e)
	}
	o := f.Stages[c.stage]
	if err := getObject(c.state, o.Parts); err != nil {
		return fmt.Errorf("state: %w", err)
	}
	if err := o.Check(params); err != nil {
		return fmt.Errorf("state: %w", err)
	}
	if d, ok := bare(o).(interface{ taken() int }); ok {
		done := 0
		if n := len(f.Epochs); n > c.before {
			done = f.Epochs[n-1].Step
		}
		if n := d.taken(); n < done || n-done > f.Rows {
			return fmt.Errorf("state: step %d after an epoch that ended with step %d, of %d rows", n, done, f.Rows)
		}
	}
	restore(params, c.params)
	f.stage, f.before = c.stage, c.before
	if err := f.refine(); err != nil {
		return err
	}
	if c.best != nil && f.Patience > 0 {
		if c.best.params == nil {
			return errors.New(`best: key "parameters" is missing`)
		}
		if err := checkShapes("best: parameters", params, c.best.params); err != nil {
			return err
		}
		f.best, f.Best, f.BestEpoch = c.best.params, c.best.loss, c.best.epoch
	}
	return nil
}

// SaveCheckpoint writes a checkpoint, exact to the bit. It is one JSON object:
//
//	{"format": "hnn checkpoint", "version": 2, "settings": {…}, "data": "…",
//	 "epochs": [[stage, step, loss, rate, valid], …], "stage": 0, "before": 0,
//	 "optimizer": "adam", "state": {…}, "parameters": [[…], …], "best": {…},
//	 "sha256": "…"}
//
// Epochs without a validation set have no last number; before counts those of earlier
// stages. state holds the parts of the optimiser, such as m and v of Adam, parameters those of
// the problem, in its order, and best the lowest loss so far where one is kept. sha256 is that of
// all bytes before the comma and the line break in front of it; without it a checkpoint is refused.
func SaveCheckpoint(w io.Writer, c *Checkpoint) error {
	if c == nil || c.state == nil {
		return errors.New("nn: save checkpoint: no checkpoint of a fit")
	}
	b, err := pack(checkpointFormat, checkpointVersion, c.Parts)
	if err != nil {
		return fmt.Errorf("nn: save checkpoint: %w", err)
	}
	_, err = w.Write(b)
	return err
}

// LoadCheckpoint reads a checkpoint that SaveCheckpoint wrote, as strictly as Load reads a
// model. The state of the optimiser is checked later, when a Fit resumes from it.
func LoadCheckpoint(r io.Reader) (*Checkpoint, error) {
	whole := newSealReader(r)
	in, err := object(whole)
	if err == nil {
		err = header(in, checkpointFormat, checkpointVersion, nil)
	}
	if err == nil {
		err = whole.check()
		delete(in, sealKey)
	}
	c := &Checkpoint{}
	if err == nil {
		err = unpack(in, c.Parts)
	}
	if err != nil {
		return nil, fmt.Errorf("nn: load checkpoint: %w", err)
	}
	return c, nil
}
