package integrate

// A Method is a formula for one step, as data. Explicit Runge–Kutta methods have a strictly lower triangular A:
//
//	k_i = f(t + c_i h, y + h Σ_j a_ij k_j)    i = 1…s
//	y(t+h) ≈ y + h Σ_i b_i k_i
//
// The methods of the package are [RK4], [RK23], [RK45] and [DOP853]. A Method cannot be changed, and is safe
// to use from many goroutines.
type Method struct {
	name  string
	order int // of y(t+h)

	c []float64
	a [][]float64
	b []float64

	// An embedded formula estimates the error of a step, with k_{s+1} = f(t+h, y(t+h)), as
	//
	//	h Σ_i e_i k_i    i = 1…s+1
	//
	// which vanishes like h to the power errPower.
	errPower int
	e        []float64

	// Dense output is, for θ from 0 to 1,
	//
	//	y(t+θh) ≈ y + h Σ_i k_i Σ_j p_ij θ^j    i = 1…s+1, j = 1, 2, …
	p [][]float64
}

// String returns the name of the method.
func (m *Method) String() string { return m.name }

// Order returns the order of convergence of the method.
func (m *Method) Order() int { return m.order }

// RK4 is the classical Runge–Kutta method of order 4, for fixed steps only.
//
// Source: W. Kutta, Beitrag zur näherungsweisen Integration totaler Differentialgleichungen (1901).
var RK4 = &Method{
	name:  "RK4",
	order: 4,
	c:     []float64{0, 1. / 2, 1. / 2, 1},
	a: [][]float64{
		{},
		{1. / 2},
		{0, 1. / 2},
		{0, 0, 1},
	},
	b: []float64{1. / 6, 1. / 3, 1. / 3, 1. / 6},
}

// RK45 is the pair of Dormand and Prince of order 5 with an embedded formula of order 4 and dense output of order 4.
//
// Source: J. R. Dormand, P. J. Prince, A family of embedded Runge–Kutta formulae, J. Comp. Appl. Math. 6 (1980),
// table 2; dense output: L. W. Shampine, Some practical Runge–Kutta formulas, Math. Comp. 46 (1986), with the
// optimal c_6 as in SciPy's integrate/_ivp/rk.py.
var RK45 = &Method{
	name:  "RK45",
	order: 5,
	c:     []float64{0, 1. / 5, 3. / 10, 4. / 5, 8. / 9, 1},
	a: [][]float64{
		{},
		{1. / 5},
		{3. / 40, 9. / 40},
		{44. / 45, -56. / 15, 32. / 9},
		{19372. / 6561, -25360. / 2187, 64448. / 6561, -212. / 729},
		{9017. / 3168, -355. / 33, 46732. / 5247, 49. / 176, -5103. / 18656},
	},
	b: []float64{35. / 384, 0, 500. / 1113, 125. / 192, -2187. / 6784, 11. / 84},

	errPower: 5,
	e:        []float64{-71. / 57600, 0, 71. / 16695, -71. / 1920, 17253. / 339200, -22. / 525, 1. / 40},

	p: [][]float64{
		{1, -8048581381. / 2820520608, 8663915743. / 2820520608, -12715105075. / 11282082432},
		{0, 0, 0, 0},
		{0, 131558114200. / 32700410799, -68118460800. / 10900136933, 87487479700. / 32700410799},
		{0, -1754552775. / 470086768, 14199869525. / 1410260304, -10690763975. / 1880347072},
		{0, 127303824393. / 49829197408, -318862633887. / 49829197408, 701980252875. / 199316789632},
		{0, -282668133. / 205662961, 2019193451. / 616988883, -1453857185. / 822651844},
		{0, 40617522. / 29380423, -110615467. / 29380423, 69997945. / 29380423},
	},
}
