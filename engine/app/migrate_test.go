package app

import (
	"strings"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/store"
)

func TestMigrationThatLosesSomething(t *testing.T) {
	var whole, less tally
	part := store.Part{Rows: make([]store.Row, 3), Pauses: map[string]engine.Pause{"": {}}}
	whole.add(part)
	part.Rows = part.Rows[1:]
	less.add(part)
	m := Migrated{From: Counted{Store: "old.db"}, To: Counted{Store: "new.db"}}
	m.From.Counts, m.To.Counts = whole.counts(), whole.counts()
	if err := m.alike(); err != nil {
		t.Errorf("nothing was lost, and it says %v", err)
	}
	m.To.Counts = less.counts()
	if err := m.alike(); err == nil || !strings.Contains(err.Error(), "old.db has 3 decisions, and new.db 2: something was lost on the way") {
		t.Errorf("got %v", err)
	}
}

// A store that a writer has open is neither moved nor moved into; one that was moved is what it was.
func TestMigrate(t *testing.T) {
	o, _ := place(t)
	a, err := New(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Enable(t.Context(), true, "ana"); err != nil {
		t.Fatal(err)
	}
	to, told := o.Store+"2", int64(0)
	count := func(records int64) { told = records }
	if _, err := Migrate(t.Context(), o, o.Store, to, "ana", count); err == nil || !strings.Contains(err.Error(), "has it open for writing") {
		t.Errorf("of a daemon: %v", err)
	}
	if _, err := Migrate(t.Context(), o, to, o.Store, "ana", count); err == nil {
		t.Error("of nothing: no error")
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Migrate(t.Context(), o, o.Store, to, "ana", count); err != nil || told < 2 {
		t.Fatalf("%v, %d records", err, told)
	}
	o.Store = to
	b := begin(t, o)
	if s, err := b.Status(t.Context()); err != nil || !s.Enabled {
		t.Errorf("status %+v, %v", s, err)
	}
	entries, err := b.Audit(t.Context(), store.Filter{Since: time.Now().Add(-time.Hour)})
	if last := entries[len(entries)-1]; err != nil || last.Kind != store.OfStore || last.Actor != "ana" || !strings.HasPrefix(last.Message, "moved here from ") {
		t.Errorf("audit log %+v, %v", entries, err)
	}
}
