package pixels

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"

	"hnn/autodiff"
	"hnn/nn"
)

// A Residual network is an MLP whose inner layers add what they find to what they were given:
//
//	a₁ = act(x W₁ᵀ + b₁),   aₗ = aₗ₋₁ + act(aₗ₋₁ Wₗᵀ + bₗ),   y = a_{L−1} W_Lᵀ + b_L
//
// A layer between layers of different sizes adds nothing.
//
// Source: He, Zhang, Ren, Sun, "Deep Residual Learning" (2016), §3.1; the original code of HNN
// has the same networks.
type Residual struct{ nn.MLP }

// Apply returns the formula of the network for a batch x: rows×in. name names its weights in a
// listing.
func (m *Residual) Apply(x autodiff.Var, name string) autodiff.Var {
	act := m.Act.Formula()
	for i, l := range m.Layers {
		z := l.Apply(x, name+strconv.Itoa(i+1))
		switch {
		case i == len(m.Layers)-1:
			return z
		case i > 0 && z.Cols() == x.Cols():
			x = autodiff.Add(x, act(z))
		default:
			x = act(z)
		}
	}
	return x
}

// An Autoencoder finds the state of a system in pictures of it. The encoder makes a latent
// state z = [q…, p…] of two successive frames, the decoder makes the two frames of a state, and
// a latent field f moves it:
//
//	z = E((x − x̄)/s),    x = [frame r, frame r+1],    x̂ = x̄ + s D(z),    dz/dt = f(z)
//
// x̄ is the mean picture and s² the mean variance of the pixels. Time is measured in units of τ
// frames, in which q and p have about the same size. The latent field is that of any model of
// nn.Kinds that has one: of an HNN, J∇H, or of a baseline. A variational encoder has two outputs
// for each number of z: the mean μ and log σ² of a Gaussian; z is then the mean.
//
// Source: Greydanus, Dzamba, Yosinski, "Hamiltonian Neural Networks" (2019), §5 (task 5), with
// x̄ = 0, s = 1, τ = 1; for the variational one, Kingma and Welling, "Auto-Encoding Variational
// Bayes" (2014).
type Autoencoder struct {
	Size             int              // pixels on each side of a frame
	Mean             *autodiff.Matrix // x̄, 1×Size²
	Spread           float64          // s, of brightness
	Tau              float64          // τ, in frames
	Encoder, Decoder *Residual
	Motion           *nn.Member // the model of the latent states, a Dynamics
}

// A Dynamics moves latent states.
type Dynamics interface {
	nn.Field
	nn.Stored
}

// Step returns h = 1/τ, the time of a frame in units of τ frames.
func (m *Autoencoder) Step() float64 { return 1 / m.Tau }

// Latent returns the model that moves the latent states: 2d numbers each.
func (m *Autoencoder) Latent() Dynamics { return m.Motion.Model.(Dynamics) }

// autoencoder returns a model as an Autoencoder.
func autoencoder(m nn.Model) (*Autoencoder, error) {
	a, ok := m.(*Autoencoder)
	if !ok {
		return nil, errors.New("pixels: the model is no autoencoder")
	}
	return a, nil
}

// Variational tells whether the encoder gives a distribution.
func (m *Autoencoder) Variational() bool {
	sizes := m.Encoder.Sizes()
	return sizes[len(sizes)-1] == 2*m.Latent().Dim()
}

// code returns what the encoder makes of each row of x, a pair of frames.
func (m *Autoencoder) code(x autodiff.Var) autodiff.Var {
	return m.Encoder.Apply(autodiff.Scale(autodiff.Sub(x, m.mean(x)), 1/m.Spread), "e")
}

// mean returns [x̄, x̄] for each row of x.
func (m *Autoencoder) mean(x autodiff.Var) autodiff.Var {
	v := x.Graph().Leaf("mean", m.Mean)
	return autodiff.ExpandTo(autodiff.Concat(v, v), x.Rows(), x.Cols())
}

// Encode returns the latent state of each row of x, a pair of frames: rows×2Size² to rows×2d.
func (m *Autoencoder) Encode(x autodiff.Var) autodiff.Var {
	return autodiff.Slice(m.code(x), 0, m.Latent().Dim())
}

// Decode returns the pair of frames of each row of z: rows×2d to rows×2Size².
func (m *Autoencoder) Decode(z autodiff.Var) autodiff.Var {
	x := autodiff.Scale(m.Decoder.Apply(z, "d"), m.Spread)
	return autodiff.Add(x, m.mean(x))
}

// Dim returns the number of pixels of a frame, which is what a row of its data has.
func (m *Autoencoder) Dim() int { return m.Size * m.Size }

// Params returns the weights of the encoder, the decoder and the latent field.
func (m *Autoencoder) Params() []*autodiff.Matrix {
	return append(append(m.Encoder.Params(), m.Decoder.Params()...), m.Latent().Params()...)
}

// Kind returns autoencoder.
func (m *Autoencoder) Kind() string { return Kind().Name }

// Parts implements nn.Stored.
func (m *Autoencoder) Parts(p *nn.Parts) {
	p.Whole("size", &m.Size)
	p.Row("mean", &m.Mean)
	p.Number("spread", &m.Spread)
	p.Number("tau", &m.Tau)
	nn.Part(p, "encoder", &m.Encoder)
	nn.Part(p, "decoder", &m.Decoder)
	nn.Part(p, "motion", &m.Motion)
}

// Check implements nn.Stored.
func (m *Autoencoder) Check() error {
	if m.Encoder == nil || m.Decoder == nil || m.Motion == nil {
		return errors.New("want an encoder, a decoder and a motion")
	}
	f, ok := m.Motion.Model.(Dynamics)
	if !ok {
		return errors.New("motion: this kind of model has no field: want one that has")
	}
	if err := f.Check(); err != nil {
		return fmt.Errorf("motion: %w", err)
	}
	n, d := 2*m.Dim(), m.Latent().Dim()
	if err := m.Encoder.Fits(n, d); err != nil {
		if m.Encoder.Fits(n, 2*d) != nil {
			return fmt.Errorf("encoder: %w", err)
		}
	}
	if err := m.Decoder.Fits(d, n); err != nil {
		return fmt.Errorf("decoder: %w", err)
	}
	switch {
	case m.Encoder.Periods != nil || m.Decoder.Periods != nil:
		return errors.New("an encoder or a decoder with periods: want none, its inputs are no angles")
	case m.Size%2 != 0:
		return fmt.Errorf("frames of %d×%d: want an even size", m.Size, m.Size)
	case m.Mean == nil || len(m.Mean.Data) != m.Dim():
		return fmt.Errorf("mean: want %d numbers, one a pixel", m.Dim())
	case !(m.Spread > 0) || !(m.Tau > 0) || m.Spread-m.Spread != 0 || m.Tau-m.Tau != 0:
		return fmt.Errorf("spread %v, tau %v: want numbers above 0", m.Spread, m.Tau)
	}
	return nil
}

// Kind returns the row for nn.Load. Its models are made by Config, because they take frames
// where those of nn.Kinds take states.
func Kind() nn.Kind {
	return nn.Kind{Name: "autoencoder", About: "a latent state in pictures, and its motion",
		Empty: func() nn.Stored { return new(Autoencoder) }}
}

// NewAutoencoder makes an autoencoder for a film, with a latent field of a kind of nn.Kinds and
// weights from src.
func (c *Config) NewAutoencoder(f *Film, kind string, src rand.Source) (*Autoencoder, error) {
	m := &Autoencoder{Size: f.Size, Mean: f.mean(), Spread: math.Sqrt(f.variance()), Tau: c.Tau}
	if !(m.Spread > 1e-6) { // rounding errors of the mean are smaller
		return nil, errors.New("pixels: all frames are the same: want a film that moves")
	}
	if m.Tau == 0 {
		m.Tau = f.pace()
	}
	if m.Tau-m.Tau != 0 {
		return nil, errors.New("pixels: no frame differs from the one before: want a film that moves")
	}
	d, n := 2*c.Pairs, 2*m.Dim()
	net := func(sizes ...int) (*Residual, error) {
		net, err := nn.NewMLP(c.Act, true, sizes...)
		if err != nil {
			return nil, err
		}
		return &Residual{*net}, net.Init(c.Init, src)
	}
	code := d
	if c.Variational {
		code = 2 * d
	}
	var err error
	hidden := slices.Clone(c.Hidden)
	if m.Encoder, err = net(append(append([]int{n}, hidden...), code)...); err != nil {
		return nil, err
	}
	slices.Reverse(hidden)
	if m.Decoder, err = net(append(append([]int{d}, hidden...), n)...); err != nil {
		return nil, err
	}
	row, err := nn.KindOf(kind)
	if err != nil {
		return nil, err
	}
	motion, err := row.New(&nn.Networks{Hidden: c.Dynamics, Act: c.Act, Init: c.Init, Src: src}, &nn.Series{X: autodiff.NewMatrix(1, d)}, nil)
	if err != nil {
		return nil, err
	}
	m.Motion = &nn.Member{Model: motion}
	return m, m.Check()
}
