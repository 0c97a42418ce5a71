package app

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/api"
	"github.com/flyball-dev/flyball/engine/diff"
	"github.com/flyball-dev/flyball/engine/store"
	"github.com/flyball-dev/flyball/schema"
)

// PutPolicy takes a policy, and has it at work before it answers.
func (a *App) PutPolicy(ctx context.Context, name string, body []byte, match, actor string) (p api.Policy, created bool, err error) {
	err = a.write(ctx, func(d desk) error {
		p, created, err = d.put(ctx, name, body, match, actor)
		return err
	})
	if err == nil {
		a.log.Info("policy by API", "policy", p.Name, "service", p.Service, "revision", p.Revision, "actor", actor)
	}
	return p, created, err
}

// DeletePolicy removes one, and has it at work no longer before it answers.
func (a *App) DeletePolicy(ctx context.Context, name, match, actor string) error {
	err := a.write(ctx, func(d desk) error { return d.remove(ctx, name, match, actor) })
	if err == nil {
		a.log.Info("policy by API removed", "policy", name, "actor", actor)
	}
	return err
}

// write changes the policies in the store, one change at a time: each is held against all the others.
func (a *App) write(ctx context.Context, change func(desk) error) error {
	select {
	case a.posting <- struct{}{}:
		defer func() { <-a.posting }()
	case <-ctx.Done():
		return ctx.Err()
	}
	if err := change(desk{a.given, a.store, a.set(), a.loop.Now().At}); err != nil {
		return err
	}
	a.takeUp(ctx)
	return nil
}

// PutPolicy writes a policy to the store; the next daemon finds it there.
func (f *Offline) PutPolicy(ctx context.Context, name string, body []byte, match, actor string) (p api.Policy, created bool, err error) {
	err = f.write(func(ledger store.Store) error {
		p, created, err = desk{f.o, ledger, f.loaded(), clock()().At}.put(ctx, name, body, match, actor)
		return err
	})
	return p, created, err
}

// DeletePolicy removes one from the store.
func (f *Offline) DeletePolicy(ctx context.Context, name, match, actor string) error {
	return f.write(func(ledger store.Store) error {
		return desk{f.o, ledger, f.loaded(), clock()().At}.remove(ctx, name, match, actor)
	})
}

// desk is where policies are handed in.
type desk struct {
	o      Options
	ledger store.Documents
	known  Loaded // what is at work
	now    time.Time
}

func (d desk) put(ctx context.Context, name string, body []byte, match, actor string) (api.Policy, bool, error) {
	none := api.Policy{}
	if err := legible(body); err != nil {
		return none, false, err
	}
	isNew := name == ""
	if isNew {
		name = nameIn(body)
	}
	if err := d.inFile(d.known, name); err != nil {
		return none, false, err
	}
	all, err := documentsOf(ctx, d.ledger)
	if err != nil {
		return none, false, err
	}
	before, there := find(all, name)
	if there && isNew {
		return none, false, refusal(http.StatusConflict, "there is a policy %s already; change it with a PUT to its own path, or choose another name", name)
	}
	if err := current(before, there, name, match, there); err != nil {
		return none, false, err
	}
	if !there && len(all) >= api.MostPolicies {
		return none, false, refusal(http.StatusConflict, "there are %d policies by API; allowed are %d: remove one", len(all), api.MostPolicies)
	}
	after := store.Document{Name: name, Body: body, Version: versionOf(body), At: d.now, Actor: actor}
	all = append(slices.DeleteFunc(all, func(d store.Document) bool { return d.Name == name }), after)
	checked, err := d.check(ctx, all, after)
	if err != nil {
		return none, false, err
	}
	told := func(l Loaded) api.Policy {
		p, _ := found(overview(l, unchanged), name)
		return p
	}
	if there && before.Version == after.Version { // which is no change, and on record already
		all[len(all)-1] = before
		checked.documents = all
		return told(checked), false, nil
	}
	err = d.ledger.PutDocument(ctx, after, before.Version, d.entry(checked, after, actor))
	if errors.Is(err, store.ErrChanged) {
		return none, false, changedSince(name)
	}
	return told(checked), !there, err
}

// legible refuses what is no policy to look at.
func legible(body []byte) error {
	if len(body) > api.MostPolicy {
		return refusal(http.StatusRequestEntityTooLarge, "the policy has %d bytes; allowed are %d", len(body), api.MostPolicy)
	}
	if len(bytes.TrimSpace(body)) == 0 {
		return refusal(http.StatusBadRequest, "the body is empty; write a policy, in JSON")
	}
	return nil
}

// check holds the policies of the store, as they are to be, against each other and against the files.
func (d desk) check(ctx context.Context, all []store.Document, after store.Document) (Loaded, error) {
	checked, err := load(ctx, d.o, lookout{documents: all, known: true})
	if errors.As(err, &Invalid{}) {
		return checked, refusal(http.StatusConflict, "the policies in files can't be used, so this one can't be held against them; mend them first:\n%v", err)
	}
	if err != nil {
		return checked, err
	}
	if err := d.inFile(checked, after.Name); err != nil {
		return checked, err
	}
	if slices.Contains(checked.Posted, after.Name) {
		return checked, nil
	}
	i := slices.IndexFunc(checked.Left, func(l schema.Left) bool { return l.Name == after.Name })
	if i < 0 {
		return checked, fmt.Errorf("policy %s was read, and is not there", after.Name)
	}
	if err := notRead(checked.Set); err != nil {
		return checked, refusal(http.StatusServiceUnavailable, "nothing was changed: %v; or try again", err)
	}
	left, status := checked.Left[i], http.StatusBadRequest
	if left.Rival {
		status = http.StatusConflict
	}
	problems := inBody(after.Name, left.Problems)
	return checked, api.Invalid{Refusal: api.Refusal{Status: status, Detail: numbered(problems, "and nothing was changed")}, Problems: problems}
}

// numbered says how many errors a policy has, and what follows.
func numbered(problems []engine.Problem, so string) string {
	errs := len(Loaded{Set: schema.Set{Problems: problems}}.Errors())
	if errs == 1 {
		return "the policy has an error, " + so
	}
	return fmt.Sprintf("the policy has %d errors, %s", errs, so)
}

// inBody has problems of a posted policy be in the body that it came in.
func inBody(name string, problems []engine.Problem) []engine.Problem {
	at := schema.PostedAt(name)
	moved := slices.Clone(problems)
	for i, p := range moved {
		if p.File == at {
			moved[i].File = "body"
		}
		moved[i].Message = strings.ReplaceAll(p.Message, at+":", "body:")
	}
	return moved
}

func (d desk) remove(ctx context.Context, name, match, actor string) error {
	all, err := documentsOf(ctx, d.ledger)
	if err != nil {
		return err
	}
	before, there := find(all, name)
	if err := d.inFile(d.known, name); err != nil && (!there || match != etag(before.Version)) {
		return err
	}
	if !there {
		var names []string
		for _, one := range all {
			names = append(names, one.Name)
		}
		return noPolicy(name, names)
	}
	if err := current(before, there, name, match, true); err != nil {
		return err
	}
	err = d.ledger.RemoveDocument(ctx, name, before.Version, d.entry(Loaded{}, before, actor))
	if errors.Is(err, store.ErrChanged) {
		return changedSince(name)
	}
	return err
}

// inFile refuses to change what stands in a file.
func (d desk) inFile(l Loaded, name string) error {
	if p, err := l.Policy(name); name != "" && err == nil && !slices.Contains(l.Posted, name) {
		return refusal(http.StatusConflict, "policy %s is in %s, and files win; change it there", name, p.File)
	}
	return nil
}

// current holds an If-Match against what is there.
func current(before store.Document, there bool, name, match string, needed bool) error {
	switch {
	case match == "" && needed:
		return refusal(http.StatusPreconditionRequired, "there is a policy %s; say which one is meant by If-Match: %s, the ETag that reading it answers", name, etag(before.Version))
	case match != "" && !there:
		return refusal(http.StatusPreconditionFailed, "there is no policy %s any more; without If-Match it is a new one", name)
	case match != "" && !matches(match, etag(before.Version)):
		return refusal(http.StatusPreconditionFailed, "policy %s has been changed since, by %s at %s; read it again: its ETag is %s, and If-Match says %s",
			name, before.Actor, before.At.Format(time.RFC3339), etag(before.Version), match)
	}
	return nil
}

func changedSince(name string) error {
	return refusal(http.StatusPreconditionFailed, "policy %s has been changed in this moment, and nothing was written; read it again", name)
}

func find(all []store.Document, name string) (store.Document, bool) {
	i := slices.IndexFunc(all, func(d store.Document) bool { return d.Name == name })
	if i < 0 {
		return store.Document{}, false
	}
	return all[i], true
}

// nameIn is the name that a policy says; empty where it says none.
func nameIn(body []byte) string {
	var says struct{ Name string }
	_ = json.Unmarshal(body, &says) // what is wrong with it the schema says, at its place
	return says.Name
}

// entry says what a change of a document means, as notePolicies says it of files. It has what is at work afterwards, so that
// this is not noted again.
func (d desk) entry(after Loaded, of store.Document, actor string) store.Entry {
	e := store.Entry{At: d.now, Actor: actor, Kind: store.OfPolicy, Policy: of.Name}
	was, is := d.known.only(of.Name), after.only(of.Name)
	for _, p := range append(was.Policies, is.Policies...) {
		e.Service = p.Service
	}
	if p, err := d.known.Policy(of.Name); len(is.Policies) == 0 && err == nil && d.inFile(d.known, of.Name) != nil {
		e.Revision, e.Message = p.Revision, "the one that came by the API is removed; it was left out, and the one in files goes on"
		return e
	}
	for _, p := range is.Policies {
		e.Revision, e.Message = p.Revision, "written anew, and means the same"
	}
	if len(is.Policies) == 0 {
		e.Message = "removed; it was left out"
	}
	for _, change := range diff.Of(was, is) {
		e.Message = string(change.Kind) + inWords(change)
	}
	return e
}

// only is the policy of a name, as diff compares it.
func (l Loaded) only(name string) diff.Side {
	l.Policies = slices.DeleteFunc(slices.Clone(l.Policies), func(p engine.Policy) bool { return p.Name != name })
	return sideOf(l)
}
