package verify

import (
	"context"
	"math"

	"hnn/autodiff"
	"hnn/integrate"
	"hnn/nn"
)

// The network and the numbers below are from PyTorch in float64. They are some of those in
// testdata/torch_hnn_reference.json, which were checked with 50 digits.

var (
	refWeights = [][]float64{ // W₁ b₁ W₂ b₂ W₃ of a network 2-8-4-1; each row of W is an output
		{0.8362, 0.0353, -0.8453, 0.1825, 0.7982, -0.3882, -0.6982, 0.5681, 0.5518, -0.7103, -0.3687, 0.8054, 0.1612, -0.8469, 0.057, 0.8322},
		{-0.2483, -0.1349, 0.2831, 0.0619, -0.2991, 0.0151, 0.2952, -0.0912},
		{0.3164, -0.3211, -0.2336, 0.3813, 0.1354, -0.4162, -0.0281, 0.4234, -0.081, -0.4026, 0.1847, 0.355, -0.2762, -0.2838, 0.3493, 0.1938,
			-0.3992, -0.0909, 0.4227, -0.018, -0.418, 0.1257, 0.3856, -0.2251, -0.3276, 0.3095, 0.2479, -0.3734, -0.1516, 0.4125, 0.0453, -0.4242},
		{-0.2862, 0.1261, 0.2537, -0.1914},
		{-0.035, -0.5895, 0.1869, 0.5413},
	}
	refX        = []float64{1, 0, 0.3, -0.7, -0.5, 0.9} // three states …
	refDX       = []float64{0, -2, -1.4, -0.6, 1.8, 1}  // … and their derivatives
	refH        = []float64{-0.36059498918581, -0.1211494338726857, -0.0492904380519658}
	refField    = []float64{-0.09523494483701028, 0.1898471581727429, -0.09629801992540353, 0.2624877297503532, -0.0846120237587436, 0.28606546922098264}
	refLoss     = []float64{3.7698297340101234}
	refGradB1   = []float64{-0.22816414710995364, 0.6155227351963347, 0.18230156810671946, -0.8528931287821822, 0.008963946896106367, 0.7446411314693218, -0.17900134181710953, -0.5164920408630929}
	refGradB2   = []float64{0.009542893636858795, 0.06626393421382307, -0.13398778941931003, 0.15143642623907147}
	refGradW3   = []float64{-0.6277846006163523, 0.37775413989370626, 0.8738027161404988, 0.6613499813832687}
	refEnd      = []float64{0.6834393549284191, 0.7548652339009239} // after 40 steps of RK4, h = 0.1, from (1, 0)
	refNFev     = 44                                                // of SciPy's RK45 over the same time at rtol 1e-6, atol 1e-9
	refTraining = []struct {
		name   string
		decay  float64
		losses []float64 // before each of the first steps of Adam, at rate 1e-3
		last   float64   // after 100 steps
		w3, b2 []float64
	}{
		{"adam", 0,
			[]float64{3.7698297340101234, 3.756661484916804, 3.743583016545366, 3.73059502761825, 3.7176978352030163},
			2.6418458399818077,
			[]float64{0.03268534170855163, -0.706395598064571, 0.09481872016452725, 0.4940511782493049},
			[]float64{-0.3108601871168015, 0.0022641285055976595, 0.33458109608879516, -0.2638838340189468}},
		{"adam, weight decay 1e-4", 1e-4,
			[]float64{3.7698297340101234, 3.7566637661259694, 3.7435876902750413, 3.730602126682803, 3.7177073802242635},
			2.6420166611464495,
			[]float64{0.03266153205255344, -0.7064007091927391, 0.09482294876485445, 0.49406742406727233},
			[]float64{-0.31028365903268795, 0.002244558538040813, 0.33457553549740915, -0.2638785103865884}},
	}
)

func referenceHNN() (*nn.HNN, *nn.Series) {
	net, err := nn.NewMLP(nn.Tanh, false, 2, 8, 4, 1)
	noError(err)
	for i, p := range net.Params() {
		copy(p.Data, refWeights[i])
	}
	return &nn.HNN{K: net}, &nn.Series{
		X:  &autodiff.Matrix{Rows: 3, Cols: 2, Data: append([]float64(nil), refX...)},
		DX: &autodiff.Matrix{Rows: 3, Cols: 2, Data: append([]float64(nil), refDX...)},
	}
}

func checkNetwork(r *report) {
	const unit, tol = "from PyTorch's", 1e-13
	m, d := referenceHNN()
	r.most("hnn H", largest(nn.Evaluate(m.H, d.X).Data, refH), tol, unit)
	r.most("hnn field", largest(nn.Evaluate(m.Field, d.X).Data, refField), tol, unit)
	problem, err := nn.Derivatives{}.Problem(m, d, nil, 1)
	noError(err)
	defer problem.(*nn.RowProblem).Close()
	r.most("hnn loss", largest([]float64{problem.Eval(nil, true)}, refLoss), 1e-12, unit)
	worst := 0.
	for i, want := range map[int][]float64{1: refGradB1, 3: refGradB2, 4: refGradW3} {
		worst = max(worst, largest(problem.Grads()[i].Data, want))
	}
	r.most("hnn gradients", worst, 1e-12, unit)

	field := nn.NewField(m)
	sol, err := integrate.Fixed(integrate.RK4, field, 0, 4, 0.1, []float64{1, 0})
	noError(err)
	r.most("hnn rollout RK4", largest(sol.Y[len(sol.Y)-1], refEnd), 1e-12, unit)
	sol, err = integrate.Solve(field, 0, 4, []float64{1, 0}, integrate.Options{RTol: []float64{1e-6}, ATol: []float64{1e-9}})
	noError(err)
	r.within("hnn rollout RK45", float64(sol.NFev), float64(refNFev), float64(refNFev), "evaluations, SciPy's number", "")
}

func checkAdam(r *report) {
	for _, c := range refTraining {
		m, d := referenceHNN()
		opt := nn.NewAdam()
		opt.WeightDecay = c.decay
		problem, err := nn.Derivatives{}.Problem(m, d, nil, 1)
		noError(err)
		var losses []float64
		o := nn.Descent{Rule: opt, Epochs: 100, Batch: -1, Rate: nn.Constant(1e-3)}
		noError(o.Minimize(context.Background(), problem, func(e nn.Epoch) error {
			losses = append(losses, e.Loss)
			return nil
		}))
		p := m.K.Params()
		worst := largest(losses[:len(c.losses)], c.losses)
		worst = max(worst, math.Abs(problem.Eval(nil, false)-c.last), largest(p[4].Data, c.w3), largest(p[3].Data, c.b2))
		problem.(*nn.RowProblem).Close()
		r.most(c.name, worst, 1e-10, "from PyTorch's, 100 steps")
	}
}
