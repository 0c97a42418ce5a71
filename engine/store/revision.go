package store

import (
	"context"
	"time"

	"github.com/flyball-dev/flyball/engine"
)

// Revisions are the policies that decisions were made with, so that those can be made again.
type Revisions interface {
	// Learn keeps revisions. One that is known already is left as it is.
	Learn(ctx context.Context, revisions ...Revision) error
	// Revision is the one of an id, which is engine.Policy.Revision; false where it is not known.
	Revision(ctx context.Context, id string) (Revision, bool, error)
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

// Rule is a file of the author's rules.
type Rule struct {
	Name string `json:"name"`
	Text string `json:"text"`
}
