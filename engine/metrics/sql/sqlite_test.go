package sql

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/flyball-dev/flyball/engine"
)

// file makes one that the statements wrote.
func file(t testing.TB, statements string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "it's 100%25 a.db")
	writer(t, path, statements)
	return path
}

func writer(t testing.TB, path, statements string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	db.SetMaxOpenConns(1)
	if _, err := db.Exec(statements); err != nil {
		t.Fatal(err)
	}
	return db
}

func lite(t testing.TB, path string) *Source {
	return source(t, Options{Driver: "sqlite", DSN: path, Timeout: 5 * time.Second})
}

func TestSQLiteAnswers(t *testing.T) {
	s := lite(t, file(t, `
		CREATE TABLE jobs (id INTEGER, done BOOLEAN, at TIMESTAMP, weight DECIMAL(10, 2), note TEXT, body BLOB);
		INSERT INTO jobs VALUES (1, true, '2024-01-02 03:04:05', 1.5, '12.5', x'37'), (2, false, NULL, 2, 'x', NULL);
	`))
	for name, c := range map[string]struct{ query, want string }{
		"a count":            {"SELECT count(*) FROM jobs", "2"},
		"a semicolon":        {"SELECT count(*) FROM jobs;", "2"},
		"none":               {"SELECT count(*) FROM jobs WHERE id > 7", "0"},
		"a float":            {"SELECT 0.25", "0.25"},
		"a decimal":          {"SELECT weight FROM jobs WHERE id = 1", "1.5"},
		"a text":             {"SELECT note FROM jobs WHERE id = 1", "12.5"},
		"with":               {"WITH a AS (SELECT 1 AS b UNION ALL SELECT 2) SELECT sum(b) FROM a", "3"},
		"values":             {"VALUES (7)", "7"},
		"no row":             {"SELECT id FROM jobs WHERE id > 7", "the answer has no row; allowed: one"},
		"NULL":               {"SELECT sum(id) FROM jobs WHERE id > 7", "the answer is NULL; allowed: a number"},
		"several rows":       {"SELECT id FROM jobs", "the answer has several rows; allowed: one"},
		"several columns":    {"SELECT id, note FROM jobs", "the answer has 2 columns (id, note); allowed: one"},
		"many columns":       {"SELECT *, * FROM jobs", "12 columns (id, done, at, weight, note, …)"},
		"true":               {"SELECT done FROM jobs WHERE id = 1", "1"},
		"a time":             {"SELECT at FROM jobs WHERE id = 1", "the answer is a time"},
		"a word":             {"SELECT note FROM jobs WHERE id = 2", `the answer is the text "x"`},
		"bytes":              {"SELECT body FROM jobs WHERE id = 1", "of type BLOB"},
		"infinity":           {"SELECT 1e400", "the answer is +Inf"},
		"a syntax error":     {"SELECT FROM", "says: SQL logic error: near \"FROM\": syntax error"},
		"an unknown table":   {"SELECT count(*) FROM gone", "no such table: gone"},
		"a missing argument": {"SELECT ?", "missing argument"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := ask(s, t.Context(), c.query); got != c.want && (len(c.want) < 6 || !strings.Contains(got, c.want)) {
				t.Errorf("%s: %s; want %s", c.query, got, c.want)
			}
			if _, err := s.Ask(t.Context(), c.query); errors.As(err, &engine.Down{}) {
				t.Errorf("%s: the source is down: %v", c.query, err)
			}
		})
	}
	if got := ask(s, t.Context(), "SELECT count(*) FROM jobs"); got != "2" {
		t.Errorf("after all that it answers %s", got)
	}
}

// The text is checked before; here it is not.
func TestSQLiteRefusesWrites(t *testing.T) {
	path := file(t, "CREATE TABLE jobs (id INTEGER); INSERT INTO jobs VALUES (1)")
	s := lite(t, path)
	for _, query := range []string{
		"INSERT INTO jobs VALUES (2) RETURNING id",
		"WITH a AS (SELECT 2) INSERT INTO jobs SELECT * FROM a RETURNING id",
		"DELETE FROM jobs",
		"SELECT 1; COMMIT; DELETE FROM jobs",
		"PRAGMA query_only = 0; DELETE FROM jobs",
		"COMMIT; PRAGMA query_only = 0; DELETE FROM jobs",
		"CREATE TABLE more (id)",
	} {
		value, err := s.ask(t.Context(), query)
		if err == nil || errors.As(err, &engine.Down{}) {
			t.Errorf("%s: %v, %v; want a plain error", query, value, err)
		}
		if got := ask(s, t.Context(), "SELECT count(*) FROM jobs"); got != "1" {
			t.Fatalf("after %s there are %s", query, got)
		}
	}
}

func TestSQLiteStopsASlowQuery(t *testing.T) {
	s := source(t, Options{Driver: "sqlite", DSN: file(t, "CREATE TABLE a (b)"), Timeout: 300 * time.Millisecond})
	const endless = "WITH RECURSIVE a(b) AS (SELECT 1 UNION ALL SELECT b + 1 FROM a) SELECT count(*) FROM a"
	_, err := s.Ask(t.Context(), endless)
	if err == nil || errors.As(err, &engine.Down{}) || !strings.Contains(err.Error(), "the query was stopped, which took too long") {
		t.Errorf("Ask = %v; want that the query was stopped", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	if _, err := s.Ask(ctx, endless); !errors.As(err, &engine.Down{}) || !errors.Is(err, context.Canceled) {
		t.Errorf("Ask = %v; want that it was cancelled", err)
	}
	if got := ask(s, t.Context(), "SELECT 1"); got != "1" {
		t.Errorf("after that it answers %s", got)
	}
}

// Rows come one by one: an answer that never ends is left after two.
func TestSQLiteReadsNoMoreThanTwoRows(t *testing.T) {
	s := lite(t, file(t, "CREATE TABLE a (b)"))
	begun := time.Now()
	got := ask(s, t.Context(), "WITH RECURSIVE a(b) AS (SELECT 1 UNION ALL SELECT b + 1 FROM a) SELECT b FROM a")
	if !strings.Contains(got, "several rows") || time.Since(begun) > 30*time.Second {
		t.Errorf("Ask = %s after %s", got, time.Since(begun))
	}
}

func TestSQLiteIsDown(t *testing.T) {
	folder := t.TempDir()
	text := filepath.Join(folder, "text")
	if err := os.WriteFile(text, []byte(strings.Repeat("no database ", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	gone := filepath.Join(folder, "gone.db")
	locked := file(t, "CREATE TABLE a (b)")
	holder := writer(t, locked, "BEGIN EXCLUSIVE")
	for name, c := range map[string]struct{ path, says string }{
		"a file that is gone": {gone, "unable to open database file"},
		"a folder":            {folder, "disk I/O error"},
		"another file":        {text, "file is not a database"},
		"a locked file":       {locked, "database is locked"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := lite(t, c.path).Ask(t.Context(), "SELECT count(*) FROM sqlite_schema")
			if !errors.As(err, &engine.Down{}) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("Ask = %v; want that it is down: %s", err, c.says)
			}
		})
	}
	if _, err := os.Stat(gone); err == nil {
		t.Error("the file was made")
	}
	if _, err := holder.Exec("COMMIT"); err != nil {
		t.Fatal(err)
	}
	if got := ask(lite(t, locked), t.Context(), "SELECT count(*) FROM a"); got != "0" {
		t.Errorf("unlocked, it answers %s", got)
	}
}

// A file in WAL mode is read while it is written to.
func TestSQLiteSeesWhatIsWritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "jobs.db")
	db := writer(t, path, "PRAGMA journal_mode = WAL; CREATE TABLE jobs (id)")
	s := lite(t, path)
	for _, want := range []string{"1", "2", "3"} {
		if _, err := db.Exec("INSERT INTO jobs VALUES (1)"); err != nil {
			t.Fatal(err)
		}
		if got := ask(s, t.Context(), "SELECT count(*) FROM jobs"); got != want {
			t.Errorf("it answers %s; want %s", got, want)
		}
	}
}

// A file that another took the place of is not asked any more.
func TestSQLiteFollowsTheName(t *testing.T) {
	folder := t.TempDir()
	path, next := filepath.Join(folder, "a.db"), filepath.Join(folder, "b.db")
	writer(t, path, "CREATE TABLE a (b)").Close()
	writer(t, next, "CREATE TABLE a (b); INSERT INTO a VALUES (1)").Close()
	s := lite(t, path)
	if got := ask(s, t.Context(), "SELECT count(*) FROM a"); got != "0" {
		t.Fatalf("it answers %s", got)
	}
	if err := os.Rename(next, path); err != nil {
		t.Fatal(err)
	}
	if got := ask(s, t.Context(), "SELECT count(*) FROM a"); got != "1" {
		t.Errorf("of the new file it answers %s; want 1", got)
	}
}

func TestAskWaitsForAConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := source(t, Options{Driver: "sqlite", DSN: "a.db", Connections: 1, Timeout: time.Second})
		s.slots <- struct{}{} // somebody's
		_, err := s.Ask(t.Context(), "SELECT 1")
		if err == nil || errors.As(err, &engine.Down{}) || !strings.Contains(err.Error(), "waited for other queries on all 1 connections: no answer within 1s") {
			t.Errorf("Ask = %v", err)
		}
		<-s.slots
	})
}

func TestSQLiteSideBySide(t *testing.T) {
	s := lite(t, file(t, "CREATE TABLE a (b); INSERT INTO a VALUES (7)"))
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if got := ask(s, t.Context(), "SELECT b FROM a"); got != "7" {
				t.Errorf("it answers %s", got)
			}
		})
	}
	wg.Wait()
	if n := s.db.Stats().OpenConnections; n > connections {
		t.Errorf("it has %d connections", n)
	}
}

func BenchmarkSQLite(b *testing.B) {
	path := filepath.Join(b.TempDir(), "a.db")
	writer(b, path, "CREATE TABLE a (b); INSERT INTO a VALUES (7)")
	s := lite(b, path)
	db, err := sql.Open("sqlite", "file:"+path+"?mode=ro")
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	compare(b, s, db, "SELECT count(*) FROM a")
}

// compare asks through a source, and bare.
func compare(b *testing.B, s *Source, db *sql.DB, query string) {
	b.Run("ask", func(b *testing.B) {
		for b.Loop() {
			if _, err := s.Ask(b.Context(), query); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("bare", func(b *testing.B) {
		for b.Loop() {
			var value float64
			if err := db.QueryRowContext(b.Context(), query).Scan(&value); err != nil {
				b.Fatal(err)
			}
		}
	})
}
