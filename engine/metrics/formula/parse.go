package formula

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Longest is how many characters a formula may have. That also bounds how deep it nests.
const Longest = 1000

// op is what a term does with its arguments.
type op int

const (
	number op = iota
	metric
	current
	ready
	starting
	negate
	abs
	plus
	minus
	times
	divide
	smallest
	largest
)

// term is a part of a formula.
type term struct {
	op     op
	text   string // as it was written; of a metric, its name
	number float64
	args   []*term
}

// Parse reads a formula. An error names the column, counted from 1 in characters of text, what was found there, and what is
// allowed.
func Parse(text string) (Formula, error) {
	if n := utf8.RuneCountInString(text); n > Longest {
		return Formula{}, fmt.Errorf("column %d: the formula is too long: it has %d characters; allowed: %d", Longest+1, n, Longest)
	}
	p := &parser{text: text}
	p.next()
	root, err := p.sum()
	if err != nil {
		return Formula{}, err
	}
	if p.token.kind != end {
		return Formula{}, p.unexpected("+ - * / or the end")
	}
	return Formula{text: text, root: root, metrics: p.metrics}, nil
}

// parser goes through a text by recursive descent, one token ahead.
type parser struct {
	text    string
	token   token
	past    int // where the token before ended
	metrics []string
}

// sum is products with + and - between them.
func (p *parser) sum() (*term, error) {
	return p.chain(p.product, func(text string) (op, bool) {
		switch text {
		case "+":
			return plus, true
		case "-":
			return minus, true
		}
		return 0, false
	})
}

// product is values with * and / between them.
func (p *parser) product() (*term, error) {
	return p.chain(p.signed, func(text string) (op, bool) {
		switch text {
		case "*":
			return times, true
		case "/":
			return divide, true
		}
		return 0, false
	})
}

// chain is parts with operators of one rank between them, taken from left to right.
func (p *parser) chain(part func() (*term, error), ranked func(text string) (op, bool)) (*term, error) {
	from := p.token.from
	left, err := part()
	if err != nil {
		return nil, err
	}
	for {
		op, found := ranked(p.token.text)
		if !found {
			return left, nil
		}
		p.next()
		at := p.token.from
		right, err := part()
		if err != nil {
			return nil, err
		}
		if op == divide && right.op == number && right.number == 0 {
			return nil, p.wrong(at, "division by zero; allowed: any other divisor")
		}
		left = &term{op: op, text: p.text[from:p.past], args: []*term{left, right}}
	}
}

// signed is a value, with or without a minus.
func (p *parser) signed() (*term, error) {
	if p.token.text != "-" {
		return p.value()
	}
	from := p.token.from
	p.next()
	of, err := p.signed()
	if err != nil {
		return nil, err
	}
	return &term{op: negate, text: p.text[from:p.past], args: []*term{of}}, nil
}

func (p *parser) value() (*term, error) {
	t := p.token
	switch {
	case t.text == "(":
		p.next()
		inner, err := p.sum()
		if err != nil {
			return nil, err
		}
		return inner, p.close("+ - * / or )")
	case t.kind == digits:
		p.next()
		value, err := strconv.ParseFloat(t.text, 64)
		if err != nil {
			return nil, p.wrong(t.from, clip(t.text)+" is too large; allowed: numbers up to 1.8e308")
		}
		return &term{op: number, text: t.text, number: value}, nil
	case t.kind == word:
		p.next()
		if p.token.text == "(" {
			return p.call(t)
		}
		return p.name(t)
	}
	return nil, p.unexpected("a number, the name of a metric, replicas.current, replicas.ready, replicas.starting, min(…), max(…), abs(…), - or (")
}

func (p *parser) name(t token) (*term, error) {
	switch t.text {
	case "replicas.current":
		return &term{op: current, text: t.text}, nil
	case "replicas.ready":
		return &term{op: ready, text: t.text}, nil
	case "replicas.starting":
		return &term{op: starting, text: t.text}, nil
	}
	if strings.Contains(t.text, ".") {
		return nil, p.wrong(t.from, clip(t.text)+" is not known; allowed: replicas.current, replicas.ready, replicas.starting, or a name without a dot")
	}
	if !slices.Contains(p.metrics, t.text) {
		p.metrics = append(p.metrics, t.text)
	}
	return &term{op: metric, text: t.text}, nil
}

// call is a function's arguments in parentheses.
func (p *parser) call(name token) (*term, error) {
	call := &term{}
	after := "+ - * / , or )"
	switch name.text {
	case "min":
		call.op = smallest
	case "max":
		call.op = largest
	case "abs":
		call.op, after = abs, "+ - * / or )"
	default:
		return nil, p.wrong(name.from, clip(name.text)+" is not a function; allowed: min, max, abs")
	}
	for {
		p.next() // past the parenthesis or the comma
		arg, err := p.sum()
		if err != nil {
			return nil, err
		}
		call.args = append(call.args, arg)
		if p.token.text != "," || call.op == abs {
			break
		}
	}
	if err := p.close(after); err != nil {
		return nil, err
	}
	call.text = p.text[name.from:p.past]
	return call, nil
}

// close goes past the parenthesis that ends a part.
func (p *parser) close(allowed string) error {
	if p.token.text != ")" {
		return p.unexpected(allowed)
	}
	p.next()
	return nil
}

func (p *parser) unexpected(allowed string) error {
	if p.token.kind == end {
		return p.wrong(p.token.from, "the formula ends too early; allowed: "+allowed)
	}
	return p.wrong(p.token.from, clip(p.token.shown())+" is not allowed here; allowed: "+allowed)
}

// wrong is an error at a place in the text, which it counts in characters.
func (p *parser) wrong(at int, what string) error {
	return fmt.Errorf("column %d: %s", utf8.RuneCountInString(p.text[:at])+1, what)
}
