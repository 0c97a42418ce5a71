package app

import (
	"context"
	"fmt"
	"strings"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/store"
	"github.com/flyball-dev/flyball/rego"
	"github.com/flyball-dev/flyball/schema"
)

// Loaded is a folder of policies, checked, with its rules compiled.
type Loaded struct {
	schema.Set
	Rules     *rego.Rules
	documents []store.Document // that the posted ones of it are, and those that are left out
	whole     bool             // they are known
	Access    *rego.Authorizer // the author's, or those that are shipped; nil where they can't be used
}

// Load reads and checks a folder or a file, and beside it what was posted, rules and all. An error means that it could not be
// read; what is wrong with its content is in Problems, and Rules is nil where that stops the rules from being compiled.
func Load(ctx context.Context, read Reader, path string, posted ...schema.Posted) (Loaded, error) {
	set, err := read(ctx, path, posted...)
	if err != nil {
		return Loaded{}, err
	}
	rules, problems := rego.Compile(ctx, files(set.Rules), set.Policies, schema.InputSchema)
	for round := 0; rules == nil && leaveOut(&set, problems, round > 0); round++ {
		rules, problems = rego.Compile(ctx, files(set.Rules), set.Policies, schema.InputSchema)
	}
	loaded := Loaded{Set: set, Rules: rules}
	loaded.Problems = append(loaded.Problems, schema.Placed(path, atAsks(set, problems))...)
	loaded.Access, problems = rego.NewAuthorizer(ctx, rego.File(set.Authz.File))
	problems = append(problems, lockedOut(ctx, loaded.Access, set.Authz.File.Path)...)
	loaded.Problems = append(loaded.Problems, schema.Placed(path, problems)...)
	return loaded, nil
}

// atAsks moves what is wrong with a strategy from its policy to where the author named it.
func atAsks(set schema.Set, problems []engine.Problem) []engine.Problem {
	for i, p := range problems {
		for n, ask := range set.Asks[p.Policy] {
			if p.Path != fmt.Sprintf("strategies[%d]", n) || ask.Line == 0 {
				continue
			}
			p.File, p.Line, p.Column, p.Path = ask.File, ask.Line, ask.Column, ask.Field
			p.Message = ask.Field + strings.TrimPrefix(p.Message, "strategy")
			problems[i] = p
		}
	}
	return problems
}

func files(of []schema.RegoFile) []rego.File {
	out := make([]rego.File, len(of))
	for i, f := range of {
		out[i] = rego.File(f)
	}
	return out
}

// Invalid is a set of policies that can't be used.
type Invalid struct{ Problems []engine.Problem }

// Error lists what is wrong, a line each.
func (e Invalid) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// load is Load, and an Invalid where what was read can't be used.
func load(ctx context.Context, o Options, by lookout) (Loaded, error) {
	l, err := Load(ctx, o.Read, o.Policies, posted(by.documents)...)
	l.documents, l.whole = by.documents, by.known
	if errs := l.Errors(); err == nil && len(errs) > 0 {
		err = Invalid{errs}
	}
	return l, err
}

// NotFound says that a policy is not there, and which are.
type NotFound string

func (e NotFound) Error() string { return string(e) }

// Policy finds a policy by name; an empty name finds the only one.
func (l Loaded) Policy(name string) (engine.Policy, error) {
	var names []string
	for _, p := range l.Policies {
		if p.Name == name || name == "" && len(l.Policies) == 1 {
			return p, nil
		}
		names = append(names, p.Name)
	}
	there := strings.Join(names, ", ")
	switch {
	case len(names) == 0:
		return engine.Policy{}, NotFound("there is no policy here")
	case name == "":
		return engine.Policy{}, NotFound("which policy? There is " + there)
	}
	return engine.Policy{}, NotFound(fmt.Sprintf("no policy %q; there is %s", name, there))
}
