package nn

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
)

// A model file is one JSON object, a row of a weight matrix on each line, so that a
// comparison of two files shows what changed:
//
//	{"format": "hnn model", "version": 2, "kind": "hnn",
//	 "made": {"program": "0.2.0", "q": ["q"], "p": ["p"], "low": […], "high": […], …},
//	 "parts": {
//	   "network": {"activation": "tanh", "layers": [{"w": [[…], …], "b": […]}, …]},
//	   "scaling": {"mu": […], "s": […], "tau": 1}},
//	 "sha256": "…"}
//
// kind is a row of Kinds, made is an Origin, and parts are those that the kind names: a
// nextstate model has "dt" too. w is out×in and b has out numbers, as PyTorch lays them
// out; a layer is z = x wᵀ + b. scaling and b are left out where there is none. sha256 is
// the sum of all bytes before the comma and the line break in front of it. A model is
// refused if it is wrong, and read without it: remove the key to edit a model by hand.
const (
	modelFormat  = "hnn model"
	modelVersion = 2
)

// An Origin says what a model was made from, so that whoever uses its file needs no other
// source: which columns of a file its states are, which flags it was trained with, and
// within which range its data lay.
type Origin struct {
	Program string            // version of what wrote the file
	Command string            // the command, and
	Flags   map[string]string // all its flags
	Q, P    []string          // columns of the coordinates and of the momenta
	T, Run  string            // columns of the time and of the number of the trajectory
	Data    string            // SHA-256 of the data: see Series.Hash
	Low     []float64         // of each component of the states of the data, the least
	High    []float64         // and the greatest
}

// Parts implements Composite.
func (o *Origin) Parts(p *Parts) {
	p.Text("program", &o.Program)
	p.Text("command", &o.Command)
	p.Map("flags", &o.Flags)
	p.Texts("q", &o.Q)
	p.Texts("p", &o.P)
	p.Text("t", &o.T)
	p.Text("run", &o.Run)
	p.Text("data", &o.Data)
	p.Numbers("low", &o.Low)
	p.Numbers("high", &o.High)
}

// Outside returns the first component of x that lies outside the range of the data by more
// than a tenth of its width, or -1; also where the range is not known.
func (o *Origin) Outside(x []float64) int {
	if o == nil || len(o.Low) != len(x) || len(o.High) != len(x) {
		return -1
	}
	for i, v := range x {
		margin := float64(0.1 * (o.High[i] - o.Low[i]))
		if v < o.Low[i]-margin || v > o.High[i]+margin {
			return i
		}
	}
	return -1
}

// Save writes a model and, if not nil, its origin. A number that is not finite, or parts
// that do not fit together, are an error before anything is written. The last key of the
// file, sha256, is a checksum of all before it: see Load.
func Save(w io.Writer, m Stored, made *Origin) error {
	b, err := encode(m, made)
	if err != nil {
		return fmt.Errorf("nn: save: %w", err)
	}
	_, err = w.Write(b)
	return err
}

func encode(m Stored, made *Origin) ([]byte, error) {
	if err := checkModel(m); err != nil {
		return nil, err
	}
	var b bytes.Buffer
	format, version, kind := modelFormat, modelVersion, m.Kind()
	err := putParts(&b, func(p *Parts) {
		p.Text("format", &format)
		p.Whole("version", &version)
		p.Text("kind", &kind)
		Part(p, "made", &made)
		p.inner("parts", m.Parts)
	})
	seal(&b)
	return b.Bytes(), err
}

// Load reads a model that Save wrote, and its origin, nil if it has none. Kinds of one's
// own are looked up before those of the table. Load is strict, see Parts; where it returns
// an error it returns no model. A file that is not what its sha256 says is an error; who
// edits a model by hand removes that key. Files of version 1, which hnn 0.1 wrote, are read
// too.
func Load(r io.Reader, own ...Kind) (Stored, *Origin, error) {
	m, made, err := decode(r, append(own, Kinds()...))
	if err != nil {
		return nil, nil, fmt.Errorf("nn: load: %w", err)
	}
	return m, made, nil
}

func decode(r io.Reader, kinds []Kind) (Stored, *Origin, error) {
	whole := newSealReader(r)
	in, err := object(whole)
	if err != nil {
		return nil, nil, err
	}
	if err := header(in, modelFormat, modelVersion, upgrade); err != nil {
		return nil, nil, err
	}
	if _, sealed := in[sealKey]; sealed {
		if err := whole.check(); err != nil {
			return nil, nil, err
		}
		delete(in, sealKey)
	}
	var format, kind string
	var version int
	var m Stored
	var made *Origin
	err = getParts(in, func(p *Parts) {
		p.Text("format", &format)
		p.Whole("version", &version)
		p.Text("kind", &kind)
		Part(p, "made", &made)
		row, err := find(kinds, "kind of model", kind, func(k Kind) string { return k.Name })
		if err != nil && p.err == nil {
			p.err = err
		}
		if p.err == nil {
			m = row.Empty()
			p.inner("parts", m.Parts)
		}
	})
	if err == nil {
		err = checkModel(m)
	}
	if err != nil {
		return nil, nil, err
	}
	return m, made, nil
}

// header checks the format and version of a file; older, if not nil, brings a file of an
// older version up to date.
func header(in map[string]json.RawMessage, format string, version int, older func(in map[string]json.RawMessage) bool) error {
	var f string
	if raw, ok := in["format"]; !ok {
		return fmt.Errorf(`key "format" is missing`)
	} else if json.Unmarshal(raw, &f) != nil || f != format {
		return fmt.Errorf("not an %s file: its format is %.40s", format, raw)
	}
	var v float64
	if raw, ok := in["version"]; !ok {
		return fmt.Errorf(`key "version" is missing`)
	} else if json.Unmarshal(raw, &v) != nil || v != float64(version) && (older == nil || v != 1 || !older(in)) {
		return fmt.Errorf("the file is of version %.40s, this program reads version %d", raw, version)
	}
	return nil
}

// upgrade makes of a model file of version 1, in place, one of version 2. Version 1 was
//
//	{"format": "hnn model", "version": 1, "kind": "hnn", "activation": "tanh",
//	 "scaling": {…}, "layers": […]}
//
// with dt in a nextstate model, and called a baseline a derivative.
func upgrade(in map[string]json.RawMessage) bool {
	parts := map[string]json.RawMessage{}
	network := map[string]json.RawMessage{}
	for _, key := range []string{"activation", "layers", "scaling", "dt"} {
		raw, ok := in[key]
		if !ok {
			continue
		}
		delete(in, key)
		if key == "activation" || key == "layers" {
			network[key] = raw
		} else {
			parts[key] = raw
		}
	}
	if string(in["kind"]) == `"derivative"` {
		in["kind"] = json.RawMessage(`"baseline"`)
	}
	var err1, err2 error
	parts["network"], err1 = json.Marshal(network)
	in["parts"], err2 = json.Marshal(parts)
	return err1 == nil && err2 == nil
}

// Clone returns a copy of m with parameters of its own.
func Clone(m Stored, own ...Kind) (Stored, error) {
	b, err := encode(m, nil)
	if err != nil {
		return nil, fmt.Errorf("nn: clone: %w", err)
	}
	c, _, err := decode(bytes.NewReader(b), append(own, Kinds()...))
	return c, err
}
