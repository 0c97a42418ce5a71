package app

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/api"
	"github.com/flyball-dev/flyball/engine/store"
	"github.com/flyball-dev/flyball/schema"
)

// attended is a daemon that watches, with somebody who takes the policies it hands over.
func attended(t *testing.T, o Options) *App {
	t.Helper()
	a, err := New(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var ended []<-chan struct{}
	run := func(do func()) {
		gone := make(chan struct{})
		ended = append(ended, gone)
		go func() { defer close(gone); do() }()
	}
	run(func() {
		for {
			select {
			case <-a.sets:
			case <-ctx.Done():
				return
			}
		}
	})
	a.send(ctx)
	a.watching.Store(true) // before it is asked for
	run(func() { a.watch(ctx, nil) })
	t.Cleanup(func() {
		stop()
		for _, gone := range ended {
			<-gone
		}
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	return a
}

func names(policies []engine.Policy) string {
	var all []string
	for _, p := range policies {
		all = append(all, p.Name)
	}
	return strings.Join(all, " ")
}

// What is put is at work once it is answered, and noted once, by who did it; the next daemon has it too.
func TestPutIsTakenUp(t *testing.T) {
	o, _ := place(t)
	ctx := t.Context()
	func() {
		a, err := New(ctx, o)
		if err != nil {
			t.Fatal(err)
		}
		a.notePolicies(ctx)
		if err := a.Close(); err != nil {
			t.Fatal(err)
		}
	}()
	flyball, err := Open(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	if p, created, err := flyball.(*Offline).PutPolicy(ctx, "api", simple("api", "api", ""), "", "ana"); err != nil || !created || p.Revision == "" {
		t.Fatalf("offline: %+v, %v, %v", p, created, err)
	}
	a := attended(t, o)
	if at := names(a.atWork()); at != "api web" {
		t.Errorf("at work at the start is %s", at)
	}
	a.notePolicies(ctx)
	p, created, err := a.PutPolicy(ctx, "", simple("db", "db", ""), "", "ben")
	if err != nil || !created || names(a.atWork()) != "api db web" {
		t.Errorf("%+v, %v, %v; at work is %s", p, created, err, names(a.atWork()))
	}
	if read, err := a.Policy(ctx, "db"); err != nil || read.ETag != p.ETag || read.Revision != p.Revision || read.Actor != "ben" {
		t.Errorf("%+v, %v", read, err)
	}
	if err := a.DeletePolicy(ctx, "db", p.ETag, "cid"); err != nil || names(a.atWork()) != "api web" {
		t.Errorf("%v; at work is %s", err, names(a.atWork()))
	}
	entries, err := a.Audit(ctx, store.Filter{Kind: store.OfPolicy})
	var said []string
	for _, e := range entries {
		what, _, _ := strings.Cut(e.Message, ":")
		said = append(said, e.Actor+" "+e.Policy+" "+what)
	}
	if want := []string{"files web added", "ana api added", "ben db added", "cid db removed"}; err != nil || !slices.Equal(said, want) {
		t.Errorf("%q, %v, want %q", said, err, want)
	}
}

// Files win: what is at odds with them is left out, which is said, and comes back.
func TestFilesWin(t *testing.T) {
	o, log := place(t)
	ctx := t.Context()
	a := begin(t, o)
	if _, _, err := a.PutPolicy(ctx, "api", simple("api", "api", ""), "", "ana"); err != nil {
		t.Fatal(err)
	}
	a.lookout.look(ctx, a.store)
	go func() {
		for range a.sets {
		}
	}()
	t.Cleanup(func() { close(a.sets) })
	a.reload(ctx)
	rival := strings.NewReplacer("web:", "other:", `"web"`, `"api"`).Replace(web)
	for _, c := range []struct{ files, at, left string }{
		{web, "api web", ""},
		{rival, "other", `policies "other" and "api" are both enabled and live on service "api" (the other is at ` + o.Policies + `:2:11)`},
		{strings.ReplaceAll(web, "web", "api"), "api", `a policy is called "api" already`},
		{web, "api web", ""},
	} {
		say(t, o, c.files)
		log.Reset()
		a.reload(ctx)
		s, err := a.Status(ctx)
		if err != nil || names(a.atWork()) != c.at {
			t.Errorf("%v; at work is %s, want %s", err, names(a.atWork()), c.at)
		}
		offline, err := Open(ctx, o)
		if err != nil {
			t.Fatal(err)
		}
		off, err := offline.Status(ctx)
		for _, s := range []api.Status{s, off} {
			switch {
			case err != nil || (len(s.LeftOut) == 1) != (c.left != ""):
				t.Errorf("%v; left out are %+v", err, s.LeftOut)
			case c.left != "" && (s.LeftOut[0].Policy != "api" || !strings.Contains(s.LeftOut[0].Reason, c.left)):
				t.Errorf("left out are %+v, want %s", s.LeftOut, c.left)
			}
		}
		if strings.Contains(log.String(), `msg="policy by API is left out" policy=api`) != (c.left != "") {
			t.Errorf("logged is %s", log)
		}
	}
	say(t, o, "policies: web: {service")
	if a.reload(ctx); names(a.atWork()) != "api web" || a.problem == "" {
		t.Errorf("beside broken files at work is %s, and the problem %q", names(a.atWork()), a.problem)
	}
}

// Rules that posted policies ask for in vain keep nobody else from being answered.
func TestRulesOfPosted(t *testing.T) {
	o, _ := place(t)
	broken := `, "rules": "shop.gone"`
	posts := []schema.Posted{{Name: "a", Body: simple("a", "a", broken)}, {Name: "b", Body: simple("b", "b", broken)}, {Name: "c", Body: simple("c", "c", "")}}
	l, err := Load(t.Context(), Here, o.Policies, posts...)
	if err != nil || l.Rules == nil || len(l.Errors()) > 0 || names(l.Policies) != "c web" || len(l.Left) != 2 || !slices.Equal(l.Posted, []string{"c"}) || !strings.Contains(why(l.Left[0]), "shop.gone") {
		t.Errorf("%s, %+v, %v, %v", names(l.Policies), l.Left, l.Errors(), err)
	}
}
