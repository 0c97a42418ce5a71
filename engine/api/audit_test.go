package api

import (
	"strings"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine/store"
)

func TestAuditFilter(t *testing.T) {
	now := time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)
	tests := []struct {
		name  string
		words map[string]string
		want  store.Filter // but for the limit, where that is as always
		err   string
	}{
		{name: "nothing said"},
		{name: "all", words: map[string]string{"after": "41", "since": "7d", "until": "2026-03-09T12:00:00Z", "kind": "policy", "actor": "files", "service": "web", "policy": "front", "limit": "9"},
			want: store.Filter{After: 41, Since: now.AddDate(0, 0, -7), Until: now.AddDate(0, 0, -1), Kind: store.OfPolicy, Actor: "files", Service: "web", Policy: "front", Limit: 9}},
		{name: "from the first on", words: map[string]string{"after": "0"}, want: store.Filter{After: -1}},
		{name: "a day", words: map[string]string{"since": "2026-03-01"}, want: store.Filter{Since: time.Date(2026, 3, 1, 0, 0, 0, 0, time.Local)}},
		{name: "up to an hour ago", words: map[string]string{"until": "1h"}, want: store.Filter{Until: now.Add(-time.Hour)}},
		{name: "a number below all", words: map[string]string{"after": "-1"}, err: `after is "-1"; allowed is the number of an entry, or 0 for all`},
		{name: "no number", words: map[string]string{"after": "x"}, err: `after is "x"`},
		{name: "no time", words: map[string]string{"since": "tuesday"}, err: `since is "tuesday"; allowed is how long ago, such as 90m, 24h or 7d, a day such as`},
		{name: "no end", words: map[string]string{"until": "-1h"}, err: `until is "-1h"; allowed`},
		{name: "the wrong way round", words: map[string]string{"since": "1h", "until": "2h"}, err: "since 2026-03-10T11:00:00Z is not before until 2026-03-10T10:00:00Z"},
		{name: "no kind", words: map[string]string{"kind": "Policy"}, err: `kind is "Policy"; allowed is switch,`},
		{name: "no limit", words: map[string]string{"limit": "0"}, err: `limit is "0"; allowed is 1 to 1000`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := AuditFilter(func(field string) string { return tt.words[field] }, now)
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) {
					t.Errorf("error %v, want one with %s", err, tt.err)
				}
				return
			}
			if tt.want.Limit == 0 {
				tt.want.Limit = defaultLimit
			}
			if err != nil || got != tt.want {
				t.Errorf("%+v, %v; want %+v", got, err, tt.want)
			}
		})
	}
}
