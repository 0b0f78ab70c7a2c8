package nn_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"

	"hnn/autodiff"
	"hnn/nn"
)

// A Mechanical model knows its kinetic energy and learns the mass and the potential:
//
//	H(q, p) = p²/2m + V(q)
//
// The parameter is u = 1/m, which is linear in H.
type Mechanical struct {
	U *autodiff.Matrix // 1/m, 1×1
	V *nn.MLP          // of q
}

// H is the Hamiltonian. With Field, nn.Fit can train it and integrate can follow it.
func (m *Mechanical) H(x autodiff.Var) autodiff.Var {
	q, p := autodiff.Slice(x, 0, 1), autodiff.Slice(x, 1, 2)
	u := autodiff.ExpandTo(x.Graph().Leaf("u", m.U), x.Rows(), 1)
	return autodiff.Add(autodiff.Mul(u, autodiff.Scale(autodiff.Mul(p, p), 0.5)), m.V.Apply(q))
}

func (m *Mechanical) Field(x autodiff.Var) autodiff.Var { return autodiff.Hamilton(m.H(x), x) }
func (m *Mechanical) Dim() int                          { return 2 }
func (m *Mechanical) Params() []*autodiff.Matrix {
	return append([]*autodiff.Matrix{m.U}, m.V.Params()...)
}

// With these three it can be saved and loaded too.
func (m *Mechanical) Kind() string { return "mechanical" }
func (m *Mechanical) Parts(p *nn.Parts) {
	p.Matrix("u", &m.U)
	nn.Part(p, "potential", &m.V)
}
func (m *Mechanical) Check() error {
	if m.U == nil || m.V == nil {
		return errors.New("mechanical: want a mass and a potential")
	}
	return nil
}

var mechanical = nn.Kind{
	Name:  "mechanical",
	Empty: func() nn.Stored { return new(Mechanical) },
	New: func(n *nn.Networks, s *nn.Series, _ *nn.Scaling) (nn.Stored, error) {
		v, err := n.New(1, 1)
		return &Mechanical{&autodiff.Matrix{Rows: 1, Cols: 1, Data: []float64{1}}, v}, err
	},
}

// A custom model learns a pendulum of mass 2, H = p²/4 − 3 cos q.
func Example_customModel() {
	data := &nn.Series{X: autodiff.NewMatrix(400, 2), DX: autodiff.NewMatrix(400, 2)}
	for i := range 400 {
		q, p := 2.5*math.Sin(float64(i)), 3*math.Cos(1.7*float64(i))
		copy(data.X.Row(i), []float64{q, p})
		copy(data.DX.Row(i), []float64{p / 2, -3 * math.Sin(q)})
	}
	fit, err := nn.Fit(context.Background(), data, nn.Recipe{
		Model:  mechanical.Maker(nn.Networks{Hidden: []int{16, 16}}),
		Stages: []nn.Optimizer{&nn.Descent{Rule: nn.NewAdam(), Epochs: 400, Batch: 50, Rate: nn.Cosine(2e-2, 0)}},
		Raw:    true,
	})
	if err != nil {
		panic(err)
	}
	var file bytes.Buffer
	if err := nn.Save(&file, fit.Model.(nn.Stored), nil); err != nil {
		panic(err)
	}
	model, _, err := nn.Load(&file, mechanical)
	if err != nil {
		panic(err)
	}
	m := model.(*Mechanical)
	fmt.Printf("mass %.3f\n", 1/m.U.Data[0])
	// Output: mass 2.000
}
