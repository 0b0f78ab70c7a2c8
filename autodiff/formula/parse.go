package formula

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits of what Parse takes, far above what anyone writes.
const (
	maxLength = 8_000 // bytes
	maxDepth  = 200   // parentheses, signs and exponents within one another
)

// An Error says what is wrong with an expression, and where.
type Error struct {
	Pos int // column, in characters from 1
	Msg string
}

func (e *Error) Error() string { return fmt.Sprintf("column %d: %s", e.Pos, e.Msg) }

// An Expr is an expression as it was written: a list in which operands stand before
// the operations on them, so that whatever is done with it is one loop.
type Expr struct{ nodes []node }

// A node is one operand or operation. op is one of
//
//	0 number   a name   ~ negative   + - * / ^   f function   c call, of a function of the caller
type node struct {
	op   byte
	x, y int     // operands, as places in the list
	val  float64 // of a number
	name string  // of a name or function
	pos  int     // column
	args []int   // of a call, in place of x and y
	text string  // of a call, as it was written, without blanks
}

// Parse reads an expression.
func Parse(text string) (*Expr, error) { return ParseOpen(text, nil) }

// ParseOpen reads an expression that may also call functions which formula does not know, of
// any number of arguments: those whose name open accepts. Their meaning comes later, see At.
func ParseOpen(text string, open func(name string) bool) (e *Expr, err error) {
	if len(text) > maxLength {
		return nil, &Error{maxLength, fmt.Sprintf("an expression has at most %d bytes, this one %d", maxLength, len(text))}
	}
	if i := strings.Index(strings.ToValidUTF8(text, "\x00"), "\x00"); i >= 0 {
		return nil, &Error{utf8.RuneCountInString(text[:i]) + 1, "the text is not UTF-8, or a character 0"}
	}
	p := &parser{text: []rune(text), open: open}
	defer func() {
		switch wrong := recover().(type) {
		case nil:
		case *Error:
			e, err = nil, wrong
		default:
			panic(wrong)
		}
	}()
	p.sum()
	if c := p.peek(); c == ')' {
		p.fail("no ( for this )")
	} else if c != 0 {
		p.fail("want an operator before %q", c)
	}
	return &p.Expr, nil
}

// Names returns the names in the expression that are not functions, in order of
// appearance; pi and e are among them.
func (e *Expr) Names() []string {
	var names []string
	for _, n := range e.nodes {
		if n.op == 'a' && !slices.Contains(names, n.name) {
			names = append(names, n.name)
		}
	}
	return names
}

// A Call is a function of the caller that an expression calls.
type Call struct {
	Name string
	Text string // the call as it was written, without blanks
	Args int    // number of its arguments
	Pos  int    // column
}

// Calls returns the calls of functions that formula does not know, in order of appearance; a
// call within another comes first.
func (e *Expr) Calls() []Call {
	var calls []Call
	for _, n := range e.nodes {
		if n.op == 'c' {
			calls = append(calls, Call{n.name, n.text, len(n.args), n.pos})
		}
	}
	return calls
}

// A parser reads text by recursive descent. Each method returns the place of what it
// has read; an *Error leaves it by panic, to Parse.
type parser struct {
	Expr
	text  []rune
	at    int // the next character
	depth int
	open  func(name string) bool // functions of the caller
}

func (p *parser) fail(format string, args ...any) {
	panic(&Error{p.at + 1, fmt.Sprintf(format, args...)})
}

// peek skips space and returns the next character, 0 at the end.
func (p *parser) peek() rune {
	for p.at < len(p.text) && unicode.IsSpace(p.text[p.at]) {
		p.at++
	}
	if p.at == len(p.text) {
		return 0
	}
	return p.text[p.at]
}

// add appends a node.
func (p *parser) add(n node) int {
	p.nodes = append(p.nodes, n)
	return len(p.nodes) - 1
}

func (p *parser) sum() int { return p.binary('+', '-', p.product) }

func (p *parser) product() int { return p.binary('*', '/', p.unary) }

// binary reads operands with one of two operators between them, from left to right.
func (p *parser) binary(a, b rune, operand func() int) int {
	x := operand()
	for c := p.peek(); c == a || c == b; c = p.peek() {
		pos := p.at + 1
		p.at++
		if c == '*' && p.peek() == '*' {
			p.fail("a power is written ^")
		}
		x = p.add(node{op: byte(c), x: x, y: operand(), pos: pos})
	}
	return x
}

// unary reads signs and a power. All recursion passes through it.
func (p *parser) unary() int {
	if p.depth++; p.depth > maxDepth {
		p.fail("more than %d levels within one another", maxDepth)
	}
	defer func() { p.depth-- }()
	c, pos := p.peek(), p.at+1
	switch c {
	case '+':
		p.at++
		return p.unary()
	case '-':
		p.at++
		return p.add(node{op: '~', x: p.unary(), pos: pos})
	}
	x := p.operand()
	if p.peek() == '^' {
		pos = p.at + 1
		p.at++
		x = p.add(node{op: '^', x: x, y: p.unary(), pos: pos})
	}
	return x
}

func (p *parser) operand() int {
	c, pos := p.peek(), p.at+1
	switch {
	case c == '(':
		return p.parentheses()
	case digit(c) || c == '.':
		return p.add(node{val: p.number(), pos: pos})
	case letter(c):
		name := p.name()
		if _, isFunc := functions[name]; isFunc {
			if p.peek() != '(' {
				p.fail("want ( after the function %s", name)
			}
			return p.add(node{op: 'f', name: name, x: p.parentheses(), pos: pos})
		}
		if p.peek() == '(' && p.open != nil && p.open(name) {
			args := p.arguments()
			text := strings.Join(strings.Fields(string(p.text[pos-1:p.at])), "")
			return p.add(node{op: 'c', name: name, args: args, text: text, pos: pos})
		}
		if p.peek() == '(' {
			p.at = pos - 1
			if name == "abs" {
				p.fail("abs has a corner and no gradient there: write sqrt(x^2 + 1e-6), say")
			}
			p.fail("unknown function %q: want %s, or a * before the (", name, functionNames())
		}
		return p.add(node{op: 'a', name: name, pos: pos})
	case c == 0:
		p.fail("the expression ends where an operand is wanted")
	}
	p.fail("want a number, a name or ( and not %q", c)
	return 0
}

func (p *parser) parentheses() int {
	open := p.at
	p.at++
	x := p.sum()
	p.closed(open)
	return x
}

// arguments reads one or more sums with commas between.
func (p *parser) arguments() []int {
	open := p.at
	p.at++
	args := []int{p.sum()}
	for p.peek() == ',' {
		p.at++
		args = append(args, p.sum())
	}
	p.closed(open)
	return args
}

// closed reads the ) of the ( at open.
func (p *parser) closed(open int) {
	switch c := p.peek(); c {
	case ')':
		p.at++
	case 0:
		p.at = open
		p.fail("no ) for this (")
	default:
		p.fail("want an operator or ) before %q", c)
	}
}

// number reads digits, perhaps with a point, and an exponent if digits follow its e.
func (p *parser) number() float64 {
	start := p.at
	digits := func() {
		for p.at < len(p.text) && digit(p.text[p.at]) {
			p.at++
		}
	}
	digits()
	if p.at < len(p.text) && p.text[p.at] == '.' {
		p.at++
		digits()
	}
	if rest := p.text[p.at:]; len(rest) > 1 && (rest[0] == 'e' || rest[0] == 'E') {
		i := 1
		if rest[1] == '+' || rest[1] == '-' {
			i = 2
		}
		if i < len(rest) && digit(rest[i]) {
			p.at += i
			digits()
		}
	}
	v, err := strconv.ParseFloat(string(p.text[start:p.at]), 64)
	if err != nil {
		text := string(p.text[start:p.at])
		p.at = start
		p.fail("%q is not a number that float64 can hold", text)
	}
	return v
}

func (p *parser) name() string {
	start := p.at
	for p.at < len(p.text) && (letter(p.text[p.at]) || digit(p.text[p.at]) || unicode.IsMark(p.text[p.at]) ||
		'₀' <= p.text[p.at] && p.text[p.at] <= '₉') {
		p.at++
	}
	return string(p.text[start:p.at])
}

func digit(c rune) bool  { return '0' <= c && c <= '9' }
func letter(c rune) bool { return c == '_' || unicode.IsLetter(c) }

// IsName tells whether s can be a name: that of a variable or a parameter.
func IsName(s string) bool {
	e, err := Parse(s)
	return err == nil && len(e.nodes) == 1 && e.nodes[0].name == s
}
