package app

import (
	"errors"
	"testing"

	"github.com/flyball-dev/flyball/engine/store"
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
