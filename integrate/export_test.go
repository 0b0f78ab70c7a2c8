package integrate

// What the tests in package integrate_test need, which may import package verify.

var (
	Long    = long
	MaxDiff = maxDiff
)

// Methods returns those that the tests in this package go through.
func Methods() []*Method {
	return append(fixedFieldMethods[:len(fixedFieldMethods):len(fixedFieldMethods)], splittingMethods...)
}
