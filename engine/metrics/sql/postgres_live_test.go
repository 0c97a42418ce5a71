package sql

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/metrics/metricstest"
)

// grants are what a user of flyball's needs, and no more.
const grants = `
CREATE ROLE flyball LOGIN PASSWORD '` + canary + `' CONNECTION LIMIT 5;
GRANT CONNECT ON DATABASE postgres TO flyball;
GRANT USAGE ON SCHEMA public TO flyball;
GRANT SELECT ON jobs TO flyball;
`

const jobs = `
CREATE TYPE mood AS ENUM ('fine', '7');
CREATE TABLE jobs (id bigserial PRIMARY KEY, state text, weight numeric);
INSERT INTO jobs (state, weight) VALUES ('waiting', 1.5), ('waiting', 2), ('done', NULL);
CREATE TABLE secret (id int);
CREATE FUNCTION add() RETURNS bigint LANGUAGE sql VOLATILE AS 'INSERT INTO jobs (state) VALUES (''added'') RETURNING id';
CREATE FUNCTION sneak() RETURNS int LANGUAGE plpgsql AS $$
BEGIN
	PERFORM set_config('transaction_read_only', 'off', false);
	INSERT INTO jobs (state) VALUES ('sneaked');
	RETURN 1;
END $$;
`

func TestLivePostgres(t *testing.T) {
	server := metricstest.PostgresServer(t, "max_connections=20")
	admin := open(t, "pgx", server.DSN)
	execute(t, admin, jobs, grants)
	dsn := strings.Replace(server.DSN, "admin:", "flyball:", 1)
	strong := postgresSource(t, server.DSN, 5*time.Second) // of a user who may do anything
	weak := postgresSource(t, dsn, 5*time.Second)

	t.Run("answers", func(t *testing.T) { testAnswers(t, strong, postgresAnswers) })
	t.Run("refuses writes", func(t *testing.T) {
		testRefuses(t, strong, admin, "SELECT count(*) FROM jobs", 3, postgresWrites)
		var next int
		if err := admin.QueryRow("SELECT last_value FROM jobs_id_seq").Scan(&next); err != nil || next != 3 {
			t.Errorf("the sequence is at %d, %v; want 3", next, err)
		}
	})
	t.Run("least privilege", func(t *testing.T) {
		if got := ask(weak, t.Context(), "SELECT count(*) FROM jobs WHERE state = 'waiting'"); got != "2" {
			t.Errorf("the user of the grants is answered %s; want 2", got)
		}
		_, err := weak.Ask(t.Context(), "SELECT count(*) FROM secret")
		if err == nil || errors.As(err, &engine.Down{}) || !strings.Contains(err.Error(), "permission denied for table secret") {
			t.Errorf("of another table it is answered %v", err)
		}
	})
	t.Run("who asks", func(t *testing.T) {
		if got := ask(strong, t.Context(), "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'flyball' AND pid = pg_backend_pid()"); got != "1" {
			t.Errorf("the server knows it by another name: %s", got)
		}
	})
	t.Run("stops what takes too long", func(t *testing.T) {
		testSlow(t, postgresSource(t, server.DSN, 5*time.Second), "SELECT 1 FROM pg_sleep(100)", "canceling statement due to statement timeout")
		metricstest.Until(t, func() error {
			return noneOf(admin, "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT 1 FROM pg_sleep%'")
		})
	})
	t.Run("ends with its caller", func(t *testing.T) {
		testCancelled(t, postgresSource(t, server.DSN, time.Minute), "SELECT 2 FROM pg_sleep(100)", func() error {
			return someOf(admin, "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT 2 FROM pg_sleep%'")
		})
		metricstest.Until(t, func() error {
			return noneOf(admin, "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT 2 FROM pg_sleep%'")
		})
	})
	t.Run("reads no more than two rows", func(t *testing.T) {
		testEndless(t, strong, "SELECT generate_series(1, 1000000000)")
	})
	t.Run("side by side", func(t *testing.T) {
		testSideBySide(t, postgresSource(t, server.DSN, 30*time.Second), admin, "SELECT 3 FROM pg_sleep(100)",
			"SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT 3 FROM pg_sleep%'")
	})
	t.Run("is down", func(t *testing.T) {
		testDown(t, "postgres", server.DSN, map[string][3]string{
			"a wrong password": {metricstest.DatabasePassword, metricstest.DatabasePassword + "x", "password authentication failed"},
			"a wrong user":     {"admin:", "nobody:", "password authentication failed"},
			"a wrong database": {"/postgres", "/gone", `database "gone" does not exist`},
			"a wrong setting":  {"?", "?gone=1&", `unrecognized configuration parameter "gone"`},
		})
	})
	t.Run("too many connections", func(t *testing.T) {
		execute(t, admin, "ALTER ROLE flyball CONNECTION LIMIT 0")
		_, err := postgresSource(t, dsn, 5*time.Second).Ask(t.Context(), "SELECT 1")
		if !errors.As(err, &engine.Down{}) || !strings.Contains(err.Error(), `too many connections for role "flyball"`) {
			t.Errorf("Ask = %v", err)
		}
	})
	t.Run("a connection that was ended", func(t *testing.T) {
		s := source(t, Options{Driver: "postgres", DSN: server.DSN, Timeout: 30 * time.Second})
		answers := make(chan error)
		go func() {
			_, err := s.Ask(t.Context(), "SELECT 4 FROM pg_sleep(100)")
			answers <- err
		}()
		const it = " FROM pg_stat_activity WHERE query LIKE 'SELECT 4 FROM pg_sleep%' AND state = 'active'"
		metricstest.Until(t, func() error { return someOf(admin, "SELECT count(*)"+it) })
		execute(t, admin, "SELECT pg_terminate_backend(pid)"+it)
		if err := <-answers; !errors.As(err, &engine.Down{}) || !strings.Contains(err.Error(), "terminating connection") {
			t.Errorf("Ask = %v; want that it is down", err)
		}
	})
	t.Run("dies and comes back", func(t *testing.T) { testHeals(t, strong, server) })
}

func postgresSource(t testing.TB, dsn string, timeout time.Duration) *Source {
	return source(t, Options{Driver: "postgres", DSN: dsn, Timeout: timeout})
}

var postgresAnswers = map[string]answer{
	"an integer":         {"SELECT 7", "7"},
	"a short integer":    {"SELECT 7::smallint", "7"},
	"a long integer":     {"SELECT count(*) FROM jobs", "3"},
	"a float":            {"SELECT 0.25::double precision", "0.25"},
	"a short float":      {"SELECT 0.25::real", "0.25"},
	"a numeric":          {"SELECT sum(weight) FROM jobs", "3.5"},
	"an exact numeric":   {"SELECT 123456789012345.678", "1.2345678901234567e+14"},
	"a number as text":   {"SELECT '12.5'::text", "12.5"},
	"a number in JSON":   {`SELECT '{"a": 7}'::jsonb ->> 'a'`, "7"},
	"an object's id":     {"SELECT 7::oid", "7"},
	"seconds":            {"SELECT extract(epoch FROM interval '2 minutes')", "120"},
	"a table":            {"TABLE (SELECT 1) a", "syntax error"},
	"values":             {"VALUES (7)", "7"},
	"show":               {"SHOW max_connections", "20"},
	"show with a unit":   {"SHOW work_mem", `the text "4MB"`},
	"a semicolon":        {"SELECT 7;", "7"},
	"none is 0":          {"SELECT coalesce(sum(weight), 0) FROM jobs WHERE state = 'x'", "0"},
	"NULL":               {"SELECT sum(weight) FROM jobs WHERE state = 'x'", "the answer is NULL"},
	"no row":             {"SELECT weight FROM jobs WHERE state = 'x'", "the answer has no row"},
	"several rows":       {"SELECT id FROM jobs", "the answer has several rows"},
	"several columns":    {"SELECT id, state FROM jobs LIMIT 1", "2 columns (id, state)"},
	"no columns":         {"SELECT FROM jobs LIMIT 1", "the answer has no column"},
	"true":               {"SELECT true", "the answer is true"},
	"a time":             {"SELECT now()", "the answer is a time"},
	"an interval":        {"SELECT interval '2 minutes'", `the text "00:02:00"`},
	"an enum":            {"SELECT 'fine'::mood", `the text "fine"`},
	"an array":           {"SELECT ARRAY[1]", `the text "{1}"`},
	"bytes":              {`SELECT '\x37'::bytea`, "of type BYTEA"},
	"NaN":                {"SELECT 'NaN'::double precision", "the answer is NaN"},
	"infinity":           {"SELECT '-Infinity'::double precision", "the answer is -Inf"},
	"a numeric NaN":      {"SELECT 'NaN'::numeric", `the text "NaN"`},
	"a numeric infinity": {"SELECT 'Infinity'::numeric", `the text "Infinity"`},
	"a large numeric":    {"SELECT 1e400", "a number of 401 characters, beyond"},
	"a long text":        {"SELECT repeat('1', 2000000)", "expected at most 1048576"},
	"a syntax error":     {"SELECT FROM FROM", `syntax error at or near "FROM" (SQLSTATE 42601)`},
	"an unknown table":   {"SELECT count(*) FROM gone", `relation "gone" does not exist`},
	"a division by zero": {"SELECT 1 / 0", "division by zero"},
	"a parameter":        {"SELECT $1 + 1", "requires 1"},
}

// Each is tried as it is, without the look at its text.
var postgresWrites = map[string]string{
	"INSERT INTO jobs (state) VALUES ('x') RETURNING id":                             "read-only transaction",
	"WITH a AS (INSERT INTO jobs (state) VALUES ('x') RETURNING id) SELECT * FROM a": "read-only transaction",
	"WITH a AS (DELETE FROM jobs RETURNING id) SELECT count(*) FROM a":               "read-only transaction",
	"SELECT add()":                  "read-only transaction",
	"SELECT sneak()":                "must be set before any query",
	"SELECT id INTO more FROM jobs": "read-only transaction",
	"SELECT id FROM jobs ORDER BY id LIMIT 1 FOR UPDATE":       "read-only transaction",
	"SELECT nextval('jobs_id_seq')":                            "read-only transaction",
	"SELECT setval('jobs_id_seq', 9)":                          "read-only transaction",
	"SELECT lo_creat(-1)":                                      "",
	"SELECT 1; COMMIT; DELETE FROM jobs":                       "cannot insert multiple commands",
	"COMMIT; DELETE FROM jobs":                                 "cannot insert multiple commands",
	"SET TRANSACTION READ WRITE":                               "",
	"DO $$ BEGIN COMMIT; DELETE FROM jobs; END $$":             "invalid transaction termination",
	"TRUNCATE jobs":                                            "read-only transaction",
	"EXPLAIN ANALYZE DELETE FROM jobs":                         "read-only transaction",
	"SELECT set_config('transaction_read_only', 'off', false)": "must be set before any query",
	"SELECT set_config('default_transaction_read_only', 'off', false)::text || add()::text": "read-only transaction",
}

func open(t testing.TB, driver, dsn string) *sql.DB {
	t.Helper()
	db, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func execute(t testing.TB, db *sql.DB, statements ...string) {
	t.Helper()
	for _, s := range statements {
		if _, err := db.Exec(s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

func noneOf(db *sql.DB, query string) error { return same(db, query, false) }

func someOf(db *sql.DB, query string) error { return same(db, query, true) }

func same(db *sql.DB, query string, some bool) error {
	var n int
	if err := db.QueryRowContext(context.Background(), query).Scan(&n); err != nil {
		return err
	}
	if some != (n > 0) {
		return fmt.Errorf("%s: %d", query, n)
	}
	return nil
}

func BenchmarkPostgres(b *testing.B) {
	dsn := metricstest.Postgres(b)
	db := open(b, "pgx", dsn)
	execute(b, db, jobs)
	compare(b, postgresSource(b, dsn, 5*time.Second), db, "SELECT count(*) FROM jobs")
}
