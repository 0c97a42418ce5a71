package rego

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/flyball-dev/flyball/engine"
)

// codeForm is how a reason's code is written.
var codeForm = regexp.MustCompile(`^[A-Z][A-Za-z0-9]*$`)

// Codes are the codes that reasons can have: each constant in the modules that reads like one, and those of rules without a
// usable answer. all is false where a rule of the author's that the policy asks makes up a code, which can then be any.
func (r *Rules) Codes(p engine.Policy) (codes []string, all bool) {
	found := map[string]bool{RuleUndefined: true, RuleConflict: true, RuleShape: true, RuleFailed: true, RuleTimeout: true}
	for _, m := range r.compiler.Modules {
		ast.WalkTerms(m, func(t *ast.Term) bool {
			if s, ok := t.Value.(ast.String); ok && codeForm.MatchString(string(s)) {
				found[string(s)] = true
			}
			return false
		})
	}
	all = true
	for _, pkg := range own(p) {
		for _, m := range reach(r.compiler.Modules, pkg) {
			all = all && (strings.HasPrefix(packageName(m)+".", "flyball.") || !makesUpCodes(m))
		}
	}
	return slices.Sorted(maps.Keys(found)), all
}

// makesUpCodes says whether a module gives something a code that is no constant.
func makesUpCodes(m *ast.Module) bool {
	madeUp := false
	see := func(key, value *ast.Term) {
		if k, ok := key.Value.(ast.String); ok && k == "code" {
			_, constant := value.Value.(ast.String)
			madeUp = madeUp || !constant
		}
	}
	ast.WalkTerms(m, func(t *ast.Term) bool {
		switch v := t.Value.(type) {
		case ast.Object:
			v.Foreach(see)
		case *ast.ObjectComprehension:
			see(v.Key, v.Value)
		}
		return false
	})
	ast.WalkRules(m, func(rule *ast.Rule) bool {
		if head := rule.Head; head.Value != nil && len(head.Reference) > 1 {
			see(head.Reference[len(head.Reference)-1], head.Value)
		}
		return false
	})
	return madeUp
}
