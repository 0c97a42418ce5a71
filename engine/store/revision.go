package store

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/flyball-dev/flyball/engine"
)

// Revisions are the policies that decisions were made with, so that those can be made again.
type Revisions interface {
	// Learn keeps revisions. One that is known already is left as it is.
	Learn(ctx context.Context, revisions ...Revision) error
	// Revision is the one of an id, which is engine.Policy.Revision; false where it is not known.
	Revision(ctx context.Context, id string) (Revision, bool, error)
	// RevisionsOf lists those of a policy by its name, the newest first. A limit of 0 or less is none. It reads all that there
	// are, of all policies: they are few, as pruning keeps no more than what decisions name.
	RevisionsOf(ctx context.Context, policy string, limit int) ([]Revised, error)
}

// Revision is a policy with the author's rules that it is answered by, as they were at one time. What flyball ships is not
// part of it: that goes with the program.
type Revision struct {
	ID     string        `json:"id"`
	At     time.Time     `json:"at"`               // when it was first at work
	Commit string        `json:"commit,omitempty"` // of the git repository that it was in, where it was as committed there
	Policy engine.Policy `json:"policy"`
	Rules  []Rule        `json:"rules,omitempty"`
}

// Revised is a revision without what it says.
type Revised struct {
	ID     string    `json:"id"`
	At     time.Time `json:"at"`
	Commit string    `json:"commit,omitempty"`
}

// Newest are the revisions of a policy among all, the newest first. Of two of one time it is the one with the lower id.
func Newest(all []Revision, policy string, limit int) []Revised {
	found := []Revised{}
	for _, r := range all {
		if r.Policy.Name == policy {
			found = append(found, Revised{r.ID, r.At, r.Commit})
		}
	}
	slices.SortFunc(found, func(a, b Revised) int { return cmp.Or(b.At.Compare(a.At), cmp.Compare(a.ID, b.ID)) })
	if limit > 0 && len(found) > limit {
		return found[:limit]
	}
	return found
}

// Rule is a file of the author's rules.
type Rule struct {
	Name string `json:"name"`
	Text string `json:"text"`
}
