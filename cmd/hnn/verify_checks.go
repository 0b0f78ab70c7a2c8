package main

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"

	"hnn/autodiff"
	"hnn/autodiff/kernel"
	"hnn/integrate"
	"hnn/nn"
	"hnn/spring"
)

// checks is what hnn verify does, in this order.
var checks = []check{
	{"kernel", verifyKernels},
	{"elementary", verifyElementary},
	{"rule", verifyRules},
	{"formula", verifyFormulas},
	{"order", verifyOrders},
	{"symplectic", verifySymplectic},
	{"energy", verifyEnergy},
	{"steps", verifySteps},
	{"hnn", verifyHNN},
	{"adam", verifyAdam},
	{"samplers", verifySamplers},
	{"experiment", func(r *report) { verifyExperiment(r, spring.SmallSHA256) }},
}

func verifyKernels(r *report) {
	for _, c := range kernel.Verify() {
		r.within("kernel "+c.Set+" "+c.Kernel, float64(c.Wrong), 0, 0, fmt.Sprintf("of %d values differ", c.Values), c.First)
	}
}

func verifyRules(r *report) {
	for _, c := range autodiff.VerifyRules() {
		detail := ""
		if c.Err != nil {
			detail = c.Err.Error()
		}
		r.within("rule "+c.Name, c.Worst, 0, 1e-6, "of the size, to third order", detail)
	}
}

func verifyElementary(r *report) {
	src := rand.NewPCG(1, 1)
	sign := func() float64 { return float64(1 - 2*kernel.IntN(src, 2)) }
	// scaled draws exponents evenly, spread the numbers themselves.
	scaled := func(lo, hi int) float64 { return math.Ldexp(1+kernel.Uniform(src), lo+kernel.IntN(src, hi-lo)) }
	spread := func(a float64) float64 { return float64(a * (float64(2*kernel.Uniform(src)) - 1)) }
	mixed := func(a float64, lo, hi int) func(i int) float64 {
		return func(i int) float64 {
			if i%2 == 0 {
				return spread(a)
			}
			return sign() * scaled(lo, hi)
		}
	}
	for _, c := range []struct {
		name  string
		f     func(float64) float64
		exact exactFunc
		bound float64 // as its comment states
		arg   func(i int) float64
	}{
		{"exp", kernel.Exp, exactExp, 0.7, mixed(700, -60, 4)},
		{"log", kernel.Log, exactLog, 0.7, func(i int) float64 {
			if i%2 == 0 {
				return 1 + spread(0.5)
			}
			return scaled(-1022, 1023)
		}},
		{"tanh", kernel.Tanh, exactTanh, 0.9, mixed(3, -30, 5)},
		{"sin", kernel.Sin, exactSin, 0.8, mixed(100, -60, 10)},
		{"cos", kernel.Cos, exactCos, 0.8, mixed(100, -60, 10)},
	} {
		worst, at := 0., 0.
		for i := range 400 {
			x := c.arg(i)
			if u := ulps(c.f(x), c.exact(x)); !(u <= worst) {
				worst, at = u, x
			}
		}
		r.within("elementary "+c.name, worst, 0, c.bound, "ulp at most, of 400 values", fmt.Sprintf("at %v", at))
	}
}

// method is an integrator with what its theory promises.
type method struct {
	m          *integrate.Method
	steps      int // over a time of 4: errors from 1e-5 to 1e-11
	splitting  bool
	symplectic bool
}

var methods = []method{
	{integrate.RK23, 400, false, false},
	{integrate.RK4, 100, false, false},
	{integrate.RK45, 64, false, false},
	{integrate.DOP853, 10, false, false},
	{integrate.ImplicitMidpoint, 800, false, true},
	{integrate.GaussLegendre4, 100, false, true},
	{integrate.GaussLegendre6, 40, false, true},
	{integrate.Leapfrog, 800, true, true},
	{integrate.Yoshida4, 300, true, true},
	{integrate.Yoshida6, 120, true, true},
}

// A system is H(q, p) = T(p) + V(q).
type system struct{ velocity, force integrate.Half }

func (s system) field(dydt []float64, _ float64, y []float64) {
	d := len(y) / 2
	s.velocity(dydt[:d], y[d:])
	s.force(dydt[d:], y[:d])
}

// begin starts a run of steps of length h.
func (m method) begin(s system, h float64, steps int, y0 []float64) *integrate.Run {
	end := float64(h * float64(steps))
	if m.splitting {
		return integrate.BeginSeparable(m.m, s.velocity, s.force, 0, end, h, y0)
	}
	return integrate.BeginFixed(m.m, s.field, 0, end, h, y0)
}

// end returns the last state of such a run.
func (m method) end(s system, h float64, steps int, y0 []float64) []float64 {
	var last []float64
	run := m.begin(s, h, steps, y0)
	for _, y := range run.States() {
		last = append(last[:0], y...)
	}
	noError(run.Err())
	return last
}

// noError turns an error that cannot be into a panic, which is a finding.
func noError(err error) {
	if err != nil {
		panic(err)
	}
}

func copyHalf(dq, p []float64) { copy(dq, p) }

// pendulum is H = p²/2 − cos q.
var pendulum = system{copyHalf, func(dp, q []float64) { dp[0] = -kernel.Sin(q[0]) }}

// pendulumEnd is its state at t = 4 from (1, 0.5) at 0, by a Taylor method with 40
// digits.
var pendulumEnd = []float64{-1.14237267643074890469552, 0.01643967089119948558946094}

// heiles is that of Hénon and Heiles, H = (p₁² + p₂² + q₁² + q₂²)/2 + q₁² q₂ − q₂³/3.
var heiles = system{copyHalf, func(dp, q []float64) {
	dp[0] = -q[0] - float64(2*float64(q[0]*q[1]))
	dp[1] = -q[1] - float64(q[0]*q[0]) + float64(q[1]*q[1])
}}

func heilesH(y []float64) float64 {
	a, b := float64(y[0]*y[0]), float64(y[1]*y[1])
	t := float64((float64(y[2]*y[2]) + float64(y[3]*y[3]) + a + b) / 2)
	return t + float64(a*y[1]) - float64(b*y[1])/3
}

func verifyOrders(r *report) {
	for _, m := range methods {
		fail := func(steps int) float64 {
			return largest(m.end(pendulum, 4/float64(steps), steps, []float64{1, 0.5}), pendulumEnd)
		}
		order := math.Log2(fail(m.steps) / fail(2*m.steps))
		want := float64(m.m.Order())
		r.within("order "+m.m.String(), order, want-0.15, want+0.15, "observed order", "")
	}
}

// verifySymplectic takes the Jacobian M of one step by central differences of order
// ten.
func verifySymplectic(r *report) {
	for _, m := range methods {
		if m.symplectic {
			r.most("symplectic "+m.m.String(), symplecticDefect(m), 1e-12, "‖MᵀJM − J‖")
		}
	}
}

func symplecticDefect(m method) float64 {
	const d = 0.02
	y0 := []float64{0.3, -0.2, 0.4, 0.1}
	n := len(y0)
	var jac [4][4]float64 // jac[j] = ∂y/∂y0_j
	for j := range n {
		for k, w := range []float64{5. / 6, -5. / 21, 5. / 84, -5. / 504, 1. / 1260} {
			for _, sign := range []float64{1, -1} {
				y := append([]float64(nil), y0...)
				y[j] += float64(sign * float64(float64(k+1)*d))
				for i, v := range m.end(heiles, 0.1, 1, y) {
					jac[j][i] += float64(sign * w * v / d)
				}
			}
		}
	}
	worst := 0.
	for a := range n {
		for b := range n {
			form := 0.
			for i := range n / 2 {
				form += float64(jac[a][i]*jac[b][n/2+i]) - float64(jac[a][n/2+i]*jac[b][i])
			}
			switch {
			case b == a+n/2:
				form--
			case a == b+n/2:
				form++
			}
			worst = max(worst, math.Abs(form))
		}
	}
	return worst
}

// verifyEnergy follows a bounded orbit of Hénon and Heiles with H = 1/8.
func verifyEnergy(r *report) {
	for _, m := range methods {
		if m.symplectic {
			r.within("energy "+m.m.String(), energyGrowth(m), 0.5, 1.2, "error late / early", "")
		}
	}
}

func energyGrowth(m method) float64 {
	const steps = 100_000
	y0 := []float64{0, 0.1, math.Sqrt(0.25 - float64(0.1*0.1) + 0.002/3), 0}
	h0 := heilesH(y0)
	early, late, i := 0., 0., 0
	run := m.begin(heiles, 0.1, steps, y0)
	for _, y := range run.States() {
		d := math.Abs(heilesH(y) - h0)
		if i < steps/10 {
			early = max(early, d)
		} else if i >= steps-steps/10 {
			late = max(late, d)
		}
		i++
	}
	noError(run.Err())
	return late / early
}

// verifySteps counts evaluations of y″ = −sin y, y = 1 and y′ = 0.5 at 0, to t = 20
// with rtol 1e-6 and atol 1e-9. Source: solve_ivp of SciPy 1.17.1.
func verifySteps(r *report) {
	for _, c := range []struct {
		m    *integrate.Method
		nfev int
	}{{integrate.RK23, 2462}, {integrate.RK45, 650}, {integrate.DOP853, 362}} {
		o := integrate.Options{Method: c.m, RTol: []float64{1e-6}, ATol: []float64{1e-9}}
		sol, err := integrate.Solve(pendulum.field, 0, 20, []float64{1, 0.5}, o)
		noError(err)
		n := float64(c.nfev)
		r.within("steps "+c.m.String(), float64(sol.NFev), n, n, "evaluations, SciPy's number", "")
	}
}

// The network and the numbers of the next two checks are PyTorch's in float64: some
// of those in testdata/torch_hnn_reference.json, which were checked with 50 digits.

var (
	refWeights = [][]float64{ // W₁ b₁ W₂ b₂ W₃ of a network 2-8-4-1, a row an output
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

func referenceHNN() (*nn.HNN, *nn.Data) {
	net, err := nn.NewMLP(nn.Tanh, false, 2, 8, 4, 1)
	noError(err)
	for i, p := range net.Params() {
		copy(p.Data, refWeights[i])
	}
	return &nn.HNN{K: net}, &nn.Data{
		X: &autodiff.Matrix{Rows: 3, Cols: 2, Data: append([]float64(nil), refX...)},
		Y: &autodiff.Matrix{Rows: 3, Cols: 2, Data: append([]float64(nil), refDX...)},
	}
}

// largest returns max |x − want|.
func largest(x, want []float64) float64 {
	d := math.Abs(float64(len(x) - len(want)))
	for i := range min(len(x), len(want)) {
		d = max(d, math.Abs(x[i]-want[i])) // max keeps a NaN
	}
	return d
}

func verifyHNN(r *report) {
	const unit, tol = "from PyTorch's", 1e-13
	m, d := referenceHNN()
	r.most("hnn H", largest(nn.Evaluate(m.H, d.X).Data, refH), tol, unit)
	r.most("hnn field", largest(nn.Evaluate(m.Field, d.X).Data, refField), tol, unit)
	r.most("hnn loss", largest([]float64{nn.Loss(m, d)}, refLoss), 1e-12, unit)

	var g autodiff.Graph
	loss := m.Loss(g.Leaf("x", d.X), g.Leaf("dx", d.Y))
	p := m.K.Params()
	grads := autodiff.Grad(loss, g.Leaf("b1", p[1]), g.Leaf("b2", p[3]), g.Leaf("W3", p[4]))
	plan, err := autodiff.Compile(grads...)
	noError(err)
	plan.Run()
	worst := 0.
	for i, want := range [][]float64{refGradB1, refGradB2, refGradW3} {
		worst = max(worst, largest(plan.Value(grads[i]).Data, want))
	}
	r.most("hnn gradients", worst, 1e-12, unit)

	eval := nn.Func(m.Field, 2)
	field := func(dydt []float64, _ float64, y []float64) { eval(dydt, y) }
	sol, err := integrate.Fixed(integrate.RK4, field, 0, 4, 0.1, []float64{1, 0})
	noError(err)
	r.most("hnn rollout RK4", largest(sol.Y[len(sol.Y)-1], refEnd), 1e-12, unit)
	sol, err = integrate.Solve(field, 0, 4, []float64{1, 0}, integrate.Options{RTol: []float64{1e-6}, ATol: []float64{1e-9}})
	noError(err)
	r.within("hnn rollout RK45", float64(sol.NFev), float64(refNFev), float64(refNFev), "evaluations, SciPy's number", "")
}

func verifyAdam(r *report) {
	for _, c := range refTraining {
		m, d := referenceHNN()
		opt := nn.NewAdam()
		opt.WeightDecay = c.decay
		var losses []float64
		t := nn.Training{
			Epochs: 100, Batch: -1, Opt: opt, Schedule: nn.Constant(1e-3), Src: rand.NewPCG(0, 0),
			OnEpoch: func(e nn.Epoch) error {
				losses = append(losses, e.Loss)
				return nil
			},
		}
		noError(t.Run(context.Background(), m, d))
		p := m.K.Params()
		worst := largest(losses[:len(c.losses)], c.losses)
		worst = max(worst, math.Abs(nn.Loss(m, d)-c.last), largest(p[4].Data, c.w3), largest(p[3].Data, c.b2))
		r.most(c.name, worst, 1e-10, "from PyTorch's, 100 steps")
	}
}

// verifySamplers draws from PCG(1, 2). The numbers are those of the definitions in
// arithmetic of 60 digits, or, for Normal, within two units of the last place.
func verifySamplers(r *report) {
	src := rand.NewPCG(1, 2)
	wrong := 0.
	same := func(got, want float64) {
		if got != want {
			wrong++
		}
	}
	for _, want := range []float64{0x1.89eb4b0cadddep-1, 0x1.3b9d875a0efbdp-1, 0x1.91a08c0a625fp-1} {
		same(kernel.Uniform(src), want)
	}
	for _, want := range []float64{0x1.688393de63b22p-3, -0x1.290f49f9b23fep-2, 0x1.77a88b6303b31p-1} {
		same(kernel.Normal(src), want)
	}
	for _, want := range []float64{183, 661, 444} {
		same(float64(kernel.IntN(src, 1000)), want)
	}
	p := []int{0, 1, 2, 3, 4, 5, 6, 7}
	kernel.Perm(src, p)
	for i, want := range []float64{4, 6, 1, 5, 3, 2, 0, 7} {
		same(float64(p[i]), want)
	}
	r.most("samplers", wrong, 0, "of 17 numbers differ")
}

// verifyExperiment runs the small experiment with one worker and with three.
func verifyExperiment(r *report, want string) {
	wrong, got := 0., ""
	for _, workers := range []int{1, 3} {
		c := spring.Small()
		c.Workers = workers
		res, err := spring.Run(context.Background(), c, nil)
		noError(err)
		if h := res.SHA256(); h != want {
			wrong++
			got = h
		}
	}
	r.within("experiment", wrong, 0, 0, "of 2 runs differ from "+want[:min(8, len(want))]+"…", "SHA-256 "+got)
}
