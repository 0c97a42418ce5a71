package schema

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/token"

	"github.com/flyball-dev/flyball/engine"
)

// Posted is a policy that came by the API. It is JSON, stands in no file, and is held to the same as those that do.
type Posted struct {
	Name    string // it may say the same, and no other
	Body    []byte
	Instead bool // of the one in files that has its name, where there is one
}

// Left is a posted policy that is not in the set, and why.
type Left struct {
	Name     string
	Problems []engine.Problem
	Rival    bool // nothing is wrong with it but that another policy has its name, or acts on its service
	Unread   bool // nobody could look at it
}

// PostedAt is where problems of a posted policy say that it is.
func PostedAt(name string) string { return "api/" + name }

// post reads a posted policy. It goes behind all that stands in files: where they are at odds it is the one that is left out.
func (l *loading) post(p Posted) {
	w, problems := l.posted(p)
	if len(problems) > 0 {
		l.set.Left = append(l.set.Left, Left{Name: p.Name, Problems: problems})
		return
	}
	if p.Instead {
		l.policies = slices.DeleteFunc(l.policies, func(w *written) bool { return !w.api && cmp.Or(w.policy.Name, w.name) == p.Name })
	}
	w.api = true
	if p.Name != "" {
		w.name = p.Name
	}
	if w.sound("name") && p.Name != "" && w.policy.Name != p.Name {
		w.report(w.place("name"), "name", "name is %q, and the policy is %q already; a policy keeps its name: write it, or leave it out", w.policy.Name, p.Name)
		w.policy.Name = p.Name
	}
	l.policies = append(l.policies, w)
}

func (l *loading) posted(p Posted) (*written, []engine.Problem) {
	f := file{path: PostedAt(p.Name), kind: jsonFile, text: p.Body}
	if problem := screen(f.path, f.text); problem != nil {
		return nil, []engine.Problem{*problem}
	}
	expr, problems := parseData(f)
	if len(problems) > 0 {
		return nil, problems
	}
	if at, n := biggest(expr); n > maxPosted {
		place := at.Position()
		return nil, []engine.Problem{{File: f.path, Line: place.Line, Column: place.Column, Policy: p.Name, Message: fmt.Sprintf(
			"a list or struct has %d entries here; allowed by API are %d: write it in a file", n, maxPosted)}}
	}
	v := l.ctx.BuildExpr(expr)
	var w walk
	if v.IncompleteKind() != cue.StructKind {
		w.report(valuePlace(v), "", "it is %s; allowed: one policy, such as {\"name\": \"backend\", \"service\": \"backend\", …}", found(v))
		return nil, w.problems
	}
	for field, why := range map[string]string{
		"config":   "config is the operator's, and stands in files alone; remove it",
		"policies": "policies stands for several; allowed: one policy at a time, its fields at the top",
	} {
		if at := v.LookupPath(pathOf(field)); at.Exists() {
			w.report(labelPlace(at), field, "%s", why)
		}
	}
	if len(w.problems) > 0 {
		return nil, arrange(w.problems)
	}
	return l.readPolicy(v, p.Name), nil
}

// maxPosted is how many entries a list of a posted policy may have: what is compared with each other takes time by the square.
const maxPosted = 200

// biggest is the list or struct with the most entries, and how many it has.
func biggest(expr ast.Expr) (at token.Pos, most int) {
	ast.Walk(expr, func(n ast.Node) bool {
		entries := 0
		switch n := n.(type) {
		case *ast.ListLit:
			entries = len(n.Elts)
		case *ast.StructLit:
			entries = len(n.Elts)
		}
		if entries > most {
			at, most = n.Pos(), entries
		}
		return true
	}, nil)
	return at, most
}

// leaveOut takes posted policies with an error out of the set: they keep nobody else from being read.
func (l *loading) leaveOut() {
	l.policies = slices.DeleteFunc(l.policies, func(w *written) bool {
		if !w.api || !w.broken() {
			return false
		}
		l.set.Left = append(l.set.Left, Left{Name: w.name, Problems: arrange(w.problems), Rival: w.rival})
		return true
	})
	slices.SortStableFunc(l.set.Left, func(a, b Left) int { return strings.Compare(a.Name, b.Name) })
}

// broken says that there is an error in the policy.
func (w *written) broken() bool {
	return slices.ContainsFunc(w.problems, func(p engine.Problem) bool { return !p.Warning })
}
