package integrate

// A Method is a formula for one step, as data. A Method never changes, and many goroutines may use it at once.
//
// Runge–Kutta methods are
//
//	k_i = f(t + c_i h, y + h Σ_j a_ij k_j)    i = 1…s
//	y(t+h) ≈ y + h Σ_i b_i k_i
//
// In the explicit ones ([RK4], [RK23], [RK45], [DOP853]) the matrix a_ij is strictly lower triangular. The implicit ones
// ([ImplicitMidpoint], [GaussLegendre4], [GaussLegendre6]) are symplectic and symmetric. The splitting methods
// ([Leapfrog], [Yoshida4], [Yoshida6]) are symplectic and symmetric too. They advance q and p in turn, for a separable
// Hamiltonian.
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
	// which is of the order h^errPower. DOP853 has a second one, e3, and combines both: see errorNorm.
	errPower int
	e, e3    []float64

	// Dense output is, for θ from 0 to 1,
	//
	//	y(t+θh) ≈ y + h Σ_i k_i Σ_j p_ij θ^j    i = 1…s+1, j = 1, 2, …
	//
	// DOP853 takes further stages with c = cd and a = ad instead, and has
	//
	//	y(t+θh) ≈ y + θ(q_1 + (1-θ)(q_2 + θ(q_3 + (1-θ)(q_4 + …))))    q_{j+3} = h Σ_i d_ji k_i for j ≥ 1
	//
	// where q_1, q_2 and q_3 come from the states and slopes at both ends.
	p     [][]float64
	cd    []float64
	ad, d [][]float64

	// A splitting method is a sequence of leapfrog steps of these lengths, in units of h.
	leaps []float64
}

// String returns the name of the method.
func (m *Method) String() string { return m.name }

// Order returns the order of convergence of the method.
func (m *Method) Order() int { return m.order }

// implicit reports whether the stages must be found by iteration.
func (m *Method) implicit() bool { return len(m.a) > 0 && len(m.a[0]) > 0 }

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

// RK23 is the pair of Bogacki and Shampine of order 3 with an embedded formula of order 2 and dense output of order 3.
//
// Source: P. Bogacki, L. F. Shampine, A 3(2) pair of Runge–Kutta formulas, Appl. Math. Lett. 2 (1989).
var RK23 = &Method{
	name:  "RK23",
	order: 3,
	c:     []float64{0, 1. / 2, 3. / 4},
	a: [][]float64{
		{},
		{1. / 2},
		{0, 3. / 4},
	},
	b: []float64{2. / 9, 1. / 3, 4. / 9},

	errPower: 3,
	e:        []float64{5. / 72, -1. / 12, -1. / 9, 1. / 8},

	p: [][]float64{
		{1, -4. / 3, 5. / 9},
		{0, 1, -2. / 3},
		{0, 4. / 3, -8. / 9},
		{0, -1, 1},
	},
}

const (
	sqrt3  = 1.73205080756887729352744634150587236694
	sqrt15 = 3.87298334620741688517926539978239961083
)

// ImplicitMidpoint is the implicit midpoint rule, Gauss's method of order 2.
var ImplicitMidpoint = &Method{
	name:  "ImplicitMidpoint",
	order: 2,
	c:     []float64{1. / 2},
	a:     [][]float64{{1. / 2}},
	b:     []float64{1},
}

// GaussLegendre4 is Gauss's method of order 4 with two stages.
//
// Source: E. Hairer, C. Lubich, G. Wanner, Geometric Numerical Integration, section II.1, table 1.1.
var GaussLegendre4 = &Method{
	name:  "GaussLegendre4",
	order: 4,
	c:     []float64{1./2 - sqrt3/6, 1./2 + sqrt3/6},
	a: [][]float64{
		{1. / 4, 1./4 - sqrt3/6},
		{1./4 + sqrt3/6, 1. / 4},
	},
	b: []float64{1. / 2, 1. / 2},
}

// GaussLegendre6 is Gauss's method of order 6 with three stages.
//
// Source: Hairer, Lubich, Wanner, section II.1, table 1.1.
var GaussLegendre6 = &Method{
	name:  "GaussLegendre6",
	order: 6,
	c:     []float64{1./2 - sqrt15/10, 1. / 2, 1./2 + sqrt15/10},
	a: [][]float64{
		{5. / 36, 2./9 - sqrt15/15, 5./36 - sqrt15/30},
		{5./36 + sqrt15/24, 2. / 9, 5./36 - sqrt15/24},
		{5./36 + sqrt15/30, 2./9 + sqrt15/15, 5. / 36},
	},
	b: []float64{5. / 18, 4. / 9, 5. / 18},
}

// Leapfrog is the method of Störmer and Verlet, of order 2, with one evaluation of the force in a step.
//
// Source: Hairer, Lubich, Wanner, section I.1.4.
var Leapfrog = &Method{name: "Leapfrog", order: 2, leaps: []float64{1}}

// Yoshida4 is the composition of three leapfrog steps that has order 4.
//
// Source: H. Yoshida, Construction of higher order symplectic integrators, Phys. Lett. A 150 (1990), equation 2.11.
var Yoshida4 = &Method{
	name:  "Yoshida4",
	order: 4,
	leaps: []float64{1 / (2 - cbrt2), -cbrt2 / (2 - cbrt2), 1 / (2 - cbrt2)},
}

const cbrt2 = 1.25992104989487316476721060727822835057

// Yoshida6 is a composition of seven leapfrog steps that has order 6.
//
// Source: Yoshida, table 1, solution A; the digits are those of Hairer, Lubich, Wanner, equation V.3.11.
var Yoshida6 = &Method{
	name:  "Yoshida6",
	order: 6,
	leaps: []float64{
		0.78451361047755726382, 0.23557321335935813368, -1.17767998417887100695,
		1.31518632068391121889, -1.17767998417887100695, 0.23557321335935813368, 0.78451361047755726382,
	},
}
