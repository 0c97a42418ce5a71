package sqlite

import (
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine"
)

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func web(at time.Time) engine.Record {
	return engine.Record{At: at, Policy: "web", Service: "shop", Mode: engine.Live, Decision: engine.Decision{Action: engine.ScaleUp}}
}

func openAt(t *testing.T, path string) *Store {
	t.Helper()
	s, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Shutdown() })
	return s
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wantError wants an error that says each of these.
func wantError(t *testing.T, err error, says ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want one that says %q", says)
	}
	for _, s := range says {
		if !strings.Contains(err.Error(), s) {
			t.Errorf("error %q does not say %q", err, s)
		}
	}
}

func TestOneWriter(t *testing.T) {
	path := filepath.Join(t.TempDir(), "flyball.db")
	first := openAt(t, path)
	_, err := Open(path, Options{})
	wantError(t, err, path, fmt.Sprintf("process %d", os.Getpid()), "stop it first")

	check(t, first.Shutdown())
	check(t, openAt(t, path).Shutdown())
}

// A new store can be read by its owner alone, also in a folder of everybody; who lets others read it is not overruled.
func TestAStoreIsItsOwnersAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "db")
	expect := func(want fs.FileMode) {
		t.Helper()
		s := openAt(t, path)
		for _, beside := range []string{"", "-wal", "-shm"} {
			info, err := os.Stat(path + beside)
			check(t, err)
			if got := info.Mode().Perm(); got != want {
				t.Errorf("db%s has mode %o, want %o", beside, got, want)
			}
		}
		check(t, s.Shutdown())
	}
	expect(0o600)
	check(t, os.Chmod(path, 0o640))
	expect(0o640)
}

func TestReaderBesideTheWriter(t *testing.T) {
	path := filepath.Join(t.TempDir(), "flyball.db")
	_, err := Open(path, Options{ReadOnly: true})
	wantError(t, err, path, "flyball run", "--store")
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v is not fs.ErrNotExist", err)
	}

	writer := openAt(t, path)
	check(t, writer.SetEnabled(t.Context(), true, "anna", start))
	reader, err := Open(path, Options{ReadOnly: true})
	check(t, err)
	check(t, writer.Record(t.Context(), web(start), engine.State{Virtual: 3}))
	state, err := reader.State(t.Context(), engine.Policy{Name: "web", Service: "shop", Mode: engine.Live})
	if err != nil || state.Virtual != 3 || !state.Enabled {
		t.Errorf("the reader sees %+v, %v; want what the writer has written", state, err)
	}
	wantError(t, reader.Record(t.Context(), web(start), engine.State{}), path, "reading only")
	wantError(t, reader.SetEnabled(t.Context(), false, "ben", start), "reading only")
	check(t, writer.Shutdown())
	check(t, reader.Shutdown())

	reader, err = Open(path, Options{ReadOnly: true})
	check(t, err)
	if is, known, err := reader.Switch(t.Context()); !is.On || !known || err != nil {
		t.Errorf("without a writer the reader sees %v, %v, %v; want on, and known", is.On, known, err)
	}
	check(t, reader.Shutdown())
}

func TestRefusedFiles(t *testing.T) {
	for _, c := range []struct {
		name string
		sql  string
		says string
	}{
		{"of a newer flyball", "PRAGMA application_id = 0x666c7962; PRAGMA user_version = 7; CREATE TABLE t (x)", "newer flyball wrote it (schema 7, this one reads up to 5)"},
		{"of another program", "CREATE TABLE accounts (x)", "database of another program"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "other.db")
			db, err := sql.Open("sqlite", path)
			check(t, err)
			_, err = db.Exec(c.sql)
			check(t, errors.Join(err, db.Close()))
			for _, readOnly := range []bool{false, true} {
				_, err := Open(path, Options{ReadOnly: readOnly})
				wantError(t, err, path, c.says)
			}
			if left, _ := filepath.Glob(path + ".corrupt*"); len(left) > 0 {
				t.Errorf("moved aside: %v", left)
			}
		})
	}
}

func TestFullDiskHoldsAndHeals(t *testing.T) {
	s := openAt(t, filepath.Join(t.TempDir(), "flyball.db"))
	check(t, s.Record(t.Context(), web(start), engine.State{Virtual: 1}))
	limit := func(pages int) {
		_, err := s.write.Exec(fmt.Sprintf("PRAGMA max_page_count = %d", pages))
		check(t, err)
	}
	limit(1) // SQLite makes it as many as there are
	large := web(start.Add(time.Minute))
	large.Recommendation.Error = strings.Repeat("x", 1<<16)
	wantError(t, s.Record(t.Context(), large, engine.State{Virtual: 2}), "policy web", "full")
	state, err := s.State(t.Context(), engine.Policy{Name: "web", Service: "shop", Mode: engine.Live})
	if err != nil || state.Virtual != 1 {
		t.Errorf("state is %+v, %v; want the one before the disk was full", state, err)
	}
	limit(1 << 20)
	check(t, s.Record(t.Context(), large, engine.State{Virtual: 2}))
}

func TestOldRowsAreDropped(t *testing.T) {
	ctx := t.Context()
	s := openAt(t, filepath.Join(t.TempDir(), "flyball.db"))
	day := func(n int) time.Time { return start.AddDate(0, 0, n) }
	for _, n := range []int{0, 50, 89} {
		e := engine.Event{ID: fmt.Sprint(n), Service: "shop", Started: day(n), Ended: day(n), Result: engine.Succeeded}
		if n == 0 {
			lost := engine.Event{ID: "open", Service: "shop", Started: day(n)}
			check(t, s.Record(ctx, web(day(n)), engine.State{Open: &lost}))
		}
		check(t, s.Close(ctx, e, engine.Policy{Name: "web", Service: "shop", Mode: engine.Live}, engine.State{}))
		check(t, s.Record(ctx, web(day(n)), engine.State{}))
	}
	count := func(want int, events ...string) {
		t.Helper()
		rows, err := s.Decisions(ctx, "", 0)
		check(t, err)
		history, err := s.History(ctx, "", 0)
		check(t, err)
		var ids []string
		for _, e := range history {
			ids = append(ids, e.ID)
		}
		if len(rows) != want || !slices.Equal(ids, events) {
			t.Errorf("%d decisions and events %v, want %d and %v", len(rows), ids, want, events)
		}
	}
	count(4, "89", "50", "0", "open")
	check(t, s.Record(ctx, web(day(120)), engine.State{}))
	count(3, "89", "50", "open") // an open event stays until somebody closes it
}

func TestDecisionsAreBounded(t *testing.T) {
	s := openAt(t, filepath.Join(t.TempDir(), "flyball.db"))
	quiet := web(start)
	quiet.Policy, quiet.Decision.Action = "quiet", engine.Hold
	check(t, s.Record(t.Context(), quiet, engine.State{}))
	s.pruned = time.Time{}
	_, err := s.write.Exec(`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
		INSERT INTO decision (policy, mode, action, reason, revision, first, last, count, record)
		SELECT 'web', 'live', 'hold', i, '', ?2, ?2, 1, '{}' FROM n`, keepRows+pruneRows/2, start.UnixNano())
	check(t, err)
	check(t, s.Record(t.Context(), web(start), engine.State{}))
	var rows int
	check(t, s.read.QueryRow("SELECT count(*) FROM decision").Scan(&rows))
	if rows != keepRows+1 {
		t.Errorf("%d decisions are kept, want %d and the quiet policy's", rows, keepRows)
	}
	if rows, err := s.Decisions(t.Context(), "quiet", 0); err != nil || len(rows) != 1 {
		t.Errorf("of the quiet policy %d decisions are left, %v; want its newest", len(rows), err)
	}
}
