package monitor

import (
	"slices"
	"strings"
	"testing"
)

func TestClean(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"plain":                     {"cpu is 85, above 70", "cpu is 85, above 70"},
		"lines":                     {" a\r\n\tb\n", "a b"},
		"colours":                   {"\x1b[31mred\x1b[0m", "[31mred [0m"},
		"of eight bits":             {"a\u009b31mb", "a 31mb"},
		"turned around":             {"gpj.\u202eexe", "gpj. exe"},
		"no width":                  {"a\u200bb", "a b"},
		"wide":                      {"日本", "日本"},
		"marks that pile up":        {"e\u0301\u0301\u0301\u0301", "e\u0301\u0301"},
		"a mark without a letter":   {"\u0301x", "x"},
		"a picture of a digit":      {"3\ufe0f\u20e3", "3"},
		"bytes that are no letters": {"a\xffb", "a\ufffdb"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := clean(c.text); got != c.want {
				t.Errorf("%q is cleaned to %q, want %q", c.text, got, c.want)
			}
		})
	}
	if got := clean(strings.Repeat("long ", 10_000)); len(got) > mostRunes {
		t.Errorf("%d bytes are left of a text without an end", len(got))
	}
}

func TestCut(t *testing.T) {
	for name, c := range map[string]struct {
		text    string
		columns int
		want    string
	}{
		"it fits":                    {"web", 3, "web"},
		"it does not":                {"worker", 4, "wor…"},
		"no room":                    {"web", 0, ""},
		"room for one":               {"web", 1, "…"},
		"wide letters":               {"日本語", 4, "日…"},
		"half of a letter":           {"日本語", 3, "日…"},
		"a mark stays on its letter": {"e\u0301x", 2, "e\u0301x"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := cut(c.text, c.columns); got != c.want {
				t.Errorf("%q in %d columns is %q, want %q", c.text, c.columns, got, c.want)
			}
		})
	}
}

func TestWrap(t *testing.T) {
	for name, c := range map[string]struct {
		text    string
		columns int
		want    []string
	}{
		"it fits":       {"one two", 20, []string{"- one two"}},
		"between words": {"one two three", 9, []string{"- one two", "  three"}},
		"a long word":   {"abcdefghij k", 6, []string{"- abcd", "  efgh", "  ij k"}},
		"no room":       {"one two", 3, []string{"- …"}},
		"nothing":       {"", 20, []string{"- "}},
		"wide":          {"日本 語", 6, []string{"- 日本", "  語"}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := wrap("- ", "  ", c.text, c.columns); !slices.Equal(got, c.want) {
				t.Errorf("%q in %d columns is %q, want %q", c.text, c.columns, got, c.want)
			}
		})
	}
}

// What is typed is seen at its end.
func TestTail(t *testing.T) {
	for text, want := range map[string]string{"short": "short", "01234567": "01234567", "0123456789ab": "…56789ab", "日本語日本語": "…日本語"} {
		if got := tail(text, 8); got != want {
			t.Errorf("the end of %q is %q, want %q", text, got, want)
		}
	}
}
