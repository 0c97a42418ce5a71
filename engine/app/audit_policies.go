package app

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/diff"
	"github.com/flyball-dev/flyball/engine/store"
	"github.com/flyball-dev/flyball/rego"
)

// byFiles is the actor of what changes with the files of policies.
const byFiles = "files"

// notePolicies appends to the audit log how the policies differ from those that it says were last there. It is read anew
// each time, so that what it says is right after a restart, a restore, and where another daemon led meanwhile.
func (a *App) notePolicies(ctx context.Context) {
	a.noting.Lock()
	defer a.noting.Unlock()
	now := a.set()
	if !now.whole { // those by API are not known yet, and not gone
		return
	}
	entries, err := policyEntries(ctx, a.store, now)
	if err != nil && ctx.Err() == nil {
		a.log.Error("which policies are new is not in the audit log", "error", err)
	}
	if len(entries) == 0 {
		return
	}
	commit := commitOf(ctx, now.meaning())
	for i := range entries {
		e := &entries[i]
		if e.At, e.Actor, e.Kind = a.loop.Now().At, byFiles, store.OfPolicy; commit != "" {
			e.Message += fmt.Sprintf(" (commit %.12s)", commit)
		}
	}
	a.note(ctx, entries...)
}

// policyEntries are what there is to note of a set of policies. An entry without a revision is of a policy that is gone.
func policyEntries(ctx context.Context, ledger store.Store, now Loaded) ([]store.Entry, error) {
	last, whole, err := lastNoted(ctx, ledger)
	if err != nil {
		return nil, err
	}
	is := map[string]engine.Policy{}
	for _, p := range now.Policies {
		is[p.Name] = p
	}
	was := diff.Side{Rules: map[string][]diff.Package{}}
	for name, e := range last {
		if e.Revision == is[name].Revision {
			continue
		}
		old, found, err := ledger.Revision(ctx, e.Revision)
		if err != nil {
			return nil, err
		}
		if found {
			was.Policies = append(was.Policies, old.Policy)
			was.Rules[name] = packagesOf(old)
		}
	}
	differ := map[string]diff.Policy{}
	for _, d := range diff.Of(was, sideOf(now)) {
		differ[d.Name] = d
	}
	var entries []store.Entry
	for _, p := range now.Policies {
		before, there := last[p.Name]
		if there && before.Revision == p.Revision {
			continue
		}
		message := "there, and the entry that would tell since when is past its retention"
		switch d := differ[p.Name]; {
		case d.Kind == diff.Changed || there && d.Kind == "":
			message = "changed" + inWords(d)
		case there:
			message = "changed; what it was before is not on record"
		case whole:
			message = "added" + inWords(d)
		}
		entries = append(entries, store.Entry{Policy: p.Name, Service: p.Service, Revision: p.Revision, Message: message})
	}
	for _, name := range slices.Sorted(maps.Keys(last)) {
		if is[name].Name == "" {
			message := "removed" + inWords(differ[name])
			for _, left := range now.Left {
				if left.Name == name {
					message = "left out" + inWords(differ[name]) + ": " + unbroken(why(left))
				}
			}
			entries = append(entries, store.Entry{Policy: name, Service: last[name].Service, Message: message})
		}
	}
	return entries, nil
}

// lastNoted are the newest entries of the policies that are there, by name; whole says that none is past its retention.
func lastNoted(ctx context.Context, ledger store.Store) (last map[string]store.Entry, whole bool, err error) {
	noted, err := ledger.Audited(ctx, store.Filter{Kind: store.OfPolicy})
	if err != nil {
		return nil, false, err
	}
	first, err := ledger.Audited(ctx, store.Filter{After: -1, Limit: 1})
	if err != nil {
		return nil, false, err
	}
	last = map[string]store.Entry{}
	for _, e := range noted {
		if last[e.Policy] = e; e.Revision == "" {
			delete(last, e.Policy)
		}
	}
	return last, len(first) == 0 || first[0].Number == 1, nil
}

// packagesOf are the author's rules of a revision.
func packagesOf(r store.Revision) []diff.Package {
	var own []rego.File
	for _, f := range r.Rules {
		own = append(own, rego.File{Path: f.Name, Text: []byte(f.Text)})
	}
	var all []diff.Package
	for _, pkg := range rego.Says(own, r.Policy) {
		all = append(all, diff.Package(pkg))
	}
	return all
}

// inWords is what changed in meaning, on one line.
func inWords(d diff.Policy) string {
	const most = 6
	if d.Means == "" {
		return ""
	}
	parts := []string{d.Means}
	for i, c := range d.Changes {
		if i == most {
			parts = append(parts, fmt.Sprintf("and %d more", len(d.Changes)-most))
			break
		}
		text := fmt.Sprintf("%s %s → %s", c.Field, oneLine(diff.Text(c.Old)), oneLine(diff.Text(c.New)))
		if c.Means != "" {
			text += ", " + c.Means
		}
		parts = append(parts, text)
	}
	return ": " + strings.Join(parts, "; ")
}

// oneLine is the beginning of a text, on one line.
func oneLine(text string) string {
	const most = 80
	all := []rune(strings.Join(strings.Fields(text), " "))
	if len(all) > most {
		all = append(all[:most-1], '…')
	}
	return string(all)
}
