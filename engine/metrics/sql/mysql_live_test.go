package sql

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/metrics/metricstest"
)

func TestLiveMariaDB(t *testing.T) {
	server := metricstest.MariaDBServer(t, "--max-connections=20", "--secure-file-priv=")
	admin := open(t, "mysql", server.DSN)
	execute(t, admin,
		"CREATE TABLE jobs (id bigint AUTO_INCREMENT PRIMARY KEY, state text, weight decimal(10, 2), flags bit(4), body blob)",
		"INSERT INTO jobs (state, weight, flags, body) VALUES ('waiting', 1.5, b'1', '7'), ('waiting', 2, b'1', '7'), ('done', NULL, NULL, NULL)",
		"CREATE TABLE secret (id int)",
		"CREATE SEQUENCE numbers START WITH 1 CACHE 1",
		"CREATE FUNCTION `add`() RETURNS bigint MODIFIES SQL DATA BEGIN INSERT INTO jobs (state) VALUES ('added'); RETURN 1; END",
		// What a user of flyball's needs, and no more.
		"CREATE USER flyball@'127.0.0.1' IDENTIFIED BY '"+canary+"' WITH MAX_USER_CONNECTIONS 5",
		"GRANT SELECT ON flyball.jobs TO flyball@'127.0.0.1'",
	)
	dsn := strings.Replace(server.DSN, "admin:", "flyball:", 1)
	strong := mysqlSource(t, server.DSN, 5*time.Second) // of a user who may do anything
	weak := mysqlSource(t, dsn, 5*time.Second)

	t.Run("answers", func(t *testing.T) { testAnswers(t, strong, mariaAnswers) })
	t.Run("refuses writes", func(t *testing.T) {
		testRefuses(t, strong, admin, "SELECT count(*) FROM jobs", 3, mariaWrites)
		var next int
		if err := admin.QueryRow("SELECT next_not_cached_value FROM numbers").Scan(&next); err != nil || next != 1 {
			t.Errorf("the sequence is at %d, %v; want 1", next, err)
		}
	})
	t.Run("least privilege", func(t *testing.T) {
		if got := ask(weak, t.Context(), "SELECT count(*) FROM jobs WHERE state = 'waiting'"); got != "2" {
			t.Errorf("the user of the grants is answered %s; want 2", got)
		}
		for query, says := range map[string]string{
			"SELECT count(*) FROM secret":                       "SELECT command denied to user",
			"SELECT id FROM jobs LIMIT 1 FOR UPDATE":            "READ ONLY",
			"SELECT id INTO OUTFILE '/tmp/flyball' FROM jobs":   "Access denied",
			"SELECT `add`()":                                    "READ ONLY",
			"SELECT NEXTVAL(numbers)":                           "READ ONLY",
			"SELECT count(*) FROM gone":                         "denied",
			"SELECT user FROM mysql.user ORDER BY user LIMIT 1": "denied",
		} {
			_, err := weak.Ask(t.Context(), query)
			if err == nil || errors.As(err, &engine.Down{}) || !strings.Contains(err.Error(), says) {
				t.Errorf("%s: %v; want a plain error: %s", query, err, says)
			}
		}
	})
	t.Run("stops what takes too long", func(t *testing.T) {
		testSlow(t, mysqlSource(t, server.DSN, 5*time.Second), "SELECT sleep(100)", "max_statement_time exceeded")
		metricstest.Until(t, func() error {
			return noneOf(admin, "SELECT count(*) FROM information_schema.processlist WHERE info LIKE 'SELECT sleep(100)%'")
		})
	})
	t.Run("ends with its caller", func(t *testing.T) {
		testCancelled(t, mysqlSource(t, server.DSN, 5*time.Second), "SELECT sleep(101)", func() error {
			return someOf(admin, "SELECT count(*) FROM information_schema.processlist WHERE info LIKE 'SELECT sleep(101)%'")
		})
		// The server learns of it from its own limit.
		metricstest.Until(t, func() error {
			return noneOf(admin, "SELECT count(*) FROM information_schema.processlist WHERE info LIKE 'SELECT sleep(101)%'")
		})
	})
	t.Run("reads no more than two rows", func(t *testing.T) {
		testEndless(t, strong, "SELECT seq FROM seq_1_to_1000000000")
		testEndless(t, strong, "SELECT seq FROM seq_1_to_1000000000 LIMIT 900000000")
	})
	t.Run("side by side", func(t *testing.T) {
		testSideBySide(t, mysqlSource(t, server.DSN, 30*time.Second), admin, "SELECT sleep(102)",
			"SELECT count(*) FROM information_schema.processlist WHERE info LIKE 'SELECT sleep(102)%'")
	})
	t.Run("is down", func(t *testing.T) {
		testDown(t, "mysql", server.DSN, map[string][3]string{
			"a wrong password": {metricstest.DatabasePassword, metricstest.DatabasePassword + "x", "Access denied for user 'admin'"},
			"a wrong user":     {"admin:", "nobody:", "Access denied for user 'nobody'"},
			"a wrong database": {"/flyball", "/gone", "Unknown database 'gone'"},
			"no TLS":           {"/flyball", "/flyball?tls=true", "TLS"},
		})
	})
	t.Run("too many connections", func(t *testing.T) {
		execute(t, admin, "ALTER USER flyball@'127.0.0.1' WITH MAX_USER_CONNECTIONS 1")
		open(t, "mysql", dsn).Ping()
		_, err := mysqlSource(t, dsn, 5*time.Second).Ask(t.Context(), "SELECT 1")
		if !errors.As(err, &engine.Down{}) || !strings.Contains(err.Error(), "max_user_connections") {
			t.Errorf("Ask = %v", err)
		}
	})
	t.Run("a connection that was ended", func(t *testing.T) {
		s := mysqlSource(t, server.DSN, 30*time.Second)
		answers := make(chan error)
		go func() {
			_, err := s.Ask(t.Context(), "SELECT sleep(103)")
			answers <- err
		}()
		const it = " FROM information_schema.processlist WHERE info LIKE 'SELECT sleep(103)%'"
		metricstest.Until(t, func() error { return someOf(admin, "SELECT count(*)"+it) })
		var id string
		if err := admin.QueryRow("SELECT id" + it).Scan(&id); err != nil {
			t.Fatal(err)
		}
		execute(t, admin, "KILL "+id)
		if err := <-answers; !errors.As(err, &engine.Down{}) {
			t.Errorf("Ask = %v; want that it is down", err)
		}
	})
	t.Run("dies and comes back", func(t *testing.T) { testHeals(t, strong, server) })
}

func mysqlSource(t testing.TB, dsn string, timeout time.Duration) *Source {
	return source(t, Options{Driver: "mysql", DSN: dsn, Timeout: timeout})
}

var mariaAnswers = map[string]answer{
	"an integer":         {"SELECT 7", "7"},
	"a count":            {"SELECT count(*) FROM jobs", "3"},
	"a large integer":    {"SELECT 18446744073709551615", "1.8446744073709552e+19"},
	"a float":            {"SELECT 0.25e0", "0.25"},
	"a decimal":          {"SELECT sum(weight) FROM jobs", "3.5"},
	"a number as text":   {"SELECT '12.5'", "12.5"},
	"a number in JSON":   {`SELECT JSON_EXTRACT('{"a": 7}', '$.a')`, "7"},
	"a status":           {"SELECT variable_value FROM information_schema.global_status WHERE variable_name = 'MAX_STATEMENT_TIME_EXCEEDED'", "0"},
	"true is 1":          {"SELECT true", "1"},
	"values":             {"VALUES (7)", "7"},
	"a semicolon":        {"SELECT 7;", "7"},
	"parentheses":        {"(SELECT 7) UNION (SELECT 7)", "7"},
	"none is 0":          {"SELECT coalesce(sum(weight), 0) FROM jobs WHERE state = 'x'", "0"},
	"rows within":        {"SELECT count(*) FROM (SELECT seq FROM seq_1_to_1000) a", "1000"},
	"rows in a union":    {"SELECT count(*) FROM (SELECT seq FROM seq_1_to_10 UNION ALL SELECT seq FROM seq_1_to_10) a", "20"},
	"NULL":               {"SELECT sum(weight) FROM jobs WHERE state = 'x'", "the answer is NULL"},
	"no row":             {"SELECT weight FROM jobs WHERE state = 'x'", "the answer has no row"},
	"several rows":       {"SELECT id FROM jobs", "the answer has several rows"},
	"several columns":    {"SHOW STATUS LIKE 'Threads_connected'", "2 columns (Variable_name, Value)"},
	"a time":             {"SELECT now()", "the answer is the text"},
	"bits":               {"SELECT flags FROM jobs LIMIT 1", "of type BIT"},
	"bytes":              {"SELECT body FROM jobs LIMIT 1", "of type BLOB"},
	"a large decimal":    {"SELECT 1e400", "Illegal double"},
	"a long text":        {"SELECT repeat('1', 2000000)", "longer than 1048576 bytes"},
	"a syntax error":     {"SELECT FROM FROM", "You have an error in your SQL syntax"},
	"an unknown table":   {"SELECT count(*) FROM gone", "Table 'flyball.gone' doesn't exist"},
	"an unknown base":    {"SELECT count(*) FROM gone.gone", "gone"},
	"an unknown column":  {"SELECT gone FROM jobs", "Unknown column 'gone'"},
	"a division by zero": {"SELECT 1 / 0", "the answer is NULL"},
	"a parameter":        {"SELECT ? + 1", "You have an error in your SQL syntax"},
}

// Each is tried as it is, without the look at its text.
var mariaWrites = map[string]string{
	"INSERT INTO jobs (state) VALUES ('x') RETURNING id": "READ ONLY transaction",
	"DELETE FROM jobs":                                                  "READ ONLY transaction",
	"UPDATE jobs SET state = 'x'":                                       "READ ONLY transaction",
	"REPLACE INTO jobs (id) VALUES (1)":                                 "READ ONLY transaction",
	"SELECT `add`()":                                                    "READ ONLY transaction",
	"SELECT NEXTVAL(numbers)":                                           "READ ONLY transaction",
	"SELECT SETVAL(numbers, 9)":                                         "READ ONLY transaction",
	"TRUNCATE jobs":                                                     "READ ONLY transaction",
	"CREATE TABLE more AS SELECT * FROM jobs":                           "READ ONLY transaction",
	"SELECT 1; COMMIT; DELETE FROM jobs":                                "error in your SQL syntax",
	"COMMIT; DELETE FROM jobs":                                          "error in your SQL syntax",
	"SELECT id INTO @a FROM jobs LIMIT 1":                               "no column",
	"SELECT id FROM jobs LIMIT 1 FOR UPDATE":                            "READ ONLY transaction",
	"BEGIN NOT ATOMIC COMMIT; DELETE FROM jobs; END":                    "READ ONLY transaction",
	"BEGIN NOT ATOMIC START TRANSACTION; DELETE FROM jobs; COMMIT; END": "READ ONLY transaction",
	"LOAD DATA LOCAL INFILE '/etc/passwd' INTO TABLE jobs":              "",
}

func BenchmarkMariaDB(b *testing.B) {
	dsn := metricstest.MariaDB(b)
	db := open(b, "mysql", dsn)
	execute(b, db, "CREATE TABLE jobs (id int)")
	compare(b, mysqlSource(b, dsn, 5*time.Second), db, "SELECT count(*) FROM jobs")
}

// One statement sets the limit of a MySQL and of a MariaDB: each leaves out what is the other's.
func TestMySQLLimit(t *testing.T) {
	for d, want := range map[time.Duration][2]string{
		9 * time.Second:         {"max_statement_time = 9.000 ", "max_execution_time = 9000 "},
		1050 * time.Millisecond: {"max_statement_time = 1.050 ", "max_execution_time = 1050 "},
		time.Microsecond:        {"max_statement_time = 0.001 ", "max_execution_time = 1 "}, // 0 is none
	} {
		got := mySQL{}.limit(d)
		if !strings.Contains(got, want[0]) || !strings.Contains(got, want[1]) {
			t.Errorf("%s: %s; want %v", d, got, want)
		}
	}
}
