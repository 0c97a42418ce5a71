package redis

import (
	"slices"
	"strconv"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want query
	}{
		"list":                      {"LLEN queue:default", query{"LLEN", "queue:default", ""}},
		"small letters":             {"scard jobs", query{"SCARD", "jobs", ""}},
		"spaces around":             {" \tZCARD  jobs\n", query{"ZCARD", "jobs", ""}},
		"stream":                    {"xlen orders", query{"XLEN", "orders", ""}},
		"group":                     {"XLAG orders billing", query{"XLAG", "orders", "billing"}},
		"pending":                   {"xPending orders billing", query{"XPENDING", "orders", "billing"}},
		"text":                      {"GET backlog", query{"GET", "backlog", ""}},
		"field":                     {"HGET stats backlog", query{"HGET", "stats", "backlog"}},
		"quotes":                    {`LLEN "my queue"`, query{"LLEN", "my queue", ""}},
		"single quotes":             {`HGET 'my stats' 'the \n "field"'`, query{"HGET", "my stats", `the \n "field"`}},
		"escapes":                   {`GET "a\"b\\c\x01\t"`, query{"GET", "a\"b\\c\x01\t", ""}},
		"empty key":                 {`GET ""`, query{"GET", "", ""}},
		"empty field":               {`HGET a ''`, query{"HGET", "a", ""}},
		"a quote in a word":         {`GET it's`, query{"GET", "it's", ""}},
		"a key in another alphabet": {"GET Länge", query{"GET", "Länge", ""}},
		"a quoted command":          {`"LLEN" a`, query{"LLEN", "a", ""}},
	} {
		t.Run(name, func(t *testing.T) {
			if got, err := parse(c.text); err != nil || got != c.want {
				t.Errorf("parse(%q) = %q, %v; want %q", c.text, got, err, c.want)
			}
		})
	}
}

func TestCheckRefuses(t *testing.T) {
	for name, c := range map[string]struct{ text, says string }{
		"nothing":                 {"", "there is no query; allowed: LLEN key"},
		"spaces":                  {" \t\n", "there is no query"},
		"another command":         {"DEL queue", `"DEL" is not allowed; allowed: LLEN key`},
		"one that is like ours":   {"LLENS queue", `"LLENS" is not allowed`},
		"an argument's name":      {"key a", `"key" is not allowed`},
		"a command to wait":       {"BLPOP queue 0", `"BLPOP" is not allowed`},
		"two lines":               {"LLEN a\r\nFLUSHALL", "LLEN has 2 arguments; allowed: LLEN key"},
		"no key":                  {"LLEN", "LLEN has 0 arguments; allowed: LLEN key"},
		"a key with a space":      {"llen my queue", "LLEN has 2 arguments; allowed: LLEN key, with quotes"},
		"no group":                {"XLAG orders", "XLAG has 1 arguments; allowed: XLAG stream group"},
		"more than a field":       {"HGET a b c", "HGET has 3 arguments; allowed: HGET key field"},
		"an open quote":           {`GET "a`, `the " before "a" is not closed`},
		"an open single quote":    {`GET 'a`, `the ' before "a" is not closed`},
		"an unknown backslash":    {`GET "a\q"`, "is not one of"},
		"no space after a quote":  {`HGET "a"b`, `no space between a closing quote and "b"`},
		"a command without words": {"''", `"" is not allowed`},
	} {
		t.Run(name, func(t *testing.T) {
			err := Check(c.text)
			if err == nil || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "\n") {
				t.Errorf("Check(%q) = %v; want one line with %q", c.text, err, c.says)
			}
		})
	}
}

// Whatever is written, a query that passes is a command of ours with as many arguments as it takes, and one refusal is one
// short line.
func FuzzCheck(f *testing.F) {
	for _, seed := range []string{"LLEN a", `HGET "a b" 'c'`, "xlag s g", `GET "\x00"`, "", "DEL a", `GET "a`, "GET \xff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		q, err := parse(text)
		if err != nil {
			if said := err.Error(); strings.ContainsAny(said, "\r\n") || len(said) > 4*200+len(allowed)+200 {
				t.Fatalf("%q: %q", text, said)
			}
			return
		}
		if usage(q.command) == "" || q.command != strings.ToUpper(q.command) {
			t.Fatalf("%q is the command %q", text, q.command)
		}
		words, err := split(text)
		if err != nil || len(words) != 1+strings.Count(usage(q.command), " ") || !slices.Contains(words, q.key) {
			t.Fatalf("%q: %q of %q, %v", text, q, words, err)
		}
	})
}

// What one writes in double quotes is read as it is meant.
func FuzzQuote(f *testing.F) {
	f.Add("a b")
	f.Add("\"\\\n\x00\xff")
	f.Fuzz(func(t *testing.T, key string) {
		if got, err := parse("GET " + strconv.Quote(key)); err != nil || got.key != key {
			t.Fatalf("%q is read as %q, %v", key, got.key, err)
		}
	})
}
