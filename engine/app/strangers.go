package app

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/guard"
	"github.com/flyball-dev/flyball/rego"
	"github.com/flyball-dev/flyball/schema"
)

// strangers are metrics that a scenario gives and its policy does not have.
func strangers(p engine.Policy, path string, file schema.Scenario) []engine.Problem {
	var problems []engine.Problem
	for _, s := range file.Steps {
		problems = append(problems, strangersAmong(s.Metrics, []engine.Policy{p}, engine.Problem{File: path, Line: s.Line, Column: 1})...)
	}
	return problems
}

// strangersAmong are readings, given at a place, of metrics that none of some policies has.
func strangersAmong(given map[string]engine.Reading, policies []engine.Policy, at engine.Problem) []engine.Problem {
	var owners, names []string
	for _, p := range policies {
		owners = append(owners, p.Name)
		for _, m := range p.Metrics {
			if !slices.Contains(names, m.Name) {
				names = append(names, m.Name)
			}
		}
	}
	whose := "policy " + owners[0]
	if len(owners) > 1 {
		whose = "policies " + strings.Join(owners, ", ")
	}
	var problems []engine.Problem
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if slices.Contains(names, name) {
			continue
		}
		at.Policy = owners[0]
		at.Message = fmt.Sprintf("metric %q is not one of %s; %s", name, whose, meant(name, names))
		problems = append(problems, at)
	}
	return problems
}

// unknownCodes are those that a scenario names and nothing can give: a test of one could never fail, or never pass.
func unknownCodes(rules *rego.Rules, p engine.Policy, file schema.Scenario) []engine.Problem {
	given, all := rules.Codes(p)
	if !all {
		return nil
	}
	given = append(given, guard.Codes()...)
	var problems []engine.Problem
	for _, c := range file.Codes {
		if slices.Contains(given, c.Code) {
			continue
		}
		mend := fmt.Sprintf("neither guard nor rules of policy %s give it", p.Name)
		if near := engine.Nearest(c.Code, given); near != "" {
			mend = fmt.Sprintf("did you mean %s?", near)
		}
		problems = append(problems, engine.Problem{File: c.File, Line: c.Line, Column: c.Column, Policy: p.Name, Path: c.Path,
			Message: fmt.Sprintf("unknown reason %q; %s", c.Code, mend)})
	}
	return problems
}

// meant names the nearest of some names, or else all of them.
func meant(word string, names []string) string {
	if near := engine.Nearest(word, names); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	return "allowed: " + strings.Join(names, ", ")
}
