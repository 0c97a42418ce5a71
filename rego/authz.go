package rego

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/storage/inmem"

	"github.com/flyball-dev/flyball/engine"
)

// authzPackage is the one that decides who may use the API, shipped or replaced.
const authzPackage = "flyball.authz"

//go:embed authz.rego
var authzShipped []byte

//go:embed schema/access/input.json
var accessSchema []byte // made from the CUE: schema.AccessJSONSchema

// Access is one request to the API, as the rules see it.
type Access struct {
	Actor     Actor
	Action    string // read, scale, …
	Operation string // of the API's description
	Method    string
	Path      string
	Service   string // that it is about; empty: none
	Policy    string // that it is about; empty: none
}

// Actor is who asks.
type Actor struct {
	Name   string
	Kind   string // token, session or anonymous
	Role   string // viewer, operator or admin; empty of who is anonymous
	Scopes []string
}

// Authorizer decides who may use the API. It is safe for concurrent use.
type Authorizer struct {
	rules *Rules
	query query
}

// NewAuthorizer compiles the rules of a file, or where it has no text those that flyball ships. The Authorizer is nil where a
// problem is an error.
func NewAuthorizer(ctx context.Context, own File) (*Authorizer, []engine.Problem) {
	if len(own.Text) == 0 {
		own = File{Path: "flyball/authz.rego", Text: authzShipped}
	}
	module, problems := parseFile(own)
	if module == nil || anyError(problems) {
		return nil, problems
	}
	at := func(message string) []engine.Problem {
		return append(problems, engine.Problem{File: own.Path, Line: module.Package.Location.Row, Column: module.Package.Location.Col, Message: message})
	}
	if name := packageName(module); name != authzPackage {
		return nil, at(fmt.Sprintf("package %s is not %s, which decides who may use the API", name, authzPackage))
	}
	var schema any
	if err := json.Unmarshal(accessSchema, &schema); err != nil {
		return nil, at(fmt.Sprintf("read the schema of the input: %v", err))
	}
	set := ast.NewSchemaSet()
	set.Put(ast.SchemaRootRef, schema)
	compiler := newCompiler().WithSchemas(set)
	if compiler.Compile(map[string]*ast.Module{own.Path: module}); compiler.Failed() {
		return nil, append(problems, compileProblems(compiler.Errors)...)
	}
	r := &Rules{compiler: compiler, store: inmem.New(), limit: deadline}
	ref := ast.MustParseRef("data." + authzPackage + ".decision")
	rules := compiler.GetRulesExact(ref)
	if len(rules) == 0 {
		return nil, at(`there is no rule named decision; write one such as default decision := {"allow": false, "reason": "not said to be allowed"}`)
	}
	body, err := r.bind(ref, rules)
	if err != nil {
		return nil, at(err.Error())
	}
	if r.txn, err = r.store.NewTransaction(ctx); err != nil {
		return nil, at(fmt.Sprintf("open the rules' empty store: %v", err))
	}
	return &Authorizer{r, query{body: body}}, problems
}

// Authorize decides on a request, and says why. Every error is a *RuleError, and a refusal.
func (a *Authorizer) Authorize(ctx context.Context, access Access) (allowed bool, reason string, err error) {
	value, code, err := a.rules.ask(ctx, a.query, access.document(), time.Time{}, nil)
	switch {
	case err != nil:
	case value == nil:
		code, err = RuleUndefined, errors.New(`undefined for this input; give it a default: {"allow": false, "reason": "…"}`)
	default:
		code = RuleShape
		allowed, reason, err = readDecision(value.Value)
	}
	if err != nil {
		return false, "the rules of access give no usable answer", &RuleError{Code: code, Rule: "data." + authzPackage + ".decision", Err: err}
	}
	return allowed, reason, nil
}

func readDecision(v ast.Value) (allowed bool, reason string, err error) {
	err = fields(v, "decision", []string{"allow", "reason"}, func(key string, v ast.Value) (err error) {
		switch key {
		case "allow":
			is, ok := v.(ast.Boolean)
			if !ok {
				return fmt.Errorf("%s, not true or false", describe(v))
			}
			allowed = bool(is)
		case "reason":
			reason, err = text(v)
		default:
			err = errors.New("no such field; there are allow and reason")
		}
		return err
	})
	return allowed, reason, err
}

// document is the input. What is empty is not in it, but for the role and the scopes of an actor.
func (a Access) document() *ast.Term {
	items := [][2]*ast.Term{said("actor", object(
		said("name", ast.StringTerm(a.Actor.Name)),
		said("kind", ast.StringTerm(a.Actor.Kind)),
		said("role", ast.StringTerm(a.Actor.Role)),
		said("scopes", list(a.Actor.Scopes, ast.StringTerm)),
	))}
	for _, f := range [...]struct{ name, value string }{
		{"action", a.Action}, {"operation", a.Operation}, {"method", a.Method}, {"path", a.Path}, {"service", a.Service}, {"policy", a.Policy},
	} {
		if f.value != "" {
			items = append(items, said(f.name, ast.StringTerm(f.value)))
		}
	}
	return object(items...)
}

func said(key string, value *ast.Term) [2]*ast.Term { return ast.Item(ast.InternedTerm(key), value) }

// TestAccess runs the tests of rules of access, in the same sandbox. An error means that the tests could not be run at all; what
// is wrong with the files is in the report.
func TestAccess(ctx context.Context, own File, tests []File) (Report, error) {
	modules := map[string]*ast.Module{}
	var problems []engine.Problem
	for _, f := range append([]File{own}, tests...) {
		m, found := parseFile(f)
		problems = append(problems, found...)
		modules[f.Path] = m
	}
	if anyError(problems) {
		return Report{Problems: problems}, nil
	}
	return runTests(ctx, modules, []File{own})
}
