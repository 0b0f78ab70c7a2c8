package export

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"

	"hnn/autodiff"
	"hnn/nn"
)

// Network makes a network of the linear layers that PyTorch saved: tensors NAME.weight, out×in, and NAME.bias, in the order
// of their names, numbers in them counted as numbers. The layers must fit together. What stands before the names, such as
// differentiable_model., does not matter.
func Network(tensors map[string]Tensor, act nn.Activation) (*nn.MLP, error) {
	names := slices.SortedFunc(maps.Keys(tensors), natural)
	net := &nn.MLP{Act: act}
	used := 0
	for _, name := range names {
		base, ok := strings.CutSuffix(name, ".weight")
		if !ok {
			continue
		}
		w := tensors[name]
		if len(w.Shape) != 2 {
			return nil, fmt.Errorf("tensor %.60q has the shape %v: want a linear layer, outputs × inputs", name, w.Shape)
		}
		layer := &nn.Linear{W: &autodiff.Matrix{Rows: w.Shape[0], Cols: w.Shape[1], Data: w.Data}}
		used++
		if b, ok := tensors[base+".bias"]; ok {
			if len(b.Shape) != 1 || b.Shape[0] != w.Shape[0] {
				return nil, fmt.Errorf("tensor %.60q has the shape %v: want %d numbers, one for each output", base+".bias", b.Shape, w.Shape[0])
			}
			layer.B = &autodiff.Matrix{Rows: 1, Cols: len(b.Data), Data: b.Data}
			used++
		}
		if n := len(net.Layers); n > 0 && net.Layers[n-1].W.Rows != w.Shape[1] {
			return nil, fmt.Errorf("tensor %.60q has %d inputs, and the layer before %d outputs: want layers that follow each other in the order of their names", name, w.Shape[1], net.Layers[n-1].W.Rows)
		}
		net.Layers = append(net.Layers, layer)
	}
	if len(net.Layers) == 0 {
		return nil, fmt.Errorf("no linear layers, NAME.weight and NAME.bias: found %s", strings.Join(names[:min(len(names), 8)], ", "))
	}
	if used != len(tensors) {
		for _, name := range names {
			if base, ok := strings.CutSuffix(name, ".bias"); !strings.HasSuffix(name, ".weight") && (!ok || len(tensors[base+".weight"].Shape) == 0) {
				return nil, fmt.Errorf("tensor %.60q is no part of a linear layer: want NAME.weight and NAME.bias alone", name)
			}
		}
	}
	return net, nil
}

// A layout is a way in which the reference code of Hamiltonian neural networks uses a network of n inputs.
//
// Source: Greydanus, Dzamba, Yosinski, https://github.com/greydanus/hamiltonian-nn, hnn.py and nn_models.py.
type layout struct {
	kind    string
	outputs func(n int) int
	model   func(net *nn.MLP) nn.Stored
}

var layouts = []layout{
	{"hnn", func(int) int { return 1 }, func(net *nn.MLP) nn.Stored { return &nn.HNN{K: net} }},
	// two potentials, of which the field is made of the second
	{"hnn", func(int) int { return 2 }, func(net *nn.MLP) nn.Stored { return &nn.HNN{K: second(net)} }},
	{"baseline", func(n int) int { return n }, func(net *nn.MLP) nn.Stored { return &nn.Baseline{N: net} }},
}

// ModelOf makes a model of a network: of the given kind, or of the only one that its shape fits if kind is "".
func ModelOf(net *nn.MLP, kind string) (nn.Stored, error) {
	in, out := net.Layers[0].W.Cols, net.Layers[len(net.Layers)-1].W.Rows
	if in%2 != 0 {
		return nil, fmt.Errorf("the network has %d inputs: want pairs of q and p", in)
	}
	var fit []layout
	for _, l := range layouts {
		if l.outputs(in) == out && (kind == "" || kind == l.kind) {
			fit = append(fit, l)
		}
	}
	switch len(fit) {
	case 0:
		return nil, fmt.Errorf("the network has %d inputs and %d outputs: want 1 or 2 outputs for an hnn, and %d for a baseline", in, out, in)
	case 1:
		return fit[0].model(net), nil
	}
	return nil, errors.New("the network has two inputs and two outputs, which may be the two potentials of an HNN or the field of a baseline: -kind hnn or -kind baseline says which")
}

// second returns the network with the second of its outputs alone.
func second(net *nn.MLP) *nn.MLP {
	last := net.Layers[len(net.Layers)-1]
	l := &nn.Linear{W: &autodiff.Matrix{Rows: 1, Cols: last.W.Cols, Data: last.W.Row(1)}}
	if last.B != nil {
		l.B = &autodiff.Matrix{Rows: 1, Cols: 1, Data: last.B.Data[1:2]}
	}
	return &nn.MLP{Layers: append(slices.Clone(net.Layers[:len(net.Layers)-1]), l), Act: net.Act}
}

// natural compares names, with the numbers in them as numbers: linear2 comes before linear10.
func natural(a, b string) int {
	for a != "" && b != "" {
		na, ra := leading(a)
		nb, rb := leading(b)
		if na != "" && nb != "" {
			na, nb = strings.TrimLeft(na, "0"), strings.TrimLeft(nb, "0")
			if len(na) != len(nb) {
				return len(na) - len(nb)
			}
			if c := strings.Compare(na, nb); c != 0 {
				return c
			}
			a, b = ra, rb
			continue
		}
		if a[0] != b[0] {
			return int(a[0]) - int(b[0])
		}
		a, b = a[1:], b[1:]
	}
	return len(a) - len(b)
}

// leading cuts the digits at the start from the rest.
func leading(s string) (digits, rest string) {
	i := strings.IndexFunc(s, func(r rune) bool { return !unicode.IsDigit(r) || r > 127 })
	if i < 0 {
		i = len(s)
	}
	return s[:i], s[i:]
}
