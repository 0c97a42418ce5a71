package redis

import (
	"testing"

	client "github.com/redis/go-redis/v9"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/store"
)

// What is in Redis may have been written by anybody.
func FuzzKept(f *testing.F) {
	packed, err := new(packer).pack(decided(0, engine.Hold))
	check(f, err)
	posted, err := new(packer).packDocument(store.Document{Name: "a", Body: []byte("{}")})
	check(f, err)
	for _, seed := range []string{
		"", "0", "1 2 3 4", "0000000000000000001 0000000000000000002 3 {}", "1 0000000000000000001 {\"mode\":\"live\",\"event\":{}}",
		"0000000000000001 " + string(packed), string(packed), "{}", "null", `{"id":"a","hash":"AA=="}`, `{"id":"b"}`, `{"email":"a"}`, string(posted),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		if r, err := readSpan("1", value); err == nil {
			if again, err := readSpan("1", r.String()); err != nil || again != r {
				t.Errorf("%q is %+v, and written again %+v, %v", value, r, again, err)
			}
		}
		_, _ = readHappening("1", value)
		_, _ = readIntent("1", value)
		_, _, _ = readMessage(value)
		if one, err := readToken("a", value); err == nil && one.ID != "a" {
			t.Errorf("%q is the token of another: %+v", value, one)
		}
		if one, err := readUser("a", value); err == nil && one.Email != "a" {
			t.Errorf("%q is another: %+v", value, one)
		}
		if one, err := readDocument("a", value); err == nil && one.Name != "a" {
			t.Errorf("%q is another policy: %+v", value, one)
		}
		_, _ = unpack[engine.Record](value)
		_, _ = readEntry(client.XMessage{ID: value, Values: map[string]any{"entry": value}})
	})
}
