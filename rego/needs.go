package rego

import (
	"github.com/open-policy-agent/opa/v1/ast"
)

// needs are the parts of input that most rules leave alone, and that cost as much as all others or are another each time: the
// time, and since when there was no change. Where no rule of a strategy can see them, they are not laid out.
type needs struct {
	metrics, events, at, since bool
}

// needsOf looks through compiled modules for what they may see of input.
func needsOf(modules map[string]*ast.Module) needs {
	var n needs
	for _, m := range modules {
		ast.WalkRefs(m, func(r ast.Ref) bool {
			n.metrics = n.metrics || mayRead(r, "metrics")
			n.events = n.events || mayRead(r, "history", "events")
			n.at = n.at || mayRead(r, "at")
			n.since = n.since || mayRead(r, "history", "seconds_since_scale")
			return false
		})
	}
	return n
}

// mayRead says whether a reference may reach a part of input: it goes there, or stops before, or turns off on a
// variable. A part of the path that is a variable may be anything.
func mayRead(r ast.Ref, path ...string) bool {
	if !r.HasPrefix(ast.InputRootRef) {
		return false
	}
	for i, name := range path {
		if i+1 >= len(r) {
			return true
		}
		if s, ok := r[i+1].Value.(ast.String); ok && string(s) != name {
			return false
		}
	}
	return true
}
