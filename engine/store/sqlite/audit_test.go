package sqlite

import (
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/store"
)

func TestFileOfVersion3IsMigrated(t *testing.T) {
	ctx, path := t.Context(), filepath.Join(t.TempDir(), "flyball.db")
	old, err := os.ReadFile("testdata/version3.sql")
	check(t, err)
	db, err := sql.Open("sqlite", path)
	check(t, err)
	shop := engine.Policy{Name: "web", Service: "shop", Mode: engine.Live}
	_, err = db.Exec(string(old) + `; PRAGMA application_id = 0x666c7962; PRAGMA user_version = 3; PRAGMA journal_mode = wal;
		INSERT INTO switch VALUES (1, 1, 'anna', 7);
		INSERT INTO state VALUES ('` + shop.Subject() + `', '{"virtual":3}', '{"policy":"web"}');
		INSERT INTO pause VALUES ('', '{"actor":"anna"}');
		INSERT INTO decision VALUES (5, 'web', 'live', 'hold', 'Steady', 'r1', 1, 2, 2, '{"policy":"web"}');
		INSERT INTO event VALUES (9, 'e1', 'shop', 'live', 1, NULL, '{"id":"e1","service":"shop"}');
		INSERT INTO series VALUES (1, 'live/shop', 'cpu', 's1', 'r1');`)
	check(t, errors.Join(err, db.Close()))
	export := func(s *Store) (whole store.Part) {
		t.Helper()
		check(t, s.Export(ctx, func(p store.Part) error { whole = p; return nil }))
		return whole
	}
	same := func(s *Store, entries int) {
		t.Helper()
		state, err := s.State(ctx, shop)
		if err != nil || !state.Enabled || state.Virtual != 3 || len(state.Pauses) != 1 || state.Cooldown != (engine.Deadlines{}) {
			t.Errorf("state is %+v, %v", state, err)
		}
		audited, err := s.Audited(ctx, store.Filter{})
		if err != nil || len(audited) != entries {
			t.Errorf("audit log is %+v, %v; want %d entries", audited, err, entries)
		}
		if p := export(s); len(p.Rows) != 1 || p.Rows[0].ID != 5 || len(p.Events) != 1 || len(p.Subjects) != 1 || len(p.Pauses) != 1 || !p.Switch.On || len(p.Entries) != entries {
			t.Errorf("export is %+v", p)
		}
		if found, err := s.Check(ctx); err != nil || len(found.Problems) > 0 {
			t.Errorf("a check finds %q, %v", found.Problems, err)
		}
		if empty, err := s.Empty(ctx); err != nil || empty {
			t.Errorf("it is empty: %v, %v", empty, err)
		}
	}

	reader, err := Open(path, Options{ReadOnly: true})
	check(t, err)
	t.Cleanup(func() { reader.Shutdown() })
	same(reader, 0)
	if _, known, err := reader.Revision(ctx, "r1"); known || err != nil {
		t.Errorf("a revision is known: %v, %v", known, err)
	}
	if due, err := reader.Due(ctx, start, 0); len(due) != 0 || err != nil {
		t.Errorf("due are %+v, %v", due, err)
	}
	wantError(t, reader.Audit(ctx, store.Entry{}), "reading only")
	wantError(t, reader.Replace(ctx, nil, time.Time{}), "reading only")

	for i := range 2 {
		s := openAt(t, path)
		same(s, i)
		check(t, s.Audit(ctx, store.Entry{At: start, Kind: store.OfDaemon, Message: "started"}))
		same(s, i+1)
		same(reader, i+1)
		var version int
		check(t, s.read.QueryRow("PRAGMA user_version").Scan(&version))
		if version != 5 {
			t.Errorf("version is %d, want 5", version)
		}
		check(t, s.Shutdown())
	}
	s := openAt(t, path)
	e := engine.Event{ID: "e1", Service: "shop", Ended: start, Result: engine.Interrupted} // that an older flyball began
	check(t, s.Close(ctx, e, shop, engine.State{Virtual: 3}))
	same(s, 3)
	if left, _ := filepath.Glob(path + ".corrupt*"); len(left) > 0 {
		t.Errorf("moved aside: %v", left)
	}
}

func TestAuditLogIsAppendOnly(t *testing.T) {
	s := openAt(t, filepath.Join(t.TempDir(), "flyball.db"))
	check(t, s.Audit(t.Context(), store.Entry{At: start, Actor: "anna", Kind: store.OfSwitch, Message: "autoscaling is off"}))
	_, err := s.write.Exec("UPDATE audit SET actor = 'ben'")
	wantError(t, err, "append-only")
	if entries, err := s.Audited(t.Context(), store.Filter{}); err != nil || len(entries) != 1 || entries[0].Actor != "anna" {
		t.Errorf("audit log is %+v, %v", entries, err)
	}
}

func TestOldAuditEntriesAreDropped(t *testing.T) {
	ctx := t.Context()
	s, err := Open(filepath.Join(t.TempDir(), "flyball.db"), Options{KeepAudit: 10 * day})
	check(t, err)
	t.Cleanup(func() { s.Shutdown() })
	hold := web(start)
	hold.Decision.Action = engine.Hold
	at := func(days int) time.Time { return start.AddDate(0, 0, days) }
	for _, days := range []int{0, 1, 5, 2, 6} { // the fourth by a clock that was put back
		check(t, s.Audit(ctx, store.Entry{At: at(days), Kind: store.OfDaemon}))
	}
	for _, c := range []struct {
		days int
		want []int64
	}{
		{9, []int64{1, 2, 3, 4, 5}},
		{11, []int64{2, 3, 4, 5}}, // to the instant it is kept
		{13, []int64{3, 4, 5}},    // 4 is behind one that is kept: no gap
		{16, []int64{5}},
		{100, []int64{5}}, // the newest stays
	} {
		hold.At = at(c.days)
		check(t, s.Record(ctx, hold, engine.State{}))
		entries, err := s.Audited(ctx, store.Filter{})
		check(t, err)
		var got []int64
		for _, e := range entries {
			got = append(got, e.Number)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("after %d days entries %v are left, want %v", c.days, got, c.want)
		}
	}
	check(t, s.Audit(ctx, store.Entry{At: at(100), Kind: store.OfDaemon}))
	if entries, err := s.Audited(ctx, store.Filter{Limit: 1}); err != nil || entries[0].Number != 6 {
		t.Errorf("the next one is %+v, %v; want number 6", entries, err)
	}
}

// A policy is kept for as long as a decision names it, and when it is new.
func TestOldRevisionsAreDropped(t *testing.T) {
	ctx := t.Context()
	s := openAt(t, filepath.Join(t.TempDir(), "flyball.db"))
	at := func(days int) time.Time { return start.AddDate(0, 0, days) }
	for n, days := range []int{0, 0, 50, 95} {
		check(t, s.Learn(ctx, store.Revision{ID: fmt.Sprint("r", n), At: at(days)}))
	}
	for n, days := range []int{0, 60} { // r2 and r3 have decided nothing
		r := web(at(days))
		r.Revision = fmt.Sprint("r", n)
		check(t, s.Record(ctx, r, engine.State{}))
	}
	for _, c := range []struct {
		days int
		want []string
	}{
		{89, []string{"r0", "r1", "r2", "r3"}},
		{91, []string{"r1", "r2", "r3"}},
		{141, []string{"r1", "r3"}},
		{151, []string{"r3"}},
		{186, nil},
	} {
		r := web(at(c.days))
		r.Revision = "another"
		check(t, s.Record(ctx, r, engine.State{}))
		var got []string
		for n := range 4 {
			id := fmt.Sprint("r", n)
			if _, known, err := s.Revision(ctx, id); err != nil {
				t.Error(err)
			} else if known {
				got = append(got, id)
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("after %d days %v are known, want %v", c.days, got, c.want)
		}
	}
}

// Nobody can be kept from ending a pause that can't be read.
func TestAPauseThatCannotBeReadIsResumed(t *testing.T) {
	s := openAt(t, filepath.Join(t.TempDir(), "flyball.db"))
	_, err := s.write.Exec("INSERT INTO pause VALUES ('compose//shop', '{')")
	check(t, err)
	check(t, s.Resume(t.Context(), "compose//shop", "anna", start))
	if pauses, err := s.Pauses(t.Context()); err != nil || len(pauses) != 0 {
		t.Errorf("pauses are %+v, %v", pauses, err)
	}
	if entries, err := s.Audited(t.Context(), store.Filter{}); err != nil || len(entries) != 1 || entries[0].Actor != "anna" {
		t.Errorf("audit log is %+v, %v", entries, err)
	}
}
