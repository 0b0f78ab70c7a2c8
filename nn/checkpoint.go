package nn

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"hnn/autodiff"
)

const (
	checkpointFormat  = "hnn checkpoint"
	checkpointVersion = 1
)

// A Checkpoint is all that a training needs to go on as if it had never stopped. The
// order of the batches is not in it: it follows from the source that the training
// began with.
type Checkpoint struct {
	Settings map[string]string // what else determines the training; free for the caller
	At       Position
	Model    Model
	Opt      *Adam

	Best      Model   // the model with the lowest loss so far, nil if none is kept
	BestLoss  float64 // its loss
	BestEpoch int     // and when that was
}

// SaveCheckpoint writes a checkpoint as JSON, exact to the bit. Its models are those that
// Save knows (of a OneStep, its Of), and its optimiser is Adam.
func SaveCheckpoint(w io.Writer, c *Checkpoint) error {
	if c == nil || c.Opt == nil {
		return errors.New("nn: save checkpoint: no checkpoint, or one without an optimiser")
	}
	for _, s := range [][][]float64{c.Opt.m, c.Opt.v, c.Opt.vmax, {{c.At.Loss, c.BestLoss}}} {
		for _, row := range s {
			for _, v := range row {
				if v-v != 0 {
					return fmt.Errorf("nn: save checkpoint: a moment of Adam, or a loss, is %v", v)
				}
			}
		}
	}
	settings := c.Settings
	if settings == nil {
		settings = map[string]string{}
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "{\"format\": %q, \"version\": %d,\n\"settings\": %s,\n\"at\": %s,\n\"model\": ",
		checkpointFormat, checkpointVersion, encode(settings), encode(c.At))
	if err := writeModel(&b, c.Model); err != nil {
		return fmt.Errorf("nn: save checkpoint: %w", err)
	}
	a := c.Opt
	fmt.Fprintf(&b, ",\n\"adam\": {\"beta1\": %s, \"beta2\": %s, \"eps\": %s, \"decay\": %s, \"decoupled\": %v, \"amsgrad\": %v, \"beta1t\": %s, \"beta2t\": %s",
		encode(a.Beta1), encode(a.Beta2), encode(a.Eps), encode(a.WeightDecay), a.Decoupled, a.AMSGrad, encode(a.beta1t), encode(a.beta2t))
	for _, s := range []struct {
		name string
		v    [][]float64
	}{{"m", a.m}, {"v", a.v}, {"vmax", a.vmax}} {
		if s.v == nil {
			continue
		}
		fmt.Fprintf(&b, ",\n%q: [\n", s.name)
		for i, row := range s.v {
			b.Write(encode(row))
			b.WriteString(comma(i+1 < len(s.v)) + "\n")
		}
		b.WriteString("]")
	}
	b.WriteString("}")
	if c.Best != nil {
		fmt.Fprintf(&b, ",\n\"best\": {\"loss\": %s, \"epoch\": %d, \"model\": ", encode(c.BestLoss), c.BestEpoch)
		if err := writeModel(&b, c.Best); err != nil {
			return fmt.Errorf("nn: save checkpoint: %w", err)
		}
		b.WriteString("}")
	}
	b.WriteString("}\n")
	_, err := w.Write(b.Bytes())
	return err
}

// LoadCheckpoint reads a checkpoint that SaveCheckpoint wrote, as strictly as Load
// reads a model.
func LoadCheckpoint(r io.Reader) (*Checkpoint, error) {
	c := &Checkpoint{Opt: &Adam{}}
	dec := json.NewDecoder(r)
	err := c.read(dec)
	if err == nil {
		err = end(dec)
	}
	if err != nil {
		return nil, fmt.Errorf("nn: load checkpoint: %w", tooEarly(err))
	}
	return c, nil
}

func (c *Checkpoint) read(dec *json.Decoder) error {
	a := c.Opt
	num := func(v *float64) func() error {
		return func() error { return dec.Decode((*number)(v)) }
	}
	whole := func(v *int) func() error {
		return func() error {
			var n *int
			if err := dec.Decode(&n); err != nil || n == nil || *n < 0 {
				return wanted("a whole number from 0 up", err)
			}
			*v = *n
			return nil
		}
	}
	flag := func(v *bool) func() error {
		return func() error {
			var b *bool
			if err := dec.Decode(&b); err != nil || b == nil {
				return wanted("true or false", err)
			}
			*v = *b
			return nil
		}
	}
	rows := func(v *[][]float64) func() error {
		return func() error {
			return array(dec, func() error {
				var row []number
				err := dec.Decode(&row)
				*v = append(*v, floats(row))
				return err
			})
		}
	}
	err := object(dec, []string{"format", "version", "settings", "at", "model", "adam"}, map[string]func() error{
		"format":  func() error { return header(dec, "checkpoint", checkpointFormat) },
		"version": func() error { return fileVersion(dec, checkpointVersion) },
		"settings": func() error {
			if err := dec.Decode(&c.Settings); err != nil || c.Settings == nil {
				return wanted("an object", err)
			}
			return nil
		},
		"at": func() error {
			return object(dec, []string{"step", "loss"}, map[string]func() error{"step": whole(&c.At.Step), "loss": num(&c.At.Loss)})
		},
		"model": func() (err error) { c.Model, err = readModel(dec); return err },
		"adam": func() error {
			return object(dec, []string{"beta1", "beta2", "eps", "decay", "decoupled", "amsgrad", "beta1t", "beta2t"}, map[string]func() error{
				"beta1": num(&a.Beta1), "beta2": num(&a.Beta2), "eps": num(&a.Eps), "decay": num(&a.WeightDecay),
				"decoupled": flag(&a.Decoupled), "amsgrad": flag(&a.AMSGrad), "beta1t": num(&a.beta1t), "beta2t": num(&a.beta2t),
				"m": rows(&a.m), "v": rows(&a.v), "vmax": rows(&a.vmax),
			})
		},
		"best": func() error {
			return object(dec, []string{"loss", "epoch", "model"}, map[string]func() error{
				"loss": num(&c.BestLoss), "epoch": whole(&c.BestEpoch),
				"model": func() (err error) { c.Best, err = readModel(dec); return err },
			})
		},
	})
	if err != nil {
		return err
	}
	params := c.Model.Net().Params()
	for _, s := range [][][]float64{a.m, a.v, a.vmax} {
		if s != nil && !sameShapes(s, params) {
			return errors.New("adam: the moments do not have the shapes of the weights")
		}
	}
	if (a.m == nil) != (a.v == nil) || (a.vmax != nil) != (a.AMSGrad && a.m != nil) {
		return errors.New("adam: some of the moments are missing")
	}
	if c.Best != nil && (Kind(c.Best) != Kind(c.Model) || !slices.Equal(c.Best.Net().Sizes(), c.Model.Net().Sizes())) {
		return errors.New("best: not a model of the same kind and sizes")
	}
	return nil
}

func sameShapes(s [][]float64, params []*autodiff.Matrix) bool {
	if len(s) != len(params) {
		return false
	}
	for i, p := range params {
		if len(s[i]) != len(p.Data) {
			return false
		}
	}
	return true
}
