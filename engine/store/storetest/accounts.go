package storetest

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine/store"
)

// token is one that was made so many seconds after the start, for so long; 0: for ever.
func token(id string, seconds int, length time.Duration) store.Token {
	t := store.Token{
		ID: id, Hash: []byte(id + "\x00\xff"), Name: "for " + id, Role: "operator", Scopes: []string{"pause:web"},
		Created: start.Add(time.Duration(seconds) * time.Second), Actor: "anna",
	}
	if length > 0 {
		t.Expires = t.Created.Add(length)
	}
	return t
}

// session is one of a person's, for an hour.
func session(id, email string, seconds int) store.Token {
	t := token(id, seconds, time.Hour)
	t.User = email
	return t
}

func user(email string) store.User {
	return store.User{Email: email, Hash: "$argon2id$v=19$" + email, Role: "admin", Created: start, Actor: "anna"}
}

// access is the entry of a change of who may use the API.
func access(message string) store.Entry {
	return store.Entry{At: start, Actor: "anna", Kind: store.OfAccess, Message: message}
}

// accounts changes who may use the API, and wants each change in the audit log, and no other, also over a restart.
func (s Suite) accounts(t *testing.T) {
	ctx, address := t.Context(), s.Address(t)
	ledger := s.open(t, address)
	gone, leave := context.WithCancel(ctx)
	leave()
	a, b, c := token("a", 10, 0), token("b", 0, time.Hour), token("c", 5, time.Minute)
	again := token("a", 20, time.Hour)
	one, two, other := session("s1", "ben@example.org", 30), session("s2", "ben@example.org", 31), session("s3", "Ben@example.org", 32)
	late := token("late", 65, 0) // when c has just expired
	ben, cleo, changed := user("ben@example.org"), user("cleo@example.org"), user("ben@example.org")
	changed.Hash = "another"

	remove := func(remove func(context.Context, string, store.Entry) (bool, error), what string, want bool) func(store.Entry) error {
		return func(e store.Entry) error {
			removed, err := remove(ctx, what, e)
			if err == nil && removed != want {
				err = fmt.Errorf("removed: %v, want %v", removed, want)
			}
			return err
		}
	}
	put := func(token store.Token) func(store.Entry) error {
		return func(e store.Entry) error { return ledger.PutToken(ctx, token, e) }
	}
	putUser := func(u store.User) func(store.Entry) error {
		return func(e store.Entry) error { return ledger.PutUser(ctx, u, e) }
	}
	var want []store.Entry
	for _, step := range []struct {
		name   string
		do     func(e store.Entry) error
		noted  bool
		fails  bool
		tokens []store.Token
		users  []store.User
	}{
		{"nothing", func(store.Entry) error { return nil }, false, false, nil, nil},
		{"a token", put(a), true, false, []store.Token{a}, nil},
		{"an older one", put(b), true, false, []store.Token{b, a}, nil},
		{"one between", put(c), true, false, []store.Token{b, c, a}, nil},
		{"one in its place", put(again), true, false, []store.Token{b, c, again}, nil},
		{"a person", putUser(ben), true, false, []store.Token{b, c, again}, []store.User{ben}},
		{"another", putUser(cleo), true, false, []store.Token{b, c, again}, []store.User{ben, cleo}},
		{"sessions", put(one), true, false, []store.Token{b, c, again, one}, []store.User{ben, cleo}},
		{"a second one", put(two), true, false, []store.Token{b, c, again, one, two}, []store.User{ben, cleo}},
		{"that of a namesake", put(other), true, false, []store.Token{b, c, again, one, two, other}, []store.User{ben, cleo}},
		{"what was expired", put(late), true, false, []store.Token{b, again, one, two, other, late}, []store.User{ben, cleo}},
		{"a session is ended", func(e store.Entry) error { return remove(ledger.RemoveToken, "s2", true)(e) }, true, false, []store.Token{b, again, one, other, late}, []store.User{ben, cleo}},
		{"one that is not there", func(e store.Entry) error { return remove(ledger.RemoveToken, "s2", false)(e) }, false, false, []store.Token{b, again, one, other, late}, []store.User{ben, cleo}},
		{"a restart", func(store.Entry) (err error) {
			check(t, ledger.Shutdown())
			ledger, err = s.Open(address)
			return err
		}, false, false, []store.Token{b, again, one, other, late}, []store.User{ben, cleo}},
		{"another password", func(e store.Entry) error { return ledger.PutUser(ctx, changed, e) }, true, false, []store.Token{b, again, other, late}, []store.User{changed, cleo}},
		{"a session of the new one", func(e store.Entry) error { return ledger.PutToken(ctx, two, e) }, true, false, []store.Token{b, again, two, other, late}, []store.User{changed, cleo}},
		{"the caller has left", func(e store.Entry) error { return ledger.PutToken(gone, one, e) }, false, true, []store.Token{b, again, two, other, late}, []store.User{changed, cleo}},
		{"the caller of another has left", func(e store.Entry) error { return ledger.PutUser(gone, ben, e) }, false, true, []store.Token{b, again, two, other, late}, []store.User{changed, cleo}},
		{"a person goes", func(e store.Entry) error { return remove(ledger.RemoveUser, "ben@example.org", true)(e) }, true, false, []store.Token{b, again, other, late}, []store.User{cleo}},
		{"nobody goes", func(e store.Entry) error { return remove(ledger.RemoveUser, "ben@example.org", false)(e) }, false, false, []store.Token{b, again, other, late}, []store.User{cleo}},
		{"a token goes", func(e store.Entry) error { return remove(ledger.RemoveToken, "a", true)(e) }, true, false, []store.Token{b, other, late}, []store.User{cleo}},
	} {
		entry := access(step.name)
		if err := step.do(entry); (err != nil) != step.fails {
			t.Fatalf("%s: error %v, want one: %v", step.name, err, step.fails)
		}
		if step.noted {
			entry.Number = int64(len(want) + 1)
			want = append(want, entry)
		}
		same(t, "audit log after "+step.name, must(ledger.Audited(ctx, store.Filter{}))(t), append([]store.Entry{}, want...))
		same(t, "tokens after "+step.name, must(ledger.Tokens(ctx))(t), append([]store.Token{}, step.tokens...))
		same(t, "people after "+step.name, must(ledger.Users(ctx))(t), append([]store.User{}, step.users...))
		for _, one := range step.tokens {
			got, found, err := ledger.Token(ctx, one.ID)
			if check(t, err); !found {
				t.Errorf("after %s there is no token %s", step.name, one.ID)
			}
			same(t, "token "+one.ID, got, one)
		}
		for _, one := range step.users {
			got, found, err := ledger.User(ctx, one.Email)
			if check(t, err); !found {
				t.Errorf("after %s there is no %s", step.name, one.Email)
			}
			same(t, one.Email, got, one)
		}
	}
	for _, id := range []string{"a", "A", "", "s1", "b "} {
		if got, found, err := ledger.Token(ctx, id); found || err != nil {
			t.Errorf("token %q is %+v, %v; want none", id, got, err)
		}
		if got, found, err := ledger.User(ctx, id); found || err != nil {
			t.Errorf("person %q is %+v, %v; want nobody", id, got, err)
		}
	}
	check(t, ledger.Shutdown())
}

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
		{"a change", func(e store.Entry) error { return put(newer, "1")(e) }, false, []store.Document{shop, newer}},
		{"the end of another version", func(e store.Entry) error { return remove("web", "1")(e) }, true, []store.Document{shop, newer}},
		{"the end of one without a version", func(e store.Entry) error { return remove("web", "")(e) }, true, []store.Document{shop, newer}},
		{"the end of one", func(e store.Entry) error { return remove("web", "2")(e) }, false, []store.Document{shop}},
		{"one that comes back", func(e store.Entry) error { return put(web, "")(e) }, false, []store.Document{shop, web}},
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
