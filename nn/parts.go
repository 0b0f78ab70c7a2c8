package nn

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"hnn/autodiff"
)

// Parts is the list of named parts of a model or an optimiser in a file. One method names
// them, for saving and for loading:
//
//	func (m *Toy) Parts(p *nn.Parts) {
//		p.Number("mass", &m.Mass)
//		nn.Part(p, "potential", &m.V)
//	}
//
// When a file is saved, each call writes a part. When it is loaded, each call reads one. A nil
// slice or pointer is left out of the file, and a part that is not in the file stays nil.
// Numbers are written in the shortest form that reads back to the same bits. Loading is
// strict. It is an error if the file has a part that no call asks for, a part twice, a null,
// or a number that is not finite. The error names the part.
type Parts struct {
	out   *bytes.Buffer // for saving, else nil
	some  bool          // a part has been written
	in    map[string]json.RawMessage
	asked map[string]bool
	err   error
}

// A Composite has parts of its own.
type Composite interface{ Parts(p *Parts) }

// part writes or reads one part. If absent is set, there is nothing to write.
func (p *Parts) part(name string, absent, required bool, put func(b *bytes.Buffer) error, get func(raw json.RawMessage) error) {
	if p.err != nil {
		return
	}
	var err error
	if p.out != nil {
		if absent {
			return
		}
		if p.some {
			p.out.WriteString(",\n")
		}
		p.some = true
		fmt.Fprintf(p.out, "%q: ", name)
		err = put(p.out)
	} else {
		p.asked[name] = true
		raw, ok := p.in[name]
		switch {
		case ok:
			err = get(raw)
		case required:
			p.err = fmt.Errorf("key %q is missing", name)
		}
	}
	if err != nil {
		p.err = fmt.Errorf("%s: %w", name, err)
	}
}

// scalar is a part of one JSON value.
func scalar[T any](p *Parts, name, want string, absent, required bool, v *T) {
	p.part(name, absent, required, func(b *bytes.Buffer) error { return put(b, *v) }, func(raw json.RawMessage) error {
		if err := json.Unmarshal(raw, v); err != nil || bytes.Equal(raw, []byte("null")) {
			return fmt.Errorf("want %s, not %.40q", want, raw)
		}
		return nil
	})
}

func put(b *bytes.Buffer, v any) error {
	text, err := json.Marshal(v)
	b.Write(text)
	return err
}

// Number is a part that is a finite number.
func (p *Parts) Number(name string, v *float64) {
	scalar(p, name, "a number", false, true, v)
}

// Whole is a part that is a whole number from 0 up.
func (p *Parts) Whole(name string, v *int) {
	scalar(p, name, "a whole number from 0 up", false, true, v)
	if p.err == nil && *v < 0 {
		p.err = fmt.Errorf("%s: want a whole number from 0 up, not %d", name, *v)
	}
}

// Flag is a part that is true or false.
func (p *Parts) Flag(name string, v *bool) { scalar(p, name, "true or false", false, true, v) }

// Text is a part that is text; "" is left out.
func (p *Parts) Text(name string, v *string) { scalar(p, name, "text", *v == "", false, v) }

// Texts is a part that is a list of texts.
func (p *Parts) Texts(name string, v *[]string) { scalar(p, name, "texts", *v == nil, false, v) }

// Map is a part that gives texts to names.
func (p *Parts) Map(name string, v *map[string]string) {
	scalar(p, name, "texts by name", *v == nil, false, v)
}

// Numbers is a part that is a list of finite numbers.
func (p *Parts) Numbers(name string, v *[]float64) {
	p.part(name, *v == nil, false, func(b *bytes.Buffer) error { return put(b, *v) }, func(raw json.RawMessage) (err error) {
		*v, err = numbers(raw)
		return err
	})
}

// Vectors is a part that is a list of lists of finite numbers.
func (p *Parts) Vectors(name string, v *[][]float64) {
	p.part(name, *v == nil, false, func(b *bytes.Buffer) error { return putRows(b, *v) }, func(raw json.RawMessage) (err error) {
		*v, err = rows(raw)
		return err
	})
}

// Matrix is a part that is a matrix, by rows of equal length.
func (p *Parts) Matrix(name string, m **autodiff.Matrix) {
	p.part(name, *m == nil, false, func(b *bytes.Buffer) error {
		all := make([][]float64, (*m).Rows)
		for i := range all {
			all[i] = (*m).Row(i)
		}
		return putRows(b, all)
	}, func(raw json.RawMessage) error {
		all, err := rows(raw)
		if err != nil {
			return err
		}
		*m, err = autodiff.MatrixOf(all...)
		return err
	})
}

// Row is a part that is a matrix of one row.
func (p *Parts) Row(name string, m **autodiff.Matrix) {
	var v []float64
	if *m != nil {
		v = (*m).Data
	}
	if p.Numbers(name, &v); p.out == nil && v != nil {
		*m = &autodiff.Matrix{Rows: 1, Cols: len(v), Data: v}
	}
}

// Part is a part that has parts of its own. A nil *v is left out. If the file has the part,
// *v becomes a new value.
func Part[T any, P interface {
	*T
	Composite
}](p *Parts, name string, v *P) {
	p.part(name, *v == nil, false, func(b *bytes.Buffer) error { return putObject(b, (*v).Parts) }, func(raw json.RawMessage) error {
		*v = new(T)
		return getObject(raw, (*v).Parts)
	})
}

// List is a part that is a list of parts, each with parts of its own.
func List[T any, P interface {
	*T
	Composite
}](p *Parts, name string, v *[]P) {
	list(p, name, false, v, func() P { return new(T) })
}

// list is List of values that empty makes.
func list[P Composite](p *Parts, name string, required bool, v *[]P, empty func() P) {
	p.part(name, *v == nil, required, func(b *bytes.Buffer) error {
		b.WriteString("[")
		for i, e := range *v {
			if i > 0 {
				b.WriteString(",\n")
			}
			if err := putObject(b, e.Parts); err != nil {
				return fmt.Errorf("%d: %w", i+1, err)
			}
		}
		b.WriteString("]")
		return nil
	}, func(raw json.RawMessage) error {
		all, err := elements(raw)
		if err != nil {
			return err
		}
		*v = make([]P, len(all))
		for i, raw := range all {
			(*v)[i] = empty()
			if err := getObject(raw, (*v)[i].Parts); err != nil {
				return fmt.Errorf("%d: %w", i+1, err)
			}
		}
		return nil
	})
}

// inner is a required part. A function names the parts in it.
func (p *Parts) inner(name string, parts func(*Parts)) {
	p.part(name, false, true, func(b *bytes.Buffer) error { return putObject(b, parts) },
		func(raw json.RawMessage) error { return getObject(raw, parts) })
}

// putObject writes parts as a JSON object.
func putObject(b *bytes.Buffer, parts func(*Parts)) error {
	err := putParts(b, parts)
	b.WriteString("}")
	return err
}

// putParts is putObject without the last brace.
func putParts(b *bytes.Buffer, parts func(*Parts)) error {
	p := &Parts{out: b}
	b.WriteString("{")
	parts(p)
	return p.err
}

// getObject reads all parts of a JSON object.
func getObject(raw json.RawMessage, parts func(*Parts)) error {
	in, err := object(bytes.NewReader(raw))
	if err != nil {
		return err
	}
	return getParts(in, parts)
}

func getParts(in map[string]json.RawMessage, parts func(*Parts)) error {
	p := &Parts{in: in, asked: map[string]bool{}}
	parts(p)
	if p.err != nil {
		return p.err
	}
	for _, key := range slices.Sorted(maps.Keys(in)) {
		if !p.asked[key] {
			return fmt.Errorf("unknown key %.40q", key)
		}
	}
	return nil
}

// object reads a JSON object and splits it. A key that is given twice is an error.
func object(r io.Reader) (map[string]json.RawMessage, error) {
	dec := json.NewDecoder(r)
	if err := delim(dec, '{'); err != nil {
		return nil, err
	}
	in := map[string]json.RawMessage{}
	for dec.More() {
		t, err := dec.Token()
		if err != nil {
			return nil, err
		}
		key, _ := t.(string)
		if _, twice := in[key]; twice {
			return nil, fmt.Errorf("key %.40q is given twice", key)
		}
		var v json.RawMessage
		if err := dec.Decode(&v); err != nil {
			return nil, fmt.Errorf("%.40s: %w", key, err)
		}
		in[key] = v
	}
	if err := delim(dec, '}'); err != nil {
		return nil, err
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, errors.New("there is more after the end")
	}
	return in, nil
}

// elements splits a JSON array.
func elements(raw json.RawMessage) ([]json.RawMessage, error) {
	var all []json.RawMessage
	if err := json.Unmarshal(raw, &all); err != nil || all == nil {
		return nil, fmt.Errorf("want an array, not %.40q", raw)
	}
	return all, nil
}

func numbers(raw json.RawMessage) ([]float64, error) {
	var ns []*float64 // a null is a nil
	if err := json.Unmarshal(raw, &ns); err != nil || ns == nil {
		return nil, fmt.Errorf("want an array of numbers, not %.40q", raw)
	}
	v := make([]float64, len(ns))
	for i, n := range ns {
		if n == nil {
			return nil, fmt.Errorf("number %d is null", i+1)
		}
		v[i] = *n
	}
	return v, nil
}

func rows(raw json.RawMessage) ([][]float64, error) {
	all, err := elements(raw)
	if err != nil {
		return nil, err
	}
	v := make([][]float64, len(all))
	for i, raw := range all {
		if v[i], err = numbers(raw); err != nil {
			return nil, fmt.Errorf("row %d: %w", i+1, err)
		}
	}
	return v, nil
}

// putRows writes one line for each row.
func putRows(b *bytes.Buffer, v [][]float64) error {
	b.WriteString("[\n")
	for i, row := range v {
		if err := put(b, row); err != nil {
			return fmt.Errorf("row %d: %w", i+1, err)
		}
		if i+1 < len(v) {
			b.WriteString(",")
		}
		b.WriteString("\n")
	}
	b.WriteString("]")
	return nil
}

func delim(dec *json.Decoder, want json.Delim) error {
	t, err := dec.Token()
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("the file ends too early")
	}
	if err != nil {
		return err
	}
	if t != want {
		return fmt.Errorf("found %.40q where %v should be", fmt.Sprint(t), want)
	}
	return nil
}
