package query

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestParse(t *testing.T) {
	for _, c := range []struct{ name, query, want string }{
		{"a vector", `sum(rate(http_requests_total{code=~"5.."}[1m]))`, ""},
		{"a scalar", `scalar(sum(up)) / 2`, ""},
		{"several series", `rate(http_requests_total[1m])`, ""},
		{"over lines", "sum(\n  rate(x[1m])\n)", ""},
		{"nothing", "  \n", "there is no query"},
		{"a parenthesis is missing", `sum(rate(x[1m])`, "not PromQL at 1:16: unclosed left parenthesis"},
		{"on the second line", "sum(\n  rate(x[1m]) +\n)", "not PromQL at 3:1: "},
		{"no such function", `summ(x)`, "not PromQL at 1:1: unknown function"},
		{"no range", `rate(x)`, "not PromQL at 1:6: expected type range vector"},
		{"a range", `x[1m]`, "the answer is a range of values; allowed: a number"},
		{"a text", `"x"`, "the answer is a string; allowed: a number"},
		{"a line break in a text", "x{a=\"\n\"}", "not PromQL at 1:5: "},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Parse(c.query)
			switch {
			case c.want == "" && err != nil:
				t.Error(err)
			case c.want != "" && (err == nil || !strings.HasPrefix(err.Error(), c.want)):
				t.Errorf("%v; want %s", err, c.want)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	for _, q := range []string{"", "up", "sum(rate(x[1m]))", "x{a=\"\\n", "x[1m:]@end()", "((((", "{\"a b\"}", "1e100000", "x offset -1h"} {
		f.Add(q)
	}
	f.Fuzz(func(t *testing.T, text string) {
		_, err := Parse(text)
		if err == nil {
			return
		}
		line := err.Error()
		if !utf8.ValidString(line) || strings.ContainsFunc(line, func(r rune) bool { return !unicode.IsPrint(r) }) || len(line) > 1600 {
			t.Errorf("%q is not one short line", line)
		}
	})
}
