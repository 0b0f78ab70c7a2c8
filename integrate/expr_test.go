package integrate

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"
)

// An expr is a compiled expression of testdata/ode_cases.json: y0…yn, t, names and functions.
type expr func(v []float64) float64

// An exprParser turns the text of an expression into an expr; vars gives the place of each name in the values.
type exprParser struct {
	s    string
	vars map[string]int
}

func parse(s string, vars map[string]int) (e expr, err error) {
	p := &exprParser{strings.ReplaceAll(s, " ", ""), vars}
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%q: %v", s, r)
		}
	}()
	e = p.compare()
	if p.s != "" {
		panic("left over: " + p.s)
	}
	return e, nil
}

func (p *exprParser) eat(s string) bool {
	if strings.HasPrefix(p.s, s) {
		p.s = p.s[len(s):]
		return true
	}
	return false
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

func (p *exprParser) compare() expr {
	a := p.add()
	for _, op := range []string{"<=", ">=", "==", "<", ">"} {
		if p.eat(op) {
			b := p.add()
			return func(v []float64) float64 {
				x, y := a(v), b(v)
				switch op {
				case "<=":
					return truth(x <= y)
				case ">=":
					return truth(x >= y)
				case "==":
					return truth(x == y)
				case "<":
					return truth(x < y)
				}
				return truth(x > y)
			}
		}
	}
	return a
}

func (p *exprParser) add() expr {
	a := p.mul()
	for {
		l := a
		if p.eat("+") {
			r := p.mul()
			a = func(v []float64) float64 { return l(v) + r(v) }
		} else if p.eat("-") {
			r := p.mul()
			a = func(v []float64) float64 { return l(v) - r(v) }
		} else {
			return a
		}
	}
}

func (p *exprParser) mul() expr {
	a := p.unary()
	for {
		l := a
		if p.eat("*") {
			r := p.unary()
			a = func(v []float64) float64 { return float64(l(v) * r(v)) }
		} else if p.eat("/") {
			r := p.unary()
			a = func(v []float64) float64 { return l(v) / r(v) }
		} else {
			return a
		}
	}
}

func (p *exprParser) unary() expr {
	if p.eat("-") {
		a := p.unary()
		return func(v []float64) float64 { return -a(v) }
	}
	return p.atom()
}

func (p *exprParser) atom() expr {
	if p.eat("(") {
		a := p.compare()
		if !p.eat(")") {
			panic("want )")
		}
		return a
	}
	i := 0
	for i < len(p.s) && (strings.IndexByte("+-*/(),<>=", p.s[i]) < 0 ||
		i > 0 && p.s[i-1] == 'e' && p.s[0] <= '9' && strings.IndexByte("+-", p.s[i]) >= 0) {
		i++
	}
	word := p.s[:i]
	p.s = p.s[i:]
	if x, err := strconv.ParseFloat(word, 64); err == nil && word[0] <= '9' {
		return func([]float64) float64 { return x }
	}
	if p.eat("(") {
		var args []expr
		for !p.eat(")") {
			args = append(args, p.compare())
			p.eat(",")
		}
		one := map[string]func(float64) float64{"sin": math.Sin, "cos": math.Cos, "sqrt": math.Sqrt, "exp": math.Exp,
			"log": math.Log, "tan": math.Tan, "tanh": math.Tanh, "abs": math.Abs}[word]
		switch {
		case one != nil && len(args) == 1:
			return func(v []float64) float64 { return one(args[0](v)) }
		case word == "pow" && len(args) == 2:
			return func(v []float64) float64 { return math.Pow(args[0](v), args[1](v)) }
		case word == "where" && len(args) == 3:
			return func(v []float64) float64 {
				if args[0](v) != 0 {
					return args[1](v)
				}
				return args[2](v)
			}
		}
		panic("unknown function " + word)
	}
	if word == "pi" {
		return func([]float64) float64 { return math.Pi }
	}
	place, ok := p.vars[word]
	if !ok {
		panic("unknown name " + word)
	}
	return func(v []float64) float64 { return v[place] }
}

// A system is the right-hand side of a problem, as the reference files write it.
type system struct {
	Let    []string           `json:"let"`
	Rhs    []string           `json:"rhs"`
	Params map[string]float64 `json:"params"`
}

// compile returns the field and the compiler for expressions in the same names.
func (s *system) compile(t testing.TB) (Field, func(string) func(float64, []float64) float64) {
	t.Helper()
	n := len(s.Rhs)
	vars := map[string]int{"t": n}
	for i := range n {
		vars[fmt.Sprintf("y%d", i)] = i
	}
	start := make([]float64, n+1)
	for name, x := range s.Params {
		vars[name] = len(start)
		start = append(start, x)
	}
	must := func(text string) expr {
		e, err := parse(text, vars)
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	lets := len(start)
	var let, rhs []expr
	for _, text := range s.Let {
		name, text, _ := strings.Cut(text, "=")
		let = append(let, must(text))
		vars[strings.TrimSpace(name)] = len(start)
		start = append(start, 0)
	}
	for _, text := range s.Rhs {
		rhs = append(rhs, must(text))
	}
	set := func(time float64, y []float64) []float64 {
		v := append([]float64(nil), start...)
		copy(v, y)
		v[n] = time
		for i, e := range let {
			v[lets+i] = e(v)
		}
		return v
	}
	field := func(dydt []float64, time float64, y []float64) {
		v := set(time, y)
		for i, e := range rhs {
			dydt[i] = e(v)
		}
	}
	return field, func(text string) func(float64, []float64) float64 {
		e := must(text)
		return func(time float64, y []float64) float64 { return e(set(time, y)) }
	}
}
