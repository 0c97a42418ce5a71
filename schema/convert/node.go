package convert

import (
	"math"
	"strconv"
	"strings"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/literal"
	"cuelang.org/go/cue/token"

	"github.com/flyball-dev/flyball/schema"
)

type kind int

const (
	null kind = iota
	text
	number
	boolean
	list
	object
	open // an expression that is not evaluated
)

// node is a value in a file of somebody else's, at its place. A nil node is one that is not there, and has nothing in it.
type node struct {
	line, column int
	kind         kind
	text         string // of a text, a number or a boolean
	items        []*node
	fields       []field
	labels       []string // of a block of HCL
}

type field struct {
	name  string
	at    *node // the place of the name
	value *node
}

// read is a JSON or YAML text as documents.
func (c *conversion) read(text []byte) []*node {
	documents, problems := schema.Documents(c.file, text)
	c.problems = append(c.problems, problems...)
	var nodes []*node
	for _, d := range documents {
		nodes = append(nodes, fromCUE(d))
	}
	return nodes
}

// fromCUE is for syntax made of data, which has no expressions but null, literals and signs.
func fromCUE(expr ast.Expr) *node {
	at := expr.Pos().Position()
	n := &node{line: at.Line, column: at.Column}
	switch x := expr.(type) {
	case *ast.StructLit:
		n.kind = object
		for _, decl := range x.Elts {
			f, ok := decl.(*ast.Field)
			if !ok {
				continue
			}
			name, _, err := ast.LabelName(f.Label)
			if err != nil {
				continue
			}
			at := f.Pos().Position()
			value := fromCUE(f.Value)
			if value.line == 0 {
				value.line, value.column = at.Line, at.Column
			}
			n.fields = append(n.fields, field{name: name, at: &node{line: at.Line, column: at.Column}, value: value})
		}
		if n.line == 0 && len(n.fields) > 0 {
			n.line, n.column = n.fields[0].at.line, n.fields[0].at.column
		}
	case *ast.ListLit:
		n.kind = list
		for _, element := range x.Elts {
			n.items = append(n.items, fromCUE(element))
		}
	case *ast.UnaryExpr:
		n = fromCUE(x.X)
		n.line, n.column, n.text = at.Line, at.Column, x.Op.String()+n.text
	case *ast.BasicLit:
		n.scalar(x)
	}
	return n
}

func (n *node) scalar(x *ast.BasicLit) {
	switch x.Kind {
	case token.STRING:
		n.kind = text
		n.text, _ = literal.Unquote(x.Value) // a parser wrote it
	case token.INT, token.FLOAT:
		n.kind, n.text = number, x.Value
	case token.TRUE, token.FALSE:
		n.kind, n.text = boolean, x.Value
	}
}

// get is a field by its name, or nil.
func (n *node) get(name string) *node {
	if n == nil {
		return nil
	}
	for _, f := range n.fields {
		if f.name == name && f.value.kind != null {
			return f.value
		}
	}
	return nil
}

func (n *node) is(text string) bool { return n != nil && n.text == text }

// word is the text of a scalar, "" where there is none.
func (n *node) word() string {
	if n == nil {
		return ""
	}
	return n.text
}

// String names what was found in a message.
func (n *node) String() string {
	switch n.kind {
	case null:
		return "null"
	case text:
		return strconv.Quote(short(n.text))
	case list:
		return "a list"
	case object:
		return "a struct"
	case open:
		return "an expression"
	}
	return short(n.text)
}

// short keeps foreign text in messages to one line.
func short(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	const most = 100
	if runes := []rune(s); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return s
}

// real is a number, or a text that is one.
func (n *node) real() (float64, bool) {
	if n == nil || n.kind != number && n.kind != text {
		return 0, false
	}
	plain := strings.ReplaceAll(n.text, "_", "")
	if i, err := strconv.ParseInt(plain, 0, 64); err == nil && n.kind == number {
		return float64(i), true
	}
	f, err := strconv.ParseFloat(plain, 64)
	return f, err == nil && !math.IsNaN(f) && !math.IsInf(f, 0)
}
