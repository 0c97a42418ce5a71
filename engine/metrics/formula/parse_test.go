package formula

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/flyball-dev/flyball/engine"
)

func TestParseErrorsSayWhereAndWhatIsAllowed(t *testing.T) {
	const (
		value = "a number, the name of a metric, replicas.current, replicas.ready, replicas.starting, min(…), max(…), abs(…), - or ("
		more  = "+ - * / or the end"
	)
	for _, c := range []struct{ name, text, want string }{
		{"nothing", "", "column 1: the formula ends too early; allowed: " + value},
		{"only space", " \n\t", "column 4: the formula ends too early; allowed: " + value},
		{"another operator", "request_rate % 2", "column 14: % is not allowed here; allowed: " + more},
		{"a power", "a ** 2", "column 4: * is not allowed here; allowed: " + value},
		{"a comparison", "a < b", "column 3: < is not allowed here; allowed: " + more},
		{"two values", "a b", "column 3: b is not allowed here; allowed: " + more},
		{"a number with a unit", "5m", "column 2: m is not allowed here; allowed: " + more},
		{"half a number", "1e", "column 2: e is not allowed here; allowed: " + more},
		{"a number of three parts", "1.2.3", "column 4: . is not allowed here; allowed: " + more},
		{"a number without its whole part", "a + .5", "column 5: . is not allowed here; allowed: " + value},
		{"a number too large", "1e999 * a", "column 1: 1e999 is too large; allowed: numbers up to 1.8e308"},
		{"an operator without its right side", "a /", "column 4: the formula ends too early; allowed: " + value},
		{"an operator without its left side", "* a", "column 1: * is not allowed here; allowed: " + value},
		{"a plus before a value", "+a", "column 1: + is not allowed here; allowed: " + value},
		{"a parenthesis left open", "(a + b", "column 7: the formula ends too early; allowed: + - * / or )"},
		{"a parenthesis never opened", "a + b)", "column 6: ) is not allowed here; allowed: " + more},
		{"nothing in parentheses", "()", "column 2: ) is not allowed here; allowed: " + value},
		{"another function", "2 * sqrt(a)", "column 5: sqrt is not a function; allowed: min, max, abs"},
		{"a call of replicas", "replicas.ready(1)", "column 1: replicas.ready is not a function; allowed: min, max, abs"},
		{"a function of nothing", "max()", "column 5: ) is not allowed here; allowed: " + value},
		{"a function left open", "max(a, b", "column 9: the formula ends too early; allowed: + - * / , or )"},
		{"an argument that is not there", "min(a,)", "column 7: ) is not allowed here; allowed: " + value},
		{"abs of two", "abs(a, b)", "column 6: , is not allowed here; allowed: + - * / or )"},
		{"a comma outside", "a, b", "column 2: , is not allowed here; allowed: " + more},
		{"another number of replicas", "a / replicas.redy", "column 5: replicas.redy is not known; allowed: replicas.current, replicas.ready, replicas.starting, or a name without a dot"},
		{"a dot in a name", "http.requests", "column 1: http.requests is not known; allowed: replicas.current, replicas.ready, replicas.starting, or a name without a dot"},
		{"a division by zero", "a / 0.0", "column 5: division by zero; allowed: any other divisor"},
		{"columns count characters", "a + größe", "column 7: ö is not allowed here; allowed: " + more},
		{"columns count characters that are not seen", "a +\u00a0ü", `column 4: "\u00a0" is not allowed here; allowed: ` + value},
		{"text from right to left", "a \u202e+ b", `column 3: "\u202e" is not allowed here; allowed: ` + more},
		{"a zero byte", "a\x00", `column 2: "\x00" is not allowed here; allowed: ` + more},
		{"no UTF-8", "a + \xff", `column 5: "\xff" is not allowed here; allowed: ` + value},
		{"a comment", "a // b", "column 4: / is not allowed here; allowed: " + value},
		{"a text", `"a"`, `column 1: " is not allowed here; allowed: ` + value},
		{"too long", strings.Repeat("ö", 1001), "column 1001: the formula is too long: it has 1001 characters; allowed: 1000"},
		{"deep", strings.Repeat("(", 1000), "column 1001: the formula ends too early; allowed: " + value},
		{"a long name", strings.Repeat("x", 990) + "(1)", "column 1: " + strings.Repeat("x", 59) + "… is not a function; allowed: min, max, abs"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, err := Parse(c.text)
			if err == nil || err.Error() != c.want {
				t.Errorf("%q gives %v\nwant %s", c.text, err, c.want)
			}
			if r := f.Read(engine.Metric{}, engine.Snapshot{}); r.Status != engine.Invalid || r.Detail == "" {
				t.Errorf("what was not parsed reads %+v", r)
			}
		})
	}
}

func TestMetrics(t *testing.T) {
	for text, want := range map[string][]string{
		"1 + replicas.ready":           nil,
		"b / a + b - max(c, a, _d1)":   {"b", "a", "c", "_d1"},
		"min + max * abs - replicas":   {"min", "max", "abs", "replicas"}, // without a parenthesis they are names as any other
		"range / type + func * select": {"range", "type", "func", "select"},
	} {
		f, err := Parse(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
		}
		if got := f.Metrics(); !slices.Equal(got, want) || f.String() != text {
			t.Errorf("%s uses %v, want %v", f, got, want)
		}
	}
}

func TestDeepFormulas(t *testing.T) {
	for _, text := range []string{
		strings.Repeat("(", 499) + "a" + strings.Repeat(")", 499),
		strings.Repeat("-", 998) + "a",
		strings.Repeat("abs(", 199) + "a" + strings.Repeat(")", 199),
		"a" + strings.Repeat("+0", 499),
	} {
		f, err := Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if r := f.Read(engine.Metric{}, snapshot(map[string]engine.Reading{"a": engine.Reads(3)})); r.Status != engine.OK || *r.Value != 3 {
			t.Errorf("%.20s… reads %+v", text, r)
		}
	}
}

// FuzzParse wants an error that names a column of the text, or a formula that reads what is sound, whatever it is given.
func FuzzParse(f *testing.F) {
	for _, text := range []string{
		"request_rate / max(replicas.ready, 1)", "a - -b * (c + 1.5e3) / abs(a)", "min(a,b,c)", "1/0", "1 % 2", "größe", "a\xff",
		"replicas.current-replicas.starting", "1e308*1e308", "((((", "max(max(max(", "1e-400/a", "-", ".", "a.b.c", "",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		formula, err := Parse(text)
		if err != nil {
			column, what, found := strings.Cut(strings.TrimPrefix(err.Error(), "column "), ": ")
			n, bad := strconv.Atoi(column)
			if !found || bad != nil || n < 1 || n > utf8.RuneCountInString(text)+1 || !strings.Contains(what, "allowed: ") || len(what) > 500 {
				t.Errorf("%q: %v", text, err)
			}
			if strings.ContainsAny(err.Error(), "\x00\n\r\u202e") || !utf8.ValidString(err.Error()) {
				t.Errorf("%q: the error does not print: %q", text, err)
			}
			return
		}
		readings := map[string]engine.Reading{}
		for i, name := range formula.Metrics() {
			readings[name] = moving(float64(i)-1, 2, float64(i), 3)
		}
		if len(readings) != len(formula.Metrics()) {
			t.Errorf("%q: a metric twice in %v", text, formula.Metrics())
		}
		if complaint := unsound(formula.Read(engine.Metric{}, snapshot(readings))); complaint != "" {
			t.Errorf("%q: %s", text, complaint)
		}
		again, err := Parse(" ( " + strings.ReplaceAll(text, "\n", "\t") + " ) ")
		if err != nil && utf8.RuneCountInString(text) < Longest-6 {
			t.Errorf("%q in parentheses: %v", text, err)
		}
		if err == nil && !slices.Equal(again.Metrics(), formula.Metrics()) {
			t.Errorf("%q in parentheses uses %v", text, again.Metrics())
		}
	})
}
