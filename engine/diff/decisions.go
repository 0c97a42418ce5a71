package diff

import (
	"cmp"
	"slices"

	"github.com/flyball-dev/flyball/engine"
)

// Decisions are what two policies decide at the same moments.
type Decisions struct {
	Total    int     `json:"total"`
	Differ   int     `json:"differ"`
	Replicas int     `json:"differ_in_replicas"` // of those: not by their reason alone
	Groups   []Group `json:"groups"`             // most first
	First    []Pair  `json:"first"`              // oldest first, at most Limit

	Limit int `json:"-"`
}

// Answer is a decision as it is told from another one.
type Answer struct {
	Action engine.Action `json:"action"`
	Reason string        `json:"reason"`
}

// Group counts the decisions that differ in the same way.
type Group struct {
	Old   Answer `json:"old"`
	New   Answer `json:"new"`
	Count int    `json:"count"`
}

// Pair is what is decided, and on what, at one moment.
type Pair struct {
	Old engine.Record `json:"old"`
	New engine.Record `json:"new"`
}

// Add takes the decisions of one moment. They are the same where they lead to the same number of replicas for the same reason.
func (d *Decisions) Add(old, new engine.Record) {
	d.Total++
	a, b := old.Decision, new.Decision
	if a.To == b.To && a.Reason == b.Reason {
		return
	}
	d.Differ++
	if a.To != b.To {
		d.Replicas++
	}
	if len(d.First) < d.Limit {
		d.First = append(d.First, Pair{old, new})
	}
	before, after := Answer{a.Action, a.Reason}, Answer{b.Action, b.Reason}
	i := slices.IndexFunc(d.Groups, func(g Group) bool { return g.Old == before && g.New == after })
	if i < 0 {
		i, d.Groups = len(d.Groups), append(d.Groups, Group{Old: before, New: after})
	}
	d.Groups[i].Count++
}

// Sort puts what differs most often first.
func (d *Decisions) Sort() {
	slices.SortStableFunc(d.Groups, func(a, b Group) int { return cmp.Compare(b.Count, a.Count) })
}
