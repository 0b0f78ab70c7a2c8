// Package formula makes formulas of package autodiff from text such as
//
//	p^2/2 + 3*(1 - cos(q))
//	(px^2 + py^2)/(2*m) + k*(x^2 + y^2)/2 + x^2*y - y^3/3
//
// Parse reads an expression. Bind says which of its names are variables and what number
// each of the others is. A Formula of the variables [q…, p…] is a Hamiltonian. Of and
// Field are the Hamiltonian and its field as formulas of package autodiff, of any number
// of states. NewValue and NewField are functions of one state, for integrators. Their
// bits are the same: they run the same formula, which autodiff.Simplify makes of the text.
//
// # The language
//
//	sum     = product { ("+" | "-") product }
//	product = unary { ("*" | "/") unary }
//	unary   = { "+" | "-" } power
//	power   = operand [ "^" unary ]          right to left: a^b^c = a^(b^c), -x^2 = -(x^2)
//	operand = number | name | function "(" sum ")" | "(" sum ")"
//
// A number is 1, .5 or 2e-3. A name is letters of any script, digits, subscript digits
// and _, with no digit at the start: q, px, θ1, ω₀. pi (π) and e are constants unless
// Bind says otherwise. The functions are sin, cos, tan, exp, log (ln), sqrt, sinh, cosh,
// tanh, sigmoid and softplus: smooth wherever they are defined, as a Hamiltonian has to be.
// An exponent is a constant: write exp(y*log(x)) for a power of two variables. An expression
// that ParseOpen reads may also call functions of its user, of one or more arguments with
// commas between; At gives them their meaning, and unknown constants are further variables.
//
// For any text the answer is a formula or an *Error that tells the column. A name that is
// both a variable and a parameter is the variable. Field, NewField, NewHalves and
// Separable want a Hamiltonian: they panic if the number of variables is odd. NewHalves
// also panics if the Hamiltonian is not separable. Functions of one state panic for a
// state of another length.
//
// # Reading the package
//
// parse.go makes an expression of the text. formula.go gives its names a meaning and enters it
// as a formula of autodiff. compile.go makes functions of one state of it.
package formula
