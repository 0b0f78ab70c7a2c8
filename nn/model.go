package nn

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
)

// A model file is one JSON object, written so that a diff shows which row of which
// layer changed, with numbers in the shortest form that reads back to the same bits:
//
//	{"format": "hnn model", "version": 1, "kind": "hnn", "activation": "tanh",
//	 "scaling": {"mu": […], "s": […], "tau": 1}, "layers": [{"w": [[…], …], "b": […]}, …]}
//
// kind is hnn, derivative or nextstate; dt stands before scaling for a nextstate
// model, whose interval Δ it is; scaling and b are left out where there is none.
const (
	modelFormat  = "hnn model"
	modelVersion = 1
)

// Save writes m, an *HNN, *Derivative or *NextState. Weights that are not finite
// are an error, before anything is written.
func Save(w io.Writer, m Model) error {
	var b bytes.Buffer
	if err := writeModel(&b, m); err != nil {
		return fmt.Errorf("nn: save: %w", err)
	}
	b.WriteString("\n")
	_, err := w.Write(b.Bytes())
	return err
}

func writeModel(b *bytes.Buffer, m Model) error {
	var scale *Scaling
	dt := ""
	switch m := m.(type) {
	case *HNN:
		scale = m.Scale
	case *Derivative:
		scale = m.Scale
	case *NextState:
		scale, dt = m.Scale, fmt.Sprintf("\"dt\": %s,\n", encode(m.Dt))
	default:
		return fmt.Errorf("a %T has no file format", m)
	}
	if err := checkModel(m); err != nil {
		return err
	}
	kind := Kind(m)
	for i, p := range m.Net().Params() {
		for j, v := range p.Data {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				return fmt.Errorf("element %d of parameter %d is %v", j, i, v)
			}
		}
	}
	fmt.Fprintf(b, "{\"format\": %q, \"version\": %d, \"kind\": %q, \"activation\": %q,\n", modelFormat, modelVersion, kind, m.Net().Act)
	b.WriteString(dt)
	if scale != nil {
		fmt.Fprintf(b, "\"scaling\": {\"mu\": %s, \"s\": %s, \"tau\": %s},\n", encode(scale.Mu), encode(scale.S), encode(scale.Tau))
	}
	b.WriteString("\"layers\": [\n")
	for i, l := range m.Net().Layers {
		b.WriteString("{\"w\": [\n")
		for r := range l.W.Rows {
			b.Write(encode(l.W.Row(r)))
			b.WriteString(comma(r+1 < l.W.Rows) + "\n")
		}
		b.WriteString("]")
		if l.B != nil {
			fmt.Fprintf(b, ",\n\"b\": %s", encode(l.B.Data))
		}
		b.WriteString("}" + comma(i+1 < len(m.Net().Layers)) + "\n")
	}
	b.WriteString("]}")
	return nil
}

// Kind returns what sort of model m is, by the name that its file has for it: hnn,
// derivative or nextstate.
func Kind(m Model) string {
	switch m.(type) {
	case *HNN:
		return "hnn"
	case *Derivative:
		return "derivative"
	case *NextState:
		return "nextstate"
	}
	return "unknown"
}

// Clone returns a copy of m, an *HNN, *Derivative or *NextState, with weights of its
// own.
func Clone(m Model) Model {
	net := &MLP{Act: m.Net().Act}
	for _, l := range m.Net().Layers {
		c := NewLinear(l.W.Cols, l.W.Rows, l.B != nil)
		copy(c.W.Data, l.W.Data)
		if l.B != nil {
			copy(c.B.Data, l.B.Data)
		}
		net.Layers = append(net.Layers, c)
	}
	switch m := m.(type) {
	case *HNN:
		return &HNN{net, m.Scale}
	case *Derivative:
		return &Derivative{net, m.Scale}
	case *NextState:
		return &NextState{net, m.Scale, m.Dt}
	}
	panic(fmt.Sprintf("nn: Clone of a %T", m))
}

func encode(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		return []byte("null") // not finite: refused by Load; Save checks the weights
	}
	return b
}

func comma(more bool) string {
	if more {
		return ","
	}
	return ""
}

// Load reads a model that Save wrote. It is strict: an unknown, repeated or missing
// key, a null, a number that is not finite, rows of different lengths, layers that do
// not chain, or anything after the object is an error, and no model is returned.
// What it allocates is bounded by what it has read.
func Load(r io.Reader) (Model, error) {
	dec := json.NewDecoder(r)
	m, err := readModel(dec)
	if err == nil {
		err = end(dec)
	}
	if err != nil {
		return nil, fmt.Errorf("nn: load: %w", tooEarly(err))
	}
	return m, nil
}

// tooEarly says in words that a file is cut short.
func tooEarly(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("the file ends too early")
	}
	return err
}

// end checks that nothing follows.
func end(dec *json.Decoder) error {
	if _, err := dec.Token(); err != io.EOF {
		return errors.New("there is more after the end")
	}
	return nil
}

type layerFile struct {
	W [][]number
	B []number
}

func readModel(dec *json.Decoder) (Model, error) {
	var kind, act string
	var dt, tau number
	var mu, s []number
	var layers []layerFile
	scaled := false
	err := object(dec, []string{"format", "version", "kind", "activation", "layers"}, map[string]func() error{
		"format":     func() error { return header(dec, "model", modelFormat) },
		"version":    func() error { return fileVersion(dec, modelVersion) },
		"kind":       func() error { return dec.Decode(&kind) },
		"activation": func() error { return dec.Decode(&act) },
		"dt":         func() error { return dec.Decode(&dt) },
		"scaling": func() error {
			scaled = true
			return object(dec, []string{"mu", "s", "tau"}, map[string]func() error{
				"mu":  func() error { return dec.Decode(&mu) },
				"s":   func() error { return dec.Decode(&s) },
				"tau": func() error { return dec.Decode(&tau) },
			})
		},
		"layers": func() error {
			return array(dec, func() error {
				var l layerFile
				err := object(dec, []string{"w"}, map[string]func() error{
					"w": func() error {
						return array(dec, func() error { l.W = append(l.W, nil); return dec.Decode(&l.W[len(l.W)-1]) })
					},
					"b": func() error {
						if err := dec.Decode(&l.B); err != nil || l.B == nil {
							return wanted("an array of numbers", err)
						}
						return nil
					},
				})
				layers = append(layers, l)
				return err
			})
		},
	})
	if err != nil {
		return nil, err
	}
	net, err := network(Activation(act), layers)
	if err != nil {
		return nil, err
	}
	var scale *Scaling
	if scaled {
		scale = &Scaling{floats(mu), floats(s), float64(tau)}
	}
	var m Model
	switch kind {
	case "hnn":
		m = &HNN{net, scale}
	case "derivative":
		m = &Derivative{net, scale}
	case "nextstate":
		m = &NextState{net, scale, float64(dt)}
	default:
		return nil, fmt.Errorf("unknown kind of model %q", kind)
	}
	if kind != "nextstate" && dt != 0 {
		return nil, fmt.Errorf("dt is %v in a %s model", dt, kind)
	}
	if err := checkModel(m); err != nil {
		return nil, err
	}
	return m, nil
}

// checkModel reports what is wrong with a model: that nothing fits a file, or a training.
func checkModel(m Model) error {
	if s, ok := m.(*OneStep); ok && s != nil {
		m = *s
	}
	if s, ok := m.(OneStep); ok {
		if s.Of == nil {
			return errNoNetwork
		}
		m = s.Of
	}
	if m == nil || m.Net() == nil || len(m.Net().Layers) == 0 {
		return errNoNetwork
	}
	net := m.Net()
	if net.Act.formula() == nil {
		return fmt.Errorf("unknown activation %q", net.Act)
	}
	sizes := net.Sizes()
	n := sizes[0]
	want := n
	var scale *Scaling
	switch m := m.(type) {
	case *HNN:
		want, scale = 1, m.Scale
	case *Derivative:
		scale = m.Scale
	case *NextState:
		if scale = m.Scale; !(m.Dt > 0) {
			return fmt.Errorf("dt is %v in a nextstate model", m.Dt)
		}
	default:
		return nil // somebody's own
	}
	switch out := sizes[len(sizes)-1]; {
	case n%2 != 0:
		return fmt.Errorf("the network has %d inputs, want coordinate pairs", n)
	case out != want:
		return fmt.Errorf("the network of a %s model has %d outputs, want %d", Kind(m), out, want)
	case scale == nil:
		return nil
	case len(scale.Mu) != n || len(scale.S) != n || !(scale.Tau > 0):
		return fmt.Errorf("the scaling has %d and %d numbers and tau %v for %d inputs", len(scale.Mu), len(scale.S), scale.Tau, n)
	}
	for i, v := range scale.S {
		if !(v > 0) {
			return fmt.Errorf("scale %d is %v, want a positive number", i, v)
		}
	}
	d := n / 2
	c := float64(scale.S[0] * scale.S[d])
	if !(c > 0) || math.IsInf(c, 0) {
		return fmt.Errorf("the scales of pair 0 have the product %v", c)
	}
	for i := 1; i < d && want == 1; i++ {
		if ci := float64(scale.S[i] * scale.S[d+i]); !(math.Abs(ci-c) <= 1e-9*c) {
			return fmt.Errorf("the scales of pair %d have the product %v, those of pair 0 %v: H would not be that of the field", i, ci, c)
		}
	}
	return nil
}

// header reads the value of format, which has to be the wanted one.
func header(dec *json.Decoder, what, want string) error {
	var got string
	if err := dec.Decode(&got); err != nil || got != want {
		return fmt.Errorf("not a %s file: format %.40q, want %q", what, got, want)
	}
	return nil
}

func fileVersion(dec *json.Decoder, want int) error {
	var got number
	if err := dec.Decode(&got); err != nil || got != number(want) {
		return fmt.Errorf("the file is of version %v, this program reads version %d", got, want)
	}
	return nil
}

// network checks that the layers chain and makes the MLP of them.
func network(act Activation, layers []layerFile) (*MLP, error) {
	if act.formula() == nil {
		return nil, fmt.Errorf("unknown activation %q", act)
	}
	if len(layers) == 0 {
		return nil, errors.New("no layers")
	}
	m := &MLP{Act: act}
	for i, f := range layers {
		if len(f.W) == 0 || len(f.W[0]) == 0 {
			return nil, fmt.Errorf("layer %d is empty", i+1)
		}
		in, out := len(f.W[0]), len(f.W)
		if i > 0 && in != len(layers[i-1].W) {
			return nil, fmt.Errorf("layer %d has %d inputs, the layer before %d outputs", i+1, in, len(layers[i-1].W))
		}
		if f.B != nil && len(f.B) != out {
			return nil, fmt.Errorf("layer %d has %d outputs and %d biases", i+1, out, len(f.B))
		}
		l := NewLinear(in, out, f.B != nil)
		for r, row := range f.W {
			if len(row) != in {
				return nil, fmt.Errorf("layer %d: row %d has %d weights, row 1 has %d", i+1, r+1, len(row), in)
			}
			copy(l.W.Row(r), floats(row))
		}
		if l.B != nil {
			copy(l.B.Data, floats(f.B))
		}
		m.Layers = append(m.Layers, l)
	}
	return m, nil
}

// object reads a JSON object whose keys are those of fields, each at most once, and
// all of required among them.
func object(dec *json.Decoder, required []string, fields map[string]func() error) error {
	if err := delim(dec, '{'); err != nil {
		return err
	}
	seen := map[string]bool{}
	for dec.More() {
		t, err := dec.Token()
		if err != nil {
			return err
		}
		key, _ := t.(string)
		read := fields[key]
		if read == nil {
			return fmt.Errorf("unknown key %.40q", key)
		}
		if seen[key] {
			return fmt.Errorf("key %q is given twice", key)
		}
		seen[key] = true
		if err := read(); err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
	}
	if err := delim(dec, '}'); err != nil {
		return err
	}
	for _, key := range required {
		if !seen[key] {
			return fmt.Errorf("key %q is missing", key)
		}
	}
	return nil
}

// array reads a JSON array, each element by read.
func array(dec *json.Decoder, read func() error) error {
	if err := delim(dec, '['); err != nil {
		return err
	}
	for dec.More() {
		if err := read(); err != nil {
			return err
		}
	}
	return delim(dec, ']')
}

func delim(dec *json.Decoder, want json.Delim) error {
	t, err := dec.Token()
	if err != nil {
		return err
	}
	if t != want {
		return fmt.Errorf("found %.40q where %v should be", fmt.Sprint(t), want)
	}
	return nil
}

// wanted says what should be where something else is, or a null.
func wanted(what string, err error) error {
	if err == nil {
		return fmt.Errorf("want %s", what)
	}
	return fmt.Errorf("want %s: %w", what, err)
}

// A number is a float64 that cannot be null.
type number float64

// UnmarshalJSON implements json.Unmarshaler.
func (n *number) UnmarshalJSON(b []byte) error {
	if bytes.Equal(b, []byte("null")) {
		return errors.New("null where a number should be")
	}
	return json.Unmarshal(b, (*float64)(n))
}

func floats(ns []number) []float64 {
	f := make([]float64, len(ns))
	for i, n := range ns {
		f[i] = float64(n)
	}
	return f
}
