package app

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/api"
	"github.com/flyball-dev/flyball/engine/store"
	"github.com/flyball-dev/flyball/schema"
)

// What somebody else does to the documents shows at the next look; what is known stays so while the store is away.
func TestLookout(t *testing.T) {
	s := &shelf{away: errors.New("gone")}
	ctx := t.Context()
	var l lookout
	look := func() uint64 {
		l.look(ctx, s)
		return l.sum(1)
	}
	unread := look()
	if l.known {
		t.Error("a store that is away is known")
	}
	s.away = nil
	empty := look()
	if empty == unread || !l.known {
		t.Error("that there is none is not told from not knowing")
	}
	put := func(name, version, was string) {
		t.Helper()
		if err := s.PutDocument(ctx, store.Document{Name: name, Version: version}, was, store.Entry{}); err != nil {
			t.Fatal(err)
		}
	}
	put("web", "1", "")
	one := look()
	put("web", "2", "1")
	two := look()
	if one == empty || two == one || len(l.documents) != 1 {
		t.Errorf("%d, %d, %d, %+v", empty, one, two, l.documents)
	}
	if err := s.Audit(ctx, store.Entry{Message: "something else"}); err != nil {
		t.Fatal(err)
	}
	if look() != two {
		t.Error("what has nothing to do with it is a change")
	}
	s.away = errors.New("gone")
	if look() != two || !l.known {
		t.Error("a store that is away is a change")
	}
	if l.sum(2) == two {
		t.Error("other files are no change")
	}
	s.away = nil
	if err := s.RemoveDocument(ctx, "web", "2", store.Entry{}); err != nil || look() != empty {
		t.Errorf("%v: one that goes does not go", err)
	}
}

// Where there is no time to read the posted policies, those at work stay, a put is refused, and it is tried again.
func TestNoTimeForPosted(t *testing.T) {
	o, _ := place(t)
	busy := false
	o.Read = func(ctx context.Context, path string, posted ...schema.Posted) (schema.Set, error) {
		if !busy || len(posted) == 0 {
			return Here(ctx, path, posted...)
		}
		set, err := Here(ctx, path)
		for _, p := range posted {
			set.Left = append(set.Left, schema.Left{Name: p.Name, Problems: []engine.Problem{{Message: "it took too long"}}, Unread: true})
		}
		return set, err
	}
	ctx := t.Context()
	a := begin(t, o)
	go func() {
		for range a.sets {
		}
	}()
	t.Cleanup(func() { close(a.sets) })
	if _, _, err := a.PutPolicy(ctx, "api", simple("api", "api", ""), "", "ana"); err != nil {
		t.Fatal(err)
	}
	a.lookout.look(ctx, a.store)
	a.reload(ctx)
	busy = true
	say(t, o, strings.Replace(web, `"web"`, `"shop"`, 1))
	a.reload(ctx)
	if at := names(a.atWork()); at != "api web" || !strings.Contains(a.problem, "policies by API can't be read: it took too long") || a.policies[1].Service != "web" {
		t.Errorf("at work is %s, and the problem %q", at, a.problem)
	}
	_, _, err := a.PutPolicy(ctx, "db", simple("db", "db", ""), "", "ana")
	refusal := api.Refusal{}
	if !errors.As(err, &refusal) || refusal.Status != 503 {
		t.Errorf("put: %v", err)
	}
	before := a.lookout.sum(1)
	a.lookout.retry(time.Now().Add(again / 2))
	if a.lookout.sum(1) != before {
		t.Error("it is tried again too soon")
	}
	a.lookout.retry(time.Now().Add(again))
	if a.lookout.sum(1) == before {
		t.Error("it is not tried again")
	}
	busy = false
	if a.reload(ctx); a.problem != "" || a.policies[1].Service != "shop" || !a.lookout.unread.IsZero() {
		t.Errorf("then: %q, %+v", a.problem, a.policies)
	}
}
