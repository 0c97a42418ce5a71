package formula

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

type kind int

const (
	other  kind = iota // one character: an operator, a parenthesis, a comma, or something that has no meaning
	end                // of the text
	digits             // a number
	word               // a name, dots included
)

type token struct {
	kind kind
	text string
	from int // where it begins, in bytes
}

// next goes on to the next token.
func (p *parser) next() {
	p.past = p.token.from + len(p.token.text)
	rest := strings.TrimLeft(p.text[p.past:], " \t\r\n")
	p.token = token{kind: other, from: len(p.text) - len(rest)}
	switch {
	case rest == "":
		p.token.kind = end
	case isDigit(rest[0]):
		p.token.kind, p.token.text = digits, rest[:numberLength(rest)]
	case isLetter(rest[0]):
		p.token.kind, p.token.text = word, rest[:while(rest, func(c byte) bool { return isLetter(c) || isDigit(c) || c == '.' })]
	default:
		_, size := utf8.DecodeRuneInString(rest)
		p.token.text = rest[:size]
	}
}

// numberLength is how much of a text, which begins with a digit, is its number: 12, 0.5 or 1e-6.
func numberLength(text string) int {
	n := while(text, isDigit)
	n += fraction(text[n:], ".")
	for _, e := range []string{"e", "E", "e+", "E+", "e-", "E-"} {
		if part := fraction(text[n:], e); part > 0 {
			return n + part
		}
	}
	return n
}

// fraction is the length of a mark with digits behind it; 0: the text does not begin so.
func fraction(text, mark string) int {
	rest, found := strings.CutPrefix(text, mark)
	if n := while(rest, isDigit); found && n > 0 {
		return len(mark) + n
	}
	return 0
}

// while is how many bytes at the beginning of a text are in a class.
func while(text string, in func(byte) bool) int {
	n := 0
	for n < len(text) && in(text[n]) {
		n++
	}
	return n
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isLetter(c byte) bool { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '_' }

// shown is a token as an error may show it: what does not print is quoted.
func (t token) shown() string {
	for _, r := range t.text {
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			return strconv.QuoteToASCII(t.text)
		}
	}
	return t.text
}
