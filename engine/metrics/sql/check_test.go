package sql

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestCheck(t *testing.T) {
	for name, c := range map[string]struct {
		query string
		says  string // empty: fine
	}{
		"select":                        {"SELECT count(*) FROM jobs", ""},
		"small letters":                 {"select 1", ""},
		"with":                          {"WITH a AS (SELECT 1) SELECT * FROM a", ""},
		"values":                        {"VALUES (1)", ""},
		"table":                         {"TABLE waiting", ""},
		"show":                          {"SHOW max_connections", ""},
		"several lines":                 {"\n  SELECT count(*)\n\tFROM jobs\n", ""},
		"parentheses":                   {"((SELECT 1) UNION (SELECT 2)) LIMIT 1", ""},
		"comments before":               {"-- the queue's length\n/* of all */ SELECT 1", ""},
		"a semicolon at the end":        {"SELECT 1;", ""},
		"a semicolon before a comment":  {"SELECT 1; -- that's all", ""},
		"a semicolon in a string":       {"SELECT count(*) FROM a WHERE b = 'x;y'", ""},
		"a quote in a string":           {"SELECT count(*) FROM a WHERE b = 'it''s; fine'", ""},
		"a semicolon in a name":         {`SELECT "a;b" FROM c`, ""},
		"a semicolon in a comment":      {"SELECT 1 -- one; two\n", ""},
		"a semicolon in a long comment": {"SELECT /* one; two */ 1", ""},
		"a comment in a string":         {"SELECT '--' || '/*'", ""},
		"a string that ends in \\":      {`SELECT 'C:\' || ';'`, ""},
		"an escaped quote of MySQL":     {`SELECT 'it\'s; fine'`, ""},
		"an escaped quote of Postgres":  {`SELECT E'it\'s; fine'`, ""},
		"a dollar quote":                {"SELECT $$one; it's$$", ""},
		"a dollar quote with a tag":     {"SELECT $a$one; $$ $b$ two$a$", ""},
		"dollars in a name":             {"SELECT a$b$c FROM d$b$e", ""},
		"a parameter's number":          {"SELECT 1 + $1", ""}, // the server says better what is missing
		"a nested comment":              {"SELECT /* a /* b; */ c; */ 1", ""},
		"a comment that is not nested":  {"SELECT /* a /* b; */ 1", ""},
		"a comment of MySQL":            {"SELECT 1 # one; it's\n", ""},
		"a JSON operator":               {"SELECT a #> '{b}' FROM c", ""},
		"a name of MySQL":               {"SELECT `a;b` FROM c", ""},
		"a name of SQLite":              {"SELECT [a;'b] FROM c", ""},
		"an array":                      {"SELECT (ARRAY[1, 2])[1]", ""},

		"nothing":                       {"", "the query is empty"},
		"spaces":                        {" \n\t", "the query is empty"},
		"a comment":                     {"-- SELECT 1", "the query is empty"},
		"a semicolon":                   {";", "the query is empty"},
		"parentheses alone":             {"(", "the query is empty"},
		"delete":                        {"DELETE FROM jobs", `begins with "DELETE"; allowed: one statement that begins with SELECT, WITH, VALUES, TABLE or SHOW`},
		"delete after a comment":        {"/* SELECT */ delete from jobs", `begins with "delete"`},
		"a longer word":                 {"SELECTED", `begins with "SELECTED"`},
		"a string":                      {"'SELECT 1'", "begins with"},
		"a number":                      {"1", `begins with "1"`},
		"a byte order mark":             {"\ufeffSELECT 1", `begins with "\ufeffSELECT"`},
		"two statements":                {"SELECT 1; DELETE FROM jobs", `goes on with "DELETE" after a semicolon; allowed: one`},
		"two semicolons":                {"SELECT 1;;", `goes on with ";" after a semicolon`},
		"a statement after a comment":   {"SELECT 1; /* and */ SELECT 2", `goes on with "SELECT"`},
		"a statement in the next line":  {"SELECT 1 -- one\n; DROP TABLE jobs", `goes on with "DROP"`},
		"a statement after a string":    {`SELECT 'a'; DELETE FROM b WHERE c = 'd'`, `goes on with "DELETE"`},
		"a string that does not end":    {"SELECT 'a", "a ' that opens a string or name is not closed"},
		"a name that does not end":      {`SELECT "a`, `a " that opens a string or name is not closed`},
		"a comment that does not end":   {"SELECT 1 /* one", "a comment that begins with /* does not end"},
		"half of a comment's end":       {"SELECT 1 /*/", "a comment that begins with /* does not end"},
		"a dollar quote without an end": {"SELECT $a$ 'b' $$; SELECT 'c", `a string that begins with "$a$" does not end`},
		"NUL":                           {"SELECT 1\x00", "allowed: UTF-8 without NUL"},
		"no UTF-8":                      {"SELECT '\xff'", "allowed: UTF-8 without NUL"},
		"a book":                        {"SELECT '" + strings.Repeat("a", 1<<16) + "'", "is 65545 bytes long; allowed: 65536"},
	} {
		t.Run(name, func(t *testing.T) {
			err := Check(c.query)
			switch {
			case c.says == "" && err != nil:
				t.Errorf("Check(%q) = %v; want none", c.query, err)
			case c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)):
				t.Errorf("Check(%q) = %v; want %q", c.query, err, c.says)
			}
		})
	}
}

// What is right for one database is wrong for another: a source knows its own.
func TestCheckOfOneDialect(t *testing.T) {
	for name, c := range map[string]struct {
		query                   string
		postgres, mysql, sqlite bool
	}{
		"a backslash before a quote": {`SELECT 'a\'; DELETE FROM b; --'`, false, true, false},
		"a string that ends in \\":   {`SELECT 'a\' || ';'`, true, false, true},
		"an E before a string":       {`SELECT E'\';'`, true, true, false},
		"a dollar quote":             {"SELECT $$;;$$", true, false, false},
		"a hash":                     {"SELECT 1 # ; SELECT 2", false, true, false},
		"nested comments":            {"SELECT 1 /* /* */ ; DELETE FROM a /* */ */", true, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			got := [3]bool{postgreSQL.check(c.query) == nil, mariaDB.check(c.query) == nil, sqLite.check(c.query) == nil}
			if want := [3]bool{c.postgres, c.mysql, c.sqlite}; got != want {
				t.Errorf("%q is right for Postgres, MySQL, SQLite: %v; want %v", c.query, got, want)
			}
		})
	}
}

// Whatever a query is made of, no second statement fits behind it, and space before it changes nothing.
func TestCheckProperties(t *testing.T) {
	piece := rapid.SampledFrom([]string{"SELECT", " ", "1", "'", `"`, "`", "\\", "$", "$a$", "--", "\n", "/*", "*/", "#", "[", "]", "(", ")",
		";", "E", "e'", "x", "é", "DELETE"})
	rapid.Check(t, func(t *rapid.T) {
		query := "SELECT " + strings.Join(rapid.SliceOfN(piece, 0, 12).Draw(t, "pieces"), "")
		hold(t, query)
	})
}

func FuzzCheck(f *testing.F) {
	for _, s := range []string{"SELECT 1", "SELECT 'a''b' -- c", `SELECT E'\'' || $a$;$a$`, "SELECT /* /* */ */ `a`;", "(VALUES (1))", "SELECT 1 #;"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, query string) { hold(t, query) })
}

func hold(t interface{ Errorf(string, ...any) }, query string) {
	err := Check(query)
	if Check(query+"\n; DELETE FROM a") == nil {
		t.Errorf("%q with a second statement behind it is accepted", query)
	}
	if err == nil && len(query) < longest/2 {
		if err := Check(" /* a; */ -- b;\n" + query); err != nil {
			t.Errorf("%q is accepted, but not with a comment before it: %v", query, err)
		}
	}
	if err != nil && (strings.ContainsAny(err.Error(), "\n\x00") || len(err.Error()) > 400) {
		t.Errorf("the error is no short line: %q", err)
	}
}
