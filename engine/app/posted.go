package app

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/api"
	"github.com/flyball-dev/flyball/engine/store"
	"github.com/flyball-dev/flyball/schema"
)

// documentsOf are the policies that came by the API, the oldest first: where two of them are at odds, the one that was there
// before stays.
func documentsOf(ctx context.Context, ledger store.Documents) ([]store.Document, error) {
	all, err := ledger.Documents(ctx)
	oldest(all)
	return all, err
}

// oldest sorts documents, the oldest first.
func oldest(documents []store.Document) {
	slices.SortStableFunc(documents, func(a, b store.Document) int {
		return cmp.Or(a.At.Compare(b.At), strings.Compare(a.Name, b.Name))
	})
}

// posted are documents as they are read.
func posted(documents []store.Document) []schema.Posted {
	all := make([]schema.Posted, len(documents))
	for i, d := range documents {
		all[i] = schema.Posted{Name: d.Name, Body: d.Body}
	}
	return all
}

// leaveOut takes the posted policies that rules can't answer out of a set. Of policies that ask the same rules for the same only
// one is told of; with all, every posted one that asks rules of the author's goes. It says whether any went.
func leaveOut(set *schema.Set, problems []engine.Problem, all bool) bool {
	wrong := map[string][]engine.Problem{}
	for _, p := range atAsks(*set, problems) {
		if !p.Warning && slices.Contains(set.Posted, p.Policy) {
			wrong[p.Policy] = append(wrong[p.Policy], p)
		}
	}
	if len(wrong) == 0 {
		return false
	}
	for _, p := range set.Policies {
		if all && slices.Contains(set.Posted, p.Name) && wrong[p.Name] == nil && set.RulesOf(p) != nil {
			wrong[p.Name] = []engine.Problem{{File: schema.PostedAt(p.Name), Policy: p.Name, Message: "its rules can't be used"}}
		}
	}
	gone := func(name string) bool { return wrong[name] != nil }
	set.Policies = slices.DeleteFunc(set.Policies, func(p engine.Policy) bool { return gone(p.Name) })
	set.Problems = slices.DeleteFunc(set.Problems, func(p engine.Problem) bool { return gone(p.Policy) })
	set.Posted = slices.DeleteFunc(set.Posted, gone)
	for name, problems := range wrong {
		set.Left = append(set.Left, schema.Left{Name: name, Problems: problems})
		delete(set.Written, name)
		delete(set.Asks, name)
	}
	slices.SortFunc(set.Left, func(a, b schema.Left) int { return strings.Compare(a.Name, b.Name) })
	return true
}

// notRead says why nobody could look at the posted policies of a set; nil: somebody did.
func notRead(set schema.Set) error {
	for _, l := range set.Left {
		if l.Unread {
			return fmt.Errorf("policies by API can't be read: %s", why(l))
		}
	}
	return nil
}

// why says in one line why a posted policy is left out.
func why(l schema.Left) string {
	said := make([]string, len(l.Problems))
	for i, p := range l.Problems {
		p.File = "" // which it has none of
		said[i] = strings.TrimPrefix(p.String(), "error: ")
	}
	return strings.Join(said, "; ")
}

// warn writes what is to be said of a set that is at work from now on.
func (l Loaded) warn(log *slog.Logger) {
	for _, w := range l.Warnings() {
		log.Warn("policy", "problem", w.String())
	}
	for _, left := range l.Left {
		log.Warn("policy by API is left out", "policy", left.Name, "reason", why(left))
	}
}

// PostedIn are the policies by API of whoever is asked, as they are read beside those in files.
func PostedIn(ctx context.Context, flyball api.Flyball) ([]schema.Posted, error) {
	policies, err := flyball.Policies(ctx)
	var documents []store.Document
	for _, p := range policies {
		if p.Source == api.FromAPI {
			documents = append(documents, store.Document{Name: p.Name, Body: p.Body, At: *cmp.Or(p.At, new(time.Time))})
		}
	}
	oldest(documents)
	return posted(documents), err
}
