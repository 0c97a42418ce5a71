package schema

import (
	"bytes"

	"cuelang.org/go/cue/ast"

	"github.com/flyball-dev/flyball/engine"
)

// Screen refuses what no parser should see: too much, not UTF-8, characters that hide what is written, brackets in brackets
// without end.
func Screen(name string, text []byte) *engine.Problem { return screen(name, text) }

// Documents reads JSON or YAML that somebody else's tool understands as the syntax of the same CUE, which keeps places. A YAML
// file may hold several documents. What no parser should see is refused, as in policies.
func Documents(name string, text []byte) ([]ast.Expr, []engine.Problem) {
	if p := screen(name, text); p != nil {
		return nil, []engine.Problem{*p}
	}
	if start := bytes.TrimSpace(text); start[0] == '{' || start[0] == '[' {
		expr, problems := parseData(file{path: name, kind: jsonFile, text: text})
		if problems != nil {
			return nil, problems
		}
		return []ast.Expr{expr}, nil
	}
	parsed, p := parseYAML(name, text)
	if p != nil {
		return nil, []engine.Problem{*p}
	}
	d := data{file: name}
	expr := whole(parsed)
	d.check(expr, 0)
	if len(d.problems) > 0 {
		return nil, d.problems
	}
	if several, ok := expr.(*ast.ListLit); ok {
		return several.Elts, nil
	}
	return []ast.Expr{expr}, nil
}
