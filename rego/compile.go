package rego

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/storage/inmem"

	"github.com/flyball-dev/flyball/engine"
)

// Rules are the strategies and an author's own rules, compiled. They are safe for concurrent use.
type Rules struct {
	compiler *ast.Compiler
	queries  map[string]query // by strategy
	store    storage.Store    // empty: rules have no data but themselves
	txn      storage.Transaction
	words    words
}

// query asks for the recommendation of one strategy.
type query struct {
	body  ast.Body
	needs needs
}

// Compile compiles the library, the strategies and an author's own modules, and looks up the rule of each policy.
// The strategy of a policy is the name of one that flyball ships (threshold), or a package of the author.
//
// inputSchema gives the JSON Schema of the input of one policy. The modules that the policy's rule reaches are held
// to it, so that a metric that the policy does not declare is found here. It may be nil.
//
// All problems are reported, at their places. Rules are nil when one of them is an error.
func Compile(ctx context.Context, own []File, policies []engine.Policy, inputSchema func(engine.Policy) ([]byte, error)) (*Rules, []engine.Problem) {
	modules, problems := parse(own)
	if anyError(problems) {
		return nil, problems
	}
	compiler := newCompiler()
	compiler.Compile(modules)
	if compiler.Failed() {
		return nil, append(problems, compileProblems(compiler.Errors)...)
	}
	r := &Rules{compiler: compiler, queries: map[string]query{}, store: inmem.New(), words: newWords(policies)}
	for _, p := range policies {
		if r.queries[p.Strategy].body != nil {
			continue
		}
		pkg := packageOf(p.Strategy)
		body, err := r.prepare(pkg)
		if err != nil {
			problems = append(problems, atPolicy(p, err.Error()))
			continue
		}
		r.queries[p.Strategy] = query{body: body, needs: needsOf(reach(compiler.Modules, pkg))}
	}
	if inputSchema != nil {
		problems = append(problems, checkInput(modules, policies, inputSchema)...)
	}
	if anyError(problems) {
		return nil, problems
	}
	var err error
	if r.txn, err = r.store.NewTransaction(ctx); err != nil {
		return nil, append(problems, engine.Problem{Message: fmt.Sprintf("open the rules' empty store: %v", err)})
	}
	return r, problems
}

// prepare compiles the query for the recommendation of a package.
func (r *Rules) prepare(pkg string) (ast.Body, error) {
	ref, err := ast.ParseRef("data." + pkg + ".recommendation")
	if err != nil || !ref.IsGround() {
		return nil, fmt.Errorf("strategy %q is not the name of a Rego package", pkg)
	}
	rules := r.compiler.GetRulesWithPrefix(ref)
	if len(rules) == 0 {
		return nil, r.noRule(pkg)
	}
	if at := slices.IndexFunc(rules, func(rule *ast.Rule) bool { return len(rule.Head.Args) > 0 }); at >= 0 {
		return nil, fmt.Errorf("strategy %q: %s is a function; write it without arguments, it reads input",
			pkg, ref)
	}
	return r.compiler.QueryCompiler().Compile(ast.NewBody(ast.Equality.Expr(ast.NewTerm(answer), ast.NewTerm(ref))))
}

// noRule says what there is in place of the package or the rule that a policy names.
func (r *Rules) noRule(pkg string) error {
	var packages []string
	for _, m := range r.compiler.Modules {
		name := packageName(m)
		switch {
		case name == pkg:
			return fmt.Errorf("strategy %q: the package has no rule named recommendation", pkg)
		case strings.HasPrefix(name, strategies):
			packages = append(packages, strings.TrimPrefix(name, strategies))
		case !strings.HasPrefix(name, "flyball."):
			packages = append(packages, name)
		}
	}
	slices.Sort(packages)
	return fmt.Errorf("strategy %q: there is no such Rego package beside the policy; there are: %s",
		pkg, strings.Join(slices.Compact(packages), ", "))
}

// strategies is the package that holds those that flyball ships.
const strategies = "flyball.strategy."

// packageOf is the Rego package that a strategy names.
func packageOf(strategy string) string {
	for _, f := range Library() {
		if f.Path == "flyball/strategy/"+strategy+".rego" {
			return strategies + strategy
		}
	}
	return strategy
}

func packageName(m *ast.Module) string {
	return strings.TrimPrefix(m.Package.Path.String(), "data.")
}

func newCompiler() *ast.Compiler {
	return ast.NewCompiler().WithCapabilities(capabilities()).WithStrict(true).SetErrorLimit(0)
}
