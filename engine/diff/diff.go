// Package diff says what changes in meaning between two revisions of policies, in the author's words, and which decisions
// do. It is pure.
package diff

import (
	"cmp"
	"slices"

	"github.com/flyball-dev/flyball/engine"
)

// Side is one revision: policies as checked, with defaults filled in.
type Side struct {
	Policies []engine.Policy
	Rules    map[string][]Package // by policy: what its own rules say
}

// Package is a Rego package of the author's, without comments, layout and the order of its rules.
type Package struct {
	Name  string
	Files []string
	Rules map[string]string // by name: the text
	Lines map[string]string // by name: the same as people read it
}

// Kind says what became of a policy.
type Kind string

const (
	Added   Kind = "added"
	Removed Kind = "removed"
	Changed Kind = "changed"
)

// Policy is a policy that differs.
type Policy struct {
	Name    string   `json:"name"`
	Kind    Kind     `json:"kind"`
	Service string   `json:"service"` // of the new one, unless it is gone
	Turn    Turn     `json:"turn,omitempty"`
	Means   string   `json:"means"`
	File    string   `json:"file"` // file:line of the new one, unless it is gone
	Changes []Change `json:"changes"`
}

// Turn says that a policy begins or stops to scale its service; empty: neither.
type Turn string

const (
	Begins Turn = "begins"
	Stops  Turn = "stops"
)

// Of is what differs: first the policies that begin or stop to act, then the others that act, then the rest.
func Of(old, new Side) []Policy {
	was, is := byName(old.Policies), byName(new.Policies)
	differ := []Policy{}
	acts := map[string]bool{}
	for _, p := range new.Policies {
		acts[p.Name] = acting(p)
		before, there := was[p.Name]
		if !there {
			differ = append(differ, Policy{p.Name, Added, p.Service, turn(false, acting(p)), added(p), p.File, []Change{}})
			continue
		}
		changes := changes(before, p)
		changes = append(changes, rules(old.Rules[p.Name], new.Rules[p.Name])...)
		if len(changes) > 0 {
			differ = append(differ, Policy{p.Name, Changed, p.Service, turn(acting(before), acting(p)), changed(before, p), p.File, changes})
		}
	}
	for _, p := range old.Policies {
		if _, there := is[p.Name]; !there {
			differ = append(differ, Policy{p.Name, Removed, p.Service, turn(acting(p), false), removed(p), p.File, []Change{}})
		}
	}
	rank := func(p Policy) int {
		switch {
		case p.Turn != "":
			return 0
		case acts[p.Name]:
			return 1
		}
		return 2
	}
	slices.SortFunc(differ, func(a, b Policy) int { return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a.Name, b.Name)) })
	return differ
}

func byName(policies []engine.Policy) map[string]engine.Policy {
	all := map[string]engine.Policy{}
	for _, p := range policies {
		all[p.Name] = p
	}
	return all
}

// changes are the fields of a policy that differ.
func changes(old, new engine.Policy) []Change {
	found := Fields(fields(old, new), fields(new, old))
	found = append(found, items(metrics(old), metrics(new))...)
	found = append(found, items(thresholds(old), thresholds(new))...)
	return append(found, items(windows(old), windows(new))...)
}

// acting says whether a policy scales its service, once the global switch is on.
func acting(p engine.Policy) bool { return p.Enabled && p.Mode == engine.Live }

func turn(before, after bool) Turn {
	switch {
	case after && !before:
		return Begins
	case before && !after:
		return Stops
	}
	return ""
}
