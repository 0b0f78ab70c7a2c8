package bench

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"runtime/pprof"
	"strings"
	"time"
)

// Uses names what a training step spends its time on. The times of all workers are added.
var Uses = [...]string{"products", "elementwise", "tanh", "packing", "optimiser", "rest", "waiting"}

const (
	products    = iota // of matrices
	elementwise        // arithmetic on matrices
	tanh
	packing   // of factors, in the order in which products read them
	optimiser // the rule, and whether all gradients are finite
	rest      // rows copied, gradients of chunks added
	waiting   // for a turn or a processor, and time that other programs took
)

// profile measures how r uses the time of its workers, by samples of the running program.
func (r *Row) profile(ctx context.Context, length time.Duration) error {
	c := clock{profile: new(bytes.Buffer)}
	err := r.measure(ctx, max(1, int(length.Seconds()/r.Seconds[0])), &c)
	if c.profile == nil {
		return err
	}
	pprof.StopCPUProfile() // where the measurement ended with an error
	if err != nil {
		return err
	}
	stacks, err := samples(c.profile.Bytes())
	if err != nil || len(stacks) == 0 {
		return err // a system that takes no samples
	}
	use := make([]float64, len(Uses))
	use[waiting] = 1
	for _, s := range stacks {
		if k := useOf(s.functions); k != waiting {
			share := s.seconds / (c.took.Seconds() * float64(r.workers))
			use[k] += share
			use[waiting] -= share
		}
	}
	use[waiting] = max(0, use[waiting])
	r.Use = use
	return nil
}

// useOf tells what a stack of functions is at work on. What belongs to no step is waiting.
func useOf(functions []string) int {
	all := strings.Join(functions, "\n")
	has := func(names ...string) bool {
		for _, n := range names {
			if strings.Contains(all, n) {
				return true
			}
		}
		return false
	}
	switch {
	case !has("hnn/nn."), has("hnn/nn.wait"), !has("hnn/nn.(*team).", ".Minimize"):
		return waiting
	case has("autodiff.(*Plan).Run"):
		switch {
		case has("kernel.(*tile).pack", "kernel.copyPanel", "kernel.transpose4"):
			return packing
		case has("kernel.(*Workspace)"):
			return products
		case has("kernel.TanhTo"):
			return tanh
		}
		return elementwise
	case has("hnn/nn.(*team)", ".Eval"):
		return rest
	}
	return optimiser
}

// A sample is a stack of functions, innermost first, and the processor's time spent there.
type sample struct {
	functions []string
	seconds   float64
}

// samples reads a profile in the format of package pprof, a message of protocol buffers.
//
// Source: github.com/google/pprof, proto/profile.proto.
func samples(compressed []byte) ([]sample, error) {
	z, err := gzip.NewReader(bytes.NewReader(compressed))
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(z)
	if err != nil {
		return nil, err
	}
	var d decoder
	const sampleField, locationField, functionField, wordField = 2, 4, 5, 6
	profile := d.message(data)
	names := map[uint64]uint64{}
	for _, b := range profile.inner[functionField] {
		f := d.message(b)
		names[f.first(1)] = f.first(2)
	}
	functions := map[uint64][]string{} // of a place in the program, innermost first
	for _, b := range profile.inner[locationField] {
		place := d.message(b)
		for _, b := range place.inner[4] {
			if i := names[d.message(b).first(1)]; i < uint64(len(profile.inner[wordField])) {
				functions[place.first(1)] = append(functions[place.first(1)], string(profile.inner[wordField][i]))
			}
		}
	}
	var all []sample
	for _, b := range profile.inner[sampleField] {
		m := d.message(b)
		var s sample
		for _, place := range d.all(m, 1) {
			s.functions = append(s.functions, functions[place]...)
		}
		if v := d.all(m, 2); len(v) == 2 { // how often, and nanoseconds
			s.seconds = float64(v[1]) / 1e9
		}
		all = append(all, s)
	}
	return all, d.err
}

// A decoder reads messages of protocol buffers, and remembers that it could not.
type decoder struct{ err error }

// A message has the numbers and the byte strings of each of its fields.
type message struct {
	numbers map[uint64][]uint64
	inner   map[uint64][][]byte
}

func (m message) first(field uint64) uint64 {
	if v := m.numbers[field]; len(v) > 0 {
		return v[0]
	}
	return 0
}

// number takes a number off the front of b.
func (d *decoder) number(b *[]byte) uint64 {
	v, n := binary.Uvarint(*b)
	if n <= 0 {
		d.err, *b = errors.New("bench: a profile that cannot be read"), nil
		return 0
	}
	*b = (*b)[n:]
	return v
}

func (d *decoder) message(b []byte) message {
	m := message{map[uint64][]uint64{}, map[uint64][][]byte{}}
	for len(b) > 0 {
		key := d.number(&b)
		v := d.number(&b)
		switch {
		case key&7 == 0:
			m.numbers[key>>3] = append(m.numbers[key>>3], v)
		case key&7 == 2 && v <= uint64(len(b)):
			m.inner[key>>3] = append(m.inner[key>>3], b[:v])
			b = b[v:]
		default:
			d.number(&[]byte{})
			return m
		}
	}
	return m
}

// all returns the numbers of a field that may be packed into byte strings.
func (d *decoder) all(m message, field uint64) []uint64 {
	v := m.numbers[field]
	for _, b := range m.inner[field] {
		for len(b) > 0 {
			v = append(v, d.number(&b))
		}
	}
	return v
}
