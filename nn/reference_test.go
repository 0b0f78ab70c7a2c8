package nn

import (
	"encoding/json"
	"math"
	"os"
	"testing"

	"hnn/autodiff"
)

// The reference numbers are PyTorch's in float64; testdata/README.md says how they
// were made. W and b are keyed W1, b1, W2, …
type refParams map[string]json.RawMessage

type refStep struct {
	Params    refParams
	LossAfter float64   `json:"loss_after"`
	M         refParams `json:"adam_exp_avg"`
	V         refParams `json:"adam_exp_avg_sq"`
}

type reference struct {
	Weights refParams
	X, DX   [][]float64
	Forward struct {
		H       []float64
		DHdx    [][]float64 `json:"dHdx"`
		Field   [][]float64
		Hessian [][][]float64 `json:"hessian_H_wrt_x"`
	}
	Loss struct {
		MseQ float64 `json:"mse_q"`
		MseP float64 `json:"mse_p"`
		Sum  float64 `json:"loss_sum"`
		Mean float64 `json:"loss_mean_all"`
	}
	Grads refParams
	Adam  map[string]map[string]json.RawMessage
	Traj  struct {
		Y0  []float64
		RK4 struct {
			H   float64
			N   int       `json:"n_steps"`
			Y1  []float64 `json:"y_step_1"`
			Mid []float64 `json:"y_mid"`
			End []float64 `json:"y_end"`
		} `json:"rk4"`
	} `json:"trajectory"`
	Baseline struct {
		Sizes   []int
		Weights refParams
		Output  [][]float64
		Loss    float64
		Grads   refParams
		Adam    map[string]json.RawMessage `json:"adam_no_weight_decay"`
	}
}

func loadReference(t *testing.T) *reference {
	t.Helper()
	b, err := os.ReadFile("../testdata/torch_hnn_reference.json")
	if err != nil {
		t.Fatal(err)
	}
	var r reference
	if err := json.Unmarshal(b, &r); err != nil {
		t.Fatal(err)
	}
	return &r
}

// flat returns a parameter, a vector or a matrix, as one slice.
func flat(t *testing.T, raw json.RawMessage) []float64 {
	t.Helper()
	var rows [][]float64
	if json.Unmarshal(raw, &rows) == nil {
		var f []float64
		for _, r := range rows {
			f = append(f, r...)
		}
		return f
	}
	var f []float64
	if err := json.Unmarshal(raw, &f); err != nil {
		t.Fatal(err)
	}
	return f
}

func names(m *MLP) []string {
	var s []string
	for i, l := range m.Layers {
		s = append(s, "W"+string(rune('1'+i)))
		if l.B != nil {
			s = append(s, "b"+string(rune('1'+i)))
		}
	}
	return s
}

func setParams(t *testing.T, m *MLP, ref refParams) {
	for i, name := range names(m) {
		if n := copy(m.Params()[i].Data, flat(t, ref[name])); n != len(m.Params()[i].Data) || n == 0 {
			t.Fatalf("%s: %d numbers", name, n)
		}
	}
}

func closeTo(t *testing.T, what string, got, want []float64, tol float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d numbers, want %d", what, len(got), len(want))
	}
	for i := range got {
		if !(math.Abs(got[i]-want[i]) <= tol) {
			t.Errorf("%s[%d] = %v, want %v (difference %.2g)", what, i, got[i], want[i], got[i]-want[i])
		}
	}
}

func compareParams(t *testing.T, what string, m *MLP, ps [][]float64, ref refParams, tol float64) {
	t.Helper()
	for i, name := range names(m) {
		closeTo(t, what+" "+name, ps[i], flat(t, ref[name]), tol)
	}
}

func data(ms []*autodiff.Matrix) [][]float64 {
	var d [][]float64
	for _, m := range ms {
		d = append(d, m.Data)
	}
	return d
}

func matrix(t *testing.T, rows [][]float64) *autodiff.Matrix {
	t.Helper()
	m, err := autodiff.MatrixOf(rows...)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func concat(rows [][]float64) []float64 {
	var f []float64
	for _, r := range rows {
		f = append(f, r...)
	}
	return f
}

const refTol = 1e-12

func TestReferenceHNN(t *testing.T) {
	r := loadReference(t)
	net, err := NewMLP(Tanh, false, 2, 8, 4, 1)
	if err != nil {
		t.Fatal(err)
	}
	setParams(t, net, r.Weights)
	m := &HNN{K: net}
	x, dx := matrix(t, r.X), matrix(t, r.DX)

	closeTo(t, "H", Evaluate(m.H, x).Data, r.Forward.H, refTol)
	closeTo(t, "field", Evaluate(m.Field, x).Data, concat(r.Forward.Field), refTol)
	closeTo(t, "dH/dx", Evaluate(func(x autodiff.Var) autodiff.Var {
		return autodiff.Grad(autodiff.SumTo(m.H(x), 1, 1), x)[0]
	}, x).Data, concat(r.Forward.DHdx), refTol)
	for k := range 2 { // row k of each Hessian: the gradient of ∂H/∂x_k
		var want []float64
		for i := range r.Forward.Hessian {
			want = append(want, r.Forward.Hessian[i][k]...)
		}
		closeTo(t, "Hessian", Evaluate(func(x autodiff.Var) autodiff.Var {
			g := autodiff.Grad(autodiff.SumTo(m.H(x), 1, 1), x)[0]
			return autodiff.Grad(autodiff.SumTo(autodiff.Slice(g, k, k+1), 1, 1), x)[0]
		}, x).Data, want, refTol)
	}

	p := fieldProblem(t, m, &Data{X: x, Y: dx}, 1)
	closeTo(t, "loss", []float64{p.Eval(nil, true)}, []float64{r.Loss.Sum}, refTol)
	compareParams(t, "gradient", net, data(p.Grads()), r.Grads, refTol)

	// The two terms of the loss, and the mean over all entries, which is the MSE of the field.
	var g autodiff.Graph
	f, y := m.Field(g.Leaf("x", x)), g.Leaf("dx", dx)
	terms := []autodiff.Var{
		MSE(autodiff.Slice(f, 0, 1), autodiff.Slice(y, 0, 1)),
		MSE(autodiff.Slice(f, 1, 2), autodiff.Slice(y, 1, 2)),
		MSE(f, y),
	}
	plan, err := autodiff.Compile(terms...)
	if err != nil {
		t.Fatal(err)
	}
	plan.Run()
	for i, want := range []float64{r.Loss.MseQ, r.Loss.MseP, r.Loss.Mean} {
		closeTo(t, "term", plan.Value(terms[i]).Data, []float64{want}, refTol)
	}
}

func TestReferenceAdam(t *testing.T) {
	r := loadReference(t)
	for _, c := range []struct {
		name  string
		decay float64
		half  bool // the loss is the mean over all entries, half the sum of the two
	}{
		{"no_weight_decay", 0, false},
		{"weight_decay_1e-4", 1e-4, false},
		{"greydanus_setting_loss_mean_all_weight_decay_1e-4", 1e-4, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			net, _ := NewMLP(Tanh, false, 2, 8, 4, 1)
			setParams(t, net, r.Weights)
			d := &Data{X: matrix(t, r.X), Y: matrix(t, r.DX)}
			p := fieldProblem(t, &HNN{K: net}, d, 1)
			if c.half {
				p = meanProblem(t, &HNN{K: net}, d)
			}
			stepAdam(t, p, net, c.decay, r.Adam[c.name])
		})
	}
	t.Run("baseline", func(t *testing.T) {
		net, _ := NewMLP(Tanh, false, r.Baseline.Sizes...)
		setParams(t, net, r.Baseline.Weights)
		m, d := &Baseline{N: net}, &Data{X: matrix(t, r.X), Y: matrix(t, r.DX)}
		closeTo(t, "output", Evaluate(m.Field, d.X).Data, concat(r.Baseline.Output), refTol)
		p := meanProblem(t, m, d)
		closeTo(t, "loss", []float64{p.Eval(nil, true)}, []float64{r.Baseline.Loss}, refTol)
		closeTo(t, "FieldLoss", []float64{fieldProblem(t, m, d, 1).Eval(nil, false)}, []float64{2 * r.Baseline.Loss}, refTol)
		compareParams(t, "gradient", net, data(p.Grads()), r.Baseline.Grads, refTol)
		stepAdam(t, p, net, 0, r.Baseline.Adam)
	})
}

// meanProblem has the loss of the original repository, the mean over all entries, half of
// FieldLoss.
func meanProblem(t *testing.T, m Field, d *Data) *RowProblem {
	p, err := NewRowProblem(m.Params(), d, 1, func(x, _ autodiff.Var) autodiff.Var { return m.Field(x) }, MSE)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

// stepAdam takes 100 steps and compares wherever the reference has numbers.
func stepAdam(t *testing.T, p *RowProblem, net *MLP, decay float64, ref map[string]json.RawMessage) {
	t.Helper()
	opt := NewAdam()
	opt.WeightDecay = decay
	var before struct {
		First []float64 `json:"first_10"`
	}
	if err := json.Unmarshal(ref["loss_before_step"], &before); err != nil || len(before.First) != 10 {
		t.Fatal("loss_before_step", err)
	}
	compared := 0
	for k := 1; k <= 100; k++ {
		loss := p.Eval(nil, true)
		if k <= 10 {
			closeTo(t, "loss before step", []float64{loss}, before.First[k-1:k], refTol)
		}
		opt.Step(net.Params(), p.Grads(), 1e-3)
		raw, ok := ref[map[int]string{1: "1", 2: "2", 10: "10", 100: "100"}[k]]
		if !ok {
			continue
		}
		compared++
		var s refStep
		if err := json.Unmarshal(raw, &s); err != nil {
			t.Fatal(err)
		}
		compareParams(t, "params", net, data(net.Params()), s.Params, refTol)
		if s.M != nil {
			compareParams(t, "m", net, opt.m, s.M, refTol)
			compareParams(t, "v", net, opt.v, s.V, refTol)
		}
		closeTo(t, "loss after", []float64{p.Eval(nil, false)}, []float64{s.LossAfter}, refTol)
	}
	if compared < 2 {
		t.Fatalf("only %d steps compared", compared)
	}
}
