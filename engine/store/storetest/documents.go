package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/flyball-dev/flyball/engine/store"
)

// document is a policy as somebody posted it.
func document(name, version string) store.Document {
	return store.Document{
		Name: name, Body: []byte("{\n  \"name\": \"" + name + "\", \"max\": 4.0, \"text\": \"<&\u2028\"}\n"), Version: version, At: start, Actor: "anna",
	}
}

func posting(message string) store.Entry {
	return store.Entry{At: start, Actor: "anna", Kind: store.OfPolicy, Policy: message, Message: message}
}

// documents changes policies, and wants those changes alone that are of what is there.
func (s Suite) documents(t *testing.T) {
	ctx, address := t.Context(), s.Address(t)
	ledger := s.open(t, address)
	web, shop, newer := document("web", "1"), document("shop", "7"), document("web", "2")
	newer.Body = []byte(`{}`)
	put := func(d store.Document, was string) func(store.Entry) error {
		return func(e store.Entry) error { return ledger.PutDocument(ctx, d, was, e) }
	}
	remove := func(name, was string) func(store.Entry) error {
		return func(e store.Entry) error { return ledger.RemoveDocument(ctx, name, was, e) }
	}
	var want []store.Entry
	for _, step := range []struct {
		name    string
		do      func(e store.Entry) error
		changed bool // since
		left    []store.Document
	}{
		{"nothing", func(store.Entry) error { return nil }, false, nil},
		{"a change of none", put(web, "1"), true, nil},
		{"the end of none", remove("web", "1"), true, nil},
		{"the end of none without a version", remove("web", ""), true, nil},
		{"a new one", put(web, ""), false, []store.Document{web}},
		{"another", put(shop, ""), false, []store.Document{shop, web}},
		{"a new one that is there", put(newer, ""), true, []store.Document{shop, web}},
		{"a change of another version", put(newer, "2"), true, []store.Document{shop, web}},
		{"a restart", func(store.Entry) (err error) {
			check(t, ledger.Shutdown())
			ledger, err = s.Open(address)
			return err
		}, false, []store.Document{shop, web}},
		{"a change", put(newer, "1"), false, []store.Document{shop, newer}},
		{"the end of another version", remove("web", "1"), true, []store.Document{shop, newer}},
		{"the end of one without a version", remove("web", ""), true, []store.Document{shop, newer}},
		{"the end of one", remove("web", "2"), false, []store.Document{shop}},
		{"one that comes back", put(web, ""), false, []store.Document{shop, web}},
	} {
		entry, before := posting(step.name), len(must(ledger.Audited(ctx, store.Filter{}))(t))
		err := step.do(entry)
		if isChanged(err) != step.changed || err != nil && !step.changed {
			t.Fatalf("%s: error %v, want that it has changed: %v", step.name, err, step.changed)
		}
		if entries := must(ledger.Audited(ctx, store.Filter{}))(t); len(entries) > before {
			entry.Number = int64(len(want) + 1)
			want = append(want, entry)
		}
		same(t, "audit log after "+step.name, must(ledger.Audited(ctx, store.Filter{}))(t), append([]store.Entry{}, want...))
		same(t, "policies after "+step.name, must(ledger.Documents(ctx))(t), append([]store.Document{}, step.left...))
	}
	if len(want) != 5 {
		t.Errorf("%d changes are in the audit log, want 5", len(want))
	}
	gone, leave := context.WithCancel(ctx)
	leave()
	if err := ledger.PutDocument(gone, newer, "1", posting("gone")); err == nil || isChanged(err) {
		t.Errorf("for a caller that has left: %v", err)
	}
	same(t, "policies after the caller has left", must(ledger.Documents(ctx))(t), []store.Document{shop, web})
	check(t, ledger.Shutdown())
}

// changedAtOnce has many change one policy, and keep tokens meanwhile: each change is of the one before it.
func (s Suite) changedAtOnce(t *testing.T) {
	const writers, each = 6, 8
	ctx, ledger := t.Context(), s.fresh(t)
	check(t, ledger.PutDocument(ctx, document("web", "0"), "", posting("web 0")))
	var wg sync.WaitGroup
	for n := range writers {
		wg.Go(func() {
			for i := range each {
				id := fmt.Sprint(n, " ", i)
				if err := ledger.PutToken(ctx, session(id, "ben", i), access(id)); err != nil {
					t.Error(err)
				}
				for done := false; !done && !t.Failed(); {
					all, err := ledger.Documents(ctx)
					if err != nil || len(all) != 1 {
						t.Errorf("policies are %+v, %v", all, err)
						return
					}
					var was int
					fmt.Sscan(all[0].Version, &was)
					err = ledger.PutDocument(ctx, document("web", fmt.Sprint(was+1)), all[0].Version, posting(fmt.Sprint("web ", was+1)))
					if done = err == nil; err != nil && !isChanged(err) {
						t.Error(err)
					}
				}
			}
		})
	}
	wg.Wait()
	all := must(ledger.Documents(ctx))(t)
	if want := fmt.Sprint(writers * each); all[0].Version != want {
		t.Errorf("the policy has version %s, want %s", all[0].Version, want)
	}
	version, tokens := 0, 0
	for i, e := range must(ledger.Audited(ctx, store.Filter{}))(t) {
		if e.Number != int64(i+1) {
			t.Fatalf("entry %d has number %d", i+1, e.Number)
		}
		switch {
		case e.Kind == store.OfAccess:
			tokens++
		case e.Message != fmt.Sprint("web ", version):
			t.Errorf("entry %d is of %q, want version %d", e.Number, e.Message, version)
		default:
			version++
		}
	}
	if n := len(must(ledger.Tokens(ctx))(t)); n != writers*each || tokens != writers*each {
		t.Errorf("%d tokens, %d of them in the audit log; want %d", n, tokens, writers*each)
	}
	if removed := must(ledger.RemoveUser(ctx, "ben", access("nobody")))(t); removed {
		t.Error("a person who is not there is removed")
	}
	if n := len(must(ledger.Tokens(ctx))(t)); n != writers*each {
		t.Errorf("%d tokens after nobody was removed", n)
	}
}

func isChanged(err error) bool { return errors.Is(err, store.ErrChanged) }
