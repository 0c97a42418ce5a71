package sqlite

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/store"
	"github.com/flyball-dev/flyball/engine/store/storetest"
)

func TestExportComesInParts(t *testing.T) {
	ctx, s := t.Context(), openAt(t, filepath.Join(t.TempDir(), "flyball.db"))
	var entries []store.Entry
	for n := range 2500 {
		entries = append(entries, store.Entry{At: start.Add(time.Duration(n)), Kind: store.OfDaemon})
	}
	check(t, s.Audit(ctx, entries...))
	for n := range 5 {
		r := web(start.Add(time.Duration(n) * time.Hour))
		r.Recommendation.Error = strings.Repeat("x", 600_000)
		check(t, s.Record(ctx, r, engine.State{}))
	}
	parts, rows := 0, 0
	check(t, s.Export(ctx, func(p store.Part) error {
		n, size := len(p.Entries)+len(p.Rows)+len(p.Subjects), 0
		for _, row := range p.Rows {
			size += len(row.Record.Recommendation.Error)
		}
		if n == 0 || n > partRows || size > partBytes+600_000 {
			t.Errorf("a part has %d rows of %d bytes", n, size)
		}
		parts, rows = parts+1, rows+n
		return nil
	}))
	if rows != 2506 || parts < 5 {
		t.Errorf("%d rows in %d parts", rows, parts)
	}
}

// While an export takes its time, the store is written.
func TestExportIsOfOneInstant(t *testing.T) {
	ctx, s := t.Context(), openAt(t, filepath.Join(t.TempDir(), "flyball.db"))
	for n := range 1500 {
		check(t, s.Audit(ctx, store.Entry{At: start.Add(time.Duration(n)), Kind: store.OfDaemon}))
	}
	seen := 0
	check(t, s.Export(ctx, func(p store.Part) error {
		seen += len(p.Entries)
		if p.Switch != nil {
			t.Error("it has a switch that was set meanwhile")
		}
		return s.SetEnabled(ctx, true, "anna", start)
	}))
	if seen != 1500 {
		t.Errorf("%d audit entries are exported, want those of the beginning", seen)
	}
}

func TestReplaceRefusesWhatItDoesNotKnow(t *testing.T) {
	s := openAt(t, filepath.Join(t.TempDir(), "flyball.db"))
	storetest.Use(t, s, "web")
	before := storetest.Everything(t, s)
	for name, c := range map[string]struct {
		part store.Part
		says string
	}{
		"a chunk of another kind": {store.Part{Chunks: []store.Chunk{{Kind: "half"}}}, "half"},
		"an entry twice":          {store.Part{Entries: []store.Entry{{Number: 1}, {Number: 1}}}, "audit"},
	} {
		err := s.Replace(t.Context(), func(take func(store.Part) error) error { return take(c.part) }, time.Time{})
		wantError(t, err, "replace the store", c.says)
		if after := storetest.Everything(t, s); len(after.Chunks) != len(before.Chunks) || len(after.Entries) != len(before.Entries) {
			t.Errorf("%s: it is changed", name)
		}
	}
}

func TestCheckFindsWhatIsWrong(t *testing.T) {
	for _, c := range []struct {
		name, sql string
		says      []string
	}{
		{"a state", "UPDATE state SET state = '{'", []string{"states: number 1 is damaged", "JSON"}},
		{"a newest record", "UPDATE state SET record = '[]'", []string{"states: number 1 is damaged"}},
		{"a decision", "UPDATE decision SET record = '' WHERE id = 2", []string{"decisions: number 2 is damaged"}},
		{"many decisions", "UPDATE event SET event = 'x'", []string{"events: number 1 is", "events: number 20 is", "events: 16 more are damaged"}},
		{"a pause", "UPDATE pause SET pause = 'x'", []string{"pauses: number"}},
		{"samples", "UPDATE chunk SET points = x'010203' WHERE id = 1", []string{"full chunks of samples: number 1 is damaged", "cpu of live/web", "cut short"}},
		{"open samples", "UPDATE open_chunk SET points = x''", []string{"open chunks of samples: number 1", "cut short"}},
		{"rollups", "UPDATE rollup SET rollups = substr(rollups, 1, 20)", []string{"days of rollups: number 1", "checksum"}},
		{"samples of nobody", "DELETE FROM series WHERE id = 1", []string{"chunk: 2 belong to no series"}},
		{"a gap in the audit log", "DELETE FROM audit WHERE number = 3", []string{"audit entries", "entry 4 follows on 2: there is a gap"}},
		{"a policy", "UPDATE revision SET revision = 'x'", []string{"policies: number 1"}},
		{"a notification", "UPDATE outbox SET message = 'x'", []string{"notifications: number 1"}},
		{"a token", "UPDATE token SET token = 'x'", []string{"tokens: number 1"}},
		{"a token of another id", "UPDATE token SET id = 'other' WHERE id = 'web t1'", []string{"tokens: number 1", "the token of id other says that it is web t1"}},
		{"a person", "UPDATE person SET person = replace(person, 'admin', 'viewer')", []string{"people: number 1", "checksum"}},
		{"a person of another address", "UPDATE person SET email = 'eve'", []string{"people: number 1", "the person at eve says that it is web@example.org"}},
		{"a policy's body", "UPDATE document SET body = '{}'", []string{"posted policies: number 1", "checksum"}},
		{"a policy's version", "UPDATE document SET version = '2'", []string{"posted policies: number 1", "version 2 of policy web says that it is version 1 of web"}},
		{"what was told", "UPDATE posted SET posted = replace(posted, '3', '4')", []string{"end of what was told: number 1", "checksum"}},
		{"a reason", "DROP TRIGGER audit_is_append_only; UPDATE audit SET reason = '' WHERE reason <> ''", []string{"audit entries: number", "the checksum of entry"}},
		{"a reason of none", "DROP TRIGGER audit_is_append_only; UPDATE audit SET reason = 'x' WHERE number = 3", []string{"the checksum of entry 3 differs"}},
		{"an index", `PRAGMA writable_schema = on; UPDATE sqlite_schema SET sql = 'CREATE INDEX event_by_start ON event (ended, seq)'
			WHERE name = 'event_by_start'; PRAGMA writable_schema = reset`, []string{"file: ", "event_by_start"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := openAt(t, filepath.Join(t.TempDir(), "flyball.db"))
			storetest.Use(t, s, "web")
			for n := range 32 {
				e := engine.Event{ID: fmt.Sprint(n), Started: start, Ended: start, Result: engine.Seen}
				check(t, s.Close(t.Context(), e, engine.Policy{Name: "web", Service: "web", Mode: engine.Live}, engine.State{}))
			}
			_, err := s.write.Exec(c.sql)
			check(t, err)
			found, err := s.Check(t.Context())
			check(t, err)
			all := strings.Join(found.Problems, "\n")
			for _, says := range c.says {
				if !strings.Contains(all, says) {
					t.Errorf("it says\n%s\nwant %q", all, says)
				}
			}
		})
	}
}

// A reader beside the daemon exports what the daemon has written.
func TestReaderExports(t *testing.T) {
	path := filepath.Join(t.TempDir(), "flyball.db")
	writer := openAt(t, path)
	storetest.Use(t, writer, "web")
	reader, err := Open(path, Options{ReadOnly: true})
	check(t, err)
	t.Cleanup(func() { reader.Shutdown() })
	if got, want := len(storetest.Everything(t, reader).Chunks), len(storetest.Everything(t, writer).Chunks); got != want || got == 0 {
		t.Errorf("the reader exports %d chunks, the writer %d", got, want)
	}
}
