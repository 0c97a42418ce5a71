package schema

import (
	"bytes"
	stdjson "encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/literal"
	"cuelang.org/go/cue/token"
	"cuelang.org/go/encoding/json"
	"cuelang.org/go/encoding/yaml"

	"github.com/flyball-dev/flyball/engine"
)

// parseData reads a JSON or YAML file into the syntax of the same CUE, which keeps its places.
func parseData(f file) (ast.Expr, []engine.Problem) {
	var expr ast.Expr
	switch f.kind {
	case jsonFile:
		if p := screenJSON(f.path, f.text); p != nil {
			return nil, []engine.Problem{*p}
		}
		parsed, err := json.Extract(f.path, f.text)
		if err != nil {
			return nil, syntaxProblems(f.path, err)
		}
		expr = parsed
	default:
		if at := secondDocument(f.text); at > 0 {
			return nil, []engine.Problem{{File: f.path, Line: at, Column: 1,
				Message: "a second YAML document begins here; allowed: one document a file; put it in a file of its own"}}
		}
		parsed, p := parseYAML(f.path, f.text)
		if p != nil {
			return nil, []engine.Problem{*p}
		}
		expr = whole(parsed)
		if _, nothing := expr.(*ast.BinaryExpr); nothing { // null or anything, which data never is
			return nil, []engine.Problem{{File: f.path, Message: empty(f.path)}}
		}
	}
	d := data{file: f.path}
	d.check(expr, 0)
	if len(d.problems) > 0 {
		return nil, d.problems
	}
	return expr, nil
}

// screenJSON refuses what is not one JSON value, at the place where it stops being one.
func screenJSON(path string, text []byte) *engine.Problem {
	var raw stdjson.RawMessage
	err := stdjson.Unmarshal(text, &raw)
	var syntax *stdjson.SyntaxError
	if !errors.As(err, &syntax) {
		return nil
	}
	offset := max(0, min(int(syntax.Offset)-1, len(text)))
	before := text[:offset]
	return &engine.Problem{File: path, Line: 1 + bytes.Count(before, []byte("\n")), Column: offset - bytes.LastIndexByte(before, '\n'),
		Message: "not JSON: " + syntax.Error()}
}

// parseYAML refuses what ends a line to YAML alone: CUE's reader counts lines without it, and loses its way.
func parseYAML(path string, text []byte) (*ast.File, *engine.Problem) {
	for i, r := range string(text) {
		if r == '\u0085' || r == '\u2028' || r == '\u2029' || r == '\r' && !bytes.HasPrefix(text[i+1:], []byte("\n")) {
			before := text[:i]
			return nil, &engine.Problem{File: path, Line: 1 + bytes.Count(before, []byte("\n")), Column: i - bytes.LastIndexByte(before, '\n'),
				Message: fmt.Sprintf("the character U+%04X ends a line here, to YAML alone; end lines with a line feed (U+000A)", r)}
		}
	}
	parsed, err := yaml.Extract(path, text)
	if err != nil {
		p := yamlProblem(path, err)
		return nil, &p
	}
	return parsed, nil
}

// yamlProblem takes file and line out of a parser's message, where they stand in front.
func yamlProblem(path string, err error) engine.Problem {
	p := syntaxProblems(path, err)[0]
	said := strings.TrimPrefix(strings.TrimPrefix(p.Message, path+":"), " ")
	if line, rest, found := strings.Cut(said, ": "); found {
		if n, err := strconv.Atoi(line); err == nil {
			p.Line, p.Column, said = n, 1, rest
		}
	}
	p.Message = "not YAML: " + said
	return p
}

// whole is a file of data as one expression.
func whole(f *ast.File) ast.Expr {
	if len(f.Decls) == 1 {
		if embedded, ok := f.Decls[0].(*ast.EmbedDecl); ok {
			return embedded.Expr
		}
	}
	return &ast.StructLit{Elts: f.Decls}
}

// secondDocument is the line of the marker that begins another YAML document, or 0. A marker before any content, or
// with nothing after it, begins none.
func secondDocument(text []byte) int {
	marker, content := 0, false
	for i, line := range bytes.Split(text, []byte("\n")) {
		line := strings.TrimRight(string(line), " \t\r")
		switch {
		case line == "---" || strings.HasPrefix(line, "--- "):
			if content {
				marker = i + 1
			}
			content = content || len(line) > 4
		case line == "" || strings.HasPrefix(strings.TrimLeft(line, " "), "#") || strings.HasPrefix(line, "%") || line == "...":
		default:
			if marker > 0 {
				return marker
			}
			content = true
		}
	}
	return 0
}

// data finds what the syntax of JSON and YAML lets through.
type data struct {
	file     string
	problems []engine.Problem
}

func (d *data) report(pos token.Pos, format string, args ...any) {
	p := pos.Position()
	d.problems = append(d.problems, engine.Problem{File: d.file, Line: p.Line, Column: p.Column, Message: fmt.Sprintf(format, args...)})
}

func (d *data) check(expr ast.Expr, depth int) {
	if depth > maxDepth {
		d.report(expr.Pos(), "values are nested deeper than %d; write it flatter", maxDepth)
		return
	}
	switch x := expr.(type) {
	case *ast.StructLit:
		first := map[string]token.Pos{}
		for _, decl := range x.Elts {
			field, ok := decl.(*ast.Field)
			if !ok {
				continue
			}
			name, _, err := ast.LabelName(field.Label)
			if err != nil {
				continue
			}
			if earlier, ok := first[name]; ok {
				at := earlier.Position()
				d.report(field.Pos(), "field %q is written twice, first at %s:%d:%d; remove one", abridge(name), d.file, at.Line, at.Column)
				continue
			}
			first[name] = field.Pos()
			d.check(field.Value, depth+1)
		}
	case *ast.ListLit:
		for _, element := range x.Elts {
			d.check(element, depth+1)
		}
	case *ast.UnaryExpr:
		d.check(x.X, depth+1)
	case *ast.BasicLit:
		if (x.Kind == token.INT || x.Kind == token.FLOAT) && !usable(x.Value) {
			d.report(x.Pos(), "%s", unusable(x.Value))
		}
	}
}

// usable says whether a number can be held by a float64; others are refused before anything tries to write them out.
func usable(number string) bool {
	var info literal.NumInfo
	return literal.ParseNum(number, &info) == nil && exponent(number) <= 300 && len(number) <= 300
}

func unusable(number string) string {
	return abridge(number) + " is not a number that can be used; allowed: a finite number"
}

// exponent is the size of a number's decimal exponent, at most 1000.
func exponent(literal string) int {
	_, digits, ok := strings.Cut(strings.ToLower(literal), "e")
	if !ok || strings.HasPrefix(strings.ToLower(literal), "0x") {
		return 0
	}
	digits = strings.TrimLeft(digits, "+-0")
	if len(digits) > 3 {
		return 1000
	}
	n := 0
	for _, c := range digits {
		n = 10*n + int(c-'0')
	}
	return n
}
