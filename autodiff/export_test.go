package autodiff

// These names are for the tests in package autodiff_test, which can import package verify.

var (
	ReadCase   = readCase
	RandomLeaf = randomLeaf
)

// Operations returns the name of every row of rules.go.
func Operations() (names []string) {
	for _, r := range rules {
		names = append(names, r.name)
	}
	return names
}

// SpoilTanh makes the derivative of tanh 1 − z, until restore.
func SpoilTanh() (restore func()) {
	old := rules
	rules[opTanh].diff = func(g, z, x, y Var, _ float64) (Var, Var) { return Sub(g, Mul(g, z)), Var{} }
	return func() { rules = old }
}
