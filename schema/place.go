package schema

import (
	"fmt"
	"strconv"
	"strings"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/errors"
	"cuelang.org/go/cue/token"
)

// labelPlace is where the author wrote the name of a field; for an element of a list, the element.
func labelPlace(v cue.Value) token.Position {
	if src := source(v); src != nil {
		return src.Pos().Position()
	}
	return v.Pos().Position()
}

// valuePlace is where the author wrote the value of a field.
func valuePlace(v cue.Value) token.Position {
	switch src := source(v).(type) {
	case nil:
		return v.Pos().Position()
	case *ast.Field:
		return src.Value.Pos().Position()
	default:
		return src.Pos().Position()
	}
}

// source is the syntax that a value comes from. Of a value that several places agree on it is the one that says most:
// a concrete value rather than a constraint, and the author's rather than the schema's.
func source(v cue.Value) ast.Node {
	if src := v.Source(); src != nil && authored(src.Pos().Position()) {
		return src
	}
	op, parts := v.Expr()
	if op != cue.AndOp {
		return nil
	}
	var best ast.Node
	concrete := false
	for _, part := range parts {
		src := part.Source()
		if src == nil || !authored(src.Pos().Position()) {
			continue
		}
		if best == nil || !concrete && part.IsConcrete() {
			best, concrete = src, part.IsConcrete()
		}
	}
	return best
}

// authored says whether a place is in a file of the author's, not in the schema.
func authored(p token.Position) bool {
	return p.IsValid() && p.Filename != "" && !strings.HasPrefix(p.Filename, importPath+"/")
}

// errorPlace is the first place in the author's files that an error names, and the others.
func errorPlace(err error) (first token.Position, others []token.Position) {
	for _, pos := range errors.Positions(err) {
		switch p := pos.Position(); {
		case !authored(p):
		case !first.IsValid():
			first = p
		default:
			others = append(others, p)
		}
	}
	return first, others
}

// found names a value in a message.
func found(v cue.Value) string {
	switch v.IncompleteKind() {
	case cue.StructKind:
		return "a struct"
	case cue.ListKind:
		return "a list"
	}
	if field, ok := source(v).(*ast.Field); ok {
		if written, ok := field.Value.(*ast.BasicLit); ok {
			return abridge(written.Value)
		}
	}
	if !v.IsConcrete() {
		return "open (" + abridge(fmt.Sprint(v)) + ")"
	}
	return abridge(fmt.Sprint(v))
}

// abridge keeps quoted text to one line.
func abridge(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	const most = 200
	if runes := []rune(s); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return s
}

// plainly is the text of a CUE error without its path.
func plainly(err error) string {
	var said []string
	for ; err != nil; err = errors.Unwrap(err) {
		part := err.Error()
		if e, ok := err.(errors.Error); ok {
			format, args := e.Msg()
			part = fmt.Sprintf(format, args...)
		}
		if part != "" && part != "import failed" {
			said = append(said, part)
		}
	}
	return abridge(strings.Join(said, ": "))
}

func also(others []token.Position) string {
	if len(others) == 0 {
		return ""
	}
	return fmt.Sprintf("; the other is at %s:%d:%d", others[0].Filename, others[0].Line, others[0].Column)
}

// pathOf is a path such as metrics[3].window as CUE wants it. Its names are the schema's own, so none has a dot or a
// bracket, and there is no need for CUE's parser.
func pathOf(path string) cue.Path {
	var selectors []cue.Selector
	for name := range strings.SplitSeq(path, ".") {
		name, index, indexed := strings.Cut(name, "[")
		selectors = append(selectors, cue.Str(name))
		if n, err := strconv.Atoi(strings.TrimSuffix(index, "]")); indexed && err == nil {
			selectors = append(selectors, cue.Index(n))
		}
	}
	return cue.MakePath(selectors...)
}
