package nn

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"
)

// The format of a model file is described at Save.
const (
	modelFormat  = "hnn model"
	modelVersion = 2
)

// An Origin says what a model was made from. The user of a model file then needs no other
// source for the names of the columns, the flags of the training and the range of the data.
type Origin struct {
	Program string            // version of the program that wrote the file
	Command string            // its command
	Flags   map[string]string // all flags of the command
	Q, P    []string          // columns of the coordinates and of the momenta
	T, Run  string            // columns of the time and of the number of the trajectory
	Angles  []string          // columns of Q that are angles, see Series.Unwrap
	Data    string            // SHA-256 of the data: see Series.Hash
	Low     []float64         // the least value of each component of the states
	High    []float64         // the greatest value of each component
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
	p.Texts("angles", &o.Angles)
	p.Text("data", &o.Data)
	p.Numbers("low", &o.Low)
	p.Numbers("high", &o.High)
}

// Outside returns the first component of x that lies outside the range of the data by more
// than a tenth of its width. It returns -1 if there is none, or if the range is not known.
func (o *Origin) Outside(x []float64) int {
	if o == nil || len(o.Low) != len(x) || len(o.High) != len(x) {
		return -1
	}
	for i, v := range x {
		if i < len(o.Q) && slices.Contains(o.Angles, o.Q[i]) { // the turn next to the data
			middle := o.Low[i] + float64((o.High[i]-o.Low[i])/2)
			v = middle + math.Remainder(v-middle, 2*math.Pi)
		}
		margin := float64(0.1 * (o.High[i] - o.Low[i]))
		if v < o.Low[i]-margin || v > o.High[i]+margin {
			return i
		}
	}
	return -1
}

// Save writes a model and, if not nil, its origin. A number that is not finite, or parts
// that do not fit together, are an error before anything is written.
//
// A model file is one JSON object. Each row of a weight matrix has a line of its own, so a
// comparison of two files shows what changed:
//
//	{"format": "hnn model", "version": 2, "kind": "hnn",
//	 "made": {"program": "0.2.0", "command": "train", "flags": {…},
//	   "q": ["q"], "p": ["p"], "t": "t", "run": "run", "data": "…",
//	   "low": […], "high": […]},
//	 "parts": {
//	   "network": {"activation": "tanh", "layers": [{"w": [[…], …], "b": […]}, …]},
//	   "scaling": {"mu": […], "s": […], "tau": 1}},
//	 "sha256": "…"}
//
//	kind      a row of Kinds
//	made      the Origin; it may be missing
//	parts     the parts of this kind: hnn and baseline have those above, and nextstate has
//	          the interval "dt" too. port has the expression "H" of the "names", "inputs",
//	          "friction", "gain", a list "constants" of {"name", "form", "unit", "theta"}, see
//	          TypedConstant, and a list "networks" of {"name", "network", "mu", "s", "out"}
//	angles    of made: the coordinates that are angles; it may be missing
//	network   w has a row for each output, and b a number for each, as in PyTorch. A layer
//	          is z = x wᵀ + b. The last layer has no b. The activation is applied between
//	          the layers. periods, if there, has the period of each input, 0 for none: an
//	          input x of period T is replaced by cos(2πx/T) and sin(2πx/T)
//	scaling   the network sees X = (x − mu)/s and time in units of tau; see Scaling. It may
//	          be missing: then states and time are used as they are
//	sha256    the sum of all bytes before the comma and the line break in front of it
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
	kind := m.Kind()
	return pack(modelFormat, modelVersion, func(p *Parts) {
		p.Text("kind", &kind)
		Part(p, "made", &made)
		p.inner("parts", m.Parts)
	})
}

// Load reads a model that Save wrote, and its origin, nil if it has none. Kinds of one's
// own are looked up before those of the table. Load is strict, see Parts; where it returns
// an error it returns no model. A file that is not what its sha256 says is an error; who
// edits a model by hand removes that key. Files of version 1, which hnn 0.1 wrote, are read
// too.
func Load(r io.Reader, own ...Kind) (Stored, *Origin, error) {
	m, made, err := decode(r, append(own, Kinds()...))
	if err != nil {
		return nil, nil, fmt.Errorf("nn: load: no model file: %w", err)
	}
	return m, made, nil
}

func decode(r io.Reader, kinds []Kind) (Stored, *Origin, error) {
	whole := newSealReader(r)
	in, err := object(whole)
	if err != nil {
		return nil, nil, err
	}
	return decodeModel(whole, in, kinds)
}

// decodeModel makes the model of the object in that was read from whole.
func decodeModel(whole *sealReader, in map[string]json.RawMessage, kinds []Kind) (Stored, *Origin, error) {
	if err := header(in, modelFormat, modelVersion, upgrade); err != nil {
		return nil, nil, err
	}
	if err := unseal(whole, in); err != nil {
		return nil, nil, err
	}
	var made *Origin
	m := Member{Kinds: kinds}
	err := unpack(in, func(p *Parts) {
		Part(p, "made", &made)
		m.Parts(p)
	})
	if err == nil {
		err = checkModel(m.Model)
	}
	if err != nil {
		return nil, nil, err
	}
	return m.Model, made, nil
}

// unseal checks the sum of a file that has one, and takes it out.
func unseal(whole *sealReader, in map[string]json.RawMessage) error {
	if _, sealed := in[sealKey]; !sealed {
		return nil
	}
	delete(in, sealKey)
	return whole.check()
}

// header checks the format and version of a file. If older is not nil, it turns a file of
// version 1 into one of this version.
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

// upgrade turns a model file of version 1 into one of version 2, in place. Version 1 was
//
//	{"format": "hnn model", "version": 1, "kind": "hnn", "activation": "tanh",
//	 "scaling": {…}, "layers": […]}
//
// A nextstate model had dt too. A baseline had the kind derivative.
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
