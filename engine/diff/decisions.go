package diff

import (
	"cmp"
	"slices"
	"time"

	"github.com/flyball-dev/flyball/engine"
)

// Decisions are what two policies decide at the same moments.
type Decisions struct {
	Total     int       `json:"total"`
	Differ    int       `json:"differ"`
	Replicas  int       `json:"differ_in_replicas"` // of those: not by their reason alone
	Stretches int       `json:"stretches"`          // that those which differ make
	Groups    []Group   `json:"groups"`             // most first
	First     []Stretch `json:"first"`              // oldest first, at most Limit

	Limit int `json:"-"`

	within int  // the number of the group whose stretch goes on, from 1; 0: none does
	kept   bool // that stretch is the last of First
}

// Answer is a decision as it is told from another one.
type Answer struct {
	Action engine.Action `json:"action"`
	Reason string        `json:"reason"`
}

// Group counts the decisions that differ in the same way.
type Group struct {
	Old       Answer `json:"old"`
	New       Answer `json:"new"`
	Count     int    `json:"count"`
	Stretches int    `json:"stretches"`
}

// Stretch is evaluations one after another at which the decisions differ in the same way: one disagreement, however often it
// comes up.
type Stretch struct {
	From  time.Time     `json:"from"`
	To    time.Time     `json:"to"` // the last of them
	Count int           `json:"count"`
	Old   engine.Record `json:"old"` // what is decided, and on what, at the first of them
	New   engine.Record `json:"new"`
}

// Add takes the decisions of one moment. They are the same where they lead to the same number of replicas for the same reason.
func (d *Decisions) Add(old, new engine.Record) {
	d.Total++
	a, b := old.Decision, new.Decision
	if a.To == b.To && a.Reason == b.Reason {
		d.within = 0
		return
	}
	d.Differ++
	if a.To != b.To {
		d.Replicas++
	}
	before, after := Answer{a.Action, a.Reason}, Answer{b.Action, b.Reason}
	i := slices.IndexFunc(d.Groups, func(g Group) bool { return g.Old == before && g.New == after })
	if i < 0 {
		i, d.Groups = len(d.Groups), append(d.Groups, Group{Old: before, New: after})
	}
	if d.within != i+1 {
		d.within = i + 1
		d.Stretches++
		d.Groups[i].Stretches++
		if d.kept = len(d.First) < d.Limit; d.kept {
			d.First = append(d.First, Stretch{From: old.At, Old: old, New: new})
		}
	}
	d.Groups[i].Count++
	if d.kept {
		last := &d.First[len(d.First)-1]
		last.To = old.At
		last.Count++
	}
}

// Sort puts what differs most often first.
func (d *Decisions) Sort() {
	slices.SortStableFunc(d.Groups, func(a, b Group) int { return cmp.Compare(b.Count, a.Count) })
}
