package rego

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/storage/inmem"

	"github.com/flyball-dev/flyball/engine"
)

// Rules are the strategies and an author's own rules, compiled. They are safe for concurrent use.
type Rules struct {
	compiler *ast.Compiler
	queries  map[string]query // by strategy
	metrics  map[string]query // by the rule of a computed metric
	store    storage.Store    // empty: rules have no data but themselves
	txn      storage.Transaction
	words    words
	memo     *memo
	bodies   map[string][]*ast.Expr // as they were written, by the place of their rules
	limit    time.Duration          // for one answer
}

// Patient are the same rules with far more time for an answer, for figures that must not depend on how busy the machine is.
func (r *Rules) Patient() *Rules {
	patient := *r
	patient.limit = patience
	return &patient
}

// Afresh are the same rules without a memory of what they answered: each answer is one that they give.
func (r *Rules) Afresh() *Rules {
	afresh := *r
	afresh.memo = nil
	return &afresh
}

// query asks for what one rule says.
type query struct {
	body  ast.Body
	needs needs
}

// Compile compiles the library, the strategies and an author's own modules, and looks up the rules of each policy.
// A strategy of a policy is the name of one that flyball ships (threshold), or a package of the author.
//
// inputSchema gives the JSON Schema of the input of one policy. The modules that the policy's rule reaches are held
// to it, so that a metric that the policy does not declare is found here. It may be nil.
//
// All problems are reported, at their places; those of a policy's strategy at the policy, with a path such as strategies[0]. Rules are nil when one of them is an error.
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
	r := &Rules{compiler: compiler, queries: map[string]query{}, metrics: map[string]query{}, store: inmem.New(), words: newWords(policies), memo: &memo{last: map[memoKey]remembered{}}, bodies: bodiesOf(modules), limit: deadline}
	for _, p := range policies {
		problems = append(problems, r.calculators(p)...)
		for i, strategy := range p.Strategies {
			if r.queries[strategy].body != nil {
				continue
			}
			pkg := packageOf(strategy)
			body, err := r.prepare(pkg)
			if err != nil {
				wrong := atPolicy(p, err.Error())
				wrong.Path = fmt.Sprintf("strategies[%d]", i)
				problems = append(problems, wrong)
				continue
			}
			r.queries[strategy] = query{body: body, needs: needsOf(reach(compiler.Modules, pkg))}
		}
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
	body, err := r.bind(ref, rules)
	if err != nil {
		return nil, fmt.Errorf("strategy %q: %w", pkg, err)
	}
	return body, nil
}

// calculators compiles the queries for the metrics of a policy that rules compute.
func (r *Rules) calculators(p engine.Policy) []engine.Problem {
	var problems []engine.Problem
	for _, m := range p.Metrics {
		if m.Rule == "" || r.metrics[m.Rule].body != nil {
			continue
		}
		ref, err := ast.ParseRef("data." + m.Rule)
		if err != nil || !ref.IsGround() {
			problems = append(problems, atPolicy(p, fmt.Sprintf("metric %s: rule %q is not the name of a Rego rule", m.Name, m.Rule)))
			continue
		}
		rules := r.compiler.GetRulesExact(ref)
		if len(rules) == 0 {
			problems = append(problems, atPolicy(p, fmt.Sprintf("metric %s: there is no Rego rule %s beside the policy", m.Name, ref)))
			continue
		}
		body, err := r.bind(ref, rules)
		if err != nil {
			problems = append(problems, atPolicy(p, fmt.Sprintf("metric %s: %v", m.Name, err)))
			continue
		}
		r.metrics[m.Rule] = query{body: body, needs: needsOf(reach(r.compiler.Modules, packageName(rules[0].Module)))}
	}
	return problems
}

// bind compiles the query that binds answer to what rules say.
func (r *Rules) bind(ref ast.Ref, rules []*ast.Rule) (ast.Body, error) {
	if at := slices.IndexFunc(rules, func(rule *ast.Rule) bool { return len(rule.Head.Args) > 0 }); at >= 0 {
		return nil, fmt.Errorf("%s is a function; write it without arguments, it reads input", ref)
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
	if near := engine.Nearest(pkg, packages); near != "" {
		return fmt.Errorf("strategy %q: there is no such Rego package beside the policy; did you mean %q?", pkg, near)
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
