package rego

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/flyball-dev/flyball/engine"
)

// checkInput types the author's rules against the input of each policy that uses them.
func checkInput(modules map[string]*ast.Module, policies []engine.Policy, inputSchema func(engine.Policy) ([]byte, error)) []engine.Problem {
	var problems []engine.Problem
	checked := map[string]bool{}
	for _, p := range policies {
		packages := own(p)
		if len(packages) == 0 {
			continue // flyball's own tests hold its strategies to the schema
		}
		text, err := inputSchema(p)
		if err != nil {
			problems = append(problems, atPolicy(p, fmt.Sprintf("make the schema of the rule's input: %v", err)))
			continue
		}
		for _, pkg := range packages {
			key := pkg + "\n" + string(text)
			if checked[key] {
				continue // policies that watch the same metrics have the same input
			}
			checked[key] = true
			found, err := checkAgainst(text, reach(modules, pkg))
			if err != nil {
				problems = append(problems, atPolicy(p, fmt.Sprintf("read the schema of the rule's input: %v", err)))
			}
			for _, problem := range found {
				problem.Policy = p.Name
				problems = append(problems, problem)
			}
		}
	}
	return problems
}

// own are the author's packages that a policy asks: its strategies, and those of the metrics that rules compute.
func own(p engine.Policy) []string {
	var packages []string
	for _, strategy := range p.Strategies {
		if pkg := packageOf(strategy); !strings.HasPrefix(pkg, strategies) {
			packages = append(packages, pkg)
		}
	}
	for _, m := range p.Metrics {
		if at := strings.LastIndex(m.Rule, "."); at > 0 && !slices.Contains(packages, m.Rule[:at]) {
			packages = append(packages, m.Rule[:at])
		}
	}
	return packages
}

func checkAgainst(schema []byte, modules map[string]*ast.Module) ([]engine.Problem, error) {
	var raw any
	if err := json.Unmarshal(schema, &raw); err != nil {
		return nil, err
	}
	set := ast.NewSchemaSet()
	set.Put(ast.SchemaRootRef, raw)
	compiler := newCompiler().WithSchemas(set)
	compiler.Compile(modules)
	return compileProblems(compiler.Errors), nil
}

// reach is the modules of a package and of what they refer to, directly or not.
func reach(modules map[string]*ast.Module, pkg string) map[string]*ast.Module {
	reached := map[string]*ast.Module{}
	var visit func(ref ast.Ref)
	visit = func(ref ast.Ref) {
		for _, file := range slices.Sorted(maps.Keys(modules)) {
			m := modules[file]
			path := m.Package.Path
			if reached[file] != nil || !ref.HasPrefix(path) && !path.HasPrefix(ref) {
				continue
			}
			reached[file] = m
			ast.WalkRefs(m, func(r ast.Ref) bool {
				if r.HasPrefix(ast.DefaultRootRef) && len(r) > 1 {
					visit(r.GroundPrefix())
				}
				return false
			})
			visit(path)
		}
	}
	if ref, err := ast.ParseRef("data." + pkg); err == nil {
		visit(ref)
	}
	return reached
}
