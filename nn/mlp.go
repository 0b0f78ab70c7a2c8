package nn

import (
	"errors"
	"fmt"
	"strconv"

	"hnn/autodiff"
)

// An Activation names the function between the layers of an MLP.
type Activation string

// The activations. All are smooth: an HNN differentiates them twice.
const (
	Tanh     Activation = "tanh"
	Sigmoid  Activation = "sigmoid"
	Softplus Activation = "softplus"
	Sin      Activation = "sin"
)

// Formula returns the activation as an operation, nil for an unknown name.
func (a Activation) Formula() func(autodiff.Var) autodiff.Var {
	switch a {
	case Tanh:
		return autodiff.Tanh
	case Sigmoid:
		return autodiff.Sigmoid
	case Softplus:
		return autodiff.Softplus
	case Sin:
		return autodiff.Sin
	}
	return nil
}

// An MLP is a multilayer perceptron: linear layers with an activation between them,
// and none after the last.
//
//	a₀ = x,   aₗ = act(aₗ₋₁ Wₗᵀ + bₗ),   MLP(x) = a_{L−1} W_Lᵀ (+ b_L)
type MLP struct {
	Layers  []*Linear
	Act     Activation
	Periods []float64 // of the inputs, 0 for none; nil: no input has a period. One of period T enters as cos(2πx/T) and sin(2πx/T)
}

// NewMLP returns a network of zeros with layers of the given sizes, input first:
// (2, 128, 64, 32, 1) has four layers. The last has a bias if lastBias is set.
func NewMLP(act Activation, lastBias bool, sizes ...int) (*MLP, error) {
	if act.Formula() == nil {
		return nil, fmt.Errorf("nn: unknown activation %q (known: tanh, sigmoid, softplus, sin)", act)
	}
	if len(sizes) < 2 {
		return nil, fmt.Errorf("nn: an MLP needs an input and an output size, got %v", sizes)
	}
	for _, s := range sizes {
		if s < 1 || s > 1<<15 {
			return nil, fmt.Errorf("nn: layer sizes %v: each must be from 1 to %d", sizes, 1<<15)
		}
	}
	weights := 0
	for i := 1; i < len(sizes); i++ {
		weights += sizes[i-1] * sizes[i]
		if weights > 1<<28 {
			return nil, fmt.Errorf("nn: layer sizes %v: more than %d weights", sizes, 1<<28)
		}
	}
	m := &MLP{Act: act}
	for i := 1; i < len(sizes); i++ {
		m.Layers = append(m.Layers, NewLinear(sizes[i-1], sizes[i], lastBias || i < len(sizes)-1))
	}
	return m, nil
}

// Apply returns the formula MLP(x) for a batch x: rows×in. It panics if the network has no
// layers, layers that do not fit together, or an unknown activation.
func (m *MLP) Apply(x autodiff.Var) autodiff.Var {
	if err := m.chained(); err != nil {
		panic(fmt.Sprintf("nn: MLP.Apply: %v", err))
	}
	if m.Periods != nil {
		x = m.wrap(x)
	}
	act := m.Act.Formula()
	for i, l := range m.Layers {
		if i > 0 {
			x = act(x)
		}
		x = l.Apply(x, strconv.Itoa(i+1))
	}
	return x
}

// Params returns the weights and biases, layer by layer: W₁, b₁, W₂, …
func (m *MLP) Params() []*autodiff.Matrix {
	var ps []*autodiff.Matrix
	for _, l := range m.Layers {
		ps = append(ps, l.W)
		if l.B != nil {
			ps = append(ps, l.B)
		}
	}
	return ps
}

// Parts implements Composite.
func (m *MLP) Parts(p *Parts) {
	p.Text("activation", (*string)(&m.Act))
	p.Numbers("periods", &m.Periods)
	List(p, "layers", &m.Layers)
}

// check reports what is wrong with a network that should have out outputs.
func (m *MLP) check(out int) error {
	if err := m.chained(); err != nil {
		return err
	}
	if n := m.Layers[len(m.Layers)-1].W.Rows; n != out {
		return fmt.Errorf("the network has %d outputs, want %d", n, out)
	}
	return nil
}

// Fits reports what is wrong with a network that should have in inputs and out outputs.
func (m *MLP) Fits(in, out int) error {
	if err := m.check(out); err != nil {
		return err
	}
	if n := m.in(); n != in {
		return fmt.Errorf("the network has %d inputs, want %d", n, in)
	}
	return nil
}

// chained reports layers that are missing or do not fit together.
func (m *MLP) chained() error {
	if m == nil || len(m.Layers) == 0 {
		return errors.New("no network")
	}
	if m.Act.Formula() == nil {
		return fmt.Errorf("unknown activation %q", m.Act)
	}
	for i, l := range m.Layers {
		switch {
		case l == nil || l.W == nil || l.W.Rows < 1 || l.W.Cols < 1 || len(l.W.Data) == 0:
			return fmt.Errorf("layer %d is empty", i+1)
		case len(l.W.Data)%l.W.Cols != 0 || len(l.W.Data)/l.W.Cols != l.W.Rows:
			return fmt.Errorf("layer %d has %d weights, want %d×%d", i+1, len(l.W.Data), l.W.Rows, l.W.Cols)
		case i > 0 && l.W.Cols != m.Layers[i-1].W.Rows:
			return fmt.Errorf("layer %d has %d inputs, the layer before %d outputs", i+1, l.W.Cols, m.Layers[i-1].W.Rows)
		case l.B != nil && len(l.B.Data) != l.W.Rows:
			return fmt.Errorf("layer %d has %d outputs and %d biases", i+1, l.W.Rows, len(l.B.Data))
		}
	}
	return m.checkPeriods()
}

// in returns the number of inputs, 0 without a network.
func (m *MLP) in() int {
	if m == nil || len(m.Layers) == 0 || m.Layers[0] == nil || m.Layers[0].W == nil {
		return 0
	}
	return m.Layers[0].W.Cols - m.angles()
}

// Sizes returns the sizes that the network was made with.
func (m *MLP) Sizes() []int {
	sizes := []int{m.Layers[0].W.Cols}
	for _, l := range m.Layers {
		sizes = append(sizes, l.W.Rows)
	}
	return sizes
}
