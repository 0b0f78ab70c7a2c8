package export

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"sort"
	"strconv"
	"strings"
)

// A safetensors file has the length of its header in 8 bytes, the header, a JSON object, and the numbers:
//
//	{"__metadata__": {"name": "text", …}, "name": {"dtype": "F64", "shape": [2, 3], "data_offsets": [0, 48]}, …}
//
// Source: the safetensors format, https://github.com/huggingface/safetensors.

// A Tensor is an array of numbers with one or two sizes.
type Tensor struct {
	Shape []int
	Data  []float64
}

// Format is the metadata "format" of a file of [Safetensors].
const Format = "hnn model"

// maxHeader bounds the header of a file.
const maxHeader = 100 << 20

// Safetensors writes a model file, as package nn writes it, as safetensors. Each matrix and each list of numbers becomes a
// tensor of float64 that is called by its place, such as network.layers.0.w. All that is left, kind, activation, numbers and
// origin, is in the metadata "model" as the same JSON, in which a tensor is its name after "@".
func Safetensors(w io.Writer, model []byte) error {
	tensors := map[string]Tensor{}
	var order []string
	var top map[string]json.RawMessage
	if err := json.Unmarshal(model, &top); err != nil {
		return err
	}
	delete(top, "sha256")
	var rest bytes.Buffer
	rest.WriteString("{")
	for i, key := range slices.Sorted(maps.Keys(top)) {
		if i > 0 {
			rest.WriteString(",")
		}
		rest.WriteString(text(key) + ":")
		if key != "parts" {
			if err := json.Compact(&rest, top[key]); err != nil {
				return err
			}
			continue
		}
		if err := take(&rest, "", top[key], func(name string, t Tensor) {
			tensors[name] = t
			order = append(order, name)
		}); err != nil {
			return err
		}
	}
	rest.WriteString("}")
	var kind string
	json.Unmarshal(top["kind"], &kind)
	return write(w, order, tensors, map[string]string{"format": Format, "kind": kind, "model": rest.String()})
}

// take copies JSON to out, with arrays of numbers replaced by the names of tensors.
func take(out *bytes.Buffer, name string, raw json.RawMessage, tensor func(name string, t Tensor)) error {
	raw = bytes.TrimSpace(raw)
	below := func(key string) string { return strings.TrimPrefix(name+"."+key, ".") }
	switch {
	case len(raw) > 0 && raw[0] == '{':
		dec := json.NewDecoder(bytes.NewReader(raw)) // in the order of the file
		if _, err := dec.Token(); err != nil {
			return err
		}
		out.WriteString("{")
		for i := 0; dec.More(); i++ {
			t, err := dec.Token()
			if err != nil {
				return err
			}
			key, _ := t.(string)
			var v json.RawMessage
			if err := dec.Decode(&v); err != nil {
				return err
			}
			if i > 0 {
				out.WriteString(",")
			}
			out.WriteString(text(key) + ":")
			if err := take(out, below(key), v, tensor); err != nil {
				return err
			}
		}
		out.WriteString("}")
		return nil
	case len(raw) > 0 && raw[0] == '[':
		var list []float64
		if json.Unmarshal(raw, &list) == nil && len(list) > 0 {
			tensor(name, Tensor{[]int{len(list)}, list})
			out.WriteString(text("@" + name))
			return nil
		}
		var rows [][]float64
		if json.Unmarshal(raw, &rows) == nil && len(rows) > 0 && rectangular(rows) {
			tensor(name, Tensor{[]int{len(rows), len(rows[0])}, slices.Concat(rows...)})
			out.WriteString(text("@" + name))
			return nil
		}
		var all []json.RawMessage
		if err := json.Unmarshal(raw, &all); err != nil {
			return err
		}
		out.WriteString("[")
		for i, v := range all {
			if i > 0 {
				out.WriteString(",")
			}
			if err := take(out, below(strconv.Itoa(i)), v, tensor); err != nil {
				return err
			}
		}
		out.WriteString("]")
		return nil
	}
	return json.Compact(out, raw)
}

// text returns texts or whole numbers, which cannot fail, as JSON.
func text(v any) string {
	b, _ := json.Marshal(v)
	return string(b)
}

func rectangular(rows [][]float64) bool {
	return !slices.ContainsFunc(rows, func(r []float64) bool { return len(r) == 0 || len(r) != len(rows[0]) })
}

// write writes tensors of float64 in order.
func write(w io.Writer, order []string, tensors map[string]Tensor, meta map[string]string) error {
	type entry struct {
		Dtype   string `json:"dtype"`
		Shape   []int  `json:"shape"`
		Offsets [2]int `json:"data_offsets"`
	}
	var head, data bytes.Buffer
	fmt.Fprintf(&head, `{"__metadata__":%s`, text(meta))
	for _, name := range order {
		t := tensors[name]
		from := data.Len()
		for _, v := range t.Data {
			data.Write(binary.LittleEndian.AppendUint64(nil, math.Float64bits(v)))
		}
		fmt.Fprintf(&head, ",%s:%s", text(name), text(entry{"F64", t.Shape, [2]int{from, data.Len()}}))
	}
	head.WriteString("}")
	for head.Len()%8 != 0 {
		head.WriteByte(' ')
	}
	if _, err := w.Write(binary.LittleEndian.AppendUint64(nil, uint64(head.Len()))); err != nil {
		return err
	}
	if _, err := w.Write(head.Bytes()); err != nil {
		return err
	}
	_, err := w.Write(data.Bytes())
	return err
}

// Read reads a safetensors file of numbers of 32 or 64 bits. It is strict: numbers must fill the data, without holes.
func Read(r io.Reader) (tensors map[string]Tensor, meta map[string]string, err error) {
	b, err := io.ReadAll(r)
	if err != nil {
		return nil, nil, err
	}
	if len(b) < 8 || binary.LittleEndian.Uint64(b) > uint64(min(len(b)-8, maxHeader)) || len(b) > 8 && b[8] != '{' {
		return nil, nil, errors.New("no safetensors file: it does not begin with the length of a header (PyTorch's own .pt and .pth files are another format: save with safetensors.torch.save_file)")
	}
	n := 8 + int(binary.LittleEndian.Uint64(b))
	var head map[string]json.RawMessage
	if err := json.Unmarshal(b[8:n], &head); err != nil {
		return nil, nil, fmt.Errorf("no safetensors file: its header is damaged: %w", err)
	}
	data := b[n:]
	tensors = map[string]Tensor{}
	var spans [][2]int
	for _, name := range slices.Sorted(maps.Keys(head)) {
		if name == "__metadata__" {
			if err := json.Unmarshal(head[name], &meta); err != nil {
				return nil, nil, fmt.Errorf("the metadata are no texts: %w", err)
			}
			continue
		}
		var e struct {
			Dtype   string `json:"dtype"`
			Shape   []int  `json:"shape"`
			Offsets []int  `json:"data_offsets"`
		}
		if err := json.Unmarshal(head[name], &e); err != nil {
			return nil, nil, fmt.Errorf("tensor %.60q: %w", name, err)
		}
		size := map[string]int{"F64": 8, "F32": 4}[e.Dtype]
		if size == 0 {
			return nil, nil, fmt.Errorf("tensor %.60q is of type %.10q: want F64 or F32", name, e.Dtype)
		}
		count := 1
		for _, d := range e.Shape {
			if d < 0 || d > 0 && count > len(data)/d {
				return nil, nil, fmt.Errorf("tensor %.60q: a shape of %v, which is larger than the file", name, e.Shape)
			}
			count *= d
		}
		if len(e.Offsets) != 2 || e.Offsets[0] < 0 || e.Offsets[1] > len(data) || e.Offsets[1]-e.Offsets[0] != count*size {
			return nil, nil, fmt.Errorf("tensor %.60q: offsets %v do not fit its %d numbers and the file", name, e.Offsets, count)
		}
		spans = append(spans, [2]int(e.Offsets))
		part := data[e.Offsets[0]:e.Offsets[1]]
		t := Tensor{e.Shape, make([]float64, count)}
		for i := range t.Data {
			if size == 8 {
				t.Data[i] = math.Float64frombits(binary.LittleEndian.Uint64(part[8*i:]))
			} else {
				t.Data[i] = float64(math.Float32frombits(binary.LittleEndian.Uint32(part[4*i:])))
			}
			if v := t.Data[i]; v-v != 0 {
				return nil, nil, fmt.Errorf("tensor %.60q: number %d is %v, want a finite one", name, i, v)
			}
		}
		tensors[name] = t
	}
	sort.Slice(spans, func(i, j int) bool { return spans[i][0] < spans[j][0] })
	at := 0
	for _, s := range spans {
		if s[0] != at && s[0] != s[1] {
			return nil, nil, fmt.Errorf("there is a hole or an overlap at byte %d of the numbers", at)
		}
		at = max(at, s[1])
	}
	if at != len(data) {
		return nil, nil, fmt.Errorf("%d bytes follow the numbers", len(data)-at)
	}
	return tensors, meta, nil
}

// Model returns the model file that [Safetensors] was given, for package nn to load. It has no sha256.
func Model(tensors map[string]Tensor, meta map[string]string) ([]byte, error) {
	var top map[string]json.RawMessage
	if err := json.Unmarshal([]byte(meta["model"]), &top); err != nil {
		return nil, fmt.Errorf("the metadata \"model\" are damaged: %w", err)
	}
	used := map[string]bool{}
	var parts bytes.Buffer
	if err := give(&parts, top["parts"], tensors, used); err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(tensors)) {
		if !used[name] {
			return nil, fmt.Errorf("tensor %.60q is no part of the model", name)
		}
	}
	top["parts"] = parts.Bytes()
	return json.Marshal(top)
}

// give copies JSON to out, with the names of tensors replaced by their numbers.
func give(out *bytes.Buffer, raw json.RawMessage, tensors map[string]Tensor, used map[string]bool) error {
	var object map[string]json.RawMessage
	var list []json.RawMessage
	var name string
	switch {
	case json.Unmarshal(raw, &name) == nil && strings.HasPrefix(name, "@"):
		name = name[1:]
		t, ok := tensors[name]
		if !ok {
			return fmt.Errorf("tensor %.60q is missing", name)
		}
		used[name] = true
		var v any = t.Data
		if len(t.Shape) == 2 {
			rows := make([][]float64, t.Shape[0])
			for i := range rows {
				rows[i] = t.Data[i*t.Shape[1] : (i+1)*t.Shape[1]]
			}
			v = rows
		} else if len(t.Shape) != 1 {
			return fmt.Errorf("tensor %.60q has %d sizes: want 1 or 2", name, len(t.Shape))
		}
		b, err := json.Marshal(v)
		out.Write(b)
		return err
	case json.Unmarshal(raw, &object) == nil && object != nil:
		out.WriteString("{")
		for i, key := range slices.Sorted(maps.Keys(object)) {
			if i > 0 {
				out.WriteString(",")
			}
			out.WriteString(text(key) + ":")
			if err := give(out, object[key], tensors, used); err != nil {
				return err
			}
		}
		out.WriteString("}")
		return nil
	case json.Unmarshal(raw, &list) == nil && list != nil:
		out.WriteString("[")
		for i, v := range list {
			if i > 0 {
				out.WriteString(",")
			}
			if err := give(out, v, tensors, used); err != nil {
				return err
			}
		}
		out.WriteString("]")
		return nil
	}
	if len(raw) == 0 {
		return errors.New("the metadata \"model\" have no parts")
	}
	return json.Compact(out, raw)
}
