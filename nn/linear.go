package nn

import "hnn/autodiff"

// A Linear layer is z = x Wᵀ + b, with W: out×in and b: 1×out, as in PyTorch. B is nil for a
// layer without bias.
type Linear struct {
	W, B *autodiff.Matrix
}

// NewLinear returns a layer of zeros.
func NewLinear(in, out int, bias bool) *Linear {
	l := &Linear{W: autodiff.NewMatrix(out, in)}
	if bias {
		l.B = autodiff.NewMatrix(1, out)
	}
	return l
}

// Apply returns the formula x Wᵀ + b for a batch x: rows×in. The suffix numbers the
// layer's weights in a listing.
func (l *Linear) Apply(x autodiff.Var, suffix string) autodiff.Var {
	g := x.Graph()
	z := autodiff.MatMulT(x, g.Leaf("W"+suffix, l.W))
	if l.B == nil {
		return z
	}
	return autodiff.Add(z, autodiff.ExpandTo(g.Leaf("b"+suffix, l.B), z.Rows(), z.Cols()))
}

// Parts implements Composite.
func (l *Linear) Parts(p *Parts) {
	p.Matrix("w", &l.W)
	p.Row("b", &l.B)
}
