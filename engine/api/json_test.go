package api

import (
	"strings"
	"testing"
)

// What could be read in two ways is not read.
func TestRequestsThatSayTwoThings(t *testing.T) {
	for _, c := range []struct{ name, method, path, body, want string }{
		{"a key in two cases", "POST", "enable", `{"enabled": false, "ENABLED": true}`, "ENABLED: unexpected property"},
		{"a key in another case", "POST", "enable", `{"Enabled": true}`, "Enabled: unexpected property"},
		{"a letter that folds to another", "POST", "test/web", "{\"replicas\": 1, \"replica\u017f\": 5}", "unexpected property"},
		{"a service in two cases", "POST", "pause", `{"service": "web", "SERVICE": "db", "reason": "a sale"}`, "SERVICE: unexpected property"},
		{"a parameter twice", "GET", "history/web?limit=1&limit=2", "", `\"limit\" stands 2 times in the query`},
		{"half a query", "GET", "history/web?limit=1;limit=2", "", "the query can't be read"},
		{"a query that is no text", "GET", "history/web?limit=%zz", "", "the query can't be read"},
		{"a number with a point", "POST", "test/web", `{"replicas": 3.0}`, "replicas: found 3.0; allowed is a whole number"},
		{"a number that is too large", "POST", "test/web", `{"replicas": 99999999999999999999}`, "replicas: found 99999999999999999999; allowed is"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := &paper{}
			h, tokens := gated(t, p)
			w := ask(h, c.method, c.path, tokens["admin"], c.body)
			if w.Code != 400 || !strings.Contains(w.Body.String(), c.want) || strings.Contains(w.Body.String(), "Go ") {
				t.Errorf("%d %s, want %s", w.Code, w.Body, c.want)
			}
			if p.actor != "" || p.asked != nil || p.paused != (PauseAsk{}) || p.limit != 0 {
				t.Errorf("it was done: %+v", p)
			}
		})
	}
}
