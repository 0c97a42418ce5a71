package rego

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/flyball-dev/flyball/engine"
)

// parse parses an author's modules beside the library. Copies of the library, which `flyball init --rules` lays down
// for plain OPA, are left out; one that differs is a warning, because it is not what runs.
func parse(own []File) (map[string]*ast.Module, []engine.Problem) {
	var problems []engine.Problem
	modules := map[string]*ast.Module{}
	library := Library()
	for _, f := range library {
		m, found := parseFile(f)
		modules[f.Path] = m
		problems = append(problems, found...)
	}
	for _, f := range own {
		m, found := parseFile(f)
		problems = append(problems, found...)
		if m == nil {
			continue
		}
		if name := packageName(m); name != "flyball" && !strings.HasPrefix(name, "flyball.") {
			modules[f.Path] = m
			continue
		}
		at := engine.Problem{File: f.Path, Line: m.Package.Location.Row, Column: m.Package.Location.Col}
		original := slices.IndexFunc(library, func(l File) bool {
			return path.Base(l.Path) == path.Base(f.Path) && packageName(modules[l.Path]) == packageName(m)
		})
		switch {
		case original < 0:
			at.Message = fmt.Sprintf("package %s is flyball's own; name the package after the service, such as shop.checkout", packageName(m))
		case !bytes.Equal(library[original].Text, f.Text):
			at.Warning, at.Rule = true, "vendored-copy"
			at.Message = fmt.Sprintf("this copy of %s differs from the one that runs; `flyball init --rules` refreshes it", library[original].Path)
		default:
			continue
		}
		problems = append(problems, at)
	}
	return modules, problems
}

func parseFile(f File) (*ast.Module, []engine.Problem) {
	m, err := ast.ParseModuleWithOpts(f.Path, string(f.Text), ast.ParserOptions{
		RegoVersion:       ast.RegoV1,
		ProcessAnnotation: true,
		Capabilities:      capabilities(),
	})
	if err != nil {
		var list ast.Errors
		var one *ast.Error
		switch {
		case errors.As(err, &list):
		case errors.As(err, &one):
			list = ast.Errors{one}
		default:
			return nil, []engine.Problem{{File: f.Path, Message: err.Error()}}
		}
		return nil, compileProblems(list)
	}
	return m, hugeNumbers(m)
}

// hugeNumbers finds the numbers that no float holds. OPA would spell them out digit by digit.
func hugeNumbers(m *ast.Module) []engine.Problem {
	var problems []engine.Problem
	ast.WalkTerms(m, func(t *ast.Term) bool {
		n, ok := t.Value.(ast.Number)
		if !ok {
			return false
		}
		if v, err := strconv.ParseFloat(string(n), 64); err != nil || math.IsInf(v, 0) {
			problems = append(problems, engine.Problem{
				File: t.Location.File, Line: t.Location.Row, Column: t.Location.Col,
				Message: fmt.Sprintf("number %.20s is out of range; the largest is %.3g", n, math.MaxFloat64),
			})
		}
		return false
	})
	return problems
}

// compileProblems words what OPA found, each once and in the order of the files.
func compileProblems(list ast.Errors) []engine.Problem {
	var problems []engine.Problem
	for _, e := range list {
		p := engine.Problem{Message: wording(e)}
		if e.Location != nil {
			p.File, p.Line, p.Column = e.Location.File, e.Location.Row, max(1, e.Location.Col)
		}
		problems = append(problems, p)
	}
	slices.SortFunc(problems, compareProblems)
	// At the end of a file the parser says the same twice, the second time with what it expected.
	last := 0
	for i, p := range problems {
		before := problems[last]
		if i > 0 && (p.File != before.File || p.Line != before.Line || p.Column != before.Column || !strings.HasPrefix(p.Message, before.Message)) {
			last++
		}
		problems[last] = p
	}
	return problems[:min(len(problems), last+1)]
}

func compareProblems(a, b engine.Problem) int {
	if c := strings.Compare(a.File, b.File); c != 0 {
		return c
	}
	if a.Line != b.Line {
		return a.Line - b.Line
	}
	if a.Column != b.Column {
		return a.Column - b.Column
	}
	return strings.Compare(a.Message, b.Message)
}

// wording says what was found, what is allowed and the mend.
func wording(e *ast.Error) string {
	if name, ok := strings.CutPrefix(e.Message, "undefined function "); ok && ast.BuiltinMap[name] != nil {
		return fmt.Sprintf("%s is not allowed in rules: %s", name, refusal(name))
	}
	switch d := e.Details.(type) {
	case *ast.RefErrInvalidDetail:
		if len(d.OneOf) > 0 {
			names := make([]string, len(d.OneOf))
			for i, v := range d.OneOf {
				names[i] = strings.Trim(v.String(), `"`)
			}
			slices.Sort(names)
			return fmt.Sprintf("%s does not exist; there are: %s", d.Ref, strings.Join(names, ", "))
		}
	case *ast.RefErrUnsupportedDetail:
		return fmt.Sprintf("%s does not exist: %s is a single value", d.Ref, d.Ref[:d.Pos+1])
	}
	return e.Message
}

// atPolicy is a problem at the place of a policy.
func atPolicy(p engine.Policy, message string) engine.Problem {
	problem := engine.Problem{File: p.File, Policy: p.Name, Path: "strategy", Message: message}
	if i := strings.LastIndexByte(p.File, ':'); i > 0 {
		if line, err := strconv.Atoi(p.File[i+1:]); err == nil {
			problem.File, problem.Line, problem.Column = p.File[:i], line, 1
		}
	}
	return problem
}

func anyError(problems []engine.Problem) bool {
	return slices.ContainsFunc(problems, func(p engine.Problem) bool { return !p.Warning })
}
