package api

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/flyball-dev/flyball/engine"
)

func TestInShort(t *testing.T) {
	for name, c := range map[string]struct {
		reasons []engine.Reason
		want    string
	}{
		"no reason":       {nil, ""},
		"each once":       {[]engine.Reason{{Message: "cpu is 85"}, {Code: "AboveTarget"}, {Message: "cpu is 85"}}, "cpu is 85; AboveTarget"},
		"in one line":     {[]engine.Reason{{Message: "a\nb\t c"}}, "a b c"},
		"not without end": {[]engine.Reason{{Message: strings.Repeat("ž", 10_000)}}, strings.Repeat("ž", 299) + "…"},
	} {
		t.Run(name, func(t *testing.T) {
			e := InShort(engine.Event{ID: "1", Reasons: c.reasons, Log: "a long log", Error: "a long error"})
			if e.Message != c.want || !utf8.ValidString(e.Message) || e.ID != "1" {
				t.Errorf("got %+v, want %s", e, c.want)
			}
		})
	}
}
