package storetest

import (
	"context"
	"fmt"
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

	put := func(token store.Token) func(store.Entry) error {
		return func(e store.Entry) error { return ledger.PutToken(ctx, token, e) }
	}
	putUser := func(u store.User) func(store.Entry) error {
		return func(e store.Entry) error { return ledger.PutUser(ctx, u, e) }
	}
	removes := func(removed, want bool, err error) error {
		if err == nil && removed != want {
			err = fmt.Errorf("removed: %v, want %v", removed, want)
		}
		return err
	}
	remove := func(id string, there bool) func(store.Entry) error {
		return func(e store.Entry) error {
			removed, err := ledger.RemoveToken(ctx, id, e)
			return removes(removed, there, err)
		}
	}
	removeUser := func(email string, there bool) func(store.Entry) error {
		return func(e store.Entry) error {
			removed, err := ledger.RemoveUser(ctx, email, e)
			return removes(removed, there, err)
		}
	}
	restart := func(store.Entry) (err error) {
		check(t, ledger.Shutdown())
		ledger, err = s.Open(address)
		return err
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
		{"a session", put(one), true, false, []store.Token{b, c, again, one}, []store.User{ben, cleo}},
		{"a second one", put(two), true, false, []store.Token{b, c, again, one, two}, []store.User{ben, cleo}},
		{"that of a namesake", put(other), true, false, []store.Token{b, c, again, one, two, other}, []store.User{ben, cleo}},
		{"one has expired", put(late), true, false, []store.Token{b, again, one, two, other, late}, []store.User{ben, cleo}},
		{"a session is ended", remove(two.ID, true), true, false, []store.Token{b, again, one, other, late}, []store.User{ben, cleo}},
		{"it is ended again", remove(two.ID, false), false, false, []store.Token{b, again, one, other, late}, []store.User{ben, cleo}},
		{"a restart", restart, false, false, []store.Token{b, again, one, other, late}, []store.User{ben, cleo}},
		{"another password", putUser(changed), true, false, []store.Token{b, again, other, late}, []store.User{changed, cleo}},
		{"a session with that", put(two), true, false, []store.Token{b, again, two, other, late}, []store.User{changed, cleo}},
		{"who puts a token has left", func(e store.Entry) error { return ledger.PutToken(gone, one, e) }, false, true, []store.Token{b, again, two, other, late}, []store.User{changed, cleo}},
		{"who puts a person has left", func(e store.Entry) error { return ledger.PutUser(gone, ben, e) }, false, true, []store.Token{b, again, two, other, late}, []store.User{changed, cleo}},
		{"a person goes", removeUser(ben.Email, true), true, false, []store.Token{b, again, other, late}, []store.User{cleo}},
		{"nobody goes", removeUser(ben.Email, false), false, false, []store.Token{b, again, other, late}, []store.User{cleo}},
		{"a token goes", remove(a.ID, true), true, false, []store.Token{b, other, late}, []store.User{cleo}},
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
